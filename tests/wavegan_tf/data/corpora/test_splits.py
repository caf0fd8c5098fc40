"""Splits and SA policies: right sizes, nobody on both sides, the same draw whatever the order of rows."""

import random

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mock_corpora import RATE_HZ

from wavegan_tf.data.corpora.sa_policy import keep_sa
from wavegan_tf.data.corpora.splits import assign_split, seeded_order, split_by_speaker, split_by_token
from wavegan_tf.data.corpus import Utterance
from wavegan_tf.errors import ConfigError, DataError


@st.composite
def tables(draw):
    n = draw(st.integers(2, 60))
    speakers = [f"S{draw(st.integers(0, 7))}" for _ in range(n)]
    return pd.DataFrame({"utterance": [f"u{i // 3}" for i in range(n)], "word": ["a"] * n, "speaker": speakers,
                         "start_sample": [100 * i for i in range(n)]})


seeds = st.integers(0, 2**31)
shares = st.floats(0, 0.99)


@given(table=tables(), seed=seeds, share=shares)
def test_by_token_has_the_share_and_ignores_the_order_of_rows(table, seed, share):
    split = split_by_token(table, share, seed)
    assert (split == "test").sum() == round(share * len(table))
    assert set(split) <= {"train", "test"}
    shuffled = table.sample(frac=1, random_state=1)
    pd.testing.assert_series_equal(split_by_token(shuffled, share, seed).sort_index(), split)


@given(table=tables(), seed=seeds, share=shares)
def test_by_speaker_keeps_speakers_apart_and_ignores_the_order_of_rows(table, seed, share):
    if table["speaker"].nunique() < 2:
        with pytest.raises(DataError, match=r"number of speakers \(=1\) must be at least 2"):
            split_by_speaker(table, share, seed)
        return
    split = split_by_speaker(table, share, seed)
    test, train = (set(table["speaker"][split == side]) for side in ("test", "train"))
    assert test and train and not test & train
    assert len(test) == min(max(round(share * len(test | train)), 1), len(test | train) - 1)
    shuffled = table.sample(frac=1, random_state=1)
    pd.testing.assert_series_equal(split_by_speaker(shuffled, share, seed).sort_index(), split)


def test_other_seeds_draw_otherwise():
    table = pd.DataFrame({"utterance": [f"u{i}" for i in range(100)], "speaker": [f"s{i % 20}" for i in range(100)]})
    for draw in (split_by_token, split_by_speaker):
        assert len({tuple(draw(table, 0.2, seed)) for seed in range(20)}) == 20


def test_the_draw_is_fair():
    """Each of 20 keys is in the first 4 in about a fifth of 2,000 orders: 400 +- 5 standard deviations of 17.9."""
    keys = [f"speaker{i}" for i in range(20)]
    counts = pd.Series([key for seed in range(2000) for key in seeded_order(keys, seed)[:4]]).value_counts()
    assert len(counts) == 20 and counts.between(310, 490).all()


def test_the_draw_is_the_same_for_ever():
    """A run repeated years later must find its test set again; order of: printf '0\\n%s' KEY | sha256sum."""
    assert seeded_order(["a", "b", "c", "d", "e"], 0) == ["d", "a", "b", "e", "c"]


def test_known_sizes():
    table = pd.DataFrame({"file": [f"{i}.wav" for i in range(5119)], "speaker": [f"s{i % 630}" for i in range(5119)]})
    assert (split_by_token(table) == "test").sum() == 1024  # 5,119 / 5 = 1,023.8
    split = split_by_speaker(table)
    assert table["speaker"][split == "test"].nunique() == 126  # 630 / 5


def test_the_official_split_is_the_tables_own():
    table = pd.DataFrame({"utterance": ["a", "b"], "speaker": ["s", "t"], "split": ["dev", "train"]})
    assert list(assign_split(table, "official")["split"]) == ["dev", "train"]
    with pytest.raises(DataError, match=r"split \(=official\) must be known for every row; 1 of 2 rows"):
        assign_split(table.assign(split=["", "train"]), "official")


def test_rows_that_cannot_be_told_apart_and_other_bad_input():
    table = pd.DataFrame({"utterance": ["a", "a"], "speaker": ["s", ""], "split": ["", ""]})
    with pytest.raises(DataError, match="rows of the table must differ in utterance; 1 repeat"):
        split_by_token(table)
    assert list(split_by_token(table, 0.5, key=["speaker"])).count("test") == 1
    with pytest.raises(DataError, match=r"must have columns that tell its rows apart.*it has speaker, split"):
        split_by_token(table[["speaker", "split"]])
    with pytest.raises(DataError, match="1 of 2 rows have none"):
        split_by_speaker(table)
    with pytest.raises(DataError, match="must have a column `reader`; it has utterance, speaker"):
        split_by_speaker(table, speaker="reader")
    with pytest.raises(ConfigError, match=r"`split` \(=half\) must be one of token, speaker, official"):
        assign_split(table, "half")
    for share in (-0.1, 1.0, float("nan")):
        with pytest.raises(ConfigError, match=r"`test_share` \(=.*\) must be in \[0, 1\)"):
            split_by_token(table, share)


def mock_timit(n_speakers: int = 30) -> list[Utterance]:
    names = ["SA1", "SA2", *(f"SX{i}" for i in range(5)), *(f"SI{i}" for i in range(3))]
    return [Utterance(f"s{k}_{n}".lower(), "", f"S{k}", 100, RATE_HZ, sentence=n) for k in range(n_speakers)
            for n in names]


@pytest.mark.parametrize(("policy", "n_sa"), [("all", 60), ("none", 0), ("keep7", 7), ("keep7_per_sentence", 14)])
def test_sa_policies_keep_so_many(policy, n_sa):
    utterances = mock_timit()
    kept = keep_sa(utterances, policy, seed=3)
    assert len(kept) == 30 * 8 + n_sa
    assert [u for u in kept if u.sentence_type != "SA"] == [u for u in utterances if u.sentence_type != "SA"]
    if policy == "keep7_per_sentence":
        assert [sum(u.sentence == s for u in kept) for s in ("SA1", "SA2")] == [7, 7]


def test_sa_policies_on_the_size_of_timit():
    """6,300 utterances: 5,040 without SA, 5,047 with 7, 5,054 with 7 of each sentence."""
    utterances = mock_timit(630)
    assert [len(keep_sa(utterances, p)) for p in ("all", "none", "keep7", "keep7_per_sentence")] == [
        6300, 5040, 5047, 5054]


@given(seed=seeds, shuffle=seeds, policy=st.sampled_from(["keep7", "keep7_per_sentence"]))
def test_sa_draws_do_not_depend_on_file_order(seed, shuffle, policy):
    utterances = mock_timit(12)
    mixed = random.Random(shuffle).sample(utterances, len(utterances))
    kept = keep_sa(utterances, policy, seed)
    assert {u.id for u in keep_sa(mixed, policy, seed)} == {u.id for u in kept}
    assert list(kept) == [u for u in utterances if u in kept]


def test_sa_draws_depend_on_the_seed_and_keep_what_there_is():
    utterances = mock_timit(12)
    assert len({tuple(u.id for u in keep_sa(utterances, "keep7", seed)) for seed in range(10)}) == 10
    assert len(keep_sa(mock_timit(2), "keep7")) == 20
