"""Headers and whole decoding: nothing is read shorter than it says, nothing that is no number comes through."""

import struct

import numpy as np
import pytest
import soundfile
from mock_corpora import RATE_HZ, sphere_bytes, tone

from wavegan_tf.data.audio.audio_header import AudioHeader, audio_header
from wavegan_tf.data.audio.recordings import choose_recording, group_recordings, read_recording
from wavegan_tf.data.folders import walk_files
from wavegan_tf.data.media import audio_stem
from wavegan_tf.errors import DataError


@pytest.mark.parametrize(("name", "options", "container"), [
    ("a.wav", {"subtype": "PCM_16"}, "WAV"), ("a.wav", {"subtype": "FLOAT"}, "WAV"), ("a.flac", {}, "FLAC"),
    ("a.ogg", {}, "OGG"), ("a.mp3", {}, "MP3"), ("a.wav", {"format": "FLAC"}, "FLAC"),
    ("a.WAV", {"format": "NIST"}, "SPHERE")])
def test_header_and_samples_of_every_container(tmp_path, name, options, container):
    path = tmp_path / name
    soundfile.write(str(path), np.stack([tone(5000), tone(5000, 900)], 1) / 32768, 22050, **options)
    assert audio_header(path) == AudioHeader(5000, 22050, 2, container)
    waveform, rate_hz = read_recording(path)
    assert (waveform.shape, waveform.dtype, rate_hz) == ((5000, 2), np.float32, 22050)
    if container in ("WAV", "FLAC", "SPHERE"):
        assert abs(waveform[:, 0] * 32768 - tone(5000)).max() < 1


def test_a_truncated_wav_is_refused_although_libsndfile_reads_it(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(str(path), tone(1000), RATE_HZ)
    path.write_bytes(path.read_bytes()[:-500])
    assert len(soundfile.read(str(path))[0]) == 750
    for reader in (audio_header, read_recording):
        with pytest.raises(DataError, match=r"2000 bytes of its header; it holds 1500; the file is truncated"):
            reader(path)


def test_a_stream_of_unknown_length_is_read(tmp_path):
    """ffmpeg and arecord put 0xFFFFFFFF where the length goes when they write to a pipe."""
    path = tmp_path / "a.wav"
    soundfile.write(str(path), tone(1000), RATE_HZ)
    raw = bytearray(path.read_bytes())
    raw[40:44] = struct.pack("<I", 0xFFFFFFFF)
    path.write_bytes(raw)
    assert len(read_recording(path)[0]) == 1000


def test_chunks_before_the_data_are_passed_over(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(str(path), tone(100), RATE_HZ)
    raw = path.read_bytes()
    path.write_bytes(raw[:12] + b"note" + struct.pack("<I", 5) + b"hello\0" + raw[12:])
    assert len(read_recording(path)[0]) == 100


def test_truncated_flac_is_refused(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(str(path), np.random.default_rng(0).uniform(-1, 1, 20000), RATE_HZ)
    path.write_bytes(path.read_bytes()[:15000])
    with pytest.raises(DataError, match=r"damaged or truncated|must hold the 20000 samples"):
        read_recording(path)


@pytest.mark.parametrize(("raw", "message"), [
    (b"", "it has 0 bytes"), (b"RIFF", "must be WAV, FLAC, Ogg, MP3, AIFF"), (b"hello world" * 99, "SPHERE"),
    (sphere_bytes(tone(100))[:1100], "truncated"), (sphere_bytes(tone(0)), "must hold samples; its header says 0")])
def test_other_broken_files_are_refused(tmp_path, raw, message):
    path = tmp_path / "a.wav"
    path.write_bytes(raw)
    with pytest.raises(DataError, match=message):
        audio_header(path)


def test_nan_is_refused(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(str(path), np.array([0.1, np.nan, np.inf, 0.2]), RATE_HZ, subtype="FLOAT")
    with pytest.raises(DataError, match="2 samples are NaN or infinite"):
        read_recording(path)


def test_the_readable_one_of_two_files_is_chosen_riff_first(tmp_path):
    sphere, riff = tmp_path / "SA1.WAV", tmp_path / "SA1.WAV.wav"
    sphere.write_bytes(sphere_bytes(tone(100)))
    soundfile.write(str(riff), tone(100), RATE_HZ)
    groups = group_recordings(walk_files(tmp_path, []), [])
    assert groups == {(tmp_path, "sa1"): [sphere, riff]}
    problems = []
    assert choose_recording([sphere, riff], problems)[0] == riff
    riff.write_bytes(b"")
    assert choose_recording([sphere, riff], problems)[0] == sphere
    assert [p.kind for p in problems] == ["unreadable recording"]


def test_files_come_sorted_without_hidden_ones_and_through_links(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / ".git").mkdir()
    for name in ("b/2.wav", "b/._2.wav", "a.wav", ".git/x.wav"):
        (tmp_path / name).write_bytes(b"x")
    elsewhere = tmp_path.parent / f"{tmp_path.name}-linked"
    elsewhere.mkdir()
    (elsewhere / "3.wav").write_bytes(b"x")
    (tmp_path / "c").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(tmp_path)  # a loop
    assert [p.relative_to(tmp_path).as_posix() for p in walk_files(tmp_path, [])] == ["a.wav", "b/2.wav", "c/3.wav"]


def test_stems(tmp_path):
    assert [audio_stem(tmp_path / n) for n in ("SA1.WAV", "SA1.WAV.wav", "x.1.flac", "27-1_0.wav")] == [
        "sa1", "sa1", "x.1", "27-1_0"]
