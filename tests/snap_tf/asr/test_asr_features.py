"""Log-mel spectrograms against librosa's, in time, under differentiation; the phones annotated at their steps."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from snap_tf.asr.spectrograms.features import FLOOR, LogMel, log_mel, mel_centres_hz, mel_filters
from snap_tf.asr.spectrograms.spectrogram_geometry import HOP_SAMPLES, n_input_steps
from snap_tf.asr.transcripts.annotation import annotate_steps, to_rate
from wavegan_tf.data.audio.recording_audio import read_audio
from wavegan_tf.data.corpus import Segment


@pytest.fixture(scope="module")
def golden(golden_dir: Path) -> dict:
    with np.load(golden_dir / "librosa" / "log_mel.npz") as stored:
        return dict(stored)


def test_equal_to_librosa(golden: dict) -> None:
    found = log_mel(tf.constant(golden["waveform"])).numpy()
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, golden["log_mel"], rtol=0, atol=2e-5)  # achieved: 2e-6


def test_golden_numbers_tell_float32_from_float64(golden: dict) -> None:
    """The signal has a dynamic range in which a Fourier transform in float32 would miss the 1e-4."""
    frames = tf.signal.frame(tf.pad(golden["waveform"], [[256, 256]]), 512, 128)
    power = tf.abs(tf.signal.rfft(frames * tf.signal.hann_window(512))) ** 2
    narrow = np.log(power.numpy() @ mel_filters() + FLOOR)
    assert np.abs(narrow - golden["log_mel"]).max() > 1e-4


def test_mel_filters_are_librosas(golden: dict) -> None:
    filters = mel_filters()
    assert filters.shape == (257, 128)
    np.testing.assert_allclose(filters.sum(axis=0, dtype=np.float64), golden["filter_sums"], rtol=1e-6)
    np.testing.assert_array_equal(filters.argmax(axis=0), golden["filter_tops"])
    # Slaney's normalisation: a triangle has the area 1 in hertz (bins 31.25 Hz apart sample it coarsely)
    assert filters[:, 60:].sum(axis=0).mean() * 31.25 == pytest.approx(1.0, abs=0.005)


def test_equal_to_librosa_on_noise() -> None:
    librosa = pytest.importorskip("librosa", reason="librosa is not installed; the golden numbers are tested anyway")
    waveform = np.random.default_rng(1).normal(0, 0.1, 9001).astype(np.float32)
    power = librosa.feature.melspectrogram(y=waveform, sr=16000, n_fft=512, hop_length=128, n_mels=128)
    np.testing.assert_allclose(log_mel(tf.constant(waveform)), np.log(power.T + FLOOR), rtol=0, atol=2e-5)
    np.testing.assert_allclose(mel_filters().T, librosa.filters.mel(sr=16000, n_fft=512, n_mels=128), atol=1e-8)
    np.testing.assert_allclose(mel_centres_hz(), librosa.mel_frequencies(130, fmax=8000)[1:-1], rtol=1e-12)


@pytest.mark.shared
def test_equal_to_librosa_on_speech(shared_dir: Path) -> None:
    librosa = pytest.importorskip("librosa", reason="librosa is not installed")
    path = sorted((shared_dir / "data" / "aligned" / "librispeech_demo").rglob("*.wav"))[0]
    waveform = read_audio(path, 16000)[:, 0]
    power = librosa.feature.melspectrogram(y=waveform, sr=16000, n_fft=512, hop_length=128, n_mels=128)
    np.testing.assert_allclose(log_mel(tf.constant(waveform)), np.log(power.T + FLOOR), rtol=0, atol=2e-5)


def test_silence_is_the_floor() -> None:
    np.testing.assert_allclose(log_mel(tf.zeros([2, 300])), np.log(FLOOR), rtol=1e-6)


@given(st.integers(0, 2000), st.integers(0, 700))
@settings(max_examples=15, deadline=None)
def test_appended_zeros_append_steps_and_change_none(n_samples: int, n_zeros: int) -> None:
    waveform = np.random.default_rng(n_samples).normal(0, 0.1, n_samples).astype(np.float32)
    alone, padded = log_mel(tf.constant(waveform)).numpy(), log_mel(tf.pad(waveform, [[0, n_zeros]])).numpy()
    assert len(alone) == n_input_steps(n_samples)
    np.testing.assert_allclose(padded[:len(alone)], alone, atol=1e-5)


def test_step_t_is_centred_on_sample_128_t() -> None:
    click = np.zeros(5000, np.float32)
    click[128 * 20] = 1.0
    energy = log_mel(tf.constant(click)).numpy().sum(axis=1)
    assert energy.argmax() == 20
    np.testing.assert_allclose(energy[19], energy[21], rtol=1e-6)


def test_derivative_against_finite_differences() -> None:
    rng = np.random.default_rng(3)
    waveform, direction = rng.normal(0, 0.1, 600), rng.normal(0, 1, 600)
    weights = tf.constant(rng.normal(0, 1, (5, 128)), tf.float32)

    def score(x: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(log_mel(x) * weights)

    x = tf.constant(waveform)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = score(x)
    slope = float(tf.reduce_sum(tape.gradient(value, x) * direction))
    step = 1e-4
    finite = float(score(x + step * direction) - score(x - step * direction)) / (2 * step)
    assert slope == pytest.approx(finite, rel=2e-3)


def test_layer_is_the_function_in_a_model_that_loads(tmp_path: Path) -> None:
    inputs = keras.Input((None, 1))
    model = keras.Model(inputs, LogMel(name="log_mel")(inputs))
    audio = np.random.default_rng(0).normal(0, 0.1, (2, 1000, 1)).astype(np.float32)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded(audio), log_mel(tf.constant(audio[..., 0])))
    assert loaded.output_shape == (None, None, 128)
    np.testing.assert_array_equal(LogMel()(audio[..., 0]), loaded(audio))  # without the channel too
    assert LogMel().compute_output_shape((2, 1000)) == (2, 8, 128)


def test_phone_of_a_step_covers_its_sample() -> None:
    phones = [Segment(0, 128, "h#"), Segment(128, 300, "s"), Segment(300, 301, "t"), Segment(400, 513, "iy")]
    # samples 0 128 256 384 512 640: 384 lies in a gap, t covers none
    assert annotate_steps(phones, 6) == ["h#", "s", "s", "", "iy", ""]
    assert annotate_steps([], 2) == ["", ""]


@given(st.lists(st.integers(1, 400), min_size=1, max_size=12))
def test_annotation_is_the_covering_segment_at_every_step(lengths: list[int]) -> None:
    ends = np.cumsum(lengths)
    phones = [Segment(int(e - n), int(e), str(i)) for i, (n, e) in enumerate(zip(lengths, ends, strict=True))]
    n_steps = n_input_steps(int(ends[-1]))
    for step, label in enumerate(annotate_steps(phones, n_steps)):
        covering = [p.label for p in phones if p.start <= step * HOP_SAMPLES < p.end]
        assert [label] == (covering or [""])


def test_segments_change_their_rate() -> None:
    assert to_rate([Segment(441, 882, "a")], 44100) == (Segment(160, 320, "a"),)
