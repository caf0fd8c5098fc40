"""Record of the generator behind a result: model, weights, settings and versions."""

from __future__ import annotations

import dataclasses
import platform
from importlib.metadata import version
from typing import Any

from snap_tf.probe import Probe
from wavegan_tf import __version__

__all__ = ["about_generator"]


def about_generator(generator: Probe) -> dict[str, Any]:
    """Return model, hash of its weights, settings of its run and versions, for JSON."""
    return {"model": generator.name, "weights_hash": generator.weights_hash(), "stage": generator.stage,
            "rate_hz": generator.rate_hz, "n_samples": generator.length,
            "config": None if generator.config is None else dataclasses.asdict(generator.config),
            "versions": {"wavegan_tf": __version__, "python": platform.python_version(),
                         **{name: version(name) for name in ("tensorflow", "keras", "numpy", "scikit-learn")}}}
