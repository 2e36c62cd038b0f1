"""DeepCAVE's pages of one run whose looks or offers had to be put right; the server alone imports them.

The worker cannot. What was wrong is told in docs/deepcave.md.
"""

# pyright: reportIncompatibleMethodOverride=false
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import plotly.graph_objs as go
from ConfigSpace import CategoricalHyperparameter
from dash import dcc, html
from deepcave import config, notification
from deepcave.plugins.hyperparameter.parallel_coordinates import ParallelCoordinates
from deepcave.plugins.hyperparameter.symbolic_explanations import SymbolicExplanations
from deepcave.runs import AbstractRun

Inputs = dict[str, Any]
Outputs = dict[str, Any]

_CHARACTER = 9  # pixels, about
_AXIS = 100  # pixels that an axis of parallel coordinates needs at least
_AXES_AT_ONCE = 10  # how many fit into an ordinary window


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
        figure.layout.margin.l = _CHARACTER * max(map(len, [*words, axes[0].label])) + 2 * _CHARACTER
        figure.layout.margin.r = 10 * _CHARACTER  # the numbers beside the colours
        figure.layout.width = _AXIS * len(axes) if len(axes) > _AXES_AT_ONCE else None
        return figure


class EncaveSymbolicExplanations(SymbolicExplanations):
    """Symbolic explanations offer no run without a numerical hyperparameter, on which DeepCAVE's page breaks."""

    @staticmethod
    def check_run_compatibility(run: AbstractRun) -> bool:
        """Whether there is a numerical hyperparameter."""
        if all(isinstance(value, CategoricalHyperparameter) for value in run.configspace.values()):
            notification.update(f"{run.name} can not be selected because all its hyperparameters are categorical.")
            return False
        return True
