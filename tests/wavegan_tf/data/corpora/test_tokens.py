"""Which stretches become slices: words, phones, #TV and #sTV."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavegan_tf.data.corpora.tokens import EIGHT_WORDS, StopCriteria, phone_tokens, stop_tokens, word_tokens
from wavegan_tf.data.corpus import Corpus, Problem, Segment, Utterance
from wavegan_tf.errors import ConfigError, DataError


def utterance(name: str, *words: tuple[str, str]) -> Utterance:
    """Words with their phones, 100 samples a phone, from sample 100 on."""
    at, spoken, phones = 100, [], [Segment(0, 100, "h#")]
    for word, labels in words:
        first = at
        for label in labels.split():
            phones.append(Segment(at, at + 100, label))
            at += 100
        spoken.append(Segment(first, at, word))
    return Utterance(name, Path(f"{name}.wav"), name.upper(), at, 16000, tuple(spoken), tuple(phones))


CORPUS = Corpus(Path("mock"), (
    utterance("a", ("Ask", "ae s kcl k"), ("top", "tcl t aa pcl p"), ("stop", "s tcl t aa pcl p"), ("spa", "s p aa")),
    utterance("b", ("ask", "q ae s kcl k"), ("tree", "tcl t r iy"), ("car", "k axr"), ("kn", "kcl k en"),
              ("is", "ih s"), ("day", "dcl d ey"), ("chew", "tcl ch uw"), ("sky", "s kcl"), ("t'", "t ax-h")),
))


def test_words_are_matched_without_regard_to_case():
    table = word_tokens(CORPUS, ["ASK", " spa"])
    assert list(zip(table["utterance"], table["word"], table["start_sample"], table["end_sample"], strict=True)) == [
        ("a", "ask", 100, 500), ("a", "spa", 1600, 1900), ("b", "ask", 100, 600)]
    assert list(table["label"]) == list(table["word"])
    assert [p.label for p in table["phones"][2]] == ["q", "ae", "s", "kcl", "k"]
    assert len(word_tokens(CORPUS)) == 13


def test_words_without_a_token_are_named_with_near_ones():
    with pytest.raises(DataError, match=r"word \(=asks, topp\) must be in the corpus; it has 12 other words; near ones "
                                        r"are ask, stop, top; change the list"):
        word_tokens(CORPUS, ["asks", "spa", "TOPP"])
    with pytest.raises(DataError, match=r"word \(=zzz\).*its most frequent ones are ask, top"):
        word_tokens(CORPUS, ["zzz"])


def test_a_phone_belongs_to_the_word_that_holds_its_midpoint():
    u = Utterance("a", Path("a"), "A", 400, 16000, (Segment(0, 200, "x"), Segment(200, 400, "y")),
                  (Segment(0, 149, "p"), Segment(149, 252, "q"), Segment(252, 410, "r")))
    phones = Corpus(Path("m"), (u,)).words()["phones"]
    assert [[p.label for p in word] for word in phones] == [["p"], ["q", "r"]]


def test_phones_anywhere_and_inside_words():
    table = phone_tokens(CORPUS, ["s"])
    assert len(table) == 6 and set(table["label"]) == {"s"}
    assert list(table["word"]) == ["ask", "stop", "spa", "ask", "is", "sky"]
    inside = phone_tokens(CORPUS, ["s", "k"], ["ask"])
    assert list(zip(inside["utterance"], inside["label"], inside["start_sample"], strict=True)) == [
        ("a", "s", 200), ("a", "k", 400), ("b", "s", 300), ("b", "k", 500)]
    assert inside["phones"][0] == (Segment(200, 300, "s"),)
    assert list(phone_tokens(CORPUS, ["h#"])["word"]) == ["", ""]


def test_phones_that_are_not_there():
    with pytest.raises(ConfigError, match="`phones` must name at least one phone"):
        phone_tokens(CORPUS, [])
    with pytest.raises(DataError, match=r"phone \(=S\) must be in the corpus; it has \d+ other phones"):
        phone_tokens(CORPUS, ["S"])
    with pytest.raises(DataError, match=r"phone \(=ey\) must be in the corpus"):
        phone_tokens(CORPUS, ["ey"], ["ask"])
    with pytest.raises(DataError, match=r"word \(=asking\)"):
        phone_tokens(CORPUS, ["s"], ["asking"])


def found(**criteria) -> list[tuple[str, str, int, int]]:
    table = stop_tokens(CORPUS, StopCriteria(**criteria))
    return list(zip(table["word"], table["label"], table["start_sample"], table["end_sample"], strict=True))


def test_stop_and_vowel_at_the_start_of_words():
    """tree has r between, kn a syllabic consonant, is no initial stop, day a voiced one, chew an affricate, sky no
    release: none of them counts."""
    assert found() == [("top", "TV", 500, 800), ("stop", "sTV", 1000, 1400), ("spa", "sTV", 1600, 1900),
                       ("car", "TV", 1000, 1200), ("t'", "TV", 2500, 2700)]


def test_stop_criteria_are_options():
    assert found(include_closure=False)[:3] == [("top", "TV", 600, 800), ("stop", "sTV", 1000, 1400),
                                                ("spa", "sTV", 1600, 1900)]
    assert ("car", "TV", 1000, 1200) not in found(vowels=("aa", "iy"))
    assert ("kn", "TV", 1200, 1500) in found(vowels=("en", "aa"))
    assert found(stops=("d",)) == [("day", "TV", 1700, 2000)]
    assert found(words=("TOP", "spa")) == [("top", "TV", 500, 800), ("spa", "sTV", 1600, 1900)]
    assert [w for w, *_ in found(closures=())] == ["spa", "car", "t'"]


def test_phones_of_stop_tokens_go_from_the_first_to_the_vowel():
    for include_closure, top in ((True, "tcl t aa"), (False, "t aa")):
        table = stop_tokens(CORPUS, StopCriteria(include_closure=include_closure))
        assert [" ".join(p.label for p in phones) for phones in table["phones"][:2]] == [top, "s tcl t aa"]


def test_no_stop_and_no_times():
    with pytest.raises(DataError, match=r"must have words that begin with \(b\) or s and one of them, then a vowel; "
                                        r"none of 13 words does; its most frequent phones are s, "):
        stop_tokens(CORPUS, StopCriteria(stops=("b",)))
    silent = Corpus(Path("mock"), (Utterance("a", Path("a"), "A", 10, 16000),), (Problem("x", "no TextGrid"),))
    for find in (word_tokens, lambda c: phone_tokens(c, ["s"]), stop_tokens):
        with pytest.raises(DataError, match=r"must have (words|phones) with times; none of its 1 utterances has "
                                            r"\(first problem: no TextGrid\)"):
            find(silent)


def test_the_eight_words():
    assert len(EIGHT_WORDS) == 8 and list(EIGHT_WORDS) == sorted(EIGHT_WORDS)


def words_by_comparing_all(utterance: Utterance) -> list[tuple[Segment, ...]]:
    """The slow twin: every phone against every word, from the sentence `a phone belongs to the word that holds its
    midpoint`."""
    return [tuple(p for p in utterance.phones if w.start <= (p.start + p.end) / 2 < w.end) for w in utterance.words]


segments = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30), st.sampled_from("abc")), max_size=12).map(
    lambda rows: tuple(sorted((Segment(a, a + n, label) for a, n, label in rows), key=lambda s: (s.start, s.end))))


@given(words=segments, phones=segments)
def test_phones_of_words_are_those_of_the_slow_twin(words, phones):
    """Also where words or phones overlap, touch, and lie inside each other."""
    u = Utterance("u", Path("u.wav"), "", 100, 16000, words, phones)
    assert list(Corpus(Path(), (u,)).words()["phones"]) == words_by_comparing_all(u)


def test_an_hour_in_one_file_takes_seconds():
    """20,000 words and 80,000 phones: each against each took 1.6 billion comparisons."""
    words = tuple(Segment(4 * i, 4 * i + 4, f"w{i % 50}") for i in range(20_000))
    phones = tuple(Segment(i, i + 1, "p") for i in range(80_000))
    corpus = Corpus(Path(), (Utterance("u", Path("u.wav"), "", 80_000, 16000, words, phones),))
    before = time.process_time()
    table = phone_tokens(corpus, ["p"], ["w7"])
    assert len(table) == 4 * 400 and list(corpus.words()["phones"].map(len)) == [4] * 20_000
    assert time.process_time() - before < 10
