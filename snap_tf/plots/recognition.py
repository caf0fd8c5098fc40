"""Figure of a recogniser's output: log-mel spectrogram, and below it the most probable class of each step."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from snap_tf.asr.spectrograms.mel import mel_centres_hz
from snap_tf.asr.spectrograms.spectrogram_geometry import HOP_SAMPLES, RATE_HZ
from snap_tf.asr.transcripts.alphabet import Alphabet
from snap_tf.asr.transcripts.ctc import greedy_spikes
from snap_tf.plots.style import PlainFigure

__all__ = ["as_picture", "recognition_figure"]

INPUT_STEP_S = HOP_SAMPLES / RATE_HZ
OUTPUT_STEP_S = 2 * INPUT_STEP_S
LABEL_ROWS = (1.06, 1.36, 1.66)
"""Heights of labels in turn: spikes may be one step apart."""
TICKS_HZ = (200, 500, 1000, 2000, 4000)
RANGE = 12.0
"""Natural logarithms of power from the loudest cell down to black: 52 dB."""


def recognition_figure(spectrogram: np.ndarray, logits: np.ndarray, alphabet: Alphabet, title: str = "") -> Figure:
    """Draw a log-mel spectrogram, and the probabilities of blank and best class with the label of every spike.

    Args:
        spectrogram: float [n_steps, 128], natural logarithm of the mel power, see `snap_tf.asr.log_mel`.
        logits: float [ceil(n_steps / 2), classes], blank last.
        alphabet: of the logits.
        title: of the figure.

    Example:
        >>> from snap_tf.asr import log_mel, open_recogniser
        >>> from snap_tf.plots import recognition_figure
        >>> from wavegan_tf.data import read_audio
        >>> recogniser = open_recogniser("saved_models/W2P_shallow")
        >>> spectrogram = log_mel(read_audio("corpus/TRAIN/DR3/FAOC0/SA1.WAV", 16000)[:16000, 0]).numpy()
        >>> figure = recognition_figure(spectrogram, recogniser.network(spectrogram[None])[0].numpy(),
        ...                             recogniser.alphabet)
        >>> [text.get_text() for text in figure.axes[1].texts][:4]
        ['h#', 'sh', 'iy', 'hh']
    """
    duration_s = len(spectrogram) * INPUT_STEP_S
    figure = PlainFigure((max(5.0, 3.0 * duration_s), 3.8), dpi=100, layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.0, 1.2))
    image = _draw_spectrogram(upper, spectrogram)
    figure.colorbar(image, ax=upper, label="log power", pad=0.01)
    _draw_spikes(lower, logits, alphabet)
    upper.set_title(title, fontsize=9, loc="left")
    lower.set_xlim(0.0, duration_s)
    lower.set_xlabel("time (s)")
    return figure


def as_picture(figure: Figure) -> np.ndarray:
    """Render a figure as pixels: uint8 [height, width, 3]."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3].copy()


def _draw_spectrogram(axes: Axes, spectrogram: np.ndarray) -> AxesImage:
    top, n_bands = float(spectrogram.max()), spectrogram.shape[1]
    # step t is the centre of its column
    extent = (-INPUT_STEP_S / 2, (len(spectrogram) - 0.5) * INPUT_STEP_S, -0.5, n_bands - 0.5)
    image = axes.imshow(spectrogram.T, origin="lower", aspect="auto", cmap="magma", vmin=top - RANGE, vmax=top,
                        interpolation="nearest", extent=extent)
    bands = np.interp(TICKS_HZ, mel_centres_hz(), np.arange(n_bands))
    axes.set_yticks(bands, [f"{hz / 1000:g}" for hz in TICKS_HZ])
    axes.set_ylabel("frequency (kHz)")
    return image


def _draw_spikes(axes: Axes, logits: np.ndarray, alphabet: Alphabet) -> None:
    wide = logits.astype(np.float64)
    probability = np.exp(wide - wide.max(axis=1, keepdims=True))
    probability /= probability.sum(axis=1, keepdims=True)
    time_s = np.arange(len(logits)) * OUTPUT_STEP_S
    axes.step(time_s, probability[:, alphabet.blank], where="mid", color="0.7", lw=1.0, label="blank")
    best_other = probability[:, :alphabet.blank].max(axis=1)
    axes.step(time_s, best_other, where="mid", color="#0072B2", lw=1.0, label="best other")
    for i, spike in enumerate(greedy_spikes(logits)):
        label = alphabet.symbols[spike.label]
        middle_s = (spike.first_step + spike.last_step) / 2 * OUTPUT_STEP_S
        axes.text(middle_s, LABEL_ROWS[i % len(LABEL_ROWS)], "␣" if label == " " else label, ha="center", va="bottom",
                  fontsize=7)
    axes.set_ylim(0.0, 2.0)
    axes.set_yticks([0.0, 0.5, 1.0])
    axes.set_ylabel("probability")
    axes.legend(loc="upper right", bbox_to_anchor=(1.0, -0.12), ncols=2, fontsize=7, frameon=False)
