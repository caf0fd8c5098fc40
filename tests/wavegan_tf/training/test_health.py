"""When training is stopped: numbers that are none at once, losses out of bounds after a while."""

import math

import pytest
from tiny_runs import TINY

from wavegan_tf.errors import TrainingError
from wavegan_tf.models.family import build_networks
from wavegan_tf.training.updates.health import LOSS_BOUND, PATIENCE_STEPS, Health
from wavegan_tf.training.updates.round import TrainingRound


@pytest.fixture(scope="module")
def training():
    return TrainingRound(build_networks(TINY.network, 1), TINY)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["d_loss", "q_gradient_norm"])
def test_numbers_that_are_none(training, name, number):
    scalars = {"d_loss": 0.0, "g_loss": 0.0, "q_gradient_norm": 1.0, name: number}
    with pytest.raises(TrainingError, match=rf"`{name}` \(={number}\) must be finite; it is not any more at step 12"):
        Health(training).look_at(12, scalars)


def test_a_loss_out_of_bounds_is_no_good_and_given_up_only_when_it_stays(training):
    health = Health(training)
    good, bad = {"d_loss": LOSS_BOUND, "g_loss": 1.0}, {"d_loss": 1.0, "g_loss": -1.01 * LOSS_BOUND}
    health.look_at(10, bad)
    assert not health.good
    health.look_at(9 + PATIENCE_STEPS, bad)  # not yet
    health.look_at(10 + PATIENCE_STEPS, good)
    assert health.good  # it came back, and the count begins anew
    health.look_at(20 + PATIENCE_STEPS, bad)
    with pytest.raises(TrainingError, match=r"`g_loss` \(=-1.01e\+05\) must not stay beyond 1e\+05; it has since step "
                                            r"1020, now at step 2020"):
        health.look_at(20 + 2 * PATIENCE_STEPS, bad)


@pytest.mark.parametrize("place", ["weight", "slot"])
def test_weights_and_slots_are_looked_at_before_they_are_saved(training, place):
    health = Health(training)
    health.look_at_weights(1)
    variable = training.networks.q_network.downconvs[0].bias if place == "weight" else \
        training.optimizers["generator"].variables[3]
    before = variable.numpy()
    broken = before.copy()
    broken.flat[0] = math.nan
    variable.assign(broken)
    with pytest.raises(TrainingError, match=f"weights must be finite; {variable.path} is not any more at step 2"):
        health.look_at_weights(2)
    variable.assign(before)
    health.look_at_weights(3)
