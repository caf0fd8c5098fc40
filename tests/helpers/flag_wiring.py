"""Follow every flag of a command to the parameter of the library that it ends in, without doing the work."""

import argparse
import dataclasses
import functools
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

Main = Callable[[list[str]], int]


class Reached(Exception):
    """The last function that a case watches has been called."""


@dataclasses.dataclass(frozen=True)
class Case:
    """A command, and the functions that it hands its flags to.

    Attributes:
        argv: the command with what it cannot do without; `TMP` stands for an empty folder.
        doors: functions by their full name, and what they return instead of working; the last one ends the command.
        words: a flag and what it is given, by its name in Python, where a made-up value would be refused.
        ends_in: the parameter or field it ends in, where that has another name.
        later: flags that are used after the last door, and tested where that is.
        only: the flags that are followed; all but those of `later` where there are none.
    """

    argv: tuple[str, ...]
    doors: Mapping[str, Any]
    words: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    ends_in: Mapping[str, str] = dataclasses.field(default_factory=dict)
    later: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()


def flags_of(parser: argparse.ArgumentParser, case: Case) -> list[argparse.Action]:
    """List the optional arguments of a case's command that its last door must have seen."""
    for word in case.argv:
        if parser._subparsers is None or word not in (choices := parser._subparsers._group_actions[0].choices):
            break
        parser = choices[word]
    if case.only:
        return [action for action in parser._actions if action.dest in case.only]
    return [action for action in parser._actions if action.option_strings and action.dest != "help"
            and action.dest not in case.later and action.option_strings[0] not in case.argv]


def reached(main: Main, case: Case, monkeypatch: pytest.MonkeyPatch, folder: Path, *words: str) -> dict[str, str]:
    """Run a command with more words up to its last door; return every parameter that a door was given.

    Returns:
        values, as text, by `function.parameter`; of settings by `function.parameter.field`.
    """
    found: dict[str, Any] = {}
    with monkeypatch.context() as patch:
        if hasattr(cli := sys.modules[main.__module__], "build_parser"):
            patch.setattr(cli, "build_parser", functools.partial(_parser, cli.build_parser))
        for name, result in case.doors.items():
            module, _, function = name.rpartition(".")
            real = getattr(importlib.import_module(module), function)
            patch.setattr(name, _watched(function, real, result, name == list(case.doors)[-1], found))
        with pytest.raises(Reached):
            code = main([*(word.replace("TMP", str(folder)) for word in case.argv), *words])
            pytest.fail(f"{' '.join(words)} ended the command with code {code} before its last door")
    return {name: str(value).replace(str(folder), "TMP") for name, value in found.items()}


def check_flag(main: Main, case: Case, action: argparse.Action, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A flag must change the parameter of its name, to the value that was given."""
    wanted = case.ends_in.get(action.dest, action.dest)
    before = _without_flags(main, case, monkeypatch, folder)
    flag, *words = case.words.get(action.dest, _made_up(action, {before[name] for name in before if _of(wanted, name)}))
    after = reached(main, case, monkeypatch, folder, flag, *words)
    changed = {name: value for name, value in after.items() if value != before.get(name)}
    assert any(_of(wanted, name) for name in changed), (
        f"{flag} must change `{wanted}` of the library; it changes {changed or 'nothing'}")
    for word in words:
        assert word.startswith("--") or _is_in(word, changed.values()), f"{word} is not in {changed}"


@functools.cache
def _parser(build: Callable[[], argparse.ArgumentParser]) -> argparse.ArgumentParser:
    return build()  # which takes longer than all else


_BEFORE: dict[tuple[str, ...], dict[str, str]] = {}


def _without_flags(main: Main, case: Case, monkeypatch: pytest.MonkeyPatch, folder: Path) -> dict[str, str]:
    """What the doors are given without any flag: found once, for parsers take long to build."""
    key = (main.__module__, *case.argv, *case.doors)
    if key not in _BEFORE:
        _BEFORE[key] = reached(main, case, monkeypatch, folder)
    return _BEFORE[key]


def _of(wanted: str, name: str) -> bool:
    """Whether a parameter, or the settings that it is a field of, is called like a flag."""
    return any(wanted in part for part in name.split(".")[1:])


def _watched(name: str, real: Callable[..., Any], result: Any, last: bool, found: dict[str, Any]) -> Callable[..., Any]:
    signature = inspect.signature(real)

    def door(*args: Any, **kwargs: Any) -> Any:
        for parameter, value in signature.bind(*args, **kwargs).arguments.items():
            found.update(_leaves(f"{name}.{parameter}", value))
        if last:
            raise Reached
        return result

    return door


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _leaves(f"{name}.{field.name}", getattr(value, field.name))
    elif isinstance(value, dict):
        for key, own in value.items():
            yield from _leaves(f"{name}.{key}", own)
    elif isinstance(value, tuple | list) and any(dataclasses.is_dataclass(item) for item in value):
        for i, item in enumerate(value):
            yield from _leaves(f"{name}.{i}", item)
    else:
        yield name, value


def _made_up(action: argparse.Action, now: Collection[str]) -> tuple[str, ...]:
    """Make the flag and its values, other than the value it has `now`."""
    flag = action.option_strings[0]
    if isinstance(action, argparse.BooleanOptionalAction) and "True" in now:
        flag = next(option for option in action.option_strings if option.startswith("--no-"))
    if action.nargs == 0:
        return (flag,)
    if action.choices:
        return flag, next(str(choice) for choice in action.choices if str(choice) not in {*now, str(action.default)})
    value = {int: "7", float: "0.375"}.get(action.type, "word")  # type: ignore[call-overload]
    return flag, *[value] * (action.nargs if isinstance(action.nargs, int) else 1)


def _is_in(word: str, values: Iterable[str]) -> bool:
    return all(part in " ".join(values) for part in re.split("[,:/]", word))
