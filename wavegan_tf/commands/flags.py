"""Command-line flags from the fields of settings classes, under the field's name and the original code's name."""

from __future__ import annotations

import argparse
import dataclasses
import types
import typing
from collections.abc import Collection
from typing import Any

__all__ = ["add_setting_flags", "add_trust_flag", "given_settings"]


def add_setting_flags(parser: argparse.ArgumentParser, settings: type, *others: type, defaults: bool = False,
                      only: Collection[str] | None = None) -> None:
    """Add a flag for every field, each once; a field that several classes share is set in all of them.

    Args:
        parser: where the flags go, in a group of their own.
        settings: a settings class; the first line of its docstring heads the group.
        others: further classes.
        defaults: whether the help shows the fields' defaults.
        only: the fields that get a flag; all by default.
    """
    seen = {action.dest for action in parser._actions}
    for kind in (settings, *others):
        group = parser.add_argument_group((kind.__doc__ or "").partition("\n")[0].rstrip("."))
        hints = typing.get_type_hints(kind)
        for item in dataclasses.fields(kind):
            if item.name not in seen and "help" in item.metadata and (only is None or item.name in only):
                seen.add(item.name)
                _add_flag(group, item, hints[item.name], defaults)


def add_trust_flag(parser: argparse.ArgumentParser) -> None:
    """Add `--trust`, for SavedModels of other makers, which are programs."""
    parser.add_argument("--trust", action="store_true",
                        help="run what a model of somebody else brings along: a SavedModel without our model.json, or "
                             "code in a Keras file (Lambda layers). These are programs that may read and write files: "
                             "only for models of people you trust")


def given_settings(args: argparse.Namespace, *settings: type) -> dict[str, Any]:
    """Return the fields that the command line set, by name."""
    names = {item.name for kind in settings for item in dataclasses.fields(kind)}
    return {name: value for name, value in vars(args).items() if name in names}


def _add_flag(group: argparse._ArgumentGroup, item: dataclasses.Field[Any], kind: Any, defaults: bool) -> None:
    names = ["--" + item.name.replace("_", "-")]
    original = item.metadata.get("flag")
    if original:
        names.append(f"--{original}")
    options: dict[str, Any] = {"dest": item.name, "default": argparse.SUPPRESS, "help": item.metadata["help"]}
    if defaults:
        shown = item.default if item.default != "" else "none"
        options["help"] += f" (default: {shown})"
    if isinstance(kind, types.UnionType):
        kind = next(k for k in typing.get_args(kind) if k is not type(None))
    if kind is bool:
        group.add_argument(*names, action=argparse.BooleanOptionalAction, **options)
        return
    options["choices"] = item.metadata.get("choices")
    if not options["choices"]:
        options["metavar"] = {int: "N", float: "X"}.get(kind, "TEXT")
    if item.metadata.get("bare") is not None:
        options |= {"nargs": "?", "const": item.metadata["bare"]}
    group.add_argument(*names, type=kind, **options)
