"""The picture of latent variables: each kind of coefficient against its own threshold, and what nothing looks like."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from snap_tf.plots.latents import RIDGE_COLOUR, latents_figure
from snap_tf.plots.style import LAYER_COLOUR, OUTPUT_COLOUR
from snap_tf.series.latents.latent_regression import LatentRegression, RegressionSettings, regress_label
from snap_tf.series.latents.penalised_paths import coefficient_path

SETTINGS = RegressionSettings(folds=4, n_lambdas=8, permutations=12, seed=1)


def regression(rule: bool) -> LatentRegression:
    rng = np.random.default_rng(1)
    z = rng.uniform(-1, 1, (160, 9))
    y = z[:, 3] - z[:, 7] > 0.1 if rule else rng.uniform(size=160) > 0.5
    return regress_label(z, y.astype(float), [f"name{i}" for i in range(9)], binary=True, settings=SETTINGS)


@pytest.fixture(scope="module")
def planted() -> LatentRegression:
    return regression(True)


def panels(figure: Figure) -> dict:
    return dict(zip(("path", "rank", "loss"), figure.axes, strict=True))


def labelled(axes) -> dict:
    return {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}


def test_ridge_and_lasso_have_thresholds_of_their_own(planted: LatentRegression) -> None:
    lines = labelled(panels(latents_figure(planted, "a label"))["rank"])
    for name, null, colour in (("bars: 95 % of permuted labels", planted.null_largest, "black"),
                               ("ridge: 95 % of permuted labels", planted.null_largest_ridge, RIDGE_COLOUR)):
        assert lines[name].get_xdata()[0] == np.quantile(null, 0.95) and lines[name].get_color() == colour
    assert lines["ridge"].get_color() == RIDGE_COLOUR
    assert not np.allclose(planted.null_largest, planted.null_largest_ridge, rtol=0.01)


def test_the_ridge_s_null_is_of_the_ridge_s_penalty() -> None:
    """Twin: the same permutations, fitted with the penalty whose coefficients stand in the table."""
    z = np.random.default_rng(5).uniform(-1, 1, (120, 5))
    y = 3 * z[:, 1] + np.random.default_rng(6).normal(size=120)
    found = regress_label(z, y, binary=False, settings=SETTINGS)
    x = (z - z.mean(0)) / z.std(0)
    table = found.table.set_index("variable").sort_index()
    candidates = 10 * found.path["lambda"].to_numpy()[::4]
    fits = coefficient_path(x, y, candidates, logistic=False, lasso=False, seed=1)[:, :-1]
    used = candidates[np.abs(fits - table["ridge_b"].to_numpy()).max(axis=1).argmin()]
    # labels without a rule, shrunk as strongly as the real ones: sd of y / sqrt(n), shrunk by 1 + penalty
    typical = y.std() / np.sqrt(0.8 * 120) / (1 + used)
    assert typical < np.median(found.null_largest_ridge) < 3 * typical
    assert np.quantile(found.null_largest_ridge, 0.95) < table.loc[1, "ridge_b"]


def test_variables_stand_at_their_own_places_strongest_at_the_top(planted: LatentRegression) -> None:
    figure = latents_figure(planted, "a label")
    rank = panels(figure)["rank"]
    names = [text.get_text() for text in rank.get_yticklabels()]
    assert names == list(planted.table["name"]) and set(names[:2]) == {"name3", "name7"}
    assert rank.yaxis_inverted()  # row 0 is drawn at the top
    table = planted.table.set_index("name")
    for bar, name in zip(rank.patches, names, strict=True):
        assert bar.get_width() == pytest.approx(abs(table.loc[name, "b"]))
        assert bar.get_y() + bar.get_height() / 2 == pytest.approx(names.index(name))
    colours = {name: bar.get_facecolor() for name, bar in zip(names, rank.patches, strict=True)}
    from matplotlib.colors import to_rgba

    assert colours["name3"] == to_rgba(LAYER_COLOUR) and colours["name7"] == to_rgba(OUTPUT_COLOUR)
    circles = labelled(rank)["ridge"]
    np.testing.assert_allclose(circles.get_xdata(), planted.table["ridge_b"].abs())


def test_the_legend_of_the_paths_names_the_lines_that_have_these_values(planted: LatentRegression) -> None:
    axes = panels(latents_figure(planted, "a label"))["path"]
    lines = labelled(axes)
    texts = axes.get_legend().get_texts()
    handles = axes.get_legend().legend_handles
    assert [text.get_text() for text in texts] == list(lines)
    for text, handle in zip(texts, handles, strict=True):
        number = int(text.get_text().removeprefix("name"))
        line = lines[text.get_text()]
        np.testing.assert_array_equal(line.get_ydata(), planted.coefficients[:, number])
        np.testing.assert_array_equal(line.get_xdata(), planted.path["lambda"])
        assert tuple(handle.get_color()) == tuple(line.get_color())
    assert axes.get_xlim()[0] > axes.get_xlim()[1]  # the strongest penalty, which keeps nothing, at the left


def test_the_penalty_in_use_is_dashed_and_the_lowest_loss_dotted(planted: LatentRegression) -> None:
    """As the label of the axis says; the two must differ, or the test shows nothing."""
    assert planted.lambda_1se > planted.lambda_min
    drawn = panels(latents_figure(planted, "a label"))
    assert "dashed: within 1 SE, in use; dotted: lowest loss" in drawn["loss"].get_xlabel()
    for axes in (drawn["path"], drawn["loss"]):
        styles = {line.get_linestyle(): float(line.get_xdata()[0]) for line in axes.lines
                  if line.get_linestyle() in ("--", ":")}
        assert styles == {"--": planted.lambda_1se, ":": planted.lambda_min}


def test_where_nothing_is_selected_the_picture_says_so() -> None:
    nothing = regression(False)
    assert not nothing.table["selected"].any()
    drawn = panels(latents_figure(nothing, "a label"))
    assert [text.get_text() for text in drawn["path"].texts] == ["no variable is selected at the penalty in use"]
    assert drawn["rank"].get_legend().get_title().get_text() == "no variable is selected: order of the ridge"
    ridge = np.abs(nothing.table["ridge_b"])
    assert (np.diff(ridge) <= 0).all()


def test_where_something_is_selected_it_does_not(planted: LatentRegression) -> None:
    drawn = panels(latents_figure(planted, "a label"))
    assert planted.table["selected"].any() and not drawn["path"].texts
    assert not drawn["rank"].get_legend().get_title().get_text()
