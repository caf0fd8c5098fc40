"""`wavegan-tf corpus` and `wavegan-tf slice`: what they print, and one line and exit code 2 for bad input."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mock_corpora import RATE_HZ, SPOKEN, sphere_bytes, tone, write_kaggle, write_ldc

from wavegan_tf import cli
from wavegan_tf.commands.corpus_options import add_corpus_flags
from wavegan_tf.data.corpora.readers import LAYOUTS
from wavegan_tf.data.corpora.sa_policy import SA_POLICIES
from wavegan_tf.data.corpora.summary import summarise
from wavegan_tf.data.corpora.timit import read_timit
from wavegan_tf.data.slices.manifest import read_manifest


@pytest.fixture
def run(monkeypatch, capsys):
    """Run one command and return its exit code, output and error lines."""
    monkeypatch.setattr(cli, "FAMILIES", ("corpus", "slice"))

    def call(*argv: object) -> tuple[int, str, str]:
        code = cli.main([str(a) for a in argv])
        captured = capsys.readouterr()
        # the progress bar writes over its own line
        return code, captured.out, captured.err.rsplit("\r", 1)[-1].strip()

    return call


@pytest.fixture
def timit(tmp_path: Path) -> Path:
    return write_ldc(tmp_path / "timit")


def test_summary_of_a_corpus(timit):
    (timit / "TRAIN/DR1/FCJF0/SA1.PHN").write_text("0 1000 h#\n1000 8000 ?!\n")
    (timit / "TRAIN/DR1/FCJF0/SA2.WAV").write_bytes(b"")
    summary = summarise(read_timit(timit))
    assert summary.n_utterances == 15 and summary.n_speakers == 4
    assert summary.utterances_by_split == {"test": 8, "train": 7}
    assert summary.utterances_by_sentence_type == {"SA": 7, "SI": 4, "SX": 4}
    assert (summary.speakers_by_sex, summary.speakers_by_split) == ({"F": 2, "M": 2}, {"test": 2, "train": 2})
    assert summary.hours == pytest.approx(15 * 0.5 / 3600) and summary.rates_hz == {RATE_HZ: 15}
    assert (summary.n_word_tokens, summary.n_word_types) == (30, 2)
    assert summary.eight_words == {"ask": 15, **dict.fromkeys(
        ("dark", "greasy", "oily", "rag", "wash", "water", "year"), 0)}
    assert (summary.n_phone_tokens, summary.n_phone_types, summary.unknown_phones) == (14 * 8 + 2, 8, {"?!": 1})
    assert summary.problems_by_kind == {"unreadable recording": 1}


def test_info_prints_a_table(run, timit):
    (timit / "TRAIN/DR1/FCJF0/SA2.WAV").write_bytes(b"")
    (timit / "TRAIN/DR1/FCJF0/SA1.WRD").unlink()
    code, out, err = run("corpus", "info", timit, "--problems", 1)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert "utterances           15  test 8, train 7; SA 7, SI 4, SX 4" in lines
    assert "eight words          14  ask 14, dark 0, greasy 0, oily 0, rag 0, wash 0, water 0, year 0" in lines
    assert "problems              2  no .WRD file 1, unreadable recording 1" in lines
    assert lines[-1] == "  ... and 1 more; --problems 2 shows all"
    code, out, _ = run("corpus", "info", timit, "--json", "--sa", "none")
    assert code == 0 and json.loads(out)["n_utterances"] == 8


def test_flags_offer_what_the_readers_know():
    parser = argparse.ArgumentParser()
    add_corpus_flags(parser)
    choices = {action.dest: action.choices for action in parser._actions}
    assert (choices["layout"], choices["sa"]) == (LAYOUTS, SA_POLICIES)


def test_folding_prints_the_table(run):
    code, out, _ = run("corpus", "folding")
    rows = [line.split(",") for line in out.splitlines()]
    assert code == 0 and len(rows) == 62 and ["q", "", "", "stop"] in rows and ["ao", "ao", "aa", "vowel"] in rows


def test_a_synthetic_corpus_is_made_read_and_sliced(run, tmp_path):
    pytest.importorskip("espeakng_loader", reason="the extra `synth` is not installed")
    corpus = tmp_path / "synthetic"
    code, out, _ = run("corpus", "synth", corpus, "--speakers", 2, "--sentences", 1, "--seed", 7)
    assert code == 0 and f"wavegan-tf corpus info {corpus}" in out and "6 utterances of 2 speakers" in out
    summary = summarise(read_timit(corpus))
    assert (summary.n_utterances, summary.n_speakers, summary.unknown_phones, summary.problems) == (6, 2, {}, ())
    assert all(n >= 2 for n in summary.eight_words.values())
    code, out, _ = run("slice", corpus, tmp_path / "out", "--words", "ask,dark,greasy,oily,rag,wash,water,year")
    table = read_manifest(tmp_path / "out")
    assert code == 0 and len(table) == sum(summary.eight_words.values())
    # every word begins and ends with phones of its own
    assert all(row.phones[0].start == 400 and row.phones[-1].end == row.n_samples - 400 for row in table.itertuples())


def test_slice_words_phones_and_stops(run, tmp_path, timit):
    code, out, err = run("slice", timit, tmp_path / "w", "--words", "ASK,she", "--split", "official", "--silence-s",
                         0.05)
    assert (code, err) == (0, "")
    table = read_manifest(tmp_path / "w")
    assert len(table) == 32 and set(table["n_samples"]) == {3500 + 1600, 2000 + 1600}
    assert "32 slices, 2 labels, 4 speakers" in out and f"--data {tmp_path / 'w'}/train" in out
    assert run("slice", timit, tmp_path / "p", "--kind", "phones", "--phones", "s,sh", "--words", "ask,she")[0] == 0
    assert set(read_manifest(tmp_path / "p")["label"]) == {"s", "sh"}
    words = ((1000, 3000, "ta"), (3000, 6000, "sta"))
    phones = ((0, 1000, "h#"), (1000, 1500, "tcl"), (1500, 2000, "t"), (2000, 3000, "aa"), (3000, 4000, "s"),
              (4000, 4500, "tcl"), (4500, 5000, "t"), (5000, 5800, "aa"), (5800, 8000, "h#"))
    write_ldc(tmp_path / "t2", tuple(type(s)(s.speaker, s.dialect, s.split, s.sentence, words=words, phones=phones)
                                     for s in SPOKEN))
    code, out, _ = run("slice", tmp_path / "t2", tmp_path / "s", "--kind", "stops", "--no-closure", "--split",
                       "speaker")
    table = read_manifest(tmp_path / "s")
    assert code == 0 and table.groupby("label")[["start_sample", "end_sample"]].first().to_dict("list") == {
        "start_sample": [1500, 3000], "end_sample": [3000, 5800]}
    assert "TV" in out and "sTV" in out


def test_every_reader_can_be_sliced(run, tmp_path):
    kaggle = write_kaggle(tmp_path / "k")
    assert run("slice", kaggle, tmp_path / "ok", "--words", "ask", "--sa", "keep7", "--sa-seed", 2)[0] == 0
    assert len(read_manifest(tmp_path / "ok")) == 8 + 7


@pytest.mark.parametrize(("argv", "message"), [
    (["corpus", "info", "{tmp}/none"],
     "corpus folder (={tmp}/none) must be a folder; it does not exist; check the path"),
    (["corpus", "info", "{tmp}/empty"],
     "must hold .PHN or .WRD files (TIMIT), .trans.txt files (LibriSpeech) or .TextGrid files; it holds nothing (0"),
    (["corpus", "info", "{tmp}/audio"], "it holds 1 .wav (1 audio files)"),
    (["corpus", "info", "{tmp}/broken"], "of 1 audio files none can be read (first: "),
    (["corpus", "info", "{tmp}/shorten"],
     "it is shorten-compressed (sample_coding pcm,embedded-shorten-v2.00); convert"),
    (["corpus", "info", "{tmp}/cut"], "must hold the 8000 samples of its header; it holds 3488; the file is truncated"),
    (["corpus", "info", "{tmp}/timit", "--word-tier", "x"], "`word_tier` (=x) must be an option of the layout `timit`"),
    (["slice", "{tmp}/none", "{tmp}/out"], "it does not exist"),
    (["slice", "{tmp}/timit", "{tmp}/out", "--words", "ask,asks"], "word (=asks) must be in the corpus; it has 2 other "
     "words; near ones are ask; change the list"),
    (["slice", "{tmp}/timit", "{tmp}/out", "--kind", "phones"], "`phones` must name at least one phone"),
    (["slice", "{tmp}/timit", "{tmp}/out", "--phones", "s"], "`--phones` does not go with --kind words"),
    (["slice", "{tmp}/timit", "{tmp}/out", "--kind", "words", "--no-closure"], "`--no-closure` does not go with"),
    (["slice", "{tmp}/timit", "{tmp}/out", "--kind", "stops"], "then a vowel; none of 32 words does"),
    (["slice", "{tmp}/timit", "{tmp}/out", "--silence-s", "-1"], "`silence_s` (=-1.0) must be 0 or more"),
    (["slice", "{tmp}/timit", "{tmp}/out", "--rate-hz", "-1"], "`rate_hz` (=-1) must be 0 or more"),
    (["slice", "{tmp}/timit", "{tmp}/out", "--test-share", "1"], "`test_share` (=1.0) must be in [0, 1)"),
    (["slice", "{tmp}/timit", "{tmp}/out", "--max-samples", "9"], "32 are longer than `max_samples` (=9)"),
    (["slice", "{tmp}/timit", "{tmp}/audio"], "must be new or empty"),
    (["slice", "{tmp}/timit", "{tmp}/timit/x"], "must lie outside the corpus"),
    (["slice", "{tmp}/silent", "{tmp}/out"], "2 cannot be read or are silent"),
    (["slice", "{tmp}/nan", "{tmp}/out"], "8000 samples are NaN or infinite"),
])
def test_bad_input_is_one_line_and_exit_code_2_and_nothing_written(run, tmp_path, argv, message):
    _bad_corpora(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    code, out, err = run(*(a.replace("{tmp}", str(tmp_path)) for a in argv))
    assert (code, out) == (2, "")
    assert err.startswith("wavegan-tf: error: ") and "\n" not in err
    assert message.replace("{tmp}", str(tmp_path)) in err
    assert sorted(tmp_path.rglob("*")) == before


def _bad_corpora(root: Path) -> None:
    write_ldc(root / "timit")
    for name in ("empty", "audio"):
        (root / name).mkdir()
    soundfile.write(str(root / "audio/a.wav"), tone(100), RATE_HZ)
    for name, raw in (("broken", b""), ("shorten", sphere_bytes(tone(8000), coding="pcm,embedded-shorten-v2.00")),
                      ("cut", sphere_bytes(tone(8000))[:8000])):
        write_ldc(root / name, SPOKEN[:1])
        (root / name / "TRAIN/DR1/FCJF0/SA1.WAV").write_bytes(raw)
    for name, samples in (("silent", np.zeros(8000)), ("nan", np.full(8000, np.nan))):
        write_ldc(root / name, SPOKEN[:1])
        soundfile.write(str(root / name / "TRAIN/DR1/FCJF0/SA1.WAV"), samples, RATE_HZ, format="WAV", subtype="FLOAT")


def test_help_loads_neither_pandas_nor_tensorflow():
    code = ("import argparse, sys\nfrom wavegan_tf.commands import corpus, slice\n"
            "s = argparse.ArgumentParser().add_subparsers()\ncorpus.add_parser(s)\nslice.add_parser(s)\n"
            "print([m for m in ('tensorflow', 'pandas', 'numpy', 'soundfile', 'scipy') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_reading_and_slicing_load_no_tensorflow():
    code = ("import sys, wavegan_tf.data.corpora.readers\n"
            "import wavegan_tf.data.slices.slicing\n"
            "import wavegan_tf.data.corpora.summary\n"
            "print([m for m in ('tensorflow', 'keras') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
