"""SMAC's search for the configurations that the surrogate finds most promising, made reproducible and quick.

Two things differ from the package, and neither changes what it computes. The local search begins from a `set` of
configurations, whose order Python changes from process to process; here they are sorted, so that a seed has one
trajectory. And where the space is a small one of choices, of the thousands of random candidates only those that the
local search begins from become configurations, and the forest's expected improvement is computed once per trained
forest for the whole space and looked up from then on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from ConfigSpace import CategoricalHyperparameter, Configuration
from numpy.typing import NDArray
from smac.acquisition.function import EI
from smac.acquisition.maximizer import LocalSearch, RandomSearch
from smac.acquisition.maximizer.abstract_acquisition_maximizer import AbstractAcquisitionMaximizer
from smac.main.config_selector import ConfigSelector

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace
    from smac import Scenario

LARGEST = 20_000
"""Configurations of a space that is small enough to be enumerated."""

_AT_ONCE = 5  # configurations that ConfigSpace samples at a time

KEPT = 64
"""Configurations that `ExactMaximizer` returns; SMAC takes 8 of them before it trains the surrogate anew."""


@dataclass(frozen=True, eq=False)
class Grid:
    """All configurations of a space of choices."""

    vectors: NDArray[np.float64]
    """Their vectors as ConfigSpace has them, shape (n, d), in lexicographic order."""

    places: NDArray[np.float64]
    """Place value of each hyperparameter, shape (d,)."""

    base: int | None
    """Number of choices, if all hyperparameters have as many and draw them uniformly."""

    def ranks(self, vectors: NDArray[np.float64]) -> NDArray[np.intp]:
        """Where configurations of shape (m, d) stand in `vectors`, shape (m,)."""
        return np.einsum("nd,d->n", vectors, self.places).astype(np.intp)  # `@` would wake threads that then spin


def grid_of(space: ConfigurationSpace) -> Grid | None:
    """The grid; None if the space is large or has something else than choices without conditions."""
    if not all(isinstance(one, CategoricalHyperparameter) for one in space.values()):
        return None
    choices: list[Any] = list(space.values())
    sizes = [int(one.size) for one in choices]
    if space.conditions or space.forbidden_clauses or np.prod(sizes, dtype=float) > LARGEST:
        return None
    places = np.cumprod([1, *sizes[:0:-1]])[::-1]
    uniform = all(len(set(one.probabilities)) == 1 for one in choices) and len(set(sizes)) == 1
    vectors = np.array(list(product(*map(range, sizes))), dtype=np.float64)
    return Grid(vectors, places.astype(np.float64), sizes[0] if uniform else None)


def parts(facade: Any, scenario: Scenario, intensifier: Any, *, forest: bool) -> dict[str, Any]:
    """The parts of a facade that search, with the facade's settings.

    Args:
        facade: The facade's class.
        scenario: What it is to solve.
        intensifier: Its intensifier, which then knows at once whether it has rejected a configuration.
        forest: Whether its surrogate is a random forest.
    """
    maximizer = facade.get_acquisition_maximizer(scenario)
    searches = hasattr(maximizer, "_local_search")  # Hyperband draws at random
    if searches:
        maximizer._local_search.__class__ = SortedStart
    grid = grid_of(scenario.configspace)
    if grid is None:
        return {"acquisition_maximizer": maximizer}
    if searches and grid.base is not None:
        maximizer._random_search.__class__ = BestOfRandom
        maximizer._random_search.kept, maximizer._random_search.base = maximizer._local_search_iterations, grid.base
    found = {"acquisition_maximizer": maximizer, "config_selector": _selector(facade, scenario, _Selector)}
    if forest:  # a Gaussian process rounds otherwise when it predicts more at a time
        found["acquisition_function"] = TabulatedEI(grid, facade.get_acquisition_function(scenario))
        found["config_selector"] = _selector(facade, scenario, _ForestSelector)
    intensifier.get_rejected_configs = _Rejected(intensifier)
    return found


class SortedStart(LocalSearch):
    """Local search that begins from its starting points in a fixed order."""

    def _get_init_points_from_previous_configs(self, *args: Any, **settings: Any) -> list[Configuration]:
        points = super()._get_init_points_from_previous_configs(*args, **settings)
        return sorted(points, key=lambda config: config.get_array().tolist())


class BestOfRandom(RandomSearch):
    """Random search over uniform choices that makes configurations of its `kept` best candidates only.

    ConfigSpace draws five configurations at a time, hyperparameter by hyperparameter; drawn at once, the numbers are
    the same.
    """

    kept: int
    base: int

    def _maximize(
        self, previous_configs: list[Configuration], n_points: int, _sorted: bool = False
    ) -> list[tuple[float, Configuration]]:
        space: Any = self._configspace
        drawn = space.random.randint(0, self.base, size=(-(-n_points // _AT_ONCE), len(space), _AT_ONCE))
        vectors = drawn.transpose(0, 2, 1).reshape(-1, len(space))[:n_points].astype(np.float64)
        acquisition: Any = self._acquisition_function
        values = acquisition._compute(vectors).ravel()
        order = np.lexsort((self._rng.rand(n_points), values))[::-1]
        origin = "Acquisition Function Maximizer: Random Search (sorted)"
        return _configurations(space, values, vectors, order[: self.kept], origin)


class TabulatedEI(EI):
    """Expected improvement of all configurations of a grid, computed when the surrogate has been trained."""

    def __init__(self, grid: Grid, stock: EI) -> None:
        super().__init__(xi=stock._xi, log=stock._log)
        self.grid = grid
        self.table: NDArray[np.float64] | None = None

    def _update(self, **settings: Any) -> None:
        super()._update(**settings)
        self.table = None

    def _compute(self, X: NDArray[np.float64]) -> NDArray[np.float64]:  # noqa: N803  the package's name
        if self.table is None:
            self.table = super()._compute(self.grid.vectors)
        return self.table[self.grid.ranks(X)]


class ExactMaximizer(AbstractAcquisitionMaximizer):
    """The best configurations of a grid that were not tried yet, ties at random."""

    def _maximize(self, previous_configs: list[Configuration], n_points: int) -> list[tuple[float, Configuration]]:
        acquisition: Any = self._acquisition_function
        vectors = acquisition.grid.vectors
        values = acquisition._compute(vectors).ravel()
        order = np.lexsort((self._rng.rand(len(values)), values))[::-1]
        if previous_configs:
            tried = acquisition.grid.ranks(np.array([config.get_array() for config in previous_configs]))
            order = order[~np.isin(order, tried)]
        origin = "Acquisition Function Maximizer: all configurations"
        return _configurations(self._configspace, values, vectors, order[:KEPT], origin)


def widen_bounds(history: Any) -> None:
    """Make a run history take a new trial into the bounds of its costs, not all trials again."""
    from smac.runhistory import StatusType

    stock = history._add
    newest: list[Any] = []

    def add(key: Any, value: Any, status: Any) -> None:
        newest[:] = [value]
        stock(key, value, status)

    def update() -> None:
        bounds = history._objective_bounds or [(np.inf, -np.inf)] * history._n_objectives
        if newest[0].status == StatusType.SUCCESS:
            costs = np.atleast_1d(newest[0].cost)
            bounds = [(min(low, cost), max(high, cost)) for (low, high), cost in zip(bounds, costs, strict=True)]
        history._objective_bounds = bounds

    history._add, history._update_objective_bounds = add, update


def _configurations(
    space: ConfigurationSpace,
    values: NDArray[np.float64],
    vectors: NDArray[np.float64],
    places: NDArray[np.intp],
    origin: str,
) -> list[tuple[float, Configuration]]:
    """Acquisition values and configurations at these places."""
    return [(float(values[place]), Configuration(space, vector=vectors[place], origin=origin)) for place in places]


class _Seen(list[Configuration]):
    """A list of configurations that knows at once whether it has one."""

    def __init__(self, configs: Iterable[Configuration]) -> None:
        super().__init__(configs)
        self._keys = {config.get_array().tobytes() for config in self}

    def append(self, config: Configuration) -> None:
        super().append(config)
        self._keys.add(config.get_array().tobytes())

    def __contains__(self, config: Any) -> bool:
        return config.get_array().tobytes() in self._keys


class _Rejected:
    """The configurations that an intensifier has rejected; a call takes up those that are new since the last."""

    def __init__(self, intensifier: Any) -> None:
        self._intensifier = intensifier
        self._ids: list[int] = []
        self._configs = _Seen(())

    def __call__(self) -> _Seen:
        ids = self._intensifier._rejected_config_ids
        if ids[: len(self._ids)] != self._ids:  # one was taken back
            self._ids, self._configs = [], _Seen(())
        for one in ids[len(self._ids) :]:
            self._ids.append(one)
            self._configs.append(self._intensifier.runhistory._ids_config[one])
        return self._configs


class _Selector(ConfigSelector):
    """The selector, which asks of every candidate whether it was tried before."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, _Seen(value) if name == "_processed_configs" else value)


class _ForestSelector(_Selector):
    """A selector that asks the forest once for all configurations, not for each, which one it finds best."""

    def _get_x_best(self, X: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:  # noqa: N803
        model: Any = self._model
        costs = model.predict_marginalized(X)[0][:, 0]
        best = int(np.argmin(costs))
        return X[best], costs[best]


def _selector(facade: Any, scenario: Scenario, kind: type[_Selector]) -> ConfigSelector:
    """The facade's selector as another class of it."""
    stock: Any = facade.get_config_selector(scenario)
    return kind(
        scenario,
        retrain_after=stock._retrain_after,
        max_new_config_tries=stock._max_new_config_tries,
        min_trials=stock._min_trials,
    )
