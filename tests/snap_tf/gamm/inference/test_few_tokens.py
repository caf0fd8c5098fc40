"""Intervals and tests of words of which there are only a few tokens: what the tokens leave unknown widens them."""

import numpy as np
import pytest
from twins.word_curves import word_table

from snap_tf.gamm import GammFit, differences, gamm
from snap_tf.gamm.inference.population import critical_value, difference_tests, path_length

FORMULA = "Value ~ Word + s(Sample, k=5) + s(Sample, by=Word, k=5) + fs(Sample, Token, k=4)"


@pytest.fixture(scope="module")
def fit() -> GammFit:
    return gamm(FORMULA, word_table(5, n_tokens=6, n_steps=12))


def length_of_the_difference(fit: GammFit) -> float:
    """The path of the standardised difference between the two words."""
    rows = fit.design.fixed_rows(fit.frame)
    words = fit.frame["Word"]
    a, b = (rows[(words == level).to_numpy()][:12] for level in fit.levels)
    time = np.linspace(1, 12, 101)
    design = np.column_stack([np.interp(time, np.arange(1, 13), column) for column in (b - a).T])
    return path_length(design, fit.covariance)


def test_tokens_less_words_are_the_degrees_of_freedom(fit: GammFit) -> None:
    assert fit.between_df == 6 - 2
    assert fit.n - fit.edf_total > 20  # the residuals' are many more, and say nothing about other tokens


def test_simultaneous_intervals_use_them(fit: GammFit) -> None:
    table = differences(fit)
    wide = ((table["upper_simultaneous"] - table["lower_simultaneous"]) / 2 / table["se"]).to_numpy()
    np.testing.assert_allclose(wide, wide[0])
    length = length_of_the_difference(fit)
    assert wide[0] == pytest.approx(critical_value(length, df=4), rel=0.05)
    assert wide[0] > 1.2 * critical_value(length)  # what it would be if tokens were without number
    narrow = differences(fit, level=0.8)
    assert (narrow["upper_simultaneous"] < table["upper_simultaneous"]).all()
    np.testing.assert_allclose(narrow["upper"], table["upper"])


def test_their_p_value_uses_them_too(fit: GammFit) -> None:
    """p is 1 minus the level whose interval just touches zero where the difference is clearest."""
    row = difference_tests(fit).iloc[0]
    level = 1 - row["p"]
    assert 0.01 < row["p"] < 1
    assert critical_value(length_of_the_difference(fit), level, 4) == pytest.approx(abs(row["z"]), rel=0.05)


def test_without_smooths_of_tokens_the_residuals_count() -> None:
    table = word_table(5, n_tokens=6, n_steps=12)
    fit = gamm("Value ~ Word + s(Sample, k=5)", table)
    assert fit.between_df == pytest.approx(fit.n - fit.edf_total)
