"""Tests do not reach one another: settings of the whole process go back to what they were."""

import pytest
import tensorflow as tf

from wavegan_tf.training.devices import prepare_devices


@pytest.mark.parametrize("turn", ["first", "second"])
def test_deterministic_operations_end_with_the_test_that_asked_for_them(turn):
    assert tf.random.normal([2]).shape == (2,)  # refused, without a seed, where a test before left them on
    prepare_devices(deterministic=True)
    with pytest.raises(RuntimeError, match="determinism"):
        tf.random.normal([2])
