"""The public API: every name can be imported, every function has an example in its docstring, every example runs."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from scripts import load_script

PROJECT = Path(__file__).parents[2]
SCRIPT = load_script("api")
source = SCRIPT.source
PACKAGES = sorted(path.parent.relative_to(PROJECT).as_posix().replace("/", ".")
                  for name in ("wavegan_tf", "snap_tf") for path in PROJECT.glob(f"{name}/**/__init__.pyi"))
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@cache
def definitions(module: str) -> dict[str, ast.stmt]:
    return {node.name: node for node in ast.parse(source(module).read_text(encoding="utf-8")).body
            if isinstance(node, ast.FunctionDef | ast.ClassDef)}


API = {f"{module}.{name}": module for module in SCRIPT.MODULES for name in SCRIPT.listed(module)}
API |= {f"{package}.{name}": module for package in PACKAGES for name, module in SCRIPT.exported(package).items()}


def definition(name: str) -> ast.stmt | None:
    return definitions(API[name]).get(name.rpartition(".")[2])


def example(name: str) -> str:
    node = definition(name)
    text = ast.get_docstring(node) if isinstance(node, ast.FunctionDef | ast.ClassDef) else None
    return text if text and ">>>" in text else ""


@pytest.mark.parametrize("package", sorted({name.rpartition(".")[0] for name in API}))
def test_every_name_can_be_imported(package: str) -> None:
    for name, module in API.items():
        if name.rpartition(".")[0] == package:
            own = name.rpartition(".")[2]
            found = getattr(importlib.import_module(package), own)
            assert found is getattr(importlib.import_module(module), own), name
            assert own in dir(importlib.import_module(package))


@pytest.mark.parametrize("package", PACKAGES)
def test_no_public_name_is_also_that_of_a_module(package: str) -> None:
    """Importing the module would put it in the place of the name."""
    folder = PROJECT.joinpath(*package.split("."))
    modules = {path.stem for path in folder.glob("*.py")} | {path.name for path in folder.iterdir() if path.is_dir()}
    assert not modules & SCRIPT.exported(package).keys()


def test_document_is_up_to_date() -> None:
    assert SCRIPT.DOCUMENT.read_text(encoding="utf-8") == SCRIPT.text(), "run: python scripts/api.py"
    assert " | |" not in SCRIPT.text().replace("`", ""), "a public name without a first sentence"


def test_packages_load_nothing_before_a_name_is_used() -> None:
    code = ("import sys, wavegan_tf.data, wavegan_tf.models, wavegan_tf.training, wavegan_tf.export, wavegan_tf.use\n"
            "import snap_tf.series, snap_tf.snap, snap_tf.asr, snap_tf.plots, snap_tf.gamm\n"
            "print(sorted({'tensorflow', 'keras', 'pandas', 'scipy', 'matplotlib'} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", sorted(name for name in API if isinstance(definition(name), ast.FunctionDef)))
def test_every_function_has_an_example(name: str) -> None:
    text = example(name)
    assert text, f"the docstring of {name} has no example"
    assert "+SKIP" not in text and name.rpartition(".")[2] in "".join(
        item.source for item in doctest.DocTestParser().get_examples(text))
    assert any(item.want for item in doctest.DocTestParser().get_examples(text)), f"the example of {name} shows nothing"


@pytest.fixture(scope="session")
def examples_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What docs/API.md says the examples have beside them: the project's models and a small synthetic corpus."""
    pytest.importorskip("espeakng_loader", reason="the extra `synth` is not installed")
    from wavegan_tf.data.synthetic import render_corpus

    folder = tmp_path_factory.mktemp("examples")
    (folder / "saved_models").symlink_to(PROJECT / "saved_models")
    render_corpus(folder / "corpus", 4, 2, seed=0, progress=False, workers=1)
    return folder


@pytest.fixture
def eager() -> Iterator[None]:
    """Run training without compiling it, which takes many times longer than one step of the smallest network."""
    import tensorflow as tf

    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*does not apply to tf.data functions")
        yield
    tf.config.run_functions_eagerly(before)


@pytest.fixture(scope="session")
def small_run(examples_folder: Path) -> Path:
    """The run that docs/API.md says the examples have beside them: one step of the smallest fiwGAN."""
    from wavegan_tf.presets import change_settings, load_preset
    from wavegan_tf.training import SessionOptions, train

    config = change_settings(load_preset("small").config, {"code": "binary", "code_dim": 3, "dim": 1, "kernel_len": 5,
                                                           "batch_size": 2, "disc_nupdates": 1})
    return train(config, examples_folder / "corpus", examples_folder / "run",
                 options=SessionOptions(max_steps=1, summary_secs=0.0, progress=False)).run


# a function that two packages list runs once
ONCE = {(API[name], name.rpartition(".")[2]): name for name in sorted(filter(example, API))}


@pytest.mark.parametrize("name", sorted(ONCE.values()))
def test_examples_run(name: str, examples_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                      request: pytest.FixtureRequest) -> None:
    if re.search(r"\btrain\w*\(", example(name)) or '"run"' in example(name):
        request.getfixturevalue("eager")
    if '"run"' in example(name):
        request.getfixturevalue("small_run")
    for item in examples_folder.iterdir():
        (tmp_path / item.name).symlink_to(item)
    monkeypatch.chdir(tmp_path)
    node = definition(name)
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)
    test = doctest.DocTestParser().get_doctest(example(name), {}, name, str(source(API[name])), node.lineno)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=FLAGS).run(test, out=said.append)
    assert not said, "".join(said)


# imports that documents and examples showed before the packages had rooms
FORMER = """
from wavegan_tf.data.readers import open_corpus
from wavegan_tf.data.slice_settings import SliceSettings
from wavegan_tf.data.slices import slice_words
from wavegan_tf.data.synthetic import render_corpus
from wavegan_tf.export.folder import export_run
from wavegan_tf.export.open_model import open_model
from wavegan_tf.presets.catalogue import change_settings, load_preset
from wavegan_tf.training.loop import train
from wavegan_tf.training.options import SessionOptions
from wavegan_tf.use.classify import classify_folder
from wavegan_tf.use.generate import Request, generate
from snap_tf.probe import probe
from snap_tf.plots.stack import write_stack
from snap_tf.series.acoustics import measure, refusal
from snap_tf.series.extract import Selection, write_layers
from snap_tf.series.stimuli import find_stimuli
from snap_tf.plots.interpolation import write_interpolation
from snap_tf.plots.latents import latents_figure
from snap_tf.plots.style import write_figure
from snap_tf.series.generators import open_generator
from snap_tf.series.interpolate import InterpolationRequest, interpolate
from snap_tf.series.latent_regression import RegressionSettings
from snap_tf.series.latents import find_latents, label_outputs
from snap_tf.series.sweep import SweepPlan, VariableRange
from snap_tf.gamm import check, gamm_words, stretches, write_fit
from snap_tf.plots.gamm import differences_figure, words_figure
from snap_tf.asr.evaluation import evaluate_corpus
from snap_tf.asr.export import export_recogniser
from snap_tf.asr.layer_table import layer_table
from snap_tf.asr.receptive_field import receptive_field, support
from snap_tf.asr.runs import open_recogniser
from snap_tf.asr.settings import RecogniserSession, preset_config
from snap_tf.asr.training import train_recogniser
from snap_tf.asr.transcribe import transcribe
from snap_tf.plots.snap_profiles import profiles_figure
from snap_tf.snap.clustering import cluster_profiles
from snap_tf.snap.evaluation import alignment_summary
from snap_tf.snap.profile_file import write_profiles
from snap_tf.snap.profiling import profile
from snap_tf.snap.settings import ProfileOptions
"""


@pytest.mark.parametrize("line", FORMER.strip().splitlines())
def test_former_imports_go_on_working(line: str) -> None:
    names: dict = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        exec(line, names)
    for own in line.partition(" import ")[2].split(", "):
        assert callable(names[own]), line


def test_a_former_import_says_where_the_name_is_now_and_leaves_the_package_whole() -> None:
    code = ("import warnings; warnings.simplefilter('error')\n"
            "try:\n    import snap_tf.series.interpolate\n"
            "except DeprecationWarning as warning:\n    print(warning)\n"
            "warnings.simplefilter('ignore')\n"
            "from snap_tf.series.interpolate import interpolate as former\n"
            "from snap_tf.series import interpolate\n"
            "import snap_tf.series.latents.interpolation as now\n"
            "print(former is now.interpolate, now.__spec__.name, callable(interpolate))\n"
            "try:\n    import snap_tf.series.nothing\n"
            "except ModuleNotFoundError as error:\n    print(error)\n")
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "snap_tf.series.interpolate is now snap_tf.series.latents.interpolation; import its public names from "
        "snap_tf.series (docs/API.md)",
        "True snap_tf.series.latents.interpolation True", "No module named 'snap_tf.series.nothing'"]
