"""What TensorBoard gets: valid codes, sounds and pictures, and no step twice after a kill."""

import dataclasses
import struct
import types

import numpy as np
import pytest
import tensorflow as tf
from tiny_runs import TINY, tiny

from wavegan_tf.config import NetworkConfig
from wavegan_tf.models.family import build_networks
from wavegan_tf.training import monitors as monitors_module
from wavegan_tf.training.events import EventFiles, cut_events
from wavegan_tf.training.metrics import METRIC_GROUPS, metric_names
from wavegan_tf.training.monitors import Monitors, probe_of
from wavegan_tf.training.pictures import spectrogram_picture


def events(run):
    found = []
    for path in sorted((run / "logs").iterdir()):
        found += [(event.step, value) for event in tf.compat.v1.train.summary_iterator(str(path))
                  for value in event.summary.value]
    return found


@pytest.mark.parametrize(("code", "code_dim", "n_codes", "n_noises"), [
    ("onehot", 8, 8, 2), ("onehot", 10, 10, 1), ("onehot", 40, 16, 1), ("binary", 3, 8, 2), ("binary", 4, 16, 1),
    ("binary", 13, 14, 1), ("binary", 40, 16, 1)])
def test_codes_that_are_listened_to_are_valid(code, code_dim, n_codes, n_noises):
    probe = probe_of(NetworkConfig(code=code, code_dim=code_dim), seed=1)
    codes, noise = probe.z[:, :code_dim], probe.z[:, code_dim:]
    assert probe.z.shape == (n_codes * n_noises, 100) and len(set(probe.names)) == len(probe.names) == len(probe.z)
    assert set(np.unique(codes)) <= {0.0, 1.0}
    if code == "onehot":
        assert (codes.sum(axis=1) == 1).all()
    assert len(np.unique(codes, axis=0)) == n_codes
    assert len(np.unique(noise, axis=0)) == n_noises  # what differs between codes is the code's
    assert -1 <= noise.min() < -0.9 and 0.9 < noise.max() < 1


def test_names_say_code_and_noise():
    assert probe_of(NetworkConfig(code="binary", code_dim=2), 0).names[:3] == (
        "code_00_noise_0", "code_00_noise_1", "code_10_noise_0")  # bit 0 first
    assert probe_of(NetworkConfig(), 0).names[0] == "z_0"


def test_a_run_is_shown(tmp_path):
    generator = build_networks(TINY.network, 1).generator
    with Monitors(tmp_path, TINY, generator, -1) as monitors:
        monitors.settings()
        monitors.real(0, np.full((9, 16384, 1), 2.0, np.float32))
        monitors.generated(0)
        monitors.start_clock(1)
        monitors.scalars(3, {**dict.fromkeys(metric_names(TINY), 0.5), "d_losses": 1.0})
        monitors.sync()
    found = events(tmp_path)
    tags = {value.tag for _, value in found}
    assert {f"{METRIC_GROUPS[name]}/{name}" for name in metric_names(TINY)} <= tags
    assert {"generated", "real", "config", "real/0", "real/7"} <= tags and "real/8" not in tags
    assert sum(tag.startswith("generated/code_") for tag in tags) == 8
    assert {step for step, value in found if value.tag.startswith("losses/")} == {3}
    assert any(value.metadata.plugin_data.plugin_name == "hparams" for _, value in found)
    wav = next(value for _, value in found if value.tag == "real/0").tensor.string_val[0]
    audio, rate = tf.audio.decode_wav(wav)
    assert int(rate) == 16000 and audio.shape == (16384, 1)
    assert audio.numpy().min() > 0.99  # clipped, not wrapped
    row = (tmp_path / "metrics.csv").read_text().splitlines()[1].split(",")
    assert row[:2] == ["3", "0.5"] and float(row[-1]) > 0  # two steps since the clock began


def test_a_curve_is_in_the_files_at_a_sync_and_says_the_speed_since_its_last_point(tmp_path, monkeypatch):
    clock = iter([100.0, 102.0, 103.0])
    monkeypatch.setattr(monitors_module, "time", types.SimpleNamespace(monotonic=lambda: next(clock)))
    with Monitors(tmp_path, TINY, build_networks(TINY.network, 1).generator, -1) as monitors:
        monitors.start_clock(1)
        monitors.scalars(5, {"d_loss": 0.5})
        monitors.scalars(11, {"d_loss": 0.25})
        monitors.sync()
        found = {(step, value.tag): float(tf.make_ndarray(value.tensor)) for step, value in events(tmp_path)}
        table = (tmp_path / "metrics.csv").read_text().splitlines()
    assert {step: value for (step, tag), value in found.items() if tag.endswith("/d_loss")} == {5: 0.5, 11: 0.25}
    assert {step: value for (step, tag), value in found.items() if tag.endswith("/steps_per_s")} == {5: 2, 11: 6}
    assert [row.split(",")[0] for row in table] == ["step", "5", "11"]


def test_one_of_two_noises_is_heard_and_chosen_by_the_seed_of_the_run(tmp_path, monkeypatch):
    asked, heard = [], []
    monkeypatch.setattr(monitors_module, "probe_of", lambda *how: asked.append(how) or probe_of(*how))
    with Monitors(tmp_path, TINY, lambda z: tf.zeros((len(z), 16384, 1)), -1) as monitors:
        monkeypatch.setattr(monitors, "_events", types.SimpleNamespace(
            picture=lambda *args: None, sound=lambda step, tag, audio: heard.append(tag)))
        monitors.generated(0)
    assert asked == [(TINY.network, TINY.train.seed)] and TINY.train.seed
    assert len(heard) == 8 and all(tag.endswith("_noise_0") for tag in heard)


def test_stereo_at_another_rate_is_heard_as_such(tmp_path):
    config = tiny(channels=2, sample_rate_hz=8000, code="none", code_dim=0)
    with Monitors(tmp_path, config, build_networks(config.network, 1).generator, -1) as monitors:
        monitors.generated(5)
    wav = next(value for _, value in events(tmp_path) if value.tag == "generated/z_0").tensor.string_val[0]
    audio, rate = tf.audio.decode_wav(wav)
    assert int(rate) == 8000 and audio.shape == (16384, 2)


@pytest.mark.parametrize("torn", [0, 1, 11, 12, 13, 30])
def test_steps_that_are_done_again_are_shown_once(tmp_path, torn):
    with EventFiles(tmp_path, TINY, -1) as files:
        for step in range(10):
            files.scalars(step, {"d_loss": float(step)})
    path = next((tmp_path / "logs").iterdir())
    if torn:  # the session was killed while it wrote
        path.write_bytes(path.read_bytes()[:-torn])
    with EventFiles(tmp_path, TINY, 6) as files:
        for step in range(7, 12):
            files.scalars(step, {"d_loss": -float(step)})
    found = sorted((step, float(tf.make_ndarray(value.tensor))) for step, value in events(tmp_path))
    assert found == [(step, float(step if step <= 6 else -step)) for step in range(12)]


def test_a_run_that_begins_anew_keeps_nothing(tmp_path):
    with EventFiles(tmp_path, TINY, -1) as files:
        files.scalars(0, {"d_loss": 1.0})
    cut_events(tmp_path / "logs", -1)
    assert not list((tmp_path / "logs").iterdir())
    cut_events(tmp_path / "none", 5)


def test_hyperparameters_are_all_settings(tmp_path):
    with EventFiles(tmp_path, TINY, -1) as files:
        files.settings(TINY)
    value = next(v for _, v in events(tmp_path) if v.metadata.plugin_data.plugin_name == "hparams")
    content = value.metadata.plugin_data.content
    for section in ("data", "network", "train"):
        for field in dataclasses.fields(getattr(TINY, section)):
            assert f"{section}.{field.name}".encode() in content


def test_picture_of_a_tone():
    rate = 16000
    tone = np.sin(2 * np.pi * 1000 * np.arange(16384) / rate)
    picture = spectrogram_picture(np.stack([tone, np.zeros(16384), tone, tone, tone]), rate, list("abcde"))
    assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
    height, width = picture.shape[:2]
    assert width > 2 * height  # four columns, two rows
    bright = (picture.astype(int).sum(axis=2) > 600) & (picture.astype(int).sum(axis=2) < 750)
    assert bright.any()


def test_level_of_a_full_scale_sine_is_zero_decibels():
    from wavegan_tf.training.pictures import _spectrogram_db

    level = _spectrogram_db(np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000), 16000)
    assert level.shape[0] == 129
    assert abs(level[:, 100:-100].max()) < 0.1
    assert (level[:, 100:-100].argmax(axis=0) == 16).all()  # 1000 Hz at 62.5 Hz a line


def test_record_headers_are_those_of_tensorflow(tmp_path):
    with EventFiles(tmp_path, TINY, -1) as files:
        files.scalars(1, {"d_loss": 1.0})
    data = next((tmp_path / "logs").iterdir()).read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    assert tf.compat.v1.Event.FromString(data[12:12 + length]).file_version == "brain.Event:2"
