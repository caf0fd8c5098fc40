"""The endless stream of slices: a function of seed and position, every slice of an epoch once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import loader as twin

from wavegan_tf.data.batches.framing import Framing
from wavegan_tf.data.batches.order import EpochOrder

FRAMING = Framing(slice_len=10, hop=5, pad_end=False, first_only=False)
LENGTHS = np.array([35, 9, 22, 100])


def epochs(order: EpochOrder, n_epochs: int) -> list[list[tuple[int, int]]]:
    """Take the stream apart into epochs of (recording, start)."""
    found: list[list[tuple[int, int]]] = [[] for _ in range(n_epochs + 1)]
    position = 0
    while (epoch := order.epoch_of(position)) < n_epochs:
        places = order.places(np.array([position]))
        found[epoch].append((int(places.recording[0]), int(places.start[0])))
        position += 1
    return found[:n_epochs]


def test_an_epoch_holds_every_slice_of_one_offset_per_recording_once() -> None:
    for slices in epochs(EpochOrder(LENGTHS, FRAMING, seed=3), 5):
        assert len(slices) == len(set(slices))
        assert not any(recording == 1 for recording, _ in slices)  # 9 samples give no slice of 10
        for recording in (0, 2, 3):
            starts = sorted(start for number, start in slices if number == recording)
            offset = starts[0]
            assert 0 <= offset < FRAMING.slice_len
            audio = np.arange(LENGTHS[recording])[:, None]
            assert [frame[0, 0] for frame in twin.slices(audio, 10, offset=offset, overlap_ratio=0.5)] == starts


def test_epochs_differ_in_offsets_and_order() -> None:
    first, second = epochs(EpochOrder(LENGTHS, FRAMING, seed=3), 2)
    assert sorted(first) != sorted(second)
    still = EpochOrder(np.full(100, 7), Framing(10, 10, True, True), seed=3)
    first, second = epochs(still, 2)
    assert sorted(first) == sorted(second) == [(i, 0) for i in range(100)]
    assert first != second and first != sorted(first)


def test_seeds_differ() -> None:
    streams = [EpochOrder(LENGTHS, FRAMING, seed=seed).places(np.arange(40)).start.tolist() for seed in (0, 1, 2)]
    assert streams[0] != streams[1] != streams[2] != streams[0]


@given(jumps=st.lists(st.integers(0, 3000), min_size=1, max_size=5), seed=st.integers(0, 2**31 - 1))
@settings(deadline=None, max_examples=30)
def test_what_was_asked_for_before_makes_no_difference(jumps: list[int], seed: int) -> None:
    order = EpochOrder(LENGTHS, FRAMING, seed)
    for jump in jumps:
        positions = np.arange(jump, jump + 70)
        fresh = EpochOrder(LENGTHS, FRAMING, seed).places(positions)
        places = order.places(positions)
        np.testing.assert_array_equal(places.recording, fresh.recording)
        np.testing.assert_array_equal(places.start, fresh.start)


def test_offsets_are_uniform() -> None:
    """Chi-squared of 100,000 offsets over 10 values; above 27.9 with a probability of 0.001 for 9 degrees."""
    offsets = EpochOrder(np.full(1000, 50), FRAMING, seed=1)._offsets(0, 100)
    counts = np.bincount(offsets.reshape(-1), minlength=10)
    assert len(counts) == 10
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 27.9


def test_offsets_do_not_depend_on_how_many_epochs_are_drawn_at_once() -> None:
    order = EpochOrder(LENGTHS, FRAMING, seed=1)
    np.testing.assert_array_equal(order._offsets(0, 6)[4:], order._offsets(4, 2))


def test_the_stream_stays_what_it_is() -> None:
    """Numbers of this project's first version: a change would break every run that is resumed."""
    places = EpochOrder(LENGTHS, FRAMING, seed=7).places(np.array([0, 1, 2, 3, 1000, 10**6]))
    assert places.recording.tolist() == RECORDINGS
    assert places.start.tolist() == STARTS


def test_epochs_without_a_slice_are_passed_over() -> None:
    """One recording of exactly a slice: one epoch of ten has it, always from the first sample."""
    order = EpochOrder(np.array([10]), FRAMING, seed=5)
    places = order.places(np.arange(50))
    assert set(places.start) == {0}
    assert 300 < order.epoch_of(49) < 800


def test_recordings_without_any_slice_are_refused() -> None:
    with pytest.raises(ValueError, match="no recording gives a slice"):
        EpochOrder(np.array([9, 3]), FRAMING, seed=0)


RECORDINGS = [3, 3, 3, 3, 0, 0]
STARTS = [79, 34, 59, 49, 11, 7]
