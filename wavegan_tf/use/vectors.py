"""Latent vectors: random, swept or interpolated, each with a table row that describes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from wavegan_tf.config import NetworkConfig
from wavegan_tf.errors import ConfigError
from wavegan_tf.latent import code_index, code_name, sample_codes, sample_noise
from wavegan_tf.use.codes import NamedCode

__all__ = ["Interpolation", "LatentVectors", "Sweep", "draw_vectors", "given_vectors", "interpolate_vectors",
           "scale_codes", "sweep_vectors", "with_codes"]

_MOST_VALUES = 100_000
"""Steps of one sweep or interpolation; more is a typing error."""


@dataclass(frozen=True)
class LatentVectors:
    """Latent vectors and a table that describes each.

    Attributes:
        z: float32 [n, latent_dim].
        table: a row per vector. `base`: number of the vector that it was made from; `code`: its name, empty without
            one; `sweep_dim`, `sweep_value`, `position` (of an interpolation, 0 to 1): empty where they do not apply.
    """

    z: np.ndarray
    table: pd.DataFrame


@dataclass(frozen=True)
class Sweep:
    """One latent variable takes values from `start` to `stop`, both included, while the others stay.

    `dim` counts from 0 over the whole of z, the code first.
    """

    dim: int
    start: float
    stop: float
    step: float

    @classmethod
    def parse(cls, text: str) -> Sweep:
        """Read `DIM:FROM:TO:STEP`.

        Raises:
            ConfigError: it does not read so.
        """
        parts = text.split(":")
        try:
            dim, (start, stop, step) = int(parts[0]), (float(part) for part in parts[1:])
        except ValueError:
            raise ConfigError(f"sweep (={text}) must read DIM:FROM:TO:STEP, such as 12:-5:5:0.5") from None
        return cls(dim, start, stop, step)

    def values(self) -> np.ndarray:
        """Return the values: float64 [n].

        Raises:
            ConfigError: `step` does not lead from `start` to `stop`.
        """
        if not np.isfinite([self.start, self.stop, self.step]).all() or self.step == 0:
            raise ConfigError(f"sweep (={self.start}:{self.stop}:{self.step}) must have a step that is not 0")
        n_steps = (self.stop - self.start) / self.step
        if n_steps < 0 or n_steps > _MOST_VALUES:
            raise ConfigError(f"sweep (={self.start}:{self.stop}:{self.step}) must lead from FROM to TO in at most "
                              f"{_MOST_VALUES} steps; change STEP or its sign")
        return self.start + self.step * np.arange(int(n_steps + 1e-9) + 1)  # 1e-9: .1 is no binary fraction


@dataclass(frozen=True)
class Interpolation:
    """Linear interpolation from vector `first` to vector `second` in `steps` points, both ends included.

    The two are rows of a file of vectors, or seeds where there is no file.
    """

    first: int
    second: int
    steps: int

    def positions(self) -> np.ndarray:
        """Return the shares of `second`: float64 [steps], from 0 to 1.

        Raises:
            ConfigError: fewer than two points, or far too many.
        """
        if not 2 <= self.steps <= _MOST_VALUES:
            raise ConfigError(f"interpolation (STEPS={self.steps}) must have 2 to {_MOST_VALUES} points")
        return np.linspace(0.0, 1.0, self.steps)


def draw_vectors(n: int, config: NetworkConfig, seed: int) -> LatentVectors:
    """Draw random latent vectors as in training, codes included.

    The noise depends on the seed only, not on a code that replaces the drawn one later.

    Raises:
        ConfigError: `n` or `seed` cannot be.

    Example:
        >>> from wavegan_tf.config import NetworkConfig
        >>> from wavegan_tf.use import draw_vectors
        >>> vectors = draw_vectors(3, NetworkConfig(code="onehot", code_dim=8), seed=0)
        >>> vectors.z.shape, vectors.z[:, :8].sum(axis=1).tolist()
        ((3, 100), [1.0, 1.0, 1.0])
    """
    if n < 1:
        raise ConfigError(f"`n` (={n}) must be at least 1")
    if seed < 0:
        raise ConfigError(f"`seed` (={seed}) must be 0 or more")
    noise_rng, code_rng = (np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(2))
    codes = sample_codes(n, config, code_rng) if config.code != "none" else np.zeros((n, 0), np.float32)
    return given_vectors(np.concatenate([codes, sample_noise(n, config, noise_rng)], axis=1), config)


def with_codes(vectors: LatentVectors, codes: Sequence[NamedCode]) -> LatentVectors:
    """Repeat the vectors once for each code, with that code in place of their own.

    Args:
        vectors: the base vectors.
        codes: at least one.

    Returns:
        All vectors with the first code, then all with the second, and so on.
    """
    parts, tables = [], []
    for code in codes:
        z = vectors.z.copy()
        z[:, : len(code.values)] = code.values
        parts.append(z)
        tables.append(vectors.table.assign(code=code.name))
    return LatentVectors(np.concatenate(parts), pd.concat(tables, ignore_index=True))


def scale_codes(vectors: LatentVectors, scale: float, config: NetworkConfig) -> LatentVectors:
    """Multiply the code of every vector by a factor.

    Raises:
        ConfigError: the factor is no number, or the model has no code.
    """
    if not np.isfinite(scale):
        raise ConfigError(f"`code_scale` (={scale}) must be a finite number")
    if config.code == "none":
        raise ConfigError(f"`code_scale` (={scale}) must be left out for this model; it was trained without a code")
    z = vectors.z.copy()
    z[:, : config.code_dim] *= np.float32(scale)
    return LatentVectors(z, vectors.table)


def sweep_vectors(vectors: LatentVectors, sweep: Sweep, config: NetworkConfig) -> LatentVectors:
    """Vary one latent variable: repeat every vector with that variable at each value of a sweep.

    Raises:
        ConfigError: no such variable, or no such values.

    Example:
        >>> from wavegan_tf.config import NetworkConfig
        >>> from wavegan_tf.use import Sweep, draw_vectors, sweep_vectors
        >>> config = NetworkConfig()
        >>> swept = sweep_vectors(draw_vectors(2, config, seed=0), Sweep(dim=12, start=-1, stop=1, step=1), config)
        >>> swept.z[:, 12].tolist()
        [-1.0, 0.0, 1.0, -1.0, 0.0, 1.0]
    """
    if not 0 <= sweep.dim < config.latent_dim:
        raise ConfigError(f"sweep (DIM={sweep.dim}) must name one of the {config.latent_dim} latent variables, 0 to "
                          f"{config.latent_dim - 1}; the code comes first")
    values = sweep.values()
    z = np.repeat(vectors.z, len(values), axis=0)
    z[:, sweep.dim] = np.tile(values, len(vectors.z))
    table = vectors.table.loc[vectors.table.index.repeat(len(values))].reset_index(drop=True)
    if sweep.dim < config.code_dim:
        table = table.assign(code="")  # the sweep makes codes of its own
    return LatentVectors(z, table.assign(sweep_dim=sweep.dim, sweep_value=z[:, sweep.dim]))


def interpolate_vectors(first: LatentVectors, second: LatentVectors, interpolation: Interpolation) -> LatentVectors:
    """Interpolate linearly between pairs of latent vectors: (1 - t) first + t second.

    Args:
        first: n vectors.
        second: n vectors; where codes differ they are interpolated too.
        interpolation: how many points.

    Returns:
        n times `steps` vectors, pair by pair.

    Example:
        >>> from wavegan_tf.config import NetworkConfig
        >>> from wavegan_tf.use import Interpolation, draw_vectors, interpolate_vectors
        >>> first, second = (draw_vectors(1, NetworkConfig(), seed) for seed in (0, 1))
        >>> between = interpolate_vectors(first, second, Interpolation(first=0, second=1, steps=5))
        >>> between.z.shape, between.table["position"].tolist()
        ((5, 100), [0.0, 0.25, 0.5, 0.75, 1.0])
    """
    positions = interpolation.positions().astype(np.float32)
    share = positions[None, :, None]
    z = (1 - share) * first.z[:, None] + share * second.z[:, None]
    table = first.table.loc[first.table.index.repeat(len(positions))].reset_index(drop=True)
    same = np.repeat((first.table["code"] == second.table["code"]).to_numpy(), len(positions))
    table["code"] = table["code"].where(same, "")
    return LatentVectors(z.reshape(-1, z.shape[-1]), table.assign(position=np.tile(positions, len(first.z))))


def given_vectors(z: np.ndarray, config: NetworkConfig) -> LatentVectors:
    """Make the table for given latent vectors: float32 [n, latent_dim]."""
    table = pd.DataFrame({"base": np.arange(len(z)), "code": _names(z[:, : config.code_dim], config),
                          "sweep_dim": pd.NA, "sweep_value": np.nan, "position": np.nan})
    return LatentVectors(z, table)


def _names(codes: np.ndarray, config: NetworkConfig) -> list[str]:
    """Name codes of training; others are named by their values."""
    if config.code == "none":
        return [""] * len(codes)
    of_training = np.isin(codes, (0.0, 1.0)).all(axis=1)
    if config.code == "onehot":
        of_training &= codes.sum(axis=1) == 1
    return [code_name(int(code_index(code[None], config)[0]), config) if valid
            else "_".join(f"{value:g}" for value in code) for code, valid in zip(codes, of_training, strict=True)]
