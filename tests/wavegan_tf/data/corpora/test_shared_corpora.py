"""Real recordings and TextGrids of other makers, where they are."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mock_corpora import RATE_HZ, tone

from wavegan_tf.data.corpora.readers import open_corpus
from wavegan_tf.data.corpora.summary import summarise
from wavegan_tf.data.corpora.textgrid_folder import read_textgrid_folder
from wavegan_tf.data.slices.manifest import read_manifest
from wavegan_tf.data.slices.slice_settings import SliceSettings
from wavegan_tf.data.slices.slicing import slice_stops, slice_words

pytestmark = pytest.mark.shared


def test_librispeech_pieces_in_timit_layout(shared_dir: Path):
    summary = summarise(open_corpus(shared_dir / "data/aligned/librispeech_demo"))
    assert (summary.n_utterances, summary.n_speakers, summary.n_word_tokens) == (30, 3, 275)
    assert summary.speakers_by_sex == {"F": 1, "M": 2} and summary.utterances_by_sentence_type == {}
    assert summary.hours * 3600 == pytest.approx(110, abs=1)
    assert summary.unknown_phones == {} and summary.problems == ()


def test_slices_of_real_words_are_the_recordings_samples(shared_dir: Path, tmp_path):
    corpus = open_corpus(shared_dir / "data/aligned/librispeech_demo")
    slice_words(corpus, tmp_path / "out", settings=SliceSettings(split="speaker"))
    table = read_manifest(tmp_path / "out")
    assert len(table) == 275 and table.groupby("speaker")["split"].nunique().max() == 1
    paths = {u.id: u.audio_path for u in corpus.utterances}
    for row in table.itertuples():
        audio, _ = soundfile.read(str(tmp_path / "out" / row.file), dtype="int16")
        whole, _ = soundfile.read(str(paths[row.utterance]), dtype="int16")
        np.testing.assert_array_equal(audio, np.pad(whole[row.start_sample:row.end_sample], 400))
        assert row.phones and row.phones[0].start >= 400 and row.phones[-1].end <= len(audio) - 400


def test_stops_of_real_words(shared_dir: Path, tmp_path):
    table = slice_stops(open_corpus(shared_dir / "data/aligned/librispeech_demo"), tmp_path / "out").table
    assert table["label"].value_counts().to_dict() == {"TV": 34, "sTV": 1}
    assert all(word[0] in "ptckq" for word in table.loc[table["label"] == "TV", "word"])


def test_hand_labels_are_the_same_from_phn_and_from_textgrid(shared_dir: Path):
    """The .PHN files were made from the TextGrids; edges agree to the sample."""
    folder = shared_dir / "data/aligned/praatio"
    from_phn, from_grid = open_corpus(folder), open_corpus(folder, "textgrid")
    assert [u.id for u in from_phn.utterances] == ["mpra0_bobby", "mpra0_mary"]
    for a, b in zip(from_phn.utterances, from_grid.utterances, strict=True):
        spoken = [[p for p in u.phones if p.label not in ("h#", "sil")] for u in (a, b)]
        assert [p.label for p in spoken[0]] == [p.label for p in spoken[1]]
        assert max(abs(p.start - q.start) for p, q in zip(*spoken, strict=True)) <= 1
    mary = from_phn.utterances[1].words, from_grid.utterances[1].words
    assert [w.label for w in mary[0]] == [w.label for w in mary[1]] == ["mary", "rolled", "the", "barrel"]


def test_librispeech_folders(shared_dir: Path):
    corpus = open_corpus(shared_dir / "data/librispeech_layout")
    assert len(corpus.utterances) == 6 and {u.speaker for u in corpus.utterances} == {"19", "27"}
    assert {u.split for u in corpus.utterances} == {"train"} and all(u.text for u in corpus.utterances)


EXPECTED = {  # words and the first phones of each TextGrid
    "fave_short_format_BREY00538": (["STATUTE"], "sil s t ae ch"),
    "maus": (["ASPIRIN", "PLANET", "JURASSIC"], "ae s p er ih"),
    "mfa_words_phones": (["ASPIRIN", "PLANET", "JURASSIC"], "ae s p er ih"),
    "phone_word_sp": (["a"], "sil a b sil"),
    "polyglot_acoustic_corpus_long": (["this", "is", "the"], "sil dh ih s"),
    "praatio_negative_zero": (["mary", "rolled", "the"], "sil m ə r i"),
}


def test_textgrids_of_six_makers(shared_dir: Path, tmp_path):
    for path in (shared_dir / "data/aligned/textgrids").glob("*.TextGrid"):
        (tmp_path / path.stem).mkdir()  # a corpus each: what notation phones are in is decided for all of a corpus
        shutil.copy(path, tmp_path / path.stem / path.name)
        soundfile.write(str(tmp_path / path.stem / f"{path.stem}.flac"), tone(27 * RATE_HZ), RATE_HZ)
    corpora = [read_textgrid_folder(tmp_path / name) for name in sorted(EXPECTED)]
    for corpus in corpora:
        (u,) = corpus.utterances
        words, phones = EXPECTED[u.id]
        assert [w.label for w in u.words][:3] == words
        assert [p.label for p in u.phones][:len(phones.split())] == phones.split()
    assert [p.kind for corpus in corpora for p in corpus.problems] == ["point tier not read"]
