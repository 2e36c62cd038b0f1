"""Text of others that every file, page, table and terminal can hold: what is obeyed or is no Unicode is spelt out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

LONGEST_LINE = 2000
"""Letters of a message at most; lists of names that are told in full are shorter."""
UNSAFE = r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
"""Control characters and marks of direction, which a terminal obeys and a page hides."""
_UNSAFE = re.compile(UNSAFE + r"|[\ud800-\udfff]")
_NUMBERS, _LISTS = (int, float), (list, tuple)  # a union of types would be made anew at each of many values


def plain(text: Any) -> str:
    r"""The text on one line, with control characters, marks of direction and half characters as `\x1b` or `\u202e`."""
    return _UNSAFE.sub(_shown, str(text))


def _shown(found: re.Match[str]) -> str:
    code = ord(found[0])
    known = {9: r"\t", 10: r"\n", 13: r"\r"}.get(code)
    return known or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def spelt_out(value: Any) -> Any:
    r"""The value with `\ud800` in six letters for each half letter in its texts, its keys and what it holds.

    Args:
        value: A text, a number, None, or mappings, lists, tuples and dataclasses of them.
    """
    return _spelt_out(value) if has_halves(value) else value


def has_halves(value: Any) -> bool:
    """Whether a text, a key or what it holds has half letters; arguments as of `spelt_out`."""
    if isinstance(value, str):
        return not value.isascii() and not is_unicode(value)
    if value is None or isinstance(value, _NUMBERS):
        return False
    if isinstance(value, _LISTS):
        return any(map(has_halves, value))
    if isinstance(value, Mapping):
        return any(map(has_halves, value)) or any(map(has_halves, value.values()))
    return is_dataclass(value) and any(map(has_halves, vars(value).values()))


def _spelt_out(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, Mapping):
        return {_spelt_out(key): _spelt_out(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        each = [_spelt_out(one) for one in value]
        return tuple(each) if isinstance(value, tuple) else each
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _spelt_out(getattr(value, field.name)) for field in fields(value)})
    return value


def is_unicode(value: Any) -> bool:
    """Whether no text of a JSON value has half letters."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def shortened(text: str, longest: int = LONGEST_LINE) -> str:
    """The text on one line, without its middle if it is longer: a name in a log may have any length."""
    line = " ".join(text.split("\n")) if "\n" in text else text
    if len(line) <= longest:
        return line
    begin = longest * 2 // 3
    return f"{line[:begin]} […] {line[-(longest - begin) :]}"
