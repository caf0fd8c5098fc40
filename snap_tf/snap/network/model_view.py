"""Activations of all layers, their saliency (gradients) for one target, and the alignment step of each frame.

One forward and one backward pass for a batch of frames, compiled. Where the network is a chain of local operations,
the backward pass is confined to the cone of the target, which changes no value.

Both modes take class, saliency, alignment step and the activations inside the cone from the same computation, so these
are the same bits. Outside of the cone, activations of mode `frame` have zeros beyond the frame, as in the paper, and
those of mode `utterance` the utterance. Profiles therefore differ where other frames of the group, aligned from
elsewhere, give the mask a value; at the input, and NAvAIs, they are the same; NAPs of deep layers differ most. A layer
other than the input that may be negative is compared with the minimum of the frame, which may lie outside of the cone;
of W2L that is the output alone, where the minimum can decide only if the last class, the blank, is kept as a target.

Source: Krug et al. 2021, section 3.3, steps 2 to 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from snap_tf.layer_info import LayerInfo
from snap_tf.snap.alignment.alignment_step import largest_gradient_step, peak_step
from snap_tf.snap.frames.frame_blocks import Block
from snap_tf.snap.network.network_trace import trace_network
from snap_tf.snap.network.networks import INPUT, Network
from snap_tf.snap.network.targets import Target
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf.errors import ConfigError, ExportError
from wavegan_tf.tensors import Tensor

__all__ = ["Look", "ModelView"]

_BYTES_AT_ONCE = 2**26
_MOST_AT_ONCE = 64
_NEVER_NEGATIVE = ("relu", "relu6", "sigmoid", "softmax", "softplus", "exponential")


@dataclass(frozen=True)
class Look:
    """Activations, saliency and alignment steps of a batch of frames.

    Attributes:
        rows: which frames of the block, int64 [n].
        predicted: largest unit of the target's layer, int64 [n].
        activations: by layer, float32 [n, T, channels].
        saliency: by layer, float32 [n, steps of the interval, channels]; zero outside of `ModelView.intervals`.
        tau: by layer, int64 [n], the step to align at.
        navai: int64 [n], step of the largest gradient at the input.
    """

    rows: np.ndarray
    predicted: np.ndarray
    activations: dict[str, np.ndarray]
    saliency: dict[str, np.ndarray]
    tau: dict[str, np.ndarray]
    navai: np.ndarray


class ModelView:
    """Computes activations and saliency of one network for batches of frames.

    Attributes:
        layers: input first, output last; `steps` are those of a frame, 0 without time.
        intervals: by layer, first and last step where saliency may be other than zero.
        target_step: of the target's layer.
        mode: `frame` or `utterance`, what is really done.
        notice: what is not as it was asked for, see `NetworkTrace`.
        batch_size: frames at a time.
    """

    def __init__(self, network: Network, options: ProfileOptions, target: Target, frame_shape: tuple[int, ...], *,
                 utterances: bool = True, batch_size: int | None = None) -> None:
        """Trace the network.

        Args:
            network: see `networks.open_network`.
            options: how to look.
            target: what the gradient is taken of.
            frame_shape: steps and channels of a frame.
            utterances: whether blocks are utterances, so that frames may share a forward pass.
            batch_size: frames at a time; by the size of the network by default.

        Raises:
            ConfigError: the target has no such step, or no layer leads to it.
            DataError: the network does not take such frames.
        """
        self.network, self.options, self.target = network, options, target
        self._frame_shape = frame_shape
        found = trace_network(network, options, target, frame_shape, utterances)
        self.layers, self.target_step, self.notice = found.layers, found.target_step, found.notice
        self._chain, self._cone = found.chain, found.cone
        self.mode = options.mode if self._cone is not None and utterances else "frame"
        whole = {layer.name: (0, max(layer.steps or 0, 1) - 1) for layer in self.layers}
        self.intervals = whole if self._cone is None else {**whole, **self._cone.intervals()}
        numbers = sum(max(layer.steps or 0, 1) * layer.channels for layer in self.layers)
        default = int(np.clip(_BYTES_AT_ONCE // (4 * numbers), 1, _MOST_AT_ONCE))
        self.batch_size = default if batch_size is None else batch_size
        if self.batch_size < 1:
            raise ConfigError(f"`batch_size` (={batch_size}) must be positive")
        self.corpus_minima = {layer.name: 0.0 for layer in self.layers}
        self.quanta: dict[str, tuple[float, float]] = {layer.name: (2.0**-100, 2.0**-100) for layer in self.layers}
        self._compile()

    # what is computed

    def _compile(self) -> None:
        import tensorflow as tf

        frames = tf.TensorSpec((None, *self._frame_shape), tf.float32)
        whole, per_frame = tf.TensorSpec((), tf.int32), tf.TensorSpec((None,), tf.int32)
        numbers = tf.TensorSpec((3, len(self.layers)), tf.float32)
        utterance = {layer.name: tf.TensorSpec((None, layer.channels), tf.float32) for layer in self.layers[1:]}
        self._look = tf.function(self._look_at_frames, autograph=False, input_signature=[frames, per_frame, numbers])
        self._values = tf.function(self._target_values, autograph=False, input_signature=[frames])
        if self.mode == "utterance":
            self._look_inside = tf.function(self._look_inside_utterance, autograph=False, input_signature=[
                frames, per_frame, numbers, utterance, per_frame, whole])
            spec = tf.TensorSpec((1, None, self._frame_shape[-1]), tf.float32)
            assert self._chain is not None
            chain = self._chain
            self._forward = tf.function(lambda x: {name: y[0] for name, y in chain.forward(x).items()},
                                        autograph=False, input_signature=[spec])

    def _target_values(self, frames: Tensor) -> Tensor:
        found = self._cone.forward(frames) if self._cone is not None else self.network.probe.tensors(frames)
        return self._at_target(found)

    def _at_target(self, found: dict[str, Tensor]) -> Tensor:
        """Take the target layer's units at the target step: float32 [batch, units]."""
        import tensorflow as tf

        values = tf.cast(found[self.target.layer], tf.float32)
        if len(values.shape) == 2:
            return values
        return values[:, self.target_step - (self._cone.intervals()[self.target.layer][0] if self._cone else 0)]

    def _look_at_frames(self, frames: Tensor, units: Tensor, numbers: Tensor) -> dict[str, Any]:
        if self._cone is None:
            found = {INPUT: frames, **self.network.probe.tensors(frames)}
            return self._measure(found, found, units, numbers)
        assert self._chain is not None
        return self._measure({INPUT: frames, **self._chain.forward(frames)}, self._cone.forward(frames), units, numbers)

    def _look_inside_utterance(self, frames: Tensor, units: Tensor, numbers: Tensor,
                               utterance: dict[str, Tensor], starts: Tensor, phase: Tensor) -> dict[str, Any]:
        """As `_look_at_frames`, with activations outside of the cone from a forward pass of the whole utterance."""
        import tensorflow as tf

        assert self._chain is not None and self._cone is not None
        whole, stride = {INPUT: frames}, 1
        steps = {layer.name: layer.steps or 0 for layer in self.layers}
        for operation in self._chain.operations:
            stride *= operation.stride
            if operation.record:
                first = (starts - phase) // stride
                whole[operation.record] = tf.gather(utterance[operation.record],
                                                    first[:, None] + tf.range(steps[operation.record]))
        return self._measure(whole, self._cone.forward(frames), units, numbers)

    def _measure(self, whole: dict[str, Tensor], inner: dict[str, Tensor], units: Tensor, numbers: Tensor
                 ) -> dict[str, Any]:
        """Differentiate, find the steps to align at, and round to the grids of the sums.

        Args:
            whole: by layer, activations of whole frames.
            inner: by layer, those of `intervals`, on the way to the target.
            units: see `Target.scores`.
            numbers: float32 [3, layers]: quanta of activations and of saliency, minima over the corpus.
        """
        import tensorflow as tf

        names = [layer.name for layer in self.layers]
        score, largest = self.target.scores(self._at_target(inner), units)
        gradients = tf.gradients(tf.reduce_sum(score), [inner[name] for name in names])
        result: dict[str, Any] = {"predicted": largest, "activations": {}, "saliency": {}, "tau": {}, "extremes": []}
        for i, (layer, saliency) in enumerate(zip(self.layers, gradients, strict=True)):
            # a network in mixed precision has numbers of its own, and gradients with respect to those
            tensors = (whole[layer.name], inner[layer.name], saliency)
            activation, own, saliency = (tf.cast(tensor, tf.float32) for tensor in tensors)
            if not layer.has_time:
                activation, own, saliency = activation[:, None], own[:, None], saliency[:, None]
            first, last = self.intervals[layer.name]
            n_steps = max(layer.steps or 0, 1)
            if inner is not whole:
                activation = tf.concat([activation[:, :first], own, activation[:, last + 1:]], axis=1)
            result["tau"][layer.name] = peak_step(
                saliency, self._with_sign(layer, own, activation, numbers[2, i]), score=self.options.score,
                pooling=self.options.pooling, pooling_sign=self.options.pooling_sign, first=first, n_steps=n_steps)
            if layer.name == INPUT:
                result["navai"] = largest_gradient_step(saliency, first, n_steps)
            lowest = tf.reduce_min(activation)
            result["extremes"].append(tf.stack([tf.maximum(tf.reduce_max(activation), -lowest),
                                                tf.reduce_max(tf.abs(saliency)), -lowest]))
            for part, values, row in (("activations", activation, 0), ("saliency", saliency, 1)):
                result[part][layer.name] = tf.round(values * (1.0 / numbers[row, i])) * numbers[row, i]
        result["extremes"] = tf.stack(result["extremes"])
        return result

    def _with_sign(self, layer: LayerInfo, own: Tensor, whole: Tensor, corpus_minimum: Tensor) -> Tensor:
        """Return activations as the score wants them; see `ProfileOptions.sign`."""
        import tensorflow as tf

        if layer.activation in _NEVER_NEGATIVE or self.options.sign == "raw":
            return own
        if self.options.sign == "absolute":
            return tf.abs(own)
        if self.options.sign == "corpus_minimum":
            return own - corpus_minimum
        return own - tf.reduce_min(whole, axis=[1, 2], keepdims=True)

    # what callers use

    def target_values(self, block: Block) -> np.ndarray:
        """Compute the units of the target's layer at the target step, for all frames: float32 [n_frames, units]."""
        import tensorflow as tf

        rows = np.arange(block.n_frames)
        return np.concatenate([self._values(tf.constant(block.frames(rows[i:i + self.batch_size]))).numpy()
                               for i in range(0, len(rows), self.batch_size)])

    def looks(self, block: Block, rows: np.ndarray, units: np.ndarray | None = None) -> Iterator[Look]:
        """Look at some frames of a block, batch by batch.

        Args:
            block: where they are.
            rows: which ones, int64.
            units: int [rows], of the target's layer, to take the gradient of; by default the target's own rule.

        Raises:
            ExportError: the network gives NaN or infinity.
        """
        import tensorflow as tf

        units = np.full(len(rows), -1) if units is None else units
        numbers = tf.constant([[self.quanta[layer.name][0] for layer in self.layers],
                               [self.quanta[layer.name][1] for layer in self.layers],
                               [self.corpus_minima[layer.name] for layer in self.layers]], tf.float32)
        for here, call in self._calls(block, rows):
            found = call(tf.constant(block.frames(rows[here])), tf.constant(units[here], tf.int32), numbers)
            extremes = found["extremes"].numpy()
            if not np.isfinite(extremes).all():
                raise ExportError(f"model (={self.network.probe.name}) must give numbers; it gives NaN or infinity in "
                                  f"{block.names[rows[here][0]]}: its training diverged; use an earlier checkpoint")
            self.extremes = extremes
            yield Look(rows[here], found["predicted"].numpy().astype(np.int64),
                       {name: values.numpy() for name, values in found["activations"].items()},
                       {name: values.numpy() for name, values in found["saliency"].items()},
                       {name: tau.numpy().astype(np.int64) for name, tau in found["tau"].items()},
                       found["navai"].numpy().astype(np.int64))

    def _calls(self, block: Block, rows: np.ndarray) -> Iterator[tuple[np.ndarray, Callable[..., dict[str, Any]]]]:
        """Yield the positions in `rows` of each batch, and the function that looks at it.

        Frames of one batch start at the same phase of the network's stride, in both modes, so that batches and with
        them the last bits are the same.
        """
        import tensorflow as tf

        stride, n_frame = self._chain.stride if self._chain is not None else 1, self._frame_shape[0]
        for phase in np.unique(block.starts[rows] % stride):
            positions, call = np.flatnonzero(block.starts[rows] % stride == phase), self._look
            if self.mode == "utterance":
                # a length that pads as a frame does: the zeros of SAME padding depend on the remainder
                n_steps = n_frame + stride * ((len(block.inputs) - phase - n_frame) // stride)
                utterance = self._forward(tf.constant(block.inputs[None, phase:phase + n_steps]))
            for i in range(0, len(positions), self.batch_size):
                here = positions[i:i + self.batch_size]
                if self.mode == "utterance":
                    call = partial(self._look_inside, utterance=utterance, phase=tf.constant(phase, tf.int32),
                                   starts=tf.constant(block.starts[rows[here]], tf.int32))
                yield here, call
