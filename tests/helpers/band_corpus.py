"""A corpus that a small recogniser learns in seconds: every phone is noise in a band of its own."""

from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 16000
BANDS_HZ = {"iy": (0, 700), "aa": (700, 1800), "uw": (1800, 3600), "s": (3600, 8000)}
LETTERS = {"iy": "e", "aa": "a", "uw": "u", "s": "s"}
SPEAKERS = {"TRAIN": ("FAAA0", "MBBB0", "FCCC0", "MDDD0"), "TEST": ("FEEE0", "MFFF0")}


def make_band_corpus(root: Path, n_utterances: int = 16, seed: int = 0) -> Path:
    """Write a folder in TIMIT's layout: sequences of 3 to 6 bands between near silences."""
    rng = np.random.default_rng(seed)
    for split, speakers in SPEAKERS.items():
        for speaker in speakers:
            folder = root / split / "DR1" / speaker
            folder.mkdir(parents=True)
            for i in range(n_utterances):
                write_utterance(folder / f"SX{i + 1}", rng)
    return root


def write_utterance(stem: Path, rng: np.random.Generator) -> None:
    phones = ["h#", *rng.choice(list(BANDS_HZ), rng.integers(3, 7)), "h#"]
    # no two neighbours are the same: CTC would have to guess a border
    phones = [p for i, p in enumerate(phones) if i == 0 or p != phones[i - 1]]
    sounds, rows, at = [], [], 0
    for phone in phones:
        n_samples = int(rng.integers(1200, 2000))
        sounds.append(band_noise(n_samples, *BANDS_HZ.get(phone, (0, 0)), rng))
        rows.append(f"{at} {at + n_samples} {phone}")
        at += n_samples
    soundfile.write(stem.with_suffix(".WAV"), np.concatenate(sounds) + rng.normal(0, 1e-3, at), RATE_HZ)
    stem.with_suffix(".PHN").write_text("\n".join(rows) + "\n")
    stem.with_suffix(".TXT").write_text(f"0 {at} {''.join(LETTERS.get(p, '') for p in phones).capitalize()}.\n")


def band_noise(n_samples: int, low_hz: float, high_hz: float, rng: np.random.Generator) -> np.ndarray:
    spectrum = np.fft.rfft(rng.normal(0, 0.1, n_samples))
    hz = np.fft.rfftfreq(n_samples, 1 / RATE_HZ)
    return np.fft.irfft(spectrum * ((hz >= low_hz) & (hz < high_hz)), n_samples)
