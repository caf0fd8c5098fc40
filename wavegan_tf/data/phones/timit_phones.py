"""TIMIT's 61 phones, their classes (vowel, stop, fricative, ...), and their folding to 48 and 39 classes.

Source: Lee and Hon 1989, IEEE Transactions on Acoustics, Speech, and Signal Processing 37, Table I; classes as in the
documentation of TIMIT.
"""

from __future__ import annotations

__all__ = [
    "CLASSES", "CLOSURES", "PHONES_39", "PHONES_48", "PHONES_61", "SILENCES", "STOPS", "VOICELESS_STOPS", "VOWELS",
    "fold_39", "fold_48", "phone_class",
]

CLASSES: dict[str, tuple[str, ...]] = {
    "vowel": ("iy", "ih", "eh", "ey", "ae", "aa", "aw", "ay", "ah", "ao", "oy", "ow", "uh", "uw", "ux", "er", "ax",
              "ix", "axr", "ax-h"),
    "stop": ("b", "d", "g", "p", "t", "k", "dx", "q"),
    "affricate": ("jh", "ch"),
    "fricative": ("s", "sh", "z", "zh", "f", "th", "v", "dh"),
    "nasal": ("m", "n", "ng", "em", "en", "eng", "nx"),
    "semivowel/glide": ("l", "r", "w", "y", "hh", "hv", "el"),
    "closure": ("bcl", "dcl", "gcl", "pcl", "tcl", "kcl"),
    "silence": ("pau", "epi", "h#"),
}
"""The 61 phones by class."""

VOWELS, STOPS, CLOSURES, SILENCES = (CLASSES[name] for name in ("vowel", "stop", "closure", "silence"))
VOICELESS_STOPS = ("p", "t", "k")

_CLASS_OF = {phone: name for name, phones in CLASSES.items() for phone in phones}

# Lee and Hon's first step merges allophones; identity where nothing is written
_TO_48: dict[str, str | None] = {
    "ux": "uw", "ax-h": "ax", "axr": "er", "em": "m", "nx": "n", "eng": "ng", "hv": "hh",
    "pcl": "cl", "tcl": "cl", "kcl": "cl", "bcl": "vcl", "dcl": "vcl", "gcl": "vcl",
    "pau": "sil", "h#": "sil", "q": None,
}
# the second step merges the classes within which confusions were not counted
_48_TO_39 = {"ao": "aa", "ax": "ah", "ix": "ih", "zh": "sh", "en": "n", "el": "l", "cl": "sil", "vcl": "sil",
             "epi": "sil"}

PHONES_61 = tuple(_CLASS_OF)


def fold_48(phone: str) -> str | None:
    """Fold one of TIMIT's 61 phones to the 48 classes for training.

    Args:
        phone: one of the 61.

    Returns:
        The class, or None for the glottal stop `q`, which both foldings drop.

    Raises:
        KeyError: not one of the 61 phones.

    Example:
        >>> from wavegan_tf.data import fold_48
        >>> [fold_48(phone) for phone in ("axr", "tcl", "zh", "q")]
        ['er', 'cl', 'zh', None]

    Source: Lee and Hon 1989, Table I.
    """
    _CLASS_OF[phone]
    return _TO_48.get(phone, phone)


def fold_39(phone: str) -> str | None:
    """Fold one of TIMIT's 61 phones to the 39 classes for scoring.

    Args:
        phone: one of the 61.

    Returns:
        The class, or None for the glottal stop `q`, which both foldings drop.

    Raises:
        KeyError: not one of the 61 phones.

    Example:
        >>> from wavegan_tf.data import fold_39
        >>> [fold_39(phone) for phone in ("axr", "tcl", "zh", "q")]
        ['er', 'sil', 'sh', None]

    Source: Lee and Hon 1989, Table I and section IV.
    """
    folded = fold_48(phone)
    return None if folded is None else _48_TO_39.get(folded, folded)


def phone_class(phone: str) -> str | None:
    """Return the class of a TIMIT phone (`vowel`, `stop`, `fricative`, ...), or None when it is not one of the 61.

    Args:
        phone: a symbol.
    Example:
        >>> from wavegan_tf.data import phone_class
        >>> phone_class("sh"), phone_class("tcl"), phone_class("ʃ")
        ('fricative', 'closure', None)
    """
    return _CLASS_OF.get(phone)


PHONES_48 = tuple(dict.fromkeys(c for p in PHONES_61 if (c := fold_48(p)) is not None))
PHONES_39 = tuple(dict.fromkeys(c for p in PHONES_61 if (c := fold_39(p)) is not None))
