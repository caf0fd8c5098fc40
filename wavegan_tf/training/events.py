"""TensorBoard event files: writing them, and removing the steps that a resumed session does again."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from wavegan_tf.config import RunConfig
from wavegan_tf.files.own_files import open_own_file
from wavegan_tf.formats.plain_files import open_plain

__all__ = ["LOGS_FOLDER", "EventFiles", "cut_events"]

LOGS_FOLDER = "logs"
_HEADER = struct.Struct("<QI")  # length of the record, checksum of the length
_FOOTER_BYTES = 4


def cut_events(logs: Path, last_step: int) -> None:
    """Remove all events after a step from TensorBoard's files; steps only grow inside a file.

    Args:
        logs: folder of the event files; need not exist.
        last_step: the step that training goes on from.
    """
    for path in filter(Path.is_file, sorted(logs.glob("events.out.tfevents.*"))):
        keep, total = 0, path.stat().st_size
        for end, event in _records(path):
            if event.step > last_step:
                break
            keep = end
        if keep == 0:
            path.unlink()
        elif keep < total:
            handle = open_own_file(path, os.O_WRONLY)
            try:
                os.ftruncate(handle, keep)
            finally:
                os.close(handle)


def _records(path: Path) -> Iterator[tuple[int, tf.compat.v1.Event]]:
    """Yield the events of a file with the offset after each; stops at one that was being written."""
    with open_plain(path, "events of TensorBoard") as file:
        while len(header := file.read(_HEADER.size)) == _HEADER.size:
            length, _ = _HEADER.unpack(header)
            data = file.read(length)
            if len(data) < length or len(file.read(_FOOTER_BYTES)) < _FOOTER_BYTES:
                return
            yield file.tell(), tf.compat.v1.Event.FromString(data)


class EventFiles:
    """Writer of a run's TensorBoard event files. Use as a context manager."""

    def __init__(self, run: str | Path, config: RunConfig, last_step: int) -> None:
        """Begin a new file after removing the steps after `last_step` from older ones."""
        logs = Path(run) / LOGS_FOLDER
        cut_events(logs, last_step)
        self._rate_hz = config.data.sample_rate_hz
        self._writer = tf.summary.create_file_writer(str(logs))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Add a point to each curve."""
        with self._writer.as_default(step=step):
            for name, value in values.items():
                tf.summary.scalar(name, value)

    def sound(self, step: int, tag: str, audio: np.ndarray) -> None:
        """Add a sound: float32 [n_samples, channels]; full scale is 1, what lies beyond is clipped."""
        with self._writer.as_default(step=step):
            tf.summary.audio(tag, np.clip(audio, -1.0, 1.0)[None], self._rate_hz)

    def picture(self, step: int, tag: str, image: np.ndarray) -> None:
        """Add a picture: uint8 [height, width, 3]."""
        with self._writer.as_default(step=step):
            tf.summary.image(tag, image[None])

    def settings(self, config: RunConfig) -> None:
        """Write the settings as hyperparameters and as text, at step 0."""
        from tensorboard.plugins.hparams import api

        with self._writer.as_default(step=0):
            sections = {"data": config.data, "network": config.network, "train": config.train}
            values = {f"{section}.{name}": value for section, part in sections.items()
                      for name, value in vars(part).items()}
            api.hparams({"preset": config.preset, **values})
            tf.summary.text("config", f"```\n{config.to_json()}```")

    def flush(self) -> None:
        """Wait until everything is in the file."""
        self._writer.flush()

    def __enter__(self) -> EventFiles:
        return self

    def __exit__(self, *exception: object) -> None:
        self._writer.close()
