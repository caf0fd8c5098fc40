"""Sanity checks: do profiles depend on what the network learned, on the groups, and on the inputs?

* weights: layers are randomised from the top down; relevance and distances between profiles must change;
* labels: groups are permuted; clusters of real groups must be better than those of permuted ones;
* input: frames are replaced by noise of the same mean and spread; their profiles show what
  the method gives for inputs without content.

Where phones are annotated, the same three say whether alignment depends on what was learned: how often the phone that
was predicted is annotated at the step of highest relevance.

All networks are asked about the same units of the same frames.

Source: Adebayo et al. 2018, Sanity checks for saliency maps, sections 3 and 4.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from snap_tf.snap.alignment.alignment_counts import AlignmentCounts
from snap_tf.snap.alignment.evaluation import alignment_summary
from snap_tf.snap.clusters.clustering import cluster_distances, layer_names, profile_distances
from snap_tf.snap.clusters.mantel import mantel
from snap_tf.snap.frames.frame_blocks import FrameSource
from snap_tf.snap.network.networks import Network, open_network
from snap_tf.snap.profiles.profile_file import ProfileFile
from snap_tf.snap.profiles.profiling import frame_source, profile, unknown_annotations
from snap_tf.snap.results.evaluation_folder import is_annotated
from snap_tf.snap.sanity.frame_sample import GROUP, FixedFrames, sample_frames
from snap_tf.snap.sanity.map_likeness import rank_correlation, structural_similarity
from snap_tf.snap.sanity.randomised import cascade, layers_with_kernels
from snap_tf.snap.sanity.sanity_settings import SanitySettings
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf.errors import ConfigError
from wavegan_tf.permutation_p import say_resolution
from wavegan_tf.tensors import KerasModel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from snap_tf.asr.runs import Recogniser
    from wavegan_tf.data.corpus import Corpus

__all__ = ["SanityResults", "sanity_checks"]

ANNOTATION = "phone"
_Alignment = dict[str, AlignmentCounts] | None
_SHARES = ("centre", "aligned", "aligned_chance", "constant", "within", "ceiling")
_AT_ONCE = 4  # permutations of the labels in one pass; each needs the memory of a grouping


@dataclass(frozen=True)
class SanityResults:
    """Results of sanity checks, as tables.

    Attributes:
        weights: a row per number of randomised layers and layer: `n_randomised`, `down_to` (lowest randomised layer,
            empty for none), `layer`, and how alike it is to the network as it is: `rank_correlation` and `ssim` of mean
            |saliency| (mean over groups), `mantel` of the distances between SNAPs. NaN where a map or table is
            constant, as the saliency of the output may be.
        labels: a row per layer: `silhouette` (mean over the cuts of the clustering), `null_mean`, `null_low`,
            `null_high` (2.5 and 97.5 % of the permutations), `p` (share of permutations with at least this silhouette,
            the real groups counted among them); and the same for `distance`, the mean Euclidean distance between SNAPs,
            with `distance_null_mean` and so on. A silhouette says whether there are clusters, not whether groups
            differ: a few odd groups among permuted ones give high silhouettes.
        inputs: a row per layer for noise in the place of frames: `silhouette`, `distance`, and the likeness to the real
            frames as in `weights`.
        alignment: a row per `n_randomised`, and one for noise, in words in `condition`, with the shares of
            `evaluation.AlignmentSummary`, of the units that the network as it is predicts; empty where these are not
            annotated.
        groups: frames per group.
        settings: of the checks.
        options: of the profiles.
        group: the grouping.
        model: record of the network, see `networks.Network.record`.
        source: the sample, in words.
        notice: what was not compared, and why; empty for nothing.
    """

    weights: pd.DataFrame
    labels: pd.DataFrame
    inputs: pd.DataFrame
    alignment: pd.DataFrame
    groups: dict[str, int]
    settings: SanitySettings
    options: ProfileOptions
    group: str
    model: dict[str, Any]
    source: str
    notice: str = ""

    def __str__(self) -> str:
        """Return a short text with one line per layer."""
        whole = self.weights[self.weights["n_randomised"] == self.weights["n_randomised"].max()]
        first = self.weights[self.weights["n_randomised"] == 1]
        table = self.labels[["layer", "silhouette", "null_mean", "null_high", "p", "distance_p"]].merge(
            self.inputs[["layer", "silhouette"]], on="layer", suffixes=("", "_noise"))
        for name, rows in (("saliency_top", first), ("saliency_all", whole)):
            table = table.merge(rows[["layer", "rank_correlation"]].rename(columns={"rank_correlation": name}))
        table = table.merge(whole[["layer", "mantel"]].rename(columns={"mantel": "mantel_all"}))
        return (f"{self.source}, {len(self.groups)} groups by {self.group}\n"
                "saliency_top, saliency_all: rank correlation of mean |saliency| after randomising the top layer, all "
                "layers;\nmantel_all: of the distances between SNAPs; silhouettes: real, permuted labels, noise;\n"
                "distance_p: whether groups lie further apart than permuted ones\n"
                + table.to_string(index=False, float_format=lambda x: f"{x:.3f}")
                + f"\n{say_resolution(self.settings.permutations)}" + self._alignment_text()
                + (f"\nnote: {self.notice}" if self.notice else ""))

    def _alignment_text(self) -> str:
        if self.alignment.empty:
            return ""
        table = self.alignment[["condition", *_SHARES]].copy()
        for name in _SHARES:
            table[name] = [f"{100 * share:.1f} %" for share in table[name]]
        tolerance_ms = 1000 * self.alignment["tolerance_s"].iloc[0]
        return ("\nhow often the phone that the network predicts is annotated: at the frame's centre; aligned, at the "
                f"step of highest relevance;\nwithin {tolerance_ms:g} ms of that; anywhere (ceiling). aligned_chance: "
                "with predictions permuted at random;\nconstant: at the best place that is the same in all frames\n"
                + table.to_string(index=False))


def sanity_checks(model: Network | Recogniser | KerasModel | str | Path, data: Corpus | FrameSource | ArrayLike, *,
                  group: str = "phone", options: ProfileOptions | None = None, settings: SanitySettings | None = None,
                  split: str = "all", progress: bool = True, **network: Any) -> SanityResults:
    """Run sanity checks of profiles on a sample of frames: randomised weights, permuted labels, noise as input.

    Args:
        model: see `profiling.profile`; it stays as it is.
        data: a corpus, clips or arrays, see `profiling.profile`.
        group: the grouping.
        options: of the profiles; `mode` and `kinds` are set.
        settings: how many frames and permutations.
        split: of a corpus.
        progress: show bars on stderr.
        network: options of `networks.open_network`.

    Raises:
        ConfigError: a target that is no unit of the output, a network that cannot be copied.
        DataError: too few groups with enough frames.

    Example:
        >>> from snap_tf.snap import SanitySettings, sanity_checks, small_clips
        >>> network, clips = small_clips()
        >>> settings = SanitySettings(permutations=1)
        >>> results = sanity_checks(network, clips, group="label:word", settings=settings, progress=False)
        >>> results.groups, results.weights["n_randomised"].unique().tolist()
        ({'ask': 3, 'suit': 3, 'wash': 3, 'year': 3}, [0, 1])
    """
    options, settings = options or ProfileOptions(), settings or SanitySettings()
    if options.target.partition(":")[0] not in ("argmax", "class"):
        raise ConfigError(f"`target` (={options.target}) must be argmax or class:NAME for sanity checks")
    opened = open_network(model, **network)
    if opened.probe.network is None:
        raise ConfigError(f"model (={opened.probe.name}) must be a Keras network to have its weights randomised; it is "
                          "a SavedModel that runs itself")
    frames = frame_source(opened, data, options, split)
    notice = unknown_annotations(opened, frames, (group,))
    sample = sample_frames(opened, frames, group, options,
                           per_group=settings.frames_per_group, n_blocks=settings.utterances,
                           min_frames=settings.min_frames, seed=settings.seed)
    fixed = dataclasses.replace(options, mode="frame", kinds="snap", target="callable", blank="keep", folds=1)
    n_passes = 3 + len(layers_with_kernels(opened.probe.network)) + -(-settings.permutations // _AT_ONCE)
    with tqdm(total=n_passes, desc="sanity checks", unit="pass", disable=not progress) as bar, _few_warnings():
        real = _profile(opened, sample, fixed, bar)
        weights, randomised = _weights(opened, sample, fixed, real, settings.seed, bar)
        labels = _labels(opened, sample, fixed, real, settings, bar)
        noise = _profile(opened, _noise(sample, settings.seed), fixed, bar)
    inputs = _inputs(real, noise)
    names = _shown_names(real)
    conditions = [(n, f"random down to {names.get(down_to, down_to)}" if n else "as it is", counts)
                  for n, (down_to, counts) in enumerate(randomised)]
    alignment = _alignment(real, [*conditions, (0, "noise as input", noise.alignment)])
    for table, columns in ((weights, ("layer", "down_to")), (labels, ("layer",)), (inputs, ("layer",))):
        for column in columns:
            table[column] = [names.get(name, name) for name in table[column]]
    counts = {name: sample.groups.count(name) for name in sorted(set(sample.groups))}
    asked = dataclasses.replace(options, frame_steps=sample.frame_shape[0])
    return SanityResults(weights, labels, inputs, alignment, counts, settings, asked, group, opened.record(),
                         sample.name, notice)


@contextmanager
def _few_warnings() -> Iterator[None]:
    """Keep TensorFlow from advising against tracing: every network is traced, and there are many."""
    import tensorflow as tf

    level = tf.get_logger().level
    tf.get_logger().setLevel("ERROR")
    try:
        yield
    finally:
        tf.get_logger().setLevel(level)


def _shown_names(file: ProfileFile) -> dict[str, str]:
    """Return what figures call the layers, by their own names."""
    profiles = file.profiles("snap")
    return dict(zip(profiles.layers, layer_names(profiles), strict=True))


def _profile(network: Network, sample: FixedFrames, options: ProfileOptions, bar: tqdm,
             groups: tuple[str, ...] = (f"label:{GROUP}",)) -> ProfileFile:
    found = profile(network, sample, options, groups=groups, choose=sample.choose, progress=False)
    bar.update()
    return found


def _weights(network: Network, sample: FixedFrames, options: ProfileOptions, real: ProfileFile, seed: int, bar: tqdm
             ) -> tuple[pd.DataFrame, list[tuple[str, _Alignment]]]:
    """Compare the cascade with the network as it is; also return each lowest randomised layer, and the alignment."""
    rows, aligned = [], []
    for n, (down_to, copy) in enumerate(cascade(network, seed)):
        found = _profile(copy, sample, options, bar)
        rows += [{"n_randomised": n, "down_to": down_to, **row} for row in _likeness(real, found)]
        aligned.append((down_to, found.alignment))
    return pd.DataFrame(rows), aligned


def _alignment(real: ProfileFile, conditions: Sequence[tuple[int, str, _Alignment]]) -> pd.DataFrame:
    """Return a row per condition with how often the unit is annotated at the step of its highest relevance."""
    if not real.alignment or not is_annotated(real, ANNOTATION):
        return pd.DataFrame()
    rate_hz = real.layers[0].rate_hz
    return pd.DataFrame([{"n_randomised": n, "condition": name,
                          **dataclasses.asdict(alignment_summary(counts[ANNOTATION], rate_hz))}
                         for n, name, counts in conditions if counts])


def _labels(network: Network, sample: FixedFrames, options: ProfileOptions, real: ProfileFile,
            settings: SanitySettings, bar: tqdm) -> pd.DataFrame:
    rng = np.random.default_rng([settings.seed, 1])
    permuted = {f"permuted_{i}": [sample.groups[j] for j in rng.permutation(len(sample.groups))]
                for i in range(settings.permutations)}
    null: dict[str, list[tuple[float, float]]] = {}
    for some in _in_parts(list(permuted), _AT_ONCE):
        columns = sample.with_columns({name: permuted[name] for name in some})
        found = _profile(network, columns, options, bar, tuple(f"label:{name}" for name in some))
        for grouping in found.groupings:
            for layer, values in _separation(found, grouping).items():
                null.setdefault(layer, []).append(values)
    rows = []
    for layer, (silhouette, distance) in _separation(real).items():
        silhouettes, distances = np.array(null[layer]).T
        rows.append({"layer": layer, "n_permutations": len(distances), **_against("", silhouette, silhouettes),
                     **_against("distance_", distance, distances)})
    return pd.DataFrame(rows).rename(columns={"value": "silhouette", "distance_value": "distance"})


def _against(prefix: str, value: float, null: np.ndarray) -> dict[str, float]:
    """Compare a value with those of permuted labels; permutations without a value are left out."""
    null = null[~np.isnan(null)]
    found = {"value": value, "null_mean": np.nan, "null_low": np.nan, "null_high": np.nan, "p": np.nan}
    if len(null):
        found["null_mean"] = float(null.mean())
        found["null_low"], found["null_high"] = map(float, np.quantile(null, (0.025, 0.975)))
        if not np.isnan(value):
            found["p"] = (1 + int((null >= value).sum())) / (1 + len(null))
    return {f"{prefix}{name}": x for name, x in found.items()}


def _noise(sample: FixedFrames, seed: int) -> FixedFrames:
    """Return noise with the mean and standard deviation that each channel has in the sample."""
    inputs = np.asarray(sample.inputs, np.float32)
    axes = tuple(range(inputs.ndim - 1))
    noise = np.random.default_rng([seed, 2]).standard_normal(inputs.shape, np.float32)
    return sample.with_inputs((noise * inputs.std(axis=axes) + inputs.mean(axis=axes)).astype(np.float32))


def _inputs(real: ProfileFile, noise: ProfileFile) -> pd.DataFrame:
    separation = _separation(noise)
    return pd.DataFrame([{**row, "silhouette": separation[row["layer"]][0], "distance": separation[row["layer"]][1]}
                         for row in _likeness(real, noise)])


def _likeness(real: ProfileFile, other: ProfileFile) -> list[dict[str, Any]]:
    """Compare two passes over the same frames, layer by layer."""
    snaps, others = real.profiles("snap"), other.profiles("snap")
    rows = []
    for layer, (name, values) in zip(real.layers, snaps.layers.items(), strict=True):
        a, b = (_mean_saliency(file, name) for file in (real, other))
        pairs = [(x, y) for x, y in zip(a, b, strict=True) if x.any() or y.any()]
        distances = profile_distances(values.values), profile_distances(others.layers[name].values)
        with np.errstate(invalid="ignore"):
            r = mantel(*distances, n_permutations=0).r
        rows.append({"layer": layer.name, "rank_correlation": _mean([rank_correlation(x, y) for x, y in pairs]),
                     "ssim": _mean([structural_similarity(x, y) for x, y in pairs]), "mantel": r})
    return rows


def _mean_saliency(file: ProfileFile, layer: str) -> np.ndarray:
    """Return mean |saliency| per group: float64 [groups, T, channels]."""
    sums = file.sums[file.groupings[0]]
    counts = sums.counts.sum(axis=0)[:-1]
    return sums.values["saliency"][layer].sum(axis=0)[:-1] / np.maximum(counts, 1)[:, None, None]


def _separation(file: ProfileFile, grouping: str | None = None) -> dict[str, tuple[float, float]]:
    """Return by layer the silhouette of the groups' SNAPs, and their mean distance from one another."""
    profiles = file.profiles("snap", grouping)
    found = {}
    for name, layer in profiles.layers.items():
        distances = profile_distances(layer.values)
        found[name] = cluster_distances(distances, profiles.groups).mean_silhouette, float(distances.mean())
    return found


def _mean(values: list[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def _in_parts(names: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(names), size):
        yield names[start:start + size]
