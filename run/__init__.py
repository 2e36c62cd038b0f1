"""The one data model: `Run`, and what its columns are made of."""

from __future__ import annotations

from .model import (
    CONFIG,
    COST,
    EXTRA,
    HEADER_FILE,
    OPTIONAL_SCHEMA,
    TRIAL_SCHEMA,
    TRIALS_FILE,
    UNKNOWN_RELEASE,
    Incumbent,
    Note,
    Objective,
    Optimizer,
    Run,
    RunHeader,
    Status,
    find_runs,
    split_configurations,
)
from .provenance import BenchmarkFacts, Provenance, Reported

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
