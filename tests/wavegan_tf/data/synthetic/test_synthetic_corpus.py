"""The corpus as it lies on the disk: TIMIT's layout and formats, the same bytes from the same seed, clear refusals."""

import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from wavegan_tf.data.audio.sphere import is_sphere, sphere_header
from wavegan_tf.data.corpora.timit import read_timit
from wavegan_tf.data.corpus import Corpus
from wavegan_tf.data.phones.timit_phones import PHONES_61
from wavegan_tf.data.synthetic import SyntheticCorpus, espeak, render, render_corpus, workers
from wavegan_tf.data.synthetic.labels import tokens_of
from wavegan_tf.data.synthetic.sentences import bank, bank_of
from wavegan_tf.data.synthetic.utterance import say
from wavegan_tf.data.synthetic.voices import BASES, make_speakers, voice_text
from wavegan_tf.errors import ConfigError, DataError, ExportError

espeakng_loader = pytest.importorskip("espeakng_loader", reason="the extra `synth` is not installed")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> SyntheticCorpus:
    return render_corpus(tmp_path_factory.mktemp("synthetic") / "corpus", 6, 4, 11, progress=False, workers=1)


@pytest.fixture(scope="module")
def corpus(made) -> Corpus:
    return read_timit(made.folder)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_layout_is_timits(made):
    paths = [p for p in tree(made.folder) if p != "corpus.json"]
    pattern = r"(TRAIN|TEST)/DR[1-8]/[FM][A-Z]{3}\d/(SA[12]|SX\d{3})\.(WAV|PHN|WRD|TXT)"
    assert all(re.fullmatch(pattern, Path(p).as_posix()) for p in paths)
    assert len(paths) == 6 * 6 * 4 and made.n_utterances == 36


def test_every_second_speaker_is_sphere(made):
    for i, speaker in enumerate(make_speakers(6, 11)):
        for path in (made.folder / speaker.folder).glob("*.WAV"):
            assert is_sphere(path) == (i % 2 == 1)
            info = soundfile.info(path)
            assert (info.samplerate, info.channels, info.subtype) == (16000, 1, "PCM_16")
            if i % 2 == 1:  # as TIMIT's: 1,024 bytes, low byte first
                header = sphere_header(path)
                assert (header.header_bytes, header.byte_order) == (1024, "little") and header.n_samples == info.frames


def test_label_files_are_timits(made):
    folder = made.folder / make_speakers(1, 11)[0].folder
    n = soundfile.info(folder / "SA2.WAV").frames
    assert (folder / "SA2.TXT").read_text() == f"0 {n} Don't ask me to carry an oily rag like that.\n"
    words = (folder / "SA2.WRD").read_text()
    assert re.fullmatch(r"(\d+ \d+ [a-z']+\n)+", words)
    assert " ".join(line.split()[2] for line in words.splitlines()) == "don't ask me to carry an oily rag like that"
    phones = (folder / "SA2.PHN").read_text()
    assert re.fullmatch(r"(\d+ \d+ [a-z#-]+\n)+", phones)
    assert phones.startswith("0 ") and phones.splitlines()[-1].split()[1:] == [str(n), "h#"]


def test_readers_find_nothing_wrong(made, corpus):
    assert corpus.problems == () and len(corpus.utterances) == made.n_utterances
    assert sum(u.n_samples for u in corpus.utterances) == pytest.approx(made.hours * 3600 * 16000)
    words = [w.label for u in corpus.utterances for w in u.words]
    assert (len(words), len(set(words))) == (made.n_words, made.n_word_types)
    assert {"ask", "dark", "greasy", "oily", "rag", "wash", "water", "year"} <= set(words)


def test_phones_cover_the_utterance(corpus):
    for u in corpus.utterances:
        assert u.phones[0].start == 0 and u.phones[-1].end == u.n_samples
        assert all(a.end == b.start for a, b in pairwise(u.phones))
        assert all(p.end > p.start and p.label in PHONES_61 for p in u.phones)
        inside = [p.label for p in u.phones[1:-1]]
        assert u.phones[0].label == u.phones[-1].label == "h#" and "h#" not in inside
        assert 0.08 < u.phones[0].end / 16000 < 0.2 and 0.08 < (u.n_samples - u.phones[-1].start) / 16000 < 0.2


def test_words_lie_on_phones_in_order(corpus):
    for u in corpus.utterances:
        assert [w.label for w in u.words] == tokens_of(u.text)
        assert all(a.end <= b.start for a, b in pairwise(u.words))
        starts, ends = {p.start for p in u.phones}, {p.end for p in u.phones}
        assert all(w.start < w.end and w.start in starts and w.end in ends for w in u.words)
        assert u.words[0].start == u.phones[0].end and u.words[-1].end == u.phones[-1].start


def test_audio_has_a_sane_level(made, corpus):
    speakers = {s.name: s for s in make_speakers(6, 11)}
    for u in corpus.utterances:
        audio, _ = soundfile.read(u.audio_path, dtype="int16")
        peak = np.abs(audio.astype(int)).max()
        assert peak == pytest.approx(32767 * speakers[u.speaker].peak_percent / 100, abs=25)  # 25: the weak noise
        assert 0.02 < np.sqrt(np.mean((audio / 32768.0) ** 2)) < 0.3
        lead = audio[:u.phones[0].end - 160].astype(float)
        assert 2 < lead.std() < 6 and np.abs(lead).max() < 30  # silence, but not zero


def test_texts_of_training_and_test_speakers_differ(corpus):
    texts = {split: {u.text for u in corpus.utterances if u.split == split and u.sentence_type == "SX"}
             for split in ("train", "test")}
    assert len(texts["train"]) == 4 * 4 and len(texts["test"]) == 2 * 4 and not texts["train"] & texts["test"]


def test_speakers_sound_different(corpus):
    """The same sentence: no two alike in length or spectrum."""
    spoken = {u.speaker: soundfile.read(u.audio_path)[0] for u in corpus.utterances if u.sentence == "SA1"}
    spectra = []
    for audio in spoken.values():
        power = np.abs(np.fft.rfft(audio[:len(audio) // 512 * 512].reshape(-1, 512) * np.hanning(512))) ** 2
        spectrum = np.log(power.mean(axis=0) + 1e-9)
        spectra.append(spectrum - spectrum.mean())
    assert len({len(audio) for audio in spoken.values()}) == len(spoken)
    distance = [np.abs(a - b).mean() for a, b in combinations(spectra, 2)]
    assert min(distance) > 0.3  # nepers; 0.43 measured


def test_corpus_json_says_what_it_is(made):
    about = json.loads((made.folder / "corpus.json").read_text())
    assert (about["seed"], about["n_speakers"], about["n_sentences"]) == (11, 6, 4)
    assert about["versions"]["espeak_ng"].startswith("1.5") and about["versions"].keys() >= {"wavegan_tf", "scipy"}
    assert "GPL-3.0" in about["licence"] and "not evidence about speech" in about["what"]
    assert [s["name"] for s in about["speakers"]] == [s.name for s in make_speakers(6, 11)]
    assert not re.search(r"20\d\d-|/tmp|:\d\d", (made.folder / "corpus.json").read_text())


def test_same_bytes_whatever_the_number_of_processes(made, tmp_path, capsys):
    again = render_corpus(str(tmp_path / "new" / "corpus"), 6, 4, 11, progress=True, workers=3)
    assert tree(again.folder) == tree(made.folder)
    assert again == SyntheticCorpus(again.folder, 6, 36, made.n_words, made.n_word_types, made.hours)
    assert "36/36" in capsys.readouterr().err
    assert {p.name for p in (tmp_path / "new").iterdir()} == {"corpus"}


def test_a_smaller_corpus_is_part_of_a_larger_one_and_another_seed_is_another(made, tmp_path):
    small = tree(render_corpus(tmp_path / "small", 2, 4, 11, progress=False).folder)
    large = tree(made.folder)
    assert all(large[name] == content for name, content in small.items() if name != "corpus.json")
    other = tree(render_corpus(tmp_path / "other", 2, 4, 12, progress=False).folder)
    assert other.keys() & large.keys() == {"corpus.json"}


def test_no_sentences_of_the_bank_are_an_answer_too(tmp_path):
    made = render_corpus(tmp_path / "corpus", 1, 0, 0, progress=False)
    assert sorted(p.name for p in made.folder.rglob("*.WAV")) == ["SA1.WAV", "SA2.WAV"]


def test_an_utterance_does_not_depend_on_what_was_said_before():
    """Nor on another part of the program that holds the installed library and has used it."""
    speakers = make_speakers(4, 0)
    variants = {s.voice_file: voice_text(s, espeak.variant_text(BASES[s.base].file)) for s in speakers}
    names = list(bank())[:3]

    def said(order: list[tuple[int, str]]) -> dict[tuple[int, str], bytes]:
        with espeak.private_installation(variants) as installation:
            return {(i, n): say(installation, speakers[i], n, bank()[n], 5).samples.tobytes() for i, n in order}

    order = [(i, n) for i in range(4) for n in names]
    first = said(order)
    other = ctypes.CDLL(espeakng_loader.get_library_path())
    other.espeak_Initialize(2, 0, str(Path(espeakng_loader.get_data_path()).parent).encode(), 0x8001)
    other.espeak_SetVoiceByName(b"en-us")
    other.espeak_Synth(b"hello\0", ctypes.c_size_t(6), 0, 1, 0, 1, None, None)
    try:
        assert said(order[::-1]) == first
    finally:
        other.espeak_Terminate()
    assert len(set(first.values())) == len(order)


@pytest.mark.parametrize(("name", "value", "range_"), [
    ("n_speakers", 0, "from 1 to 10000"), ("n_speakers", 10001, "from 1 to 10000"), ("n_speakers", 2.0, "from 1"),
    ("n_sentences", -1, "from 0 to 87"), ("n_sentences", 88, "from 0 to 87"), ("seed", -1, "from 0 to 2147483647"),
    ("workers", 0, "from 1 to 1024"), ("workers", True, "from 1 to 1024"),
])
def test_numbers_out_of_range(tmp_path, name, value, range_):
    numbers = {"n_speakers": 1, "n_sentences": 1, "seed": 0, name: value}
    with pytest.raises(ConfigError, match=rf"`{name}` \(={value}\) must be a whole number {range_}"):
        render_corpus(tmp_path / "corpus", **numbers, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_as_many_sentences_as_the_test_speakers_have():
    assert len(bank_of("TEST")) == 87 <= len(bank_of("TRAIN"))


def test_folder_must_be_new_or_empty(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(ExportError, match=r"output folder .* must be new or empty"):
        render_corpus(tmp_path, 1, 0, 0, progress=False)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_missing_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)  # import raises
    with pytest.raises(ConfigError, match=r'not installed; run `pip install "wavegan-tf\[synth\]"`'):
        render_corpus(tmp_path / "corpus", 1, 0, 0, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_incomplete_extra(tmp_path, monkeypatch):
    data = tmp_path / "espeak-ng-data"
    shutil.copytree(Path(espeakng_loader.get_data_path()) / "voices", data / "voices")
    monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: str(data))
    with pytest.raises(DataError, match=r"must be complete; .*phondata is missing; install it again"):
        render_corpus(tmp_path / "corpus", 1, 0, 0, progress=False)


def test_interrupted_run_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt
    monkeypatch.setattr(workers, "say", interrupt)
    with pytest.raises(KeyboardInterrupt):
        render_corpus(tmp_path / "corpus", 2, 0, 0, progress=False, workers=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("n_workers", [1, 2])
def test_failed_write_is_reported_and_leaves_nothing(tmp_path, monkeypatch, n_workers):
    def in_the_way(jobs, installation, root, *rest):
        (root / "TRAIN").write_text("a file where a folder should be")
        return workers.render_all(jobs, installation, root, *rest)
    monkeypatch.setattr(render, "render_all", in_the_way)
    with pytest.raises(OSError, match=r"exists|directory") as raised:
        render_corpus(tmp_path / "corpus", 2, 0, 0, progress=False, workers=n_workers)
    assert raised.value.errno and list(tmp_path.iterdir()) == []


def test_wrong_sentence_is_reported_by_every_process(tmp_path, monkeypatch):
    monkeypatch.setattr(render, "SA", {"SA1": "One of the first."})
    with pytest.raises(DataError, match=r"sentence \(='One of the first\.'\) must be said word by word"):
        render_corpus(tmp_path / "corpus", 3, 0, 0, progress=False, workers=2)
    assert list(tmp_path.iterdir()) == []


def test_dead_process_is_an_error_not_a_hang(tmp_path, monkeypatch):
    start = workers._start

    def start_and_kill():
        process = start()
        process.kill()
        return process
    monkeypatch.setattr(workers, "_start", start_and_kill)
    with pytest.raises(DataError, match=r"must render 1 speakers; it ended after 0; try `workers=1`"):
        render_corpus(tmp_path / "corpus", 2, 0, 0, progress=False, workers=2)
    assert list(tmp_path.iterdir()) == []


def test_processes_do_not_import_tensorflow_or_the_callers_main(tmp_path):
    script = tmp_path / "main.py"  # without the guard that multiprocessing would ask for
    script.write_text("import sys\nprint('main runs')\nfrom wavegan_tf.data.synthetic import render_corpus\n"
                      "made = render_corpus('corpus', 2, 0, 0, progress=False, workers=2)\n"
                      "assert 'tensorflow' not in sys.modules\nprint(made.n_utterances)\n")
    project = Path(render.__file__).parents[3]
    run = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False,
                         env={**os.environ, "PYTHONPATH": str(project)})
    assert (run.returncode, run.stdout.split("\n")) == (0, ["main runs", "4", ""]), run.stderr


SYNTH = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from wavegan_tf.cli import main
from wavegan_tf.data.synthetic import render
render._WORTH_A_PROCESS = 20
sys.exit(main(["corpus", "synth", sys.argv[2], "--speakers=40", "--sentences=87"]))
"""


def processes_of(text: str) -> list[str]:
    """List the numbers of the processes that have a text in their environment or command line."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if text.encode() in process.joinpath("environ").read_bytes() + process.joinpath("cmdline").read_bytes():
                found.append(process.name)
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_synth_that_is_ended_leaves_no_process_and_no_folder(tmp_path, number):
    """SIGTERM and SIGHUP clean up at once; what a kill leaves is cleared by the next command. Four processes each."""
    mark = f"synth_{number}_{os.getpid()}"
    (tmp_path / "tmp").mkdir()
    command = [sys.executable, "-c", SYNTH, tmp_path / "tmp", tmp_path / "out"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "MARK": mark})
    while process.poll() is None and not list(tmp_path.glob(".out-*/new/*/*/*/*.WAV")):
        time.sleep(0.01)
    n_before = len(list(tmp_path.glob(".out-*/new/*/*/*/*.WAV")))
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == (-9 if number == signal.SIGKILL else 128 + number), said
    deadline = time.monotonic() + 20
    while processes_of(mark) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert processes_of(mark) == []
    # at once, not when they are through with a speaker: of 89 utterances each has hardly begun
    assert len(list(tmp_path.glob(".out-*/new/*/*/*/*.WAV"))) < n_before + 60
    left = sorted(path.name.split("-")[0] for path in [*tmp_path.iterdir(), *(tmp_path / "tmp").iterdir()])
    assert left == ([".out", ".out.claim", "tmp", "wavegan"] if number == signal.SIGKILL else ["tmp"])
    if number == signal.SIGKILL:
        render_corpus(tmp_path / "straight", 2, 1, seed=0, progress=False)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
            render_corpus(tmp_path / "out", 2, 1, seed=0, progress=False)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "straight", "tmp"]
        assert not list((tmp_path / "tmp").iterdir())
        assert files_of(tmp_path / "out") == files_of(tmp_path / "straight")


def files_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
