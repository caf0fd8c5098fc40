"""What a folder gives to train on: reasons for everything that is left out, and errors instead of a loop for ever."""

import struct
from pathlib import Path

import numpy as np
import pytest
from audio_folders import cut_off, voices, write, write_all_formats

from wavegan_tf.config import DataConfig
from wavegan_tf.data.audio import native_audio
from wavegan_tf.data.batches.scan import scan_audio
from wavegan_tf.errors import DataError


def test_every_unusable_file_is_named_with_its_reason(tmp_path: Path) -> None:
    sound = voices(20000, 16000)
    write(tmp_path / "good.wav", sound)
    write(tmp_path / "short.wav", sound[9000:9001])
    (tmp_path / "zero.wav").write_bytes(b"")
    (tmp_path / "text.wav").write_text("this is no audio")
    (tmp_path / "tape.m4a").write_bytes(b"\0\0\0 ftypM4A ")
    write(tmp_path / "empty.wav", sound[:0])
    write(tmp_path / "silent.wav", np.zeros([20000, 1], np.float32))
    write(tmp_path / "three.wav", voices(20000, 16000, 3))
    for name, value in (("nan.wav", np.nan), ("infinite.wav", np.inf)):
        broken = sound.copy()
        broken[7] = value
        write(tmp_path / name, broken, kind=("WAV", "FLOAT"))
    huge = sound.copy()
    huge[7:9] = 3e38
    write(tmp_path / "huge.wav", huge, 8000, ("WAV", "FLOAT"))
    for name, kind in (("cut.wav", ("WAV", "PCM_16")), ("cut.flac", ("FLAC", "PCM_16")), ("cut.ogg", ("OGG", "VORBIS")),
                       ("cut.mp3", ("MP3", "MPEG_LAYER_III")), ("cut.sph", ("NIST", "PCM_16"))):
        cut_off(write(tmp_path / name, sound, kind=kind))
    report = scan_audio(tmp_path, DataConfig(channels=2, pad_end=True))
    reasons = dict(report.skipped)
    expected = {"zero.wav": "it has 0 bytes", "text.wav": "must be WAV, FLAC", "tape.m4a": ".m4a files are not read",
                "empty.wav": "must hold samples", "silent.wav": "silent: every sample is 0",
                "three.wav": "`channels` (=2) must be 1 or the recording's own; it has 3",
                "nan.wav": "must hold numbers only", "infinite.wav": "must hold numbers only",
                "huge.wav": "too large to resample", "cut.wav": "truncated", "cut.flac": "truncated",
                "cut.ogg": "truncated", "cut.mp3": "truncated", "cut.sph": "truncated"}
    assert reasons.keys() == expected.keys()
    for name, words in expected.items():
        assert words in reasons[name]
        assert str(tmp_path) not in reasons[name]
    assert (report.n_found, report.n_used) == (16, 2)
    assert "skipped 9 more" in str(report)


def test_every_format_is_usable(tmp_path: Path) -> None:
    paths = write_all_formats(tmp_path, voices(20000, 22050), 22050)
    report = scan_audio(tmp_path, DataConfig(first_slice=True))
    assert report.n_used == report.slices_per_epoch == len(paths)
    assert report.skipped == ()
    assert report.duration_s == pytest.approx(len(paths) * 20000 / 22050, rel=1e-3)


def test_short_files_are_counted_and_the_flags_named(tmp_path: Path) -> None:
    write(tmp_path / "long.wav", voices(50000, 16000))
    write(tmp_path / "exact.wav", voices(16384, 16000))
    write(tmp_path / "short.wav", voices(9000, 16000))
    report = scan_audio(tmp_path, DataConfig())
    assert (report.n_used, report.n_without_slice, report.n_seldom) == (3, 1, 1)
    # 50000 = 3 * 16384 + 848: three slices for 849 of the 16384 offsets, else two; and one slice in 16384 epochs
    assert report.slices_per_epoch == pytest.approx(2 + 849 / 16384 + 1 / 16384)
    assert "1 used files are too short for a slice: add --data_first_slice" in str(report)
    assert "--data_pad_end" in str(report)
    padded = scan_audio(tmp_path, DataConfig(pad_end=True))
    assert (padded.n_without_slice, padded.n_seldom) == (0, 0)
    assert "--data" not in str(padded)


@pytest.mark.parametrize(("n_samples", "amount"), [(16000, "none"), (16384, "0.00018 per epoch")])
def test_no_slices_is_an_error_that_says_what_to_change(tmp_path: Path, n_samples: int, amount: str) -> None:
    for i in range(3):
        write(tmp_path / f"{i}.wav", voices(n_samples, 16000))
    with pytest.raises(DataError, match=f"give {amount}.*; add --data_first_slice .* or --data_pad_end"):
        scan_audio(tmp_path, DataConfig())
    assert scan_audio(tmp_path, DataConfig(first_slice=True)).slices_per_epoch == 3


def test_a_file_of_one_sample_is_a_slice_only_when_that_is_asked_for(tmp_path: Path) -> None:
    write(tmp_path / "one.wav", np.array([[1000]], np.int16))
    with pytest.raises(DataError, match="files of 1 to 1 samples at 16000 Hz give none"):
        scan_audio(tmp_path, DataConfig())
    with pytest.raises(DataError, match=r"add --data_first_slice \(the first slice of each file, zero-padded\)$"):
        scan_audio(tmp_path, DataConfig(pad_end=True))
    assert scan_audio(tmp_path, DataConfig(first_slice=True)).slices_per_epoch == 1


def test_a_folder_of_broken_files_is_an_error_that_gives_a_reason(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"")
    write(tmp_path / "b.wav", np.zeros([100, 1], np.float32))
    with pytest.raises(DataError, match=r"all 2 audio files were skipped, the first \(a\.wav\) because: .*0 bytes"):
        scan_audio(tmp_path, DataConfig())


def test_a_rate_that_cannot_be_reached_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", voices(20000, 16000))
    with pytest.raises(DataError, match=r"`sample_rate_hz` \(=16000001\) must be within a factor of 256"):
        scan_audio(tmp_path, DataConfig(sample_rate_hz=16000001))
    with pytest.raises(DataError, match="at 100 Hz give none"):
        scan_audio(tmp_path, DataConfig(sample_rate_hz=100, normalize=False))


def test_damaged_files_never_stop_it(tmp_path: Path) -> None:
    """Bytes changed anywhere, most of all in headers: a decoder must neither crash nor wait."""
    rng = np.random.default_rng(0)
    paths = [path for seed in range(25) for path in write_all_formats(tmp_path / str(seed), voices(900, 8000), 8000)]
    for path in paths:
        content = bytearray(path.read_bytes())
        reach = rng.choice([48, 60, 200, len(content)])
        for position in rng.integers(0, reach, size=rng.integers(1, 6)):
            content[position] = rng.integers(256)
        path.write_bytes(content[:rng.integers(len(content))] if rng.random() < 0.2 else content)
    report = scan_audio(tmp_path, DataConfig(first_slice=True))
    assert report.n_found == len(paths)
    assert min(report.n_used, len(report.skipped)) > 50


@pytest.mark.shared
def test_real_folders(shared_dir: Path) -> None:
    digits = scan_audio(shared_dir / "data" / "fsdd" / "recordings", DataConfig(first_slice=True))
    assert (digits.n_used, digits.slices_per_epoch, digits.skipped) == (300, 300, ())
    assert digits.duration_s == pytest.approx(132, abs=1)
    readers = scan_audio(shared_dir / "data" / "librispeech_layout", DataConfig())
    assert readers.n_used == 6 and readers.n_ignored > 0 and readers.slices_per_epoch > 6
    spheres = scan_audio(shared_dir / "data" / "sphere_fixtures", DataConfig(pad_end=True))
    assert spheres.n_used == 3
    assert [name for name, _ in spheres.skipped] == ["shorten.wav", "trunc.wav"]


@pytest.mark.parametrize("native", [True, False])
def test_what_headers_say_wrongly_is_refused_whoever_decodes(tmp_path: Path, native: bool,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    """tensorflow-io takes any rate, and stops where the header says that the samples end."""
    if not native:
        monkeypatch.setattr(native_audio, "tensorflow_io_audio", lambda: (None, "not here"))
    raw = write(tmp_path / "good.wav", voices(20000, 16000)).read_bytes()
    for name, at, number in (("rate.wav", 24, 80), ("short.wav", 40, 8000)):
        content = bytearray(raw)
        content[at:at + 4] = struct.pack("<I", number)
        content[4:8] = struct.pack("<I", 36 + (8000 if at == 40 else 40000))
        (tmp_path / name).write_bytes(content)
    report = scan_audio(tmp_path, DataConfig(pad_end=True))
    reasons = dict(report.skipped)
    assert report.n_used == 1 and reasons.keys() == {"rate.wav", "short.wav"}
    assert "its header says 80 Hz" in reasons["rate.wav"] and "must end where its header says" in reasons["short.wav"]


@pytest.mark.parametrize("native", [True, False])
def test_silence_and_channels_that_cancel_are_told(tmp_path: Path, native: bool,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a bit was scaled up to full level: noise, from recordings that look like any other."""
    if not native:
        monkeypatch.setattr(native_audio, "tensorflow_io_audio", lambda: (None, "not here"))
    sound = voices(20000, 16000)
    write(tmp_path / "good.wav", sound)
    steps = np.round(sound * 20000).astype(np.int16)
    opposite = np.concatenate([steps, -steps], axis=1)
    opposite[::3, 1] += 1
    write(tmp_path / "opposite.wav", opposite)
    write(tmp_path / "hum.wav", np.tile(np.array([[0], [1], [-1]], np.int16), (7000, 1)))
    report = scan_audio(tmp_path, DataConfig(pad_end=True))
    reasons = dict(report.skipped)
    assert "it is silent: it peaks at 3.1e-05, below two steps of 16 bits" in reasons["hum.wav"]
    assert "channels (=2) must not cancel each other" in reasons["opposite.wav"] and report.n_used == 1
    loud = scan_audio(tmp_path, DataConfig(pad_end=True, normalize=False))  # nothing is scaled up there
    assert [name for name, _ in loud.skipped] == ["opposite.wav"]
