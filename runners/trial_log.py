"""`trials.jsonl`: the native log of the optimizers that have no package of their own (docs/native-logs.md)."""

from __future__ import annotations

import json
from pathlib import Path

from .adapter import Proposal, Result

TRIALS_FILE = "trials.jsonl"
_encode = json.JSONEncoder(allow_nan=False, ensure_ascii=False).encode


class TrialLog:
    """Writes one JSON object per completed trial, in order of completion."""

    def __init__(self, folder: Path, objective: str) -> None:
        self._file = (folder / TRIALS_FILE).open("w", encoding="utf-8")
        self._objective = objective

    def write(self, trial: int, proposal: Proposal, result: Result, *, origin: str, parent: int | None = None) -> None:
        """Log a completed trial; `trial` and `parent` number the proposals in the order in which they were made."""
        line = {
            "trial": trial,
            "config": proposal.config,
            "budget": proposal.budget,
            "seed": None,
            "worker": result.worker,
            "status": "success",
            "cost": {self._objective: result.cost},
            "start": result.start,
            "end": result.end,
            "info": {**result.info, "origin": origin, "parent": parent},
        }
        self._file.write(_encode(line) + "\n")

    def close(self) -> None:
        """Flush and close the file; a second time does nothing."""
        self._file.close()
