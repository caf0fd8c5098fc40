"""All figures of a profile file, or of several models side by side, written as PNG and PDF."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from snap_tf.plots.snap.snap_alignment import contingency_figure, offset_figure, offset_map_figure
from snap_tf.plots.snap.snap_clusters import clustermap_figure, dendrogram_figure, silhouette_figure, stability_figure
from snap_tf.plots.snap.snap_profiles import comparison_figure, profiles_figure
from snap_tf.plots.snap.snap_scheme import scheme_figure
from snap_tf.plots.style import write_figure
from snap_tf.snap.clusters.clustering import LayerClusters
from snap_tf.snap.profiles.profile_file import ProfileFile
from snap_tf.snap.results.cluster_folder import ClusterResults, ClusterSettings, cluster_models
from snap_tf.snap.results.evaluation_folder import Evaluation, evaluate_alignment
from snap_tf.snap.results.models_compared import without_sums
from wavegan_tf.atomic import atomic_files
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.label_names import FolderNames

__all__ = ["FIGURES", "ProfileFigures", "boundary_layer", "write_alignment_figures", "write_cluster_figures"]

FIGURES = ("scheme", "offsets", "contingency", "comparison", "profiles", "silhouettes", "clustermaps", "dendrograms")
COMPARED = 6
"""Groups in the figure of NAvAI against SNAP where none are named."""
LAST_TRANSFERRED = "L5"


def boundary_layer(models: Sequence[str], layers: Sequence[str], boundary: str | None = None) -> str | None:
    """Return the last layer that was transferred: the one named, else L5 where a model's name says so (`_TL_`).

    Raises:
        ConfigError: the one named is not among the layers.
    """
    if boundary is None and any("_TL_" in name for name in models):
        return LAST_TRANSFERRED
    if boundary is not None and boundary not in layers:
        raise ConfigError(f"`boundary` (={boundary}) must be one of the layers {', '.join(layers)}")
    return boundary


def write_alignment_figures(evaluation: Evaluation, out: str | Path,
                            which: Sequence[str] = ("offsets", "contingency")) -> list[Path]:
    """Draw offsets (of models whose classes are annotated) and contingencies into a folder.

    Source: Krug et al. 2021, Figures 2, 3 and A1 to A3.

    Example:
        >>> from snap_tf.plots import write_alignment_figures
        >>> from snap_tf.snap import evaluate_alignment, profile, small_sequences
        >>> network, frames = small_sequences()
        >>> found = profile(network, frames, classes=("s", "t"), rate_hz=100.0, progress=False)
        >>> files = write_alignment_figures(evaluate_alignment({"small": found}), ".", which=("contingency",))
        >>> [path.name for path in files]
        ['contingency_small.png', 'contingency_small.pdf']
    """
    folder, files = Path(out), []
    known = replace(evaluation, counts={name: counts for name, counts in evaluation.counts.items()
                                        if name in evaluation.summaries})
    if "offsets" in which and known.counts:
        files += write_figure(offset_figure(known), folder / "offsets")
        files += write_figure(offset_map_figure(known), folder / "offsets_of_phones")
    if "contingency" in which:
        names = FolderNames()
        for name, counts in evaluation.counts.items():
            files += write_figure(contingency_figure({name: counts}), folder / names.name("contingency", name))
    return files


def write_cluster_figures(results: ClusterResults, out: str | Path, boundary: str | None = None) -> list[Path]:
    """Draw silhouettes over layers, and stability where halves of the frames were clustered, into a folder.

    Source: Krug et al. 2021, Figure 5.

    Example:
        >>> from snap_tf.plots import write_cluster_figures
        >>> from snap_tf.snap import cluster_models, profile, small_clips
        >>> network, clips = small_clips()
        >>> found = profile(network, clips, groups=("label:word",), progress=False)
        >>> [path.name for path in write_cluster_figures(cluster_models({"small": found}), ".")]
        ['silhouettes.png', 'silhouettes.pdf']
    """
    folder = Path(out)
    edge = boundary_layer(list(results.models), list(dict.fromkeys(results.silhouettes["layer"])), boundary)
    files = write_figure(silhouette_figure(results.silhouettes, edge), folder / "silhouettes")
    names = FolderNames()
    for name, model in results.models.items():
        if model.stability is not None:
            figure = stability_figure(model.stability.layers, model.stability.n_halves, name)
            files += write_figure(figure, folder / names.name("stability", name))
    return files


class ProfileFigures:
    """The paper's figures of one or several models.

    The first model is drawn in all figures, the others where models are compared.
    """

    def __init__(self, files: Mapping[str, ProfileFile], settings: ClusterSettings, *, groups: Sequence[str] = (),
                 layers: Sequence[str] = (), percentile: float | None = None, seconds: float | None = None,
                 boundary: str | None = None) -> None:
        """Choose what is drawn.

        Args:
            files: by name of the model.
            settings: kind, grouping (by default each of the first file), fewest frames, percentiles.
            groups: in the comparison of NAvAI and SNAP, the first one in the scheme; by default those with most
                frames.
            layers: whose profiles and trees are drawn; by default profiles of the input, and trees of the last
                transferred layer and the one before it, where there is one, and the last layer.
            percentile: of the trees' cut; by default each layer's best one.
            seconds: of the profiles' time axis on either side; by default as far as there is something.
            boundary: last layer that was transferred, see `boundary_layer`.

        Raises:
            ConfigError: no such boundary.
        """
        self.files, self.settings, self.groups, self.layers = files, settings, tuple(groups), tuple(layers)
        self.percentile, self.seconds = percentile, seconds
        names = [layer.paper_name for file in without_sums(files).values() for layer in file.layers]
        self.edge = boundary_layer(list(files), list(dict.fromkeys(names)), boundary)
        self.name, self.file = next(iter(files.items()))
        self.groupings = (settings.grouping,) if settings.grouping else _different(self.file)
        self._clustered: dict[str, ClusterResults] = {}
        self._names = FolderNames()

    def possible(self) -> list[str]:
        """Return the figures for which the files have what they need."""
        missing = set()
        kinds = self.file.options.kept_kinds
        if not all(file.alignment for file in without_sums(self.files).values()):
            missing |= {"offsets", "contingency"}
        if "snap" not in kinds:
            missing |= {"scheme", "comparison"}
        if "navai" not in kinds:
            missing.add("comparison")
        if self._n_groups() < 2:
            missing |= {"silhouettes", "clustermaps", "dendrograms"}
        return [name for name in FIGURES if name not in missing]

    def write(self, out: str | Path, figures: Sequence[str] = ()) -> list[Path]:
        """Draw figures into a folder, all of them or none.

        Args:
            out: folder.
            figures: of `FIGURES`; by default all that are possible.

        Raises:
            ConfigError: no such figure, group, layer or percentile.
            DataError: a figure that was asked for cannot be drawn.
            OSError: a file cannot be written.
        """
        unknown = [name for name in figures if name not in FIGURES]
        if unknown:
            raise ConfigError(f"figure (={unknown[0]}) must be one of {', '.join(FIGURES)}")
        if "offsets" in figures and not evaluate_alignment(self.files).summaries:
            raise DataError(f"figure (=offsets) must be of a model whose classes are annotated; those of "
                            f"{', '.join(self.files)} are not; contingency can be drawn")
        makers: dict[str, Callable[[Path], list[Path]]] = {
            "scheme": self._scheme, "comparison": self._comparison, "profiles": self._profiles,
            "offsets": lambda to: write_alignment_figures(evaluate_alignment(self.files), to, ("offsets",)),
            "contingency": lambda to: write_alignment_figures(evaluate_alignment(self.files), to, ("contingency",)),
            "silhouettes": self._silhouettes,
            "clustermaps": lambda to: self._trees(to, "clustermap", clustermap_figure),
            "dendrograms": lambda to: self._trees(to, "dendrogram", dendrogram_figure),
        }
        with atomic_files(out) as folder:
            files = [file for name in figures or self.possible() for file in makers[name](folder)]
        return [Path(out) / file.name for file in files]

    def _n_groups(self) -> int:
        rows = self.file.sums[self.groupings[0] or self.file.groupings[0]].counts.sum(axis=0)[:-1]
        return int((rows >= self.settings.min_frames).sum())

    def _scheme(self, folder: Path) -> list[Path]:
        figure = scheme_figure(self.file, self.groups[0] if self.groups else None, self.groupings[0])
        return write_figure(figure, folder / "scheme")

    def _comparison(self, folder: Path) -> list[Path]:
        kinds = [self.file.profiles(kind, self.groupings[0], min_frames=self.settings.min_frames)
                 for kind in ("navai", "snap")]
        most = kinds[0].counts.argsort(kind="stable")[::-1][:COMPARED]
        groups = self.groups or [kinds[0].groups[k] for k in sorted(most)]
        return write_figure(comparison_figure(kinds, groups), folder / "navai_and_snap")

    def _profiles(self, folder: Path) -> list[Path]:
        files = []
        for grouping in self.groupings:
            found = self.file.profiles(self.settings.kind, grouping, min_frames=self.settings.min_frames)
            for layer in self.layers or (next(iter(found.layers)),):
                figure = profiles_figure(found, layer=layer, seconds=self.seconds)
                files += write_figure(figure, folder / self._names.name("profiles", self.name, found.grouping, layer))
        return files

    def _silhouettes(self, folder: Path) -> list[Path]:
        files = []
        for grouping in self._shared_groupings() if len(self.files) > 1 else ():
            results = cluster_models(self.files, replace(self.settings, grouping=grouping))
            self._clustered[str(grouping)] = results
            figure = silhouette_figure(results.silhouettes, self.edge)
            files += write_figure(figure, folder / self._names.name("silhouettes", "models", str(grouping)))
        tables = [self._clusters(grouping).silhouettes.query("model == @self.name").assign(grouped=str(grouping))
                  for grouping in self.groupings]
        figure = silhouette_figure(pd.concat(tables), self.edge, key="grouped")
        return files + write_figure(figure, folder / self._names.name("silhouettes", self.name))

    def _shared_groupings(self) -> list[str]:
        """Return the groupings that all files have."""
        of_others = [set(file.groupings) for name, file in self.files.items() if name != self.name]
        return [grouping for grouping in self.groupings if all(grouping in others for others in of_others)]

    def _trees(self, folder: Path, what: str, draw: Callable[[dict[str, LayerClusters], float | None], Figure]
               ) -> list[Path]:
        files = []
        for grouping in self.groupings:
            found = self._clusters(grouping).models[self.name].layers
            names = self.layers or self._tree_layers(list(found))
            unknown = [name for name in names if name not in found]
            if unknown:
                raise ConfigError(f"layer (={unknown[0]}) must be one of {', '.join(found)}")
            figure = draw({f"{self.name}, {name}": found[name] for name in names}, self.percentile)
            files += write_figure(figure, folder / self._names.name(what, self.name, str(grouping)))
        return files

    def _clusters(self, grouping: str | None) -> ClusterResults:
        key = str(grouping)
        if key not in self._clustered:
            self._clustered[key] = cluster_models({self.name: self.file}, replace(self.settings, grouping=grouping))
        return self._clustered[key]

    def _tree_layers(self, layers: list[str]) -> list[str]:
        """Return the layers of the paper's trees: around the end of what was transferred, and the last one."""
        edge = self.edge or LAST_TRANSFERRED
        chosen = {len(layers) - 1}
        if edge in layers:
            chosen |= {layers.index(edge), max(0, layers.index(edge) - 1)}
        return [layers[k] for k in sorted(chosen)]


def _different(file: ProfileFile) -> tuple[str, ...]:
    """Return the groupings without repetition: a network that writes letters has `letter` and `predicted` alike."""
    found: dict[tuple, str] = {}
    for name, sums in file.sums.items():
        found.setdefault((sums.groups, sums.counts.tobytes()), name)
    return tuple(found.values())
