"""LibriSpeech's folders and folders of TextGrids: tier choice, silence, stress, speakers, and one door to all."""

from pathlib import Path

import pytest
import soundfile
from mock_corpora import RATE_HZ, tone, write_ldc

from wavegan_tf.data.corpora.librispeech import read_librispeech
from wavegan_tf.data.corpora.readers import open_corpus, recognise
from wavegan_tf.data.corpora.textgrid_folder import read_textgrid_folder
from wavegan_tf.data.corpus import Problem, Segment
from wavegan_tf.data.labels.textgrid import Interval, TextGrid, Tier, write_textgrid
from wavegan_tf.data.labels.textgrid_tiers import choose_tiers, read_alignment
from wavegan_tf.errors import ConfigError, DataError

WORDS = [Segment(0, 1000, "sil"), Segment(1000, 3000, "SHE"), Segment(3000, 6500, "ask")]
PHONES = [Segment(1000, 2000, "SH"), Segment(2000, 3000, "IY1"), Segment(3000, 4000, "AE1"), Segment(4000, 5000, "S"),
          Segment(5000, 6500, "K"), Segment(6500, 8000, "sp")]
PLAIN = tuple((p.start, p.end, p.label) for p in [
    Segment(0, 1000, "sil"), Segment(1000, 2000, "sh"), Segment(2000, 3000, "iy"), Segment(3000, 4000, "ae"),
    Segment(4000, 5000, "s"), Segment(5000, 6500, "k"), Segment(6500, 8000, "sil")])


def as_tuples(segments) -> tuple:
    return tuple((s.start, s.end, s.label) for s in segments)


def write_audio(path: Path, n_samples: int = 8000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(str(path), tone(n_samples), RATE_HZ)
    return path


def write_libri(root: Path, textgrids: str | None = None) -> Path:
    chapter = root / "LibriSpeech/train-clean-100/19/198"
    for n in range(2):
        write_audio(chapter / f"19-198-000{n}.flac")
        if textgrids is not None:
            write_textgrid(root / textgrids / f"19-198-000{n}.TextGrid", {"words": WORDS, "phones": PHONES}, 8000,
                           RATE_HZ)
    (chapter / "19-198.trans.txt").write_text("19-198-0000 SHE ASK\n19-198-0001 SHE ASK\n")
    return root


def test_librispeech_without_times(tmp_path):
    corpus = open_corpus(write_libri(tmp_path))
    first, second = corpus.utterances
    assert (first.id, first.speaker, first.split, first.text, first.n_samples) == (
        "19-198-0000", "19", "train", "SHE ASK", 8000)
    assert first.words == () and {p.kind for p in corpus.problems} == {"no TextGrid"}
    assert second.sex == ""


@pytest.mark.parametrize("textgrids", [
    "LibriSpeech/train-clean-100/19/198", "aligned", "aligned/train-clean-100/19/198"])
def test_librispeech_with_textgrids_beside_or_apart(tmp_path, textgrids):
    corpus = open_corpus(write_libri(tmp_path, textgrids))
    assert corpus.problems == ()
    for u in corpus.utterances:
        assert as_tuples(u.words) == ((1000, 3000, "SHE"), (3000, 6500, "ask"))
        assert as_tuples(u.phones) == PLAIN


def test_librispeech_with_a_folder_of_textgrids_elsewhere(tmp_path):
    write_libri(tmp_path, "aligned")
    corpus = open_corpus(tmp_path / "LibriSpeech", textgrids=tmp_path / "aligned")
    assert corpus.problems == () and len(corpus.words()) == 4
    assert list(corpus.words()["word"]) == ["she", "ask"] * 2


def test_librispeech_sex_splits_and_what_is_missing(tmp_path):
    write_libri(tmp_path)
    (tmp_path / "LibriSpeech/SPEAKERS.TXT").write_text(
        ";ID |SEX| SUBSET |MINUTES| NAME\n19 | F | train-clean-100 | 25.19 | Kara\n")
    write_audio(tmp_path / "LibriSpeech/dev-other/7/9/7-9-0000.flac")
    (tmp_path / "LibriSpeech/dev-other/7/9/7-9.trans.txt").write_text("7-9-0001 GONE\n")
    for root in (tmp_path / "LibriSpeech", tmp_path / "LibriSpeech/train-clean-100/19"):
        assert read_librispeech(root).utterances[0].sex == "F"
    corpus = read_librispeech(tmp_path / "LibriSpeech")
    assert [(u.speaker, u.sex, u.split) for u in corpus.utterances] == [("19", "F", "train")] * 2 + [("7", "", "dev")]
    assert [(Path(p.where).name, p.kind) for p in corpus.problems if p.kind != "no TextGrid"] == [
        ("7-9-0000.flac", "no text"), ("7-9-0001", "no recording")]


def test_folder_with_textgrids(tmp_path):
    write_audio(tmp_path / "train/KY25A/Talk 1.wav")
    write_textgrid(tmp_path / "train/KY25A/Talk 1.TextGrid", {"Word": WORDS, "Phone": PHONES}, 8000, RATE_HZ)
    write_audio(tmp_path / "lonely.wav")
    corpus = open_corpus(tmp_path)
    lonely, talk = corpus.utterances
    assert (talk.id, talk.speaker, talk.split, lonely.speaker) == ("train/KY25A/Talk 1", "KY25A", "train", "")
    assert as_tuples(talk.phones) == PLAIN
    assert corpus.problems == (Problem(str(tmp_path / "lonely.wav"), "no TextGrid: words and phones without times",
                                       "no TextGrid"),)


def test_speakers_from_the_path(tmp_path):
    for name in ("a/f07_rec1", "b/m11_rec1"):
        write_audio(tmp_path / f"{name}.wav")
        write_textgrid(tmp_path / f"{name}.TextGrid", {"words": WORDS}, 8000, RATE_HZ)
    corpus = open_corpus(tmp_path, speaker_pattern=r"(?P<speaker>(?P<sex>[fm])\d+)_[^/]*$")
    assert [(u.speaker, u.sex) for u in corpus.utterances] == [("f07", "f"), ("m11", "m")]
    partly = open_corpus(tmp_path, speaker_pattern=r"a/(?P<speaker>f\d+)")
    assert [u.speaker for u in partly.utterances] == ["f07", ""]
    assert [p.kind for p in partly.problems] == ["no speaker"]
    for pattern, error, message in ((r"(", ConfigError, "must be a regular expression"),
                                    (r"(?P<who>a)", ConfigError, r"must have a group \(\?P<speaker>...\); it has who"),
                                    (r"(?P<speaker>x9)", DataError, "fit the paths below .* none of 2, for example a")):
        with pytest.raises(error, match=message):
            open_corpus(tmp_path, speaker_pattern=pattern)


def test_several_speakers_in_one_file(tmp_path):
    write_audio(tmp_path / "talk.wav")
    write_textgrid(tmp_path / "talk.TextGrid", {"KY25A - words": WORDS, "KY25A - phones": PHONES, "KY26A - words": [
        Segment(0, 500, "yes")]}, 8000, RATE_HZ)
    a, b = open_corpus(tmp_path).utterances
    assert (a.id, a.speaker, len(a.phones)) == ("talk_KY25A", "KY25A", 7)
    assert (b.id, b.speaker, as_tuples(b.words), b.phones) == ("talk_KY26A", "KY26A", ((0, 500, "yes"),), ())


def grid(*names: str, points: tuple[str, ...] = ()) -> TextGrid:
    return TextGrid(0.0, 1.0, tuple(Tier(n, (Interval(0.0, 1.0, n),)) for n in names), points)


@pytest.mark.parametrize(("names", "words", "phones"), [
    (("words", "phones"), "words", "phones"), (("ORT", "KAN", "MAU"), "ORT", "MAU"),
    (("phone", "word"), "word", "phone"),
    (("Word", "Phonemes"), "Word", "Phonemes"), (("MAU",), None, "MAU"), (("word", "words"), "words", None)])
def test_tiers_known_by_name(names, words, phones):
    (chosen,) = choose_tiers(grid(*names), "a.TextGrid")
    assert [t and t.name for t in (chosen.words, chosen.phones)] == [words, phones]


def test_tiers_named_by_the_user():
    (chosen,) = choose_tiers(grid("Text", "phones", "words"), "a.TextGrid", word_tier="text")
    assert (chosen.words.name, chosen.phones.name) == ("Text", "phones")
    two = choose_tiers(grid("A - Text", "B - Text"), "a.TextGrid", word_tier="Text")
    assert [(c.speaker, c.words.name) for c in two] == [("A", "A - Text"), ("B", "B - Text")]
    (one,) = choose_tiers(grid("A - Text", "B - Text"), "a.TextGrid", word_tier="B - Text")
    assert one.words.name == "B - Text"


@pytest.mark.parametrize(("found", "options", "message"), [
    (grid("Text", points=("pitch",)), {}, r"a.TextGrid\) must have a tier named words, word.*its tiers are `Text`, "
     r"`pitch` \(points\); say which"),
    (grid("words"), {"phone_tier": "MAU"}, r"`phone_tier` \(=MAU\) must be an interval tier .* its tiers are `words`"),
    (grid("words", points=("pitch",)), {"word_tier": "pitch"}, r"`word_tier` \(=pitch\) must be an interval tier"),
    (grid("word", "Word"), {}, "must have one tier `Word`; it has several"),
    (grid(), {}, "its tiers are none")])
def test_tiers_that_are_not_there(found, options, message):
    with pytest.raises(DataError, match=message):
        choose_tiers(found, "a.TextGrid", **options)


def test_point_tiers_and_labels_with_newlines(tmp_path):
    path = tmp_path / "a.TextGrid"
    path.write_text('"ooTextFile" "TextGrid" 0 1 <exists> 2 "TextTier" "tones" 0 1 1 0.5 "H*" '
                    '"IntervalTier" "words" 0 1 2 0 0.5 "two\n lines" 0.5 1.01 "x"')
    ((alignment,), problems) = read_alignment(path, RATE_HZ, RATE_HZ)
    assert as_tuples(alignment.words) == ((0, 8000, "two lines"), (8000, 16000, "x"))
    assert [p.kind for p in problems] == ["point tier not read"]  # 10 ms too long is an aligner's rounding
    (_, problems) = read_alignment(path, RATE_HZ - 400, RATE_HZ)
    assert [p.kind for p in problems] == ["point tier not read", "interval outside the recording"]


def test_unusable_textgrids_are_problems_unless_all_are(tmp_path):
    for name in "ab":
        write_audio(tmp_path / f"{name}.wav")
    write_textgrid(tmp_path / "a.TextGrid", {"words": WORDS}, 8000, RATE_HZ)
    (tmp_path / "b.TextGrid").write_text("broken")
    corpus = read_textgrid_folder(tmp_path)
    assert [len(u.words) for u in corpus.utterances] == [2, 0]
    assert [p.kind for p in corpus.problems] == ["TextGrid not usable"]
    with pytest.raises(DataError, match=r"`word_tier` \(=Text\) must be an interval tier .*a.TextGrid; its tiers are "
                                        r"`words`"):
        read_textgrid_folder(tmp_path, word_tier="Text")


def test_two_textgrids_of_one_name(tmp_path):
    for place in ("x", "y"):
        write_audio(tmp_path / place / "a.wav")
        write_textgrid(tmp_path / place / "a.TextGrid", {"words": [Segment(0, 800, place)]}, 8000, RATE_HZ)
    assert [u.words[0].label for u in read_textgrid_folder(tmp_path).utterances] == ["x", "y"]
    (tmp_path / "y/a.wav").rename(tmp_path / "a.wav")
    corpus = read_textgrid_folder(tmp_path)
    assert [len(u.words) for u in corpus.utterances] == [0, 1]
    assert "2 have its name" in corpus.problems[0].what


def test_layouts_are_recognised(tmp_path):
    write_ldc(tmp_path / "t")
    write_libri(tmp_path / "l")
    write_audio(tmp_path / "g/a.wav")
    write_textgrid(tmp_path / "g/a.textgrid", {"words": WORDS}, 8000, RATE_HZ)
    assert [recognise(tmp_path / name) for name in "tlg"] == ["timit", "librispeech", "textgrid"]
    assert len(open_corpus(tmp_path / "t", sa="none").utterances) == 8
    # audio alone, with TextGrids elsewhere
    write_audio(tmp_path / "h/a.wav")
    assert len(open_corpus(tmp_path / "h", textgrids=tmp_path / "g").words()) == 2


def test_what_cannot_be_opened(tmp_path):
    with pytest.raises(DataError, match=r"corpus folder \(=.*none\) must be a folder; it does not exist"):
        open_corpus(tmp_path / "none")
    with pytest.raises(DataError, match=r"must hold .PHN or .WRD files \(TIMIT\), .trans.txt .* it holds nothing"):
        open_corpus(tmp_path)
    write_audio(tmp_path / "a.wav")
    with pytest.raises(DataError, match=r"it holds 1 .wav \(1 audio files\)"):
        open_corpus(tmp_path)
    with pytest.raises(ConfigError, match=r"`kind` \(=buckeye\) must be one of auto, timit, librispeech, textgrid"):
        open_corpus(tmp_path, "buckeye")
    with pytest.raises(ConfigError, match=r"`sa` \(=none\) must be an option of the layout `librispeech`; it has text"):
        open_corpus(tmp_path, "librispeech", sa="none")
    with pytest.raises(DataError, match=r"`textgrids`|corpus folder \(=.*gone\) must be a folder"):
        open_corpus(tmp_path, "textgrid", textgrids=tmp_path / "gone")
    (tmp_path / "a.wav").write_bytes(b"")
    for kind in ("timit", "librispeech", "textgrid"):
        with pytest.raises(DataError, match=r"of 1 audio files none can be read \(first: .*0 bytes"):
            open_corpus(tmp_path, kind)


@pytest.mark.parametrize("textgrids", [None, "aligned"])
def test_textgrids_without_a_recording_are_told(tmp_path: Path, textgrids: str | None) -> None:
    """Beside recordings each one is a problem; a folder of its own may hold those of a larger corpus."""
    root, grids = tmp_path / "corpus", tmp_path / (textgrids or "corpus")
    write_audio(root / "s" / "a.wav")
    grids.mkdir(exist_ok=True)
    for name in "abc":
        write_textgrid(grids / f"{name}.TextGrid", {"words": WORDS, "phones": PHONES}, 8000, RATE_HZ)
    corpus = read_textgrid_folder(root, grids if textgrids else None)
    found = [p for p in corpus.problems if p.kind == "TextGrid without a recording"]
    assert [Path(p.where).name for p in found] == (["aligned"] if textgrids else ["b.TextGrid", "c.TextGrid"])
    assert textgrids is None or "2 TextGrids have no recording of their name" in found[0].what
    assert len(corpus.utterances) == 1 and corpus.utterances[0].words
