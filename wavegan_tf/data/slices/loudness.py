"""Clipping and quantisation of slices: samples beyond full scale, and recordings with finer steps than the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from wavegan_tf.data.slices.cutting import cut, decode
from wavegan_tf.data.slices.slice_settings import SliceSettings
from wavegan_tf.errors import DataError

__all__ = ["Loudness", "gain_to_fit"]


@dataclass(frozen=True)
class Loudness:
    """Counts of clipped and rounded slices.

    gain: factor on all samples. n_clipped_samples, n_clipped_slices: beyond full scale, set to it.
    n_rounded_slices: of recordings whose samples lie between the steps of the files.
    """

    gain: float = 1.0
    n_clipped_samples: int = 0
    n_clipped_slices: int = 0
    n_rounded_slices: int = 0

    def with_slice(self, n_clipped: int, is_finer: bool) -> Loudness:
        """Return the counts with one slice more."""
        return replace(self, n_clipped_samples=self.n_clipped_samples + n_clipped,
                       n_clipped_slices=self.n_clipped_slices + (n_clipped > 0),
                       n_rounded_slices=self.n_rounded_slices + is_finer)

    def lines(self, subtype: str) -> list[str]:
        """Report what was changed, and which options avoid it."""
        lines = [f"all slices were multiplied by {self.gain:.6g}, so that the loudest fits"] if self.gain != 1 else []
        if self.n_clipped_slices:
            lines.append(f"clipped at full scale: {self.n_clipped_samples} samples of {self.n_clipped_slices} slices; "
                         "--subtype FLOAT keeps them, --level fit scales all slices by one factor")
        if self.n_rounded_slices:
            finer = "--subtype PCM_24 or FLOAT" if subtype == "PCM_16" else "--subtype FLOAT"
            lines.append(f"rounded to {subtype[-2:]} bits: {self.n_rounded_slices} slices of recordings with finer "
                         f"steps; {finer} keeps more of them")
        return lines


def gain_to_fit(tokens: pd.DataFrame, paths: Mapping[str, Path], settings: SliceSettings) -> float:
    """Compute the gain with which all slices fit below full scale: 1 where they do, and for floats.

    Recordings that cannot be read are skipped here; cutting reports them.
    """
    peak = 1.0
    if settings.subtype == "FLOAT":
        return peak
    for name, group in tokens.groupby("utterance", sort=True):
        try:
            recording = decode(paths[str(name)], settings.rate_hz)
        except (DataError, OSError):
            continue
        for token in group.to_dict("records"):
            audio, _ = cut(recording, token, settings)
            peak = max(peak, float(np.abs(audio).max(initial=0.0)))
    return 1.0 if peak == 1.0 else 32767 / 32768 / peak
