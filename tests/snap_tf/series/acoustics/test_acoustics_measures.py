"""Acoustic measures against signals whose values are known, and refusal of what a rate cannot carry."""

import dataclasses

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from snap_tf.series.acoustics.measures.acoustic_settings import AcousticSettings
from snap_tf.series.acoustics.measures.f0 import f0_ceiling_hz
from snap_tf.series.acoustics.measures.formants import formant_range
from snap_tf.series.acoustics.measures.frication import spectrum
from snap_tf.series.acoustics.measures.measuring import MEASURES, measure, refusal
from snap_tf.series.acoustics.measures.sound import (
    centred,
    power_spectrogram,
    resample_band_limited,
    to_praat,
    write_sound,
)
from wavegan_tf.errors import ConfigError, DataError

CONV3, CONV4, OUTPUT = 1000.0, 4000.0, 16000.0


def times(rate_hz, duration_s=1.024):
    return (np.arange(round(duration_s * rate_hz)) + 0.5) / rate_hz


def sine(frequency_hz, rate_hz, duration_s=1.024):
    return np.sin(2 * np.pi * frequency_hz * times(rate_hz, duration_s))


def vowel(rate_hz, formants=((500, 60), (1500, 90)), f0_hz=100):
    """Pulses with the -6 dB per octave of a voice, through resonators (frequency, bandwidth)."""
    pulses = np.zeros(round(1.024 * rate_hz))
    pulses[:: round(rate_hz / f0_hz)] = 1
    sound = lfilter([1], [1, -0.98], pulses)
    for frequency, bandwidth in formants:
        r = np.exp(-np.pi * bandwidth / rate_hz)
        sound = lfilter([1], [1, -2 * r * np.cos(2 * np.pi * frequency / rate_hz), r * r], sound)
    return sound


def test_a_sinusoid_in_all_maps_of_conv4_is_the_f0_of_their_average():
    maps = np.repeat(np.maximum(sine(200, CONV4), 0)[:, None], 64, axis=1).astype(np.float32)  # after a ReLU
    found = measure("f0", maps.mean(axis=1), CONV4)
    assert found.units == "Hz" and found.columns == ("f0",)
    assert np.isfinite(found.values).all()
    assert np.abs(found.values - 200).max() < 2


@pytest.mark.parametrize("rate_hz", [CONV3, CONV4, OUTPUT])
@pytest.mark.parametrize("frequency_hz", [90, 200, 390])
def test_f0_is_found_at_every_rate_that_carries_it(rate_hz, frequency_hz):
    found = measure("f0", 3 + 0.1 * sine(frequency_hz, rate_hz), rate_hz)
    assert np.nanmedian(found.values) == pytest.approx(frequency_hz, abs=0.5)


def test_f0_of_a_moving_voice_is_where_it_moves():
    t = times(CONV3)
    track = 120 + 60 * t
    found = measure("f0", np.sin(2 * np.pi * np.cumsum(track) / CONV3), CONV3)
    there = np.isfinite(found.of("f0"))
    assert there.mean() > 0.95
    assert np.abs(found.of("f0")[there] - (120 + 60 * found.times_s[there])).max() < 2


def test_ceilings_are_those_of_the_specification():
    standard = AcousticSettings()
    assert [f0_ceiling_hz(rate, standard) for rate in (CONV3, CONV4, OUTPUT)] == [400, 600, 600]
    assert formant_range(CONV4, standard) == (2000, 2)
    assert formant_range(OUTPUT, standard) == (5500, 5)


def test_formants_of_a_vowel_are_found_on_conv4():
    found = measure("formants", vowel(CONV4) + 5, CONV4)
    assert found.columns == ("f1", "f2")
    assert np.nanmedian(found.of("f1")) == pytest.approx(500, abs=5)
    assert np.nanmedian(found.of("f2")) == pytest.approx(1500, abs=5)
    assert np.diff(found.times_s) == pytest.approx(0.005)


def test_formants_of_the_output_include_those_above_2_khz():
    found = measure("formants", vowel(OUTPUT, ((500, 60), (1500, 90), (2500, 120), (3500, 150), (4500, 200))), OUTPUT)
    # the fifth is 70 dB down in a cascade of resonators, and linear prediction spends its poles elsewhere
    assert np.nanmedian(found.values, axis=0)[:4] == pytest.approx([500, 1500, 2500, 3500], rel=0.02)


@pytest.mark.parametrize("name, rate_hz, options, message", [
    ("formants", CONV4, {"formant_ceiling_hz": 3000.0}, r"Nyquist frequency \(=2000 Hz.* at least 3000 Hz for form"),
    ("formants", CONV3, {}, r"Nyquist frequency \(=500 Hz.* at least 2000 Hz for the first 2 formants"),
    ("frication", CONV4, {}, r"Nyquist frequency \(=2000 Hz.* above 3000 Hz for frication"),
    ("f0", 250.0, {}, r"Nyquist frequency \(=125 Hz, of a series at 250 Hz\) must be at least 150 Hz for F0"),
    ("intensity", 62.5, {}, r"Nyquist frequency \(=31.25 Hz"),
])
def test_what_nyquist_cannot_carry_is_refused_with_the_number(name, rate_hz, options, message):
    options = AcousticSettings(**options)
    with pytest.raises(ConfigError, match=message):
        measure(name, np.ones(4096), rate_hz, options)
    assert "Nyquist" in refusal(name, rate_hz, options)


def test_a_spectrum_to_3_khz_is_refused_on_conv4():
    with pytest.raises(ConfigError, match=r"Nyquist frequency \(=2000 Hz.* a spectrum up to"):
        spectrum(sine(200, CONV4), CONV4, AcousticSettings(spectrum_ceiling_hz=3000))


def test_which_rate_carries_what_is_as_specified():
    carried = {rate: [name for name in MEASURES if refusal(name, rate) is None]
               for rate in (15.625, 62.5, 250.0, CONV3, CONV4, OUTPUT)}
    assert carried == {
        15.625: ["duration"], 62.5: ["duration"], 250.0: ["duration"], CONV3: ["f0", "intensity", "duration"],
        CONV4: ["f0", "intensity", "formants", "duration"], OUTPUT: list(MEASURES)}


@pytest.mark.parametrize("name", list(MEASURES))
@pytest.mark.parametrize("value", [0.0, 0.1, -3.7])
def test_a_constant_layer_has_no_values(name, value):
    found = measure(name, np.full(16384, value, np.float32), OUTPUT)
    assert not np.isfinite(found.values).any()
    assert all(numbers["n_defined"] == 0 and np.isnan(numbers["mean"]) for numbers in found.summary().values())


@pytest.mark.parametrize("name", ["f0", "formants", "intensity", "frication"])
def test_silence_within_a_clip_has_no_values_and_sound_has(name):
    t = times(OUTPUT)
    inside = (t > 0.3) & (t < 0.7)
    rng = np.random.default_rng(0)
    found = measure(name, np.where(inside, vowel(OUTPUT) + 0.01 * rng.standard_normal(len(t)), 0.0), OUTPUT)
    there = np.isfinite(found.values).any(axis=1)
    assert there[(found.times_s > 0.35) & (found.times_s < 0.65)].all()
    assert not there[(found.times_s < 0.25) | (found.times_s > 0.75)].any()


def test_a_layer_that_rests_at_a_value_of_its_own_has_no_formants_there():
    t = times(CONV4)
    inside = (t > 0.3) & (t < 0.7)
    found = measure("formants", 0.4 + np.where(inside, 0.5 + vowel(CONV4) / 50, 0.0), CONV4)
    there = np.isfinite(found.of("f1"))
    assert not there[(found.times_s < 0.27) | (found.times_s > 0.73)].any()
    assert there[(found.times_s > 0.35) & (found.times_s < 0.65)].all()


@settings(max_examples=60, deadline=None)
@given(rate_hz=st.sampled_from([15.625, 62.5, 250.0, CONV3, CONV4, OUTPUT]), start=st.floats(0.05, 0.3),
       length=st.floats(0.13, 0.4), up=st.booleans(), rest=st.floats(-2, 2))
def test_an_interval_of_known_length_has_its_duration_to_one_step(rate_hz, start, length, up, rest):
    t = times(rate_hz)
    series = np.where((t >= start) & (t < start + length), rest + (1 if up else -1), rest)
    found = measure("duration", series, rate_hz)
    assert found.values.shape == (1, 1)
    assert abs(found.values[0, 0] - length) <= 1 / rate_hz
    assert abs(found.times_s[0] - start) <= 1 / rate_hz


def test_duration_of_a_voice_is_not_cut_at_every_period_but_at_pauses():
    t = times(OUTPUT)
    series = np.where(((t > 0.1) & (t < 0.2)) | ((t > 0.3) & (t < 0.5)), np.sin(2 * np.pi * 100 * t), 0)
    found = measure("duration", series, OUTPUT)
    assert found.values[:, 0] == pytest.approx([0.1, 0.2], abs=0.001)
    assert found.times_s == pytest.approx([0.1, 0.3], abs=0.001)


def test_small_events_count_only_if_they_reach_the_higher_threshold():
    series = np.zeros(1000)
    series[100:200], series[400:450] = 1.0, 0.3
    assert len(measure("duration", series, CONV3).values) == 1
    lower = AcousticSettings(duration_high=0.2)
    assert measure("duration", series, CONV3, lower).values[:, 0] == pytest.approx([0.1, 0.05])


def test_rest_may_be_the_minimum_or_zero():
    series = np.zeros(1000)
    series[100:800] = 1.0  # more than half of the clip
    assert measure("duration", series, CONV3, AcousticSettings(duration_baseline="minimum")).values[0, 0] == 0.7
    assert measure("duration", series, CONV3, AcousticSettings(duration_baseline="zero")).values[0, 0] == 0.7


def test_intensity_is_the_level_of_a_sine_relative_to_a_root_mean_square_of_1():
    for amplitude in (1.0, 0.1):
        found = measure("intensity", 7 + amplitude * sine(200, CONV4), CONV4)
        middle = found.of("intensity")[5:-5]
        assert middle == pytest.approx(20 * np.log10(amplitude / np.sqrt(2)), abs=0.1)  # rms of a sine


def test_frication_is_the_share_of_energy_above_3_khz():
    mixed = sine(1000, OUTPUT) + 0.5 * sine(5000, OUTPUT)
    found = measure("frication", mixed, OUTPUT)
    assert found.units == "share"
    assert found.values == pytest.approx(0.25 / 1.25, abs=0.01)


def test_spectrum_has_its_centre_where_the_energy_is():
    found = spectrum(2 + sine(500, CONV4), CONV4)
    assert found.centre_hz == pytest.approx(500, abs=5)
    assert found.frequencies_hz[-1] == 2000
    assert found.frequencies_hz[np.nanargmax(found.levels_db)] == 500
    limited = spectrum(sine(500, CONV4), CONV4, AcousticSettings(spectrum_ceiling_hz=1000))
    assert limited.frequencies_hz[-1] == 1000


@pytest.mark.parametrize("rate_hz", [15.625, 62.5, 250.0, CONV3, CONV4])
def test_resampling_is_band_limited_and_keeps_time(rate_hz):
    # 0.4 of the rate: its image lies at 0.6 of it, where a straight line between steps would leave a quarter
    fast = resample_band_limited(sine(0.4 * rate_hz, rate_hz, 64 / rate_hz * 8), rate_hz, OUTPUT)
    first_s = 0.5 / rate_hz
    t = first_s + np.arange(len(fast)) / OUTPUT
    keep = slice(len(fast) // 4, -len(fast) // 4)
    assert np.abs(fast - np.sin(2 * np.pi * 0.4 * rate_hz * t))[keep].max() < 2e-3
    linear = np.interp(t, times(rate_hz, 64 / rate_hz * 8), sine(0.4 * rate_hz, rate_hz, 64 / rate_hz * 8))
    assert np.abs(linear - np.sin(2 * np.pi * 0.4 * rate_hz * t))[keep].max() > 0.2  # the plausible wrong way
    assert to_praat(sine(0.4 * rate_hz, rate_hz), rate_hz, OUTPUT).x1 == pytest.approx(first_s)


def test_resampling_down_leaves_nothing_above_the_new_nyquist():
    slow = resample_band_limited(sine(3000, OUTPUT), OUTPUT, CONV4)
    assert np.abs(slow[200:-200]).max() < 1e-3


def test_rates_in_no_simple_ratio_are_refused():
    with pytest.raises(ConfigError, match=r"`new_rate_hz` \(=16000\) must be in a simple ratio"):
        resample_band_limited(np.ones(100), np.pi, 16000)


def test_a_layer_as_a_sound(tmp_path):
    series = 0.4 + 0.002 * sine(200, CONV3)
    gain = write_sound(series, CONV3, tmp_path / "conv3.wav")
    sound, rate_hz = soundfile.read(tmp_path / "conv3.wav")
    assert rate_hz == 16000 and len(sound) == 16384
    assert np.abs(sound).max() == pytest.approx(0.99, abs=1e-4)
    assert gain == pytest.approx(0.99 / 0.002, rel=0.05)
    assert np.nanmedian(measure("f0", sound, rate_hz).values) == pytest.approx(200, abs=0.5)
    assert write_sound(np.ones(1024), CONV3, tmp_path / "silence.wav") == 1
    assert not soundfile.read(tmp_path / "silence.wav")[0].any()
    with pytest.raises(ConfigError, match=r"`new_rate_hz` \(=62\) must be a whole number from 1000"):
        write_sound(series, CONV3, tmp_path / "slow.wav", 62)
    assert not (tmp_path / "slow.wav").exists()


def test_bad_input_is_refused():
    with pytest.raises(ConfigError, match=r"measure \(=pitch\) must be one of f0, intensity, formants"):
        measure("pitch", np.ones(100), OUTPUT)
    with pytest.raises(DataError, match=r"must be longer than 0.04 s"):
        measure("f0", np.ones(100), OUTPUT)
    with pytest.raises(DataError, match=r"must be longer than 0.064 s"):
        measure("intensity", np.ones(100), OUTPUT)
    with pytest.raises(DataError, match=r"must be longer than 0.05 s"):
        measure("formants", np.ones(100), OUTPUT)
    with pytest.raises(DataError, match="at least as long as a window of 400 steps"):
        measure("frication", np.ones(100), OUTPUT)
    with pytest.raises(DataError, match="at least 16 steps for a spectrum"):
        spectrum(np.ones(10), OUTPUT)
    with pytest.raises(DataError, match="one series"):
        centred(np.ones((2, 3)))
    with pytest.raises(DataError, match="finite"):
        centred(np.array([1.0, np.nan]))
    with pytest.raises(DataError, match="as long as a window"):
        power_spectrogram(np.ones(10), OUTPUT, 0.025, 0.01)


@pytest.mark.parametrize("options, message", [
    ({"f0_floor_hz": 700.0}, r"`f0_floor_hz` \(=700.0\) must be below `f0_ceiling_hz`"),
    ({"formant_step_s": 0.0}, r"`formant_step_s` \(=0.0\) must be positive"),
    ({"formant_ceiling_hz": -1.0}, r"`formant_ceiling_hz` \(=-1.0\) must be positive or 0"),
    ({"duration_low": 0.6}, r"`duration_low` \(=0.6\) must be above 0 and at most"),
    ({"f0_voicing_threshold": 2.0}, r"`f0_voicing_threshold` \(=2.0\) must be between 0 and 1"),
    ({"duration_baseline": "mode"}, r"`duration_baseline` \(=mode\) must be one of median, minimum, zero"),
])
def test_settings_that_cannot_work_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        AcousticSettings(**options)


def test_every_setting_changes_what_it_says():
    """No setting may be passed over: each, changed, changes the measure it is named after."""
    rng = np.random.default_rng(1)
    sound = vowel(OUTPUT) + 0.3 * rng.standard_normal(16384) * np.hanning(16384)
    sound[:3000] = sound[-3000:] = 0
    sound[5000:5250] = 0
    changed = {"analysis_rate_hz": 20000.0, "silence_db": 3.0, "f0_floor_hz": 110.0, "f0_ceiling_hz": 90.0,
               "f0_step_s": 0.02, "f0_voicing_threshold": 0.99, "intensity_floor_hz": 60.0, "formant_step_s": 0.01,
               "formant_window_s": 0.05, "formant_ceiling_hz": 4000.0, "formant_spacing_hz": 2000.0,
               "formant_preemphasis_hz": 2000.0, "duration_low": 0.4, "duration_high": 0.9, "duration_gap_s": 0.001,
               "duration_baseline": "minimum", "frication_low_hz": 1000.0, "frication_step_s": 0.02,
               "frication_window_s": 0.05, "spectrum_window_s": 0.02, "spectrum_ceiling_hz": 1000.0}
    assert set(changed) == {field.name for field in dataclasses.fields(AcousticSettings)}
    for name, value in changed.items():
        kind = {"formant": "formants", "analysis": "f0", "silence": "formants"}.get(name.split("_")[0],
                                                                                   name.split("_")[0])
        if kind == "spectrum":
            before, after = spectrum(sound, OUTPUT).levels_db, spectrum(sound, OUTPUT, AcousticSettings(
                **{name: value})).levels_db
        else:
            at = CONV4 if name == "analysis_rate_hz" else OUTPUT
            series = vowel(CONV4) if at == CONV4 else sound
            if name == "duration_high":
                series = np.zeros(16384)
                series[1000:2000], series[9000:9500] = 1, 0.6
            before = measure(kind, series, at).values
            after = measure(kind, series, at, AcousticSettings(**{name: value})).values
        assert before.shape != after.shape or not np.array_equal(before, after, equal_nan=True), name
