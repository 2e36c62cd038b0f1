"""DeepCAVE's own run folders: `history.jsonl` with lines of 7, 8 or 9 fields, `configs.json`, `meta.json` and more.

DeepCAVE 1.0 and 1.1 write `[config_id, budget, costs, start, end, status, additional]`; 1.2 puts the seed after the
budget, 1.4 the CPU time after the costs. DeepCAVE 1.4 itself cannot read any of the three right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from ....errors import EncaveError, in_words
from ....files.json_text import read_json
from ....run import EXTRA, Note, Objective, Optimizer, Provenance, Run
from ...parts.fitting import fitted_run
from ...parts.inferred_space import infer
from ...parts.json_lines import Lines, read_lines
from ...parts.names import study_name
from ...parts.numbers import finite
from ...parts.searcher import Searcher, named_in_path
from ...parts.space import SPACE_FILE, LogSpace, known_space, own_or_given
from ...reader import Found, Listing, Options, ReadResult
from .output import INFERRED, RUN_SEED, TOLD, TRIAL_SEEDS
from .trials import STATUSES, Cleaned, LoggedColumns, clean

HISTORY, CONFIGS, META, ORIGINS = "history.jsonl", "configs.json", "meta.json", "origins.json"
_BESIDE = (CONFIGS, META, ORIGINS, SPACE_FILE)
_TWIN = ("trials.csv", "configspace.csv")  # the same trials again in the folders that encave writes
_RELEASES = {7: "1.0-1.1", 8: "1.2-1.3", 9: "1.4"}
_NAMES = dict(enumerate(STATUSES, start=1))
_OWN_META = frozenset(
    {"objectives", "budgets", "seeds", "optimizer", "optimizer version", "budget", "task", "workers"}
    | {RUN_SEED, TRIAL_SEEDS, INFERRED, TOLD}
)
_BEYOND = 2**63
_Line = list[Any]


class DeepcaveReader:
    """Reader of DeepCAVE's run folders."""

    name = "deepcave"
    title = "DeepCAVE"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """`history.jsonl` beside `configs.json` and `meta.json`, with a list in its first line or nothing in it."""
        if not {HISTORY, CONFIGS, META} <= set(listing.names):
            return
        head = listing.head(HISTORY, 64).strip()
        if not head or head.startswith(b"["):
            beside = [name for name in (*_BESIDE, *_TWIN) if name in listing.names]
            files = tuple(listing.folder / name for name in (HISTORY, *beside))
            yield Found(files[0], files, f"JSON lines in {HISTORY} beside {', '.join(beside)}")

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read the lines whose configuration is known and count the others."""
        folder = found.path.parent
        notes: list[Note] = []
        configs = _configs(folder, notes)
        meta = _object(folder / META, notes)
        objectives = _objectives(meta.get("objectives"), found.path)
        rows: list[_Line] = []
        lines = _lines(found.path, lambda line: _refuse(line, len(objectives), configs) or rows.append(line), configs)
        origins = _origins(folder / ORIGINS, notes)
        if (folder / "models").is_dir():
            notes.append(Note("flagged", "the folder models is not read"))
        notes += [*lines.notes, *_oddities(rows, meta, objectives)]
        run = _run(found.path, rows, configs, meta, objectives, origins, options, notes)
        releases = [_RELEASES[fields] for fields in sorted({len(row) for row in rows})]
        return ReadResult(run, ", ".join(releases) or None, len(run) + lines.dropped, dropped=lines.dropped)


READER = DeepcaveReader()


def _object(path: Path, notes: list[Note]) -> dict[str, Any]:
    """The JSON object in a file; of one that breaks off without its last entry, which may be half."""
    value, whole = read_json(path)
    if not isinstance(value, dict):
        raise EncaveError(f"{path} holds no JSON object, so it is not DeepCAVE's")
    if not whole:
        notes.append(Note("flagged", f"{path.name} breaks off; what comes before is read"))
        value = dict(list(value.items())[:-1])
    return value


def _origins(path: Path, notes: list[Note]) -> dict[str, Any]:
    """Where configurations are from; empty where that is missing, or cannot be read, which is noted."""
    try:
        return _object(path, notes) if path.is_file() else {}
    except EncaveError as error:
        notes.append(Note("flagged", f"left out: {error}"))
        return {}


def _configs(folder: Path, notes: list[Note]) -> dict[int, dict[str, Any]]:
    try:
        told = _object(folder / CONFIGS, notes)
        return {int(key): value for key, value in told.items() if isinstance(value, dict)}
    except ValueError as error:
        raise EncaveError(f"{folder / CONFIGS} is not DeepCAVE's: {in_words(error)}") from error


def _lines(path: Path, take: Callable[[Any], str | None], configs: Mapping[int, Any]) -> Lines:
    """The lines of a run; none is a run without trials, unless there are configurations that were to have some."""
    if not configs and path.stat().st_size == 0:
        return Lines([], (Note("flagged", "the run has no trials"),))
    return read_lines(path, take)


def _objectives(told: Any, path: Path) -> list[Objective]:
    """Objectives with the bounds that are locked; the others only follow the data."""
    if not isinstance(told, list) or not told or not all(isinstance(o, dict) and "name" in o for o in told):
        raise EncaveError(f"{path.with_name(META)} names no objectives")
    objectives: dict[str, Objective] = {}
    for entry in told:
        name, count = str(entry["name"]), 1
        while name in objectives:
            count += 1
            name = f"{entry['name']} ({count})"
        lower, upper = (finite(entry.get(side)) if entry.get(f"lock_{side}") else None for side in ("lower", "upper"))
        direction = "maximize" if entry.get("optimize") == "upper" else "minimize"
        objectives[name] = Objective(name, direction, lower, upper)
    return list(objectives.values())


def _refuse(line: Any, objectives: int, configs: Mapping[int, Any]) -> str | None:
    if not isinstance(line, list) or len(line) not in _RELEASES:
        return "not a list of 7, 8 or 9 fields"
    config_id, budget, seed, costs, cpu_time, start, end, status, _ = _nine(line)
    if not _is_integer(config_id) or config_id not in configs:
        return f"its configuration is not in {CONFIGS}"
    if not isinstance(costs, list) or len(costs) != objectives:
        return f"the number of costs is not that of the objectives in {META}"
    numbers = [budget, seed, cpu_time, start, end, *costs]
    if any(isinstance(value, bool) or not isinstance(value, int | float | None) for value in numbers):
        return "a budget, seed, cost or time is no number"
    if seed is not None and not _is_integer(seed):
        return "the seed is no integer of 64 bits"
    return None if _is_integer(status) and status in _NAMES else "the status is unknown"


def _is_integer(value: Any) -> bool:
    """Whether a number is an integer of 64 bits; those who log from pandas have floats such as 3.0."""
    return type(value) in (int, float) and abs(value) < _BEYOND and value == int(value)


def _nine(line: _Line) -> _Line:
    """A line with the fields of DeepCAVE 1.4; what older ones lack is None."""
    if len(line) == 7:
        line = [*line[:2], None, *line[2:]]
    return line if len(line) == 9 else [*line[:4], None, *line[4:]]


def _oddities(rows: Sequence[_Line], meta: Mapping[str, Any], objectives: Sequence[Objective]) -> Iterable[Note]:
    if not rows or "source_format" in meta:  # encave wrote it and knows
        return
    ends = [row[-3] for row in rows if row[-3] is not None]
    back = sum(later < earlier for earlier, later in pairwise(ends))
    if back:
        text = "a trial ended before the one that is logged before it: DeepCAVE puts a repeated evaluation in the place"
        yield Note("flagged", text + " of the first, which is lost, or trials ran in parallel", back)
    copies = sum(
        row[0] == before[0] and row[1] != before[1] and row[-3] == row[-4] and _nine(row)[3] == _nine(before)[3]
        for before, row in pairwise(rows)
    )
    if copies:
        yield Note("flagged", "trials of no duration with the costs of the trial before at another budget", copies)
    yield from _equal_objectives(rows, objectives)


def _equal_objectives(rows: Sequence[_Line], objectives: Sequence[Objective]) -> Iterable[Note]:
    """Objectives that never differ, such as a validation error that was read from the test set."""
    seen: dict[tuple[Any, ...], str] = {}
    for objective, values in zip(objectives, zip(*(_nine(row)[3] for row in rows), strict=True), strict=True):
        if len(set(values)) > 1 and values in seen:
            text = f"the objectives {seen[values]} and {objective.name} have the same value in every trial"
            yield Note("flagged", text, len(rows))
        seen.setdefault(values, objective.name)


def _run(
    path: Path,
    rows: list[_Line],
    configs: Mapping[int, dict[str, Any]],
    meta: Mapping[str, Any],
    objectives: list[Objective],
    origins: Mapping[str, Any],
    options: Options,
    notes: list[Note],
) -> Run:
    inferred_own = meta.get(INFERRED) is True
    found = own_or_given(lambda: known_space(path, Options(), None), options, partial=inferred_own)
    configurations = configs
    if found is None:
        inferred = infer(configs)
        found, configurations = LogSpace(inferred.space, True, inferred.notes), inferred.configurations
    elif inferred_own and found.space is not options.space:
        found = replace(found, inferred=True)
    else:
        found = _without_conditions(found, configs)
    cleaned = _clean(rows, objectives, origins)
    _restore_seeds(cleaned.columns, rows, meta.get(TRIAL_SEEDS))
    label = _text(meta.get("optimizer"))
    optimizer = Optimizer(label or "unknown", _text(meta.get("optimizer version")))
    seeds = {seed for seed in cleaned.columns["seed"] if seed is not None}
    metadata = {key: meta[key] for key in ("task", "workers") if meta.get(key) is not None}
    named = named_in_path(path) if label is None else None
    metadata |= {} if label is None else Searcher(label).metadata
    metadata |= Searcher(named.label, named).metadata if named else {}
    seeds = {meta[RUN_SEED]} if _is_integer(meta.get(RUN_SEED)) else seeds
    metadata |= {"seed": min(seeds)} if len(seeds) == 1 else {}
    rest = {key: value for key, value in meta.items() if key not in _OWN_META}
    return fitted_run(
        name=study_name(path, label or "DeepCAVE"),
        optimizer=optimizer,
        space=found.space,
        objectives=cleaned.objectives,
        trials=cleaned.columns,
        configurations=configurations,
        budget_name=_text(meta.get("budget")),
        inferred_space=found.inferred,
        provenance=Provenance.from_json(metadata | ({"deepcave_meta": rest} if rest else {})),
        notes=[*notes, *found.notes, *cleaned.notes, *([named.note()] if named else [])],
    )


def _without_conditions(found: LogSpace, configs: Mapping[int, Mapping[str, Any]]) -> LogSpace:
    """The space as one that configurations need not fill, where they do not.

    DeepCAVE's converters make it so of logs without conditions, such as Optuna's.
    """
    needed = found.space.keys() - set(found.space.conditional_hyperparameters)
    lacking = sum(not needed <= config.keys() for config in configs.values())
    if not lacking:
        return found
    text = f"{lacking} configurations lack hyperparameters without a condition, which count as inactive there"
    return replace(found, inferred=True, notes=(*found.notes, Note("flagged", text)))


def _restore_seeds(columns: dict[str, Any], rows: Sequence[_Line], told: Any) -> None:
    """Put the log's own seeds in the place of those that encave made for DeepCAVE."""
    if isinstance(told, dict):
        own = {key: seed for key, seed in told.items() if seed is None or (type(seed) is int and _is_integer(seed))}
        columns["seed"] = [own.get(str(_nine(row)[2]), seed) for row, seed in zip(rows, columns["seed"], strict=True)]


def _clean(rows: list[_Line], objectives: Sequence[Objective], origins: Mapping[str, Any]) -> Cleaned:
    ids, budgets, seeds, costs, cpu_times, starts, ends, statuses, additional = (
        zip(*map(_nine, rows), strict=True) if rows else ([],) * 9
    )
    logged = LoggedColumns(
        budget=budgets,
        seed=[None if seed is None else int(seed) for seed in seeds],
        status=[_NAMES[status] for status in statuses],
        start=[finite(start) for start in starts],
        end=[finite(end) for end in ends],
        costs={o.name: [values[i] for values in costs] for i, o in enumerate(objectives)},
        additional=[value if isinstance(value, dict) else {"additional": value} for value in additional],
    )
    cleaned = clean(logged, objectives)
    cleaned.columns["config_id"] = [int(config_id) for config_id in ids]
    if any(cpu_times):
        cleaned.columns["cpu_time"] = [finite(value) for value in cpu_times]
    told = [origins.get(str(int(config_id))) for config_id in ids]
    if EXTRA + "origin" not in cleaned.columns and any(origin not in (None, "none") for origin in told):
        cleaned.columns[EXTRA + "origin"] = [None if origin is None else str(origin) for origin in told]
    return cleaned


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
