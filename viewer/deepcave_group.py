"""A group of runs as DeepCAVE sees it, built in linear time, whose trajectory knows nothing of the future."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from ConfigSpace import Configuration
from ConfigSpace.hyperparameters.hp_components import ROUND_PLACES
from deepcave.runs import AbstractRun, check_equality
from deepcave.runs.group import Group
from deepcave.runs.objective import Objective
from deepcave.runs.status import Status
from deepcave.utils.util import config_to_tuple

from .deepcave_run import Averages, HighestLast, Trajectory, look_up_averages, look_up_status
from .trajectory import mean_of_steps

_BUILT = 100  # groups kept in memory


class EncaveGroup(HighestLast, Group):
    """Runs taken as one.

    Differs from DeepCAVE's class in `get_trajectory` (see `trajectory.mean_of_steps`; DeepCAVE takes each run's nearest
    incumbent, also a later one), in `get_status` and in the time it takes to build.

    Raises:
        NotMergeableError: objectives, budgets or spaces of the runs differ.
    """

    def __init__(self, name: str, runs: list[AbstractRun]) -> None:
        super().__init__(name, [])
        self.runs = runs
        if not self.runs:
            return
        common = check_equality(self.runs)
        self.configspace, self.objectives, self.budgets = common["configspace"], common["objectives"], common["budgets"]
        self.seeds = sorted({seed for run in self.runs for seed in run.meta["seeds"]})
        self.meta = {"budgets": self.budgets, "objectives": self.objectives, "seeds": self.seeds}
        self._original_config_mapping: dict[int, tuple[int, int]] = {}
        self._new_config_mapping: dict[tuple[int, int], int] = {}
        known: dict[frozenset[tuple[str, Any]], int] = {}
        for position, run in enumerate(self.runs):
            self._add_configs(position, run, known)
            self._add_trials(position, run)

    def _add_configs(self, position: int, run: AbstractRun, known: dict[frozenset[tuple[str, Any]], int]) -> None:
        for old, config in run.configs.items():
            content = dict(config)
            key = frozenset(content.items())
            if key not in known:
                new = known[key] = len(self.configs)
                self.configs[new], self.origins[new] = content, run.origins[old]
                self.config_id_mapping[config_to_tuple(content, ROUND_PLACES)] = new
            self._new_config_mapping[position, old] = known[key]
            self._original_config_mapping[known[key]] = (position, old)

    def _add_trials(self, position: int, run: AbstractRun) -> None:
        for old in run.history:
            trial = replace(old, config_id=self._new_config_mapping[position, old.config_id])
            row = self.trial_keys.setdefault(trial.get_key(), len(self.history))
            self.history[row : row + 1] = [trial]
            self._update_highest_budget(trial.config_id, trial.budget, trial.status)

    def get_status(self, config_id: int, seed: int, budget: float | None = None) -> Status:
        """Status of a trial, as DeepCAVE's method, by look-up."""
        return look_up_status(self, config_id, seed, budget)

    def get_avg_costs(self, config_id: int, budget: float | None = None, statuses: Any = None) -> Averages:
        """Means and standard deviations over a configuration's seeds, as DeepCAVE's method, by look-up."""
        return look_up_averages(self, config_id, budget, statuses)

    def get_incumbent(
        self,
        objectives: Any = None,
        budget: float | None = None,
        seed: int | None = None,
        statuses: Any = None,
        selected_ids: list[int] | None = None,
    ) -> tuple[Configuration, float]:
        """The best of the incumbents of the runs, and its cost in its run.

        DeepCAVE takes the runs for seeds and considers only the configurations that the most runs have evaluated, so
        that a group's best is worse than those of its members.

        Raises:
            RuntimeError: no run has one.
        """
        single = objectives[0] if isinstance(objectives, list) and len(objectives) == 1 else objectives
        if selected_ids is not None or not isinstance(single, Objective):
            return super().get_incumbent(objectives, budget, seed, statuses, selected_ids)
        found = []
        for run in self.runs:
            try:
                found.append(run.get_incumbent(single, budget, seed, statuses))
            except RuntimeError:  # no trial of this run counts
                continue
        if not found:
            raise RuntimeError("No incumbent found.")
        return (max if single.optimize == "upper" else min)(found, key=lambda one: one[1])

    def get_trajectory(self, objective: Objective, budget: float | None = None, seed: int | None = None) -> Trajectory:
        """Times, mean costs and standard deviations of the runs' incumbents; no ids, as in DeepCAVE."""
        each = [run.get_trajectory(objective=objective, budget=budget, seed=seed) for run in self.runs]
        times, mean, deviation = mean_of_steps([run[0] for run in each], [run[1] for run in each])
        return times.tolist(), mean.tolist(), deviation.tolist(), [], []

    def get_trajectory_by_trials(self, objective: Objective, budget: float | None = None) -> Trajectory:
        """As `get_trajectory`, over the evaluations that each run has made in place of times."""
        each = [(run, *run.get_trajectory(objective=objective, budget=budget)) for run in self.runs]
        places = [[run.evaluations[row] for row in rows] for run, _, _, _, rows, _ in each]  # type: ignore[attr-defined]
        trials, mean, deviation = mean_of_steps(places, [costs for _, _, costs, *_ in each])
        return trials.tolist(), mean.tolist(), deviation.tolist(), [], []


def group_of(name: str, runs: list[AbstractRun]) -> EncaveGroup:
    """The group of these runs; the same object for the same run objects, since DeepCAVE asks at every click.

    Raises:
        NotMergeableError: as `EncaveGroup`.
    """
    return _build(name, tuple(runs))


@lru_cache(maxsize=_BUILT)
def _build(name: str, runs: tuple[AbstractRun, ...]) -> EncaveGroup:
    return EncaveGroup(name, list(runs))
