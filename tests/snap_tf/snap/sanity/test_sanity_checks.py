"""Sanity checks with known answers: nothing randomised is the same, everything randomised is not; planted groups."""

import json
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from snap_tf.cli import main
from snap_tf.plots.snap.sanity import sanity_figure
from snap_tf.snap.frames.clip_frames import ClipFrames
from snap_tf.snap.network.networks import open_network
from snap_tf.snap.sanity.checks import SanityResults, sanity_checks
from snap_tf.snap.sanity.frame_sample import sample_frames
from snap_tf.snap.sanity.map_likeness import rank_correlation, structural_similarity
from snap_tf.snap.sanity.randomised import cascade
from snap_tf.snap.sanity.sanity_folder import write_sanity
from snap_tf.snap.sanity.sanity_settings import SanitySettings
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf.config import NetworkConfig
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.models.family import build_networks

N_STEPS, N_BANDS, N_GROUPS, PER_GROUP = 24, 8, 6, 12
SETTINGS = SanitySettings(frames_per_group=8, utterances=50, permutations=9, seed=3)
FAMILIES = [[0, 1], [3, 4], [6, 7]]
"""Pairs of groups that share two bands: three clusters of two."""


def planted() -> tuple[ClipFrames, keras.Model]:
    """Make clips with energy in the bands of their family, and a network that reads bands."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(0.0, 0.1, (N_GROUPS * PER_GROUP, N_STEPS, N_BANDS)).astype(np.float32)
    labels = []
    for i in range(len(inputs)):
        group = i % N_GROUPS
        family = group // 2
        inputs[i, 8:16, FAMILIES[family]] += 2.0 + 0.3 * (group % 2)
        labels.append(f"g{group}")
    keras.utils.set_random_seed(5)
    network = keras.Sequential([
        keras.Input((N_STEPS, N_BANDS)), keras.layers.Conv1D(12, 3, padding="same", activation="relu", name="low"),
        keras.layers.Conv1D(10, 5, padding="same", activation="relu", name="high"),
        keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(4, name="top")])
    return ClipFrames(inputs, {"word": labels}, name="planted"), network


@pytest.fixture(scope="module")
def results() -> SanityResults:
    source, network = planted()
    before = [weight.copy() for weight in network.get_weights()]
    found = sanity_checks(network, source, group="label:word", settings=SETTINGS, progress=False)
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    return found


def test_nothing_randomised_is_the_same(results: SanityResults) -> None:
    same = results.weights[results.weights["n_randomised"] == 0]
    assert same["layer"].tolist() == ["input", "Conv1", "Conv2", "logits"]
    values = same[["rank_correlation", "ssim", "mantel"]].to_numpy()
    np.testing.assert_allclose(values[~np.isnan(values)], 1.0, atol=1e-9)
    assert (~np.isnan(values)).sum() >= 9


def test_a_randomised_top_layer_changes_what_lies_below(results: SanityResults) -> None:
    table = results.weights
    assert table.drop_duplicates("n_randomised")["n_randomised"].tolist() == [0, 1, 2, 3]
    first = table[(table["n_randomised"] == 1) & (table["layer"] != results.labels["layer"].iloc[-1])]
    assert (first["rank_correlation"] < 0.999).all() and (first["ssim"] < 0.999).all()
    # the layers themselves did not change, so that distances may stay close; with all layers random they do not
    last = table[table["n_randomised"] == 3]
    assert last["mantel"].mean() < first["mantel"].mean() <= 1.0


def test_clusters_of_planted_groups_are_better_than_of_dealt_labels(results: SanityResults) -> None:
    row = results.labels.iloc[0]
    assert row["layer"] == "input" and row["n_permutations"] == 9
    assert row["silhouette"] > row["null_high"] and row["p"] == pytest.approx(0.1)  # better than all nine
    assert row["null_low"] <= row["null_mean"] <= row["null_high"]
    assert row["distance"] > row["distance_null_high"] and row["distance_p"] == pytest.approx(0.1)
    # noise has no bands of its own: clusters vanish
    assert results.inputs.iloc[0]["silhouette"] < row["silhouette"]


def test_the_sample_is_balanced_and_keeps_its_units() -> None:
    source, network = planted()
    opened = open_network(network)
    sample = sample_frames(opened, source, "label:word", ProfileOptions(), per_group=5, n_blocks=50, min_frames=3,
                           seed=0)
    assert pd.Series(sample.groups).value_counts().tolist() == [5] * N_GROUPS
    expected = network(sample.inputs).numpy().argmax(axis=1)
    np.testing.assert_array_equal(sample.units, expected)
    for number in range(sample.n_blocks):
        n = sample.block(number).n_frames
        np.testing.assert_array_equal(sample.choose(np.zeros((n, 4))), sample.units[16 * number:16 * number + n])
    again = sample_frames(opened, source, "label:word", ProfileOptions(), per_group=5, n_blocks=50, min_frames=3,
                          seed=0)
    np.testing.assert_array_equal(sample.inputs, again.inputs)
    fixed = sample_frames(opened, source, "label:word", ProfileOptions(target="class:2"), per_group=5, n_blocks=50,
                          min_frames=3, seed=0)
    assert set(fixed.units) == {2}


def test_the_cascade_shuffles_from_the_top_and_keeps_distributions() -> None:
    network = open_network(planted()[1])
    real = {layer.name: [w.numpy().copy() for w in layer.weights] for layer in network.probe.network.layers}
    changed = []
    for down_to, copy in cascade(network, seed=1):
        changed.append(down_to)
        for layer in copy.probe.network.layers:
            for old, new in zip(real[layer.name], layer.weights, strict=True):
                new = new.numpy()
                np.testing.assert_array_equal(np.sort(new, axis=None), np.sort(old, axis=None))
                if old.ndim > 1:
                    assert np.array_equal(old, new) == (layer.name not in changed)
    assert changed == ["", "top", "high", "low"]


def test_layers_of_a_q_network_from_the_top_down() -> None:
    network = build_networks(NetworkConfig(dim=2, code="onehot", code_dim=3, batchnorm="off"), seed=1).q_network
    levels = [down_to for down_to, _ in cascade(open_network(network), 0)]
    assert levels == ["", "output", *(f"downconv_{i}" for i in (4, 3, 2, 1, 0))]


@pytest.mark.slow
def test_q_networks_can_be_checked() -> None:
    network = build_networks(NetworkConfig(dim=2, code="onehot", code_dim=3, batchnorm="on"), seed=1).q_network
    audio = np.random.default_rng(0).normal(0.0, 0.1, (12, 16384, 1)).astype(np.float32)
    source = ClipFrames(audio, {"word": ["a", "b", "c"] * 4}, rate_hz=16000)
    found = sanity_checks(network, source, group="label:word", progress=False,
                          settings=SanitySettings(permutations=1, frames_per_group=2, min_frames=2))
    assert len(found.weights) == 7 * len(found.labels)


def test_likeness_of_maps() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random((40, 6)), rng.random((40, 6))
    assert rank_correlation(a, b) == pytest.approx(spearmanr(a.ravel(), b.ravel()).statistic)
    # cells that are zero in both do not count: 1 2 3 against 3 2 1 is a complete reversal, whatever lies around
    around = np.zeros((50, 1))
    assert rank_correlation(np.r_[around[:, 0], [1, 2, 3]], np.r_[around[:, 0], [3, 2, 1]]) == pytest.approx(-1.0)
    assert np.isnan(rank_correlation(around, around)) and np.isnan(structural_similarity(around, a[:, :1]))
    assert structural_similarity(a, 3 * a) == pytest.approx(1.0)
    assert structural_similarity(a, b) < 0.5
    # order of the channels does not matter, order of time does
    assert structural_similarity(a[:, ::-1], b[:, ::-1]) == pytest.approx(structural_similarity(a, b))
    smooth = np.exp(-0.5 * ((np.arange(40)[:, None] - 20) / 4) ** 2)
    assert structural_similarity(smooth, np.roll(smooth, 15)) < structural_similarity(smooth, np.roll(smooth, 1))


def test_files_and_picture(results: SanityResults, tmp_path: Path) -> None:
    write_sanity(results, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "sanity.json", "sanity_inputs.csv", "sanity_labels.csv", "sanity_weights.csv"]
    table = pd.read_csv(tmp_path / "out" / "sanity_weights.csv")
    assert len(table) == len(results.weights) and table["mantel"].iloc[0] == pytest.approx(1.0)
    about = json.loads((tmp_path / "out" / "sanity.json").read_text())
    assert about["groups"] == {f"g{i}": 8 for i in range(N_GROUPS)} and about["settings"]["seed"] == 3
    figure = sanity_figure(results)
    ticks = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert ticks[0] == "none" and len(ticks) == 4
    assert [axes.get_title(loc="left") for axes in figure.axes][3] == "silhouette, mean over cuts"


def test_command(results: SanityResults, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                 monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}

    def remember(network: object, data: ClipFrames, **how: object) -> SanityResults:
        asked.update(how, n_blocks=data.n_blocks)
        return results

    monkeypatch.setattr("snap_tf.snap.sanity.checks.sanity_checks", remember)
    source, network = planted()
    network.save(tmp_path / "planted.keras")
    np.save(tmp_path / "clips.npy", np.concatenate([source.block(i).inputs for i in range(source.n_blocks)]))
    argv = ["sanity", str(tmp_path / "planted.keras"), str(tmp_path / "out"), "--inputs", str(tmp_path / "clips.npy"),
            "--permutations", "7", "--group", "label:word", "--pooling", "none"]
    assert main(argv) == 0
    assert (asked["group"], asked["n_blocks"]) == ("label:word", 5)
    assert asked["settings"] == SanitySettings(permutations=7) and asked["options"] == ProfileOptions(pooling="none")
    out, told = capsys.readouterr()
    assert f"{N_GROUPS} groups by " in out and "mantel_all" in out and "written to" in out
    # the results are of 9 permutations, whatever was asked of the command, which says it before the work
    assert "the smallest p that 9 permutations can give is 0.1, so that it cannot fall below .05" in out
    assert "note: the smallest p that 7 permutations can give is 0.12, so that it cannot fall below .05" in told
    assert (tmp_path / "out" / "sanity.png").stat().st_size > 10_000
    assert main(argv) == 2  # two runs in one folder could not be told apart
    assert "must be new or empty" in capsys.readouterr().err
    elsewhere = [*argv[:2], str(tmp_path / "elsewhere"), *argv[3:]]
    assert main([*elsewhere, "--corpus", str(tmp_path)]) == 2
    assert "must come from one of --corpus, --clips and --inputs" in capsys.readouterr().err


def test_the_default_cannot_give_less_than_five_percent_and_the_command_says_so(capsys: pytest.CaptureFixture[str],
                                                                                tmp_path: Path) -> None:
    for flags, told in (([], True), (["--permutations", "20"], False)):
        assert main(["sanity", "none", str(tmp_path / "out"), "--corpus", str(tmp_path / "none"), *flags]) == 2
        assert ("the smallest p that 19 permutations can give is 0.05, so that it cannot fall below .05"
                in capsys.readouterr().err) is told


def test_refusals() -> None:
    source, network = planted()
    with pytest.raises(ConfigError, match=r"`target` \(=norm:high\) must be argmax or class:NAME"):
        sanity_checks(network, source, group="label:word", options=ProfileOptions(target="norm:high"))
    with pytest.raises(DataError, match="must be at least three with 100 frames each"):
        sanity_checks(network, source, group="label:word", settings=SanitySettings(min_frames=100), progress=False)
    with pytest.raises(ConfigError, match="`permutations`"):
        SanitySettings(permutations=0)


def test_a_network_that_cannot_be_copied_is_refused_in_one_line() -> None:
    class Own(keras.Model):
        def __init__(self, width: int) -> None:
            super().__init__(name="own")
            self.conv, self.pool = keras.layers.Conv1D(width, 3), keras.layers.GlobalAveragePooling1D()

        def call(self, x: object, training: bool = False) -> object:
            return self.pool(self.conv(x))

    source, _ = planted()
    network = Own(4)
    network(np.zeros((1, N_STEPS, N_BANDS), np.float32))
    message = r"model \(=own\) must be a Keras network that can be copied: .*; give it a get_config"
    with pytest.raises(ConfigError, match=message) as caught:
        sanity_checks(open_network(network, input_shape=(N_STEPS, N_BANDS)), source, group="label:word",
                      settings=SETTINGS, progress=False)
    assert "\n" not in str(caught.value)
