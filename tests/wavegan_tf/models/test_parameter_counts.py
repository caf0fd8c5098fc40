"""Exact numbers of trainable weights, from the original graph (dimension 64, latent 100, kernel 25, one channel)."""

import pytest

from wavegan_tf.config import NetworkConfig
from wavegan_tf.models.family import build_networks

COUNTS = [
    ({}, 19_065_345, 17_427_969, None),
    ({"slice_len": 32768}, 73_149_953, 69_875_201, None),
    ({"slice_len": 65536, "code": "binary", "code_dim": 5}, 73_149_953, 69_875_201, 70_006_277),
    ({"channels": 2}, 19_066_946, 17_429_569, None),
    ({"post_filter": True}, 19_065_857, 17_427_969, None),
    ({"upsample": "nn", "code": "onehot", "code_dim": 10}, 19_065_345, 17_427_969, 17_575_434),
    ({"batchnorm": "on", "code": "onehot", "code_dim": 5}, 19_069_313, 17_431_809, 17_497_349),
    ({"batchnorm": "tf1", "code": "onehot", "code_dim": 5}, 19_069_313, 17_431_809, 17_497_349),
    ({"code": "binary", "code_dim": 3}, 19_065_345, 17_427_969, 17_460_739),
    ({"code": "onehot", "code_dim": 5}, 19_065_345, 17_427_969, 17_493_509),
    ({"code": "onehot", "code_dim": 8}, 19_065_345, 17_427_969, 17_542_664),
    ({"code": "binary", "code_dim": 13}, 19_065_345, 17_427_969, 17_624_589),
]


def trainable(network):
    return sum(variable.value.shape.num_elements() for variable in network.trainable_variables)


@pytest.mark.parametrize(("settings", "g", "d", "q"), COUNTS)
def test_counts(settings, g, d, q):
    networks = build_networks(NetworkConfig(**settings), seed=0)
    assert trainable(networks.generator) == g
    assert trainable(networks.discriminator) == d
    assert (networks.q_network and trainable(networks.q_network)) == q
