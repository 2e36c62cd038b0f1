"""The numbers behind importances and landscapes, as Arrow tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ..importance.bias import Bias
from ..importance.groups import GroupImportance
from ..landscape.budget_correlation import GroupCorrelation
from ..landscape.exploration import GroupExploration
from ..landscape.footprint import Footprint
from ..landscape.incumbent_values import IncumbentValues
from .data import rows

if TYPE_CHECKING:
    import pyarrow as pa

_WHERE = {"section": "string", "optimizer": "string"}
_AT = {**_WHERE, "objective": "string", "budget": "float64"}
_DIGITS = 12
EXPLORATION = ("trials", "distinct", "duplicates", "hamming", "late_hamming", "coverage")
"""Fields of an `Exploration`."""


def importances(groups: Iterable[GroupImportance]) -> pa.Table:
    """One row per effect of each group."""
    columns = {
        **_AT, "method": "string", "unit": "string", "trials": "int64", "runs": "int64", "effect": "string",
        "value": "float64", "std_over_runs": "float64", "std_over_trees": "float64", "exact": "float64",
    }  # fmt: skip
    records = (
        (
            *(group.task, group.optimizer, group.objective, group.budget, group.method.label),
            *("share" if group.method.shares else group.objective, group.trials, len(group.runs), group.label(k)),
            *_rounded(group.mean[k], group.spread[k], group.tree_spread[k]),
            *((None,) if group.exact is None else _rounded(group.exact[k])),
        )
        for group in groups
        for k in range(len(group.mean))
    )
    return rows(columns, records)


def _rounded(*values: float) -> tuple[float, ...]:
    """Without the last digits, in which matrix products differ from one process to the next."""
    return tuple(round(float(value), _DIGITS) for value in values)


def bias(found: Iterable[Bias]) -> pa.Table:
    """One row per effect at each number of trials of each optimizer; errors are over all effects of a size."""
    numbers = (
        "r2", "error_of_singles", "error_of_singles_std", "error_of_pairs", "error_of_pairs_std", "exact", "bias",
        "bias_std",
    )  # fmt: skip
    columns = {
        **_AT, "trials": "int64", "runs": "int64", "effect": "string", **dict.fromkeys(numbers, "float64"),
    }  # fmt: skip
    records = (
        (
            *(one.task, one.optimizer, one.objective, one.budget, int(one.trials[k]), int(one.runs[k]), one.label(j)),
            *_rounded(one.r2[k], one.single_error[k], one.single_spread[k], one.pair_error[k], one.pair_spread[k]),
            *_rounded(one.exact[j], one.bias[k, j], one.bias_spread[k, j]),
        )
        for one in found
        for k in range(len(one.trials))
        for j in range(len(one.subsets))
    )
    return rows(columns, records)


def correlations(groups: Iterable[GroupCorrelation]) -> pa.Table:
    """One row per pair of budgets of each group."""
    columns = {
        **_WHERE, "low": "float64", "high": "float64", "spearman": "float64", "std_over_runs": "float64",
        "runs_defined": "int64", "configurations": "int64",
    }  # fmt: skip
    records = (
        (
            *(group.task, group.optimizer, group.budgets[i], group.budgets[j], group.mean[i, j], group.spread[i, j]),
            *(int(group.defined[i, j]), int(group.configurations[i, j])),
        )
        for group in groups
        for i in range(len(group.budgets))
        for j in range(i + 1, len(group.budgets))
    )
    return rows(columns, records)


def explorations(groups: Iterable[GroupExploration]) -> pa.Table:
    """One row per run."""
    columns = {**_WHERE, "run": "string", **dict.fromkeys(EXPLORATION, "float64")}
    records = (
        (group.task, group.optimizer, run, *(float(getattr(one, name)) for name in EXPLORATION))
        for group in groups
        for run, one in zip(group.runs, group.each, strict=True)
    )
    return rows(columns, records)


def footprints(found: Mapping[str, Footprint]) -> pa.Table:
    """One row per point of each optimizer, and per final incumbent."""
    columns = {**_WHERE, "point": "string", "first_coordinate": "float64", "second_coordinate": "float64"}
    records = (
        (title, track.optimizer, kind, *point)
        for title, one in found.items()
        for track in one.tracks
        for kind, points in (
            ("first half", track.points[~track.late]),
            ("last half", track.points[track.late]),
            ("final incumbent", track.incumbents),
        )
        for point in points.tolist()
    )
    return rows(columns, records)


def incumbents(found: Iterable[tuple[str, str, IncumbentValues]]) -> pa.Table:
    """One row per position and value of each hyperparameter, of (task, optimizer, frequencies)."""
    columns = {
        **_WHERE, "axis": "string", "position": "float64", "hyperparameter": "string", "value": "string",
        "frequency": "float64", "runs": "int64",
    }  # fmt: skip
    records = (
        (task, optimizer, one.axis.label, position, name, value, frequency[v, m], one.runs)
        for task, optimizer, one in found
        for name, values, frequency in zip(one.names, one.values, one.frequency, strict=True)
        for m, position in enumerate(one.positions)
        for v, value in enumerate(values)
    )
    return rows(columns, records)
