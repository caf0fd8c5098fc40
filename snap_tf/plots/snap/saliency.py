"""Figure of a saliency map: recording above, map below, axes in seconds and hertz, the explained step marked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from snap_tf.plots.style import LINE, OUTPUT_COLOUR, SMALL, STIMULUS_COLOUR, TEXT, PlainFigure, write_figure
from snap_tf.series.acoustics.measures.sound import power_spectrogram
from snap_tf.snap.saliency.saliency_maps import SaliencyMap, saliency_arrays

__all__ = ["saliency_figure", "write_saliency"]

TITLES = {"input": "gradient", "smoothgrad": "SmoothGrad", "gradcam": "Grad-CAM", "scorecam": "Score-CAM",
          "optimised": "change"}
TICKS_HZ = (200, 500, 1000, 2000, 4000)
RANGE = 12.0
"""Natural logarithms of power from the loudest cell down to black: 52 dB."""
WINDOW_S = 0.025


def saliency_figure(found: SaliencyMap) -> Figure:
    """Draw a saliency map under its recording.

    Spectrograms have mel bands on the axis of frequencies, labelled in hertz. Gradients of audio are drawn as they are
    and as a spectrogram: which frequencies the score depends on. Signed maps are red where more raises the score, blue
    where less does.

    Example:
        >>> from snap_tf.plots import saliency_figure
        >>> from snap_tf.snap import open_listener, saliency_map
        >>> network = open_listener("saved_models/fiwgan")
        >>> found = saliency_map(network, "corpus/TRAIN/DR3/FAOC0/SA1.WAV", class_name="class_2")
        >>> [axes.get_ylabel() for axes in saliency_figure(found).axes]
        ['amplitude', 'gradient', 'frequency (kHz)', 'dB']
    """
    is_audio = not len(found.frequencies_hz)
    is_signed = found.values.ndim == 2
    n_panels = 2 + (is_audio and is_signed)
    duration_s = len(found.inputs) / found.input_rate_hz
    figure = PlainFigure((max(5.5, min(14.0, 3.0 * duration_s)), 1.9 * n_panels + 0.6), layout="constrained")
    panels = figure.subplots(n_panels, 1, sharex=True)
    _draw_input(panels[0], found)
    if not is_signed:
        _draw_series(panels[1], found)
    elif is_audio:
        _draw_waveform(panels[1], found.times_s, found.values[:, 0], TITLES[found.options.method])
        _draw_spectrogram_of(figure, panels[2], found)
    else:
        _draw_bands(figure, panels[1], found)
    for axes in panels:
        axes.tick_params(labelsize=SMALL)
        if found.target.time_s is not None:
            axes.axvline(found.target.time_s, color="0.25", lw=LINE, ls=":")
    panels[0].set_title(_title(found), fontsize=TEXT, loc="left")
    panels[-1].set_xlim(0.0, duration_s)
    panels[-1].set_xlabel("time (s)", fontsize=SMALL)
    return figure


def write_saliency(found: SaliencyMap, path: str | Path) -> list[Path]:
    """Draw a saliency map and write it as PNG, and as NPZ beside it; `path` is the name without suffix.

    Raises:
        OSError: a file cannot be written.

    Example:
        >>> from snap_tf.plots import write_saliency
        >>> from snap_tf.snap import open_listener, saliency_map
        >>> network = open_listener("saved_models/fiwgan")
        >>> found = saliency_map(network, "corpus/TRAIN/DR3/FAOC0/SA1.WAV", class_name="class_2")
        >>> [path.name for path in write_saliency(found, "map")]
        ['map.png', 'map.npz']
    """
    return write_figure(saliency_figure(found), path, ("png",), dpi=150, arrays=saliency_arrays(found))


def _title(found: SaliencyMap) -> str:
    target = found.target
    when = "" if target.time_s is None else f" at {target.time_s:.3f} s"
    how_sure = "" if np.isnan(target.probability) else f", p = {target.probability:.2f}"
    layer = f" of {found.options.layer}" if found.options.layer else ""
    gained = "" if np.isnan(found.optimised_logit) else f", logit {target.logit:.1f} -> {found.optimised_logit:.1f}"
    return (f"{TITLES[found.options.method]}{layer} for {_shown(target.name)}{when}{how_sure}{gained}\n"
            f"{found.source}; {found.model}")


def _shown(name: str) -> str:
    return "space" if name == " " else name


def _draw_input(axes: Axes, found: SaliencyMap) -> None:
    if not len(found.frequencies_hz):
        _draw_waveform(axes, (np.arange(len(found.inputs)) + 0.5) / found.input_rate_hz, found.inputs[:, 0],
                       "amplitude")
        return
    top = float(found.inputs.max())
    _image(axes, found.inputs, found.input_rate_hz, cmap="Greys", vmin=top - RANGE, vmax=top)
    _mel_axis(axes, found.frequencies_hz)


def _draw_bands(figure: Figure, axes: Axes, found: SaliencyMap) -> None:
    limit = float(np.abs(found.values).max()) or 1.0
    image = _image(axes, found.values, found.rate_hz, cmap="RdBu_r", vmin=-limit, vmax=limit)
    what = "change of log power" if found.options.method == "optimised" else "logit per log power"
    _colour_bar(figure, image, axes, what)
    _mel_axis(axes, found.frequencies_hz)


def _draw_series(axes: Axes, found: SaliencyMap) -> None:
    axes.fill_between(found.times_s, found.values, step="mid", color=OUTPUT_COLOUR, lw=0, alpha=0.8)
    axes.set_ylim(0.0, float(found.values.max()) * 1.05 or 1.0)
    axes.set_ylabel(TITLES[found.options.method], fontsize=SMALL)


def _draw_waveform(axes: Axes, times_s: np.ndarray, values: np.ndarray, label: str) -> None:
    axes.plot(times_s, values, color=STIMULUS_COLOUR if label == "amplitude" else OUTPUT_COLOUR, lw=0.4)
    axes.set_ylabel(label, fontsize=SMALL)


def _draw_spectrogram_of(figure: Figure, axes: Axes, found: SaliencyMap) -> None:
    """Draw which frequencies a map over samples holds."""
    times, frequencies, power = power_spectrogram(found.values[:, 0].astype(np.float64), found.rate_hz, WINDOW_S,
                                                  WINDOW_S / 8)
    level = 10 * np.log10(np.maximum(power, np.finfo(float).tiny) / max(power.max(), np.finfo(float).tiny))
    image = axes.pcolormesh(times, frequencies / 1000, level, cmap="Purples", vmin=-50.0, vmax=0.0, shading="nearest",
                            rasterized=True)
    _colour_bar(figure, image, axes, "dB")
    axes.set_ylabel("frequency (kHz)", fontsize=SMALL)


def _colour_bar(figure: Figure, image: ScalarMappable, axes: Axes, label: str) -> None:
    bar = figure.colorbar(image, ax=axes, pad=0.01)
    bar.set_label(label, fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL)


def _image(axes: Axes, values: np.ndarray, rate_hz: float, **colours: Any) -> AxesImage:
    """Draw [steps, bands]; step t is the centre of its column."""
    extent = (-0.5 / rate_hz, (len(values) - 0.5) / rate_hz, -0.5, values.shape[1] - 0.5)
    return axes.imshow(values.T, origin="lower", aspect="auto", interpolation="nearest", extent=extent, **colours)


def _mel_axis(axes: Axes, frequencies_hz: np.ndarray) -> None:
    axes.set_yticks(np.interp(TICKS_HZ, frequencies_hz, np.arange(len(frequencies_hz))),
                    [f"{hz / 1000:g}" for hz in TICKS_HZ])
    axes.set_ylabel("frequency (kHz)", fontsize=SMALL)
