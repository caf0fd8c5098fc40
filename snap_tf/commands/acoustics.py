"""`snap-tf acoustics`: F0, intensity, formants, durations, frication and spectra of layers."""

from __future__ import annotations

import argparse
import contextlib
import io
from pathlib import Path
from typing import TYPE_CHECKING

from snap_tf.commands.options.acoustic_options import acoustic_settings, add_acoustic_settings
from snap_tf.commands.options.pictures import add_tensorboard, show_in_tensorboard
from wavegan_tf.atomic import atomic_folder
from wavegan_tf.commands.label_lists import comma_list
from wavegan_tf.errors import ConfigError
from wavegan_tf.files.outputs import new_folder

if TYPE_CHECKING:
    from snap_tf.series.extraction.store import LayerStore

__all__ = ["add_parser"]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `acoustics`."""
    parser = subparsers.add_parser(
        "acoustics", help="measure F0, intensity, formants, durations and spectra of layers, as Praat does",
        description="Measures every layer with what its Nyquist frequency can carry, and says what it cannot. Writes "
                    "OUT/acoustics.csv (token, label, layer, measure, time_s, value), summary.csv, spectra.csv, "
                    "refused.csv and acoustics.json; with --phones intervals.csv; with --compare correlations.csv, "
                    "lags.csv and token_correlations.csv; with --sounds WAVs; with --figure spectrograms (PNG, PDF and "
                    "numbers).")
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
    what.add_argument("--phones", type=comma_list, default=(), metavar="P,P",
                      help="only inside the intervals of these phones, for example s,sh: a row per interval, time "
                           "normalised")
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
    add_tensorboard(show)
    add_acoustic_settings(parser)
    parser.set_defaults(run=_run, writes=lambda args: [new_folder(args.out)])


def _run(args: argparse.Namespace) -> None:
    from snap_tf.series.acoustics.acoustic_request import AcousticRequest
    from snap_tf.series.acoustics.acoustic_tables import measure_into

    settings = acoustic_settings(args)
    request = AcousticRequest(layers=args.layers, measures=args.measures, labels=args.labels, tokens=args.tokens,
                              phones=args.phones, compare=args.compare, max_lag_s=args.max_lag_s,
                              permutations=args.permutations, seed=args.seed, sounds=args.sounds,
                              sound_rate_hz=args.sound_rate_hz)
    with atomic_folder(args.out) as folder:
        layers = _layers(args, folder / "layers")
        written = measure_into(layers, folder, request, settings, progress=True)
        if args.figure or args.tensorboard:
            from snap_tf.plots.spectrograms import choose_columns, write_spectrograms

            rows = choose_columns(layers, args.labels, args.tokens, args.phones)
            files = write_spectrograms(layers, folder / "spectrograms", rows, args.layers, settings)
            show_in_tensorboard(args, {"spectrograms": files[0]})
    print(written)
    print(f"written to {args.out}")


def _layers(args: argparse.Namespace, folder: Path) -> LayerStore:
    """Open the folder of layers, or make one of a model and its inputs."""
    from snap_tf.series.extraction.store import open_layers

    if len(args.inputs) == 1:
        return open_layers(args.inputs[0])
    if len(args.inputs) > 2:
        raise ConfigError(f"inputs (={' '.join(args.inputs)}) must be one folder of layers, or a model and its "
                          "recordings; measure several folders one after the other")
    from snap_tf.commands import layers

    parser = argparse.ArgumentParser(prog="snap-tf acoustics")
    layers.add_parser(parser.add_subparsers())
    with contextlib.redirect_stdout(io.StringIO()) as said:
        made = parser.parse_args(["layers", *args.inputs, str(folder)])
        made.run(made)
    # without the line that names the temporary folder
    print("\n".join(line for line in said.getvalue().splitlines() if not line.startswith("written to ")))
    return open_layers(folder)
