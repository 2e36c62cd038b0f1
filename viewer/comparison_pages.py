"""DeepCAVE's pages of several runs, whose budget menu had to be put right; the server computes them.

The worker cannot import them. What was wrong is told in docs/deepcave.md.
"""

# pyright: reportIncompatibleMethodOverride=false, reportArgumentType=false
# DeepCAVE's plugins declare one run where they take many, and call their static methods on instances.
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, Any, cast

from dash import dcc
from deepcave import config
from deepcave.constants import COMBINED_BUDGET
from deepcave.plugins.objective.cost_over_time import CostOverTime
from deepcave.plugins.objective.pareto_front import ParetoFront
from deepcave.runs import AbstractRun
from deepcave.runs.status import Status
from deepcave.utils.layout import get_select_options

from ..errors import EncaveError
from .deepcave_group import EncaveGroup
from .failures import reason_in
from .in_place import NoResultError

if TYPE_CHECKING:
    from .deepcave_run import EncaveRun

Inputs = dict[str, Any]
Outputs = dict[str, Any]


HIGHEST = "Highest of each run"
TIME = "Time"
_FRAME, _LEAST, _LINE, _SMALL = 110, 340, 29, 12  # pixels: around the plot, the plot, a line of the legend, small words
_LONG = 30  # characters of a name that ordinary words have no room for
_TOLD, _COLUMNS = 6, 150  # runs named that are not shown, characters in a line


class _CommonBudgets:
    """Mixin of pages that show several runs: the budget menu lists the budgets of all runs and means the same for each.

    DeepCAVE shows the shortest of the runs' lists and applies the position to each run's own list, so that a run at 200
    epochs stands beside another at 12. Where the runs' highest budgets differ, the menu offers each run's own, by name.
    """

    _common: list[Any] = []  # noqa: RUF012 - replaced, never changed; None stands for each run's highest
    _objectives: Hashable = ()

    def get_selected_runs(self, inputs: Inputs) -> list[AbstractRun]:
        """The runs and groups with the objectives that the page shows."""
        return [run for run in super().get_selected_runs(inputs) if objectives_of(run) == self._objectives]  # type: ignore[misc]

    def check_runs_compatibility(self, runs: list[AbstractRun]) -> None:
        """Of runs with different objectives the largest set is shown, and the page names the others."""
        kinds = Counter(objectives_of(run) for run in runs)
        type(self)._objectives = max(kinds, key=kinds.__getitem__)
        self._apart = [run for run in runs if objectives_of(run) != self._objectives]
        self._compared = runs = [run for run in runs if objectives_of(run) == self._objectives]
        fewest = min(runs, key=lambda run: len(run.get_objectives()))  # reported columns come last, and some have none
        self.objective_options = get_select_options(fewest.get_objective_names(), fewest.get_objective_ids())
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
        runs = self._compared
        grouped = {member for run in runs if isinstance(run, EncaveGroup) for member in run.runs}
        singles = [run for run in runs if not isinstance(run, EncaveGroup)]
        inputs["show_groups"]["value"] = "true"
        inputs["show_runs"]["value"] = "false" if grouped.issuperset(singles) else "true"
        return inputs

    def _process_raw_outputs(self, inputs: Inputs, raw_outputs: Outputs) -> Any:
        """The figure of the runs that have results; it names the others."""
        runs = {run: reason_in(raw_outputs[run.id]) for run in self.get_selected_runs(inputs)}
        shown = [run for run, told in runs.items() if not told]
        lacking = [f"{run.name}: {told}" for run, told in runs.items() if told]
        lacking += [f"{run.name}: other objectives ({', '.join(run.get_objective_names())})" for run in self._apart]
        if not shown:
            raise NoResultError("; ".join(lacking))
        chosen = self._clean_inputs(inputs)  # type: ignore[attr-defined]
        if not any(chosen["show_groups" if isinstance(run, EncaveGroup) else "show_runs"] for run in shown):
            raise NoResultError("all of them are hidden; show runs or groups with the menus above")
        figure = self.load_outputs(shown, chosen, raw_outputs)  # type: ignore[attr-defined]
        lines = sum(1 for trace in figure.data if trace.showlegend is not False)
        figure.layout.height = _FRAME + max(_LEAST, _LINE * lines)
        fit_words(figure)
        if lacking:
            _tell(figure, lacking)
        return figure

    @staticmethod
    def get_output_layout(register: Callable[..., str]) -> dcc.Graph:
        """The graph, as high as its legend needs; DeepCAVE's has two fifths of the window."""
        saved = {"toImageButtonOptions": {"scale": config.FIGURE_DOWNLOAD_SCALE}}
        return dcc.Graph(register("graph", "figure"), config=saved)


def objectives_of(run: AbstractRun) -> Hashable:
    """What must be equal for runs to be compared: the objectives of the log, without the columns reported besides."""
    names = run.get_objective_names()
    last = max((place for place, name in enumerate(names) if name.startswith(TIME)), default=len(names))
    own = run.get_objectives()[: last + 1]
    return tuple(
        (o.name, o.optimize, *(getattr(o, side) for side in ("lower", "upper") if getattr(o, f"lock_{side}")))
        for o in own
    )


def fit_words(figure: Any) -> None:
    """Long names leave room for the curves, and the words at the side lie beside the numbers there."""
    if any(len(trace.name or "") > _LONG for trace in figure.data):
        figure.layout.legend.font.size = _SMALL
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        axis.automargin = True
        if len(axis.title.text or "") > _LONG:
            axis.title.font.size = _SMALL + 2


def _tell(figure: Any, lacking: list[str]) -> None:
    """What is not shown, above the figure."""
    more = [f"and {len(lacking) - _TOLD:,} more"] if len(lacking) > _TOLD else []
    lines = wrap("Not shown: " + "; ".join([*lacking[:_TOLD], *more]), _COLUMNS)
    place = {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "align": "left"}
    text = "<br>".join(escape(line, quote=False) for line in lines)
    figure.add_annotation(text=text, showarrow=False, name="left out", font={"size": _SMALL}, **place)
    figure.layout.margin.t = figure.layout.margin.t + _SMALL * 2 * len(lines)
    figure.layout.height += _SMALL * 2 * len(lines)


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

    def get_configs(self, budget: Any, statuses: Any) -> dict[int, None]:
        """The numbers of the configurations; the Pareto Front asks for no more, and making thousands takes seconds."""
        return dict.fromkeys(sorted(self._run.get_all_costs(budget=budget, statuses=statuses)))

    def successful(self, position: int) -> float | None:
        """The budget at a place of the menu.

        Raises:
            EncaveError: no trial of the run succeeded at it.
        """
        budget = self.get_budget(position)
        if not self._run.get_all_costs(budget=budget, statuses=[Status.SUCCESS]):
            raise EncaveError(f"no trial succeeded at budget {budget:g}")
        return budget


class EncaveCostOverTime(_CommonBudgets, CostOverTime):
    """Cost over time at the same budget for every run; a run without success at this budget is named."""

    @classmethod
    def process(cls, run: AbstractRun, inputs: Inputs) -> Outputs:
        """The trajectory of one run or group."""
        view = _OnBudgets(run, cls._common)
        budget, objective = view.successful(inputs["budget_id"]), run.get_objective(inputs["objective_id"])
        outputs = CostOverTime.process(view, inputs)
        if isinstance(run, EncaveGroup):
            trials, mean, deviation, _, _ = run.get_trajectory_by_trials(objective, budget)
            return outputs | {"trials": trials, "trials_mean": mean, "trials_std": deviation}
        return outputs | {"trials": [cast("EncaveRun", run).evaluations[row] for row in outputs["ids"]]}

    @classmethod
    def load_outputs(cls, runs: list[AbstractRun], inputs: Inputs, outputs: Outputs) -> Any:
        """The figure; on the trials' axis a curve falls at the number of evaluations that the run had made.

        DeepCAVE counts from 0, passes over repeated evaluations, and has no curve of a group.
        """
        if inputs["xaxis"] != "trials":
            return CostOverTime.load_outputs(runs, inputs, outputs)
        by_trials = {
            run_id: one
            | {"times": one["trials"]}
            | {f"costs_{name}": one[f"trials_{name}"] for name in ("mean", "std") if f"trials_{name}" in one}
            for run_id, one in outputs.items()
            if "trials" in one  # else it is the reason why there is no curve
        }
        figure: Any = CostOverTime.load_outputs(runs, inputs | {"xaxis": "times"}, by_trials)
        figure.layout.xaxis.title.text = "Number of evaluated trials"
        return figure


class EncaveParetoFront(_CommonBudgets, ParetoFront):
    """The Pareto front at the same budget for every run; one without successful trials at it is named."""

    def load_inputs(self) -> Inputs:
        """It opens on the first two objectives that are the run's own; DeepCAVE adds `Time` as the last."""
        inputs = super().load_inputs()
        own = [option["value"] for option in self.objective_options if option["label"] != TIME]
        if len(own) > 1:
            inputs["objective_id_1"]["value"], inputs["objective_id_2"]["value"] = own[:2]
        return inputs

    @classmethod
    def process(cls, run: AbstractRun, inputs: Inputs) -> Outputs:
        """The points of one run or group."""
        view = _OnBudgets(run, cls._common)
        view.successful(inputs["budget_id"])
        outputs = ParetoFront.process(view, inputs)
        for config_id, is_on_front in zip(outputs["config_ids"], outputs["pareto_points"], strict=True):
            if is_on_front:  # the figure names its configuration: a damaged one is told here, with its run
                run.get_config(config_id)
        return outputs

    @classmethod
    def load_outputs(cls, runs: list[AbstractRun], inputs: Inputs, outputs: Outputs) -> Any:
        """The figure."""
        return ParetoFront.load_outputs([_OnBudgets(run, cls._common) for run in runs], inputs, outputs)
