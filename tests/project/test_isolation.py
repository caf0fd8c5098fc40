"""Tests do not reach one another: settings of the whole process go back to what they were."""

import keras
import pytest
import tensorflow as tf

from wavegan_tf.training.devices import prepare_devices


@pytest.mark.parametrize("turn", ["first", "second"])
def test_settings_end_with_the_test_that_made_them(turn):
    assert tf.random.normal([2]).shape == (2,)  # refused where a test before left deterministic operations on
    prepare_devices(deterministic=True)
    with pytest.raises(RuntimeError, match="determinism"):  # not raised where a test before left a seed
        tf.random.normal([2])
    keras.utils.set_random_seed(1)
    assert tf.random.normal([2]).shape == (2,)
