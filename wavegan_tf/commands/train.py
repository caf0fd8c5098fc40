"""`wavegan-tf train`: train WaveGAN, ciwGAN or fiwGAN, or resume a run."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from wavegan_tf.commands.flags import add_setting_flags, given_settings
from wavegan_tf.config import DataConfig, NetworkConfig, RunConfig, TrainConfig
from wavegan_tf.errors import ConfigError
from wavegan_tf.training.options import SessionOptions

if TYPE_CHECKING:
    from wavegan_tf.training.starting_point import StartingPoint

__all__ = ["add_parser"]

_SECTIONS = (DataConfig, NetworkConfig, TrainConfig)
_CONFIG_NAME = "config.json"


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `train`."""
    parser = subparsers.add_parser(
        "train", help="train a network, or go on with a run", usage="%(prog)s [PRESET] --data DIR --run RUN [options]",
        description="Train WaveGAN, ciwGAN or fiwGAN on a folder of audio. A run that exists goes on from its newest "
                    "checkpoint, with its own settings. Watch it with: tensorboard --logdir RUN")
    parser.add_argument("preset", metavar="PRESET", nargs="?",
                        help="where the settings of a new run come from: see --list; or a .json file of one's own")
    parser.add_argument("--list", action="store_true", help="list the presets and leave")
    parser.add_argument("--data", "--data_dir", metavar="DIR",
                        help="folder of audio, read with its subfolders (a run that goes on: default the one it had)")
    parser.add_argument("--run", dest="run_folder", metavar="RUN", help="folder of the run")
    parser.add_argument("--from", dest="start", metavar="MODEL",
                        help="begin a new run with the networks of another run or of an exported model; without PRESET "
                             "its settings are taken too")
    parser.add_argument("--deterministic", action=argparse.BooleanOptionalAction,
                        help="sums always in the same order, so that a run that was killed goes on bit for bit "
                             "(default: yes without a GPU, where it costs nothing)")
    add_setting_flags(parser, SessionOptions, defaults=True)
    add_setting_flags(parser, *_SECTIONS)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    from wavegan_tf.training.runs import last_data

    if args.list:
        _list_presets()
        return
    if not args.run_folder:
        raise ConfigError("--run must name the folder of the run; it is missing")
    run = Path(args.run_folder)
    options = SessionOptions(**given_settings(args, SessionOptions))
    model, start = _open_start(args) if args.start else (None, None)
    config = _settings(args, run, model)
    data = args.data or last_data(run)
    if not data:
        raise ConfigError("--data must name a folder of audio; it is missing")

    from wavegan_tf.training.devices import prepare_devices, warn_of_xla
    from wavegan_tf.training.loop import train

    prepare_devices(args.deterministic)
    if warning := warn_of_xla(config.train.xla):
        print(warning, file=sys.stderr)
    try:
        result = train(config, data, run, options=options, command=" ".join(sys.argv), start=start)
    except KeyboardInterrupt as stop:
        if str(stop):
            with suppress(OSError):  # the terminal may be gone: SIGHUP
                print(stop, file=sys.stderr)
        raise
    done = f"{result.steps_done} steps in {result.seconds:.0f} s" if result.steps_done else "nothing was left to do"
    print(f"step {result.step} ({done}); checkpoint {result.checkpoint}\n"
          f"see it:      tensorboard --logdir {run}\n"
          f"hear it:     wavegan-tf generate {run} OUT\n"
          f"take it out: wavegan-tf export {run} OUT\n"
          f"go on:       wavegan-tf train --run {run} --max-steps N")


def _open_start(args: argparse.Namespace) -> tuple[RunConfig, StartingPoint]:
    """Open the model for a warm start, and return its settings too."""
    from wavegan_tf.export.opening import open_model
    from wavegan_tf.training.devices import prepare_devices
    from wavegan_tf.training.starting_point import StartingPoint

    path = args.start
    prepare_devices(args.deterministic)  # before the first operation
    model = open_model(path)
    if model.networks is None:
        raise ConfigError(f"--from (={path}) must hold the weights of the networks; it is a SavedModel that is not "
                          "ours; export the run again, whole")
    return model.config, StartingPoint(path, model.step, model.config.network, model.networks)


def _settings(args: argparse.Namespace, run: Path, started_with: RunConfig | None = None) -> RunConfig:
    """Return the settings of the preset, of the run to resume, or of the model for a warm start.

    The command line's changes are made to them.
    """
    from wavegan_tf.presets.catalogue import change_settings, load_preset, preset_names

    if args.preset:
        config = load_preset(args.preset).config
    elif (run / _CONFIG_NAME).is_file():
        config = RunConfig.load(run / _CONFIG_NAME)
    elif started_with is not None:
        config = started_with
    else:
        raise ConfigError(f"PRESET must be given for a new run ({run} is none yet); one of {', '.join(preset_names())}")
    return change_settings(config, given_settings(args, *_SECTIONS))


def _list_presets() -> None:
    from wavegan_tf.presets.catalogue import load_preset, preset_names

    for name in preset_names():
        preset = load_preset(name)
        changes = ", ".join(f"{key}={value}" for key, value in preset.changes.items())
        print(f"{name:22} {preset.about}\n{'':22} {preset.source}" + (f"; {changes}" if changes else ""))
