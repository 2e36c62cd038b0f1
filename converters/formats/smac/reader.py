"""SMAC: `runhistory.json`, with the scenario and the configuration space beside it.

Releases 2.0 to 2.4 and the nested entries of 0.x and 1.x. See docs/formats.md for the statuses and the times.
"""

from __future__ import annotations

import filecmp
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ....errors import EncaveError, in_words
from ....files.json_text import read_json
from ....run import COST, EXTRA, Note, Objective, Optimizer, Provenance, Run, Status
from ....run import sidecar as sidecars
from ....run.configurations import from_cells
from ....run.records import columns_of
from ....run.sidecar import Sidecar
from ...parts.extras import extra_columns
from ...parts.fitting import fitted_run
from ...parts.inferred_space import infer
from ...parts.space import LogSpace, known_space
from ...reader import Found, Listing, Options, ReadResult
from .columns import Entries, entries, status_code, status_column
from .facade import searched_by
from .files import RUN_HISTORY, Scenario, SmacFiles, beside, read_scenario
from .incumbents import named_incumbents, penalties, shares_evaluations
from .rows import STATUSES, UNSET, instance_text, releases
from .times import times

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

_KEY = re.compile(rb'"(data|stats|configs|config_origins)"')
_BEGINNING = re.compile(
    rb'\s*\{\s*("stats"\s*:\s*\{\s*"submitted"|"data"\s*:\s*\[\s*\[\s*\[\s*\d+\s*,(?=.*"StatusType\.))', re.DOTALL
)
_TEXTS = frozenset({str, type(None)})


class SmacReader:
    """Reader of SMAC's run histories."""

    name = "smac"
    title = "SMAC"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """`runhistory*.json` that is empty or has one of its keys near its beginning, and others that begin as one."""
        for name in listing.names:
            named = RUN_HISTORY.fullmatch(name)
            if named or name.endswith(".json"):
                head = listing.head(name)
                if (not head.strip() or _KEY.search(head)) if named else _BEGINNING.match(head):
                    path = listing.folder / name
                    files = beside(path, listing.names).files
                    yield Found(path, (path, *files), "run history with data and configs")

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read a run history and what the files beside it say of it."""
        history, whole = read_json(found.path)
        data, configurations = _contents(history, found.path)
        rows, notes = entries(data)
        rows, orphans = _with_configuration(rows, configurations)
        notes += orphans
        files = beside(found.path, _names(found))
        if not whole:
            notes.append(Note("flagged", f"{found.path.name} breaks off: what comes before the break was read"))
        if not len(rows) and (data or not whole or files.space is None):
            raise EncaveError(f"{found.path} has no trials" + "".join(f"; {note.text}" for note in notes))
        if not rows:
            notes.append(Note("flagged", "SMAC ended before its first trial: the log has none"))
        notes += _copies(found.path)
        scenario = read_scenario(files, notes)
        counted = _mapping(history.get("stats")).get("finished", scenario.counted)
        log = _Log(rows, configurations, _mapping(history.get("config_origins")), scenario, files, counted)
        run = _run(log, found.path, options, notes)
        release = scenario.version or releases(data, origins="config_origins" in history)
        return ReadResult(run, release, len(data), dropped=len(data) - len(rows))


READER = SmacReader()


@dataclass(frozen=True)
class _Log:
    rows: Entries
    configurations: dict[int, dict[str, Any]]
    origins: Mapping[str, Any]
    scenario: Scenario
    files: SmacFiles
    counted: Any


def _names(found: Found) -> list[str]:
    """Names of the files beside the run history, also where it was named on its own."""
    return [path.name for path in found.path.parent.iterdir() if path.is_file()]


def _copies(path: Path) -> list[Note]:
    """A note on run histories beside this one that are the same file, as synchronised folders have them."""
    others = (other for other in path.parent.glob("*.json") if RUN_HISTORY.fullmatch(other.name) and other != path)
    same = [other.name for other in others if filecmp.cmp(path, other, shallow=False)]
    return [Note("flagged", f"{', '.join(sorted(same))} is the same log, byte for byte")] if same else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _contents(history: Any, path: Path) -> tuple[list[Any], dict[int, dict[str, Any]]]:
    try:
        data, configurations = history["data"], history.get("configs", {})
        if not isinstance(data, list):
            raise ValueError("data is no list")
        known = {int(number): one for number, one in configurations.items()}
        if not {dict}.issuperset(map(type, known.values())):
            known = {number: one for number, one in known.items() if isinstance(one, dict)}
        return data, known
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EncaveError(f"{path} is no run history of SMAC ({in_words(error)})") from error


def _with_configuration(rows: Entries, configurations: Mapping[int, Any]) -> tuple[Entries, list[Note]]:
    numbers = rows.config_id.tolist()
    if configurations.keys() >= set(numbers):
        return rows, []
    known = np.array([number in configurations for number in numbers], dtype=bool)
    return rows.kept(known), [Note("dropped", "the log lacks their configuration", int((~known).sum()))]


def _run(log: _Log, path: Path, options: Options, notes: list[Note]) -> Run:
    sidecar = sidecars.find(path)
    found = _space(log, path, options, sidecar, notes)
    alike = None if found is None else _alike(found.space, log.configurations)
    configurations = log.configurations
    if found is None:
        inferred = infer(configurations)
        found, configurations = LogSpace(inferred.space, True, inferred.notes), inferred.configurations
    count = int(log.rows.objectives.max(initial=0)) if len(log.rows) else 1
    objectives = sidecar.objectives if sidecar else log.scenario.objectives(count)
    columns, told = _columns(log.rows, objectives, timed=sidecar is not None)
    told += _shared(log, columns, len(objectives))
    if any(log.origins.values()):
        columns[EXTRA + "origin"] = _origins(log)
    if sidecar:
        told += _schedule(sidecar, columns)
    searched = searched_by(path, log.scenario, log.origins.values(), log.rows.budget)
    provenance = sidecar.provenance() if sidecar else Provenance.from_json(log.scenario.metadata() | searched.metadata)
    finished = int((~log.rows.are(Status.RUNNING)).sum())
    if type(log.counted) is int and log.counted > finished:
        provenance = provenance.replace(evaluations=log.counted)
        text = f"SMAC counts {log.counted:,} finished trials, of which its run history has {finished:,}"
        told.append(Note("flagged", text))
    return fitted_run(
        name=sidecar.run_name() if sidecar else log.scenario.name(path, log.files.suffix),
        optimizer=sidecar.optimizer if sidecar else Optimizer("SMAC", log.scenario.version),
        space=found.space,
        objectives=objectives,
        trials=columns,
        configurations=configurations,
        ready=alike,
        budget_name=sidecar.budget_name if sidecar else None,
        inferred_space=found.inferred,
        provenance=provenance,
        notes=[*notes, *found.notes, *told, *([] if sidecar else searched.notes)],
    )


def _shared(log: _Log, columns: dict[str, Any], objectives: int) -> list[Note]:
    """Add what several instances or seeds of a configuration need: penalties, and the incumbents that SMAC names."""
    if not len(log.rows) or not shares_evaluations(log.rows):
        return []
    unsuccessful = pc.not_equal(columns["status"].cast(pa.string()), Status.SUCCESS.value).to_numpy(False)
    columns["penalty"], notes = penalties(log.rows, log.scenario, unsuccessful & ~log.rows.are(Status.RUNNING))
    if objectives == 1:
        ends = columns["end"].to_numpy(zero_copy_only=False)
        trajectory = log.files.trajectory or (log.files.statistics if log.scenario.alpha else None)
        named, told = named_incumbents(trajectory, log.rows, ends, log.configurations)
        columns |= {} if named is None else {"incumbent": named}
        notes += told
    return notes


def _space(log: _Log, path: Path, options: Options, sidecar: Sidecar | None, notes: list[Note]) -> LogSpace | None:
    """The space; None where there is none or it cannot be read, which is noted: the log's values then tell of it."""
    try:
        return known_space(path, options, sidecar, file=log.files.space, logged=log.configurations.values())
    except EncaveError as error:
        if log.files.space is None or not log.configurations:
            raise
        notes.append(Note("flagged", f"the configuration space beside the log was not used: {error}"))
        return None


def _schedule(sidecar: Sidecar, columns: dict[str, Any]) -> list[Note]:
    """Fill the budget in where the optimizer knows none but the runner says what every evaluation was run with."""
    schedule = (sidecar.content.get("benchmark") or {}).get("schedule")
    if schedule is None or any(budget is not None for budget in columns["budget"]):
        return []
    columns["budget"] = [float(schedule)] * len(columns["budget"])
    return [Note("derived", f"SMAC knows no budgets here: all trials have the {schedule} of encave.json")]


def _origins(log: _Log) -> pa.Array:
    told = list(map(log.origins.get, map(str, log.rows.config_id.tolist())))
    if not _TEXTS.issuperset(map(type, told)):
        told = [origin if origin is None else str(origin) for origin in told]
    return pa.array(told, pa.string())


def _alike(space: ConfigurationSpace, configurations: Mapping[int, Mapping[str, Any]]) -> pa.Table | None:
    """The configurations in one pass, if they have the same keys."""
    cells = columns_of(list(configurations.values()))
    if cells is None or not cells.keys() <= set(space.keys()):
        return None
    try:
        return from_cells(space, list(configurations), cells)
    except EncaveError:
        return None  # one by one it is found out which


def _columns(rows: Entries, objectives: Sequence[Objective], *, timed: bool) -> tuple[dict[str, Any], list[Note]]:
    """Columns of the trials, and notes on what was derived or set right."""
    starts, ends, notes = times(rows, relative=timed)
    codes, costs, more = _costs(rows, len(objectives))
    failed, cpu = codes != status_code(Status.SUCCESS), rows.cpu_time
    raw = failed & (codes != status_code(Status.RUNNING))
    if (raw & ~np.isnan(cpu)).any():
        text = "CPU time of trials that did not succeed is that of the whole process: left out"
        more.append(Note("flagged", text, int((raw & ~np.isnan(cpu)).sum())))
    columns: dict[str, Any] = {
        "config_id": rows.config_id,
        "budget": rows.budget,
        "seed": rows.seed,
        "instance": [instance_text(instance) for instance in rows.instance],
        "status": status_column(codes),
        "start": pa.array(starts, mask=np.isnan(starts)),
        "end": pa.array(ends, mask=np.isnan(ends)),
        "cpu_time": np.where(failed | ~np.isfinite(cpu), np.nan, cpu),
    }
    for objective, values in zip(objectives, costs.T, strict=True):
        columns[COST + objective.name] = np.where(failed, np.nan, values)
        if raw.any():
            columns[EXTRA + f"raw_{objective.name}"] = pa.array(values, mask=~raw)
    columns[EXTRA + "time"] = pa.array(rows.time)
    columns |= dict(_info(rows, columns, timed=timed))
    return columns, [*notes, *more]


def _costs(rows: Entries, count: int) -> tuple[NDArray[np.int64], NDArray[np.float64], list[Note]]:
    """Statuses by position, costs of shape (n, objectives), and notes; a success without finite costs is a crash."""
    costs = np.full((len(rows), count), np.nan)
    usual = rows.objectives == count
    costs[usual] = rows.cost[usual, :count]
    succeeded = rows.are(Status.SUCCESS)
    unset = succeeded & (costs == UNSET).any(axis=1)
    wrong = succeeded & ~np.isfinite(costs).all(axis=1) | unset
    codes = np.where(wrong, status_code(Status.CRASHED), rows.code)
    reasons = {"is not finite": wrong & ~unset, f"is {UNSET:.0f}, which stands for none": unset}
    notes = [
        Note("flagged", f"logged as success, but the cost {reason}: counted as crashed", int(which.sum()))
        for reason, which in reasons.items()
        if which.any()
    ]
    words = Counter(rows.word)
    for name in sorted(words.keys() & {"CAPPED", "DONOTADVANCE", "STOP"}):
        notes.append(Note("assumed", f"SMAC's status {name} is {STATUSES[name].value} here", words[name]))
    failed = int(np.isin(codes, [status_code(Status.SUCCESS), status_code(Status.RUNNING)], invert=True).sum())
    if failed:
        notes.append(Note("flagged", "failed: no cost; what SMAC used instead is kept as raw value", failed))
    return codes, costs, notes


def _info(rows: Entries, taken: Mapping[str, Any], *, timed: bool) -> Iterator[tuple[str, pa.Array]]:
    """Columns of `additional_info`; of encave's own runners the worker goes into its own column."""
    for name, column in extra_columns(rows.info).items():
        if timed and name == EXTRA + "worker":
            yield (
                "worker",
                column.cast(pa.int64()).cast(pa.string())
                if pa.types.is_floating(column.type)
                else column.cast(pa.string()),
            )
        else:
            yield (name if name not in taken else f"{EXTRA}info.{name.removeprefix(EXTRA)}"), column
