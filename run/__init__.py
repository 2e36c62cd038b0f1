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
    Incumbent,
    Note,
    Objective,
    Optimizer,
    Run,
    Status,
    find_runs,
    split_configurations,
)

__all__ = [
    "CONFIG",
    "COST",
    "EXTRA",
    "HEADER_FILE",
    "OPTIONAL_SCHEMA",
    "TRIALS_FILE",
    "TRIAL_SCHEMA",
    "Incumbent",
    "Note",
    "Objective",
    "Optimizer",
    "Run",
    "Status",
    "find_runs",
    "split_configurations",
]
