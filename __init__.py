"""encave: from the logs of any black-box optimizer to DeepCAVE and to the comparison section of a paper.

    >>> import encave
    >>> runs = encave.read("old/")                 # doctest: +SKIP
    >>> c = encave.compare(runs, statistic="median")  # doctest: +SKIP
    >>> c.curves().plot()                          # doctest: +SKIP

In the examples of docstrings `runs` are 36 small runs of three optimizers on two tasks, `c` is `encave.compare(runs)`
and `folder` a folder to write to. The names below are loaded when they are first used, so that importing the package
costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .files.lazy import handed_on

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .analysis.charts.display import Display
    from .analysis.charts.papers import paper
    from .analysis.tables.comparisons import Comparisons, compare
    from .analysis.tables.displays import (
        AttainmentDisplay,
        CriticalDifferenceDisplay,
        CurvesDisplay,
        ECDFDisplay,
        HypervolumeDisplay,
        ProfilesDisplay,
        RanksDisplay,
    )
    from .analysis.tables.importance import Importances, importance
    from .analysis.tables.landscape import correlation, exploration, incumbents
    from .analysis.tables.runs import Runs
    from .analysis.tables.space_displays import FootprintDisplay, ImportanceDisplay, IncumbentsDisplay
    from .errors import EncaveError
    from .run import Incumbent, Note, Objective, Optimizer, Provenance, Run, Status
    from .workflows.library import convert, landscape, open, read, report

_HOMES = {
    "EncaveError": ".errors",
    **dict.fromkeys(("Incumbent", "Note", "Objective", "Optimizer", "Provenance", "Run", "Status"), ".run"),
    "Runs": ".analysis.tables.runs",
    **dict.fromkeys(("convert", "landscape", "open", "read", "report"), ".workflows.library"),
    **dict.fromkeys(("Comparisons", "compare"), ".analysis.tables.comparisons"),
    **dict.fromkeys(("Importances", "importance"), ".analysis.tables.importance"),
    **dict.fromkeys(("correlation", "exploration", "incumbents"), ".analysis.tables.landscape"),
    **dict.fromkeys(
        (
            "AttainmentDisplay",
            "CriticalDifferenceDisplay",
            "CurvesDisplay",
            "ECDFDisplay",
            "HypervolumeDisplay",
            "ProfilesDisplay",
            "RanksDisplay",
        ),
        ".analysis.tables.displays",
    ),
    **dict.fromkeys(("FootprintDisplay", "ImportanceDisplay", "IncumbentsDisplay"), ".analysis.tables.space_displays"),
    "Display": ".analysis.charts.display",
    "paper": ".analysis.charts.papers",
}
__all__ = [
    "AttainmentDisplay",
    "Comparisons",
    "CriticalDifferenceDisplay",
    "CurvesDisplay",
    "Display",
    "ECDFDisplay",
    "EncaveError",
    "FootprintDisplay",
    "HypervolumeDisplay",
    "ImportanceDisplay",
    "Importances",
    "Incumbent",
    "IncumbentsDisplay",
    "Note",
    "Objective",
    "Optimizer",
    "ProfilesDisplay",
    "Provenance",
    "RanksDisplay",
    "Run",
    "Runs",
    "Status",
    "compare",
    "convert",
    "correlation",
    "exploration",
    "importance",
    "incumbents",
    "landscape",
    "open",
    "paper",
    "read",
    "report",
]
__getattr__, __dir__ = handed_on(__name__, _HOMES)
