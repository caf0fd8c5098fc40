"""Every flag of `snap-tf` ends in the parameter of its name: none is lost on the way, none changes places."""

import argparse
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from flag_wiring import Case, check_flag, flags_of, reached

from snap_tf.cli import build_parser, main
from wavegan_tf.config import NetworkConfig
from wavegan_tf.data.corpus import Corpus

CORPUS = "wavegan_tf.data.corpora.readers.open_corpus"
READING = {"layout": "kind", "sa_seed": "seed"}
"""Flags of every command that reads a corpus, where the reader calls them otherwise."""
NETWORK = "snap_tf.snap.network.networks.open_network"
RECOGNISER = "snap_tf.asr.runs.open_recogniser"
LAYERS = "snap_tf.series.extraction.store.open_layers"
GENERATOR = "snap_tf.series.latents.generators.open_generator"
FILES = "snap_tf.snap.results.models_compared.read_models"
CHECKS = "snap_tf.snap.sanity.sanity_folder.sanity_of"
TABLE = "snap_tf.gamm.read_table"
COLUMNS = {"group": ("--group", "word"), "token": ("--token", "take")}
LONG_TABLE = pd.DataFrame({"value": [1.0], "time_s": [0.0], "label": ["a"], "token": ["t"], "word": ["w"],
                           "take": ["k"]})
PICTURES = frozenset({"tensorboard", "figure", "figures", "no_figures"})

network = SimpleNamespace(probe=SimpleNamespace(config=None, input_shape=(64, 1), rate_hz=16000.0))
recogniser = SimpleNamespace(config=None, alphabet=None)
fitted = SimpleNamespace(model=SimpleNamespace(time="time_s"), group="label")
coded = NetworkConfig(code="onehot", code_dim=9)

CASES = {
    "layers of audio": Case(
        ("layers", "MODEL", "DIR", "TMP/out"),
        {"snap_tf.series.extraction.stimuli.find_stimuli": SimpleNamespace(notes=()), "snap_tf.probe.probe": None,
         "snap_tf.series.extraction.extract.write_layers": None},
        words={"part": ("--part", "discriminator")},
        ends_in={**READING, "input_len": "input_shape", "no_stimuli": "keep_stimuli"},
        later=PICTURES | {"n", "seed", "code", "all_codes"}),
    "layers of vectors": Case(
        ("layers", "MODEL", "z", "TMP/out"),
        {"snap_tf.probe.probe": None, "snap_tf.series.extraction.latent_inputs.latent_inputs": None,
         "snap_tf.series.extraction.extract.write_layers": None},
        words={"part": ("--part", "generator")}, ends_in={"code": "codes", "input_len": "input_shape",
                                                         "no_stimuli": "keep_stimuli"},
        later=PICTURES | {"part", "split", "words", "unit", "label_from", "speaker_from", "layout", "sa", "sa_seed",
                          "textgrids", "word_tier", "phone_tier", "speaker_pattern", "phone_set", "phone_map",
                          "label_rate"}),
    "acoustics": Case(
        ("acoustics", "LAYERS", "TMP/out"),
        {LAYERS: None, "snap_tf.series.acoustics.acoustic_tables.measure_into": None},
        words={"measures": ("--measures", "f0,duration"), "compare": ("--compare", "f0,level"),
               "f0_ceiling_hz": ("--f0-ceiling-hz", "512"), "f0_floor_hz": ("--f0-floor-hz", "64"),
               "duration_high": ("--duration-high", "0.75")}, later=PICTURES),
    "latents": Case(
        ("latents", "MODEL", "TMP/out"),
        {GENERATOR: None, "snap_tf.series.latents.search.label_outputs": None,
         "snap_tf.series.latents.search.find_latents": None},
        later=PICTURES),
    "interpolate": Case(
        ("interpolate", "MODEL", "TMP/out", "--variable", "3"),
        {GENERATOR: None, "snap_tf.series.latents.interpolation.interpolate": None},
        words={"measure": ("--measure", "rms_db"), "syllables": ("--syllables", "0.1,0.2,0.3,0.4"),
               "start": ("--from", "-3.5"), "seed": ("--seed", "7", "8")},
        ends_in={"checkpoint": "step", "base_code": "code", "z": "z_file", "seed": "seeds", "step_size": "step",
                 "measure": "measures", "reduplication": "syllables", "syllables": "times_s"},
        later=PICTURES | {"code", "variable2", "from2", "to2", "step2"}),
    "interpolate a code": Case(
        ("interpolate", "MODEL", "TMP/out", "--code", "2"),
        {GENERATOR: None, "snap_tf.series.latents.generators.network_config": coded,
         "snap_tf.series.latents.interpolation.interpolate": None}, ends_in={"code": "variable"},
        only=frozenset({"code"})),
    "interpolate two": Case(
        ("interpolate", "MODEL", "TMP/out", "--variable", "3", "--variable2", "5"),
        {GENERATOR: None, "snap_tf.series.latents.interpolation.interpolate": None},
        words={"from2": ("--from2", "-3.5"), "variable2": ("--variable2", "7")},
        ends_in={"variable2": "variable", "from2": "start", "to2": "stop", "step2": "step"},
        only=frozenset({"variable2", "from2", "to2", "step2"})),
    "plot stack": Case(("plot", "stack", "LAYERS", "TMP/figure"),
                       {LAYERS: None, "snap_tf.plots.stack.write_stack": None}, later=PICTURES),
    "plot spectrograms": Case(
        ("plot", "spectrograms", "LAYERS", "TMP/figure"),
        {LAYERS: None, "snap_tf.plots.spectrograms.choose_columns": [0],
         "snap_tf.plots.spectrograms.write_spectrograms": None},
        words={"f0_ceiling_hz": ("--f0-ceiling-hz", "512"), "f0_floor_hz": ("--f0-floor-hz", "64")}, later=PICTURES),
    "plot overlay": Case(("plot", "overlay", "LAYERS", "TMP/figure"),
                         {LAYERS: None, "snap_tf.plots.overlay.write_label_overlay": None}, later=PICTURES),
    "plot interpolation": Case(
        ("plot", "interpolation", "FOLDER", "TMP/out"),
        {"snap_tf.series.latents.interpolation_folder.open_interpolation": None,
         "snap_tf.plots.interpolation.write_interpolation": None}),
    "plot profiles": Case(
        ("plot", "profiles", "FILE", "TMP/out"),
        {FILES: {}, CHECKS: {}, "snap_tf.plots.snap.snap_figures.ProfileFigures": None},
        words={"percentiles": ("--percentiles", "25,75"), "percentile": ("--percentile", "90")},
        ends_in={"compare": "paths", "sanity": "folders"}, later=frozenset({"tensorboard", "figures"})),
    "gamm": Case(
        ("gamm", "TABLE", "--out", "TMP/out"), {TABLE: LONG_TABLE, "snap_tf.gamm.gamm_words": None},
        words={**COLUMNS, "rho": ("--rho", "0.375")},
        later=PICTURES | {"formula", "at", "layers", "correction", "pairs", "overwrite", "time_label", "value_label"}),
    "gamm of a formula": Case(
        ("gamm", "TABLE", "--out", "TMP/out", "--formula", "value ~ s(time_s)"),
        {TABLE: LONG_TABLE, "snap_tf.gamm.gamm": None}, words={**COLUMNS, "rho": ("--rho", "0.375")},
        later=PICTURES | {"value", "time", "group", "by", "random", "k", "m", "k_random", "m_random", "reference", "at",
                          "speaker", "item", "layers", "correction", "pairs", "overwrite", "time_label",
                          "value_label"}),
    "gamm in pictures": Case(
        ("gamm", "TABLE", "--out", "TMP/out"),
        {TABLE: LONG_TABLE, "snap_tf.gamm.gamm_words": fitted, "snap_tf.gamm.write_fit": None,
         "snap_tf.gamm.check": "", "snap_tf.plots.gamm.checks_figure": None, "snap_tf.plots.style.write_figure": None,
         "snap_tf.plots.gamm.words_figure": None, "snap_tf.plots.gamm.differences_figure": None},
        words={"pairs": ("--pairs", "ask:wash")}, only=frozenset({"pairs", "time_label", "value_label"})),
    "gamm of layers": Case(
        ("gamm", "TABLE", "--out", "TMP/out", "--at", "layer"),
        {TABLE: LONG_TABLE, "snap_tf.gamm.fit_layers": {}, "snap_tf.gamm.layer_tests": None},
        words={**COLUMNS, "rho": ("--rho", "0.375")},
        later=PICTURES | {"formula", "pairs", "overwrite", "time_label", "value_label"}),
    "contrasts": Case(
        ("contrasts", "TABLE", "--out", "TMP/out"), {TABLE: LONG_TABLE, "snap_tf.gamm.lost_contrasts": None},
        words={**COLUMNS, "pairs": ("--pairs", "s:sh")}, ends_in={"at": "layer", "no_normalise": "normalise"},
        later=PICTURES | {"overwrite", "time_label", "value_label"}),
    "asr train": Case(
        ("asr", "train", "W2P_shallow", "--corpus", "DIR", "--run", "TMP/run"),
        {CORPUS: Corpus(Path(), ()), "wavegan_tf.training.devices.prepare_devices": None,
         "snap_tf.asr.training.loop.train_recogniser": None},
        ends_in={"layout": "kind", "from_run": "source"}, later=frozenset({"preset"})),
    "asr transcribe": Case(
        ("asr", "transcribe", "MODEL", "FILE"),
        {"snap_tf.asr.transcription.find_recordings": ([], []), RECOGNISER: recogniser,
         "snap_tf.asr.transcription.transcribe": [], "snap_tf.asr.transcription.write_transcripts": None,
         "snap_tf.asr.transcription.write_textgrids": None},
        ends_in={"out": "path", "textgrids": "folder"}, later=frozenset({"out", "textgrids"})),
    "asr evaluate": Case(
        ("asr", "evaluate", "MODEL", "--corpus", "DIR"),
        {RECOGNISER: recogniser, CORPUS: Corpus(Path(), ()), "snap_tf.asr.evaluation.evaluate_corpus": None},
        ends_in=READING,
        later=frozenset({"confusions", "transcripts"})),
    "asr export": Case(
        ("asr", "export", "MODEL", "TMP/out", "--corpus", "DIR"),
        {RECOGNISER: recogniser, CORPUS: Corpus(Path(), ()),
         "snap_tf.asr.evaluation.evaluate_corpus": (SimpleNamespace(to_text=str), ()),
         "snap_tf.asr.export.export_recogniser": None}, ends_in=READING),
    "profile": Case(
        ("profile", "MODEL", "--corpus", "DIR", "--out", "TMP/out.npz"),
        {CORPUS: Corpus(Path(), ()), NETWORK: network, "snap_tf.snap.profiles.profiling.profile": None},
        words={"target": ("--target", "class:7"), "kinds": ("--kinds", "nap"), "shard": ("--shard", "2/5")},
        ends_in=READING, later=frozenset({"clips", "inputs", "min_frames", "fold_by"})),
    "profile of clips": Case(
        ("profile", "MODEL", "--clips", "DIR", "--out", "TMP/out.npz"),
        {NETWORK: network, "snap_tf.snap.frames.clip_folder.ClipFolder": None},
        words={"clips": ("--clips", "word")}, ends_in={"clips": "folder"}, only=frozenset({"clips", "split"})),
    "merge": Case(("merge", "FILE", "FILE", "--out", "TMP/out.npz"),
                  {"snap_tf.snap.profiles.profile_file.merge_profiles": None}),
    "align-eval": Case(
        ("align-eval", "FILE", "TMP/out"),
        {FILES: {}, CHECKS: {}, "snap_tf.snap.results.evaluation_folder.evaluate_alignment": None},
        ends_in={"compare": "paths", "sanity": "folders"}, later=PICTURES | {"phones"}),
    "cluster": Case(
        ("cluster", "FILE", "TMP/out"),
        {FILES: {}, CHECKS: {}, "snap_tf.snap.results.cluster_folder.cluster_models": None},
        words={"percentiles": ("--percentiles", "25,75")}, ends_in={"compare": "paths", "sanity": "folders"},
        later=PICTURES | {"boundary"}),
    "sanity": Case(
        ("sanity", "MODEL", "TMP/out", "--corpus", "DIR"),
        {CORPUS: Corpus(Path(), ()), NETWORK: network, "snap_tf.snap.sanity.checks.sanity_checks": None},
        words={"target": ("--target", "class:7")}, ends_in=READING, later=PICTURES | {"clips", "inputs"}),
    "saliency": Case(
        ("saliency", "MODEL", "AUDIO", "TMP/out"),
        {"snap_tf.snap.saliency.heard.open_listener": None, "snap_tf.snap.saliency.saliency_maps.saliency_map": None},
        words={"layer": ("--layer", "L3", "--method", "gradcam")}),
    "report": Case(("report", "FOLDER", "TMP/out.html", "--plan", "PLAN"),
                   {"snap_tf.reports.page.write_report": None}),
}


@pytest.mark.parametrize(("name", "action"), [
    pytest.param(name, action, id=f"{name} {action.option_strings[0]}")
    for name, case in CASES.items() for action in flags_of(build_parser(), case)])
def test_flag(name: str, action: argparse.Action, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_flag(main, CASES[name], action, monkeypatch, tmp_path)


def test_every_command_is_here() -> None:
    commands = build_parser()._subparsers._group_actions[0].choices
    assert set(commands) == {case.argv[0] for case in CASES.values()}


@pytest.mark.parametrize("words", [(), ("--sa", "none")])
def test_a_recogniser_is_scored_without_the_sentences_it_was_trained_without(
        words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the command says which recordings to keep: then the reader has done so."""
    trained = SimpleNamespace(config=SimpleNamespace(sa="keep7", sa_seed=7), alphabet=None)
    doors = {RECOGNISER: trained, CORPUS: Corpus(tmp_path, ()), "wavegan_tf.data.corpora.sa_policy.keep_sa": (),
             "snap_tf.asr.evaluation.evaluate_corpus": None}
    found = reached(main, Case(("asr", "evaluate", "MODEL", "--corpus", "DIR"), doors), monkeypatch, tmp_path, *words)
    kept = {name: found[name] for name in found if name.startswith("keep_sa.") or name == "open_corpus.options.sa"}
    assert kept == ({"open_corpus.options.sa": "none"} if words else
                    {"keep_sa.utterances": "()", "keep_sa.policy": "keep7", "keep_sa.seed": "7"})
