"""Phone maps: from the labels of a corpus to phone symbols, by a table of the user or one of the package."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path

from wavegan_tf.data.phones.phone_labels import SILENCE, is_silent
from wavegan_tf.errors import DataError
from wavegan_tf.formats.tables import read_table

__all__ = ["SHIPPED_MAPS", "mapped", "read_phone_map"]

SHIPPED_MAPS = ("ipa-mfa", "arpabet-mfa", "sampa-webmaus")
"""English to TIMIT's symbols, silence and noise to `pau`: IPA and ARPAbet as the Montreal Forced Aligner writes them
(`english_mfa`, `english_us_arpa`), SAMPA as WebMAUS does. Source: the phones of the dictionaries english_mfa 2.0 and
3.1; SAMPA for English (Wells) with the symbols of Australian and American English."""


class PhoneMap(dict[str, str]):
    """A map from labels to phones; different Unicode encodings of the same label are one."""

    def __contains__(self, label: object) -> bool:
        return isinstance(label, str) and super().__contains__(_key(label))


def read_phone_map(path: str | Path) -> PhoneMap:
    """Read a phone map: a CSV with the columns `label` and `phone`; several labels may have the same phone.

    Args:
        path: the file, or the name of one of `SHIPPED_MAPS`.

    Raises:
        DataError: no such file, or no such table; a label that has two phones; a row without a phone.

    Example:
        >>> from wavegan_tf.data import read_phone_map
        >>> phones = read_phone_map("ipa-mfa")
        >>> phones["ʃ"], phones["ɾ"], phones["kʷ"]
        ('sh', 'dx', 'k')
    """
    if str(path) in SHIPPED_MAPS and not Path(path).exists():
        with resources.as_file(resources.files("wavegan_tf.data.phones.maps") / f"{path}.csv") as file:
            return _read(file)
    if not Path(path).exists():
        raise DataError(f"phone map (={path}) must be a CSV with the columns label and phone, or one of "
                        f"{', '.join(SHIPPED_MAPS)}; there is no such file")
    return _read(Path(path))


def mapped(table: Mapping[str, str]) -> Callable[[str], str]:
    """Make the function that maps a label to its phone; silence becomes what `sil` is mapped to, others stay."""
    silence = table.get(SILENCE, SILENCE)
    return lambda label: table.get(_key(label), silence if is_silent(label) else label)


def _read(path: Path) -> PhoneMap:
    table, found = read_table(path, "phone map", needs=("label", "phone")), PhoneMap()
    for row, (label, phone) in enumerate(zip(table["label"], table["phone"], strict=True), 1):
        label, phone = _key(str(label)), str(phone).strip()
        if not phone or found.get(label, phone) != phone:
            rule = f"one phone, not {found[label]} and {phone}" if phone else "a phone"
            raise DataError(f"phone map (={path}) must give label `{label}` {rule}; see row {row}; write `sil` for "
                            "silence")
        found[label] = phone
    if not found:
        raise DataError(f"phone map (={path}) must have a row for each label; it has none")
    return found


def _key(label: str) -> str:
    return unicodedata.normalize("NFC", label.strip())
