"""Read the numbers of the original graph (tests/golden/tf1) and put its weights into networks of ours."""

import numpy as np

SCOPES = {"generator": "G", "discriminator": "D", "q_network": "Q"}


def original_name(network, variable):
    """Name of a weight in the original graph: convolutions sit in conv1d or conv2d_transpose, the rest in dense."""
    layer, weight = variable.path.split("/")[-2:]
    scope = SCOPES[network]
    kind = "conv2d_transpose" if layer.startswith("upconv") else "conv1d" if "conv" in layer else "dense"
    return f"{scope}/{'Q' if scope == 'Q' else ''}{layer}/{kind}/{weight}"


def weights(networks, golden, prefix):
    """Yield (variable, the original's value in our layout) for every weight."""
    for name, network in networks.named().items():
        for variable in network.trainable_variables:
            value = golden[f"{prefix}/{original_name(name, variable)}"]
            yield variable, value[0] if value.ndim == 4 else value


def load(networks, golden, prefix="init"):
    """Set every weight to the original's."""
    for variable, value in weights(networks, golden, prefix):
        variable.assign(value)


def phases(golden, update, scope):
    """Shifts drawn in the four shuffled layers of one pass; zeros where the file has none (radius 0)."""
    keys = [f"round0/{update}/phase/{scope}/random_uniform{suffix}" for suffix in ("", "_1", "_2", "_3")]
    return np.array([int(golden[key]) if key in golden.files else 0 for key in keys], np.int32)
