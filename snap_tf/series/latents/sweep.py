"""Sweeps of latent variables: the same base vectors at every value of one or two variables."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from snap_tf.probe import Probe
from snap_tf.series.extraction.latent_inputs import LatentInputs, Request, latent_inputs
from snap_tf.series.latents.generators import latent_names, network_config
from wavegan_tf.errors import ConfigError

__all__ = ["SweepPlan", "SweepVectors", "VariableRange", "sweep_batch", "sweep_vectors"]

_MOST_VALUES = 1000


@dataclass(frozen=True)
class VariableRange:
    """The values that a latent variable takes: `start` to `stop`, both included, and 0, the reference.

    `variable` counts from 0 over the whole of z, the code first.

    Example:
        >>> from snap_tf.series import VariableRange
        >>> VariableRange(3, -1, 1, step=0.5).values().tolist()
        [-1.0, -0.5, 0.0, 0.5, 1.0]
    """

    variable: int
    start: float = -5.0
    stop: float = 5.0
    step: float = 0.5

    def values(self) -> np.ndarray:
        """Return the values, rising: float64 [n].

        Raises:
            ConfigError: `step` does not lead from `start` to `stop`.

        Source: Beguš & Zhou, IEEE/ACM TASLP 30, 2022 (values beyond the training range).
        """
        span = f"{self.start:g} to {self.stop:g} by {self.step:g}"
        if not np.isfinite([self.start, self.stop, self.step]).all() or self.step <= 0 or self.stop <= self.start:
            raise ConfigError(f"values (={span}) must rise, from --from to --to by a positive --step-size; change them")
        n = int((self.stop - self.start) / self.step + 1e-9) + 1
        if n > _MOST_VALUES:
            raise ConfigError(f"values (={span}) must be at most {_MOST_VALUES}; they are {n}; take a larger step")
        # rounded, because .1 is no binary fraction and 0 must be met exactly
        return np.union1d(np.round(self.start + self.step * np.arange(n), 9), [0.0])


@dataclass(frozen=True)
class SweepPlan:
    """Plan of a sweep: latent variables with their values, and base vectors.

    Attributes:
        ranges: of one variable, or two, which are then crossed.
        bases: base vectors of each seed.
        seeds: of the base vectors.
        code: of all base vectors, as in `wavegan-tf generate`; by default drawn as in training. A swept value of the
            code replaces it, and the others of the code are 0.
        z_file: base vectors from a file instead.
    """

    ranges: tuple[VariableRange, ...]
    bases: int = 25
    seeds: tuple[int, ...] = (0,)
    code: str | None = None
    z_file: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.ranges) <= 2:
            raise ConfigError(f"`ranges` (={len(self.ranges)}) must be those of one or two variables")
        if len({item.variable for item in self.ranges}) < len(self.ranges):
            raise ConfigError(f"variables (={self.ranges[0].variable}) must be two different ones")
        if self.bases < 1:
            raise ConfigError(f"`bases` (={self.bases}) must be at least 1")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise ConfigError(f"`seeds` (={', '.join(map(str, self.seeds))}) must be one or more different numbers")


@dataclass(frozen=True)
class SweepVectors:
    """Latent vectors of a sweep: every base vector at every value of the swept variables.

    Attributes:
        inputs: all vectors with a row each: token, base, seed, code, and a column `value` (and `value2`).
        base: float32 [bases, latent_dim], the base vectors as they were before the sweep.
        seeds: int64 [bases], where each comes from; -1 for a file.
        names: of the swept variables.
        grid: float64 [settings, variables], the values of each setting, in the order of `rows`.
        rows: int64 [bases, settings], which row of `inputs` is which.
        batch_size: at which every base vector stands at the same place of its batch for all settings.
    """

    inputs: LatentInputs
    base: np.ndarray
    seeds: np.ndarray
    names: tuple[str, ...]
    grid: np.ndarray
    rows: np.ndarray
    batch_size: int


def sweep_batch(n_bases: int, largest: int) -> int:
    """Return the largest divisor of the number of base vectors that fits into a batch.

    Products of matrices may round differently at different places of a batch. With such a batch a base vector stands
    at one place throughout, so that a variable without effect leaves every bit as it is.
    """
    return max(size for size in range(1, min(n_bases, max(largest, 1)) + 1) if n_bases % size == 0)


def sweep_vectors(generator: Probe, plan: SweepPlan) -> SweepVectors:
    """Make the latent vectors of a sweep.

    Raises:
        ConfigError: the generator has no such variable or code.
        DataError: the file of base vectors cannot be used.
    """
    config = network_config(generator)
    names = latent_names(config)
    for item in plan.ranges:
        if not 0 <= item.variable < len(names):
            coded = f"; 0 to {config.code_dim - 1} are the code" if config.code_dim else ""
            raise ConfigError(f"`variable` (={item.variable}) must be one of the {len(names)} latent variables, 0 to "
                              f"{len(names) - 1}{coded}")
    base, seeds, codes = _bases(generator, plan)
    if any(item.variable < config.code_dim for item in plan.ranges):
        base[:, : config.code_dim] = 0.0  # as in CDEV: the swept value alone
        codes = [""] * len(base)
    values = [item.values() for item in plan.ranges]
    grid = np.array(list(product(*values)))
    size = sweep_batch(len(base), generator.batch_size)
    # chunk of base vectors by chunk, every setting of the whole chunk one after the other
    order = [(b, s) for first in range(0, len(base), size) for s in range(len(grid))
             for b in range(first, first + size)]
    base_of, setting_of = np.array(order).T
    z = base[base_of].copy()
    for k, item in enumerate(plan.ranges):
        z[:, item.variable] = grid[setting_of, k]
    swept = tuple(names[item.variable] for item in plan.ranges)
    width = len(str(len(base) - 1))
    shown = [_told_apart(column) for column in grid.T]
    tokens = [f"base{b:0{width}d}_" + "_".join(f"{name}={shown[k][s]}" for k, name in enumerate(swept))
              for b, s in order]
    table = pd.DataFrame({"token": tokens, "label": [shown[0][s] for s in setting_of], "base": base_of,
                          "seed": seeds[base_of], "code": [codes[b] for b in base_of], "value": grid[setting_of, 0]})
    if len(plan.ranges) == 2:
        table["value2"] = grid[setting_of, 1]
    rows = np.empty((len(base), len(grid)), np.int64)
    rows[base_of, setting_of] = np.arange(len(order))
    source = f"sweep of {', '.join(swept)} over {len(base)} base vectors"
    return SweepVectors(LatentInputs(z, table, source, plan.seeds[0] if len(plan.seeds) == 1 else None), base, seeds,
                        swept, grid, rows, size)


def _told_apart(values: np.ndarray) -> list[str]:
    """Write numbers with six digits, or with as many as it takes to tell them apart: they name tokens and files."""
    n_different = len(np.unique(values))
    written = [[f"{value:.{digits}g}" for value in values] for digits in (6, 9, 17)]
    return next((names for names in written if len(set(names)) == n_different), written[-1])


def _bases(generator: Probe, plan: SweepPlan) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Draw base vectors for every seed, or read them."""
    codes = () if plan.code is None else (plan.code,)
    if plan.z_file is not None:
        given = latent_inputs(generator, Request(codes=codes), plan.z_file)
        return given.z.copy(), np.full(len(given.z), -1), list(given.table["code"])
    drawn = [latent_inputs(generator, Request(n=plan.bases, seed=seed, codes=codes)) for seed in plan.seeds]
    return (np.concatenate([part.z for part in drawn]), np.repeat(plan.seeds, plan.bases),
            [code for part in drawn for code in part.table["code"]])
