"""Values that lie exactly on a boundary fall on the side that is written down."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from wavegan_tf.config import DataConfig, NetworkConfig
from wavegan_tf.data.batches.decoding import DecodedFile
from wavegan_tf.data.batches.framing import Framing
from wavegan_tf.data.batches.store import _collect
from wavegan_tf.data.corpora.splits import split_by_speaker
from wavegan_tf.data.corpus import Corpus, Segment, Utterance
from wavegan_tf.data.labels.label_checks import checked_segments
from wavegan_tf.data.slices.cutting import crop
from wavegan_tf.errors import ConfigError
from wavegan_tf.latent import MOST_CODES, code_index, enumerate_codes
from wavegan_tf.losses import bit_accuracy, code_accuracy
from wavegan_tf.use.classify import _table
from wavegan_tf.use.labels import Labels
from wavegan_tf.use.wav import count_clipped, to_pcm16

BITS = NetworkConfig(latent_dim=40, code="binary", code_dim=2)


def test_a_logit_of_exactly_0_is_bit_0() -> None:
    assert code_index(np.array([[0.0, 1.0], [1e-9, 0.0]]), BITS).tolist() == [2, 1]
    code, logits = tf.constant([[0.0, 1.0]]), tf.constant([[0.0, 0.0]])
    assert float(bit_accuracy(code, logits)) == 0.5 and float(code_accuracy(code, logits, "binary")) == 0.0
    assert float(code_accuracy(tf.constant([[0.0, 0.0]]), logits, "binary")) == 1.0


def test_the_first_of_equal_classes_is_taken() -> None:
    onehot = NetworkConfig(code="onehot", code_dim=3)
    assert code_index(np.array([[1.0, 2.0, 2.0], [0.0, 0.0, 0.0]]), onehot).tolist() == [1, 0]


def test_as_many_codes_as_are_listed_are_listed() -> None:
    bits = MOST_CODES.bit_length() - 1
    assert len(enumerate_codes(NetworkConfig(latent_dim=40, code="binary", code_dim=bits))) == MOST_CODES
    with pytest.raises(ConfigError, match="at most 16"):
        enumerate_codes(NetworkConfig(latent_dim=40, code="binary", code_dim=bits + 1))


def test_a_phone_whose_middle_is_the_border_belongs_to_the_later_word() -> None:
    words = (Segment(0, 100, "one"), Segment(100, 200, "two"))
    phones = (Segment(0, 80, "w"), Segment(80, 120, "n"), Segment(120, 200, "t"))
    table = Corpus(Path(), (Utterance("u", Path(), "", 200, 16000, words, phones),)).words()
    assert [[p.label for p in row] for row in table["phones"]] == [["w"], ["n", "t"]]


def test_intervals_that_touch_the_ends_of_a_recording_are_inside() -> None:
    whole, first, last = Segment(0, 100, "a"), Segment(0, 1, "b"), Segment(99, 100, "c")
    assert checked_segments([whole, first, last], 100, "x") == ((first, whole, last), [])
    others = [Segment(100, 101, "d"), Segment(50, 50, "e"), Segment(98, 110, "f")]
    kept, problems = checked_segments(others, 100, "x", 10)
    assert kept == (Segment(98, 100, "f"),) and len(problems) == 2  # the tolerance itself is tolerated
    assert len(checked_segments([Segment(98, 111, "f")], 100, "x", 10)[1]) == 1


def test_what_is_exactly_as_long_as_allowed_stays() -> None:
    audio, phones = crop(np.arange(8)[:, None], (Segment(6, 8, "a"), Segment(8, 9, "b")), 8)
    assert len(audio) == 8 and phones == (Segment(6, 8, "a"),)


def test_recordings_of_exactly_a_slice_are_not_cropped() -> None:
    logits = np.zeros((3, 2))
    rows = [(name, BITS.slice_len + more) for name, more in zip("abc", (-1, 0, 1), strict=True)]
    table = _table(rows, logits, logits, Labels({"b": "ask"}), BITS)
    assert table["cropped"].tolist() == [False, False, True] and table["label"].tolist() == ["", "ask", ""]


def test_recordings_of_exactly_a_slice_give_one() -> None:
    plain, padded = (Framing.from_config(DataConfig(slice_len=16, pad_end=pad)) for pad in (False, True))
    assert plain.count(np.array([15, 16, 31, 32])).tolist() == [0, 1, 1, 2]
    assert padded.count(np.array([0, 1, 16, 17])).tolist() == [0, 1, 1, 2]


def test_samples_that_fill_the_memory_exactly_fit() -> None:
    files = [DecodedFile(i, np.zeros((10, 1), np.float32), 0, False) for i in range(2)]
    assert _collect(iter(files), 80.0) == (files, True)
    assert not _collect(iter(files), 79.0)[1]


def test_full_scale_is_not_clipped() -> None:
    assert count_clipped(np.array([1.0, -1.0, 1.0000001])) == 1
    assert to_pcm16(np.array([1.0, -1.0, 2.0, -2.0, 0.0])).tolist() == [32767, -32767, 32767, -32767, 0]


@pytest.mark.parametrize(("share", "n_test"), [(0.0, 1), (0.5, 2), (0.99, 2)])
def test_both_sides_of_a_split_have_a_speaker(share: float, n_test: int) -> None:
    import pandas as pd

    table = pd.DataFrame({"speaker": [*"abc"] * 2})
    sides = split_by_speaker(table, share)
    assert table["speaker"][sides == "test"].nunique() == n_test
