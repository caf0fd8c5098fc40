"""Wherever a p value over permutations is printed, it is said how small it can be."""

import numpy as np
import pandas as pd
import pytest

from wavegan_tf.permutation_p import say_resolution, smallest_p
from wavegan_tf.use.agreement import agree


@pytest.mark.parametrize(("n", "least", "can"), [(19, 0.05, False), (20, 1 / 21, True), (9, 0.1, False),
                                                 (1, 0.5, False), (99, 0.01, True), (10_000, 1 / 10_001, True)])
def test_nineteen_permutations_give_five_percent_at_best_and_never_less(n: int, least: float, can: bool) -> None:
    assert smallest_p(n) == least
    said = say_resolution(n)
    assert said.startswith(f"the smallest p that {n} permutations can give is {least:.2g}")
    assert ("it cannot fall below .05, whatever the data: --permutations 99 or more" in said) is not can


def test_classify_says_it() -> None:
    assert "cannot fall below .05" in str(agree(list("aabb"), list("xxyy"), 19))
    assert "cannot fall below .05" not in str(agree(list("aabb"), list("xxyy"), 20))
    assert "smallest p" not in str(agree(list("aabb"), list("xxyy"), 0))


def test_correlations_say_it() -> None:
    from snap_tf.series.acoustics.acoustic_tables import Acoustics

    table = pd.DataFrame({"layer": ["Conv1", "Conv2"], "p": [0.05, np.nan], "n_permutations": [19, 0]})
    assert "the smallest p that 19 permutations can give is 0.05" in str(Acoustics(".", pd.DataFrame(), table, (), ()))
    assert "smallest p" not in str(Acoustics(".", pd.DataFrame(), table.assign(n_permutations=0), (), ()))
