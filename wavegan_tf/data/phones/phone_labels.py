"""Recognise phone labels: silence, noise, symbols of ARPAbet and TIMIT, stress digits."""

from __future__ import annotations

import re

from wavegan_tf.data.phones.timit_phones import PHONES_61, VOWELS

__all__ = ["SILENCE", "SILENT_LABELS", "is_arpabet", "is_noise", "is_silent", "is_stressed", "plain_symbol"]

SILENT_LABELS = frozenset({"", "sil", "sp", "<p:>", "<p>", "<eps>", "<sil>", "#", "_", "silence"})
"""What aligners and annotators write where nobody speaks (lower case)."""
SILENCE = "sil"

_NOISES = frozenset({"spn", "nsn", "ns", "lau", "lg", "br", "cg", "ls"})
"""Labels of noises of aligners that use ARPAbet."""
_SYMBOLS = frozenset(PHONES_61) | {"wh"}
_STRESSED = re.compile(rf"({'|'.join(VOWELS)})[0-2]", re.IGNORECASE)


def is_silent(label: str) -> bool:
    """Check whether a label marks silence."""
    return label.strip().lower() in SILENT_LABELS


def is_noise(label: str) -> bool:
    """Check whether a label marks a noise."""
    return label.lower() in _NOISES


def is_arpabet(label: str) -> bool:
    """Check whether a label is a symbol of ARPAbet or TIMIT, or one of their vowels with a stress digit."""
    return label.lower() in _SYMBOLS or is_stressed(label)


def is_stressed(label: str) -> bool:
    """Check whether a label is a vowel with a stress digit, 0 to 2."""
    return _STRESSED.fullmatch(label) is not None


def plain_symbol(label: str) -> str:
    """Return a symbol of ARPAbet in small letters, without stress: AH0 -> ah."""
    return (label[:-1] if is_stressed(label) else label).lower()
