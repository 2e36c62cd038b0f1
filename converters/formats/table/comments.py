"""Lines before a table's names: comments that begin with `#`, names as `numpy.savetxt` writes them, Excel's `sep=;`."""

from __future__ import annotations

import codecs
import re

from ...parts.csv_table import header_of
from ...parts.numbers import finite_text

_COMMENTS = re.compile(rb"(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))*")
_BEGIN = re.compile(rb"\s*#")
_LINE = re.compile(rb"[^\r\n]+")
_SIGN = re.compile(rb'"?sep=[^\r\n]{1,2}"?(?:\r\n|\r|\n)')  # as Excel has it; the names show the sign, too
_NAMES = re.compile(rb"#[ \t]+(?=\S)")  # a column may be called `#loss`


def without_comments(data: bytes) -> tuple[bytes, int]:
    """A CSV file, or its beginning, without lines of comments before its names, and the number of them.

    The last one is the names if it has as many as the line after it has cells, of which some are numbers.

    Args:
        data: The file.
    """
    text = data.removeprefix(codecs.BOM_UTF8)
    if sign := _SIGN.match(text):
        return text[sign.end() :], 0
    if not _BEGIN.match(text):
        return data, 0
    before = _COMMENTS.match(text)
    assert before is not None
    lines = [line.strip() for line in _LINE.findall(before[0]) if line.strip()]
    rest = text[before.end() :]
    cells = header_of(rest)
    if not lines or len(cells) < 2:
        return data, 0
    if len(header_of(lines[-1])) == len(cells) and any(finite_text(cell) is not None for cell in cells):
        return _NAMES.sub(b"", lines[-1], count=1) + b"\n" + rest, len(lines) - 1
    return rest, len(lines)
