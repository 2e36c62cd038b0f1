"""DeepCAVE's pages of one run whose looks or offers had to be put right; the server alone imports them.

The worker cannot. What was wrong is told in docs/deepcave.md.
"""

# pyright: reportIncompatibleMethodOverride=false
from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, cast

import numpy as np
import plotly.graph_objs as go
from ConfigSpace import CategoricalHyperparameter, Constant
from dash import dcc, html
from deepcave import config, notification
from deepcave.plugins.hyperparameter.configuration_cube import ConfigurationCube
from deepcave.plugins.hyperparameter.parallel_coordinates import ParallelCoordinates
from deepcave.plugins.hyperparameter.symbolic_explanations import SymbolicExplanations
from deepcave.plugins.summary.configurations import Configurations
from deepcave.plugins.summary.overview import Overview
from deepcave.runs import AbstractRun
from deepcave.runs.status import Status
from deepcave.utils.layout import get_checklist_options

from ..errors import EncaveError

Inputs = dict[str, Any]
Outputs = dict[str, Any]

_CHARACTER = 9  # pixels, about
_AXIS = 100  # pixels that an axis of parallel coordinates needs at least
_CELLS = 10_000  # of the heatmap, one for each configuration, budget and seed
_IN_GRAPH = 1000  # configurations
_LABELS = 10  # numbers below a slider
_AXES_AT_ONCE = 10  # how many fit into an ordinary window
_CUBE = 3  # axes
_SMALL = 12  # pixels, of the words at the axes of a cube
_WORD = 14  # characters of a choice at an axis beside others


class EncaveParallelCoordinates(ParallelCoordinates):
    """Parallel coordinates as wide as the window and shown whole; DeepCAVE's stick out of a frame of 500 pixels."""

    @staticmethod
    def get_output_layout(register: Callable[..., str]) -> html.Div:
        """The graph, which scrolls only to the side, and only where there are too many axes."""
        saved = {"toImageButtonOptions": {"scale": config.FIGURE_DOWNLOAD_SCALE}}
        graph = dcc.Graph(register("graph", "figure"), config=saved, style={"height": "600px"})
        return html.Div(graph, style={"overflowX": "auto"})

    @staticmethod
    def load_outputs(run: AbstractRun, inputs: Inputs, outputs: Outputs) -> go.Figure:
        """DeepCAVE's figure with room for the words at its first axis."""
        figure: Any = ParallelCoordinates.load_outputs(run, inputs, outputs)
        axes = figure.data[0].dimensions
        words = [str(word) for word in axes[0].ticktext or ()]
        for axis in axes[1:]:  # a longer word would lie over the axis before
            axis.ticktext = [short(str(word)) for word in axis.ticktext] if axis.ticktext else axis.ticktext
        figure.layout.margin.l = _CHARACTER * max(map(len, [*words, axes[0].label])) + 2 * _CHARACTER
        figure.layout.margin.r = 10 * _CHARACTER  # the numbers beside the colours
        figure.layout.width = _AXIS * len(axes) if len(axes) > _AXES_AT_ONCE else None
        return figure


class EncaveSymbolicExplanations(SymbolicExplanations):
    """Symbolic explanations of numbers, with fewer formulas to begin with.

    DeepCAVE's page breaks on a run without a number, offers constants, and evolves 5,000 formulas: minutes.
    """

    @staticmethod
    def check_run_compatibility(run: AbstractRun) -> bool:
        """Whether there is a numerical hyperparameter."""
        if not _numbers(run):
            notification.update(f"{run.name} can not be selected because it has no numerical hyperparameter.")
            return False
        return True

    def load_inputs(self) -> Inputs:
        """The inputs with a population that takes seconds."""
        return super().load_inputs() | {"population_size": {"value": "500"}}

    def load_dependency_inputs(self, run: AbstractRun, previous_inputs: Inputs, inputs: Inputs) -> Inputs:
        """The menus of hyperparameters hold numbers only."""
        numbers = _numbers(run)
        found = super().load_dependency_inputs(run, previous_inputs, inputs)
        first, second = found["hyperparameter_name_1"], found["hyperparameter_name_2"]
        first["options"], second["options"] = get_checklist_options(numbers), get_checklist_options([None, *numbers])
        first["value"] = first["value"] if first["value"] in numbers else numbers[0]
        return found


def short(word: str) -> str:
    """A word beside an axis, cut where it would lie over its neighbours."""
    return word if len(word) <= _WORD else word[: _WORD - 1] + "…"


def _varied(run: AbstractRun) -> list[str]:
    return [name for name, value in run.configspace.items() if not isinstance(value, Constant)]


def _numbers(run: AbstractRun) -> list[str]:
    fixed = (CategoricalHyperparameter, Constant)
    return [name for name, value in run.configspace.items() if not isinstance(value, fixed)]


class EncaveConfigurationCube(ConfigurationCube):
    """The cube of the first hyperparameters that vary, to begin with; DeepCAVE's is empty until one is ticked."""

    def load_dependency_inputs(self, run: AbstractRun, previous_inputs: Inputs, inputs: Inputs) -> Inputs:
        """The inputs with three hyperparameters ticked when a run is selected, and at most three later."""
        if inputs["objective_id"]["value"] is None:
            names = {"value": _varied(run)[:_CUBE]}
            inputs = inputs | {"hyperparameter_names": inputs["hyperparameter_names"] | names}
        return super().load_dependency_inputs(run, previous_inputs, inputs)

    @staticmethod
    def load_outputs(run: AbstractRun, inputs: Inputs, outputs: Outputs) -> go.Figure:
        """The figure; DeepCAVE leaves that of other choices where nothing is chosen."""
        if not inputs["hyperparameter_names"]:
            unticked = "no hyperparameter is ticked; tick one to three"
            raise EncaveError(unticked if _varied(run) else "all hyperparameters are constant")
        if not inputs["n_configs"]:
            raise EncaveError("the slider is at no configurations; move it to the right")
        figure: Any = ConfigurationCube.load_outputs(run, inputs, outputs)
        flat, deep = (figure.layout.xaxis, figure.layout.yaxis), figure.layout.scene
        for axis in (*flat, deep.xaxis, deep.yaxis, deep.zaxis):
            if axis.ticktext:
                axis.ticktext = [short(str(word)) for word in axis.ticktext]
            if axis not in flat:
                axis.tickfont.size, axis.title.font.size = _SMALL, _SMALL + 2
        for trace in figure.data:
            title = trace.marker.colorbar.title  # a long name above it would take half of the width
            title.side, title.font.size = "right", _SMALL + 2
        return figure


class EncaveOverview(Overview):
    """The overview of a run: how many of its trials are shown, and the best at the highest budget that has any."""

    @staticmethod
    def load_outputs(run: AbstractRun, *rest: Any) -> list[Any]:
        """DeepCAVE's parts with the count of trials in the card."""
        view = _Succeeded(run)
        parts: list[Any] = Overview.load_outputs(view, *rest)
        lines = parts[0].children[1].children
        if told := getattr(run, "shown", ""):
            lines[-1] = html.Div(f"Trials shown: {told}", className="card-text")
        if view.get_num_configs() > view.in_heatmap:
            lines.append(html.Div(f"Heatmap: the first {view.in_heatmap:,} configurations", className="card-text"))
        return parts


class _Succeeded:
    """A run whose best is looked for at the highest budget at which a trial succeeded, and at no other.

    The overview asks for configurations to count them and to draw the statuses of each, of which 10,000 are plenty.
    """

    def __init__(self, run: AbstractRun) -> None:
        self._run = run
        succeeded = {trial.budget for trial in run.history if trial.status == Status.SUCCESS}
        self._budget = max(succeeded)
        columns = len(run.get_budgets(include_combined=False)) * len(run.get_seeds(include_combined=False))
        self.in_heatmap = max(1, _CELLS // max(1, columns))
        """Configurations that the heatmap shows."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    @property
    def __class__(self) -> Any:  # DeepCAVE asks whether it is a group
        return self._run.__class__

    def get_configs(self) -> dict[int, None]:
        return dict.fromkeys(sorted({trial.config_id for trial in self._run.history})[: self.in_heatmap])

    def get_num_configs(self) -> int:
        return len({trial.config_id for trial in self._run.history})

    def get_incumbent(self, objectives: Any, statuses: Any) -> Any:
        return self._run.get_incumbent(objectives, self._budget, statuses=statuses)

    def get_avg_costs(self, config_id: int) -> Any:
        return self._run.get_avg_costs(config_id, self._budget, [Status.SUCCESS])


class EncaveConfigurations(Configurations):
    """The configurations of a run by their numbers, which need not be all those from 0; the graph has 1,000 at most."""

    @staticmethod
    def process(run: AbstractRun, inputs: Inputs) -> Outputs:
        """Costs of the configuration that is chosen, and the graph's rows."""
        return Configurations.process(cast("AbstractRun", _Around(run, int(inputs["config_id"]))), inputs)

    @staticmethod
    def load_outputs(run: AbstractRun, inputs: Inputs, outputs: Outputs) -> list[Any]:
        """DeepCAVE's parts; the graph says how many configurations it has if these are not all."""
        tables = {name: as_written(outputs[name]) for name in ("overview_table_data", "cs_table_data")}
        parts: list[Any] = Configurations.load_outputs(run, inputs, outputs | tables)
        if len(run.configs) > _IN_GRAPH:
            graph: Any = parts[3]
            words = f"The configuration chosen among {_IN_GRAPH:,} of {len(run.configs):,}, evenly along their numbers"
            graph.layout.title = {"text": words, "font": {"size": 12}, "x": 0, "xref": "paper"}
        return parts

    def load_dependency_inputs(self, run: AbstractRun, previous_inputs: Inputs, inputs: Inputs) -> Inputs:
        """The slider over the numbers that there are."""
        numbers = sorted({trial.config_id for trial in run.history})
        if not numbers:
            return inputs
        wanted = inputs["config_id"]["value"] or 0
        nearest = min(numbers, key=lambda number: abs(number - wanted))
        told = set(numbers[:: max(1, len(numbers) // _LABELS)])
        marks = {str(number): str(number) if number in told else "" for number in numbers}
        return {"config_id": {"min": numbers[0], "max": numbers[-1], "marks": marks, "value": nearest}}


def as_written(table: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """Columns of a table whose integers stay so: DeepCAVE makes a number with a point of one beside another such."""
    return {name: [str(cell) if isinstance(cell, int) else cell for cell in column] for name, column in table.items()}


class _Around:
    """A run whose graph of configurations shows the one that is chosen among at most 1,000.

    Args:
        run: A run or group.
        chosen: Number of the configuration.
    """

    def __init__(self, run: AbstractRun, chosen: int) -> None:
        self._run, self._chosen = run, chosen
        self._costs = lru_cache(maxsize=None)(self._costs_of)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    def get_configs(self) -> dict[int, Any]:
        """The configurations of the graph, ascending."""
        numbers = sorted({trial.config_id for trial in self._run.history})
        if len(numbers) > _IN_GRAPH:
            numbers = [numbers[place] for place in np.linspace(0, len(numbers) - 1, _IN_GRAPH).astype(int)]
        return {number: self._run.get_config(number) for number in sorted({*numbers, self._chosen})}

    def get_all_costs(self, budget: Any, seed: int, statuses: list[Status]) -> dict[int, dict[int, Any]]:
        """Costs of the configuration that is chosen; DeepCAVE's page asks for those of all, and takes these."""
        costs = self._costs(budget, tuple(statuses)).get(self._chosen, {})
        return {self._chosen: costs} if seed in costs else {}

    def _costs_of(self, budget: Any, statuses: tuple[Status, ...]) -> dict[int, dict[int, Any]]:
        return self._run.get_all_costs(budget=budget, statuses=list(statuses))
