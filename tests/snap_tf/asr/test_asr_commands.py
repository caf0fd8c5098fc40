"""`snap-tf asr` from end to end on a corpus of bands; transcripts with times; refusals on one line, with code 2."""

import csv
import json
import os
import re
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import soundfile
import tensorflow as tf
from band_corpus import make_band_corpus

from snap_tf.asr.network.wav2letter import build_network
from snap_tf.asr.runs import Recogniser, open_recogniser, save_best
from snap_tf.asr.settings import RecogniserConfig
from snap_tf.asr.spectrograms.features import log_mel
from snap_tf.asr.transcription import TimedSymbol, Transcript, textgrid_names, transcribe, write_textgrids
from snap_tf.asr.transcripts.alphabet import LETTERS, PHONES
from snap_tf.cli import main
from snap_tf.plots.recognition import as_picture, recognition_figure
from wavegan_tf.data.labels.textgrid import read_textgrid
from wavegan_tf.errors import DataError

TINY = ["--width", "0.03", "--batch-size", "8", "--max-steps", "2", "--no-progress", "--picture-secs", "0"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_band_corpus(tmp_path_factory.mktemp("bands") / "corpus", n_utterances=4)


@pytest.fixture(scope="module")
def run(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "shallow"
    assert main(["asr", "train", "W2P_shallow", "--corpus", str(corpus), "--run", str(run), *TINY]) == 0
    return run


def refusal(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    """Run a command that must fail; return its one line."""
    capsys.readouterr()
    assert main(["asr", *map(str, argv)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("snap-tf: error: ") and error.count("\n") == 1, error
    return error


def test_train_tells_what_came_out(run: Path, corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # the same line again: nothing is left to do, and the settings come from the run
    assert main(["asr", "train", "W2P_shallow", "--corpus", str(corpus), "--run", str(run), "--max-steps", "2"]) == 0
    out = capsys.readouterr().out
    assert "12 training and 4 held-out utterances" in out and "ended because all 2 updates are done" in out
    assert "best error rate on held-out speakers" in out and f"snap-tf asr evaluate {run}" in out
    config = RecogniserConfig.load(run / "config.json")
    assert (config.width, config.batch_size, config.sa) == (0.03, 8, "keep7")


def test_evaluate(run: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = ["--confusions", str(tmp_path / "c.csv"), "--transcripts", str(tmp_path / "t.csv")]
    assert main(["asr", "evaluate", str(run), "--corpus", str(corpus), *tables]) == 0
    out = capsys.readouterr().out
    assert out.startswith("note: met while reading the corpus: no .WRD file 24 (first: ")
    assert "\n8 utterances, " in out and "phone error rate" in out and "over 39 classes" in out
    with (tmp_path / "t.csv").open() as file:
        rows = list(csv.DictReader(file))
    with (tmp_path / "c.csv").open() as file:
        counts = [(row["reference"], row["written"], int(row["count"])) for row in csv.DictReader(file)]
    assert len(rows) == 8 and all(row["reference"].startswith("h# ") for row in rows)
    errors = sum(int(row["errors"]) for row in rows)
    assert errors == sum(n for r, w, n in counts if r != w) > 0
    printed = float(out.split("phone error rate")[1].split("%")[0])
    assert printed == pytest.approx(100 * errors / sum(n for r, _, n in counts if r), abs=0.051)


def test_export_and_what_others_read(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "exported"
    assert main(["asr", "export", str(run), str(out)]) == 0
    about = json.loads((out / "recogniser.json").read_text())
    assert about["classes"][-1] == "<blank>" and len(about["classes"]) == 62
    assert about["receptive_field_steps"] == 96 and about["layers"][1]["rate_hz"] == 62.5
    assert about["validation"]["step"] == 2
    audio = np.random.default_rng(0).normal(0, 0.1, (2, 5001)).astype(np.float32)
    features = log_mel(tf.constant(audio))
    network = open_recogniser(run).network
    expected = network(features, training=False)
    signatures = tf.saved_model.load(str(out / "saved_model")).signatures
    np.testing.assert_allclose(signatures["serving_default"](features=features)["logits"], expected, atol=1e-5)
    found = signatures["from_audio"](audio=tf.constant(audio))
    np.testing.assert_allclose(found["logits"], expected, atol=1e-5)
    np.testing.assert_array_equal(found["features"], features)
    np.testing.assert_array_equal(keras.models.load_model(out / "network.keras")(features, training=False), expected)
    again = open_recogniser(out)
    assert again.alphabet is PHONES and again.config == RecogniserConfig.load(run / "config.json")


def test_the_card_says_what_is_known(run: Path, corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "Shipped"
    assert main(["asr", "export", str(run), str(out), "--corpus", str(corpus)]) == 0
    card = (out / "CARD.md").read_text()
    assert card.startswith("# Shipped\n\nW2P_shallow of Krug et al. 2021")
    assert re.search(r"- Width 0.03 .* batches of 8, seed 0\.", card, re.DOTALL)
    assert re.search(r"- 2 updates in \d+ s of training\.", card)
    assert f"{os.cpu_count()} cores" in card
    assert re.search(r"- corpus, 12 training utterances, 4 of held-out speakers, fingerprint [0-9a-f]{32}\n", card)
    assert re.search(r"the best after 2 updates\): phone error rate [\d.]+ %", card)
    assert re.search(r"Test speakers of corpus, 8 utterances, \d+ phones: phone error rate [\d.]+ %", card)
    assert f"- tensorflow {tf.__version__}" in card and str(tmp_path) not in card


def test_the_card_of_a_run_that_was_killed(run: Path, tmp_path: Path) -> None:
    killed = shutil.copytree(run, tmp_path / "killed")
    sessions = killed / "sessions.jsonl"
    sessions.write_text("".join(line for line in sessions.read_text().splitlines(True) if '"end"' not in line))
    assert main(["asr", "export", str(killed), str(tmp_path / "out")]) == 0
    assert "- 2 updates; 0 of them took 0 s, the others were in sessions" in (tmp_path / "out/CARD.md").read_text()


def test_an_export_that_tensorflow_cannot_write(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object, **__: object) -> None:
        raise tf.errors.OutOfRangeError(None, None, f"{tmp_path}/variables: File too large")

    monkeypatch.setattr(tf.saved_model, "save", fail)
    assert f"File too large: '{tmp_path / 'out'}" in refusal(capsys, "export", run, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_compact_export(run: Path, tmp_path: Path) -> None:
    out, again = tmp_path / "compact", tmp_path / "again"
    assert main(["asr", "export", str(run), str(out), "--compact"]) == 0
    assert sorted(p.name for p in out.iterdir()) == ["CARD.md", "SHA256SUMS", "config.json", "network.keras",
                                                    "recogniser.json"]
    assert "rounded to 8 significant bits" in (out / "CARD.md").read_text()
    network, small = open_recogniser(run).network, open_recogniser(out).network
    kernel, rounded = (n.get_layer("layer_2").kernel.numpy() for n in (network, small))
    np.testing.assert_allclose(rounded, kernel, rtol=2.0**-8)
    assert np.abs(rounded - kernel).max() > 0
    variances = [n.get_layer("norm_2").moving_variance for n in (network, small)]
    np.testing.assert_array_equal(*variances)
    features = np.random.default_rng(0).normal(-8, 3, (1, 96, 128)).astype(np.float32)
    logits = network(features, training=False).numpy()
    np.testing.assert_allclose(small(features, training=False), logits, atol=0.03 * np.abs(logits).max())
    assert main(["asr", "export", str(out), str(again)]) == 0  # and from there the whole
    assert (again / "saved_model").is_dir() and "updates in" not in (again / "CARD.md").read_text()


def test_a_damaged_export_is_refused(run: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
                                     ) -> None:
    out = tmp_path / "exported"
    assert main(["asr", "export", str(run), str(out), "--compact"]) == 0
    with (out / "network.keras").open("ab") as file:
        file.write(b"x")
    error = refusal(capsys, "transcribe", out, corpus)
    assert "network.keras) must be as it was written; its checksum differs" in error


def test_transcribe(run: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # other rates and channels are converted; a folder stands for its recordings
    odd = tmp_path / "odd.wav"
    soundfile.write(odd, np.random.default_rng(0).normal(0, 0.1, (22050, 2)), 22050)
    argv = ["asr", "transcribe", str(run), str(corpus / "TEST"), str(odd), "--out", str(tmp_path / "o.csv"),
            "--textgrids", str(tmp_path / "grids")]
    assert main(argv) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 9 and lines[-1].startswith(f"{odd}\t")
    with (tmp_path / "o.csv").open() as file:
        rows = list(csv.DictReader(file))
    for line in lines:
        path, text = line.split("\t")
        symbols = [row for row in rows if row["file"] == path]
        assert " ".join(row["symbol"] for row in symbols) == text
        times = [(float(row["start_s"]), float(row["peak_s"]), float(row["end_s"])) for row in symbols]
        assert all(a <= b <= c for a, b, c in times) and times == sorted(times)
    grids = sorted((tmp_path / "grids").rglob("*.TextGrid"))
    assert len(grids) == 9  # SX1 of two speakers are two files
    (tier,) = read_textgrid(grids[0]).tiers
    assert tier.name == "phones"


def test_recordings_of_a_folder_that_cannot_be_read_cost_themselves_only(
        run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    soundfile.write(folder / "good.wav", np.random.default_rng(0).normal(0, 0.1, 8000), 16000)
    for name, raw in (("cut.wav", (folder / "good.wav").read_bytes()[:5000]), ("film.mp4", b"ftyp")):
        (folder / name).write_bytes(raw)
    assert main(["asr", "transcribe", str(run), str(folder), "--out", str(tmp_path / "o.csv")]) == 0
    out, told = capsys.readouterr()
    assert out.startswith(f"{folder / 'good.wav'}\t") and len(out.splitlines()) == 1
    assert f"left out {folder / 'cut.wav'}: " in told and "the file is truncated" in told
    assert f"left out {folder / 'film.mp4'}: .mp4 files are not read" in told and (tmp_path / "o.csv").is_file()
    # one that was named is an error, after the others have been written
    named = [str(folder / name) for name in ("cut.wav", "good.wav")]
    assert main(["asr", "transcribe", str(run), *named, "--out", str(tmp_path / "p.csv")]) == 2
    assert "the file is truncated" in capsys.readouterr().err and (tmp_path / "p.csv").is_file()
    (folder / "good.wav").unlink()
    assert "must be one that can be read; " in refusal(capsys, "transcribe", run, folder, "--out", tmp_path / "q.csv")
    assert not (tmp_path / "q.csv").exists()


@pytest.fixture
def spelling() -> Recogniser:
    """A recogniser whose logits copy 29 bands of the spectrogram: what is written can be put there by hand."""
    inputs = keras.Input((None, 128), name="features")
    every_other = keras.layers.Conv1D(29, 1, strides=2, use_bias=False, name="layer_1")
    network = keras.Model(inputs, every_other(inputs))
    every_other.set_weights([np.eye(128, 29)[None]])
    return Recogniser(network, LETTERS, None, Path("none"))


def test_times_are_those_of_the_spikes(spelling: Recogniser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "said.wav"
    soundfile.write(path, np.zeros(128 * 39), 16000)  # 40 steps, 20 output steps
    text = "ss  oo__ __r_aa_____"  # a class per output step of 16 ms; _ is the blank
    bands = np.zeros((40, 128), np.float32)
    for step, symbol in enumerate(text):
        bands[2 * step, LETTERS.blank if symbol == "_" else LETTERS.symbols.index(symbol)] = 9.0
    monkeypatch.setattr("snap_tf.asr.transcription.log_mel", lambda waveform: tf.constant(bands))
    (heard,) = transcribe(spelling, [path])
    assert heard.text == "s o ra"
    spikes = [(s.symbol, round(s.start_s * 1000), round(s.end_s * 1000)) for s in heard.symbols]
    assert spikes == [("s", 0, 32), (" ", 32, 64), ("o", 64, 96), (" ", 128, 144), ("r", 176, 192), ("a", 208, 240)]
    assert heard.symbols[0].probability == pytest.approx(1 / (1 + 28 * np.exp(-9.0)), rel=1e-5)

    (grid,) = write_textgrids(tmp_path / "grids", [heard], LETTERS)
    letters, words = read_textgrid(grid).tiers
    assert [i.label for i in letters.intervals if i.label] == ["s", "_", "o", "_", "r", "a"]
    assert [(i.label, round(i.start_s * 1000), round(i.end_s * 1000)) for i in words.intervals if i.label] == [
        ("s", 0, 32), ("o", 64, 96), ("ra", 176, 240)]


def test_recordings_of_one_name_in_one_folder(tmp_path: Path) -> None:
    both = [Transcript(tmp_path / f"a{suffix}", 100, (TimedSymbol("s", 0.0, 0.005, 0.0, 1.0),), "s")
            for suffix in (".wav", ".flac")]
    with pytest.raises(DataError, match=r"recordings \(=a\) must have different names"):
        write_textgrids(tmp_path, both, PHONES)
    assert write_textgrids(tmp_path, [], PHONES) == []
    assert len(textgrid_names(tmp_path, [tmp_path / "a/x.wav", tmp_path / "b/x.wav"])) == 2
    with pytest.raises(DataError, match=r"recordings \(=A, a\) must have different names"):  # one file on many disks
        textgrid_names(tmp_path, [tmp_path / "a.wav", tmp_path / "A.wav", tmp_path / "b.wav"])


def test_names_of_textgrids_are_told_before_anything_is_heard(run: Path, tmp_path: Path,
                                                              capsys: pytest.CaptureFixture[str]) -> None:
    for suffix in ("wav", "flac"):
        soundfile.write(tmp_path / f"a.{suffix}", np.zeros(4000), 16000)
    error = refusal(capsys, "transcribe", run, tmp_path, "--textgrids", tmp_path / "grids")
    assert "recordings (=a) must have different names" in error and not (tmp_path / "grids").exists()
    error = refusal(capsys, "transcribe", tmp_path / "no model", tmp_path, "--textgrids", tmp_path / "grids")
    assert "must have different names" in error  # before the model is opened


def test_a_recording_shorter_than_a_window(spelling: Recogniser, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "short.wav", np.zeros(50), 16000)
    (heard,) = transcribe(spelling, [tmp_path / "short.wav"])
    assert all(s.end_s <= 50 / 16000 for s in heard.symbols)
    write_textgrids(tmp_path, [heard], LETTERS)


def test_picture() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1, (60, 62))
    logits[10:14, 3] = 9.0
    figure = recognition_figure(rng.normal(-5, 3, (120, 128)), logits, PHONES, "utterance")
    upper, lower = figure.axes[:2]
    assert PHONES.symbols[3] in {text.get_text() for text in lower.texts}
    assert lower.get_xlim() == (0.0, pytest.approx(0.96)) and upper.get_ylabel() == "frequency (kHz)"
    picture = as_picture(figure)
    assert picture.dtype == np.uint8 and picture.shape[2] == 3 and picture.std() > 10


def test_corpora_in_sampa_are_heard_through_a_map(run: Path, tmp_path: Path,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    corpus = make_band_corpus(tmp_path / "sampa", n_utterances=2)
    sampa = {"iy": "i:", "aa": "A:", "uw": "u:", "s": "S", "h#": "<p:>"}
    for path in corpus.rglob("*.PHN"):
        rows = [line.split() for line in path.read_text().splitlines()]
        path.write_text("".join(f"{start} {end} {sampa[label]}\n" for start, end, label in rows))
    error = refusal(capsys, "evaluate", run, "--corpus", corpus)
    assert "not among them: " in error and "`A:`" in error and "say what they are with --phone-map" in error
    mapped = ["--corpus", str(corpus), "--phone-map", "sampa-webmaus"]
    assert main(["asr", "evaluate", str(run), *mapped, "--transcripts", str(tmp_path / "t.csv")]) == 0
    assert "note: phones: map sampa-webmaus; " in capsys.readouterr().out
    with (tmp_path / "t.csv").open() as file:
        assert {phone for row in csv.DictReader(file) for phone in row["reference"].split()} <= {
            "iy", "aa", "uw", "sh", "pau"}
    assert main(["asr", "train", "W2P_shallow", *mapped, "--run", str(tmp_path / "new"), *TINY]) == 0
    assert main(["asr", "export", str(run), str(tmp_path / "out"), *mapped]) == 0
    assert "`--phone-map` must go with --corpus" in refusal(capsys, "export", run, tmp_path / "x", *mapped[2:])
    # letters need no phones
    assert main(["asr", "train", "W2L", "--corpus", str(corpus), "--run", str(tmp_path / "w2l"), *TINY]) == 0


@pytest.mark.parametrize(("model", "labels", "message"), [
    ("W2P_shallow", "@h s", r"phones of corpus .* must be among the 61 that the model writes; not among them: `@h`"),
    ("W2L", "", "must have letter labels"),
])
def test_labels_that_do_not_fit(model: str, labels: str, message: str, tmp_path: Path,
                                capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "corpus" / "TRAIN" / "DR1" / "FAAA0"
    folder.mkdir(parents=True)
    soundfile.write(folder / "SX1.WAV", np.zeros(16000), 16000)
    rows = [f"{i * 100} {i * 100 + 100} {label}" for i, label in enumerate(labels.split())]
    (folder / "SX1.PHN").write_text("\n".join(rows))
    error = refusal(capsys, "train", model, "--corpus", tmp_path / "corpus", "--run", tmp_path / "run")
    assert re.search(message, error), error
    assert not (tmp_path / "run").exists()


def test_refusals(run: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = ["--corpus", corpus, "--run", tmp_path / "new"]
    assert "`from` must name a run of W2P_shallow" in refusal(capsys, "train", "W2L_TL_frozen", *new)
    assert "must be an existing run of `snap-tf asr train`" in refusal(
        capsys, "train", "W2L_TL_frozen", *new, "--from", tmp_path / "nothing")
    assert "must be a run of W2L_TL_frozen for W2L_TL_finetuned" in refusal(
        capsys, "train", "W2L_TL_finetuned", *new, "--from", run)
    assert "must have the width of the new network (=1.0)" in refusal(
        capsys, "train", "W2L_TL_frozen", *new, "--from", run)
    (tmp_path / "gan").mkdir()
    (tmp_path / "gan" / "config.json").write_text('{"data": {}, "network": {}, "train": {}}')
    assert "must be a run of `snap-tf asr train`, an exported recogniser" in refusal(
        capsys, "train", "W2L_TL_frozen", *new, "--from", tmp_path / "gan")
    assert "`width` (=0.0) must be from 1/256 to 16" in refusal(capsys, "train", "W2L", *new, "--width", 0)
    old = ["--corpus", corpus, "--run", run]
    assert "changed: width: 0.03 -> 0.5" in refusal(capsys, "train", "W2P_shallow", *old, "--width", 0.5)
    assert "changed: model: 'W2P_shallow' -> 'W2L'" in refusal(capsys, "train", "W2L", *old)
    assert "`split` (=dev) must be a split of the corpus" in refusal(
        capsys, "evaluate", run, "--corpus", corpus, "--split", "dev")
    assert "must be an existing run" in refusal(capsys, "transcribe", tmp_path / "none", corpus)
    assert "`data` (=" in refusal(capsys, "transcribe", run, tmp_path / "none.wav")
    assert "output folder" in refusal(capsys, "export", run, corpus)
    assert not (tmp_path / "new").exists()


def test_a_network_of_another_family(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inputs = keras.Input((None, 128))
    save_best(tmp_path / "run", keras.Model(inputs, keras.layers.Conv1D(7, 3)(inputs)), {})
    error = refusal(capsys, "evaluate", tmp_path / "run", "--corpus", corpus)
    assert "to (None, None, 7); what its outputs mean is not known; it is no recogniser of this family" in error


def test_phone_corpus_for_a_letter_network(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_best(tmp_path / "run", build_network("W2L", 0.03, seed=0), {})
    assert main(["asr", "evaluate", str(tmp_path / "run"), "--corpus", str(corpus)]) == 0
    assert "letter error rate" in capsys.readouterr().out
