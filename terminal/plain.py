"""Text of others, made safe to print: a name in a log must not move the cursor, hide a line or fake one."""

from __future__ import annotations

import re
from typing import Any

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def plain(text: Any) -> str:
    r"""The text on one line, with control characters, marks of direction and half characters as `\x1b` or `\u202e`."""
    return _UNSAFE.sub(_shown, str(text))


def _shown(found: re.Match[str]) -> str:
    code = ord(found[0])
    known = {9: r"\t", 10: r"\n", 13: r"\r"}.get(code)
    return known or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
