"""Counts of where relevance falls against annotations: by hand, by loops, in parts, from damaged files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snap_tf.snap.alignment.alignment_counts import AlignmentCounts
from wavegan_tf.errors import DataError

CLASSES, ANNOTATIONS = ("b", "a", "x"), ("a", "b", "c")  # x is never annotated, c is never predicted


def random_frames(seed: int, n: int, n_steps: int = 9) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    runs = rng.integers(-1, 3, (n, n_steps))
    return rng.integers(0, 3, n), np.sort(runs, axis=1), rng.integers(0, n_steps, n)


def counted(frames: tuple[np.ndarray, np.ndarray, np.ndarray], tolerance: int = 2) -> AlignmentCounts:
    counts = AlignmentCounts(CLASSES, ANNOTATIONS, frames[1].shape[1], tolerance)
    counts.add(*frames)
    return counts


def slow_counts(frames: tuple[np.ndarray, np.ndarray, np.ndarray], tolerance: int) -> dict[str, np.ndarray]:
    """Count one frame after the other, as section 5.1 tells it."""
    n_steps = frames[1].shape[1]
    slow = {"centre": np.zeros((3, 4), int), "aligned": np.zeros((3, 4), int), "within": np.zeros(3, int),
            "offsets": np.zeros((3, n_steps + 1), int), "matches": np.zeros(n_steps, int)}
    for k, labels, step in zip(*frames, strict=True):
        slow["centre"][k, labels[n_steps // 2] if labels[n_steps // 2] >= 0 else 3] += 1
        slow["aligned"][k, labels[step] if labels[step] >= 0 else 3] += 1
        places = [i for i in range(n_steps) if labels[i] >= 0 and ANNOTATIONS[labels[i]] == CLASSES[k]]
        for place in places:
            slow["matches"][place] += 1
        if not places:
            slow["offsets"][k, n_steps] += 1
            continue
        offset = min(abs(i - step) for i in places)
        slow["offsets"][k, offset] += 1
        if offset <= tolerance:
            slow["within"][k] += 1
    return slow


def test_one_frame_by_hand() -> None:
    # 7 steps: - a a b b c c; centre = step 3 (b); highest relevance at step 5 (c); b lies 1 step before it
    counts = AlignmentCounts(CLASSES, ANNOTATIONS, 7, tolerance_steps=1)
    counts.add(np.array([0]), np.array([[-1, 0, 0, 1, 1, 2, 2]]), np.array([5]))
    assert counts.centre[0].tolist() == [0, 1, 0, 0]
    assert counts.aligned[0].tolist() == [0, 0, 1, 0]
    assert counts.offsets[0].tolist() == [0, 1, 0, 0, 0, 0, 0, 0]
    assert counts.within.tolist() == [1, 0, 0]
    assert counts.frames.tolist() == counts.present.tolist() == [1, 0, 0]
    assert counts.matches.tolist() == [0, 0, 0, 1, 1, 0, 0]
    counts.add(np.array([1]), np.array([[-1, 0, 0, 1, 1, 2, 2]]), np.array([0]))  # unannotated step, a one step on
    assert counts.aligned[1].tolist() == [0, 0, 0, 1]
    assert counts.offsets[1, 1] == 1


def test_a_class_that_is_not_annotated_is_absent_everywhere_even_where_nothing_is_annotated() -> None:
    counts = AlignmentCounts(CLASSES, ANNOTATIONS, 4)
    counts.add(np.array([2, 2]), np.array([[-1, -1, -1, -1], [0, 1, 2, -1]]), np.array([0, 1]))
    assert counts.offsets[2].tolist() == [0, 0, 0, 0, 2]
    assert counts.within[2] == counts.present[2] == 0
    assert counts.comparable.tolist() == [True, True, False]


@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 12), st.integers(0, 15))
def test_equal_to_loops(seed: int, n: int, n_steps: int, tolerance: int) -> None:
    frames = random_frames(seed, n, n_steps)
    counts = counted(frames, tolerance)
    for name, values in slow_counts(frames, tolerance).items():
        np.testing.assert_array_equal(getattr(counts, name), values, err_msg=name)
    assert counts.frames.sum() == n


@given(st.integers(0, 10_000), st.integers(0, 40))
def test_parts_merge_to_one_run_in_any_order_and_survive_arrays(seed: int, cut: int) -> None:
    frames = random_frames(seed, 40)
    whole = counted(frames)
    first, second = (counted(tuple(values[part] for values in frames))  # type: ignore[arg-type]
                     for part in (slice(cut), slice(cut, None)))
    for both in (first.merged(second), second.merged(first), AlignmentCounts.from_arrays(whole.to_arrays())):
        for name, values in whole.to_arrays().items():
            np.testing.assert_array_equal(both.to_arrays()[name], values, err_msg=name)


def test_memory_does_not_grow_with_frames() -> None:
    few, many = counted(random_frames(1, 2)), counted(random_frames(1, 5000))
    assert {k: v.nbytes for k, v in few.to_arrays().items()} == {k: v.nbytes for k, v in many.to_arrays().items()}


@pytest.mark.parametrize(("change", "message"), [
    ({"predicted": np.array([3, 0])}, r"predicted \(=0 to 3\) must lie in 0 to 2"),
    ({"predicted": np.array([-1, 0])}, "predicted"),
    ({"annotated": np.full((2, 9), 3)}, "annotated"),
    ({"annotated": np.zeros((2, 8), int)}, r"\[batch, 9\]"),
    ({"tau": np.array([9, 0])}, r"tau \(=0 to 9\) must lie in 0 to 8"),
    ({"tau": np.zeros((2, 1), int)}, "must be"),
])
def test_frames_that_cannot_be(change: dict, message: str) -> None:
    frames = {"predicted": np.array([0, 1]), "annotated": np.zeros((2, 9), int), "tau": np.array([0, 1]), **change}
    counts = AlignmentCounts(CLASSES, ANNOTATIONS, 9)
    with pytest.raises(DataError, match=message):
        counts.add(**frames)
    assert counts.frames.sum() == counts.offsets.sum() == 0  # nothing half-counted


def test_no_frames_are_no_error() -> None:
    counts = AlignmentCounts(CLASSES, ANNOTATIONS, 9)
    counts.add(np.zeros(0, int), np.zeros((0, 9), int), np.zeros(0, int))
    assert counts.frames.sum() == 0


@pytest.mark.parametrize(("arguments", "message"), [
    ((("a", "a"), ("b",), 3), "classes must have different names; a is there twice"),
    ((("a",), ("b", "b"), 3), "annotations"),
    ((("a",), ("b",), 0), "n_steps"),
    ((("a",), ("b",), 3, -1), "tolerance_steps"),
])
def test_counts_that_cannot_be(arguments: tuple, message: str) -> None:
    with pytest.raises(DataError, match=message):
        AlignmentCounts(*arguments)


def test_parts_of_something_else_do_not_merge() -> None:
    counts = AlignmentCounts(CLASSES, ANNOTATIONS, 9)
    for other, message in ((AlignmentCounts(CLASSES[:2], ANNOTATIONS, 9), "classes of alignment counts"),
                           (AlignmentCounts(CLASSES, ANNOTATIONS[:2], 9), "annotations of"),
                           (AlignmentCounts(CLASSES, ANNOTATIONS, 8), r"n_steps of alignment counts \(=8\)"),
                           (AlignmentCounts(CLASSES, ANNOTATIONS, 9, 1), "tolerance_steps")):
        with pytest.raises(DataError, match=message):
            counts.merged(other)


def test_damaged_arrays_are_refused() -> None:
    arrays = counted(random_frames(3, 30)).to_arrays()
    with pytest.raises(DataError, match="there is no offsets"):
        AlignmentCounts.from_arrays({k: v for k, v in arrays.items() if k != "offsets"})
    for name, values, message in (("aligned", arrays["aligned"] * 2, "count the same frames"),
                                  ("centre", arrays["centre"][:, 1:], "must be whole numbers"),
                                  ("within", arrays["within"].astype(float), "must be whole numbers"),
                                  ("within", -arrays["within"] - 1, "must be whole numbers"),
                                  ("within", arrays["within"] + 100, "count the same frames")):
        with pytest.raises(DataError, match=message):
            AlignmentCounts.from_arrays({**arrays, name: values})
