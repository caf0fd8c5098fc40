"""`snap-tf layers`: every layer of a network as a time series."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from snap_tf.commands.options.pictures import add_tensorboard, show_in_tensorboard
from snap_tf.keras_files import is_keras_file
from wavegan_tf.commands.corpus_options import add_corpus_flags, corpus_options, tell
from wavegan_tf.commands.flags import add_trust_flag
from wavegan_tf.commands.label_lists import comma_list
from wavegan_tf.errors import ConfigError
from wavegan_tf.files.outputs import new_folder

if TYPE_CHECKING:
    from snap_tf.probe import Probe
    from snap_tf.series.extraction.latent_inputs import LatentInputs
    from snap_tf.series.extraction.stimuli import Stimuli

__all__ = ["add_parser"]

_FOR_AUDIO = ("split", "words", "unit", "label_from", "speaker_from", "layout", "sa", "sa_seed", "textgrids",
              "word_tier", "phone_tier", "speaker_pattern", "phone_set", "phone_map", "label_rate")
_FOR_LATENT = ("n", "seed", "code", "all_codes")


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `layers`."""
    parser = subparsers.add_parser(
        "layers", help="run a network on recordings or latent vectors and keep every layer as a time series",
        description="Averages the feature maps of every layer, after the activation, at the layer's own rate. Writes "
                    "OUT/Conv1.npy ... (float32, a row per token), logits.npy, tokens.csv, layers.json and what went "
                    "in; with --table or --phones also table.csv, for snap-tf gamm.")
    parser.add_argument("model", metavar="MODEL", help="run folder, exported model, or Keras file (.keras, .h5)")
    parser.add_argument("inputs", metavar="AUDIO_OR_Z",
                        help="folder that wavegan-tf slice wrote (or its manifest.csv), a corpus with .PHN files or "
                             "TextGrids, or any folder of recordings. For a generator: the letter z to draw vectors, a "
                             "file of them (.npy, .npz, .csv), or a folder that wavegan-tf generate wrote")
    parser.add_argument("out", metavar="OUT", help="new folder for the layers")
    network = parser.add_argument_group("network")
    network.add_argument("--part", choices=("q_network", "discriminator", "generator"),
                         help="default: generator for latent vectors; else the Q-network, or discriminator without one")
    network.add_argument("--step", type=int, help="of a run: which checkpoint (default: the last)")
    network.add_argument("--layers", type=comma_list, metavar="L,L",
                         help="names such as Conv4 or downconv_3 (default: all convolutions and the output)")
    network.add_argument("--stage", "--activation", choices=("post", "pre", "relu"), default="post",
                         help="after the activation, before it, or with a plain ReLU in the place of a leaky one "
                              "(default: post)")
    network.add_argument("--reduce", default="mean", metavar="HOW",
                         help="how feature maps make one series: mean, max, rms, abs, or map:K for number K (default: "
                              "mean)")
    network.add_argument("--batch-size", type=int, metavar="N", help="tokens computed at once (default: by size)")
    network.add_argument("--rate-hz", type=float, help="Keras files: sampling rate of the input (default: 16000)")
    network.add_argument("--input-len", type=int, metavar="N",
                         help="Keras files that take any length: samples of the input")
    add_trust_flag(parser)
    audio = parser.add_argument_group("recordings")
    audio.add_argument("--split", metavar="NAME", help="only this split, such as test")
    audio.add_argument("--words", type=comma_list, default=(), metavar="W,W", help="only these words")
    audio.add_argument("--unit", choices=("auto", "words", "recordings"), default="auto",
                       help="corpus: cut words (with 25 ms of silence) or take whole recordings (default: words where "
                            "there are any)")
    audio.add_argument("--label-from", default="auto", metavar="WHERE",
                       help="other folders: manifest, folder, name:REGEX or none, as in wavegan-tf classify")
    audio.add_argument("--speaker-from", default="none", metavar="WHERE", help="the same for the speaker")
    phones = parser.add_argument_group("phones")
    phones.add_argument("--phones", type=comma_list, default=(), metavar="P,P",
                        help="cut the layers to the intervals of these phones, for example s,sh, time normalised")
    phones.add_argument("--min-points", type=int, default=5, metavar="N",
                        help="refuse layers with fewer points in the median interval (default: 5)")
    latent = parser.add_argument_group("latent vectors")
    latent.add_argument("-n", type=int, metavar="N", help="how many to draw; each gets every code (default: 10)")
    latent.add_argument("--seed", type=int, default=0, help="of the draw (default: 0)")
    latent.add_argument("--code", action="append", default=[], metavar="CODE",
                        help="class number, bits, or any values, as in wavegan-tf generate; may be given several times "
                             "(default: codes drawn as in training)")
    latent.add_argument("--all-codes", action="store_true", help="every code of training")
    files = parser.add_argument_group("files")
    files.add_argument("--upsample", action="store_true", help="also every layer stretched to the length of the audio")
    files.add_argument("--table", action="store_true", help="also table.csv, a row per token and step")
    files.add_argument("--no-stimuli", action="store_true", help="do not keep what the network heard")
    files.add_argument("--figure", action="store_true", help="also the stack of layers: stack.png, .pdf and .csv")
    add_tensorboard(files)
    add_corpus_flags(parser)
    parser.set_defaults(run=_run, parser=parser, writes=lambda args: [new_folder(args.out)])


def _run(args: argparse.Namespace) -> None:
    latent = _is_latent(args)
    _refuse_strangers(args, _FOR_AUDIO if latent else _FOR_LATENT, latent)
    source: dict[str, Any] = {"part": args.part, "step": args.step, "rate_hz": args.rate_hz,
                              "trust": args.trust,
                              "input_shape": (args.input_len, 1) if args.input_len else None}
    if latent and args.part is None and not is_keras_file(args.model):
        source["part"] = "generator"
    clips: Any = None if latent else _stimuli(args)  # a wrong folder is reported before TensorFlow is loaded
    from snap_tf.probe import probe
    from snap_tf.series.extraction.extract import Selection, write_layers

    selection = Selection(args.reduce, args.phones, args.min_points, args.upsample, args.table,
                          not args.no_stimuli)
    network = probe(args.model, args.layers, stage=args.stage, **source)
    inputs = _latent_inputs(args, network) if latent else clips
    extracted = write_layers(network, inputs, args.out, selection, batch_size=args.batch_size, progress=True)
    print(extracted)
    print(f"written to {args.out}")
    if args.figure or args.tensorboard:
        from snap_tf.plots.stack import write_stack

        files = write_stack(extracted.layers, f"{args.out}/stack")
        show_in_tensorboard(args, {"stack": files[0]})
        print(f"figure: {', '.join(map(str, files))}")


def _is_latent(args: argparse.Namespace) -> bool:
    """Tell whether the inputs are latent vectors: from the part, else from the inputs themselves."""
    from pathlib import Path

    path = Path(args.inputs)
    if args.part is not None:
        return args.part == "generator"
    return path.suffix.lower() in (".npy", ".npz") or (args.inputs == "z" and not path.exists())


def _refuse_strangers(args: argparse.Namespace, names: tuple[str, ...], latent: bool) -> None:
    """Refuse flags that would be ignored."""
    for name in names:
        value = getattr(args, name)
        if value != args.parser.get_default(name):
            flag = f"-{name}" if len(name) == 1 else "--" + name.replace("_", "-")
            raise ConfigError(f"`{flag}` (={value}) goes with {'recordings' if latent else 'latent vectors'}; leave it "
                              "out, or change AUDIO_OR_Z or --part")


def _latent_inputs(args: argparse.Namespace, network: Probe) -> LatentInputs:
    from pathlib import Path

    from snap_tf.series.extraction.latent_inputs import Request, latent_inputs

    path = None if args.inputs == "z" and not Path("z").exists() else args.inputs
    request = Request(n=args.n, seed=args.seed, codes=tuple(args.code), all_codes=args.all_codes)
    return latent_inputs(network, request, path)


def _stimuli(args: argparse.Namespace) -> Stimuli:
    from snap_tf.series.extraction.stimuli import find_stimuli

    options = {"kind": None if args.layout == "auto" else args.layout, **corpus_options(args)}
    found = find_stimuli(args.inputs, split=args.split, words=args.words, phones=args.phones, unit=args.unit,
                         label_from=args.label_from, speaker_from=args.speaker_from,
                         **{name: value for name, value in options.items() if value is not None})
    tell(found.notes)
    return found
