"""Logs of any optimizer to the one `Run` model and to DeepCAVE: `convert` finds, reads, writes and accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name], __name__), name)
