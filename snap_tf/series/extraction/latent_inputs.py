"""Latent vectors for a generator: drawn as in training, with chosen codes, or from a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from snap_tf.probe import Probe
from wavegan_tf.config import NetworkConfig
from wavegan_tf.data.slices.manifest import MANIFEST_NAME, check_file_names
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.formats.tables import read_table, whole_numbers
from wavegan_tf.use.generation import Request, choose_vectors

__all__ = ["LatentInputs", "Request", "latent_inputs"]

Z_NAME = "z.npy"


@dataclass(frozen=True)
class LatentInputs:
    """Latent vectors with a table of their names and codes.

    Attributes:
        z: float32 [n, latent_dim], the code first.
        table: a row per vector: token, label (the code's name, empty without one), base (number of the vector that it
            was made from), code, sweep_dim, sweep_value, position.
        source: where they come from, in words.
        seed: of those drawn.
    """

    z: np.ndarray
    table: pd.DataFrame
    source: str
    seed: int | None


def latent_inputs(probe: Probe, request: Request | None = None, path: str | Path | None = None) -> LatentInputs:
    """Make latent vectors for a generator.

    Args:
        probe: the generator.
        request: how many, with which seed, codes, sweeps; see `wavegan_tf.use.Request`.
        path: a file of vectors, or a folder that `wavegan-tf generate` wrote, whose sounds give the names.

    Raises:
        ConfigError: the network is no generator, or the request does not fit it.
        DataError: the file or folder cannot be used.

    Example:
        >>> from snap_tf.probe import probe
        >>> from snap_tf.series import latent_inputs
        >>> from wavegan_tf.use import Request
        >>> generator = probe("saved_models/fiwgan", part="generator")
        >>> inputs = latent_inputs(generator, Request(n=2, seed=1, codes=("011",)))
        >>> inputs.z.shape, inputs.z[0, :3].tolist()
        ((2, 100), [0.0, 1.0, 1.0])
        >>> inputs.table["code"].tolist()
        ['011', '011']
    """
    if probe.takes_audio:
        raise ConfigError(f"model (={probe.name}) must be a generator to get latent vectors; it takes audio; choose "
                          "the part generator")
    request = request or Request()
    network = probe.config.network if probe.config else NetworkConfig(latent_dim=int(probe.input_shape[0] or 0))
    drawn = path is None and request.z_file is None
    names = None
    if path is not None:
        path = Path(path)
        names = _names(path) if path.is_dir() else None
        request = replace(request, z_file=str(path / Z_NAME if path.is_dir() else path))
    vectors = choose_vectors(request, network)
    width = len(str(len(vectors.z) - 1))
    if names is None or len(names) != len(vectors.z):
        names = [f"z{i:0{width}d}" for i in range(len(vectors.z))]
    table = vectors.table.assign(label=vectors.table["code"])
    table.insert(0, "token", names)
    source = "vectors drawn as in training" if drawn else f"vectors {request.z_file}"
    return LatentInputs(vectors.z, table, source, request.seed if drawn else None)


def _names(folder: Path) -> list[str]:
    """Return the names of the sounds that `wavegan-tf generate` made of the vectors beside them."""
    if not (folder / Z_NAME).is_file() or not (folder / MANIFEST_NAME).is_file():
        raise DataError(f"folder of latent vectors (={folder}) must hold {Z_NAME} and {MANIFEST_NAME}, as "
                        "`wavegan-tf generate` writes them; name such a folder, or a file")
    title = f"manifest (={folder / MANIFEST_NAME})"
    table = read_table(folder / MANIFEST_NAME, "manifest", needs=("file", "index"))
    check_file_names(table["file"], title)
    table["index"] = whole_numbers(table, "index", title)
    return [Path(name).stem for name in table.sort_values("index")["file"]]
