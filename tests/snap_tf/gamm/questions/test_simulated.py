"""Simulated tables hold the difference that was asked for."""

import numpy as np
import pytest

from snap_tf.gamm import GammError, simulate_words


def test_without_noise_the_table_is_the_curves_themselves() -> None:
    table = simulate_words(words=("a", "b", "c"), layers={"Conv4": 2.0, "Conv5": 0.0}, n_tokens=2, n_steps=5, noise=0)
    assert len(table) == 2 * 3 * 2 * 5
    time = np.linspace(0, 1, 5)
    for layer, size in (("Conv4", 2.0), ("Conv5", 0.0)):
        for j, word in enumerate("abc"):
            part = table[(table["layer"] == layer) & (table["label"] == word)]
            expected = np.sin(np.pi * time) + j * size * (np.cos(np.pi * time) + 0.25)
            assert part["token"].unique().tolist() == [f"{word}_0", f"{word}_1"]
            np.testing.assert_allclose(part["time_s"].to_numpy(), np.tile(time, 2))
            np.testing.assert_allclose(part["value"].to_numpy(), np.tile(expected, 2), atol=1e-12)


def test_noise_and_autocorrelation_are_those_asked_for() -> None:
    table = simulate_words(words=("a",), n_tokens=4000, n_steps=6, noise=0.5, rho=0.6, seed=3)
    values = table["value"].to_numpy().reshape(4000, 6) - np.sin(np.pi * np.linspace(0, 1, 6))
    time = np.linspace(0, 1, 6) - 0.5
    # own level and slope, each of variance noise^2, beside errors of the same variance
    expected = 0.25 * (1 + np.outer(time, time) + 0.6 ** np.abs(np.subtract.outer(range(6), range(6))))
    np.testing.assert_allclose(np.cov(values.T), expected, atol=0.05)


def test_seed_decides() -> None:
    assert simulate_words(seed=1).equals(simulate_words(seed=1))
    assert not simulate_words(seed=1).equals(simulate_words(seed=2))


@pytest.mark.parametrize("options", [{"words": ()}, {"layers": {}}, {"n_tokens": 0}, {"n_steps": 1}, {"noise": -1},
                                     {"noise": float("nan")}, {"rho": 1.0}])
def test_values_outside_their_range_are_refused(options: dict) -> None:
    with pytest.raises(GammError, match=next(iter(options))):
        simulate_words(**options)
