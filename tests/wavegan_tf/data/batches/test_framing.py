"""Slices per recording: the known answers of the original, a slow twin, and the mean over offsets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import loader as twin

from wavegan_tf.config import DataConfig
from wavegan_tf.data.batches.framing import Framing
from wavegan_tf.errors import ConfigError

framings = st.builds(
    Framing, slice_len=st.integers(1, 40), hop=st.integers(1, 40), pad_end=st.booleans(), first_only=st.just(False))


@pytest.mark.parametrize(
    ("n_samples", "options", "count"),
    [  # measured on the original, without offset
        (16000, {}, 0), (16000, {"pad_end": True}, 1), (40000, {}, 2), (40000, {"pad_end": True}, 3),
        (16000, {"overlap_ratio": 0.5, "pad_end": True}, 2),
        # by hand: exactly one slice; one sample less; overlap of a half gives 40000 = 16384 + 2 * 8192 + rest
        (16384, {}, 1), (16383, {}, 0), (40000, {"overlap_ratio": 0.5}, 3), (0, {"pad_end": True}, 0),
        (40000, {"first_slice": True}, 1), (1, {"first_slice": True}, 1), (0, {"first_slice": True}, 0),
        (40000, {"first_slice": True, "overlap_ratio": 0.5}, 1),
    ])
def test_known_counts(n_samples: int, options: dict, count: int) -> None:
    assert Framing.from_config(DataConfig(**options)).count(np.array([n_samples])).tolist() == [count]


@given(n_samples=st.integers(0, 200), slice_len=st.integers(1, 40), offset=st.integers(0, 39),
       overlap=st.sampled_from([0.0, 0.25, 0.5, 0.9]), pad_end=st.booleans(), first=st.booleans())
@settings(deadline=None)
def test_counts_are_those_of_the_slow_twin(n_samples: int, slice_len: int, offset: int, overlap: float, pad_end: bool,
                                           first: bool) -> None:
    config = DataConfig(slice_len=slice_len, overlap_ratio=overlap, pad_end=pad_end, first_slice=first)
    if round(slice_len * (1 - overlap)) == 0 and not first:
        return
    framing = Framing.from_config(config)
    offset = 0 if first else offset % slice_len
    expected = twin.slices(np.zeros([n_samples, 1]), slice_len, offset=offset, overlap_ratio=overlap, pad_end=pad_end,
                           first_slice=first)
    assert framing.count(np.array([n_samples - offset]))[0] == len(expected)


@given(framing=framings, n_samples=st.integers(0, 300))
@settings(deadline=None)
def test_expected_count_is_the_mean_over_all_offsets(framing: Framing, n_samples: int) -> None:
    counts = framing.count(n_samples - np.arange(framing.slice_len))
    assert framing.expected_count(np.array([n_samples]))[0] == pytest.approx(counts.mean())


def test_a_recording_of_exactly_one_slice_hardly_ever_gives_one() -> None:
    """Only the offset 0 of 16384 leaves enough: the trap of the original."""
    framing = Framing.from_config(DataConfig())
    assert framing.expected_count(np.array([16384]))[0] == pytest.approx(1 / 16384)
    # of all 16384 offsets every one leaves a slice, and one of them two
    assert framing.expected_count(np.array([2 * 16384]))[0] == pytest.approx(1 + 1 / 16384)


def test_an_overlap_without_a_step_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"`overlap_ratio` \(=0\.99999\) must leave a step"):
        Framing.from_config(DataConfig(overlap_ratio=0.99999))
