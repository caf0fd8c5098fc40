"""`snap-tf gamm --formula`: labels that look like numbers, flags that it replaces, a folder that holds the table."""

from pathlib import Path

import pandas as pd
import pytest
from twins.word_curves import word_table

from snap_tf.cli import main
from snap_tf.gamm import GammError, compare, gamm


@pytest.fixture
def table(tmp_path: Path) -> Path:
    data = word_table(0, n_tokens=10, n_steps=8)
    data["Token"] = data["Token"].map({f"t{i}": f"1.{10 * i if i < 5 else i}" for i in range(10)})  # 1.1 and 1.10 too
    path = tmp_path / "data" / "table.csv"
    path.parent.mkdir()
    data.assign(Token=data["Token"].replace({"1.0": "1.1", "1.5": "1.50"})).to_csv(path, index=False)
    return path


FORMULA = 'Value ~ Word + s(Sample, k=5) + s(Token, bs="re")'


def test_labels_that_look_like_numbers_stay_apart(table: Path, tmp_path: Path) -> None:
    assert main(["gamm", str(table), "--formula", FORMULA, "--out", str(tmp_path / "out")]) == 0
    written = pd.read_json(tmp_path / "out" / "fit.json", typ="series")
    assert len(written["random"][0]["levels"]) == pd.read_csv(table, dtype=str)["Token"].nunique() > 8


@pytest.mark.parametrize("flag", [("--by", "separate"), ("--random", "intercept"), ("--value", "Sample"), ("--k", "20"),
                                  ("--time", "Value"), ("--k-random", "4"), ("--m", "1"), ("--layers", "a,b")])
def test_flags_that_the_formula_replaces_are_refused(flag: tuple[str, str], table: Path, tmp_path: Path,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gamm", str(table), "--formula", FORMULA, *flag, "--out", str(tmp_path / "out")]) == 2
    assert flag[0] in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_a_folder_that_holds_the_table_is_not_overwritten(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (table.parent / "notes.txt").write_text("mine")
    assert main(["gamm", str(table), "--formula", FORMULA, "--out", str(table.parent), "--overwrite"]) == 2
    assert "must not hold what is read" in capsys.readouterr().err
    assert sorted(path.name for path in table.parent.iterdir()) == ["notes.txt", "table.csv"]


def test_fits_that_differ_in_more_than_their_terms_are_not_compared(table: Path) -> None:
    data = pd.read_csv(table, dtype={"Token": str}).assign(W=2.0)
    plain = gamm("Value ~ Word + s(Sample, k=5)", data, method="ML")
    with pytest.raises(GammError, match="same rho"):
        compare({"a": plain, "b": gamm("Value ~ s(Sample, k=5)", data, method="ML", rho=0.3, token="Token")})
    with pytest.raises(GammError, match="same weights"):
        compare({"a": plain, "b": gamm("Value ~ s(Sample, k=5)", data, method="ML", weights="W")})
