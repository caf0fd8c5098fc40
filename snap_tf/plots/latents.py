"""Figure of the lasso regression of a label on latent variables: coefficient path, cross-validation, ranks."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from snap_tf.plots.style import LAYER_COLOUR, LINE, OUTPUT_COLOUR, SMALL, TEXT, PlainFigure
from snap_tf.series.latents.latent_regression import LatentRegression

__all__ = ["latents_figure"]

RIDGE_COLOUR = "#B35806"
_NAMED, _RANKED = 7, 20


def latents_figure(fitted: LatentRegression, label: str) -> Figure:
    """Draw the regression of a label on latent variables: coefficient path, cross-validated loss, strongest variables.

    Args:
        fitted: the regression; `find_latents` writes its numbers as CSV.
        label: name of the label, for the title.

    Example:
        >>> import numpy as np
        >>> from snap_tf.plots import latents_figure
        >>> from snap_tf.series import RegressionSettings, regress_label
        >>> z = np.random.default_rng(0).uniform(-1, 1, (60, 4))
        >>> settings = RegressionSettings(folds=3, permutations=0, n_lambdas=10)
        >>> fitted = regress_label(z, z[:, 1] > 0, binary=True, settings=settings)
        >>> latents_figure(fitted, "frication").get_suptitle()
        'frication: held-out AUC 1.00, 60 outputs'
    """
    from matplotlib import colormaps

    figure = PlainFigure(figsize=(7.2, 4.6), layout="constrained")
    grid = figure.subplot_mosaic([["path", "rank"], ["loss", "rank"]], height_ratios=(2, 1), width_ratios=(3, 2))
    path, loss, rank = grid["path"], grid["loss"], grid["rank"]
    lambdas = fitted.path["lambda"].to_numpy()
    strongest = fitted.table.loc[fitted.table["selected"]].head(_NAMED)
    for j in range(fitted.coefficients.shape[1]):
        if j not in set(strongest["variable"]):
            path.plot(lambdas, fitted.coefficients[:, j], color="#BBBBBB", lw=0.4)
    for colour, row in zip(colormaps["tab10"](range(10)), strongest.itertuples(), strict=False):
        path.plot(lambdas, fitted.coefficients[:, row.variable], color=colour, lw=1.2, label=row.name)
    path.axhline(0, color="#777777", lw=0.4)
    if len(strongest):
        path.legend(fontsize=SMALL, framealpha=0.8, edgecolor="none", loc="lower left", ncols=2)
    else:
        _say(path, "no variable is selected at the penalty in use")
    path.set_ylabel("b per SD of the variable", fontsize=SMALL)
    mean, se = fitted.path["loss"], fitted.path["loss_se"]
    loss.fill_between(lambdas, mean - se, mean + se, color=LAYER_COLOUR, alpha=0.25, lw=0)
    loss.plot(lambdas, mean, color=LAYER_COLOUR, lw=LINE)
    loss.set_ylabel("loss in folds\n(mean ± SE)", fontsize=SMALL)
    loss.set_xlabel("penalty λ (dashed: within 1 SE, in use; dotted: lowest loss)", fontsize=SMALL)
    for axes in (path, loss):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")  # powers would be formulas, which figures do not draw
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlim(lambdas[0], lambdas[-1])
        axes.axvline(fitted.lambda_1se, color="black", lw=0.7, ls="--")
        axes.axvline(fitted.lambda_min, color="black", lw=0.7, ls=":")
    path.tick_params(labelbottom=False)
    _draw_ranks(rank, fitted)
    for axes in grid.values():
        axes.tick_params(labelsize=SMALL)
        axes.spines[["top", "right"]].set_visible(False)
    p = f", p = {fitted.p_value:.2g}" if len(fitted.null_scores) else ""
    name = {"auc": "AUC", "r2": "R²"}[fitted.score_name]
    figure.suptitle(f"{label}: held-out {name} {fitted.score:.2f}{p}, {fitted.n} outputs", fontsize=TEXT)
    return figure


def _draw_ranks(axes: Axes, fitted: LatentRegression) -> None:
    """Draw |b| of the strongest variables, the ridge's beside them, and what permuted labels reach with either."""
    top = fitted.table.head(_RANKED)
    place = np.arange(len(top))
    axes.barh(place, top["b"].abs(), height=0.6,
              color=[LAYER_COLOUR if b >= 0 else OUTPUT_COLOUR for b in top["b"]])
    axes.plot(top["ridge_b"].abs(), place, "o", ms=3, mfc="none", color=RIDGE_COLOUR, mew=0.7, label="ridge")
    for null, colour, style, name in ((fitted.null_largest, "black", ":", "bars"),
                                      (fitted.null_largest_ridge, RIDGE_COLOUR, "--", "ridge")):
        if len(null):
            axes.axvline(np.quantile(null, 0.95), color=colour, lw=0.8, ls=style,
                         label=f"{name}: 95 % of permuted labels")
    axes.set_yticks(place, top["name"])
    axes.set_ylim(len(top) - 0.4, -0.6)
    axes.set_xlabel("|b| (green: more of it raises the label)", fontsize=SMALL)
    nothing = "" if fitted.table["selected"].any() else "no variable is selected: order of the ridge"
    axes.legend(fontsize=SMALL, title=nothing, title_fontsize=SMALL, loc="lower right", bbox_to_anchor=(1.0, 0.98),
                frameon=False, labelspacing=0.2)


def _say(axes: Axes, text: str) -> None:
    axes.text(0.97, 0.04, text, transform=axes.transAxes, ha="right", va="bottom", fontsize=SMALL,
              bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5})
