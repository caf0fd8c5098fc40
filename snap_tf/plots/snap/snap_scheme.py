"""Figure of the SNAP method: frames aligned at their highest relevance, and the average times the mask."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import FancyArrowPatch

from snap_tf.plots.snap.snap_profiles import KIND_TITLES, choose_groups, is_log_mel, window_s
from snap_tf.plots.style import SMALL, TEXT, PlainFigure
from snap_tf.snap.profiles.finalising import LayerProfiles, Profiles
from snap_tf.snap.profiles.profile_file import ProfileFile

__all__ = ["scheme_figure"]

_DIVERGING = "RdBu_r"


def scheme_figure(file: ProfileFile, group: str | None = None, grouping: str | None = None) -> Figure:
    """Draw how SNAPs are computed (alignment, then average times mask) with the numbers of a profile file.

    A: where frames of all groups have their highest relevance at the input, and how far each is moved. B: of one
    group, the aligned average less that of all frames, times the mask, is the SNAP.

    Args:
        file: that `snap-tf profile` wrote.
        group: which one; by default the one with most frames.
        grouping: of the frames; the first one by default.

    Raises:
        ConfigError: no such group or grouping, or the file has no sums for SNAPs.

    Source: Krug et al. 2021, Figure 1.

    Example:
        >>> from snap_tf.plots import scheme_figure
        >>> from snap_tf.snap import profile, small_clips
        >>> network, clips = small_clips(rate_hz=100.0)
        >>> found = profile(network, clips, groups=("label:word",), progress=False, rate_hz=100.0)
        >>> figure = scheme_figure(found, group="ask")
        >>> figure.axes[0].get_title(loc="left")
        'A   highest relevance in the frame, before'
    """
    kinds = {kind: file.profiles(kind, grouping) for kind in ("normalised", "mask", "snap")}
    snap = kinds["snap"]
    group = snap.groups[int(snap.counts.argmax())] if group is None else group
    row = choose_groups(snap, (group,))[0]
    layer = next(iter(snap.layers.values()))
    seconds = min(2.5 * window_s([layer], [row]), float(np.abs(layer.times_s).max()) or 1.0)
    figure = PlainFigure(figsize=(7.2, 4.2), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(1, 1.25), squeeze=False)[:, 0]
    _draw_shifts(above, file, layer)
    _draw_product(below, kinds, row, seconds)
    return figure


def _draw_shifts(figure: SubFigure, file: ProfileFile, layer: LayerProfiles) -> None:
    """Draw the histogram of the steps at which frames have their maximum, and of the same steps after alignment."""
    taus = file.shifts[layer.layer.name]
    before, after = figure.subplots(1, 2, sharey=True, sharex=True)
    share = 100 * taus / max(taus.sum(), 1)
    times_ms = 1000 * layer.times_s
    step = times_ms[1] - times_ms[0] if len(times_ms) > 1 else 1.0
    before.bar(times_ms, share, width=step, color="#2166AC")
    after.axvline(0, color="#2166AC", lw=2)
    after.text(0.97, 0.9, f"100 % of {taus.sum():,} frames", transform=after.transAxes, fontsize=SMALL, ha="right")
    before.set_ylim(0, 1.15 * share.max())
    reach = max(abs(times_ms[np.flatnonzero(taus)]).max(initial=0) * 1.1, 5 * step)
    before.set_xlim(-reach, reach)
    for axes, title in ((before, "A   highest relevance in the frame, before"), (after, "after alignment")):
        axes.set_title(title, fontsize=TEXT, loc="left")
        axes.axvline(0, color="black", lw=0.5, ls=":")
        axes.set_xlabel("ms from the centre of the frame", fontsize=SMALL)
        axes.tick_params(labelsize=SMALL, length=2)
        axes.spines[["top", "right"]].set_visible(False)
    before.set_ylabel("% of frames", fontsize=SMALL)
    mean = float(np.average(times_ms, weights=taus)) if taus.sum() else 0.0
    if abs(mean) > 2 * step:
        before.add_patch(FancyArrowPatch((mean, 1.07 * share.max()), (0, 1.07 * share.max()), arrowstyle="->",
                                         mutation_scale=8, color="#B2182B"))


def _draw_product(figure: SubFigure, kinds: dict[str, Profiles], row: int, seconds: float) -> None:
    panels = figure.subplots(1, 3, sharey=True)
    for axes, (kind, profiles), sign in zip(panels, kinds.items(), ("B   ", "×  ", "=  "), strict=True):
        layer = next(iter(profiles.layers.values()))
        values, times_ms = layer.values[row], 1000 * layer.times_s
        step = times_ms[1] - times_ms[0] if len(times_ms) > 1 else 1.0
        largest = float(np.abs(values).max()) or 1.0
        if values.shape[1] == 1:
            axes.plot(times_ms, values[:, 0], color="#333333", lw=0.5)
        else:
            image = axes.imshow(values.T, origin="lower", aspect="auto", interpolation="nearest",
                                cmap="Greys" if kind == "mask" else _DIVERGING, vmax=largest,
                                vmin=0 if kind == "mask" else -largest,
                                extent=(times_ms[0] - step / 2, times_ms[-1] + step / 2, -0.5, values.shape[1] - 0.5))
            bar = figure.colorbar(image, ax=axes, aspect=25, pad=0.02)
            bar.ax.tick_params(labelsize=SMALL - 1, length=2)
            bar.ax.locator_params(nbins=5)
        what = {"normalised": "average - average of all", "mask": "mask"}.get(kind, KIND_TITLES[kind])
        axes.set_title(f"{sign}{what}", fontsize=TEXT, loc="left")
        axes.set_xlim(-1000 * seconds, 1000 * seconds)
        axes.set_xlabel("ms from alignment", fontsize=SMALL)
        axes.tick_params(labelsize=SMALL, length=2)
    profiles = kinds["snap"]
    _frequency_axis(panels[0], next(iter(profiles.layers.values())))
    figure.suptitle(f"{profiles.grouping} {profiles.groups[row]}, {profiles.counts[row]:,} frames", fontsize=SMALL,
                    ha="right", x=0.99)


def _frequency_axis(axes: Axes, layer: LayerProfiles) -> None:
    if not is_log_mel(layer.layer):
        axes.set_ylabel("value" if layer.values.shape[2] == 1 else "channel", fontsize=SMALL)
        return
    from snap_tf.plots.snap.snap_profiles import mel_ticks

    axes.set_yticks(*mel_ticks())
    axes.set_ylabel("frequency (Hz)", fontsize=SMALL)
