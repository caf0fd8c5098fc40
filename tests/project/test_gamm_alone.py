"""`snap_tf.gamm` without the rest of the project: what the second distribution holds and needs, and that it works."""

import json
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import setuptools
from packaging.requirements import Requirement

import wavegan_tf
from scripts import load_script

PROJECT = Path(__file__).parents[2]
# what the requirements themselves need: pandas, statsmodels, patsy
NEEDED_BY_THEM = {"dateutil", "packaging", "pytz", "six", "tzdata", "formulaic", "interface_meta", "narwhals",
                  "typing_extensions", "wrapt"}
PROGRAM = """
import json, warnings
from pathlib import Path
from snap_tf.gamm import (check, difference_tests, fit_layers, gamm, layer_tests, read_table, simulate_words,
                          stretches, versions, write_fit)

table = simulate_words(n_tokens=4, n_steps=10, seed=1, layers={"Conv4": 1.0, "Conv5": 0.5})
table.to_csv("table.csv", index=False)
table = read_table("table.csv", labels=["token", "label"])
one = table[table["layer"] == "Conv5"]
fit = gamm("value ~ label + s(time_s, k=6) + s(time_s, by=label, k=6) + fs(time_s, token, k=5)", one, rho="auto")
Path("fit").mkdir(exist_ok=True)
write_fit(fit, "fit")
check(fit, n_shuffles=5), stretches(fit.differences()), difference_tests(fit), versions()
layer_tests(fit_layers(table, layer="layer", k=6, random="intercept"), correction="holm")
print(json.dumps({"score": fit.score, "files": sorted(path.name for path in Path("fit").iterdir())}))
"""
FILES = {"curves.csv", "differences.csv", "fit.json", "fitted.csv", "model.R", "stretches.csv", "table.txt"}


def metadata_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    """What the setup.py of a folder hands to setuptools."""
    given: dict = {}
    monkeypatch.setattr(setuptools, "setup", given.update)
    monkeypatch.chdir(folder)
    runpy.run_path("setup.py")
    return given


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> dict:
    return metadata_of(PROJECT / "packaging" / "gamm", monkeypatch)


def test_requirements_are_those_of_the_project_and_no_network_is_among_them(
        alone: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {r.name: r for r in map(Requirement, metadata_of(PROJECT, monkeypatch)["install_requires"])}
    needed = list(map(Requirement, alone["install_requires"]))
    assert {r.name for r in needed} == {"numpy", "scipy", "pandas", "statsmodels", "patsy", "lazy-loader"}
    for requirement in needed:
        lower = [str(part) for part in whole[requirement.name].specifier if part.operator == ">="]
        assert [str(part) for part in requirement.specifier] == lower


def test_it_has_the_project_s_version_and_licence(alone: dict) -> None:
    assert (alone["name"], alone["version"]) == ("snap-gamm", wavegan_tf.__version__)
    assert (PROJECT / "packaging" / "gamm" / "LICENSE").read_bytes() == (PROJECT / "LICENSE").read_bytes()


def test_it_holds_every_module_that_the_statistics_import_and_no_command(alone: dict) -> None:
    rooms = load_script("rooms")
    graph = rooms.module_graph()
    gamm = {name for name in graph if name.startswith("snap_tf.gamm.")}
    needed = gamm.union(*(rooms.reachable(graph, name) for name in gamm)) | {"wavegan_tf.moved_modules"}
    held = {name for name in graph if name in alone["py_modules"] or name.rpartition(".")[0] in alone["packages"]}
    assert needed <= held
    assert not [name for name in held if name.startswith(("snap_tf.commands", "snap_tf.plots", "wavegan_tf.models"))]
    folders = {path.parent.relative_to(PROJECT).as_posix().replace("/", ".")
               for path in PROJECT.glob("snap_tf/gamm/**/*.py")}
    assert folders <= set(alone["packages"])


def test_fitting_reading_and_writing_import_nothing_else(alone: dict, tmp_path: Path) -> None:
    """A finder at the front refuses every module that the distribution neither holds nor needs."""
    needed = {Requirement(text).name.replace("-", "_") for text in alone["install_requires"]}
    hook = f"""
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in ("snap_tf", "wavegan_tf"):
            held = name in {{"snap_tf", "wavegan_tf", *{alone["py_modules"]!r}}} or any(
                name == package or name.startswith(package + ".") for package in {alone["packages"]!r})
        else:
            held = top in sys.stdlib_module_names or top.startswith("_") or top in {needed | NEEDED_BY_THEM!r}
        if not held:
            raise ModuleNotFoundError(f"No module named {{name!r}} (refused by the test)", name=name)

sys.path.insert(0, {str(PROJECT)!r})
sys.meta_path.insert(0, Refuse())
for name in ("tensorflow", "keras", "matplotlib", "soundfile", "sklearn", "tqdm", "wavegan_tf.data", "snap_tf.plots"):
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        assert "refused" in str(error)
    else:
        raise AssertionError(name)
"""
    run = subprocess.run([sys.executable, "-c", hook + PROGRAM], cwd=tmp_path, capture_output=True, text=True,
                         check=False)
    assert run.returncode == 0, run.stderr
    assert set(json.loads(run.stdout)["files"]) >= FILES


@pytest.mark.slow
def test_it_installs_and_fits_in_an_empty_environment(tmp_path: Path) -> None:
    """`pip install` of the second distribution into a new environment, then the same fit with the same numbers."""
    python = tmp_path / "venv" / "bin" / "python"
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    reached = subprocess.run([*pip, "download", "--no-deps", "--quiet", "-d", str(tmp_path / "try"), "lazy-loader"],
                             cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    if reached.returncode:
        pytest.skip("no network: pip cannot download packages")
    source = tmp_path / "source"  # a build writes into the folder that it builds
    leave = shutil.ignore_patterns("__pycache__", "build", "*.egg-info")
    for name in ("wavegan_tf", "snap_tf", "packaging"):
        shutil.copytree(PROJECT / name, source / name, ignore=leave)
    (source / "docs").mkdir()
    shutil.copy(PROJECT / "docs" / "GAMM.md", source / "docs")
    installed = subprocess.run([*pip, "install", "--quiet", str(source / "packaging" / "gamm")], cwd=tmp_path,
                               capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stderr
    shutil.rmtree(source)

    names = {line.split("==")[0].lower() for line in subprocess.run(
        [*pip, "freeze"], capture_output=True, text=True, check=True).stdout.splitlines()}
    assert "pandas" in names and not names & {"tensorflow", "keras", "matplotlib", "scikit-learn", "soundfile", "h5py"}

    scores = []
    for command, folder in (([str(python), "-I"], "empty"), ([sys.executable], "here")):
        (tmp_path / folder).mkdir()
        run = subprocess.run([*command, "-c", PROGRAM if folder == "empty" else
                              f"import sys; sys.path.insert(0, {str(PROJECT)!r})\n{PROGRAM}"],
                             cwd=tmp_path / folder, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        assert set(json.loads(run.stdout)["files"]) >= FILES
        scores.append(json.loads(run.stdout)["score"])
    assert scores[0] == pytest.approx(scores[1], rel=1e-7)
