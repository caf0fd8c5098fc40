"""Find the latent variables that predict a property of the output: generate, label, regress, write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from snap_tf.probe import Probe
from snap_tf.series.extraction.latent_inputs import LatentInputs, Request, latent_inputs
from snap_tf.series.latents.generators import generated_audio, latent_names, network_config
from snap_tf.series.latents.latent_regression import LatentRegression, RegressionSettings, regress_label
from snap_tf.series.latents.output_labels import (
    FRICATION,
    MEASURES,
    Labels,
    hand_labels,
    measure_audio,
    measured_labels,
)
from snap_tf.series.latents.records import about_generator
from wavegan_tf.atomic import atomic_folder
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.formats.json_files import json_text
from wavegan_tf.formats.tables import write_table

__all__ = ["LabelledOutputs", "find_latents", "label_outputs"]


@dataclass(frozen=True)
class LabelledOutputs:
    """Latent vectors, and labels of the audio that a generator makes of them."""

    inputs: LatentInputs
    labels: Labels


def label_outputs(generator: Probe, label: str, n: int = 2000, seed: int = 0, *, z: str | Path | None = None,
                  threshold: float | str | None = None, positive: str | None = None, progress: bool = False
                  ) -> LabelledOutputs:
    """Generate outputs and label each by a measure, or read hand labels of outputs that were generated before.

    Args:
        generator: see `open_generator`; its output must be among its layers.
        label: `frication` (yes or no); a measure: frication_ratio, f0, f1, f2, intensity, frication_share, duration,
            rms_db; or a CSV of hand labels, which needs `z`.
        n: outputs drawn as in training, codes included.
        seed: of the draw.
        z: instead of drawing: a folder that `wavegan-tf generate` wrote, or a file of vectors.
        threshold: of a measure, turns it into 0 and 1; a number or `median`.
        positive: of hand labels, which one is 1.
        progress: show a bar on stderr.

    Raises:
        ConfigError: no such label, or options that do not go together.
        DataError: files that cannot be used, or one class only.

    Example:
        >>> from snap_tf.series import label_outputs, open_generator
        >>> generator = open_generator("saved_models/fiwgan")
        >>> outputs = label_outputs(generator, "rms_db", 20, seed=1, threshold="median")
        >>> len(outputs.inputs.z), int(outputs.labels.values.sum())  # louder than the median
        (20, 10)
    """
    by_hand = label != FRICATION and label not in MEASURES
    if by_hand and not label.lower().endswith(".csv"):
        raise ConfigError(f"label (={label}) must be {FRICATION}, one of {', '.join(MEASURES)}, or a .csv of hand "
                          "labels")
    if by_hand and z is None:
        raise ConfigError(f"label (={label}) must come with the folder of the outputs that were labelled; make them "
                          "with wavegan-tf generate and give the folder with --z")
    if by_hand and threshold is not None:
        raise ConfigError(f"`threshold` (={threshold}) goes with a measure; leave it out for hand labels")
    if not by_hand and positive is not None:
        raise ConfigError(f"`positive` (={positive}) goes with hand labels; leave it out for {label}")
    inputs = latent_inputs(generator, Request(n=None if z is not None else n, seed=seed), z)
    if by_hand:
        return LabelledOutputs(inputs, hand_labels(label, inputs.table["token"], positive))
    name = "frication_ratio" if label == FRICATION else label
    table = measure_audio(generated_audio(generator, inputs.z, progress=progress), generator.rate_hz, [name])
    return LabelledOutputs(inputs, measured_labels(label, table[name].to_numpy(), threshold))


def find_latents(generator: Probe, outputs: LabelledOutputs, out: str | Path,
                 settings: RegressionSettings | None = None, *, progress: bool = False) -> LatentRegression:
    """Find the latent variables that predict a label (lasso regression), and write all results or nothing.

    Writes into `out`: `latents.csv` (variables, strongest first), `path.csv` (a row per penalty, a column per
    variable), `permutations.csv`, `labels.csv` (a row per output), `z.npy` and `latents.json` (scores, settings, seed,
    model, versions).

    Raises:
        DataError: too few outputs, or one class only.
        ExportError: `out` is not empty.
        OSError: a file cannot be written.

    Example:
        >>> from snap_tf.series import RegressionSettings, find_latents, label_outputs, open_generator
        >>> generator = open_generator("saved_models/fiwgan")
        >>> outputs = label_outputs(generator, "rms_db", 20, seed=1)
        >>> settings = RegressionSettings(folds=3, n_lambdas=5, permutations=0)
        >>> found = find_latents(generator, outputs, "latents", settings)
        >>> found.score_name, found.n, len(found.table)  # outputs; latent variables, strongest first
        ('r2', 20, 100)
    """
    labels, inputs = outputs.labels, outputs.inputs
    config = network_config(generator)
    there = np.isfinite(labels.values)
    if not there.any():
        raise DataError(f"label (={labels.name}) must be measurable; none of the {len(there)} outputs has a value; "
                        "choose another label")
    with atomic_folder(out) as folder:
        names = latent_names(config)
        fitted = regress_label(inputs.z, labels.values, names, binary=labels.binary, settings=settings,
                               progress=progress)
        coefficients = pd.DataFrame(fitted.coefficients, columns=names)
        tables = {"latents": fitted.table, "path": pd.concat([fitted.path, coefficients], axis=1),
                  "permutations": pd.DataFrame({"score": fitted.null_scores, "largest_b": fitted.null_largest,
                                                "largest_ridge_b": fitted.null_largest_ridge}),
                  "labels": _label_table(outputs)}
        for name, table in tables.items():
            write_table(table, folder / f"{name}.csv", float_format="%.9g")
        np.save(folder / "z.npy", inputs.z)
        record = {**about_generator(generator), "vectors": inputs.source, "seed": inputs.seed,
                  "label": labels.name, "binary": labels.binary, "positive": labels.positive,
                  "label_settings": labels.settings, "n_without_label": int((~there).sum()), **fitted.facts()}
        (folder / "latents.json").write_text(json_text(record), encoding="utf-8")
    return fitted


def _label_table(outputs: LabelledOutputs) -> pd.DataFrame:
    table = outputs.inputs.table[["token", "code"]].assign(label=outputs.labels.values)
    measured = outputs.labels.measured
    return table if measured is None else table.assign(measured=measured)
