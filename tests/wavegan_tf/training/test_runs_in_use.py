"""The folder of a run: one session at a time, nothing of the user's overwritten, nothing refused for ever."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf
from tiny_runs import TINY, quiet, tiny

from wavegan_tf.checkpoint_folders import newest_checkpoint
from wavegan_tf.errors import ConfigError, ExportError
from wavegan_tf.files.signals import Terminated
from wavegan_tf.training import loop
from wavegan_tf.training.checkpoints import save_checkpoint
from wavegan_tf.training.events import cut_events
from wavegan_tf.training.interrupts import catch_stop_requests
from wavegan_tf.training.metrics import MetricsFile
from wavegan_tf.training.runs import check_run, create_run, lock_run, log_session, read_sessions
from wavegan_tf.training.updates.round import TrainingRound

HOLD = """
import sys
from wavegan_tf.training.runs import lock_run
with lock_run(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.readline()
"""
KILLED = """
import os, sys
from pathlib import Path
from wavegan_tf.atomic import atomic_file
from wavegan_tf.training.runs import lock_run
if sys.argv[2] == "after":
    from wavegan_tf.files import claims
    claims.clear_work = lambda *_: os._exit(9)
with lock_run(sys.argv[1]), atomic_file(Path(sys.argv[1]) / "config.json") as file:
    if sys.argv[2] == "before":
        file.write_text('{"half')
        os._exit(9)
    file.write_text(sys.argv[3])
"""
WRITERS = {
    ".lock": lambda run: lock_run(run).__enter__(),
    "sessions.jsonl": lambda run: log_session(run, "start"),
    "metrics.csv": lambda run: MetricsFile(run, ["loss"], 0),
    "logs/events.out.tfevents.1.x": lambda run: cut_events(run / "logs", 0),
}


@pytest.mark.parametrize("kind", ["link", "hard link", "pipe"])
@pytest.mark.parametrize("name", WRITERS)
def test_what_a_run_writes_in_place_is_never_somebody_elses(name: str, kind: str, tmp_path: Path) -> None:
    mine, place = tmp_path / "mine", tmp_path / "run" / name
    place.parent.mkdir(parents=True)
    if "events" in name:
        with tf.io.TFRecordWriter(str(mine)) as writer:
            for step in range(3):
                writer.write(tf.compat.v1.Event(step=step).SerializeToString())
    else:
        mine.write_text("mine\n")
    before = mine.read_bytes()
    {"link": place.symlink_to, "hard link": place.hardlink_to}.get(kind, lambda _: os.mkfifo(place))(mine)
    if kind == "pipe" and "events" in name:  # it is passed over
        WRITERS[name](tmp_path / "run")
    else:
        why = {"link": "it is a link", "hard link": "it has a second name", "pipe": "it is a pipe"}[kind]
        with pytest.raises(ExportError, match=rf"{place.name}\) must be a plain file of its folder.*{why}"):
            WRITERS[name](tmp_path / "run")
    assert mine.read_bytes() == before


def test_events_after_a_step_are_cut(tmp_path: Path) -> None:
    with tf.io.TFRecordWriter(str(tmp_path / "events.out.tfevents.1.x")) as writer:
        for step in range(3):
            writer.write(tf.compat.v1.Event(step=step).SerializeToString())
    cut_events(tmp_path, 1)
    steps = [tf.compat.v1.Event.FromString(record.numpy()).step
             for record in tf.data.TFRecordDataset(str(tmp_path / "events.out.tfevents.1.x"))]
    assert steps == [0, 1]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_killed_while_its_settings_are_written_begins_again(when: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    done = subprocess.run([sys.executable, "-c", KILLED, run, when, TINY.to_json()], check=False)
    assert done.returncode == 9 and len(list(run.iterdir())) > 2
    (run / ".config-x1_ab2cd.json").write_text("{")  # as versions before this one left it
    assert check_run(run, TINY) == (when == "after")
    with lock_run(run):
        create_run(run, TINY)
        assert {path.name for path in run.iterdir()} == {".lock", "config.json"}
    assert check_run(run, TINY)


def test_other_files_still_make_a_folder_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(ConfigError, match=r"it holds thesis\.txt"):
        check_run(tmp_path, TINY)


def test_a_second_session_is_refused_before_it_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object, **__: object) -> None:
        raise AssertionError("recordings were read")

    monkeypatch.setattr(loop, "open_source", read)
    other = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path / "run"], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "held\n"
    with pytest.raises(ConfigError, match=rf"must not be in use; process {other.pid} on .* is training it"):
        loop.train(TINY, tmp_path / "data", tmp_path / "run", options=quiet(1))
    other.communicate("\n")
    assert not list(tmp_path.iterdir())


def test_a_run_that_cannot_begin_leaves_no_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with pytest.raises(ValueError, match="data"):
        loop.train(TINY, tmp_path / "data", tmp_path / "deep" / "run", options=quiet(1))
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("name", ["manifest.json", "state.json"])
def test_json_nested_without_end_is_one_more_damage(name: str, tmp_path: Path) -> None:
    """Even where the manifest vouches for it."""
    from wavegan_tf.checkpoint_folders import _sha256
    from wavegan_tf.models.family import build_networks

    training = TrainingRound(build_networks(tiny().network, seed=0), tiny())
    whole = save_checkpoint(training, tmp_path)
    training.step.assign(5)
    newest = save_checkpoint(training, tmp_path)
    assert newest_checkpoint(tmp_path) == newest
    (newest / name).write_text("[" * 200_000)
    if name == "state.json":
        manifest = json.loads((newest / "manifest.json").read_text())
        manifest["files"][name] = {"bytes": (newest / name).stat().st_size, "sha256": _sha256(newest / name)}
        (newest / "manifest.json").write_text(json.dumps(manifest))
    told: list[str] = []
    assert newest_checkpoint(tmp_path, told.append) == whole
    assert len(told) == 1 and f"{name} cannot be read" in told[0]
    log_session(tmp_path, "start", step=1)
    with (tmp_path / "sessions.jsonl").open("a") as file:
        file.write("[" * 200_000)
    assert [entry["step"] for entry in read_sessions(tmp_path)] == [1]
    log_session(tmp_path, "end", step=2)
    assert [entry["step"] for entry in read_sessions(tmp_path)] == [1, 2]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_the_request_knows_its_signal(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with catch_stop_requests() as stop:
        signal.raise_signal(number)
        assert stop and stop.signal == number
    assert signal.getsignal(number) is before
    interrupt = stop.interrupt("saved")
    assert str(interrupt) == "saved" and isinstance(interrupt, Terminated) == (number != signal.SIGINT)


def test_what_is_ignored_is_no_request() -> None:
    """Under nohup a closed terminal ends nothing."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with catch_stop_requests() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert not stop
    finally:
        signal.signal(signal.SIGHUP, before)
