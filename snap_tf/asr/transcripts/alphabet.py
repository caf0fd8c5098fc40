"""Alphabets: the output classes of the recognisers, 29 for letters or 62 for phones, the last one CTC's blank.

The blank is the LAST class in both (28 and 61), as in Wav2Letter; TensorFlow's own default is 0.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wavegan_tf.data.phones.timit_phones import PHONES_61, fold_39
from wavegan_tf.errors import DataError

if TYPE_CHECKING:  # the command line knows the alphabets; its --help must not wait for pandas
    from wavegan_tf.data.corpus import Utterance

__all__ = ["BLANK", "LETTERS", "PHONES", "Alphabet", "alphabet_of_size", "fold_phones", "plain_text"]

BLANK = "<blank>"


@dataclass(frozen=True)
class Alphabet:
    """The output classes of a recogniser, in order.

    Attributes:
        kind: `letter` or `phone`.
        symbols: all classes; the last one is the blank.
    """

    kind: str
    symbols: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of classes, the blank included."""
        return len(self.symbols)

    @property
    def blank(self) -> int:
        """Index of the blank: the last class."""
        return len(self.symbols) - 1

    def encode(self, symbols: Iterable[str]) -> list[int]:
        """Turn symbols into class numbers.

        Raises:
            DataError: a symbol that is no class (the blank is not allowed).
        """
        wanted = list(symbols)
        unknown = sorted(set(wanted) - set(self.symbols[:-1]))
        if unknown:
            named = ", ".join(f"`{symbol}`" for symbol in unknown)
            raise DataError(f"{self.kind}s (={named}) must be among the {self.size - 1} that "
                            f"are written: {' '.join(self.symbols[:-1])}")
        index = {symbol: number for number, symbol in enumerate(self.symbols)}
        return [index[symbol] for symbol in wanted]

    def decode(self, classes: Iterable[int]) -> tuple[str, ...]:
        """Turn class numbers into symbols."""
        return tuple(self.symbols[c] for c in classes)

    def join(self, symbols: Iterable[str]) -> str:
        """Write symbols as one line: letters side by side, phones with spaces between."""
        return ("" if self.kind == "letter" else " ").join(symbols)

    def symbols_of(self, utterance: Utterance) -> tuple[str, ...]:
        """Return the reference transcript of an utterance; empty when the corpus has none.

        Letters are the utterance's text (see `plain_text`), or its words where it has no text; phones are the labels
        in their order, without durations.

        Source: Krug et al. 2021, section 3.1.
        """
        if self.kind == "phone":
            return tuple(p.label for p in utterance.phones)
        return tuple(plain_text(utterance.text or " ".join(w.label for w in utterance.words)))


LETTERS = Alphabet("letter", (*string.ascii_lowercase, " ", "'", BLANK))
"""26 letters, space, apostrophe, blank."""
PHONES = Alphabet("phone", (*PHONES_61, BLANK))
"""TIMIT's 61 phones, blank."""

_SPACES = str.maketrans(dict.fromkeys("-–—/\t\n", " ") | {"’": "'", "‘": "'"})
_DROPPED = str.maketrans("", "", '.,;:!?"“”„()[]{}…')


def alphabet_of_size(size: int) -> Alphabet:
    """Return the alphabet that has so many classes, the blank included.

    Raises:
        DataError: neither 29 nor 62.
    """
    for alphabet in (LETTERS, PHONES):
        if alphabet.size == size:
            return alphabet
    raise DataError(f"number of output classes (={size}) must be {LETTERS.size} (letters) or {PHONES.size} (phones); "
                    "the model is no recogniser of this family")


def plain_text(text: str) -> str:
    """Normalise a sentence for CTC targets: lower case, single spaces, no punctuation but the apostrophe.

    Hyphens and dashes become spaces. Anything else, digits for example, stays and is found by `Alphabet.encode`.
    """
    return " ".join(text.lower().translate(_SPACES).translate(_DROPPED).split())


def fold_phones(phones: Sequence[str]) -> tuple[str, ...]:
    """Fold phones into Lee and Hon's 39 classes; `q` is dropped, neighbours that become equal both stay.

    Source: Lee and Hon 1989, Table I and section IV.
    """
    return tuple(folded for phone in phones if (folded := fold_39(phone)) is not None)
