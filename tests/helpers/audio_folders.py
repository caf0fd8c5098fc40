"""Folders of audio for tests: sound that no format changes much, in every format, and files that nothing can use."""

from pathlib import Path

import numpy as np
import soundfile

# container and coding as libsndfile names them, by the file's name
FORMATS = {
    "u8.wav": ("WAV", "PCM_U8"), "s16.wav": ("WAV", "PCM_16"), "s24.wav": ("WAV", "PCM_24"),
    "s32.wav": ("WAV", "PCM_32"), "float.wav": ("WAV", "FLOAT"), "double.wav": ("WAV", "DOUBLE"),
    "extensible.wav": ("WAVEX", "PCM_16"), "s16.flac": ("FLAC", "PCM_16"), "s24.flac": ("FLAC", "PCM_24"),
    "vorbis.ogg": ("OGG", "VORBIS"), "layer3.mp3": ("MP3", "MPEG_LAYER_III"), "sphere.wav": ("NIST", "PCM_16"),
}


def voices(n_samples: int, rate_hz: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    """Make float32 [n_samples, channels] of a few tones below 3 kHz that fade in and out, peak about 0.5."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(n_samples) / rate_hz
    sound = np.zeros([n_samples, channels])
    for channel in range(channels):
        for frequency_hz, phase in zip(rng.uniform(100, 3000, 5), rng.uniform(0, 6.3, 5), strict=True):
            sound[:, channel] += 0.1 * np.sin(2 * np.pi * frequency_hz * time_s + phase)
    return (sound * np.hanning(n_samples)[:, None]).astype(np.float32)


def write(path: Path, waveform: np.ndarray, rate_hz: int = 16000, kind: tuple[str, str] = ("WAV", "PCM_16")) -> Path:
    """Write audio in a container and coding of libsndfile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(str(path), waveform, rate_hz, format=kind[0], subtype=kind[1])
    return path


def write_all_formats(folder: Path, waveform: np.ndarray, rate_hz: int = 16000) -> list[Path]:
    """Write the same audio in every format."""
    return [write(folder / name, waveform, rate_hz, kind) for name, kind in FORMATS.items()]


def cut_off(path: Path, share: float = 0.6) -> Path:
    """Leave only the first part of a file's bytes."""
    content = path.read_bytes()
    path.write_bytes(content[:int(len(content) * share)])
    return path
