"""Every setting of the measures decides something: changed alone, it changes a measure that it belongs to."""

import dataclasses

import numpy as np
import pytest
from scipy.signal import lfilter

from snap_tf.series.acoustics.acoustic_tables import _relative
from snap_tf.series.acoustics.measures.acoustic_settings import AcousticSettings
from snap_tf.series.acoustics.measures.frication import spectrum
from snap_tf.series.acoustics.measures.measurement import Measurement
from snap_tf.series.acoustics.measures.measuring import MEASURES, SPECTRUM, measure

RATE_HZ = 12000.0
CHANGED = {
    "f0": {"f0_floor_hz": 130.0, "f0_ceiling_hz": 190.0, "f0_step_s": 0.02, "f0_voicing_threshold": 0.97,
           "analysis_rate_hz": 48000.0},
    "intensity": {"intensity_floor_hz": 200.0},
    "formants": {"formant_step_s": 0.02, "formant_window_s": 0.05, "formant_ceiling_hz": 4000.0,
                 "formant_spacing_hz": 800.0, "formant_preemphasis_hz": 3000.0, "silence_db": 3.0},
    "duration": {"duration_low": 0.4, "duration_high": 0.2, "duration_gap_s": 0.1, "duration_baseline": "minimum"},
    "frication": {"frication_low_hz": 4500.0, "frication_step_s": 0.02, "frication_window_s": 0.05},
    SPECTRUM: {"spectrum_window_s": 0.128, "spectrum_ceiling_hz": 3000.0},
}


def sound() -> np.ndarray:
    """Half a second of a vowel whose pitch rises, a loud and a soft hiss with a short pause between."""
    rng = np.random.default_rng(0)
    n = round(0.5 * RATE_HZ)
    phase = np.cumsum(np.linspace(120, 260, n)) / RATE_HZ
    vowel = np.where(np.diff(np.floor(phase), prepend=0) > 0, 1.0, 0.0)
    for frequency, bandwidth in ((600, 80), (1400, 120), (2600, 200)):
        r = np.exp(-np.pi * bandwidth / RATE_HZ)
        vowel = lfilter([1], [1, -2 * r * np.cos(2 * np.pi * frequency / RATE_HZ), r * r], vowel)
    hiss = rng.normal(0, 1, 2400)
    pause = np.zeros(600)
    return np.concatenate([np.zeros(1200), 0.2 + vowel / np.abs(vowel).max(), pause, hiss, pause, 0.3 * hiss,
                           np.zeros(2400)])


def outcome(name: str, settings: AcousticSettings) -> list[np.ndarray]:
    if name == SPECTRUM:
        found = spectrum(sound(), RATE_HZ, settings)
        return [found.frequencies_hz, found.levels_db]
    found = measure(name, sound(), RATE_HZ, settings)
    return [found.times_s, found.values]


@pytest.mark.parametrize(("name", "setting"), [(name, setting) for name in CHANGED for setting in CHANGED[name]])
def test_setting(name: str, setting: str) -> None:
    usual = outcome(name, AcousticSettings())
    changed = outcome(name, AcousticSettings(**{setting: CHANGED[name][setting]}))
    assert any(a.shape != b.shape or not np.allclose(a, b, equal_nan=True) for a, b in zip(usual, changed, strict=True))


def test_no_setting_and_no_measure_is_forgotten() -> None:
    assert {setting for settings in CHANGED.values() for setting in settings} == {
        field.name for field in dataclasses.fields(AcousticSettings)}
    assert CHANGED.keys() == {*MEASURES, SPECTRUM}


def test_intensity_is_told_against_the_loudest_frame_of_all_tokens() -> None:
    loud, soft = (Measurement("intensity", ("intensity",), "dB", np.arange(3.0), np.array(levels)[:, None])
                  for levels in ([60.0, 70.0, np.nan], [40.0, 50.0, 30.0]))
    found = _relative([loud, soft])
    np.testing.assert_array_equal(found[0].of("intensity"), [-10, 0, np.nan])
    np.testing.assert_array_equal(found[1].of("intensity"), [-30, -20, -40])
    everything = np.concatenate([one.of("intensity_z") for one in found])
    assert np.nanmean(everything) == pytest.approx(0) and np.nanstd(everything) == pytest.approx(1)
