"""NIST SPHERE: exact samples in every byte order, and refusal of what would be read wrongly."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from mock_corpora import RATE_HZ, sphere_bytes, tone

from wavegan_tf.data.audio.audio_header import audio_header
from wavegan_tf.data.audio.sphere import is_sphere, read_sphere, sphere_header
from wavegan_tf.errors import DataError


def saved(tmp_path: Path, raw: bytes, name: str = "SA1.WAV") -> Path:
    path = tmp_path / name
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("byte_order", ["01", "10"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("coding", ["pcm", None])
def test_16_bit_samples_are_exact(tmp_path, byte_order, channels, coding):
    samples = np.array([0, 1, -1, 255, 256, -32768, 32767, 12345], np.int16).reshape(-1, channels)
    waveform, rate_hz = read_sphere(saved(tmp_path, sphere_bytes(samples, byte_order, coding)))
    assert (waveform.dtype, waveform.shape, rate_hz) == (np.float32, samples.shape, RATE_HZ)
    np.testing.assert_array_equal(waveform * 32768, samples)


@given(samples=hnp.arrays(np.int16, st.tuples(st.integers(1, 50), st.integers(1, 3))),
       byte_order=st.sampled_from(["01", "10"]))
def test_any_samples_come_back(tmp_path_factory, samples, byte_order):
    path = saved(tmp_path_factory.mktemp("sphere"), sphere_bytes(samples, byte_order))
    np.testing.assert_array_equal(read_sphere(path)[0] * 32768, samples)


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24", "PCM_32", "ULAW", "ALAW"])
@pytest.mark.parametrize("endian", ["LITTLE", "BIG"])
def test_agrees_with_libsndfile_on_what_libsndfile_writes(tmp_path, subtype, endian):
    rng = np.random.default_rng(1)
    buffer = io.BytesIO()
    soundfile.write(buffer, rng.uniform(-1, 1, [200, 2]), RATE_HZ, format="NIST", subtype=subtype, endian=endian)
    path = saved(tmp_path, buffer.getvalue())
    np.testing.assert_array_equal(read_sphere(path)[0], soundfile.read(str(path), dtype="float32", always_2d=True)[0])


def test_content_decides_not_the_suffix(tmp_path):
    sphere = saved(tmp_path, sphere_bytes(tone(100)), "a.mp3")
    assert is_sphere(sphere) and is_sphere(str(sphere)) and is_sphere(sphere.read_bytes())
    assert not is_sphere(b"RIFF") and not is_sphere(saved(tmp_path, b"", "b.sph"))


def test_the_header_is_read(tmp_path):
    header = sphere_header(saved(tmp_path, sphere_bytes(tone(100), "10")))
    assert (header.n_samples, header.rate_hz, header.channels, header.byte_order) == (100, RATE_HZ, 1, "big")
    assert header.fields["database_id"] == "MOCK0"
    assert header.fields["sample_min"] == -20000


def test_bytes_after_the_samples_do_no_harm(tmp_path):
    assert read_sphere(saved(tmp_path, sphere_bytes(tone(100)) + b"\0" * 37))[0].shape == (100, 1)


@pytest.mark.parametrize(("raw", "message"), [
    (b"", "0 bytes; copy it again"),
    (b"RIFF....WAVE", r"must begin with NIST_1A; it begins with b'RIFF"),
    (b"NIST_1A\n   many\n", "its second line is not the header's size"),
    (sphere_bytes(tone(100))[:300], "the file has 300 of the 1024 bytes"),
    (sphere_bytes(tone(100)).replace(b"end_head", b"end_hand"), "it has no end_head"),
    (sphere_bytes(tone(1000))[:1024 + 1250], r"must hold the 1000 samples of its header; it holds 625; .*truncated"),
    (sphere_bytes(tone(100), n_samples=101), "must hold the 101 samples of its header; it holds 100"),
    (sphere_bytes(tone(100), coding="pcm,embedded-shorten-v2.00"),
     r"must be uncompressed; it is shorten-compressed .*sph2pipe -f rif"),
    (sphere_bytes(tone(100), coding="pcm,embedded-wavpack"), "it is embedded-wavpack-compressed"),
    (sphere_bytes(tone(100), coding="g722"), "must have the sample_coding pcm, ulaw or alaw; it has g722"),
    (sphere_bytes(tone(100), rate_hz=None), "it has no sample_rate"),
    (sphere_bytes(tone(100), rate_hz=0), "its sample_rate is 0"),
    (sphere_bytes(tone(100), n_samples=-1), "its sample_count is -1"),
    (sphere_bytes(tone(100)).replace(b"channel_count -i 1", b"channel_count -i x"), "it has the line 'channel_count"),
    (sphere_bytes(tone(100)).replace(b"   1024", b"  -1024"), "its second line is not the header's size but"),
    (sphere_bytes(tone(100)).replace(b"   1024", b"9999999"), "the file has 1224 of the 9999999 bytes"),
    (sphere_bytes(tone(100)).replace(b"   1024", b"   1023"), "its header .1023. is no multiple of 1024 bytes"),
    (sphere_bytes(tone(100)).replace(b"   1024", b"      0"), "its header .0. is no multiple of 1024 bytes"),
    (sphere_bytes(tone(100)).replace(b"   1024", b"1_0_2_4"), "its second line is not the header's size"),
    *((sphere_bytes(tone(100)).replace(b"-i 16000", rate), message) for rate, message in (
        (b"-r 1e400", "its sample_rate is inf"), (b"-r nan", "its sample_rate is nan"),
        (b"-r 8000.5", "its sample_rate is 8000.5"), (b"-s3 abc", "its sample_rate is abc"))),
    (sphere_bytes(tone(100), n_samples=10**30), "its sample_count is 1000000000000000000000"),
    (sphere_bytes(tone(100), n_samples=10**15), "must hold the 1000000000000000 samples of its header"),
    (sphere_bytes(tone(100), rate_hz=-16000), "its sample_rate is -16000"),
    (sphere_bytes(tone(100)).replace(b"channel_count -i 1", b"channel_count -i 0"), "its channel_count is 0"),
    (sphere_bytes(tone(100)).replace(b"channel_count -i 1\n", b"channel_count -i 90000\n"), "must hold the 100"),
    (sphere_bytes(tone(100)).replace(b"sample_n_bytes -i 2", b"sample_n_bytes -i 9"), "its sample_n_bytes is 9"),
    (sphere_bytes(tone(100)).replace(b"sample_byte_format -s2 01", b"sample_byte_fxrmat -s2 01"),
     "its sample_byte_format is missing"),
])
def test_what_would_be_read_wrongly_is_refused(tmp_path, raw, message):
    path = saved(tmp_path, raw)
    for reader in (sphere_header, read_sphere):
        with pytest.raises(DataError, match=message):
            reader(path)


def test_libsndfile_alone_would_shorten_the_truncated_file(tmp_path):
    """The reason for a reader of our own: should libsndfile learn to refuse, it can go."""
    path = saved(tmp_path, sphere_bytes(tone(1000))[:1024 + 1250])
    assert len(soundfile.read(str(path))[0]) == 625


@pytest.mark.shared
def test_the_fixtures_of_record(shared_dir: Path):
    folder = shared_dir / "data/sphere_fixtures"
    little, big, uncoded = (read_sphere(folder / n)[0] for n in ("le.wav", "be.wav", "nocoding_be.sph"))
    assert little.shape == (16000, 1)
    np.testing.assert_array_equal(little, big)
    np.testing.assert_array_equal(little, uncoded)
    with pytest.raises(DataError, match="shorten-compressed"):
        read_sphere(folder / "shorten.wav")
    with pytest.raises(DataError, match="16000 samples of its header; it holds 10000"):
        read_sphere(folder / "trunc.wav")


@pytest.mark.parametrize("digits", [4000, 5000])
def test_numbers_of_thousands_of_digits_are_damage(tmp_path, digits):
    header = f"NIST_1A\n   8192\nsample_rate -i {'9' * digits}\nend_head\n".ljust(8192).encode()
    with pytest.raises(DataError, match=r"header; it(s sample_rate is 9{30};| has the line 'sample_rate -i 9+';)"):
        sphere_header(saved(tmp_path, header + bytes(200)))


@pytest.mark.parametrize("rate_hz", [1, 99, 1_000_001, 2**40])
def test_an_absurd_rate_is_refused_before_it_becomes_gigabytes(tmp_path, rate_hz):
    with pytest.raises(DataError, match=rf"must have a rate of 100 to 1000000 Hz .* its header says {rate_hz} Hz"):
        audio_header(saved(tmp_path, sphere_bytes(tone(100), rate_hz=rate_hz)))


def test_absurd_channels_are_refused(tmp_path):
    with pytest.raises(DataError, match="at most 1024 channels; its header says 16000 Hz and 2000"):
        audio_header(saved(tmp_path, sphere_bytes(np.zeros([3, 2000], np.int16))))


@pytest.mark.parametrize("coding", ["ulaw", "alaw"])
def test_damaged_headers_of_companded_files(tmp_path, coding):
    raw = sphere_bytes(tone(100), coding=coding)  # 200 bytes of samples, so 100 are there and as many more
    with pytest.raises(DataError, match="its sample_n_bytes is 2"):
        read_sphere(saved(tmp_path, raw))
    raw = raw.replace(b"sample_n_bytes -i 2", b"sample_n_bytes -i 1").replace(b"-s2 01", b"-s1 1 ")
    assert len(read_sphere(saved(tmp_path, raw))[0]) == 100
    with pytest.raises(DataError, match="must have a whole header; "):  # libsndfile's own refusal
        read_sphere(saved(tmp_path, raw.replace(b"-i 16000", b"-r 16000.0")))
