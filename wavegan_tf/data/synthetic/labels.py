"""Label the words and phones of a synthetic utterance as in TIMIT."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from wavegan_tf.data.corpus import Segment
from wavegan_tf.data.synthetic.espeak import RATE_HZ, WORD, Event, Speech
from wavegan_tf.data.synthetic.mnemonics import CLOSURE_OF, VOICED_STOPS, to_timit
from wavegan_tf.data.synthetic.sounds import FIRST_SHARE, Sound, sounds_of
from wavegan_tf.errors import DataError

__all__ = ["Labels", "label_speech", "tokens_of"]

_TOKEN = re.compile(r"[A-Za-z']+")
_STEP_S = 0.002  # of the loudness curves below
_SILENT = 0.08  # of a phone's loudest step: what is quieter at its end is the closure of the stop that follows
_MIN_CLOSURE_S, _MIN_REST_S = 0.012, 0.015
_BURST_HZ, _BURST, _MIN_VOICED_CLOSURE_S = 3000.0, 0.30, 0.010
_VOWEL_STEPS = 4  # at the end of a voiced stop, which may already hold the vowel that follows


@dataclass(frozen=True)
class Labels:
    """Words and phones of an utterance, in samples of the audio they were made from.

    Phones are gap-free from the first word to the last, pauses between words included (`pau`).
    """

    words: tuple[Segment, ...]
    phones: tuple[Segment, ...]


@dataclass
class _Phone:
    start: int
    end: int
    label: str
    word: int | None  # counts the words from 0; None is a pause


def tokens_of(text: str) -> list[str]:
    """Split a sentence into its words, lower case, apostrophes kept."""
    return [t.lower() for t in _TOKEN.findall(text)]


def label_speech(speech: Speech, text: str) -> Labels:
    """Label an utterance in words and TIMIT's phones.

    Raises:
        DataError: eSpeak NG merged words ("of the"), or said a phoneme that is not American English.
    """
    tokens, said = tokens_of(text), _words_said(speech.events, text)
    sounds = sounds_of(speech.events, len(speech.samples))
    silent = sorted(set(range(len(said))) - {s.word for s in sounds})
    if said != tokens or silent:
        raise DataError(f"sentence (={text!r}) must be said word by word; eSpeak NG says "
                        f"{' '.join(w for i, w in enumerate(said) if i not in silent)!r}; change the words that it "
                        "merges, such as \"of the\"")
    phones: list[_Phone] = []
    samples = speech.samples.astype(np.float64)
    for sound in sounds:
        _add(phones, sound, samples)
    words = []
    for i, token in enumerate(tokens):
        inside = [p for p in phones if p.word == i]
        words.append(Segment(inside[0].start, inside[-1].end, token))
    return Labels(tuple(words), tuple(Segment(p.start, p.end, p.label) for p in phones))


def _words_said(events: Sequence[Event], text: str) -> list[str]:
    """List the words that have an event of their own; the event of "Don't" covers "Don" only, so read on."""
    matches = (_TOKEN.match(text, event.position) for event in events if event.kind == WORD)
    return [match.group().lower() if match else "" for match in matches]


def _add(phones: list[_Phone], sound: Sound, samples: NDArray[np.float64]) -> None:
    """Add one sound as one phone, two vowels, or closure and release; a closure may shorten the phone before it."""
    symbols = ("pau",) if sound.word is None else to_timit(sound.mnemonic)
    symbol, start, release = symbols[0], sound.start, sound.start
    if symbol == "r" and phones and (phones[-1].label, phones[-1].word) == ("r", sound.word):
        phones[-1].end = sound.end  # the r of "pair", and the same r again as the link to the next vowel
        return
    if symbol in CLOSURE_OF:
        release = sound.onset
        if release == start and phones and phones[-1].word is not None:
            start -= _silent_tail(samples[phones[-1].start:phones[-1].end])
            phones[-1].end = start
        if release == start and symbol in VOICED_STOPS:  # where silence went before, the event is all burst
            release += _voiced_closure(samples[release:sound.end])
    if release > start:
        phones.append(_Phone(start, release, CLOSURE_OF[symbol], sound.word))
    middle = sound.end if len(symbols) == 1 else release + round(FIRST_SHARE * (sound.end - release))
    phones.append(_Phone(release, middle, symbol, sound.word))
    if len(symbols) == 2:
        phones.append(_Phone(middle, sound.end, symbols[1], sound.word))


def _silent_tail(phone: NDArray[np.float64]) -> int:
    """Measure the silence, in samples, with which a phone ends before a stop; 0 where there is none."""
    loudness, step = _loudness(phone)
    loud = np.flatnonzero(loudness >= _SILENT * loudness.max(initial=0.0))
    rest = (int(loud[-1]) + 1) * step if len(loud) else 0
    tail = len(phone) - rest
    return tail if tail >= _MIN_CLOSURE_S * RATE_HZ and rest >= _MIN_REST_S * RATE_HZ else 0


def _voiced_closure(stop: NDArray[np.float64]) -> int:
    """Find, in samples from its start, where the burst of a voiced stop begins; 0 where there is no closure before it.

    The burst is the first step rich in high frequencies after 10 ms that are not: the very first steps may still hold
    the end of the vowel.
    """
    if len(stop) < 2:
        return 0
    high_pass = butter(4, _BURST_HZ, "highpass", fs=RATE_HZ, output="sos")
    loudness, step = _loudness(sosfiltfilt(high_pass, stop, padlen=min(27, len(stop) - 1)))
    bright = loudness >= _BURST * loudness[:-_VOWEL_STEPS].max(initial=0.0)
    n_dull = math.ceil(_MIN_VOICED_CLOSURE_S / _STEP_S)
    bursts = (i for i in range(n_dull, len(bright)) if bright[i] and not bright[i - n_dull:i].any())
    return min(next(bursts, 0), max(0, len(bright) - _VOWEL_STEPS)) * step


def _loudness(samples: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """Return the root mean square in steps of 2 ms, and the length of a step in samples."""
    step = round(_STEP_S * RATE_HZ)
    n = len(samples) // step
    return np.sqrt((samples[:n * step].reshape(n, step) ** 2).mean(axis=1)), step
