"""Any label can be named on the command line."""

import argparse

import pytest

from wavegan_tf.commands.label_lists import comma_list, pair_list


@pytest.mark.parametrize(("text", "labels"), [
    ("s,sh", ("s", "sh")), (" a1 , ao1 ,", ("a1", "ao1")), ("i:,@,?", ("i:", "@", "?")), ('"a,b",c', ("a,b", "c")),
    ("r\\,l", ("r\\", "l")), ('"i:"', ("i:",)), ('"""a",b', ('"a', "b")), ('"a', ('"a',)), ('" x"', (" x",)),
    ("", ()), (",", ())])
def test_lists_of_labels(text: str, labels: tuple) -> None:
    assert comma_list(text) == labels


@pytest.mark.parametrize(("text", "pairs"), [
    ("s:sh", (("s", "sh"),)), ("@:i,?:i", (("@", "i"), ("?", "i"))), ('"i:":i', (("i:", "i"),)),
    ('i:"i:",S:s', (("i", "i:"), ("S", "s"))), ('"a,b":"c:d"', (("a,b", "c:d"),)), ("t 1:t_1", (("t 1", "t_1"),))])
def test_pairs_of_any_labels(text: str, pairs: tuple) -> None:
    assert pair_list(text) == pairs


@pytest.mark.parametrize("text", ["i::i", "i:i:", "s", "", "a:b:c", ":a"])
def test_what_is_no_pair_says_how_to_write_one(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="a label with a colon or a comma stands in double quotes"):
        pair_list(text)
    with pytest.raises(argparse.ArgumentTypeError, match="must be of two different"):
        pair_list('"i:":"i:"')
