"""The knots that mgcv draws: R's numbers with a seed, R's text of numbers, and the rows of a large table."""

import json
from pathlib import Path

import numpy as np
import pytest

from snap_tf.gamm.bases.knot_draw import draw_rows, draw_without_replacement, number_text
from snap_tf.gamm.bases.thin_plate_surface import thin_plate_surface

GOLDEN = json.loads((Path(__file__).parents[3] / "golden" / "mgcv_bases" / "knot_draw.json").read_text())


@pytest.mark.parametrize("case", GOLDEN["draws"], ids=lambda case: f"{case['n']} seed {case['seed']}")
def test_draws_are_r_s(case: dict) -> None:
    found = draw_without_replacement(case["n"], case["size"], seed=case["seed"])
    assert (found + 1).tolist() == case["drawn"]


def test_everything_can_be_drawn() -> None:
    assert sorted(draw_without_replacement(300, 300, seed=1)) == list(range(300))


@pytest.mark.parametrize(("number", "text"), list(zip(GOLDEN["numbers"], GOLDEN["texts"], strict=True)))
def test_numbers_are_written_as_r_does(number: float, text: str) -> None:
    assert number_text(number) == text


def large_table() -> tuple[np.ndarray, np.ndarray]:
    """The table of knot_draw.R: 15 times, 140 durations with some alike, the first 20 of them twice."""
    times = np.round(np.arange(15) / 14, 6)
    rows: dict[tuple[float, float], int] = {}
    for j in range(140):
        duration = round(0.05 + ((j * 37) % 151) ** 2 / 90000, 4)
        for time in times:
            row = (float(time), duration)
            if row not in rows or j < 20:
                rows[row] = rows.get(row, 0) + (2 if j < 20 else 1)
    return np.array(sorted(rows)), np.array([rows[row] for row in sorted(rows)])


def test_knots_of_a_large_table_are_mgcv_s() -> None:
    values, counts = large_table()
    assert len(values) == GOLDEN["n_rows"]
    basis = thin_plate_surface(values, counts, k=10)
    assert len(basis.knots) == 2000
    kept = {tuple(row) for row in np.round(basis.knots + basis.shift, 6)}
    left_out = [i + 1 for i, row in enumerate(np.round(values, 6)) if tuple(row) not in kept]
    assert left_out == GOLDEN["left_out"]
    assert basis.penalty_scale == pytest.approx(GOLDEN["scale"], rel=1e-7)


def test_rows_come_back_ascending_and_once() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 3))
    found = draw_rows(rows, 25)
    assert len(np.unique(found)) == 25
    assert (np.diff(found) > 0).all()
