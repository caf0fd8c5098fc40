"""Clusters of profiles: by hand, against scikit-learn and scipy, planted families, halves of the frames."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted_files import FAMILIES, GROUPS, planted_file
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist, squareform
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import rand_score, silhouette_score

from snap_tf.snap.clusters import stability as stability_module
from snap_tf.snap.clusters.clustering import (
    Cut,
    cluster_distances,
    cluster_profiles,
    co_membership_change,
    co_membership_changes,
    profile_distances,
    silhouette,
)
from snap_tf.snap.clusters.mantel import mantel
from snap_tf.snap.clusters.stability import _agreement, cluster_recovery, half_samples, stability
from wavegan_tf.errors import ConfigError, DataError


def slow_complete_linkage(square: np.ndarray, threshold: float) -> list[set[int]]:
    """Join the two clusters whose farthest members are nearest, as long as these are within the threshold."""
    clusters = [{i} for i in range(len(square))]
    while len(clusters) > 1:
        pairs = [(max(square[i, j] for i in a for j in b), a, b) for a, b in itertools.combinations(clusters, 2)]
        farthest, a, b = min(pairs, key=lambda pair: pair[0])
        if farthest > threshold:
            break
        clusters = [c for c in clusters if c is not a and c is not b] + [a | b]
    return clusters


def slow_silhouette(square: np.ndarray, labels: np.ndarray) -> float:
    """Rousseeuw's definition; 0 for a group that is alone."""
    scores = []
    for i, label in enumerate(labels):
        same = [j for j in range(len(labels)) if labels[j] == label and j != i]
        if not same:
            scores.append(0.0)
            continue
        inside = np.mean([square[i, j] for j in same])
        outside = min(np.mean([square[i, j] for j in range(len(labels)) if labels[j] == other])
                      for other in set(labels) - {label})
        scores.append((outside - inside) / max(inside, outside))
    return float(np.mean(scores))


def test_four_groups_on_a_line_by_hand() -> None:
    # at 0, 1, 10, 12: distances 1 10 12 9 11 2; median 9.5: {0 1} (1 apart) and {10 12} (2 apart); all: 12 > 9.5
    found = cluster_distances(profile_distances(np.array([0.0, 1, 10, 12])), "abcd", percentiles=(50, 100, 0))
    cut, all_in_one, lowest = found.cuts
    assert cut.threshold == 9.5
    assert cut.labels.tolist() == [0, 0, 1, 1]
    # (11 - 1) / 11, (10 - 1) / 10, (9.5 - 2) / 9.5, (11.5 - 2) / 11.5
    assert cut.silhouette == pytest.approx((10 / 11 + 9 / 10 + 7.5 / 9.5 + 9.5 / 11.5) / 4)
    assert all_in_one.n_clusters == 1 and np.isnan(all_in_one.silhouette)
    assert lowest.labels.tolist() == [0, 0, 1, 2]
    assert cut.members("abcd") == [("a", "b"), ("c", "d")] and cut.n_main == 0
    assert found.mean_silhouette == pytest.approx((cut.silhouette + lowest.silhouette) / 2)  # NaN left out
    assert found.best_cut() is cut


@given(st.integers(0, 100_000), st.integers(3, 12), st.floats(5, 99))
def test_equal_to_loops_and_to_the_libraries(seed: int, n: int, percentile: float) -> None:
    values = np.random.default_rng(seed).normal(size=(n, 4, 3))
    found = cluster_distances(profile_distances(values), [str(i) for i in range(n)], percentiles=(percentile,))
    cut, flat = found.cuts[0], values.reshape(n, -1)
    np.testing.assert_allclose(found.distances, pdist(flat))
    square = squareform(found.distances)
    by_loops = {frozenset(cluster) for cluster in slow_complete_linkage(square, cut.threshold)}
    assert {frozenset(map(int, cluster)) for cluster in cut.members(found.groups)} == by_loops
    by_scipy = fcluster(linkage(flat, "complete"), np.percentile(pdist(flat), percentile), "distance")
    assert rand_score(by_scipy, cut.labels) == 1
    by_sklearn = AgglomerativeClustering(None, linkage="complete", distance_threshold=cut.threshold + 1e-12).fit(flat)
    assert rand_score(by_sklearn.labels_, cut.labels) == 1
    if 1 < cut.n_clusters < n:
        assert cut.silhouette == pytest.approx(slow_silhouette(square, cut.labels))
        assert cut.silhouette == pytest.approx(silhouette_score(flat, cut.labels))
    else:
        assert np.isnan(cut.silhouette)


@given(st.integers(0, 100_000), st.integers(2, 9))
def test_change_of_co_membership_is_the_share_of_pairs(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 3, (2, n))
    pairs = list(itertools.combinations(range(n), 2))
    changed = sum((a[i] == a[j]) != (b[i] == b[j]) for i, j in pairs)
    assert co_membership_change(a, b) == pytest.approx(changed / len(pairs))
    assert co_membership_change(a, b) == pytest.approx(co_membership_change(b, a))
    assert co_membership_change(a, a + 5) == 0


@given(st.integers(0, 100_000), st.floats(0.01, 100), st.floats(-5, 5))
def test_partitions_do_not_depend_on_scale_place_or_order(seed: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(8, 6))
    found = cluster_distances(profile_distances(values), GROUPS[:8], percentiles=(60.0, 93.0))
    order = rng.permutation(8)
    other = cluster_distances(profile_distances(scale * values[order] + shift), [GROUPS[i] for i in order],
                              percentiles=(60.0, 93.0))
    for cut, again in zip(found.cuts, other.cuts, strict=True):
        assert ({frozenset(c) for c in cut.members(found.groups)}
                == {frozenset(c) for c in again.members(other.groups)})
        assert again.silhouette == pytest.approx(cut.silhouette, nan_ok=True)


def test_planted_families_are_found_and_a_layer_that_forgets_one_is_told() -> None:
    # 9 of 36 pairs are within a family; in L2, where two families are one, 18
    layers = cluster_profiles(planted_file().profiles(), (30.0, 50.0))
    assert list(layers) == ["input", "L1", "L2", "L3"]
    for name in ("input", "L1", "L3"):
        cut = layers[name].cut(30.0)
        assert cut.labels.tolist() == list(FAMILIES)
        assert cut.n_main == 3 and cut.silhouette > 0.8
    forgetful = layers["L2"].cut(50.0)
    assert forgetful.members(GROUPS) == [("a", "i", "u", "s", "z", "f"), ("p", "t", "k")]
    assert co_membership_change(layers["L1"].cut(30.0).labels, forgetful.labels) == pytest.approx(9 / 36)
    changes = co_membership_changes(layers)
    of_pair = changes.set_index(["percentile", "layer_a", "layer_b"])["change"]
    assert of_pair[30.0, "L1", "L3"] == 0 and of_pair[30.0, "L1", "L2"] > 0
    assert len(changes) == 2 * 6


def test_silhouette_of_one_cluster_or_of_all_alone_is_no_number() -> None:
    distances = pdist(np.arange(4.0)[:, None])
    assert np.isnan(silhouette(distances, np.zeros(4, int)))
    assert np.isnan(silhouette(distances, np.arange(4)))
    assert silhouette(np.zeros(6), np.array([0, 0, 1, 1])) == 0  # all at one place


def test_percentiles_and_groups_that_cannot_be() -> None:
    for percentiles in ((), (101,), (-1.0,), (90, 90)):
        with pytest.raises(ConfigError, match="percentiles"):
            cluster_distances(np.ones(3), "abc", percentiles=percentiles)
    with pytest.raises(DataError, match=r"groups \(=1\) must be at least 2"):
        profile_distances(np.zeros((1, 4)))
    with pytest.raises(DataError, match="finite"):
        profile_distances(np.array([[0.0], [np.nan]]))
    with pytest.raises(ConfigError, match="must be one of 87, 90, 93, 96"):
        cluster_distances(np.ones(3), "abc").cut(50)


# -- Mantel ------------------------------------------------------------------------------------------------------------

def test_mantel_of_itself_its_mirror_and_something_else() -> None:
    rng = np.random.default_rng(4)
    points = rng.normal(size=(9, 3))
    distances = pdist(points)
    same = mantel(distances, 3 * distances + 1, n_permutations=199)
    assert same.r == pytest.approx(1) and same.p == 1 / 200
    assert mantel(distances, -distances).r == pytest.approx(-1)
    other = [mantel(distances, pdist(rng.normal(size=(9, 3))), n_permutations=99, seed=i).p for i in range(40)]
    assert 0.3 < np.mean(other) < 0.7  # p is uniform where nothing is common
    assert np.isnan(mantel(distances, np.ones(36)).r)


def test_mantel_correlations_are_those_of_numpy_and_scipy_and_permutations_those_of_loops() -> None:
    from scipy.stats import spearmanr

    rng = np.random.default_rng(5)
    a, b = pdist(rng.normal(size=(5, 2))), pdist(rng.normal(size=(5, 2)))
    assert mantel(a, b, n_permutations=0).r == pytest.approx(np.corrcoef(a, b)[0, 1])
    assert mantel(a, b, "spearman", 0).r == pytest.approx(spearmanr(a, b).statistic)
    assert np.isnan(mantel(a, b, n_permutations=0).p)
    square = squareform(a)
    exact = np.mean([np.corrcoef(squareform(square[np.ix_(order, order)]), b)[0, 1] >= np.corrcoef(a, b)[0, 1] - 1e-12
                     for order in map(list, itertools.permutations(range(5)))])
    assert mantel(a, b, n_permutations=4000).p == pytest.approx(exact, abs=0.03)


def test_mantel_of_tables_that_do_not_fit() -> None:
    with pytest.raises(DataError, match="of the same things"):
        mantel(np.ones(3), np.ones(6))
    with pytest.raises(DataError, match="finite"):
        mantel(np.array([1, 2, np.nan]), np.ones(3))
    with pytest.raises(ConfigError, match="pearson, spearman"):
        mantel(np.ones(3), np.ones(3), "kendall")


# -- resampling of frames ----------------------------------------------------------------------------------------------

def test_halves_are_halves_all_different_and_as_many_as_there_are() -> None:
    halves = half_samples(range(8), 20, seed=1)
    assert len(set(halves)) == 20 and all(len(set(half)) == 4 and set(half) <= set(range(8)) for half in halves)
    assert halves == half_samples(range(8), 20, seed=1) != half_samples(range(8), 20, seed=2)
    assert {fold for half in half_samples((1, 5, 6, 9), 50, seed=0) for fold in half} == {1, 5, 6, 9}
    assert len(half_samples((1, 5, 6, 9), 50, seed=0)) == 6
    assert len(half_samples(range(6), 19, seed=0)) == 19 and len(half_samples(range(6), 20, seed=0)) == 20
    with pytest.raises(ConfigError, match=r"in them \(=1\) must be at least 4 .* --folds 8, on more utterances or"):
        half_samples((3,), 5, 0)


def test_clear_families_are_stable_and_noise_is_not() -> None:
    clear = stability(planted_file(folds=8), percentiles=(30.0,), halves=10)
    assert (clear.layers["rand"] == 1).all() and clear.layers["mantel"].min() == pytest.approx(1)
    assert set(clear.clusters["members"]) >= {"a i u", "s z f", "p t k"} and (clear.clusters["recovery"] == 1).all()
    noise = stability(planted_file(folds=8, noise=20.0), percentiles=(30.0,), halves=10)
    assert noise.layers["adjusted_rand"].max() < 0.7
    assert (noise.layers["rand_low"] <= noise.layers["rand_high"]).all()
    assert noise.layers["mantel"].max() < 0.9
    assert clear.n_halves == 10 and not clear.left_out and clear.said == "10 halves of 8 folds"
    few = stability(planted_file(folds=4), percentiles=(30.0,), halves=20)
    assert few.said.startswith("6 halves of 4 folds, of 20 asked for: so many folds have no more different halves")


def test_spreads_over_halves_are_the_middle_95_percent() -> None:
    """Forty-one halves, of which the k-th agrees in k pairs less and has a silhouette of k / 40."""
    cut = Cut(90.0, 1.0, np.zeros(10, int), 0.625)
    halves = [Cut(90.0, 1.0, np.r_[np.zeros(10 - k % 5, int), np.arange(1, 1 + k % 5)], k / 40) for k in range(41)]
    found = _agreement(cut, [*halves, Cut(90.0, 1.0, np.zeros(10, int), np.nan)])
    assert (found["silhouette"], found["silhouette_low"], found["silhouette_high"]) == (0.625, 0.025, 0.975)
    rand = [rand_score(cut.labels, half.labels) for half in [*halves, cut]]
    assert found["rand"] == pytest.approx(np.mean(rand))
    assert (found["rand_low"], found["rand_high"]) == pytest.approx(tuple(np.percentile(rand, [2.5, 97.5])))


def test_a_cluster_is_recovered_where_more_than_half_of_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for share, recovered in ((0.5, 0.0), (0.75, 1.0)):
        monkeypatch.setattr(stability_module, "cluster_recovery", lambda *args, share=share: share)
        found = stability(planted_file(folds=4), percentiles=(30.0,), halves=6)
        assert (found.clusters["recovered"] == recovered).all() and (found.clusters["recovery"] == share).all()


def test_groups_that_are_not_in_every_half_are_left_out_of_both_sides() -> None:
    class Missing(type(planted_file())):  # type: ignore[misc]
        def profiles(self, kind="snap", grouping=None, *, min_frames=1, folds=None, **choices):
            found = super().profiles(kind, grouping, min_frames=min_frames, folds=folds)
            if folds is None or 0 in folds:
                return found
            kept = np.array([group != "z" for group in found.groups])
            layers = {name: type(layer)(layer.layer, layer.centre, layer.values[kept])
                      for name, layer in found.layers.items()}
            return type(found)(found.kind, found.grouping, tuple(np.array(GROUPS)[kept]), found.counts[kept], layers)

    file = planted_file(folds=4)
    file = Missing(**{name: getattr(file, name) for name in file.__dataclass_fields__})
    found = stability(file, percentiles=(30.0,), halves=6, layers=("L1",))
    assert found.left_out == ("z",)
    assert set(found.layers["layer"]) == {"L1"} and (found.layers["rand"] == 1).all()
    assert set(found.clusters["members"]) == {"a i u", "p t k"}


def test_recovery_is_the_best_jaccard_similarity() -> None:
    cut = Cut(90.0, 1.0, np.array([0, 0, 0, 1, 1]), 0.0)
    assert cluster_recovery(list("abc"), cut, list("abcde")) == 1
    assert cluster_recovery(list("abd"), cut, list("abcde")) == 2 / 4
    assert cluster_recovery(list("cde"), cut, list("abcde")) == 2 / 3
