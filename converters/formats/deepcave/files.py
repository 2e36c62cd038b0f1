"""What the files of a run in DeepCAVE's form are called."""

from __future__ import annotations

TRIALS = "trials.csv"
SPACE = "configspace.csv"
FILES = ("meta.json", "configspace.json", "configs.json", "origins.json", "history.jsonl", TRIALS, SPACE)
"""All that is written into a run's folder."""
