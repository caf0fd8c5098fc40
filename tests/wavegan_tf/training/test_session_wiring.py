"""A session hands its settings on, and saves in an order in which nothing is lost."""

import os
import signal
import types
from pathlib import Path

import numpy as np
import pytest
from tiny_runs import quiet, tiny

from wavegan_tf.training import loop
from wavegan_tf.training.interrupts import catch_stop_requests
from wavegan_tf.training.monitors import probe_of
from wavegan_tf.training.options import SessionOptions
from wavegan_tf.training.pictures import _spectrogram_db
from wavegan_tf.training.runs import last_data, log_session


class Enough(Exception):
    pass


def test_data_and_networks_have_the_seed_of_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = {}

    def source(*args: object, **how: object) -> types.SimpleNamespace:
        asked["source"] = args, how
        return types.SimpleNamespace(report="")

    def networks(settings: object, seed: int) -> None:
        asked["networks"] = settings, seed
        raise Enough

    monkeypatch.setattr(loop, "open_source", source)
    monkeypatch.setattr(loop, "build_networks", networks)
    config = tiny(seed=11)
    options = quiet(1, split="dev", cache="disk", cache_dir="there", progress=False)
    with pytest.raises(Enough):
        loop.train(config, "data", tmp_path / "run", options=options)
    args, how = asked["source"]
    assert args == ("data", config.data, 11)
    assert how == {"split": "dev", "cache": "disk", "cache_dir": "there", "progress": False}
    assert asked["networks"] == (config.network, 11)


def a_session(monkeypatch: pytest.MonkeyPatch, options: SessionOptions, good: bool = True) -> tuple:
    """A session that writes down what it does instead of doing it."""
    done: list[tuple] = []

    def note(name: str) -> object:
        return lambda *args, **how: done.append((name, *args, *how.values()))

    monkeypatch.setattr(loop, "save_checkpoint", note("checkpoint"))
    monkeypatch.setattr(loop, "prune_checkpoints", note("prune"))
    session = object.__new__(loop._Session)
    session.__dict__.update(
        run=Path("RUN"), step=7, options=options, training="training", checkpoint=None, saved_at=0.0, heard_at=0.0,
        source=types.SimpleNamespace(fingerprint="of the data"),
        monitors=types.SimpleNamespace(sync=note("sync"), scalars=note("row"), generated=note("sounds")),
        health=types.SimpleNamespace(good=good, look_at_weights=note("look at weights"), look_at=note("look")))
    return session, done


def test_weights_are_looked_at_and_curves_are_on_the_disk_before_a_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """And older checkpoints go only when the new one is there."""
    session, done = a_session(monkeypatch, quiet(9, keep=2, keep_every=5))
    session._save()
    assert done == [("look at weights", 7), ("sync",), ("checkpoint", "training", Path("RUN"), "of the data"),
                    ("prune", Path("RUN"), 2, 5)]
    session, done = a_session(monkeypatch, quiet(9), good=False)
    session._save()
    assert done == []  # a loss out of bounds: what is there stays


def test_rows_and_checkpoints_come_when_they_are_due(monkeypatch: pytest.MonkeyPatch) -> None:
    bar = types.SimpleNamespace(set_postfix=lambda *args, **how: None)
    options = SessionOptions(summary_steps=3, save_steps=4, save_secs=0.0, summary_secs=0.0)
    session, done = a_session(monkeypatch, options)
    for session.step in range(1, 10):
        session._look({}, bar, is_last=session.step == 9)
    assert [entry[1] for entry in done if entry[0] == "row"] == [3, 6, 9]
    assert [entry[1] for entry in done if entry[0] == "look at weights"] == [4, 8, 9]
    assert [entry[1] for entry in done if entry[0] == "look"] == [3, 4, 6, 8, 9]  # where numbers left the device
    assert not [entry for entry in done if entry[0] == "sounds"]


def test_a_session_that_goes_on_begins_with_the_batch_after_its_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round takes as many batches as it has updates of the discriminator."""
    session, _ = a_session(monkeypatch, quiet(9))
    asked = []

    def batches(*args: object) -> None:
        asked.append(args)
        raise Enough

    session.config = tiny(disc_nupdates=3)
    session.first_step, session.step = 7, 11
    session.team = types.SimpleNamespace(batches=batches)
    with pytest.raises(Enough):
        session._steps(9)
    assert asked == [(session.source, session.config, 33)]


def test_sounds_come_when_they_are_due_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    bar = types.SimpleNamespace(set_postfix=lambda *args, **how: None)
    session, done = a_session(monkeypatch, SessionOptions(summary_steps=100, save_steps=100, save_secs=0.0,
                                                          summary_secs=10.0))
    for session.step in range(1, 10):  # a step takes 4 s
        monkeypatch.setattr(loop, "time", types.SimpleNamespace(monotonic=lambda: 4.0 * session.step))
        session._look({}, bar, is_last=session.step == 9)
    assert [entry[1] for entry in done if entry[0] == "sounds"] == [3, 6, 9]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_is_noted_and_the_block_goes_on(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with catch_stop_requests() as stop:
        assert not stop
        os.kill(os.getpid(), number)
        assert stop and stop.signal == number
        assert signal.getsignal(number) == before  # the second one acts as usual
    assert signal.getsignal(number) == before


def test_a_run_goes_on_with_the_data_of_its_last_session(tmp_path: Path) -> None:
    for data in ("/first", "/second"):
        log_session(tmp_path, "start", data=data)
        log_session(tmp_path, "end", step=1)
    assert last_data(tmp_path) == "/second"
    log_session(tmp_path, "start", data=None)
    assert last_data(tmp_path) == "/second"


def test_what_is_heard_in_training_is_the_same_in_every_session_of_a_seed() -> None:
    network = tiny().network
    np.testing.assert_array_equal(probe_of(network, 3).z, probe_of(network, 3).z)
    assert not np.array_equal(probe_of(network, 3).z, probe_of(network, 4).z)


@pytest.mark.parametrize("at", [0, 800, 1599])
def test_a_click_is_drawn_where_it_is(at: int) -> None:
    sound = np.zeros(1600)
    sound[at] = 1.0
    columns = _spectrogram_db(sound, 16000).max(axis=0)
    assert np.argmax(columns) == pytest.approx(at / 32, abs=0.6) and len(columns) == 51
