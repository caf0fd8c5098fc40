"""Examples, splits and batches: what takes part, who is held out, what comes when."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from snap_tf.asr.batches.bucketing import BatchOrder, in_order, padded_batches
from snap_tf.asr.batches.examples import Example, in_split, make_examples, training_split
from snap_tf.asr.batches.feature_store import FeatureStore, spectrogram_of
from snap_tf.asr.transcripts.alphabet import LETTERS, PHONES, plain_text
from wavegan_tf.data.corpus import Corpus, Segment, Utterance
from wavegan_tf.errors import DataError


def utterance(name: str = "a", phones: str = "h# s iy h#", *, speaker: str = "S1", split: str = "train",
              text: str = "See!", n_samples: int = 16000, rate_hz: int = 16000, path: Path = Path("none")) -> Utterance:
    labels = phones.split()
    edges = np.linspace(0, n_samples, len(labels) + 1).astype(int)
    segments = tuple(Segment(int(a), int(b), p) for a, b, p in zip(edges[:-1], edges[1:], labels, strict=True))
    return Utterance(name, path, speaker, n_samples, rate_hz, phones=segments, text=text, split=split)


def corpus(*utterances: Utterance) -> Corpus:
    return Corpus(Path("somewhere"), utterances)


def examples(splits: dict[str, str], per_speaker: int = 3) -> list[Example]:
    """One entry per speaker: its split."""
    return [Example(utterance(f"{s}_{i}", speaker=s, split=split), (1, 2), 50)
            for s, split in splits.items() for i in range(per_speaker)]


def test_targets() -> None:
    (phone,), _ = make_examples(corpus(utterance()), PHONES)
    assert PHONES.decode(phone.labels) == ("h#", "s", "iy", "h#")
    (letter,), _ = make_examples(corpus(utterance(text="Don't ask  me: a well-known\trag!")), LETTERS)
    assert LETTERS.join(LETTERS.decode(letter.labels)) == "don't ask me a well known rag"
    assert letter.n_steps == 1 + 16000 // 128
    words = Utterance("w", Path("w"), "S", 8000, 8000, words=(Segment(0, 9, "Oily"), Segment(9, 20, "rag")))
    (joined,), _ = make_examples(corpus(words), LETTERS)
    assert LETTERS.join(LETTERS.decode(joined.labels)) == "oily rag"
    assert joined.n_steps == 126  # 8000 samples at 8 kHz are 16000 at 16 kHz


@pytest.mark.parametrize(("text", "plain"), [("A — b", "a b"), ("“It’s,” he said…", "it's he said"), ("x 3", "x 3")])
def test_plain_text(text: str, plain: str) -> None:
    assert plain_text(text) == plain


def test_what_cannot_be_used_is_left_out_and_told() -> None:
    found, problems = make_examples(corpus(utterance("good"), utterance("bare", ""), utterance("fast", "s " * 90)),
                                    PHONES)
    assert [e.utterance.id for e in found] == ["good"]
    assert [(p.where, p.kind) for p in problems] == [("bare", "no phones"), ("fast", "too short for its phones")]
    # 90 equal phones need 90 steps and 89 blanks between them; a second has 63
    assert "90 phones need 179 steps of 16 ms; it has 63" in problems[1].what


def test_unknown_labels_are_all_named() -> None:
    with pytest.raises(DataError, match=r"phones of corpus \(=somewhere\) .* 61 .*: `ə` \(2 times\), `θ` \(1 times\)"):
        make_examples(corpus(utterance("a", "ə s ə"), utterance("b", "θ s")), PHONES)
    with pytest.raises(DataError, match=r"letters of corpus .* not among them: `é` \(1 times\), `4` \(1 times\)"):
        make_examples(corpus(utterance(text="Café 4")), LETTERS)
    with pytest.raises(DataError, match=r"phones \(=`<blank>`\) must be among the 61"):
        PHONES.encode(["<blank>"])


def test_corpora_without_labels() -> None:
    with pytest.raises(DataError, match=r"must have phone labels; none of its 1 .*; add \.PHN files .* letters"):
        make_examples(corpus(utterance(phones="")), PHONES)
    with pytest.raises(DataError, match="must have letter labels"):
        make_examples(corpus(utterance(text="")), LETTERS)


def test_held_out_speakers_are_others() -> None:
    everybody = examples({f"S{i}": "train" for i in range(20)} | {"T": "test"})
    training, validation = training_split(everybody, 0.1, seed=3)
    speakers = [{e.utterance.speaker for e in part} for part in (training, validation)]
    assert [len(s) for s in speakers] == [18, 2] and not speakers[0] & speakers[1] and "T" not in set.union(*speakers)
    assert training_split(everybody[::-1], 0.1, seed=3)[1][::-1] == validation
    assert training_split(everybody, 0.1, seed=4)[1] != validation


def test_other_splits() -> None:
    training, validation = training_split(examples({"A": "train", "B": "train", "D": "dev"}), 0.5, seed=0)
    assert {e.utterance.speaker for e in training} == {"A", "B"} and {e.utterance.speaker for e in validation} == {"D"}
    training, validation = training_split(examples({"A": "", "B": ""}), 0.1, seed=0)
    assert len(training) == len(validation) == 3
    mixed = examples({"A": "train", "T": "test"})
    assert len(in_split(mixed, "test")) == 3 and len(in_split(mixed, "all")) == 6
    with pytest.raises(DataError, match=r"`split` \(=dev\) must be a split of the corpus; it has test \(3 utt"):
        in_split(mixed, "dev")
    with pytest.raises(DataError, match=r"training speakers \(=A\) must be known and at least 2"):
        training_split(mixed, 0.1, seed=0)


@given(st.lists(st.integers(5, 600), min_size=1, max_size=40), st.integers(1, 9), st.integers(0, 99))
def test_an_epoch_holds_every_example_once(n_steps: list[int], batch_size: int, seed: int) -> None:
    order = BatchOrder(n_steps, batch_size, seed)
    stream = order.from_batch(0)
    for _ in range(3):
        epoch = [next(stream) for _ in range(order.batches_per_epoch)]
        assert Counter(np.concatenate(epoch).tolist()) == Counter(range(len(n_steps)))
    assert Counter(np.concatenate(in_order(n_steps, batch_size)).tolist()) == Counter(range(len(n_steps)))


def test_the_stream_can_be_entered_anywhere() -> None:
    order = BatchOrder(range(10, 60), 4, seed=1)
    whole = order.from_batch(0)
    batches = [next(whole) for _ in range(40)]
    for first in (1, 13, 26, 39):
        np.testing.assert_array_equal(next(order.from_batch(first)), batches[first])
    assert any(not np.array_equal(a, b) for a, b in zip(batches[13:26], batches[26:39], strict=True))


def test_batches_are_of_similar_length_and_the_first_epoch_goes_from_short_to_long() -> None:
    n_steps = np.random.default_rng(0).integers(100, 400, 400)
    order = BatchOrder(n_steps, 8, seed=0)
    stream = order.from_batch(0)
    first = [n_steps[next(stream)] for _ in range(order.batches_per_epoch)]
    assert np.mean([np.ptp(b) for b in first]) < 60  # 10 % of 250 to both sides; unsorted: 250
    means = np.array([b.mean() for b in first])
    assert (np.diff(means) > -60).all() and means[-1] - means[0] > 200
    second = np.array([n_steps[next(stream)].mean() for _ in range(order.batches_per_epoch)])
    assert np.abs(np.corrcoef(second, np.arange(len(second)))[0, 1]) < 0.5


@pytest.fixture
def three(tmp_path: Path) -> list[Example]:
    rng = np.random.default_rng(0)
    found = []
    for i, n_samples in enumerate((3000, 9000, 5000)):
        path = tmp_path / f"{i}.wav"
        soundfile.write(path, rng.normal(0, 0.1, n_samples), 16000)
        found.append(Example(utterance(path=path, n_samples=n_samples), tuple(range(i + 1)), 1 + n_samples // 128))
    return found


@pytest.mark.parametrize("budget", [None, 0])
def test_batches_hold_spectrograms_and_labels(three: list[Example], budget: int | None) -> None:
    store = FeatureStore(three, memory_budget_bytes=budget, progress=False)
    assert store.is_kept == (budget is None) and len(store) == 3
    (batch,) = padded_batches(store, iter([np.array([2, 0, 1])])).take(1)
    features, n_steps, labels, n_labels = (part.numpy() for part in batch)
    assert features.shape == (3, 96, 128)  # 71 steps, padded to a multiple of 32
    assert n_steps.tolist() == [40, 24, 71] == [three[i].n_steps for i in (2, 0, 1)]
    assert labels.tolist() == [[0, 1, 2], [0, 0, 0], [0, 1, 0]] and n_labels.tolist() == [3, 1, 2]
    np.testing.assert_array_equal(features[1, :24], spectrogram_of(three[0].utterance))
    assert not features[1, 24:].any()


def test_unreadable_audio(three: list[Example]) -> None:
    three[1].utterance.audio_path.write_bytes(b"no audio")
    with pytest.raises(DataError, match=r"1\.wav"):
        FeatureStore(three, progress=False)
