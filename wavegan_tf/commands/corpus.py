"""`wavegan-tf corpus`: summarise a corpus, make a synthetic one, show how phones are folded."""

from __future__ import annotations

import argparse

from wavegan_tf.commands.corpus_options import add_corpus_flags, open_named_corpus
from wavegan_tf.files.outputs import new_folder

__all__ = ["add_parser"]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `corpus info`, `corpus synth` and `corpus folding`."""
    corpus = subparsers.add_parser("corpus", help="count what a corpus holds, or make a synthetic one",
                                   description="Corpora: what is in one, a synthetic one, the folding of phones.")
    commands = corpus.add_subparsers(title="commands", metavar="COMMAND", required=True)

    info = commands.add_parser("info", help="utterances, speakers, phones, words, hours and problems of a corpus")
    info.add_argument("corpus", metavar="DIR", help="folder of the corpus: TIMIT, LibriSpeech, audio with TextGrids")
    info.add_argument("--problems", type=int, default=10, metavar="N", help="problems to show (default: 10)")
    info.add_argument("--json", action="store_true", help="everything as JSON")
    add_corpus_flags(info)
    info.set_defaults(run=_info)

    synth = commands.add_parser("synth", help="make a synthetic corpus in TIMIT's layout (needs the extra `synth`)")
    synth.add_argument("folder", metavar="DIR", help="new folder for the corpus")
    synth.add_argument("--speakers", type=int, default=24, metavar="N", help="speakers (default: 24)")
    synth.add_argument("--sentences", type=int, default=8, metavar="K",
                       help="sentences of each speaker besides SA1 and SA2 (default: 8)")
    synth.add_argument("--seed", type=int, default=0, help="same seed, same bytes on the same platform (default: 0)")
    synth.set_defaults(run=_synth, writes=lambda args: [new_folder(args.folder)])

    folding = commands.add_parser("folding", help="print TIMIT's 61 phones with classes and foldings to 48 and 39")
    folding.set_defaults(run=_folding)


def _info(args: argparse.Namespace) -> None:
    from wavegan_tf.data.corpora.summary import summarise

    summary = summarise(open_named_corpus(args, quiet=True))
    print(summary.to_json() if args.json else summary.to_text(args.problems))


def _synth(args: argparse.Namespace) -> None:
    from wavegan_tf.data.synthetic import render_corpus

    made = render_corpus(args.folder, args.speakers, args.sentences, args.seed, progress=True)
    print(f"{made.n_utterances} utterances of {made.n_speakers} speakers, {made.n_words} words, {made.hours:.3g} h")
    print(f"written to {made.folder}; look into it with: wavegan-tf corpus info {made.folder}")


def _folding(args: argparse.Namespace) -> None:
    from wavegan_tf.data.phones.timit_phones import PHONES_61, fold_39, fold_48, phone_class

    print("phone61,phone48,phone39,class")
    for phone in PHONES_61:
        print(f"{phone},{fold_48(phone) or ''},{fold_39(phone) or ''},{phone_class(phone)}")
