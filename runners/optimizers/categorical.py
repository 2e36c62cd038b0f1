"""Spaces that consist of choices only, as plain tuples: what random search and regularized evolution need, fast."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from ...errors import EncaveError
from ...run import configurations

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

Categories: TypeAlias = Mapping[str, tuple[Any, ...]]
"""Hyperparameter → its choices."""


def categories(space: ConfigurationSpace) -> Categories:
    """The choices of every hyperparameter of a space.

    Raises:
        EncaveError: a hyperparameter is a number, or the space has conditions or forbidden combinations.
    """
    found = {name: configurations.choices(hyperparameter) for name, hyperparameter in space.items()}
    numbers = [name for name, choices in found.items() if choices is None]
    if numbers or space.conditions or space.forbidden_clauses:
        what = f"{', '.join(numbers)} are numbers" if numbers else "it has conditions or forbidden combinations"
        raise EncaveError(f"this optimizer needs a space of choices only, without conditions; in {space.name!r} {what}")
    return {name: choices for name, choices in found.items() if choices is not None}


def sample(choices: Categories, rng: random.Random) -> dict[str, Any]:
    """A configuration uniformly at random."""
    return {name: rng.choice(values) for name, values in choices.items()}
