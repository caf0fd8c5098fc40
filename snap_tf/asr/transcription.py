"""Transcription of recordings by greedy CTC decoding, with the times of the spikes.

Output step j belongs to input step 2 j, so to the sample 256 j: 16 ms from one step to the next. CTC does not learn
where a sound is, only that it was there: spikes may lie early or late by a few steps, or more.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from snap_tf.asr.runs import Recogniser
from snap_tf.asr.spectrograms.features import log_mel
from snap_tf.asr.spectrograms.spectrogram_geometry import HOP_SAMPLES, RATE_HZ
from snap_tf.asr.transcripts.alphabet import Alphabet
from snap_tf.asr.transcripts.ctc import greedy_spikes
from wavegan_tf.atomic import atomic_file, atomic_files
from wavegan_tf.data.audio.recording_audio import read_audio
from wavegan_tf.data.corpus import Segment
from wavegan_tf.data.labels.textgrid import write_textgrid
from wavegan_tf.errors import DataError
from wavegan_tf.formats.tables import write_rows

__all__ = ["TimedSymbol", "Transcript", "find_recordings", "textgrid_names", "transcribe", "write_textgrids",
           "write_transcripts"]

STEP_SAMPLES = 2 * HOP_SAMPLES
"""From one output step to the next: 256 samples, 16 ms."""
SPACE_SHOWN = "_"
"""How the letter recognisers' space is written in TextGrids, where a blank label means nothing was said."""


@dataclass(frozen=True)
class TimedSymbol:
    """One letter or phone of a transcript, with its times.

    Attributes:
        symbol: the letter or phone.
        start_s: start of its spike (a run of steps on which it is the best class), in seconds.
        end_s: end of its spike.
        peak_s: when it was most probable.
        probability: at that time.
    """

    symbol: str
    start_s: float
    end_s: float
    peak_s: float
    probability: float


@dataclass(frozen=True)
class Transcript:
    """The transcript of one recording.

    Attributes:
        path: the recording.
        n_samples: its length in samples at 16 kHz.
        symbols: letters or phones in order.
        text: the same as one line.
    """

    path: Path
    n_samples: int
    symbols: tuple[TimedSymbol, ...]
    text: str


def find_recordings(paths: Sequence[str | Path]) -> tuple[list[Path], list[tuple[str, str]]]:
    """List recordings: the files that are named, and the audio files below folders.

    Returns:
        The files, and what was left out of folders with the reason.

    Raises:
        DataError: no such file or folder, or no audio in a folder.

    Example:
        >>> from snap_tf.asr import find_recordings
        >>> recordings, left_out = find_recordings(["corpus/TEST"])
        >>> [path.name for path in recordings], left_out
        (['SA1.WAV', 'SA2.WAV', 'SX100.WAV', 'SX212.WAV'], [])
    """
    from wavegan_tf.data.batches.audio_files import find_audio_files

    found = [find_audio_files(path) for path in paths]
    left_out = [(str(Path(listing.root, name)), reason) for listing in found for name, reason in listing.skipped]
    return [file.path for listing in found for file in listing.files], left_out


def transcribe(recogniser: Recogniser, paths: Iterable[str | Path],
               lost: list[tuple[str, str]] | None = None) -> Iterator[Transcript]:
    """Transcribe recordings one after the other, each as a whole, by greedy CTC decoding.

    Args:
        recogniser: see `open_recogniser`.
        paths: recordings of any format and rate.
        lost: recordings that cannot be decoded are added here with the reason, and the others are transcribed;
            without this list, the first of them is an error.

    Yields:
        The transcript of each recording, with the times of all letters or phones.

    Raises:
        DataError: a recording cannot be decoded or is empty.
        OSError: a file cannot be read.

    Example:
        >>> from snap_tf.asr import open_recogniser, transcribe
        >>> recogniser = open_recogniser("saved_models/W2P_shallow")
        >>> recordings = ["corpus/TRAIN/DR3/FAOC0/SA1.WAV"]
        >>> for transcript in transcribe(recogniser, recordings):
        ...     print(transcript.text[:14], "...", round(transcript.symbols[1].start_s, 2), "s")
        h# sh iy hh ae ... 0.16 s
    """
    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def logits_of(waveform: tf.Tensor) -> tf.Tensor:
        return recogniser.network(log_mel(waveform)[None], training=False)[0]

    for path in map(Path, paths):
        try:
            waveform = read_audio(path, RATE_HZ)[:, 0]
        except (DataError, OSError) as error:
            if lost is None:
                raise
            lost.append((str(path), str(error)))
            continue
        symbols = _timed_symbols(logits_of(waveform).numpy(), recogniser.alphabet, len(waveform))
        text = recogniser.alphabet.join(s.symbol for s in symbols)
        yield Transcript(path, len(waveform), symbols, text)


def write_transcripts(path: str | Path, transcripts: Sequence[Transcript]) -> None:
    """Write a table of transcripts as CSV, a row per symbol: file, symbol, start_s, end_s, peak_s, probability.

    Args:
        path: the file.
        transcripts: see `transcribe`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> from pathlib import Path
        >>> from snap_tf.asr import open_recogniser, transcribe, write_transcripts
        >>> recogniser = open_recogniser("saved_models/W2P_shallow")
        >>> write_transcripts("phones.csv", list(transcribe(recogniser, ["corpus/TRAIN/DR3/FAOC0/SA1.WAV"])))
        >>> header, first, *_ = Path("phones.csv").read_text().splitlines()
        >>> header.split(",")
        ['file', 'symbol', 'start_s', 'end_s', 'peak_s', 'probability']
        >>> first.split(",")[:4]
        ['corpus/TRAIN/DR3/FAOC0/SA1.WAV', 'h#', '0.000000', '0.160000']
    """
    with atomic_file(path) as temporary:
        write_rows(temporary, ("file", "symbol", "start_s", "end_s", "peak_s", "probability"),
                   ((str(transcript.path), s.symbol, f"{s.start_s:.6f}", f"{s.end_s:.6f}", f"{s.peak_s:.6f}",
                     f"{s.probability:.4f}") for transcript in transcripts for s in transcript.symbols))


def write_textgrids(folder: str | Path, transcripts: Sequence[Transcript], alphabet: Alphabet) -> list[Path]:
    """Write a TextGrid per transcript: a tier `letters` or `phones` with the spikes, and `words` for letters.

    Below `folder` the recordings' own folders are kept, as far as they differ. A word lasts from the spike of its
    first letter to the spike of its last one.

    Args:
        folder: where to.
        transcripts: see `transcribe`.
        alphabet: of the recogniser.

    Returns:
        The files.

    Raises:
        DataError: two recordings of a folder have the same name.
        OSError: a file cannot be written.

    Example:
        >>> from snap_tf.asr import open_recogniser, transcribe, write_textgrids
        >>> recogniser = open_recogniser("saved_models/W2L")
        >>> transcripts = list(transcribe(recogniser, ["corpus/TRAIN/DR3/FAOC0/SA1.WAV"]))
        >>> [path.as_posix() for path in write_textgrids("grids", transcripts, recogniser.alphabet)]
        ['grids/SA1.TextGrid']
    """
    names = textgrid_names("", [t.path for t in transcripts])
    with atomic_files(folder, deep=True) as temporary:
        for name, transcript in zip(names, transcripts, strict=True):
            write_textgrid(temporary / name, _tiers(transcript, alphabet), transcript.n_samples, RATE_HZ)
    return [Path(folder, name) for name in names]


def _tiers(transcript: Transcript, alphabet: Alphabet) -> dict[str, list[Segment]]:
    segments = [Segment(round(s.start_s * RATE_HZ), round(s.end_s * RATE_HZ), s.symbol) for s in transcript.symbols]
    tiers = {f"{alphabet.kind}s": [Segment(s.start, s.end, s.label if s.label != " " else SPACE_SHOWN)
                                   for s in segments]}
    return tiers | {"words": _words(segments)} if alphabet.kind == "letter" else tiers


def textgrid_names(folder: str | Path, recordings: Sequence[Path]) -> list[Path]:
    """Name a TextGrid for each recording, before any is transcribed.

    Raises:
        DataError: two recordings of a folder have the same name, or names that differ in capitals only.
    """
    if not recordings:
        return []
    top = os.path.commonpath([path.parent.absolute() for path in recordings])
    names = [Path(folder, path.absolute().relative_to(top)).with_suffix(".TextGrid") for path in recordings]
    times = Counter(str(name).casefold() for name in names)
    if twice := sorted({name.stem for name in names if times[str(name).casefold()] > 1}):
        raise DataError(f"recordings (={', '.join(twice[:5])}) must have different names to have a TextGrid each; "
                        "leave one of each out")
    return names


def _timed_symbols(logits: np.ndarray, alphabet: Alphabet, n_samples: int) -> tuple[TimedSymbol, ...]:
    wide = logits.astype(np.float64)
    probability = np.exp(wide - wide.max(axis=1, keepdims=True))
    probability /= probability.sum(axis=1, keepdims=True)
    symbols = []
    for spike in greedy_spikes(logits):
        run = probability[spike.first_step:spike.last_step + 1, spike.label]
        peak = spike.first_step + int(run.argmax())
        # a spike's step lasts to the next one; the last step may reach beyond the recording
        ends = min((spike.last_step + 1) * STEP_SAMPLES, n_samples)
        starts = min(spike.first_step * STEP_SAMPLES, ends - 1)
        symbols.append(TimedSymbol(alphabet.symbols[spike.label], starts / RATE_HZ, ends / RATE_HZ,
                                   min(peak * STEP_SAMPLES, n_samples) / RATE_HZ, float(run.max())))
    return tuple(symbols)


def _words(letters: Sequence[Segment]) -> list[Segment]:
    """Join letters between spaces."""
    words: list[Segment] = []
    joins = False
    for letter in letters:
        if letter.label == " ":
            joins = False
        elif joins:
            words[-1] = Segment(words[-1].start, letter.end, words[-1].label + letter.label)
        else:
            words.append(letter)
            joins = True
    return words
