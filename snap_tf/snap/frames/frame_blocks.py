"""Frames in blocks that can be computed independently, and frames cut out of sequences and of utterances.

A block is what is read at a time: an utterance with all its frames, or a few clips. Blocks do not depend on how the
work is divided into shards, so neither do the numbers that a network gives for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from snap_tf.snap.alignment.alignment_counts import NOT_ANNOTATED
from wavegan_tf.errors import ConfigError, DataError

if TYPE_CHECKING:
    from wavegan_tf.data.corpus import Corpus, Utterance

__all__ = ["Block", "FrameSource", "SequenceFrames", "UtteranceFrames", "annotation_order"]

_KNOWN = ("speaker", "sex", "dialect", "split", "sentence")
"""What is known of an utterance besides its phones."""


@dataclass(frozen=True)
class Block:
    """Inputs and the frames in them.

    Attributes:
        names: of the frames' utterance or clip, one per frame.
        inputs: float32 [n_steps, channels], one utterance; or clips, [n_frames, n_steps, channels] or
            [n_frames, values].
        starts: int64 [n_frames], first step of each frame in the utterance; all 0 for clips.
        frame_steps: steps of a frame.
        annotated: int32 [n_steps], number of the annotation at each step of the utterance, -1 for none; for clips
            [n_frames, n_steps]; or None.
        labels: what else is known, by column: an array of words, one per frame.
        origin: step of the utterance at which `inputs` begin; negative where silence was put in front.
        rate_hz: steps per second.
        is_utterance: whether the frames are cut out of one utterance.
    """

    names: tuple[str, ...]
    inputs: np.ndarray
    starts: np.ndarray
    frame_steps: int
    annotated: np.ndarray | None = None
    labels: Mapping[str, np.ndarray] = field(default_factory=dict)
    origin: int = 0
    rate_hz: float = 0.0
    is_utterance: bool = False

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.starts)

    def frames(self, rows: np.ndarray) -> np.ndarray:
        """Cut frames out: float32 [rows, frame_steps, channels]."""
        if not self.is_utterance:
            return self.inputs[rows]
        return self.inputs[self.starts[rows, None] + np.arange(self.frame_steps)]

    def annotations(self, rows: np.ndarray) -> np.ndarray:
        """Return the annotation of every step of frames: int32 [rows, frame_steps]."""
        assert self.annotated is not None
        if not self.is_utterance:
            return self.annotated[rows]
        return self.annotated[self.starts[rows, None] + np.arange(self.frame_steps)]

    def centres_s(self) -> np.ndarray:
        """Return the time of every frame's middle step in the utterance, float64 [n_frames], in seconds."""
        return (self.starts + self.frame_steps // 2 + self.origin) / self.rate_hz


class FrameSource(Protocol):
    """Source of frames: what `profile` needs of its data, read block by block.

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


class SequenceFrames:
    """Overlapping frames of fixed length, cut out of sequences: spectrograms or other features, of any length.

    Source: Krug et al. 2021, section 3.3.
    """

    of_utterances = True

    def __init__(self, sequences: Sequence[np.ndarray], frame_steps: int, hop_steps: int = 2, ends: str = "inside", *,
                 names: Sequence[str] | None = None, annotations: Sequence[Sequence[str]] | None = None,
                 name: str = "sequences", rate_hz: float = 0.0, silence: float = 0.0) -> None:
        """Take sequences that are in memory.

        Args:
            sequences: float [n_steps, channels] each.
            frame_steps: steps of a frame.
            hop_steps: from one frame to the next.
            ends: `inside`: frames lie in the sequence; `padded`: every `hop_steps`th step of the sequence is the
                middle of a frame, with `silence` beyond the ends.
            names: of the sequences; their numbers by default.
            annotations: a word for every step of every sequence, empty for none.
            name: of the whole, in words.
            rate_hz: steps per second.
            silence: what lies beyond the ends.

        Raises:
            DataError: no sequence is long enough, or annotations of other lengths.
        """
        if annotations is not None and [len(a) for a in annotations] != [len(s) for s in sequences]:
            raise DataError("annotations must have a word for each step of each sequence; their lengths differ")
        self._sequences = [np.asarray(sequence, np.float32) for sequence in sequences]
        self._words = annotations
        digest = hashlib.sha256()
        for sequence in self._sequences:
            digest.update(sequence.tobytes())
        words = {word for sequence in annotations or () for word in sequence} - {""}
        self._set_up([str(i) for i in range(len(sequences))] if names is None else names,
                     [len(s) for s in sequences], words, digest.hexdigest(), name)
        self._cut(frame_steps, hop_steps, ends, rate_hz, silence, sequences[0].shape[1] if len(sequences) else 0)

    def _set_up(self, names: Sequence[str], lengths: Sequence[int], words: set[str], content: str, name: str) -> None:
        self._all_names, self._lengths, self._content, self.name = tuple(names), lengths, content, name
        self.annotations = annotation_order(words)
        self._number = {label: i for i, label in enumerate(self.annotations or ())}
        self.columns: Mapping[str, tuple[str, ...]] = {}

    def _cut(self, frame_steps: int, hop_steps: int, ends: str, rate_hz: float, silence: float, channels: int) -> None:
        if frame_steps < 1 or hop_steps < 1:
            raise ConfigError(f"`frame_steps` and `hop_steps` (={frame_steps}, {hop_steps}) must be positive")
        self._padding = frame_steps // 2 if ends == "padded" else 0
        self._hop_steps, self._rate_hz, self._silence = hop_steps, rate_hz, silence
        self.frame_shape: tuple[int, ...] = (frame_steps, channels)
        self._used = [i for i, n in enumerate(self._lengths) if n and n + 2 * self._padding >= frame_steps]
        if not self._used:
            longest = max(self._lengths, default=0)
            of = f" ({longest / rate_hz:.3f} s)" if rate_hz else ""
            raise DataError(f"utterances of {self.name} must have at least one frame of {frame_steps} steps; the "
                            f"longest of {len(self._lengths)} has {longest}{of}; use --ends padded or fewer "
                            "--frame-steps")
        self.n_blocks, self.skipped = len(self._used), len(self._lengths) - len(self._used)
        self.names = tuple(self._all_names[i] for i in self._used)
        text = f"{self._content} {self.names} {frame_steps} {hop_steps} {ends}"
        self.fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]

    def _read(self, number: int) -> tuple[np.ndarray, Sequence[str] | None, Mapping[str, str]]:
        """Return a sequence float32 [n_steps, channels], the word at each step, and its labels."""
        return self._sequences[number], None if self._words is None else self._words[number], {}

    def block(self, number: int) -> Block:
        """Read a sequence.

        Raises:
            DataError: the recording cannot be decoded.
            OSError: the file cannot be read.
        """
        inputs, words, labels = self._read(self._used[number])
        pad, frame_steps, n_steps = self._padding, self.frame_shape[0], len(inputs)
        annotated = None
        if self.annotations is not None:
            numbers = [self._number.get(word, NOT_ANNOTATED) for word in words or [""] * n_steps]
            annotated = np.pad(np.array(numbers, np.int32), pad, constant_values=NOT_ANNOTATED)
        inputs = np.pad(inputs, ((pad, pad), (0, 0)), constant_values=self._silence)
        last = n_steps - 1 if pad else n_steps - frame_steps
        starts = np.arange(0, last + 1, self._hop_steps, dtype=np.int64)
        known = {column: np.full(len(starts), word) for column, word in labels.items()}
        return Block((self.names[number],) * len(starts), inputs, starts, frame_steps, annotated, known, -pad,
                     self._rate_hz, is_utterance=True)


class UtteranceFrames(SequenceFrames):
    """Frames of the log-mel spectrograms of a corpus, with the phones annotated at each step.

    Source: Krug et al. 2021, sections 3.1 and 3.3.
    """

    def __init__(self, corpus: Corpus, frame_steps: int = 206, hop_steps: int = 2, ends: str = "inside", *,
                 split: str = "all") -> None:
        """List the utterances that have a frame; nothing is read yet.

        Args:
            corpus: with or without phones.
            frame_steps: steps of 8 ms.
            hop_steps: from one frame to the next.
            ends: `inside` or `padded`, with the spectrogram of digital silence; see `SequenceFrames`.
            split: of the corpus; `all` takes every utterance.

        Raises:
            DataError: no such split, or no utterance is long enough.
        """
        from snap_tf.asr.spectrograms.features import FLOOR
        from snap_tf.asr.spectrograms.spectrogram_geometry import INPUT_RATE_HZ, N_MELS, RATE_HZ, n_input_steps

        chosen = [u for u in corpus.utterances if split in ("all", u.split)]
        if not chosen:
            splits = sorted({u.split for u in corpus.utterances})
            raise DataError(f"`split` (={split}) must be a split of the corpus; it has "
                            f"{', '.join(s or '(none)' for s in splits)}; choose one of them or all")
        self._utterances: tuple[Utterance, ...] = tuple(chosen)
        content = "\n".join(f"{u.n_samples} {u.rate_hz} " + " ".join(f"{p.start}-{p.end}:{p.label}" for p in u.phones)
                            for u in chosen)
        self._set_up([u.id for u in chosen],
                     [n_input_steps(-(-u.n_samples * RATE_HZ // u.rate_hz)) for u in chosen],
                     {p.label for u in chosen for p in u.phones}, content,
                     f"corpus {corpus.root.name}" + ("" if split == "all" else f", split {split}"))
        self._cut(frame_steps, hop_steps, ends, INPUT_RATE_HZ, float(np.log(FLOOR)), N_MELS)
        self.columns = {name: tuple(sorted({getattr(u, name) for u in chosen} - {""})) for name in _KNOWN}

    def _read(self, number: int) -> tuple[np.ndarray, Sequence[str] | None, Mapping[str, str]]:
        from snap_tf.asr.batches.feature_store import spectrogram_of
        from snap_tf.asr.transcripts.annotation import annotate_steps, to_rate

        utterance = self._utterances[number]
        inputs = spectrogram_of(utterance)
        words = annotate_steps(to_rate(utterance.phones, utterance.rate_hz), len(inputs))
        return inputs, words, {name: getattr(utterance, name) for name in _KNOWN}


def annotation_order(words: set[str]) -> tuple[str, ...] | None:
    """Return annotations in the order in which figures show them: phones as their own table lists them."""
    from snap_tf.asr.transcripts.alphabet import PHONES

    order = {label: i for i, label in enumerate(PHONES.symbols)}
    return tuple(sorted(words, key=lambda word: (order.get(word, len(order)), word))) or None
