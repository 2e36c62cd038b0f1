"""TOML with the lines of its keys, so that what is wrong with a value can be said where it stands."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ..errors import EncaveError
from .json_text import read_text

Key: TypeAlias = "tuple[str | int, ...]"
"""Where a value is: names of tables and places in arrays of them, then its key."""

_LARGEST = 1 << 22  # bytes
_NAME = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_NAMES = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_HEAD = re.compile(rf"\s*(\[\[?)\s*({_NAMES})\s*\]")
_KEY = re.compile(rf"\s*({_NAMES})\s*=")


@dataclass(frozen=True)
class TomlFile:
    """What a TOML file says, and where."""

    path: Path
    """The file."""
    content: dict[str, Any]
    """Its values."""
    lines: Mapping[Key, int]
    """Key → its line, from 1."""

    def wrong(self, key: Key, told: str) -> EncaveError:
        """The error that something is wrong with a value, with its line where that is known."""
        for end in range(len(key), 0, -1):
            if key[:end] in self.lines:
                return EncaveError(f"{self.path}, line {self.lines[key[:end]]}: {told}")
        return EncaveError(f"{self.path}: {told}")


def read_toml(path: Path) -> TomlFile:
    """Read a TOML file.

    Raises:
        EncaveError: it cannot be read or is not TOML.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        text = read_text(path, _LARGEST)
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise EncaveError(f"{path} is not TOML: {error}") from error
    return TomlFile(path, content, _lines(text))


def _lines(text: str) -> dict[Key, int]:
    """Where each key stands, the first time; what looks like one within text of several lines may be taken for one."""
    found: dict[Key, int] = {}
    table: Key = ()
    counts: dict[Key, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if head := _HEAD.match(line):
            table = _split(head[2])
            if head[1] == "[[":
                place = counts.get(table, 0)
                counts[table] = place + 1
                table = (*table, place)
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, *_split(key[1])), number)
    return found


def _split(names: str) -> Key:
    return tuple(name[1:-1] if name[0] in "\"'" else name for name in re.findall(_NAME, names))
