"""Reading one huge JSON object of objects member by member, in bounded memory."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, TextIO

LIMIT = 64 * 2**20
"""Characters that a single member may have."""

_BLOCK = 2**21
_KEY = re.compile(r'[\s,]*"([^"\\]*)"\s*:\s*')
_OPEN = re.compile(r"[\s,]*\{")
_SPACE = re.compile(r"\s*")
_CLOSE = re.compile(r"\s*\}")


def members(stream: BinaryIO, *, depth: int) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The members `depth` objects deep, as they are read: their keys from the outside in, and their values.

    Args:
        stream: JSON in UTF-8; the outer objects hold nothing but objects, and their keys have no escapes.
        depth: 2 for the members of the members of the outermost object.

    Raises:
        ValueError: it is no such JSON, ends too early, or a member is larger than `LIMIT`.
    """
    with io.TextIOWrapper(io.BufferedReader(stream), encoding="utf-8") as text:  # pyright: ignore[reportArgumentType]
        yield from _members(_JsonStream(text), depth)


def _members(reader: _JsonStream, depth: int) -> Iterator[tuple[tuple[str, ...], Any]]:
    reader.expect(_OPEN)
    keys: list[str] = []
    while True:
        if reader.skips(_CLOSE):
            if not keys:
                return
            keys.pop()
        else:
            keys.append(reader.expect(_KEY)[1])
            if len(keys) == depth:
                yield tuple(keys), reader.value()
                keys.pop()
            else:
                reader.expect(_OPEN)


class _JsonStream:
    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._decoder = json.JSONDecoder()
        self._data, self._at, self._ended = "", 0, False

    def expect(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """What stands next, which must match."""
        while (match := pattern.match(self._data, self._at)) is None:
            if len(self._data) - self._at > _BLOCK or not self._more():
                raise ValueError(f"no JSON as expected at {self._data[self._at : self._at + 40]!r}")
        self._at = match.end()
        return match

    def skips(self, pattern: re.Pattern[str]) -> bool:
        """Whether that stands next; then it is behind."""
        while not self._data[self._at :].strip() and self._more():
            pass
        match = pattern.match(self._data, self._at)
        self._at = self._at if match is None else match.end()
        return match is not None

    def value(self) -> Any:
        """The value that stands next."""
        while True:
            self.expect(_SPACE)
            try:
                found, end = self._decoder.raw_decode(self._data, self._at)
                if end < len(self._data):  # a number may go on
                    self._at = end
                    return found
            except json.JSONDecodeError:
                if len(self._data) - self._at > LIMIT:
                    raise
            if not self._more():
                raise ValueError("the file ends too early")

    def _more(self) -> bool:
        block = "" if self._ended else self._text.read(_BLOCK)
        self._ended = not block
        self._data, self._at = self._data[self._at :] + block, 0
        return bool(block)
