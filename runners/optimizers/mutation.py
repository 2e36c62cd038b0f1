"""One-parent mutations of configurations that consist of choices."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from .categorical import Categories

Mutation: TypeAlias = Callable[[Mapping[str, Any]], dict[str, Any]]
"""From a configuration to one that differs from it."""

Groups: TypeAlias = Sequence[Sequence[str]]
"""Hyperparameters that belong together, such as the edges into one node."""


def within_a_node(choices: Categories, groups: Groups, rng: random.Random) -> Mutation:
    """A group (a node), one of the group (an edge into it) and another value of it, each uniformly: NAS-Bench-201."""
    others = _others(choices)
    kept = [[name for name in group if others[name]] for group in groups]
    usable = [group for group in kept if group]

    def mutate(config: Mapping[str, Any]) -> dict[str, Any]:
        name = rng.choice(rng.choice(usable))
        return {**config, name: rng.choice(others[name][config[name]])}

    return mutate


def one_edge(choices: Categories, groups: Groups, rng: random.Random) -> Mutation:
    """A hyperparameter and another value of it, each uniformly: Real et al. 2019, NASLib, Syne Tune."""
    return within_a_node(choices, [tuple(choices)], rng)


def each_edge(choices: Categories, groups: Groups, rng: random.Random) -> Mutation:
    """Each of d hyperparameters with probability 1/d, again until something has changed: NAS-Bench-101."""
    others = _others(choices)
    rate = 1 / len(choices)

    def mutate(config: Mapping[str, Any]) -> dict[str, Any]:
        while True:
            changed = [name for name in others if others[name] and rng.random() < rate]
            if changed:
                return {**config, **{name: rng.choice(others[name][config[name]]) for name in changed}}

    return mutate


MUTATIONS: Mapping[str, Callable[[Categories, Groups, random.Random], Mutation]] = {
    "node": within_a_node,
    "edge": one_edge,
    "each": each_edge,
}
"""Name of a mutation → what makes it from the choices, the groups and a source of randomness."""


def _others(choices: Categories) -> dict[str, dict[Any, tuple[Any, ...]]]:
    """Hyperparameter → value → its other values; empty for a hyperparameter that has one value only."""
    return {
        name: {value: tuple(other for other in values if other != value) for value in values} if len(values) > 1 else {}
        for name, values in choices.items()
    }
