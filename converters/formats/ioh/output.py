"""Runs in IOHprofiler's data format (version 0.3.x), as its Logger "Analyzer" writes it with stored positions.

One folder per optimizer and task: `IOHprofiler_f<id>_<task>.json` describes the runs, `data_f<id>_<task>/*.dat` has one
row per trial in order of completion. IOHanalyzer and iohinspector read it.
Source: de Nobel et al., "IOHexperimenter" (2021), and its documentation of the data format.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ....files.atomic import atomic_folder
from ....run import CONFIG, COST, EXTRA, Objective, Run, Status, configurations
from ....run.types import Floats
from ...parts.names import folder_name
from .reader import SUITE

LIMITS = (
    "IOHprofiler knows one objective per run: raw_y is the first one, the others are columns beside it",
    "IOHprofiler knows no budgets: a trial below the run's highest one is an evaluation whose raw_y is the worst value",
    "IOHprofiler knows no failed trials: they are evaluations whose raw_y is the worst value",
    "IOHprofiler holds numbers: choices are their positions, from 0; text and truth values are left out",
    "IOHprofiler knows no configuration space: only encave reads it back, from a key of its own; inactive is nan",
)
"""What the format cannot hold."""

_VERSION = "0.3.22"
_NUMBERS = ("trial_id", "config_id", "budget", "seed", "start", "end", "cpu_time", "evaluation")
_OWN = ("evaluations", "raw_y", "raw_y_best")


@dataclass(frozen=True)
class _Rows:
    """A run's rows."""

    run: Run
    """The run."""
    counts: list[int]
    """How many evaluations had been made when each ended, shape (n,), ascending."""
    raw: Floats
    """Value of the first objective at the highest budget, shape (n,); infinity for the worst."""
    columns: dict[str, list[str]]
    """Other columns as text."""
    sources: dict[str, str]
    """Name of a column → that of the run's column."""
    positions: dict[str, list[str]]
    """x0, x1, … as text."""


def write_all(runs: Sequence[Run], folder: Path) -> list[str]:
    """Write runs, of which those of one optimizer and task become one data set.

    Args:
        runs: The runs.
        folder: Folder to write to.

    Returns:
        What the files do not hold of these runs, one sentence each.

    Raises:
        EncaveError: the folder cannot be written.
    """
    tasks = sorted({_task(run) for run in runs})
    groups: dict[tuple[str, str, Objective, tuple[str, ...]], list[Run]] = {}
    said: list[str] = []
    for run in runs:
        infeasible = int(run.infeasible().sum())
        if not run.able().any():
            none = "no feasible trial" if infeasible else "none of its trials"
            said.append(f"{run.name} is left out: {none} succeeded")
        else:
            if infeasible:
                said.append(f"{run.name}: {infeasible} infeasible trials have the worst value, as failed ones have")
            groups.setdefault((run.label, _task(run), run.objectives[0], tuple(run.space)), []).append(run)
    names: set[str] = set()
    for (group, task, objective, _), members in groups.items():
        number = tasks.index(task) + 1
        base = name = folder_name(f"{group}-{task}-{objective.name}")
        count = 1
        while name.lower() in names:
            count += 1
            name = f"{base}-{count}"
        names.add(name.lower())
        with atomic_folder(folder / name, ours=_ours(folder / name)) as temporary:
            _write_group(members, temporary, group, task, number)
    return said


def _ours(folder: Path) -> list[str]:
    """What an earlier export wrote there, also under another number of the task."""
    return [path.name for path in folder.glob("*") if re.match(r"(IOHprofiler|data)_f\d+_", path.name)]


def _task(run: Run) -> str:
    return run.task or "unknown"


def _maximizes(run: Run) -> bool:
    return run.objectives[0].direction == "maximize"


def _write_group(runs: Sequence[Run], folder: Path, group: str, task: str, number: int) -> None:
    shown = [_rows(run) for run in runs]
    dimension = len(runs[0].space)
    label = folder_name(task)
    data = f"data_f{number}_{label}/IOHprofiler_f{number}_DIM{dimension}.dat"
    names = list(dict.fromkeys(name for rows in shown for name in rows.columns))
    (folder / data).parent.mkdir()
    with (folder / data).open("w", encoding="utf-8") as file:
        for rows in shown:
            file.writelines(_lines(rows, names))
    description = {
        "version": _VERSION,
        "suite": SUITE,
        "function_id": number,
        "function_name": label,
        "maximization": _maximizes(runs[0]),
        "algorithm": {"name": group, "info": runs[0].optimizer.version or ""},
        "run_attributes": ["run_seed"],
        "attributes": [*_OWN, *names],
        "scenarios": [{"dimension": dimension, "path": data, "runs": [_described(rows) for rows in shown]}],
        SUITE: _kept(shown),
    }
    text = json.dumps(description, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / f"IOHprofiler_f{number}_{label}.json").write_text(text, encoding="utf-8")


def _kept(shown: Sequence[_Rows]) -> dict[str, Any]:
    """What the format has no place for, for encave to read back: spaces, and per run what its numbers are."""
    spaces: list[Any] = []
    runs: list[dict[str, Any]] = []
    for rows in shown:
        run = rows.run
        if run.space_json not in spaces:
            spaces.append(run.space_json)
        told = {"name": run.name, "objectives": [asdict(objective) for objective in run.objectives]}
        told |= {"evaluations": run.evaluations, "improvements_only": run.improvements_only or None}
        told |= {"budget_name": run.budget_name, "inferred_space": run.inferred_space, "columns": rows.sources}
        failed = {n: word for n, word in zip(*_statuses(run), strict=True) if word != Status.SUCCESS.value}
        notes = [asdict(note) for note in run.notes]
        told |= {"feasible": _feasible(run)} if "feasible" in run.trials.column_names else {}
        runs.append(told | {"space": spaces.index(run.space_json), "failed": failed, "notes": notes})
    return {"runs": runs, "spaces": spaces}


def _feasible(run: Run) -> dict[int, bool]:
    """trial_id → whether the trial is feasible, where it is known."""
    pairs = zip(run.trials["trial_id"].to_pylist(), run.trials["feasible"].to_pylist(), strict=True)
    return {trial: feasible for trial, feasible in pairs if feasible is not None}


def _statuses(run: Run) -> tuple[list[int], list[str]]:
    return run.trials["trial_id"].to_pylist(), run.trials["status"].to_pylist()


def _rows(run: Run) -> _Rows:
    """Rows in order of completion, by counts if all have one; trials without an end stay behind the one before."""
    ends = run.column("end").astype(np.float64)
    latest = np.maximum.accumulate(np.nan_to_num(ends, nan=0.0))
    counts = run.evaluation
    counted = not np.isnan(counts).any()
    order = np.argsort(counts if counted else np.where(np.isnan(ends), latest, ends), kind="stable")
    numbers = counts[order].astype(np.int64) if counted else np.arange(1, len(run) + 1)
    table = run.replace(trials=run.trials.take(pa.array(order))).joined()
    worst = -math.inf if _maximizes(run) else math.inf
    values = np.where(run.able()[order], table[COST + run.objectives[0].name].to_numpy().astype(np.float64), np.nan)
    budget = np.nan_to_num(table["budget"].to_numpy().astype(np.float64), nan=-np.inf)
    raw = np.where(np.isnan(values) | (budget < budget[~np.isnan(values)].max()), worst, values)
    positions = {f"x{i}": _texts(_positions(run, table, name)) for i, name in enumerate(run.space)}
    sources = dict(_columns(table))
    return _Rows(
        run,
        numbers.tolist(),
        raw,
        {name: _texts(table[source]) for name, source in sources.items()},
        sources,
        positions,
    )


def _columns(table: pa.Table) -> Iterator[tuple[str, str]]:
    """Names of letters, digits and underscores for the columns of numbers, and the columns' own."""
    taken: set[str] = set()
    for source in table.column_names:
        kind = table[source].type
        wanted = source in _NUMBERS or source.startswith(COST) or (source.startswith(EXTRA) and _is_number(kind))
        if wanted and table[source].null_count < len(table):
            name = re.sub(r"\W+", "_", source.removeprefix(EXTRA))
            while name in taken or name in _OWN:
                name += "_"
            taken.add(name)
            yield name, source


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _positions(run: Run, table: pa.Table, name: str) -> pa.ChunkedArray | pa.Array:
    """A hyperparameter's values; of a choice its position."""
    column, hyperparameter = table[CONFIG + name], run.space[name]
    choices = configurations.choices(hyperparameter)
    if choices is None:
        return column
    texts = [json.dumps(choice) for choice in choices] if configurations.holds_json(hyperparameter) else list(choices)
    places = {text: place for place, text in enumerate(texts)}
    return pa.array([None if cell is None else places[cell] for cell in column.to_pylist()], pa.int64())


def _texts(column: pa.ChunkedArray | pa.Array) -> list[str]:
    return ["nan" if value is None else repr(value) for value in column.to_pylist()]


def _lines(rows: _Rows, names: Sequence[str]) -> Iterator[str]:
    """The run's lines; a column that only other runs have is `nan`."""
    best = (np.maximum if _maximizes(rows.run) else np.minimum).accumulate(rows.raw)
    columns = [rows.columns.get(name) or ["nan"] * len(rows.raw) for name in names]
    yield " ".join([*_OWN, *names, *rows.positions]) + "\n"
    values = (map(repr, rows.raw.tolist()), map(repr, best.tolist()), *columns, *rows.positions.values())
    for number, row in zip(rows.counts, zip(*values, strict=True), strict=True):
        yield f"{number} {' '.join(row)}\n"


def _described(rows: _Rows) -> dict[str, Any]:
    place = int(np.argmax(rows.raw) if _maximizes(rows.run) else np.argmin(rows.raw))
    position = [float(texts[place]) for texts in rows.positions.values()]
    seed = rows.run.seed
    return {
        "instance": 1,
        "evals": max(rows.counts[-1], rows.run.evaluations or 0),
        "best": {
            "evals": rows.counts[place],
            "y": float(rows.raw[place]),
            "x": [None if math.isnan(value) else value for value in position],
        },
        "run_seed": -1 if seed is None else seed,
    }
