"""Convert eSpeak NG's phoneme mnemonics to TIMIT's 61 phone symbols.

Source: what eSpeak NG 1.52 says with its American voices; `wavegan_tf.data.phones.timit_phones` for the 61.
"""

from __future__ import annotations

from wavegan_tf.errors import DataError

__all__ = ["CLOSURE_OF", "VOICED_STOPS", "is_pause", "is_phone", "to_timit"]

CLOSURE_OF = {"p": "pcl", "t": "tcl", "k": "kcl", "ch": "tcl", "b": "bcl", "d": "dcl", "g": "gcl", "jh": "dcl"}
VOICED_STOPS = frozenset({"b", "d", "g", "jh"})

_NOT_PHONES = frozenset({"", ";", "-", "~", "|", "*", "!"})  # stress, length and linking marks

_VOWELS = {
    "i:": "iy", "i": "iy", "I": "ih", "I2": "ix", "I#": "ix", "E": "eh", "a": "ae", "aa": "ae", "a2": "ae",
    "a#": "ax", "A:": "aa", "0": "aa", "0#": "aa", "O:": "ao", "O": "ao", "O2": "ao", "V": "ah", "V#": "ah",
    "@": "ax", "@2": "ax", "@5": "ax", "@#": "ax", "3": "axr", "@r": "axr", "3:": "er", "IR": "er", "VR": "er",
    "U": "uh", "u:": "uw", "u": "uw", "eI": "ey", "aI": "ay", "OI": "oy", "aU": "aw", "oU": "ow", "@L": "el",
    "A@": "aa r", "O@": "ao r", "o@": "ao r", "U@": "uh r", "i@3": "ih r", "i@": "ih r", "e@": "eh r",
    "aI@": "ay axr", "aI3": "ay axr", "aU@": "aw axr",
}
_CONSONANTS = {
    **{c: c for c in "pbtdkgfvszmnlrw"},
    "t2": "t", "r-": "r", "w#": "w", "T": "th", "D": "dh", "S": "sh", "Z": "zh", "tS": "ch", "dZ": "jh", "N": "ng",
    "j": "y", "h": "hh", "t#": "dx", "d#": "dx", "?": "q", "L": "el", "n-": "en", "m-": "em",
}
_TABLE = {mnemonic: tuple(symbols.split()) for mnemonic, symbols in {**_VOWELS, **_CONSONANTS}.items()}


def is_pause(mnemonic: str) -> bool:
    """Check whether a phoneme event begins a silence."""
    return mnemonic.startswith("_")


def is_phone(mnemonic: str) -> bool:
    """Check whether a phoneme event is a sound, not a pause, a stress mark or a link."""
    return not is_pause(mnemonic) and mnemonic not in _NOT_PHONES


def to_timit(mnemonic: str) -> tuple[str, ...]:
    """Translate a mnemonic, stress marks included, into one TIMIT symbol or two that share its time.

    Raises:
        DataError: the mnemonic is not known.
    """
    bare = mnemonic.lstrip("',%=_|")
    for name in (bare, bare.rstrip("23#")):
        if name in _TABLE:
            return _TABLE[name]
    raise DataError(f"phoneme (={mnemonic!r}) must be one of eSpeak NG's American English; choose an American voice")
