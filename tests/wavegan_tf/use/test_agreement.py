"""Agreement of codes with labels: numbers derived by hand, slow twins, and what chance gives."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from wavegan_tf.errors import ConfigError
from wavegan_tf.use.agreement import agree


def test_by_hand():
    #        code 0  1  2
    # ask         3  1  0
    # wash        0  1  2
    # year        0  0  1
    labels = ["ask"] * 4 + ["wash"] * 3 + ["year"]
    codes = ["0", "0", "0", "1", "1", "2", "2", "2"]
    found = agree(labels, codes, n_permutations=0)
    assert found.confusion.to_numpy().tolist() == [[3, 1, 0], [0, 1, 2], [0, 0, 1]]
    assert found.confusion.loc["wash", "2"] == 2
    assert found.purity == (3 + 1 + 2) / 8
    # one to one: ask-0 (3), wash-1 (1), year-2 (1) = 5, or ask-0, wash-2 (2) = 5 as well: the best is 5
    assert found.matching_accuracy == 5 / 8
    # pairs together in both: 3 + 1 = 4 of 28; by labels 6 + 3 = 9; by codes 3 + 1 + 3 = 7
    expected = 9 * 7 / 28
    assert found.adjusted_rand_index == pytest.approx((4 - expected) / ((9 + 7) / 2 - expected))
    assert found.p_values == {}


def test_a_matching_is_not_greedy():
    #      code a   b
    # x         5   4
    # y         4   0      greedy takes x-a (5) and y-b (0)
    found = agree(["x"] * 9 + ["y"] * 4, ["a"] * 5 + ["b"] * 4 + ["a"] * 4, 0)
    assert found.matching == {"x": "b", "y": "a"} and found.matching_accuracy == 8 / 13


def test_labels_without_a_code_of_their_own():
    found = agree(["a", "b", "c"], ["0", "0", "1"], 0)
    assert found.matching_accuracy == 2 / 3 and len(found.matching) == 2
    assert agree(["a", "b"], ["0", "0"], 0).matching in ({"a": "0"}, {"b": "0"})


def test_perfect_and_constant():
    labels = list("aabbcc")
    perfect = agree(labels, list("112233"), n_permutations=999)
    assert (perfect.purity, perfect.adjusted_rand_index, perfect.matching_accuracy) == (1.0, 1.0, 1.0)
    # 6 of the 90 orders of aabbcc are as good
    assert perfect.p_values["matching_accuracy"] == pytest.approx(6 / 90, abs=0.03)
    constant = agree(labels, ["1"] * 6, n_permutations=99)
    assert constant.adjusted_rand_index == 0 and set(constant.p_values.values()) == {1.0}


def pairs_together(labels, codes):
    return sum(a == b and c == d for (a, c), (b, d) in itertools.combinations(zip(labels, codes, strict=True), 2))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), min_size=2, max_size=6))
def test_slow_twin(rows):
    """Best matching and p-values over all orders of the labels, against the exact ones."""
    labels, codes = map(list, zip(*rows, strict=True))
    found = agree(labels, codes, n_permutations=1000, seed=1)

    def matched(labels):
        ways = [dict(zip("abc", way, strict=True)) for way in itertools.permutations("xyz")]
        return max(sum(way[label] == code for label, code in zip(labels, codes, strict=True)) for way in ways)

    def pure(labels):
        return sum(max(sum(a == label and c == code for a, c in zip(labels, codes, strict=True)) for label in "abc")
                   for code in set(codes))

    assert found.matching_accuracy == pytest.approx(matched(labels) / len(rows))
    assert found.purity == pytest.approx(pure(labels) / len(rows))
    orders = list(itertools.permutations(labels))
    exact = {"matching_accuracy": np.mean([matched(order) >= matched(labels) for order in orders]),
             "purity": np.mean([pure(order) >= pure(labels) for order in orders]),
             "adjusted_rand_index": np.mean([pairs_together(order, codes) >= pairs_together(labels, codes)
                                             for order in orders])}
    means = {"matching_accuracy": np.mean([matched(order) for order in orders]) / len(rows),
             "purity": np.mean([pure(order) for order in orders]) / len(rows),
             "adjusted_rand_index": np.mean([adjusted_rand_score(order, codes) for order in orders])}
    for name, mean in means.items():
        assert abs(found.chance[name] - mean) < 5 * math.sqrt(0.25 / 1000) + 1e-3, name
    for name, p in exact.items():
        assert abs(found.p_values[name] - p) < 5 * math.sqrt(0.25 / 1000) + 1e-3, name


def test_chance_gives_uniform_p_values():
    rng = np.random.default_rng(0)
    p = [agree(rng.choice(list("abcd"), 200), rng.choice(list("wxyz"), 200), 99, seed).p_values["adjusted_rand_index"]
         for seed in range(200)]
    assert 0.4 < np.mean(p) < 0.6 and 0.02 < np.mean(np.array(p) <= 0.1) < 0.18
    assert min(p) >= 0.01  # (1 + 0) / (99 + 1): never 0


def test_what_chance_gives_is_more_than_one_in_so_many_codes() -> None:
    """The matching is the best of 8! and purity takes the commonest label of each code: neither gives 1/8 by chance."""
    labels = [word for word in "abcdefgh" for _ in range(26)]
    codes = list(np.random.default_rng(0).permutation([code for code in "01234567" for _ in range(26)]))
    found = agree(labels, codes, 2000)
    assert 0.2 < found.chance["matching_accuracy"] < 0.29 and 0.2 < found.chance["purity"] < 0.35
    assert abs(found.chance["adjusted_rand_index"]) < 0.003  # its own deviation is .0005
    assert abs(found.matching_accuracy - found.chance["matching_accuracy"]) < 0.06  # these labels mean nothing
    line = next(line for line in str(found).splitlines() if line.startswith("matching accuracy"))
    assert line.endswith(f"  chance {found.chance['matching_accuracy']:.4f}")
    assert found.to_dict()["chance"] == found.chance


def test_chance_by_hand() -> None:
    """Two labels of one file each, two codes: either order matches both files (the matching may take the diagonal)."""
    found = agree(["a", "b"], ["0", "1"], 50)
    assert found.chance == {"purity": 1.0, "adjusted_rand_index": 1.0, "matching_accuracy": 1.0}
    one_code = agree(list("aaab"), ["0"] * 4, 50)  # the labels' order changes nothing
    assert one_code.chance == {"purity": 0.75, "adjusted_rand_index": 0.0, "matching_accuracy": 0.75}


def test_without_permutations_it_is_said_what_a_matching_is() -> None:
    found = agree(list("aabb"), list("xxyy"), 0)
    assert found.chance == {} and "so that chance gives more than one in so many codes" in str(found)


def test_codes_that_no_file_has_are_in_the_table_and_change_nothing() -> None:
    labels, codes = list("aabbcc"), ["3", "3", "1", "1", "1", "10"]
    some, every = agree(labels, codes, 60), agree(labels, codes, 60, all_codes=[str(i) for i in range(12)])
    assert list(some.confusion.columns) == ["1", "3", "10"]
    assert list(every.confusion.columns) == [str(i) for i in range(12)]
    assert every.confusion["3"].tolist() == [2, 0, 0] and not every.confusion[["0", "11"]].to_numpy().any()
    assert every.p_values == some.p_values and every.matching == some.matching
    huge = agree(labels, codes, 0, all_codes=[str(i) for i in range(400_000)])
    assert list(huge.confusion.columns) == ["1", "3", "10"]  # a million cells and more are not listed


def test_the_seed_decides():
    labels, codes = list("aaabbbccc"), list("xxyyyzzzx")
    assert agree(labels, codes, 50, 3).p_values == agree(labels, codes, 50, 3).p_values
    assert agree(labels, codes, 50, 3).p_values != agree(labels, codes, 50, 4).p_values


def test_class_numbers_are_in_order():
    found = agree(["10", "9", "2"], ["10", "9", "2"], 0)
    assert list(found.confusion.index) == ["2", "9", "10"] == list(found.confusion.columns)


def test_large_tables_leave_out_what_takes_too_long():
    rng = np.random.default_rng(1)
    found = agree(rng.integers(0, 200, 3000).astype(str), rng.integers(0, 100, 3000).astype(str), 5)
    assert set(found.p_values) == {"purity", "adjusted_rand_index"}
    assert "(200 labels, 100 codes: see the summary)" in str(found)


def test_text_and_json():
    found = agree(list("aabb"), list("xxyy"), 9)
    assert "purity               1.0000  p = " in str(found) and "matching: a -> x, b -> y" in str(found)
    known = found.to_dict()
    assert known["confusion"] == {"a": {"x": 2}, "b": {"y": 2}} and known["n"] == 4 and known["n_permutations"] == 9


@pytest.mark.parametrize(("labels", "codes", "n", "seed", "message"), [
    ([], [], 0, 0, r"labels \(=0\) and codes \(=0\) must be as many, and not none"),
    (["a"], ["x", "y"], 0, 0, r"labels \(=1\) and codes \(=2\)"),
    (["a"], ["x"], -1, 0, r"`permutations` \(=-1\) and `seed` \(=0\) must be 0 or more"),
])
def test_what_cannot_be_compared(labels, codes, n, seed, message):
    with pytest.raises(ConfigError, match=message):
        agree(labels, codes, n, seed)
