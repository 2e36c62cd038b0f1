"""JSON as optimizers write it: with NaN and Infinity, and sometimes cut off in the middle."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ..errors import EncaveError

LARGEST = 1 << 29
"""Bytes of a JSON file; as Python objects they are many times more."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)


def read_text(path: Path, limit: int = LARGEST) -> str:
    """The text in a file.

    Raises:
        EncaveError: it has more than `limit` bytes, is not UTF-8, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
        if len(data) <= limit:
            return data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise EncaveError(f"cannot read {path}: {error}") from error
    raise EncaveError(f"{path} has {path.stat().st_size:,} bytes; encave reads such files up to {limit >> 20} MiB")


def read_json(path: Path) -> tuple[Any, bool]:
    """The value in a JSON file, and whether the file was whole; of a file that breaks off, everything before the break.

    Raises:
        EncaveError: the file cannot be read, is empty, or is not JSON.
    """
    text = read_text(path)
    if not text.strip():
        raise EncaveError(f"{path} is empty ({path.stat().st_size} bytes)")
    try:
        return json.loads(text), True
    except RecursionError as error:
        raise EncaveError(f"{path} is nested too deeply to be a log") from error
    except ValueError as error:
        try:
            return json.loads(closed(text)), False
        except (ValueError, RecursionError):
            raise EncaveError(f"{path} is not JSON: {error}") from error


def closed(text: str) -> str:
    """The longest part of a JSON text that ends with a whole element, with the open brackets closed."""
    stack: list[str] = []
    cut, closers, end = 0, "", 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if text[end : match.start()].strip():
            break  # a string that does not end
        end = match.end()
        if token in "[{":
            stack.append("]" if token == "[" else "}")
        elif token in "]}":
            if not stack or stack.pop() != token:
                break
        elif token != ",":
            continue
        # what comes before a comma is whole, also a number that could have gone on
        cut, closers = match.start() if token == "," else end, "".join(reversed(stack))
    return text[:cut] + closers
