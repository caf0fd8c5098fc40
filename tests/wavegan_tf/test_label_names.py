"""Names of files made of labels: one label one name, on every file system, and back."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavegan_tf.label_names import FolderNames, distinct_names, file_name, label_of

AWKWARD = ["i", "i:", "S", "s", "@", "?", "t 1", "t_1", "T_1", "a/b", "a\\b", "..", ".", "", " ", "100%", "%41", "A",
           "CON", "con", "aux.wav", "-x", "~", "$\\frac{$", "\0", "\n", "θ", "Θ", "ʃ", "\u00e3", "a\u0303", "x" * 300,
           "x" * 299 + "y", "ß", "ss", "ſ", "\udcff", "*", '"', "'", "lpt1", "a.png", "a.PNG", "ﬁ", "fi"]


def as_a_folding_disk_sees_it(name: str) -> str:
    return unicodedata.normalize("NFD", name).casefold()


def test_ordinary_labels_are_their_own_names() -> None:
    for label in ("ask", "sh", "h#".replace("#", ""), "ax-h", "don't", "t_1", "Conv4", "θ", "iː"):
        assert distinct_names([label]) == {label: label}


def test_every_label_has_a_name_of_its_own_that_every_disk_takes() -> None:
    names = distinct_names(AWKWARD)
    assert list(names) != AWKWARD and set(names) == set(AWKWARD)
    assert len({as_a_folding_disk_sees_it(name) for name in names.values()}) == len(AWKWARD)
    for label, name in names.items():
        assert name and len(name.encode()) <= 120, label
        assert not re.search(r'[\0-\x1f/\\:*?"<>| ]', name) and name.strip(". ") == name, label
        assert name.split(".")[0].lower() not in ("con", "aux", "lpt1"), label
    assert names["s"] == "s" and names["S"] == "%53" and names["i:"] == "i%3A" and names["i"] == "i"


def test_labels_come_back_from_their_names() -> None:
    for label, name in distinct_names(AWKWARD).items():
        assert label_of(name) == label or len(label) > 100 or label == ""
    # some disks take accents apart: a name with one would come back as another label
    assert [file_name(label) for label in ("\u00e3", "a\u0303")] == ["%C3%A3", "a%CC%83"]
    for name in ("50%", "100%25x%", "%4g", "%3a", "my folder"):  # folders of other people
        assert label_of(name) == name


@given(st.lists(st.lists(st.text(st.sampled_from("aAsS_%.:5 éx"), max_size=4), min_size=1, max_size=3).map(tuple),
                max_size=12, unique=True))
def test_words_joined_in_one_folder_are_told_apart(parts: list) -> None:
    folder = FolderNames(("settings.json",))
    names = [folder.name(*words) for words in parts]
    assert len({as_a_folding_disk_sees_it(name) for name in names}) == len(parts)
    assert names == [folder.name(*words) for words in parts]
    assert not any("/" in name for name in names)


def test_what_is_taken_is_not_given_again() -> None:
    folder = FolderNames(("tests.csv", "layers"))
    assert folder.name("Layers") not in ("Layers", "layers") and folder.name("layers") not in ("layers", "Layers")
    assert folder.name("a_b", "c") == "a_b_c" and folder.name("a", "b_c") == "a_b%5Fc"


@pytest.mark.parametrize("parts", [("curves", "s", "sh"), ("profiles", "W2P_shallow", "phone", "input")])
def test_plain_words_are_joined_with_underscores(parts: tuple) -> None:
    assert file_name(*parts) == "_".join(parts)
