"""A balanced sample of frames in memory: equally many of each group, with fixed target units, to compare networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from snap_tf.snap.frames.clip_frames import ClipFrames
from snap_tf.snap.frames.frame_blocks import Block, FrameSource
from snap_tf.snap.frames.groupings import find_grouping
from snap_tf.snap.network.model_view import ModelView
from snap_tf.snap.network.networks import Network
from snap_tf.snap.network.targets import make_target
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf.errors import DataError

__all__ = ["GROUP", "FixedFrames", "sample_frames"]

GROUP = "group"
"""Name of the column that says which group a frame belongs to."""


class FixedFrames(ClipFrames):
    """Frames whose targets are fixed: every network is asked about the same unit of the same frame.

    Attributes:
        units: int64 [n_frames], of the target's layer.
        groups: group of each frame.
    """

    def __init__(self, inputs: np.ndarray, units: np.ndarray, groups: Sequence[str], rate_hz: float, *,
                 annotations: np.ndarray | None = None, extra: Mapping[str, Sequence[str]] | None = None,
                 name: str = "sample") -> None:
        super().__init__(inputs, {GROUP: groups, **(extra or {})}, annotations=annotations, name=name, rate_hz=rate_hz)
        self.units, self.groups, self.rate_hz = np.asarray(units, np.int64), tuple(groups), rate_hz
        self._words, self._current = annotations, 0

    def block(self, number: int) -> Block:
        """Return the frames of a block, and remember which ones."""
        self._current = number
        return super().block(number)

    def choose(self, values: np.ndarray) -> np.ndarray:
        """Return the units of the frames that were read last; see `profiling.profile`."""
        start = self._current * self._block_size
        return self.units[start:start + len(values)]

    def with_inputs(self, inputs: np.ndarray) -> FixedFrames:
        """Return the same units and groups with other inputs."""
        return FixedFrames(inputs, self.units, self.groups, self.rate_hz, annotations=self._words, name=self.name)

    def with_columns(self, columns: Mapping[str, Sequence[str]]) -> FixedFrames:
        """Return the same frames with more labels."""
        return FixedFrames(self.inputs, self.units, self.groups, self.rate_hz, annotations=self._words, extra=columns,
                           name=self.name)

    @property
    def inputs(self) -> np.ndarray:
        """All frames, float32 [n_frames, ...]."""
        return self._inputs


def sample_frames(network: Network, source: FrameSource, group: str, options: ProfileOptions, *, per_group: int,
                  n_blocks: int, min_frames: int, seed: int) -> FixedFrames:
    """Draw equally many frames of each group.

    Args:
        network: says which unit of a frame is its target, and which frames are blank and left out.
        source: of all frames.
        group: see `groupings.find_grouping`.
        options: `target`, `blank`, `target_step`.
        per_group: frames of each group, or all it has.
        n_blocks: utterances (or blocks of clips) to draw from, themselves drawn at random.
        min_frames: groups with fewer are left out.
        seed: of the draws.

    Raises:
        DataError: fewer than three groups have so many frames.
    """
    target, rng = make_target(network, options), np.random.default_rng(seed)
    view = ModelView(network, options, target, source.frame_shape, utterances=False)
    leaves_blank = target.drop_blank or target.skip_blank
    grouping = find_grouping(group, source, target.units, target.blank if leaves_blank else None,
                             network.writes if target.layer == network.output else "")
    places: list[tuple[int, int, int, int]] = []  # group, block, row, unit
    for number in rng.permutation(source.n_blocks)[:n_blocks].tolist():
        block = source.block(number)
        if not block.n_frames:
            continue
        predicted = target.predicted(view.target_values(block))
        rows = np.flatnonzero(predicted != target.blank) if target.drop_blank else np.arange(block.n_frames)
        units = predicted if target.unit is None else np.full(len(predicted), target.unit)
        numbers = grouping.numbers(block, rows, predicted[rows])
        places += [(int(g), number, int(row), int(units[row])) for g, row in zip(numbers, rows, strict=True)
                   if g < len(grouping.groups)]
    chosen: list[tuple[int, int, int, int]] = []
    for g in range(len(grouping.groups)):
        own = [place for place in places if place[0] == g]
        if len(own) >= max(min_frames, 1):
            chosen += [own[i] for i in rng.permutation(len(own))[:per_group]]
    if len({g for g, *_ in chosen}) < 3:
        raise DataError(f"groups by {group} must be at least three with {min_frames} frames each to be compared; "
                        f"{len(places)} frames of {min(n_blocks, source.n_blocks)} utterances have "
                        f"{len({g for g, *_ in chosen})}; use more --utterances or fewer --min-frames")
    chosen.sort(key=lambda place: place[1:3])
    frames: list[np.ndarray] = []
    numbers_at: list[np.ndarray] = []
    block, here = source.block(chosen[0][1]), chosen[0][1]
    for _, number, row, _ in chosen:
        if number != here:
            block, here = source.block(number), number
        frames.append(block.frames(np.array([row]))[0])
        if source.annotations is not None and target.is_of_each_frame:  # else no phone was predicted
            numbers_at.append(block.annotations(np.array([row]))[0])
    words = np.array([*(source.annotations or ()), ""])  # NOT_ANNOTATED is the last one
    return FixedFrames(np.stack(frames), np.array([unit for *_, unit in chosen]),
                       [grouping.groups[g] for g, *_ in chosen], network.probe.rate_hz,
                       annotations=words[np.stack(numbers_at)] if numbers_at else None,
                       name=f"{len(chosen)} frames of {source.name}")
