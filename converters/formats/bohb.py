"""BOHB and the other optimizers of HpBandSter: `configs.json` and `results.json`, both JSON lines.

A line of `configs.json` is `[config_id, configuration, info]`, one of `results.json` is
`[config_id, budget, {submitted, started, finished}, {loss, info} or null, exception or null]`; a config_id is a triple
(iteration, stage, number). HpBandSter writes a result when a job has ended, so there are no running trials.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from operator import or_
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...errors import EncaveError
from ...run import COST, EXTRA, Note, Objective, Optimizer, Provenance, Run, Status
from ...run.records import columns_of
from ..parts.extras import extra_columns
from ..parts.fitting import fitted_run
from ..parts.inferred_space import infer
from ..parts.json_lines import read_lines
from ..parts.names import study_name
from ..parts.numbers import finite
from ..parts.searcher import RANDOM_SEARCH, Named, Searcher, named_in_path
from ..parts.space import SPACE_FILE, LogSpace, known_space
from ..parts.times import since_start
from ..reader import Found, Listing, Options, ReadResult

CONFIGS, RESULTS = "configs.json", "results.json"
_CONFIGS_WORD, _RESULTS_WORD = "configs", "results"
_KEY_LENGTH, _RESULT_FIELDS, _CONFIG_FIELDS = 3, 5, (2, 3)
_LARGEST = 2**63 - 1
_TIMES = ("submitted", "started", "finished")
_ONLY = {"loss", "info"}
_RESULTS = frozenset({dict, type(None)})
_INTEGERS = frozenset({int, bool})
_SUCCESS = Status.SUCCESS
_PICK = "model_based_pick"  # told by BOHB alone of the optimizers that write such logs
_LIBRARY = "HpBandSter"
_OPTIMIZERS = {
    "BOHB": "bohb",
    "Hyperband": "hyper[^0-9a-z]*band|hb",
    "Random Search": RANDOM_SEARCH,
    "H2BO": "h2bo",
    "LCNet": "lc[^0-9a-z]*net",
}
_Key = tuple[Any, ...]


class BohbReader:
    """Reader of HpBandSter's logs."""

    name = "bohb"
    title = "BOHB (HpBandSter)"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """`results.json` whose first line is a result of HpBandSter, or that has none beside such a `configs.json`.

        Both may have more in their names: `results_3.json` and `configs_3.json`.
        """
        for name in listing.names:
            configs = name.replace(_RESULTS_WORD, _CONFIGS_WORD)
            if name == RESULTS or (name.endswith(".json") and configs in listing.has and configs != name):
                head = listing.head(name)
                paired = configs in listing.has and _begins_with_triple(listing.head(configs) or b"[[0,0,0],")
                if _begins_with_triple(head) or (paired and not head.strip()):
                    names = [beside for beside in (name, configs, SPACE_FILE) if beside in listing.has]
                    evidence = "JSON lines [[i, j, k], budget, times, result, exception]"
                    yield Found(listing.folder / name, tuple(listing.folder / beside for beside in names), evidence)

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read the results whose configuration is known and count the others."""
        configs_path = found.path.with_name(found.path.name.replace(_RESULTS_WORD, _CONFIGS_WORD))
        if not configs_path.is_file():
            raise EncaveError(
                f"{found.path} has no {configs_path.name} beside it; without it the configurations are unknown"
            )
        configs = _configs(configs_path)

        def fault(some: list[Any]) -> str | None:
            return _results_fault(some, configs.numbers)

        lines = read_lines(found.path, lambda line: fault([line]), lambda some: fault(some) is None)
        notes = [*lines.notes, *(Note("flagged", note.text, note.count) for note in configs.broken)]
        run = _run(lines.values, configs, found.path, options, notes)
        return ReadResult(run, None, len(run) + lines.dropped, dropped=lines.dropped)


READER = BohbReader()


def _begins_with_triple(head: bytes) -> bool:
    text = head.lstrip()[:200].replace(b" ", b"")
    first, _, rest = text.removeprefix(b"[[").partition(b"],")
    return (
        text.startswith(b"[[") and bool(rest) and all(part.removeprefix(b"-").isdigit() for part in first.split(b","))
    )


@dataclass(frozen=True)
class _Configs:
    """What `configs.json` says."""

    numbers: dict[_Key, int]
    """Id of HpBandSter → number from 0, in order of appearance."""
    values: list[dict[str, Any]]
    """Number → configuration."""
    infos: list[dict[str, Any]]
    """Number → what else is told of it."""
    replaced: int
    """Lines that give an id another configuration."""
    broken: tuple[Note, ...]
    """Lines that could not be read."""


def _configs(path: Path) -> _Configs:
    read = read_lines(path, lambda line: _configs_fault([line]), lambda some: _configs_fault(some) is None)
    lines: list[list[Any]] = read.values
    keys = [tuple(line[0]) for line in lines]
    last = dict(zip(keys, lines, strict=True))
    replaced = 0
    if len(last) < len(lines):
        known: dict[_Key, dict[str, Any]] = {}
        for key, line in zip(keys, lines, strict=True):
            replaced += known.get(key, line[1]) != line[1]
            known[key] = line[1]
    infos = [
        line[2] if len(line) == max(_CONFIG_FIELDS) and isinstance(line[2], dict) else {} for line in last.values()
    ]
    return _Configs(dict(zip(last, count())), [line[1] for line in last.values()], infos, replaced, read.notes)


def _configs_fault(lines: list[Any]) -> str | None:
    """Why not all of these are lines of `configs.json`."""
    shaped = _have_keys(lines, _CONFIG_FIELDS) and {dict}.issuperset(type(line[1]) for line in lines)
    return None if shaped else "not [config_id, configuration, info]"


def _results_fault(lines: list[Any], known: Mapping[_Key, int]) -> str | None:
    """Why not all of these are lines of `results.json`."""
    if not _have_keys(lines, {_RESULT_FIELDS}):
        return "not [config_id, budget, times, result, exception]"
    keys, budgets, times, results, _ = zip(*lines, strict=True)
    if None in _stamps(budgets):
        return "the budget is no finite number"
    if not ({dict}.issuperset(map(type, times)) and _RESULTS.issuperset(map(type, results))):
        return "the times or the result are of a wrong type"
    return None if all(map(known.__contains__, map(tuple, keys))) else f"its configuration is not in {CONFIGS}"


def _have_keys(lines: list[Any], lengths: Collection[int]) -> bool:
    """Whether all are lists of one of these lengths that begin with an id of HpBandSter."""
    if not ({list}.issuperset(map(type, lines)) and set(map(len, lines)).issubset(lengths)):
        return False
    keys = [line[0] for line in lines]
    return {list}.issuperset(map(type, keys)) and _INTEGERS.issuperset(map(type, chain.from_iterable(keys)))


def _run(lines: Sequence[list[Any]], configs: _Configs, path: Path, options: Options, notes: list[Note]) -> Run:
    found, configurations = _space(configs, path, options)
    keys, budgets, stamped, logged, exceptions = zip(*lines, strict=True)
    numbers = list(map(configs.numbers.__getitem__, map(tuple, keys)))
    imported = [bool(key) and key[0] < 0 for key in keys]  # HpBandSter numbers the iteration of a warm start -1
    clocks = [{} if old else clock for clock, old in zip(stamped, imported, strict=True)] if any(imported) else stamped
    submitted, started, finished = map(_stamps, _of_each(clocks, _TIMES))
    times = since_start(started, finished, submitted)
    results = [result or {} for result in logged]
    losses = _stamps([result.get("loss") for result in results])
    statuses = list(map(_status, results, exceptions, losses))
    picked = any(_PICK in info for info in configs.infos)
    named = None if picked else named_in_path(path, _OPTIMIZERS)
    label = named.label if named else "BOHB" if picked else _LIBRARY
    infos = map(configs.infos.__getitem__, numbers)
    extras = list(map(or_, infos, map(_extras, results, exceptions, statuses)))
    columns = {
        "config_id": numbers,
        "budget": _stamps(budgets),
        "status": statuses,
        "start": times.start,
        "end": times.end,
        COST + "loss": [loss if s is _SUCCESS else None for loss, s in zip(losses, statuses, strict=True)],
        EXTRA + "hpbandster_id": _names(keys),
        EXTRA + "submitted": pa.array(times.since(submitted), pa.float64()),
        **extra_columns(extras),
        **({EXTRA + "warm_start": imported} if any(imported) else {}),
    }
    return fitted_run(
        name="-".join(filter(None, (study_name(path, label), path.stem.replace(_RESULTS_WORD, "").strip("_-. ")))),
        optimizer=Optimizer(label),
        space=found.space,
        objectives=[Objective("loss")],
        trials=columns,
        configurations=configurations,
        budget_name="budget",
        inferred_space=found.inferred,
        provenance=Provenance.from_json({"started_at": times.origin, **Searcher(label, named).metadata}),
        notes=[
            *notes,
            *found.notes,
            *times.notes,
            *_label_notes(configs, named),
            *_oddities(configs, statuses, sum(imported)),
        ],
    )


def _space(configs: _Configs, path: Path, options: Options) -> tuple[LogSpace, Mapping[int, Mapping[str, Any]]]:
    """The space, and the configurations as it has them."""
    configurations = dict(enumerate(configs.values))
    found = known_space(path, options, None)
    if found is not None:
        return found, configurations
    inferred = infer(configurations)
    return LogSpace(inferred.space, True, inferred.notes), inferred.configurations


def _of_each(records: Sequence[dict[str, Any]], names: Sequence[str]) -> list[list[Any]]:
    """Per name the values of all records, None where one has none."""
    columns = columns_of(records)
    if columns is None:
        return [[record.get(name) for record in records] for name in names]
    return [columns.get(name, [None] * len(records)) for name in names]


def _stamps(values: Sequence[Any]) -> Sequence[float | None]:
    """Finite numbers; None for what is none."""
    known = set(map(type, values)) == {float} and bool(np.isfinite(np.array(values)).all())
    return values if known else [finite(value) for value in values]


def _names(keys: Sequence[list[int]]) -> pa.Array:
    """The ids of HpBandSter as JSON."""
    flat = list(chain.from_iterable(keys))
    plain = {int}.issuperset(map(type, flat)) and max(map(abs, flat)) <= _LARGEST
    if not (plain and set(map(len, keys)) == {_KEY_LENGTH}):
        return pa.array(list(map(json.dumps, keys)), pa.string())
    parts = (pa.array(flat[place::_KEY_LENGTH]).cast(pa.string()) for place in range(_KEY_LENGTH))
    return pc.binary_join_element_wise("[", pc.binary_join_element_wise(*parts, ", "), "]", "")


def _label_notes(configs: _Configs, named: Named | None) -> Iterable[Note]:
    """Where the label is from, unless the log says that it is BOHB."""
    if named:
        yield named.note()
    elif not any(_PICK in info for info in configs.infos):
        yield Note("flagged", f"the log has no {_PICK}, which BOHB writes, and no folder names its optimizer")


def _oddities(configs: _Configs, statuses: Sequence[Status], imported: int) -> Iterable[Note]:
    if imported:
        text = "trials of an earlier run that warm-started this one: their times are of another clock and left out"
        yield Note("flagged", text, imported)
    if configs.replaced:
        text = f"ids that stand for several configurations in {CONFIGS}: the last of each is taken, as HpBandSter does"
        yield Note("assumed", text, configs.replaced)
    failed = sum(status is not _SUCCESS for status in statuses)
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
    return Status.CRASHED if failed or exception is not None or loss is None else _SUCCESS


def _extras(result: Mapping[str, Any], exception: Any, status: Status) -> dict[str, Any]:
    """Whatever else the log has of a trial."""
    info = result.get("info")
    if exception is None and status is _SUCCESS and isinstance(info, dict) and len(result) == len(_ONLY):
        return info if None not in info.values() else {key: value for key, value in info.items() if value is not None}
    extras = {key: value for key, value in result.items() if key not in ("loss", "info")}
    extras |= info if isinstance(info, dict) else {"info": info}
    extras["exception"] = exception
    if status is not _SUCCESS:
        extras["raw_loss"] = result.get("loss")
    return {key: value for key, value in extras.items() if value is not None}
