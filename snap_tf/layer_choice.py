"""Choose layers of a network by name, by number, or by a function that is True for those to take."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from snap_tf.layer_info import LayerInfo
from snap_tf.sources import Source
from wavegan_tf.errors import ConfigError
from wavegan_tf.tensors import KerasLayer

__all__ = ["Layers", "choose_layers"]

Layers = str | int | Callable[[KerasLayer], bool] | Iterable[str | int] | None


def choose_layers(source: Source, layers: Layers) -> list[LayerInfo]:
    """Choose layers of a network by name, number or function.

    Args:
        source: the network.
        layers: see `snap_tf.probe.probe`.

    Raises:
        ConfigError: there is no such layer; lists those there are.
    """
    by_name = {layer.name: layer for layer in source.layers}
    default = [by_name[name] for name in source.default]
    if layers is None:
        if not default:
            raise ConfigError(f"`layers` must be named for {getattr(source.network, 'name', 'this model')}: it has "
                              f"neither a convolution over time nor one output; there are {_list(source)}")
        return default
    if callable(layers):
        chosen = [by_name[name] for name, part in source.parts().items() if layers(part)]
        if not chosen:
            raise ConfigError(f"`layers` must say yes to at least one layer; there are {_list(source)}")
        return chosen
    wanted = [layers] if isinstance(layers, str | int) else list(layers)
    if not wanted:
        raise ConfigError(f"`layers` must name at least one layer; there are {_list(source)}")
    chosen = []
    for name in wanted:
        if isinstance(name, int):
            if not -len(default) <= name < len(default):
                raise ConfigError(f"layer number (={name}) must be from 0 to {len(default) - 1}; there are "
                                  + ", ".join(f"{i}: {layer.title}" for i, layer in enumerate(default)))
            found = default[name]
        else:
            fitting = [layer for layer in (*default, *source.layers) if name in (layer.name, layer.paper_name)]
            if not fitting:
                why = [f"; it is left out: {layer.reason}" for layer in source.left_out if layer.name == name]
                raise ConfigError(f"layer (={name}) must be one of {_list(source)}{''.join(why)}")
            found = fitting[0]
        if found not in chosen:
            chosen.append(found)
    return chosen


def _list(source: Source) -> str:
    """List all layers, the default ones first."""
    first = [layer.title for layer in source.layers if layer.name in source.default]
    others = [layer.name for layer in source.layers if layer.name not in source.default]
    return "; ".join([", ".join(first)] * bool(first) + [f"also {', '.join(others)}"] * bool(others))
