"""metrics.csv: each step once, however sessions ended; and which columns a run has."""

import csv
import os
from pathlib import Path

import pytest
from tiny_runs import TINY, tiny

from wavegan_tf.training.metrics import METRIC_GROUPS, MetricsFile, metric_names


def steps(run):
    with (run / "metrics.csv").open(newline="") as file:
        return [int(row["step"]) for row in csv.DictReader(file)]


def write(run, first, last, until):
    with MetricsFile(run, ["d_loss", "steps_per_s"], last) as metrics:
        for step in range(first, until):
            metrics.write(step, {"d_loss": step / 3})


@pytest.mark.parametrize("rubbish", ["", "7,2.3", "7,2.333333,4\n8", "\x00\x00\n", "5,0,0\n"])
def test_steps_that_are_done_again_are_written_once(tmp_path, rubbish):
    write(tmp_path, 1, 0, 7)
    with (tmp_path / "metrics.csv").open("a") as file:
        file.write(rubbish)  # what a session that was killed may leave
    write(tmp_path, 5, 4, 9)
    assert steps(tmp_path) == list(range(1, 9))
    assert (tmp_path / "metrics.csv").read_text().splitlines()[:2] == ["step,d_loss,steps_per_s", "1,0.3333333,"]


def test_rows_can_be_read_at_once(tmp_path):
    with MetricsFile(tmp_path, ["d_loss"], -1) as metrics:
        metrics.write(10, {"d_loss": -1.5e-9, "other": 3.0})
        assert (tmp_path / "metrics.csv").read_text() == "step,d_loss\n10,-1.5e-09\n"


def test_rows_are_on_the_disk_when_asked_for(tmp_path, monkeypatch):
    """All that was written before: flushed to the system, then by the system to the disk."""
    real, sizes = os.fsync, []

    def fsync(handle):
        sizes.append((str(Path(f"/proc/self/fd/{handle}").readlink()), os.fstat(handle).st_size))
        real(handle)

    with MetricsFile(tmp_path, ["d_loss"], -1) as metrics:
        metrics.write(10, {"d_loss": 1.5})
        monkeypatch.setattr(os, "fsync", fsync)
        metrics.sync()
    assert sizes == [(str(tmp_path / "metrics.csv"), len("step,d_loss\n10,1.5\n"))]


def test_columns_of_another_version_are_taken_over(tmp_path):
    (tmp_path / "metrics.csv").write_text("step,gone,d_loss\n1,9,0.5\n2,9,0.25\n")
    with MetricsFile(tmp_path, ["d_loss", "new"], 5):
        pass
    assert (tmp_path / "metrics.csv").read_text() == "step,d_loss,new\n1,0.5,\n2,0.25,\n"


@pytest.mark.parametrize(("changes", "missing"), [
    ({}, set()),
    ({"code": "onehot"}, {"q_bit_accuracy"}),
    ({"code": "none", "code_dim": 0}, {"q_loss", "q_gradient_norm", "q_accuracy", "q_bit_accuracy"}),
    ({"code": "none", "code_dim": 0, "loss": "wgan"},
     {"q_loss", "q_gradient_norm", "q_accuracy", "q_bit_accuracy", "gradient_penalty"})])
def test_columns_are_those_that_the_run_has(changes, missing):
    assert set(metric_names(tiny(**changes))) == set(METRIC_GROUPS) - missing


def test_losses_come_first():
    assert metric_names(TINY)[:3] == ["d_loss", "g_loss", "q_loss"]
