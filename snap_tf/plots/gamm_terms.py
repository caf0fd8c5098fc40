"""Figures of the terms of a GAMM: surfaces of two variables, random effects level by level, autocorrelation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from snap_tf.gamm import GammFit, random_curves, residual_acf, surfaces
from snap_tf.plots.gamm import COLOURS, axis_label
from snap_tf.plots.style import SMALL, TEXT, PlainFigure, plain_axes

__all__ = ["random_figure", "series_acf_figure", "surfaces_figure"]

N_LINES = 10  # contours of a surface
N_NAMED = 4  # levels that a figure of random effects names


def surfaces_figure(fit: GammFit, *, of: str = "terms", group: str | Sequence[str] | None = None,
                    at: Mapping[str, object] | None = None) -> Figure:
    """Draw surfaces over two variables as contours, a panel for each term or group; where no data are near, nothing.

    Args:
        fit: the fit.
        of: `terms` for the effect of every `te`, `ti` and `s(x, y)` by itself; `model` for the whole linear predictor.
        group: as for `snap_tf.gamm.surfaces`.
        at: as for `snap_tf.gamm.surfaces`.

    Example:
        >>> from snap_tf.gamm import gamm, simulate_words
        >>> from snap_tf.plots import surfaces_figure
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> table["speed"] = table["token"].str[-1].astype(float)
        >>> fit = gamm("value ~ label + te(time_s, speed, k=c(5, 3))", table)
        >>> [axes.get_title(loc="left") for axes in surfaces_figure(fit, of="model").axes[:2]]
        ['ask', 'wash']

    Source: mgcv, vis.gam; van Rij et al., itsadug (pvisgam, fvisgam).
    """
    table = surfaces(fit, of=of, group=group, at=at)
    groups = list(table.groupby(table.columns[0], sort=False, observed=True))
    n_columns = min(len(groups), 3)
    n_rows = math.ceil(len(groups) / n_columns)
    figure, panels = _panels(n_rows, n_columns, width=2.5 * n_columns + 0.8, height=2.3 * n_rows + 0.2)
    seen = table.loc[table["near"], "fit"]
    low, high = float(seen.min()), float(seen.max())
    if of == "terms":  # centred effects: both signs with equal shades
        low, high = -max(-low, high), max(-low, high)
    levels = np.asarray(MaxNLocator(N_LINES).tick_values(low, high))
    low, high = levels[0], levels[-1]
    colours = "PuOr_r" if of == "terms" else "viridis"
    for axes, (name, part) in zip(panels, groups, strict=False):
        x, y = np.unique(part["x"]), np.unique(part["y"])
        values = np.where(part["near"], part["fit"], np.nan).reshape(len(y), len(x))
        axes.contourf(x, y, values, levels, cmap=colours, norm=Normalize(low, high))
        lines = axes.contour(x, y, values, levels, colors="#333333", linewidths=0.5, linestyles="solid")
        axes.clabel(lines, levels[1::2], fontsize=5.5, fmt="%.3g")
        axes.set_xlabel(axis_label(part["x_name"].iloc[0]), fontsize=TEXT)
        axes.set_ylabel(axis_label(part["y_name"].iloc[0]), fontsize=TEXT)
        axes.set_title(str(name), loc="left", fontsize=TEXT)
    for axes in panels[len(groups) :]:
        axes.remove()
    bar = figure.colorbar(ScalarMappable(Normalize(low, high), colours), ax=panels[: len(groups)], shrink=0.9)
    what = "effect on" if of == "terms" else "fitted"
    bar.set_label(f"{what} {axis_label(fit.model.response)}", fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL)
    return figure


def random_figure(fit: GammFit, factor: str | None = None, *, time_label: str | None = None,
                  value_label: str | None = None) -> Figure:
    """Draw what every level of a random factor adds to the population curve: a line for each level.

    Intercepts are points with 95 % intervals, in order of size. The levels that are farthest from zero are named. A
    panel for every level of a factor that the random terms are by.

    Args:
        fit: the fit.
        factor: the random factor; by default the first of the formula.
        time_label: label of the time axis.
        value_label: label of the other axis.

    Example:
        >>> from snap_tf.gamm import gamm_words, simulate_words
        >>> from snap_tf.plots import random_figure
        >>> fit = gamm_words(simulate_words(words=("ask", "wash")))
        >>> axes = random_figure(fit).axes[0]
        >>> len(axes.lines), axes.get_xlabel()
        (13, 'time (s)')

    Source: van Rij et al., itsadug (inspect_random).
    """
    table = random_curves(fit, factor, se=False)
    flat = bool(table["time"].isna().any())
    if flat:
        table = random_curves(fit, factor)
    by = list(table.columns[1 : table.columns.get_loc("time")])
    names = table[by].astype(str).agg(", ".join, axis=1) if by else pd.Series("", index=table.index)
    groups = list(table.groupby(names, sort=False))
    n_columns = min(len(groups), 3)
    n_rows = math.ceil(len(groups) / n_columns)
    figure, panels = _panels(n_rows, n_columns, width=max(2.6 * n_columns, 4.0), height=2.4 * n_rows + 0.3, share=True)
    name = factor or fit.model.random_factors[0]
    named = {} if flat else _farthest(table)
    for number, (axes, (own, part)) in enumerate(zip(panels, groups, strict=False)):
        axes.axhline(0, color="#555555", lw=0.7)
        if flat:
            _draw_intercepts(axes, part)
        else:
            _draw_levels(axes, part, named)
        count = f"{part['level'].nunique()} levels of {name}"
        axes.set_title(f"{own} ({count})" if own else count, loc="left", fontsize=TEXT)
        if number + n_columns >= len(groups):
            axes.set_xlabel(f"{name}, in order" if flat else time_label or axis_label(_along(fit, name)), fontsize=TEXT)
        if number % n_columns == 0:
            axes.set_ylabel(f"added to {value_label or axis_label(fit.model.response)}", fontsize=TEXT)
    for axes in panels[len(groups) :]:
        axes.remove()
    if named:
        lines = [Line2D([], [], color=colour, lw=1.1, label=str(level)) for level, colour in named.items()]
        figure.legend(handles=lines, loc="outside right upper", fontsize=SMALL, frameon=False, handlelength=1.4,
                      title="farthest", title_fontsize=SMALL)
    return figure


def series_acf_figure(fit: GammFit, by: str | None = None, *, n_lags: int = 10) -> Figure:
    """Draw the autocorrelation of the residuals, a line for each series (or level of a factor), and their mean.

    Left, residuals as they are; right, without their AR(1) part. Grey band: 95 % of single lines if unrelated.

    Args:
        fit: the fit.
        by: as for `snap_tf.gamm.residual_acf`.
        n_lags: lags.

    Example:
        >>> from snap_tf.gamm import gamm_words, simulate_words
        >>> from snap_tf.plots import series_acf_figure
        >>> fit = gamm_words(simulate_words(words=("ask", "wash")), random="intercept", rho=0.3)
        >>> [axes.get_title(loc="left") for axes in series_acf_figure(fit).axes]
        ['residuals (12 series)', 'without AR(1), rho = 0.3']

    Source: van Rij et al., itsadug (acf_n_plots).
    """
    table = residual_acf(fit, by, n_lags=n_lags)
    name = str(table.columns[0])
    figure, panels = _panels(1, 2, width=6.4, height=2.6, share=True)
    count = table[name].nunique()
    titles = {"residual": f"residuals ({count} {'series' if by is None else 'levels of ' + by})",
              "corrected": f"without AR(1), rho = {fit.rho:.3g}"}
    by_lag = table.groupby("lag")
    lags, bound = np.array(sorted(by_lag.groups)), by_lag["bound"].median()
    for axes, (column, title) in zip(panels, titles.items(), strict=True):
        axes.fill_between(lags, -bound, bound, color="#DDDDDD", lw=0)
        for _, part in table.groupby(name, sort=False, observed=True):
            axes.plot(part["lag"], part[column], color=COLOURS[0], lw=0.5, alpha=max(0.12, min(0.6, 12 / count)))
        axes.plot(lags, by_lag[column].mean(), "o-", ms=3, color=COLOURS[1], lw=1.3, label="mean")
        axes.axhline(0, color="#555555", lw=0.7)
        axes.set_title(title, loc="left", fontsize=TEXT)
        axes.set_xlabel("lag (rows of one series)", fontsize=TEXT)
    panels[0].set_ylabel("autocorrelation", fontsize=TEXT)
    panels[0].legend(fontsize=SMALL, frameon=False)
    return figure


def _farthest(table: pd.DataFrame) -> dict[object, str]:
    """Colours of the levels that are farthest from zero."""
    far = table["fit"].abs().groupby(table["level"], sort=False).max().sort_values(ascending=False)
    return {level: COLOURS[1 + i] for i, level in enumerate(far.index[:N_NAMED])}


def _draw_levels(axes: Axes, part: pd.DataFrame, named: Mapping[object, str]) -> None:
    faint = max(0.1, min(0.7, 20 / part["level"].nunique()))
    for level, own in part.groupby("level", sort=False):
        axes.plot(own["time"], own["fit"], color=named.get(level, COLOURS[0]), lw=1.1 if level in named else 0.6,
                  alpha=1.0 if level in named else faint, zorder=3 if level in named else 2)
    axes.margins(x=0.01)


def _draw_intercepts(axes: Axes, part: pd.DataFrame) -> None:
    own = part.sort_values("fit").reset_index(drop=True)
    axes.errorbar(own.index, own["fit"], 1.96 * own["se"], fmt="o", ms=2.5, lw=0.7, color=COLOURS[0])
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    if len(own) <= 24:
        axes.set_xticks(range(len(own)), [str(level) for level in own["level"]], rotation=90)


def _along(fit: GammFit, factor: str) -> str:
    """The variable of a factor's random smooths or slopes."""
    terms = [term for term in fit.model.random if term.factor == factor]
    numbers = [name for term in terms for name in term.further
               if not isinstance(fit.frame[name].dtype, pd.CategoricalDtype)]
    return next(iter([*(term.variable for term in terms if term.variable is not None), *numbers]), "")


def _panels(n_rows: int, n_columns: int, *, width: float, height: float,
            share: bool = False) -> tuple[Figure, list[Axes]]:
    figure = PlainFigure(figsize=(width, height), layout="constrained")
    panels = list(figure.subplots(n_rows, n_columns, squeeze=False, sharey=share).ravel())
    for axes in panels:
        plain_axes(axes)
    return figure, panels
