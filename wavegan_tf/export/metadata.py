"""Metadata of an exported model as JSON, in `model.json` and inside the SavedModel."""

from __future__ import annotations

import dataclasses
import json
import platform
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from wavegan_tf import __version__
from wavegan_tf.config import RunConfig
from wavegan_tf.errors import ConfigError, DataError, ExportError
from wavegan_tf.formats.json_files import parse_json
from wavegan_tf.models.family import Networks
from wavegan_tf.models.layer_taps import LayerTap

__all__ = ["FORMAT", "ModelMetadata"]

FORMAT = 1
"""Raised when a reader of the older format could no longer make sense of a new file."""


@dataclass(frozen=True)
class ModelMetadata:
    """Metadata of a model: settings, training step, layers, versions.

    Attributes:
        config: settings of the run.
        step: generator updates that made the weights.
        source: where they come from, in words.
        layers: by network (`generator`, `discriminator`, `q_network`) its inner layers.
        parameters: number of trainable weights, by network.
        versions: of the programs that wrote it.
    """

    config: RunConfig
    step: int
    source: str
    layers: dict[str, tuple[LayerTap, ...]]
    parameters: dict[str, int]
    versions: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, networks: Networks, config: RunConfig, step: int, source: str) -> ModelMetadata:
        """Collect the metadata of networks."""
        named = networks.named()
        return cls(config, step, source,
                   {name: network.layer_taps(config.data.sample_rate_hz) for name, network in named.items()},
                   {name: sum(weight.shape.num_elements() for weight in network.trainable_weights)
                    for name, network in named.items()},
                   {"wavegan_tf": __version__, "python": platform.python_version(),
                    **{name: version(name) for name in ("tensorflow", "keras", "numpy")}})

    def to_json(self) -> str:
        """Return everything as indented JSON text."""
        raw = dataclasses.asdict(self)
        return json.dumps({"format": FORMAT, **raw}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str) -> ModelMetadata:
        """Read what `to_json` wrote.

        Raises:
            ExportError: it is not that, or of a newer format.
        """
        try:
            raw: dict[str, Any] = parse_json(text, "it")
            if raw.pop("format") != FORMAT:
                raise ExportError(f"exported model (={where}) must be of format {FORMAT}; it is newer; update "
                                  "wavegan-tf")
            raw["config"] = RunConfig.from_json(json.dumps(raw["config"]), where)
            raw["layers"] = {name: tuple(LayerTap(**tap) for tap in taps) for name, taps in raw["layers"].items()}
            return cls(**raw)
        except (DataError, KeyError, TypeError, AttributeError, ConfigError) as error:
            raise ExportError(f"description of the model (={where}) must be what `wavegan-tf export` wrote: "
                              f"{error}") from error
