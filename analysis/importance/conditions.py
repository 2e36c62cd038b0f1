"""Which hyperparameters of a configuration are active, on bins: for mixtures of configurations and for whole grids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...run.types import Bools, Ints

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

Rule = Callable[[Ints, Bools], Bools]


@dataclass(frozen=True, eq=False)
class Conditions:
    """The conditions of a space of d hyperparameters that are cut into bins."""

    rules: tuple[tuple[int, Rule], ...]
    """Position of the child, and whether it is active given bins and activity of all, both of shape (n, d)."""
    default: Ints
    """Bin of each hyperparameter's default, shape (d,)."""

    def active(self, codes: Ints) -> Bools:
        """Whether each hyperparameter is active, shape (n, d), for bins of shape (n, d)."""
        found = np.ones(codes.shape, dtype=bool)
        while True:
            before = found.copy()
            for child, rule in self.rules:
                found[:, child] = rule(codes, before)
            if np.array_equal(found, before):
                return found

    def settle(self, codes: Ints) -> Ints:
        """The bins with every inactive hyperparameter at its default, as in what a forest was fitted to."""
        return np.where(self.active(codes), codes, self.default) if self.rules else codes


def conditions_of(space: ConfigurationSpace, examples: Sequence[Sequence[Any]], default: Ints) -> Conditions:
    """The conditions of a space.

    Args:
        space: The space, its hyperparameters in the order of the bins.
        examples: A value in each bin of each hyperparameter. A condition on a number that falls inside an interval is
            decided by its example.
        default: Bin of each hyperparameter's default, shape (d,).
    """
    place = {name: number for number, name in enumerate(space)}
    rules = [(place[_child(condition)], _rule(condition, place, examples)) for condition in space.conditions]
    return Conditions(tuple(rules), default)


def _child(condition: Any) -> str:
    return str(condition.child.name)


def _rule(condition: Any, place: dict[str, int], examples: Sequence[Sequence[Any]]) -> Rule:
    parts = getattr(condition, "components", None)
    if parts is not None:
        rules = [_rule(part, place, examples) for part in parts]
        join = np.logical_or if type(condition).__name__ == "OrConjunction" else np.logical_and
        return lambda codes, active: join.reduce([rule(codes, active) for rule in rules])
    name = condition.parent.name
    parent = place[name]
    holds = np.array([bool(condition.satisfied_by_value({name: value})) for value in examples[parent]])
    return lambda codes, active: active[:, parent] & holds[codes[:, parent]]
