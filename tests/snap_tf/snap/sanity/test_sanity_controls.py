"""What sanity checks compare with must be what it is said to be: noise like the input, weights without their places."""

import keras
import numpy as np
import pytest

from snap_tf.snap.network.networks import open_network
from snap_tf.snap.sanity import checks as sanity
from snap_tf.snap.sanity.checks import _noise
from snap_tf.snap.sanity.frame_sample import FixedFrames
from snap_tf.snap.sanity.randomised import cascade
from snap_tf.snap.sanity.sanity_settings import SanitySettings
from snap_tf.snap.settings import ProfileOptions

LEVELS = np.array([-40.0, 0.0, 7.0, 100.0])
SPREADS = np.array([0.01, 1.0, 20.0, 3.0])


def frames() -> FixedFrames:
    """Frames whose bands differ in level and spread by far."""
    rng = np.random.default_rng(0)
    inputs = LEVELS + SPREADS * rng.standard_normal((30, 50, 4))
    return FixedFrames(inputs.astype(np.float32), np.zeros(30, int), ["a", "b", "c"] * 10, 100.0)


def a_network() -> keras.Model:
    return keras.Sequential([keras.Input((6, 5)), keras.layers.Conv1D(4, 3, name="only"),
                             keras.layers.GlobalAveragePooling1D()])


class Enough(Exception):
    pass


def test_noise_has_the_level_and_the_spread_of_every_band() -> None:
    noise = np.asarray(_noise(frames(), 1).inputs)
    np.testing.assert_array_less(np.abs(noise.mean(axis=(0, 1)) - LEVELS), 0.15 * SPREADS)
    np.testing.assert_allclose(noise.std(axis=(0, 1)), SPREADS, rtol=0.1)
    assert abs(np.corrcoef(noise[..., 1].ravel(), np.asarray(frames().inputs)[..., 1].ravel())[0, 1]) < 0.1
    assert not np.array_equal(noise, np.asarray(_noise(frames(), 2).inputs))
    np.testing.assert_array_equal(noise, np.asarray(_noise(frames(), 1).inputs))


def test_weights_change_places_across_all_axes() -> None:
    """Every weight of a kernel tells its tap and channel by its hundreds; shuffled, taps and channels are mixed."""
    model = a_network()
    taps, channels, filters = np.indices((3, 5, 4))
    model.get_layer("only").set_weights([(100.0 * taps + 10 * channels + filters).astype(np.float32), np.arange(4.0)])
    (_, _), (_, copy) = [(name, copy.probe.network.get_layer("only").get_weights()[0])
                         for name, copy in cascade(open_network(model), 0)]
    for axis, place in enumerate((copy // 100, copy % 100 // 10, copy % 10)):
        of_slices = np.moveaxis(place, axis, 0)
        assert all(len(np.unique(part)) > 1 for part in of_slices), f"axis {axis} stays together"


def test_weights_and_labels_depend_on_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    network = open_network(a_network())
    of_seeds = [[weight for _, copy in cascade(network, seed) for weight in copy.probe.network.get_weights()]
                for seed in (0, 0, 1)]
    assert all(map(np.array_equal, of_seeds[0], of_seeds[1])) and not all(map(np.array_equal, of_seeds[0], of_seeds[2]))
    dealt = []

    def remember(network: object, sample: FixedFrames, *_: object) -> None:
        dealt.append(sample._labels)
        raise Enough

    monkeypatch.setattr(sanity, "_profile", remember)
    for seed in (0, 0, 1):
        with pytest.raises(Enough):
            sanity._labels(network, frames(), ProfileOptions(), None, SanitySettings(permutations=3, seed=seed), None)
    columns = [name for name in dealt[0] if name.startswith("permuted_")]
    assert len(columns) == 3
    for name in columns:
        assert sorted(dealt[0][name]) == sorted(dealt[0]["group"])
        assert dealt[0][name].tolist() == dealt[1][name].tolist() != dealt[2][name].tolist()
