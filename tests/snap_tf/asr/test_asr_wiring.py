"""What training and scoring are told must reach them: lengths of targets, warm-up, seeds, policies, what is frozen."""

import dataclasses
import types
from pathlib import Path

import numpy as np
import pytest
import soundfile
import tensorflow as tf

from snap_tf.asr.batches.bucketing import BatchOrder
from snap_tf.asr.batches.examples import Example
from snap_tf.asr.evaluation import Evaluation, Evaluator, Transcribed
from snap_tf.asr.network.masking import masked_logits
from snap_tf.asr.network.wav2letter import build_network
from snap_tf.asr.settings import RecogniserConfig
from snap_tf.asr.training import loop as module
from snap_tf.asr.training import monitors as monitors_module
from snap_tf.asr.training.loop import _Progress, train_recogniser
from snap_tf.asr.training.monitors import RecogniserMonitors
from snap_tf.asr.training.update import RecogniserUpdate, WarmupCosine
from snap_tf.asr.transcription import _timed_symbols, find_recordings
from snap_tf.asr.transcripts.alphabet import PHONES
from snap_tf.asr.transcripts.ctc import ctc_loss
from wavegan_tf.data.corpus import Corpus, Segment, Utterance

LABELS = ((3, 7), (1, 2, 3, 4, 5, 6, 7, 8))
STEPS = (40, 60)


def spectrograms() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(-5, 3, (n, 128)).astype(np.float32) for n in STEPS]


def a_batch() -> tuple[tf.Tensor, ...]:
    features = np.zeros((2, 64, 128), np.float32)
    labels = np.zeros((2, 8), np.int32)
    for i, (spectrogram, own) in enumerate(zip(spectrograms(), LABELS, strict=True)):
        features[i, :len(spectrogram)] = spectrogram
        labels[i, :len(own)] = own
    return tuple(map(tf.constant, (features, np.int32(STEPS), labels, np.int32([2, 8]))))


def losses_of(network: tf.keras.Model, *, training: bool) -> np.ndarray:
    features, n_steps, labels, n_labels = a_batch()
    logits, n_output_steps = masked_logits(network, features, n_steps, training=training)
    return ctc_loss(logits, n_output_steps, labels, n_labels).numpy()


def test_the_loss_is_per_symbol_so_that_long_utterances_weigh_no_more() -> None:
    update = RecogniserUpdate(build_network("W2P_shallow", 0.03, seed=1), RecogniserConfig(width=0.03))
    per_utterance = losses_of(build_network("W2P_shallow", 0.03, seed=1), training=True)
    found = update(a_batch())
    assert float(found["loss"]) == pytest.approx(np.mean(per_utterance / [2, 8]), rel=1e-4)
    assert abs(np.mean(per_utterance / [2, 8]) - np.mean(per_utterance)) > 1  # lengths do matter here


def test_the_scored_loss_is_per_symbol_too() -> None:
    network = build_network("W2P_shallow", 0.03, seed=1)
    utterances = [Utterance(f"u{i}", Path(), "", 128 * n, 16000) for i, n in enumerate(STEPS)]
    examples = [Example(u, own, n) for u, own, n in zip(utterances, LABELS, STEPS, strict=True)]

    class Store(list):
        pass

    store = Store(spectrograms())
    store.examples = examples
    found = Evaluator(network, PHONES).evaluate(store)
    assert found.loss == pytest.approx(np.mean(losses_of(network, training=False) / [2, 8]), rel=1e-4)
    assert [t.reference for t in found.transcripts] == [PHONES.decode(own) for own in LABELS]
    for transcript, n in zip(found.transcripts, STEPS, strict=True):
        assert len(transcript.logits) == -(-n // 2)


def test_the_step_size_of_an_update_is_the_schedules() -> None:
    config = RecogniserConfig(width=0.03, learning_rate=0.01, warmup_steps=4, decay_steps=8)
    update = RecogniserUpdate(build_network("W2P_shallow", 0.03, seed=1), config)
    schedule = WarmupCosine(0.01, 4, 8)
    for step in (0, 2, 3, 4, 6, 8, 9):
        update.optimizer.iterations.assign(step)
        expected = 0.01 * min(1, (step + 1) / 4) * 0.5 * (1 + np.cos(np.pi * min(1, step / 8)))
        assert float(update.optimizer.learning_rate) == pytest.approx(expected, abs=1e-9)
        assert float(schedule(step)) == pytest.approx(expected, abs=1e-9)
    assert float(WarmupCosine(0.01)(0)) == pytest.approx(0.01)


def test_every_epoch_has_a_batching_of_its_own() -> None:
    order = BatchOrder([100 + i for i in range(12)], batch_size=3, seed=5)
    stream = order.from_batch(4)
    epochs = [[tuple(sorted(next(stream).tolist())) for _ in range(4)] for _ in range(3)]
    assert all(sorted(sum(epoch, ())) == list(range(12)) for epoch in epochs)
    assert len({frozenset(epoch) for epoch in epochs}) > 1
    other = BatchOrder([100 + i for i in range(12)], batch_size=3, seed=6).from_batch(4)
    assert [tuple(sorted(next(other).tolist())) for _ in range(4)] != epochs[0]


def test_errors_are_called_what_they_are_over_all_and_over_folded_phones() -> None:
    """One label too few, two too many, three wrong: no two kinds as often. `ix` for `ih` is no error of 39 classes."""
    logits = np.zeros((1, 1), np.float32)
    pairs = ((("s", "iy", "t"), ("s", "t")), (("p",), ("p", "aa", "k")), (("ih", "b", "d"), ("ix", "m", "n")))
    found = Evaluation(PHONES, tuple(Transcribed(f"u{i}", a, b, logits) for i, (a, b) in enumerate(pairs)), 1.5)
    for counts, wrong in ((found.errors, 3), (found.folded_errors, 2)):
        assert (counts.substitutions, counts.deletions, counts.insertions, counts.n_reference) == (wrong, 1, 2, 7)
    assert found.scalars() == {"loss": 1.5, "phone_error_rate": 6 / 7, "phone_error_rate_39": 5 / 7}
    text = found.to_text()
    assert "3 substitutions, 1 deletions, 2 insertions" in text and "2 substitutions, 1 deletions, 2 insertions" in text
    assert "iy -> (nothing)  1" in text and "(nothing) -> aa  1" in text and "b -> m  1" in text


def test_the_speed_of_a_row_is_that_since_the_last_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 102.0, 103.0])
    monkeypatch.setattr(monitors_module, "time", types.SimpleNamespace(monotonic=lambda: next(clock)))
    with RecogniserMonitors(tmp_path, RecogniserConfig(width=0.03), PHONES, 0) as monitors:
        for step in (4, 10):
            monitors.row(step, {"loss": 1.0}, None)
        monitors.sync()
    header, *rows = [line.split(",") for line in (tmp_path / "metrics.csv").read_text().splitlines()]
    assert [(row[0], float(row[header.index("steps_per_s")])) for row in rows] == [("4", 2), ("10", 6)]


def test_transcripts_are_shown_under_what_they_are(tmp_path: Path) -> None:
    pairs = ((("s", "iy"), ("sh", "iy")), (("p",), ()))
    found = Evaluation(PHONES, tuple(Transcribed(f"u{i}", said, written, np.zeros((1, 1), np.float32))
                                     for i, (said, written) in enumerate(pairs)), 1.5)
    with RecogniserMonitors(tmp_path, RecogniserConfig(width=0.03), PHONES, 0) as monitors:
        monitors.texts(4, found)
        monitors.sync()
        values = [value for path in (tmp_path / "logs").iterdir()
                  for event in tf.compat.v1.train.summary_iterator(str(path)) for value in event.summary.value]
    text = next(value.tensor.string_val[0].decode() for value in values if value.tag == "transcripts")
    assert text.splitlines()[0] == "| utterance | reference | written |"
    assert text.splitlines()[2:] == ["| u0 | s iy | sh iy |", "| u1 | p | - |"]


def test_recordings_and_what_is_left_out_are_of_all_folders(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        soundfile.write(tmp_path / folder / f"{folder}.wav", np.full(100, 0.5), 16000)
        (tmp_path / folder / "film.mp4").write_bytes(b"a film")
    files, left_out = find_recordings([tmp_path / "one", tmp_path / "two", tmp_path / "one" / "one.wav"])
    assert [path.name for path in files] == ["one.wav", "two.wav", "one.wav"]
    assert [Path(name).relative_to(tmp_path).as_posix() for name, _ in left_out] == ["one/film.mp4", "two/film.mp4"]


def test_what_counts_as_better() -> None:
    progress = _Progress()
    assert progress.note(1, 0.5, 2.0)
    assert not progress.note(2, 0.5, 1.5)  # as good is not better: the first one stays
    assert (progress.best_step, progress.n_since_better) == (1, 0)  # but the loss fell, so that patience goes on
    assert not progress.note(3, 0.6, 1.5)
    assert not progress.note(4, 0.6, 1.6)
    assert progress.n_since_better == 2
    assert progress.note(5, 0.4, 9.0) and progress.n_since_better == 0


class Enough(Exception):
    pass


def test_settings_of_the_data_reach_the_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = types.SimpleNamespace()

    def split(examples: list, share: float, seed: int) -> None:
        asked.split = (len(examples), share, seed)
        raise Enough

    monkeypatch.setattr(module, "training_split", split)
    utterances = tuple(Utterance(f"{speaker}_sa1", tmp_path / "none.wav", speaker, 16000, 16000, sentence="SA1",
                                 phones=(Segment(0, 8000, "aa"),)) for speaker in "abcdefghij")
    config = RecogniserConfig(width=0.03, seed=3, validation_share=0.375)
    kept = {}
    for sa_seed in (0, 1):
        monkeypatch.setattr(module, "make_examples", lambda corpus, alphabet, at=sa_seed: (
            kept.setdefault(at, [u.id for u in corpus.utterances]), []))
        with pytest.raises(Enough):
            train_recogniser(dataclasses.replace(config, sa_seed=sa_seed), Corpus(tmp_path, utterances),
                             tmp_path / "run")
        assert asked.split == (7, 0.375, 3)
    assert kept[0] != kept[1]


def test_a_symbol_peaks_where_it_is_most_likely() -> None:
    logits = np.zeros((8, PHONES.size), np.float32)
    logits[:, PHONES.blank] = 5
    logits[2:6, 4] = [6, 7, 9, 8]
    symbol, = _timed_symbols(logits, PHONES, 8 * 256)
    assert (symbol.start_s, symbol.peak_s, symbol.end_s) == (2 * 0.016, 4 * 0.016, 6 * 0.016)
    assert 0.9 < symbol.probability < 1
