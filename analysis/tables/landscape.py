"""The space as it was explored, as results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ...errors import EncaveError
from ...run.several import several_runs
from ..charts.footprint import FootprintChart
from ..charts.incumbent_areas import incumbent_areas
from ..charts.look import Look
from ..grouping.sections import check_has_objective, origins_of, view_runs
from ..landscape.budget_correlation import GroupCorrelation, group_correlation
from ..landscape.exploration import GroupExploration, group_exploration
from ..landscape.footprint import Footprint, footprint
from ..landscape.incumbent_values import IncumbentValues, group_incumbent_values
from .result import Result, check_task, one_of, table_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ...run import Run
    from ..charts.area_grid import AreaGrid
    from ..comparison.section import Comparison
    from ..importance.groups import Refused

_WHERE = {"task": "string", "optimizer": "string"}
EXPLORATION = ("trials", "distinct", "duplicates", "hamming", "late_hamming", "coverage")
"""Fields of an `Exploration`."""


@dataclass(frozen=True, eq=False, repr=False)
class Correlations(Result):
    """Whether configurations rank alike at different budgets.

    Example:
        >>> encave.correlation(runs[:2]).table().column_names[2:5]
        ['low', 'high', 'spearman']
    """

    groups: tuple[GroupCorrelation, ...]
    """One for each optimizer on each task."""
    refused: tuple[Refused, ...] = ()
    """Runs that could not be analysed, with the reason."""

    def table(self) -> pa.Table:
        """One row per pair of budgets of each group.

        `task`, `optimizer`; `low`, `high`: the budgets; `spearman`: rank correlation, mean over the `runs_defined` in
        which it exists; `std_over_runs`; `configurations` with a result at both.
        """
        columns = {
            **_WHERE, "low": "float64", "high": "float64", "spearman": "float64", "std_over_runs": "float64",
            "runs_defined": "int64", "configurations": "int64",
        }  # fmt: skip
        return table_of(
            columns,
            (
                (
                    *(group.task, group.optimizer, group.budgets[i], group.budgets[j], group.mean[i, j]),
                    *(group.spread[i, j], int(group.defined[i, j]), int(group.configurations[i, j])),
                )
                for group in self.groups
                for i in range(len(group.budgets))
                for j in range(i + 1, len(group.budgets))
            ),
        )


@dataclass(frozen=True, eq=False, repr=False)
class Explorations(Result):
    """How varied the configurations of each run are.

    Example:
        >>> encave.exploration(runs[:2]).records()[0]["distinct"]
        15.0
    """

    groups: tuple[GroupExploration, ...]
    """One for each optimizer on each task."""
    refused: tuple[Refused, ...] = ()
    """Runs that could not be analysed, with the reason."""

    def table(self) -> pa.Table:
        """One row per run.

        `task`, `optimizer`, `run`; `trials`; `distinct` configurations; `duplicates`: share of trials that repeat one
        at the same budget; `hamming`, `late_hamming`: mean share of hyperparameters in which two configurations differ,
        in the run and in the last half of its trials; `coverage`: share of a finite space, null elsewhere.
        """
        columns = {**_WHERE, "run": "string", **dict.fromkeys(EXPLORATION, "float64")}
        return table_of(
            columns,
            (
                (group.task, group.optimizer, run, *(float(getattr(one, name)) for name in EXPLORATION))
                for group in self.groups
                for run, one in zip(group.runs, group.each, strict=True)
            ),
        )


@dataclass(frozen=True, eq=False, repr=False)
class Footprints(Result):
    """Where each optimizer looked, in one plane for all optimizers of a task.

    Classical scaling of the distances of configurations (Torgerson, 1952; Gower, 1966).

    Example:
        >>> sorted({row["point"] for row in c.footprints("mlp").records()})
        ['final incumbent', 'first half']
    """

    found: Mapping[str, Footprint]
    """Task → its plane."""
    origins: Mapping[str, str] = field(default_factory=dict[str, str])
    """Task → where its values come from, in words."""
    refused: tuple[str, ...] = ()
    """Of each task that has no plane, why."""

    def table(self) -> pa.Table:
        """One row per configuration.

        `task`, `optimizer`; `point`: `first half` or `last half` of the trials, or `final incumbent`;
        `first_coordinate`, `second_coordinate` in the plane.
        """
        columns = {**_WHERE, "point": "string", "first_coordinate": "float64", "second_coordinate": "float64"}
        return table_of(
            columns,
            (
                (title, track.optimizer, kind, *point)
                for title, one in self.found.items()
                for track in one.tracks
                for kind, points in (
                    ("first half", track.points[~track.late]),
                    ("last half", track.points[track.late]),
                    ("final incumbent", track.incumbents),
                )
                for point in points.tolist()
            ),
        )

    def chart(self, look: Look | None = None) -> FootprintChart:
        """The plane of one task, a panel for each optimizer, the best by rank first.

        Raises:
            EncaveError: there are several tasks.
        """
        task = one_of(list(self.found), list(self.found))
        found = self.found[task]
        styles = (look or Look()).styles(sorted(track.optimizer for track in found.tracks))
        return FootprintChart.of(found, task, self.origins.get(task, ""), styles)


@dataclass(frozen=True, eq=False, repr=False)
class Incumbents(Result):
    """What the incumbents are made of: how often each value of a hyperparameter is in them, over time.

    Example:
        >>> encave.incumbents(runs[:6]).table().column_names[4:7]
        ['hyperparameter', 'value', 'frequency']
    """

    found: tuple[tuple[str, str, IncumbentValues], ...]
    """Task, optimizer, and the frequencies."""
    refused: tuple[Refused, ...] = ()
    """Runs that could not be analysed, with the reason."""
    origins: Mapping[str, str] = field(default_factory=dict[str, str])
    """Task → where its values come from, in words."""

    def table(self) -> pa.Table:
        """One row per position and value of each hyperparameter.

        `task`, `optimizer`; `axis`, `position` on it; `hyperparameter`, `value` (a range where it is a number);
        `frequency`: share of the `runs` whose incumbent has it.
        """
        columns = {
            **_WHERE, "axis": "string", "position": "float64", "hyperparameter": "string", "value": "string",
            "frequency": "float64", "runs": "int64",
        }  # fmt: skip
        return table_of(
            columns,
            (
                (task, optimizer, one.axis.label, position, name, value, frequency[v, m], one.runs)
                for task, optimizer, one in self.found
                for name, values, frequency in zip(one.names, one.values, one.frequency, strict=True)
                for m, position in enumerate(one.positions)
                for v, value in enumerate(values)
            ),
        )

    def of(self, task: str | None) -> Incumbents:
        """Those of one task; all of them without one.

        Raises:
            EncaveError: there is no such task, or nothing could be analysed.

        Example:
            >>> encave.incumbents(runs).of("mlp").found[0][0]
            'mlp'
        """
        check_task(task, [own for own, *_ in self.found], self.refused)
        if task is None:
            return self
        return replace(self, found=tuple(one for one in self.found if one[0] == task))

    def chart(self, look: Look | None = None) -> AreaGrid:
        """Shares of values over time on one task, a row for each optimizer, a column for each hyperparameter.

        Raises:
            EncaveError: there are several tasks, or nothing that changes.
        """
        tasks = list(dict.fromkeys(task for task, *_ in self.found))
        task = one_of(tasks, tasks)
        values = {optimizer: one for own, optimizer, one in self.found if own == task}
        order = look.order if look else ()
        values = {name: values[name] for name in sorted(values, key=lambda name: (*order, name).index(name))}
        areas = incumbent_areas(values)
        if areas is None:
            raise EncaveError("nothing of the incumbents changes that has few enough values to be drawn")
        return areas.chart(task, next(iter(values.values())).axis, self.origins.get(task, ""))


def correlation(runs: Iterable[Run], *, objective: str | None = None) -> Correlations:
    """Whether configurations rank alike at different budgets: Spearman's correlation in each run.

    Args:
        runs: The runs.
        objective: Objective to correlate; None: the first of each run.

    Raises:
        EncaveError: there are no runs, or no run has the objective.

    Example:
        >>> row = encave.correlation(runs[:6]).records()[0]
        >>> row["low"], row["high"], row["configurations"]
        (1.0, 3.0, 84)
    """
    sections = view_runs(several_runs(runs)).sections
    check_has_objective(sections, objective)
    return Correlations(*group_correlation(sections, objective=objective))


def exploration(runs: Iterable[Run]) -> Explorations:
    """How varied the configurations of each run are: duplicates, diversity, share of the space.

    Raises:
        EncaveError: there are no runs.

    Example:
        >>> encave.exploration(runs[:1]).records()[0]["trials"]
        30.0
    """
    return Explorations(*group_exploration(view_runs(several_runs(runs)).sections))


def incumbents(runs: Iterable[Run]) -> Incumbents:
    """What the incumbents of each optimizer are made of, over time.

    Raises:
        EncaveError: there are no runs.

    Example:
        >>> found = encave.incumbents(runs[:6])
        >>> sorted({row["hyperparameter"] for row in found.records()})
        ['first', 'second']
    """
    sections = view_runs(several_runs(runs)).sections
    return Incumbents(*group_incumbent_values(sections), origins_of(sections))


def footprints_of(comparisons: Iterable[Comparison]) -> Footprints:
    """The planes of tasks; those that have none are left out.

    Raises:
        EncaveError: none has.
    """
    found: dict[str, Footprint] = {}
    origins: dict[str, str] = {}
    why: list[str] = []
    for one in comparisons:
        title = one.section.title
        try:
            found[title] = footprint({label: one.trajectories[label] for label in one.ordered})
        except EncaveError as error:
            why.append(f"{title}: {error}")
        origins[title] = one.section.origin
    if not found:
        raise EncaveError("; ".join(why))
    return Footprints(found, origins, tuple(why))
