"""`wavegan-tf slice`: one WAV per word, phone or stop + vowel of a corpus."""

from __future__ import annotations

import argparse
import dataclasses

from wavegan_tf.commands.corpus_options import add_corpus_flags, open_named_corpus
from wavegan_tf.commands.label_lists import comma_list
from wavegan_tf.data.slices.slice_settings import SliceSettings
from wavegan_tf.errors import ConfigError
from wavegan_tf.files.outputs import new_folder

__all__ = ["add_parser"]

_FOR_KIND = {"words": ("words",), "phones": ("phones", "words"),
             "stops": ("words", "stops", "vowels", "closures", "no_closure")}


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `slice`."""
    parser = subparsers.add_parser(
        "slice", help="cut words, phones or stop + vowel out of a corpus, one WAV each",
        description="Writes OUT/train/LABEL/*.wav, OUT/test/LABEL/*.wav, OUT/manifest.csv and OUT/slices.json.")
    parser.add_argument("corpus", metavar="DIR", help="folder of the corpus: TIMIT, LibriSpeech, audio with TextGrids")
    parser.add_argument("out", metavar="OUT", help="new folder for the slices")
    parser.add_argument("--kind", choices=tuple(_FOR_KIND), default="words",
                        help="words; phones; stops: word-initial p t k + vowel, with and without s (default: words)")
    parser.add_argument("--words", type=comma_list, metavar="W,W",
                        help="these words (default: all); for phones and stops: only in these words")
    parser.add_argument("--phones", type=comma_list, metavar="P,P", help="phones: which ones, for example s,sh")
    stops = parser.add_argument_group("stops")
    stops.add_argument("--stops", type=comma_list, metavar="P,P", help="stops T of #TV and #sTV (default: p,t,k)")
    stops.add_argument("--vowels", type=comma_list, metavar="P,P", help="vowels V (default: TIMIT's 20)")
    stops.add_argument("--closures", type=comma_list, metavar="P,P", help="closures (default: pcl,tcl,kcl,bcl,dcl,gcl)")
    stops.add_argument("--no-closure", action="store_true", help="begin #TV at the release, without the closure")
    files = parser.add_argument_group("files")
    for item in dataclasses.fields(SliceSettings):
        files.add_argument("--" + item.name.replace("_", "-"), type=type(item.default), default=item.default,
                           choices=item.metadata["choices"], help=f"{item.metadata['help']} (default: %(default)s)")
    add_corpus_flags(parser)
    parser.set_defaults(run=_run, writes=lambda args: [new_folder(args.out)])


def _run(args: argparse.Namespace) -> None:
    from wavegan_tf.data.corpora.tokens import StopCriteria
    from wavegan_tf.data.slices.slicing import slice_phones, slice_stops, slice_words

    settings = SliceSettings(**{item.name: getattr(args, item.name) for item in dataclasses.fields(SliceSettings)})
    given = {name: getattr(args, name) for names in _FOR_KIND.values() for name in names if getattr(args, name)}
    for name in given:
        if name not in _FOR_KIND[args.kind]:
            flag = "--" + name.replace("_", "-")
            raise ConfigError(f"`{flag}` does not go with --kind {args.kind}; leave it out or change --kind")
    words = given.pop("words", ())
    corpus = open_named_corpus(args, problems=False)  # they stand below the slices
    if args.kind == "words":
        slices = slice_words(corpus, args.out, words, settings)
    elif args.kind == "phones":
        slices = slice_phones(corpus, args.out, given.get("phones", ()), words, settings)
    else:
        criteria = StopCriteria(words=words, include_closure=not given.pop("no_closure", False), **given)
        slices = slice_stops(corpus, args.out, criteria, settings)
    print(slices)
    print(f"written to {args.out}; train on them with: wavegan-tf train PRESET --data {args.out}/train --run RUN")
