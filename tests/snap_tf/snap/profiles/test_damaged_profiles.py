"""Profile files with any kind of damage: one line with the file's name, or what the good file says."""

import json
from pathlib import Path

import numpy as np
import planted_files
import pytest
from damage import damage_file, of_any, of_arrays, of_json

from snap_tf.cli import main
from snap_tf.layer_info import LayerInfo
from snap_tf.snap.profiles.profile_file import read_profiles, write_profiles
from wavegan_tf.errors import ConfigError, UserError

LAYERS = (LayerInfo("input", "input", 30, 4, 125.0, "relu"), LayerInfo("conv_1", "L1", 5, 3, 62.5, "relu"),
          LayerInfo("output", "L7", 0, 9, 0.0, "linear"))
FREE = ("options", "model", "versions", "activation", "groupings', 0, 'name", "paper_name", "alignment", "n_blocks")
"""Facts that may be anything of their kind, or are checked by settings of their own."""


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("good") / "p.npz"
    file = planted_files.summed_file("m", layers=LAYERS)
    file.sums["phone"] = planted_files.planted_sums(layers=LAYERS)
    write_profiles(file, path)
    return path


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as archive:
        return dict(archive)


@pytest.mark.parametrize("kind", of_any(b""))
def test_files_that_are_none(good: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "p.npz"
    path.write_bytes(good.read_bytes())
    damage_file(path, of_any(good.read_bytes())[kind])
    assert main(["cluster", str(path), str(tmp_path / "out")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and f"profile file (={path}) must" in lines[0] and not (tmp_path / "out").exists()


def test_arrays_that_do_not_fit_are_named(good: Path, tmp_path: Path) -> None:
    arrays, path, n = arrays_of(good), tmp_path / "p.npz", 0
    for name, array in arrays.items():
        if name == "about" or name.endswith("/first"):
            continue
        for kind, other in of_arrays(array).items():
            if (array.dtype.kind == "U" and kind == "words") or (name.endswith("tolerance_steps") and kind == "huge"):
                continue
            np.savez(path, **{**arrays, name: other})
            with pytest.raises(UserError) as caught:
                read_profiles(path)
            assert str(path) in str(caught.value) and "\n" not in str(caught.value), (name, kind)
            n += 1
    assert n > 80


def test_descriptions_that_do_not_fit_are_refused_or_change_nothing(good: Path, tmp_path: Path) -> None:
    arrays, path, refused = arrays_of(good), tmp_path / "p.npz", 0
    expected = read_profiles(good).profiles().layers["conv_1"].values
    for kind, text in of_json(str(arrays["about"]).encode(), (None, "x", -1, 1e308, [])):
        np.savez(path, **{**arrays, "about": np.array(text.decode())})
        try:
            found = read_profiles(path).profiles().layers["conv_1"].values
        except UserError as error:
            assert "\n" not in str(error) and (str(path) in str(error) or isinstance(error, ConfigError)), kind
            refused += 1
        else:
            assert any(name in kind for name in FREE) or "'x'" in kind, kind
            if "options" not in kind:
                np.testing.assert_array_equal(found, expected)
    assert refused > 100


def test_a_member_that_is_missing_is_named(good: Path, tmp_path: Path) -> None:
    arrays = arrays_of(good)
    for name in arrays:
        np.savez(tmp_path / "p.npz", **{other: array for other, array in arrays.items() if other != name})
        with pytest.raises(UserError, match=r"p\.npz\) must"):
            read_profiles(tmp_path / "p.npz")


def test_good_files_still_say_what_they_said(good: Path) -> None:
    about = json.loads(str(arrays_of(good)["about"]))
    assert about["what"] == "snap_tf profiles" and read_profiles(good).groupings == ("phone",)
