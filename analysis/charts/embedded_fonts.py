"""Fonts in PDF files: the part of a font that common text takes is made once in a process, not once in a figure.

Cutting a font takes much of the time of a small figure. Matplotlib has no setting for it, so its function is
replaced while a PDF is written; a release without one of this name and kind cuts each time.
"""

from __future__ import annotations

import io
import string
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

_COMMON = string.ascii_letters + string.digits + string.punctuation + " ·×−–—…±µ≤≥"


@contextmanager
def cut_once() -> Generator[None]:
    """Within this, a PDF's fonts hold the common letters besides those that it needs, cut once for all."""
    from matplotlib.backends import _backend_pdf_ps as fonts

    cut: Callable[..., Any] | None = getattr(fonts, "get_glyphs_subset", None)
    if cut is None:
        yield
        return

    def with_common(file: str, letters: Any) -> Any:
        if not isinstance(letters, str):
            return cut(file, letters)
        part = _part(cut, file, "".join(sorted({*letters, *_COMMON})))
        return io.BytesIO(part.getvalue()) if isinstance(part, io.BytesIO) else part

    fonts.get_glyphs_subset = with_common
    try:
        yield
    finally:
        fonts.get_glyphs_subset = cut


@lru_cache(maxsize=16)
def _part(cut: Callable[..., Any], file: str, letters: str) -> Any:
    return cut(file, letters)
