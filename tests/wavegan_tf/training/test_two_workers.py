"""Two workers on loopback with half the batch each, against one with the whole batch."""

import signal
import socket
import time

import pytest
from tiny_runs import TINY_FLAGS, arrays, assert_same_up_to_rounding, finish, session, write_recordings

pytestmark = pytest.mark.slow


def free_addresses(n):
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    addresses = [f"127.0.0.1:{s.getsockname()[1]}" for s in sockets]
    for s in sockets:
        s.close()
    return addresses


def start_workers(folder, *flags, each=((), ())):
    addresses = free_addresses(2)
    return [session("wavegan", *TINY_FLAGS, f"--data={folder / 'data'}", f"--run={folder / 'two'}", "--summary-secs=0",
                    "--cache=memory", "--strategy=multiworker", *flags, *each[i], task=(i, addresses))
            for i in range(2)]


@pytest.mark.parametrize("flags", [(), ("--batchnorm=on",)], ids=["plain", "batchnorm"])
def test_two_workers_equal_one(tmp_path, flags):
    write_recordings(tmp_path / "data")
    workers = start_workers(tmp_path, "--max-steps=3", "--summary-steps=1", *flags)
    outputs = [finish(worker) for worker in workers]
    finish(session("wavegan", *TINY_FLAGS, f"--data={tmp_path / 'data'}", f"--run={tmp_path / 'one'}",
                   "--cache=memory", "--max-steps=3", "--summary-steps=1", *flags))
    one, two = arrays(tmp_path / "one", 3), arrays(tmp_path / "two", 3)
    assert_same_up_to_rounding(one, two, batchnorm=bool(flags))
    assert "slices per epoch" in outputs[0] and "slices per epoch" not in outputs[1]  # the chief speaks for all


def test_asked_once_both_stop_and_both_go_on(tmp_path):
    write_recordings(tmp_path / "data")
    workers = start_workers(tmp_path, "--save-steps=1", "--keep=99")
    checkpoints = tmp_path / "two" / "checkpoints"
    deadline = time.monotonic() + 240
    while len(list(checkpoints.glob("step-*"))) < 3:
        assert time.monotonic() < deadline and all(worker.poll() is None for worker in workers)
        time.sleep(0.05)
    workers[1].send_signal(signal.SIGINT)
    for worker in workers:
        finish(worker, 130)
    step = max(int(path.name[5:]) for path in checkpoints.glob("step-*"))
    for worker in start_workers(tmp_path, f"--max-steps={step + 2}"):
        finish(worker)
    assert (checkpoints / f"step-{step + 2:09d}").is_dir()


def test_workers_with_different_settings_say_so(tmp_path):
    write_recordings(tmp_path / "data")
    for worker in start_workers(tmp_path, "--max-steps=3", each=((), ("--learning-rate=0.5",))):
        assert "settings must be the same for all workers" in finish(worker, 2)
    assert not (tmp_path / "two" / "checkpoints").exists()
