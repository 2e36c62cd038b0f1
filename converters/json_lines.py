"""Files with one JSON value per line: lines that cannot be read are counted, and a line without end costs no memory."""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import SEEK_CUR
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import EncaveError
from ..run import Note
from .jsontext import parse

LONGEST = 64 * 1024 * 1024
"""Bytes of a line; a longer one is dropped."""
_BLOCK = 1 << 20
_SHOWN = 5


@dataclass(frozen=True)
class Taken:
    """What became of a file's lines."""

    kept: int
    """Number of lines taken in."""
    notes: tuple[Note, ...] = ()
    """Per reason, the lines that were dropped."""

    @property
    def dropped(self) -> int:
        """Number of lines dropped."""
        return sum(note.count for note in self.notes)


@dataclass(frozen=True)
class Lines(Taken):
    """The values of a file's lines."""

    values: list[Any] = field(default_factory=list)
    """Values of the lines that could be read and were accepted, in their order."""


def read_lines(path: Path, refuse: Callable[[Any], str | None]) -> Lines:
    """Read a file of JSON lines.

    Args:
        path: The file.
        refuse: Says why a value is not one of this format; None if it is.

    Raises:
        EncaveError: the file cannot be read, is empty, or has no line of this format.
    """
    values: list[Any] = []

    def take(value: Any) -> str | None:
        reason = refuse(value)
        if reason is None:
            values.append(value)
        return reason

    taken = take_lines(path, take)
    return Lines(taken.kept, taken.notes, values)


def take_lines(path: Path, take: Callable[[Any], str | None]) -> Taken:
    """Read a file of JSON lines one by one, so that memory holds only what `take` keeps.

    Args:
        path: The file.
        take: Takes in a value and returns None, or says why it is not one of this format.

    Raises:
        EncaveError: the file cannot be read, is empty, or has no line of this format.
    """
    kept = 0
    dropped: dict[str, list[int]] = {}
    for number, line in numbered_lines(path):
        try:
            value = parse(line)
        except (ValueError, RecursionError):
            reason = "no whole JSON value"
        else:
            reason = take(value)
        if reason is None:
            kept += 1
        else:
            dropped.setdefault(reason, []).append(number)
    notes = tuple(_note(path, reason, numbers) for reason, numbers in dropped.items())
    if not kept:
        raise EncaveError(f"{path} is empty" if not notes else f"{path} has no line that can be read: {notes[0].text}")
    return Taken(kept, notes)


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank with their numbers, from 1; of a line beyond `LONGEST` only its beginning.

    Raises:
        EncaveError: the file cannot be read, or is UTF-16.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(LONGEST):
                number += 1
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
