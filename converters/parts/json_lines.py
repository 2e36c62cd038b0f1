"""Files with one JSON value per line: lines that cannot be read are counted, and a line without end costs no memory."""

from __future__ import annotations

import errno
import os
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import SEEK_CUR
from pathlib import Path
from typing import Any, BinaryIO

from ...errors import EncaveError
from ...files.json_text import parse, parse_all
from ...run import Note
from .words import listed

LONGEST = 64 * 1024 * 1024
"""Bytes of a line; a longer one is dropped."""
_BLOCK = 1 << 16


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
    for first, lines in _line_blocks(path):
        numbers, block = _parsed(first, lines, dropped)
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


def _parsed(first: int, lines: list[bytes], dropped: dict[str, list[int]]) -> tuple[Sequence[int], list[Any]]:
    """Numbers and values of lines: all in one parse, or line by line; what cannot be read is noted in `dropped`."""
    at_once = parse_all(lines)
    if at_once is not None:
        return range(first, first + len(lines)), at_once
    numbers: list[int] = []
    values: list[Any] = []
    for number, line in enumerate(lines, first):
        if not line or line.isspace():
            continue
        try:
            values.append(parse(line))
            numbers.append(number)
        except (ValueError, RecursionError):
            dropped.setdefault("no whole JSON value", []).append(number)
    return numbers, values


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank with their numbers, from 1; of a line beyond `LONGEST` only its beginning.

    Raises:
        EncaveError: the file cannot be read, or is UTF-16.
    """
    for first, lines in _line_blocks(path):
        for number, line in enumerate(lines, first):
            if line and not line.isspace():
                yield number, line


def _line_blocks(path: Path) -> Iterator[tuple[int, list[bytes]]]:
    """The number of a line and the lines from there, about a block of them at a time."""
    first = 1
    begun: list[bytes] = []  # the pieces of a line whose end is not read yet
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                begun.append(block)
                if b"\n" in block:
                    *lines, rest = b"".join(begun).split(b"\n")
                    begun = [rest]
                elif len(begun) * _BLOCK > LONGEST:
                    _skip_line(file)
                    lines, begun = [b"".join(begun)[:LONGEST]], []
                else:
                    continue
                if first == 1:
                    lines[0] = _unmarked(lines[0], path)
                yield first, lines
                first += len(lines)
        last = b"".join(begun)
        if last:
            yield first, [last if first > 1 else _unmarked(last, path)]
    except OSError as error:
        raise EncaveError(f"cannot read {path}: {error.strerror or error}") from error


def _unmarked(line: bytes, path: Path) -> bytes:
    if line.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise EncaveError(f"{path} is UTF-16: save it as UTF-8")
    return line.removeprefix(BOM_UTF8)


def _skip_line(file: BinaryIO) -> None:
    """Go to the end of the line, in blocks, which is many times faster than line by line; holes are not read."""
    while block := file.read(_BLOCK):
        place = block.find(b"\n")
        if place >= 0:
            file.seek(place + 1 - len(block), SEEK_CUR)
            return
        if not any(block):
            file.seek(_next_data(file.fileno(), file.tell()))


def _next_data(handle: int, place: int) -> int:
    """Where a file has bytes again, from a place that may be in a hole of a sparse file; its size if nowhere."""
    at = os.lseek(handle, 0, os.SEEK_CUR)  # as whoever buffers it has it
    try:
        return os.lseek(handle, place, os.SEEK_DATA)
    except OSError as error:
        return os.fstat(handle).st_size if error.errno == errno.ENXIO else place
    finally:
        os.lseek(handle, at, os.SEEK_SET)


def _note(path: Path, reason: str, numbers: list[int]) -> Note:
    where = listed(numbers)
    return Note("dropped", f"{path.name}, line {where}: {reason}", len(numbers))
