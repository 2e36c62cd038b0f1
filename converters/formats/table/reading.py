"""One run of a home-made table: its rows as trials, its columns as the mapping says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ....errors import EncaveError
from ....run import Note, Optimizer, Provenance, Run, Status
from ....run.configurations import ABSENT, choices
from ...parts.clock import from_start
from ...parts.evaluation_counts import EvaluationCounts, count_evaluations
from ...parts.extras import extra_columns
from ...parts.feasibility import feasibility
from ...parts.fitting import fitted_run
from ...parts.inferred_space import infer
from ...parts.names import study_name
from ...parts.numbers import finite_text
from ...parts.outcomes import outcomes
from ...parts.searcher import Searcher
from ...parts.space import LogSpace, known_space
from ...reader import Found, Options, ReadResult
from .checks import check_numbers, directions
from .frames import KnownFrame, known_frame, told_over
from .mapping import Mapped, decimal_comma, mapping_file, read_mapping, resolve
from .names_and_columns import searched_by, seeded
from .oddities import oddities, time_unit, unit_in_name
from .order import ORDERED, in_order
from .reports import going_on, unsaid_instances, unsaid_reports
from .rows import TableRows
from .source import SourceTable, read_table
from .summer_time import after_change, over_the_change
from .unsaid import mixed_runs, unsaid, unsaid_limits


def read(found: Found, options: Options, mapping: Mapping[str, str] | None) -> ReadResult:
    """Read the rows of one run.

    Args:
        found: The run.
        options: What the user says, without the mapping.
        mapping: What the user says the columns are, over the mapping beside the table; None: nothing.
    """
    given = _given(found.path, mapping)
    table = table_of(found.path, given)
    spec, frame = spec_of(found.path, mapping, list(table.columns))
    spec = _varying(spec, frame, table)
    mapped = resolve(spec, list(table.columns), str(found.path))
    rows = list(range(table.rows))
    dropped, notes = table.dropped, [*table.notes, *(frame.notes if frame and "objective" not in given else ())]
    notes += directions(mapped)
    keys = run_keys(table, mapped.runs) if mapped.runs else []
    if found.key is not None:
        rows = [row for row, key in enumerate(keys) if key == found.key]
        if dropped:
            text = f"{found.path.name}: rows that cannot be read, whose run is unknown, are in none"
            dropped, notes = 0, [Note("flagged", text, dropped)]
    elif len(set(keys)) > 1:
        name = f"{found.path.stem}.map.json"
        raise EncaveError(f"{found.path} holds several runs; put the mapping into {name} beside it")
    if not rows:
        raise EncaveError(f"{found.path} has no row" + (f" of the run {found.key}" if found.key else ""))
    check_numbers(TableRows(table, rows, found.path), mapped)
    later, changed = after_change(TableRows(table, rows, found.path), mapped)
    table, notes = replace(table, later=later), [*notes, *changed]
    everything = TableRows(table, range(table.rows), found.path)
    rows, told = in_order(everything, rows, mapped)
    chosen = TableRows(table, rows, found.path)
    told += mixed_runs(chosen, list(mapped.extras))
    if not mapped.constraints and "feasible" not in mapped.roles:
        told += unsaid_limits(list(mapped.extras))
    if frame is None:
        ordered = any(role in mapped.roles for role in ORDERED)
        told += unsaid(chosen, list(mapped.extras), ordered=ordered)
    of_run = {name: table.values(name)[rows[0]] for name in mapped.runs}
    mapped = replace(mapped, told=mapped.of_run(of_run))
    searched = searched_by(found, frame, everything, mapped.told)
    known = frame.library if frame is not None and "optimizer" not in mapped.told else None
    program = known or (searched.label if searched else "unknown")
    run = _run(found, options, everything, rows, mapped, program, searched, [*notes, *told], dropped=dropped)
    run = seeded(run, of_run, found.key)
    return ReadResult(run, None, len(run) + dropped, dropped=dropped)


def _given(path: Path, mapping: Mapping[str, str] | None) -> dict[str, Any]:
    """The mapping beside the table, with what the user says on top."""
    beside = mapping_file(path)
    return (read_mapping(beside) if beside else {}) | dict(mapping or {})


def spec_of(
    path: Path, mapping: Mapping[str, str] | None, names: Sequence[str]
) -> tuple[dict[str, Any], KnownFrame | None]:
    """What the columns are, from the user and from what is known of such tables; and what it is known as."""
    given = _given(path, mapping)
    frame = known_frame(names)
    return told_over(frame, given, names) if frame is not None and frame.whole else given, frame


def _varying(spec: dict[str, Any], frame: KnownFrame | None, table: SourceTable) -> dict[str, Any]:
    """The mapping without those roles of a known table that have one value in all rows and so tell nothing."""
    roles = frame.varying if frame else ()
    idle = [role for role in roles if role in spec and len(set(table.raw(spec[role]))) < 2]
    return {key: value for key, value in spec.items() if key not in idle}


def table_of(path: Path, spec: Mapping[str, Any]) -> SourceTable:
    """The table, whose numbers are written as the mapping says."""
    return read_table(path, decimal_comma=decimal_comma(spec, str(path)))


def run_keys(table: SourceTable, columns: Sequence[str]) -> list[str]:
    """What tells of each row to which run it belongs: the values of these columns."""
    rows = zip(*(table.raw(name) for name in columns), strict=True)
    return [", ".join("" if value is None else str(value) for value in row) for row in rows]


def _run(
    found: Found,
    options: Options,
    everything: TableRows,
    chosen: Sequence[int],
    mapped: Mapped,
    program: str,
    searched: Searcher | None,
    notes: list[Note],
    *,
    dropped: int,
) -> Run:
    """The run in the `chosen` rows; the space and the configurations' numbers are those of the whole table."""
    space = known_space(found.path, options, None)
    values = {short: _fitted(everything, name, short, space) for name, short in mapped.hyperparameters.items()}
    if not values:
        numbers, configurations = _unknown(everything, mapped.roles.get("config_id"))
        notes.append(
            Note("assumed", "the table has no hyperparameters, as the mapping says; configurations are unknown")
        )
    else:
        numbers, configurations = _numbered(values)
        if "config_id" in mapped.roles:
            numbers, configurations = _as_logged(everything, mapped.roles["config_id"], numbers, configurations, notes)
    if space is None:
        inferred = infer(configurations)
        space, configurations = LogSpace(inferred.space, True, inferred.notes), inferred.configurations
    ids = [numbers[row] for row in chosen]
    rows = TableRows(everything.table, chosen, everything.path)
    columns, derived = _columns(rows, mapped)
    reported = going_on(rows, mapped, columns)
    notes += [*oddities(rows, mapped.hyperparameters), *reported.notes, *unsaid_reports(mapped, columns, ids)]
    notes += unsaid_instances(rows, mapped, ids)
    counted = _counts(rows, mapped, dropped)
    told = mapped.told
    name = told.get("name", study_name(found.path, found.path.stem))
    return fitted_run(
        name=f"{name}-{found.key}" if found.key else name,
        optimizer=Optimizer(program, told.get("optimizer_version")),
        space=space.space,
        objectives=list(mapped.objectives.values()),
        trials={**columns, "config_id": ids, "evaluation": counted.column, **reported.columns},
        configurations={config_id: configurations[config_id] for config_id in set(ids)},
        budget_name=told.get("budget_name", mapped.roles.get("budget")),
        inferred_space=space.inferred,
        provenance=Provenance.from_json(
            _metadata(told, columns.get("seed", [])) | counted.metadata | (searched.metadata if searched else {})
        ),
        notes=[*notes, *space.notes, *derived, *counted.notes, *(searched.notes if searched else [])],
    )


def _metadata(told: Mapping[str, str], seeds: Sequence[int | None]) -> dict[str, Any]:
    distinct = set(seeds)
    return {
        **({"task": told["task"]} if "task" in told else {}),
        **({"seed": seeds[0]} if len(distinct) == 1 and seeds[0] is not None else {}),
    }


def _fitted(rows: TableRows, column: str, name: str, found: LogSpace | None) -> list[Any]:
    """A hyperparameter's values, `ABSENT` where the file has none; null is one only where JSON writes it in every row.

    Texts of a file without types become the choices of the space that they spell.
    """
    values, raws = rows.values(column), rows.raw(column)
    null = None if column in rows.table.explicit else ABSENT
    allowed = choices(found.space[name]) if found is not None and name in found.space else None
    spelled = {str(choice): choice for choice in allowed or ()}
    pairs = zip(values, raws, strict=True)
    return [null if raw is None else spelled.get(str(raw), value) if spelled else value for value, raw in pairs]


def _as_logged(
    rows: TableRows, column: str, numbers: list[int], configurations: dict[int, dict[str, Any]], notes: list[Note]
) -> tuple[list[int], dict[int, dict[str, Any]]]:
    """The log's own ids of configurations, unless one id stands for several configurations."""
    ids = rows.values(column)
    pairs = set(zip(ids, numbers, strict=True))
    if len(pairs) > len(set(ids)) or not all(type(value) is int for value in ids):
        text = f"{column} does not tell configurations apart; they are numbered by their values"
        notes.append(Note("flagged", text, len(rows)))
        return numbers, configurations
    return ids, {config_id: configurations[number] for config_id, number in pairs}


def _numbered(values: Mapping[str, list[Any]]) -> tuple[list[int], dict[int, dict[str, Any]]]:
    """Number of each row's configuration, equal ones having one number, and the configurations by number."""
    distinct: dict[Any, int] = {}
    numbers: list[int] = []
    configurations: dict[int, dict[str, Any]] = {}
    for row in zip(*values.values(), strict=True):
        key = tuple(repr(value) for value in row)
        number = distinct.setdefault(key, len(distinct))
        if number == len(configurations):
            pairs = zip(values, row, strict=True)
            configurations[number] = {name: value for name, value in pairs if value is not ABSENT and value == value}
        numbers.append(number)
    return numbers, configurations


def _unknown(rows: TableRows, column: str | None) -> tuple[list[int], dict[int, dict[str, Any]]]:
    """A number for each id of a configuration, or for each row, and nothing that is known of it."""
    ids = range(len(rows)) if column is None else rows.values(column)
    distinct = {value: number for number, value in enumerate(dict.fromkeys(map(str, ids)))}
    return [distinct[str(value)] for value in ids], {number: {} for number in distinct.values()}


def _counts(rows: TableRows, mapped: Mapped, dropped: int) -> EvaluationCounts:
    """What the table says of evaluations, of which it may have some only."""
    column = mapped.roles.get("evaluation")
    counts = [None] * len(rows) if column is None else rows.integers(column)
    return count_evaluations(counts, len(rows) + dropped)


def _columns(rows: TableRows, mapped: Mapped) -> tuple[dict[str, Any], list[Note]]:
    roles = mapped.roles
    columns: dict[str, Any] = {}
    if "budget" in roles:
        columns["budget"] = rows.numbers(roles["budget"])
    for role in ("seed", "trial_id", "continues", "incumbent"):
        if role in roles:
            columns[role] = rows.integers(roles[role])
    for role in ("instance", "worker"):
        if role in roles:
            columns[role] = rows.texts(roles[role])
    if "penalty" in roles:
        columns["penalty"] = rows.numbers(roles["penalty"])
    if "cpu_time" in roles:
        columns["cpu_time"] = rows.spans(roles["cpu_time"], mapped.time_unit or 1.0)
    starts, ends, derived = _times(rows, mapped)
    times, notes = from_start(starts, ends)
    costs = {objective.name: rows.numbers(column) for column, objective in mapped.objectives.items()}
    ended = outcomes(_statuses(rows, mapped), costs)
    told = feasibility(_holds(rows, mapped), ended.statuses)
    columns |= {"start": times.start, "end": times.end, "status": ended.statuses, **told.columns}
    extras = {short: rows.values(column) for column, short in mapped.extras.items()}
    extras = {short: values for short, values in extras.items() if any(value is not None for value in values)}
    others = extra_columns([dict(zip(extras, row, strict=True)) for row in zip(*extras.values(), strict=True)])
    return columns | others | ended.columns, [*derived, *notes, *ended.notes, *told.notes]


def _holds(rows: TableRows, mapped: Mapped) -> list[list[bool]]:
    """For each row whether each constraint that it has a value of holds."""
    columns = [rows.constraint(column) for column in mapped.constraints]
    if "feasible" in mapped.roles:
        columns.append(rows.truths(mapped.roles["feasible"]))
    if not columns:
        return [[]] * len(rows)
    return [[known for known in own if known is not None] for own in zip(*columns, strict=True)]


def _times(rows: TableRows, mapped: Mapped) -> tuple[list[float | None], list[float | None], list[Note]]:
    """Starts and ends; a missing one from the duration, both from the durations added up."""
    absent: list[float | None] = [None] * len(rows)
    roles = {role: mapped.roles[role] for role in ("start", "end", "duration") if role in mapped.roles}
    stamps = [column for role, column in roles.items() if role != "duration"]
    unit, notes = (mapped.time_unit, []) if mapped.time_unit else time_unit(rows, stamps)
    if mapped.time_unit is None:
        plain = [column for role, column in roles.items() if role == "duration" or unit == 1.0]
        notes += unit_in_name(column for column in plain if any(map(_is_number, rows.raw(column))))
    units = {"start": unit, "end": unit, "duration": mapped.time_unit or 1.0}
    read = {"start": rows.seconds, "end": rows.seconds, "duration": rows.spans}
    known = {role: read[role](column, units[role]) for role, column in roles.items()}
    start, end, duration = (known.get(role, absent) for role in ("start", "end", "duration"))
    if rows.table.later:
        end = [over_the_change(a, b) for a, b in zip(start, end, strict=True)]
    if "duration" not in known or ("start" in known and "end" in known):
        return start, end, notes
    if "start" in known:
        return start, [_sum(a, b) for a, b in zip(start, duration, strict=True)], notes
    if "end" in known:
        return [_sum(a, None if b is None else -b) for a, b in zip(end, duration, strict=True)], end, notes
    ends: list[float | None] = []
    total = 0.0
    for seconds in duration:
        total += max(seconds or 0.0, 0.0)
        ends.append(total)
    text = "the log has durations only: each trial is taken to start when the one before it ends"
    return [0.0, *ends[:-1]], ends, [Note("derived", text, len(rows))]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and finite_text(value) is not None)


def _sum(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first + second


def _statuses(rows: TableRows, mapped: Mapped) -> list[Status]:
    if "status" not in mapped.roles:
        return [Status.SUCCESS] * len(rows)
    words = ["" if text is None else text.strip().lower() for text in rows.texts(mapped.roles["status"])]
    unknown = sorted(set(words) - mapped.statuses.keys())
    if unknown:
        shown, column = ", ".join(map(repr, unknown[:5])), mapped.roles["status"]
        hint = (
            f'say what it means, as in {{"statuses": {{"{unknown[0]}": "crashed"}}}} or statuses={unknown[0]}:crashed'
        )
        raise EncaveError(f"{rows.path}: the column {column} has the unknown status {shown}; {hint}")
    return [mapped.statuses[word] for word in words]
