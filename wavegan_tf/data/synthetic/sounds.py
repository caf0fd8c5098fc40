"""Convert the events of eSpeak NG to a sequence of sounds: their times, and the word of each.

The rules were found by comparing the events with the sound, and three of them surprise:

- a phone belongs to the word after whose event it comes, whatever its sample says;
- the event of a word may lie before the last phone of the word before it ("an oily"): then it means nothing;
- the event of an l after its vowel lies where the l ends, so that the vowel's event spans both ("cool").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wavegan_tf.data.phones.timit_phones import VOWELS
from wavegan_tf.data.synthetic.espeak import WORD, Event
from wavegan_tf.data.synthetic.mnemonics import CLOSURE_OF, is_pause, is_phone, to_timit

__all__ = ["FIRST_SHARE", "Sound", "sounds_of"]

FIRST_SHARE = 0.62
"""Share of the time that the first of two symbols gets which one event spans: by rule, not by evidence."""


@dataclass
class Sound:
    """One phone or pause, in samples at eSpeak NG's rate.

    `word` counts the words from 0, None is a pause. `onset` is where the event lies; a stop's closure may begin
    before it, at `start`.
    """

    start: int
    end: int
    onset: int
    mnemonic: str
    word: int | None


def sounds_of(events: Sequence[Event], n_samples: int) -> list[Sound]:
    """Convert events to a sequence of phones and pauses without gaps; silence at either end is left out.

    Args:
        events: as they came.
        n_samples: length of the audio.
    """
    events = [e for e in events if e.kind == WORD or is_pause(e.name) or is_phone(e.name)]
    sounds: list[Sound] = []
    word, word_sample = -1, None
    for i, event in enumerate(events):
        last = sounds[-1] if sounds else None
        if event.kind == WORD:
            word, word_sample = word + 1, event.sample
        elif is_pause(event.name):
            if last and last.word is not None:  # two pauses in a row are one
                sounds.append(Sound(event.sample, n_samples, event.sample, event.name, None))
        else:
            start = event.sample
            if word_sample is not None:
                start = _first_start(event, word_sample, last)
            elif last and _is_coda_l(event, events[i + 1:i + 2], last):
                start = last.start + round(FIRST_SHARE * (event.sample - last.start))
            sounds.append(Sound(start, n_samples, event.sample, event.name, word))
            word_sample = None
        if last and last is not sounds[-1]:
            last.end = sounds[-1].start
    return sounds[:-1] if sounds and sounds[-1].word is None else sounds


def _first_start(event: Event, word_sample: int, last: Sound | None) -> int:
    """Choose where the first phone of a word begins: at the word's event, or at its own."""
    if last is None or last.word is None:
        # after silence the sound itself tells; only a closure, being silent, needs the word's event
        is_stop = to_timit(event.name)[0] in CLOSURE_OF
        return word_sample if is_stop and (last is None or word_sample > last.start) else event.sample
    return word_sample if word_sample > last.start else event.sample


def _is_coda_l(event: Event, following: Sequence[Event], last: Sound) -> bool:
    """Distinguish an l after its vowel from one before a vowel of the same word ("oily")."""
    if to_timit(event.name) != ("l",) or last.word is None or to_timit(last.mnemonic)[0] not in VOWELS:
        return False
    return not any(is_phone(e.name) and to_timit(e.name)[0] in VOWELS for e in following if e.kind != WORD)
