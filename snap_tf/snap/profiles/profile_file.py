"""The file that `snap-tf profile` writes: sums, counts, alignment, and everything that was chosen to get them.

An npz archive without pickled objects: `about` is JSON text, all else are arrays. Sums of saliency are zero over long
stretches of time at both ends; those stretches are not written.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snap_tf.layer_info import LayerInfo
from snap_tf.snap.alignment.alignment_counts import AlignmentCounts
from snap_tf.snap.profiles.finalising import PROFILE_KINDS, Profiles, finalise
from snap_tf.snap.profiles.sums import QUANTITIES, GroupSums, quantities_of
from snap_tf.snap.settings import GLOBAL_MEANS, MASK_SCALES, MASKS, ProfileOptions
from wavegan_tf.atomic import atomic_file
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.formats.arrays import open_npz
from wavegan_tf.formats.damage import told_as_damage
from wavegan_tf.formats.json_files import parse_json
from wavegan_tf.formats.npz_writing import write_npz

__all__ = ["SCHEMA", "ProfileFile", "merge_profiles", "read_profiles", "write_profiles"]

SCHEMA = 2
_WHAT = "snap_tf profiles"
_LARGEST, _MOST_FRAMES = 1e60, 2**50
"""Sums and counts beyond these are damage: their squares and totals are no numbers."""
_CHOICES: dict[str, tuple[Any, ...]] = {"mask": MASKS, "mask_scale": MASK_SCALES, "mask_output": (True, False),
                                        "global_mean": GLOBAL_MEANS}


@dataclass(frozen=True)
class ProfileFile:
    """Sums, counts and settings of a pass over the data; `profiles` computes profiles from them.

    Attributes:
        options: every setting of the pass.
        model: `name`, `hash` of the weights, `source` path, `classes` (names of the units among which the target is),
            `blank` (index or None), `writes` (`letter`, `phone` or empty), `output` (name of the output layer),
            `target_layer`, `target_step`, `intervals` (by layer, the steps where saliency may be other than zero).
        source: what was run through it: `name`, `fingerprint`, `n_frames` seen, `n_blank` dropped of them, `n_skipped`
            utterances too short, `shards` [i, n] that it consists of, `notice`.
        layers: input first, output last; `steps` are those of a frame (0 without time).
        sums: by name of the grouping.
        shifts: by layer, int64 [T]: how many frames had their maximum at each step (the shift is T // 2 minus it).
        alignment: counts of predicted (or chosen, where a function chose the targets) against annotated symbols by
            name of the annotation (`phone`); None where the data has no annotations, or all frames had one target.
        versions: of the programs that made it.
    """

    options: ProfileOptions
    model: dict[str, Any]
    source: dict[str, Any]
    layers: tuple[LayerInfo, ...]
    sums: dict[str, GroupSums]
    shifts: dict[str, np.ndarray]
    alignment: dict[str, AlignmentCounts] | None
    versions: dict[str, str]

    @property
    def groupings(self) -> tuple[str, ...]:
        """Names of the groupings, in the order in which they were asked for."""
        return tuple(self.sums)

    @property
    def missing_shards(self) -> tuple[int, ...]:
        """Numbers of the shards that are not in it."""
        there = {i for i, _ in self.source["shards"]}
        return tuple(i for i in range(1, self.source["shards"][0][1] + 1) if i not in there)

    def profiles(self, kind: str = "snap", grouping: str | None = None, *, min_frames: int = 1,
                 folds: Sequence[int] | None = None, **choices: Any) -> Profiles:
        """Compute the profiles of one grouping from its sums.

        Args:
            kind: one of `profiles.PROFILE_KINDS`.
            grouping: its name; the first one by default.
            min_frames: groups with fewer frames (and always those with none) are left out, see `rare_groups`.
            folds: which folds of the frames to take; all by default.
            choices: `mask`, `mask_scale`, `mask_output`, `global_mean` in the place of those of the options.

        Raises:
            ConfigError: no such kind, grouping, fold or choice, or the pass did not keep the sums for that kind.
            DataError: no group has so many frames.
        """
        if kind not in PROFILE_KINDS:
            raise ConfigError(f"`kind` (={kind}) must be one of {', '.join(PROFILE_KINDS)}")
        sums, chosen = self._grouping(grouping), self._choices(choices)
        self._check_kept(kind, chosen["mask"], sums)
        which = list(range(self.options.folds)) if folds is None else list(folds)
        if not which or not all(0 <= fold < self.options.folds for fold in which) or len(set(which)) < len(which):
            raise ConfigError(f"`folds` (={which}) must be different numbers from 0 to {self.options.folds - 1}")
        counts = sums.counts[which].sum(axis=0)
        rows = np.flatnonzero(counts[:-1] >= max(min_frames, 1))
        if not len(rows):
            raise DataError(f"groups by {sums.name} must have at least {max(min_frames, 1)} frames; the largest has "
                            f"{counts[:-1].max(initial=0)}; lower --min-frames or use more data")
        return finalise(sums, self.layers, kind, rows, which, **chosen)

    def rare_groups(self, grouping: str | None = None, min_frames: int = 1) -> dict[str, int]:
        """Return the groups with fewer than `min_frames` frames, and how many they have."""
        sums = self._grouping(grouping)
        counts = sums.counts.sum(axis=0)
        return {group: int(n) for group, n in zip(sums.groups, counts[:-1], strict=True) if n < min_frames}

    def filled_folds(self, grouping: str | None = None) -> tuple[int, ...]:
        """Return the folds that have frames of any group; with few utterances some have none."""
        counts = self._grouping(grouping).counts[:, :-1].sum(axis=1)
        return tuple(np.flatnonzero(counts).tolist())

    def _grouping(self, name: str | None) -> GroupSums:
        name = self.groupings[0] if name is None else name
        if name not in self.sums:
            raise ConfigError(f"`grouping` (={name}) must be one of those in the file: {', '.join(self.groupings)}")
        return self.sums[name]

    def _choices(self, choices: Mapping[str, Any]) -> dict[str, Any]:
        for name, value in choices.items():
            if name not in _CHOICES or value not in _CHOICES[name]:
                allowed = "; ".join(f"{n}: {', '.join(map(str, values))}" for n, values in _CHOICES.items())
                raise ConfigError(f"`{name}` (={value}) must be a choice of how to finalise: {allowed}")
        return {name: choices.get(name, getattr(self.options, name)) for name in _CHOICES}

    def _check_kept(self, kind: str, mask: str, sums: GroupSums) -> None:
        needed = {"navai": {"navai"}, "nap": {"plain"}, "normalised": {"aligned"}}.get(
            kind, {"aligned", "saliency" if mask == "mean_abs" else "signed"})
        if missing := needed - set(sums.values):
            raise ConfigError(f"`kind` (={kind}) needs sums of {', '.join(sorted(missing))}; the file has "
                              f"{', '.join(sums.values)}; run snap-tf profile with other --kinds or --mask")


def write_profiles(file: ProfileFile, path: str | Path) -> None:
    """Write a profile file, whole or not at all.

    Raises:
        ConfigError: the name does not end in .npz.
        OSError: it cannot be written.

    Example:
        >>> from snap_tf.snap import profile, read_profiles, small_clips, write_profiles
        >>> network, clips = small_clips()
        >>> found = profile(network, clips, groups=("label:word",), progress=False)
        >>> write_profiles(found, "profiles.npz")
        >>> read_profiles("profiles.npz").groupings
        ('label:word',)
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise ConfigError(f"profile file (={path}) must end in .npz")
    about = {"what": _WHAT, "schema": SCHEMA, "options": file.options.to_dict(), "model": file.model,
             "source": file.source, "layers": [layer.to_dict() for layer in file.layers],
             "groupings": [{"name": s.name, "groups": list(s.groups), "quantities": {
                 q: list(layers) for q, layers in s.values.items()}} for s in file.sums.values()],
             "alignment": None if file.alignment is None else list(file.alignment), "versions": file.versions}
    with atomic_file(path) as temporary:
        write_npz(temporary, itertools.chain([("about", np.array(json.dumps(about)))], _arrays(file)))


def _arrays(file: ProfileFile) -> Iterator[tuple[str, np.ndarray]]:
    """Name every array of a file."""
    for layer, shifts in file.shifts.items():
        yield f"shifts/{layer}", shifts
    for name, counts in (file.alignment or {}).items():
        for part, array in counts.to_arrays().items():
            yield f"alignment/{name}/{part}", array
    for i, sums in enumerate(file.sums.values()):
        yield f"sums/{i}/counts", sums.counts
        for quantity, layers in sums.values.items():
            for layer, array in layers.items():
                used = np.flatnonzero(array.any(axis=(0, 1, 3)))
                first, stop = (int(used[0]), int(used[-1]) + 1) if len(used) else (0, 0)
                yield f"sums/{i}/{quantity}/{layer}/first", np.array(first)
                yield f"sums/{i}/{quantity}/{layer}", array[:, :, first:stop]


def read_profiles(path: str | Path, *, sums: bool = True) -> ProfileFile:
    """Read a profile file that `write_profiles` or `snap-tf profile` wrote.

    Args:
        path: of the file.
        sums: whether to read the sums, which may be large; without them there are options, alignment and shifts.

    Raises:
        DataError: no such file, not a profile file, damaged, or of another version.

    Example:
        >>> from snap_tf.snap import profile, read_profiles, small_clips, write_profiles
        >>> network, clips = small_clips()
        >>> found = profile(network, clips, groups=("label:word",), progress=False)
        >>> write_profiles(found, "profiles.npz")
        >>> again = read_profiles("profiles.npz")
        >>> again.source["n_frames"], [layer.name for layer in again.layers][0]
        (12, 'input')
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"profile file (={path}) must exist; it does not; make it with snap-tf profile")
    with open_npz(path, "profile file") as archive:
        if "about" not in archive:
            raise DataError(f"profile file (={path}) must be one that `snap-tf profile` wrote; it is another npz file")
        with told_as_damage(path, "profile file", "snap-tf profile"):
            about = parse_json(str(archive["about"]), f"description in profile file (={path})")
            if about.get("what") != _WHAT:
                raise DataError(f"profile file (={path}) must be one that `snap-tf profile` wrote; it is a file of "
                                "another kind")
            if about.get("schema") != SCHEMA:
                made_by = about.get("versions", {}).get("wavegan_tf")
                raise DataError(f"profile file (={path}) must be of version {SCHEMA}; it is of version "
                                f"{about.get('schema')}, made by wavegan_tf {made_by}; make it again with snap-tf "
                                "profile")
            return _restore(about, archive, sums)


def _restore(about: dict[str, Any], archive: Mapping[str, np.ndarray], with_sums: bool) -> ProfileFile:
    options, layers = ProfileOptions(**about["options"]), tuple(map(LayerInfo.from_dict, about["layers"]))
    _check_facts(about, quantities_of(options.kept_kinds, options.mask))
    steps = {layer.name: max(layer.steps or 0, 1) for layer in layers}
    channels = {layer.name: layer.channels for layer in layers}

    def total(i: int, quantity: str, layer: str, rows: tuple[int, ...]) -> np.ndarray:
        written = archive[f"sums/{i}/{quantity}/{layer}"]
        first = int(_counts(archive[f"sums/{i}/{quantity}/{layer}/first"], (), f"first step of {layer}"))
        last = first + written.shape[2] if written.ndim == 4 else -1
        if not 0 <= first <= last <= steps[layer] or (*written.shape[:2], written.shape[3]) != (*rows, channels[layer]):
            raise ValueError(f"sums of {layer} (={list(written.shape)}) do not fit groups and layers")
        if written.dtype.kind != "f" or not (np.abs(written) <= _LARGEST).all():
            raise ValueError(f"sums of {layer} are not all numbers up to {_LARGEST:g}")
        array = np.zeros((*rows, steps[layer], channels[layer]))
        array[:, :, first:last] = written
        return array

    sums = {}
    for i, grouping in enumerate(about["groupings"] if with_sums else ()):
        counts = _counts(archive[f"sums/{i}/counts"], (options.folds, len(grouping["groups"]) + 1), "frames of groups")
        values = {q: {layer: total(i, q, layer, counts.shape) for layer in names}
                  for q, names in grouping["quantities"].items()}
        sums[grouping["name"]] = GroupSums(grouping["name"], tuple(grouping["groups"]), counts, values)
    alignment = None if about["alignment"] is None else {name: AlignmentCounts.from_arrays(
        _below(archive, f"alignment/{name}/")) for name in about["alignment"]}
    shifts = {layer.name: _counts(archive[f"shifts/{layer.name}"], (steps[layer.name],), f"shifts of {layer.name}")
              for layer in layers}
    return ProfileFile(options, about["model"], about["source"], layers, sums, shifts, alignment, about["versions"])


def _counts(values: np.ndarray, shape: tuple[int, ...], what: str) -> np.ndarray:
    if values.shape != shape or values.dtype.kind not in "iu" or (values < 0).any() or (values > _MOST_FRAMES).any():
        raise ValueError(f"{what} (={values.dtype} {list(values.shape)}) must be whole numbers from 0 {list(shape)}")
    return values.astype(np.int64)


def _check_facts(about: dict[str, Any], needed: Iterable[str]) -> None:
    """Refuse a description without what every command asks for."""
    model, source, shards = about["model"], about["source"], about["source"]["shards"]
    for part, names in ((model, ("name", "hash")), (source, ("name", "fingerprint", "notice"))):
        for name in names:
            if not isinstance(part[name], str):
                raise ValueError(f"`{name}` (={part[name]}) must be text")
    if model.get("classes") is not None:
        _check_names(model["classes"], "classes")
    for name in ("n_frames", "n_blank", "n_skipped"):
        _whole(source[name], name, 0)
    if not isinstance(shards, list) or not shards:
        raise ValueError(f"`shards` (={shards}) must be a list of [number, how many]")
    for number, how_many in shards:
        if not _whole(number, "shards", 1) <= _whole(how_many, "shards", 1) == shards[0][1]:
            raise ValueError(f"`shards` (={shards}) must be numbers of how many there are")
    _check_names([layer["name"] for layer in about["layers"]], "layers")
    _check_names([grouping["name"] for grouping in about["groupings"]], "groupings")
    for grouping in about["groupings"]:
        _check_names(grouping["groups"], f"groups by {grouping['name']}")
        if missing := set(needed) - set(grouping["quantities"]):
            raise ValueError(f"it lacks sums of {', '.join(sorted(missing))}")
        for quantity, layers in grouping["quantities"].items():
            expected = [layer["name"] for layer in about["layers"]][:1 if quantity == "navai" else None]
            if quantity not in QUANTITIES or layers != expected:
                raise ValueError(f"sums of {quantity} must be of the layers {', '.join(expected)}; they are of "
                                 f"{str(layers)[:100]}")


def _whole(value: object, name: str, low: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= _MOST_FRAMES:
        raise ValueError(f"`{name}` (={value}) must be a whole number from {low}")
    return value


def _check_names(names: Any, what: str) -> None:
    """Refuse what is no list of different words."""
    words = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not words or not names or len(set(names)) < len(names):
        raise ValueError(f"{what} (={str(names)[:100]}) must have different names")


def _below(archive: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): archive[name] for name in archive if name.startswith(prefix)}


def merge_profiles(files: Iterable[ProfileFile]) -> ProfileFile:
    """Merge the profile files of several shards: their sums add up to the same bits as one run, in any order.

    Args:
        files: are taken one after the other, so that a generator which reads them needs the memory of three, however
            many there are.

    Raises:
        DataError: fewer than two files; of different models, data, options or groupings (the message says what
            differs); or a shard twice.

    Example:
        >>> import keras
        >>> import numpy as np
        >>> from snap_tf.snap import ClipFrames, merge_profiles, profile
        >>> network = keras.Sequential([keras.Input((20, 4)), keras.layers.Conv1D(3, 5)])
        >>> clips = ClipFrames(np.random.default_rng(0).normal(size=(12, 20, 4)), block_size=4)
        >>> parts = [profile(network, clips, shard=(i, 2), progress=False) for i in (1, 2)]
        >>> [part.source["n_frames"] for part in parts], merge_profiles(parts).source["n_frames"]
        ([8, 4], 12)
    """
    merged, n_files = None, 0
    for file in files:
        merged, n_files = file if merged is None else _added(merged, file), n_files + 1
        del file  # or it would stay in memory while the next one is read
    if merged is None or n_files < 2:
        raise DataError(f"profile files (={n_files}) must be at least two to be merged")
    return merged


def _added(one: ProfileFile, other: ProfileFile) -> ProfileFile:
    _refuse_strangers(one, other)
    twice = [shard for shard in one.source["shards"] if shard in other.source["shards"]]
    if twice:
        i, n = twice[0]
        raise DataError(f"shard (={i}/{n}) must be merged once; it is in several files; leave one out")
    source = {**one.source, "shards": sorted([*one.source["shards"], *other.source["shards"]]),
              **{name: one.source[name] + other.source[name] for name in ("n_frames", "n_blank")}}
    return dataclasses.replace(
        one, source=source, sums={name: s.merged(other.sums[name]) for name, s in one.sums.items()},
        shifts={name: counts + other.shifts[name] for name, counts in one.shifts.items()},
        alignment=None if one.alignment is None or other.alignment is None else {
            name: counts.merged(other.alignment[name]) for name, counts in one.alignment.items()})


def _refuse_strangers(first: ProfileFile, other: ProfileFile) -> None:
    """Refuse to merge what does not belong together."""
    mine, theirs = first.options.to_dict(), other.options.to_dict()
    differing = [f"option {name}: {mine[name]} and {theirs[name]}" for name in mine if mine[name] != theirs[name]]
    for what, a, b in (("model", first.model["hash"], other.model["hash"]),
                       ("data", first.source["fingerprint"], other.source["fingerprint"]),
                       ("number of shards", first.source["shards"][0][1], other.source["shards"][0][1]),
                       ("groupings", ", ".join(first.groupings), ", ".join(other.groupings)),
                       ("layers", ", ".join(x.name for x in first.layers), ", ".join(x.name for x in other.layers)),
                       ("version of wavegan_tf", first.versions["wavegan_tf"], other.versions["wavegan_tf"])):
        if a != b:
            differing.append(f"{what}: {a} and {b}")
    if differing:
        raise DataError(f"profile files must be shards of one pass to be merged; they differ in {'; '.join(differing)}")
