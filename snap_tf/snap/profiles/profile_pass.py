"""The state of a pass over the data: sums and counts, to which blocks of frames are added.

Source: Krug et al. 2021, section 3.3.
"""

from __future__ import annotations

import dataclasses
import platform
import sys
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import numpy as np
from tqdm import tqdm

from snap_tf.snap.alignment.alignment_counts import AlignmentCounts
from snap_tf.snap.alignment.alignment_step import shift_of
from snap_tf.snap.frames.frame_blocks import Block, FrameSource
from snap_tf.snap.frames.groupings import Grouping, find_grouping
from snap_tf.snap.frames.permutation import Permuted
from snap_tf.snap.network.model_view import Look, ModelView
from snap_tf.snap.network.networks import INPUT, Network
from snap_tf.snap.network.targets import Target
from snap_tf.snap.profiles.profile_file import ProfileFile
from snap_tf.snap.profiles.sums import add_shifted, empty_sums, quantum
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf import __version__
from wavegan_tf.errors import ConfigError, DataError

__all__ = ["PERMUTED", "NamedGrouping", "ProfilePass"]

PERMUTED = "permuted:"


class NamedGrouping:
    """A grouping that a user named, real or to be permuted before the pass.

    Attributes:
        name: as it will be called.
        groups: names of the groups.
        rule: see `groupings.Grouping`.
        is_permuted: whether its groups are to be permuted.
    """

    def __init__(self, text: str, source: FrameSource, target: Target, network: Network) -> None:
        """Find it; see `groupings.find_grouping`."""
        self.is_permuted = text.startswith(PERMUTED)
        writes = network.writes if target.layer == network.output else ""
        blank = target.blank if target.drop_blank or target.skip_blank else None
        self.rule: Grouping = find_grouping(text.removeprefix(PERMUTED), source, target.units, blank, writes)
        self.name = (PERMUTED if self.is_permuted else "") + self.rule.name
        self.groups: tuple[str, ...] = self.rule.groups


class ProfilePass:
    """Sums that grow while blocks are added; made by `start_pass`."""

    def __init__(self, view: ModelView, source: FrameSource, options: ProfileOptions,
                 groupings: Sequence[NamedGrouping], quantities: Sequence[str], unknown: str = "") -> None:
        """Use `start_pass` instead; `unknown` says why annotations are not compared with predictions."""
        self._view, self._source, self._options, self._unknown = view, source, options, unknown
        self._groupings = groupings
        self._sums = [empty_sums(g.name, g.groups, view.layers, quantities, options.folds) for g in groupings]
        self._shifts = {layer.name: np.zeros(max(layer.steps or 0, 1), np.int64) for layer in view.layers}
        # where the one class of all frames was decided says nothing about predictions
        counts = source.annotations is not None and view.target.is_of_each_frame and not unknown
        self._alignment = AlignmentCounts(view.target.units, source.annotations or (), source.frame_shape[0],
                                          options.tolerance_steps) if counts else None
        self._n_frames = self._n_blank = 0

    def prepare(self, progress: bool) -> None:
        """Fix what all shards must share: grids of the sums, minima of the corpus, permutations."""
        for number in range(self._source.n_blocks):
            block = self._source.block(number)
            self._check_rate(block)
            rows, units, _ = self._chosen(block)
            if len(rows):
                rows = rows[:self._view.batch_size]
                for _ in self._view.looks(block, rows, None if units is None else units[:len(rows)]):
                    extremes = self._view.extremes
                self._view.quanta = {layer.name: (quantum(extremes[i, 0]), quantum(extremes[i, 1]))
                                     for i, layer in enumerate(self._view.layers)}
                break
        permuted = [g for g in self._groupings if g.is_permuted]
        needs_minima = self._options.sign == "corpus_minimum"
        if not permuted and not needs_minima:
            return
        found: list[list[np.ndarray]] = [[] for _ in permuted]
        minima = np.full(len(self._view.layers), np.inf)
        for number in tqdm(range(self._source.n_blocks), "looking ahead", unit="block", leave=False,
                           mininterval=0.2 if sys.stderr.isatty() else 10.0, disable=not progress):
            block = self._source.block(number)
            rows, units, predicted = self._chosen(block, always=True)
            for grouping, numbers in zip(permuted, found, strict=True):
                here = np.full(block.n_frames, -1, np.int64)
                here[rows] = grouping.rule.numbers(block, rows, predicted)
                numbers.append(here)
            if needs_minima and len(rows):
                for _ in self._view.looks(block, rows, units):
                    minima = np.minimum(minima, -self._view.extremes[:, 2])
        for grouping, numbers in zip(permuted, found, strict=True):
            grouping.rule = Permuted(grouping.rule, numbers, self._options.seed)
        if needs_minima and np.isfinite(minima).all():
            self._view.corpus_minima = {layer.name: float(minima[i]) for i, layer in enumerate(self._view.layers)}

    def _check_rate(self, block: Block) -> None:
        """Refuse frames at another rate than the network's, whose times and tolerances would be wrong."""
        ours = self._view.network.probe.rate_hz
        if block.rate_hz and not np.isclose(block.rate_hz, ours):
            raise ConfigError(f"`rate_hz` of the network (={ours:g}) must be that of the frames, {block.rate_hz:g}; "
                              f"give it when opening the network (--rate-hz {block.rate_hz:g})")

    def _chosen(self, block: Block, always: bool = False) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
        """Choose the frames that take part: their rows, the units to differentiate, and what is predicted.

        The last two are only worked out where something depends on them before the frames are looked at.
        """
        target, rows = self._view.target, np.arange(block.n_frames)
        if not (always or target.drop_blank or target.choose is not None) or not len(rows):
            return rows, None, np.zeros(0, np.int64)
        values = self._view.target_values(block)
        predicted = target.predicted(values)
        if target.drop_blank:
            rows = rows[predicted != target.blank]
        units = predicted if target.choose is None else np.asarray(target.choose(values)).astype(np.int64)
        if units.shape != predicted.shape or (units < 0).any() or (units >= len(target.units)).any():
            raise ConfigError(f"the function that chooses units must return {len(predicted)} whole numbers from 0 to "
                              f"{len(target.units) - 1}")
        use = None if target.choose is None and target.unit is not None else units[rows]
        return rows, use, predicted[rows]

    def add(self, number: int) -> None:
        """Look at the frames of a block and add them."""
        block = self._source.block(number)
        rows, units, predicted = self._chosen(block)
        self._n_frames += block.n_frames
        self._n_blank += block.n_frames - len(rows)
        for grouping in self._groupings:
            if isinstance(grouping.rule, Permuted):
                grouping.rule.block = number
        chosen = predicted if units is None else units
        for look in _ahead(self._view.looks(block, rows, units)):
            said, asked = (_of_rows(values, rows, look) for values in (predicted, chosen))
            self._add(block, dataclasses.replace(look, predicted=said), asked)

    @property
    def n_bytes(self) -> int:
        """Memory of the sums."""
        return sum(sums.n_bytes for sums in self._sums)

    def _add(self, block: Block, look: Look, asked: np.ndarray) -> None:
        shifts = self._shifts_of(look)
        for name, tau in look.tau.items():
            np.add.at(self._shifts[name], tau, 1)
        if self._alignment is not None:
            self._alignment.add(asked, block.annotations(look.rows), look.tau[INPUT])
        folds = np.array([_fold(block, row, self._options) for row in look.rows])
        absolute = {name: np.abs(values) for name, values in look.saliency.items()}
        for grouping, sums in zip(self._groupings, self._sums, strict=True):
            numbers = grouping.rule.numbers(block, look.rows, look.predicted)
            np.add.at(sums.counts, (folds, numbers), 1)
            for quantity, layers in sums.values.items():
                for name, total in layers.items():
                    values, first, moves = self._part(quantity, name, look, absolute, shifts)
                    for i in range(len(numbers)):
                        add_shifted(total[folds[i], numbers[i]], values[i], first + int(moves[i]))

    def _part(self, quantity: str, name: str, look: Look, absolute: dict[str, np.ndarray],
              shifts: dict[str, np.ndarray]) -> tuple[np.ndarray, int, np.ndarray]:
        """Return what a quantity adds up: values, the step that they begin at, and by how much each frame is moved."""
        if quantity in ("saliency", "signed"):
            values = absolute[name] if quantity == "saliency" else look.saliency[name]
            return values, self._view.intervals[name][0], shifts[name]
        if quantity == "navai":
            return look.activations[INPUT], 0, shift_of(look.navai, self._source.frame_shape[0])
        moves = shifts[name] if quantity == "aligned" else np.zeros(len(look.rows), np.int64)
        return look.activations[name], 0, moves

    def _shifts_of(self, look: Look) -> dict[str, np.ndarray]:
        """Return by how many steps each frame is moved in each layer."""
        steps = {layer.name: max(layer.steps or 0, 1) for layer in self._view.layers}
        if self._options.alignment == "none":
            return {name: np.zeros(len(look.rows), np.int64) for name in steps}
        if self._options.alignment == "input":
            whole = shift_of(look.tau[INPUT], steps[INPUT])
            return {name: np.rint(whole * (n / steps[INPUT])).astype(np.int64) if n > 1 else np.zeros_like(whole)
                    for name, n in steps.items()}
        return {name: shift_of(look.tau[name], n) for name, n in steps.items()}

    def result(self, shard: tuple[int, int]) -> ProfileFile:
        """Put everything together."""
        view, source = self._view, self._source
        if not self._n_frames - self._n_blank and shard[1] == 1:
            raise DataError(f"{source.name} must have frames that are not blank; all {self._n_frames} are; train the "
                            "network further, or use --blank nonblank")
        options = dataclasses.replace(self._options, mode=view.mode, frame_steps=source.frame_shape[0])
        record = {"name": source.name, "fingerprint": source.fingerprint, "n_blocks": source.n_blocks,
                  "n_skipped": source.skipped, "n_frames": self._n_frames, "n_blank": self._n_blank,
                  "shards": [list(shard)], "notice": "; ".join(filter(None, (view.notice, self._unknown)))}
        model = {**view.network.record(), "classes": list(view.target.units), "blank": view.target.blank,
                 "target_layer": view.target.layer, "target_step": view.target_step,
                 "intervals": {name: list(steps) for name, steps in view.intervals.items()}}
        alignment = None if self._alignment is None else {"phone": self._alignment}
        return ProfileFile(options, model, record, view.layers, {s.name: s for s in self._sums}, self._shifts,
                           alignment, _versions())


def _of_rows(values: np.ndarray, rows: np.ndarray, look: Look) -> np.ndarray:
    """Return what was known of the frames of a look before it, given rising rows; else what the look found itself."""
    return values[np.searchsorted(rows, look.rows)] if len(values) else look.predicted


def _fold(block: Block, row: int, options: ProfileOptions) -> int:
    """Return the fold of a frame: a hash of its utterance's name, or of its start too, the same in every run."""
    if options.folds == 1:
        return 0
    name = block.names[row] + ("" if options.fold_by == "utterance" else f":{block.starts[row] + block.origin}")
    return zlib.crc32(name.encode()) % options.folds


def _ahead(looks: Iterator[Look]) -> Iterator[Look]:
    """Compute the next batch while the caller adds the last one."""
    with ThreadPoolExecutor(max_workers=1) as worker:
        coming = worker.submit(next, looks, None)
        while (look := coming.result()) is not None:
            coming = worker.submit(next, looks, None)
            yield look


def _versions() -> dict[str, str]:
    return {"wavegan_tf": __version__, "python": platform.python_version(),
            **{name: version(name) for name in ("tensorflow", "keras", "numpy")}}


