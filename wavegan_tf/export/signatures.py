"""Signatures of a model, as in its SavedModel: one compiled function each, the same for a run and an export."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from wavegan_tf.models.family import Networks
from wavegan_tf.tensors import KerasModel

__all__ = ["LAYER_SIGNATURES", "signature_functions"]

LAYER_SIGNATURES = {"generator": "generator_layers", "discriminator": "discriminator_layers",
                    "q_network": "classifier_layers"}
"""Signature that returns every layer of a network, by the network's name."""

Signature = Callable[[tf.Tensor], dict[str, tf.Tensor]]


def signature_functions(networks: Networks, code: str) -> dict[str, Signature]:
    """Make a function for each signature; phase shuffle is off, arithmetic is float32, any batch size goes.

    Args:
        networks: the trained networks.
        code: kind of code: `none`, `onehot` or `binary`.

    Returns:
        Functions of one float32 tensor that return a dictionary of float32 tensors:

        - `generate`: z [batch, latent_dim] -> audio [batch, slice_len, channels];
        - `discriminate`: audio -> score [batch];
        - `generator_layers`: z -> each layer after its activation, [batch, steps, channels], by layer name;
        - `discriminator_layers`: audio -> the same, and score [batch, 1];

        and with a code:

        - `classify`: audio -> logits and probabilities [batch, code_dim]: softmax for one-hot codes, sigmoid for bits;
        - `classifier_layers`: audio -> each layer of the Q-network, and logits [batch, code_dim].
    """
    g, d, q = networks.generator, networks.discriminator, networks.q_network

    def function(network: KerasModel, answer: Signature) -> Signature:
        spec = tf.TensorSpec((None, *network.example_shape), tf.float32, name=network.input_name)
        return tf.function(answer, input_signature=[spec])

    functions = {
        "generate": function(g, lambda z: {"audio": g(z, training=False)}),
        "discriminate": function(d, lambda audio: {"score": d(audio, training=False)}),
        "generator_layers": function(g, lambda z: g.trace(z)[1]),
        "discriminator_layers": function(d, lambda audio: d.trace(audio)[1]),
    }
    if q is not None:
        to_probabilities = tf.nn.softmax if code == "onehot" else tf.nn.sigmoid

        def classify(audio: tf.Tensor) -> dict[str, tf.Tensor]:
            logits = q(audio, training=False)
            return {"logits": logits, "probabilities": to_probabilities(logits)}

        functions["classify"] = function(q, classify)
        functions["classifier_layers"] = function(q, lambda audio: q.trace(audio)[1])
    return functions
