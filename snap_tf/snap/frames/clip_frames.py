"""Clips of one length, each of them one frame."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from snap_tf.snap.alignment.alignment_counts import NOT_ANNOTATED
from snap_tf.snap.frames.frame_blocks import Block, annotation_order
from wavegan_tf.errors import ConfigError, DataError

__all__ = ["ClipFrames"]


class ClipFrames:
    """Clips of one length, each of them one frame: words for D and Q, images of sounds for classifiers, any arrays."""

    of_utterances = False

    def __init__(self, inputs: np.ndarray, labels: Mapping[str, Sequence[str]] | None = None,
                 names: Sequence[str] | None = None, *, annotations: np.ndarray | None = None, name: str = "arrays",
                 block_size: int = 16, rate_hz: float = 0.0) -> None:
        """Take arrays that are in memory (or mapped into it).

        Args:
            inputs: float [n_clips, ...], what the network takes.
            labels: what is known of them: by column, a word per clip; an empty word for unknown.
            names: of the clips; their numbers by default.
            annotations: words [n_clips, n_steps], one for every step of every clip, empty for none.
            name: of the whole, in words.
            block_size: clips in a block.
            rate_hz: steps per second.

        Raises:
            DataError: no clips, other numbers of labels, names or annotations, numbers that are not finite.
        """
        if np.ndim(inputs) < 2 or not len(inputs):
            raise DataError(f"inputs (shape {list(np.shape(inputs))}) must be of shape [n_clips, ...], n_clips > 0")
        if block_size < 1:
            raise ConfigError(f"`block_size` (={block_size}) must be positive")
        self._inputs, self._block_size = inputs, block_size
        n = len(inputs)
        self.names = tuple(names) if names is not None else tuple(map(str, range(n)))
        self._labels = {column: np.array(list(map(str, values)), np.str_) for column, values in (labels or {}).items()}
        for column, size in (("names", len(self.names)), *((c, len(v)) for c, v in self._labels.items())):
            if size != n:
                raise DataError(f"{column} (={size} of them) must be as many as there are clips, {n}")
        self.name, self._rate_hz = name, rate_hz
        self.frame_shape: tuple[int, ...] = tuple(inputs.shape[1:])
        self.n_blocks = -(-n // block_size)
        self.annotations, self._annotated = self._numbered(annotations)
        self.columns: Mapping[str, tuple[str, ...]] = {
            column: tuple(sorted(set(values.tolist()) - {""})) for column, values in self._labels.items()}
        self.skipped = 0
        digest = hashlib.sha256("\n".join(self.names).encode())
        for start in range(0, n, 256):
            part = np.ascontiguousarray(inputs[start:start + 256], np.float32)
            if not np.isfinite(part).all():
                wrong = start + int(np.flatnonzero(~np.isfinite(part).reshape(len(part), -1).all(axis=1))[0])
                raise DataError(f"inputs must be finite numbers; NaN or infinity is in clip {self.names[wrong]}")
            digest.update(part.tobytes())
        if self._annotated is not None:
            digest.update("\n".join(self.annotations or ()).encode() + self._annotated.tobytes())
        self.fingerprint = digest.hexdigest()[:16]

    def _numbered(self, annotations: np.ndarray | None) -> tuple[tuple[str, ...] | None, np.ndarray | None]:
        """Give the annotations that there are, and their numbers at every step: int32 [n_clips, n_steps]."""
        if annotations is None:
            return None, None
        there, wanted = np.shape(annotations), (len(self._inputs), self.frame_shape[0])
        if there != wanted or not all(isinstance(word, str) for word in np.ravel(annotations).tolist()):
            raise DataError(f"annotations (shape {list(there)}) must have a word for each step of each clip, "
                            f"{list(wanted)}")
        words, places = np.unique(annotations, return_inverse=True)
        names = annotation_order(set(words.tolist()) - {""})
        number = {label: i for i, label in enumerate(names or ())}
        numbers = np.array([number.get(word, NOT_ANNOTATED) for word in words.tolist()], np.int32)
        return names, numbers[places].reshape(wanted)

    def block(self, number: int) -> Block:
        """Return the clips of a block."""
        here = slice(number * self._block_size, (number + 1) * self._block_size)
        inputs = np.asarray(self._inputs[here], np.float32)
        annotated = None if self._annotated is None else self._annotated[here]
        return Block(self.names[here], inputs, np.zeros(len(inputs), np.int64), self.frame_shape[0], annotated,
                     {column: values[here] for column, values in self._labels.items()}, 0, self._rate_hz)
