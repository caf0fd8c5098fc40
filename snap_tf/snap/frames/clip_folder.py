"""A folder of recordings as frames, one frame each, with the labels of the manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np

from snap_tf.snap.frames.frame_blocks import Block
from wavegan_tf.config import DataConfig
from wavegan_tf.data.audio.recording_audio import is_silence, normalize_peak, read_audio
from wavegan_tf.data.batches.audio_files import AudioFile, find_audio_files
from wavegan_tf.data.slices.manifest import MANIFEST_NAME
from wavegan_tf.errors import DataError
from wavegan_tf.formats.plain_files import is_there
from wavegan_tf.formats.tables import read_table
from wavegan_tf.label_names import label_of

__all__ = ["ClipFolder"]

_NO_LABELS = ("file", "start_sample", "end_sample", "source_rate_hz", "n_samples", "rate_hz", "phones", "vectors_row")


class ClipFolder:
    """Recordings of a folder, each one frame, prepared as in training: peak 1, first slice, zeros at the end.

    They are decoded when their block is read.

    Attributes:
        silent: names of the clips met so far that are silence, and stay zeros.
        left_out: names of files and folders that cannot be read, or are not read, with the reason.
    """

    of_utterances = False

    def __init__(self, folder: str | Path, config: DataConfig, *, split: str = "all", block_size: int = 16) -> None:
        """List the recordings.

        Args:
            folder: read with its subfolders; the columns of a `manifest.csv` in it are labels, and so is the name of
                the folder that a file is in, as the column `folder`.
            config: rate, length, channels and normalisation that the network was trained with.
            split: of the manifest, or `all`.
            block_size: clips in a block.

        Raises:
            DataError: no such folder or split, or no audio in it.
        """
        folder = Path(folder)
        self.silent: set[str] = set()
        listing = find_audio_files(folder, None if split == "all" else split)
        self.left_out = listing.skipped
        if not listing.files:
            name, reason = listing.skipped[0]
            raise DataError(f"folder of clips (={folder}) must hold audio that can be read; all {len(listing.skipped)} "
                            f"files were left out, the first ({name}) because: {reason}")
        self._files, self._config, self._block_size = listing.files, config, block_size
        self.names = tuple(file.name for file in listing.files)
        self.name = f"clips {folder.name}" + ("" if split == "all" else f", split {split}")
        self.frame_shape: tuple[int, ...] = (config.slice_len, config.channels)
        self.n_blocks = -(-len(self._files) // block_size)
        self.annotations: tuple[str, ...] | None = None
        self.skipped = 0
        self._labels = _labels(folder, self.names)
        self.columns: Mapping[str, tuple[str, ...]] = {
            column: tuple(sorted(set(words.tolist()) - {""})) for column, words in self._labels.items()}
        text = "\n".join(f"{file.name} {file.n_bytes}" for file in self._files)
        self.fingerprint = hashlib.sha256(f"{text}\n{config}".encode()).hexdigest()[:16]

    def block(self, number: int) -> Block:
        """Decode the clips of a block.

        Raises:
            DataError: a file cannot be decoded.
        """
        here = slice(number * self._block_size, (number + 1) * self._block_size)
        clips = np.stack([self._read(file) for file in self._files[here]])
        return Block(self.names[here], clips, np.zeros(len(clips), np.int64), self.frame_shape[0], None,
                     {column: words[here] for column, words in self._labels.items()}, 0,
                     float(self._config.sample_rate_hz))

    def _read(self, file: AudioFile) -> np.ndarray:
        path, config = file.path, self._config
        waveform = read_audio(path, config.sample_rate_hz, config.channels)
        if not len(waveform) or not np.isfinite(waveform).all():
            raise DataError(f"audio file (={path}) must hold samples that are numbers; remove it")
        if config.normalize and is_silence(waveform):
            self.silent.add(file.name)
        waveform = (normalize_peak(waveform) if config.normalize else waveform)[:config.slice_len]
        return np.pad(waveform, ((0, config.slice_len - len(waveform)), (0, 0))).astype(np.float32)


def _labels(folder: Path, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Return what is known of files by column: the folder that each is in, and the columns of the manifest."""
    found = {"folder": np.array([label_of(PurePosixPath(name).parent.name) for name in names], np.str_)}
    if folder.is_dir() and is_there(folder / MANIFEST_NAME, "manifest"):
        table = read_table(folder / MANIFEST_NAME, "manifest")
        if "file" in table.columns:
            table = table.drop_duplicates("file").set_index("file").reindex(names, fill_value="")
            found |= {str(column): table[column].to_numpy(np.str_) for column in table.columns
                      if column not in _NO_LABELS}
    return found
