"""Forward passes with the original's weights give the original's numbers."""

import numpy as np
import pytest
from golden_tf1 import load

from wavegan_tf.config import NetworkConfig
from wavegan_tf.models.family import build_networks

FILES = {
    "ciwgan_dim2": NetworkConfig(dim=2, code="onehot", code_dim=5, phaseshuffle=0),
    "fiwgan_dim1_phase": NetworkConfig(dim=1, code="binary", code_dim=3),
    "wavegan32768_dim1_forward": NetworkConfig(slice_len=32768, dim=1),
}


@pytest.mark.parametrize("name", FILES)
def test_forward(golden_dir, name):
    golden = np.load(golden_dir / "tf1" / f"{name}.npz")
    networks = build_networks(FILES[name], seed=0)
    load(networks, golden)
    # measured: 1.2e-8 for audio, 3e-8 for scores and logits
    np.testing.assert_allclose(networks.generator(golden["fwd/z"]), golden["fwd/G_z"], atol=1e-6)
    np.testing.assert_allclose(networks.discriminator(golden["fwd/x"]), golden["fwd/D_x"], atol=1e-6)
    np.testing.assert_allclose(networks.discriminator(golden["fwd/G_z"]), golden["fwd/D_G_z"], atol=1e-6)
    if networks.q_network is not None:
        np.testing.assert_allclose(networks.q_network(golden["fwd/x"]), golden["fwd/Q_x"], atol=1e-6)
        np.testing.assert_allclose(networks.q_network(golden["fwd/G_z"]), golden["fwd/Q_G_z"], atol=1e-6)
