"""Surfaces of two variables and the effects of the levels of a random factor, against whole predictions."""

import mgcv_general as general
import numpy as np
import pandas as pd
import pytest

from snap_tf.gamm import GammError, GammFit, gamm, predict, random_curves, surfaces
from snap_tf.plots import random_figure, series_acf_figure, surfaces_figure


@pytest.fixture(scope="module")
def te_by() -> GammFit:
    return gamm('Value ~ Word + te(Time, Dur, by=WordO, k=c(5, 3)) + te(Time, Dur, k=c(5, 3)) + s(Speaker, bs="re")',
                general.data())


@pytest.fixture(scope="module")
def slopes() -> GammFit:
    return gamm('Value ~ Word + s(Time) + s(Speaker, bs="re") + s(Speaker, Time, bs="re") + s(Speaker, Word, bs="re")'
                ' + s(Token, bs="re")', general.data())


def test_surface_of_the_model_is_its_prediction(te_by: GammFit) -> None:
    found = surfaces(te_by, of="model", n_points=7)
    assert list(found.columns) == ["group", "x_name", "y_name", "x", "y", "fit", "se", "near"] and len(found) == 3 * 49
    table = found.rename(columns={"group": "Word", "x": "Time", "y": "Dur"})
    right = predict(te_by, table, exclude="random")
    pd.testing.assert_frame_equal(found[["fit", "se"]], right[["fit", "se"]])


def test_surfaces_of_terms_add_up(te_by: GammFit) -> None:
    terms, whole = surfaces(te_by, n_points=7), surfaces(te_by, of="model", n_points=7)
    own = {name: part["fit"].to_numpy() for name, part in terms.groupby("term", sort=False)}
    assert list(own) == ["te(Time,Dur):WordOwash", "te(Time,Dur):WordOyear", "te(Time,Dur)"]
    level = te_by.parametric.set_index("term")["estimate"]
    wash = whole.loc[whole["group"] == "wash", "fit"].to_numpy()
    total = level["(Intercept)"] + level["Wordwash"] + own["te(Time,Dur)"] + own["te(Time,Dur):WordOwash"]
    np.testing.assert_allclose(wash, total, atol=1e-10)
    assert (terms["se"] > 0).all()


def test_a_surface_is_far_where_the_table_has_no_points() -> None:
    data = general.data()
    data = data[(data["Time"] < 0.5) | (data["Dur"] < 0.25)]
    fit = gamm('Value ~ s(Time, Dur, k=20) + s(Speaker, bs="re")', data)
    found = surfaces(fit, n_points=21)
    empty = (found["x"] > 0.65) & (found["y"] > 0.3)
    assert not found.loc[empty, "near"].any() and found.loc[(found["x"] < 0.4) & (found["y"] < 0.3), "near"].all()


def test_random_curves_are_the_difference_to_the_population(slopes: GammFit) -> None:
    found = random_curves(slopes, "Speaker", n_points=5)
    assert list(found.columns) == ["level", "Word", "time", "fit", "se"] and len(found) == 18 * 3 * 5
    table = found.rename(columns={"level": "Speaker", "time": "Time"})
    with_speaker = predict(slopes, table, exclude="s(Token)", se=False)["fit"]
    np.testing.assert_allclose(found["fit"], with_speaker - predict(slopes, table, exclude="random")["fit"], atol=1e-10)
    tokens = random_curves(slopes, "Token")
    assert tokens["time"].isna().all() and len(tokens) == 162 and (tokens["se"] > 0).all()
    np.testing.assert_allclose(tokens["fit"], slopes.random_effects("Token")[0])
    # the standard error of a random intercept is at most that of not knowing the token at all
    assert tokens["se"].max() < np.sqrt(slopes.sig2 / slopes.sp["s(Token)"]) * 1.0001


def test_figures(te_by: GammFit, slopes: GammFit) -> None:
    assert [axes.get_title(loc="left") for axes in surfaces_figure(te_by).axes[:3]] == [
        "te(Time,Dur):WordOwash", "te(Time,Dur):WordOyear", "te(Time,Dur)"]
    by_word = random_figure(slopes, "Speaker")
    assert [axes.get_title(loc="left") for axes in by_word.axes] == [
        f"{word} (18 levels of Speaker)" for word in ("ask", "wash", "year")]
    assert [len(axes.lines) for axes in by_word.axes] == [19, 19, 19] and by_word.axes[0].get_xlabel() == "Time"
    points = random_figure(te_by)
    assert points.axes[0].get_xlabel() == "Speaker, in order" and len(points.axes[0].get_xticklabels()) == 18
    lags = series_acf_figure(slopes, "Speaker", n_lags=3)
    assert [len(axes.lines) for axes in lags.axes] == [20, 20]
    for figure in (by_word, points, lags):
        figure.canvas.draw()


@pytest.mark.parametrize(("call", "message"), [
    (lambda te, slopes: surfaces(slopes), "must have a smooth of two variables"),
    (lambda te, slopes: surfaces(te, of="all"), r"of \(=all\) must be `terms` or `model`"),
    (lambda te, slopes: random_curves(te, "Token"), r"factor \(=Token\) must be one with a random term"),
])
def test_refusals(te_by: GammFit, slopes: GammFit, call, message: str) -> None:
    with pytest.raises(GammError, match=message):
        call(te_by, slopes)
