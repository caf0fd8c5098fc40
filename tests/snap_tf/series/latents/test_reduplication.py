"""Two syllables: found by intensity, alike where the second is a copy."""

import numpy as np
import pandas as pd
import pytest

from snap_tf.layer_info import LayerInfo
from snap_tf.series.extraction.layer_series import LayerSeries
from snap_tf.series.latents.reduplication import Syllables, similarity, similarity_table, split_syllables
from snap_tf.series.latents.sweep import SweepVectors
from wavegan_tf.errors import ConfigError

RATE_HZ = 16000


def syllable(seed, n=3200):
    """A fifth of a second of low-passed noise that swells and fades."""
    noise = np.convolve(np.random.default_rng(seed).normal(size=n + 19), np.ones(20) / 20, "valid")
    return noise * np.hanning(n)


def word(first, second, gap=800):
    sound = np.concatenate([np.zeros(1000), first, np.zeros(gap), second])
    return np.pad(sound, (0, 16384 - len(sound)))


def test_the_split_lies_between_the_syllables():
    start, split, end = split_syllables(word(syllable(0), syllable(1)), RATE_HZ)
    assert 1000 <= start < 1600 and 1000 + 3200 <= split <= 5000 and 7600 < end <= 8200
    assert split_syllables(np.zeros(16384), RATE_HZ) is None
    assert split_syllables(np.pad(np.ones(100), (0, 16284)), RATE_HZ) is None


def test_a_copy_is_alike_and_another_syllable_is_not():
    a, b = syllable(0), syllable(1)
    assert similarity(a, a, 100) == (pytest.approx(1), pytest.approx(1), 0)
    cosine, highest, _ = similarity(a, b, 100)
    assert abs(cosine) < 0.2 and highest < 0.4
    assert similarity(a, -a, 0)[0] == pytest.approx(-1)
    assert np.isnan(similarity(a, np.ones(50), 3)[0])


def test_the_lag_of_a_shifted_copy_is_found():
    a = syllable(0)
    shifted = np.concatenate([np.zeros(40), a])[: len(a)]
    _, highest, lag = similarity(a, shifted, 100)
    assert lag == 40 and highest > 0.99
    assert abs(similarity(a, shifted, 10)[2]) <= 10


class Store(dict):
    rate_hz, n_samples = RATE_HZ, 16384


def vectors_of(values):
    table = pd.DataFrame({"token": [f"t{v}" for v in values], "label": "", "base": 0, "seed": 0, "code": "",
                          "value": values})

    class Inputs:
        pass

    inputs = Inputs()
    inputs.table = table
    grid = np.array(values)[:, None]
    return SweepVectors(inputs, np.zeros((1, 2)), np.zeros(1, int), ("code0",), grid, np.arange(len(values))[None], 1)


def test_similarity_grows_as_the_second_becomes_a_copy():
    values = np.linspace(0, 1, 6)
    first, other = syllable(0), syllable(1)
    audio = np.stack([word(first, v * first + (1 - v) * other) for v in values]).astype(np.float32)
    fine = LayerInfo("upconv_4", "Conv5", 16384, 1, 16000.0, "tanh")
    middle = LayerInfo("upconv_2", "Conv3", 1024, 4, 1000.0, "relu")
    coarse = LayerInfo("z_project", "z_project", 8, 4, 7.8125, "relu")
    envelope = np.abs(audio).reshape(6, 1024, 16).mean(axis=2)
    tokens = vectors_of(values).inputs.table
    store = Store({"upconv_4": LayerSeries(audio, fine, 16384, tokens),
                   "upconv_2": LayerSeries(envelope, middle, 16384, tokens),
                   "z_project": LayerSeries(envelope.reshape(6, 8, 128).mean(axis=2), coarse, 16384, tokens)})
    given = Syllables((1000 / RATE_HZ, 4200 / RATE_HZ, 5000 / RATE_HZ, 8200 / RATE_HZ))
    # a split that is found leaves half of the pause to either side: at the end of the first, the start of the second
    for syllables, copied in ((given, 0.999), (Syllables(), 0.8)):
        table = similarity_table(store, (fine, middle, coarse), fine, vectors_of(values), syllables)
        for name in ("Conv3", "Conv5"):
            part = table[table["layer"] == name]
            assert part["cross_correlation"].corr(part["value"], "spearman") > 0.9
            assert part["cross_correlation"].iloc[-1] > copied
        assert table.loc[table["layer"] == "z_project", "cosine"].isna().all()  # 3 steps are too few
        assert len(table) == 18 and table["cosine_other"].isna().all()  # one base vector has no other
    with pytest.raises(ConfigError, match=r"must end within the audio's 1.024 s"):
        similarity_table(store, (fine,), fine, vectors_of(values), Syllables((0, 0.2, 0.3, 2.0)))


def test_the_baseline_takes_the_second_syllable_of_another_base_vector():
    a, b = syllable(0), syllable(1)
    audio = np.stack([word(a, a), word(b, b)]).astype(np.float32)
    vectors = vectors_of([0.0, 0.0])
    vectors = SweepVectors(vectors.inputs, np.zeros((2, 2)), np.zeros(2, int), ("code0",), np.zeros((1, 1)),
                           np.array([[0], [1]]), 1)
    fine = LayerInfo("upconv_4", "Conv5", 16384, 1, 16000.0, "tanh")
    store = Store({"upconv_4": LayerSeries(audio, fine, 16384, vectors.inputs.table)})
    table = similarity_table(store, (fine,), fine, vectors, Syllables((0.0625, 0.2625, 0.3125, 0.5125)))
    assert (table["cosine"] > 0.99).all() and (table["cosine_other"].abs() < 0.2).all()


@pytest.mark.parametrize("times", [(0, 0.2, 0.1, 0.3), (0.2, 0.1, 0.3, 0.4), (-1, 0.1, 0.2, 0.3)])
def test_times_must_rise(times):
    with pytest.raises(ConfigError, match="must be start and end of the first syllable"):
        Syllables(times)
