"""What the analyses of generators hand on: rates, seeds, the reference at 0, means over base vectors, what is heard."""

import dataclasses
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from snap_tf.layer_info import LayerInfo
from snap_tf.series.acoustics.acoustic_tables import Acoustics
from snap_tf.series.extraction import extract, feed, stimuli
from snap_tf.series.extraction.extract import Selection, write_layers
from snap_tf.series.extraction.layer_series import LayerSeries
from snap_tf.series.extraction.resample import upsample_linear
from snap_tf.series.latents import search as latents
from snap_tf.series.latents.effect_tables import value_rows
from snap_tf.series.latents.effects import layer_effects
from snap_tf.series.latents.output_labels import MEASURES, frication_ratio
from snap_tf.series.latents.sweep import SweepPlan, VariableRange, sweep_vectors
from wavegan_tf.config import DataConfig, NetworkConfig, RunConfig
from wavegan_tf.data.corpus import Corpus, Segment, Utterance

GRID = np.array([[-1.0], [0.0], [1.0]])


class Enough(Exception):
    pass


def test_changes_are_in_sds_of_the_layer_at_0() -> None:
    """A layer that is quiet at 0 and loud elsewhere: the SD is that at 0 alone."""
    at_0 = np.array([1.0, -1.0, 1.0, -1.0])
    found = layer_effects(iter([np.stack([-9 * at_0, at_0, 3 * at_0])]), GRID, rate_hz=1.0)
    np.testing.assert_allclose(found.size_at_0, [1.0])
    np.testing.assert_allclose(found.relative_change(), [10.0, 0.0, 2.0])


def test_standard_errors_are_those_of_samples() -> None:
    """Of three base vectors: the SD with n - 1, over the root of n."""
    offsets = np.array([0.0, 3.0, 6.0])
    responses = [np.outer(GRID[:, 0] * (1 + offset), np.ones(2)) + offset for offset in offsets]
    found = layer_effects(iter(responses), GRID, rate_hz=1.0)
    np.testing.assert_allclose(found.effect_se[:, 0], [np.sqrt(3), 0, np.sqrt(3)], rtol=1e-6)
    np.testing.assert_allclose(found.slope_se[0], np.sqrt(3), rtol=1e-6)
    layer = LayerInfo("l", "L", 2, 1, 1.0, "linear")
    rows = value_rows(layer, found, types.SimpleNamespace(grid=GRID, names=("z3",)))
    np.testing.assert_allclose(rows["level_se"], [0, np.sqrt(3), 2 * np.sqrt(3)], atol=1e-12)
    np.testing.assert_allclose(rows["level"], [-1, 3, 7])


class Generator:
    """A generator that only has to say what it takes."""

    name, stage, takes_audio, batch_size, rate_hz, length = "g", "post", False, 4, 8000.0, 16

    def __init__(self, network: NetworkConfig | None = None) -> None:
        self.config = None if network is None else RunConfig(network=network)
        self.input_shape = (network.latent_dim if network else 6,)


def test_base_vectors_know_their_seeds() -> None:
    found = sweep_vectors(Generator(), SweepPlan((VariableRange(2, -1, 1, 1),), bases=3, seeds=(5, 7)))
    assert found.seeds.tolist() == [5, 5, 5, 7, 7, 7]
    alone = sweep_vectors(Generator(), SweepPlan((VariableRange(2, -1, 1, 1),), bases=3, seeds=(7,)))
    np.testing.assert_array_equal(found.base[found.seeds == 7], alone.base)


def test_a_swept_code_stands_alone() -> None:
    network = NetworkConfig(latent_dim=6, code="onehot", code_dim=3)
    found = sweep_vectors(Generator(network), SweepPlan((VariableRange(1, 0, 2, 1),), bases=4))
    assert not found.inputs.z[:, [0, 2]].any() and set(found.inputs.z[:, 1]) == {0.0, 1.0, 2.0}
    assert set(found.inputs.table["code"]) == {""}
    kept = sweep_vectors(Generator(network), SweepPlan((VariableRange(5, 0, 2, 1),), bases=4, code="2"))
    assert (kept.inputs.z[:, :3] == [0, 0, 1]).all() and set(kept.inputs.table["code"]) == {"2"}


def test_outputs_are_measured_at_the_generators_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def measure(audio: object, rate_hz: float, names: list[str]) -> None:
        asked.append((rate_hz, names))
        raise Enough

    monkeypatch.setattr(latents, "measure_audio", measure)
    monkeypatch.setattr(latents, "generated_audio", lambda *args, **how: iter(()))
    with pytest.raises(Enough):
        latents.label_outputs(Generator(), "f0", n=3, seed=2)
    assert asked == [(8000.0, ["f0"])]


def test_frication_counts_before_the_voice_only() -> None:
    """A hiss after a voice is no word-initial [s]; the longest event is the duration."""
    rate_hz, rng = 16000.0, np.random.default_rng(0)
    voice = np.sign(np.sin(2 * np.pi * 120 * np.arange(4800) / rate_hz))
    hiss = np.diff(rng.normal(0, 1, 3202), n=2)
    before, after = np.concatenate([hiss, voice]), np.concatenate([voice, hiss])
    assert frication_ratio(before, rate_hz) > 0.8 and frication_ratio(after, rate_hz) < 0.2
    bursts = np.concatenate([np.zeros(3200), np.ones(800), np.zeros(3200), np.ones(1600), np.zeros(3200)])
    assert MEASURES["duration"](bursts, rate_hz) == pytest.approx(0.1, abs=1e-3)


def test_phones_and_lengths_are_scaled_to_the_networks_rate() -> None:
    table = pd.DataFrame({"phones": [(Segment(441, 882, "s"),)], "rate_hz": [44100], "n_samples": [4410]})
    found = feed.scaled_tokens(stimuli.Stimuli(table, None, ""), DataConfig(sample_rate_hz=16000)).iloc[0]
    assert found["phones"] == (Segment(160, 320, "s"),)
    assert (found["n_samples"], found["rate_hz"], found["source_rate_hz"]) == (1600, 16000, 44100)


def test_phones_of_words_lie_behind_the_silence(tmp_path) -> None:
    (tmp_path / "a.wav").touch()
    word = Utterance("u", tmp_path / "a.wav", "x", 16000, 16000, words=(Segment(3000, 5000, "ask"),),
                     phones=(Segment(3000, 4000, "ae"), Segment(4000, 5000, "s")))
    row = stimuli._of_corpus(Corpus(tmp_path, (word,)), (), (), "auto").table.iloc[0]
    assert row["phones"] == (Segment(400, 1400, "ae"), Segment(1400, 2400, "s")) and row["n_samples"] == 2800


def test_steps_lie_in_the_middle_of_their_time() -> None:
    layer = LayerInfo("l", "L", 4, 1, 8.0, "linear")
    series = LayerSeries(np.zeros((1, 4), np.float32), layer, 8, pd.DataFrame({"token": ["t"], "label": ["a"]}))
    np.testing.assert_allclose(series.times_s(), [0.0625, 0.1875, 0.3125, 0.4375])
    np.testing.assert_allclose(series.table()["time_s"], series.times_s())


def test_stretching_keeps_both_ends() -> None:
    np.testing.assert_allclose(upsample_linear(np.array([[0.0, 1.0, 2.0]]), 5), [[0, 0.5, 1, 1.5, 2]])


def test_batches_are_of_the_size_that_was_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    asked = []

    def run(probe: object, batches: object, folder: object, kept: object, selection: object, size: int,
            *more: object) -> None:
        asked.append((size, [len(batch) for batch in batches]))
        raise Enough

    monkeypatch.setattr(extract, "_run", run)
    probe = types.SimpleNamespace(batch_size=64, check=lambda reduce, size: asked.append((reduce, size)), name="g",
                                  takes_audio=False)
    inputs = extract.LatentInputs(np.zeros((7, 3)), pd.DataFrame({"token": [*"abcdefg"]}), "", None)
    with pytest.raises(Enough):
        write_layers(probe, inputs, tmp_path / "out", dataclasses.replace(Selection(), reduce="max"), batch_size=3)
    assert asked == [("max", 3), (3, [3, 3, 1])]


def test_undefined_values_are_printed_as_dashes() -> None:
    """Neither a measure that no frame defines nor a correlation of constants is a number called NaN."""
    nan = float("nan")
    summary = pd.DataFrame({"layer": ["conv1"], "measure": ["f0"], "units": ["hz"], "n_frames": [4], "n_defined": [0],
                            "median": [nan]})
    correlations = pd.DataFrame({"layer": ["conv1"], "r": [nan], "n_permutations": [99]})
    lines = str(Acoustics(Path("out"), summary, correlations, ())).splitlines()
    assert lines[1].split() == ["conv1", "f0", "hz", "-", "0"]
    assert lines[3].split() == ["conv1", "-", "99"]
