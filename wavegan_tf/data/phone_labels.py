"""One spelling for phones: stress digits stripped and lower case where the labels are ARPAbet, `sil` for silence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from wavegan_tf.data.corpus import Segment
from wavegan_tf.data.phones import PHONES_61, VOWELS

__all__ = ["SILENT_LABELS", "is_silent", "plain_phones"]

SILENT_LABELS = frozenset({"", "sil", "sp", "<p:>", "<p>", "<eps>", "<sil>", "#", "_", "silence"})
"""What aligners and annotators write where nobody speaks (lower case)."""

_SYMBOLS = frozenset(PHONES_61) | {"wh", "spn"}
_STRESSED = re.compile(r"[A-Za-z]{2,3}[0-2]")


def is_silent(label: str) -> bool:
    """Tell whether a label marks silence."""
    return label.strip().lower() in SILENT_LABELS


def plain_phones(phones: Iterable[Segment]) -> tuple[Segment, ...]:
    """Spell the phones of one recording plainly.

    Silence becomes `sil`. Where the labels are ARPAbet (or TIMIT's), digits go and letters become small: AH0 -> ah.
    They are when one is a vowel with a stress digit, or when all are known symbols, not just single letters.
    Other labels (IPA, SAMPA, where S and s differ) stay.
    """
    phones = tuple(phones)
    spoken = {p.label for p in phones if not is_silent(p.label)}
    arpabet = any(_STRESSED.fullmatch(label) and _base(label) in VOWELS for label in spoken) or (
        all(label.lower() in _SYMBOLS for label in spoken) and any(len(label) > 1 for label in spoken))
    return tuple(replace(p, label="sil" if is_silent(p.label) else _base(p.label) if arpabet else p.label)
                 for p in phones)


def _base(label: str) -> str:
    return re.sub(r"[0-2]$", "", label).lower()
