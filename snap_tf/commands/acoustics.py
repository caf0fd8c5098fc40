"""`snap-tf acoustics`: F0, intensity, formants, durations, frication and spectra of layers."""

from __future__ import annotations

import argparse
import contextlib
import io
from dataclasses import fields
from pathlib import Path
from typing import Any

from snap_tf.series.acoustic_settings import BASELINES, AcousticSettings
from wavegan_tf.atomic import atomic_folder
from wavegan_tf.commands.corpus_options import comma_list
from wavegan_tf.errors import ConfigError

__all__ = ["add_parser"]

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


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `acoustics`."""
    parser = subparsers.add_parser(
        "acoustics", help="measure F0, intensity, formants, durations and spectra of layers, as Praat does",
        description="Measures every layer with what its Nyquist frequency can carry, and says what it cannot. Writes "
                    "OUT/acoustics.csv (token, label, layer, measure, time_s, value), summary.csv, spectra.csv, "
                    "refused.csv and acoustics.json; with --compare correlations.csv, lags.csv and "
                    "token_correlations.csv; with --sounds WAVs; with --figure spectrograms (PNG, PDF and numbers).")
    parser.add_argument("inputs", metavar="LAYERS", nargs="+",
                        help="folder that snap-tf layers wrote; or a model and its recordings (or the letter z), which "
                             "then go through snap-tf layers, with its defaults, into OUT/layers")
    parser.add_argument("out", metavar="OUT", help="new folder")
    what = parser.add_argument_group("what")
    what.add_argument("--measures", type=comma_list, default=(), metavar="M,M",
                      help="f0, intensity, formants, duration, frication, spectrum (default: all)")
    what.add_argument("--layers", type=comma_list, default=(), metavar="L,L",
                      help="names such as Conv4, or stimulus (default: all)")
    what.add_argument("--labels", type=comma_list, default=(), metavar="W,W", help="only tokens with these labels")
    what.add_argument("--tokens", type=comma_list, default=(), metavar="T,T", help="only these tokens")
    compare = parser.add_argument_group("comparison with the waveform")
    compare.add_argument("--compare", type=comma_list, default=(), metavar="C,C",
                         help="correlate, at every lag: level (the layer's values with the waveform's envelope), "
                              "intensity (both envelopes), f0 (both tracks)")
    compare.add_argument("--max-lag-s", type=float, default=0.2, metavar="S", help="either way (default: %(default)s)")
    compare.add_argument("--permutations", type=int, default=199, metavar="N",
                         help="of tokens, for what correlations are by chance (default: %(default)s)")
    compare.add_argument("--seed", type=int, default=0, help="of the permutations (default: %(default)s)")
    show = parser.add_argument_group("sounds and pictures")
    show.add_argument("--sounds", type=comma_list, default=(), metavar="L,L",
                      help="write these layers as WAVs: mean removed, band-limited, peak 0.99")
    show.add_argument("--sound-rate-hz", type=int, default=16000, metavar="HZ", help="of the WAVs (default: 16000)")
    show.add_argument("--figure", action="store_true",
                      help="spectrograms of one token of each label (at most four), with F0 and formants")
    options = parser.add_argument_group("settings of the measures")
    for field in fields(AcousticSettings):
        flag = "--" + field.name.replace("_", "-")
        kind: dict[str, Any] = {"choices": BASELINES} if isinstance(field.default, str) else {"type": float}
        options.add_argument(flag, default=field.default, metavar=field.name.rsplit("_", 1)[-1].upper(),
                             help=f"{_HELP[field.name]} (default: {field.default})", **kind)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    from snap_tf.series.acoustic_request import AcousticRequest
    from snap_tf.series.acoustic_tables import measure_into

    settings = AcousticSettings(**{field.name: getattr(args, field.name) for field in fields(AcousticSettings)})
    request = AcousticRequest(args.layers, args.measures, args.labels, args.tokens, args.compare, args.max_lag_s,
                              args.permutations, args.seed, args.sounds, args.sound_rate_hz)
    with atomic_folder(args.out) as folder:
        layers = _layers(args, folder / "layers")
        written = measure_into(layers, folder, request, settings, progress=True)
        if args.figure:
            from snap_tf.plots.spectrograms import choose_columns, write_spectrograms

            rows = choose_columns(layers, args.labels, args.tokens)
            write_spectrograms(layers, folder / "spectrograms", rows, args.layers, settings)
    print(written)
    print(f"written to {args.out}")


def _layers(args: argparse.Namespace, folder: Path) -> Any:
    """Open the folder of layers, or make one of a model and its inputs."""
    from snap_tf.series.store import open_layers

    if len(args.inputs) == 1:
        return open_layers(args.inputs[0])
    if len(args.inputs) > 2:
        raise ConfigError(f"inputs (={' '.join(args.inputs)}) must be one folder of layers, or a model and its "
                          "recordings; measure several folders one after the other")
    from snap_tf.commands import layers

    parser = argparse.ArgumentParser(prog="snap-tf acoustics")
    layers.add_parser(parser.add_subparsers())
    with contextlib.redirect_stdout(io.StringIO()):  # it would say where it writes, which is not where it ends up
        made = parser.parse_args(["layers", *args.inputs, str(folder)])
        made.run(made)
    return open_layers(folder)
