"""Sessions of the smallest run: beginning, going on, being asked to stop, and everything that can be wrong."""

import errno
import json
import os
import shutil
import signal

import numpy as np
import pytest
import tensorflow as tf
from tiny_runs import TINY, arrays, quiet, rows, tiny, write_recordings

from wavegan_tf import checkpoint_folders
from wavegan_tf.checkpoint_folders import checkpoint_steps
from wavegan_tf.errors import ConfigError, DataError, ExportError, TrainingError
from wavegan_tf.files.signals import Terminated
from wavegan_tf.training.checkpoints import load_networks
from wavegan_tf.training.loop import train
from wavegan_tf.training.monitors import Monitors
from wavegan_tf.training.runs import lock_run
from wavegan_tf.training.starting_point import StartingPoint

# tf.data compiles all the same, and says so
pytestmark = pytest.mark.filterwarnings("ignore:Even though the .tf.config.experimental_run_functions_eagerly.")


@pytest.fixture(scope="module", autouse=True)
def without_compiling():
    """Run operation by operation: compiling would take nearly all the time. test_killed.py compiles."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Recordings, and a run of 6 steps without a break."""
    folder = tmp_path_factory.mktemp("loop")
    write_recordings(folder / "data")
    result = train(TINY, folder / "data", folder / "straight", options=quiet(6, summary_steps=1))
    assert (result.step, result.steps_done, result.checkpoint.name) == (6, 6, "step-000000006")
    return folder


@pytest.fixture
def run(folder, tmp_path):
    """A copy of that run, to go on with."""
    return shutil.copytree(folder / "straight", tmp_path / "run")


def sessions(run):
    return [json.loads(line) for line in (run / "sessions.jsonl").read_text().splitlines()]


def assert_same_state(run, other, step):
    ours, theirs = arrays(run, step), arrays(other, step)
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():  # bit for bit in test_killed.py, where the process is TensorFlow's to configure
        np.testing.assert_allclose(theirs[name], value, rtol=0, atol=1e-6, err_msg=name)


def test_what_a_run_holds(folder):
    run = folder / "straight"
    assert {path.name for path in run.iterdir()} == {".lock", "checkpoints", "config.json", "logs", "metrics.csv",
                                                     "sessions.jsonl"}
    assert checkpoint_steps(run) == [0, 6]
    assert [row.split(",")[0] for row in rows(run)] == ["step", *"123456"]
    start, end = sessions(run)
    assert (start["event"], start["step"], start["data"]) == ("start", 0, str(folder / "data"))
    assert {"tensorflow", "keras", "numpy", "python", "wavegan_tf"} <= set(start["versions"])
    assert {"host", "processor", "cpu_count", "gpus"} <= set(start["machine"])
    assert (end["event"], end["step"], end["reason"]) == ("end", 6, "done")


def test_stopped_and_going_on_equals_one_session(folder, tmp_path, monkeypatch):
    """The terminal is closed after step 4; the batches are larger than the data, so nothing waits for more files."""
    show = Monitors.scalars

    def stop_at_four(self, step, values):
        show(self, step, values)
        if step == 4:
            os.kill(os.getpid(), signal.SIGHUP)

    monkeypatch.setattr(Monitors, "scalars", stop_at_four)
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with pytest.raises(Terminated, match=r"stopped at step 5, saved as .*step-000000005; the same command goes"):
        train(TINY, folder / "data", tmp_path / "run", options=quiet(6, summary_steps=1))
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == handlers
    assert checkpoint_steps(tmp_path / "run") == [0, 5]
    settings = (tmp_path / "run" / "config.json").read_bytes()
    monkeypatch.setattr(Monitors, "scalars", show)
    train(TINY, folder / "data", tmp_path / "run", options=quiet(6, summary_steps=1))
    assert_same_state(folder / "straight", tmp_path / "run", 6)
    assert [row.split(",")[0] for row in rows(tmp_path / "run")] == ["step", *"123456"]
    assert (tmp_path / "run" / "config.json").read_bytes() == settings
    assert [line["event"] for line in sessions(tmp_path / "run")] == ["start", "end", "start", "end"]
    assert sessions(tmp_path / "run")[1]["reason"].startswith("Terminated: stopped at step 5")


def test_nothing_is_left_to_do(folder, run):
    before = {path: path.read_bytes() for path in run.rglob("*.npz")}
    result = train(TINY, folder / "data", run, options=quiet(6))
    assert (result.step, result.steps_done) == (6, 0)
    assert {path: path.read_bytes() for path in run.rglob("*.npz")} == before


def test_other_settings_are_refused_before_the_recordings_are_read(run):
    before = sorted(run.rglob("*"))
    with pytest.raises(ConfigError, match=r"settings of run .* changed: train.seed: 3 -> 4; leave these options out"):
        train(tiny(seed=4), run / "no data", run, options=quiet(8))
    assert sorted(run.rglob("*")) == before


def test_other_recordings_are_refused_unless_meant(run, tmp_path):
    other = write_recordings(tmp_path / "other", 4)
    with pytest.raises(ConfigError, match=r"must hold the recordings that run .* up to step 6; they are not the same "
                                          "any more; bring them back, or say --new-data"):
        train(TINY, other, run, options=quiet(7))
    assert checkpoint_steps(run) == [0, 6]
    assert train(TINY, other, run, options=quiet(7, new_data=True)).step == 7


@pytest.mark.parametrize(("data", "text"), [("none", "must be"), ("empty", "audio")])
def test_without_recordings_no_run_is_made(tmp_path, data, text):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=text):
        train(TINY, tmp_path / data, tmp_path / "run", options=quiet(1))
    assert not (tmp_path / "run").exists()


def test_a_run_in_use(folder, run):
    with lock_run(run), pytest.raises(ConfigError, match=r"must not be in use; process \d+ on .* is training it"):
        train(TINY, folder / "data", run, options=quiet(8))


def test_divergence_names_the_last_good_checkpoint(folder, tmp_path):
    with pytest.raises(TrainingError, match=r"must be finite; it is not any more at step \d+; the last good checkpoint "
                                            r"is .*step-000000000; use that one, or begin a new run with a smaller"):
        train(tiny(learning_rate=1e30), folder / "data", tmp_path / "run", options=quiet(50, save_steps=1))
    assert all(np.isfinite(value).all() for value in arrays(tmp_path / "run", 0).values())
    assert checkpoint_steps(tmp_path / "run") == [0]
    assert sessions(tmp_path / "run")[1]["reason"].startswith("TrainingError: ")


def test_a_full_disk(folder, run, monkeypatch):
    def full(path, variables):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint_folders, "write_npz", full)
    with pytest.raises(ExportError, match=r"007\) must be writable: No space left on device; .* step 6; free"):
        train(TINY, folder / "data", run, options=quiet(7))
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["step-000000000", "step-000000006"]


def test_every_checkpoint_damaged(folder, run):
    for path in run.rglob("generator.npz"):
        path.write_bytes(b"")
    with pytest.raises(ExportError, match="must have one whole checkpoint; all 2 are damaged"):
        train(TINY, folder / "data", run, options=quiet(8))
    assert checkpoint_steps(run) == [0, 6]


def test_from_the_checkpoint_before_a_damaged_one(folder, run, capsys):
    damaged = run / "checkpoints" / "step-000000006" / "discriminator.npz"
    damaged.write_bytes(damaged.read_bytes()[:1000])
    train(TINY, folder / "data", run, options=quiet(6, summary_steps=1, save_steps=3, keep=2))
    assert "step-000000006 is damaged (discriminator.npz has 1000 bytes" in capsys.readouterr().err
    assert_same_state(folder / "straight", run, 6)
    assert rows(run) == rows(folder / "straight")
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == [
        "damaged-step-000000006", "step-000000003", "step-000000006"]


def test_new_run_begins_with_the_networks_of_another(folder, tmp_path):
    networks = load_networks(folder / "straight")[1]
    start = StartingPoint("straight", 6, TINY.network, networks)
    result = train(TINY, folder / "data", tmp_path / "new", options=quiet(1), start=start)
    assert (result.step, checkpoint_steps(result.run)) == (1, [0, 1])
    begun = load_networks(result.run, 0)[1]
    for ours, theirs in zip(begun.generator.weights, networks.generator.weights, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    assert sessions(result.run)[0]["began_with"] == "straight step 6"
    after = arrays(result.run, 1)
    train(TINY, folder / "data", result.run, options=quiet(1), start=start)  # goes on, and does not begin again
    assert all(np.array_equal(after[name], value) for name, value in arrays(result.run, 1).items())


def test_new_run_refuses_to_begin_with_other_networks(folder, tmp_path):
    start = StartingPoint("straight", 6, TINY.network, load_networks(folder / "straight")[1])
    with pytest.raises(ConfigError, match=r"straight.*dim: 1 -> 2.*leave out --from"):
        train(tiny(dim=2), folder / "data", tmp_path / "new", options=quiet(1), start=start)
    assert not (tmp_path / "new").exists()
