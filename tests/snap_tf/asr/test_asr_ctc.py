"""CTC loss and decoding against enumeration of all paths; error counts against Levenshtein's recursion."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from twins.ctc_paths import collapse, edit_distance, loss_of_paths

from snap_tf.asr.transcripts.alphabet import fold_phones
from snap_tf.asr.transcripts.ctc import Spike, ctc_loss, greedy_spikes, needed_steps
from snap_tf.asr.transcripts.error_rates import GAP, align, count_errors


def batch_loss(logits: np.ndarray, labels: list[int]) -> float:
    """The loss of one utterance in a batch with a longer one."""
    n_steps, n_classes = logits.shape
    padded = np.full((2, n_steps + 3, n_classes), 9.0, np.float32)
    padded[0, :n_steps] = logits
    rows = np.zeros((2, len(labels) + 1), np.int32)
    rows[0, :len(labels)] = labels
    found = ctc_loss(tf.constant(padded), tf.constant([n_steps, n_steps + 3]), tf.constant(rows),
                     tf.constant([len(labels), 1]))
    return float(found[0])


@pytest.mark.parametrize("labels", [[0], [1, 0], [0, 0], [1, 1, 0], [0, 1, 0, 1, 0]])
def test_loss_sums_all_paths(labels: list[int]) -> None:
    logits = np.random.default_rng(len(labels)).normal(0, 1, (5, 3)).astype(np.float32)
    assert batch_loss(logits, labels) == pytest.approx(loss_of_paths(logits, labels), rel=1e-5)


def test_the_blank_is_the_last_class() -> None:
    """Class 2 of 3 is certain everywhere but at one step: one label is written, at no loss, only if 2 is the blank."""
    logits = np.tile(np.array([0.0, 0.0, 50.0], np.float32), (4, 1))
    logits[2] = [50.0, 0.0, 0.0]
    assert batch_loss(logits, [0]) == pytest.approx(0.0, abs=1e-4)
    assert greedy_spikes(logits) == [Spike(0, 2, 2)]
    assert batch_loss(logits, [0, 1]) > 40


def test_derivative_against_finite_differences() -> None:
    rng = np.random.default_rng(2)
    logits, direction = rng.normal(0, 1, (2, 1, 6, 4)).astype(np.float32)

    def loss(x: np.ndarray) -> tf.Tensor:
        return ctc_loss(x, tf.constant([6]), tf.constant([[0, 2, 2]]), tf.constant([3]))[0]

    x = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(x)
    slope = float(tf.reduce_sum(tape.gradient(value, x) * direction))
    finite = float(loss(logits + 1e-2 * direction) - loss(logits - 1e-2 * direction)) / 2e-2
    assert slope == pytest.approx(finite, rel=1e-3)


@pytest.mark.parametrize(("labels", "steps"), [([], 0), ([4], 1), ([4, 4], 3), ([4, 4, 5, 5, 5], 8), ([1, 2, 1], 3)])
def test_needed_steps(labels: list[int], steps: int) -> None:
    assert needed_steps(labels) == steps


def test_labels_that_do_not_fit() -> None:
    assert np.isfinite(batch_loss(np.zeros((3, 6), np.float32), [4, 4]))
    assert batch_loss(np.zeros((2, 6), np.float32), [4, 4]) == np.inf
    with pytest.raises(tf.errors.InvalidArgumentError, match="Not enough time"):
        batch_loss(np.zeros((1, 6), np.float32), [4, 5])


def test_spikes_by_hand() -> None:
    path = [2, 0, 0, 2, 0, 1, 1]  # blank a a blank a b b
    spikes = greedy_spikes(np.eye(3)[path])
    assert spikes == [Spike(0, 1, 2), Spike(0, 4, 4), Spike(1, 5, 6)]
    assert greedy_spikes(np.zeros((0, 3))) == []


@given(st.lists(st.integers(0, 3), max_size=12))
def test_greedy_decoding_collapses_the_best_path(path: list[int]) -> None:
    spikes = greedy_spikes(np.eye(4)[path].reshape(-1, 4))
    assert tuple(s.label for s in spikes) == collapse(path, 3)
    assert all(path[t] == s.label for s in spikes for t in range(s.first_step, s.last_step + 1))


words = st.lists(st.sampled_from("abc"), max_size=6)


@given(words, words)
@settings(deadline=None)
def test_alignment_has_the_fewest_errors(reference: list[str], written: list[str]) -> None:
    pairs = align(reference, written)
    assert [r for r, _ in pairs if r != GAP] == reference
    assert [w for _, w in pairs if w != GAP] == written
    assert sum(r != w for r, w in pairs) == edit_distance(reference, written)
    assert count_errors([(reference, written)]).n_errors == edit_distance(reference, written)


def test_errors_by_hand() -> None:
    # k ae t s -> k ah t: one substitution, one deletion; t -> t iy: one insertion; 5 reference labels
    counts = count_errors([(["k", "ae", "t", "s"], ["k", "ah", "t"]), (["t"], ["t", "iy"])])
    assert (counts.substitutions, counts.deletions, counts.insertions, counts.n_reference) == (1, 1, 1, 5)
    assert counts.rate == pytest.approx(3 / 5)
    assert counts.confusions["ae", "ah"] == counts.confusions["s", GAP] == counts.confusions[GAP, "iy"] == 1
    assert counts.confusions["t", "t"] == 2
    assert np.isnan(count_errors([([], ["a"])]).rate)


def test_folding_drops_q_and_keeps_equal_neighbours() -> None:
    assert fold_phones(["h#", "q", "ao", "tcl", "pau", "en"]) == ("sil", "aa", "sil", "sil", "n")
