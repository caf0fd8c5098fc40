"""Small corpora made on the spot: tones with labels, in every layout that the readers know."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 16000


def tone(n_samples: int, hz: float = 440.0) -> np.ndarray:
    """int16 [n_samples], never zero for two samples running."""
    return np.round(8000 * np.sin(2 * np.pi * hz * np.arange(n_samples) / RATE_HZ) + 3).astype(np.int16)


def sphere_bytes(samples: np.ndarray, byte_order: str = "01", coding: str | None = "pcm", n_samples: int | None = None,
                 rate_hz: int | None = RATE_HZ) -> bytes:
    """A SPHERE file as the LDC writes it: samples int16 [n_samples] or [n_samples, channels]."""
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    lines = ["NIST_1A", "   1024", "database_id -s5 MOCK0", f"channel_count -i {channels}",
             f"sample_count -i {len(samples) if n_samples is None else n_samples}"]
    lines += [f"sample_rate -i {rate_hz}"] if rate_hz is not None else []
    lines += ["sample_min -i -20000", "sample_n_bytes -i 2", f"sample_byte_format -s2 {byte_order}"]
    lines += [f"sample_coding -s{len(coding)} {coding}"] if coding is not None else []
    header = ("\n".join([*lines, "end_head"]) + "\n").ljust(1024).encode()
    return header + samples.astype("<i2" if byte_order == "01" else ">i2").tobytes()


@dataclass(frozen=True)
class Spoken:
    """One recording of a mock corpus."""

    speaker: str
    dialect: str
    split: str
    sentence: str
    n_samples: int = 8000
    words: tuple[tuple[int, int, str], ...] = ((1000, 3000, "she"), (3000, 6500, "ask"))
    phones: tuple[tuple[int, int, str], ...] = (
        (0, 1000, "h#"), (1000, 2000, "sh"), (2000, 3000, "iy"), (3000, 4000, "ae"), (4000, 5000, "s"),
        (5000, 5600, "kcl"), (5600, 6500, "k"), (6500, 8000, "h#"))
    text: str = "She asks."
    hz: float = field(default=440.0)

    def label_files(self) -> dict[str, str]:
        return {"PHN": _lines(self.phones), "WRD": _lines(self.words), "TXT": f"0 {self.n_samples} {self.text}\n"}


def _lines(segments: tuple[tuple[int, int, str], ...]) -> str:
    return "".join(f"{start} {end} {label}\n" for start, end, label in segments)


SPOKEN = tuple(
    Spoken(speaker, dialect, split, sentence, hz=300 + 20 * i)
    for i, (speaker, dialect, split) in enumerate([
        ("FCJF0", "DR1", "TRAIN"), ("MDAB0", "DR1", "TEST"), ("FAEM0", "DR2", "TRAIN"), ("MTAS1", "DR8", "TEST")])
    for sentence in ("SA1", "SA2", f"SX{37 + i}", f"SI{1027 + i}"))


def write_ldc(root: Path, spoken: tuple[Spoken, ...] = SPOKEN, lower: bool = False, riff: bool = False) -> Path:
    """TRAIN/DR1/FCJF0/SA1.WAV with .PHN, .WRD and .TXT."""
    for s in spoken:
        parts = [s.split, s.dialect, s.speaker, s.sentence]
        if lower:
            parts = [p.lower() for p in parts]
        folder = root.joinpath(*parts[:3])
        folder.mkdir(parents=True, exist_ok=True)
        _write_audio(folder / f"{parts[3]}.{'wav' if lower else 'WAV'}", s, riff)
        _write_labels(folder, parts[3], s, lower)
    return root


def write_kaggle(root: Path, spoken: tuple[Spoken, ...] = SPOKEN) -> Path:
    """data/TRAIN/DR1/FCJF0/SA1.WAV (SPHERE) beside SA1.WAV.wav (RIFF), one folder deeper."""
    write_ldc(root / "data", spoken)
    for s in spoken:
        folder = root / "data" / s.split / s.dialect / s.speaker
        _write_audio(folder / f"{s.sentence}.WAV.wav", s, riff=True)
    return root


def write_nltk(root: Path, spoken: tuple[Spoken, ...] = SPOKEN) -> Path:
    """dr1-fcjf0/sa1.wav: flat, lower case, RIFF, no split."""
    for s in spoken:
        folder = root / f"{s.dialect}-{s.speaker}".lower()
        folder.mkdir(parents=True, exist_ok=True)
        _write_audio(folder / f"{s.sentence.lower()}.wav", s, riff=True)
        _write_labels(folder, s.sentence.lower(), s, lower=True)
    (root / "timitdic.txt").write_text("; a word list\n")
    return root


def _write_audio(path: Path, s: Spoken, riff: bool) -> None:
    samples = tone(s.n_samples, s.hz)
    if riff:
        soundfile.write(str(path), samples, RATE_HZ, format="WAV", subtype="PCM_16")
    else:
        path.write_bytes(sphere_bytes(samples))


def _write_labels(folder: Path, stem: str, s: Spoken, lower: bool) -> None:
    for suffix, text in s.label_files().items():
        (folder / f"{stem}.{suffix.lower() if lower else suffix}").write_text(text)
