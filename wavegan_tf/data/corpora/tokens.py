"""Select tokens of a corpus: words, phones, or word-initial stop + vowel sequences (#TV, #sTV).

Every function returns a table with a row per token: utterance, speaker, sex, dialect, split, sentence, label, word,
start_sample, end_sample, rate_hz, phones (`Segment`s with offsets from the start of the utterance).
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from wavegan_tf.data.corpus import Corpus, Segment
from wavegan_tf.data.phones.timit_phones import CLOSURES, VOICELESS_STOPS, VOWELS
from wavegan_tf.errors import ConfigError, DataError

__all__ = ["EIGHT_WORDS", "StopCriteria", "phone_tokens", "stop_tokens", "word_tokens"]

EIGHT_WORDS = ("ask", "dark", "greasy", "oily", "rag", "wash", "water", "year")
"""The words of Beguš and Zhou, ICASSP 2022."""


def word_tokens(corpus: Corpus, words: Sequence[str] = ()) -> pd.DataFrame:
    """Select all tokens of some words, or of all words.

    Args:
        corpus: any, with words.
        words: compared without regard to upper and lower case; all words when empty.

    Returns:
        A row per token; `label` is the word in lower case.

    Raises:
        DataError: the corpus has no words with times, or a word has no token; names the words that are near.

    Example:
        >>> from wavegan_tf.data import open_corpus, word_tokens
        >>> tokens = word_tokens(open_corpus("corpus"), ["ask", "wash"])
        >>> tokens["label"].value_counts().sort_index().to_dict()
        {'ask': 4, 'wash': 4}

    Source: Beguš and Zhou, ICASSP 2022 (eight words over all of TIMIT).
    """
    table = _require(corpus.words(), "words", corpus)
    if words:
        table = table[table["word"].isin(_known(words, table["word"], "word"))]
    return table.assign(label=table["word"]).reset_index(drop=True)


def phone_tokens(corpus: Corpus, phones: Sequence[str], words: Sequence[str] = ()) -> pd.DataFrame:
    """Select all tokens of some phones, anywhere or inside some words.

    Args:
        corpus: any, with phones.
        phones: labels as the corpus has them.
        words: take only phones whose midpoint lies in one of these; anywhere when empty.

    Returns:
        A row per token; `label` is the phone, `word` the word around it, empty outside of words.

    Raises:
        ConfigError: no phone asked for.
        DataError: no phones with times, or a phone or a word has no token.

    Example:
        >>> from wavegan_tf.data import open_corpus, phone_tokens
        >>> tokens = phone_tokens(open_corpus("corpus"), ["s", "sh"], words=["ask", "wash"])
        >>> sorted(set(zip(tokens["label"], tokens["word"])))
        [('s', 'ask'), ('sh', 'wash')]
    """
    if not phones:
        raise ConfigError("`phones` must name at least one phone, for example s,sh")
    table = _require(corpus.phones(), "phones", corpus)
    holders = word_tokens(corpus, words) if words else corpus.words()
    around = {(row.utterance, p.start, p.end): row.word for row in holders.itertuples() for p in row.phones}
    keys = zip(table["utterance"], table["start_sample"], table["end_sample"], strict=True)
    table = table.assign(word=[around.get(key, "") for key in keys], label=table["phone"], phones=[
        (Segment(*row),) for row in zip(table["start_sample"], table["end_sample"], table["phone"], strict=True)])
    if words:
        table = table[table["word"] != ""]
    table = table[table["phone"].isin(_known(phones, table["phone"], "phone", fold=False))]
    return table.drop(columns="phone").reset_index(drop=True)


@dataclass(frozen=True)
class StopCriteria:
    """Criteria for the sequences #TV and #sTV: which phones are T and V, closures, words.

    The published counts (4,930 and 533 in TIMIT) come without criteria, so these can be changed.

    Attributes:
        stops: T.
        vowels: V; TIMIT's 20, with er and axr, without syllabic consonants.
        closures: may stand before T, and belong to it.
        include_closure: false: a TV token begins at the release of T.
        words: only in these words; in all when empty.
    """

    stops: tuple[str, ...] = VOICELESS_STOPS
    vowels: tuple[str, ...] = VOWELS
    closures: tuple[str, ...] = CLOSURES
    include_closure: bool = True
    words: tuple[str, ...] = ()


def stop_tokens(corpus: Corpus, criteria: StopCriteria | None = None) -> pd.DataFrame:
    """Select word-initial stop + vowel (#TV) and s + stop + vowel (#sTV) sequences.

    A word qualifies when its first phones are exactly [closure] T V, or s [closure] T V. The token goes from the
    start of the word to the end of the vowel.

    Args:
        corpus: any, with words and phones.
        criteria: which phones count; those of `StopCriteria` when not given.

    Returns:
        A row per token; `label` is TV or sTV.

    Raises:
        DataError: no words or phones with times, or no word qualifies.

    Example:
        >>> from wavegan_tf.data import StopCriteria, open_corpus, stop_tokens
        >>> corpus = open_corpus("corpus")
        >>> stop_tokens(corpus)["label"].value_counts().to_dict()
        {'TV': 16, 'sTV': 2}
        >>> sorted(set(stop_tokens(corpus, StopCriteria(stops=("t",)))["word"]))
        ['students', 'study', 'ten', 'to']

    Source: Beguš 2020, Frontiers in Artificial Intelligence 3:44 (the two sequences; the criteria are ours).
    """
    criteria = criteria or StopCriteria()
    _require(corpus.phones(), "phones", corpus)
    table = word_tokens(corpus, criteria.words)
    rows = []
    for position, row in enumerate(table.itertuples()):
        match = _match_stop(row.phones, criteria)
        if match is None:
            continue
        label, first, vowel = match
        start = row.start_sample if criteria.include_closure or label == "sTV" else row.phones[first].start
        inside = row.phones[first if start != row.start_sample else 0:vowel + 1]
        rows.append((position, label, start, row.phones[vowel].end, inside))
    if not rows:
        seen = Counter(p.label for phones in table["phones"] for p in phones)
        raise DataError(f"corpus (={corpus.root}) must have words that begin with ({'|'.join(criteria.stops)}) or s "
                        f"and one of them, then a vowel; none of {len(table)} words does; its most frequent phones are "
                        f"{', '.join(label for label, _ in seen.most_common(12))}; name `stops` and `vowels` in them")
    positions, labels, starts, ends, phones = zip(*rows, strict=True)
    return table.iloc[list(positions)].assign(label=labels, start_sample=starts, end_sample=ends,
                                              phones=list(phones)).reset_index(drop=True)


def _match_stop(phones: Sequence[Segment], criteria: StopCriteria) -> tuple[str, int, int] | None:
    """Return the label and the positions of stop release and vowel, or None."""
    labels = [p.label for p in phones[:4]]
    at, label = 0, "TV"
    if labels[:1] == ["s"]:
        at, label = 1, "sTV"
    if at < len(labels) and labels[at] in criteria.closures:
        at += 1
    if at + 1 < len(labels) and labels[at] in criteria.stops and labels[at + 1] in criteria.vowels:
        return label, at, at + 1
    return None


def _require(table: pd.DataFrame, what: str, corpus: Corpus) -> pd.DataFrame:
    if table.empty:
        problem = f" (first problem: {corpus.problems[0].what})" if corpus.problems else ""
        raise DataError(f"corpus (={corpus.root}) must have {what} with times; none of its {len(corpus.utterances)} "
                        f"utterances has{problem}; add .PHN and .WRD files or TextGrids")
    return table


def _known(asked: Iterable[str], have: pd.Series, what: str, fold: bool = True) -> set[str]:
    """Return the labels asked for, all of which must be there."""
    counts = Counter(have)
    wanted = {a.strip().lower() if fold else a.strip() for a in asked}
    missing = sorted(wanted - counts.keys())
    if missing:
        near = {n for m in missing for n in difflib.get_close_matches(m, list(counts), n=3)}
        offered = sorted(near) or [label for label, _ in counts.most_common(12)]
        kind = "near ones are" if near else "its most frequent ones are"
        raise DataError(f"{what} (={', '.join(missing)}) must be in the corpus; it has {len(counts)} other {what}s; "
                        f"{kind} {', '.join(offered)}; change the list")
    return wanted
