"""Read the folder that `snap-tf interpolate` writes."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np

from snap_tf.series.extraction.store import open_layers
from snap_tf.series.latents.effects import LayerEffects
from snap_tf.series.latents.interpolation import Interpolated, layers_and_envelope
from wavegan_tf.errors import DataError
from wavegan_tf.formats.arrays import open_npz
from wavegan_tf.formats.damage import told_as_damage
from wavegan_tf.formats.json_files import read_json
from wavegan_tf.formats.plain_files import is_there
from wavegan_tf.formats.tables import read_table

__all__ = ["open_interpolation"]


def open_interpolation(folder: str | Path) -> Interpolated:
    """Open a folder that `snap-tf interpolate` (`interpolate`) wrote; effects come as float32.

    Raises:
        DataError: it is not such a folder, or it is damaged.

    Example:
        >>> from snap_tf.series import SweepPlan, VariableRange, interpolate, open_generator, open_interpolation
        >>> generator = open_generator("saved_models/fiwgan", ["Conv2"])
        >>> plan = SweepPlan((VariableRange(3, -2, 2, step=2),), bases=2)
        >>> written = interpolate(generator, plan, "sweep")
        >>> found = open_interpolation("sweep")
        >>> found.names, found.summary["layer"].tolist(), found.effects["Conv2"].effect.shape
        (('z3',), ['Conv2'], (3, 256))
    """
    folder = Path(folder)
    if not (folder / "interpolation.json").is_file():
        raise DataError(f"interpolation (={folder}) must be a folder that `snap-tf interpolate` wrote; "
                        "interpolation.json is missing")
    store = open_layers(folder / "layers")
    layers = layers_and_envelope(store)
    with told_as_damage(folder, "interpolation", "snap-tf interpolate"):
        names = tuple(read_json(folder / "interpolation.json", "settings of an interpolation")["variables"])
        with open_npz(folder / "effects.npz", "effects") as arrays:
            grid = arrays["grid"]
            effects = {layer.paper_name: LayerEffects(*(arrays[f"{layer.paper_name}/{field.name}"]
                                                        for field in fields(LayerEffects))) for layer in layers}
        summary = read_table(folder / "summary.csv", text=("seed",), missing=True)
        outcomes, similarity = (read_table(path, text=(), missing=True) if is_there(path := folder / name) else None
                                for name in ("outcomes.csv", "reduplication.csv"))
        _check(names, grid, effects, {layer.paper_name: layer.steps or 0 for layer in layers})
    return Interpolated(folder, store, names, grid, layers, effects, summary, outcomes, similarity)


def _check(names: tuple[str, ...], grid: np.ndarray, effects: dict[str, LayerEffects], steps: dict[str, int]) -> None:
    """Refuse effects that do not belong to these variables and settings, or are of another number of steps."""
    if not all(isinstance(name, str) for name in names) or grid.ndim != 2 or grid.shape[1] != len(names):
        raise ValueError(f"the grid (={list(grid.shape)}) must have a column for each of {len(names)} variables")
    n_settings = len(grid)
    for layer, found in effects.items():
        wrong = [name for name in ("mean", "effect", "effect_se")
                 if getattr(found, name).shape != (n_settings, steps[layer])]
        wrong += [name for name in ("change", "level", "spike", "spike_time_s")
                  if getattr(found, name).shape != (len(found.size_at_0), n_settings)]
        wrong += [name for name in ("slopes", "slope_se", "slope_p")
                  if getattr(found, name).ndim != 2 or getattr(found, name).shape[1] != steps[layer]]
        if wrong:
            raise ValueError(f"`{wrong[0]}` of {layer} (={list(getattr(found, wrong[0]).shape)}) does not fit "
                             f"{n_settings} settings and {steps[layer]} steps")
