"""`snap-tf asr`: train speech recognisers, transcribe recordings, evaluate and export recognisers."""

from __future__ import annotations

import argparse
import dataclasses
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from snap_tf.asr.network.layer_table import MODELS
from snap_tf.asr.settings import (
    CONFIG_NAME,
    PRESETS,
    RecogniserConfig,
    RecogniserSession,
    change_settings,
    preset_config,
)
from wavegan_tf.commands.corpus_options import add_corpus_flags, given_corpus_flags, open_named_corpus
from wavegan_tf.commands.flags import add_setting_flags, given_settings
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.files.outputs import files_in, new_folder, one_file

if TYPE_CHECKING:
    from snap_tf.asr.runs import Recogniser
    from wavegan_tf.data.corpus import Corpus

__all__ = ["add_parser"]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `asr train`, `asr transcribe`, `asr evaluate` and `asr export`."""
    asr = subparsers.add_parser("asr", help="speech recognisers: train, transcribe, score, export",
                                description="The W2L family of Krug et al. 2021: recognisers to look into.")
    commands = asr.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_train(commands)
    _add_transcribe(commands)
    _add_evaluate(commands)
    _add_export(commands)


def _add_train(commands: argparse._SubParsersAction) -> None:
    train = commands.add_parser(
        "train", help="train a recogniser on a corpus with phones or texts",
        description="Trains a new run, or goes on with one that is there: the same line again. Ctrl-C saves. "
                    "RUN/best holds the network with the lowest error on held-out speakers. Of TIMIT's SA "
                    "recordings 7 take part, as in the paper, unless --sa says otherwise.")
    train.add_argument("model", metavar="MODEL", choices=tuple(MODELS), help=f"one of {', '.join(MODELS)}")
    train.add_argument("--corpus", required=True, metavar="DIR", help="TIMIT, LibriSpeech, audio with TextGrids")
    train.add_argument("--run", required=True, metavar="RUN", dest="run_folder", help="folder of the run")
    train.add_argument("--from", metavar="RUN", dest="from_run",
                       help="transfer: run of W2P_shallow (for W2L_TL_frozen) or W2L_TL_frozen (for W2L_TL_finetuned)")
    train.add_argument("--preset", choices=tuple(PRESETS),
                       help="settings of a new run; published: the paper's width; small: learns the synthetic corpus "
                            "in minutes on a CPU (default: published)")
    add_corpus_flags(train)  # with --sa, which is a setting as well
    add_setting_flags(train, RecogniserSession, defaults=True)
    add_setting_flags(train, RecogniserConfig)
    train.set_defaults(run=_train)


def _add_transcribe(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("transcribe", help="write down what recordings say, with times",
                                 description="Prints a line per recording: its name, a tab, what is heard.")
    parser.add_argument("model", metavar="MODEL", help="run, exported recogniser or .keras file")
    parser.add_argument("files", nargs="+", metavar="FILE", help="recordings, or folders of them")
    parser.add_argument("--out", metavar="CSV", help="table with a row per letter or phone: times and probability")
    parser.add_argument("--textgrids", metavar="DIR", help="folder for a TextGrid per recording")
    parser.set_defaults(run=_transcribe, writes=lambda args: [
        *([one_file(args.out)] if args.out else []),
        *([files_in(args.textgrids, deep=True)] if args.textgrids else [])])


def _add_evaluate(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("evaluate", help="error rates and confusions on a labelled corpus")
    parser.add_argument("model", metavar="MODEL", help="run, exported recogniser or .keras file")
    parser.add_argument("--corpus", required=True, metavar="DIR", help="TIMIT, LibriSpeech, audio with TextGrids")
    parser.add_argument("--split", default="test", help="the corpus' own split, or all (default: %(default)s)")
    parser.add_argument("--confusions", metavar="CSV", help="table of how often a label was written as another")
    parser.add_argument("--transcripts", metavar="CSV", help="table with reference and transcript of every utterance")
    add_corpus_flags(parser)
    parser.set_defaults(run=_evaluate, writes=lambda args: [
        one_file(path) for path in (args.confusions, args.transcripts) if path])


def _add_export(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("export", help="write a SavedModel and a Keras file that need nothing of ours",
                                 description="The folder also holds a model card, CARD.md, and checksums.")
    parser.add_argument("model", metavar="MODEL", help="run or .keras file")
    parser.add_argument("out", metavar="OUT", help="new folder")
    parser.add_argument("--corpus", metavar="DIR", help="score it on this corpus' test split, for the card")
    parser.add_argument("--compact", action="store_true",
                        help="no SavedModel, kernels rounded to 8 significant bits, compressed: a fifth of the size")
    add_corpus_flags(parser)
    parser.set_defaults(run=_export, writes=lambda args: [new_folder(args.out)])


def _train(args: argparse.Namespace) -> None:
    settings = given_settings(args, RecogniserConfig)
    config_file = Path(args.run_folder) / CONFIG_NAME
    if config_file.is_file() and not args.preset:
        config = change_settings(RecogniserConfig.load(config_file), **settings)
    else:
        config = preset_config(args.preset or "published", **settings)
    options = RecogniserSession(**given_settings(args, RecogniserSession))
    args.sa = args.sa_seed = None  # training applies the policy, to a corpus of any layout
    corpus = open_named_corpus(args)

    from snap_tf.asr.training.loop import train_recogniser
    from wavegan_tf.training.devices import prepare_devices

    prepare_devices()
    try:
        result = train_recogniser(config, corpus, args.run_folder, source=args.from_run, options=options,
                                  command=shlex.join(["snap-tf", *sys.argv[1:]]))
    except KeyboardInterrupt as stop:
        if str(stop):
            with suppress(OSError):  # the terminal may be gone: SIGHUP
                print(stop, file=sys.stderr)
        raise
    left_out = (f"; {len(result.problems)} left out (first: {result.problems[0].where}: {result.problems[0].what})"
                if result.problems else "")
    print(f"{result.n_training} training and {result.n_validation} held-out utterances{left_out}")
    print(f"{result.step} updates, {result.seconds:.0f} s in this session; ended because {result.reason}")
    print(f"best error rate on held-out speakers: {100 * result.best_error_rate:.1f} % after {result.best_step} "
          "updates")
    print(f"see it:     tensorboard --logdir {result.run}\n"
          f"score it:   snap-tf asr evaluate {result.run} --corpus {args.corpus}\n"
          f"use it:     snap-tf asr transcribe {result.run} RECORDINGS")


def _transcribe(args: argparse.Namespace) -> None:
    from snap_tf.asr.runs import open_recogniser
    from snap_tf.asr.transcription import (
        find_recordings,
        textgrid_names,
        transcribe,
        write_textgrids,
        write_transcripts,
    )

    recordings, lost = find_recordings(args.files)
    if args.textgrids:
        textgrid_names(args.textgrids, recordings)  # equal names are an error before the recordings are transcribed
    recogniser = open_recogniser(args.model)
    transcripts = []
    for transcript in transcribe(recogniser, recordings, lost):
        print(f"{transcript.path}\t{transcript.text}", flush=True)
        transcripts.append(transcript)
    if not transcripts:
        _tell_lost(lost, args.files, 0)  # before an empty table is written
    if args.out:
        write_transcripts(args.out, transcripts)
    if args.textgrids:
        write_textgrids(args.textgrids, transcripts, recogniser.alphabet)
    for place in filter(None, (args.out, args.textgrids)):
        print(f"written to {place}", file=sys.stderr)
    _tell_lost(lost, args.files, len(transcripts))


def _tell_lost(lost: list[tuple[str, str]], named: list[str], n_heard: int) -> None:
    """Print which recordings were not transcribed; an error if they were named, or if none could be transcribed."""
    if lost and (n_heard == 0 or {name for name, _ in lost} & {str(Path(name)) for name in named}):
        others = f"; so are {len(lost) - 1} others" if len(lost) > 1 else ""
        raise DataError(f"recording (={lost[0][0]}) must be one that can be read; {lost[0][1]}{others}")
    for name, reason in lost:
        print(f"left out {name}: {reason}", file=sys.stderr)


def _evaluate(args: argparse.Namespace) -> None:
    from snap_tf.asr.evaluation import evaluate_corpus
    from snap_tf.asr.runs import open_recogniser

    recogniser = open_recogniser(args.model)
    corpus = open_named_corpus(args)
    if args.sa is None:
        corpus = _with_sa_of(recogniser, corpus)
    result, problems = evaluate_corpus(recogniser, corpus, args.split)
    print(result.to_text())
    if problems:
        print(f"{len(problems)} utterances left out (first: {problems[0].where}: {problems[0].what})")
    if args.confusions:
        result.write_confusions(args.confusions)
    if args.transcripts:
        result.write_transcripts(args.transcripts)
    for place in filter(None, (args.confusions, args.transcripts)):
        print(f"written to {place}")


def _export(args: argparse.Namespace) -> None:
    from snap_tf.asr.evaluation import evaluate_corpus
    from snap_tf.asr.export import export_recogniser
    from snap_tf.asr.runs import open_recogniser

    if not args.corpus and (given := given_corpus_flags(args)):
        raise ConfigError(f"`{given[0]}` must go with --corpus; leave it out")
    recogniser, test, tested_on = open_recogniser(args.model), None, ""
    if args.corpus:
        corpus = open_named_corpus(args)
        corpus = _with_sa_of(recogniser, corpus) if args.sa is None else corpus
        test, _ = evaluate_corpus(recogniser, corpus)
        tested_on = f"Test speakers of {Path(args.corpus).resolve().name}"
        print(test.to_text())
    print(f"written to {export_recogniser(recogniser, args.out, test, tested_on, compact=args.compact)}")


def _with_sa_of(recogniser: Recogniser, corpus: Corpus) -> Corpus:
    """Keep the SA recordings that were used in training."""
    from wavegan_tf.data.corpora.sa_policy import keep_sa

    if recogniser.config is None:
        return corpus
    return dataclasses.replace(corpus, utterances=keep_sa(corpus.utterances, recogniser.config.sa,
                                                          recogniser.config.sa_seed))
