"""Monitoring of a recogniser's training: metrics.csv; TensorBoard's scalars, transcripts, spectrograms."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import tensorflow as tf

from snap_tf.asr.evaluation import Evaluation
from snap_tf.asr.settings import RecogniserConfig
from snap_tf.asr.transcripts.alphabet import Alphabet
from wavegan_tf.training.events import LOGS_FOLDER, cut_events
from wavegan_tf.training.metrics import MetricsFile

__all__ = ["N_PICTURES", "RecogniserMonitors"]

N_TEXTS = 8
"""Validation utterances whose transcripts are shown."""
N_PICTURES = 2
"""Of these, whose spectrograms are drawn as well."""


class RecogniserMonitors:
    """Writes metrics and TensorBoard summaries during training. Use as a context manager."""

    def __init__(self, run: str | Path, config: RecogniserConfig, alphabet: Alphabet, step: int) -> None:
        """Open the files and take back what they hold of the steps after `step`."""
        self._alphabet = alphabet
        rates = [f"{alphabet.kind}_error_rate", *(["phone_error_rate_39"] if alphabet.kind == "phone" else [])]
        names = ["loss", "gradient_norm", "learning_rate", "steps_per_s",
                 *(f"validation/{name}" for name in ("loss", *rates))]
        self._stack = ExitStack()
        self._metrics = self._stack.enter_context(MetricsFile(run, names, step))
        logs = Path(run) / LOGS_FOLDER
        cut_events(logs, step)
        self._writer = tf.summary.create_file_writer(str(logs))
        self._stack.callback(self._writer.close)
        self._last = step, time.monotonic()
        if step == 0:
            with self._writer.as_default(step=0):
                tf.summary.text("config", f"```\n{config.to_json()}```")

    def row(self, step: int, training: Mapping[str, float], validation: Evaluation | None) -> None:
        """Write the row of a step, with the speed since the last row, and a point to each curve."""
        now = time.monotonic()
        (last_step, last_time), self._last = self._last, (step, now)
        values = {**training, "steps_per_s": (step - last_step) / max(now - last_time, 1e-9)}
        if validation is not None:
            values |= {f"validation/{name}": value for name, value in validation.scalars().items()}
        self._metrics.write(step, values)
        with self._writer.as_default(step=step):
            for name, value in values.items():
                tf.summary.scalar(name, value)

    def texts(self, step: int, validation: Evaluation) -> None:
        """Show the first transcripts beside what should have been written."""
        join = self._alphabet.join
        rows = [f"| {t.utterance} | {_cell(join(t.reference))} | {_cell(join(t.written))} |"
                for t in validation.transcripts[:N_TEXTS]]
        with self._writer.as_default(step=step):
            tf.summary.text("transcripts", "\n".join(["| utterance | reference | written |", "|---|---|---|", *rows]))

    def pictures(self, step: int, validation: Evaluation, spectrograms: Sequence[np.ndarray]) -> None:
        """Draw the first spectrograms (float32 [n_steps, 128] each) with their transcripts."""
        from snap_tf.plots.recognition import as_picture, recognition_figure

        with self._writer.as_default(step=step):
            for t, spectrogram in zip(validation.transcripts, spectrograms, strict=False):
                figure = recognition_figure(spectrogram, t.logits, self._alphabet, title=t.utterance)
                tf.summary.image(f"validation/{t.utterance}", as_picture(figure)[None])

    def sync(self) -> None:
        """Wait until everything is in the files."""
        self._metrics.sync()
        self._writer.flush()

    def __enter__(self) -> RecogniserMonitors:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()


def _cell(text: str) -> str:
    """Keep the bars of a table apart from those of a text; an empty transcript shows as a dash."""
    return text.replace("|", "\\|") or "-"
