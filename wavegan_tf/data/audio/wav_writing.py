"""Write WAV files through memory: a failed write is an `OSError` with its number, not an error of libsndfile."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np

__all__ = ["write_wav_file"]


def write_wav_file(path: str | Path, samples: np.ndarray, rate_hz: int, subtype: str = "PCM_16") -> None:
    """Write a WAV file.

    Args:
        path: of the file.
        samples: as soundfile takes them, [n_samples] or [n_samples, channels]; floats at full scale 1.
        rate_hz: sampling rate.
        subtype: one of libsndfile's, such as `PCM_16`.

    Raises:
        OSError: it cannot be written.

    Example:
        >>> import numpy as np
        >>> from wavegan_tf.data import audio_header, write_wav_file
        >>> write_wav_file("tone.wav", 0.5 * np.sin(2 * np.pi * 440 * np.arange(8000) / 16000), 16000)
        >>> audio_header("tone.wav").n_samples
        8000
    """
    import soundfile

    buffer = BytesIO()
    soundfile.write(buffer, samples, rate_hz, format="WAV", subtype=subtype)
    Path(path).write_bytes(buffer.getbuffer())
