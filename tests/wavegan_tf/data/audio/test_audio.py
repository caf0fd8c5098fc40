"""One recording as an array: every format, rate and channel count, and what cannot be read."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_folders import FORMATS, cut_off, voices, write

from wavegan_tf.config import DataConfig
from wavegan_tf.data.audio.recording_audio import mix_channels, normalize_peak, read_audio
from wavegan_tf.data.batches.audio_files import find_audio_files
from wavegan_tf.data.batches.decoding import DecodedFile, decode_files
from wavegan_tf.errors import DataError

# what one step of each coding, or its compression of these soft tones, may change
TOLERANCE = {"u8.wav": 1 / 128, "s16.wav": 1 / 32768, "extensible.wav": 1 / 32768, "s16.flac": 1 / 32768,
             "sphere.wav": 1 / 32768, "s24.wav": 2**-22, "s24.flac": 2**-22, "s32.wav": 1e-7, "float.wav": 0.0,
             "double.wav": 0.0, "vorbis.ogg": 0.05, "layer3.mp3": 0.02}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_format_is_read(tmp_path: Path, name: str, channels: int) -> None:
    waveform = voices(16001, 16000, channels)
    found = read_audio(write(tmp_path / name, waveform, kind=FORMATS[name]), channels=channels)
    assert found.shape == waveform.shape and found.dtype == np.float32
    np.testing.assert_allclose(found, waveform, atol=TOLERANCE[name], rtol=0)


def test_the_content_decides_not_the_suffix(tmp_path: Path) -> None:
    waveform = (voices(4000, 16000) * 32767).astype(np.int16)  # each container rounds floats in its own way
    flac = write(tmp_path / "a.wav", waveform, kind=("FLAC", "PCM_16"))
    wav = write(tmp_path / "b.flac", waveform)
    np.testing.assert_array_equal(read_audio(flac), read_audio(wav))


def test_16_bit_samples_are_divided_by_32768(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", np.array([[-32768], [16384], [1]], np.int16))
    assert read_audio(path)[:, 0].tolist() == [-1.0, 0.5, 2.0**-15]


def test_rate_and_channels_change_together(tmp_path: Path) -> None:
    stereo = voices(44100, 44100, 2)
    found = read_audio(write(tmp_path / "a.wav", stereo, 44100), rate_hz=16000)
    assert found.shape == (16000, 1)
    np.testing.assert_allclose(found[200:-200], voices_mean(16000)[200:-200], atol=1e-3)


def voices_mean(rate_hz: int) -> np.ndarray:
    return voices(rate_hz, rate_hz, 2).mean(axis=1, keepdims=True)


def test_mixing() -> None:
    stereo = np.array([[1.0, 3.0], [2.0, -2.0]], np.float32)
    assert mix_channels(stereo, 1).tolist() == [[2.0], [0.0]]
    assert mix_channels(stereo[:, :1], 2).tolist() == [[1.0, 1.0], [2.0, 2.0]]
    assert mix_channels(stereo, 2) is stereo
    with pytest.raises(DataError, match=r"`channels` \(=3\) must be 1 or the recording's own; it has 2"):
        mix_channels(stereo, 3)


def test_peak_becomes_one_and_silence_stays() -> None:
    assert normalize_peak(np.array([[0.1], [-0.5]], np.float32))[:, 0].tolist() == pytest.approx([0.2, -1.0])
    assert normalize_peak(np.zeros([3, 1], np.float32)).tolist() == [[0.0]] * 3
    assert normalize_peak(np.zeros([0, 1], np.float32)).shape == (0, 1)


def test_wrong_channels_name_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "three.wav", voices(100, 16000, 3))
    with pytest.raises(DataError, match=r"three\.wav\) does not fit: `channels` \(=2\) must be 1 or .* own; it has 3"):
        read_audio(path, channels=2)


@pytest.mark.parametrize("name", FORMATS)
def test_a_truncated_file_is_never_read_short(tmp_path: Path, name: str) -> None:
    path = cut_off(write(tmp_path / name, voices(40000, 16000), kind=FORMATS[name]))
    with pytest.raises(DataError, match="truncated"):
        read_audio(path)


@pytest.mark.parametrize("share", [0.999, 0.9, 0.5])
def test_a_cut_anywhere_in_an_ogg_file_is_noticed(tmp_path: Path, share: float) -> None:
    path = write(tmp_path / "a.ogg", voices(40000, 16000), kind=("OGG", "VORBIS"))
    with pytest.raises(DataError, match="must end with an Ogg page marked as the last"):
        read_audio(cut_off(path, share))


@pytest.mark.shared
def test_real_sphere_and_flac_files(shared_dir: Path) -> None:
    fixtures = shared_dir / "data" / "sphere_fixtures"
    tone = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    for name in ("le.wav", "be.wav", "nocoding_be.sph"):
        found = read_audio(fixtures / name)[:, 0]
        assert np.corrcoef(found, tone)[0, 1] > 0.999
    for name, message in (("shorten.wav", "shorten-compressed"), ("trunc.wav", "it holds 10000; .* truncated")):
        with pytest.raises(DataError, match=message):
            read_audio(fixtures / name)
    flac = sorted((shared_dir / "data" / "librispeech_layout").rglob("*.flac"))
    assert len(flac) == 6
    for path in flac:
        assert len(read_audio(path)) == 2 * len(read_audio(path, 8000)) - len(read_audio(path)) % 2


def test_what_is_only_rounding_is_silence() -> None:
    """Two steps of 16 bits are the least that counts as sound; scaled up, less would be noise at full level."""
    step = 2.0**-15
    for peak in (0.0, step, 1.99 * step):
        quiet = np.array([[peak], [-step / 2]], np.float32) if peak else np.zeros((2, 1), np.float32)
        assert not normalize_peak(quiet).any()
    assert normalize_peak(np.array([[2 * step], [-step]], np.float32))[:, 0].tolist() == [1.0, -0.5]


@pytest.mark.parametrize("left", [0.0, 0.5 / 32768, 0.004])
def test_channels_that_cancel_are_not_mixed(left: float) -> None:
    sound = voices(2000, 16000)
    sound = 0.8 * sound / np.abs(sound).max()
    stereo = np.concatenate([sound + left, -sound + left], axis=1).astype(np.float32)
    with pytest.raises(DataError, match=r"channels \(=2\) must not cancel.* they peak at 0.8.*, their mean"):
        mix_channels(stereo, 1)
    assert mix_channels(stereo, 2) is stereo
    quiet = np.concatenate([sound, -0.9 * sound], axis=1).astype(np.float32)  # -26 dB: much is left
    assert mix_channels(quiet, 1).shape == (2000, 1)


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names are always UTF-8 there")
@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_folders_whose_name_is_not_utf_8_are_read_and_decoded(tmp_path: Path, suffix: str) -> None:
    soundfile.write(tmp_path / f"plain.{suffix}", np.sin(np.arange(3000)) / 2, 16000)
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    path = (tmp_path / f"plain.{suffix}").rename(folder / f"plain.{suffix}")
    assert read_audio(path).shape == (3000, 1)
    decoded, = decode_files(find_audio_files(folder).files, DataConfig(), progress=False)
    assert isinstance(decoded, DecodedFile) and len(decoded.waveform) == 3000
