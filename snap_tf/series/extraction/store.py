"""Read the folder of layers that `snap-tf layers` writes: series by layer, outputs, tokens, stimuli."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from snap_tf.layer_info import LayerInfo
from snap_tf.series.extraction.layer_series import LayerSeries
from wavegan_tf.data.slices.manifest import format_phones, parse_phones
from wavegan_tf.errors import DataError
from wavegan_tf.formats.arrays import read_npy
from wavegan_tf.formats.damage import told_as_damage
from wavegan_tf.formats.json_files import read_json
from wavegan_tf.formats.plain_files import is_there
from wavegan_tf.formats.tables import read_table, whole_numbers, write_table
from wavegan_tf.label_names import FolderNames, file_name

__all__ = ["FORMAT", "LayerStore", "file_names", "open_layers", "read_tokens", "write_tokens"]

FORMAT = 1
"""Raised when a reader of the older format could no longer make sense of a new folder."""
SETTINGS_NAME, TOKENS_NAME, TABLE_NAME, INTERVALS_NAME = "layers.json", "tokens.csv", "table.csv", "intervals.csv"
STIMULI_NAME, LATENT_NAME = "stimuli.npy", "z.npy"

_WHOLE = ("n_samples", "rate_hz", "source_rate_hz", "start_sample", "end_sample", "base")
_MAYBE = ("sweep_value", "position")
_LARGEST = 1e30
"""Larger values are refused as damage: their squares overflow float32."""
_TEXT = ("token", "label", "word", "speaker", "sex", "dialect", "split", "utterance", "sentence", "file", "code")


class LayerStore(Mapping[str, LayerSeries]):
    """Series of every layer by name, the papers' (`Conv5`) or the network's (`downconv_4`); nothing is read before use.

    Iterating gives the papers' names of the layers with time, first to last.

    Attributes:
        folder: its path.
        settings: everything in `layers.json`: model, its weights' hash, reduction, rates, seed, versions.
        layers: name, shape and rate of each layer, outputs without time included.
        tokens: a row per clip or latent vector, in the order of the arrays.
        n_samples: of a clip or of generated audio.
        rate_hz: of the audio.
    """

    def __init__(self, folder: str | Path) -> None:
        """Use `open_layers` instead."""
        self.folder = Path(folder)
        self.settings = _read_settings(self.folder / SETTINGS_NAME)
        with told_as_damage(self.folder / SETTINGS_NAME, "settings of layers", "snap-tf layers"):
            items = self.settings["layers"]
            self.layers = tuple(LayerInfo.from_dict(item) for item in items)
            self._files = {item["name"]: _plain_name(item["file"]) for item in items}
            if not self.layers:
                raise ValueError("it has no layers")
            self.n_samples = int(_positive(self.settings, "n_samples"))
            if self.n_samples != self.settings["n_samples"]:
                raise ValueError(f"`n_samples` (={self.settings['n_samples']}) is no whole number")
            self.rate_hz = float(_positive(self.settings, "rate_hz"))
        self.tokens = read_tokens(self.folder / TOKENS_NAME)

    def __getitem__(self, name: str) -> LayerSeries:
        """Return a layer's series.

        Raises:
            KeyError: there is no such layer with time; lists those there are.
        """
        for layer in self.layers:
            if layer.has_time and name in (layer.name, layer.paper_name):
                values = self._load(self._files[layer.name])
                if values.ndim != 2 or layer.steps not in (None, values.shape[1]):
                    raise DataError(f"array (={self.folder / self._files[layer.name]}, shape {list(values.shape)}) "
                                    f"must have the {layer.steps} steps of {layer.title}; run snap-tf layers again")
                return LayerSeries(values, layer, self.n_samples, self.tokens)
        raise KeyError(f"layer (={name}) must be one of "
                       f"{', '.join(layer.title for layer in self.layers if layer.has_time)}")

    def __iter__(self) -> Iterator[str]:
        return iter([layer.paper_name for layer in self.layers if layer.has_time])

    def __len__(self) -> int:
        return sum(layer.has_time for layer in self.layers)

    @property
    def outputs(self) -> dict[str, np.ndarray]:
        """Outputs without time, such as logits: float32 [tokens, values] by the papers' name."""
        return {layer.paper_name: self._load(self._files[layer.name]) for layer in self.layers if not layer.has_time}

    @property
    def stimuli(self) -> np.ndarray | None:
        """The audio that the network got: float32 [tokens, n_samples, channels]; None where it was not kept."""
        if not is_there(self.folder / STIMULI_NAME):
            return None
        heard = self._load(STIMULI_NAME)
        if heard.ndim != 3 or heard.shape[1] != self.n_samples:
            raise DataError(f"array (={self.folder / STIMULI_NAME}) must have {self.n_samples} samples for every "
                            f"token, as {SETTINGS_NAME} says; it is {list(heard.shape)}; run snap-tf layers again")
        return heard

    @property
    def z(self) -> np.ndarray | None:
        """The latent vectors that a generator got: float32 [tokens, latent_dim]; None for other networks."""
        return self._load(LATENT_NAME) if is_there(self.folder / LATENT_NAME) else None

    @property
    def intervals(self) -> pd.DataFrame | None:
        """The phones that were asked for, a row each; None where none were. `LayerSeries.cut_at` takes them."""
        path = self.folder / INTERVALS_NAME
        return read_intervals(path, len(self.tokens)) if is_there(path) else None

    def band_hz(self, rows: Sequence[int]) -> float:
        """Return the highest frequency that is in all of some clips: half their recordings' lowest rate, or our own."""
        return min([self.rate_hz, *self.source_rates_hz(rows)]) / 2

    def source_rates_hz(self, rows: Sequence[int]) -> list[float]:
        """Return the rates at which some clips were recorded, where they are known."""
        if "source_rate_hz" not in self.tokens:
            return []
        rates = self.tokens["source_rate_hz"].iloc[list(rows)].astype(float)
        return rates[rates > 0].tolist()

    def longest_s(self, rows: Sequence[int]) -> float:
        """Return how long the longest of some clips is, or generated audio, in seconds."""
        n_samples = self.n_samples
        if "cropped" in self.tokens:
            n_samples = min(n_samples, int(self.tokens["n_samples"].iloc[list(rows)].max()))
        return n_samples / self.rate_hz

    def _load(self, name: str) -> np.ndarray:
        path = self.folder / name
        array = read_npy(path, "array", mapped=True)
        if array.dtype.kind != "f" or array.ndim < 1:
            raise DataError(f"array (={path}) must hold rows of numbers; it holds {array.dtype} {list(array.shape)}; "
                            "run snap-tf layers again")
        if len(array) != len(self.tokens):
            raise DataError(f"array (={path}) must have a row for each of the {len(self.tokens)} tokens; it has "
                            f"{len(array)}; run snap-tf layers again")
        for row, values in enumerate(array):  # one at a time: the array stays on the disk
            if not (np.abs(values) <= _LARGEST).all():
                raise DataError(f"array (={path}) must hold finite numbers; NaN or infinity is in row {row}, or a "
                                f"number beyond {_LARGEST:g}; run snap-tf layers again")
        return array


def open_layers(folder: str | Path) -> LayerStore:
    """Open a folder that `snap-tf layers` (`write_layers`) wrote.

    Raises:
        DataError: it is not such a folder, or it is damaged.

    Example:
        >>> from snap_tf.probe import probe
        >>> from snap_tf.series import find_stimuli, open_layers, write_layers
        >>> q_network = probe("saved_models/fiwgan", ["Conv1", "Conv4"])
        >>> written = write_layers(q_network, find_stimuli("corpus", words=["water"]), "layers")
        >>> store = open_layers("layers")
        >>> [(name, store[name].rate_hz) for name in store]
        [('Conv1', 4000.0), ('Conv4', 62.5)]
        >>> store["Conv1"].cut("ao").normalised(20).shape  # intervals of [ao], points
        (5, 20)
    """
    return LayerStore(folder)


def write_tokens(tokens: pd.DataFrame, path: Path) -> None:
    """Write the table of tokens; `phones` holds tuples of `Segment`s."""
    if "phones" in tokens:
        tokens = tokens.assign(phones=[format_phones(phones) for phones in tokens["phones"]])
    write_table(tokens, path)


def read_tokens(path: Path) -> pd.DataFrame:
    """Read what `write_tokens` wrote.

    Raises:
        DataError: there is no such file, or it is damaged.
    """
    if not path.is_file():
        raise DataError(f"table of tokens (={path}) must exist; name a folder that `snap-tf layers` wrote")
    table = read_table(path, "table of tokens", needs=("token", "label"), text=(*_TEXT, "phones"))
    if "cropped" in table and "n_samples" not in table:
        raise DataError(f"table of tokens (={path}) must have the column n_samples; run snap-tf layers again")
    if not len(table) or ("cropped" in table and table["cropped"].dtype != bool):
        raise DataError(f"table of tokens (={path}) must have rows, with True or False as `cropped`; run snap-tf "
                        "layers again")
    for name in {*_WHOLE} & {*table.columns}:
        table[name] = whole_numbers(table, name, f"table of tokens (={path})")
    for name in {*_MAYBE} & {*table.columns}:
        table[name] = pd.to_numeric(table[name], errors="coerce")
    if "phones" in table:
        with told_as_damage(path, "table of tokens", "snap-tf layers"):
            table["phones"] = [parse_phones(text) for text in table["phones"]]
    return table


def file_names(layers: tuple[LayerInfo, ...]) -> dict[str, str]:
    """Give every layer a file: its papers' name where that can be one, by the network's name."""
    upsampled = [f"{file_name(layer.paper_name)}_upsampled" for layer in layers]
    names, files = FolderNames([Path(STIMULI_NAME).stem, Path(LATENT_NAME).stem, *upsampled]), dict[str, str]()
    titles: set[str] = set()
    for layer in layers:
        choices = (layer.paper_name, *(f"{layer.paper_name}-{n}" for n in range(2, len(layers) + 2)))
        title = next(choice for choice in choices if choice not in titles)
        titles.add(title)
        files[layer.name] = f"{names.name(title)}.npy"
    return files


def _read_settings(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise DataError(f"layers (={path.parent}) must be a folder that `snap-tf layers` wrote; {path.name} is missing")
    try:
        settings = read_json(path)
        newer = settings["format"] > FORMAT
        if settings["format"] is True or settings["format"] < 1:
            raise TypeError(f"`format` (={settings['format']}) is none")
    except (DataError, KeyError, TypeError) as error:
        raise DataError(f"settings (={path}) must be what `snap-tf layers` wrote: {error}") from error
    if newer:
        raise DataError(f"settings (={path}) must be of format {FORMAT}; they are newer; update wavegan-tf")
    return settings


def read_intervals(path: Path, n_tokens: int) -> pd.DataFrame:
    """Read the intervals of phones in the clips of a folder.

    Raises:
        DataError: it is no such table, or an interval has no length or lies in a clip that is not there.
    """
    title = f"table of intervals (={path})"
    table = read_table(path, "table of intervals", needs=("row", "start_sample", "end_sample"))
    for name, high in (("row", n_tokens - 1), ("start_sample", 2**53), ("end_sample", 2**53)):
        table[name] = whole_numbers(table, name, title, high=high)
    if not len(table):
        raise DataError(f"{title} must have rows; run snap-tf layers again")
    empty = (table["start_sample"] >= table["end_sample"]).to_numpy()
    if empty.any():
        raise DataError(f"interval must end after it begins; see row {int(empty.argmax()) + 1} of {title}")
    return table


def _plain_name(name: str) -> str:
    """Refuse the name of an array outside the folder."""
    if Path(name).name != name:
        raise ValueError(f"`{name}` is no file of the folder")
    return name


def _positive(settings: dict[str, Any], name: str) -> float:
    value = settings[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**53:
        raise ValueError(f"`{name}` (={value}) is no positive number")
    return value
