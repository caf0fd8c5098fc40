"""Slices are the recording's own samples with exact silence around them, and the manifest says where all of it is."""

import errno
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from mock_corpora import RATE_HZ, SPOKEN, tone, write_ldc

from wavegan_tf.data.corpora.timit import read_timit
from wavegan_tf.data.corpus import Corpus, Segment, Utterance
from wavegan_tf.data.slices import slicing as slices_module
from wavegan_tf.data.slices.cutting import Recording, crop, cut, decode, stored
from wavegan_tf.data.slices.manifest import MANIFEST_COLUMNS, format_phones, parse_phones, read_manifest
from wavegan_tf.data.slices.slice_settings import SliceSettings
from wavegan_tf.data.slices.slicing import slice_phones, slice_stops, slice_words
from wavegan_tf.errors import ConfigError, DataError, ExportError
from wavegan_tf.use.labels import find_labels


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return read_timit(write_ldc(tmp_path / "timit"))


@st.composite
def tokens(draw):
    n = draw(st.integers(2, 400))
    samples = draw(st.integers(0, 2**32 - 1).map(lambda s: np.random.default_rng(s).integers(
        -32768, 32767, [n, draw(st.integers(1, 2))], endpoint=True).astype(np.int16)))
    start = draw(st.integers(0, n - 1))
    end = draw(st.integers(start + 1, n))
    edges = sorted(draw(st.sets(st.integers(0, n), min_size=2, max_size=6)))
    phones = tuple(Segment(a, b, f"p{a}") for a, b in pairwise(edges))
    return samples, {"start_sample": start, "end_sample": end, "phones": phones}


@given(token=tokens(), silence_s=st.floats(0, 0.01), side=st.sampled_from(["both", "before", "after"]),
       rate_hz=st.sampled_from([8000, 16000, 44100]))
def test_a_slice_is_silence_samples_silence(token, silence_s, side, rate_hz):
    samples, where = token
    audio, phones = cut(Recording(samples, rate_hz, 1.0), where, SliceSettings(silence_s=silence_s, silence_side=side))
    silence = round(silence_s * rate_hz)
    before, after = silence * (side != "after"), silence * (side != "before")
    start, end = where["start_sample"], where["end_sample"]
    assert len(audio) == before + end - start + after
    assert not audio[:before].any() and not audio[len(audio) - after:].any()
    np.testing.assert_array_equal(audio[before:before + end - start], samples[start:end])
    # phones: the originals shifted, cut at the edges of the token, none lost that overlaps it
    expected = [(max(p.start, start) - start + before, min(p.end, end) - start + before, p.label)
                for p in where["phones"] if p.start < end and p.end > start]
    assert [(p.start, p.end, p.label) for p in phones] == expected
    assert all(before <= p.start < p.end <= before + end - start for p in phones)


@given(token=tokens(), length=st.integers(1, 100))
def test_a_cropped_slice_is_the_beginning_of_the_whole_one(token, length):
    samples, where = token
    audio, phones = cut(Recording(samples, 8000, 1.0), where, SliceSettings(silence_s=0.001))
    short, kept = crop(audio, phones, length)
    np.testing.assert_array_equal(short, audio[:length])
    assert kept == tuple(Segment(p.start, min(p.end, length), p.label) for p in phones if p.start < length)


@given(token=tokens(), factor=st.sampled_from([(8000, 16000), (16000, 8000), (16000, 22050)]))
def test_offsets_scale_with_the_rate(token, factor):
    samples, where = token
    own, wanted = factor
    scale = wanted / own
    resampled = np.zeros([round(len(samples) * scale) + 1, 1], np.int16)
    audio, phones = cut(Recording(resampled, wanted, scale), where, SliceSettings(silence_s=0))
    assert abs(len(audio) - (where["end_sample"] - where["start_sample"]) * scale) <= 1
    assert all(0 <= p.start < p.end <= len(audio) for p in phones)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "PCM_U8"])
def test_decoding_keeps_16_bit_samples(tmp_path, subtype):
    path = tmp_path / "a.wav"
    exact = np.array([-32768, -256, 0, 256, 12032, 32512], np.int16)  # exact in 8 bits as well
    soundfile.write(str(path), exact / 32768, RATE_HZ, subtype=subtype)
    np.testing.assert_array_equal(stored(decode(path).samples).samples[:, 0], exact)


def test_decoding_clips_what_is_beyond_full_scale_and_resamples(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(str(path), np.array([2.0, -2.0]), RATE_HZ, subtype="FLOAT")
    assert stored(decode(path).samples).samples[:, 0].tolist() == [32767, -32768]
    soundfile.write(str(path), tone(16000), RATE_HZ)
    recording = decode(path, 8000)
    assert (recording.samples.shape, recording.rate_hz, recording.scale) == ((8000, 1), 8000, 0.5)
    # a 440 Hz tone has no content that the lower rate cannot carry; edges aside it is the same tone
    difference = 32768 * recording.samples[100:-100, 0] - tone(16000)[200:-200:2].astype(float)
    assert abs(difference).max() < 40  # of 8000


def test_words_on_disk(tmp_path, corpus):
    out = tmp_path / "out"
    result = slice_words(corpus, out, ["ask"], SliceSettings(seed=4))
    table = read_manifest(out)
    assert list(table.columns) == list(MANIFEST_COLUMNS)
    pd.testing.assert_frame_equal(table, result.table[list(MANIFEST_COLUMNS)], check_dtype=False)
    assert len(table) == 16
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*.wav")) == sorted(table["file"])
    assert table["split"].value_counts().to_dict() == {"train": 13, "test": 3}
    paths = {u.id: u.audio_path for u in corpus.utterances}
    for row in table.itertuples():
        audio, rate_hz = soundfile.read(str(out / row.file), dtype="int16")
        assert soundfile.info(str(out / row.file)).subtype == "PCM_16" and rate_hz == row.rate_hz == RATE_HZ
        assert len(audio) == row.n_samples == 3500 + 800
        assert not audio[:400].any() and not audio[-400:].any()
        original, _ = soundfile.read(str(paths[row.utterance]), dtype="int16")
        np.testing.assert_array_equal(audio[400:-400], original[row.start_sample:row.end_sample])
        assert format_phones(row.phones) == "ae:400-1400 s:1400-2400 kcl:2400-3000 k:3000-3900"
        assert row.file == f"{row.split}/ask/{row.utterance}_3000-6500.wav"
    first = table.iloc[0]
    assert (first["speaker"], first["sex"], first["dialect"], first["sentence"], first["word"], first["label"]) == (
        "FAEM0", "F", "DR2", "SA1", "ask", "ask")


def test_the_record_says_how_it_was_made(tmp_path, corpus):
    slice_words(corpus, tmp_path / "out", ["ask"], SliceSettings(seed=4, split="speaker"))
    record = json.loads((tmp_path / "out/slices.json").read_text())
    assert record["selection"] == {"kind": "words", "words": ["ask"]}
    assert record["settings"]["seed"] == 4 and record["settings"]["silence_s"] == 0.025
    assert record["counts"] == {"ask": {"test": 4, "train": 12}} and record["n_slices"] == 16
    assert {"wavegan_tf", "python", "numpy", "soundfile"} <= record["versions"].keys()


def test_the_same_settings_give_the_same_bytes(tmp_path, corpus):
    for name in "ab":
        slice_words(corpus, tmp_path / name)
    files = [p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file()]
    assert len(files) == 32 + 2
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)


def test_phones_and_stops_on_disk(tmp_path, corpus):
    phones = slice_phones(corpus, tmp_path / "p", ["s", "sh"], ["ask", "she"], SliceSettings(silence_side="after"))
    assert sorted(set(zip(phones.table["label"], phones.table["word"], phones.table["n_samples"], strict=True))) == [
        ("s", "ask", 1400), ("sh", "she", 1400)]
    assert {format_phones(p) for p in phones.table["phones"]} == {"s:0-1000", "sh:0-1000"}
    with pytest.raises(DataError, match="then a vowel; none of 32 words does"):
        slice_stops(corpus, tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_long_slices_are_left_out_cut_or_kept_and_counted(tmp_path, corpus):
    lengths = {}
    for longer in ("refuse", "crop", "keep"):
        result = slice_words(corpus, tmp_path / longer, (), SliceSettings(max_samples=3000, longer=longer))
        assert result.n_longer == 16
        done = {"refuse": "left out", "crop": "cut at the end", "keep": "kept"}[longer]
        assert f"longer than 3000 samples: 16, {done}\n" in f"{result}\n"
        lengths[longer] = sorted(set(result.table["n_samples"]))
    assert lengths == {"refuse": [2800], "crop": [2800, 3000], "keep": [2800, 4300]}
    cropped = read_manifest(tmp_path / "crop")
    assert set(map(format_phones, cropped.loc[cropped["label"] == "ask", "phones"])) == {
        "ae:400-1400 s:1400-2400 kcl:2400-3000"}
    assert slice_words(corpus, tmp_path / "again", (), SliceSettings(max_samples=3000)).settings.longer == "refuse"


def test_resampled_slices(tmp_path, corpus):
    table = slice_words(corpus, tmp_path / "out", ["ask"], SliceSettings(rate_hz=8000)).table
    assert set(zip(table["start_sample"], table["source_rate_hz"], table["n_samples"], table["rate_hz"],
                   strict=True)) == {(3000, 16000, 1750 + 400, 8000)}
    assert set(map(format_phones, table["phones"])) == {"ae:200-700 s:700-1200 kcl:1200-1500 k:1500-1950"}
    assert soundfile.info(str(tmp_path / "out" / table["file"][0])).samplerate == 8000


def test_channels_stay(tmp_path):
    path = tmp_path / "c/a.wav"
    path.parent.mkdir()
    stereo = np.stack([tone(1000), tone(1000, 900)], 1)
    soundfile.write(str(path), stereo, RATE_HZ)
    corpus = Corpus(path.parent, (Utterance("a", path, "S", 1000, RATE_HZ, (Segment(10, 20, "x"),)),))
    table = slice_words(corpus, tmp_path / "out", (), SliceSettings(silence_s=0, test_share=0)).table
    written, _ = soundfile.read(str(tmp_path / "out" / table["file"][0]), dtype="int16")
    np.testing.assert_array_equal(written, stereo[10:20])


def test_unreadable_recordings_and_silent_tokens_are_left_out_with_a_reason(tmp_path, corpus):
    good, broken, silent, nan = corpus.utterances[:4]
    broken.audio_path.write_bytes(broken.audio_path.read_bytes()[:2000])
    soundfile.write(str(silent.audio_path), np.zeros(8000), RATE_HZ, format="WAV")
    soundfile.write(str(nan.audio_path), np.full(8000, np.nan), RATE_HZ, format="WAV", subtype="FLOAT")
    result = slice_words(corpus, tmp_path / "out", ["ask"])
    assert [p.kind for p in result.problems] == ["unreadable recording", "silent token", "unreadable recording"]
    assert len(result.table) == 13 and good.id in set(result.table["utterance"])
    assert "truncated" in str(result) and "NaN" in str(result) and "`ask` is silent" in str(result)
    assert len(json.loads((tmp_path / "out/slices.json").read_text())["problems"]) == 3


def test_what_the_reader_met_is_said(tmp_path):
    root = write_ldc(tmp_path / "timit")
    (root / "TRAIN/DR1/FCJF0/SA1.WAV").write_bytes(b"")
    (root / "TRAIN/DR1/FCJF0/SA2.TXT").unlink()
    (root / "TRAIN/DR1/FCJF0/SA2.PHN").unlink()
    result = slice_words(read_timit(root), tmp_path / "out", ["ask"])
    assert len(result.table) == 15 and result.problems == ()
    assert "met while reading the corpus: unreadable recording 1, no .PHN file 1; see them with" in str(result)


def test_nothing_left_is_an_error_and_nothing_is_written(tmp_path, corpus):
    with pytest.raises(DataError, match=r"tokens \(=32\) must give at least one slice; 32 are longer than "
                                        r"`max_samples` \(=100\)"):
        slice_words(corpus, tmp_path / "out", (), SliceSettings(max_samples=100))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["timit"]


def test_a_full_disk_leaves_nothing_behind(tmp_path, corpus, monkeypatch):
    def full(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    monkeypatch.setattr(slices_module.Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        slice_words(corpus, tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["timit"]


def test_an_interrupt_leaves_nothing_behind(tmp_path, corpus, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(slices_module, "_write_wav", interrupted)
    with pytest.raises(KeyboardInterrupt):
        slice_words(corpus, tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["timit"]


def test_the_output_folder_must_be_new_and_outside(tmp_path, corpus):
    (tmp_path / "out").mkdir()
    slice_words(corpus, tmp_path / "out", ["ask"])
    with pytest.raises(ExportError, match="must be new or empty"):
        slice_words(corpus, tmp_path / "out", ["ask"])
    with pytest.raises(ConfigError, match=r"output folder \(=.*\) must lie outside the corpus"):
        slice_words(corpus, tmp_path / "timit/slices", ["ask"])


@pytest.mark.parametrize(("options", "message"), [
    ({"silence_side": "left"}, r"`silence_side` \(=left\) must be one of both, before, after"),
    ({"silence_s": -1.0}, r"`silence_s` \(=-1.0\) must be 0 or more"),
    ({"silence_s": float("nan")}, r"`silence_s` \(=nan\) must be 0 or more"),
    ({"test_share": 1.0}, r"`test_share` \(=1.0\) must be in \[0, 1\)"),
    ({"split": "random"}, r"`split` \(=random\) must be one of token, speaker, official"),
    ({"longer": "drop"}, r"`longer` \(=drop\) must be one of refuse, crop, keep"),
    ({"rate_hz": -8000}, r"`rate_hz` \(=-8000\) must be 0 or more"),
    ({"max_samples": -1}, r"`max_samples` \(=-1\) must be 0 or more")])
def test_settings_that_cannot_be(options, message):
    with pytest.raises(ConfigError, match=message):
        SliceSettings(**options)


def test_labels_that_are_no_file_names(tmp_path):
    path = tmp_path / "c/a.wav"
    path.parent.mkdir()
    soundfile.write(str(path), tone(1000), RATE_HZ)
    labels = ("null", "don't", "a/b", "..", "NaN", "θ", "<x>")
    words = tuple(Segment(10 * i + 1, 10 * i + 9, label) for i, label in enumerate(labels))
    corpus = Corpus(path.parent, (Utterance("x/../y", path, "S", 1000, RATE_HZ, words),))
    table = slice_words(corpus, tmp_path / "out", (), SliceSettings(test_share=0)).table
    assert list(read_manifest(tmp_path / "out")["label"]) == ["null", "don't", "a/b", "..", "nan", "θ", "<x>"]
    assert list(table["file"])[:4] == [f"train/{label}/x_.._y_{10 * i + 1}-{10 * i + 9}.wav" for i, label in enumerate(
        ("null", "don't", "a%2Fb", "%2E%2E"))]
    assert all((tmp_path / "out" / f).is_file() for f in table["file"])


@given(st.lists(st.tuples(st.text("ab:%-0 θ", min_size=1, max_size=6).map(lambda s: " ".join(s.split()) or "x"),
                          st.integers(0, 99999), st.integers(0, 99999)), max_size=5))
def test_phones_in_a_manifest_come_back(rows):
    phones = tuple(Segment(start, end, label) for label, start, end in rows)
    assert parse_phones(format_phones(phones)) == phones


def test_manifests_that_cannot_be_read(tmp_path, corpus):
    with pytest.raises(DataError, match=r"manifest \(=.*manifest.csv\) must be a file"):
        read_manifest(tmp_path)
    slice_words(corpus, tmp_path / "out", ["ask"])
    path = tmp_path / "out/manifest.csv"
    text = path.read_text()
    path.write_text(text.replace("speaker", "talker", 1))
    with pytest.raises(DataError, match="it lacks speaker"):
        read_manifest(path)
    path.write_text(text.replace("16000,4300", "16000,long", 1))
    with pytest.raises(DataError, match=r"`n_samples` \(=long\) must be a whole number; see row 1 of manifest"):
        read_manifest(path)
    with pytest.raises(DataError, match="`s400` does not"):
        parse_phones("s400")


@settings(max_examples=8, deadline=None)
@given(share=st.floats(0, 0.9), split=st.sampled_from(["token", "speaker", "official"]))
def test_every_split_reaches_the_folders(tmp_path_factory, share, split):
    folder = tmp_path_factory.mktemp("s")
    corpus = read_timit(write_ldc(folder / "timit", SPOKEN))
    table = slice_words(corpus, folder / "out", (), SliceSettings(split=split, test_share=share)).table
    assert all(f.split("/")[0] == s for f, s in zip(table["file"], table["split"], strict=True))
    if split == "official":
        assert dict(table.groupby("speaker")["split"].first()) == {"FCJF0": "train", "FAEM0": "train", "MDAB0": "test",
                                                                   "MTAS1": "test"}


def test_no_two_tokens_share_a_file_whatever_they_are_called(tmp_path):
    """Names that were made alike: labels, and utterances in folders."""
    labels = ("i", "i:", "S", "s", "t 1", "t_1", "@", "?")
    utterances = []
    for name in ("a/b", "a_b", "A_b"):
        path = tmp_path / f"c/{len(utterances)}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(str(path), tone(1000), RATE_HZ)
        segments = tuple(Segment(10 * i, 10 * i + 10, label) for i, label in enumerate(labels))
        utterances.append(Utterance(name, path, "X", 1000, RATE_HZ, phones=segments))
    corpus = Corpus(tmp_path / "c", tuple(utterances))
    table = slice_phones(corpus, tmp_path / "out", labels, settings=SliceSettings(test_share=0)).table
    assert len({file.casefold() for file in table["file"]}) == len(table) == 24
    assert len(list((tmp_path / "out").rglob("*.wav"))) == 24
    assert {f.split("/")[1] for f in table["file"]} == {"i", "i%3A", "%53", "s", "t%201", "t_1", "%40", "%3F"}
    for row in read_manifest(tmp_path / "out").itertuples():
        own = next(u for u in utterances if u.id == row.utterance)
        expected = soundfile.read(str(own.audio_path), dtype="int16")[0][row.start_sample:row.end_sample]
        np.testing.assert_array_equal(soundfile.read(tmp_path / "out" / row.file, dtype="int16")[0][400:-400], expected)


def test_a_token_that_is_there_twice_is_refused_before_anything_is_cut(tmp_path):
    path = tmp_path / "c/a.wav"
    path.parent.mkdir()
    soundfile.write(str(path), tone(1000), RATE_HZ)
    word = Segment(100, 300, "ask")
    speakers = tuple(Utterance(f"u{s}", path, s, 1000, RATE_HZ, (word, word)) for s in "ab")
    with pytest.raises(DataError, match=r"token \(=`ask` in ua from 100 to 300\) must be there once"):
        slice_words(Corpus(path.parent, speakers), tmp_path / "out", settings=SliceSettings(split="speaker"))
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_over_a_slice(tmp_path):
    slices_module._write_wav(tmp_path / "ask/a.wav", np.zeros((4, 1), np.int16), RATE_HZ)
    with pytest.raises(DataError, match=r"slice \(=a.wav\) must be the only one of its name in ask"):
        slices_module._write_wav(tmp_path / "ask/a.wav", np.ones((4, 1), np.int16), RATE_HZ)
    assert not soundfile.read(tmp_path / "ask/a.wav")[0].any()


def one_word_corpus(folder: Path, samples: np.ndarray, subtype: str, n: int = 1) -> Corpus:
    """A word from 100 to 900 in each of some recordings."""
    folder.mkdir(parents=True)
    utterances = []
    for i in range(n):
        soundfile.write(str(folder / f"{i}.wav"), samples / (i + 1), RATE_HZ, subtype=subtype)
        utterances.append(Utterance(f"u{i}", folder / f"{i}.wav", f"S{i}", len(samples), RATE_HZ,
                                    (Segment(100, 900, "ask"),)))
    return Corpus(folder, tuple(utterances))


LOUD = 1.5 * np.sin(np.arange(1000) / 7)
N_BEYOND = int((np.abs(LOUD[100:900]) > 1).sum())


def test_clipping_is_counted_and_said(tmp_path):
    corpus = one_word_corpus(tmp_path / "c", LOUD, "FLOAT", 2)
    result = slice_words(corpus, tmp_path / "out", settings=SliceSettings(test_share=0, silence_s=0))
    assert f"clipped at full scale: {N_BEYOND} samples of 1 slices; --subtype FLOAT keeps them" in str(result)
    assert "rounded to 16 bits: 2 slices of recordings with finer steps; --subtype PCM_24" in str(result)
    record = json.loads((tmp_path / "out/slices.json").read_text())["loudness"]
    assert record == {"gain": 1.0, "n_clipped_samples": N_BEYOND, "n_clipped_slices": 1, "n_rounded_slices": 2}
    assert soundfile.read(tmp_path / "out" / result.table["file"][0], dtype="int16")[0].max() == 32767


def test_floats_keep_everything(tmp_path):
    corpus = one_word_corpus(tmp_path / "c", LOUD, "FLOAT")
    result = slice_words(corpus, tmp_path / "out", settings=SliceSettings(test_share=0, silence_s=0, subtype="FLOAT"))
    np.testing.assert_array_equal(soundfile.read(tmp_path / "out" / result.table["file"][0], dtype="float32")[0],
                                  LOUD[100:900].astype(np.float32))
    assert "clipped" not in str(result) and "rounded" not in str(result)


def test_one_factor_fits_all(tmp_path):
    corpus = one_word_corpus(tmp_path / "c", LOUD, "FLOAT", 2)
    result = slice_words(corpus, tmp_path / "out", settings=SliceSettings(test_share=0, silence_s=0, level="fit"))
    loud, soft = (soundfile.read(tmp_path / "out" / file, dtype="int16")[0].astype(int) for file in
                  result.table.sort_values("utterance")["file"])
    assert np.abs(loud).max() == 32767 and np.abs(loud - 2 * soft).max() <= 2
    assert "multiplied by 0.66" in str(result) and "clipped" not in str(result)
    quiet = one_word_corpus(tmp_path / "q", LOUD / 3, "FLOAT")
    kept = slice_words(quiet, tmp_path / "kept", settings=SliceSettings(test_share=0, level="fit"))
    assert kept.loudness.gain == 1 and "multiplied" not in str(kept)


def test_24_bits_are_kept_where_asked(tmp_path):
    fine = np.round(LOUD / 2 * 2**23) / 2**23
    corpus = one_word_corpus(tmp_path / "c", fine, "PCM_24")
    settings = SliceSettings(test_share=0, silence_s=0, subtype="PCM_24")
    result = slice_words(corpus, tmp_path / "out", settings=settings)
    file = tmp_path / "out" / result.table["file"][0]
    assert soundfile.info(file).subtype == "PCM_24" and "rounded" not in str(result)
    np.testing.assert_array_equal(soundfile.read(file)[0], fine[100:900])
    plain = one_word_corpus(tmp_path / "p", np.round(LOUD / 2 * 2**15) / 2**15, "PCM_16")
    assert "rounded" not in str(slice_words(plain, tmp_path / "plain", settings=SliceSettings(test_share=0)))


def test_overshoot_of_resampling_is_counted(tmp_path):
    square = np.where(np.arange(1000) // 20 % 2, 32767, -32768) / 32768  # its band-limited form is beyond full scale
    corpus = one_word_corpus(tmp_path / "c", square, "PCM_16")
    settings = SliceSettings(test_share=0, silence_s=0, rate_hz=22050)
    result = slice_words(corpus, tmp_path / "out", settings=settings)
    assert result.loudness.n_clipped_samples > 50 and result.loudness.n_rounded_slices == 0
    assert "clipped at full scale" in str(result)


def test_one_factor_fits_what_is_written_whatever_the_rate(tmp_path):
    """The peak that counts is that of the slices: resampled, and inside the token."""
    square = np.where(np.arange(1000) // 20 % 2, 32767, -32768) / 32768
    square[950:] *= 0.3
    settings = SliceSettings(test_share=0, silence_s=0, rate_hz=22050, level="fit")
    result = slice_words(one_word_corpus(tmp_path / "c", square, "PCM_16"), tmp_path / "out", settings=settings)
    peak = np.abs(soundfile.read(tmp_path / "out" / result.table["file"][0], dtype="int16")[0].astype(int)).max()
    assert peak == 32767 and result.loudness.n_clipped_samples == 0
    outside = np.where(np.arange(1000) < 50, 1.5, 0.5 * np.sin(np.arange(1000) / 7))  # loud where no word is
    kept = slice_words(one_word_corpus(tmp_path / "o", outside, "FLOAT"), tmp_path / "kept",
                       settings=SliceSettings(test_share=0, silence_s=0, level="fit"))
    assert kept.loudness.gain == 1


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_full_scale_itself_is_not_clipped(subtype):
    kept = stored(np.array([[1.0], [-1.0], [1.0001], [-1.0001]], np.float32), subtype)
    assert kept.n_clipped == 2
    steps = {"PCM_16": 2**15, "PCM_24": 2**31}[subtype]
    assert kept.samples[:2, 0].tolist() == [steps - {"PCM_16": 1, "PCM_24": 2**8}[subtype], -steps]


def test_floats_are_not_fitted():
    with pytest.raises(ConfigError, match=r"`level` \(=fit\) must be keep for floats"):
        SliceSettings(subtype="FLOAT", level="fit")


def test_labels_come_back_from_the_names_of_folders(tmp_path):
    path = tmp_path / "c/a.wav"
    path.parent.mkdir()
    soundfile.write(str(path), tone(1000), RATE_HZ)
    labels = ("S", "s", "i:", "@", "t 1", "ʃ")
    phones = tuple(Segment(10 * i, 10 * i + 10, label) for i, label in enumerate(labels))
    corpus = Corpus(path.parent, (Utterance("u", path, "X", 1000, RATE_HZ, phones=phones),))
    slice_phones(corpus, tmp_path / "out", labels, settings=SliceSettings(test_share=0))
    files = [file.relative_to(tmp_path / "out").as_posix() for file in (tmp_path / "out").rglob("*.wav")]
    found = find_labels(tmp_path / "out", files, "folder").of
    assert sorted(found.values()) == sorted(labels)
