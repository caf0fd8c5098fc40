"""tensorflow-io against soundfile and SciPy: the same samples; and which files it is trusted with.

Achieved with tensorflow-io 0.37.1 on white noise at full scale, which no speech is: 1.7e-5 for the usual rates, 2.5e-5
for the worst pair of rates that it is used for. A 16-bit step is 3.1e-5.
"""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
import tensorflow as tf
from audio_folders import FORMATS, cut_off, voices, write

from wavegan_tf.data.audio import native_audio
from wavegan_tf.data.audio.recordings import read_recording
from wavegan_tf.data.audio.resampling import resample, resampling_filter

needs_tensorflow_io = pytest.mark.skipif(
    native_audio.tensorflow_io_audio()[0] is None,
    reason=f"tensorflow-io does not load: {native_audio.tensorflow_io_audio()[1]}")


def test_the_door_says_why_it_is_closed() -> None:
    audio, reason = native_audio.tensorflow_io_audio()
    assert (audio is None) == bool(reason)
    if audio is None:
        with pytest.raises(ModuleNotFoundError):
            native_audio.decode_wav(tf.constant(b""))


@needs_tensorflow_io
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_wav_decodes_to_the_same_samples(tmp_path: Path, channels: int) -> None:
    path = write(tmp_path / "a.wav", voices(4001, 16000, channels))
    np.testing.assert_array_equal(native_audio.decode_wav(tf.io.read_file(str(path))), read_recording(path)[0])


@needs_tensorflow_io
@pytest.mark.parametrize(("rate_hz", "new_rate_hz"), [
    (8000, 16000), (16000, 8000), (24000, 16000), (32000, 16000), (48000, 16000), (12000, 16000), (96000, 16000),
    (3100, 300), (1600, 300)])
@pytest.mark.parametrize("n_samples", [1, 2, 63, 5001])
def test_both_resamplers_agree_to_the_last_sample(rate_hz: int, new_rate_hz: int, n_samples: int) -> None:
    assert native_audio.resamples_faithfully(rate_hz, new_rate_hz)
    noise = np.random.default_rng(n_samples).uniform(-1, 1, [n_samples, 2]).astype(np.float32)
    ours = resample(noise, rate_hz, new_rate_hz)
    low_pass = resampling_filter(rate_hz, new_rate_hz)
    theirs = native_audio.resample(tf.constant(noise), low_pass.up, low_pass.down, low_pass.input_taps).numpy()
    assert theirs.shape == ours.shape
    np.testing.assert_allclose(theirs, ours, atol=5e-5)


@needs_tensorflow_io
def test_resampling_without_the_corrections_would_not_agree() -> None:
    """The operation alone is delayed by 64 samples here, and another filter differs by more than 1 %."""
    from scipy.signal import resample_poly

    noise = np.random.default_rng(0).uniform(-1, 1, [5001, 1]).astype(np.float32)
    ours = resample(noise, 8000, 16000)
    raw = native_audio.tensorflow_io_audio()[0].resample(noise, 8000, 16000).numpy()
    assert np.abs(raw[:len(ours)] - ours).max() > 0.5
    assert np.abs(resample_poly(noise, 2, 1, axis=0) - ours).max() > 0.01


def test_rates_with_an_interpolated_filter_are_left_to_scipy() -> None:
    assert not native_audio.resamples_faithfully(44100, 16000)
    assert not native_audio.resamples_faithfully(11025, 16000)
    assert native_audio.resamples_faithfully(44100, 44100)


def test_only_whole_16_bit_wav_goes_to_tensorflow_io(tmp_path: Path) -> None:
    for name, kind in FORMATS.items():
        path = write(tmp_path / name, voices(2000, 16000), kind=kind)
        assert native_audio.plain_wav_rate(path) == (16000 if name == "s16.wav" else None), name
    assert native_audio.plain_wav_rate(cut_off(tmp_path / "s16.wav")) is None


def test_chunks_that_lead_astray_are_not_followed(tmp_path: Path) -> None:
    """tensorflow-io steps from chunk to chunk by the sizes it reads, backwards too."""
    path = write(tmp_path / "a.wav", voices(2000, 16000))
    content = path.read_bytes()
    broken = {
        "header only": content[:36], "nothing": b"", "no data chunk": content[:36] + struct.pack("<4sI", b"LIST", 0),
        "size beyond the file": content[:40] + struct.pack("<I", 10**6) + content[44:],
        "negative size": content[:40] + struct.pack("<i", -8) + content[44:],
        "no samples": content[:4] + struct.pack("<I", 36) + content[8:40] + struct.pack("<I", 0),
        "odd chunk": content[:36] + struct.pack("<4sI", b"LIST", 3) + b"abc\0" + content[36:],
        "other block size": content[:32] + struct.pack("<H", 3) + content[34:],
        "RIFF larger than the file": content[:4] + struct.pack("<I", len(content)) + content[8:],
    }
    for name, damaged in broken.items():
        path.write_bytes(damaged)
        assert native_audio.plain_wav_rate(path) is None, name
    # a chunk of even size in front of the samples does no harm
    extra = struct.pack("<4sI", b"LIST", 4) + b"abcd"
    riff_bytes = struct.pack("<I", len(content) - 8 + len(extra))
    path.write_bytes(content[:4] + riff_bytes + content[8:36] + extra + content[36:])
    assert native_audio.plain_wav_rate(path) == 16000
    assert soundfile.info(str(path)).frames == 2000
