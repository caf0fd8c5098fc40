"""Numbers whose powers are no numbers are refused by column and row; large and small ones give the same fit."""

import numpy as np
import pandas as pd
import pytest
from small_models import table

import snap_tf.cli
from snap_tf.gamm import GammError, gamm

FORMULA = "Value ~ Word + s(Sample, k=5)"


@pytest.mark.parametrize("column", ["Value", "Sample"])
@pytest.mark.parametrize("number", [1e308, -1e308, 1.7e308, 1e51, -1e60])
def test_numbers_too_large_are_named_with_column_and_row(column: str, number: float) -> None:
    data = table(unequal=False).astype({"Sample": float})
    data.loc[6, column] = number
    with pytest.raises(GammError) as caught:
        gamm(FORMULA, data)
    said = str(caught.value)
    assert f"`{column}` must hold numbers up to 1e+50; row 7 (" in said and f"(={number})" in said


@pytest.mark.parametrize("column", ["Value", "Sample"])
@pytest.mark.parametrize("factor", [1e-60, 1e-200, 1e-310])
def test_numbers_too_close_are_named_with_their_column(column: str, factor: float) -> None:
    data = table(unequal=False)
    data[column] = data[column] * factor
    with pytest.raises(GammError, match=f"`{column}` must have numbers that differ by 1e-50 or more"):
        gamm(FORMULA, data)


@pytest.mark.parametrize("column", ["Value", "Sample"])
@pytest.mark.parametrize("factor", [1e-45, 1e45])
def test_another_unit_is_the_same_fit(column: str, factor: float) -> None:
    data = table(unequal=False)
    other = data.assign(**{column: data[column] * factor})
    one, two = gamm(FORMULA, data), gamm(FORMULA, other)
    unit = factor if column == "Value" else 1.0
    np.testing.assert_allclose(two.fitted / unit, one.fitted, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(two.smooths["edf"], one.smooths["edf"], rtol=1e-4)


def test_the_command_refuses_them_in_one_line(tmp_path, capfd) -> None:
    data = pd.DataFrame({"Word": ["a", "b"] * 30, "Token": np.repeat(range(6), 10), "Sample": [*range(10)] * 6,
                         "Value": np.linspace(0, 1, 60)})
    data["Word"] = np.where(data["Token"] % 2, "a", "b")
    data.loc[3, "Value"] = -1e308
    data.to_csv(tmp_path / "t.csv", index=False)
    code = snap_tf.cli.main(["gamm", str(tmp_path / "t.csv"), "--out", str(tmp_path / "out"), "--value", "Value",
                             "--time", "Sample", "--group", "Word", "--token", "Token"])
    shown = capfd.readouterr()
    assert code == 2 and shown.err.count("\n") == 1 and "`Value` must hold numbers up to 1e+50; row 4 " in shown.err
    assert not (tmp_path / "out").exists()
