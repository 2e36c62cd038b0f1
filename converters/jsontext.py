"""JSON as optimizers write it: with NaN and Infinity, and sometimes cut off in the middle."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ..errors import EncaveError

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)


def read_json(path: Path) -> tuple[Any, bool]:
    """The value in a JSON file, and whether the file was whole; of a file that breaks off, everything before the break.

    Raises:
        EncaveError: the file cannot be read, is empty, or is not JSON.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EncaveError(f"cannot read {path}: {error}") from error
    if not text.strip():
        raise EncaveError(f"{path} is empty ({path.stat().st_size} bytes)")
    try:
        return json.loads(text), True
    except RecursionError as error:
        raise EncaveError(f"{path} is nested too deeply to be a log") from error
    except ValueError as error:
        try:
            return json.loads(closed(text)), False
        except ValueError:
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
