"""Regression of a label on latent variables: a planted rule is found, none is found where there is none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from snap_tf.series.latents.latent_regression import RegressionSettings, regress_label
from snap_tf.series.latents.penalised_paths import coefficient_path, held_out_loss, largest_penalty, predictions
from wavegan_tf.errors import ConfigError, DataError

QUICK = RegressionSettings(folds=5, n_lambdas=15, permutations=20, seed=1)


def latent(n, seed=0, variables=100):
    return np.random.default_rng(seed).uniform(-1, 1, (n, variables))


def standardised(x):
    return (x - x.mean(0)) / x.std(0)


def test_two_planted_variables_of_a_hundred_are_found():
    z = latent(1000)
    y = (z[:, 3] - z[:, 70] + 0.1 * np.random.default_rng(1).normal(size=1000) > 0.2).astype(float)
    fitted = regress_label(z, y, binary=True, settings=QUICK)
    top = fitted.table.head(2)
    assert set(top["variable"]) == {3, 70} and set(top["ridge_rank"]) == {1, 2}
    assert dict(zip(top["variable"], np.sign(top["b"]), strict=True)) == {3: 1.0, 70: -1.0}
    assert fitted.score > 0.95 and fitted.score_name == "auc"
    assert (top["fold_share"] == 1).all() and (top["sign_share"] == 1).all()
    assert (top["p"] < 0.05).all() and (fitted.table["p"].iloc[2:] > 0.05).all()
    assert fitted.p_value == pytest.approx(1 / 21)
    assert abs(fitted.null_scores.mean() - 0.5) < 0.05


def test_a_label_without_a_rule_gives_nothing():
    fitted = regress_label(latent(600), (latent(600, 5)[:, 0] > 0).astype(float), binary=True, settings=QUICK)
    assert 0.35 < fitted.score < 0.65
    assert fitted.p_value > 0.05
    assert (fitted.table["p"] > 0.05).all()


def test_a_measure_is_regressed_linearly_in_its_own_unit():
    z = latent(600)
    y = 200 + 30 * z[:, 8] + np.random.default_rng(2).normal(size=600)
    fitted = regress_label(z, y, binary=False, settings=RegressionSettings(folds=5, permutations=0))
    assert fitted.table["variable"].iloc[0] == 8
    # the penalty takes lambda off b per SD
    assert fitted.table["b_per_unit"].iloc[0] == pytest.approx(30 - fitted.lambda_1se / z[:, 8].std(), abs=0.3)
    assert fitted.score > 0.98 and np.isnan(fitted.p_value)


def test_the_chosen_penalty_is_the_largest_within_one_standard_error():
    z = latent(500)
    fitted = regress_label(z, (z[:, 0] + z[:, 1] > 0).astype(float), binary=True, settings=QUICK)
    path = fitted.path
    best = path["loss"].idxmin()
    within = path["loss"] <= path["loss"][best] + path["loss_se"][best]
    assert fitted.lambda_min == path["lambda"][best]
    assert fitted.lambda_1se == path["lambda"][within].max() >= fitted.lambda_min


def test_the_same_seed_gives_the_same_numbers_and_rows_without_label_do_not_count():
    z = latent(400)
    y = (z[:, 0] > 0).astype(float)
    first = regress_label(z, y, binary=True, settings=QUICK)
    padded = regress_label(np.vstack([z, latent(7, 9)]), np.append(y, [np.nan] * 7), binary=True, settings=QUICK)
    assert first.table.equals(padded.table) and first.score == padded.score
    assert padded.n == 400


@pytest.mark.parametrize("logistic", [True, False])
@pytest.mark.parametrize("lasso", [True, False])
def test_fits_satisfy_the_conditions_of_their_minimum(logistic, lasso):
    """Slope of the mean loss: within [-lambda, lambda], at the border where b is not 0 (lasso); -lambda b (ridge)."""
    x = standardised(latent(300, variables=12))
    y = x[:, 0] - 0.5 * x[:, 1] + np.random.default_rng(3).normal(size=300)
    if logistic:
        y = (y > 0.4).astype(float)
    lambdas = largest_penalty(x, y) * np.array([0.5, 0.1])
    for value, row in zip(lambdas, coefficient_path(x, y, lambdas, logistic=logistic, lasso=lasso, seed=0),
                          strict=True):
        predicted = predictions(x, row[None])[:, 0]
        slope = x.T @ (y - (1 / (1 + np.exp(-predicted)) if logistic else predicted)) / len(y)
        b = row[:-1]
        tolerance = 0.02 * value  # liblinear's own stopping rule
        if lasso:
            assert (np.abs(slope) <= value + tolerance).all() and (b != 0).any() and (b == 0).any()
            np.testing.assert_allclose(slope[b != 0], value * np.sign(b[b != 0]), atol=tolerance)
        else:
            np.testing.assert_allclose(slope, value * b, atol=tolerance)


@how(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_above_the_largest_penalty_nothing_is_left(seed):
    rng = np.random.default_rng(seed)
    x = standardised(rng.uniform(-1, 1, (60, 5)))
    y = rng.normal(size=60)
    top = largest_penalty(x, y)
    above, below = coefficient_path(x, y, np.array([1.001, 0.95]) * top, logistic=False, lasso=True, seed=0)
    assert not above[:-1].any() and below[:-1].any()


def test_losses_by_hand():
    # log loss of logit 0 is log 2; squared error of 0 for 1 is 1
    assert held_out_loss(np.array([0.0, 1.0]), np.zeros((2, 1)), True)[0] == pytest.approx(np.log(2))
    assert held_out_loss(np.array([0.0, 1.0]), np.zeros((2, 1)), False)[0] == pytest.approx(0.5)


@pytest.mark.parametrize(("y", "binary", "message"), [
    (np.ones(50), True, r"at least 10 outputs of either class for 5 folds; it has 50 of one and 0 of the other"),
    (np.ones(50), False, r"must vary over outputs; all 50 have 1"),
    (np.full(50, np.nan), True, r"outputs with a label \(=0\) must be at least 10"),
    (np.linspace(0, 2, 50), True, r"must be 0 or 1"),
])
def test_labels_that_cannot_be_regressed_are_refused(y, binary, message):
    with pytest.raises(DataError, match=message):
        regress_label(latent(50), y, binary=binary, settings=QUICK)


@pytest.mark.parametrize(("option", "message"), [
    ({"folds": 2}, r"`folds` \(=2\)"), ({"n_lambdas": 1}, "`n_lambdas`"), ({"test_share": 1.0}, "`test_share`"),
    ({"permutations": -1}, "`permutations`")])
def test_settings_that_cannot_work_are_refused(option, message):
    with pytest.raises(ConfigError, match=message):
        RegressionSettings(**option)
