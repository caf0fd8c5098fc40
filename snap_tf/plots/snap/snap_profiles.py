"""Figures of profiles (SNAP, NAP, NAvAI), with axes in milliseconds from the alignment and in hertz."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

from snap_tf.asr.spectrograms.mel import mel_centres_hz
from snap_tf.asr.spectrograms.spectrogram_geometry import INPUT_RATE_HZ, N_MELS
from snap_tf.layer_info import LayerInfo
from snap_tf.plots.style import LAYER_COLOUR, LINE, SMALL, TEXT, PlainFigure
from snap_tf.snap.profiles.finalising import LayerProfiles, Profiles
from wavegan_tf.errors import ConfigError

__all__ = ["KIND_TITLES", "choose_groups", "comparison_figure", "is_log_mel", "mel_ticks",
           "profiles_figure", "window_s"]

KIND_TITLES = {"snap": "SNAP", "navai": "NAvAI", "nap": "NAP (sorted over time)",
               "normalised": "aligned average - average of all", "mask": "mask: mean |saliency| / largest"}
TICKS_HZ = (200, 500, 1000, 2000, 4000)
MOST_COLUMNS = 9
SHOWN = 0.999
"""Share of the mask's or profile's mass that the time axis reaches: profiles fade to 0 away from the alignment."""
_DIVERGING = "RdBu_r"


def choose_groups(profiles: Profiles, groups: Sequence[str] = ()) -> list[int]:
    """Return the places of some groups, by default of all.

    Raises:
        ConfigError: no such group, or one with too few frames.
    """
    unknown = [group for group in groups if group not in profiles.groups]
    if unknown:
        raise ConfigError(f"group (={unknown[0]}) must be one of the {len(profiles.groups)} with enough frames: "
                          f"{' '.join(profiles.groups)}")
    return [profiles.groups.index(group) for group in groups] if groups else list(range(len(profiles.groups)))


def profiles_figure(profiles: Profiles, groups: Sequence[str] = (), layer: str | None = None,
                    seconds: float | None = None, shared_scale: bool = False) -> Figure:
    """Draw the profiles of many groups in one layer, by default of the input.

    Red is more, blue is less than on average, white is 0 or not relevant. Layers with one channel, such as
    waveforms, are drawn as lines. The axis of NAPs, sorted over time, is the rank.

    Args:
        profiles: of any kind.
        groups: these, in this order; all by default.
        layer: its name; the input by default.
        seconds: of the time axis on either side of the alignment; by default as far as there is something.
        shared_scale: one scale of colours for all panels, in the place of one for each.

    Raises:
        ConfigError: no such layer or group.

    Source: Krug et al. 2021, Figures A4 to A6.

    Example:
        >>> from snap_tf.plots import profiles_figure
        >>> from snap_tf.snap import profile, small_clips
        >>> network, clips = small_clips(rate_hz=100.0)
        >>> found = profile(network, clips, groups=("label:word",), progress=False, rate_hz=100.0)
        >>> figure = profiles_figure(found.profiles("snap"), groups=("ask", "wash"))
        >>> [axes.get_title() for axes in figure.axes][:2]
        ['ask  n=3', 'wash  n=3']
    """
    rows = choose_groups(profiles, groups)
    found = _layer(profiles, layer)
    seconds = window_s([found], rows) if seconds is None else seconds
    # the fullest rows, of those not too long
    n_columns = min(range(min(6, len(rows)), min(MOST_COLUMNS, len(rows)) + 1), key=lambda n: (-len(rows) % n, -n))
    n_rows = -(-len(rows) // n_columns)
    figure = PlainFigure(figsize=(0.9 + 1.0 * n_columns, 0.9 + 1.05 * n_rows), layout=_close())
    panels = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True, sharey=True).ravel()
    common, ranked = float(np.abs(found.values[rows]).max()) if shared_scale else None, profiles.kind == "nap"
    image: AxesImage | None = None
    for axes, row in zip(panels, rows, strict=False):
        image = _draw(axes, found, row, seconds, common, ranked) or image
        axes.set_title(f"{_shown(profiles.groups[row])}  n={_short(profiles.counts[row])}", fontsize=SMALL, pad=2)
    for axes in panels[len(rows):]:
        axes.set_visible(False)
    _outer_labels(panels, n_columns, len(rows), found)
    figure.supxlabel("rank over time, from most to least" if ranked else
                     "ms from alignment" if found.layer.rate_hz else "step from alignment", fontsize=SMALL)
    if image is not None:
        bar = figure.colorbar(image, ax=panels.tolist(), aspect=40, pad=0.01, fraction=0.02,
                              ticks=None if shared_scale else [image.norm.vmin, 0, image.norm.vmax])
        if not shared_scale:
            bar.ax.set_yticklabels(["less", "0", "more"])
        bar.ax.tick_params(labelsize=SMALL)
    where = found.layer.paper_name
    scale = "one scale" if shared_scale else "each panel with its own scale"
    by = "predicted class" if profiles.grouping == "predicted" else profiles.grouping
    parts = (f"{KIND_TITLES.get(profiles.kind, profiles.kind)} of {where}", f"grouped by {by}", scale)
    figure.suptitle((", " if n_columns > 4 else "\n").join(parts), fontsize=TEXT)
    return figure


def comparison_figure(kinds: Sequence[Profiles], groups: Sequence[str], layer: str | None = None,
                      seconds: float | None = None) -> Figure:
    """Draw several kinds of profiles of some groups, a row per kind with one scale of colours.

    Args:
        kinds: such as NAvAI and SNAP, of the same grouping.
        groups: a column each.
        layer: its name; the input by default.
        seconds: of the time axis on either side of the alignment; by default the whole frame.

    Raises:
        ConfigError: no such layer or group.

    Source: Krug et al. 2021, Figure 4.

    Example:
        >>> from snap_tf.plots import comparison_figure
        >>> from snap_tf.snap import profile, small_clips
        >>> network, clips = small_clips(rate_hz=100.0)
        >>> found = profile(network, clips, groups=("label:word",), progress=False, rate_hz=100.0)
        >>> kinds = [found.profiles(kind) for kind in ("navai", "snap")]
        >>> figure = comparison_figure(kinds, groups=("ask", "wash"))
        >>> [axes.get_title() for axes in figure.axes][:2]
        ['ask  n=3', 'wash  n=3']
    """
    layers = [_layer(profiles, layer) for profiles in kinds]
    rows = [choose_groups(profiles, groups) for profiles in kinds]
    if seconds is None:
        seconds = float(np.abs(layers[0].times_s).max())
    figure = PlainFigure(figsize=(1.5 + 1.35 * len(groups), 0.7 + 1.45 * len(kinds)), layout="constrained")
    panels = figure.subplots(len(kinds), len(groups), squeeze=False, sharex=True, sharey="row")
    for profiles, found, places, row in zip(kinds, layers, rows, panels, strict=True):
        common = float(np.abs(found.values[places]).max())
        image: AxesImage | None = None
        for axes, place in zip(row, places, strict=True):
            image = _draw(axes, found, place, seconds, common) or image
            axes.axvline(0, color="black", lw=0.4, ls=":")
        if image is not None:
            bar = figure.colorbar(image, ax=row.tolist(), aspect=14, pad=0.01)
            bar.ax.tick_params(labelsize=SMALL)
            bar.locator = _few_ticks()
            bar.update_ticks()
        what = KIND_TITLES.get(profiles.kind, profiles.kind)
        row[0].set_ylabel(f"{what}\n{_channel_label(found.layer)}", fontsize=SMALL)
    for axes, place in zip(panels[0], rows[0], strict=True):
        axes.set_title(f"{_shown(kinds[0].groups[place])}  n={_short(kinds[0].counts[place])}", fontsize=TEXT)
    for axes in panels[-1]:
        axes.set_xlabel("ms from alignment", fontsize=SMALL)
    return figure


def window_s(layers: Sequence[LayerProfiles], rows: Sequence[int]) -> float:
    """Return how far from the alignment anything is seen: where all but a thousandth of the absolute values lie."""
    reach = 0.0
    for layer in layers:
        times = np.abs(layer.times_s)
        mass = np.abs(layer.values[rows]).sum(axis=2)  # [groups, T]
        order = np.argsort(times)
        shares = np.cumsum(mass[:, order], axis=1) / np.maximum(mass.sum(axis=1, keepdims=True), 1e-300)
        inside = times[order][np.minimum((shares < SHOWN).sum(axis=1), len(times) - 1)]
        reach = max(reach, float(inside[mass.sum(axis=1) > 0].max(initial=0.0)))
    return reach if reach > 0 else float(np.abs(layers[0].times_s).max())


def _draw(axes: Axes, found: LayerProfiles, row: int, seconds: float, largest: float | None, ranked: bool = False
          ) -> AxesImage | None:
    """Draw one profile over time or, where that was sorted, over ranks; return the image, or None for a line."""
    values, in_ms = found.values[row], bool(found.layer.rate_hz) and not ranked
    times_ms = 1000 * found.times_s if in_ms else np.arange(len(values)) + (1 if ranked else -found.centre)
    step = times_ms[1] - times_ms[0] if len(times_ms) > 1 else 1.0
    axes.tick_params(labelsize=SMALL - 1, length=2, pad=1.5)
    if in_ms:
        axes.set_xlim(-1000 * seconds - step / 2, 1000 * seconds + step / 2)
        axes.locator_params(axis="x", nbins=3)
    if values.shape[1] == 1:
        axes.plot(times_ms, values[:, 0], color=LAYER_COLOUR, lw=LINE / 2)
        axes.axhline(0, color="#777777", lw=0.4)
        if largest:
            axes.set_ylim(-1.05 * largest, 1.05 * largest)
        return None
    largest = largest or float(np.abs(values).max()) or 1.0
    extent = (times_ms[0] - step / 2, times_ms[-1] + step / 2, -0.5, values.shape[1] - 0.5)
    image = axes.imshow(values.T, origin="lower", aspect="auto", cmap=_DIVERGING, vmin=-largest, vmax=largest,
                        extent=extent, interpolation="nearest")
    if in_ms:
        axes.set_xlim(-1000 * seconds - step / 2, 1000 * seconds + step / 2)
    if is_log_mel(found.layer):
        axes.set_yticks(*mel_ticks())
    return image


def mel_ticks() -> tuple[np.ndarray, list[str]]:
    """Return where round frequencies lie among the channels of a log-mel spectrogram, and their labels in Hz."""
    return np.interp(TICKS_HZ, mel_centres_hz(), np.arange(N_MELS)), [str(hz) for hz in TICKS_HZ]


def is_log_mel(layer: LayerInfo) -> bool:
    """Tell whether a layer is the spectrogram that the recognisers read, whose channels have frequencies."""
    return layer.channels == N_MELS and layer.rate_hz == INPUT_RATE_HZ


def _layer(profiles: Profiles, name: str | None) -> LayerProfiles:
    if name is None:
        return next(iter(profiles.layers.values()))
    for key, layer in profiles.layers.items():
        if name in (key, layer.layer.paper_name):
            return layer
    raise ConfigError(f"layer (={name}) must be one of "
                      f"{', '.join(layer.layer.paper_name for layer in profiles.layers.values())}")


def _channel_label(layer: LayerInfo) -> str:
    if is_log_mel(layer):
        return "frequency (Hz)"
    return "value" if layer.channels == 1 else "channel (in no order)"


def _outer_labels(panels: np.ndarray, n_columns: int, n: int, found: LayerProfiles) -> None:
    for i, axes in enumerate(panels[:n]):
        if i % n_columns == 0:
            axes.set_ylabel(_channel_label(found.layer), fontsize=SMALL - 0.5)
        if i + n_columns >= n:
            axes.tick_params(labelbottom=True)


def _shown(group: str) -> str:
    return "␣" if group == " " else group


def _short(n: int) -> str:
    return str(n) if n < 10_000 else f"{n / 1000:.0f}k"


def _close() -> ConstrainedLayoutEngine:
    return ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02, wspace=0.02, hspace=0.02)


def _few_ticks() -> MaxNLocator:
    return MaxNLocator(3, symmetric=True)
