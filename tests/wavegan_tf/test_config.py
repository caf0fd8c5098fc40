"""Settings: what they refuse, and that they survive JSON."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavegan_tf.config import DataConfig, NetworkConfig, RunConfig, TrainConfig, differences
from wavegan_tf.errors import ConfigError


@given(seed=st.integers(0, 2**31 - 1), dim=st.integers(1, 128), rate=st.floats(0, 1), pad=st.booleans())
def test_json_round_trip(seed, dim, rate, pad):
    config = RunConfig(DataConfig(pad_end=pad), NetworkConfig(dim=dim, code="binary", code_dim=5),
                       TrainConfig(seed=seed, q_learning_rate=rate), "name")
    assert RunConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(("make", "message"), [
    (lambda: NetworkConfig(slice_len=16000), r"`slice_len` \(=16000\) must be one of 16384, 32768, 65536; pad or crop"),
    (lambda: NetworkConfig(dim=0), r"`dim` \(=0\) must be positive"),
    (lambda: NetworkConfig(dim=8.5), r"`dim` \(=8.5\) must be of type int"),
    (lambda: NetworkConfig(dim=True), r"`dim` \(=True\) must be a whole number"),
    (lambda: NetworkConfig(upsample="bilinear"), r"`upsample` \(=bilinear\) must be one of zeros, nn"),
    (lambda: NetworkConfig(code_dim=3), r"`code_dim` \(=3\) must be 0 when `code` is none"),
    (lambda: NetworkConfig(code="onehot", code_dim=1), r"`code_dim` \(=1\) must be from 2 to `latent_dim` \(=100\)"),
    (lambda: NetworkConfig(code="binary", code_dim=101), r"`code_dim` \(=101\) must be from 1 to"),
    (lambda: NetworkConfig(phaseshuffle=32), r"`phaseshuffle` \(=32\) must be less than 32"),
    (lambda: DataConfig(overlap_ratio=1.0), r"`overlap_ratio` \(=1.0\) must be in \[0, 1\)"),
    (lambda: TrainConfig(loss="hinge"), r"`loss` \(=hinge\) must be one of wgan-gp, wgan, lsgan, dcgan"),
    (lambda: TrainConfig(seed=-1), r"`seed` \(=-1\) must be from 0"),
    (lambda: RunConfig(DataConfig(channels=2)), r"`channels` \(=1\) must be the same for network and data \(=2\)"),
    (lambda: RunConfig(network=NetworkConfig(code="onehot", code_dim=3), train=TrainConfig(loss="lsgan")),
     r"`loss` \(=lsgan\) must be wgan-gp when there is a code"),
])
def test_refusals(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"data": {}, "network": {"dimm": 3}, "train": {}}',
                                  '{"data": {}, "network": {}, "train": {}, "more": 1}'])
def test_what_is_not_a_configuration(text):
    with pytest.raises(ConfigError, match="must be the JSON that this program wrote"):
        RunConfig.from_json(text)


def test_missing_file(tmp_path):
    with pytest.raises(ConfigError, match="must be an existing file; name a run or an exported model"):
        RunConfig.load(tmp_path / "config.json")


def test_differences_are_named():
    old = RunConfig()
    new = dataclasses.replace(old, train=TrainConfig(seed=3), network=NetworkConfig(dim=32))
    assert differences(old, new) == ["network.dim: 64 -> 32", "train.seed: 0 -> 3"]
