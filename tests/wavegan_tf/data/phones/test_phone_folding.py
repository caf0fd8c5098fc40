"""TIMIT's 61 phones, their classes and the foldings of Lee and Hon (1989)."""

import csv
from pathlib import Path

import pytest

from wavegan_tf.data.phones.timit_phones import (
    CLASSES,
    PHONES_39,
    PHONES_48,
    PHONES_61,
    VOWELS,
    fold_39,
    fold_48,
    phone_class,
)

# the 39 groups as the paper prints them, from the other side: class -> everything that falls into it
GROUPS_39 = {
    "aa": "aa ao", "ah": "ah ax ax-h", "er": "er axr", "hh": "hh hv", "ih": "ih ix", "l": "l el", "m": "m em",
    "n": "n en nx", "ng": "ng eng", "sh": "sh zh", "uw": "uw ux",
    "sil": "pcl tcl kcl bcl dcl gcl h# pau epi",
}


def test_there_are_61_phones_48_classes_and_39_classes():
    assert (len(PHONES_61), len(set(PHONES_48)), len(set(PHONES_39))) == (61, 48, 39)
    assert "q" not in PHONES_48
    assert "sil" in PHONES_39


def test_the_39_groups_are_those_of_the_paper():
    expected = {phone: group for group, phones in GROUPS_39.items() for phone in phones.split()}
    for phone in PHONES_61:
        assert fold_39(phone) == (None if phone == "q" else expected.get(phone, phone)), phone


def test_48_keeps_apart_what_39_merges():
    assert [fold_48(p) for p in ("ao", "zh", "el", "en", "ix", "ax-h", "epi")] == ["ao", "zh", "el", "en", "ix", "ax",
                                                                                   "epi"]
    assert [fold_48(p) for p in ("pcl", "bcl", "pau", "h#", "q")] == ["cl", "vcl", "sil", "sil", None]


def test_every_phone_has_one_class_and_other_symbols_have_none():
    assert sorted(p for phones in CLASSES.values() for p in phones) == sorted(PHONES_61)
    assert len(VOWELS) == 20
    assert [phone_class(p) for p in ("axr", "dx", "hv", "epi", "AA", "ə")] == [
        "vowel", "stop", "semivowel/glide", "silence", None, None]


def test_a_symbol_outside_the_61_is_an_error():
    with pytest.raises(KeyError):
        fold_39("sil")


@pytest.mark.shared
def test_the_table_of_record_agrees(shared_dir: Path):
    with (shared_dir / "data/timit_facts/phones_61_48_39.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(r["phone61"], r["phone48"] or None, r["phone39"] or None, r["class"]) for r in rows] == [
        (p, fold_48(p), fold_39(p), phone_class(p)) for p in PHONES_61]
