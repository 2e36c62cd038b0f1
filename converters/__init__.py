"""Logs of any optimizer to the one `Run` model and to DeepCAVE: `convert` finds, reads, writes and accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files.lazy import handed_on

if TYPE_CHECKING:
    from .conversion import Conversion, convert
    from .reader import Found, Listing, Options, Reader, ReadResult
    from .registry import formats

_HOMES = {
    **dict.fromkeys(("Conversion", "convert"), ".conversion"),
    **dict.fromkeys(("Found", "Listing", "Options", "ReadResult", "Reader"), ".reader"),
    "formats": ".registry",
}
__all__ = ["Conversion", "Found", "Listing", "Options", "ReadResult", "Reader", "convert", "formats"]
__getattr__, __dir__ = handed_on(__name__, _HOMES)
