"""Frames to look at: cut out of utterances, or whole clips; in blocks that one can compute independently.

A block is what is read at a time: an utterance with all its frames, or a few clips. Blocks do not depend on how the
work is divided into shards, so neither do the numbers that a network gives for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from wavegan_tf.errors import ConfigError, DataError

if TYPE_CHECKING:
    from wavegan_tf.data.corpus import Corpus, Utterance

__all__ = ["Block", "ClipFrames", "FrameSource", "UtteranceFrames"]

NO_ANNOTATION = -1


@dataclass(frozen=True)
class Block:
    """Inputs and the frames in them.

    Attributes:
        names: of the frames' utterance or clip, one per frame.
        inputs: float32 [n_steps, channels], one utterance; or [n_frames, n_steps, channels], clips.
        starts: int64 [n_frames], first step of each frame in the utterance; all 0 for clips.
        frame_steps: steps of a frame.
        annotated: int32 [n_steps], number of the annotation at each step of the utterance, -1 for none; or None.
        labels: what else is known, by column: an array of words, one per frame.
        origin: step of the utterance at which `inputs` begin; negative where silence was put in front.
        rate_hz: steps per second.
    """

    names: tuple[str, ...]
    inputs: np.ndarray
    starts: np.ndarray
    frame_steps: int
    annotated: np.ndarray | None = None
    labels: Mapping[str, np.ndarray] = field(default_factory=dict)
    origin: int = 0
    rate_hz: float = 0.0

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.starts)

    @property
    def is_utterance(self) -> bool:
        """Whether the frames are cut out of one utterance."""
        return self.inputs.ndim == 2

    def frames(self, rows: np.ndarray) -> np.ndarray:
        """Cut frames out: float32 [rows, frame_steps, channels]."""
        if not self.is_utterance:
            return self.inputs[rows]
        return self.inputs[self.starts[rows, None] + np.arange(self.frame_steps)]

    def annotations(self, rows: np.ndarray) -> np.ndarray:
        """Return the annotation of every step of frames: int32 [rows, frame_steps]."""
        assert self.annotated is not None
        return self.annotated[self.starts[rows, None] + np.arange(self.frame_steps)]

    def centres_s(self) -> np.ndarray:
        """Return the time of every frame's middle step in the utterance, float64 [n_frames], in seconds."""
        return (self.starts + self.frame_steps // 2 + self.origin) / self.rate_hz


class FrameSource(Protocol):
    """Where frames come from.

    Attributes:
        name: in words, for messages and records.
        fingerprint: changes when the frames change.
        frame_shape: steps and channels of a frame.
        n_blocks: how many blocks there are.
        annotations: names of what may be annotated at a step; None where nothing is.
        columns: what else is known of frames: the words that each column of labels holds.
        names: of all utterances or clips.
        skipped: utterances too short for a frame.
        of_utterances: whether a block is one utterance, whose frames may share a forward pass; else clips.
    """

    name: str
    fingerprint: str
    frame_shape: tuple[int, ...]
    n_blocks: int
    annotations: tuple[str, ...] | None
    columns: Mapping[str, tuple[str, ...]]
    names: tuple[str, ...]
    skipped: int
    of_utterances: bool

    def block(self, number: int) -> Block:
        """Read a block."""


class UtteranceFrames:
    """Frames of fixed length at every few steps of the log-mel spectrograms of a corpus.

    Source: Krug et al. 2021, sections 3.1 and 3.3.
    """

    of_utterances = True

    def __init__(self, corpus: Corpus, frame_steps: int = 206, hop_steps: int = 2, ends: str = "inside", *,
                 split: str = "all") -> None:
        """List the utterances that have a frame; nothing is read yet.

        Args:
            corpus: with or without phones.
            frame_steps: steps of 8 ms.
            hop_steps: from one frame to the next.
            ends: `inside`: frames lie in the utterance; `padded`: every `hop_steps`th step of the utterance is the
                middle of a frame, with the spectrogram of digital silence beyond the ends.
            split: of the corpus; `all` takes every utterance.

        Raises:
            DataError: no such split, or no utterance is long enough.
        """
        from snap_tf.asr.alphabet import PHONES
        from snap_tf.asr.spectrogram_geometry import INPUT_RATE_HZ, N_MELS, RATE_HZ, n_input_steps

        splits = sorted({u.split for u in corpus.utterances})
        chosen = [u for u in corpus.utterances if split in ("all", u.split)]
        if not chosen:
            raise DataError(f"`split` (={split}) must be a split of the corpus; it has "
                            f"{', '.join(s or '(none)' for s in splits)}; choose one of them or all")
        self._padding = frame_steps // 2 if ends == "padded" else 0
        long_enough = []
        for utterance in chosen:
            n_steps = n_input_steps(-(-utterance.n_samples * RATE_HZ // utterance.rate_hz))
            if n_steps + 2 * self._padding >= frame_steps:
                long_enough.append(utterance)
        if not long_enough:
            raise DataError(f"utterances of corpus (={corpus.root}) must have at least one frame of {frame_steps} "
                            f"steps ({frame_steps / INPUT_RATE_HZ:.3f} s); the longest of {len(chosen)} has "
                            f"{max(u.n_samples / u.rate_hz for u in chosen):.3f} s; use --ends padded or fewer "
                            "--frame-steps")
        self._utterances: tuple[Utterance, ...] = tuple(long_enough)
        self._hop_steps, self._rate_hz = hop_steps, INPUT_RATE_HZ
        self.skipped = len(chosen) - len(long_enough)
        self.name = f"corpus {corpus.root.name}" + ("" if split == "all" else f", split {split}")
        self.frame_shape: tuple[int, ...] = (frame_steps, N_MELS)
        self.n_blocks = len(self._utterances)
        self.names = tuple(u.id for u in self._utterances)
        found = {p.label for u in self._utterances for p in u.phones}
        order = {label: i for i, label in enumerate(PHONES.symbols)}
        self.annotations = tuple(sorted(found, key=lambda label: (order.get(label, len(order)), label))) or None
        self._number = {label: i for i, label in enumerate(self.annotations or ())}
        self.columns: Mapping[str, tuple[str, ...]] = {
            name: tuple(sorted({getattr(u, name) for u in self._utterances} - {""}))
            for name in ("speaker", "sex", "dialect", "split", "sentence")}
        text = "\n".join(f"{u.id} {u.n_samples} {u.rate_hz} {hash_of_phones(u)}" for u in self._utterances)
        self.fingerprint = hashlib.sha256(f"{text}\n{frame_steps} {hop_steps} {ends}".encode()).hexdigest()[:16]

    def block(self, number: int) -> Block:
        """Read an utterance and compute its spectrogram.

        Raises:
            DataError: the recording cannot be decoded.
            OSError: the file cannot be read.
        """
        from snap_tf.asr.annotation import annotate_steps, to_rate
        from snap_tf.asr.feature_store import spectrogram_of
        from snap_tf.asr.features import FLOOR

        utterance, pad = self._utterances[number], self._padding
        inputs = spectrogram_of(utterance)
        n_steps, frame_steps = len(inputs), self.frame_shape[0]
        annotated = None
        if self.annotations is not None:
            labels = annotate_steps(to_rate(utterance.phones, utterance.rate_hz), n_steps)
            annotated = np.pad(np.array([self._number.get(label, NO_ANNOTATION) for label in labels], np.int32), pad,
                               constant_values=NO_ANNOTATION)
        inputs = np.pad(inputs, ((pad, pad), (0, 0)), constant_values=np.log(FLOOR))
        last = (n_steps - 1) if pad else n_steps - frame_steps
        starts = np.arange(0, last + 1, self._hop_steps, dtype=np.int64)
        n = len(starts)
        known = {name: np.full(n, getattr(utterance, name)) for name in self.columns}
        return Block((utterance.id,) * n, inputs, starts, frame_steps, annotated, known, -pad, self._rate_hz)


class ClipFrames:
    """Clips of one length, each of them one frame: words for D and Q, images of sounds for classifiers, any arrays."""

    of_utterances = False

    def __init__(self, inputs: np.ndarray, labels: Mapping[str, Sequence[str]] | None = None,
                 names: Sequence[str] | None = None, *, name: str = "arrays", block_size: int = 16,
                 rate_hz: float = 0.0) -> None:
        """Take arrays that are in memory (or mapped into it).

        Args:
            inputs: float [n_clips, ...], what the network takes.
            labels: what is known of them: by column, a word per clip; an empty word for unknown.
            names: of the clips; their numbers by default.
            name: of the whole, in words.
            block_size: clips in a block.
            rate_hz: steps per second.

        Raises:
            DataError: no clips, other numbers of labels or names, numbers that are not finite.
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
        self.annotations: tuple[str, ...] | None = None
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
        self.fingerprint = digest.hexdigest()[:16]

    def block(self, number: int) -> Block:
        """Return the clips of a block."""
        here = slice(number * self._block_size, (number + 1) * self._block_size)
        inputs = np.asarray(self._inputs[here], np.float32)
        return Block(self.names[here], inputs, np.zeros(len(inputs), np.int64), self.frame_shape[0], None,
                     {column: values[here] for column, values in self._labels.items()}, 0, self._rate_hz)


def hash_of_phones(utterance: Utterance) -> str:
    """Name the annotation of an utterance in 8 hexadecimal digits."""
    text = " ".join(f"{p.start}-{p.end}:{p.label}" for p in utterance.phones)
    return hashlib.sha256(text.encode()).hexdigest()[:8]
