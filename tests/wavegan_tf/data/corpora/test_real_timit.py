"""Published counts, where the licensed corpus is (TIMIT_DIR)."""

import os
from pathlib import Path

import pytest

from wavegan_tf.data.corpora.summary import summarise
from wavegan_tf.data.corpora.timit import read_timit
from wavegan_tf.data.corpora.tokens import EIGHT_WORDS, stop_tokens, word_tokens
from wavegan_tf.data.corpus import Corpus

pytestmark = [pytest.mark.timit, pytest.mark.slow]


@pytest.fixture(scope="module")
def timit() -> Corpus:
    folder = os.environ.get("TIMIT_DIR")
    if not folder:
        pytest.skip("needs the licensed TIMIT corpus; set TIMIT_DIR to its folder")
    return read_timit(Path(folder))


def test_counts_of_the_documentation(timit):
    summary = summarise(timit)
    assert summary.n_utterances == 6300 and summary.n_speakers == 630
    assert summary.utterances_by_sentence_type == {"SA": 1260, "SI": 1890, "SX": 3150}
    assert summary.utterances_by_split == {"test": 1680, "train": 4620}
    assert summary.unknown_phones == {}
    assert len(read_timit(timit.root, sa="keep7").utterances) == 5047


def test_tokens_of_begus_and_zhou(timit):
    """54,378 tokens, 6,229 types; 5,119 tokens of the eight words, 5,040 of them in SA sentences."""
    words = word_tokens(timit)
    assert (len(words), words["word"].nunique()) == (54378, 6229)
    eight = words[words["word"].isin(EIGHT_WORDS)]
    assert len(eight) == 5119 and eight["sentence"].isin(["SA1", "SA2"]).sum() == 5040


def test_stops_are_about_as_many_as_published(timit):
    """4,930 #TV and 533 #sTV with criteria that are not published: within a fifth."""
    counts = stop_tokens(timit)["label"].value_counts()
    assert counts["TV"] == pytest.approx(4930, rel=0.2) and counts["sTV"] == pytest.approx(533, rel=0.2)
