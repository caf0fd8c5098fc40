"""Counts of frames by predicted class and annotation, at the centre and at the step of highest relevance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from wavegan_tf.errors import DataError

__all__ = ["NOT_ANNOTATED", "AlignmentCounts"]

NOT_ANNOTATED = -1
"""In place of the number of an annotation: a step without one."""


class AlignmentCounts:
    """Counts of frames by predicted class and annotation, at their centre and at the step of highest relevance.

    They need the same memory for any number of frames.

    A class and an annotation are the same when they have the same name; a class without such an annotation (a letter,
    where phones are annotated) is never matched, but its contingencies are counted.

    Attributes:
        classes: names of what is predicted.
        annotations: names of what is annotated.
        n_steps: of a frame at the input.
        tolerance_steps: how far from the annotation still counts as within tolerance.
        centre: int64 [classes, annotations + 1], frames by prediction and annotation of their centre step; the last
            column counts frames with no annotation there.
        aligned: as `centre`, at the step of highest relevance.
        within: int64 [classes], frames whose predicted class is annotated at most `tolerance_steps` away.
        offsets: int64 [classes, n_steps + 1], frames by the number of steps from the step of highest relevance to the
            nearest one that is annotated with the predicted class, 0 inside it; the last column counts frames in which
            it is annotated nowhere (the -1 of the paper).
        matches: int64 [n_steps], frames whose predicted class is annotated at each step: the matches of a
            constant step, which needs no gradient.

    Source: Krug et al., Electronics 10(11):1350 (2021), section 5.1.
    """

    def __init__(self, classes: Sequence[str], annotations: Sequence[str], n_steps: int, tolerance_steps: int = 2
                 ) -> None:
        """Start with no frame.

        Raises:
            DataError: a name twice, no step, a negative tolerance.
        """
        for what, names in (("classes", classes), ("annotations", annotations)):
            twice = sorted({name for name in names if list(names).count(name) > 1})
            if twice:
                raise DataError(f"{what} must have different names; {twice[0]} is there twice")
        if n_steps < 1:
            raise DataError(f"n_steps (={n_steps}) must be at least 1")
        if tolerance_steps < 0:
            raise DataError(f"tolerance_steps (={tolerance_steps}) must be 0 or more")
        self.classes, self.annotations = tuple(classes), tuple(annotations)
        self.n_steps, self.tolerance_steps = int(n_steps), int(tolerance_steps)
        table = len(self.classes), len(self.annotations) + 1
        self.centre = np.zeros(table, np.int64)
        self.aligned = np.zeros(table, np.int64)
        self.within = np.zeros(table[0], np.int64)
        self.offsets = np.zeros((table[0], self.n_steps + 1), np.int64)
        self.matches = np.zeros(self.n_steps, np.int64)
        place = {name: i for i, name in enumerate(self.annotations)}
        # a class that is not annotated gets a number that no step has
        self._annotation_of = np.array([place.get(name, NOT_ANNOTATED - 1) for name in self.classes], np.int64)

    @property
    def frames(self) -> np.ndarray:
        """Return how many frames each class was predicted in: int64 [classes]."""
        return self.centre.sum(axis=1)

    @property
    def present(self) -> np.ndarray:
        """Return in how many of its frames a class is annotated anywhere: int64 [classes], the ceiling of accuracy."""
        return self.offsets[:, :-1].sum(axis=1)

    @property
    def comparable(self) -> np.ndarray:
        """Return which classes are also annotations: bool [classes]."""
        return self._annotation_of >= 0

    def add(self, predicted: np.ndarray, annotated: np.ndarray, tau: np.ndarray) -> None:
        """Count a batch of frames.

        Args:
            predicted: int [batch], numbers of classes.
            annotated: int [batch, n_steps], numbers of annotations; -1 for none.
            tau: int [batch], step of highest relevance at the input, before alignment.

        Raises:
            DataError: shapes that do not belong together, numbers of nothing.
        """
        predicted, annotated, tau = (np.asarray(values) for values in (predicted, annotated, tau))
        batch = len(predicted)
        if annotated.shape != (batch, self.n_steps) or predicted.shape != (batch,) or tau.shape != (batch,):
            raise DataError(f"predicted, annotated and tau (={predicted.shape}, {annotated.shape}, {tau.shape}) must "
                            f"be [batch], [batch, {self.n_steps}] and [batch]")
        if not batch:
            return
        for what, values, low, high in (("predicted", predicted, 0, len(self.classes)),
                                        ("annotated", annotated, NOT_ANNOTATED, len(self.annotations)),
                                        ("tau", tau, 0, self.n_steps)):
            if values.min() < low or values.max() >= high:
                raise DataError(f"{what} (={values.min()} to {values.max()}) must lie in {low} to {high - 1}")
        # -1 is the last column, as it is the last index
        np.add.at(self.centre, (predicted, annotated[:, self.n_steps // 2]), 1)
        np.add.at(self.aligned, (predicted, annotated[np.arange(batch), tau]), 1)
        distance = np.abs(np.arange(self.n_steps) - tau[:, None])  # [batch, n_steps]
        wanted = annotated == self._annotation_of[predicted][:, None]
        offset = np.where(wanted, distance, self.n_steps).min(axis=1)
        np.add.at(self.offsets, (predicted, offset), 1)
        self.matches += wanted.sum(axis=0)
        np.add.at(self.within, predicted, offset <= min(self.tolerance_steps, self.n_steps - 1))

    def merged(self, other: AlignmentCounts) -> AlignmentCounts:
        """Return the counts of both, as if the frames had been counted in one run.

        Raises:
            DataError: counts of different classes, annotations, frames or tolerances.
        """
        for name in ("classes", "annotations", "n_steps", "tolerance_steps"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                raise DataError(f"{name} of alignment counts (={_short(theirs)}) must be the same in all parts; the "
                                f"first part has {_short(mine)}")
        both = AlignmentCounts(self.classes, self.annotations, self.n_steps, self.tolerance_steps)
        for name in _COUNTS:
            setattr(both, name, getattr(self, name) + getattr(other, name))
        return both

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return everything as arrays, such as for an npz file; `from_arrays` takes them."""
        return {
            "classes": np.array(self.classes, dtype=np.str_),
            "annotations": np.array(self.annotations, dtype=np.str_),
            "n_steps": np.array(self.n_steps, np.int64),
            "tolerance_steps": np.array(self.tolerance_steps, np.int64),
            **{name: getattr(self, name) for name in _COUNTS},
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> AlignmentCounts:
        """Return the counts that `to_arrays` gave.

        Raises:
            DataError: an array is missing, of another shape, negative, or counts other frames than the rest.
        """
        names = ("classes", "annotations", "n_steps", "tolerance_steps", *_COUNTS)
        missing = [name for name in names if name not in arrays]
        if missing:
            raise DataError(f"alignment counts must have the arrays {', '.join(names)}; there is no {missing[0]}")
        for name in ("n_steps", "tolerance_steps"):
            if arrays[name].shape or arrays[name].dtype.kind not in "iu":
                raise DataError(f"{name} of alignment counts (={arrays[name].dtype} {arrays[name].shape}) must be one "
                                "whole number")
        for name in ("classes", "annotations"):
            if arrays[name].ndim != 1 or arrays[name].dtype.kind != "U":
                raise DataError(f"{name} of alignment counts (={arrays[name].dtype} {arrays[name].shape}) must be a "
                                "list of words")
        found = cls([str(name) for name in arrays["classes"]], [str(name) for name in arrays["annotations"]],
                    int(arrays["n_steps"]), int(arrays["tolerance_steps"]))
        for name in _COUNTS:
            values, shape = np.asarray(arrays[name]), getattr(found, name).shape
            if values.shape != shape or values.dtype.kind not in "iu" or (values < 0).any():
                raise DataError(f"{name} of alignment counts (={values.dtype} {values.shape}) must be whole numbers "
                                f"from 0 {shape}")
            setattr(found, name, values.astype(np.int64))
        n = found.frames
        if not (np.array_equal(n, found.aligned.sum(axis=1)) and np.array_equal(n, found.offsets.sum(axis=1))
                and (found.within <= found.present).all() and (found.matches <= found.present.sum()).all()):
            raise DataError("alignment counts must all count the same frames; the file is damaged")
        return found


_COUNTS = ("centre", "aligned", "within", "offsets", "matches")


def _short(value: int | tuple[str, ...]) -> str:
    return str(value) if isinstance(value, int) else f"{len(value)} names, {', '.join(value[:3])}, ..."
