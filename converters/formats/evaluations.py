"""`trials.jsonl`: the log of encave's own runners for Regularized Evolution and random search, a JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ...run import Note, Objective, Optimizer, Provenance, Run, Status
from ...run import sidecar as sidecars
from ..parts.extras import extra_columns
from ..parts.fitting import fitted_run
from ..parts.inferred_space import infer
from ..parts.json_lines import Lines, read_lines
from ..parts.names import study_name
from ..parts.numbers import finite, integer
from ..parts.outcomes import outcomes
from ..parts.space import LogSpace, known_space
from ..reader import Found, Listing, Options, ReadResult

NAME = "trials.jsonl"
_KEYS = frozenset({"config", "status", "cost", "start", "end"})
_STATUSES = frozenset(status.value for status in Status)
_NEAR = 1 << 16


class EvaluationsReader:
    """Reader of `trials.jsonl`."""

    name = "encave"
    title = "encave trials.jsonl"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """`trials.jsonl` that is empty or has a line near its beginning with the keys of a trial."""
        if NAME in listing.names and _may_be_ours(listing.head(NAME, _NEAR)):
            path = listing.folder / NAME
            yield Found(path, (path,), f"JSON lines with {', '.join(sorted(_KEYS))}")

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read every line that is a trial and count the others."""
        lines = read_lines(found.path, _refuse)
        run = _run(lines, found.path, options)
        return ReadResult(run, "1", len(run) + lines.dropped, dropped=lines.dropped)


READER = EvaluationsReader()


def _may_be_ours(head: bytes) -> bool:
    return not head.strip() or head.startswith(b'{"trial"') or any(_is_trial(line) for line in head.splitlines())


def _is_trial(line: bytes) -> bool:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(row, dict) and row.keys() >= _KEYS


def _refuse(row: Any) -> str | None:
    if not isinstance(row, dict) or not row.keys() >= _KEYS:
        return "no trial: a key is missing"
    status, cost, start, end = (row[key] for key in ("status", "cost", "start", "end"))
    if not isinstance(status, str) or status not in _STATUSES:
        return "the status is unknown"
    if not isinstance(row["config"], dict) or not isinstance(cost, dict | None):
        return "config or cost is no object"
    if not isinstance(row.get("info"), dict | None):
        return "info is no object"
    if any(value is not None and not _is_number(value) for value in (cost or {}).values()):
        return "a cost is no number"
    if any(value is not None and finite(value) is None for value in (row.get("budget"), start, end)):
        return "budget, start or end is no finite number"
    if row.get("seed") is not None and integer(row["seed"]) is None:
        return "the seed is no integer of 64 bits"
    if (row.get("budget") or 0) < 0:
        return "the budget is negative"
    if (start or 0) < 0 or (start is not None and end is not None and end < start):
        return "it starts before the run, or ends before it starts"
    return None


def _is_number(value: Any) -> bool:
    """Whether a cost is a number, if a NaN or an infinite one, which is no success."""
    return finite(value) is not None or isinstance(value, float)


def _run(lines: Lines, path: Path, options: Options) -> Run:
    rows: list[dict[str, Any]] = lines.values
    keys = [json.dumps(row["config"], sort_keys=True) for row in rows]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    configurations: dict[int, dict[str, Any]] = {
        numbers[key]: row["config"] for key, row in zip(keys, rows, strict=True)
    }
    sidecar = sidecars.find(path)
    found = known_space(path, options, sidecar)
    if found is None:
        inferred = infer(configurations)
        found, configurations = LogSpace(inferred.space, True, inferred.notes), inferred.configurations
    objectives = sidecar.objectives if sidecar else _objectives(rows)
    columns, derived = _columns(rows, objectives)
    return fitted_run(
        name=sidecar.run_name() if sidecar else study_name(path, "evaluations"),
        optimizer=sidecar.optimizer if sidecar else Optimizer("unknown"),
        space=found.space,
        objectives=objectives,
        trials={"config_id": [numbers[key] for key in keys], **columns},
        configurations=configurations,
        budget_name=sidecar.budget_name if sidecar else None,
        inferred_space=found.inferred,
        provenance=sidecar.provenance() if sidecar else Provenance(),
        notes=[*lines.notes, *found.notes, *derived],
    )


def _objectives(rows: list[dict[str, Any]]) -> list[Objective]:
    return [Objective(name) for name in dict.fromkeys(name for row in rows for name in row["cost"] or {})]


def _columns(rows: list[dict[str, Any]], objectives: list[Objective]) -> tuple[dict[str, Any], tuple[Note, ...]]:
    names = ("budget", "seed", "start", "end")
    columns: dict[str, Any] = {name: [row.get(name) for row in rows] for name in names}
    trials = [row.get("trial") for row in rows]
    if all(type(trial) is int and integer(trial) is not None for trial in trials) and len(set(trials)) == len(trials):
        columns["trial_id"] = trials
    columns["worker"] = [None if row.get("worker") is None else str(row["worker"]) for row in rows]
    costs = {o.name: [(row["cost"] or {}).get(o.name) for row in rows] for o in objectives}
    ended = outcomes([Status(row["status"]) for row in rows], costs)
    columns |= {"status": ended.statuses, **ended.columns}
    return columns | extra_columns([row.get("info") or {} for row in rows]), ended.notes
