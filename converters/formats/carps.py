"""CARP-S: `trial_logs.jsonl` of its file logger, one evaluation a line, with Hydra's `.hydra/config.yaml` beside it.

A line has `n_trials`, `n_function_calls`, `trial_info` {config, instance, seed, budget, …} and `trial_value` {cost,
time, status, starttime, endtime, …}. The optimizer, the task, the seed and the space are in the configuration only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import EncaveError
from ...files.yaml import read_mapping
from ...run import Note, Objective, Optimizer, Provenance, Run, Status
from ..parts.clock import from_start
from ..parts.evaluation_counts import count_evaluations
from ..parts.extras import extra_columns
from ..parts.fitting import fitted_run
from ..parts.inferred_space import infer
from ..parts.json_lines import read_lines
from ..parts.names import study_name
from ..parts.numbers import finite
from ..parts.outcomes import outcomes, unknown_words
from ..parts.searcher import searcher
from ..parts.space import LogSpace, known_space, own_or_given, read_space_object
from ..reader import Found, Listing, Options, ReadResult

TRIALS, TRAJECTORY = "trial_logs.jsonl", "trajectory_logs.jsonl"
_CONFIG = ".hydra/config.yaml"
_STATUSES = {
    **dict(enumerate((Status.RUNNING, Status.SUCCESS, Status.CRASHED, Status.TIMEOUT, Status.MEMORY_OUT))),
    **{status.name: status for status in Status},
    "MEMORYOUT": Status.MEMORY_OUT,
}
_KNOWN = ("config", "instance", "seed", "budget", "cost", "status", "starttime", "endtime")


class CarpsReader:
    """Reader of CARP-S's runs."""

    name = "carps"
    title = "CARP-S"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """`trial_logs.jsonl` whose first line has CARP-S's fields, or that is empty."""
        if TRIALS not in listing.names:
            return
        head = listing.head(TRIALS)
        if not head.strip() or (b'"trial_info"' in head and b'"n_function_calls"' in head):
            config = listing.folder / _CONFIG
            path = listing.folder / TRIALS
            evidence = "JSON lines with n_function_calls, trial_info and trial_value"
            yield Found(path, (path, *([config] if config.is_file() else [])), evidence)

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read each line as one trial."""
        lines = read_lines(found.path, _fault)
        run = _run(lines.values, found.path, options, list(lines.notes))
        return ReadResult(run, None, len(run) + lines.dropped, dropped=lines.dropped)


READER = CarpsReader()


def _fault(line: Any) -> str | None:
    whole = isinstance(line, dict) and all(isinstance(line.get(key), dict) for key in ("trial_info", "trial_value"))
    if not whole:
        return "no object with trial_info and trial_value"
    info, value = line["trial_info"], line["trial_value"]
    if not isinstance(info.get("config"), list | dict):
        return "no configuration"
    if type(value.get("status")) not in (str, int, type(None)):
        return "the status is unknown"
    budget = info.get("budget")
    if budget is not None and ((number := finite(budget)) is None or number < 0):
        return "the budget is no finite number, or negative"
    return None


@dataclass(frozen=True)
class _Setting:
    """What Hydra's configuration says of a run."""

    content: Mapping[str, Any]
    """The configuration; empty where it is missing."""

    def text(self, *keys: str) -> str | None:
        """A text below some keys; None where there is none, or only a reference to another one."""
        value: Any = self.content
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value if isinstance(value, str) and "${" not in value else None

    @property
    def task(self) -> Mapping[str, Any]:
        """What is optimised."""
        told = self.content.get("task")
        return told if isinstance(told, dict) else {}

    @property
    def metadata(self) -> dict[str, Any]:
        """Task and seed."""
        task, seed = self.text("task", "name") or self.text("task_id"), self.content.get("seed")
        told = {"library": "CARP-S", "task": task, "suite": self.text("benchmark_id")}
        kept: dict[str, Any] = {key: value for key, value in told.items() if value is not None}
        return kept | ({"seed": seed} if type(seed) is int else {})

    def objectives(self, count: int) -> list[Objective]:
        """The objectives, which CARP-S minimises."""
        space = self.task.get("output_space")
        names = space.get("objectives") if isinstance(space, dict) else self.task.get("objectives")
        usable = isinstance(names, list) and len(names) == len(set(map(str, names))) == count
        told = [str(name) for name in names or ()] if usable else [f"cost_{i}" for i in range(count)]
        return [Objective(name) for name in (told if usable or count > 1 else ["cost"])]


def _setting(path: Path) -> tuple[_Setting, list[Note]]:
    config = path.parent / _CONFIG
    if not config.is_file():
        text = f"{_CONFIG} is missing, which names optimizer, task, seed and hyperparameters"
        return _Setting({}), [Note("flagged", text)]
    try:
        return _Setting(read_mapping(config)), []
    except EncaveError as error:
        return _Setting({}), [Note("flagged", f"left out: {error}")]


def _run(lines: Sequence[Mapping[str, Any]], path: Path, options: Options, notes: list[Note]) -> Run:
    setting, told = _setting(path)
    infos, values = [line["trial_info"] for line in lines], [line["trial_value"] for line in lines]
    space = _space(setting, path, options)
    ids, configurations, named = _configurations([info["config"] for info in infos], space)
    if space is None or not named:
        inferred = infer(configurations)
        space, configurations = LogSpace(inferred.space, True, inferred.notes), inferred.configurations
    costs = [value.get("cost") for value in values]
    lists = [cost if isinstance(cost, list) else [cost] for cost in costs]
    objectives = setting.objectives(max(map(len, lists)))
    by_name = {one.name: [_at(each, i) for each in lists] for i, one in enumerate(objectives)}
    words = [value.get("status") for value in values]
    told += unknown_words(words, {*_STATUSES, None}, "not evaluated")
    ended = outcomes([_STATUSES.get(word, Status.NOT_EVALUATED) for word in words], by_name)
    times, timed = from_start(*([finite(value.get(key)) for value in values] for key in ("starttime", "endtime")))
    counted = count_evaluations([_whole(line.get("n_function_calls")) for line in lines], len(lines))
    searched = searcher("CARP-S", path, setting.text("optimizer_id"), own=False)
    columns = {
        "config_id": ids,
        "budget": [finite(info.get("budget")) for info in infos],
        "seed": [_whole(info.get("seed")) for info in infos],
        "instance": [None if info.get("instance") is None else str(info["instance"]) for info in infos],
        "status": ended.statuses,
        "start": times.start,
        "end": times.end,
        "evaluation": counted.column,
        **ended.columns,
        **extra_columns([_extras(line) for line in lines]),
    }
    return fitted_run(
        name=_name(searched.label, setting.metadata) or study_name(path, searched.label),
        optimizer=Optimizer(searched.label),
        space=space.space,
        objectives=objectives,
        trials=columns,
        configurations=configurations,
        budget_name=setting.text("task", "input_space", "fidelity_space", "fidelity_type"),
        inferred_space=space.inferred,
        provenance=Provenance.from_json(
            {"started_at": times.origin, **setting.metadata, **counted.metadata, **searched.metadata}
        ),
        notes=[*notes, *told, *space.notes, *timed, *ended.notes, *counted.notes, *searched.notes, *_unnamed(named)],
    )


def _name(label: str, told: Mapping[str, Any]) -> str | None:
    """A run's name, where its task is known."""
    seed = f"-seed{told['seed']}" if "seed" in told else ""
    return f"{label}-{told['task']}{seed}" if "task" in told else None


def _unnamed(named: bool) -> list[Note]:
    text = "the log has configurations as lists, which are not of the space's length: hyperparameters are x0, x1, …"
    return [] if named else [Note("assumed", text)]


def _space(setting: _Setting, path: Path, options: Options) -> LogSpace | None:
    """The space of Hydra's configuration, else the one beside the log or given."""

    def own() -> LogSpace | None:
        told: Any = setting.task.get("input_space")
        told = told.get("configuration_space") if isinstance(told, dict) else None
        told = told.get("d") if isinstance(told, dict) else None
        if not isinstance(told, dict):
            return known_space(path, Options(), None)
        return LogSpace(read_space_object(told, f"{path.parent / _CONFIG} has no configuration space"))

    return own_or_given(own, options)


def _configurations(
    configs: Sequence[list[Any] | dict[str, Any]], space: LogSpace | None
) -> tuple[list[int], dict[int, dict[str, Any]], bool]:
    """Number of each trial's configuration, the configurations, and whether their hyperparameters have names."""
    names = list(space.space) if space is not None else []
    lists = [config for config in configs if isinstance(config, list)]
    named = all(len(config) == len(names) for config in lists)
    numbers: dict[str, int] = {}
    found: dict[int, dict[str, Any]] = {}
    ids: list[int] = []
    for config in configs:
        keys = names if named else [f"x{i}" for i in range(len(config))]
        values = config if isinstance(config, dict) else dict(zip(keys, config, strict=True))
        number = numbers.setdefault(json.dumps(values, sort_keys=True, default=str), len(numbers))
        ids.append(number)
        found.setdefault(number, values)
    return ids, found, named


def _at(values: Sequence[Any], place: int) -> float | None:
    return finite(values[place]) if place < len(values) else None


def _whole(value: Any) -> int | None:
    return value if type(value) is int else None


def _extras(line: Mapping[str, Any]) -> dict[str, Any]:
    """What else the log has of a trial."""
    told = {key: value for part in ("trial_info", "trial_value") for key, value in line[part].items()}
    extras = {key: value for key, value in told.items() if key not in _KNOWN and value not in (None, {}, [])}
    return extras | {"n_trials": line.get("n_trials")}
