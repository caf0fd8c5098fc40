"""Classification of recordings by the Q-network: the code of each, and agreement of codes with labels."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from wavegan_tf.atomic import atomic_files, check_output_file
from wavegan_tf.config import DataConfig, NetworkConfig
from wavegan_tf.data.batches.audio_files import AudioFile, find_audio_files
from wavegan_tf.data.batches.decoding import UnusableFile, decode_files
from wavegan_tf.errors import ConfigError, DataError, ExportError
from wavegan_tf.export.model import Model
from wavegan_tf.files.claims import claim
from wavegan_tf.files.outputs import files_in
from wavegan_tf.formats.json_files import json_text
from wavegan_tf.formats.tables import write_table
from wavegan_tf.latent import code_index, code_name, number_of_codes
from wavegan_tf.use.agreement import Agreement, agree
from wavegan_tf.use.code_bits import bits_by_chance, bits_right
from wavegan_tf.use.labels import Labels, find_labels, read_label_table

__all__ = ["Classified", "classify_folder", "first_slice", "output_paths", "write_classified"]

_SUMMARY_SUFFIX = ".summary.json"

_NAMED = 5
_LISTED_CODES = 4096
"""Most codes that are listed one by one, also those that no file has."""


@dataclass(frozen=True)
class Classified:
    """Result of classification: codes of audio files, and their agreement with labels.

    Attributes:
        table: a row per file: `file`, `label` (empty where unknown), `code` (its name), `code_index`, `logit_0` ...,
            `probability_0` ..., `n_samples` (of the whole recording, at the model's rate), `cropped`.
        skipped: files that could not be used, and why.
        labels: where the labels come from.
        agreement: of codes with labels, where at least two labels are known.
        accuracy: where the labels are codes: shares of `codes` and, for binary codes, `bits` that are right; for other
            labels of a binary code: share of `bits` that are those of the matched code.
        chance: mean of the latter over permutations of the labels, where there were any.
        n_codes: how many codes the network has.
        codes: files by code: all codes up to 4096 of them, else those that a file has.
    """

    table: pd.DataFrame
    skipped: tuple[tuple[str, str], ...]
    labels: Labels
    agreement: Agreement | None
    accuracy: dict[str, float]
    chance: dict[str, float]
    n_codes: int
    codes: dict[str, int]

    def __str__(self) -> str:
        n_cropped = int(self.table["cropped"].sum())
        lines = [f"{len(self.table)} files classified, {len(self.skipped)} skipped"
                 + (f", {n_cropped} longer than the model's slices: only their beginning" if n_cropped else "")]
        lines += [f"  skipped {name}: {reason}" for name, reason in self.skipped[:_NAMED]]
        if len(self.skipped) > _NAMED:
            lines.append(f"  skipped {len(self.skipped) - _NAMED} more")
        lines.append(_say_codes(self.codes, self.n_codes))
        n_known = int((self.table["label"] != "").sum())
        if not n_known:
            return "\n".join([*lines, "no labels known; see --label-from and --labels"])
        n_unknown = len(self.table) - n_known
        lines.append(f"{n_known} files have a label ({self.labels.source})"
                     + (f", {n_unknown} have none" if n_unknown else ""))
        if self.agreement is None:
            lines.append("all of them the same: there is nothing to compare")
        else:
            lines += ["", str(self.agreement)]
        kind = "right" if self.labels.are_codes else "as in the matched code"
        lines += [f"{name} {kind}: {value:.4f}" + (f"  chance {self.chance[name]:.4f}" if name in self.chance else "")
                  for name, value in self.accuracy.items()]
        return "\n".join(lines)


def classify_folder(model: Model, folder: str | Path, *, label_from: str = "auto",
                    label_table: str | Path | None = None, split: str | None = None, n_permutations: int = 10_000,
                    seed: int = 0, progress: bool = False) -> Classified:
    """Classify every audio file of a folder: the Q-network estimates its code (phase shuffle is off).

    Audio is prepared as in training: channels, sampling rate and peak normalisation as the run's settings say; then the
    first `slice_len` samples, zero-padded.

    Args:
        model: one with a code; see `wavegan_tf.export.opening`.
        folder: read with its subfolders.
        label_from: see `find_labels`.
        label_table: a CSV of labels instead; see `read_label_table`.
        split: only this split of the folder's `manifest.csv`.
        n_permutations: for the p-values.
        seed: of the permutations.
        progress: show bars on stderr.

    Raises:
        ConfigError: the model has no Q-network, or an option cannot be.
        DataError: no audio, none of it usable, or no labels where there should be.
        ExportError: the model's output is no number.

    Example:
        >>> from wavegan_tf.export import open_model
        >>> from wavegan_tf.use import classify_folder
        >>> model = open_model("saved_models/fiwgan")
        >>> result = classify_folder(model, "corpus", label_from="folder", n_permutations=99)
        >>> len(result.table), result.n_codes, result.agreement.confusion.shape
        (16, 8, (4, 8))
    """
    network = model.config.network
    if not model.has_classifier:
        raise ConfigError(f"model ({model.metadata.source}) must have a Q-network; it was trained without a code; "
                          "train a ciwGAN or fiwGAN")
    listing = find_audio_files(folder, split)
    names = [file.name for file in listing.files]
    labels = read_label_table(label_table, names) if label_table else find_labels(folder, names, label_from)
    skipped = list(listing.skipped)
    parts = []
    for chunk in _chunks(listing.files, model.config.data, model.batch_size, skipped, progress):
        rows, audio = zip(*chunk, strict=True)
        logits, probabilities = model.classify(np.stack(audio))
        if not np.isfinite(logits).all():
            raise ExportError(f"model ({model.metadata.source}) must give numbers; it gives NaN: its training "
                              "diverged; use an earlier checkpoint")
        parts.append(_table(list(rows), logits, probabilities, labels, network))
    if not parts:
        first = f"; the first ({skipped[0][0]}) because: {skipped[0][1]}" if skipped else ""
        raise DataError(f"audio folder (={folder}) must hold usable audio; all {len(skipped)} files were "
                        f"skipped{first}")
    table = pd.concat(parts, ignore_index=True)
    known = table[table["label"] != ""]
    agreement, codes = None, _count_codes(table, network)
    if known["label"].nunique() > 1:
        agreement = agree(list(known["label"]), list(known["code"]), n_permutations, seed, all_codes=list(codes),
                          progress=progress)
    return Classified(table, tuple(sorted(skipped)), labels, agreement,
                      *_accuracy(known, labels, agreement, network), number_of_codes(network), codes)


def write_classified(result: Classified, out: str | Path, model: Model) -> tuple[Path, Path]:
    """Write the result of `classify_folder`: the table as CSV, everything else as JSON beside it.

    Returns:
        Paths of `OUT.csv` and `OUT.summary.json`.

    Raises:
        ExportError: one of the files exists already.
        OSError: a file cannot be written.

    Example:
        >>> from wavegan_tf.export import open_model
        >>> from wavegan_tf.use import classify_folder, write_classified
        >>> model = open_model("saved_models/fiwgan")
        >>> result = classify_folder(model, "corpus", label_from="folder", n_permutations=0)
        >>> [path.name for path in write_classified(result, "codes.csv", model)]
        ['codes.csv', 'codes.summary.json']
    """
    table = Path(out)
    summary = table.with_suffix(_SUMMARY_SUFFIX)
    known = {"model": model.metadata.source, "step": model.step, "n_classified": len(result.table),
             "n_cropped": int(result.table["cropped"].sum()),
             "n_labelled": int((result.table["label"] != "").sum()), "labels": result.labels.source,
             "labels_are_codes": result.labels.are_codes, "n_codes": result.n_codes, "codes": result.codes,
             "accuracy": result.accuracy, "accuracy_by_chance": result.chance,
             "agreement": result.agreement.to_dict() if result.agreement else None,
             "skipped": [{"file": name, "reason": reason} for name, reason in result.skipped],
             "config": dataclasses.asdict(model.config), "versions": model.metadata.versions}
    with claim(files_in(table.parent, table.stem)) as taken:
        for path in (table, summary):
            if path.name in taken.before:
                raise _not_new(path)
        with atomic_files(table.parent, table.stem) as folder:
            write_table(result.table, folder / table.name)
            (folder / summary.name).write_text(json_text(known), encoding="utf-8")
    return table, summary


def output_paths(out: str | Path) -> tuple[Path, Path]:
    """Return the paths of table and summary.

    Raises:
        ExportError: one of the files exists already.
    """
    table = Path(out)
    check_output_file(table)
    paths = table, table.with_suffix(_SUMMARY_SUFFIX)
    for path in paths:
        if os.path.lexists(path):
            raise _not_new(path)
    return paths


def _not_new(path: Path) -> ExportError:
    return ExportError(f"output file (={path}) must be new; choose another name or remove it first")


def first_slice(waveform: np.ndarray, slice_len: int) -> np.ndarray:
    """Crop a recording to the length of a slice, or zero-pad it: float32 [slice_len, channels]."""
    waveform = waveform[:slice_len]
    return np.pad(waveform, ((0, slice_len - len(waveform)), (0, 0)))


def _chunks(files: tuple[AudioFile, ...], config: DataConfig, size: int, skipped: list[tuple[str, str]],
            progress: bool) -> Iterator[list[tuple[tuple[str, int], np.ndarray]]]:
    """Decode files and yield chunks of `size`: (name, length), first slice; unusable ones go to `skipped`."""
    chunk = []
    for item in decode_files(files, config, progress=progress):
        name = files[item.index].name
        if isinstance(item, UnusableFile):
            skipped.append((name, item.reason))
            continue
        chunk.append(((name, len(item.waveform)), first_slice(item.waveform, config.slice_len)))
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _table(rows: list[tuple[str, int]], logits: np.ndarray, probabilities: np.ndarray, labels: Labels,
           network: NetworkConfig) -> pd.DataFrame:
    names, lengths = zip(*rows, strict=True)
    index = code_index(logits, network)
    table = pd.DataFrame({"file": names, "label": [labels.of.get(name, "") for name in names],
                          "code": [code_name(int(i), network) for i in index], "code_index": index})
    values = {f"{kind}_{i}": array[:, i] for kind, array in (("logit", logits), ("probability", probabilities))
              for i in range(network.code_dim)}
    return pd.concat([table, pd.DataFrame({**values, "n_samples": lengths,
                                           "cropped": np.array(lengths) > network.slice_len})], axis=1)


def _count_codes(table: pd.DataFrame, network: NetworkConfig) -> dict[str, int]:
    """Files by code, in the order of the codes; codes that no file has are listed where there are not too many."""
    n_codes = number_of_codes(network)
    there = table["code_index"].value_counts()
    listed = range(n_codes) if n_codes <= _LISTED_CODES else sorted(there.index)
    return {code_name(int(index), network): int(there.get(index, 0)) for index in listed}


def _say_codes(codes: dict[str, int], n_codes: int) -> str:
    never = [name for name, n in codes.items() if not n]
    n_never = n_codes - sum(n > 0 for n in codes.values())
    if not n_never:
        return f"all {n_codes} codes occur"
    named = f": {', '.join(never)}" if never and len(never) == n_never <= 16 else ""
    return f"{n_codes - n_never} of {n_codes} codes occur; {n_never} {'has' if n_never == 1 else 'have'} no file{named}"


def _accuracy(known: pd.DataFrame, labels: Labels, agreement: Agreement | None, network: NetworkConfig
              ) -> tuple[dict[str, float], dict[str, float]]:
    """Compare codes (and their bits) with the codes that files are known, or matched, to have; and chance."""
    right: dict[str, float] = {}
    if labels.are_codes and len(known):
        matched = known.assign(target=known["label"])
        right["codes"] = float((matched["target"] == matched["code"]).mean())
    elif agreement is not None:
        matched = known.assign(target=known["label"].map(agreement.matching)).dropna(subset="target")
    else:
        return {}, {}
    if network.code != "binary" or not matched["target"].str.fullmatch(f"[01]{{{network.code_dim}}}").all():
        return right, {}
    same = bits_right(matched["code"], matched["target"])
    right["bits"] = float(same.mean())
    right |= {f"bit {i}": float(value) for i, value in enumerate(same.mean(axis=0))}
    chance = None
    if agreement is not None and not labels.are_codes:
        chance = bits_by_chance(agreement, list(known["label"]), list(known["code"]))
    return right, {} if chance is None else {"bits": chance}
