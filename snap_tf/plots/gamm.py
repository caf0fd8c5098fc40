"""Figures of generalised additive mixed models: curves with intervals, differences, layers, residual checks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy import stats

from snap_tf.gamm import ContrastLayers, GammFit, ResidualCheck, curves, differences, stretches
from snap_tf.plots.style import SMALL, TEXT, PlainFigure

__all__ = ["axis_label", "checks_figure", "curves_figure", "differences_figure", "layers_figure", "lost_figure",
           "words_figure"]

# Okabe & Ito's colours, which readers with any colour vision tell apart, dark ones first
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D1F")
STYLES = ("-", "--", "-.", ":")
MARK = "#C1272D"
UNITS = {"_s": "s", "_ms": "ms", "_hz": "Hz", "_db": "dB"}
LINE = 1.3
MAX_POINTS = 6000


def words_figure(fit: GammFit, *, time_label: str | None = None, value_label: str | None = None,
                 share: float = 0.999) -> Figure:
    """Draw the raw points of all words (left) and their fitted curves with 95 % intervals (right).

    Args:
        fit: the fit.
        time_label: label of the time axis; by default the column's name, a unit in it set in brackets.
        value_label: label of the other axis.
        share: share of the points inside the limits of the left axis; how many lie outside is written there.

    Example:
        >>> from snap_tf.gamm import gamm_words, simulate_words
        >>> from snap_tf.plots import words_figure
        >>> fit = gamm_words(simulate_words(words=("ask", "wash")), random="intercept")
        >>> observed, fitted = words_figure(fit, value_label="activation").axes
        >>> fitted.get_xlabel(), fitted.get_ylabel(), [line.get_label() for line in fitted.lines]
        ('time (s)', 'activation', ['ask', 'wash'])

    Source: Beguš & Zhou, ICASSP 2022, Figure 3.
    """
    figure, (left, right) = _axes(1, 2, width=7.2, height=3.1)
    _draw_points(left, fit, share)
    _draw_curves(right, fit)
    for axes in (left, right):
        axes.set_xlabel(_time_label(fit, time_label))
        axes.set_ylabel(value_label or axis_label(fit.model.response))
    _title(left, "observed")
    _title(right, "fitted, 95 % interval")
    _legend(figure, right, fit)
    return figure


def curves_figure(fit: GammFit, *, time_label: str | None = None, value_label: str | None = None) -> Figure:
    """Draw the fitted curve of every word with its pointwise 95 % interval.

    Args:
        fit: the fit.
        time_label: label of the time axis; by default the column's name, a unit in it set in brackets.
        value_label: label of the other axis.

    Example:
        >>> from snap_tf.gamm import gamm_words, simulate_words
        >>> from snap_tf.plots import curves_figure
        >>> fit = gamm_words(simulate_words(words=("ask", "wash")), random="intercept")
        >>> [line.get_label() for line in curves_figure(fit).axes[0].lines]
        ['ask', 'wash']

    Source: Beguš & Zhou, ICASSP 2022, Figure 5 (top).
    """
    figure, (axes,) = _axes(1, 1, width=4.2, height=3.0)
    _draw_curves(axes, fit)
    axes.set_xlabel(_time_label(fit, time_label))
    axes.set_ylabel(value_label or axis_label(fit.model.response))
    _legend(figure, axes, fit)
    return figure


def differences_figure(fit: GammFit, pairs: Iterable[tuple[object, object]] | None = None, *,
                       time_label: str | None = None, value_label: str | None = None) -> Figure:
    """Draw differences between the curves of two words with pointwise and simultaneous 95 % intervals.

    Dark band: pointwise 95 %; light band: simultaneous 95 %. At the bottom of a panel, a thin bar where zero lies
    outside the pointwise interval, a thick one with dotted ends where it lies outside the simultaneous one.

    Args:
        fit: the fit.
        pairs: (a, b) each, drawn as b - a; by default all pairs of up to four words, else each with the reference.
        time_label: label of the time axis.
        value_label: label of the other axis.

    Example:
        >>> from snap_tf.gamm import gamm_words, simulate_words
        >>> from snap_tf.plots import differences_figure
        >>> fit = gamm_words(simulate_words(words=("ask", "wash", "year")), random="intercept")
        >>> [axes.get_title(loc="left") for axes in differences_figure(fit, [("ask", "wash"), ("ask", "year")]).axes]
        ['wash − ask', 'year − ask']

    Source: Beguš & Zhou, ICASSP 2022, Figure 5 (bottom).
    """
    if pairs is None and len(fit.levels) > 4:
        pairs = [(fit.levels[0], level) for level in fit.levels[1:]]
    table = differences(fit, pairs)
    groups = list(table.groupby(["a", "b"], sort=False, observed=True))
    n_columns = min(len(groups), 4 if len(groups) > 6 else 3)
    n_rows = math.ceil(len(groups) / n_columns)
    figure, panels = _axes(n_rows, n_columns, width=max(2.3 * n_columns, 3.4), height=2.0 * n_rows + 0.5, share=True)
    low, high = table["lower_simultaneous"].min(), table["upper_simultaneous"].max()
    for axes, ((a, b), part) in zip(panels, groups, strict=False):
        _draw_difference(axes, part, (low, high))
        _time_axis(axes, fit)
        _title(axes, f"{b} − {a}")
    for axes in panels[len(groups) :]:
        axes.remove()
    _outer_labels(panels[: len(groups)], n_columns, _time_label(fit, time_label),
                  f"difference in {value_label or axis_label(fit.model.response)}")
    _interval_legend(figure)
    return figure


def layers_figure(fits: Mapping[object, GammFit], *, time_label: str | None = None,
                  value_label: str | None = None) -> Figure:
    """Draw the fitted curves of every layer, a panel per layer.

    Args:
        fits: the fit of each layer, see `snap_tf.gamm.fit_layers`.
        time_label: label of the time axis.
        value_label: label of the other axis.

    Example:
        >>> from snap_tf.gamm import fit_layers, simulate_words
        >>> from snap_tf.plots import layers_figure
        >>> fits = fit_layers(simulate_words(layers={"Conv4": 1.0, "Conv5": 0.0}), random="intercept")
        >>> [axes.get_title(loc="left") for axes in layers_figure(fits).axes]
        ['Conv4', 'Conv5']

    Source: Beguš & Zhou, ICASSP 2022, Figure 4.
    """
    n_columns = min(len(fits), 4 if len(fits) > 3 else 3)
    n_rows = math.ceil(len(fits) / n_columns)
    figure, panels = _axes(n_rows, n_columns, width=max(2.2 * n_columns, 3.4), height=2.2 * n_rows + 0.3)
    first = next(iter(fits.values()))
    for axes, (name, fit) in zip(panels, fits.items(), strict=False):
        _draw_curves(axes, fit)
        _title(axes, str(name))
    for axes in panels[len(fits) :]:
        axes.remove()
    _outer_labels(panels[: len(fits)], n_columns, _time_label(first, time_label),
                  value_label or axis_label(first.model.response))
    _legend(figure, panels[0], first)
    return figure


def lost_figure(result: ContrastLayers, *, alpha: float = 0.05, rows: int = 60) -> Figure:
    """Draw a heat map of contrasts by layer; contrasts that are still encoded in the deepest layers are at the top.

    A cell shows the largest |difference| / standard error; a ring marks p below `alpha` after correction; a cross, a
    layer that could not be tested.

    Args:
        result: from `lost_contrasts`.
        alpha: level of the corrected tests.
        rows: contrasts drawn at most.

    Example:
        >>> from snap_tf.gamm import lost_contrasts, simulate_words
        >>> from snap_tf.plots import lost_figure
        >>> table = simulate_words(words=("s", "sh"), layers={"Conv4": 1.0, "Conv5": 0.0})
        >>> axes = lost_figure(lost_contrasts(table, random="intercept")).axes[0]
        >>> [label.get_text() for label in axes.get_xticklabels() + axes.get_yticklabels()]
        ['Conv4', 'Conv5', 's – sh']
    """
    tests = result.tests
    layers = list(pd.unique(tests["layer"]))
    tests = tests.assign(pair=tests["a"].astype(str) + " – " + tests["b"].astype(str))
    ratio = tests.pivot_table(index="pair", columns="layer", values="curve_z", aggfunc="first", dropna=False,
                              sort=False).reindex(columns=layers).abs()
    small = tests.pivot_table(index="pair", columns="layer", values="curve_p_adjusted", aggfunc="first", dropna=False,
                              sort=False).reindex(columns=layers) < alpha
    depth = (small * np.arange(1, len(layers) + 1)).max(axis=1)
    order = pd.DataFrame({"depth": depth, "ratio": ratio.sum(axis=1)}).sort_values(["depth", "ratio"],
                                                                                  ascending=False).index[:rows]
    ratio, small = ratio.loc[order], small.loc[order]
    height = max(1.0 + 0.26 * len(order), 2.4)  # of few contrasts too the bar has room for its label
    figure, (axes,) = _axes(1, 1, width=1.9 + 0.75 * len(layers), height=height)
    image = axes.imshow(ratio.to_numpy(float), aspect="auto", cmap="Blues", vmin=0,
                        vmax=max(4.0, float(np.nanquantile(ratio.to_numpy(float), 0.95))))
    for i, j in zip(*np.nonzero(small.to_numpy()), strict=True):
        axes.plot(j, i, "o", mfc="none", mec=MARK, ms=6, mew=1.1)
    for i, j in zip(*np.nonzero(ratio.isna().to_numpy()), strict=True):
        axes.plot(j, i, "x", color="#999999", ms=4, mew=0.8)
    axes.set_xticks(range(len(layers)), [str(name) for name in layers])
    axes.set_yticks(range(len(order)), [str(name) for name in order])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("layer")
    bar = figure.colorbar(image, ax=axes, shrink=min(1.0, 2.2 / height), pad=0.03)
    bar.set_label("largest |difference| / SE", fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL)
    _title(axes, f"ring: curves differ (p < {alpha:g}, corrected)")
    return figure


def checks_figure(fit: GammFit, check: ResidualCheck) -> Figure:
    """Draw residual checks: normal Q-Q plot, residuals against fitted values, autocorrelation.

    Args:
        fit: the fit.
        check: its residual checks, see `snap_tf.gamm.check`.

    Example:
        >>> from snap_tf.gamm import check, gamm_words, simulate_words
        >>> from snap_tf.plots import checks_figure
        >>> fit = gamm_words(simulate_words(), random="intercept")
        >>> [axes.get_ylabel() for axes in checks_figure(fit, check(fit)).axes]
        ['white residual', 'residual', 'autocorrelation']
    """
    figure, (normal, spread, lags) = _axes(1, 3, width=7.2, height=2.6)
    white = np.sort(fit.white_residuals)
    place = stats.norm.ppf((np.arange(1, len(white) + 1) - 0.5) / len(white)) * white.std()
    keep = np.unique(np.linspace(0, len(white) - 1, min(len(white), 1500)).astype(int))
    normal.plot(place[keep], white[keep], ".", ms=2.5, color=COLOURS[0])
    normal.axline((0, 0), slope=1, color="#888888", lw=0.8)
    normal.set(xlabel="normal quantile", ylabel="white residual")
    some = np.random.default_rng(0).permutation(fit.n)[:MAX_POINTS]
    spread.plot(fit.fitted[some], fit.resid[some], ".", ms=1.5, alpha=0.35, color=COLOURS[0], rasterized=True)
    spread.axhline(0, color="#888888", lw=0.8)
    spread.set(xlabel=f"fitted {axis_label(fit.model.response)}", ylabel="residual")
    table = check.autocorrelation
    lags.fill_between(table["lag"], -table["bound"], table["bound"], color="#DDDDDD", lw=0, label="95 % if unrelated")
    lags.plot(table["lag"], table["residual"], "o-", ms=3, lw=1, color=COLOURS[1], label="residual")
    lags.plot(table["lag"], table["white"], "s--", ms=3, lw=1, color=COLOURS[0], label="white")
    lags.axhline(0, color="#888888", lw=0.8)
    lags.set(xlabel="lag (rows of one series)", ylabel="autocorrelation")
    lags.legend(fontsize=SMALL, frameon=False)
    return figure


def axis_label(column: str) -> str:
    """Turn a column's name into an axis label: time_s -> time (s)."""
    for suffix, unit in UNITS.items():
        if column.endswith(suffix) and len(column) > len(suffix):
            return f"{column[: -len(suffix)].replace('_', ' ')} ({unit})"
    return column.replace("_", " ")


def _axes(n_rows: int, n_columns: int, *, width: float, height: float,
          share: bool = False) -> tuple[Figure, Sequence[Axes]]:
    figure = PlainFigure(figsize=(width, height), layout="constrained")
    panels = figure.subplots(n_rows, n_columns, squeeze=False, sharex=share, sharey=share).ravel()
    for axes in panels:
        axes.tick_params(labelsize=SMALL)
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.label.set_size(TEXT)
        axes.yaxis.label.set_size(TEXT)
    return figure, list(panels)


def _draw_curves(axes: Axes, fit: GammFit) -> None:
    for i, (level, part) in enumerate(curves(fit).groupby("group", sort=False, observed=True)):
        colour = COLOURS[i % len(COLOURS)]
        axes.fill_between(part["time"], part["lower"], part["upper"], color=colour, alpha=0.22, lw=0)
        axes.plot(part["time"], part["fit"], STYLES[i // len(COLOURS) % len(STYLES)], color=colour, lw=LINE,
                  label=str(level))
    _time_axis(axes, fit)


def _draw_points(axes: Axes, fit: GammFit, share: float) -> None:
    frame = fit.frame
    rng = np.random.default_rng(0)
    some = np.sort(rng.permutation(len(frame))[:MAX_POINTS])
    time, value = frame[fit.model.time].to_numpy()[some], frame[fit.model.response].to_numpy()[some]
    steps = np.diff(np.unique(frame[fit.model.time]))
    # points of one step are spread a little, so that they do not hide each other
    time = time + rng.uniform(-0.3, 0.3, len(time)) * (steps.min() if len(steps) < 200 else 0)
    colours = np.full(len(some), COLOURS[0], dtype=object)
    if fit.group is not None:
        codes = frame[fit.group].cat.codes.to_numpy()[some]
        colours = np.array(COLOURS, dtype=object)[codes % len(COLOURS)]
    axes.scatter(time, value, s=2.5, c=list(colours), alpha=0.45, lw=0, rasterized=True)
    everything = frame[fit.model.response].to_numpy()
    low, high = np.quantile(everything, [(1 - share) / 2, (1 + share) / 2])
    room = 0.05 * (high - low)
    axes.set_ylim(low - room, high + room)
    outside = int(np.sum((everything < low - room) | (everything > high + room)))
    notes = [f"{len(some)} of {len(frame)} points"] if len(some) < len(frame) else []
    notes += [f"{outside} outside the limits"] if outside else []
    axes.set_title("; ".join(notes), loc="right", fontsize=6, color="#555555")
    _time_axis(axes, fit)


def _draw_difference(axes: Axes, table: pd.DataFrame, limits: tuple[float, float]) -> None:
    time = table["time"]
    axes.fill_between(time, table["lower_simultaneous"], table["upper_simultaneous"], color=COLOURS[0], alpha=0.15,
                      lw=0)
    axes.fill_between(time, table["lower"], table["upper"], color=COLOURS[0], alpha=0.30, lw=0)
    axes.plot(time, table["difference"], color=COLOURS[0], lw=LINE)
    axes.axhline(0, color="#555555", lw=0.7)
    room = 0.05 * (limits[1] - limits[0])
    floor = limits[0] - 2 * room
    for row in stretches(table, "pointwise").itertuples():
        axes.plot([row.start, row.end], [floor, floor], color=MARK, lw=1.0, solid_capstyle="butt")
    for row in stretches(table, "simultaneous").itertuples():
        axes.plot([row.start, row.end], [floor, floor], color=MARK, lw=3.5, solid_capstyle="butt")
        for end in {row.start, row.end} - {time.iloc[0], time.iloc[-1]}:
            axes.axvline(end, color=MARK, lw=0.5, ls=":", alpha=0.8)
    axes.set_ylim(limits[0] - 3 * room, limits[1] + room)


def _outer_labels(panels: Sequence[Axes], n_columns: int, time_label: str, value_label: str) -> None:
    for i, axes in enumerate(panels):
        lowest = i + n_columns >= len(panels)
        if lowest:
            axes.set_xlabel(time_label)
            axes.tick_params(labelbottom=True)
        if i % n_columns == 0:
            axes.set_ylabel(value_label)


def _legend(figure: Figure, axes: Axes, fit: GammFit) -> None:
    if fit.group is None:
        return
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", fontsize=SMALL, frameon=False,
                  title=fit.group, title_fontsize=SMALL, handlelength=1.8)


def _interval_legend(figure: Figure) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [Patch(color=COLOURS[0], alpha=0.42, lw=0, label="95 % pointwise"),
               Patch(color=COLOURS[0], alpha=0.15, lw=0, label="95 % simultaneous"),
               Line2D([], [], color=MARK, lw=1.0, label="differs (pointwise)"),
               Line2D([], [], color=MARK, lw=3.5, label="differs (simultaneous)")]
    figure.legend(handles=handles, loc="outside lower center", ncols=4 if figure.get_figwidth() > 6 else 2,
                  fontsize=SMALL, frameon=False)


def _time_axis(axes: Axes, fit: GammFit) -> None:
    whole = bool((fit.frame[fit.model.time] % 1 == 0).all())  # steps, not seconds
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=whole))
    axes.margins(x=0.01)


def _title(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", fontsize=TEXT)


def _time_label(fit: GammFit, given: str | None) -> str:
    return given or axis_label(str(fit.model.time))
