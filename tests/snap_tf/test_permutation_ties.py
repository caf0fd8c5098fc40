"""Permutation tests where a permutation gives exactly what was observed: it counts as as extreme, or p is too small."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from snap_tf.series.acoustics.correlation import correlate
from snap_tf.series.latents.effects import sign_flip_p
from snap_tf.series.latents.latent_regression import LatentRegression, RegressionSettings, regress_label
from snap_tf.snap.alignment.alignment_counts import AlignmentCounts
from snap_tf.snap.alignment.evaluation import phone_table
from snap_tf.snap.clusters.clustering import cluster_distances
from snap_tf.snap.clusters.mantel import mantel
from snap_tf.snap.sanity.checks import _against


def test_mantel() -> None:
    """Of the six orders of an isosceles triangle two are the triangle itself."""
    distances = np.array([1.0, 1.0, 2.0])
    assert mantel(distances, distances, n_permutations=999, seed=2).p == pytest.approx(1 / 3, abs=0.05)
    assert mantel(distances, distances, "spearman", n_permutations=999, seed=2).p == pytest.approx(1 / 3, abs=0.05)


def test_lagged_correlation_of_tokens_that_are_all_the_same() -> None:
    one = np.random.default_rng(0).normal(size=40)
    series = np.tile(one, (5, 1))
    found = correlate(series, series, 100.0, max_lag_s=0.05, permutations=19)
    assert found.p == 1.0 and found.chance_r == pytest.approx(found.best_r)


def test_random_signs_of_few_base_vectors() -> None:
    """Of the 64 signs of six slopes two leave them all on one side: no p can be below 2 / 64."""
    slopes = np.random.default_rng(1).uniform(1, 1.2, (6, 1))
    assert sign_flip_p(slopes, seed=0)[0] == pytest.approx(2 / 64, abs=0.015)


def test_a_silhouette_that_permuted_labels_have_too() -> None:
    assert _against("", 0.5, np.array([0.5, 0.5, 0.4]))["p"] == 3 / 4
    assert _against("", 0.5, np.array([0.6, np.nan, 0.4]))["p"] == 2 / 3  # a null without a value is none


def regression(**changes: object) -> LatentRegression:
    nothing = pd.DataFrame()
    return dataclasses.replace(LatentRegression(nothing, nothing, np.zeros((1, 1)), 1.0, 1.0, "auc", 0.5, np.zeros(0),
                                                np.zeros(0), np.zeros(0), 10, 5, RegressionSettings()), **changes)


def test_a_held_out_score_that_permuted_labels_reach_exactly() -> None:
    assert regression(null_scores=np.array([0.5, 0.5, 0.4])).p_value == 3 / 4
    assert np.isnan(regression().p_value)


def test_variables_that_are_not_selected_have_p_1() -> None:
    """Their b is exactly 0, as is the largest b of permuted labels that the penalty leaves nothing of."""
    rng = np.random.default_rng(3)
    z, y = rng.uniform(-1, 1, (120, 4)), np.tile([0.0, 1.0], 60)
    fitted = regress_label(z, y, binary=True, settings=RegressionSettings(folds=3, n_lambdas=6, permutations=15))
    assert not fitted.table["selected"].any() and (fitted.null_largest == 0).any()
    assert (fitted.table["p"] == 1).all()


def test_half_is_no_majority() -> None:
    counts = AlignmentCounts(["s"], ["s"], n_steps=3)
    counts.add(np.zeros(2, int), np.array([[-1, 0, -1], [0, -1, -1]]), np.array([1, 1]))
    assert counts.offsets.tolist() == [[1, 1, 0, 0]]
    assert not phone_table(counts, 125.0)["majority"].item()
    counts.add(np.zeros(1, int), np.array([[-1, 0, -1]]), np.array([1]))
    assert phone_table(counts, 125.0)["majority"].item()


def test_distances_at_the_threshold_are_joined() -> None:
    """Percentile 50 of three distances is the middle one itself."""
    found = cluster_distances(np.array([1.0, 3.0, 2.0]), ["a", "b", "c"], percentiles=(50.0,))  # ab, ac, bc
    assert found.cuts[0].threshold == 2.0 and found.cuts[0].labels.tolist() == [0, 0, 1]
    joined = cluster_distances(np.array([2.0, 2.0, 2.0]), ["a", "b", "c"], percentiles=(50.0,))
    assert joined.cuts[0].n_clusters == 1
