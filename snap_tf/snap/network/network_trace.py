"""Layers between the input and the target, found by tracing the network once: shapes, and the receptive field.

Source: Krug et al. 2021, section 3.2.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from snap_tf.layer_info import LayerInfo
from snap_tf.snap.alignment.alignment_step import margins
from snap_tf.snap.network.chain import Chain, NoChain, make_chain
from snap_tf.snap.network.cone import Cone, make_cone
from snap_tf.snap.network.networks import INPUT, Network
from snap_tf.snap.network.targets import Target
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.tensors import Tensor

__all__ = ["NetworkTrace", "trace_network"]


@dataclass(frozen=True)
class NetworkTrace:
    """Layers, chain and receptive field between the input and a target.

    Attributes:
        layers: input first, the target's layer last; `steps` are those of a frame, 0 without time.
        target_step: of the target's layer.
        chain: the network as a chain of local operations, or None.
        cone: what the target step depends on, or None.
        notice: what is not as it was asked for, and why: mode `utterance`, layers; empty for nothing.
    """

    layers: tuple[LayerInfo, ...]
    target_step: int
    chain: Chain | None
    cone: Cone | None
    notice: str


def trace_network(network: Network, options: ProfileOptions, target: Target, frame_shape: tuple[int, ...],
                  utterances: bool) -> NetworkTrace:
    """Trace a network to find the layers that lead to the target, and its receptive field.

    Args:
        network: see `networks.open_network`.
        options: `mode`, `pooling` and `target_step`.
        target: what the gradient is taken of.
        frame_shape: steps and channels of a frame.
        utterances: whether blocks are utterances, so that frames may share a forward pass.

    Raises:
        ConfigError: the target has no such step, or no layer leads to it.
        DataError: the network does not take such frames.
    """
    _check_shape(network, frame_shape)
    shapes = _trial(network, target, frame_shape)
    layers, step = _layers(network, target, frame_shape, shapes), _target_step(options, target, shapes)
    chain, cone, reason = None, None, ""
    try:
        chain, cone = _chain_and_cone(network, options, target, frame_shape, layers, step)
        if not utterances:
            reason = "frames are computed one by one: the inputs are clips, not utterances"
    except NoChain as no_chain:
        reason = f"frames are computed one by one, not by utterance: {no_chain}"
    left_out = [layer.title for layer in network.layers if layer.name not in shapes]
    notices = [reason] if reason and options.mode == "utterance" else []
    if left_out:
        notices.append(f"left out, because the target does not depend on them: {', '.join(left_out)}")
    return NetworkTrace(layers, step, chain, cone, "; ".join(notices))


def _check_shape(network: Network, frame_shape: tuple[int, ...]) -> None:
    wanted = network.probe.input_shape
    if len(wanted) > 2:
        raise ConfigError(f"`model` (={network.probe.name}) must take [steps, channels] or [values]; it takes inputs "
                          f"of {len(wanted)} axes, {list(wanted)}, which have no single time axis to align; choose a "
                          "network of one-dimensional convolutions")
    fits = len(wanted) == len(frame_shape) and all(
        w in (None, n) for w, n in zip(wanted, frame_shape, strict=True))
    if not fits:
        shown = ", ".join("any" if n is None else str(n) for n in wanted)
        raise DataError(f"frames (shape {list(frame_shape)}) must be of shape [{shown}] for "
                        f"{network.probe.name}; choose other inputs or --frame-steps")


def _trial(network: Network, target: Target, frame_shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Trace the network once: the shapes of the layers that lead to the target."""
    import tensorflow as tf

    shapes: dict[str, tuple[int, ...]] = {}

    def look(frames: Tensor) -> None:
        found = {INPUT: frames, **network.probe.tensors(frames)}
        leads = tf.gradients(tf.reduce_sum(found[target.layer]), list(found.values()))
        shapes.update({name: tuple(tensor.shape[1:]) for (name, tensor), gradient
                       in zip(found.items(), leads, strict=True) if gradient is not None})

    tf.function(look, autograph=False).get_concrete_function(tf.TensorSpec((None, *frame_shape), tf.float32))
    if INPUT not in shapes:
        raise ConfigError(f"layer {target.layer} of {network.probe.name} must depend on the input by "
                          "operations with gradients; it does not (a SavedModel that runs itself has none)")
    return shapes


def _layers(network: Network, target: Target, frame_shape: tuple[int, ...], shapes: dict[str, tuple[int, ...]]
            ) -> tuple[LayerInfo, ...]:
    rate_hz = network.probe.rate_hz if len(frame_shape) > 1 else 0.0
    first = LayerInfo(INPUT, INPUT, None, frame_shape[-1], rate_hz, "linear")
    there = [first, *(layer for layer in network.layers if layer.name in shapes)]
    there.sort(key=lambda layer: layer.name == target.layer)  # the target last, the others as they were
    return tuple(dataclasses.replace(layer, steps=shapes[layer.name][0] if len(shapes[layer.name]) > 1 else 0)
                 for layer in there)


def _target_step(options: ProfileOptions, target: Target, shapes: dict[str, tuple[int, ...]]) -> int:
    shape, wanted = shapes[target.layer], options.target_step
    steps = shape[0] if len(shape) > 1 else 1
    if wanted >= steps:
        raise ConfigError(f"`target_step` (={wanted}) must be one of the {steps} steps of {target.layer}")
    return steps // 2 if wanted < 0 else wanted


def _chain_and_cone(network: Network, options: ProfileOptions, target: Target, frame_shape: tuple[int, ...],
                    layers: tuple[LayerInfo, ...], target_step: int) -> tuple[Chain, Cone]:
    """Find the cone of the target, or raise NoChain that says why frames are computed whole."""
    if network.keras_model is None or len(frame_shape) != 2:
        raise NoChain("the network is no functional or sequential Keras model of steps and channels")
    if target.layer != network.output:
        raise NoChain("the target is not at the output")
    chain = make_chain(network.keras_model, [layer.name for layer in layers[1:]])
    cone = make_cone(chain, frame_shape[0], target_step, margins(options.pooling))
    _compare(network, chain, cone, frame_shape)
    return chain, cone


def _compare(network: Network, chain: Chain, cone: Cone, frame_shape: tuple[int, ...]) -> None:
    """Raise NoChain unless chain and cone give what the network gives."""
    import tensorflow as tf

    @tf.function(autograph=False)
    def both(frames: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]:
        return network.probe.tensors(frames), chain.forward(frames), cone.forward(frames)

    noise = np.random.default_rng(0).standard_normal((1, *frame_shape)).astype(np.float32)
    real, chained, coned = both(tf.constant(noise))
    for name, (first, last) in cone.intervals().items():
        if name == INPUT:
            continue
        expected, allowed = real[name].numpy(), 1e-4 * float(np.abs(real[name]).max()) + 1e-6
        whole = chained[name].numpy()
        if (whole.shape != expected.shape or np.abs(whole - expected).max() > allowed
                or np.abs(coned[name].numpy() - expected[:, first:last + 1]).max() > allowed):
            raise NoChain(f"its layers do not simply follow each other: {name} gets something else")
