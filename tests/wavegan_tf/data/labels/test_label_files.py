"""Labels as others leave them: lines that are none, any encoding, files that cannot be read."""

import argparse
import errno
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from mock_corpora import SPOKEN, tone, write_ldc
from unreadable import BAD_PLACES, forbid, no_waiting

from wavegan_tf.commands.corpus_options import add_corpus_flags, open_named_corpus
from wavegan_tf.data.batches.audio_files import find_audio_files
from wavegan_tf.data.corpora.readers import open_corpus, recognise
from wavegan_tf.data.corpus import Segment
from wavegan_tf.data.labels.label_checks import checked_segments
from wavegan_tf.data.labels.label_files import read_intervals, read_sentence, read_texts
from wavegan_tf.data.labels.textgrid import read_textgrid, write_textgrid
from wavegan_tf.data.slices.manifest import read_manifest
from wavegan_tf.data.slices.slicing import slice_words
from wavegan_tf.errors import DataError

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1")
PHN = SPOKEN[0].label_files()["PHN"]


def saved(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def timit(root: Path) -> Path:
    """TRAIN/DR1/FCJF0/SA1.WAV and SA2.WAV with their labels; SA1.PHN and so on are there to be spoilt."""
    return write_ldc(root, SPOKEN[:2]) / "TRAIN/DR1/FCJF0/SA1"


def kinds(corpus) -> Counter[str]:
    return Counter(problem.kind for problem in corpus.problems)


@pytest.mark.parametrize("line", [
    "--5 100 ask", "- 100 ask", "1" * 5000 + " 100 ask", f"100 {'9' * 5000} ask", "0.0 100.5 ask", "1e3 2e3 ask",
    "nan 5 ask", "100 inf ask", "0x10 0x20 ask", "1_0 2_0 ask", "+5 100 ask", "5 100", "5", "ask", "٣ ٤ ask",
    "5,100,ask"])
def test_a_line_that_is_no_label_costs_itself_only(tmp_path: Path, line: str) -> None:
    spoilt = timit(tmp_path)
    saved(spoilt.with_suffix(".PHN"), f"0 1000 h#\n{line}\n1000 2000 sh\n")
    corpus = open_corpus(tmp_path)
    first, second = corpus.utterances
    assert first.phones == (Segment(0, 1000, "h#"), Segment(1000, 2000, "sh")) and len(second.phones) == 8
    assert kinds(corpus)["line that is no label"] == 1
    (problem,) = (p for p in corpus.problems if p.kind == "line that is no label")
    assert problem.where == f"{spoilt}.PHN:2" and len(problem.what) < 200


@pytest.mark.parametrize(("line", "what"), [
    ("-5 100 ask", "begins outside the 8000 samples"), ("999999999999999 1000000000000000 ask", "must read `begin end"),
    ("9000 9100 ask", "begins outside"), ("5 5 ask", "has no length"), ("100 5 ask", "has no length"),
    ("7000 99999999 ask", "passes the end of the recording at 8000; cut there")])
def test_times_that_no_recording_has_are_named(tmp_path: Path, line: str, what: str) -> None:
    saved(timit(tmp_path).with_suffix(".WRD"), f"{line}\n")
    assert any(what in problem.what and "SA1.WRD" in problem.where for problem in open_corpus(tmp_path).problems)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_encoding_of_labels_does_not_matter(tmp_path: Path, encoding: str) -> None:
    text = f"{PHN}8000 8100 b\N{LATIN SMALL LETTER O WITH STROKE}k\r\n"
    expected = [*(line.split()[2] for line in PHN.splitlines()), "bøk"]
    segments, problems = read_intervals(saved(tmp_path / "a.PHN", text.encode(encoding)))
    assert [s.label for s in segments] == expected and problems == []
    assert read_sentence(saved(tmp_path / "a.TXT", "0 900 Hvor er bøken?\r".encode(encoding))) == "Hvor er bøken?"
    assert dict(read_texts(saved(tmp_path / "a.trans.txt", "A-1 HVOR ER\rA-2 BØKEN\n".encode(encoding)))) == {
        "a-1": "HVOR ER", "a-2": "BØKEN"}
    write_textgrid(tmp_path / "a.TextGrid", {"ord": [Segment(0, 100, "bøk")]}, 200, 100)
    grid = (tmp_path / "a.TextGrid").read_text(encoding="utf-8")
    assert read_textgrid(saved(tmp_path / "b.TextGrid", grid.encode(encoding))).tiers[0].intervals[0].label == "bøk"


def test_letters_of_windows_do_not_end_lines(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.WRD", "0 5 a\x85b\n5 9 c".encode("latin-1"))
    assert [s.label for s in read_intervals(path)[0]] == ["a\x85b", "c"]


def test_what_is_no_text_is_refused_whole(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"label file \(=.*\) must be text; it holds bytes that are 0"):
        read_intervals(saved(tmp_path / "a.PHN", b"0 5 a\n" + bytes(40) + b"RIFF" * 90))
    with pytest.raises(DataError, match=r"as UTF-16.* it breaks off or is damaged at byte"):
        read_intervals(saved(tmp_path / "a.PHN", "0 5 a".encode("utf-16")[:-1]))


@given(st.binary(max_size=300))
def test_any_bytes_are_labels_or_a_named_error(tmp_path_factory, content: bytes) -> None:
    path = saved(tmp_path_factory.mktemp("any") / "a.PHN", content)
    for read in (read_intervals, read_sentence, read_texts, read_textgrid):
        try:
            read(path)
        except DataError as error:
            assert str(path) in str(error)


def test_a_double_line_is_read_once_and_named(tmp_path: Path) -> None:
    """It stopped `slice` with `rows of the table must differ`, and no name."""
    spoilt = timit(tmp_path / "corpus")
    saved(spoilt.with_suffix(".WRD"), "1000 3000 she\n3000 6500 ask\n3000 6500 ask\n3000 6500 Ask\n3000 6400 ask\n")
    corpus = open_corpus(tmp_path / "corpus")
    assert kinds(corpus)["interval there twice"] == 2
    assert any(p.where == f"{spoilt}.WRD" and "`ask` from 3000 to 6500 is there twice" in p.what
               for p in corpus.problems)
    slices = slice_words(corpus, tmp_path / "out", ["ask"])
    assert len(slices.table) == 3 and "interval there twice 2" in str(slices)


def test_phones_that_differ_in_case_are_not_the_same() -> None:
    kept, problems = checked_segments([Segment(0, 5, "S"), Segment(0, 5, "s"), Segment(0, 5, "s")], 10, "x")
    assert [s.label for s in kept] == ["S", "s"] and len(problems) == 1
    # the same after both are cut at the end of the recording
    assert len(checked_segments([Segment(0, 11, "s"), Segment(0, 12, "s")], 10, "x")[0]) == 1


@pytest.mark.parametrize("suffix", [".PHN", ".WRD", ".TXT"])
@pytest.mark.parametrize("make", BAD_PLACES.values(), ids=BAD_PLACES.keys())
def test_a_label_file_that_cannot_be_read_costs_its_recording_only(tmp_path: Path, suffix: str, make) -> None:
    spoilt = timit(tmp_path).with_suffix(suffix)
    spoilt.unlink()
    make(spoilt)
    with no_waiting():
        corpus = open_corpus(tmp_path)
    first, second = corpus.utterances
    assert len(second.phones) == 8 and len(second.words) == 2 and second.text
    assert {".PHN": first.phones, ".WRD": first.words, ".TXT": first.text}[suffix] in ((), "")
    if make is not Path.mkdir:  # a folder of that name is a folder
        assert kinds(corpus)[f"unreadable {suffix} file"] == 1
        assert any(p.where == str(spoilt) for p in corpus.problems)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO])
def test_labels_without_permission_or_on_a_damaged_disk(tmp_path: Path, monkeypatch, number: int) -> None:
    spoilt = timit(tmp_path)
    forbid(monkeypatch, spoilt.with_suffix(".PHN"), spoilt.with_suffix(".TXT"), number=number)
    corpus = open_corpus(tmp_path)
    assert [len(u.phones) for u in corpus.utterances] == [0, 8]
    assert kinds(corpus) >= Counter({"unreadable .PHN file": 1, "unreadable .TXT file": 1})
    assert any(os.strerror(number) in p.what for p in corpus.problems)


def librispeech(root: Path) -> Path:
    for chapter in ("1-2", "1-3"):
        folder = root / "train-clean" / chapter.replace("-", "/")
        for number in range(2):
            name = f"{chapter}-{number:04d}"
            folder.mkdir(parents=True, exist_ok=True)
            soundfile.write(str(folder / f"{name}.flac"), tone(8000), 16000)
        saved(folder / f"{chapter}.trans.txt", f"{chapter}-0000 ONE\n{chapter}-0001 TWO\n")
    return root


@pytest.mark.parametrize("make", BAD_PLACES.values(), ids=BAD_PLACES.keys())
def test_texts_that_cannot_be_read_cost_their_chapter_only(tmp_path: Path, make) -> None:
    spoilt = librispeech(tmp_path) / "train-clean/1/2/1-2.trans.txt"
    spoilt.unlink()
    make(spoilt)
    make(tmp_path / "SPEAKERS.TXT")
    with no_waiting():
        corpus = open_corpus(tmp_path)
    assert [u.text for u in corpus.utterances] == ["", "", "ONE", "TWO"]
    if make is not Path.mkdir:
        assert kinds(corpus)["unreadable .trans.txt file"] == 1


def test_of_two_texts_of_a_recording_the_first_is_read_and_told(tmp_path: Path) -> None:
    saved(librispeech(tmp_path) / "train-clean/1/2/1-2.trans.txt", "1-2-0000 ONE\n1-2-0001 TWO\n1-2-0000 OTHER\n"
                                                                   "1-2-0001 TWO\n")
    corpus = open_corpus(tmp_path)
    assert [u.text for u in corpus.utterances] == ["ONE", "TWO", "ONE", "TWO"]
    assert kinds(corpus)["two texts of a recording"] == 1


def test_a_table_of_speakers_without_permission_is_told(tmp_path: Path, monkeypatch) -> None:
    forbid(monkeypatch, saved(librispeech(tmp_path) / "SPEAKERS.TXT", "1 | F | ..."))
    assert kinds(open_corpus(tmp_path))["unreadable SPEAKERS.TXT"] == 1


def with_textgrids(root: Path) -> Path:
    for name in ("a", "b"):
        root.mkdir(exist_ok=True)
        soundfile.write(str(root / f"{name}.wav"), tone(8000), 16000)
        write_textgrid(root / f"{name}.TextGrid", {"words": [Segment(0, 8000, "she")]}, 8000, 16000)
    return root


@pytest.mark.parametrize("make", BAD_PLACES.values(), ids=BAD_PLACES.keys())
def test_a_textgrid_or_recording_that_cannot_be_read_costs_itself_only(tmp_path: Path, make) -> None:
    root = with_textgrids(tmp_path / "corpus")
    (root / "a.TextGrid").unlink()
    make(root / "a.TextGrid")
    make(root / "c.wav")
    with no_waiting():
        corpus = open_corpus(root)
        found = find_audio_files(root)
    assert [(u.id, len(u.words)) for u in corpus.utterances] == [("a", 0), ("b", 1)]
    assert [file.name for file in found.files] == ["a.wav", "b.wav"]
    if make is not Path.mkdir:
        assert kinds(corpus) == {"TextGrid not usable": 1, "unreadable recording": 1}
        assert {name for name, _ in found.skipped} - {"a.TextGrid"} == {"c.wav"}  # a broken link may be anything


@pytest.mark.parametrize("make", BAD_PLACES.values(), ids=BAD_PLACES.keys())
def test_a_manifest_that_is_none_is_not_waited_for(tmp_path: Path, make) -> None:
    soundfile.write(str(tmp_path / "a.wav"), tone(8000), 16000)
    make(tmp_path / "manifest.csv")
    with no_waiting():
        assert len(find_audio_files(tmp_path).files) == 1
        for read in (lambda: find_audio_files(tmp_path, "train"), lambda: read_manifest(tmp_path)):
            with pytest.raises(DataError, match=r"manifest\.csv"):
                read()


@pytest.mark.parametrize("make", [timit, librispeech, with_textgrids], ids=["timit", "librispeech", "textgrid"])
def test_folders_that_cannot_be_read_are_problems_with_a_name(tmp_path: Path, monkeypatch, make) -> None:
    root = tmp_path / "corpus"
    make(root)
    (root / "closed").mkdir()
    soundfile.write(str(root / "closed" / "lost.wav"), tone(8000), 16000)
    before = open_corpus(root, "auto")
    forbid(monkeypatch, root / "closed")
    corpus = open_corpus(root)
    (problem,) = (p for p in corpus.problems if p.kind == "unreadable folder")
    assert problem.where == str(root / "closed") and "Permission denied" in problem.what
    assert len(corpus.utterances) == len(before.utterances) - 1
    found = find_audio_files(root)
    assert ("closed/", "this folder cannot be read (Permission denied); what is in it is left out") in found.skipped


def test_a_folder_of_textgrids_that_cannot_be_read_is_a_problem(tmp_path: Path, monkeypatch) -> None:
    root, grids = with_textgrids(tmp_path / "corpus"), tmp_path / "grids"
    (grids / "closed").mkdir(parents=True)
    (root / "a.TextGrid").rename(grids / "a.TextGrid")
    forbid(monkeypatch, grids / "closed", number=errno.EIO)
    assert kinds(open_corpus(root, textgrids=grids)) == {"unreadable folder": 1, "no TextGrid": 1}


def test_a_corpus_that_cannot_be_entered_says_why(tmp_path: Path, monkeypatch) -> None:
    timit(tmp_path)
    forbid(monkeypatch, tmp_path)
    with pytest.raises(DataError, match=r"1 folders cannot be read \(first: "):
        recognise(tmp_path)
    with pytest.raises(DataError, match=r"unreadable folder 1.*|first: .*this folder cannot be read"):
        open_corpus(tmp_path, "timit")
    assert find_audio_files(tmp_path).skipped[0][1].startswith("this folder cannot be read (Permission denied)")


def test_a_corpus_that_cannot_be_reached_is_not_said_to_be_missing(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(DataError, match=r"must be a folder; it cannot be read \(Too many levels"):
        open_corpus(tmp_path / "loop")


def test_commands_say_what_was_lost_while_a_corpus_was_read(tmp_path: Path, capsys) -> None:
    spoilt = timit(tmp_path).with_suffix(".PHN")
    spoilt.unlink()
    spoilt.symlink_to("nowhere")
    parser = argparse.ArgumentParser()
    add_corpus_flags(parser)
    args = argparse.Namespace(**vars(parser.parse_args([])), corpus=str(tmp_path))
    for quiet, problems in ((False, True), (False, False), (True, True)):
        open_named_corpus(args, quiet, problems)
        told = capsys.readouterr().out
        expected = f"note: met while reading the corpus: unreadable .PHN file 1 (first: .PHN file (={spoilt}) must be"
        assert (expected in told) == (problems and not quiet)


def test_other_media_in_a_corpus_are_problems_with_a_name(tmp_path: Path) -> None:
    root = with_textgrids(tmp_path / "corpus")
    for name in ("a.mp4", "c.m4a", "d.WMA"):  # a.mp4 is the film of a.wav
        saved(root / name, b"\0\0\0 ftyp")
    corpus = open_corpus(root)
    assert [Path(p.where).name for p in corpus.problems if p.kind == "kind of file that is not read"] == [
        "c.m4a", "d.WMA"]
    for name in ("a.wav", "b.wav"):
        (root / name).unlink()
    with pytest.raises(DataError, match=r"none can be read \(first: .*mp4 files are not read; convert it to WAV"):
        open_corpus(root)
    for path in root.glob("*.TextGrid"):
        path.unlink()
    with pytest.raises(DataError, match=r"\.m4a, \.mp4, \.wma files are not read, convert them"):
        open_corpus(root)


@pytest.mark.parametrize("name", ["a.caf", "a.w64", "a.aifc"])
def test_recordings_in_other_containers_belong_to_a_corpus(tmp_path: Path, name: str) -> None:
    root = with_textgrids(tmp_path / "corpus")
    (root / "a.wav").unlink()
    kind = {"a.caf": "CAF", "a.w64": "W64", "a.aifc": "AIFF"}[name]
    soundfile.write(str(root / name), tone(8000).astype(np.int16), 16000, format=kind, subtype="PCM_16")
    assert [(u.audio_path.name, len(u.words)) for u in open_corpus(root).utterances] == [(name, 1), ("b.wav", 1)]
