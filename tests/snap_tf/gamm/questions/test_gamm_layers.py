"""The papers' questions on simulated tables whose answers are known."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests
from twins.word_curves import layer_table

from snap_tf.gamm import GammError, adjust, fit_layers, gamm_words, layer_tests, lost_contrasts, normalise_time

# [s] and [sh] differ in shape at Conv1 and Conv2, in level at Conv3, not at all at Conv4; [s] and [z] only at Conv1
SHAPES = {"Conv1": {"s": 0.0, "sh": 0.5, "z": 0.5}, "Conv2": {"s": 0.0, "sh": 0.5, "z": 0.0},
          "Conv3": {"s": 0.0, "sh": 0.0, "z": 0.0}, "Conv4": {"s": 0.0, "sh": 0.0, "z": 0.0}}
SMALL = {"k": 6, "k_random": 5}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    data = layer_table(3, SHAPES, n_tokens=16)
    third = (data["layer"] == "Conv3") & (data["label"] == "sh")
    data.loc[third, "value"] += 0.4  # a difference of level takes the place of that of shape
    return data


def test_normalised_time_runs_from_0_to_1(table: pd.DataFrame) -> None:
    part = table[table["layer"] == "Conv1"]
    found = normalise_time(part)
    edges = found.groupby("token")["time_s"].agg(["min", "max"])
    assert (edges["min"] == 0).all() and (edges["max"] == 1).all()
    assert part["time_s"].iloc[0] == 0.1  # the table given is as it was
    together = normalise_time(table, token=["token", "layer"])
    assert (together.groupby(["layer", "token"])["time_s"].max() == 1).all()


def test_rows_may_come_in_any_order(table: pd.DataFrame) -> None:
    shuffled = table.sample(frac=1.0, random_state=1)
    keys = ["token", "layer"]
    pd.testing.assert_frame_equal(normalise_time(shuffled, token=keys).sort_index(), normalise_time(table, token=keys))


def test_tokens_of_one_row_cannot_be_normalised() -> None:
    data = pd.DataFrame({"token": ["a", "a", "b"], "time_s": [0, 1, 3]})
    with pytest.raises(GammError, match="must have two different times or more; b has one"):
        normalise_time(data)
    with pytest.raises(GammError, match=r"column \(=time\) must be in the table; it has token, time_s"):
        normalise_time(data, time="time")


def test_one_fit_for_every_layer(table: pd.DataFrame) -> None:
    data = normalise_time(table, token=["token", "layer"])
    fits = fit_layers(data, layers=["Conv2", "Conv1"], random="intercept", k=6)
    assert list(fits) == ["Conv2", "Conv1"]
    alone = gamm_words(data[data["layer"] == "Conv1"], random="intercept", k=6)
    assert fits["Conv1"].score == alone.score and fits["Conv1"].levels == ["s", "sh", "z"]
    by_formula = fit_layers(data, layers=["Conv1"], formula=alone.formula)
    assert by_formula["Conv1"].score == alone.score
    with pytest.raises(GammError, match=r"layer \(=Conv9\) must be in `layer`; there are Conv1, Conv2"):
        fit_layers(data, layers=["Conv9"])
    with pytest.raises(GammError, match=r"layer Conv1: k \(=99\) of s\(time_s\)|layer Conv1: .*k"):
        fit_layers(data, k=9999)


def test_every_test_of_every_layer_corrected_together(table: pd.DataFrame) -> None:
    data = normalise_time(table, token=["token", "layer"])
    tests = layer_tests(fit_layers(data, **SMALL), correction="holm")
    assert tests.groupby("test").size().to_dict() == {"level": 4 * 2, "shape": 4 * 2, "curve": 4 * 3}
    for _, part in tests.groupby("test"):
        np.testing.assert_allclose(part["p_adjusted"], multipletests(part["p"], method="holm")[1])
    levels = tests[tests["test"] == "level"].set_index(["layer", "b"])
    assert levels.loc[("Conv3", "sh"), "estimate"] == pytest.approx(0.4, abs=0.08)
    assert levels.loc[("Conv3", "sh"), "p_adjusted"] < 1e-4 < 0.05 < levels.loc[("Conv4", "sh"), "p_adjusted"]
    shapes = tests[tests["test"] == "shape"].set_index(["layer", "b"])
    assert shapes.loc[("Conv1", "sh"), "p_adjusted"] < 1e-4 < 0.05 < shapes.loc[("Conv3", "sh"), "p_adjusted"]


def test_tests_of_models_without_difference_smooths(table: pd.DataFrame) -> None:
    fits = fit_layers(normalise_time(table, token=["token", "layer"]), layers=["Conv1"], random="none", by="separate",
                      k=6)
    assert set(layer_tests(fits)["test"]) == {"level", "curve"}


def test_where_each_contrast_ends(table: pd.DataFrame) -> None:
    found = lost_contrasts(table, **SMALL)
    ends = found.contrasts.set_index(["a", "b"])
    assert ends.loc[("s", "sh"), "last_encoded"] == "Conv3" and ends.loc[("s", "sh"), "stops_at"] == "Conv4"
    assert ends.loc[("s", "sh"), "last_shape"] == "Conv2" and ends.loc[("s", "sh"), "last_level"] == "Conv3"
    assert ends.loc[("s", "z"), "last_encoded"] == "Conv1" and ends.loc[("s", "z"), "stops_at"] == "Conv2"
    assert len(found.tests) == 3 * 4 and len(found.fits) == 12 and (found.tests["note"] == "").all()
    np.testing.assert_allclose(found.tests["curve_p_adjusted"],
                               multipletests(found.tests["curve_p"], method="fdr_bh")[1])


def test_chosen_pairs_and_layers(table: pd.DataFrame) -> None:
    found = lost_contrasts(table, pairs=[("sh", "s")], layers=["Conv1", "Conv3"], **SMALL)
    assert list(found.tests["layer"]) == ["Conv1", "Conv3"]
    row = found.contrasts.iloc[0]
    assert (row["a"], row["b"], row["last_encoded"]) == ("sh", "s", "Conv3") and row["stops_at"] is None
    assert found.tests["level"].iloc[1] == pytest.approx(-0.4, abs=0.08)  # s - sh


def test_a_layer_with_too_few_steps_is_noted_and_left_out(table: pd.DataFrame) -> None:
    last = table[(table["layer"] == "Conv4") & (table.groupby(["layer", "token"]).cumcount() < 3)]
    data = pd.concat([table[table["layer"] != "Conv4"], last.assign(layer="Conv5")])
    found = lost_contrasts(data, pairs=[("s", "sh")], **SMALL)
    tests = found.tests.set_index("layer")
    assert "must be at most the number of different values" in tests.loc["Conv5", "note"]
    assert np.isnan(tests.loc["Conv5", "curve_p_adjusted"]) and not tests.loc["Conv5", "encoded"]
    # three tests are corrected, not four; beyond Conv3 nothing is known
    np.testing.assert_allclose(tests["curve_p_adjusted"][:3], multipletests(tests["curve_p"][:3], method="fdr_bh")[1])
    assert found.contrasts.iloc[0]["last_encoded"] == "Conv3" and found.contrasts.iloc[0]["stops_at"] is None


def test_more_coefficients_than_rows_are_refused_as_mgcv_does(table: pd.DataFrame) -> None:
    """With nine columns for tokens of six rows residuals vanish: t = 4.7 had p = .9999, for want of degrees of freedom.

    mgcv 1.8-41, gam and bam: "Model has more coefficients than data".
    """
    one = table[table["layer"] == "Conv1"]
    # tokens at every other time, half of them at the odd ones: twice as many different times as a token has rows
    odd = (one.groupby("token").cumcount() + pd.factorize(one["token"])[0]) % 2 == 1
    n_tokens, n_rows = one["token"].nunique(), int(odd.sum())
    most = (n_rows - 8) // n_tokens
    message = (rf"the model \(={8 + n_tokens * (most + 1)} coefficients, {most + 1} of them for each of {n_tokens} "
               rf"tokens\) must have no more than the table has rows, {n_rows}; lower `k_random` to {most}")
    with pytest.raises(GammError, match=message):
        gamm_words(one[odd], by="none", k=6, k_random=most + 1)
    assert np.isfinite(gamm_words(one[odd], by="none", k=6, k_random=most).score)


def test_a_contrast_that_is_nowhere(table: pd.DataFrame) -> None:
    found = lost_contrasts(table, pairs=[("s", "z")], layers=["Conv3", "Conv4"], **SMALL)
    row = found.contrasts.iloc[0]
    assert row["last_encoded"] is None and row["stops_at"] == "Conv3"


@pytest.mark.parametrize(("options", "message"), [
    ({"pairs": [("s", "s")]}, r"pair \(=s:s\) must be of two phones"),
    ({"rho": 2}, r"s and z in Conv1: rho \(=2\) must be .* \(none of 4 fits was possible\)"),
    ({"pairs": [("s", "x")]}, r"phone \(=x\) must be in `label`; there are s, sh, z"),
    ({"group": "phone"}, r"column \(=phone\) must be in the table"),
    ({"layers": ["fc"]}, r"layer \(=fc\) must be in `layer`"),
    ({"correction": "magic"}, r"correction \(=magic\) must be one of holm, fdr_bh"),
])
def test_refusals(table: pd.DataFrame, options: dict, message: str) -> None:
    with pytest.raises(GammError, match=message):
        lost_contrasts(table, **{"pairs": [("s", "z")], **SMALL, **options})


def test_correction_counts_known_tests_only() -> None:
    p = np.array([0.01, np.nan, 0.04, 0.03])
    np.testing.assert_allclose(adjust(p, "bonferroni"), [0.03, np.nan, 0.12, 0.09])
    np.testing.assert_allclose(adjust(p, "holm"), [0.03, np.nan, 0.06, 0.06])
    np.testing.assert_allclose(adjust(p, "none"), p)
    assert len(adjust(np.array([]), "holm")) == 0


def test_families_with_known_scale_have_z_and_chi_square(table: pd.DataFrame) -> None:
    """Counts, of which one word has three times as many: its level differs, in the columns of Gaussian fits too."""
    rng = np.random.default_rng(1)
    data = table[table["layer"].isin(["Conv3", "Conv4"])].copy()
    mean = np.where((data["layer"] == "Conv3") & (data["label"] == "sh"), 6.0, 2.0)
    data["value"] = rng.poisson(mean)
    options = {"family": "poisson", "k": 4, "random": "intercept", "rho": 0.0}
    tests = layer_tests(fit_layers(data, **options))
    row = tests[(tests["layer"] == "Conv3") & (tests["test"] == "level") & (tests["b"] == "sh")].iloc[0]
    assert row["p"] < 1e-6 and row["statistic"] > 5
    found = lost_contrasts(data, pairs=[("s", "sh"), ("s", "z")], **options)
    assert found.contrasts["last_level"].fillna("").tolist() == ["Conv3", ""]
