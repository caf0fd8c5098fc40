"""Monitoring of a run: metrics in a table and in TensorBoard, audio and spectrograms of fixed latent vectors."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from wavegan_tf.config import NetworkConfig, RunConfig
from wavegan_tf.latent import code_from_index, code_name, latent_with_code, sample_noise
from wavegan_tf.models.generator import Generator
from wavegan_tf.training.events import EventFiles
from wavegan_tf.training.metrics import METRIC_GROUPS, MetricsFile, metric_names
from wavegan_tf.training.pictures import spectrogram_picture

__all__ = ["Monitors", "Probe", "probe_of"]

MOST_CODES = 16
CODES_WITH_TWO_NOISES = 8
WITHOUT_CODE = 8
REAL_SOUNDS = 8


@dataclass(frozen=True)
class Probe:
    """Fixed latent vectors for monitoring: float32 [n, latent_dim], and a name for each."""

    z: np.ndarray
    names: tuple[str, ...]


def probe_of(config: NetworkConfig, seed: int) -> Probe:
    """Choose the latent vectors for monitoring, with valid codes and fixed noise.

    Every code where there are at most 16; else, for a binary code, the one of zeros and those of a single bit. Up to
    8 codes come with two noises each, the same two for all, so that what stays is the code's.

    Args:
        config: kind and length of the code.
        seed: of the noise.
    """
    rng = np.random.default_rng(seed)
    if config.code == "none":
        return Probe(sample_noise(WITHOUT_CODE, config, rng), tuple(f"z_{i}" for i in range(WITHOUT_CODE)))
    n_codes = config.code_dim if config.code == "onehot" else 2**config.code_dim
    if config.code == "binary" and n_codes > MOST_CODES:
        codes = [0, *(1 << bit for bit in range(config.code_dim))][:MOST_CODES]
    else:
        codes = list(range(min(n_codes, MOST_CODES)))
    noise = sample_noise(2 if len(codes) <= CODES_WITH_TWO_NOISES else 1, config, rng)
    z = np.concatenate([latent_with_code(noise, code_from_index(code, config), config) for code in codes])
    names = [f"code_{code_name(code, config)}" + (f"_noise_{i}" if len(noise) > 1 else "")
             for code in codes for i in range(len(noise))]
    return Probe(z, tuple(names))


class Monitors:
    """Everything that the chief writes while training, except checkpoints. Use as a context manager."""

    def __init__(self, run: str | Path, config: RunConfig, generator: Generator, last_step: int) -> None:
        """Open the files and remove the steps after `last_step` from them (-1: all steps)."""
        self._config = config
        self._probe = probe_of(config.network, config.train.seed)
        self._generate = tf.function(lambda z: generator(z))
        self._stack = ExitStack()
        self._metrics = self._stack.enter_context(MetricsFile(run, metric_names(config), last_step))
        self._events = self._stack.enter_context(EventFiles(run, config, last_step))
        self._names = metric_names(config)
        self._last_row: tuple[int, float] | None = None

    def settings(self) -> None:
        """Show the settings of a new run."""
        self._events.settings(self._config)

    def start_clock(self, step: int) -> None:
        """Measure speed from here on: the first round of a session is spent on compiling."""
        self._last_row = step, time.monotonic()

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Add a row to the table and a point to each curve, with the speed since the last row."""
        row = {name: value for name, value in values.items() if name in self._names}
        now, last = time.monotonic(), self._last_row
        if last is not None and step > last[0]:
            row["steps_per_s"] = (step - last[0]) / max(now - last[1], 1e-9)
        self._last_row = step, now
        self._metrics.write(step, row)
        self._events.scalars(step, {f"{METRIC_GROUPS[name]}/{name}": value for name, value in row.items()})

    def generated(self, step: int) -> None:
        """Show generated audio of the fixed latent vectors, and its spectrograms."""
        audio = self._generate(self._probe.z).numpy()
        self._show(step, "generated", audio, self._probe.names)

    def real(self, step: int, audio: np.ndarray) -> None:
        """Show the first training slices: float32 [n, slice_len, channels]."""
        audio = audio[:REAL_SOUNDS]
        self._show(step, "real", audio, tuple(str(i) for i in range(len(audio))))

    def sync(self) -> None:
        """Wait until everything is in the files."""
        self._metrics.sync()
        self._events.flush()

    def _show(self, step: int, tag: str, audio: np.ndarray, names: tuple[str, ...]) -> None:
        rate_hz = self._config.data.sample_rate_hz
        titles = [name.replace("_", " ") for name in names]
        self._events.picture(step, tag, spectrogram_picture(audio[:, :, 0], rate_hz, titles))
        for name, sound in zip(names, audio, strict=True):
            if not name.endswith("noise_1"):  # audio of one noise vector is enough
                self._events.sound(step, f"{tag}/{name}", sound)

    def __enter__(self) -> Monitors:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()
