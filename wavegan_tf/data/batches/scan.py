"""Report on a training set before training: files found, files skipped and why, slices per epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wavegan_tf.config import DataConfig
from wavegan_tf.data.batches.audio_files import AudioFileList, find_audio_files
from wavegan_tf.data.batches.framing import Framing
from wavegan_tf.errors import DataError

__all__ = ["ScanReport", "report_slices", "scan_audio"]

_NAMED = 5
"""How many of the skipped files the printed report names."""


@dataclass(frozen=True)
class ScanReport:
    """Report on a training set: files found, used and skipped, duration, slices per epoch; `str()` is readable text.

    `skipped`: unusable audio files, and folders that cannot be read (`name/`), with the reason. `n_ignored`: files that
    are no audio, or of another split. `n_without_slice`: usable files too short to give a slice in any epoch;
    `n_seldom`: files that give one in less than half of the epochs. `slices_per_epoch`: the mean over the random
    offsets. `place`: where the samples are kept.
    """

    root: str
    n_found: int
    n_ignored: int
    skipped: tuple[tuple[str, str], ...]
    n_used: int
    n_without_slice: int
    n_seldom: int
    duration_s: float
    slices_per_epoch: float
    slice_len: int
    rate_hz: int
    pad_end: bool
    place: str = ""

    def __str__(self) -> str:
        others = f", {self.n_ignored} other files ignored" if self.n_ignored else ""
        n_folders = sum(name.endswith("/") for name, _ in self.skipped)
        unseen = f" and {n_folders} folders that cannot be read" if n_folders else ""
        lines = [f"{self.root}: {self.n_found} audio files found, {self.n_used} used ({_time(self.duration_s)}), "
                 f"{len(self.skipped) - n_folders} skipped{unseen}{others}"]
        lines += [f"  skipped {name}: {reason}" for name, reason in self.skipped[:_NAMED]]
        if len(self.skipped) > _NAMED:
            lines.append(f"  skipped {len(self.skipped) - _NAMED} more")
        lines.append(f"  {self.slices_per_epoch:.6g} slices per epoch, each of {self.slice_len} samples "
                     f"({self.slice_len / self.rate_hz:.3f} s at {self.rate_hz} Hz)")
        if self.n_without_slice:
            lines.append(f"  {self.n_without_slice} used files are too short for a slice: {_remedy(self.pad_end)}")
        if self.n_seldom:
            lines.append(f"  {self.n_seldom} used files give a slice in less than half of the epochs: "
                         f"{_remedy(self.pad_end)}")
        if self.place:
            lines.append(f"  samples {self.place}")
        return "\n".join(lines)


def scan_audio(data: str | Path | Sequence[str | Path], config: DataConfig, *, split: str | None = None,
               progress: bool = False) -> ScanReport:
    """Check a training set: decode every file, and report usable files, reasons of the others, and slices per epoch.

    Args:
        data: a folder (read with its subfolders), an audio file, or a list of files.
        config: rate, channels and slicing.
        split: only this split of the folder's `manifest.csv`.
        progress: show a bar on stderr.

    Raises:
        DataError: no folder, no audio, nothing usable, or hardly a slice; says what to change.

    Example:
        >>> from wavegan_tf.config import DataConfig
        >>> from wavegan_tf.data import scan_audio
        >>> print(scan_audio("corpus", DataConfig()))
        corpus: 16 audio files found, 16 used (42.96 s), 0 skipped, 49 other files ignored
          25.9509 slices per epoch, each of 16384 samples (1.024 s at 16000 Hz)
    """
    from wavegan_tf.data.batches.decoding import UnusableFile, decode_files

    listing = find_audio_files(data, split)
    skipped, n_samples = list(listing.skipped), []
    for item in decode_files(listing.files, config, progress=progress):
        if isinstance(item, UnusableFile):
            skipped.append((listing.files[item.index].name, item.reason))
        else:
            n_samples.append(len(item.waveform))
    return report_slices(listing, tuple(sorted(skipped)), np.array(n_samples, np.int64), config)


def report_slices(listing: AudioFileList, skipped: tuple[tuple[str, str], ...], n_samples: np.ndarray,
                  config: DataConfig, place: str = "") -> ScanReport:
    """Make the report on decoded files: count their slices per epoch.

    Args:
        listing: what was looked for.
        skipped: names and reasons of the unusable files.
        n_samples: int64 [n_used], lengths of the usable ones at the rate of `config`.
        config: the slicing.
        place: where the samples are kept, in words.

    Raises:
        DataError: nothing is usable, or the files give less than one slice per epoch (the original waits for ever
            then).
    """
    framing = Framing.from_config(config)
    if not len(n_samples):
        raise DataError(f"`data` (={listing.root}) must hold usable audio; all {len(skipped)} audio files were "
                        f"skipped, the first ({skipped[0][0]}) because: {skipped[0][1]}")
    expected = framing.expected_count(n_samples)
    never = framing.count(n_samples) == 0
    report = ScanReport(
        root=listing.root, n_found=len(n_samples) + sum(not name.endswith("/") for name, _ in skipped),
        n_ignored=listing.n_ignored, skipped=skipped,
        n_used=len(n_samples), n_without_slice=int(never.sum()), n_seldom=int(((expected < 0.5) & ~never).sum()),
        duration_s=float(n_samples.sum() / config.sample_rate_hz), slices_per_epoch=float(expected.sum()),
        slice_len=config.slice_len, rate_hz=config.sample_rate_hz, pad_end=framing.pad_end, place=place)
    if report.slices_per_epoch < 1:
        amount = "none" if never.all() else f"{report.slices_per_epoch:.2g} per epoch, since a random number of " \
                                            "samples is dropped in front of each"
        raise DataError(f"`data` (={listing.root}) must give at least one slice of {config.slice_len} samples per "
                        f"epoch; its {len(n_samples)} files of {n_samples.min()} to {n_samples.max()} samples at "
                        f"{config.sample_rate_hz} Hz give {amount}; {_remedy(framing.pad_end)}")
    return report


def _remedy(pad_end: bool) -> str:
    """Name the flags with which short files give more slices."""
    first = "add --data_first_slice (the first slice of each file, zero-padded)"
    return first if pad_end else f"{first} or --data_pad_end (keep each file's zero-padded end)"


def _time(duration_s: float) -> str:
    if duration_s >= 3600:
        return f"{duration_s / 3600:.2f} h"
    return f"{duration_s / 60:.1f} min" if duration_s >= 60 else f"{duration_s:.2f} s"
