"""Names of files and folders that any system can hold, made from any text."""

from __future__ import annotations

import hashlib
import re

LONGEST = 200
"""Bytes of a name at most; 255 is what file systems hold, and temporary files put more around it."""
_HASH = 8
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?|\.+", re.IGNORECASE)


def fitted(name: str, longest: int = LONGEST, told: str | None = None) -> str:
    """The name if it has at most `longest` bytes, else its beginning and a hash of all of it.

    Args:
        name: What is to become a file's or a folder's name.
        longest: Bytes of UTF-8 at most.
        told: What is hashed; by default the name.
    """
    raw = name.encode("utf-8", "surrogatepass")
    if len(raw) <= longest:
        return name
    start = raw[: longest - _HASH - 1].decode("utf-8", "ignore").rstrip("-_. %")
    return f"{start}-{digest(name if told is None else told)}"


def digest(text: str) -> str:
    """Eight letters and digits that stand for a text, whatever is in it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]


def is_reserved(name: str) -> bool:
    """Whether a system has another use for the name: `CON`, `nul.txt`, `.`, `..`."""
    return _RESERVED.fullmatch(name) is not None
