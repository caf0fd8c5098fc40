"""The folder that `snap-tf interpolate` writes, read back, to draw it anew."""

from __future__ import annotations

import json
import zipfile
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd

from snap_tf.series.effects import LayerEffects
from snap_tf.series.interpolate import Interpolated, layers_and_envelope
from snap_tf.series.store import open_layers
from wavegan_tf.errors import DataError

__all__ = ["open_interpolation"]


def open_interpolation(folder: str | Path) -> Interpolated:
    """Open a folder that `snap-tf interpolate` (`interpolate`) wrote; effects come as float32.

    Raises:
        DataError: it is none, or it is damaged.
    """
    folder = Path(folder)
    if not (folder / "interpolation.json").is_file():
        raise DataError(f"interpolation (={folder}) must be a folder that `snap-tf interpolate` wrote; "
                        "interpolation.json is missing")
    store = open_layers(folder / "layers")
    layers = layers_and_envelope(store)
    try:
        names = tuple(json.loads((folder / "interpolation.json").read_text(encoding="utf-8"))["variables"])
        with np.load(folder / "effects.npz") as arrays:
            grid = arrays["grid"]
            effects = {layer.paper_name: LayerEffects(*(arrays[f"{layer.paper_name}/{field.name}"]
                                                        for field in fields(LayerEffects))) for layer in layers}
        summary = pd.read_csv(folder / "summary.csv", dtype={"seed": str})
        outcomes, similarity = (pd.read_csv(path) if (path := folder / name).is_file() else None
                                for name in ("outcomes.csv", "reduplication.csv"))
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise DataError(f"interpolation (={folder}) must be what `snap-tf interpolate` wrote: {error}; "
                        "run it again") from error
    return Interpolated(folder, store, names, grid, layers, effects, summary, outcomes, similarity)
