"""DeepCAVE's run format, written directly: what `Run.save` of DeepCAVE 1.4 leaves, and the CSV twin that 1.4.1 opens.

DeepCAVE 1.4.1 cannot load the native lines that it writes. It tries every converter on a folder and keeps the last that
succeeds, which is the one for `trials.csv` and `configspace.csv`; so both forms stand in one folder and describe the
same trials under the same numbers (docs/formats.md).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .. import space_columns
from ..run import COST, EXTRA, Note, Run
from . import deepcave_twin
from .deepcave_rows import Rows, rows

_encode = json.JSONEncoder(allow_nan=False, ensure_ascii=False).encode

TIME = "Time"
"""Objective that every converter of DeepCAVE adds: seconds from start to end."""

STATUS_NUMBERS = {
    "success": 1,
    "timeout": 2,
    "memory-out": 3,
    "crashed": 4,
    "aborted": 5,
    "running": 6,  # DeepCAVE has no running trials; 6 is "not evaluated"
    "not-evaluated": 6,
}
"""Status → DeepCAVE's number of it."""


def prepare(run: Run) -> tuple[Rows, tuple[Note, ...]]:
    """The trials that DeepCAVE is shown, and notes on what it cannot hold."""
    shown = rows(run)
    return shown, (*shown.notes, *deepcave_twin.notes(run, shown))


def write(run: Run, shown: Rows, folder: Path) -> None:
    """Write `meta.json`, `configspace.json`, `configs.json`, `origins.json`, `history.jsonl` and the CSV twin.

    Args:
        run: The run.
        shown: What `prepare` returned for it.
        folder: An existing folder; not written atomically here.
    """
    (folder / "meta.json").write_text(_by_line(_meta(run, shown)), encoding="utf-8")
    (folder / "configspace.json").write_text(_encode(run.space_json), encoding="utf-8")
    configurations = {str(number): values for number, values in enumerate(_configurations(run, shown))}
    (folder / "configs.json").write_text(_by_line(configurations), encoding="utf-8")
    origins = dict(zip(configurations, _origins(shown), strict=True))
    (folder / "origins.json").write_text(_by_line(origins), encoding="utf-8")
    with (folder / "history.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(_encode(line) + "\n" for line in _lines(run, shown))
    deepcave_twin.write(run, shown, folder)


def _by_line(content: Mapping[str, Any]) -> str:
    """JSON with an entry a line; the indentation of the json module is many times slower."""
    return "{\n" + ",\n".join(f"{_encode(key)}: {_encode(value)}" for key, value in content.items()) + "\n}\n"


def _meta(run: Run, shown: Rows) -> dict[str, Any]:
    told = {"optimizer": run.optimizer.name, "optimizer version": run.optimizer.version, "budget": run.budget_name}
    told |= {key: run.metadata.get(key) for key in ("task", "workers", "source", "source_format", "source_release")}
    benchmark = run.metadata.get("benchmark") or {}
    told |= {f"benchmark {key}": benchmark.get(key) for key in ("name", "source")}
    return {
        "objectives": [*(_objective(run, shown, o.name) for o in run.objectives), _time_objective(shown)],
        "budgets": np.unique(shown.budgets).tolist(),
        "seeds": np.unique(shown.seeds).tolist(),
        **{key: value for key, value in told.items() if value is not None},
    }


def _objective(run: Run, shown: Rows, name: str) -> dict[str, Any]:
    direction = run.objective(name).direction
    return _bounded(name, shown.trials[COST + name].to_numpy(), "upper" if direction == "maximize" else "lower")


def _time_objective(shown: Rows) -> dict[str, Any]:
    return _bounded(TIME, _durations(shown), "lower")


def _bounded(name: str, values: NDArray[np.float64], optimize: str) -> dict[str, Any]:
    """Bounds follow the data and are not locked, so that runs with different ranges can be grouped."""
    values = values[~np.isnan(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    return {"name": name, "lower": low, "upper": high, "lock_lower": False, "lock_upper": False, "optimize": optimize}


def _durations(shown: Rows) -> NDArray[np.float64]:
    """Seconds of the successful trials, shape (n,), NaN for the others."""
    succeeded = shown.trials["status"].cast(pa.string()).to_numpy(zero_copy_only=False) == "success"
    return np.where(succeeded, shown.ends - shown.starts, np.nan)


def _configurations(run: Run, shown: Rows) -> Iterator[dict[str, Any]]:
    """Active hyperparameters of each configuration in the order of the space, on which DeepCAVE's look-up depends."""
    json_names = {name for name, hyperparameter in run.space.items() if space_columns.holds_json(hyperparameter)}
    names = list(run.space.keys())
    for values in zip(*(shown.configurations[name].to_pylist() for name in names), strict=True):
        yield {
            name: json.loads(value) if name in json_names else value
            for name, value in zip(names, values, strict=True)
            if value is not None
        }


def _origins(shown: Rows) -> list[Any]:
    count = shown.configurations.num_rows
    if EXTRA + "origin" not in shown.trials.column_names:
        return [None] * count
    _, first = np.unique(shown.config_ids, return_index=True)
    return shown.trials[EXTRA + "origin"].take(pa.array(first)).to_pylist()


def _lines(run: Run, shown: Rows) -> Iterator[list[Any]]:
    """The nine fields of each trial as DeepCAVE 1.4 has them; costs of failed trials are null, times are exact."""
    columns = [shown.trials[COST + objective.name].to_pylist() for objective in run.objectives]
    durations = [None if math.isnan(value) else value for value in _durations(shown).tolist()]
    costs = [list(values) for values in zip(*columns, durations, strict=True)]
    return (
        list(line)
        for line in zip(
            shown.config_ids.tolist(),
            shown.budgets.tolist(),
            shown.seeds.tolist(),
            costs,
            np.nan_to_num(shown.trials["cpu_time"].to_numpy().astype(np.float64), nan=0.0).tolist(),
            shown.starts.tolist(),
            shown.ends.tolist(),
            [STATUS_NUMBERS[name] for name in shown.trials["status"].to_pylist()],
            additional(shown),
            strict=True,
        )
    )


def additional(shown: Rows) -> Sequence[dict[str, Any]]:
    """Per trial its id, its worker and instance if known, and the extra fields, as strict JSON values."""
    wanted = {"trial_id": "trial_id", "worker": "worker", "instance": "instance"}
    wanted |= {name: name.removeprefix(EXTRA) for name in shown.trials.column_names if name.startswith(EXTRA)}
    columns = {
        told: shown.trials[name] for name, told in wanted.items() if shown.trials[name].null_count < len(shown.trials)
    }
    values = [_plain(column.to_pylist()) for column in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)] if values else []


def _plain(values: list[Any]) -> list[Any]:
    """JSON has no NaN and no infinity: the first becomes null, the second text."""
    return [value if not isinstance(value, float) or math.isfinite(value) else _named(value) for value in values]


def _named(value: float) -> str | None:
    return None if math.isnan(value) else str(value)
