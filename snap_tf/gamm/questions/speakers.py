"""Speakers in the GAMM of word curves: which random smooths by speaker a table allows, said in one sentence."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from snap_tf.gamm.model.columns import require_columns
from snap_tf.gamm.model.missing import no_number, no_word
from snap_tf.gamm.model.terms import Model, RandomTerm, interaction_parts

__all__ = ["MIN_SPEAKERS", "SPEAKER_COLUMNS", "SpeakerTerms", "with_speakers"]

SPEAKER_COLUMNS = ("speaker", "Speaker")
"""Columns that hold speakers unless another one is named, the first that the table has."""
MIN_SPEAKERS = 5
"""Of fewer speakers nobody can tell how much speakers vary."""
_REPEATED = 1.5  # tokens per speaker and word from which on these two have smooths of their own beside the tokens'
_INDEPENDENT = "tokens are treated as independent"
_JOINED = "speaker_and_word"


@dataclass(frozen=True, eq=False)
class SpeakerTerms:
    """A model with the speakers' random smooths that its table allows.

    Attributes:
        model: the model, its further random terms at the end.
        data: the table, with a column of speaker and word where the model needs one.
        factors: columns that are labels even when they hold numbers.
        sentence: what was done about speakers, and why.
    """

    model: Model
    data: pd.DataFrame
    factors: tuple[str, ...]
    sentence: str


def with_speakers(model: Model, data: pd.DataFrame, *, speaker: str | None = "auto", group: str | None = None,
                  token: str | None = None, k: int = 9, m: int = 1) -> SpeakerTerms:
    """Add random smooths by speaker to a model of word curves, and by speaker and word where words are repeated.

    Tokens of one speaker are not independent. With a smooth for each speaker alone, a test of words that every
    speaker says takes the speakers' own ways of saying a word for a difference between the words; so speaker and word
    together have random smooths too, where speakers say words more than once (otherwise the tokens' smooths are
    those). `k` is lowered where the model would have more coefficients than the table has rows.

    Args:
        model: the model without speakers, random terms of tokens included.
        data: the long table.
        speaker: column of speakers; `auto` for `speaker` or `Speaker`, if the table has one; None to add nothing.
        group: column of words.
        token: column of tokens.
        k: columns of each speaker's smooth.
        m: order of its penalty.

    Raises:
        GammError: the column of speakers does not exist.
    Source: Baayen, Davidson & Bates 2008, Journal of Memory and Language 59:390; Barr, Levy, Scheepers & Tily 2013,
        Journal of Memory and Language 68:255, on the random effects that a test needs. The choice is ours, see
        benchmarks/gamm_speakers.py.
    """
    def unchanged(sentence: str) -> SpeakerTerms:
        return SpeakerTerms(model, data, (), sentence)

    if speaker is None:
        return unchanged(f"no by-speaker random smooths, as asked; {_INDEPENDENT}")
    found = _find_column(data, speaker)
    if found is None:
        return unchanged(f"the table has no column of speakers; {_INDEPENDENT}")
    if found == token and token not in model.random_factors:
        token = None  # nothing else of the model is of tokens
    if found in (group, token, model.response, model.time, *model.random_factors):
        return unchanged(f"`{found}` has another part in the model; there are no by-speaker smooths beside it")
    rows = _used_rows(model, data, [name for name in (group, token) if name is not None])
    known = ~no_word(rows[found])
    if speaker == "auto" and not known.all():
        if not known.any():
            return unchanged(f"the column of speakers is empty; {_INDEPENDENT}")
        return unchanged(f"the speaker is missing in {int((~known).sum())} of {len(rows)} rows; {_INDEPENDENT} "
                         f"(--speaker {found} leaves these rows out)")
    rows = rows[known]
    counts = _count(rows, found, group, token)
    if counts.speakers < MIN_SPEAKERS:
        named = "1 speaker is" if counts.speakers == 1 else f"{counts.speakers} speakers are"
        return unchanged(f"{named} too few for by-speaker smooths; {_INDEPENDENT}")
    if counts.tokens is not None and not counts.nested:
        return unchanged(f"tokens occur with several speakers; {_INDEPENDENT}")
    return _add(model, data, rows, found, group, counts, k, m)


@dataclass(frozen=True)
class _Counts:
    """How many speakers, pairs of speaker and word, and tokens a table has."""

    speakers: int
    cells: int
    tokens: int | None
    nested: bool


def _find_column(data: pd.DataFrame, speaker: str) -> str | None:
    if speaker != "auto" or speaker in data.columns:
        require_columns([speaker], data)
        return speaker
    return next((name for name in SPEAKER_COLUMNS if name in data.columns), None)


def _used_rows(model: Model, data: pd.DataFrame, words: list[str]) -> pd.DataFrame:
    """The rows that will be fitted, as far as speakers are concerned: those without a missing cell."""
    numbers = [name for name in (model.response, *model.variables) if name in data.columns]
    keep = np.ones(len(data), bool)
    for name in numbers:
        keep &= ~no_number(data[name])
    for name in words:
        if name in data.columns:
            keep &= ~no_word(data[name])
    return data[keep]


def _count(rows: pd.DataFrame, speaker: str, group: str | None, token: str | None) -> _Counts:
    named = [name for name in (group,) if name in rows.columns]
    n_speakers, n_cells = rows[speaker].nunique(), len(rows[[speaker, *named]].drop_duplicates())
    if token is None or token not in rows.columns:
        return _Counts(n_speakers, n_cells, None, True)
    n_tokens = rows[token].nunique()
    return _Counts(n_speakers, n_cells, n_tokens, len(rows[[speaker, token]].drop_duplicates()) == n_tokens)


def _add(model: Model, data: pd.DataFrame, rows: pd.DataFrame, speaker: str, group: str | None, counts: _Counts, k: int,
         m: int) -> SpeakerTerms:
    own_tokens = bool(model.random) and counts.tokens is not None
    if own_tokens and counts.tokens == counts.speakers:
        return SpeakerTerms(model, data, (), f"each of {counts.speakers} speakers has one token, whose random term is "
                                             "the speaker's too")
    words_vary = group is not None and counts.cells > counts.speakers
    repeated = counts.tokens is None or not own_tokens or counts.tokens >= _REPEATED * counts.cells
    time, both = str(model.time), words_vary and repeated
    room = len(rows) - _n_coefficients(model, rows, group, counts)
    size = min(k, rows[time].nunique() if time in rows.columns else k)
    smaller = min(size, room // (counts.speakers + counts.cells * both))
    if both and smaller <= m:
        both, smaller = False, min(size, room // counts.speakers)
    if smaller <= m:
        return SpeakerTerms(model, data, (), f"{len(rows)} rows are too few for by-speaker smooths of "
                                             f"{counts.speakers} speakers; {_INDEPENDENT}")
    terms: list[RandomTerm] = [RandomTerm(speaker, time, smaller, m)]
    factors: tuple[str, ...] = (speaker,)
    if both and group is not None:
        joined = f"interaction({speaker}, {group})"
        if not interaction_parts(joined):  # names that a formula cannot hold
            joined = _JOINED
            data = data.assign(**{joined: _joined(data, speaker, group)})
        terms.append(RandomTerm(joined, time, smaller, m))
        factors = (speaker, joined)
    kind = "by-speaker and by-speaker-and-word random smooths are" if both else "by-speaker random smooths are"
    lowered = f" with {smaller} columns each instead of {k}, as the table allows" if smaller < k else ""
    sentence = f"{counts.speakers} speakers: {kind} in the model{lowered}; --speaker none leaves them out"
    if group is not None and not words_vary and rows[group].nunique() > 1:
        sentence += ("; each speaker says one word, so speaker and word cannot be told apart: words may differ because "
                     "their speakers do")
    return SpeakerTerms(replace(model, random=(*model.random, *terms)), data, factors, sentence)


def _n_coefficients(model: Model, rows: pd.DataFrame, group: str | None, counts: _Counts) -> int:
    """Coefficients of the model without speakers: parametric part, smooths, the tokens' own."""
    n_words = rows[group].nunique() if group in rows.columns else 1
    repeats = {None: 1, "ordered": n_words - 1, "separate": n_words}
    smooths = sum(repeats.get(term.by_kind, 1) * (term.sizes[0] - 1) for term in model.smooths)
    return n_words + smooths + sum((counts.tokens or 0) * (term.k or 1) for term in model.random)


def _joined(data: pd.DataFrame, speaker: str, group: str) -> pd.Series:
    missing = no_word(data[speaker]) | no_word(data[group])
    return (data[speaker].astype(str) + "." + data[group].astype(str)).where(~missing)
