"""`trials.jsonl`: the native log of the optimizers that have no package of their own (docs/native-logs.md)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import orjson

from .adapter import EvaluationResult, Proposal

TRIALS_FILE = "trials.jsonl"


class TrialLog:
    """Writes one JSON object per completed trial, in order of completion."""

    def __init__(self, folder: Path, objectives: Sequence[str]) -> None:
        self._file = (folder / TRIALS_FILE).open("wb")
        self._objectives = objectives

    def write(
        self, trial: int, proposal: Proposal, result: EvaluationResult, origin: str, parent: int | None = None
    ) -> None:
        """Log a completed trial; `trial` and `parent` number the proposals in the order in which they were made."""
        line = {
            "trial": trial,
            "config": proposal.config,
            "budget": proposal.budget,
            "seed": None,
            "worker": result.worker,
            "status": "success",
            "cost": dict(zip(self._objectives, result.costs, strict=True)),
            "start": result.start,
            "end": result.end,
            "info": {**result.info, "origin": origin, "parent": parent},
        }
        self._file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def close(self) -> None:
        """Flush and close the file; a second time does nothing."""
        self._file.close()
