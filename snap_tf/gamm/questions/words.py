"""The papers' GAMM of word curves over time, its terms chosen by keywords."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from snap_tf.gamm.errors import GammError
from snap_tf.gamm.fit import fit_model
from snap_tf.gamm.inference.result import GammFit
from snap_tf.gamm.model.terms import Model, RandomTerm, SmoothTerm
from snap_tf.gamm.questions.speakers import with_speakers
from snap_tf.gamm.solver.smooths import Knots

__all__ = ["BY", "RANDOM", "gamm_words", "word_model"]

BY = ("ordered", "separate", "none")
RANDOM = ("fs", "intercept", "none")


def word_model(*, value: str, time: str, group: str | None = None, token: str | None = None, random: str = "fs",
               by: str = "ordered", k: int = 10, m: int = 2, k_random: int = 9, m_random: int = 1,
               speaker: str | None = None, item: str | None = None, family: str = "gaussian", select: bool = False,
               weights: str | None = None) -> Model:
    """Build the `Model` of word curves from keywords.

    Args:
        value: column of the response.
        time: column of time (steps, seconds, or a token's own time from 0 to 1).
        group: column of words; None for one curve.
        token: column of tokens, for the random term.
        random: what every token gets of its own: `fs` a smooth, `intercept` a level, `none` nothing.
        by: `ordered` for one smooth and a difference smooth for every other word, `separate` for a smooth for every
            word, `none` for one smooth for all (words then differ in level only).
        k: basis functions of every smooth over time.
        m: order of the penalised derivative of these.
        k_random: columns of every token's smooth.
        m_random: order of the penalised derivative of these.
        speaker: column of speakers, each of which gets a smooth of its own, or a level where `random` is `intercept`;
            None for the published model, which does not know the speaker.
        item: column of items (such as sentences), the same.
        family: `gaussian`, `binomial`, `poisson` or `scat` (scaled t, for heavy tails).
        select: whether smooths can be estimated as zero.
        weights: column of prior weights; for `binomial`, of the number of trials.

    Raises:
        GammError: an option is not one of those named, tokens are needed and not named, or two random terms are of one
            column.
    Source: Beguš & Zhou, ICASSP 2022, section 4 and Table 1; k and m from its reference degrees of freedom.

    Example:
        >>> from snap_tf.gamm import word_model
        >>> print(word_model(value="value", time="time_s", group="label", token="token", random="intercept"))
        value ~ label + s(time_s, bs = "tp", k = 10) + s(time_s, by = ordered(label), bs = "tp", k = 10)
          + s(token, bs = "re")
        >>> model = word_model(value="value", time="time_s", token="token", speaker="speaker")
        >>> [term.label() for term in model.random]
        ['s(time_s,speaker)', 's(time_s,token)']
    """
    if by not in BY:
        raise GammError(f"by (={by}) must be one of {', '.join(BY)}")
    if random not in RANDOM:
        raise GammError(f"random (={random}) must be one of {', '.join(RANDOM)}")
    if random != "none" and token is None:
        raise GammError(f"token must be named for random (={random}); name the column of tokens, or choose none")
    if by == "separate" and group is not None:
        smooths = [SmoothTerm((time,), group, "separate", k, m)]
    else:
        smooths = [SmoothTerm((time,), k=k, m=m)]
        if by == "ordered" and group is not None:
            smooths.append(SmoothTerm((time,), group, "ordered", k, m))
    factors = {"speaker": speaker, "item": item, "token": token if random != "none" else None}
    named = {what: column for what, column in factors.items() if column is not None}
    for what, column in named.items():
        first = next(other for other in named if named[other] == column)
        if first != what:
            raise GammError(f"{first} (={column}) must be another column than {what}; leave one of the two out")
    terms = tuple(RandomTerm(column) if random == "intercept" else RandomTerm(column, time, k_random, m_random)
                  for column in named.values())
    return Model(value, () if group is None else (group,), tuple(smooths), terms, family=family, select=select,
                 weights=weights)


def gamm_words(data: pd.DataFrame, *, value: str = "value", time: str = "time_s", group: str | None = "label",
               token: str | None = "token", reference: object | None = None, random: str = "fs", by: str = "ordered",
               k: int = 10, m: int = 2, k_random: int = 9, m_random: int = 1, knots: Knots = None,
               rho: float | str = 0.0, start: str | None = None, method: str = "REML", speaker: str | None = "auto",
               item: str | None = None, family: str = "gaussian", select: bool = False,
               weights: str | None = None) -> GammFit:
    """Fit the GAMM of word curves: `value ~ word + s(time) + s(time, by=word) + fs(time, token)`, and speakers.

    The defaults are the columns of a layer table. Words, tokens and speakers may be numbers. The published model has
    no speakers (`speaker=None`); with a column of five speakers or more, each speaker has a random smooth too, and
    each speaker's words, where they are repeated. `fit.about_speakers` says what was done.

    Args:
        data: long table, a row per token and time.
        value: column of the response.
        time: column of time.
        group: column of words; None for one curve.
        token: column of tokens; may be None if nothing needs it.
        reference: the word that the others are compared with; by default that of the first row.
        random: see `word_model`.
        by: see `word_model`.
        k: see `word_model`.
        m: see `word_model`.
        k_random: see `word_model`; 9 whatever `m_random` is.
        m_random: see `word_model`.
        knots: number of equally spaced knots, or the knots; by default every different time is one.
        rho: AR(1) coefficient within a token, or `auto`.
        start: column that is 1 in the first row of every token, instead of or beside `token`.
        method: `REML` or `ML`.
        speaker: column of speakers; `auto` for `speaker` or `Speaker`, if the table has one; None for the published
            model, in which tokens are independent.
        item: see `word_model`.
        family: see `word_model`.
        select: see `word_model`.
        weights: see `word_model`.

    Raises:
        GammError: the table or an option cannot be used.

    Example:
        >>> from snap_tf.gamm import gamm_words, simulate_words
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> fit = gamm_words(table, reference="ask", random="intercept")
        >>> fit.levels, fit.smooths["term"].tolist()
        (['ask', 'wash'], ['s(time_s)', 's(time_s):labelwash', 's(token)'])
        >>> fit.differences([("ask", "wash")], n_points=3)["difference"].round(1).tolist()
        [1.3, 0.3, -0.9]
    """
    model = word_model(value=value, time=time, group=group, token=token, random=random, by=by, k=k, m=m,
                       k_random=k_random, m_random=m_random, speaker=None if speaker == "auto" else speaker, item=item,
                       family=family, select=select, weights=weights)
    model = replace(model, random=tuple(term for term in model.random if term.factor != speaker))  # see with_speakers
    if reference is not None and group is None:
        raise GammError(f"reference (={reference}) must be left out where there is no column of words")
    factors = () if group is None else (group,)
    speakers = with_speakers(model, data, speaker=speaker, group=group, token=token, k=k_random, m=m_random)
    fit = fit_model(speakers.model, speakers.data, rho=rho, token=token, start=start, knots=knots, method=method,
                    factors=(*factors, *speakers.factors),
                    reference=None if reference is None or group is None else {group: reference})
    return replace(fit, about_speakers=speakers.sentence)
