"""Profiles as points in TensorBoard's projector, one table per layer, groups and their clusters as labels."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from snap_tf.snap.clusters.clustering import PERCENTILES, cluster_profiles
from snap_tf.snap.profiles.finalising import Profiles
from wavegan_tf.atomic import atomic_file
from wavegan_tf.formats.json_files import parse_json
from wavegan_tf.formats.plain_files import read_text
from wavegan_tf.label_names import FolderNames

__all__ = ["CONFIG", "coordinates", "write_projector"]

CONFIG = "projector_config.pbtxt"


def coordinates(values: np.ndarray) -> np.ndarray:
    """Rotate profiles to their principal components; all distances between groups stay as they are.

    n points lie in n - 1 dimensions, however many cells their profiles have: 62 groups of a layer of 103 steps and
    2,048 channels need 61 numbers each instead of 210,944.

    Args:
        values: float [groups, ...].

    Returns:
        float64 [groups, min(groups - 1, cells), at least 1], around 0, the widest spread first.
    """
    flat = np.asarray(values, np.float64).reshape(len(values), -1)
    centred = flat - flat.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    kept = max(1, min(len(values) - 1, flat.shape[1]))
    return (u * s)[:, :kept]


def write_projector(profiles: Profiles, logdir: str | Path, name: str = "", percentiles: Sequence[float] = PERCENTILES
                    ) -> list[Path]:
    """Write profiles for TensorBoard's projector (`tensorboard --logdir`): a table of points per layer.

    Labels are the groups, their numbers of frames and their clusters at every percentile. Tables of other names in the
    same folder stay in its list.

    Args:
        profiles: of any kind.
        logdir: folder; made where there is none.
        name: of the model, in the names of the tables.
        percentiles: of the cuts that are given as labels.

    Returns:
        The files.

    Raises:
        DataError: fewer than two groups.
        OSError: a file cannot be written.

    Example:
        >>> from snap_tf.snap import profile, small_clips, write_projector
        >>> network, clips = small_clips()
        >>> found = profile(network, clips, groups=("label:word",), progress=False)
        >>> [path.name for path in write_projector(found.profiles("snap"), "logs", "small")][-1]
        'projector_config.pbtxt'
    """
    logdir = Path(logdir)
    clusters = cluster_profiles(profiles, percentiles)
    entries, files, names = {}, [], FolderNames()
    for (title, found), layer in zip(clusters.items(), profiles.layers.values(), strict=True):
        stem = names.name(*(part for part in (name, profiles.kind, profiles.grouping, title) if part))
        header = ["group", "frames", *(f"cluster_{p:g}" for p in percentiles)]
        rows = [[_one_line(group), str(n), *(str(cut.labels[k]) for cut in found.cuts)]
                for k, (group, n) in enumerate(zip(profiles.groups, profiles.counts, strict=True))]
        points = coordinates(layer.values)
        tensors, metadata = f"{stem}.tensors.tsv", f"{stem}.metadata.tsv"
        files += [_write(logdir / tensors, ("\t".join(f"{x:.9g}" for x in row) for row in points)),
                  _write(logdir / metadata, ("\t".join(row) for row in [header, *rows]))]
        entries[stem] = (f"embeddings {{\n  tensor_name: {json.dumps(stem)}\n  tensor_path: {json.dumps(tensors)}\n"
                         f"  metadata_path: {json.dumps(metadata)}\n}}\n")
    config = logdir / CONFIG
    others = _entries(read_text(config, "configuration of the projector")) if config.exists() else {}
    files.append(_write(config, ["".join({**others, **entries}.values()).rstrip("\n")]))
    return files


def _entries(text: str) -> dict[str, str]:
    """Return the entries of a list of tables that `write_projector` wrote."""
    found = {}
    for part in text.split("embeddings {\n")[1:]:
        first = part.splitlines()[0].strip()
        found[parse_json(first.removeprefix("tensor_name: "), "name of a table", None)] = "embeddings {\n" + part
    return found


def _write(path: Path, lines: Iterable[str]) -> Path:
    with atomic_file(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _one_line(group: str) -> str:
    """Make a label that fits into a cell; a space would not be seen."""
    return "␣" if group == " " else " ".join(group.split()) or "(empty)"
