"""Former names of modules (deprecated), so that programs with imports of an earlier version still work.

The names of docs/API.md are the ones to use; a former name works with a `DeprecationWarning`.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["find_moved_modules"]

# those that documents and examples showed
_MOVED = {
    "wavegan_tf.data.readers": "wavegan_tf.data.corpora.readers",
    "wavegan_tf.data.slice_settings": "wavegan_tf.data.slices.slice_settings",
    "wavegan_tf.export.open_model": "wavegan_tf.export.opening",
    "wavegan_tf.use.generate": "wavegan_tf.use.generation",
    "snap_tf.asr.layer_table": "snap_tf.asr.network.layer_table",
    "snap_tf.asr.receptive_field": "snap_tf.asr.network.receptive_field",
    "snap_tf.asr.transcribe": "snap_tf.asr.transcription",
    "snap_tf.plots.snap_profiles": "snap_tf.plots.snap.snap_profiles",
    "snap_tf.series.extract": "snap_tf.series.extraction.extract",
    "snap_tf.series.generators": "snap_tf.series.latents.generators",
    "snap_tf.series.interpolate": "snap_tf.series.latents.interpolation",
    "snap_tf.series.latent_regression": "snap_tf.series.latents.latent_regression",
    "snap_tf.series.stimuli": "snap_tf.series.extraction.stimuli",
    "snap_tf.series.sweep": "snap_tf.series.latents.sweep",
    "snap_tf.snap.clustering": "snap_tf.snap.clusters.clustering",
    "snap_tf.snap.evaluation": "snap_tf.snap.alignment.evaluation",
    "snap_tf.snap.profile_file": "snap_tf.snap.profiles.profile_file",
    "snap_tf.snap.profiling": "snap_tf.snap.profiles.profiling",
}


def find_moved_modules() -> None:
    """Register a finder that resolves former module names, after all other finders."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())


class _FormerModule(ModuleType):
    """The module under its former name; callable where a package has a function of the same name."""

    def __init__(self, name: str, module: ModuleType) -> None:
        super().__init__(name, module.__doc__)
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return getattr(self._module, self.__name__.rpartition(".")[2])(*args, **kwargs)


class _Finder(MetaPathFinder, Loader):
    def find_spec(self, fullname: str, path: Sequence[str] | None,
                  target: ModuleType | None = None) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname in _MOVED else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        package = ".".join(spec.name.split(".")[:2])
        warnings.warn(f"{spec.name} is now {_MOVED[spec.name]}; import its public names from {package} (docs/API.md)",
                      DeprecationWarning, stacklevel=2)
        return _FormerModule(spec.name, importlib.import_module(_MOVED[spec.name]))

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: the module has been loaded under its own name."""
