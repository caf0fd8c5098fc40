"""Spectrograms of sounds side by side, as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wavegan_tf.printing import printable

__all__ = ["spectrogram_picture", "write_spectrograms"]

WINDOW_S = 0.016
HOP_S = 0.002
RANGE_DB = 60.0
COLUMNS = 4
PANEL_INCHES = (3.0, 2.2)


def spectrogram_picture(audio: np.ndarray, rate_hz: int, titles: Sequence[str]) -> np.ndarray:
    """Draw the spectrogram of each sound over a common axis of decibels, with axes in seconds and hertz.

    Args:
        audio: float [n_sounds, n_samples], full scale 1.
        rate_hz: sampling rate.
        titles: one for each sound.

    Returns:
        The picture: uint8 [height, width, 3].
    """
    # no pyplot: it keeps figures, and a drawing window where there is a screen
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    columns = min(COLUMNS, len(audio))
    rows = -(-len(audio) // columns)
    figure = Figure((PANEL_INCHES[0] * columns + 1.0, PANEL_INCHES[1] * rows + 0.6), dpi=90, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for panel, title, sound in zip(panels.flat, titles, audio, strict=False):
        level_db = _spectrogram_db(sound, rate_hz)
        panel.imshow(level_db, cmap="magma", vmin=-RANGE_DB, vmax=0.0, origin="lower", aspect="auto",
                     interpolation="nearest", extent=(0.0, len(sound) / rate_hz, 0.0, rate_hz / 2))
        panel.set_title(printable(title), fontsize=9, parse_math=False)
        panel.xaxis.set_major_locator(MaxNLocator(4, prune="upper"))  # the last label would meet the next panel's first
    for panel in panels.flat[len(audio):]:
        panel.set_visible(False)
    figure.supxlabel("time (s)", fontsize=10)
    figure.supylabel("frequency (Hz)", fontsize=10)
    figure.colorbar(panels.flat[0].images[0], ax=panels, label="level (dB re full-scale sine)", fraction=0.03)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3].copy()


def write_spectrograms(path: str | Path, audio: np.ndarray, rate_hz: int, titles: Sequence[str]) -> None:
    """Write `spectrogram_picture` as a PNG file."""
    from matplotlib.image import imsave

    imsave(path, spectrogram_picture(audio, rate_hz, titles))


def _spectrogram_db(sound: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return levels in decibels: float [frequencies, times], 0 for a sine of full scale."""
    from scipy import signal

    n_window, n_hop = max(8, round(WINDOW_S * rate_hz)), max(1, round(HOP_S * rate_hz))
    padded = np.pad(sound, n_window // 2)  # the first window is centred on the first sample
    _, _, magnitude = signal.spectrogram(padded, rate_hz, "hann", n_window, n_window - n_hop, detrend=False,
                                         scaling="spectrum", mode="magnitude")
    # half of a real sine's amplitude is at the positive frequency
    return 20.0 * np.log10(np.maximum(2.0 * magnitude, 1e-6))
