"""The import rules of docs/ARCHITECTURE.md, read from the source, and what may not be loaded to show a help text."""

import ast
import re
import runpy
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import setuptools

from scripts import load_script

PROJECT = Path(__file__).parents[2]
PACKAGES = ("wavegan_tf", "snap_tf")
ROOMS = load_script("rooms")
imported = ROOMS.imported
SOURCES = sorted(path.relative_to(PROJECT) for name in PACKAGES for path in PROJECT.glob(f"{name}/**/*.py"))

# the lowest room: readers of formats, which everything may use and which know nothing of what they are read for
FORMATS_MAY_USE = ("errors", "memory", "formats")
# and the room of places and signals, through which everything is written
FILES_MAY_USE = ("errors", "files")
# from low to high; data and models stand side by side, the modules beside them below both
LAYERS = ("presets", "data", "models", "training", "export", "use", "commands")
ONLY_HERE = {"matplotlib": ("snap_tf/plots/", "wavegan_tf/training/pictures.py"),
             "tf_keras_vis": ("snap_tf/snap/saliency/keras_vis.py",)}
GAMM_NEEDS = {"lazy_loader", "numpy", "scipy", "pandas", "statsmodels", "patsy"}  # as packaging/gamm/setup.py says
# what snap_tf takes from wavegan_tf outside its one door to networks, probe.py
SNAP_MAY_USE = ("data", "files", "formats", "memory", "tensors", "printing", "errors", "atomic", "config",
                "command_line", "label_names", "permutation_p", "__version__", "commands.corpus_options",
                "commands.flags", "commands.label_lists", "use.labels", "use.generation.Request",
                "use.generation.choose_vectors")
# and what training has in common, whatever is trained: checkpoints, sessions, curves, interrupts
ASR_MAY_USE = ("checkpoint_folders", "export.checksums", "export.disk", "training.devices", "training.events",
               "training.interrupts", "training.metrics", "training.runs")
# from low to high: what lies in a room imports from its own and from lower ones
ROOM_ORDER = {
    "wavegan_tf.data": ("audio", "phones", "labels", "corpora", "slices", "batches"),
    "snap_tf.series": ("extraction", "acoustics", "latents"),
    "snap_tf.series.acoustics": ("measures", "places", "acoustic_request", "waveform_tracks", "acoustic_tables"),
    "snap_tf.snap": ("settings", "alignment", "frames", "network", "profiles", "clusters", "results", "sanity",
                     "saliency"),
    "snap_tf.gamm": ("errors", "model", "bases", "solver", "inference", "paper", "fit", "questions"),
    "snap_tf.asr": ("spectrograms", "transcripts", "network", "batches", "settings", "runs", "evaluation", "training"),
    "snap_tf.plots": ("style", "snap"),
    "snap_tf.commands": ("options", "profile"),
    "wavegan_tf.training": ("updates", "loop"),
}
# modules side by side in one folder, `__init__` not counted
MOST_MODULES = 15
DISTRIBUTIONS = {"sklearn": "scikit-learn", "parselmouth": "praat-parselmouth"}


IMPORTS = [
    (path, line, name)
    for path in SOURCES
    for line, name in imported((PROJECT / path).read_text(encoding="utf-8"), path.parent.parts)
]


def is_in(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def complain(found: list[str]) -> None:
    assert not found, "\n" + "\n".join(found)


def test_there_is_something_to_check() -> None:
    assert {"wavegan_tf/cli.py", "snap_tf/__init__.py"} <= {path.as_posix() for path in SOURCES}
    assert any(name == "wavegan_tf.errors.DataError" for _, _, name in IMPORTS)


def test_imports_are_read_in_every_form() -> None:
    source = "import a.b\nfrom c import d as e\ndef f():\n    from .. import g\n    from .h import i, j\n"
    assert list(imported(source, ("top", "sub"))) == [
        (1, "a.b"), (2, "c.d"), (4, "top.g"), (5, "top.sub.h.i"), (5, "top.sub.h.j"),
    ]
    assert is_in("snap_tf.gamm", "snap_tf") and is_in("snap_tf", "snap_tf") and not is_in("snap_tfx.y", "snap_tf")


def test_networks_never_import_what_looks_into_them() -> None:
    complain([f"{p}:{n}: wavegan_tf must not import {name}" for p, n, name in IMPORTS
              if p.parts[0] == "wavegan_tf" and is_in(name, "snap_tf")])


def test_lower_layers_never_import_higher_ones() -> None:
    forbidden = {layer: LAYERS[i + 1 :] for i, layer in enumerate(LAYERS)}
    forbidden["models"] += ("data",)
    found = []
    for path, line, name in IMPORTS:
        here = path.parts[1]
        beside = here.endswith(".py") and here != "cli.py"
        higher = LAYERS if beside else forbidden.get(here, ())
        if path.parts[0] == "wavegan_tf" and is_in(name, *(f"wavegan_tf.{layer}" for layer in higher)):
            found.append(f"{path}:{line}: {here} must not import {name}")
    complain(found)


def test_every_part_has_its_place_in_the_layers() -> None:
    parts = {path.parts[1] for path in SOURCES if path.parts[0] == "wavegan_tf" and len(path.parts) > 2}
    assert parts <= {"files", "formats", *LAYERS}


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Neither modules, nor rooms, nor the boxes of the picture; imports inside functions count."""
    graph = ROOMS.module_graph()
    assert len(graph) > 300 and sum(map(len, graph.values())) > 1000
    complain([" <-> ".join(sorted(circle)) for circle in ROOMS.circles(graph)])
    folders = sorted({name.rpartition(".")[0] for name in graph} - set(PACKAGES))
    complain([f"in {folder}: {' <-> '.join(sorted(circle))}" for folder in folders
              for circle in ROOMS.circles(ROOMS.rooms_of(folder, graph))])
    boxes = {name: targets - ROOMS.GROUND.keys() for name, targets in ROOMS.parts(graph).items()}
    complain([" <-> ".join(sorted(circle)) for circle in ROOMS.circles(boxes)])


def test_a_circle_is_found() -> None:
    assert ROOMS.circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [{"b", "c"}]
    graph = {"p.q.r.a": {"p.q.s", "p.x"}, "p.q.s": set(), "p.x": set()}
    assert ROOMS.rooms_of("p.q", graph) == {"r": {"s"}, "s": set()}


@pytest.mark.parametrize("package", ROOM_ORDER)
def test_rooms_import_lower_ones_only(package: str) -> None:
    order = ROOM_ORDER[package]
    found = ROOMS.rooms_of(package, ROOMS.module_graph())
    assert set(order) <= found.keys()
    complain([f"{package}.{room} must not import {package}.{higher}" for i, room in enumerate(order)
              for higher in order[i + 1 :] if higher in ROOMS.reachable(found, room)])


def test_folders_are_small() -> None:
    folders = Counter(path.parent for path in SOURCES if path.name != "__init__.py")
    assert len(folders) > 40
    complain([f"{folder}: {n} modules; make a room" for folder, n in folders.items() if n > MOST_MODULES])


def test_formats_lie_below_everything() -> None:
    complain([f"{p}:{n}: formats must not import {name}" for p, n, name in IMPORTS
              if p.is_relative_to("wavegan_tf/formats") and is_in(name, *PACKAGES)
              and not is_in(name, *(f"wavegan_tf.{part}" for part in FORMATS_MAY_USE))])


def test_files_lie_below_everything() -> None:
    complain([f"{p}:{n}: files must not import {name}" for p, n, name in IMPORTS
              if p.is_relative_to("wavegan_tf/files") and is_in(name, *PACKAGES)
              and not is_in(name, *(f"wavegan_tf.{part}" for part in FILES_MAY_USE))])


def test_commands_are_imported_by_the_command_line_only() -> None:
    complain([f"{p}:{n}: {name}" for p, n, name in IMPORTS
              if is_in(name, "wavegan_tf.commands", "wavegan_tf.cli", "snap_tf.commands", "snap_tf.cli")
              and p.parts[1] not in ("commands", "cli.py")])


def test_gamm_stands_alone_but_for_its_files() -> None:
    standard = sys.stdlib_module_names
    complain([f"{p}:{n}: gamm must not import {name}" for p, n, name in IMPORTS
              if p.is_relative_to("snap_tf/gamm") and not is_in(name, "snap_tf.gamm")
              and not (p.name == "files.py" and is_in(name, "wavegan_tf.formats", "wavegan_tf.errors"))
              and name.split(".")[0] not in standard | GAMM_NEEDS])


def test_series_gamm_and_snap_do_not_import_each_other() -> None:
    parts = ("series", "gamm", "snap")
    complain([f"{p}:{n}: {p.parts[1]} must not import {name}" for p, n, name in IMPORTS
              if p.parts[0] == "snap_tf" and p.parts[1] in parts
              and is_in(name, *(f"snap_tf.{part}" for part in parts if part != p.parts[1]))])


def test_analysis_reads_networks_through_one_door() -> None:
    complain([f"{p}:{n}: only snap_tf/probe.py may import {name}" for p, n, name in IMPORTS
              if p.parts[0] == "snap_tf" and p.name != "probe.py" and is_in(name, "wavegan_tf")
              and not is_in(name, *(f"wavegan_tf.{part}" for part in
                                    SNAP_MAY_USE + (ASR_MAY_USE if "asr" in p.as_posix() else ())))])


def test_pictures_and_the_saliency_library_have_one_place() -> None:
    complain([f"{p}:{n}: {name}" for p, n, name in IMPORTS for library, places in ONLY_HERE.items()
              if is_in(name, library) and not p.as_posix().startswith(places)])


def test_no_star_imports() -> None:
    complain([f"{p}:{n}: {name}" for p, n, name in IMPORTS if name.endswith(".*")])


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_every_module_says_what_it_holds_and_what_is_public(path: Path) -> None:
    tree = ast.parse((PROJECT / path).read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{path} has no docstring"
    names = {name.id for node in tree.body if isinstance(node, ast.Assign)
             for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    assert "__all__" in names or len(tree.body) == 1, f"{path} has no __all__"


def test_everything_imported_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    declared: dict = {}
    monkeypatch.setattr(setuptools, "setup", declared.update)
    monkeypatch.chdir(PROJECT)
    runpy.run_path("setup.py")
    extras = declared["extras_require"]
    names = {re.match(r"[\w-]+", line)[0] for line in [*declared["install_requires"], *extras["io"], *extras["synth"]]}
    ours = {*PACKAGES, "__future__"}
    complain(sorted({f"{p}:{n}: {name} is not in setup.py" for p, n, name in IMPORTS
                     for top in [name.split(".")[0]] if top not in sys.stdlib_module_names | ours
                     and DISTRIBUTIONS.get(top, top.replace("_", "-")) not in names}))


def loaded_after(program: str) -> set[str]:
    """Run `program` in a fresh Python and give the names of all modules it loaded."""
    code = f"import sys\n{program}\nprint('loaded:', *sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return set(run.stdout.rsplit("loaded:", 1)[1].split())


HEAVY = {"tensorflow", "keras", "tensorflow_io", "pandas", "scipy", "matplotlib", "sklearn", "statsmodels", "librosa"}


@pytest.mark.parametrize("package", PACKAGES)
def test_help_is_quick_because_nothing_heavy_is_loaded(package: str) -> None:
    loaded = loaded_after(f"from {package}.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass")
    assert f"{package}.cli" in loaded
    assert not loaded & HEAVY


def test_formats_are_light() -> None:
    loaded = loaded_after("import pkgutil, importlib, wavegan_tf.formats as room\n"
                          "for module in pkgutil.iter_modules(room.__path__, room.__name__ + '.'):\n"
                          "    importlib.import_module(module.name)")
    assert "wavegan_tf.formats.tables" in loaded
    assert not loaded & {"tensorflow", "keras", "matplotlib", "sklearn", "statsmodels", "scipy"}


def test_statistics_do_not_load_tensorflow() -> None:
    loaded = loaded_after("import snap_tf.gamm")
    assert "snap_tf.gamm" in loaded
    assert not loaded & {"tensorflow", "keras", "matplotlib"}
