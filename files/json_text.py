"""JSON as optimizers write it: with NaN and Infinity, and sometimes cut off in the middle."""

from __future__ import annotations

import json
import os
import re
import secrets
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from ..errors import EncaveError

LARGEST = 1 << 30
"""Bytes of a JSON file; as Python objects they are many times more."""
_BASE = 10
_HOLDERS = (dict, list, tuple)
_TOO_DEEP = "is nested too deeply to be a log"
_MOST_DIGITS = 4000
_LONG = 19  # digits that may not fit into 64 bits
_SHORT = 1 << 10  # bytes of a text in which they are found by a pattern as fast as by NumPy
_LONG_INTEGER = re.compile(rb"(?<![\d.])\d{%d}" % _LONG)
_DEEPEST = 1024  # levels that orjson reads
_MARK = secrets.randbits(53)
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},"]', re.DOTALL)


def parse(data: bytes) -> Any:
    """The value of a JSON text in UTF-8, exactly as the json module has it, in a fraction of the time.

    orjson knows neither NaN nor Infinity and rounds integers beyond 64 bits: such texts the json module reads.
    An integer of more digits than Python converts is infinite, as 1e400 is: one value, and no reason to refuse a file.

    Raises:
        ValueError: it is not JSON.
        RecursionError: it is nested too deeply.
    """
    if not _has_long_integers(data):
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            pass
    return _loads(data.decode())


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        if isinstance(error, json.JSONDecodeError | UnicodeError):
            raise
        return json.loads(text, parse_int=_integer)


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= _MOST_DIGITS else float(text)


def indented(value: Any) -> str:
    """What `json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)` gives, in a fraction of the time.

    The json module writes what is indented in Python; here that is only where mappings and lists hold others.

    Raises:
        ValueError: a number is not finite.
    """
    return _indented(value, 0)


def _indented(value: Any, level: int) -> str:
    if not (isinstance(value, _HOLDERS) and value):
        return _written(level)(value)
    held = value.values() if isinstance(value, dict) else value
    begin, end = "\n" + " " * (level + 1), "\n" + " " * level
    if not any(isinstance(one, _HOLDERS) for one in held):
        text = _written(level)(value)
        return text[0] + begin + text[1:-1] + end + text[-1]
    if isinstance(value, dict):
        # the json module knows how to write a key, of whatever type; of what holds nothing, the value with it
        parts = [
            _written(level)({key: 0})[1:-2] + _indented(one, level + 1)  # 0 has one letter
            if isinstance(one, _HOLDERS) and one
            else _written(level)({key: one})[1:-1]
            for key, one in value.items()
        ]
        return "{" + begin + f",{begin}".join(parts) + end + "}"
    return "[" + begin + f",{begin}".join(_indented(one, level + 1) for one in value) + end + "]"


@lru_cache
def _written(level: int) -> Callable[[Any], str]:
    """Writes what holds nothing that holds others."""
    between = ",\n" + " " * (level + 1)
    return json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(between, ": ")).encode


def parse_all(lines: Sequence[bytes]) -> list[Any] | None:
    """The values of JSON texts, as `parse` has them, in one pass; None if one of them is not exactly one value.

    Each is followed by a mark that no file knows, so that neither half a value nor two of them pass for another's.
    """
    text = b"".join(b"%b,%d," % (line, _MARK) for line in lines)
    try:
        values = parse(b"[" + text[:-1] + b"]")
    except (ValueError, RecursionError):
        return None
    return values[::2] if len(values) == 2 * len(lines) and values[1::2] == [_MARK] * len(lines) else None


def _has_long_integers(data: bytes) -> bool:
    """Whether there are so many digits in a row, other than behind a point, that an integer may exceed 64 bits."""
    if len(data) <= _SHORT:
        return _LONG_INTEGER.search(data) is not None
    import numpy as np

    text = np.frombuffer(data, np.uint8)
    long = text - ord("0") < _BASE  # the difference wraps around
    for step in (1, 2, 4, 8, _LONG - 16):  # then a digit that 1, 3, 7, 15, 18 more follow
        long = long[:-step] & long[step:]
    places = np.flatnonzero(long)
    begins = places[np.diff(places, prepend=-_LONG) > 1]
    return bool(((begins == 0) | (text[begins - 1] != ord("."))).any())


def read_text(path: Path, limit: int = LARGEST) -> str:
    """The text in a file.

    Raises:
        EncaveError: it has more than `limit` bytes, is neither UTF-8 nor UTF-16, or cannot be read.
    """
    try:
        return _read(path, limit).decode()
    except UnicodeDecodeError as error:
        raise EncaveError(f"cannot read {path}: {error}") from error


def _read(path: Path, limit: int = LARGEST) -> bytes:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = b"" if size > limit else file.read(limit + 1)  # it may be growing, or be no file that has a size
    except OSError as error:
        raise EncaveError(f"cannot read {path}: {error}") from error
    if (size := max(size, len(data))) > limit:
        raise EncaveError(f"{path} has {size:,} bytes; encave reads such files up to {limit >> 20} MiB")
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):  # as PowerShell writes it
        return data.decode("utf-16", errors="replace").encode()
    return data.removeprefix(BOM_UTF8)


def read_json(path: Path) -> tuple[Any, bool]:
    """The value in a JSON file, and whether the file was whole; of a file that breaks off, everything before the break.

    Raises:
        EncaveError: the file cannot be read, is empty, or is not JSON.
    """
    data = _read(path)
    if not data.strip():
        raise EncaveError(f"{path} is empty ({path.stat().st_size} bytes)")
    end = data.find(b"\0")  # after a crash a file may go on with as many as it was to have bytes
    data = data if end < 0 else data[:end]
    try:
        return parse(data), end < 0
    except UnicodeDecodeError as error:
        raise EncaveError(f"cannot read {path}: {error}") from error
    except RecursionError as error:
        raise EncaveError(f"{path} {_TOO_DEEP}") from error
    except ValueError as error:
        try:
            return _loads(closed(data.decode())), False
        except RecursionError:
            raise EncaveError(f"{path} {_TOO_DEEP}") from error
        except ValueError:
            raise EncaveError(f"{path} is not JSON: {error}") from error


def closed(text: str) -> str:
    """The longest part of a JSON text that ends with a whole element, with the open brackets closed.

    Raises:
        RecursionError: it is nested too deeply.
    """
    stack: list[str] = []
    cut = 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token == ",":
            cut = match.start()  # what comes before it is whole, also a number that could have gone on
            continue
        if token in "[{":
            stack.append("]" if token == "[" else "}")
        elif token in "]}":
            if not stack or stack[-1] != token:
                break
            stack.pop()
        elif token == '"':
            break  # a string that does not end
        else:
            continue
        cut = match.end()
        if len(stack) > _DEEPEST:
            raise RecursionError
    return text[:cut] + "".join(reversed(stack))
