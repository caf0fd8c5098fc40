"""What notation phones are in is decided for a corpus, told, and can be said; other notations have maps."""

from pathlib import Path

import pytest
import soundfile
from mock_corpora import RATE_HZ, tone

from wavegan_tf import cli
from wavegan_tf.data.corpora.readers import open_corpus
from wavegan_tf.data.corpus import Segment, Utterance
from wavegan_tf.data.labels.textgrid import write_textgrid
from wavegan_tf.data.phones.phone_map import SHIPPED_MAPS, read_phone_map
from wavegan_tf.data.phones.phone_notation import spell_phones
from wavegan_tf.data.phones.timit_phones import PHONES_61
from wavegan_tf.data.slices.manifest import read_manifest
from wavegan_tf.errors import ConfigError, DataError


def write_recordings(root: Path, *recordings: str, tier: str = "phones") -> Path:
    """A recording for each text, with a TextGrid of its labels, 100 samples each."""
    for number, labels in enumerate(recordings):
        path = root / f"spk/{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(str(path), tone(8000), RATE_HZ)
        segments = [Segment(100 * i, 100 * i + 100, label) for i, label in enumerate(labels.split())]
        write_textgrid(path.with_suffix(".TextGrid"), {tier: segments}, 8000, RATE_HZ)
    return root


def spelt(*recordings: str, **options: str) -> tuple[str, str, list[str]]:
    """Spell recordings together: all labels, the notation, the labels that are problems."""
    utterances = [Utterance(str(i), Path(str(i)), "", 100, RATE_HZ, phones=tuple(
        Segment(k, k + 1, "" if label == "-" else label) for k, label in enumerate(labels.split())))
        for i, labels in enumerate(recordings)]
    found, notation, problems = spell_phones(utterances, **options)
    return " ".join(p.label for u in found for p in u.phones), notation, [p.where for p in problems]


@pytest.mark.parametrize(("labels", "plain"), [
    ("AH0 S K sp", "ah s k sil"), ("ah0 s iy1 <p:>", "ah s iy sil"), ("S IY", "s iy"), ("AA1 AX T spn", "aa ax t spn"),
    ("h# pcl p", "h# pcl p"), ("spn AH1", "spn ah"), ("H# AH0 PCL", "h# ah pcl"), ("- s", "sil s")])
def test_arpabet_is_spelt_plainly(labels, plain):
    assert spelt(labels)[0] == plain


@pytest.mark.parametrize("labels", [
    "S s E", "S", "θ ə B", "AA1 PT", "S { k", "i2 a1", "ao1 er2 sh", "ER2 AO1 SH", "S OY T", "OY s S", "AH0 S IY",
    "AH0 s", "b aa1 s aa2 m aa1", "ow2 w ey1 m ay2", "AH3 S", "S0 AH0", "tS OY aI", "ʃ AH0", "i: S s @ ?"])
def test_what_may_be_something_else_stays(labels):
    assert spelt(labels)[0] == labels


def test_one_recording_does_not_decide_for_itself():
    """The first would be ARPAbet alone; the corpus is SAMPA, where [S] is no [s]."""
    assert spelt("S IY1 AH0")[0] == "s iy ah"
    labels, notation, _ = spelt("S IY1 AH0", "S i: s")
    assert labels == "S IY1 AH0 S i: s" and notation.startswith("as they are (not ARPAbet: i:)")


def test_what_was_changed_is_told_with_counts():
    _, notation, problems = spelt("AH0 AH0 sp S", "K IY1")
    assert notation == ("ARPAbet or TIMIT's; 6 of 6 phones respelt, 5 different ones: AH0 -> ah, IY1 -> iy, K -> k, "
                        "...")
    assert problems == []
    assert spelt("s iy")[1] == "ARPAbet or TIMIT's"
    assert "digits on some vowels only" in spelt("AH0 IY")[1] and "capitals and small" in spelt("AH0 s")[1]
    assert "too few labels to tell; --phone-set arpabet" in spelt("er2 ao1")[1]


def test_notation_can_be_said():
    assert spelt("ER2 PT - SP", phone_set="arpabet") == (
        "er pt sil sil", "ARPAbet (as asked); 4 of 4 phones respelt, 4 different ones: (empty) -> sil, ER2 -> er, "
        "PT -> pt, ...", ["phone `PT`"])
    assert spelt("AH0 S -", phone_set="asis")[0] == "AH0 S sil"
    assert spelt("AX-H S ah0", phone_set="timit")[::2] == ("ax-h s ah0", ["phone `ah0`"])
    with pytest.raises(ConfigError, match=r"`phone_set` \(=ipa\) must be one of auto, arpabet, timit, asis"):
        spelt("a", phone_set="ipa")


def test_tones_are_no_stress(tmp_path, capsys):
    """Pinyin: what looks like ARPAbet in one recording, and what does not in the next."""
    root = write_recordings(tmp_path / "c", "h ao1 h ao2 er2 sh", "m a1 m a2 m a1")
    assert cli.main(["slice", str(root), str(tmp_path / "out"), "--kind", "phones", "--phones", "ao1,er2,a1",
                     "--test-share", "0"]) == 0
    assert sorted(read_manifest(tmp_path / "out")["label"]) == ["a1", "a1", "ao1", "er2"]
    assert "note: phones: as they are (not ARPAbet: a1, a2, h); 2 of" in capsys.readouterr().out


def test_info_tells_notation_tiers_and_labels(tmp_path, capsys):
    root = write_recordings(tmp_path / "c", "S i:", "s ?")
    assert cli.main(["corpus", "info", str(root)]) == 0
    printed = capsys.readouterr().out
    assert "phones from           2  recordings: tier `phones` with 5 labels: (empty) S i: s ?" in printed
    assert "as they are (not ARPAbet: ?, i:)" in printed
    assert cli.main(["corpus", "info", str(root), "--phone-set", "arpabet"]) == 0
    printed = capsys.readouterr().out
    assert "phone outside the notation 2" in printed and "phone `?`: 1 times" in printed
    assert cli.main(["corpus", "info", str(root), "--json", "--phone-set", "asis"]) == 0
    assert '"notation": "as they are (as asked)' in capsys.readouterr().out


def test_labels_that_look_the_same_and_are_not_are_a_problem(tmp_path, capsys):
    """Unicode writes ã as one letter or as two; an editor on a Mac and one on Windows differ in that."""
    root = write_recordings(tmp_path / "c", "\u00e3 s", "a\u0303 s", "a\u0303 z")
    assert cli.main(["corpus", "info", str(root)]) == 0
    printed = capsys.readouterr().out
    assert "problems              1  phone written in two ways 1" in printed
    assert "phone `\u00e3`: written with its accents in 2 ways that look the same, 1 and 2 times" in printed
    (tmp_path / "one.csv").write_text("label,phone\n\u00e3,a~\ns,s\nz,z\n", encoding="utf-8")
    assert cli.main(["corpus", "info", str(root), "--phone-map", str(tmp_path / "one.csv")]) == 0
    assert "problems              0" in capsys.readouterr().out


@pytest.mark.parametrize("name", SHIPPED_MAPS)
def test_shipped_maps_lead_to_timits_symbols(name):
    table = read_phone_map(name)
    assert set(table.values()) <= set(PHONES_61) and len(table) > 60
    assert table["sil"] == "pau"
    if name != "arpabet-mfa":
        assert all(table[phone] == phone for phone in ("p", "t", "k", "s", "z", "f", "v"))


def test_ipa_of_the_montreal_forced_aligner():
    labels, notation, problems = spelt("ʃ iː tʃ ɫ̩ ɡ g ɾʲ spn -", "ej kʷ ʘ d̪", phone_map="ipa-mfa")
    assert labels == "sh iy ch el g g dx pau pau ey k ʘ d"
    assert notation.startswith("map ipa-mfa; 11 of 13 phones respelt") and problems == ["phone `ʘ`"]


def test_arpabet_of_the_montreal_forced_aligner():
    labels, _, problems = spelt("SH IY1 sil - spn HH AE1 D AO0 ZH", phone_map="arpabet-mfa")
    assert labels == "sh iy pau pau pau hh ae d ao zh" and problems == []


def test_sampa_of_webmaus():
    labels, _, problems = spelt("S s 3: @ { tS r\\ <p:> <usb> T i:", phone_map="sampa-webmaus")
    assert labels == "sh s er ax ae ch r pau pau th iy" and problems == []


def test_a_map_of_ones_own(tmp_path, capsys):
    root = write_recordings(tmp_path / "c", "x y z sp", "x")
    (tmp_path / "map.csv").write_text("label,phone,note\nx,s,a\ny,s,b\n")
    assert cli.main(["slice", str(root), str(tmp_path / "out"), "--kind", "phones", "--phones", "s,z", "--phone-map",
                     str(tmp_path / "map.csv"), "--test-share", "0"]) == 0
    assert sorted(read_manifest(tmp_path / "out")["label"]) == ["s", "s", "s", "z"]
    captured = capsys.readouterr()
    assert "map.csv; " in captured.out and "phone outside the notation 1" in captured.out
    corpus = open_corpus(root, phone_map=tmp_path / "map.csv")
    assert [p.what for p in corpus.problems] == [
        f"1 times, and not in the notation of the phones, map {tmp_path / 'map.csv'}; left as it is"]
    # what the file says is as it is written there
    assert corpus.sources[0].labels == {"": 2, "x": 2, "y": 1, "z": 1, "sp": 1}


def test_labels_that_unicode_writes_in_two_ways_are_one(tmp_path):
    for written, met in (("\u00e3", "a\u0303"), ("a\u0303", "\u00e3")):
        (tmp_path / "map.csv").write_text(f"label,phone\n{written},aa\n", encoding="utf-8")
        assert spelt(met, phone_map=str(tmp_path / "map.csv"))[::2] == ("aa", [])


@pytest.mark.parametrize(("text", "message"), [
    ("label,phone\nx,s\nx,z\n", "must give label `x` one phone, not s and z; see row 2"),
    ("label,phone\nx,\n", "must give label `x` a phone; see row 1"), ("label,phone\n", "must have a row"),
    ("x,s\n", "must have the columns label and phone; it lacks")])
def test_maps_that_cannot_be(tmp_path, text, message):
    (tmp_path / "map.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        spelt("x", phone_map=str(tmp_path / "map.csv"))


def test_a_map_that_is_not_there_or_beside_a_phone_set(tmp_path):
    with pytest.raises(DataError, match="or one of ipa-mfa, arpabet-mfa, sampa-webmaus; there is no such file"):
        spelt("x", phone_map="ipa")
    with pytest.raises(ConfigError, match=r"`phone_set` \(=asis\) must not be given beside `phone_map`"):
        spelt("x", phone_map="ipa-mfa", phone_set="asis")
