"""Command-line flags for reading a corpus, shared by all commands that read one."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wavegan_tf.data.corpus import Corpus

__all__ = ["add_corpus_flags", "corpus_options", "given_corpus_flags", "open_named_corpus", "tell"]

_READING = ("sa", "sa_seed", "textgrids", "word_tier", "phone_tier", "speaker_pattern", "phone_set", "phone_map",
            "label_rate")


def add_corpus_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `wavegan_tf.data.corpora.readers.open_corpus`; only those given are passed on."""
    group = parser.add_argument_group("reading the corpus")
    group.add_argument("--layout", default="auto", choices=("auto", "timit", "librispeech", "textgrid"),
                       help="how the folder is laid out (default: recognise it)")
    group.add_argument("--sa", choices=("all", "none", "keep7", "keep7_per_sentence"),
                       help="TIMIT: which of the SA recordings to keep (default: all)")
    group.add_argument("--sa-seed", type=int, help="TIMIT: seed of the draw among them (default: 0)")
    group.add_argument("--textgrids", metavar="DIR", help="folder of TextGrids (default: beside the recordings)")
    group.add_argument("--word-tier", metavar="NAME,NAME", help="tiers of the words (default: words, word, ORT)")
    group.add_argument("--phone-tier", metavar="NAME,NAME", help="tiers of the phones (default: phones, phone, MAU)")
    group.add_argument("--speaker-pattern", metavar="REGEX",
                       help="TextGrid folders: where in the path the speaker is, with a group (?P<speaker>...)")
    group.add_argument("--phone-set", choices=("auto", "arpabet", "timit", "asis"),
                       help="notation of the phones, decided once for the corpus: arpabet (AH0 becomes ah), timit "
                            "(small letters), asis (nothing is changed), auto (arpabet where every label says so, else "
                            "asis but for silence; default)")
    group.add_argument("--phone-map", metavar="FILE",
                       help="the phone for every label: a CSV with the columns label and phone, or ipa-mfa, "
                            "arpabet-mfa, sampa-webmaus (English to TIMIT's symbols)")
    group.add_argument("--label-rate", type=int, metavar="HZ",
                       help="TIMIT: sampling rate that times in .PHN and .WRD count; 0: the recordings' (default: "
                            "16000 where recordings have another rate and every file says so)")


def open_named_corpus(args: argparse.Namespace, quiet: bool = False, problems: bool = True) -> Corpus:
    """Open `args.corpus` with the flags of `add_corpus_flags`, and say what was decided about its labels and lost.

    Args:
        args: the flags.
        quiet: say nothing; the caller does.
        problems: say how many problems were met; false where the caller does.
    """
    from wavegan_tf.data.corpora.readers import open_corpus

    corpus = open_corpus(args.corpus, args.layout, **corpus_options(args))
    if not quiet:
        tell(corpus.told)
        tell(_met(corpus, args.corpus) if problems else ())
    return corpus


def _met(corpus: Corpus, folder: str) -> list[str]:
    """Count the problems met while a corpus was read, in one sentence, if there were any."""
    kinds = ", ".join(f"{kind} {n}" for kind, n in Counter(p.kind for p in corpus.problems).most_common())
    first = [p.what if p.where in p.what else f"{p.where}: {p.what}" for p in corpus.problems[:1]]
    return [f"met while reading the corpus: {kinds} (first: {what}); see them with: wavegan-tf corpus info {folder}"
            for what in first]


def corpus_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return the options of the reader that were given."""
    given = {name: getattr(args, name) for name in _READING if getattr(args, name) is not None}
    return {"seed" if name == "sa_seed" else name: value for name, value in given.items()}


def tell(notes: Iterable[str]) -> None:
    """Print what was decided about the labels of a corpus."""
    for note in notes:
        print(f"note: {note}", flush=True)


def given_corpus_flags(args: argparse.Namespace) -> list[str]:
    """Return which flags of `add_corpus_flags` were given, for commands that can do without a corpus."""
    given = [name for name in _READING if getattr(args, name) is not None]
    return [f"--{name.replace('_', '-')}" for name in [*(["layout"] if args.layout != "auto" else []), *given]]
