"""Figures of alignment: offsets of relevance from annotations, and contingencies of prediction and annotation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from snap_tf.plots.style import LINE, SMALL, TEXT, PlainFigure
from snap_tf.snap.alignment.alignment_counts import AlignmentCounts
from snap_tf.snap.alignment.evaluation import NOWHERE, contingency, offset_table, phone_table
from snap_tf.snap.results.evaluation_folder import Evaluation

__all__ = ["contingency_figure", "offset_figure", "offset_map_figure"]

MODEL_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Of models beside each other, told apart by colour-blind readers, too (Okabe & Ito)."""
SHOWN = 0.95
"""Share of the frames whose offsets the axes reach; the rare large ones would press the others together."""
_GREY = "#BBBBBB"
_LABEL_PT = 5.5
_ROW_IN = 0.105  # of a heat map, so that labels of _LABEL_PT do not touch


def offset_figure(evaluation: Evaluation) -> Figure:
    """Draw histograms of offsets: of all frames, and the mean offsets of phones; a row per model.

    Frames that have the phone nowhere are counted apart, at -1, as in the paper.

    Source: Krug et al. 2021, Figure 2, A and B.

    Example:
        >>> from snap_tf.plots import offset_figure
        >>> from snap_tf.snap import evaluate_alignment, profile, small_sequences
        >>> network, frames = small_sequences()
        >>> found = profile(network, frames, classes=("s", "t"), rate_hz=100.0, progress=False)
        >>> figure = offset_figure(evaluate_alignment({"small": found}))
        >>> figure.axes[0].get_ylabel(), figure.axes[1].get_ylabel()
        ('% of frames', 'phones')
    """
    models = list(evaluation.counts)
    figure = PlainFigure(figsize=(7.0, 0.5 + 1.75 * len(models)), layout="constrained")
    panels = figure.subplots(len(models), 2, squeeze=False, sharex="col", width_ratios=(1.6, 1))
    tables = {model: offset_table(evaluation.counts[model], evaluation.rates_hz[model]) for model in models}
    end_ms = max(_end_ms(table) for table in tables.values())
    means = {model: phone_table(evaluation.counts[model], evaluation.rates_hz[model]).set_index("phone")
             ["mean_offset_ms"].dropna() for model in models}
    every = np.concatenate([mean.to_numpy() for mean in means.values()])
    last_ms = max(1.0, 1.25 * float(np.quantile(every, SHOWN))) if len(every) else 1.0
    bins = np.linspace(0, last_ms, 26)
    for i, (model, row) in enumerate(zip(models, panels, strict=True)):
        colour = MODEL_COLOURS[i % len(MODEL_COLOURS)]
        _draw_offsets(row[0], tables[model], end_ms, colour)
        row[0].set_ylabel("% of frames", fontsize=SMALL)
        row[0].set_title(model, fontsize=TEXT, loc="left")
        row[1].hist(means[model], bins=bins, color=colour)
        row[1].axvline(means[model].median(), color="black", lw=LINE, ls="--")
        row[1].set_xlim(0, last_ms)
        row[1].set_ylabel("phones", fontsize=SMALL)
        row[1].yaxis.set_major_locator(MaxNLocator(5, integer=True))
        beyond = ", ".join(f"{phone} {ms:.0f}" for phone, ms in means[model].items() if ms > last_ms)
        middle = f"mean {means[model].mean():.0f}, median {means[model].median():.0f} ms"
        row[1].set_title(f"{len(means[model])} phones, {middle}" + (f"\nbeyond the axis: {beyond}" if beyond else ""),
                         fontsize=SMALL, loc="left")
        for axes in row:
            axes.tick_params(labelsize=SMALL, length=2)
            axes.spines[["top", "right"]].set_visible(False)
    panels[-1, 0].set_xlabel("offset of relevance from the phone (ms; -1: not in the frame)", fontsize=SMALL)
    panels[-1, 1].set_xlabel("mean offset of a phone (ms)", fontsize=SMALL)
    return figure


def offset_map_figure(evaluation: Evaluation) -> Figure:
    """Draw the offsets of every phone as a heat map, a column per model.

    Rows are sorted by the mean offset in the first model; each is scaled to its own maximum.

    Source: Krug et al. 2021, Figure 2, C and D.

    Example:
        >>> from snap_tf.plots import offset_map_figure
        >>> from snap_tf.snap import evaluate_alignment, profile, small_sequences
        >>> network, frames = small_sequences()
        >>> found = profile(network, frames, classes=("s", "t"), rate_hz=100.0, progress=False)
        >>> figure = offset_map_figure(evaluate_alignment({"small": found}))
        >>> figure.axes[0].get_title(), figure.axes[0].get_xlabel()
        ('small', 'offset (ms)')
    """
    models = list(evaluation.counts)
    tables = {model: offset_table(evaluation.counts[model], evaluation.rates_hz[model]) for model in models}
    means = {model: phone_table(evaluation.counts[model], evaluation.rates_hz[model]).set_index("phone")
             ["mean_offset_ms"] for model in models}
    first = means[models[0]].sort_values(kind="stable", na_position="last")
    others = [phone for table in tables.values() for phone in table.index]
    phones = list(dict.fromkeys([*first.index, *others]))
    end_ms = max(_end_ms(table) for table in tables.values())
    figure = PlainFigure(figsize=(1.0 + 2.9 * len(models), max(2.2, 1.0 + _ROW_IN * len(phones))), layout="constrained")
    image: AxesImage | None = None
    for axes, model in zip(figure.subplots(1, len(models), squeeze=False, sharey=True)[0], models, strict=True):
        shown = tables[model].reindex(phones).loc[:, lambda table: table.columns <= end_ms]
        largest = shown.max(axis=1).to_numpy()[:, None]
        scaled = shown.to_numpy() / np.where(largest > 0, largest, 1)
        # the column of absence stands apart, two cells wide
        wide = np.concatenate([scaled[:, :1], scaled[:, :1], np.full((len(phones), 1), np.nan), scaled[:, 1:]], axis=1)
        image = axes.imshow(wide, cmap="gray_r", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
        _ms_ticks(axes, shown.columns[1:].to_numpy(float))
        axes.set_yticks(range(len(phones)), [_shown(name) for name in phones], fontsize=_LABEL_PT)
        axes.tick_params(axis="y", length=0, pad=1.5)
        axes.tick_params(axis="x", labelsize=SMALL, length=2)
        axes.set_title(model, fontsize=TEXT)
        axes.set_xlabel("offset (ms)", fontsize=SMALL)
    _bar(figure, image, "of each row's largest")
    return figure


def contingency_figure(counts: Mapping[str, AlignmentCounts], aligned: tuple[bool, ...] = (False, True)) -> Figure:
    """Draw the contingency of prediction and annotation, at the centre of frames and at the step of highest relevance.

    Rows are sorted by their largest share after alignment; annotations follow the classes of the same name.

    Args:
        counts: by model; a row of panels each.
        aligned: which panels: before alignment (False), after it (True).

    Source: Krug et al. 2021, Figures 3 and A1 to A3.

    Example:
        >>> import numpy as np
        >>> from snap_tf.plots import contingency_figure
        >>> from snap_tf.snap import AlignmentCounts
        >>> counts = AlignmentCounts(classes=("s", "t"), annotations=("s", "t"), n_steps=4)
        >>> counts.add(predicted=np.array([0, 1]), annotated=np.array([[0, 0, 1, 1]] * 2), tau=np.array([1, 3]))
        >>> figure = contingency_figure({"small": counts})
        >>> figure.axes[0].get_ylabel(), figure.axes[0].get_xlabel()
        ('predicted', 'annotated')
    """
    shapes = [int((count.frames > 0).sum()) for count in counts.values()]
    n_columns = max(len(count.annotations) + 1 for count in counts.values())
    width = max(3.0, 0.8 + _ROW_IN * n_columns)
    heights = [max(2.0, 0.9 + _ROW_IN * n) for n in shapes]
    figure = PlainFigure(figsize=(0.6 + width * len(aligned), sum(heights)), layout="constrained")
    panels = figure.subplots(len(counts), len(aligned), squeeze=False, height_ratios=heights)
    image: AxesImage | None = None
    for row, (model, count) in zip(panels, counts.items(), strict=True):
        after = contingency(count)
        order = after.max(axis=1).sort_values(ascending=False, kind="stable").index
        columns = _like(list(order), after)
        for axes, which in zip(row, aligned, strict=True):
            table = contingency(count, which).loc[order, columns]
            image = axes.imshow(table, cmap="gray_r", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
            axes.set_yticks(range(len(order)), [_shown(name) for name in order], fontsize=_LABEL_PT)
            axes.set_xticks(range(len(columns)), [_shown(name) for name in columns], fontsize=_LABEL_PT, rotation=90)
            axes.tick_params(length=0, pad=1.5)
            axes.set_title(f"{model}\n{'at highest relevance' if which else 'at the centre of the frame'}",
                           fontsize=TEXT)
            axes.set_xlabel("annotated", fontsize=SMALL)
        row[0].set_ylabel("predicted", fontsize=SMALL)
    _bar(figure, image, "share of the row's frames")
    return figure


def _draw_offsets(axes: Axes, table: pd.DataFrame, end_ms: float, colour: str) -> None:
    share = 100 * table.sum(axis=0) / table.to_numpy().sum()
    ms = share.index.to_numpy(float)
    inside = (ms >= 0) & (ms <= end_ms)
    step = ms[2] - ms[1] if len(ms) > 2 else 1.0
    axes.bar(ms[inside], share.to_numpy()[inside], width=0.85 * step, color=colour)
    axes.bar(-3 * step, share.iloc[0], width=0.85 * step, color=_GREY)
    ticks = [tick for tick in axes.get_xticks() if 0 <= tick <= end_ms]
    axes.set_xticks([-3 * step, *ticks], ["-1", *(f"{tick:g}" for tick in ticks)])
    axes.set_xlim(-4.5 * step, end_ms + step)
    beyond = share.to_numpy()[ms > end_ms].sum()
    axes.text(0.99, 0.97, f"no offset {share.iloc[1]:.1f} %\nnot in the frame {share.iloc[0]:.1f} %\n"
              f"beyond the axis {beyond:.1f} %", transform=axes.transAxes, fontsize=SMALL, ha="right", va="top")


def _end_ms(table: pd.DataFrame) -> float:
    """Return the offset that 95 % of the frames with the phone do not exceed, at least 80 ms."""
    inside = table.iloc[:, 1:].sum(axis=0)
    if not inside.sum():
        return 80.0
    reached = np.searchsorted(np.cumsum(inside) / inside.sum(), SHOWN)
    return max(80.0, float(inside.index[min(reached, len(inside) - 1)]))


def _ms_ticks(axes: Axes, ms: np.ndarray) -> None:
    """Label the columns of a heat map whose first two are the -1 and whose third is a gap."""
    every = next(step for step in (20, 40, 100, 200, 500, 1000, 5000) if ms[-1] / step <= 6 or step == 5000)
    at = np.arange(0, ms[-1] + 1, every)
    axes.set_xticks([0.5, *(3 + np.interp(at, ms, np.arange(len(ms))))], ["-1", *(f"{tick:g}" for tick in at)])


def _like(order: list[str], table: pd.DataFrame) -> list[str]:
    """Order annotations like the classes of the same name, then those that no class has, then none."""
    known = [name for name in order if name in table.columns]
    rest = [name for name in table.columns if name not in known and name != NOWHERE]
    most = table[rest].max(axis=0).sort_values(ascending=False, kind="stable")
    return [*known, *most.index, NOWHERE]


def _shown(name: str) -> str:
    return "␣" if name == " " else name


def _bar(figure: Figure, image: AxesImage | None, label: str) -> None:
    assert image is not None  # the first model has one
    bar = figure.colorbar(image, ax=figure.axes, aspect=40, pad=0.01, fraction=0.03)
    bar.set_label(label, fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL)
