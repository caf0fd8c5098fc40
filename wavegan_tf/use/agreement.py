"""Agreement of codes with labels: purity, adjusted Rand index, best matching; permutation tests, chance levels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score
from tqdm import tqdm

from wavegan_tf.errors import ConfigError
from wavegan_tf.permutation_p import say_resolution

__all__ = ["MOST_CELLS", "MOST_MATCHED_CELLS", "Agreement", "agree", "permuted_tables"]

MOST_CELLS = 1_000_000
"""Largest table (labels times codes) that is permuted."""
MOST_MATCHED_CELLS = 10_000
"""Largest table whose matching is permuted too: it takes a hundred times longer than counting."""


@dataclass(frozen=True)
class Agreement:
    """Agreement of codes with labels over N files.

    Attributes:
        confusion: counts, a row per label, a column per code: all codes there are, also those that no file has.
        purity: share of files that have the commonest label of their code: sum over codes of the largest count / N.
        adjusted_rand_index: 1 for equal partitions, 0 expected by chance.
        matching: for each label its code in the one-to-one matching with most files; labels without one are missing.
        matching_accuracy: share of files in that matching.
        p_values: for each of the three, share of permutations of the labels (the observed order counted in) that agree
            at least as well; files count as independent. Not there when the table is too large.
        chance: for each of the three, its mean over these permutations. Purity and matching choose what fits best, so
            that chance gives more than one in so many codes: for eight words and eight codes of 26 files each .21,
            and the more, the less even the codes are.
        n_permutations: how many.
        seed: of the permutations.
    """

    confusion: pd.DataFrame
    purity: float
    adjusted_rand_index: float
    matching: dict[str, str]
    matching_accuracy: float
    p_values: dict[str, float]
    chance: dict[str, float]
    n_permutations: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        counts = {label: {code: int(n) for code, n in row.items() if n} for label, row in self.confusion.iterrows()}
        return {"n": int(self.confusion.to_numpy().sum()), "purity": self.purity,
                "adjusted_rand_index": self.adjusted_rand_index, "matching_accuracy": self.matching_accuracy,
                "matching": self.matching, "p_values": self.p_values, "chance": self.chance,
                "n_permutations": self.n_permutations, "seed": self.seed, "confusion": counts}

    def __str__(self) -> str:
        lines = [self.confusion.to_string() if self.confusion.size <= 400 else
                 f"({len(self.confusion)} labels, {self.confusion.shape[1]} codes: see the summary)", ""]
        for name in ("purity", "adjusted_rand_index", "matching_accuracy"):
            p = f"  p = {self.p_values[name]:.4g}  chance {self.chance[name]:.4f}" if name in self.p_values else ""
            lines.append(f"{name.replace('_', ' '):<20} {getattr(self, name):.4f}{p}")
        if self.p_values:
            lines.append(f"p: {self.n_permutations} permutations of the labels, seed {self.seed}; chance: their mean")
            lines.append(say_resolution(self.n_permutations))
        if "matching_accuracy" not in self.p_values:
            lines.append("a matching is the best of all, so that chance gives more than one in so many codes; how much "
                         + ("more is not known without permutations" if not self.n_permutations else
                            "more is not known: the table is too large to permute"))
        if len(self.matching) <= 30:
            lines.append("matching: " + ", ".join(f"{label} -> {code}" for label, code in self.matching.items()))
        return "\n".join(lines)


def agree(labels: Sequence[str], codes: Sequence[str], n_permutations: int = 10_000, seed: int = 0, *,
          all_codes: Sequence[str] = (), progress: bool = False) -> Agreement:
    """Measure how well codes agree with labels: purity, adjusted Rand index, best one-to-one matching, p-values.

    Args:
        labels: of each file.
        codes: of each file.
        n_permutations: for the p-values; 0 leaves them out.
        seed: of the permutations.
        all_codes: codes that stand in the table whether a file has them or not, where it stays below a million cells.
        progress: show a bar on stderr.

    Raises:
        ConfigError: no files, or a number that cannot be.

    Example:
        >>> from wavegan_tf.use import agree
        >>> result = agree(["ask", "ask", "wash", "wash"], ["01", "01", "10", "01"], n_permutations=99)
        >>> result.purity, result.matching
        (0.75, {'ask': '01', 'wash': '10'})
        >>> result.confusion.loc["wash"].tolist()
        [1, 1]

    Source: Hubert & Arabie 1985 (adjusted Rand index); Kuhn 1955 (matching); Phipson & Smyth 2010 (p-values counting
        the observed order in).
    """
    if len(labels) == 0 or len(labels) != len(codes):
        raise ConfigError(f"labels (={len(labels)}) and codes (={len(codes)}) must be as many, and not none")
    if n_permutations < 0 or seed < 0:
        raise ConfigError(f"`permutations` (={n_permutations}) and `seed` (={seed}) must be 0 or more")
    label_names, rows = _numbered(labels)
    code_names, columns = _numbered(codes)
    shape = (len(label_names), len(code_names))
    counts = _count(rows, columns, shape)
    partners = linear_sum_assignment(-counts)
    p_values, chance = _by_permutation(rows, columns, shape, n_permutations, seed, progress)
    return Agreement(
        confusion=_with_all(pd.DataFrame(counts, index=pd.Index(label_names, name="label"),
                                         columns=pd.Index(code_names, name="code")), all_codes),
        purity=_pure(counts) / len(labels),
        adjusted_rand_index=float(adjusted_rand_score(rows, columns)),
        matching={label_names[i]: code_names[j] for i, j in zip(*partners, strict=True) if counts[i, j]},
        matching_accuracy=_matched(counts) / len(labels),
        p_values=p_values, chance=chance, n_permutations=n_permutations, seed=seed)


def permuted_tables(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int], n: int, seed: int,
                    progress: bool = False) -> Iterator[np.ndarray]:
    """Permute the labels and count labels by codes, again and again: yields int [labels, codes].

    Args:
        rows: int [files], the label of each.
        columns: int [files], the code of each.
        shape: how many labels and codes there are.
        n: how often.
        seed: of the permutations.
        progress: show a bar on stderr.
    """
    rng = np.random.default_rng(seed)
    for _ in tqdm(range(n), desc="permuting labels", disable=not progress, leave=False):
        yield _count(rng.permutation(rows), columns, shape)


def _by_permutation(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int], n_permutations: int, seed: int,
                    progress: bool) -> tuple[dict[str, float], dict[str, float]]:
    """P values, and what chance gives: the mean over permutations."""
    cells = shape[0] * shape[1]
    if n_permutations == 0 or cells > MOST_CELLS:
        return {}, {}
    statistics = {"purity": _pure, "adjusted_rand_index": _squares}
    if cells <= MOST_MATCHED_CELLS:
        statistics["matching_accuracy"] = _matched
    counts = _count(rows, columns, shape)
    observed = {name: statistic(counts) for name, statistic in statistics.items()}
    as_good, total = dict.fromkeys(statistics, 1), dict.fromkeys(statistics, 0)
    for table in permuted_tables(rows, columns, shape, n_permutations, seed, progress):
        for name, statistic in statistics.items():
            value = statistic(table)
            as_good[name] += value >= observed[name]
            total[name] += value
    means = {name: value / n_permutations for name, value in total.items()}
    chance = {name: _rand_index(value, counts) if name == "adjusted_rand_index" else value / len(rows)
              for name, value in means.items()}
    return {name: n / (n_permutations + 1) for name, n in as_good.items()}, chance


def _with_all(confusion: pd.DataFrame, codes: Sequence[str]) -> pd.DataFrame:
    """Add columns of zeros for the codes that no file has."""
    names, _ = _numbered([*confusion.columns, *codes])
    if len(names) * len(confusion) > MOST_CELLS:
        return confusion
    return confusion.reindex(columns=pd.Index(names, name="code"), fill_value=0)


def _numbered(names: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """List the different names, class numbers in their order, and give each name's place in the list."""
    different = sorted(set(names), key=lambda name: (int(name) if name.isdecimal() else 0, name))
    place = {name: i for i, name in enumerate(different)}
    return different, np.array([place[name] for name in names])


def _count(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1]).reshape(shape)


def _pure(counts: np.ndarray) -> int:
    return int(counts.max(axis=0).sum())


def _squares(counts: np.ndarray) -> int:
    """Sum of squares; with margins that stay, the adjusted Rand index grows with it."""
    return int(np.square(counts).sum())


def _rand_index(squares: float, counts: np.ndarray) -> float:
    """Turn a sum of squares into the adjusted Rand index of a table with these margins (Hubert & Arabie 1985)."""
    n = int(counts.sum())
    by_label, by_code = (float(np.square(counts.sum(axis=axis)).sum() - n) / 2 for axis in (1, 0))
    expected = by_label * by_code / (n * (n - 1) / 2)
    most = (by_label + by_code) / 2
    return ((squares - n) / 2 - expected) / (most - expected) if most > expected else 1.0  # nothing can differ


def _matched(counts: np.ndarray) -> int:
    return int(counts[linear_sum_assignment(-counts)].sum())
