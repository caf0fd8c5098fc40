"""What sampling, classifying and exporting hand on: seeds, steps, splits, and what belongs to one recording only."""

import json
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wavegan_tf.config import DataConfig, NetworkConfig, RunConfig, TrainConfig
from wavegan_tf.data.batches.audio_files import AudioFileList
from wavegan_tf.data.batches.scan import report_slices
from wavegan_tf.data.corpora.summary import summarise
from wavegan_tf.data.corpus import Corpus, Segment, Utterance
from wavegan_tf.data.slices import slicing as slices
from wavegan_tf.data.slices.slice_settings import SliceSettings
from wavegan_tf.export.card import model_card
from wavegan_tf.export.metadata import ModelMetadata
from wavegan_tf.export.model import SAMPLES_AT_ONCE, Model
from wavegan_tf.export.provenance import _metrics, _time
from wavegan_tf.latent import code_name
from wavegan_tf.use import classify, scored_export
from wavegan_tf.use.agreement import agree
from wavegan_tf.use.generation import Request, _manifest, _record, choose_vectors
from wavegan_tf.use.labels import Labels
from wavegan_tf.use.vectors import Interpolation, Sweep, draw_vectors

CODED = NetworkConfig(latent_dim=6, code="binary", code_dim=3)


class Enough(Exception):
    pass


def test_slices_are_split_and_read_as_the_settings_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = {}

    def split(tokens: pd.DataFrame, *how: object) -> pd.DataFrame:
        asked["split"] = how
        return tokens.assign(split="train")

    def decode(path: Path, rate_hz: int, *more: object) -> None:
        asked["rate_hz"] = rate_hz
        raise Enough

    monkeypatch.setattr(slices, "assign_split", split)
    monkeypatch.setattr(slices, "decode", decode)
    spoken = Utterance("u", tmp_path / "a.wav", "x", 8000, 16000, words=(Segment(0, 8000, "ask"),))
    settings = SliceSettings(split="speaker", test_share=0.375, seed=7, rate_hz=8000)
    with pytest.raises(Enough):
        slices.slice_words(Corpus(tmp_path / "corpus", (spoken,)), tmp_path / "out", (), settings)
    assert asked == {"split": ("speaker", 0.375, 7), "rate_hz": 8000}


def test_a_recording_of_two_speakers_counts_once(tmp_path: Path) -> None:
    both = [Utterance(f"u_{name}", tmp_path / "a.wav", name, 36000, 10000) for name in "ab"]
    other = Utterance("v", tmp_path / "b.wav", "a", 72000, 20000)
    found = summarise(Corpus(tmp_path, (*both, other)))
    assert found.hours == pytest.approx(2 * 3.6 / 3600) and found.rates_hz == {10000: 1, 20000: 1}
    assert found.n_utterances == 3 and found.n_speakers == 2


def test_words_count_whatever_their_capitals(tmp_path: Path) -> None:
    spoken = Utterance("u", tmp_path / "a.wav", "a", 36000, 10000,
                       words=tuple(Segment(i, i + 1, word) for i, word in enumerate(("Ask", "ASK", "ask", "Oily"))))
    found = summarise(Corpus(tmp_path, (spoken,)))
    assert {word: n for word, n in found.eight_words.items() if n} == {"ask": 3, "oily": 1}
    assert (found.n_word_tokens, found.n_word_types) == (4, 2)


def test_durations_are_at_the_rate_of_the_slices() -> None:
    config = DataConfig(sample_rate_hz=8000, first_slice=True)
    assert report_slices(AudioFileList("", ()), (), np.array([4000, 12000]), config).duration_s == 2.0


def test_an_interpolation_leads_from_one_seed_to_another() -> None:
    found = choose_vectors(Request(seed=9, interpolation=Interpolation(3, 5, 4)), CODED).z
    np.testing.assert_allclose(found[[0, -1]], np.concatenate([draw_vectors(1, CODED, seed).z for seed in (3, 5)]))


def test_the_manifest_says_a_seed_where_one_made_the_vectors() -> None:
    """Vectors between two others are no longer those of the seed of the request."""
    model = types.SimpleNamespace(config=RunConfig(network=CODED), step=7)
    for more, seeds in (({}, [9] * 3), ({"interpolation": Interpolation(3, 5, 3)}, [])):
        request = Request(n=None if more else 3, seed=9, **more)
        vectors = choose_vectors(request, CODED)
        table = _manifest(vectors, list("abc"), [0, 1, 0], request, model)
        assert table["seed"].dropna().tolist() == seeds
        assert (table["step"].tolist(), table["clipped_samples"].tolist()) == ([7] * 3, [0, 1, 0])


def test_the_record_of_a_folder_says_how_its_sounds_were_written() -> None:
    model = types.SimpleNamespace(config=RunConfig(network=CODED), step=7,
                                  metadata=types.SimpleNamespace(source="RUN", versions={"ours": "9"}))
    for as_float in (True, False):
        told = json.loads(_record(Request(seed=9), model, as_float))
        assert told["float"] is as_float and told["request"]["seed"] == 9
        assert (told["model"], told["step"], told["versions"]) == ("RUN", 7, {"ours": "9"})


def test_a_sweep_reaches_its_end_and_names_no_code_that_it_changes() -> None:
    np.testing.assert_allclose(Sweep(0, 0.0, 0.7, 0.1).values(), np.arange(8) / 10, atol=1e-12)
    code, noise = (choose_vectors(Request(n=1, codes=("101",), sweeps=(Sweep(dim, 0, 1, 0.5),)), CODED).table["code"]
                   for dim in (1, 4))
    assert set(code) == {""} and set(noise) == {"101"}


def test_a_batch_has_as_many_samples_whatever_the_channels() -> None:
    for channels in (1, 2):
        config = RunConfig(data=DataConfig(channels=channels), network=NetworkConfig(channels=channels))
        size = Model({}, types.SimpleNamespace(config=config)).batch_size
        assert size * channels * 16384 == SAMPLES_AT_ONCE


def test_codes_are_compared_with_the_permutations_that_were_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def agree(labels: list, codes: list, n_permutations: int, seed: int, *, all_codes: list, progress: bool) -> None:
        asked.append((labels, codes, n_permutations, seed, all_codes))
        raise Enough

    table = pd.DataFrame({"label": ["a", "", "b"], "code": ["0", "1", "2"], "code_index": [0, 1, 2]})
    labels = types.SimpleNamespace(of={}, are_codes=False)
    monkeypatch.setattr(classify, "agree", agree)
    monkeypatch.setattr(classify, "find_audio_files", lambda folder, split: asked.append(split) or
                        AudioFileList("", (), skipped=()))
    monkeypatch.setattr(classify, "find_labels", lambda folder, names, how: asked.append(how) or labels)
    monkeypatch.setattr(classify, "_chunks", lambda *args: [[(("a", 1), np.zeros((4, 1)))]])
    monkeypatch.setattr(classify, "_table", lambda *args: table)
    model = types.SimpleNamespace(config=RunConfig(network=CODED), has_classifier=True, batch_size=2,
                                  classify=lambda audio: (np.zeros((1, 3)),) * 2)
    with pytest.raises(Enough):
        classify.classify_folder(model, "folder", label_from="folder", split="dev", n_permutations=7, seed=11)
    every = [code_name(i, CODED) for i in range(8)]
    assert asked == ["dev", "folder", (["a", "b"], ["0", "2"], 7, 11, every)]  # files without a label take no part


def test_the_summary_of_codes_says_what_was_found_under_its_own_name(tmp_path: Path) -> None:
    """Every value is another one, so that none can stand for another."""
    table = pd.DataFrame({"file": [*"abcd"], "label": ["x", "y", "z", ""], "cropped": [True, True, False, False]})
    agreement = agree([*"xxyz"], ["1", "1", "2", "2"], 5, seed=4)
    found = classify.Classified(table, (("e", "broken"),), Labels({}, source="by hand"), agreement, {"bits": 0.75},
                                {"bits": 0.625}, 8, {"1": 2, "2": 2})
    model = types.SimpleNamespace(metadata=types.SimpleNamespace(source="RUN", versions={"ours": "9"}), step=7,
                                  config=RunConfig(network=CODED))
    rows, summary = classify.write_classified(found, tmp_path / "codes.csv", model)
    assert pd.read_csv(rows, keep_default_na=False).equals(table)
    told = json.loads(summary.read_text())
    assert {name: told[name] for name in told if name not in ("agreement", "config")} == {
        "model": "RUN", "step": 7, "n_classified": 4, "n_cropped": 2, "n_labelled": 3, "labels": "by hand",
        "labels_are_codes": False, "n_codes": 8, "codes": {"1": 2, "2": 2}, "accuracy": {"bits": 0.75},
        "accuracy_by_chance": {"bits": 0.625}, "skipped": [{"file": "e", "reason": "broken"}],
        "versions": {"ours": "9"}}
    assert told["agreement"] == json.loads(json.dumps(agreement.to_dict()))
    assert told["config"]["network"]["code_dim"] == 3
    shown = str(agreement)
    for name, p in agreement.p_values.items():
        assert f"p = {p:.4g}  chance {agreement.chance[name]:.4f}" in shown and p != agreement.chance[name]
    assert "bits as in the matched code: 0.7500  chance 0.6250" in str(found)


def test_what_is_exported_is_what_was_scored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = []
    monkeypatch.setattr(scored_export, "open_model", lambda run, step: asked.append((run, step)))
    monkeypatch.setattr(scored_export, "classify_folder", lambda model, folder, **how: asked.append((folder, how)) or
                        types.SimpleNamespace(agreement="table\nof both"))
    monkeypatch.setattr(scored_export, "export_run", lambda *args, **how: asked.append((args, how)))
    scored_export.export_scored("RUN", tmp_path / "out", "words/test", 7, label_from="folder", limits=("no more",))
    assert asked[0] == ("RUN", 7) and asked[1] == ("words/test", {"label_from": "folder", "progress": False})
    args, how = asked[2]
    assert args == ("RUN", tmp_path / "out", 7) and how["limits"] == ("no more",)
    assert "table" in how["facts"]["Codes of words/test"]


def test_the_card_says_how_often_each_network_was_updated_and_how_audio_was_scaled() -> None:
    def card(data: dict, network: dict) -> str:
        config = RunConfig(data=DataConfig(**data), network=NetworkConfig(**network),
                           train=TrainConfig(disc_nupdates=5))
        return model_card(ModelMetadata(config, 30, "run words", {}, {}), "words", {})

    plain, scaled = card({"normalize": False}, {"batchnorm": "tf1"}), card({}, {"batchnorm": "on"})
    coded, bits = (card({}, {"code": code, "code_dim": 4}) for code in ("onehot", "binary"))
    assert "30 steps, that is updates of the generator; 150 updates of the discriminator" in plain
    assert "training audio was not scaled:" in plain and "was each file scaled to a peak of 1:" in scaled
    assert "depends on what else is in the batch" in plain and "depends on what else" not in scaled
    assert ["tf.one_hot" in text for text in (plain, coded, bits)] == [False, True, False]
    assert "< 0.5, tf.float32)" in bits


def test_the_card_counts_the_time_up_to_its_step_only() -> None:
    hours = ["2026-01-01T00:00:00+00:00", "2026-01-01T01:00:00+00:00", "2026-01-01T04:00:00+00:00"]
    sessions = [{"event": event, "step": step, "time": time} for event, step, time in (
        ("start", 0, hours[0]), ("end", 20, hours[1]), ("start", 20, hours[1]), ("end", 50, hours[2]))]
    assert [line.split(" on ")[0] for line in _time(sessions, 20)] == ["- steps 0 to 20 in 1.0 h"]
    assert len(_time(sessions, 50)) == 2 and len(_time(sessions, 0)) == 1


def test_the_card_tells_the_row_of_its_step(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("step,d_loss\n10,1.5\n20,2.5\n30,3.5\n")
    assert _metrics(path, 20) == ["At step 20:", "", "- d_loss: 2.5"]
    assert _metrics(path, 29)[0] == "At step 20:" and _metrics(path, 9) == []
