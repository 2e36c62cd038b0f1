"""From runs to the numbers, figures and tables of a comparison.

The names below are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files.lazy import handed_on

if TYPE_CHECKING:
    from .charts.display import Display
    from .tables.comparisons import Comparisons, compare
    from .tables.complete import Landscapes, LandscapeSummary, Optima, RunEnds
    from .tables.curves import Curves
    from .tables.final import Final, FinalRuns
    from .tables.fronts import Attainments
    from .tables.importance import ImportanceBias, Importances
    from .tables.landscape import (
        Correlations,
        Explorations,
        Footprints,
        Incumbents,
        correlation,
        exploration,
        incumbents,
    )
    from .tables.profiles import NormalisedRegrets, Profiles
    from .tables.ranks import CriticalDifferences, Ranks
    from .tables.runtimes import ECDF, Areas, RunningTimes, RunTimes
    from .tables.tests import Controls, FriedmanTests, Omnibus, Tests

_HOMES = {
    **dict.fromkeys(("Comparisons", "compare"), ".tables.comparisons"),
    "Curves": ".tables.curves",
    **dict.fromkeys(("ECDF", "Areas", "RunTimes", "RunningTimes"), ".tables.runtimes"),
    **dict.fromkeys(("Final", "FinalRuns"), ".tables.final"),
    **dict.fromkeys(("CriticalDifferences", "Ranks"), ".tables.ranks"),
    **dict.fromkeys(("Controls", "FriedmanTests", "Omnibus", "Tests"), ".tables.tests"),
    **dict.fromkeys(("NormalisedRegrets", "Profiles"), ".tables.profiles"),
    **dict.fromkeys(("ImportanceBias", "Importances"), ".tables.importance"),
    **dict.fromkeys(("Correlations", "Explorations", "Footprints", "Incumbents"), ".tables.landscape"),
    **dict.fromkeys(("correlation", "exploration", "incumbents"), ".tables.landscape"),
    "Attainments": ".tables.fronts",
    **dict.fromkeys(("LandscapeSummary", "Landscapes", "Optima", "RunEnds"), ".tables.complete"),
    "Display": ".charts.display",
}
__all__ = [
    "ECDF",
    "Areas",
    "Attainments",
    "Comparisons",
    "Controls",
    "Correlations",
    "CriticalDifferences",
    "Curves",
    "Display",
    "Explorations",
    "Final",
    "FinalRuns",
    "Footprints",
    "FriedmanTests",
    "ImportanceBias",
    "Importances",
    "Incumbents",
    "LandscapeSummary",
    "Landscapes",
    "NormalisedRegrets",
    "Omnibus",
    "Optima",
    "Profiles",
    "Ranks",
    "RunEnds",
    "RunTimes",
    "RunningTimes",
    "Tests",
    "compare",
    "correlation",
    "exploration",
    "incumbents",
]
__getattr__, __dir__ = handed_on(__name__, _HOMES)
