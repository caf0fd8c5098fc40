"""The flags that say how a corpus is to be read, shared by every command that reads one."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wavegan_tf.data.corpus import Corpus

__all__ = ["add_corpus_flags", "given_corpus_flags", "open_named_corpus"]

_READING = ("sa", "sa_seed", "textgrids", "word_tier", "phone_tier", "speaker_pattern")


def add_corpus_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `wavegan_tf.data.readers.open_corpus`; only those given are passed on."""
    group = parser.add_argument_group("reading the corpus")
    group.add_argument("--layout", default="auto", choices=("auto", "timit", "librispeech", "textgrid"),
                       help="how the folder is laid out (default: recognise it)")
    group.add_argument("--sa", choices=("all", "none", "keep7", "keep7_per_sentence"),
                       help="TIMIT: which of the SA recordings to keep (default: all)")
    group.add_argument("--sa-seed", type=int, help="TIMIT: seed of the draw among them (default: 0)")
    group.add_argument("--textgrids", metavar="DIR", help="folder of TextGrids (default: beside the recordings)")
    group.add_argument("--word-tier", metavar="NAME", help="tier of the words (default: words, word, ORT)")
    group.add_argument("--phone-tier", metavar="NAME", help="tier of the phones (default: phones, phone, MAU)")
    group.add_argument("--speaker-pattern", metavar="REGEX",
                       help="TextGrid folders: where in the path the speaker is, with a group (?P<speaker>...)")


def open_named_corpus(args: argparse.Namespace) -> Corpus:
    """Open `args.corpus` with the flags of `add_corpus_flags`."""
    from wavegan_tf.data.readers import open_corpus

    options: dict[str, Any] = {"sa": args.sa, "seed": args.sa_seed, "textgrids": args.textgrids,
                               "word_tier": args.word_tier, "phone_tier": args.phone_tier,
                               "speaker_pattern": args.speaker_pattern}
    return open_corpus(args.corpus, args.layout, **{k: v for k, v in options.items() if v is not None})


def given_corpus_flags(args: argparse.Namespace) -> list[str]:
    """Return which flags of `add_corpus_flags` were given, for commands that can do without a corpus."""
    given = [name for name in _READING if getattr(args, name) is not None]
    return [f"--{name.replace('_', '-')}" for name in [*(["layout"] if args.layout != "auto" else []), *given]]
