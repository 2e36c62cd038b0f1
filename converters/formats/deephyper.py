"""DeepHyper's `results.csv`: one row per job, hyperparameters as `p:<name>`, objectives that are maximised.

A job that failed has text that begins with `F` (mostly `F_…`) in place of its objective.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import EncaveError
from ...files.json_text import parse
from ...files.yaml import read_mapping
from ...run import COST, EXTRA, Note, Objective, Optimizer, Provenance, Run, Status
from ..parts.csv_table import LIMIT, CsvTable, header_of, numbers, read_csv, typed
from ..parts.fitting import fitted_run
from ..parts.inferred_space import infer
from ..parts.names import study_name
from ..parts.searcher import searcher
from ..parts.space import LogSpace, given_instead
from ..parts.times import since_start
from ..reader import Found, Listing, Options, ReadResult

_HEAD = 1 << 16
_PARAMETER = "p:"
_METADATA = "m:"
_TIMES = ("m:timestamp_submit", "m:timestamp_gather")
_PROFILED = ("m:timestamp_start", "m:timestamp_end")  # of the job itself, by another clock
_JOB_STATUS = "job_status"
_CONTEXT = "context.yaml"  # the search's class and arguments, beside its table in older releases
_CLASSES = {"AMBS": "CBO", "RandomSearch": "Random Search", "RegularizedEvolution": "RE"}
_UNFINISHED = {
    "READY": Status.NOT_EVALUATED.value,
    "RUNNING": Status.RUNNING.value,
    "CANCELLING": Status.ABORTED.value,
    "CANCELLED": Status.ABORTED.value,
}


class DeepHyperReader:
    """Reader of `results.csv`."""

    name = "deephyper"
    title = "DeepHyper"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """CSV files with columns `p:…`, `objective` or `objective_0`, and `job_id`."""
        for name in listing.names:
            if name.endswith(".csv"):
                header = header_of(listing.head(name, _HEAD))
                if (
                    "job_id" in header
                    and _objectives(header)
                    and any(column.startswith(_PARAMETER) for column in header)
                ):
                    files = tuple(listing.folder / each for each in (name, _CONTEXT) if each in listing.has)
                    yield Found(files[0], files, f"CSV columns p:…, {', '.join(_objectives(header))}, job_id")

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read each row as one trial."""
        size = found.path.stat().st_size
        if size > LIMIT:
            raise EncaveError(f"{found.path} has {size} bytes; encave reads CSV files up to {LIMIT // 2**20} MiB")
        table = read_csv(found.path.read_bytes(), found.path.name)
        if not table.rows or not _objectives(table.columns):
            raise EncaveError(f"{found.path} has no row with an objective")
        run = _run(table, found, options)
        return ReadResult(run, None, len(run) + table.dropped, dropped=table.dropped)


READER = DeepHyperReader()


def _objectives(header: Iterable[str]) -> list[str]:
    return [name for name in header if name == "objective" or name.removeprefix("objective_").isdecimal()]


def _run(table: CsvTable, found: Found, options: Options) -> Run:
    names = _objectives(table.columns)
    config_ids, configurations, space = _configurations(table, options)
    statuses, costs, notes = _outcomes(table, names)
    times, time_notes = _times(table)
    context, unread = _context(found.path.with_name(_CONTEXT))
    kind = context.get("type")
    searched = searcher("DeepHyper", found.path, _CLASSES.get(str(kind), str(kind)) if kind else None)
    seed = context.get("random_state")
    columns: dict[str, Any] = {"config_id": config_ids, "status": statuses, "start": times[0], "end": times[1]}
    for name, values in costs.items():
        columns[COST + name] = values
    if set(statuses) != {Status.SUCCESS.value}:
        columns |= {f"{EXTRA}raw_{name}": table.columns[name] for name in names}
    for name, values in table.columns.items():
        if name and name not in names and not name.startswith(_PARAMETER):  # pandas' index has no name
            columns[EXTRA + name.removeprefix(_METADATA)] = typed(values)
    return fitted_run(
        name=study_name(found.path, "DeepHyper"),
        optimizer=Optimizer("DeepHyper"),
        space=space.space,
        objectives=[Objective(name, "maximize") for name in names],
        trials=columns,
        configurations=configurations,
        inferred_space=space.inferred,
        provenance=Provenance.from_json(
            {"library": "DeepHyper", **({"seed": seed} if type(seed) is int else {}), **searched.metadata}
        ),
        notes=[*table.notes, *space.notes, *notes, *time_notes, *unread, *searched.notes],
    )


def _context(path: Path) -> tuple[Mapping[str, Any], list[Note]]:
    """What the search was told, and a note where that cannot be read; empty where the file is missing."""
    if not path.is_file():
        return {}, []
    try:
        told = read_mapping(path).get("search")
    except EncaveError as error:
        return {}, [Note("flagged", f"left out: {error}")]
    return (told if isinstance(told, dict) else {}), []


def _configurations(table: CsvTable, options: Options) -> tuple[list[int], dict[int, dict[str, Any]], LogSpace]:
    """config_id of each trial, the distinct configurations, and their space."""
    names = [name for name in table.columns if name.startswith(_PARAMETER)]
    values = [typed(table.columns[name]).to_pylist() for name in names]
    keys = list(zip(*values, strict=True))
    numbered = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    short = [name.removeprefix(_PARAMETER) for name in names]
    rows = {
        number: {name: value for name, value in zip(short, key, strict=True) if value is not None}
        for key, number in numbered.items()
    }
    ids = [numbered[key] for key in keys]
    if options.space is not None:
        return ids, rows, given_instead(options.space, "the log has none")
    inferred = infer(rows)
    return ids, inferred.configurations, LogSpace(inferred.space, True, inferred.notes)


def _outcomes(table: CsvTable, names: list[str]) -> tuple[list[str], dict[str, np.ndarray[Any, Any]], list[Note]]:
    """Status and objective values of each trial; all values of a trial are null if one of them is no number."""
    values = {name: numbers(table.columns[name]).to_numpy(zero_copy_only=False).astype(float) for name in names}
    listed = _from_lists(table, values)
    finite = np.isfinite(np.array(list(values.values()))).all(axis=0)
    jobs = table.columns[_JOB_STATUS].to_pylist() if _JOB_STATUS in table.columns else [None] * table.rows
    raw = _failures(table, values)
    statuses = [
        Status.SUCCESS.value if ok else _unsuccessful(job, text)
        for ok, job, text in zip(finite.tolist(), jobs, raw, strict=True)
    ]
    notes = [Note("assumed", "DeepHyper maximises every objective; values are kept as logged")]
    if listed:
        notes.append(
            Note("derived", "each objective has the list of all in its place: it is the one at its position", listed)
        )
    if not finite.all():
        failures = list(dict.fromkeys(text for text, ok in zip(raw, finite.tolist(), strict=True) if not ok))
        shown = ", ".join(json.dumps(failure) for failure in failures[:5]) + (", …" if len(failures) > 5 else "")
        notes.append(
            Note("flagged", f"the objective is no finite number ({shown}); kept as raw value", int((~finite).sum()))
        )
    return statuses, {name: np.where(finite, value, np.nan) for name, value in values.items()}, notes


def _failures(table: CsvTable, values: Mapping[str, np.ndarray[Any, Any]]) -> list[str | None]:
    """What each row has for the first of its objectives that is no finite number, else for the first, shape (n,)."""
    texts = [table.columns[name].to_pylist() for name in values]
    places = np.argmax(~np.isfinite(np.array(list(values.values()))), axis=0)
    return [texts[place][row] for row, place in enumerate(places.tolist())]


def _from_lists(table: CsvTable, values: Mapping[str, np.ndarray[Any, Any]]) -> int:
    """Take objectives from rows that have the list of all of them in each one's place; returns how many rows do."""
    cells = zip(*(table.columns[name].to_pylist() for name in values), strict=True)
    rows = 0
    for row, (first, *others) in enumerate(cells):
        if not (others and first and first.startswith("[") and all(text == first for text in others)):
            continue
        try:
            parts = parse(first.encode())
        except (ValueError, RecursionError):
            continue
        if len(parts) == len(values) and all(type(part) in (int, float) for part in parts):
            rows += 1
            for column, part in zip(values.values(), parts, strict=True):
                column[row] = part
    return rows


def _unsuccessful(job: str | None, raw: str | None) -> str:
    if (job or "").upper() in _UNFINISHED:
        return _UNFINISHED[(job or "").upper()]
    failure = (raw or "").lower()
    if "cancel" in failure:
        return Status.ABORTED.value
    return Status.TIMEOUT.value if "timeout" in failure else Status.CRASHED.value


def _times(table: CsvTable) -> tuple[tuple[list[float | None], list[float | None]], list[Note]]:
    """Start (submission) and end (gathering) of each job, or those of the job itself where there are no others."""
    chosen = next((names for names in (_TIMES, _PROFILED) if names[1] in table.columns), _TIMES)
    stamps = {
        name: [
            value if value is not None and np.isfinite(value) else None
            for value in numbers(table.columns[name]).to_pylist()
        ]
        for name in chosen
        if name in table.columns
    }
    nothing: list[float | None] = [None] * table.rows
    begun, end = (stamps.get(name, nothing) for name in chosen)
    if all(stamp is None for stamp in end):
        return (nothing, nothing), [Note("flagged", "the log has no times of its jobs")]
    # stamps count from the search's start; absolute ones of other releases are shifted to it
    zero = [0.0] if min(stamp for stamp in (*begun, *end) if stamp is not None) >= 0 and _small(end) else []
    times = since_start(begun, end, zero)
    text = "a trial lasts from the submission of its job, so that waiting for a worker counts, to its gathering"
    if chosen == _PROFILED:
        text = "a trial lasts as long as its job ran; the search began no later than the first of them"
    return (times.start, times.end), [*times.notes, Note("derived", text, table.rows)]


def _small(stamps: list[float | None]) -> bool:
    """Whether stamps are seconds of a search rather than since 1970."""
    return max(stamp for stamp in stamps if stamp is not None) < 1e9
