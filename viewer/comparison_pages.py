"""DeepCAVE's pages of several runs, whose budget menu had to be put right; the server computes them.

The worker cannot import them. What was wrong is told in docs/deepcave.md.
"""

# pyright: reportIncompatibleMethodOverride=false, reportArgumentType=false
# DeepCAVE's plugins declare one run where they take many, and call their static methods on instances.
from __future__ import annotations

from html import escape
from typing import Any

from deepcave.constants import COMBINED_BUDGET
from deepcave.plugins.objective.cost_over_time import CostOverTime
from deepcave.plugins.objective.pareto_front import ParetoFront
from deepcave.runs import AbstractRun
from deepcave.runs.status import Status
from deepcave.utils.layout import get_select_options

from .failures import reason_in
from .in_place import NoResultError

Inputs = dict[str, Any]
Outputs = dict[str, Any]


HIGHEST = "Highest of each run"


class _CommonBudgets:
    """Mixin of pages that show several runs: the budget menu lists the budgets of all runs and means the same for each.

    DeepCAVE shows the shortest of the runs' lists and applies the position to each run's own list, so that a run at 200
    epochs stands beside another at 12. Where the runs' highest budgets differ, the menu offers each run's own, by name.
    """

    _common: list[Any] = []  # noqa: RUF012 - replaced, never changed; None stands for each run's highest

    def check_runs_compatibility(self, runs: list[AbstractRun]) -> None:
        super().check_runs_compatibility(runs)  # type: ignore[misc]
        budgets: list[Any] = sorted({budget for run in runs for budget in run.get_budgets(include_combined=False)})
        labels: list[Any] = [round(float(budget), 2) for budget in budgets]
        self._default = len(budgets) - 1
        if len({run.get_highest_budget() for run in runs}) > 1:
            self._default = len(budgets)
            budgets, labels = [*budgets, None], [*labels, HIGHEST]
        if len(budgets) > 1:
            budgets, labels = [*budgets, COMBINED_BUDGET], [*labels, "Combined"]
        type(self)._common = budgets
        self.budget_options = get_select_options(labels, list(range(len(labels))))

    def load_inputs(self) -> Inputs:
        inputs = super().load_inputs()  # type: ignore[misc]
        inputs["budget_id"]["value"] = self._default
        return inputs

    def _process_raw_outputs(self, inputs: Inputs, raw_outputs: Outputs) -> Any:
        """The figure of the runs that have results; it names the others."""
        runs = {run: reason_in(raw_outputs[run.id]) for run in self.all_runs}  # type: ignore[attr-defined]
        lacking = "; ".join(f"{run.name}: {told}" for run, told in runs.items() if told)
        shown = [run for run, told in runs.items() if not told]
        if not shown:
            raise NoResultError(lacking)
        figure = self.load_outputs(shown, self._clean_inputs(inputs), raw_outputs)  # type: ignore[attr-defined]
        if lacking:
            place = {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom"}
            figure.add_annotation(text=escape(f"Not shown: {lacking}"), showarrow=False, name="left out", **place)
        return figure


class _OnBudgets:
    """A run or group whose `get_budget` counts in the menu's list."""

    def __init__(self, run: AbstractRun, budgets: list[Any]) -> None:
        self._run = run
        self._budgets = budgets

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    def get_budget(self, position: int) -> float | None:
        budget = self._budgets[int(position)]
        return self._run.get_highest_budget() if budget is None else budget


class EncaveCostOverTime(_CommonBudgets, CostOverTime):
    """Cost over time at the same budget for every run; a run without trials at this budget has no curve."""

    @classmethod
    def process(cls, run: AbstractRun, inputs: Inputs) -> Outputs:
        """The trajectory of one run or group."""
        return CostOverTime.process(_OnBudgets(run, cls._common), inputs)


class EncaveParetoFront(_CommonBudgets, ParetoFront):
    """The Pareto front at the same budget for every run; one without successful trials at it has no points."""

    @classmethod
    def process(cls, run: AbstractRun, inputs: Inputs) -> Outputs:
        """The points of one run or group."""
        view = _OnBudgets(run, cls._common)
        if not run.get_configs(view.get_budget(inputs["budget_id"]), statuses=[Status.SUCCESS]):
            return {"points_avg": [], "points_std": [], "pareto_points": [], "config_ids": []}
        return ParetoFront.process(view, inputs)

    @classmethod
    def load_outputs(cls, runs: list[AbstractRun], inputs: Inputs, outputs: Outputs) -> Any:
        """The figure."""
        return ParetoFront.load_outputs([_OnBudgets(run, cls._common) for run in runs], inputs, outputs)
