"""Alignment accuracy of one or several models as a folder of tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from snap_tf.snap.alignment.alignment_counts import AlignmentCounts
from snap_tf.snap.alignment.evaluation import (
    AlignmentSummary,
    alignment_summary,
    contingency,
    offset_table,
    phone_table,
    published_beside,
)
from snap_tf.snap.profiles.profile_file import ProfileFile
from snap_tf.snap.results.models_compared import about_files, without_sums
from wavegan_tf.atomic import atomic_folder
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.formats.json_files import json_text
from wavegan_tf.formats.tables import write_table

__all__ = ["Evaluation", "alignment_of", "evaluate_alignment", "is_annotated", "phones_of", "write_evaluation"]


@dataclass(frozen=True)
class Evaluation:
    """Alignment accuracy of several models against one kind of annotation.

    Attributes:
        annotation: its name, such as `phone`.
        counts: by model.
        rates_hz: steps per second at the input, by model.
        summaries: by model; models whose classes are not annotated, such as letters, have none.
        files: the profile files, by model.
    """

    annotation: str
    counts: dict[str, AlignmentCounts]
    rates_hz: dict[str, float]
    summaries: dict[str, AlignmentSummary]
    files: Mapping[str, ProfileFile]

    @property
    def published(self) -> dict[str, AlignmentSummary]:
        """The paper's results for those of its networks that are evaluated here, whatever their files are called."""
        return published_beside(str(self.files[model].model.get("name")) for model in self.summaries)


def alignment_of(file: ProfileFile, annotation: str | None = None, model: str = "") -> tuple[str, AlignmentCounts]:
    """Return name and counts of an annotation, by default the one that the classes are among, else the first.

    Raises:
        DataError: the data had no annotations, the target was not the prediction, or no frame was counted.
        ConfigError: no annotation of that name.
    """
    model = model or str(file.model.get("name", "model"))
    if not file.alignment:
        raise DataError(f"profile file of {model} must have been made from annotated data, of what was predicted; it "
                        f"has no alignment (target: {file.options.target}); run snap-tf profile on a corpus with "
                        "phones, with --target argmax")
    if annotation is None:
        annotation = next((name for name in file.alignment if is_annotated(file, name)), next(iter(file.alignment)))
    if annotation not in file.alignment:
        raise ConfigError(f"annotation (={annotation}) must be one of {', '.join(file.alignment)}")
    counts = file.alignment[annotation]
    if not counts.frames.any():
        raise DataError(f"profile file of {model} must have frames to evaluate; there is none (blank frames dropped: "
                        f"{file.source.get('n_blank', 0)})")
    return annotation, counts


def evaluate_alignment(files: Mapping[str, ProfileFile], annotation: str | None = None) -> Evaluation:
    """Compute the alignment accuracy of one or several models against one kind of annotation.

    Raises:
        DataError, ConfigError: as `alignment_of`.

    Example:
        >>> from snap_tf.snap import evaluate_alignment, profile, small_sequences
        >>> network, frames = small_sequences()
        >>> found = profile(network, frames, classes=("s", "t"), rate_hz=100.0, progress=False)
        >>> evaluation = evaluate_alignment({"small": found})
        >>> evaluation.annotation, evaluation.summaries["small"].n_frames
        ('phone', 41)
    """
    files = without_sums(files)
    counts, rates, summaries = {}, {}, {}
    for model, file in files.items():
        annotation, counts[model] = alignment_of(file, annotation, model)
        rates[model] = file.layers[0].rate_hz
        if not rates[model] > 0:
            raise DataError(f"input of {model} must have a rate, to tell offsets in ms; the profile file has none")
        if is_annotated(file, annotation):
            summaries[model] = alignment_summary(counts[model], rates[model])
    assert annotation is not None
    return Evaluation(annotation, counts, rates, summaries, files)


def phones_of(evaluation: Evaluation, model: str) -> pd.DataFrame:
    """Return `evaluation.phone_table` of a model; without accuracies where its classes are not annotated."""
    table = phone_table(evaluation.counts[model], evaluation.rates_hz[model])
    return table if model in evaluation.summaries else table[["phone", "n_frames", "confused_with"]]


def is_annotated(file: ProfileFile, annotation: str) -> bool:
    """Tell whether classes and annotations of the same name are the same; the letter b is not the phone b."""
    assert file.alignment is not None
    return bool(file.alignment[annotation].comparable.any()) and file.model.get("writes") in (None, "", annotation)


def write_evaluation(evaluation: Evaluation, out: str | Path, draw: Callable[[Path], object] | None = None) -> None:
    """Write alignment accuracy, contingencies and offsets as tables into a new folder.

    OUT/alignment.csv: the table of section 5.1, with the published rows of the paper's networks among the models.
    phones.csv: the same for every predicted class. contingency_centre.csv, contingency_aligned.csv: what is annotated
    where a class is predicted, rows sum to 1. offsets.csv: frames by class and offset. alignment.json: where the
    numbers come from.

    Raises:
        ExportError: the folder is there and not empty.
        OSError: it cannot be written.

    Example:
        >>> from pathlib import Path
        >>> from snap_tf.snap import evaluate_alignment, profile, small_sequences, write_evaluation
        >>> network, frames = small_sequences()
        >>> found = profile(network, frames, classes=("s", "t"), rate_hz=100.0, progress=False)
        >>> write_evaluation(evaluate_alignment({"small": found}), "alignment")
        >>> sorted(path.name for path in Path("alignment").iterdir())
        ['alignment.csv', 'alignment.json', 'contingency_aligned.csv', 'contingency_centre.csv', 'offsets.csv',
        'phones.csv']
    """
    with atomic_folder(out) as folder:
        for name, table in _tables(evaluation).items():
            write_table(table, folder / f"{name}.csv", float_format="%.6g")
        record = {"annotation": evaluation.annotation,
                  "summaries": {model: _plain(s) for model, s in evaluation.summaries.items()},
                  "published": {model: _plain(s) for model, s in evaluation.published.items()},
                  **about_files(evaluation.files)}
        (folder / "alignment.json").write_text(json_text(record, indent=1, default=str), encoding="utf-8")
        if draw is not None:
            draw(folder)


def _tables(evaluation: Evaluation) -> dict[str, pd.DataFrame]:
    summary = [{"model": model, "source": source, **dataclasses.asdict(s)}
               for source, rows in (("measured", evaluation.summaries), ("published", evaluation.published))
               for model, s in rows.items()]
    tables: dict[str, list[pd.DataFrame]] = {"phones": [], "contingency_centre": [], "contingency_aligned": [],
                                             "offsets": []}
    for model, counts in evaluation.counts.items():
        rate = evaluation.rates_hz[model]
        phones = phones_of(evaluation, model)
        n = phones["n_frames"].to_numpy()
        tables["phones"].append(_of_model(phones, model))
        if model in evaluation.summaries:
            offsets = offset_table(counts, rate)
            offsets.columns = pd.Index(["nowhere" if ms < 0 else f"{ms:g} ms" for ms in offsets.columns])
            tables["offsets"].append(_of_model(offsets.reset_index(), model))
        for aligned, name in ((False, "contingency_centre"), (True, "contingency_aligned")):
            table = contingency(counts, aligned).reset_index()
            table.insert(1, "n_frames", n)
            tables[name].append(_of_model(table, model))
    return {"alignment": pd.DataFrame(summary), **{name: pd.concat(parts, ignore_index=True)
                                                   for name, parts in tables.items() if parts}}


def _of_model(table: pd.DataFrame, model: str) -> pd.DataFrame:
    table = table.copy()
    table.insert(0, "model", model)
    return table


def _plain(summary: AlignmentSummary) -> dict[str, float | int | None]:
    return {name: None if isinstance(value, float) and np.isnan(value) else value
            for name, value in dataclasses.asdict(summary).items()}
