"""Sentences about contrasts over layers: which layers encode a contrast, and at which layer it is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pandas as pd

from snap_tf.gamm.inference.result import GammFit
from snap_tf.gamm.questions.layers import ContrastLayers

__all__ = ["contrast_sentences", "speaker_sentences"]


def contrast_sentences(result: ContrastLayers) -> list[str]:
    """Describe every contrast in one sentence: which layers encode it, and at which layer it is lost.

    Example:
        >>> from snap_tf.gamm import contrast_sentences, lost_contrasts, simulate_words
        >>> table = simulate_words(layers={"Conv4": 1.0, "Conv5": 0.0}, seed=1)  # the words differ in Conv4 only
        >>> contrast_sentences(lost_contrasts(table, random="intercept"))
        ['ask and wash: encoded in Conv4, and from Conv5 on no more (shape differs last in Conv4, level differs last in
          Conv4)']
    """
    return [_contrast_sentence(f"{row['a']} and {row['b']}", row,
                               result.tests[(result.tests["a"] == row["a"]) & (result.tests["b"] == row["b"])])
            for row in result.contrasts.to_dict(orient="records")]


def speaker_sentences(fits: Iterable[GammFit]) -> list[str]:
    """Say what was done about speakers in several fits: each different sentence once, the most frequent first.

    Example:
        >>> from snap_tf.gamm import fit_layers, simulate_words, speaker_sentences
        >>> table = simulate_words(layers={"Conv4": 1.0, "Conv5": 0.0}, seed=1)
        >>> speaker_sentences(fit_layers(table, random="intercept").values())
        ['the table has no column of speakers; tokens are treated as independent']
    """
    counts = Counter(fit.about_speakers for fit in fits if fit.about_speakers)
    total = counts.total()
    return [sentence if n == total else f"{sentence} ({n} of {total} fits)" for sentence, n in counts.most_common()]


def _contrast_sentence(pair: str, row: dict[str, object], tests: pd.DataFrame) -> str:
    tested = tests[tests["curve_p"].notna()]
    if not len(tested):
        return f"{pair}: could not be tested in any layer"
    if not tested["encoded"].any():
        return f"{pair}: encoded in none of the layers tested ({_in_words(tested['layer'])})"
    kinds = [f"no difference of {kind}" if pd.isna(last) else f"{kind} differs last in {_layer_name(last)}"
             for kind, last in (("shape", row["last_shape"]), ("level", row["last_level"]))]
    where = _in_words(tested["layer"][tested["encoded"]])
    end = "the last layer tested" if pd.isna(row["stops_at"]) else f"and from {_layer_name(row['stops_at'])} on no more"
    return f"{pair}: encoded in {where}, {end} ({', '.join(kinds)})"


def _in_words(names: pd.Series) -> str:
    *before, last = map(_layer_name, names)
    return f"{', '.join(before)} and {last}" if before else last


def _layer_name(name: object) -> str:
    """A column of whole numbers becomes one of fractions where a contrast has none."""
    return f"{name:g}" if isinstance(name, float) else str(name)
