"""The original loader's slicing written as plain loops, from its description (Donahue et al. 2019, released code)."""

import numpy as np


def slices(audio: np.ndarray, slice_len: int, *, offset: int = 0, overlap_ratio: float = 0.0, pad_end: bool = False,
           first_slice: bool = False) -> list[np.ndarray]:
    """Cut audio [n_samples, channels] into slices: drop `offset` samples, then frame."""
    if first_slice:
        offset, overlap_ratio, pad_end = 0, 0.0, True
    audio = audio[offset:]
    hop = round(slice_len * (1.0 - overlap_ratio))
    found, start = [], 0
    while start < len(audio):
        frame = audio[start:start + slice_len]
        if len(frame) < slice_len:
            if not pad_end:
                break
            frame = np.concatenate([frame, np.zeros([slice_len - len(frame), audio.shape[1]], audio.dtype)])
        found.append(frame)
        start += hop
    return found[:1] if first_slice else found
