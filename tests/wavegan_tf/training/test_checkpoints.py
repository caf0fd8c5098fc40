"""Checkpoints: everything comes back; damaged ones are found, whatever the damage; a full disk harms none."""

import errno
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tiny_runs import TINY, arrays, tiny

from wavegan_tf import checkpoint_folders
from wavegan_tf.checkpoint_folders import (
    checkpoint_steps,
    find_checkpoint,
    newest_checkpoint,
    prune_checkpoints,
    set_damaged_aside,
)
from wavegan_tf.errors import ConfigError, ExportError
from wavegan_tf.models.family import build_networks
from wavegan_tf.training.checkpoints import load_networks, load_training, restore_checkpoint, save_checkpoint
from wavegan_tf.training.runs import create_run
from wavegan_tf.training.updates.round import TrainingRound


def new_training(config=TINY, seed=1, step=0):
    training = TrainingRound(build_networks(config.network, seed), config)
    training.step.assign(step)
    return training


def variables(training):
    owners = [*training.networks.named().values(), *training.optimizers.values()]
    return [v for owner in owners for v in (owner.weights if hasattr(owner, "weights") else owner.variables)]


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    run = create_run(tmp_path_factory.mktemp("template") / "run", TINY)
    training = new_training()
    for step in (10, 20, 30):
        training.step.assign(step)
        save_checkpoint(training, run)
    return run


@pytest.fixture
def run(template, tmp_path):
    """A run with checkpoints of steps 10, 20 and 30."""
    return Path(shutil.copytree(template, tmp_path / "run"))


@pytest.mark.parametrize("config", [TINY, tiny(batchnorm="on", code="none", code_dim=0, loss="lsgan")],
                         ids=["fiwgan", "batchnorm"])
def test_every_number_comes_back(tmp_path, config):
    create_run(tmp_path, config)
    saved = new_training(config, step=7)
    rng = np.random.default_rng(0)
    for variable in variables(saved):
        number = 5 if variable.dtype == "int64" else rng.normal(size=variable.shape)
        variable.assign(number)
    folder = save_checkpoint(saved, tmp_path, data_fingerprint="abc")
    loaded = new_training(config, seed=2)
    state = restore_checkpoint(loaded, folder)
    assert {name: state[name] for name in ("step", "batches", "seed", "data_fingerprint")} == {
        "step": 7, "batches": 14, "seed": 3, "data_fingerprint": "abc"}
    assert int(loaded.step) == 7
    pairs = list(zip(variables(saved), variables(loaded), strict=True))
    assert {v.path for v, _ in pairs} >= {"generator/upconv_0/kernel", "discriminator/output/bias"}
    assert sum("iteration" in v.path for v, _ in pairs) == len(loaded.optimizers)
    for ours, theirs in pairs:
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy(), err_msg=ours.path)
    assert len(arrays(tmp_path, 7)) == len(pairs)  # no two under one name


def test_networks_and_training_are_read_from_a_run_or_a_checkpoint(run):
    config, networks, step = load_networks(run)
    assert (config, step) == (TINY, 30)
    z = tf.random.stateless_uniform((2, 8), (1, 2))
    np.testing.assert_array_equal(networks.generator(z), new_training().networks.generator(z))
    assert load_networks(run, 10)[2] == 10
    assert load_networks(run / "checkpoints" / "step-000000020")[2] == 20
    assert int(load_training(run, 20).step) == 20


def test_a_step_that_is_not_there(run, tmp_path):
    with pytest.raises(ExportError, match=r"`step` \(=15\) must be one that has a checkpoint .* there are 10, 20, 30"):
        load_networks(run, 15)
    with pytest.raises(ExportError, match=r"must have a checkpoint; it has none yet"):
        load_networks(tmp_path / "nothing")


def truncate(path):
    path.write_bytes(path.read_bytes()[:-2])  # with less, the manifest's JSON would be whole


def empty(path):
    path.write_bytes(b"")


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["generator.npz", "q_network_optimizer.npz", "state.json", "manifest.json"])
@pytest.mark.parametrize("damage", [truncate, empty, flip, lambda path: path.unlink()],
                         ids=["truncated", "empty", "flipped", "missing"])
def test_a_damaged_checkpoint_is_passed_over(run, name, damage):
    damage(run / "checkpoints" / "step-000000030" / name)
    notices = []
    assert newest_checkpoint(run, notices.append).name == "step-000000020"
    assert len(notices) == 1
    assert "step-000000030 is damaged" in notices[0] and "passed over for step 20" in notices[0]
    with pytest.raises(ExportError, match=r"step-000000030\) must be whole; .*choose another step"):
        find_checkpoint(run, 30)


def test_every_damaged_one_that_is_passed_over_is_told(run):
    for step in (20, 30):
        truncate(run / "checkpoints" / f"step-{step:09d}" / "generator.npz")
    notices = []
    assert newest_checkpoint(run, notices.append).name == "step-000000010"
    assert [f"step-{step:09d} is damaged" in notice and "passed over for step 10" in notice
            for step, notice in zip((30, 20), notices, strict=True)] == [True, True]


def test_a_manifest_that_names_nothing_is_damage_too(run):
    (run / "checkpoints" / "step-000000030" / "manifest.json").write_text('{"files": {}}')
    assert newest_checkpoint(run, lambda text: None).name == "step-000000020"


def test_all_damaged(run):
    for step in (10, 20, 30):
        truncate(run / "checkpoints" / f"step-{step:09d}" / "generator.npz")
    with pytest.raises(ExportError, match=r"one whole checkpoint; all 3 are damaged, the newest: .*000000030"):
        load_networks(run)
    assert checkpoint_steps(run) == [10, 20, 30]


def test_damaged_ones_are_set_aside_lest_they_count_as_the_newest(run):
    flip(run / "checkpoints" / "step-000000030" / "generator.npz")
    (run / "checkpoints" / ".step-000000040-abc").mkdir()  # what a kill during a save leaves
    set_damaged_aside(run, newest_checkpoint(run, lambda text: None))
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == [
        "damaged-step-000000030", "step-000000010", "step-000000020"]


def test_old_ones_go_and_milestones_stay(run):
    for step in (40, 50):
        save_checkpoint(new_training(step=step), run)
    prune_checkpoints(run, keep=2, keep_every=20)
    assert checkpoint_steps(run) == [20, 40, 50]
    prune_checkpoints(run, keep=1)
    assert checkpoint_steps(run) == [50]


def test_a_full_disk_leaves_what_is_there(run, monkeypatch):
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    written = []

    def half(path, variables):
        written.append(path.name)
        path.write_bytes(b"half")
        if len(written) == 3:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(checkpoint_folders, "write_npz", half)
    with pytest.raises(ExportError, match=r"step-000000040\) must be writable: No space left on device; those before "
                                          "it are untouched, the newest of step 30; free some space"):
        save_checkpoint(new_training(step=40), run)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    assert checkpoint_steps(run) == [10, 20, 30]


@pytest.mark.parametrize(("changes", "text"), [({"dim": 2}, r"z_project/kernel has shape \[8, 256\] instead of"),
                                               ({"batchnorm": "on"}, "_norm/beta is only in one of the two")])
def test_a_checkpoint_of_other_networks(run, changes, text):
    with pytest.raises(ExportError, match=text):
        restore_checkpoint(new_training(tiny(**changes)), find_checkpoint(run))


def test_settings_are_written_once(tmp_path):
    create_run(tmp_path / "run", TINY)
    text = (tmp_path / "run" / "config.json").read_bytes()
    create_run(tmp_path / "run", TINY)
    with pytest.raises(ConfigError, match=r"changed: network.dim: 1 -> 2; train.seed: 3 -> 4; leave these options out"):
        create_run(tmp_path / "run", tiny(dim=2, seed=4))
    assert (tmp_path / "run" / "config.json").read_bytes() == text
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("")
    with pytest.raises(ConfigError, match=r"must be a new folder or one that has a config.json; it holds thesis.txt"):
        create_run(tmp_path / "full", TINY)
    with pytest.raises(ConfigError, match="must be a folder; it is a file"):
        create_run(tmp_path / "full" / "thesis.txt", TINY)


def test_the_manifest_names_every_file(run):
    folder = run / "checkpoints" / "step-000000010"
    files = json.loads((folder / "manifest.json").read_text())["files"]
    assert {*files, "manifest.json"} == {path.name for path in folder.iterdir()}


def test_leftovers_that_cannot_be_removed_stop_no_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine may be removing the same folder, or hold a file of it open."""
    leftover = tmp_path / "checkpoints" / ".removed-step-000000007"
    leftover.mkdir(parents=True)
    (leftover / "generator.npz").touch()

    def rmdir(*_: object, **__: object) -> None:
        raise OSError(39, "Directory not empty")

    with monkeypatch.context() as patched:
        patched.setattr(os, "rmdir", rmdir)
        checkpoint_folders.remove_leftovers(tmp_path)
    checkpoint_folders.remove_leftovers(tmp_path)
    assert not leftover.exists()
