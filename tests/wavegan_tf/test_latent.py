"""Codes: their distributions, numbers, names, and values beyond the training range."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavegan_tf.config import NetworkConfig
from wavegan_tf.errors import ConfigError
from wavegan_tf.latent import (
    code_from_index,
    code_index,
    code_name,
    enumerate_codes,
    latent_with_code,
    sample_codes,
    sample_noise,
)

ONEHOT = NetworkConfig(code="onehot", code_dim=8)
BINARY = NetworkConfig(code="binary", code_dim=3)


def test_lists_of_codes():
    np.testing.assert_array_equal(enumerate_codes(ONEHOT), np.eye(8))
    np.testing.assert_array_equal(enumerate_codes(BINARY)[[0, 1, 6, 7]], [[0, 0, 0], [1, 0, 0], [0, 1, 1], [1, 1, 1]])
    assert enumerate_codes(NetworkConfig()).shape == (1, 0)
    with pytest.raises(ConfigError, match=r"`code_dim` \(=17\) must be at most 16 to list all codes"):
        enumerate_codes(NetworkConfig(code="binary", code_dim=17))


@given(bits=st.integers(1, 13), data=st.data())
def test_numbers_and_codes_are_one_to_one(bits, data):
    config = NetworkConfig(code="binary", code_dim=bits)
    index = data.draw(st.integers(0, 2**bits - 1))
    code = code_from_index(index, config)
    assert code_index(code[None] - 0.5, config)[0] == index
    assert code_name(index, config) == "".join(str(int(b)) for b in code)


def test_logits_to_codes():
    assert code_index(np.array([[0.1, -3.0, 0.2]]), BINARY)[0] == 0b101
    assert code_index(np.array([[0.1, 5, 0.2, 0, 0, 0, 0, 0]]), ONEHOT)[0] == 1


def test_samples_are_valid_codes():
    rng = np.random.default_rng(0)
    codes = sample_codes(400, ONEHOT, rng)
    assert np.all(codes.sum(axis=1) == 1) and np.all(codes.sum(axis=0) > 20)
    bits = sample_codes(400, BINARY, rng)
    assert set(np.unique(bits)) == {0.0, 1.0} and np.all(np.abs(bits.mean(axis=0) - 0.5) < 0.1)
    noise = sample_noise(400, ONEHOT, rng)
    assert noise.shape == (400, 92) and noise.dtype == np.float32 and -1 <= noise.min() < -0.99


def test_code_goes_first_and_may_leave_the_training_range():
    noise = np.zeros((2, 97), np.float32)
    z = latent_with_code(noise, [0.0, 15.0, -2.0], BINARY)
    assert z.shape == (2, 100) and z.dtype == np.float32
    np.testing.assert_array_equal(z[:, :3], [[0, 15, -2]] * 2)
    with pytest.raises(ConfigError, match=r"code \(=\[1.0, 0.0\]\) must be 3 values long for this model"):
        latent_with_code(noise, [1.0, 0.0], BINARY)
