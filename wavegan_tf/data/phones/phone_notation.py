"""Recognise the notation of the phones of a corpus (ARPAbet, TIMIT or other), and spell them in one way.

Many notations share letters: `er2` is a stressed vowel in ARPAbet and a syllable with its tone in Pinyin, `S` is [s] in
ARPAbet and [ʃ] in SAMPA. Labels are changed only where every one of a corpus is ARPAbet or TIMIT's beyond doubt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from wavegan_tf.data.corpus import PLAIN_NOTATION, Problem, Utterance
from wavegan_tf.data.phones.phone_labels import SILENCE, is_arpabet, is_noise, is_silent, is_stressed, plain_symbol
from wavegan_tf.data.phones.phone_map import mapped, read_phone_map
from wavegan_tf.data.phones.timit_phones import PHONES_61, VOWELS
from wavegan_tf.errors import ConfigError

__all__ = ["PHONE_SETS", "spell_phones"]

PHONE_SETS = ("auto", "arpabet", "timit", "asis")

_Notation = tuple[str, Callable[[str], str], Callable[[str], bool]]
"""A notation: its name, how a label is spelt, and whether a label belongs to it."""
_REDUCED = frozenset({"ax", "ix", "axr", "ax-h", "ux"})
"""Vowels that carry no stress, in dictionaries that have digits on all others."""
_ELSEWHERE = frozenset({"aa", "ao", "ay", "er", "ey", "ow", "oy"})
"""Vowels whose symbols are also finals of Pinyin, Jyutping (aa) or Yale (ay, ey, ow), with tones, or SAMPA's (OY)."""


def spell_phones(utterances: Sequence[Utterance], phone_set: str = "auto", phone_map: str | Path | None = None
                 ) -> tuple[tuple[Utterance, ...], str, list[Problem]]:
    """Spell the phones of a whole corpus in one way.

    Args:
        utterances: with labels as they were read.
        phone_set: `arpabet`: stress digits go and letters become small, AH0 -> ah; `timit`: letters become small;
            `asis`: nothing is changed; `auto`: as `arpabet` where all labels of all recordings are symbols of ARPAbet
            or TIMIT beyond doubt, else nothing but what marks silence, which becomes `sil` in all but `asis`.
        phone_map: a table of labels and phones, see `read_phone_map`; instead of a phone set.

    Returns:
        The utterances, the notation in words (empty where there are no phones), and labels that are no symbols of the
        notation asked for.

    Raises:
        ConfigError: an unknown phone set, or a map beside one.
        DataError: a map that cannot be read.
    """
    if phone_set not in PHONE_SETS:
        raise ConfigError(f"`phone_set` (={phone_set}) must be one of {', '.join(PHONE_SETS)}")
    if phone_map is not None and phone_set != "auto":
        raise ConfigError(f"`phone_set` (={phone_set}) must not be given beside `phone_map` (={phone_map}), which says "
                          "the phone for every label; leave one out")
    counts = Counter(p.label for u in utterances for p in u.phones)
    notation: _Notation
    if phone_map is not None:
        table = read_phone_map(phone_map)
        notation = f"map {phone_map}", mapped(table), table.__contains__
    elif phone_set == "asis":
        notation = "as they are (as asked)", lambda label: label or SILENCE, lambda label: True
    else:
        notation = _decided(counts) if phone_set == "auto" else _asked(phone_set)
    if not counts:
        return tuple(utterances), "", []
    name, spell, known = notation
    return _spelt(utterances, counts, spell), _told(name, counts, spell), _unknown(counts, known, name)


def _asked(phone_set: str) -> _Notation:
    if phone_set == "timit":
        return "TIMIT's (as asked)", _silence_or(str.lower), lambda label: label.lower() in PHONES_61
    return "ARPAbet (as asked)", _silence_or(plain_symbol), lambda label: is_arpabet(label) or is_noise(label)


def _decided(counts: Counter[str]) -> _Notation:
    doubt = _doubt({label for label in counts if not is_silent(label) and not is_noise(label)})
    if doubt:
        return f"as they are ({doubt})", _silence_or(str), lambda label: True
    return PLAIN_NOTATION, _silence_or(plain_symbol), lambda label: True


def _doubt(spoken: set[str]) -> str:
    """Give the reason why labels may not be ARPAbet, or an empty text."""
    strange = sorted(label for label in spoken if not is_arpabet(label))
    if strange:
        more = f" and {len(strange) - 5} others" if len(strange) > 5 else ""
        return f"not ARPAbet: {', '.join(strange[:5])}{more}"
    if all(label == plain_symbol(label) for label in spoken):
        return ""
    cased = {label for label in spoken if label.lower() != "h#"}
    if any(label.upper() != label for label in cased) and any(label.lower() != label for label in cased):
        return "capitals and small letters"
    vowels = {label for label in spoken if plain_symbol(label) in VOWELS}
    full = {label for label in vowels if plain_symbol(label) not in _REDUCED}
    if any(map(is_stressed, full)) and not all(map(is_stressed, full)):
        return "digits on some vowels only"
    if not any(plain_symbol(label) not in _ELSEWHERE for label in vowels):
        return "too few labels to tell; --phone-set arpabet says what they are"
    return ""


def _silence_or(spell: Callable[[str], str]) -> Callable[[str], str]:
    return lambda label: SILENCE if is_silent(label) else spell(label)


def _spelt(utterances: Sequence[Utterance], counts: Counter[str], spell: Callable[[str], str]
           ) -> tuple[Utterance, ...]:
    spelling = {label: spell(label) for label in counts}
    if all(label == new for label, new in spelling.items()):
        return tuple(utterances)
    return tuple(replace(u, phones=tuple(replace(p, label=spelling[p.label]) for p in u.phones)) for u in utterances)


def _told(name: str, counts: Counter[str], spell: Callable[[str], str]) -> str:
    """Report which notation was found, and how many labels were changed in what way."""
    changed = {label: spell(label) for label in counts if spell(label) != label}
    if not changed:
        return name
    examples = ", ".join(f"{label or '(empty)'} -> {changed[label]}"
                         for label in sorted(changed, key=lambda label: (-counts[label], label))[:3])
    return (f"{name}; {sum(counts[label] for label in changed)} of {counts.total()} phones respelt, "
            f"{len(changed)} different ones: {examples}{', ...' if len(changed) > 3 else ''}")


def _unknown(counts: Mapping[str, int], known: Callable[[str], bool], name: str) -> list[Problem]:
    return [Problem(f"phone `{label}`", f"{n} times, and not in the notation of the phones, {name}; left as it is",
                    "phone outside the notation")
            for label, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
            if not (is_silent(label) or known(label))]
