"""The one data model: `Run`, and what its columns are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files.lazy import handed_on

if TYPE_CHECKING:
    from .folders import HEADER_FILE, TRIALS_FILE, find_runs
    from .header import UNKNOWN_RELEASE, Optimizer, RunHeader
    from .incumbents import Incumbent
    from .joined import CONFIG, split_configurations
    from .model import Run
    from .notes import Note
    from .provenance import BenchmarkFacts, Provenance, Reported
    from .trials import COST, EXTRA, OPTIONAL_SCHEMA, TRIAL_SCHEMA, Objective, Status

_HOMES = {
    **dict.fromkeys(("HEADER_FILE", "TRIALS_FILE", "find_runs"), ".folders"),
    **dict.fromkeys(("UNKNOWN_RELEASE", "Optimizer", "RunHeader"), ".header"),
    "Incumbent": ".incumbents",
    **dict.fromkeys(("CONFIG", "split_configurations"), ".joined"),
    "Run": ".model",
    "Note": ".notes",
    **dict.fromkeys(("BenchmarkFacts", "Provenance", "Reported"), ".provenance"),
    **dict.fromkeys(("COST", "EXTRA", "OPTIONAL_SCHEMA", "TRIAL_SCHEMA", "Objective", "Status"), ".trials"),
}
__all__ = [
    "CONFIG",
    "COST",
    "EXTRA",
    "HEADER_FILE",
    "OPTIONAL_SCHEMA",
    "TRIALS_FILE",
    "TRIAL_SCHEMA",
    "UNKNOWN_RELEASE",
    "BenchmarkFacts",
    "Incumbent",
    "Note",
    "Objective",
    "Optimizer",
    "Provenance",
    "Reported",
    "Run",
    "RunHeader",
    "Status",
    "find_runs",
    "split_configurations",
]
__getattr__, __dir__ = handed_on(__name__, _HOMES)
