"""How far codes and labels agree: table, purity, adjusted Rand index, best matching, permutation test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score
from tqdm import tqdm

from wavegan_tf.errors import ConfigError

__all__ = ["Agreement", "agree"]

MOST_CELLS = 1_000_000
"""Largest table (labels times codes) that is permuted."""
MOST_MATCHED_CELLS = 10_000
"""Largest table whose matching is permuted too: it takes a hundred times longer than counting."""


@dataclass(frozen=True)
class Agreement:
    """Agreement of codes with labels over N files.

    Attributes:
        confusion: counts, a row per label, a column per code that occurs.
        purity: share of files that have the commonest label of their code: sum over codes of the largest count / N.
        adjusted_rand_index: 1 for equal partitions, 0 expected by chance.
        matching: for each label its code in the one-to-one matching with most files; labels without one are missing.
        matching_accuracy: share of files in that matching.
        p_values: for each of the three, share of permutations of the labels (the observed order counted in) that agree
            at least as well; files count as independent. Not there when the table is too large.
        n_permutations: how many.
        seed: of the permutations.
    """

    confusion: pd.DataFrame
    purity: float
    adjusted_rand_index: float
    matching: dict[str, str]
    matching_accuracy: float
    p_values: dict[str, float]
    n_permutations: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        counts = {label: {code: int(n) for code, n in row.items() if n} for label, row in self.confusion.iterrows()}
        return {"n": int(self.confusion.to_numpy().sum()), "purity": self.purity,
                "adjusted_rand_index": self.adjusted_rand_index, "matching_accuracy": self.matching_accuracy,
                "matching": self.matching, "p_values": self.p_values, "n_permutations": self.n_permutations,
                "seed": self.seed, "confusion": counts}

    def __str__(self) -> str:
        lines = [self.confusion.to_string() if self.confusion.size <= 400 else
                 f"({len(self.confusion)} labels, {self.confusion.shape[1]} codes: see the summary)", ""]
        for name in ("purity", "adjusted_rand_index", "matching_accuracy"):
            p = f"  p = {self.p_values[name]:.4g}" if name in self.p_values else ""
            lines.append(f"{name.replace('_', ' '):<20} {getattr(self, name):.4f}{p}")
        if self.p_values:
            lines.append(f"p: {self.n_permutations} permutations of the labels, seed {self.seed}")
        if len(self.matching) <= 30:
            lines.append("matching: " + ", ".join(f"{label} -> {code}" for label, code in self.matching.items()))
        return "\n".join(lines)


def agree(labels: Sequence[str], codes: Sequence[str], n_permutations: int = 10_000, seed: int = 0, *,
          progress: bool = False) -> Agreement:
    """Compare labels with codes.

    Args:
        labels: of each file.
        codes: of each file.
        n_permutations: for the p-values; 0 leaves them out.
        seed: of the permutations.
        progress: show a bar on stderr.

    Raises:
        ConfigError: no files, or a number that cannot be.

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
    return Agreement(
        confusion=pd.DataFrame(counts, index=pd.Index(label_names, name="label"),
                               columns=pd.Index(code_names, name="code")),
        purity=_pure(counts) / len(labels),
        adjusted_rand_index=float(adjusted_rand_score(rows, columns)),
        matching={label_names[i]: code_names[j] for i, j in zip(*partners, strict=True) if counts[i, j]},
        matching_accuracy=_matched(counts) / len(labels),
        p_values=_p_values(rows, columns, shape, n_permutations, seed, progress),
        n_permutations=n_permutations, seed=seed)


def _p_values(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int], n_permutations: int, seed: int,
              progress: bool) -> dict[str, float]:
    cells = shape[0] * shape[1]
    if n_permutations == 0 or cells > MOST_CELLS:
        return {}
    statistics = {"purity": _pure, "adjusted_rand_index": _squares}
    if cells <= MOST_MATCHED_CELLS:
        statistics["matching_accuracy"] = _matched
    observed = {name: statistic(_count(rows, columns, shape)) for name, statistic in statistics.items()}
    as_good = dict.fromkeys(statistics, 1)
    rng = np.random.default_rng(seed)
    for _ in tqdm(range(n_permutations), desc="permuting labels", disable=not progress, leave=False):
        counts = _count(rng.permutation(rows), columns, shape)
        for name, statistic in statistics.items():
            as_good[name] += statistic(counts) >= observed[name]
    return {name: n / (n_permutations + 1) for name, n in as_good.items()}


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


def _matched(counts: np.ndarray) -> int:
    return int(counts[linear_sum_assignment(-counts)].sum())
