"""Presets: named settings of published experiments. A preset is a JSON file with its changes to another preset:

    {"about": "...", "source": "...", "base": "ciwgan", "changes": {"code_dim": 8, "first_slice": true}}

`base` may be left out (the defaults), and `changes` names fields of `DataConfig`, `NetworkConfig` and `TrainConfig`;
`slice_len` and `channels` are set in data and network at once. Users' own files work like those of the package.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from wavegan_tf.config import RunConfig
from wavegan_tf.errors import ConfigError
from wavegan_tf.formats.json_files import parse_json
from wavegan_tf.formats.plain_files import read_text

__all__ = ["Preset", "change_settings", "load_preset", "preset_names"]

SECTIONS = ("data", "network", "train")


@dataclass(frozen=True)
class Preset:
    """A preset: named settings of a training run, with their source.

    Attributes:
        name: as on the command line.
        about: description in one line.
        source: the paper or code that the settings come from.
        config: all settings.
        changes: the settings that differ from those of its base, or from the defaults.
    """

    name: str
    about: str
    source: str
    config: RunConfig
    changes: dict[str, Any]


def preset_names() -> list[str]:
    """List the names of the package's presets, alphabetically.

    Example:
        >>> from wavegan_tf.presets import preset_names
        >>> preset_names()[:4]
        ['ciwgan', 'ciwgan-32768', 'ciwgan-65536', 'ciwgan-reduplication']
    """
    files = resources.files("wavegan_tf.presets").iterdir()
    return sorted(file.name.removesuffix(".json") for file in files if file.name.endswith(".json"))


def load_preset(name: str | Path) -> Preset:
    """Load a preset of the package by its name, or a user's preset by the path of its JSON file.

    Args:
        name: one of `preset_names`, or a path that ends with `.json`.

    Raises:
        ConfigError: no such preset, or a file that is none; the message lists those that exist.

    Example:
        >>> from wavegan_tf.presets import load_preset
        >>> preset = load_preset("ciwgan-words")
        >>> preset.config.network.code, preset.config.network.code_dim, preset.source
        ('onehot', 8, 'Beguš & Zhou 2022 (ICASSP), section 3')
    """
    return _load(str(name), [])


def change_settings(config: RunConfig, changes: dict[str, Any]) -> RunConfig:
    """Return a copy of the settings with some fields changed, in every section that has the field.

    Args:
        config: settings of a training run.
        changes: new values by field name, as `{"batch_size": 16}`.

    Raises:
        ConfigError: an unknown field, or a value that cannot be.

    Example:
        >>> from wavegan_tf.presets import change_settings, load_preset
        >>> config = change_settings(load_preset("fiwgan").config, {"code_dim": 5, "batch_size": 16})
        >>> config.network.code_dim, config.train.batch_size
        (5, 16)
    """
    parts, unknown = {}, set(changes)
    for section in SECTIONS:
        part = getattr(config, section)
        ours = {name: value for name, value in changes.items() if hasattr(part, name)}
        parts[section] = dataclasses.replace(part, **ours)
        unknown -= set(ours)
    if unknown:
        known = sorted({item.name for section in SECTIONS for item in dataclasses.fields(getattr(config, section))})
        raise ConfigError(f"setting (={sorted(unknown)[0]}) must be one of {', '.join(known)}")
    return dataclasses.replace(config, **parts)


def _load(name: str, above: list[str]) -> Preset:
    if name in above:
        raise ConfigError(f"preset (={name}) must not be its own base; {' <- '.join([*above, name])}")
    text, stem = _read(name)
    try:
        raw = parse_json(text, "it")
        about, source, changes = str(raw.pop("about")), str(raw.pop("source", "")), dict(raw.pop("changes"))
        base = raw.pop("base", None)
        if raw:
            raise ValueError(f"it holds the unknown key {next(iter(raw))}")
        if not isinstance(base, str | None):
            raise ValueError(f"its base (={base}) is no name")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"preset (={name}) must be JSON with `about`, `changes` and perhaps `source` and `base`: "
                          f"{error}") from error
    config = RunConfig() if base is None else _load(base, [*above, name]).config
    try:
        changed = change_settings(config, changes)
    except ConfigError as error:
        raise ConfigError(f"{error}; see preset (={name})") from error
    return Preset(stem, about, source, dataclasses.replace(changed, preset=stem), changes)


def _read(name: str) -> tuple[str, str]:
    """Return the text of a preset and its name without folder and suffix."""
    if name.endswith(".json"):
        path = Path(name)
        if not path.is_file():
            raise ConfigError(f"preset (={name}) must be an existing file, or one of {', '.join(preset_names())}")
        return read_text(path, "preset"), path.stem
    if name not in preset_names():
        raise ConfigError(f"preset (={name}) must be one of {', '.join(preset_names())}, or a .json file; "
                          "see `wavegan-tf train --list`")
    return (resources.files("wavegan_tf.presets") / f"{name}.json").read_text(encoding="utf-8"), name
