"""A run as DeepCAVE sees it: reads what DeepCAVE 1.4 writes (its own reader cannot), with the right times, and fast.

Imports deepcave, so it is only imported in the processes that `launch` starts.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from ConfigSpace import Configuration
from ConfigSpace.hyperparameters.hp_components import ROUND_PLACES
from deepcave.constants import COMBINED_BUDGET
from deepcave.runs.objective import Objective
from deepcave.runs.run import Run
from deepcave.runs.status import Status
from deepcave.runs.trial import Trial
from deepcave.utils.hash import string_to_hash
from deepcave.utils.util import config_to_tuple
from numpy.typing import NDArray

from ..run import HEADER_FILE
from ..run.spaces import made_space
from . import native
from .encoded import EncodedConfigurations, encoded_data
from .logged import LoggedTrials, read_logged
from .selection import provenance
from .spaces import shown_space
from .trajectory import incumbents

Trajectory = tuple[list[float], list[float], list[float], list[int], list[int]]
Averages = tuple[list[float], list[float]]
MADE = ("_made", "_encoded")
"""Attributes that are made from the others when they are asked for."""
_TABLES = 200  # tables of costs kept in memory, one per run and budget
_LOADED = 1000  # runs kept in memory, so that a click does not read them all again


class HighestLast:
    """Mixin of runs and groups: the combined budget comes first, so that pages open on the highest one; fast look-ups.

    They open on the last of the list; the combined budget mixes fidelities.
    """

    def get_budgets(self, human: bool = False, include_combined: bool = True) -> list[Any]:
        """Budgets, ascending, after the combined one where there are several."""
        budgets = super().get_budgets(human, include_combined)  # type: ignore[misc]
        last = len(super().get_budgets(include_combined=False))  # type: ignore[misc]
        return [*budgets[last:], *budgets[:last]]

    def get_budget_ids(self, include_combined: bool = True) -> list[int]:
        """Their places in the list."""
        places = list(range(len(self.get_budgets())))
        return places if include_combined else places[-len(self.get_budgets(include_combined=False)) :]

    def get_config(self, id: int) -> Configuration:
        """A configuration, made once: pages ask for thousands of them at a click."""
        made = self.__dict__.setdefault("_made", {})
        if id not in made:
            made[id] = super().get_config(id)  # type: ignore[misc]
        return made[id]

    @property
    def encoded(self) -> EncodedConfigurations:
        """The configurations as a matrix, made once and again when there are more."""
        known: EncodedConfigurations | None = self.__dict__.get("_encoded")
        if known is None or len(known.rows) != len(self.configs):  # type: ignore[attr-defined]
            known = self._encoded = EncodedConfigurations(self.configspace, self.configs)  # type: ignore[attr-defined]
        return known

    def encode_config(self, config: Any, specific: bool = False) -> list[Any]:
        """A configuration, or the one with a number, as a list of numbers."""
        if not isinstance(config, int):
            return super().encode_config(config, specific)  # type: ignore[misc]
        encoded = self.encoded
        return list((encoded.vectors if specific else encoded.shown)[encoded.rows[config]])

    def get_encoded_data(
        self,
        objectives: Objective | list[Objective] | None = None,
        budget: float | None = None,
        seed: int | None = None,
        statuses: Any = None,
        specific: bool = False,
        include_config_ids: bool = False,
        include_combined_cost: bool = False,
    ) -> Any:
        """The configurations and their costs as a table, as DeepCAVE's method, on arrays."""
        wanted = self.get_objectives() if objectives is None else objectives  # type: ignore[attr-defined]
        return encoded_data(
            self,
            [wanted] if isinstance(wanted, Objective) else wanted,
            self.get_all_costs(budget, statuses, seed),  # type: ignore[attr-defined]
            specific=specific,
            include_config_ids=include_config_ids,
            include_combined_cost=include_combined_cost,
        )

    def __getstate__(self) -> dict[str, Any]:
        """Without what the worker, to which a run is sent, can make itself."""
        return {name: value for name, value in self.__dict__.items() if name not in MADE}


class EncaveRun(HighestLast, Run):
    """A converted run.

    Differs from DeepCAVE's own class in the reader, in `get_trajectory` (one pass instead of one per trial, equal
    results), in `get_status` (a look-up instead of a search), and in the hash, which covers all files. Its
    configurations have the numbers of `trials.parquet`; trials that never ended are not among its own.
    """

    prefix = "encave"
    _initial_order = 1
    names: ClassVar[dict[str, str]] = {}
    """Folder → what the run's only objective is called, where logs of one task call it differently."""
    first: ClassVar[str | None] = None
    """Name of the objective that comes first, of runs that have it; pages open on the first."""

    @property
    def hash(self) -> str:
        """Changes whenever one of the run's files does, or the order of its objectives, by which results are kept."""
        told = "" if self.first is None else f"-{string_to_hash(self.first)}"
        return "" if self.path is None else _fingerprint(Path(self.path)) + told

    @property
    def latest_change(self) -> float:
        """Time of the last change of any of the run's files, in seconds since the epoch."""
        return 0 if self.path is None else max((self.path / name).stat().st_mtime for name in native.FILES)

    @classmethod
    def from_path(cls, path: Path) -> EncaveRun:
        """The run in a folder.

        Raises:
            EncaveError: a file is missing or damaged.
        """
        path = Path(path)
        return _load(path, _fingerprint(path))

    @classmethod
    def is_valid_run(cls, path_name: str) -> bool:
        """Whether the folder holds a run that this class reads."""
        return native.is_native(Path(path_name))

    def load(self, path: Path | str | None = None) -> None:
        """Read the run's folder.

        Raises:
            EncaveError: a file is missing or damaged.
        """
        if path is not None:
            self.path = Path(path)
        self.reset()
        folder = self.configs_fn.parent
        content, logged = native.read(folder), read_logged(folder)
        header = _header(folder)
        own = content.meta["objectives"]
        if place := next((i for i, one in enumerate(own) if one["name"] == self.first), 0):
            for values in (own, *(row[3] for row in content.history)):
                values.insert(0, values.pop(place))
        if (called := self.names.get(str(folder))) and own:
            own = [own[0] | {"name": called}, *own[1:]]
            self.meta = {"objective in the log": content.meta["objectives"][0]["name"]}
        extras = [entry.column for entry in provenance(header).reporting]
        objectives = unlike_names([*own, *(_reported(name, content.history) for name in extras)])
        self.meta = content.meta | self.meta | {"objectives": objectives}
        for row in content.history:
            row[3] = [*row[3], *(_number(row[-1].get(name)) for name in extras)]
        space = shown_space(
            self.configspace_fn.read_text(encoding="utf-8"), [o["name"] for o in self.meta["objectives"]]
        )
        self.configspace = made_space(json.loads(space.text))
        rows = [row for row in content.history if logged is None or _trial_id(row) not in logged.unfinished]
        numbers = _numbers(rows, logged)
        for old, new in numbers.items():
            config = {space.names.get(name, name): value for name, value in content.configs[old].items()}
            self.configs[new], self.origins[new] = config, content.origins[old]
            self.config_id_mapping[config_to_tuple(config, ROUND_PLACES)] = new
        for row in rows:
            self._add(row, numbers[row[0]])
        ids = [_trial_id(row) for row in rows]
        self.evaluations = [
            place if logged is None or trial is None else logged.evaluations.get(trial, place)
            for place, trial in enumerate(ids, start=1)
        ]
        self.shown = f"{len(rows):,}" if logged is None else logged.told(trial for trial in ids if trial is not None)
        self.meta |= {"changed for these pages": "; ".join(space.notes)} if space.notes else {}

    def _add(self, row: list[Any], config_id: int) -> None:
        """A trial without null fields; a success with an infinite value has crashed, as in the converters."""
        *_, costs, _, _, _, status, additional = row
        finite = [cost if cost is None or math.isfinite(cost) else None for cost in costs]
        if status == Status.SUCCESS.value and finite != costs:
            status, finite = Status.CRASHED.value, [None] * len(costs)
        told = {key: value for key, value in additional.items() if value is not None}
        fields: list[Any] = [config_id, *row[1:3], finite, *row[4:7], status, told]
        trial = Trial(*fields)
        self.trial_keys[trial.get_key()] = len(self.history)
        self.history.append(trial)
        self._update_highest_budget(trial.config_id, trial.budget, trial.status)

    def reset(self) -> None:
        """Empty the run."""
        super().reset()
        self.evaluations: list[int] = []
        self.shown = ""

    def get_status(self, config_id: int, seed: int, budget: float | None = None) -> Status:
        """Status of a trial, as DeepCAVE's method, by look-up."""
        return look_up_status(self, config_id, seed, budget)

    def get_avg_costs(self, config_id: int, budget: float | None = None, statuses: Any = None) -> Averages:
        """Means and standard deviations over a configuration's seeds, as DeepCAVE's method, by look-up."""
        return look_up_averages(self, config_id, budget, statuses)

    def get_trajectory(self, objective: Objective, budget: float | None = None, seed: int | None = None) -> Trajectory:
        """Times, costs, zeros, history indices and configuration ids of the incumbents, in one pass.

        Equal to what DeepCAVE's method gives, also where configurations are evaluated with several seeds.
        """
        if budget is None:
            budget = self.get_highest_budget()
        rows = considered(self.history, budget, seed)
        trials = [self.history[row] for row in rows]
        costs = entering_costs(trials, self.get_objective_id(objective))
        best = incumbents(costs, objective.optimize == "upper").tolist()
        times, config_ids = [trials[i].end_time for i in best], [trials[i].config_id for i in best]
        return times, costs[best].tolist(), [0.0] * len(best), [rows[i] for i in best], config_ids


def _header(folder: Path) -> dict[str, Any]:
    file = folder / HEADER_FILE
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def _reported(name: str, history: list[list[Any]]) -> dict[str, Any]:
    """An extra column as an objective: what the report reports, such as the error after full training."""
    values = [value for row in history if (value := _number(row[-1].get(name))) is not None] or [0.0]
    low, high = min(values), max(values)
    bounds = {"lower": low, "upper": high if high > low else low + 1, "lock_lower": False, "lock_upper": False}
    return {"name": name, **bounds, "optimize": "lower"}


def _trial_id(row: list[Any]) -> int | None:
    number = row[-1].get("trial_id")
    return number if isinstance(number, int) else None


def _numbers(rows: list[list[Any]], logged: LoggedTrials | None) -> dict[int, int]:
    """Number of each configuration in DeepCAVE's files → in `trials.parquet`, for those that were evaluated."""
    numbers: dict[int, int] = {}
    for row in rows:
        trial = _trial_id(row)
        numbers.setdefault(row[0], row[0] if logged is None or trial is None else logged.config_ids[trial])
    return numbers if len(set(numbers.values())) == len(numbers) else {old: old for old in numbers}


def unlike_names(objectives: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Objectives of which no two have one name: DeepCAVE adds `Time`, which the log may have too, and asks by name."""
    found: list[dict[str, Any]] = []
    for objective in objectives:
        name = objective["name"]
        while name in {other["name"] for other in found}:
            name += " (trial)"
        found.append(objective | {"name": name})
    return found


def considered(history: list[Trial], budget: float | None, seed: int | None) -> list[int]:
    """Indices of the trials that count at a budget, in the order of their ends.

    For the combined budget DeepCAVE takes, per configuration, every trial on at least the budget that it saw first.
    """
    order = sorted(range(len(history)), key=lambda i: history[i].end_time)
    if seed is not None:
        order = [i for i in order if history[i].seed == seed]
    if budget != COMBINED_BUDGET:
        return [i for i in order if history[i].budget == budget]
    first: dict[int, float] = {}
    return [i for i in order if history[i].budget >= first.setdefault(history[i].config_id, history[i].budget)]


def entering_costs(trials: list[Trial], column: int) -> NDArray[np.float64]:
    """For each trial what its configuration costs from then on, NaN where it is no candidate; shape (n,).

    Once any configuration has been evaluated with two seeds, DeepCAVE considers those with the most seeds only, and
    takes the mean over their seeds; a mean over a failed trial is NaN.

    Args:
        trials: In the order of their ends.
        column: Number of the objective.
    """
    evaluated: dict[int, dict[int, list[float | None]]] = {}
    most = 1
    entering = np.full(len(trials), np.nan)
    for position, trial in enumerate(trials):
        seeds = evaluated.setdefault(trial.config_id, {})
        seeds[trial.seed] = trial.costs  # type: ignore[assignment] # DeepCAVE forgets that failed trials have none
        most = max(most, len(seeds))
        if len(seeds) == most:
            costs = trial.costs if most == 1 else np.array([*seeds.values()], dtype=float).mean(axis=0)
            entering[position] = costs[column]
    return entering


def look_up_status(run: Any, config_id: int, seed: int, budget: float | None) -> Status:
    """Status of a trial of a run or group.

    Raises:
        ValueError: there is no such configuration.
    """
    if budget == COMBINED_BUDGET:
        return Status.NOT_EVALUATED
    if config_id not in run.configs:
        raise ValueError("Configuration id was not found.")
    budget = run.get_highest_budget() if budget is None else budget
    row = run.trial_keys.get((config_id, budget, seed))
    return Status.NOT_EVALUATED if row is None else run.history[row].status


def look_up_averages(run: Any, config_id: int, budget: float | None, statuses: Any) -> Averages:
    """Means and standard deviations of a configuration's costs; DeepCAVE goes through all trials for each.

    Raises:
        ValueError: the configuration has no trial on this budget with such a status.
    """
    wanted = tuple(statuses) if isinstance(statuses, list) else statuses
    averages = _all_averages(run, budget, wanted).get(config_id)
    if averages is None:
        raise ValueError(f"No costs available for config_id {config_id}.")
    return list(averages[0]), list(averages[1])


@lru_cache(maxsize=_TABLES)
def _all_averages(run: Any, budget: float | None, statuses: Any) -> dict[int, Averages]:
    wanted = list(statuses) if isinstance(statuses, tuple) else statuses
    costs: dict[int, dict[int, list[float | None]]] = run.get_all_costs(budget=budget, statuses=wanted)
    return {number: _average(list(seeds.values())) for number, seeds in costs.items()}


def _average(seeds: list[list[float | None]]) -> Averages:
    """Mean and standard deviation of each objective; most configurations have one seed, of which both are plain."""
    if len(seeds) == 1:
        known = [math.nan if cost is None else float(cost) for cost in seeds[0]]
        return known, [cost if math.isnan(cost) else 0.0 for cost in known]
    columns = [[cost for cost in column if cost is not None] for column in zip(*seeds, strict=True)]
    return (
        [float(np.mean(column)) if column else math.nan for column in columns],
        [float(np.std(column)) if column else math.nan for column in columns],
    )


def _fingerprint(folder: Path) -> str:
    files = [(name, (folder / name).stat()) for name in native.FILES]
    return string_to_hash(repr([(name, stat.st_size, stat.st_mtime_ns) for name, stat in files]))


@lru_cache(maxsize=_LOADED)
def _load(path: Path, fingerprint: str) -> EncaveRun:  # the fingerprint is part of the key: a changed run is read again
    told = _header(path)
    run = EncaveRun(str(told.get("name", path.name)), path=path)
    run.prefix = str(told.get("optimizer", {}).get("name", EncaveRun.prefix))  # the overview's "Optimizer"
    return run
