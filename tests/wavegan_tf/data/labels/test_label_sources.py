"""Which labels were read, from where: tiers of other names, .PHN beside TextGrids, TIMIT at another rate."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from mock_corpora import RATE_HZ, SPOKEN, tone, write_ldc

from wavegan_tf import cli
from wavegan_tf.data.corpora.readers import open_corpus
from wavegan_tf.data.corpora.timit import read_timit
from wavegan_tf.data.corpus import Segment
from wavegan_tf.data.labels.label_rate import to_rate
from wavegan_tf.data.labels.textgrid import write_textgrid
from wavegan_tf.errors import ConfigError, DataError

WORDS, PHONES = [Segment(0, 800, "yes")], [Segment(0, 400, "j"), Segment(400, 800, "ɛ")]


def write_grids(root: Path, *tiers: dict) -> Path:
    for number, names in enumerate(tiers):
        path = root / f"spk/{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(str(path), tone(8000), RATE_HZ)
        write_textgrid(path.with_suffix(".TextGrid"), names, 8000, RATE_HZ)
    return root


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    return write_grids(tmp_path / "c", {"words": WORDS, "Phones": PHONES}, {"words": WORDS, "segs, fine": PHONES},
                       {"word": WORDS, "broad": PHONES})


def test_files_without_a_tier_that_others_have_are_problems(mixed, capsys):
    assert cli.main(["corpus", "info", str(mixed)]) == 0
    printed = capsys.readouterr().out
    assert "phones from           1  recordings: tier `Phones`" in printed
    assert "words from            2  recordings: tier `words`\nwords from            1  recordings: tier `word`" in (
        printed)
    assert "no phone tier 2" in printed
    assert "1.TextGrid: no phone tier; its tiers are `words`, `segs, fine`; if one holds phones: --phone-tier " in (
        printed)


def test_labels_are_listed_as_the_files_have_them_whatever_becomes_of_them(tmp_path):
    write_grids(tmp_path / "c", {"words": WORDS, "phones": [Segment(0, 400, "Y"), Segment(400, 800, "EH1")]})
    (tmp_path / "map.csv").write_text("label,phone\nY,j\nEH1,eh\n")
    for options in ({"phone_set": "arpabet"}, {"phone_map": tmp_path / "map.csv"}, {"phone_set": "asis"}):
        corpus = open_corpus(tmp_path / "c", **options)
        source = next(source for source in corpus.sources if source.kind == "phones")
        assert {label: n for label, n in source.labels.items() if label} == {"Y": 1, "EH1": 1}
        assert ("EH1" in {p.label for p in corpus.utterances[0].phones}) == (options.get("phone_set") == "asis")


def test_times_at_another_rate_stay_inside_their_recording():
    """Rounding, and labels that pass the end a little, must not lead out of it; what becomes empty is gone."""
    segments = [Segment(0, 8000, "a"), Segment(8000, 16003, "b"), Segment(16002, 16003, "c")]
    assert to_rate(segments, 16000, 8000, 8000) == (Segment(0, 4000, "a"), Segment(4000, 8000, "b"))
    assert to_rate(segments, 16000, 48000, 48003)[1:] == (Segment(24000, 48003, "b"),)
    assert to_rate(segments, 16000, 16000, 100) == tuple(segments)


def test_several_names_of_tiers(mixed):
    corpus = open_corpus(mixed, phone_tier="Phones,broad")
    assert [len(u.phones) > 1 for u in corpus.utterances] == [True, False, True]
    assert [p.kind for p in corpus.problems] == ["TextGrid not usable"]
    all_of_them = open_corpus(mixed, phone_tier=["phones", "segs, fine", "BROAD"])
    assert [len(u.phones) for u in all_of_them.utterances] == [3] * 3
    # a name with a comma is first taken as it is
    assert open_corpus(mixed, phone_tier="segs, fine").utterances[1].phone_tier == "segs, fine"
    with pytest.raises(DataError, match=r"`phone_tier` \(=a,b\) must be an interval tier"):
        open_corpus(mixed, phone_tier="a,b")


def test_the_first_name_counts_where_there_are_two(tmp_path):
    root = write_grids(tmp_path, {"a": PHONES, "b": WORDS})
    assert [open_corpus(root, phone_tier=names).utterances[0].phone_tier for names in ("a,b", "b,a")] == ["a", "b"]


def test_no_phones_anywhere_is_noted(tmp_path):
    corpus = open_corpus(write_grids(tmp_path, {"words": WORDS, "fine": PHONES}, {"words": WORDS}))
    assert corpus.problems == ()
    assert corpus.notes == ("no phone tier was known in 2 TextGrids; the tiers of the first are `words`, `fine`; if "
                            "one holds phones: --phone-tier NAME",)


def test_of_two_kinds_of_labels_the_one_taken_is_told(tmp_path, capsys):
    write_ldc(tmp_path, SPOKEN[:2])
    for audio in sorted(tmp_path.rglob("*.WAV")):
        write_textgrid(audio.with_suffix(".TextGrid"), {"words": WORDS, "phones": PHONES}, 8000, RATE_HZ)
    assert cli.main(["corpus", "info", str(tmp_path)]) == 0
    assert "note: labels are those of the .PHN and .WRD files; 2 TextGrids beside" in capsys.readouterr().out
    assert cli.main(["corpus", "info", str(tmp_path), "--layout", "textgrid"]) == 0
    printed = capsys.readouterr().out
    assert "note: labels are those of the TextGrids; 4 .PHN and .WRD files" in printed and "tier `phones`" in printed


def write_timit_at(root: Path, rate_hz: int, scale_labels: bool = False, spoken: tuple = SPOKEN[:3]) -> Path:
    """TIMIT brought to another rate, as converters leave it: labels as they were, or brought along."""
    write_ldc(root, spoken, riff=True)
    for audio in root.rglob("*.WAV"):
        n_samples = 8000 * rate_hz // RATE_HZ
        clicks = np.zeros(n_samples)
        clicks[round(3000 * rate_hz / RATE_HZ)] = 0.5  # where `ask` begins
        soundfile.write(str(audio), clicks, rate_hz, format="WAV")
        for path in (audio.with_suffix(".PHN"), audio.with_suffix(".WRD")) if scale_labels else ():
            rows = [line.split() for line in path.read_text().splitlines()]
            path.write_text("".join(f"{int(a) * rate_hz // RATE_HZ} {int(b) * rate_hz // RATE_HZ} {c}\n"
                                    for a, b, c in rows))
    return root


@pytest.mark.parametrize("rate_hz", [8000, 22050, 44100, 48000])
@pytest.mark.parametrize("scale_labels", [False, True])
def test_labels_of_timit_at_another_rate_stay_where_they_were_spoken(tmp_path, capsys, rate_hz, scale_labels):
    root = write_timit_at(tmp_path / "c", rate_hz, scale_labels)
    assert cli.main(["slice", str(root), str(tmp_path / "out"), "--words", "ask", "--silence-s", "0", "--test-share",
                     "0"]) == 0
    for path in (tmp_path / "out").rglob("*.wav"):
        samples, _ = soundfile.read(path)
        assert len(samples) == pytest.approx(3500 * rate_hz / RATE_HZ, abs=1)
        assert np.flatnonzero(samples).tolist() in ([0], [1])  # the click is where the word begins
    said = "note: labels count samples of 16000 Hz, as their last ones say in every file" in capsys.readouterr().out
    assert said == (not scale_labels)
    corpus = read_timit(root)
    assert corpus.problems == () and all(len(u.phones) == 8 and len(u.words) == 2 for u in corpus.utterances)


@pytest.mark.parametrize("n_samples", [4000, 4001])
def test_lengths_that_were_rounded_are_no_problems(tmp_path, n_samples):
    root = write_timit_at(tmp_path, 8000)
    for path in root.rglob("*.PHN"):
        path.write_text(path.read_text().replace("8000 h#", "8001 h#"))
        soundfile.write(str(path.with_suffix(".WAV")), tone(n_samples), 8000, format="WAV")
    corpus = read_timit(root)
    assert corpus.problems == () and corpus.utterances[0].phones[-1].end >= 4000


def test_sources_are_those_of_the_recordings_that_stay(tmp_path):
    corpus = read_timit(write_ldc(tmp_path), sa="none")
    assert [(source.name, source.n_files) for source in corpus.sources] == [(".PHN", 8), (".WRD", 8)]


def test_recordings_of_several_rates_share_their_labels_rate(tmp_path):
    root = write_timit_at(tmp_path, 8000)
    for audio, rate_hz in zip(sorted(root.rglob("*.WAV")), (RATE_HZ, 44100), strict=False):
        soundfile.write(str(audio), tone(8000 * rate_hz // RATE_HZ), rate_hz, format="WAV")
    corpus = read_timit(root)
    assert [u.words[0].start for u in corpus.utterances] == [1000, 2756, 500] and corpus.problems == ()
    assert "to the recordings' rate, 8000, 16000, 44100 Hz" in corpus.notes[0]


def test_words_alone_tell_the_rate_too(tmp_path):
    root = write_timit_at(tmp_path, 44100)
    for path in root.rglob("*.PHN"):
        path.unlink()
    assert read_timit(root).utterances[0].words[1] == Segment(round(3000 * 2.75625), round(6500 * 2.75625), "ask")


def test_two_kinds_of_label_files_are_refused_unless_the_rate_is_said(tmp_path):
    root = write_timit_at(tmp_path, 44100)
    path = next(iter(sorted(root.rglob("*.PHN"))))
    path.write_text("0 22000 h#\n22000 22050 s\n")
    with pytest.raises(DataError, match=r"must all count samples of one rate; 2 of 3 files end where samples of 16000 "
                                        r"Hz do .*--label-rate"):
        read_timit(root)
    assert read_timit(root, label_rate=0).utterances[0].phones[-1].end == 22050
    assert read_timit(root, label_rate=16000).utterances[1].phones[-1].end == 22050
    with pytest.raises(ConfigError, match=r"`label_rate` \(=-1\) must be a sampling rate"):
        read_timit(root, label_rate=-1)


def test_a_damaged_file_among_many_does_not_stop_the_others(tmp_path):
    root = write_timit_at(tmp_path, 44100, spoken=SPOKEN)
    first = sorted(root.rglob("*.PHN"))[0]
    first.write_text("0 1000 h#\n1000 2000 s\n")
    corpus = read_timit(root)
    assert corpus.utterances[-1].phones[-1].end == 22050 and len(corpus.notes) == 1
    for path in sorted(root.rglob("*.PHN"))[1:3]:
        path.write_text("0 1000 h#\n1000 2000 s\n")
    with pytest.raises(DataError, match="13 of 16 files end where samples of 16000 Hz do"):
        read_timit(root)


def test_labels_that_count_more_than_their_recordings_have_are_refused(tmp_path, capsys):
    """Audio brought down to 16 kHz, labels of 44.1 kHz: nothing is cut at the wrong place."""
    root = write_timit_at(tmp_path / "c", 44100, scale_labels=True)
    for audio in root.rglob("*.WAV"):
        soundfile.write(str(audio), tone(8000), RATE_HZ, format="WAV")
    assert cli.main(["slice", str(root), str(tmp_path / "out")]) == 2
    assert "end where samples of 44100 Hz do" in (error := capsys.readouterr().err) and "--label-rate 44100" in error
    assert read_timit(root, label_rate=44100).utterances[0].words[0] == Segment(1000, 3000, "she")


def test_labels_that_end_early_at_another_rate_are_left_alone(tmp_path):
    root = write_timit_at(tmp_path, 44100, scale_labels=True)
    for path in root.rglob("*.PHN"):
        path.write_text("0 9000 h#\n9000 12000 s\n")
    corpus = read_timit(root)
    assert corpus.notes == () and corpus.utterances[0].phones[-1].end == 12000
    assert {p.kind for p in corpus.problems} == {"phones end before the recording"}
