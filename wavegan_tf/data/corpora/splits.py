"""Train/test splits: the official ones of a corpus, drawn by token, or drawn by speaker (no speaker in both sets).

A draw depends on the seed and on what is drawn, never on the order of rows or files nor on a library's random
numbers: keys are ranked by a hash, and the first ones are taken.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from wavegan_tf.errors import ConfigError, DataError

if TYPE_CHECKING:  # the command line reads `SPLITS`; its --help must not wait for pandas
    import pandas as pd

__all__ = ["SPLITS", "TOKEN_KEY", "assign_split", "seeded_order", "split_by_speaker", "split_by_token",
           "split_official"]

SPLITS = ("token", "speaker", "official")
TOKEN_KEY = ("utterance", "label", "word", "phone", "start_sample", "end_sample", "file")
"""Columns that identify a token; a table needs enough of them."""


def seeded_order(keys: Iterable[str], seed: int) -> list[str]:
    """Shuffle the different values of `keys` into an order that depends on the seed and the keys only."""
    return sorted(set(keys), key=lambda key: hashlib.sha256(f"{seed}\n{key}".encode()).digest())


def split_by_token(table: pd.DataFrame, test_share: float = 0.2, seed: int = 0,
                   key: Sequence[str] | None = None) -> pd.Series:
    """Split at random by token: draw a share of all rows as test set; a speaker may be in both sets.

    Args:
        table: a row per token.
        test_share: share of the rows, rounded to whole rows, in [0, 1).
        seed: of the draw.
        key: columns that identify a row; those of `TOKEN_KEY` that the table has, when not given.

    Returns:
        `train` or `test` for each row, with the table's index.

    Raises:
        ConfigError: `test_share` outside [0, 1).
        DataError: two rows have the same key.

    Source: Beguš and Zhou, ICASSP 2022 (80 to 20 by token).
    """
    _check_share(test_share)
    columns = list(key) if key is not None else [name for name in TOKEN_KEY if name in table.columns]
    if not columns:
        raise DataError(f"table must have columns that tell its rows apart, of {', '.join(TOKEN_KEY)}; it has "
                        f"{', '.join(map(str, table.columns))}; name them with `key`")
    keys = ["\t".join(map(str, row)) for row in table[columns].itertuples(index=False)]
    order = seeded_order(keys, seed)
    if len(order) != len(keys):
        repeated = next(key for key, n in Counter(keys).items() if n > 1).replace("\t", ", ")
        raise DataError(f"rows of the table must differ in {', '.join(columns)}; {len(keys) - len(order)} repeat "
                        f"another (first: {repeated}); drop the repeated rows or name more columns with `key`")
    return _label(keys, set(order[:round(test_share * len(order))]), table.index)


def split_by_speaker(table: pd.DataFrame, test_share: float = 0.2, seed: int = 0,
                     speaker: str = "speaker") -> pd.Series:
    """Split at random by speaker: draw a share of the speakers as test set; all rows of a speaker are in one set.

    Args:
        table: a row per token, with a column of speakers.
        test_share: share of the speakers, rounded to whole speakers; at least one speaker is in either set.
        seed: of the draw.
        speaker: name of the column.

    Returns:
        `train` or `test` for each row, with the table's index.

    Raises:
        ConfigError: `test_share` outside [0, 1).
        DataError: no such column, fewer than two speakers, or rows whose speaker is not known.
    """
    _check_share(test_share)
    if speaker not in table.columns:
        raise DataError(f"table must have a column `{speaker}`; it has {', '.join(map(str, table.columns))}")
    keys = [str(name) for name in table[speaker]]
    if "" in keys:
        raise DataError(f"speakers must be known for a split by speaker; {keys.count('')} of {len(keys)} rows have "
                        "none; choose the split by token or read the speakers from the paths")
    order = seeded_order(keys, seed)
    if len(order) < 2:
        raise DataError(f"number of speakers (={len(order)}) must be at least 2 for a split by speaker; choose the "
                        "split by token")
    n_test = min(max(round(test_share * len(order)), 1), len(order) - 1)
    return _label(keys, set(order[:n_test]), table.index)


def split_official(table: pd.DataFrame) -> pd.Series:
    """Return the official split of the corpus.

    Returns:
        The column `split`.

    Raises:
        DataError: rows without one.
    """
    missing = int((table["split"] == "").sum())
    if missing:
        raise DataError(f"split (=official) must be known for every row; {missing} of {len(table)} rows lie in no "
                        "folder train, dev or test; choose the split by token or by speaker")
    return table["split"].copy()


def assign_split(table: pd.DataFrame, policy: str = "token", test_share: float = 0.2, seed: int = 0) -> pd.DataFrame:
    """Assign every token to the training or the test set: a copy of the table with the column `split`.

    Args:
        table: a row per token.
        policy: `token` or `speaker` (drawn), or `official` (the corpus' own).
        test_share: share of tokens or speakers in the test set, in [0, 1).
        seed: of the draw.

    Raises:
        ConfigError: an unknown policy or a share outside [0, 1).
        DataError: the table does not allow that policy.

    Example:
        >>> from wavegan_tf.data import assign_split, open_corpus, word_tokens
        >>> tokens = word_tokens(open_corpus("corpus"), ["ask", "wash"])
        >>> split = assign_split(tokens, "speaker", test_share=0.25)["split"]
        >>> split.value_counts().to_dict()
        {'train': 6, 'test': 2}
    """
    if policy == "token":
        split = split_by_token(table, test_share, seed)
    elif policy == "speaker":
        split = split_by_speaker(table, test_share, seed)
    elif policy == "official":
        split = split_official(table)
    else:
        raise ConfigError(f"`split` (={policy}) must be one of {', '.join(SPLITS)}")
    return table.assign(split=split)


def _check_share(test_share: float) -> None:
    if not 0.0 <= test_share < 1.0:
        raise ConfigError(f"`test_share` (={test_share}) must be in [0, 1)")


def _label(keys: list[str], test: set[str], index: pd.Index) -> pd.Series:
    import pandas as pd

    return pd.Series(["test" if key in test else "train" for key in keys], index=index, name="split", dtype=object)
