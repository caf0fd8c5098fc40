"""Choices of a profile that only matter where there is something to choose about: blanks, frames of no group, seeds."""

import dataclasses

import keras
import numpy as np
import pytest

from snap_tf.snap.frames.clip_frames import ClipFrames
from snap_tf.snap.network.networks import Network, open_network
from snap_tf.snap.profiles.profile_file import ProfileFile, merge_profiles
from snap_tf.snap.profiles.profiling import profile, start_pass
from snap_tf.snap.sanity.frame_sample import sample_frames
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf.errors import DataError

CLASSES = ("a", "b", "c", "<blank>")
SAID = np.array([0, 3, 1, 3, 2, 0, 3, 1, 2, 2, 0, 1])
"""What every clip makes the network say; 3 is the blank."""
SECOND = np.array([1, 2, 0, 0, 1, 2, 1, 2, 0, 1, 1, 0])
"""What it would say next."""
WORDS = ["x", "y", "", "x", "y", "", "x", "y", "x", "y", "x", "y"]


@pytest.fixture(scope="module")
def network() -> Network:
    """A network that says the class whose channel is highest, and knows a blank."""
    inputs = keras.Input((6, 4), name="channels")
    same = keras.layers.Conv1D(4, 1, use_bias=False, name="same")(inputs)
    model = keras.Model(inputs, same, name="planted")
    model.get_layer("same").set_weights([np.eye(4, dtype=np.float32)[None]])
    return dataclasses.replace(open_network(model, rate_hz=100.0, classes=CLASSES), blank=3)


def clips() -> np.ndarray:
    """Clips of an own level in every channel: the winner's 2 to 3, the second's 1 to 2, all others' below 1."""
    rng = np.random.default_rng(4)
    levels = rng.uniform(0.1, 0.9, (len(SAID), 1, 4))
    levels[np.arange(len(SAID)), 0, SAID] += 2
    levels[np.arange(len(SAID)), 0, SECOND] += 1
    return np.repeat(levels, 6, axis=1).astype(np.float32)


def run(network: Network, groups: tuple[str, ...] = ("predicted",), **options: object) -> ProfileFile:
    frames = ClipFrames(clips(), {"word": WORDS}, block_size=5, rate_hz=100.0)
    return profile(network, frames, ProfileOptions(alignment="none", **options), groups=groups, progress=False)


def test_blanks_are_dropped_unless_kept(network: Network) -> None:
    file = run(network)
    assert (file.source["n_frames"], file.source["n_blank"]) == (12, 3)
    sums, spoken = file.sums["predicted"], SAID != 3
    assert sums.groups == ("a", "b", "c")
    assert sums.counts.tolist() == [[3, 3, 3, 0]]
    for i in range(3):
        np.testing.assert_allclose(sums.values["plain"]["input"][0, i], clips()[i == SAID].sum(axis=0), rtol=1e-6)
    dropped, kept = (run(network, ("label:word",), blank=blank) for blank in ("drop", "keep"))
    words = np.array(WORDS)
    assert dropped.sums["label:word"].counts.tolist() == [[np.sum((words == word) & spoken) for word in ("x", "y", "")]]
    assert kept.sums["label:word"].counts.tolist() == [[5, 5, 2]] and kept.source["n_blank"] == 0
    assert run(network, blank="keep").sums["predicted"].counts.tolist() == [[3, 3, 3, 3, 0]]


def test_the_best_class_other_than_the_blank(network: Network) -> None:
    file = run(network, blank="nonblank", mask="abs_mean")
    said = np.where(SAID == 3, SECOND, SAID)
    assert file.source["n_blank"] == 0
    assert file.sums["predicted"].counts.tolist() == [[*np.bincount(said, minlength=3), 0]]
    # the gradient is that of the class that the frame counts for: 1 in its channel at the target step, 0 elsewhere
    for i, total in enumerate(file.sums["predicted"].values["signed"]["input"][0, :3]):
        assert np.argwhere(total).tolist() == [[3, i]] and total[3, i] == np.sum(said == i)


def test_all_blank_is_an_error_of_the_whole_and_not_of_a_shard(network: Network) -> None:
    frames = ClipFrames(clips()[[1, 3, 0]], block_size=2, rate_hz=100.0)  # two blanks in the first block
    options = ProfileOptions(alignment="none")
    shards = [profile(network, frames, options, shard=(i, 2), progress=False) for i in (1, 2)]
    assert [(shard.source["n_frames"], shard.source["n_blank"]) for shard in shards] == [(2, 2), (1, 0)]
    merged = merge_profiles(shards)
    assert (merged.source["n_frames"], merged.source["n_blank"]) == (3, 2) and not merged.missing_shards
    with pytest.raises(DataError, match="must have frames that are not blank; all 2 are"):
        profile(network, ClipFrames(clips()[[1, 3]], rate_hz=100.0), options, progress=False)


def test_sums_are_refused_where_they_take_more_than_there_is(network: Network) -> None:
    frames = ClipFrames(clips(), {"word": WORDS}, rate_hz=100.0)
    settings, groups = ProfileOptions(alignment="none", folds=3, mask="abs_mean"), ("predicted", "label:word")
    there = start_pass(network, frames, settings, groups=groups).n_bytes
    start_pass(network, frames, settings, groups=groups, memory_budget_bytes=there)
    with pytest.raises(DataError, match="must fit into memory"):
        start_pass(network, frames, settings, groups=groups, memory_budget_bytes=int(0.9 * there))


def test_frames_of_no_group_are_part_of_the_mean_of_all(network: Network) -> None:
    """Two clips have no word; they are heard like all others and count in what is subtracted."""
    words = np.array(WORDS)
    for choice, mean in (("frames", clips().mean(axis=0)),
                         ("groups", np.mean([clips()[words == word].mean(axis=0) for word in "xy"], axis=0))):
        found = run(network, ("label:word",), blank="keep", global_mean=choice).profiles("normalised").layers["input"]
        for i, word in enumerate("xy"):
            np.testing.assert_allclose(found.values[i], clips()[words == word].mean(axis=0) - mean, atol=1e-6)


@pytest.mark.parametrize(("blank", "n_left"), [("drop", 9), ("keep", 12)])
def test_samples_leave_blanks_out_too(network: Network, blank: str, n_left: int) -> None:
    source = ClipFrames(clips(), {"word": [*"uvwuvwuvwuvw"]}, block_size=5, rate_hz=100.0)
    sample = sample_frames(network, source, "label:word", ProfileOptions(blank=blank), per_group=9, n_blocks=9,
                           min_frames=1, seed=0)
    assert len(sample.groups) == n_left
    assert (3 in sample.units) == (blank == "keep")


def test_a_sample_depends_on_its_seed_and_leaves_small_groups_out(network: Network) -> None:
    source = ClipFrames(clips(), {"word": [*"uvwuvwuvwuv", "rare"]}, block_size=1, rate_hz=100.0)

    def drawn(seed: int, **how: int) -> list[list[float]]:
        options = ProfileOptions(blank="keep")
        sample = sample_frames(network, source, "label:word", options, seed=seed,
                               **{"per_group": 2, "n_blocks": 12, "min_frames": 2, **how})
        assert "rare" not in sample.groups or "min_frames" in how
        return sample.inputs[:, 0].tolist()

    assert drawn(1) == drawn(1) != drawn(2)
    # which blocks are read is drawn, too: the first nine are not always the ones
    assert len({tuple(map(tuple, drawn(seed, n_blocks=9, per_group=9, min_frames=1))) for seed in range(4)}) > 1


def test_groups_are_dealt_out_by_the_seed(network: Network) -> None:
    first, again, other = (run(network, ("permuted:label:word",), blank="keep", seed=seed) for seed in (3, 3, 4))
    sums = [file.sums["permuted:label:word"].values["plain"]["input"] for file in (first, again, other)]
    np.testing.assert_array_equal(sums[0], sums[1])
    assert not np.array_equal(sums[0], sums[2])
