"""Generation of audio from a trained model: choose latent vectors, generate, write WAV files and a manifest."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from wavegan_tf.atomic import atomic_folder
from wavegan_tf.config import NetworkConfig
from wavegan_tf.errors import ConfigError, ExportError
from wavegan_tf.export.model import Model
from wavegan_tf.formats.tables import write_table
from wavegan_tf.training.pictures import write_spectrograms
from wavegan_tf.use.codes import NamedCode, all_codes, parse_code
from wavegan_tf.use.vector_files import read_vectors
from wavegan_tf.use.vectors import (
    Interpolation,
    LatentVectors,
    Sweep,
    draw_vectors,
    given_vectors,
    interpolate_vectors,
    scale_codes,
    sweep_vectors,
    with_codes,
)
from wavegan_tf.use.wav import count_clipped, write_wav

__all__ = ["GENERATED_MANIFEST", "Request", "choose_vectors", "generate"]

GENERATED_MANIFEST = "manifest.csv"
DEFAULT_N = 10
MOST_PICTURED = 32
_LONGEST_NAME = 40


@dataclass(frozen=True)
class Request:
    """What to generate: how many latent vectors, codes, sweeps, interpolation.

    Attributes:
        n: base vectors: each gets every code, sweep value and so on; 10 when neither a file nor an interpolation says.
        seed: of the base vectors and their codes; the noise is the same with and without a code.
        codes: codes as in `parse_code`; every base vector gets each of them.
        all_codes: every code of training.
        code_scale: factor on the values of all codes.
        z_file: base vectors from a file, exactly; see `read_vectors`.
        sweeps: each by itself on the same base vectors.
        interpolation: between two rows of the file, or two seeds.
    """

    n: int | None = None
    seed: int = 0
    codes: Sequence[str] = ()
    all_codes: bool = False
    code_scale: float = 1.0
    z_file: str | None = None
    sweeps: Sequence[Sweep] = ()
    interpolation: Interpolation | None = None


def choose_vectors(request: Request, config: NetworkConfig) -> LatentVectors:
    """Make the latent vectors that a request asks for: random, from a file, swept or interpolated.

    Raises:
        ConfigError: parts of the request contradict each other or do not fit the model.
        DataError: the file of vectors cannot be used.

    Example:
        >>> from wavegan_tf.config import NetworkConfig
        >>> from wavegan_tf.use import Request, choose_vectors
        >>> request = Request(n=1, codes=["000", "111"])
        >>> vectors = choose_vectors(request, NetworkConfig(code="binary", code_dim=3))
        >>> vectors.z[:, :3].tolist()
        [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
    """
    if request.all_codes and request.codes:
        raise ConfigError(f"codes (={', '.join(request.codes)}) must be left out with --all-codes; use one of the two")
    if request.interpolation and request.sweeps:
        raise ConfigError("sweep and interpolation must not come together; run the command twice")
    if request.interpolation and request.n is not None:
        raise ConfigError(f"`n` (={request.n}) must be left out with an interpolation; STEPS says how many there are")
    codes = all_codes(config) if request.all_codes else [parse_code(text, config) for text in request.codes]
    if request.interpolation:
        return _interpolated(request, request.interpolation, config, codes)
    vectors = _coded(_base(request, config), codes, request, config)
    if not request.sweeps:
        return vectors
    parts = [sweep_vectors(vectors, sweep, config) for sweep in request.sweeps]
    return LatentVectors(np.concatenate([part.z for part in parts]),
                         pd.concat([part.table for part in parts], ignore_index=True))


def generate(model: Model, out: str | Path, request: Request | None = None, *, as_float: bool = False,
             progress: bool = False) -> pd.DataFrame:
    """Generate audio and write it into a folder, with latent vectors, manifest and spectrograms.

    Writes a WAV per vector, `z.npy` (float32 [n, latent_dim]), `manifest.csv` (a row per WAV; `index` is the row of
    `z.npy`), `spectrograms.png` (of the first 32 sounds) and `generate.json` (the request, the model, versions); all
    of it or nothing.

    Args:
        model: see `wavegan_tf.export.opening`.
        out: a new or empty folder.
        request: what to generate.
        as_float: 32-bit float WAVs instead of 16-bit ones.
        progress: show a bar on stderr.

    Returns:
        The manifest.

    Raises:
        ConfigError, DataError: as `choose_vectors`.
        ExportError: `out` is not empty, or the model's output is no audio.
        OSError: a file cannot be written.

    Example:
        >>> from wavegan_tf.export import open_model
        >>> from wavegan_tf.use import Request, generate
        >>> table = generate(open_model("saved_models/fiwgan"), "sounds", Request(n=1, codes=["000", "111"]))
        >>> table[["file", "code"]].values.tolist()
        [['00000_code-000.wav', '000'], ['00001_code-111.wav', '111']]
    """
    request = request or Request()
    vectors = choose_vectors(request, model.config.network)
    rate_hz, names = model.config.data.sample_rate_hz, _file_names(vectors.table)
    clipped: list[int] = []
    pictured: list[np.ndarray] = []
    with atomic_folder(out) as folder:
        with tqdm(total=len(names), desc="generating", unit="file", disable=not progress) as bar:
            for answer in model.stream("generate", vectors.z):
                for audio in answer["audio"]:
                    if not np.isfinite(audio).all():
                        raise ExportError(f"model ({model.metadata.source}) must generate numbers; it generates NaN: "
                                          "its training diverged; use an earlier checkpoint")
                    write_wav(folder / names[len(clipped)], audio, rate_hz, as_float)
                    clipped.append(count_clipped(audio))
                    if len(pictured) < MOST_PICTURED:
                        pictured.append(audio[:, 0])
                bar.update(len(answer["audio"]))
        table = _manifest(vectors, names, clipped, request, model)
        write_table(table, folder / GENERATED_MANIFEST)
        np.save(folder / "z.npy", vectors.z)
        write_spectrograms(folder / "spectrograms.png", np.stack(pictured), rate_hz,
                           [name.removesuffix(".wav").replace("_", " ") for name in names])
        (folder / "generate.json").write_text(_record(request, model, as_float), encoding="utf-8")
    return table


def _base(request: Request, config: NetworkConfig) -> LatentVectors:
    if request.z_file is None:
        return draw_vectors(DEFAULT_N if request.n is None else request.n, config, request.seed)
    vectors = read_vectors(request.z_file, config)
    if request.n is None:
        return vectors
    if not 1 <= request.n <= len(vectors.z):
        raise ConfigError(f"`n` (={request.n}) must be from 1 to the {len(vectors.z)} rows of {request.z_file}")
    return given_vectors(vectors.z[: request.n], config)


def _coded(vectors: LatentVectors, codes: list[NamedCode], request: Request, config: NetworkConfig) -> LatentVectors:
    if codes:
        vectors = with_codes(vectors, codes)
    return vectors if request.code_scale == 1.0 else scale_codes(vectors, request.code_scale, config)


def _interpolated(request: Request, way: Interpolation, config: NetworkConfig, codes: list[NamedCode]) -> LatentVectors:
    if request.z_file is None:
        ends = [draw_vectors(1, config, seed) for seed in (way.first, way.second)]
    else:
        z = read_vectors(request.z_file, config).z
        for row in (way.first, way.second):
            if not 0 <= row < len(z):
                raise ConfigError(f"interpolation (row {row}) must be between rows 0 to {len(z) - 1} of "
                                  f"{request.z_file}")
        ends = [given_vectors(z[row : row + 1], config) for row in (way.first, way.second)]
    first, second = (_coded(end, codes, request, config) for end in ends)
    return interpolate_vectors(first, second, way)


def _file_names(table: pd.DataFrame) -> list[str]:
    """Name files so that a listing says what they are: number, code, swept variable and value, position."""
    width = max(5, len(str(len(table))))
    names = []
    for i, row in enumerate(table.to_dict("records")):
        name = f"{i:0{width}d}"
        if row["code"] and len(row["code"]) <= _LONGEST_NAME:
            name += f"_code-{row['code']}"
        if pd.notna(row["sweep_dim"]):
            name += f"_z{row['sweep_dim']}_{row['sweep_value']:.4g}"
        if pd.notna(row["position"]):
            name += f"_t{row['position']:.3g}"
        names.append(re.sub(r"[^\w.+-]", "_", name) + ".wav")
    return names


def _manifest(vectors: LatentVectors, names: list[str], clipped: list[int], request: Request, model: Model
              ) -> pd.DataFrame:
    table = vectors.table.assign(
        file=names, index=range(len(names)), code_scale=request.code_scale, clipped_samples=clipped,
        seed=request.seed if request.z_file is None and request.interpolation is None else pd.NA, step=model.step,
        n_samples=model.config.network.slice_len, rate_hz=model.config.data.sample_rate_hz)
    return table[["file", "index", "base", "code", "code_scale", "sweep_dim", "sweep_value", "position", "seed", "step",
                  "n_samples", "rate_hz", "clipped_samples"]]


def _record(request: Request, model: Model, as_float: bool) -> str:
    return json.dumps({"request": dataclasses.asdict(request), "float": as_float, "model": model.metadata.source,
                       "step": model.step, "config": dataclasses.asdict(model.config),
                       "versions": model.metadata.versions}, indent=2, default=str) + "\n"
