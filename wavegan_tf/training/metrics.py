"""`metrics.csv`: a row of scalars every few steps, each step once, whatever interrupted the run."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Mapping
from pathlib import Path

from wavegan_tf.atomic import atomic_file
from wavegan_tf.config import RunConfig
from wavegan_tf.files.own_files import check_own_file, open_own_file
from wavegan_tf.files.write_errors import named_errors
from wavegan_tf.formats.tables import read_log

__all__ = ["METRICS_NAME", "METRIC_GROUPS", "MetricsFile", "metric_names", "rows_until"]

METRICS_NAME = "metrics.csv"

METRIC_GROUPS = {
    "d_loss": "losses", "g_loss": "losses", "q_loss": "losses",
    "wasserstein": "discriminator", "gradient_penalty": "discriminator",
    "d_gradient_norm": "gradients", "g_gradient_norm": "gradients", "q_gradient_norm": "gradients",
    "x_rms": "audio", "g_rms": "audio",
    "q_accuracy": "code", "q_bit_accuracy": "code",
    "steps_per_s": "speed",
}
"""Columns of the file, and where TensorBoard shows them: the tag of `d_loss` is `losses/d_loss`."""


def metric_names(config: RunConfig) -> list[str]:
    """List the training metrics of a run, in the order of their columns in `metrics.csv`.

    Losses; `wasserstein`, the mean score of real minus that of generated audio; `gradient_penalty`, unweighted; norms
    of the gradients (on several devices the mean of each one's norm); root mean squares of real (`x_rms`) and of
    generated audio (`g_rms`); the share of codes, and of single bits, that Q reads right; rounds in a second.
    Those of the discriminator are of the last of its updates in a round.

    Example:
        >>> from wavegan_tf.presets import load_preset
        >>> from wavegan_tf.training import metric_names
        >>> metric_names(load_preset("wavegan").config)[:4]
        ['d_loss', 'g_loss', 'wasserstein', 'gradient_penalty']
        >>> [name for name in metric_names(load_preset("fiwgan").config) if name.startswith("q_")]
        ['q_loss', 'q_gradient_norm', 'q_accuracy', 'q_bit_accuracy']
    """
    has_code = config.network.code != "none"
    there = {"q_loss": has_code, "q_gradient_norm": has_code, "q_accuracy": has_code,
             "q_bit_accuracy": config.network.code == "binary", "gradient_penalty": config.train.loss == "wgan-gp"}
    return [name for name in METRIC_GROUPS if there.get(name, True)]


class MetricsFile:
    """Writer of `metrics.csv`; every row is passed to the system at once.

    Use as a context manager.
    """

    def __init__(self, run: str | Path, names: list[str], last_step: int) -> None:
        """Open the file and remove the rows after `last_step`: those steps are done again.

        Args:
            run: the folder of the run.
            names: the columns after `step`.
            last_step: the step that training goes on from.

        Raises:
            ExportError: the file is a link or no plain file.
            OSError: it cannot be written.
        """
        self.path = Path(run) / METRICS_NAME
        check_own_file(self.path)
        self._columns = ["step", *names]
        rows = rows_until(self.path, last_step)
        with atomic_file(self.path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, self._columns, restval="", extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        self._file = os.fdopen(open_own_file(self.path, os.O_WRONLY | os.O_APPEND), "ab")

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Add the row of a step; what is missing in `values` stays empty."""
        line = io.StringIO()
        writer = csv.DictWriter(line, self._columns, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writerow({"step": step, **{name: f"{value:.7g}" for name, value in values.items()}})
        with named_errors(self.path, self.path):
            self._file.write(line.getvalue().encode())
            self._file.flush()

    def sync(self) -> None:
        """Wait until all rows are on the disk; a checkpoint must not be younger than its rows."""
        with named_errors(self.path, self.path):
            self._file.flush()
            os.fsync(self._file.fileno())

    def __enter__(self) -> MetricsFile:
        return self

    def __exit__(self, *exception: object) -> None:
        with named_errors(self.path, self.path):
            self._file.close()


def rows_until(path: Path, last_step: int = 10**15) -> list[dict[str, str]]:
    """Read the complete rows up to a step; a row that a killed session did not finish is left out."""
    if not path.is_file():
        return []
    header, *lines = read_log(path, "file of metrics") or [[]]
    rows = (dict(zip(header, cells, strict=False)) for cells in lines)
    return [row for row in rows if re.fullmatch(r"\d{1,15}", row.get("step", ""), re.ASCII)
            and int(row["step"]) <= last_step]
