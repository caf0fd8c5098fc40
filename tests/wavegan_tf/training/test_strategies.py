"""Who is who among several machines, and several devices in one process."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_runs import TINY, TINY_FLAGS, arrays, assert_same_up_to_rounding, rows, tiny

from wavegan_tf.errors import ConfigError
from wavegan_tf.training.updates.strategies import _place_in_cluster, form_team


def tf_config(kind, index, **cluster):
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})


def test_places():
    two = ["a:1", "b:1"]
    assert _place_in_cluster(tf_config("worker", 1, worker=two)) == (1, 2)
    assert _place_in_cluster(tf_config("chief", 0, chief=["c:1"], worker=two)) == (0, 3)
    assert _place_in_cluster(tf_config("worker", 0, chief=["c:1"], worker=two)) == (1, 3)
    assert _place_in_cluster(tf_config("worker", "1", worker=two)) == (1, 2)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "no JSON", tf_config("ps", 0, ps=["a:1"]),
                                  tf_config("worker", 2, worker=["a:1", "b:1"]), tf_config("worker", -1, worker=["a"])])
def test_senseless_clusters(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ConfigError, match=r"must name the workers when --strategy is multiworker .*, for example "):
        form_team("multiworker")


def test_one_device_takes_any_batch():
    team = form_team("one")
    team.check(tiny(batch_size=3))
    assert (team.n_replicas, team.is_chief, team.any_worker(True), team.any_worker(False)) == (1, True, True, False)


IN_TWO_DEVICES = """
import sys
import tensorflow as tf
sys.path.insert(0, {here!r})
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from tiny_runs import TINY, quiet, tiny, write_recordings
from wavegan_tf.training.loop import train
from wavegan_tf.errors import ConfigError
from pathlib import Path
folder = Path({folder!r})
data = write_recordings(folder / "data")
for i, changes in enumerate([{{}}, dict(batchnorm="on")]):
    for strategy in ("one", "mirrored"):
        train(tiny(**changes), data, folder / f"{{strategy}}{{i}}", options=quiet(3, strategy=strategy))
for changes in (dict(batch_size=3), dict(batchnorm="on", xla=True)):
    try:
        train(tiny(**changes), data, folder / "no", options=quiet(1, strategy="mirrored"))
    except ConfigError as error:
        print(error)
"""


@pytest.mark.slow
def test_two_devices_equal_one(tmp_path):
    program = IN_TWO_DEVICES.format(here=str(Path(__file__).parents[2] / "helpers"), folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    for i in range(2):
        one, two = tmp_path / f"one{i}", tmp_path / f"mirrored{i}"
        assert_same_up_to_rounding(arrays(one, 3), arrays(two, 3), batchnorm=bool(i))
        numbers = [[[float(x) for x in row.split(",")[:5]] for row in rows(run)[1:]] for run in (one, two)]
        np.testing.assert_allclose(numbers[0], numbers[1], rtol=1e-3, atol=1e-3)
    assert "`batch_size` (=3) must be a multiple of the 2 devices that share it" in done.stdout
    assert "`xla` (=True) must be off when `batchnorm` (=on) spans several devices" in done.stdout
    assert not (tmp_path / "no" / "checkpoints").exists()


def test_tiny_is_what_the_flags_say():
    from wavegan_tf.cli import build_parser
    from wavegan_tf.commands.flags import given_settings
    from wavegan_tf.config import DataConfig, NetworkConfig, TrainConfig
    from wavegan_tf.presets.catalogue import change_settings, load_preset

    args = build_parser().parse_args(["train", "wavegan", *TINY_FLAGS])
    given = given_settings(args, DataConfig, NetworkConfig, TrainConfig)
    config = change_settings(load_preset("wavegan").config, given)
    assert (config.data, config.network, config.train) == (TINY.data, TINY.network, TINY.train)
