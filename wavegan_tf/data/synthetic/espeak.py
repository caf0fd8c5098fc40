"""Speech synthesis with eSpeak NG through ctypes: text in, samples and events out, reproducible to the byte.

eSpeak NG keeps state from one utterance to the next, in its random numbers and in its buffers, and neither a new
seed nor `espeak_Terminate` clears all of it. So each utterance uses another copy of the library: a private copy of the
file is loaded, used once and unloaded. A copy, because the system counts users of a library by file: another part
of the program that holds the installed one (phonemizer, say) would keep its state alive under ours.
"""

from __future__ import annotations

import _ctypes
import ctypes
import importlib
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.files.claims import extra_folder
from wavegan_tf.files.signals import uninterrupted

__all__ = [
    "PHONEME", "RATE_HZ", "WORD", "Event", "Installation", "Speech", "private_installation", "synthesise",
    "variant_text",
]

RATE_HZ = 22050
"""Sampling rate of everything eSpeak NG makes, in hertz."""

WORD, PHONEME = "word", "phoneme"

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_PHONEME_EVENTS_AND_DONT_EXIT = 0x8001
_CHARS_UTF8 = 1
_POSITION_CHARACTER = 1
_EVENT_END_OF_LIST, _EVENT_WORD, _EVENT_PHONEME = 0, 1, 7
_RATE, _PITCH, _RANGE = 1, 3, 4
# What an English voice reads of the 20 MB of data. No more is copied, least of all the other voices: eSpeak NG lists
# 350 at most and does not find the rest.
_DATA_FILES = ("phondata", "phonindex", "phontab", "intonations", "en_dict", "lang/gmw/en-US", "lang/gmw/en-US-nyc")
_VARIANTS = "voices/!v"


@dataclass(frozen=True)
class Event:
    """Something eSpeak NG reports: `kind` is `word` or `phoneme`, `sample` counts at `RATE_HZ`.

    For a word, `position` and `length` are characters of the text, the position from 0; for a phoneme, `name` is
    its mnemonic.
    """

    kind: str
    sample: int
    name: str = ""
    position: int = 0
    length: int = 0


@dataclass(frozen=True)
class Speech:
    """An utterance: `samples`, int16 [n] at `RATE_HZ`, and its events in the order in which they came."""

    samples: NDArray[np.int16]
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Installation:
    """A private copy of eSpeak NG's data with voices of our own, and the library file to copy for each utterance."""

    shared_object: Path
    data_parent: Path
    espeak_version: str
    loader_version: str


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_void_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (("type", ctypes.c_int), ("unique_identifier", ctypes.c_uint), ("text_position", ctypes.c_int),
                ("length", ctypes.c_int), ("audio_position", ctypes.c_int), ("sample", ctypes.c_int),
                ("user_data", ctypes.c_void_p), ("id", _EventId))


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


def _installed() -> tuple[Path, Path]:
    """Find the installed library and the folder of its data."""
    try:
        loader = importlib.import_module("espeakng_loader")
        return Path(loader.get_library_path()), Path(loader.get_data_path())
    except ImportError as error:
        raise ConfigError("synthetic corpora need the package espeakng-loader, which is not installed; run "
                          '`pip install "wavegan-tf[synth]"`') from error
    except RuntimeError as error:  # what the loader raises when its data are not there
        raise DataError(f"espeakng-loader must be complete; {error}; install it again") from error


@contextmanager
def private_installation(variants: Mapping[str, str], output: str | Path = "") -> Iterator[Installation]:
    """Set up a temporary copy of eSpeak NG's English data in which the given voice variants exist.

    Args:
        variants: name -> text of a voice variant file; used as `en-us+NAME`.
        output: what is written with it, where that is claimed: the next to write there clears what a kill left.

    Raises:
        ConfigError: espeakng-loader is not installed.
        DataError: its files are not complete, or older than eSpeak NG 1.52.
    """
    library, data = _installed()
    missing = [str(p) for p in (library, *(data / name for name in _DATA_FILES)) if not p.exists()]
    if missing:
        raise DataError(f"espeakng-loader (={data.parent}) must be complete; {missing[0]} is missing; "
                        "install it again")
    with extra_folder(output) as parent:
        copy = parent / "espeak-ng-data"
        for name in _DATA_FILES:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(data / name, copy / name)
        (copy / _VARIANTS).mkdir(parents=True)
        for name, text in variants.items():
            (copy / _VARIANTS / name).write_text(text, encoding="ascii")
        private = parent / f"espeak{library.suffix}"
        shutil.copyfile(library, private)
        yield Installation(private, parent, _espeak_version(private, parent), version("espeakng-loader"))


def variant_text(name: str) -> str:
    """Return the text of a voice variant as installed."""
    return (_installed()[1] / _VARIANTS / name).read_text(encoding="utf-8")


def _espeak_version(library: Path, data_parent: Path) -> str:
    with _fresh_library(library) as lib:
        if not hasattr(lib, "espeak_ng_SetRandSeed"):
            raise DataError("eSpeak NG must be 1.52 or newer, older ones have no seed; run "
                            '`pip install --upgrade "wavegan-tf[synth]"`')
        lib.espeak_Info.restype = ctypes.c_char_p
        return str(lib.espeak_Info(None).decode("ascii"))


@contextmanager
def _fresh_library(library: Path) -> Iterator[ctypes.CDLL]:
    """Load a copy of the library that nobody has used, and unload it afterwards."""
    with tempfile.TemporaryDirectory(prefix="fresh-", dir=library.parent) as folder:
        copy = Path(folder) / library.name
        shutil.copyfile(library, copy)
        lib = ctypes.CDLL(str(copy))
        try:
            yield lib
        finally:
            if sys.platform == "win32":
                _ctypes.FreeLibrary(lib._handle)
            else:
                _ctypes.dlclose(lib._handle)


def synthesise(installation: Installation, text: str, voice: str, *, pitch: int, pitch_range: int,
               rate_wpm: int, seed: int) -> Speech:
    """Synthesise a text.

    Args:
        installation: what `private_installation` gave.
        text: English.
        voice: such as `en-us+f1`.
        pitch: 0 to 99, within the voice's own span.
        pitch_range: 0 to 99, how lively the melody is.
        rate_wpm: 80 to 450 words per minute.
        seed: of eSpeak NG's own random numbers (flutter, breath, frication).

    Raises:
        DataError: eSpeak NG does not know the voice, or fails.
    """
    chunks: list[bytes] = []
    events: list[Event] = []

    def receive(samples: ctypes._Pointer, n: int, list_of_events: ctypes._Pointer) -> int:
        if samples and n > 0:
            chunks.append(ctypes.string_at(samples, 2 * n))
        i = 0
        while list_of_events[i].type != _EVENT_END_OF_LIST:
            event = list_of_events[i]
            if event.type == _EVENT_WORD:
                events.append(Event(WORD, event.sample, position=event.text_position - 1, length=event.length))
            elif event.type == _EVENT_PHONEME:
                events.append(Event(PHONEME, event.sample, name=event.id.string.decode("utf-8", "replace")))
            i += 1
        return 0

    callback = _Callback(receive)  # held in a variable: the library keeps only the address
    # an exception in the callback, such as a request to end, would be lost
    with uninterrupted(), _fresh_library(installation.shared_object) as lib:
        rate_hz = lib.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, str(installation.data_parent).encode(),
                                        _PHONEME_EVENTS_AND_DONT_EXIT)
        if rate_hz != RATE_HZ:
            raise DataError(f"eSpeak NG (={installation.shared_object}) must start at {RATE_HZ} Hz; it answers "
                            f"{rate_hz}")
        try:
            lib.espeak_ng_SetRandSeed(ctypes.c_long(seed))
            lib.espeak_SetSynthCallback(callback)
            if lib.espeak_SetVoiceByName(voice.encode()) != 0:
                raise DataError(f"voice (={voice}) must be one that eSpeak NG has")
            for parameter, value in ((_RATE, rate_wpm), (_PITCH, pitch), (_RANGE, pitch_range)):
                lib.espeak_SetParameter(parameter, value, 0)
            utf8 = text.encode() + b"\0"
            answer = lib.espeak_Synth(utf8, ctypes.c_size_t(len(utf8)), 0, _POSITION_CHARACTER, 0, _CHARS_UTF8, None,
                                      None)
            lib.espeak_Synchronize()
        finally:
            lib.espeak_Terminate()
    if answer != 0 or not chunks:
        raise DataError(f"text (={text!r}) must be something that eSpeak NG can say; it answers {answer}")
    return Speech(np.frombuffer(b"".join(chunks), dtype=np.int16), tuple(events))
