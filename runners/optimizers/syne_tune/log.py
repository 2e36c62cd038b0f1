"""`results.csv.zip` and `metadata.json` as Syne Tune's tuner writes them, with simulated times."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from ..adapter import EvaluationResult, Problem, Proposal

BUDGET = "epochs"


class SyneTuneLog:
    """Collects the reports; `close` writes the two files, since an archive cannot grow."""

    def __init__(self, problem: Problem, metadata: Mapping[str, Any]) -> None:
        self._folder = problem.folder
        self._objective = problem.objective
        self._metadata = {
            **metadata,
            "st_tuner_creation_timestamp": 0.0,
            "backend": "encave",
            "scheduler_kwargs": {"random_seed": problem.seed, "time_attr": BUDGET},
        }
        self._rows: list[dict[str, Any]] = []
        self._busy: defaultdict[int, float] = defaultdict(float)
        self._reports: defaultdict[int, int] = defaultdict(int)

    def write(self, trial: int, proposal: Proposal, result: EvaluationResult, decision: str) -> None:
        """Take a report; `trial` is Syne Tune's number."""
        self._busy[trial] += result.seconds
        self._rows.append(
            {
                BUDGET: proposal.budget,
                self._objective: result.cost,
                "st_worker_timestamp": result.end,
                "st_worker_time": self._busy[trial],
                "st_worker_iter": self._reports[trial],
                "st_decision": decision,
                "st_status": "InProgress",
                "trial_id": trial,
                **{f"config_{name}": value for name, value in proposal.config.items()},
                "st_tuner_time": result.end,
                "worker": result.worker,
                **result.info,
            }
        )
        self._reports[trial] += 1

    def close(self) -> None:
        """Write the files; the archive's own time stamp is always the same."""
        (self._folder / "metadata.json").write_text(json.dumps(self._metadata), encoding="utf-8")
        text = io.StringIO()
        writer = csv.DictWriter(text, list(self._rows[0]) if self._rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._rows)
        with ZipFile(self._folder / "results.csv.zip", "w", ZIP_DEFLATED) as archive:
            archive.writestr(ZipInfo("results.csv"), text.getvalue(), ZIP_DEFLATED)
