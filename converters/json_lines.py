"""Files with one JSON value per line: lines that cannot be read are counted, and a line without end costs no memory."""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from io import SEEK_CUR
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import EncaveError
from ..run import Note
from .jsontext import parse, parse_all

LONGEST = 64 * 1024 * 1024
"""Bytes of a line; a longer one is dropped."""
_BLOCK = 1 << 20
_SHOWN = 5


@dataclass(frozen=True)
class Lines:
    """The values of a file's lines."""

    values: list[Any]
    """Values of the lines that could be read and were accepted, in their order."""
    notes: tuple[Note, ...] = ()
    """Per reason, the lines that were dropped."""

    @property
    def dropped(self) -> int:
        """Number of lines dropped."""
        return sum(note.count for note in self.notes)


def read_lines(
    path: Path, refuse: Callable[[Any], str | None], alike: Callable[[list[Any]], bool] | None = None
) -> Lines:
    """Read a file of JSON lines.

    Args:
        path: The file.
        refuse: Says why a value is not one of this format; None if it is.
        alike: Whether all of some values are of this format, which saves a call of `refuse` for each.

    Raises:
        EncaveError: the file cannot be read, is empty, or has no line of this format.
    """
    values: list[Any] = []
    dropped: dict[str, list[int]] = {}
    for numbers, block in _blocks(path, dropped):
        if alike is not None and block and alike(block):
            values += block
            continue
        for number, value in zip(numbers, block, strict=True):
            reason = refuse(value)
            if reason is None:
                values.append(value)
            else:
                dropped.setdefault(reason, []).append(number)
    by_line = sorted(dropped.items(), key=lambda item: item[1])
    notes = tuple(_note(path, reason, numbers) for reason, numbers in by_line)
    if not values:
        raise EncaveError(f"{path} is empty" if not notes else f"{path} has no line that can be read: {notes[0].text}")
    return Lines(values, notes)


def _blocks(path: Path, dropped: dict[str, list[int]]) -> Iterator[tuple[list[int], list[Any]]]:
    """Numbers and values of the lines, about a block of them at a time; what cannot be read is noted in `dropped`."""
    numbers: list[int] = []
    lines: list[bytes] = []
    size = 0
    for number, line in numbered_lines(path):
        numbers.append(number)
        lines.append(line)
        size += len(line)
        if size > _BLOCK:
            yield _parsed(numbers, lines, dropped)
            numbers, lines, size = [], [], 0
    if lines:
        yield _parsed(numbers, lines, dropped)


def _parsed(numbers: list[int], lines: list[bytes], dropped: dict[str, list[int]]) -> tuple[list[int], list[Any]]:
    """The numbers and values of lines: all in one parse, or where that fails line by line."""
    at_once = parse_all(lines)
    if at_once is not None:
        return numbers, at_once
    readable: list[int] = []
    values: list[Any] = []
    for number, line in zip(numbers, lines, strict=True):
        try:
            values.append(parse(line))
            readable.append(number)
        except (ValueError, RecursionError):
            dropped.setdefault("no whole JSON value", []).append(number)
    return readable, values


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank with their numbers, from 1; of a line beyond `LONGEST` only its beginning.

    Raises:
        EncaveError: the file cannot be read, or is UTF-16.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(partial(file.readline, LONGEST), b""), 1):
                if len(line) == LONGEST and not line.endswith(b"\n"):
                    _skip_line(file)
                if number == 1:
                    if line.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
                        raise EncaveError(f"{path} is UTF-16: save it as UTF-8")
                    line = line.removeprefix(BOM_UTF8)
                if line and not line.isspace():
                    yield number, line
    except OSError as error:
        raise EncaveError(f"cannot read {path}: {error.strerror or error}") from error


def _skip_line(file: BinaryIO) -> None:
    """Go to the end of the line, in blocks, which is many times faster than line by line."""
    while block := file.read(_BLOCK):
        place = block.find(b"\n")
        if place >= 0:
            file.seek(place + 1 - len(block), SEEK_CUR)
            return


def _note(path: Path, reason: str, numbers: list[int]) -> Note:
    where = ", ".join(map(str, numbers[:_SHOWN])) + (", …" if len(numbers) > _SHOWN else "")
    return Note("dropped", f"{path.name}, line {where}: {reason}", len(numbers))
