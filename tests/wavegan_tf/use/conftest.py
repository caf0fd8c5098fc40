"""A small trained-looking model in an exported folder, shared by the tests that use one."""

import numpy as np
import pytest

from wavegan_tf.config import DataConfig, NetworkConfig, RunConfig
from wavegan_tf.export.folder import write_model
from wavegan_tf.models.family import build_networks


def make_model(folder, **network):
    """Write an exported model with random weights; the Q-network's codes differ from sound to sound."""
    network = NetworkConfig(dim=1, latent_dim=20, **network)
    networks = build_networks(network, seed=1)
    rng = np.random.default_rng(0)
    for name, part in networks.named().items():
        for variable in part.trainable_variables:
            scale = 0.5 if name == "q_network" and len(variable.shape) > 1 else 0.1
            variable.assign(rng.normal(0, scale, variable.shape))
    config = RunConfig(data=DataConfig(sample_rate_hz=8000), network=network)
    return write_model(networks, config, 9, "nowhere", folder)


@pytest.fixture(scope="session")
def binary_model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("model") / "binary", code="binary", code_dim=3)


@pytest.fixture(scope="session")
def onehot_model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("model") / "onehot", code="onehot", code_dim=4)


@pytest.fixture(scope="session")
def plain_model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("model") / "plain")
