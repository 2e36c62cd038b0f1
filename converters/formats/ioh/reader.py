"""IOHprofiler: `IOHprofiler_f<id>_<name>.json` and its tables, as IOHexperimenter 0.3 writes them, or `--to ioh`.

A run of a table is one `Run`. What encave wrote has trial ids, configurations, budgets, times and all objectives beside
`raw_y`; the rest has what its logger was told to keep, mostly improvements only, and counts the evaluations. See
docs/formats.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ....errors import EncaveError, in_words
from ....run import COST, EXTRA, Note, Objective, Optimizer, Provenance, Run, Status
from ....run import configurations as space_columns
from ....run.spaces import made_space
from ....run.types import Floats
from ...parts.evaluation_counts import EvaluationCounts, count_evaluations
from ...parts.fitting import fitted_run
from ...parts.inferred_space import infer
from ...parts.space import LogSpace, known_space, own_or_given
from ...reader import Found, Listing, Options, ReadResult
from .files import Described, described, rows_of, whole

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

SUITE = "encave"
"""Name of the suite in what encave writes, and of the key under which it keeps what the format has no place for."""
_HEAD = re.compile(rb'\s*\{(?=.*"function_id"\s*:)(?=.*"algorithm"\s*:)', re.DOTALL)
_POSITION = re.compile(r"x(\d{1,9})")
_FURTHER = re.compile(r"F([2-9]|[1-9]\d{1,3})|raw_y_?\d{1,4}")  # objectives beside raw_y
_INTEGERS = frozenset({"trial_id", "config_id", "seed", "evaluation"})
_NUMBERED = frozenset({"evaluations", "function evaluation"})
_MOST = 10**18  # what is beyond it is no count of evaluations
_Columns = dict[str, list[str]]


class IohReader:
    """Reader of IOHprofiler's data format."""

    name = "ioh"
    title = "IOHprofiler"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """JSON files with `function_id` and `algorithm` near their beginning; a run each."""
        for name in listing.names:
            if name.endswith(".json") and _HEAD.match(listing.head(name)):
                path = listing.folder / name
                evidence = "JSON with function_id, algorithm and scenarios"
                try:
                    runs = described(path)
                except EncaveError:
                    runs = []  # `read` says why
                for number, run in enumerate(runs, start=1):
                    files = (path, run.table) if run.table.is_file() else (path,)
                    yield Found(path, files, evidence, key=str(number))
                if not runs:
                    yield Found(path, (path,), evidence)

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read a run, each row as one trial."""
        runs = described(found.path)
        if found.key is None or not runs:
            raise EncaveError(f"{found.path} tells of no run")
        if int(found.key) > len(runs):
            raise EncaveError(f"{found.path} tells of {len(runs)} runs now and had {found.key}: convert it again")
        one = runs[int(found.key) - 1]
        columns, dropped = rows_of(one)
        columns, merged = _improving(columns, maximized=_maximized(one))
        run = _run(one, columns, found.path, options, [*dropped, *merged])
        version = one.description.get("version")
        lost, stood = (sum(note.count for note in notes) for notes in (dropped, merged))
        return ReadResult(run, str(version) if version else None, len(run) + stood + lost, stood, lost)


READER = IohReader()


@dataclass(frozen=True)
class _Own:
    """What encave keeps in the description for itself; of others' files it is empty."""

    names: Mapping[str, str]
    """Name of a column → name of the run's column."""
    objectives: tuple[Objective, ...] = ()
    """All objectives."""
    space: ConfigurationSpace | None = None
    """The configuration space."""
    name: str | None = None
    """The run's name."""
    budget_name: str | None = None
    """What the budget counts."""
    inferred: bool = False
    """Whether the space was inferred."""
    failed: Mapping[str, str] = field(default_factory=dict[str, str])
    """trial_id → status of the trials that did not succeed."""
    notes: tuple[Note, ...] = ()
    """What the first conversion merged, dropped, derived or assumed."""
    counts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """How many evaluations the run made, and whether its log kept improvements only."""
    feasible: Mapping[str, bool] | None = None
    """trial_id → whether it is feasible, where it is known; None where the run knows no constraints."""


@dataclass(frozen=True)
class _Outcome:
    """Objectives and statuses of n trials."""

    objectives: Sequence[Objective]
    """The first is what was optimized."""
    costs: dict[str, Floats]
    """Objective → values, shape (n,), NaN where the trial failed."""
    succeeded: NDArray[np.bool_]
    """Shape (n,)."""


def _own(one: Described, path: Path) -> _Own:
    told = one.description.get(SUITE)
    if not isinstance(told, dict):
        return _Own({})

    try:
        run = told["runs"][one.place]
        return _Own(
            {str(name): str(column) for name, column in run["columns"].items()},
            tuple(Objective(**objective) for objective in run["objectives"]),
            made_space(told["spaces"][run["space"]]),
            str(run["name"]),
            run["budget_name"],
            bool(run["inferred_space"]),
            {str(trial): Status(status).value for trial, status in run["failed"].items()},
            tuple(Note(note["kind"], str(note["text"]), int(note["count"])) for note in run["notes"]),
            {key: run[key] for key in ("evaluations", "improvements_only") if run.get(key) is not None},
            {str(trial): bool(known) for trial, known in run["feasible"].items()} if "feasible" in run else None,
        )
    except Exception as error:  # ConfigSpace raises all kinds of errors
        told = f"what encave keeps under {SUITE!r} is damaged ({in_words(error)}); remove that key"
        raise EncaveError(f"{path}: {told}") from error


def _run(one: Described, columns: _Columns, path: Path, options: Options, notes: list[Note]) -> Run:
    own = _own(one, path)
    columns = _in_order({own.names.get(name, name): values for name, values in columns.items()}, own)
    missing = ({"trial_id", "config_id"} | set(own.names.values())) - columns.keys() if own.names else set()
    if missing:
        raise EncaveError(f"{one.table} lacks columns of its description: {', '.join(sorted(missing))}")
    outcome = _outcome(one, columns, own)
    counts = _counts(one, columns, own, dropped=sum(note.count for note in notes if note.kind == "dropped"))
    space, configurations, ids = _configurations(columns, path, options, own)
    trials: dict[str, Any] = {
        "config_id": ids,
        "status": _statuses(columns, outcome, own),
        "evaluation": counts.column,
        **{COST + name: values for name, values in outcome.costs.items()},
    }
    if own.feasible is not None:
        trials["feasible"] = [own.feasible.get(trial) for trial in columns["trial_id"]]
    for name, values in columns.items():
        if name in own.names.values():
            trials.setdefault(name, _typed(values, integers=name in _INTEGERS))
        elif name not in _NUMBERED | outcome.costs.keys() and not own.names and not _POSITION.fullmatch(name):
            trials[EXTRA + name] = _typed(values)
    return fitted_run(
        name=own.name or _name(one),
        optimizer=_optimizer(one, own),
        space=space.space,
        objectives=outcome.objectives,
        trials=trials,
        configurations=configurations,
        budget_name=own.budget_name,
        inferred_space=space.inferred,
        provenance=Provenance.from_json(_metadata(one, own) | counts.metadata),
        notes=[*own.notes, *notes, *space.notes, *counts.notes, *_oddities(outcome, own)],
    )


def _maximized(one: Described) -> bool:
    return one.description.get("maximization") is True


def _improving(columns: _Columns, *, maximized: bool) -> tuple[_Columns, list[Note]]:
    """The columns; of a table with best values so far only the rows that improve, where these are the row's own."""
    if "raw_y" in columns or "raw_y_best" not in columns:
        return columns, []
    best = _floats(columns["raw_y_best"]) * (-1.0 if maximized else 1.0)
    before = np.fmin.accumulate(np.concatenate(([np.inf], best[:-1])))
    kept = np.flatnonzero(best < before)
    kept = kept if len(kept) else np.arange(1)
    own = {("raw_y" if name == "raw_y_best" else name): [values[k] for k in kept] for name, values in columns.items()}
    told = Note("derived", "the table has best values so far only (raw_y_best): a row that improves has its own value")
    others = len(best) - len(kept)
    merged = [Note("merged", "rows that do not improve, of which the table has no value of their own", others)]
    return own, [told, *(merged if others else [])]


def _in_order(columns: _Columns, own: _Own) -> _Columns:
    """The rows in the order of their trials, where it is known; a table has them in the order of completion."""
    told = columns.get("trial_id")
    if told is None or not own.names or not all(map(whole, told)):
        return columns
    order = sorted(range(len(told)), key=lambda row: int(told[row]))
    return {name: [values[row] for row in order] for name, values in columns.items()}


def _counts(one: Described, columns: _Columns, own: _Own, *, dropped: int) -> EvaluationCounts:
    """What the log says of evaluations; of its own files encave knows it from their other columns."""
    if own.names:
        kept = columns.get("evaluation")
        column: list[int | None] = [None] * len(columns["trial_id"])
        column = column if kept is None else _typed(kept, integers=True).to_pylist()
        return EvaluationCounts(column, dict(own.counts), ())
    told = one.run.get("evals")
    texts = next(values for name, values in columns.items() if name in _NUMBERED)
    counts = [_count(text) for text in texts]
    found = count_evaluations(counts, len(texts) + dropped, told if type(told) is int else None)
    wrong = counts.count(None)
    more = (Note("flagged", "the number of the evaluation is no count: unknown", wrong),) if wrong else ()
    return EvaluationCounts(found.column, found.metadata, (*found.notes, *more))


def _count(text: str) -> int | None:
    """A count of evaluations; None for what is none, or beyond 18 digits."""
    number = float(text)
    return int(number) if number.is_integer() and 0 <= number < _MOST else None


def _outcome(one: Described, columns: _Columns, own: _Own) -> _Outcome:
    direction = "maximize" if _maximized(one) else "minimize"
    further = [name for name in columns if _FURTHER.fullmatch(name)]
    objectives = own.objectives or tuple(Objective(name, direction) for name in ("raw_y", *further))
    told = {o.name: columns.get(COST + o.name if own.objectives else o.name) for o in objectives}
    first = told[objectives[0].name]
    if first is None:
        raise EncaveError(f"{one.table} has no column {'cost_' if own.objectives else ''}{objectives[0].name}")
    costs = {name: _floats(values or ["nan"] * len(first)) for name, values in told.items()}
    succeeded = np.isfinite(np.stack(list(costs.values()))).all(axis=0)
    return _Outcome(
        objectives, {name: np.where(succeeded, values, np.nan) for name, values in costs.items()}, succeeded
    )


def _statuses(columns: _Columns, outcome: _Outcome, own: _Own) -> list[str]:
    trials = columns["trial_id"] if own.names else map(str, range(len(outcome.succeeded)))
    return [
        Status.SUCCESS.value if succeeded else own.failed.get(trial, Status.CRASHED.value)
        for trial, succeeded in zip(trials, outcome.succeeded, strict=True)
    ]


def _configurations(
    columns: _Columns, path: Path, options: Options, own: _Own
) -> tuple[LogSpace, dict[int, dict[str, Any]], list[int]]:
    """The space, config_id → configuration, and the config_id of each trial."""
    names = sorted((name for name in columns if _POSITION.fullmatch(name)), key=lambda name: int(name[1:]))
    kept = None if own.space is None else LogSpace(own.space, own.inferred)
    found = own_or_given(lambda: kept, options) or known_space(path, options, None)
    if not names:
        return _numbered(len(columns["raw_y"]))
    if found is not None and len(found.space) != len(names):
        raise EncaveError(f"{path}: the space has {len(found.space)} hyperparameters, the log {len(names)}")
    keys = list(zip(*(columns[name] for name in names), strict=True))
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    ids = _typed(columns["config_id"], integers=True).to_pylist() if own.names else [numbers[key] for key in keys]
    if None in ids:
        raise EncaveError(f"{path}: a trial has no configuration")
    if len(set(zip(ids, keys, strict=True))) > len(set(ids)):
        raise EncaveError(f"{path}: trials of one configuration have different values of hyperparameters")
    if found is not None:
        return found, {i: _decoded(key, found.space) for i, key in zip(ids, keys, strict=True)}, ids
    values = zip(*(_typed(columns[name]).to_pylist() for name in names), strict=True)
    rows = [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in values]
    inferred = infer(dict(zip(ids, rows, strict=True)))
    text = "x0, x1, … are the hyperparameters: IOHprofiler has numbers only, so a choice is its position"
    return LogSpace(inferred.space, True, (*inferred.notes, Note("flagged", text))), dict(inferred.configurations), ids


def _decoded(key: Iterable[str], space: ConfigurationSpace) -> dict[str, Any]:
    """A configuration from its numbers; `nan` is an inactive hyperparameter, a choice its position."""
    values: dict[str, Any] = {}
    for (name, hyperparameter), text in zip(space.items(), key, strict=True):
        if text == "nan":
            continue
        choices = space_columns.choices(hyperparameter)
        number = float(text)
        if choices is None:
            values[name] = int(text) if whole(text) else number
        elif number.is_integer() and 0 <= number < len(choices):
            values[name] = choices[int(number)]
        else:
            raise EncaveError(f"{name} = {text} is no position among its {len(choices)} choices")
    return values


def _numbered(count: int) -> tuple[LogSpace, dict[int, dict[str, Any]], list[int]]:
    """For a log without positions: the number of the row stands for the configuration."""
    from ConfigSpace import ConfigurationSpace, Constant, UniformIntegerHyperparameter

    space = ConfigurationSpace(name="configurations that were not logged")
    space.add(UniformIntegerHyperparameter("row", 1, count) if count > 1 else Constant("row", 1))
    text = "the log has no positions x0, x1, …: the number of the row stands for each configuration"
    ids = list(range(count))
    return LogSpace(space, True, (Note("flagged", text, count),)), {i: {"row": i + 1} for i in ids}, ids


def _typed(texts: list[str], *, integers: bool = False) -> pa.Array:
    """Integers where all are, else floats; `nan` is null."""
    told = [None if text == "nan" else text for text in texts]
    try:
        if all(text is None or whole(text) for text in told):
            return pa.array([None if text is None else int(text) for text in told], pa.int64())
    except OverflowError:
        pass  # beyond 64 bits
    if integers:
        raise EncaveError("a trial, a configuration or a seed has no whole number")
    return pa.array([None if text is None else float(text) for text in told], pa.float64())


def _floats(texts: list[str]) -> Floats:
    return np.array(texts, dtype=np.float64)


def _optimizer(one: Described, own: _Own) -> Optimizer:
    told = one.description["algorithm"]
    algorithm: Mapping[str, Any] = told if isinstance(told, dict) else {"name": told}
    version = str(algorithm.get("info") or "") if own.names else ""
    return Optimizer(str(algorithm.get("name") or "unknown"), version or None)


def _task(one: Described, own: _Own) -> str:
    """The function in its dimension; of its own files encave has the task for the function."""
    function = str(one.description.get("function_name") or f"f{one.description['function_id']}")
    return function if own.names or one.dimension is None else f"{function}-DIM{one.dimension}"


def _seed(one: Described) -> int | None:
    seed = one.run.get("run_seed")
    return seed if isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0 else None


def _name(one: Described) -> str:
    own = _Own({})
    told = f"{_optimizer(one, own).name}-{_task(one, own)}-i{one.run.get('instance', 1)}"
    return f"{told}-run{one.place + 1}"


def _metadata(one: Described, own: _Own) -> dict[str, Any]:
    told: dict[str, Any] = {"group": _optimizer(one, own).name, "task": _task(one, own)}
    seed = _seed(one)
    told |= {} if seed is None else {"seed": seed}
    if own.names:
        return told
    rest = {key: value for key, value in one.description.items() if key != "scenarios"}
    return told | {"ioh": {**rest, "dimension": one.dimension, "run": dict(one.run)}}


def _oddities(outcome: _Outcome, own: _Own) -> Iterable[Note]:
    further = ", ".join(objective.name for objective in outcome.objectives[1:])
    if further and not own.names:
        yield Note("assumed", f"{further}: taken for objectives beside raw_y, with its direction")
    failed = int((~outcome.succeeded).sum())
    if failed and not own.names:
        yield Note("derived", "no finite value: IOHprofiler has no status, so crashed", failed)
    if not own.names:
        yield Note("flagged", "IOHprofiler has no times: only the order of the trials is known")
