"""TIMIT in all its copies gives the same utterances; what is wrong with a copy is said."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mock_corpora import RATE_HZ, SPOKEN, Spoken, sphere_bytes, tone, write_kaggle, write_ldc, write_nltk

from wavegan_tf.data.audio.recordings import read_recording
from wavegan_tf.data.corpora.timit import read_timit
from wavegan_tf.data.corpus import Segment
from wavegan_tf.errors import ConfigError, DataError

LAYOUTS = {
    "ldc": write_ldc, "kaggle": write_kaggle, "nltk": write_nltk,
    "lower case": lambda root: write_ldc(root, lower=True), "riff": lambda root: write_ldc(root, riff=True),
    "lower case riff": lambda root: write_ldc(root, lower=True, riff=True),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_utterances(tmp_path, layout):
    reference = read_timit(write_ldc(tmp_path / "reference"))
    found = read_timit(LAYOUTS[layout](tmp_path / "copy"))
    assert found.problems == reference.problems == ()
    assert len(found.utterances) == len(SPOKEN)
    # the NLTK sample has no TRAIN and TEST
    blank = {"audio_path": Path(), **({"split": ""} if layout == "nltk" else {})}
    assert [replace(u, **blank) for u in found.utterances] == [replace(u, **blank) for u in reference.utterances]
    for u, v in zip(found.utterances, reference.utterances, strict=True):
        np.testing.assert_array_equal(read_recording(u.audio_path)[0], read_recording(v.audio_path)[0])


def test_what_the_path_says(tmp_path):
    first = read_timit(write_ldc(tmp_path)).utterances[0]
    assert (first.id, first.speaker, first.sex, first.dialect, first.split, first.sentence, first.sentence_type) == (
        "faem0_sa1", "FAEM0", "F", "DR2", "train", "SA1", "SA")
    assert (first.text, first.n_samples, first.rate_hz) == ("She asks.", 8000, 16000)
    assert first.words == (Segment(1000, 3000, "she"), Segment(3000, 6500, "ask"))
    assert first.phones[5] == Segment(5000, 5600, "kcl")


@pytest.mark.parametrize("part", ["TRAIN", "TRAIN/DR1", "TRAIN/DR1/FCJF0"])
def test_a_part_of_the_corpus_knows_where_it_lies(tmp_path, part):
    write_ldc(tmp_path)
    whole = {u.id: u for u in read_timit(tmp_path).utterances}
    found = read_timit(tmp_path / part).utterances
    assert found and all(u == whole[u.id] for u in found)


def test_kaggle_reads_the_riff_and_falls_back_to_sphere(tmp_path):
    write_kaggle(tmp_path)
    broken = tmp_path / "data/TRAIN/DR1/FCJF0/SA1.WAV.wav"
    broken.write_bytes(b"")
    corpus = read_timit(tmp_path)
    paths = {u.id: u.audio_path.name for u in corpus.utterances}
    assert paths["fcjf0_sa1"] == "SA1.WAV" and paths["fcjf0_sa2"] == "SA2.WAV.wav"
    assert [(p.where, p.kind) for p in corpus.problems] == [(str(broken), "unreadable recording")]
    assert len(corpus.utterances) == len(SPOKEN)


def test_names_that_are_no_timit_sentences_are_read(tmp_path):
    write_ldc(tmp_path, (replace(SPOKEN[0], sentence="27-123349-0001_000000"),))
    (u,) = read_timit(tmp_path).utterances
    assert (u.sentence, u.sentence_type, u.speaker, u.sex) == ("27-123349-0001_000000", "", "FCJF0", "F")


def test_folders_that_are_no_timit_speakers_have_no_sex(tmp_path):
    write_ldc(tmp_path, (replace(SPOKEN[0], speaker="Mary"),))
    (u,) = read_timit(tmp_path).utterances
    assert (u.speaker, u.sex, u.split) == ("MARY", "", "train")


def problem(tmp_path: Path, spoken: Spoken = SPOKEN[0], **changes: str | bytes | None) -> list[tuple[str, str]]:
    """Write one utterance beside a good one, change its files, and return its problems."""
    write_ldc(tmp_path, (SPOKEN[5], spoken))
    stem = tmp_path / "TRAIN/DR1/FCJF0/SA1"
    for suffix, content in changes.items():
        path = stem.with_suffix(f".{suffix}")
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [(p.kind, p.what) for p in read_timit(tmp_path).problems]


def test_zero_byte_and_broken_recordings_are_problems_not_crashes(tmp_path):
    for i, (raw, what) in enumerate([(b"", "0 bytes"), (b"noise", "WAV, FLAC"),
                                     (sphere_bytes(tone(9))[:50], "of the 1024 bytes"),
                                     (sphere_bytes(tone(100), coding="pcm,embedded-shorten-v2.00"), "shorten"),
                                     (sphere_bytes(tone(8000))[:5000], "truncated")]):
        (found,) = problem(tmp_path / str(i), WAV=raw)
        assert found[0] == "unreadable recording" and what in found[1]
        assert len(read_timit(tmp_path / str(i)).utterances) == 1


def test_missing_labels_are_problems_and_the_utterance_stays(tmp_path):
    assert problem(tmp_path, PHN=None, WRD=None) == [("no .PHN file", "no .PHN file beside it"),
                                                     ("no .WRD file", "no .WRD file beside it")]
    assert len(read_timit(tmp_path).utterances) == 2


def test_labels_without_a_recording_are_a_problem(tmp_path):
    assert problem(tmp_path, WAV=None) == [("no recording", "labels without a recording")]


def test_intervals_without_length_are_left_out(tmp_path):
    found = problem(tmp_path, WRD="1000 3000 she\n3000 3000 ask\n6000 5000 me\n")
    assert [kind for kind, _ in found] == ["interval without length"] * 2
    assert found[0][1] == "`ask` from 3000 to 3000 has no length; left out"
    assert read_timit(tmp_path).utterances[0].words == (Segment(1000, 3000, "she"),)


def test_phones_that_end_early_are_doubted(tmp_path):
    assert problem(tmp_path, PHN="0 1000 h#\n1000 7999 s\n") == [
        ("phones end before the recording", "phones end at 7999 of 8000 samples")]


def test_intervals_outside_the_recording_are_cut_or_left_out(tmp_path):
    found = problem(tmp_path, PHN="0 1000 h#\n1000 8100 s\n8100 9000 h#\n")
    assert {kind for kind, _ in found} == {"interval outside the recording"}
    assert [what for _, what in found] == [
        "`s` from 1000 to 8100 passes the end of the recording at 8000; cut there",
        "`h#` from 8100 to 9000 begins outside the 8000 samples of the recording; left out"]
    assert read_timit(tmp_path).utterances[0].phones[-1] == Segment(1000, 8000, "s")


def test_lines_that_are_no_labels_are_named(tmp_path):
    (found,) = problem(tmp_path, WRD="1000 3000 she\n0.3 0.5 ask\n\n")
    assert found[0] == "line that is no label" and "'0.3 0.5 ask'" in found[1]
    write_ldc(tmp_path / "b", (SPOKEN[0],))
    (tmp_path / "b/TRAIN/DR1/FCJF0/SA1.WRD").write_text("")
    assert [p.kind for p in read_timit(tmp_path / "b").problems] == ["empty .WRD file"]


def test_overlapping_words_touching_edges_and_crlf_are_fine(tmp_path):
    assert problem(tmp_path, WRD="1000 3100 she\r\n3000 6500 ask\r\n") == []


def test_labels_that_are_not_utf_8_are_read(tmp_path):
    assert problem(tmp_path, WRD="1000 3000 caf\xe9\n".encode("latin-1")) == []
    assert read_timit(tmp_path).utterances[0].words[0].label == "café"


def test_upper_case_phones_and_stress_digits_are_spelt_plainly(tmp_path):
    write_ldc(tmp_path, (SPOKEN[0],))
    (tmp_path / "TRAIN/DR1/FCJF0/SA1.PHN").write_text("0 1000 H#\n1000 3000 AH0\n3000 5000 PCL\n5000 8000 H#\n")
    assert [p.label for p in read_timit(tmp_path).utterances[0].phones] == ["h#", "ah", "pcl", "h#"]


def test_the_same_speaker_and_sentence_twice_is_one_utterance(tmp_path):
    write_ldc(tmp_path / "TIMIT")
    shutil.copytree(tmp_path / "TIMIT", tmp_path / "backup")
    corpus = read_timit(tmp_path)
    assert len(corpus.utterances) == len(SPOKEN)
    assert {p.kind for p in corpus.problems} == {"utterance found twice"}


def test_folders_that_cannot_be_read_at_all(tmp_path):
    with pytest.raises(DataError, match="must be a folder; it does not exist"):
        read_timit(tmp_path / "nothing")
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="must be a folder; it is a file"):
        read_timit(tmp_path / "file")
    (tmp_path / "a.wav").write_bytes(b"")
    with pytest.raises(DataError, match=r"of 1 audio files none can be read \(first: .*0 bytes.*TRAIN and TEST"):
        read_timit(tmp_path)


def test_sa_policies_are_checked_before_anything_is_read(tmp_path):
    with pytest.raises(ConfigError, match=r"`sa` \(=some\) must be one of all, none, keep7, keep7_per_sentence"):
        read_timit(tmp_path / "nothing", sa="some")
    assert len(read_timit(write_ldc(tmp_path), sa="none").utterances) == 8


def test_a_recording_of_one_sample_is_read_and_its_labels_doubted(tmp_path):
    (first, *_) = read_timit(write_ldc(tmp_path, (replace(SPOKEN[0], n_samples=1),))).utterances
    assert (first.n_samples, first.words, first.phones) == (1, (), (Segment(0, 1, "h#"),))
    assert {p.kind for p in read_timit(tmp_path).problems} == {"interval outside the recording"}


def test_stereo_riff_is_read(tmp_path):
    write_ldc(tmp_path, (SPOKEN[0],))
    path = tmp_path / "TRAIN/DR1/FCJF0/SA1.WAV"
    soundfile.write(str(path), np.stack([tone(8000)] * 2, 1), RATE_HZ, format="WAV")
    assert read_timit(tmp_path).utterances[0].n_samples == 8000
