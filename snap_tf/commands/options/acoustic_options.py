"""The flags of the acoustic measures' settings, shared by every command that measures layers."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import Any

from snap_tf.series.acoustics.measures.acoustic_settings import BASELINES, AcousticSettings

__all__ = ["acoustic_settings", "add_acoustic_settings"]

_HELP = {
    "analysis_rate_hz": "rate to which slower layers are brought, band-limited, for F0 and intensity",
    "silence_db": "frames so far below the loudest of their token have no formants and no frication",
    "f0_floor_hz": "lowest F0; 60 for low voices",
    "f0_ceiling_hz": "highest F0, at most 0.8 of a layer's Nyquist frequency",
    "f0_step_s": "between frames",
    "f0_voicing_threshold": "weakest autocorrelation that counts as voiced",
    "intensity_floor_hz": "minimum pitch, for the length of windows",
    "formant_step_s": "between frames",
    "formant_window_s": "effective length",
    "formant_ceiling_hz": "highest formant; 0: the Nyquist frequency, at most 5500 Hz",
    "formant_spacing_hz": "one formant is expected in each of these",
    "formant_preemphasis_hz": "+6 dB per octave above this",
    "duration_low": "share of the peak where an event begins and ends",
    "duration_high": "share of the peak that an event must reach",
    "duration_gap_s": "shorter dips do not end an event",
    "duration_baseline": f"what counts as rest: {', '.join(BASELINES)}",
    "frication_low_hz": "energy above this counts as frication",
    "frication_step_s": "between frames",
    "frication_window_s": "length",
    "spectrum_window_s": "length",
    "spectrum_ceiling_hz": "highest frequency; 0: the Nyquist frequency",
}


def add_acoustic_settings(parser: argparse.ArgumentParser, *begins: str) -> None:
    """Add a flag per setting; with `begins`, only for settings whose names begin with one of them."""
    options = parser.add_argument_group("settings of the measures")
    for field in fields(AcousticSettings):
        if begins and not field.name.startswith(begins):
            continue
        flag = "--" + field.name.replace("_", "-")
        kind: dict[str, Any] = {"choices": BASELINES} if isinstance(field.default, str) else {"type": float}
        options.add_argument(flag, default=field.default, metavar=field.name.rsplit("_", 1)[-1].upper(),
                             help=f"{_HELP[field.name]} (default: {field.default})", **kind)


def acoustic_settings(args: argparse.Namespace) -> AcousticSettings:
    """Return the settings of the flags that were added.

    Raises:
        ConfigError: settings that are not allowed.
    """
    return AcousticSettings(**{field.name: getattr(args, field.name) for field in fields(AcousticSettings)
                               if hasattr(args, field.name)})
