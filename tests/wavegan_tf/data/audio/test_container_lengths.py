"""A recording is read whole or refused: whatever its container, wherever it is cut, and whatever its header says."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_folders import voices
from hypothesis import given
from hypothesis import strategies as st

from wavegan_tf.data.audio.audio_header import audio_header
from wavegan_tf.data.audio.mpeg_frames import FrameCount, count_frames
from wavegan_tf.data.audio.recordings import read_recording
from wavegan_tf.data.batches.audio_files import find_audio_files
from wavegan_tf.data.media import AUDIO_SUFFIXES, CONTAINERS
from wavegan_tf.errors import DataError

N_SAMPLES, RATE_HZ = 3000, 16000
# by name of the file: format, coding and byte order for libsndfile
KINDS = {
    "a.wav": ("WAV", "PCM_16", "FILE"), "float.wav": ("WAV", "FLOAT", "FILE"), "big.wav": ("WAV", "PCM_24", "BIG"),
    "ima.wav": ("WAV", "IMA_ADPCM", "FILE"), "extensible.wav": ("WAVEX", "PCM_16", "FILE"),
    "a.rf64": ("RF64", "PCM_16", "FILE"), "double.rf64": ("RF64", "DOUBLE", "FILE"), "a.w64": ("W64", "PCM_24", "FILE"),
    "ms.w64": ("W64", "MS_ADPCM", "FILE"), "a.aiff": ("AIFF", "PCM_16", "FILE"), "u8.aif": ("AIFF", "PCM_U8", "FILE"),
    "little.aifc": ("AIFF", "PCM_16", "LITTLE"), "ulaw.aifc": ("AIFF", "ULAW", "FILE"),
    "a.au": ("AU", "PCM_16", "FILE"), "little.au": ("AU", "FLOAT", "LITTLE"), "a.snd": ("AU", "ULAW", "FILE"),
    "a.caf": ("CAF", "PCM_16", "FILE"),
    "little.caf": ("CAF", "PCM_24", "LITTLE"), "lossless.caf": ("CAF", "ALAC_16", "FILE"),
    "a.voc": ("VOC", "PCM_16", "FILE"), "a.avr": ("AVR", "PCM_16", "FILE"), "s8.avr": ("AVR", "PCM_S8", "FILE"),
    "a.8svx": ("SVX", "PCM_S8", "FILE"), "a.svx": ("SVX", "PCM_16", "FILE"), "a.flac": ("FLAC", "PCM_16", "FILE"),
    "vorbis.ogg": ("OGG", "VORBIS", "FILE"), "a.opus": ("OGG", "OPUS", "FILE"),
    "a.mp3": ("MP3", "MPEG_LAYER_III", "FILE"), "a.sph": ("NIST", "PCM_16", "FILE"), "a.nist": ("NIST", "ULAW", "FILE")}


def whole(kind: tuple[str, str, str], path: Path, n_samples: int = N_SAMPLES, channels: int = 1) -> bytes:
    soundfile.write(str(path), voices(n_samples, RATE_HZ, channels), RATE_HZ, format=kind[0], subtype=kind[1],
                    endian=kind[2])
    return path.read_bytes()


@pytest.mark.parametrize("name", KINDS)
def test_every_container_is_read_and_cut_anywhere_read_whole_or_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    raw = whole(KINDS[name], path)
    expected, rate_hz = read_recording(path)
    assert rate_hz == RATE_HZ and N_SAMPLES <= len(expected) < N_SAMPLES + 1100  # codings of blocks fill the last one
    n_refused = 0
    cuts = {*np.linspace(1, len(raw) - 1, 40).astype(int).tolist(), *(len(raw) - n for n in (1, 2, 3, 4, 8, 16, 40))}
    for cut in cuts:
        path.write_bytes(raw[:cut])
        try:
            found, _ = read_recording(path)
        except DataError as error:
            assert str(path) in str(error)
            n_refused += 1
        else:
            np.testing.assert_array_equal(found, expected)
    assert n_refused > len(cuts) // 2


@given(kind=st.sampled_from(["RF64", "W64", "AIFF", "AU", "CAF", "WAV", "AVR", "SVX"]), n_samples=st.integers(1, 400),
       channels=st.integers(1, 3), lost=st.integers(1, 3000))
def test_headers_alone_tell_what_is_cut(tmp_path_factory, kind: str, n_samples: int, channels: int, lost: int) -> None:
    """Already `audio_header` refuses, so that no corpus lists a length that is not there."""
    path = tmp_path_factory.mktemp("cut") / "a"
    raw = whole((kind, "PCM_16", "FILE"), path, n_samples, 1 if kind in ("AVR", "SVX") else channels)
    assert audio_header(path).n_samples == n_samples
    path.write_bytes(raw[:max(1, len(raw) - lost)])
    try:
        assert audio_header(path).n_samples == n_samples  # what was lost came after the samples
    except DataError:
        pass
    else:
        assert len(read_recording(path)[0]) == n_samples


def changed(raw: bytes, at: int, value: bytes) -> bytes:
    return raw[:at] + value + raw[at + len(value):]


@pytest.mark.parametrize(("kind", "name", "behind", "sizes"), [
    ("WAV", b"data", 4, [struct.pack("<I", n) for n in (0xFFFFFFFF, 0x7FFFF000, 0x7FFFFFFF, 0x80000000)]),
    ("AIFF", b"SSND", 4, [struct.pack(">I", n) for n in (0, 0xFFFFFFFF, 0x7F000008)]),
    ("AU", b".snd", 8, [struct.pack(">I", 0xFFFFFFFF)]),
    ("W64", b"data", 16, [struct.pack("<Q", n) for n in (0, 24, 2**63 - 1, 2**64 - 1)]),
    ("RF64", b"ds64", 16, [struct.pack("<Q", 2**63 - 1)])])
def test_streams_whose_headers_do_not_know_their_length_are_read(tmp_path, kind, name, behind, sizes) -> None:
    path = tmp_path / "a"
    raw = whole((kind, "PCM_16", "FILE"), path)
    for size in sizes:
        path.write_bytes(changed(raw, raw.index(name) + behind, size))
        assert len(read_recording(path)[0]) == N_SAMPLES


@pytest.mark.parametrize("n_bytes", [2**31 + 10**6, 3 * 10**9, 4 * 10**9])
def test_a_wav_of_gigabytes_that_was_cut_is_no_stream(tmp_path: Path, n_bytes: int) -> None:
    path = tmp_path / "a.wav"
    raw = whole(KINDS["a.wav"], path)
    path.write_bytes(changed(raw, 40, struct.pack("<I", n_bytes)))
    with pytest.raises(DataError, match=rf"must hold the {n_bytes} bytes of its header; it holds {2 * N_SAMPLES}"):
        audio_header(path)


# where the header says how many bytes, or samples, there are, and how the number is written
LENGTHS = {"a.wav": (b"data", 4, "<I"), "extensible.wav": (b"data", 4, "<I"), "big.wav": (b"data", 4, ">I"),
           "a.rf64": (b"ds64", 16, "<Q"), "a.w64": (b"data", 16, "<Q"), "a.aiff": (b"SSND", 4, ">I"),
           "a.au": (b".snd", 8, ">I"), "little.au": (b"dns.", 8, "<I"), "a.caf": (b"data", 4, ">q"),
           "a.svx": (b"BODY", 4, ">I"), "a.avr": (b"2BIT", 26, ">I"), "a.sph": (b"sample_count -i ", 16, ""),
           "a.mp3": (b"Xing", 8, ">I")}


@pytest.mark.parametrize("name", LENGTHS)
def test_a_header_that_says_less_than_is_there_is_damaged(name: str, tmp_path: Path) -> None:
    """A recorder that was switched off, or one flipped bit: libsndfile stops where the header says."""
    path = tmp_path / name
    raw = whole(KINDS[name], path, 30000)
    mark, behind, form = LENGTHS[name]
    at = raw.index(mark) + behind
    number = b"01000" if not form else struct.pack(form, 20 if name == "a.mp3" else 1000)
    path.write_bytes(changed(raw, at, number))
    with pytest.raises(DataError, match=r"must end where its header says|constant bit rate; it has"):
        audio_header(path)


@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.w64", "a.caf", "a.au", "a.svx", "a.8svx", "a.avr", "a.voc"])
@pytest.mark.parametrize("rest", [b"TAG" + bytes(125), bytes(5000), b"\n", b"x" * 1024])
def test_tags_and_padding_behind_the_samples_do_no_harm(name: str, rest: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(whole(KINDS[name], path) + rest)
    assert len(read_recording(path)[0]) == N_SAMPLES


@pytest.mark.parametrize(("name", "chunk"), [
    ("a.wav", b"note" + struct.pack("<I", 4001) + b"n" * 4002),
    ("a.aiff", b"ANNO" + struct.pack(">I", 4000) + b"n" * 4000),
    ("a.w64", b"summ" + bytes(12) + struct.pack("<Q", 4024) + b"n" * 4000),
    ("a.svx", b"ANNO" + struct.pack(">I", 4000) + b"n" * 4000),
    ("a.caf", b"info" + struct.pack(">q", 4001) + b"n" * 4001)])
def test_chunks_behind_the_samples_are_part_of_the_file(name: str, chunk: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(whole(KINDS[name], path) + chunk)
    assert len(read_recording(path)[0]) == N_SAMPLES


@pytest.mark.parametrize("n_samples", [0, 2**36 - 1, N_SAMPLES + 1])
def test_a_flac_with_another_length_or_none(tmp_path: Path, n_samples: int) -> None:
    """0 is what encoders write into a pipe; libsndfile takes it for 2**63."""
    path = tmp_path / "a.flac"
    raw = whole(KINDS["a.flac"], path)
    path.write_bytes(changed(raw, 21, struct.pack(">BI", raw[21] & 0xF0 | n_samples >> 32, n_samples & 0xFFFFFFFF)))
    with pytest.raises(DataError, match=r"must (say how many samples|decode to its end|fit into memory)"):
        read_recording(path)
    if not n_samples:
        with pytest.raises(DataError, match=r"must say how many samples it holds; .* FLAC stream; convert it to WAV"):
            audio_header(path)


@pytest.mark.parametrize(("at", "value", "message"), [
    (24, struct.pack("<I", 2 * 10**9), r"100 to 1000000 Hz .*says 2000000000 Hz"),
    (24, struct.pack("<I", 1), "says 1 Hz"), (24, struct.pack("<I", 0xFFFFFFFF), "must be WAV, FLAC"),
    (22, struct.pack("<H", 0xFFFF), "must be WAV, FLAC"), (22, b"\0\0", "must be WAV, FLAC")])
def test_rates_and_channels_that_no_recording_has_are_refused(tmp_path, at, value, message) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(changed(whole(KINDS["a.wav"], path), at, value))
    with pytest.raises(DataError, match=message):
        audio_header(path)


def test_millions_of_empty_chunks_end_soon(tmp_path: Path) -> None:
    for start in (b"RIFF\0\0\0\0WAVE", b"FORM\0\0\0\0AIFF", b"caff\0\1\0\0"):
        (tmp_path / "a.wav").write_bytes(start + bytes(8 * 10**6))
        with pytest.raises(DataError):
            audio_header(tmp_path / "a.wav")


@pytest.mark.parametrize("name", ["PAF", "PVF", "IRCAM", "MAT4", "MAT5", "XI", "WVE", "HTK", "SDS", "MPC2K"])
def test_containers_in_which_a_cut_cannot_be_told_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.wav"
    subtype = soundfile.default_subtype(name) or next(iter(soundfile.available_subtypes(name)))
    soundfile.write(str(path), voices(500, 8000), 8000, format=name, subtype=subtype)
    with pytest.raises(DataError, match=r"must be WAV, FLAC, .*; (it is|Format not|File does not|File contains)"):
        audio_header(path)


def test_all_that_libsndfile_knows_is_decided_about() -> None:
    """A new container in libsndfile: is a file of it that was cut off told from a whole one?"""
    refused = {"PAF", "PVF", "IRCAM", "MAT4", "MAT5", "MPC2K", "XI", "WVE", "HTK", "SDS", "SD2", "RAW", "NIST"}
    assert set(soundfile.available_formats()) <= CONTAINERS | refused
    assert {Path(name).suffix for name in KINDS} <= AUDIO_SUFFIXES


@pytest.mark.parametrize("name", ["a.caf", "a.w64", "a.rf64", "a.aiff", "a.au", "little.au", "a.voc", "a.avr", "a.8svx",
                                  "a.svx", "big.wav"])
def test_containers_are_found_by_their_content_too(tmp_path: Path, name: str) -> None:
    whole(KINDS[name], tmp_path / "recording")
    assert [file.name for file in find_audio_files(tmp_path).files] == ["recording"]


def test_a_second_part_of_samples_is_not_lost_in_silence(tmp_path: Path) -> None:
    """libsndfile reads the first chunk of samples only."""
    path = tmp_path / "a.wav"
    raw = whole(KINDS["a.wav"], path)
    path.write_bytes(raw + b"data" + struct.pack("<I", 4000) + b"\1" * 4000)
    with pytest.raises(DataError, match="6000 bytes of samples and 4008 bytes behind them that are no part of it"):
        audio_header(path)


# from the tables of ISO/IEC 11172-3 and 13818-3: header, bytes of a frame, samples of it
@pytest.mark.parametrize(("head", "n_bytes", "n_samples"), [
    ("fffb9000", 417, 1152), ("fffb9200", 418, 1152), ("fffbe400", 960, 1152), ("fffb1800", 144, 1152),
    ("fffd8000", 417, 1152), ("ffffe000", 484, 384), ("fff38400", 192, 576), ("ffe31800", 72, 576),
    ("fff5e800", 1440, 1152), ("fff7e000", 556, 384)])
def test_frames_of_mpeg_audio_have_the_sizes_of_the_standard(tmp_path, head, n_bytes, n_samples) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(b"ID3\4\0\x10\0\0\0\5hello" + b"3DI" + bytes(7) + 3 * bytes.fromhex(head).ljust(n_bytes, b"\1"))
    with path.open("rb") as file:
        assert count_frames(file) == FrameCount(3 * n_samples, n_samples, 0)
    path.write_bytes(path.read_bytes()[:-1])
    with path.open("rb") as file:
        assert count_frames(file) == FrameCount(2 * n_samples, n_samples, n_bytes - 1)


@pytest.mark.parametrize("head", ["fffbf000", "fffb0000", "fffb9c00", "ffeb9000", "fff99000", "ff", "", "00000000"])
def test_what_is_no_frame_is_not_counted(tmp_path, head: str) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(bytes.fromhex(head) + b"\1" * 500)
    with path.open("rb") as file:
        assert count_frames(file) is None


def without_length(path: Path, n_samples: int = 30000) -> bytes:
    """An MP3 of a variable bit rate whose first frame, which says how long it is, was lost."""
    sound = voices(n_samples, RATE_HZ)
    sound[:n_samples // 4] += np.random.default_rng(0).uniform(-0.3, 0.3, [n_samples // 4, 1])
    soundfile.write(str(path), sound, RATE_HZ, format="MP3", subtype="MPEG_LAYER_III")
    raw = path.read_bytes()
    assert b"Xing" in raw[:64]
    first = raw.index(b"\xff\xf3", 4)
    path.write_bytes(raw[first:])
    return raw[first:]


def test_an_mp3_that_libsndfile_would_read_half_of_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    without_length(path)
    assert len(soundfile.read(str(path))[0]) < 25000  # the reason for counting frames
    with pytest.raises(DataError, match=r"constant bit rate; it has 3\d{4} samples in frames of different sizes"):
        audio_header(path)


def test_an_mp3_without_length_that_ends_inside_a_frame_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    raw = without_length(path)
    for lost in (1, 2, 30):
        path.write_bytes(raw[:-lost])
        with pytest.raises(DataError, match=r"must be whole frames to its end; .* damaged or truncated"):
            audio_header(path)


def test_an_mp3_that_is_damaged_in_the_middle_is_refused(tmp_path: Path) -> None:
    """The decoder looks for the next frame and goes on; what is between is lost without a word."""
    path = tmp_path / "a.mp3"
    raw = whole(KINDS["a.mp3"], path, 30000)
    path.write_bytes(raw[:len(raw) // 2] + b"\r\n" + raw[len(raw) // 2 + 40:])
    with pytest.raises(DataError, match=r"must be whole frames to its end; after [0-9]+ samples come [0-9]+ bytes"):
        read_recording(path)


def test_an_mp3_of_constant_bit_rate_needs_no_length(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    soundfile.write(str(path), voices(30000, RATE_HZ), RATE_HZ, format="MP3", subtype="MPEG_LAYER_III",
                    bitrate_mode="CONSTANT", compression_level=0.5)
    raw = path.read_bytes()
    second = raw.index(raw[:2], 4)
    tag = b"ID3\4\0\0\0\0\1\0" + bytes(128)
    for content in (raw[second:], tag + raw[second:], raw[second:] + b"TAG" + bytes(125)):
        path.write_bytes(content)
        assert len(read_recording(path)[0]) >= 29000


@pytest.mark.shared
def test_the_caf_of_record_is_read(shared_dir: Path) -> None:
    folder = shared_dir / "cases" / "containers"
    assert [file.name for file in find_audio_files(folder).files] == ["sound.caf"]
    assert len(read_recording(folder / "sound.caf")[0]) == audio_header(folder / "sound.caf").n_samples


def test_an_mp3_that_ends_between_two_frames_is_compared_with_what_it_says_of_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    soundfile.write(str(path), voices(30000, RATE_HZ), RATE_HZ, format="MP3", subtype="MPEG_LAYER_III")
    with path.open("rb") as file:
        whole_file = count_frames(file)
    assert whole_file.promised_samples in (whole_file.n_samples, whole_file.n_samples - whole_file.frame_samples)
    assert audio_header(path).n_samples == 30000
    raw, ends = path.read_bytes(), []
    for end in range(len(raw) // 3, len(raw)):
        path.write_bytes(raw[:end])
        with path.open("rb") as file:
            found = count_frames(file)
        if not found.n_left:
            ends.append(found)
            with pytest.raises(DataError, match=r"must hold the \d+ samples of its header; it holds \d+; .* truncated"):
                audio_header(path)
        if len(ends) == 3:
            return
    raise AssertionError("no end of a frame found")


@pytest.mark.parametrize(("name", "place"), [(b"VBRI", 36), (b"Info", 13), (b"Xing", 36)])
def test_frames_that_an_mp3_promises(tmp_path: Path, name: bytes, place: int) -> None:
    frame = b"\xff\xf3\x28\xc4".ljust(72, b"\0")  # 16 kbit/s at 16000 Hz: 72 bytes
    number = bytes(10) + (7).to_bytes(4) if name == b"VBRI" else (1).to_bytes(4) + (7).to_bytes(4)
    path = tmp_path / "a.mp3"
    path.write_bytes(frame[:place] + (name + number).ljust(72 - place, b"\0") + 6 * frame)
    with path.open("rb") as file:
        assert count_frames(file) == FrameCount(7 * 576, 576, 0, 7 * 576)
