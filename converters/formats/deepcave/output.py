"""DeepCAVE's run format, written directly: what `Run.save` of DeepCAVE 1.4 leaves, and the CSV twin that 1.4.1 opens.

DeepCAVE 1.4.1 cannot load the native lines that it writes. It tries every converter on a folder and keeps the last that
succeeds, which is the one for `trials.csv` and `configspace.csv`; so both forms stand in one folder and describe the
same trials under the same numbers (docs/formats.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ....run import COST, EXTRA, BenchmarkFacts, Note, Run
from ....run import configurations as space_columns
from ...parts.codes import first_of_each
from ...parts.text_columns import Cells, each, json_text, json_texts, whole, write_lines, write_object
from . import twin as deepcave_twin
from .files import TRIALS
from .rows import FIELDS, ShownRows, rows

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

TIME = "Time"
"""Objective that every converter of DeepCAVE adds: seconds from start to end."""

RUN_SEED, TRIAL_SEEDS, INFERRED, TOLD = "run seed", "trial seeds", "inferred space", "notes"
"""Keys of `meta.json` with what DeepCAVE has no place for: the run's seed, the seeds of the trials by the numbers that
DeepCAVE is shown instead, whether the space was inferred, and notes on what is not shown as the log has it."""

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


def prepare(run: Run) -> tuple[ShownRows, tuple[Note, ...]]:
    """The trials that DeepCAVE is shown, and notes on what it cannot hold."""
    shown = rows(run)
    return shown, (*shown.notes, *deepcave_twin.notes(run, shown))


def write(run: Run, shown: ShownRows, folder: Path) -> None:
    """Write `meta.json`, `configspace.json`, `configs.json`, `origins.json`, `history.jsonl` and the CSV twin.

    Args:
        run: The run.
        shown: What `prepare` returned for it.
        folder: An existing folder; not written atomically here.
    """
    (folder / "meta.json").write_text(_meta_text(_meta(run, shown)), encoding="utf-8")
    same = shown.space is run.space or shown.space == run.space
    space = json_text(run.space_json if same else shown.space.to_serialized_dict())
    (folder / "configspace.json").write_text(space, encoding="utf-8")
    count = shown.configurations.num_rows
    with (folder / "configs.json").open("wb") as file:
        write_object(
            file, count, lambda start, size: _configurations(shown.space, shown.configurations.slice(start, size))
        )
    origins = _origins(shown)
    with (folder / "origins.json").open("wb") as file:
        write_object(file, count, lambda start, size: [origins.slice(start, size)])
    columns = shown.columns()
    deepcave_twin.write_space(run, folder)
    with (folder / "history.jsonl").open("wb") as history, (folder / TRIALS).open("wb") as twin:
        rows = deepcave_twin.begin(run, shown, columns, twin)
        write_lines([(history, list(_lines(run, columns))), (twin, rows)])


def _meta_text(content: Mapping[str, Any]) -> str:
    return "{\n" + ",\n".join(f"{json_text(key)}: {json_text(value)}" for key, value in content.items()) + "\n}\n"


def _meta(run: Run, shown: ShownRows) -> dict[str, Any]:
    told = {"optimizer": run.optimizer.name, "optimizer version": run.optimizer.version, "budget": run.budget_name}
    told |= {"task": run.task} | {
        key: getattr(run.provenance, key) for key in ("workers", "source", "source_format", "source_release")
    }
    told |= {RUN_SEED: run.seed, TRIAL_SEEDS: _trial_seeds(shown), INFERRED: run.inferred_space or None}
    told |= {TOLD: "; ".join(_note(note, len(run)) for note in shown.notes) or None}
    benchmark = run.provenance.benchmark or BenchmarkFacts()
    told |= {"benchmark name": benchmark.name, "benchmark source": benchmark.source}
    return {
        "objectives": [*(_objective(run, shown, o.name) for o in run.objectives), _time_objective(shown)],
        "budgets": np.unique(shown.budgets).tolist(),
        "seeds": np.unique(shown.seeds).tolist(),
        **{key: value for key, value in told.items() if value is not None},
    }


def _note(note: Note, trials: int) -> str:
    return f"{note.text} ({note.count} of {trials} trials)" if note.count else note.text


def _trial_seeds(shown: ShownRows) -> dict[str, int | None] | None:
    """DeepCAVE's number → the seed of its trials, for those that differ; None if none does."""
    own = shown.trials["seed"]
    if not own.null_count and np.array_equal(own.to_numpy(), shown.seeds) and shown.seeds.min(initial=0) >= 0:
        return None
    if (shown.seeds == shown.seeds[:1]).all():
        seeds = own.unique().to_pylist()
        numbers = shown.seeds[: len(seeds)].tolist()
    else:
        pairs = pa.table({"shown": shown.seeds, "own": whole(own)}).group_by(["shown", "own"]).aggregate([])
        numbers, seeds = pairs["shown"].to_pylist(), pairs["own"].to_pylist()
    times = Counter(numbers)
    told = {n: seed for n, seed in zip(numbers, seeds, strict=True) if times[n] == 1 and (n != seed or n < 0)}
    return {str(number): seed for number, seed in told.items()} or None


def _objective(run: Run, shown: ShownRows, name: str) -> dict[str, Any]:
    direction = run.objective(name).direction
    return _bounded(name, shown.trials[COST + name].to_numpy(), "upper" if direction == "maximize" else "lower")


def _time_objective(shown: ShownRows) -> dict[str, Any]:
    return _bounded(TIME, shown.durations(), "lower")


def _bounded(name: str, values: NDArray[np.float64], optimize: str) -> dict[str, Any]:
    """Bounds follow the data and are not locked, so that runs with different ranges can be grouped."""
    values = values[~np.isnan(values)]
    low, high = deepcave_twin.bounds_of(values)
    return {"name": name, "lower": low, "upper": high, "lock_lower": False, "lock_upper": False, "optimize": optimize}


def _configurations(space: ConfigurationSpace, table: pa.Table) -> list[str | pa.Array]:
    """JSON of each configuration's active hyperparameters in the order of the space, on which DeepCAVE relies."""
    cells: list[str | pa.Array] = ["{"]
    begun: bool | pa.Array = False
    for name in space:
        column = whole(table[name])
        texts = column.cast(pa.string()) if space_columns.holds_json(space[name]) else json_texts(column)
        key = f"{json_text(name)}: "
        if column.null_count:
            active = pc.is_valid(column)
            comma = pc.if_else(begun, ", ", "")
            cells.append(pc.if_else(active, pc.binary_join_element_wise(comma, key, texts, ""), ""))
            begun = pc.or_(begun, active)
        else:
            cells += [", " * begun + key if isinstance(begun, bool) else pc.if_else(begun, ", " + key, key), texts]
            begun = True
    return [*cells, "}"]


def _origins(shown: ShownRows) -> pa.Array:
    """JSON of each configuration's origin."""
    if EXTRA + "origin" not in shown.trials.column_names:
        return pa.array(["null"] * shown.configurations.num_rows, pa.string())
    return json_texts(shown.trials[EXTRA + "origin"].take(pa.array(first_of_each(shown.config_ids))))


def _lines(run: Run, columns: Mapping[str, pa.Array]) -> Iterator[str | Cells]:
    """The nine fields of each trial as DeepCAVE 1.4 has them; costs of failed trials are null, times are exact."""

    def of(name: str) -> Cells:
        return Cells(columns[name], json_texts)

    yield from ("[", of("config_id"), ", ", of("budget"), ", ", of("seed"), ", [")
    for objective in run.objectives:
        yield from (of(COST + objective.name), ", ")
    yield from (of("duration"), "], ", of("cpu_time"), ", ", of("start"), ", ", of("end"), ", ")
    yield from (Cells(columns["status"], _status_numbers), ", {")
    for number, (name, told) in enumerate(_additional(columns)):
        yield from (f"{', ' if number else ''}{json_text(told)}: ", of(name))
    yield "}]\n"


def _status_numbers(names: pa.Array) -> pa.Array:
    return each(names, lambda name: str(STATUS_NUMBERS[name]))


def _additional(columns: Mapping[str, pa.Array]) -> Iterator[tuple[str, str]]:
    """Names of the columns that go there: a trial's id, its worker and instance if any is known, and extra fields."""
    for name in columns:
        if name in FIELDS or name.startswith(EXTRA):
            plain = name.removeprefix(EXTRA)
            yield name, name if plain in FIELDS else plain
