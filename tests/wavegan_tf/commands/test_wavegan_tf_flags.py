"""Every flag of `wavegan-tf` ends in the parameter of its name: none is lost on the way, none changes places."""

import argparse
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from flag_wiring import Case, check_flag, flags_of

from wavegan_tf.cli import build_parser, main
from wavegan_tf.config import RunConfig
from wavegan_tf.data.corpus import Corpus

OPEN = "wavegan_tf.export.opening.open_model"
CORPUS = "wavegan_tf.data.corpora.readers.open_corpus"
READING = {"layout": "kind", "sa_seed": "seed"}
"""Flags of every command that reads a corpus, where the reader calls them otherwise."""

corpus = Corpus(Path(), ())
trained = SimpleNamespace(config=RunConfig(), networks=object(), step=3)

CASES = {
    "generate": Case(("generate", "MODEL", "TMP/out"),
                     {OPEN: None, "wavegan_tf.use.generation.generate": None},
                     words={"sweep": ("--sweep", "3:0.25:1.75:0.5")},
                     ends_in={"z": "z_file", "code": "codes", "sweep": "dim", "interpolate": "steps"}),
    "classify": Case(("classify", "MODEL", "DIR", "TMP/out.csv"),
                     {OPEN: None, "wavegan_tf.use.classify.classify_folder": None}, ends_in={"labels": "label_table"}),
    "export": Case(("export", "RUN", "TMP/out"), {"wavegan_tf.export.folder.export_run": None},
                   ends_in={"note": "limits"}, later=frozenset({"score", "label_from"})),
    "export --score": Case(("export", "RUN", "TMP/out", "--score", "DIR"),
                           {"wavegan_tf.use.scored_export.export_scored": None}, ends_in={"note": "limits"}),
    "slice words": Case(("slice", "DIR", "TMP/out"),
                        {CORPUS: corpus, "wavegan_tf.data.slices.slicing.slice_words": None},
                        ends_in=READING, later=frozenset({"kind", "phones", "stops", "vowels", "closures",
                                                          "no_closure"})),
    "slice phones": Case(("slice", "DIR", "TMP/out", "--kind", "phones"),
                         {CORPUS: corpus, "wavegan_tf.data.slices.slicing.slice_phones": None}, ends_in=READING,
                         later=frozenset({"stops", "vowels", "closures", "no_closure"})),
    "slice stops": Case(("slice", "DIR", "TMP/out", "--kind", "stops"),
                        {CORPUS: corpus, "wavegan_tf.data.slices.slicing.slice_stops": None},
                        ends_in={**READING, "no_closure": "include_closure"}, later=frozenset({"phones"})),
    "corpus info": Case(("corpus", "info", "DIR"), {CORPUS: corpus, "wavegan_tf.data.corpora.summary.summarise": None},
                        ends_in=READING, later=frozenset({"problems", "json"})),
    "corpus synth": Case(("corpus", "synth", "TMP/out"), {"wavegan_tf.data.synthetic.render_corpus": None}),
    "train": Case(("train", "wavegan", "--data", "DIR", "--run", "TMP/run"),
                  {"wavegan_tf.training.devices.prepare_devices": None, OPEN: trained,
                   "wavegan_tf.training.loop.train": None},
                  words={"slice_len": ("--slice-len", "32768")},
                  ends_in={"start": "source"}, later=frozenset({"list", "code", "code_dim"})),
    "import-tf1": Case(("import-tf1", "CKPT", "TMP/out"), {"wavegan_tf.export.tf1.tf1_import.import_tf1": None},
                       ends_in={"kind": "code", "run_folder": "run"}),
    "export-tf1": Case(("export-tf1", "MODEL", "TMP/prefix"), {"wavegan_tf.export.tf1.tf1_export.export_tf1": None}),
}


@pytest.mark.parametrize(("name", "action"), [
    pytest.param(name, action, id=f"{name} {action.option_strings[0]}")
    for name, case in CASES.items() for action in flags_of(build_parser(), case)])
def test_flag(name: str, action: argparse.Action, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_flag(main, CASES[name], action, monkeypatch, tmp_path)


def test_every_command_is_here() -> None:
    commands = build_parser()._subparsers._group_actions[0].choices
    assert set(commands) == {case.argv[0] for case in CASES.values()}


def test_presets_of_a_code_take_its_flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(("train", "ciwgan", "--data", "DIR", "--run", "TMP/run"), CASES["train"].doors,
                words={"code": ("--code", "binary"), "code_dim": ("--num_categ", "7")})
    for dest in ("code", "code_dim"):
        action = next(action for action in flags_of(build_parser(), case) if action.dest == dest)
        check_flag(main, case, action, monkeypatch, tmp_path)


@pytest.mark.parametrize(("handed_on", "message"), [
    (lambda args: {"seed": 0}, "--seed must change `seed` of the library; it changes nothing"),
    (lambda args: {"n_permutations": args.seed}, "--seed must change `seed` of the library; it changes {'agree.n_perm"),
    (lambda args: {"seed": 2 * args.seed}, "7 is not in {'agree.seed': '14'}")])
def test_what_goes_wrong_is_seen(handed_on, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)

    def wrong(argv: list[str]) -> int:
        from wavegan_tf.use.agreement import agree

        agree(["a"], ["b"], **handed_on(parser.parse_args(argv)))
        return 0

    case = Case((), {"wavegan_tf.use.agreement.agree": None})
    action, = flags_of(parser, case)
    with pytest.raises(AssertionError, match=re.escape(message)):
        check_flag(wrong, case, action, monkeypatch, tmp_path)
