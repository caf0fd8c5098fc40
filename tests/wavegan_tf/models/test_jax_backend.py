"""The same classes on Keras' JAX backend give the original's numbers too (the backend is fixed when Keras starts)."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
import jax, numpy as np
sys.path.insert(0, sys.argv[1])
from golden_tf1 import load
from wavegan_tf.config import NetworkConfig
from wavegan_tf.models.family import build_networks

golden = np.load(sys.argv[1] + "/../golden/tf1/fiwgan_dim1_phase.npz")
networks = build_networks(NetworkConfig(dim=1, code="binary", code_dim=3), seed=0)
load(networks, golden)
for network, key, expected in ((networks.generator, "z", "G_z"), (networks.discriminator, "x", "D_x"),
                               (networks.q_network, "x", "Q_x")):
    np.testing.assert_allclose(network(golden["fwd/" + key]), golden["fwd/" + expected], atol=1e-6)
assert networks.discriminator(golden["fwd/x"], training=True).shape == (2,)  # draws its own shifts
assert set(networks.generator.tapped()(golden["fwd/z"])) >= {"upconv_0", "upconv_4"}

d = networks.discriminator
weights = [v.value for v in d.trainable_variables]
state = [v.value for v in d.non_trainable_variables]
slope = jax.jit(jax.grad(lambda w, x: d.stateless_call(w, state, x)[0].sum()))(weights, golden["fwd/x"])
assert len(slope) == 12 and all(np.all(np.isfinite(g)) and np.any(g != 0) for g in slope)

for settings in ({"batchnorm": "tf1"}, {"batchnorm": "on", "upsample": "nn", "channels": 2, "post_filter": True}):
    networks = build_networks(NetworkConfig(dim=1, **settings), seed=0)
    audio = networks.generator(np.ones((2, 100), np.float32), training=True)
    assert np.all(np.isfinite(networks.discriminator(audio, training=True)))
    for network in networks.named().values():
        nothing = np.zeros((0, *network.example_shape), np.float32)
        assert {len(values) for values in network.trace(nothing)[1].values()} == {0}
print("all well")
"""


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is installed in the second environment only")
def test_networks_on_jax():
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    tests = Path(__file__).parents[2] / "helpers"
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(tests)], env=environment, capture_output=True, text=True)
    assert done.stdout.endswith("all well\n"), done.stderr[-2000:]
