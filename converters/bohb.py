"""BOHB and the other optimizers of HpBandSter: `configs.json` and `results.json`, both JSON lines.

A line of `configs.json` is `[config_id, configuration, info]`, one of `results.json` is
`[config_id, budget, {submitted, started, finished}, {loss, info} or null, exception or null]`; a config_id is a triple
(iteration, stage, number). HpBandSter writes a result when a job has ended, so there are no running trials.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ..errors import EncaveError
from ..run import COST, EXTRA, Note, Objective, Optimizer, Run, Status
from .extras import extra_columns
from .inferred_space import infer
from .json_lines import take_lines
from .names import study_name
from .reader import Found, Listing, Options, ReadResult
from .space import SPACE_FILE, LogSpace, known_space
from .times import since_start, stamp

CONFIGS, RESULTS = "configs.json", "results.json"
_RESULT_FIELDS, _CONFIG_FIELDS = 5, (2, 3)
_TIMES = ("submitted", "started", "finished")
_ONLY = {"loss", "info"}
_INTEGERS = frozenset({int, bool})
_Key = tuple[Any, ...]


class BohbReader:
    """Reader of HpBandSter's logs."""

    name = "bohb"
    title = "BOHB (HpBandSter)"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """`results.json` whose first line is a result of HpBandSter, or that has none beside such a `configs.json`."""
        if RESULTS not in listing.names:
            return
        head = listing.head(RESULTS)
        beside = CONFIGS in listing.names and _begins_with_triple(listing.head(CONFIGS) or b"[[0,0,0],")
        if _begins_with_triple(head) or (beside and not head.strip()):
            names = [name for name in (RESULTS, CONFIGS, SPACE_FILE) if name in listing.names]
            evidence = "JSON lines [[i, j, k], budget, times, result, exception]"
            yield Found(listing.folder / RESULTS, tuple(listing.folder / name for name in names), evidence)

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read the results whose configuration is known and count the others."""
        configs_path = found.path.with_name(CONFIGS)
        if not configs_path.is_file():
            raise EncaveError(f"{found.path} has no {CONFIGS} beside it; without it the configurations are unknown")
        configs = _Configs()
        broken = take_lines(configs_path, configs.take)
        jobs = _Jobs(configs)
        lines = take_lines(found.path, jobs.take)
        notes = [*lines.notes, *(Note("flagged", note.text, note.count) for note in broken.notes)]
        run = _run(jobs, found.path, options, notes)
        return ReadResult(run, None, lines.kept + lines.dropped, dropped=lines.dropped)


READER = BohbReader()


def _begins_with_triple(head: bytes) -> bool:
    text = head.lstrip()[:200].replace(b" ", b"")
    first, _, rest = text.removeprefix(b"[[").partition(b"],")
    return text.startswith(b"[[") and bool(rest) and all(part.isdigit() for part in first.split(b","))


def _is_key(value: Any) -> bool:
    return isinstance(value, list) and _INTEGERS.issuperset(map(type, value))


class _Configs:
    """What `configs.json` says, line by line."""

    def __init__(self) -> None:
        self.numbers: dict[_Key, int] = {}
        self.values: dict[int, dict[str, Any]] = {}
        self.infos: list[dict[str, Any]] = []
        self.replaced = 0

    def take(self, line: Any) -> str | None:
        """Take in a line, or say why not."""
        shaped = isinstance(line, list) and len(line) in _CONFIG_FIELDS and _is_key(line[0])
        if not shaped or not isinstance(line[1], dict):
            return "not [config_id, configuration, info]"
        number = self.numbers.setdefault(tuple(line[0]), len(self.numbers))
        self.replaced += self.values.get(number, line[1]) != line[1]
        self.values[number] = line[1]
        info = line[2] if len(line) == max(_CONFIG_FIELDS) and isinstance(line[2], dict) else {}
        self.infos[number : number + 1] = [info]
        return None


class _Jobs:
    """What `results.json` says, as columns."""

    def __init__(self, configs: _Configs) -> None:
        self.configs = configs
        self.config_ids: list[int] = []
        self.budgets: list[float] = []
        self.times: list[dict[str, Any]] = []
        self.statuses: list[Status] = []
        self.losses: list[float | None] = []
        self.keys: list[list[int]] = []
        self.extras: list[dict[str, Any]] = []

    def take(self, line: Any) -> str | None:
        """Take in a line, or say why not."""
        if not (isinstance(line, list) and len(line) == _RESULT_FIELDS and _is_key(line[0])):
            return "not [config_id, budget, times, result, exception]"
        key, budget, times, result, exception = line
        if stamp(budget) is None:
            return "the budget is no finite number"
        if not isinstance(times, dict) or not isinstance(result, dict | None):
            return "the times or the result are of a wrong type"
        number = self.configs.numbers.get(tuple(key))
        if number is None:
            return f"its configuration is not in {CONFIGS}"
        result = result or {}
        loss = stamp(result.get("loss"))
        status = _status(result, exception, loss)
        self.config_ids.append(number)
        self.budgets.append(float(budget))
        self.times.append(times)
        self.statuses.append(status)
        self.losses.append(loss if status is Status.SUCCESS else None)
        self.keys.append(key)
        self.extras.append(self.configs.infos[number] | _extras(result, exception, status))
        return None

    def stamps(self, name: str) -> list[float | None]:
        """Time stamps, in seconds since 1970."""
        values = [times.get(name) for times in self.times]
        known = set(map(type, values)) == {float} and bool(np.isfinite(np.array(values)).all())
        return values if known else [stamp(value) for value in values]

    def names(self) -> pa.Array:
        """The ids of HpBandSter as JSON."""
        plain = all({int}.issuperset(map(type, key)) for key in self.keys)
        return pa.array(list(map(str if plain else json.dumps, self.keys)), pa.string())


def _run(jobs: _Jobs, path: Path, options: Options, notes: list[Note]) -> Run:
    configurations = jobs.configs.values
    found = known_space(path, options, None)
    if found is None:
        inferred = infer(configurations)
        configurations = inferred.configurations
        found = LogSpace(inferred.space, True, inferred.notes)
    submitted, started, finished = (jobs.stamps(name) for name in _TIMES)
    times = since_start(started, finished, submitted)
    columns = {
        "config_id": jobs.config_ids,
        "budget": jobs.budgets,
        "status": jobs.statuses,
        "start": times.start,
        "end": times.end,
        COST + "loss": jobs.losses,
        EXTRA + "hpbandster_id": jobs.names(),
        EXTRA + "submitted": pa.array(times.since(submitted), pa.float64()),
        **extra_columns(jobs.extras),
    }
    return Run.from_columns(
        name=study_name(path, "BOHB"),
        optimizer=Optimizer("BOHB"),
        space=found.space,
        objectives=[Objective("loss")],
        trials=columns,
        configurations=configurations,
        budget_name="budget",
        inferred_space=found.inferred,
        metadata={"group": "BOHB", "started_at": times.origin},
        notes=[*notes, *found.notes, *times.notes, *_oddities(jobs)],
    )


def _oddities(jobs: _Jobs) -> Iterable[Note]:
    if jobs.configs.replaced:
        text = f"ids that stand for several configurations in {CONFIGS}: the last of each is taken, as HpBandSter does"
        yield Note("assumed", text, jobs.configs.replaced)
    failed = sum(status is not Status.SUCCESS for status in jobs.statuses)
    if failed:
        yield Note("derived", "no result, an exception, a failed state or no finite loss: no success", failed)


def _status(result: Mapping[str, Any], exception: Any, loss: float | None) -> Status:
    """Auto-PyTorch and others put a state into `info`, e.g. `StatusType.CRASHED`."""
    info = result.get("info")
    state = str(info["state"]).upper() if isinstance(info, dict) and "state" in info else ""
    if "TIMEOUT" in state:
        return Status.TIMEOUT
    if "MEMO" in state:
        return Status.MEMORY_OUT
    failed = state and not any(good in state for good in ("SUCCESS", "TERMINATED", "COMPLETED"))
    return Status.CRASHED if failed or exception is not None or loss is None else Status.SUCCESS


def _extras(result: Mapping[str, Any], exception: Any, status: Status) -> dict[str, Any]:
    """Whatever else the log has of a trial."""
    info = result.get("info")
    if exception is None and status is Status.SUCCESS and isinstance(info, dict) and set(result) == _ONLY:
        return info if None not in info.values() else {key: value for key, value in info.items() if value is not None}
    extras = {key: value for key, value in result.items() if key not in ("loss", "info")}
    extras |= info if isinstance(info, dict) else {"info": info}
    extras["exception"] = exception
    if status is not Status.SUCCESS:
        extras["raw_loss"] = result.get("loss")
    return {key: value for key, value in extras.items() if value is not None}
