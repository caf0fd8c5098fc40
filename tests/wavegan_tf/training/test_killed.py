"""A run killed with SIGKILL and started again has the very weights of one that was not: every bit, every slot."""

import random
import re
import signal
import time

import numpy as np
import pytest
from tiny_runs import TINY_FLAGS, arrays, finish, rows, session, write_recordings

STEPS = 60
FLAGS = ("wavegan", *TINY_FLAGS, f"--max-steps={STEPS}", "--save-steps=5", "--summary-steps=2", "--summary-secs=0",
         "--cache=memory")


def start(folder, run):
    return session(*FLAGS, f"--data={folder / 'data'}", f"--run={folder / run}")


def newest(run):
    steps = [int(path.name[5:]) for path in (run / "checkpoints").glob("step-*")]
    return max(steps, default=-1)


def wait_until(process, reached):
    """Look every millisecond; False when the session ended first."""
    while not reached():
        if process.poll() is not None:
            return False
        time.sleep(0.001)
    return True


def assert_same(folder):
    ours, theirs = arrays(folder / "straight", STEPS), arrays(folder / "killed", STEPS)
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_array_equal(theirs[name], value, err_msg=name)
    assert rows(folder / "killed") == rows(folder / "straight")
    assert not [path.name for path in (folder / "killed" / "checkpoints").iterdir() if path.name.startswith(".")]


def test_killed_between_checkpoints(tmp_path):
    write_recordings(tmp_path / "data")
    straight, killed = start(tmp_path, "straight"), start(tmp_path, "killed")
    run = tmp_path / "killed"
    assert wait_until(killed, lambda: newest(run) >= 20)
    time.sleep(0.02)
    killed.kill()
    killed.communicate()
    assert newest(run) < STEPS
    finish(straight)
    finish(start(tmp_path, "killed"))
    assert_same(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_killed_again_and_again_also_while_saving(tmp_path, seed):
    write_recordings(tmp_path / "data")
    finish(start(tmp_path, "straight"))
    run, rng, kills = tmp_path / "killed", random.Random(seed), {"saving": 0, "anywhere": 0}
    while kills["saving"] < 3 or kills["anywhere"] < 2:
        process = start(tmp_path, "killed")
        how = "saving" if kills["saving"] < 3 else "anywhere"
        if how == "saving":
            seen = {path.name for path in run.glob("checkpoints/.step-*")}
            after = newest(run) + rng.choice([1, 6, 11])  # not always the first save of a session
            reached = wait_until(process, lambda seen=seen, after=after: newest(run) >= after - 1 and {
                path.name for path in run.glob("checkpoints/.step-*")} - seen)
            time.sleep(rng.uniform(0, 0.01))
        else:
            before = newest(run)
            reached = wait_until(process, lambda before=before: newest(run) > before) if rng.random() < 0.7 else True
            time.sleep(rng.uniform(0, 0.3))
        if reached and process.poll() is None:
            process.kill()
            process.communicate()
            kills[how] += 1
            continue
        finish(process)
        if newest(run) == STEPS:
            break
    finish(start(tmp_path, "killed"))
    assert kills["saving"] > 0
    assert_same(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_asked_to_end_by_the_system(number, tmp_path):
    """As from a cluster's scheduler, or a terminal that is closed: saved, 128 and the signal, and how to go on."""
    write_recordings(tmp_path / "data")
    process = session("wavegan", *TINY_FLAGS, f"--data={tmp_path / 'data'}", f"--run={tmp_path / 'run'}",
                      "--summary-steps=1", "--summary-secs=0", "--cache=memory")
    metrics = tmp_path / "run" / "metrics.csv"
    assert wait_until(process, lambda: metrics.is_file() and len(metrics.read_text().splitlines()) > 3)
    process.send_signal(number)
    output = finish(process, 128 + number)
    step = int(re.search(r"stopped at step (\d+), saved as .*; the same command goes on from there", output)[1])
    assert newest(tmp_path / "run") == step >= 3
    assert "3 audio files found, 3 used" in output and "slices per epoch" in output
