"""Complete tables, of which every configuration's cost is known, as results: the truth that estimates are held to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..importance.fanova import decompose, subsets_of
from ..landscape.optima import Landscape, landscape
from .result import Result, table_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ..importance.groups import Refused
    from ..landscape.optima import KnownTable, Standing


@dataclass(frozen=True, eq=False, repr=False)
class Landscapes(Result):
    """Exact importances of complete tables, one for each task; see `optima`, `summary` and `ends`.

    Example:
        >>> encave.landscape(order=1)
        Landscapes(18 rows: task, effect, share, total_share)
    """

    known: tuple[KnownTable, ...]
    """The tables, one for each task."""
    order: int = 6
    """Most hyperparameters of an effect."""
    standings: tuple[tuple[str, str, Standing], ...] = ()
    """Task, optimizer, and where its runs end in the table that they searched."""
    refused: tuple[Refused, ...] = ()
    """Runs that searched no such table, with the reason."""

    def table(self) -> pa.Table:
        """One row per effect.

        `task`; `effect`: the hyperparameter, or several joined by ×; its exact `share` of the variance (F. Hutter et
        al., ICML 2014); `total_share`: of all effects with a hyperparameter, null of joint ones.
        """
        columns = {"task": "string", "effect": "string", "share": "float64", "total_share": "float64"}
        return table_of(columns, self._effects())

    def _effects(self) -> Iterator[tuple[str, str, float, float | None]]:
        for one in self.known:
            parts = decompose(one.table)
            for subset in subsets_of(len(one.names), self.order):
                label = " × ".join(one.names[axis] for axis in subset)
                yield one.task, label, parts.share(subset), parts.total_share(subset[0]) if len(subset) == 1 else None

    @cached_property
    def landscapes(self) -> tuple[Landscape, ...]:
        """The optima of each task's table.

        Example:
            >>> len(encave.landscape().landscapes)
            3
        """
        return tuple(landscape(one.table) for one in self.known)

    def summary(self) -> LandscapeSummary:
        """One row for each table.

        Example:
            >>> [row["task"] for row in encave.landscape().summary().records()]
            ['cifar10', 'cifar100', 'ImageNet16-120']
        """
        return LandscapeSummary(self)

    def optima(self) -> Optima:
        """All local optima.

        Example:
            >>> best = encave.landscape().optima().records()[0]
            >>> best["task"], best["basin"] > 0
            ('cifar10', True)
        """
        return Optima(self)

    def ends(self) -> RunEnds:
        """Where the final incumbents of runs stand.

        Example:
            >>> encave.landscape().ends().table().num_rows  # no runs were given
            0
        """
        return RunEnds(self.standings)


@dataclass(frozen=True, eq=False, repr=False)
class LandscapeSummary(Result):
    """Complete tables in a few numbers.

    Example:
        >>> encave.landscape().summary().records()[0]["configurations"]
        15625
    """

    of: Landscapes
    """The tables."""

    def table(self) -> pa.Table:
        """One row per task.

        `task`; `configurations`; `variance`, `mean` and `lowest` of the cost; `local_optima` under changes of one
        hyperparameter, of which so many are `on_plateaus`; `to_the_best`: share of the configurations from which
        steepest descent ends in the optimum; `fitness_distance`: correlation of cost and distance to the optimum
        (T. Jones and S. Forrest, ICGA 1995).
        """
        columns = {
            "task": "string", "configurations": "int64", "variance": "float64", "mean": "float64",
            "lowest": "float64", "local_optima": "int64", "on_plateaus": "int64", "to_the_best": "float64",
            "fitness_distance": "float64",
        }  # fmt: skip
        return table_of(
            columns,
            (
                (
                    *(one.task, one.table.size, decompose(one.table).variance, float(one.table.mean())),
                    *(float(found.values[0]), len(found.optima), found.plateaus),
                    float(found.basins[found.values == found.values[0]].sum() / one.table.size),
                    found.fitness_distance,
                )
                for one, found in zip(self.of.known, self.of.landscapes, strict=True)
            ),
        )


@dataclass(frozen=True, eq=False, repr=False)
class Optima(Result):
    """Local optima of complete tables, best first.

    Example:
        >>> costs = [row["cost"] for row in encave.landscape().optima().records() if row["task"] == "cifar10"]
        >>> costs == sorted(costs)
        True
    """

    of: Landscapes
    """The tables."""

    def table(self) -> pa.Table:
        """One row per optimum of each task.

        `task`; `configuration`: `name=value` with commas; its `cost`; `basin`: configurations from which steepest
        descent ends there.
        """
        columns = {"task": "string", "configuration": "string", "cost": "float64", "basin": "int64"}
        return table_of(columns, self._rows())

    def _rows(self) -> Iterator[tuple[str, str, float, int]]:
        for one, found in zip(self.of.known, self.of.landscapes, strict=True):
            places = np.stack(np.unravel_index(found.optima, one.table.shape), axis=1)
            for place, cost, basin in zip(places, found.values.tolist(), found.basins.tolist(), strict=True):
                told = (f"{name}={one.values[at]}" for name, at in zip(one.names, place, strict=True))
                yield one.task, ", ".join(told), cost, basin


@dataclass(frozen=True, eq=False, repr=False)
class RunEnds(Result):
    """Where the final incumbents of each optimizer stand in the table that its runs searched.

    Example:
        >>> from encave.analysis.tables.complete import RunEnds
        >>> RunEnds(()).table().column_names[2:]
        ['runs', 'optimal', 'locally_optimal', 'distance', 'gap']
    """

    standings: tuple[tuple[str, str, Standing], ...]
    """Task, optimizer, and where its runs end."""

    def table(self) -> pa.Table:
        """One row per optimizer on each task.

        `task`, `optimizer`; `runs`, of which so many are `optimal` or `locally_optimal`; `distance`: mean number of
        hyperparameters that differ from the nearest optimum; `gap`: mean cost above it.
        """
        columns = {
            "task": "string", "optimizer": "string", "runs": "int64", "optimal": "int64", "locally_optimal": "int64",
            "distance": "float64", "gap": "float64",
        }  # fmt: skip
        return table_of(columns, ((task, optimizer, *astuple(one)) for task, optimizer, one in self.standings))
