"""From runs to the numbers, figures and tables of a comparison.

The names below are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .charts.display import Display
    from .tables.comparisons import Comparisons, compare
    from .tables.curves import ECDF, Areas, Curves, RunningTimes
    from .tables.final import CriticalDifferences, Final, FinalRuns, Omnibus, Ranks, Tests

_HOMES = {
    **dict.fromkeys(("Comparisons", "compare"), ".tables.comparisons"),
    **dict.fromkeys(("ECDF", "Areas", "Curves", "RunningTimes"), ".tables.curves"),
    **dict.fromkeys(("CriticalDifferences", "Final", "FinalRuns", "Omnibus", "Ranks", "Tests"), ".tables.final"),
    "Display": ".charts.display",
}
__all__ = [
    "ECDF",
    "Areas",
    "Comparisons",
    "CriticalDifferences",
    "Curves",
    "Display",
    "Final",
    "FinalRuns",
    "Omnibus",
    "Ranks",
    "RunningTimes",
    "Tests",
    "compare",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
