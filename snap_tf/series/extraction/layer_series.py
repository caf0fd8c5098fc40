"""The time series of one layer for many tokens: at its own rate, upsampled, cut to intervals, or as a long table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from snap_tf.layer_info import LayerInfo
from snap_tf.series.extraction.intervals import MIN_POINTS, interval_steps, phone_intervals, too_few_points
from snap_tf.series.extraction.resample import upsample_linear
from wavegan_tf.errors import ConfigError, DataError

__all__ = ["CutSeries", "LayerSeries"]

TOKEN_COLUMNS = ("token", "label", "word", "speaker")
"""Columns of the table of tokens that a long table takes over, where they exist."""


@dataclass(frozen=True)
class LayerSeries:
    """The time series of one layer, one per token, all of the same length.

    Attributes:
        values: float32 [tokens, steps], at the layer's own rate.
        layer: what the layer is; `layer.rate_hz` is the rate of `values`.
        n_samples: of audio that the steps cover.
        tokens: a row per token: token, label, word, speaker, file, phones and more.

    Example:
        >>> from snap_tf.probe import probe
        >>> from snap_tf.series import find_stimuli, write_layers
        >>> q_network = probe("saved_models/fiwgan", ["Conv4"])
        >>> words = find_stimuli("corpus", words=["water", "greasy"])
        >>> layer = write_layers(q_network, words, "layers").layers["Conv4"]
        >>> layer.rate_hz, layer.of("water").values.shape  # tokens, steps
        (62.5, (5, 64))
        >>> layer.table().columns.tolist()
        ['value', 'sample', 'time_s', 'start', 'layer', 'rate_hz', 'token', 'label', 'word', 'speaker']
    """

    values: np.ndarray
    layer: LayerInfo
    n_samples: int
    tokens: pd.DataFrame

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or len(self.values) != len(self.tokens):
            raise DataError(f"`values` (shape {list(self.values.shape)}) must have a row for each of the "
                            f"{len(self.tokens)} tokens and a column for each step")

    @property
    def name(self) -> str:
        """The network's name of the layer."""
        return self.layer.name

    @property
    def paper_name(self) -> str:
        """The papers' name of the layer, such as `Conv5`."""
        return self.layer.paper_name

    @property
    def rate_hz(self) -> float:
        """Steps per second."""
        return self.layer.rate_hz

    @property
    def n_steps(self) -> int:
        """Steps of each series."""
        return self.values.shape[1]

    def times_s(self) -> np.ndarray:
        """Return the middle of every step, in seconds from the start of the clip: float64 [steps]."""
        return (np.arange(self.n_steps) + 0.5) / self.rate_hz

    def upsampled(self) -> np.ndarray:
        """Upsample the series to the length of the audio, see `upsample_linear`: float32 [tokens, n_samples]."""
        return upsample_linear(self.values, self.n_samples)

    def of(self, *labels: str) -> LayerSeries:
        """Keep the tokens of some labels.

        Raises:
            DataError: there is none.
        """
        keep = self.tokens["label"].isin(labels).to_numpy()
        if not keep.any():
            raise DataError(f"label (={', '.join(labels)}) must be one of {', '.join(self.tokens['label'].unique())}")
        return LayerSeries(self.values[keep], self.layer, self.n_samples, self.tokens[keep].reset_index(drop=True))

    def cut(self, *phones: str, words: tuple[str, ...] = (), min_points: int = MIN_POINTS) -> CutSeries:
        """Cut the series to the intervals of phones; see `phone_intervals`.

        Raises:
            ConfigError: the layer has too few points in them; says how many.
            DataError: no such phone or word.
        """
        return self.cut_at(phone_intervals(self.tokens, self.n_samples, phones, words)[0], min_points)

    def cut_at(self, intervals: pd.DataFrame, min_points: int = MIN_POINTS) -> CutSeries:
        """Cut the series to intervals.

        Args:
            intervals: row (of `tokens`), token, start_sample, end_sample (in the clip), and what else a token has.
            min_points: fewest points that the median interval must have.

        Raises:
            ConfigError: the layer has too few points in them; says how many.
            DataError: an interval outside the clips.
        """
        first, end = interval_steps(intervals["start_sample"], intervals["end_sample"], self.n_steps, self.n_samples)
        problem = too_few_points(self.layer, end - first, min_points)
        if problem:
            raise ConfigError(f"{problem}; take a layer with a higher rate, or lower `min_points`")
        pieces = tuple(self.values[row, a:b] for row, a, b in zip(intervals["row"], first, end, strict=True))
        return CutSeries(pieces, self.layer, intervals.reset_index(drop=True), first)

    def table(self) -> pd.DataFrame:
        """Return a row per token and step; see `long_table` for the columns."""
        return long_table(self.values.reshape(-1), np.full(len(self.values), self.n_steps), self.layer, self.tokens)


@dataclass(frozen=True)
class CutSeries:
    """The time series of one layer cut to intervals, one per interval, of different lengths.

    Attributes:
        pieces: float32 [steps of the interval] each.
        layer: what the layer is.
        tokens: a row per piece: token, label (the phone), word, speaker, file, start_sample, end_sample.
        first_steps: int64 [pieces], where in the clip's series each begins.
    """

    pieces: tuple[np.ndarray, ...]
    layer: LayerInfo
    tokens: pd.DataFrame
    first_steps: np.ndarray

    def normalised(self, n_points: int) -> np.ndarray:
        """Normalise time: interpolate every piece linearly to the same number of points, float32 [pieces, n_points]."""
        return np.stack([np.interp(np.linspace(0, len(piece) - 1, n_points), np.arange(len(piece)), piece)
                         for piece in self.pieces]).astype(np.float32)

    def table(self) -> pd.DataFrame:
        """Return a row per interval and step, with `time_norm`; see `long_table` for the columns."""
        lengths = np.array([len(piece) for piece in self.pieces])
        return long_table(np.concatenate(self.pieces), lengths, self.layer, self.tokens, normalise=True)


def long_table(values: np.ndarray, lengths: np.ndarray, layer: LayerInfo, tokens: pd.DataFrame,
               normalise: bool = False) -> pd.DataFrame:
    """Make a long table for statistics: one row per token and step, tokens one after the other.

    Args:
        values: float32 [sum of lengths].
        lengths: int [tokens], steps of each.
        layer: what the layer is.
        tokens: a row per token.
        normalise: whether every token's time also goes from 0 to 1.

    Returns:
        value; sample (number of the step in its token, from 1); time_s (middle of the step, from the token's first
        step); time_norm (0 to 1, only with `normalise`; .5 for a single step); start (1 in each token's first row, else
        0); layer (the papers' name); rate_hz; and the columns of `tokens` that are in `TOKEN_COLUMNS`.
    """
    ends = np.cumsum(lengths)
    step = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
    columns: dict[str, object] = {"value": values, "sample": step + 1, "time_s": (step + 0.5) / layer.rate_hz}
    if normalise:
        last = np.repeat(lengths, lengths) - 1
        columns["time_norm"] = np.where(last > 0, step / np.maximum(last, 1), 0.5)
    columns["start"] = (step == 0).astype(np.int8)
    columns |= {"layer": layer.paper_name, "rate_hz": layer.rate_hz}
    columns |= {name: np.repeat(tokens[name].to_numpy(), lengths) for name in TOKEN_COLUMNS if name in tokens.columns}
    return pd.DataFrame(columns)
