"""encave: from the logs of any black-box optimizer to DeepCAVE and to the comparison section of a paper.

    >>> import encave
    >>> runs = encave.read("old/")                 # doctest: +SKIP
    >>> c = encave.compare(runs, statistic="median")  # doctest: +SKIP
    >>> c.curves().plot()                          # doctest: +SKIP

The names below are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .analysis.charts.display import Display
    from .analysis.charts.papers import paper
    from .analysis.tables.comparisons import Comparisons, compare
    from .analysis.tables.importance import Importances, importance
    from .analysis.tables.landscape import correlation, exploration, incumbents
    from .errors import EncaveError
    from .run import Incumbent, Note, Objective, Optimizer, Provenance, Run, Status
    from .run.runs import Runs
    from .workflows.library import convert, open, read, report

_HOMES = {
    "EncaveError": ".errors",
    **dict.fromkeys(("Incumbent", "Note", "Objective", "Optimizer", "Provenance", "Run", "Status"), ".run"),
    "Runs": ".run.runs",
    **dict.fromkeys(("convert", "open", "read", "report"), ".workflows.library"),
    **dict.fromkeys(("Comparisons", "compare"), ".analysis.tables.comparisons"),
    **dict.fromkeys(("Importances", "importance"), ".analysis.tables.importance"),
    **dict.fromkeys(("correlation", "exploration", "incumbents"), ".analysis.tables.landscape"),
    "Display": ".analysis.charts.display",
    "paper": ".analysis.charts.papers",
}
__all__ = [
    "Comparisons",
    "Display",
    "EncaveError",
    "Importances",
    "Incumbent",
    "Note",
    "Objective",
    "Optimizer",
    "Provenance",
    "Run",
    "Runs",
    "Status",
    "compare",
    "convert",
    "correlation",
    "exploration",
    "importance",
    "incumbents",
    "open",
    "paper",
    "read",
    "report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'encave' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
