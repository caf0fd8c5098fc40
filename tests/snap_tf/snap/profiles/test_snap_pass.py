"""The pass against the slow twin, its two modes against each other, shards against one run."""

import dataclasses
import itertools

import numpy as np
import pytest
from small_networks import CLASSES, annotations, narrow_recogniser, parts_of, sequences, small_network
from twins.snap_paper import paper_profiles, store_frame

from snap_tf.snap.clusters.stability import stability
from snap_tf.snap.frames.clip_frames import ClipFrames
from snap_tf.snap.frames.frame_blocks import SequenceFrames
from snap_tf.snap.network.model_view import ModelView
from snap_tf.snap.network.networks import open_network
from snap_tf.snap.network.targets import make_target
from snap_tf.snap.profiles.profile_file import merge_profiles
from snap_tf.snap.profiles.profiling import profile
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf.errors import ConfigError, DataError

LENGTHS = (40, 53, 35, 44)
FRAME_STEPS = 32


@pytest.fixture(scope="module")
def network():
    return open_network(small_network(), rate_hz=125.0, classes=["aa", "s", "t", "k", "sh"])


def source(hop_steps: int = 2, ends: str = "inside") -> SequenceFrames:
    return SequenceFrames(sequences(LENGTHS), FRAME_STEPS, hop_steps, ends, annotations=annotations(LENGTHS),
                          rate_hz=125.0)


def run(network, options: ProfileOptions | None = None, frames=None, **more):
    return profile(network, source() if frames is None else frames, options, progress=False, **more)


def stored_frames(network, frames):
    parts = parts_of(network.keras_model)
    blocks = [frames.block(i) for i in range(frames.n_blocks)]
    return [store_frame(parts, frame) for block in blocks for frame in block.frames(np.arange(block.n_frames))]


def steps_found(network, frames) -> dict[str, np.ndarray]:
    """Where the engine aligns each frame, by layer."""
    options = ProfileOptions()
    view = ModelView(network, options, make_target(network, options), frames.frame_shape)
    blocks = [frames.block(i) for i in range(frames.n_blocks)]
    looks = [look for block in blocks for look in view.looks(block, np.arange(block.n_frames))]
    return {layer.name: np.concatenate([look.tau[layer.name] for look in looks]) for layer in view.layers}


def annotated_groups(frames) -> np.ndarray:
    blocks = [frames.block(i) for i in range(frames.n_blocks)]
    found = np.concatenate([block.annotated[block.starts + FRAME_STEPS // 2] for block in blocks])
    return np.where(found < 0, len(frames.annotations), found)


def same_profiles(file, stored, groups, n_groups, grouping, taus) -> None:
    """Equal to 1e-6 of the largest value, given the same shifts."""
    expected = paper_profiles(stored, groups, n_groups, taus)
    for kind, layers in expected.items():
        found = file.profiles(kind, grouping)
        assert len(found.groups) == n_groups
        assert list(found.layers) == list(layers)
        for name, values in layers.items():
            np.testing.assert_allclose(found.layers[name].values, values, rtol=0, atol=1e-6 * np.abs(values).max())


def test_shifts_and_profiles_are_those_of_the_slow_twin(network) -> None:
    frames = source()
    file, stored, taus = run(network, frames=frames, groups=("phone",)), stored_frames(network, frames), steps_found(
        network, frames)
    n_ties = 0
    for name, steps in taus.items():
        np.testing.assert_array_equal(file.shifts[name], np.bincount(steps, minlength=len(file.shifts[name])))
        for frame, step in zip(stored, steps, strict=True):
            n_ties += step != frame.tau[name]
            # where the step is another, the two are the same to rounding
            assert frame.scores[name][step] >= (1 - 1e-5) * frame.scores[name].max(), name
    assert n_ties <= 2
    same_profiles(file, stored, annotated_groups(frames), 3, "phone", taus)


def test_twin_sees_a_wrong_mask(network) -> None:
    frames = source()
    stored = stored_frames(network, frames)
    for frame in stored:
        frame.saliency["input"] = frame.saliency["input"] * np.linspace(1, 1.001, FRAME_STEPS)[:, None]
    with pytest.raises(AssertionError, match="Not equal"):
        same_profiles(run(network, frames=frames, groups=("phone",)), stored, annotated_groups(frames), 3, "phone",
                      steps_found(network, frames))


def test_predicted_groups_and_alignment_counts(network) -> None:
    frames = source()
    file = run(network, frames=frames, groups=("predicted", "phone"))
    stored = stored_frames(network, frames)
    predicted = np.array([frame.predicted for frame in stored])
    np.testing.assert_array_equal(file.sums["predicted"].counts[0, :-1], np.bincount(predicted, minlength=CLASSES))
    counts = file.alignment["phone"]
    blocks = [frames.block(i) for i in range(frames.n_blocks)]
    labels = np.concatenate([b.annotations(np.arange(b.n_frames)) for b in blocks])
    at_tau = labels[np.arange(len(stored)), [frame.tau["input"] for frame in stored]]
    expected = np.zeros((CLASSES, 4), np.int64)
    np.add.at(expected, (predicted, at_tau), 1)
    np.testing.assert_array_equal(counts.aligned, expected)
    # where `s` would be decided is not where the prediction was
    assert run(network, ProfileOptions(target="class:s"), frames, groups=("predicted",)).alignment is None
    # where a function chooses a class for every frame, that class is looked for, not the one predicted
    second = run(network, ProfileOptions(target="callable"), frames, groups=("predicted",),
                 choose=lambda values: np.argsort(values, axis=1)[:, -2])
    chosen = second.alignment["phone"].frames
    assert chosen.sum() == len(stored) and not np.array_equal(chosen, counts.frames)
    np.testing.assert_array_equal(second.sums["predicted"].counts, file.sums["predicted"].counts)


def test_annotated_clips_are_like_frames_of_utterances(network) -> None:
    frames = source()
    blocks = [frames.block(i) for i in range(frames.n_blocks)]
    words = np.array([*frames.annotations, ""])
    labels = np.concatenate([words[block.annotations(np.arange(block.n_frames))] for block in blocks])
    inputs = np.concatenate([block.frames(np.arange(block.n_frames)) for block in blocks])
    clips = ClipFrames(inputs, annotations=labels, rate_hz=125.0)
    assert clips.annotations == frames.annotations
    assert clips.fingerprint != ClipFrames(inputs, rate_hz=125.0).fingerprint
    expected, found = (run(network, frames=each, groups=("phone",)) for each in (frames, clips))
    np.testing.assert_array_equal(expected.sums["phone"].counts, found.sums["phone"].counts)
    for name, values in expected.alignment["phone"].to_arrays().items():
        np.testing.assert_array_equal(found.alignment["phone"].to_arrays()[name], values, err_msg=name)
    with pytest.raises(DataError, match=r"annotations \(shape \[1, 32\]\) must have a word for each step"):
        ClipFrames(inputs, annotations=labels[:1])
    with pytest.raises(DataError, match="must have a word for each step"):
        ClipFrames(inputs, annotations=np.where(labels == "", None, labels.astype(object)))
    renamed = ClipFrames(inputs, annotations=np.where(labels == "aa", "ab", labels), rate_hz=125.0)
    assert renamed.fingerprint != clips.fingerprint


@pytest.mark.parametrize("hop_steps, ends", [(2, "inside"), (3, "inside"), (1, "padded")])
def test_modes_agree_where_they_must(network, hop_steps, ends) -> None:
    """Shifts, saliency and activations inside the cone are the same bits; outside they differ, as they should."""
    frames = source(hop_steps, ends)
    keep = {"groups": ("phone", "predicted")}
    frame = run(network, ProfileOptions(mode="frame"), frames, **keep)
    utterance = run(network, ProfileOptions(mode="utterance"), frames, **keep)
    assert (frame.options.mode, utterance.options.mode) == ("frame", "utterance")
    assert frame.source == utterance.source and utterance.source["notice"] == ""
    for name in frame.shifts:
        np.testing.assert_array_equal(frame.shifts[name], utterance.shifts[name])
    differs_outside = 0.0
    for grouping in keep["groups"]:
        one, other = frame.sums[grouping].values, utterance.sums[grouping].values
        np.testing.assert_array_equal(frame.sums[grouping].counts, utterance.sums[grouping].counts)
        for name, (first, last) in frame.model["intervals"].items():
            np.testing.assert_array_equal(one["saliency"][name], other["saliency"][name])
            np.testing.assert_array_equal(one["plain"][name][:, :, first:last + 1],
                                          other["plain"][name][:, :, first:last + 1])
            differs_outside = max(differs_outside, np.abs(one["plain"][name] - other["plain"][name]).max())
        np.testing.assert_array_equal(one["plain"]["input"], other["plain"]["input"])
        np.testing.assert_array_equal(one["navai"]["input"], other["navai"]["input"])
    assert differs_outside > 0.1


def test_utterance_mode_is_the_forward_pass_of_the_utterance(network) -> None:
    """Activations far from both ends of the frame are those of the network on the whole sequence, odd starts too."""
    frames = SequenceFrames(sequences((75,)), FRAME_STEPS, 43, rate_hz=125.0)  # starts 0 and 43
    file = run(network, ProfileOptions(mode="utterance", kinds="nap"), frames, groups=("predicted",))
    block = frames.block(0)
    whole = [dict(zip(("a", "b"), [None] * 2, strict=True)) for _ in block.starts]
    parts = parts_of(network.keras_model)
    for i, start in enumerate(block.starts):
        x = block.inputs[None, start % 2:start % 2 + FRAME_STEPS + 2 * ((75 - start % 2 - FRAME_STEPS) // 2)]
        for name, part in parts[:2]:
            x = part(x)
            whole[i][name] = np.asarray(x)[0, start // 2:start // 2 + FRAME_STEPS // 2]
    first, last = file.model["intervals"]["layer_2"]
    outside = np.r_[0:first, last + 1:FRAME_STEPS // 2]
    found = file.sums["predicted"].values["plain"]["layer_2"].sum(axis=(0, 1))
    np.testing.assert_allclose(found[outside], sum(w["layer_2"] for w in whole)[outside], atol=1e-5)
    assert len(outside) > 4


@pytest.mark.parametrize("mode, n", [("frame", 3), ("utterance", 2)])
def test_shards_add_up_to_the_same_bits_in_any_order(network, mode, n) -> None:
    options = ProfileOptions(mode=mode, mask="abs_mean", folds=2)
    groups = ("phone", "predicted", "permuted:phone")
    whole = run(network, options, groups=groups)
    shards = [run(network, options, groups=groups, shard=(i, n)) for i in range(1, n + 1)]
    for order in itertools.permutations(shards):
        merged = merge_profiles(order)
        assert merged.missing_shards == ()
        assert merged.source == {**whole.source, "shards": merged.source["shards"]}
        for name, sums in whole.sums.items():
            np.testing.assert_array_equal(merged.sums[name].counts, sums.counts)
            for quantity, layers in sums.values.items():
                for layer, total in layers.items():
                    np.testing.assert_array_equal(merged.sums[name].values[quantity][layer], total)
        for layer, histogram in whole.shifts.items():
            np.testing.assert_array_equal(merged.shifts[layer], histogram)
        np.testing.assert_array_equal(merged.alignment["phone"].offsets, whole.alignment["phone"].offsets)


def test_group_deviations_sum_to_zero_and_masks_lie_in_0_to_1(network) -> None:
    file = run(network, groups=("predicted",))
    deviations, masks = file.profiles("normalised"), file.profiles("mask")
    for name, layer in deviations.layers.items():
        total = np.einsum("g,gtf->tf", deviations.counts, layer.values)
        np.testing.assert_allclose(total, 0, atol=1e-9 * deviations.counts.sum() * np.abs(layer.values).max())
        mask = masks.layers[name].values
        assert mask.min() == 0 and mask.max() == 1
        np.testing.assert_allclose(mask.max(axis=(1, 2)), 1)


def test_saliency_of_the_output_is_one_hot(network) -> None:
    file = run(network, ProfileOptions(alignment="none"), groups=("predicted",))
    masks = file.profiles("mask")
    for group, mask in zip(masks.groups, masks.layers["layer_3"].values, strict=True):
        assert np.argwhere(mask).tolist() == [[8, file.model["classes"].index(group)]]
        assert mask.max() == 1


def test_gradients_equal_finite_differences() -> None:
    network = open_network(small_network(activation="tanh"), rate_hz=125.0)
    frames = SequenceFrames(sequences((32,)), 32, 2)
    file = run(network, ProfileOptions(alignment="none", mask="abs_mean", target="class:2"), frames)
    found = file.sums["predicted"].values["signed"]["input"].sum(axis=(0, 1))
    frame = frames.block(0).frames(np.array([0]))
    step = 1e-2
    moved = np.concatenate([frame + sign * step * unit.reshape(frame.shape) for unit in np.eye(frame.size, dtype="f4")
                            for sign in (1, -1)]).astype(np.float32)
    logits = np.asarray(network.keras_model(moved))[:, 8, 2].astype(np.float64)
    expected = ((logits[::2] - logits[1::2]) / (2 * step)).reshape(32, 6)
    np.testing.assert_allclose(found, expected, atol=1e-3 * np.abs(expected).max())


@pytest.mark.slow
def test_w2l_cone_agrees_with_frames_of_noise() -> None:
    """The published depth and kernels, with padding on one side of the cone."""
    network = open_network(narrow_recogniser(width=1 / 128), rate_hz=125.0)
    frames = SequenceFrames(sequences((212, 208), 128), 206, 6, rate_hz=125.0)
    found = [run(network, ProfileOptions(mode=mode), frames) for mode in ("frame", "utterance")]
    assert found[1].options.mode == "utterance"
    for name in found[0].shifts:
        np.testing.assert_array_equal(found[0].shifts[name], found[1].shifts[name])
        np.testing.assert_array_equal(*(f.sums["predicted"].values["saliency"][name] for f in found))
    stored = stored_frames(network, frames)
    groups = [frame.predicted for frame in stored]
    numbers = {g: i for i, g in enumerate(sorted(set(groups)))}
    same_profiles(found[0], stored, [numbers[g] for g in groups], len(numbers), "predicted",
                  steps_found(network, frames))


def test_folds_partition_the_frames(network) -> None:
    whole, folded = run(network), run(network, ProfileOptions(folds=4, fold_by="frame"))
    np.testing.assert_array_equal(folded.sums["predicted"].counts.sum(axis=0), whole.sums["predicted"].counts[0])
    assert (folded.sums["predicted"].counts.sum(axis=1) > 0).all()
    one, other = whole.profiles(), folded.profiles()
    parts = folded.profiles(folds=(0, 2))
    assert parts.counts.sum() < other.counts.sum()
    for name in one.layers:
        np.testing.assert_allclose(one.layers[name].values, other.layers[name].values, atol=1e-12)


def test_frames_of_an_utterance_lie_in_one_fold(network) -> None:
    folded = run(network, ProfileOptions(folds=50)).sums["predicted"].counts.sum(axis=1)
    frames = source()
    of_utterances = sorted(frames.block(i).n_frames for i in range(frames.n_blocks))
    assert sorted(folded[folded > 0].tolist()) == of_utterances  # four names, four of the fifty folds
    file = run(network, ProfileOptions(folds=50))
    assert file.filled_folds() == tuple(np.flatnonzero(folded))
    assert stability(file, halves=100).n_halves == 6  # halves of the four that have frames


def test_frames_at_another_rate_are_refused(network) -> None:
    clips = ClipFrames(np.zeros((2, FRAME_STEPS, 6), np.float32), rate_hz=100.0)
    with pytest.raises(ConfigError, match=r"`rate_hz` of the network \(=125\) must be that of the frames, 100"):
        run(network, frames=clips)


def test_permuted_groups_keep_their_sizes_and_nothing_else(network) -> None:
    file = run(network, ProfileOptions(seed=3), groups=("phone", "permuted:phone"))
    real, dealt = file.sums["phone"], file.sums["permuted:phone"]
    np.testing.assert_array_equal(real.counts, dealt.counts)
    aligned, at_random = real.values["aligned"]["input"], dealt.values["aligned"]["input"]
    np.testing.assert_array_equal(aligned.sum(axis=1), at_random.sum(axis=1))
    assert not np.array_equal(aligned, at_random)
    other = run(network, ProfileOptions(seed=4), groups=("permuted:phone",))
    assert not np.array_equal(other.sums["permuted:phone"].values["aligned"]["input"], at_random)


@pytest.mark.slow
def test_batches_of_any_size_give_the_same(network) -> None:
    one, other = (run(network, batch_size=size).profiles() for size in (1, 64))
    for name in one.layers:
        np.testing.assert_allclose(one.layers[name].values, other.layers[name].values, atol=1e-5)


def test_clips_are_frames_and_labels_are_groups(network) -> None:
    clips = np.stack([s[:FRAME_STEPS] for s in sequences((40,) * 10)])
    labels = {"word": ["a", "b"] * 4 + ["", "b"]}
    file = run(network, frames=ClipFrames(clips, labels, block_size=4), groups=("label:word",))
    assert file.profiles().groups == ("a", "b")
    assert file.sums["label:word"].counts.tolist() == [[4, 5, 1]]
    assert "notice" in file.source and file.source["notice"] == ""
    asked = run(network, ProfileOptions(mode="utterance"), ClipFrames(clips, labels), groups=("label:word",))
    assert asked.options.mode == "frame" and "clips" in asked.source["notice"]


@pytest.mark.slow
def test_corpus_minimum_is_that_of_all_shards(network) -> None:
    options = ProfileOptions(sign="corpus_minimum")
    whole = run(network, options)
    parts = [run(network, options, shard=(i, 2)) for i in (1, 2)]
    for name, histogram in merge_profiles(parts).shifts.items():
        np.testing.assert_array_equal(histogram, whole.shifts[name])


def test_one_shift_for_all_layers(network) -> None:
    """The saliency of the input shifted by tau leaves its centre where the input's maximum was."""
    own, shared = run(network), run(network, ProfileOptions(alignment="input"))
    np.testing.assert_array_equal(own.sums["predicted"].values["aligned"]["input"],
                                  shared.sums["predicted"].values["aligned"]["input"])
    assert not np.array_equal(own.sums["predicted"].values["aligned"]["layer_2"],
                              shared.sums["predicted"].values["aligned"]["layer_2"])
    assert dataclasses.replace(own.options, alignment="input") == shared.options
