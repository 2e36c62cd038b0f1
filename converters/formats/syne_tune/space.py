"""Syne Tune's configuration space, JSON inside the JSON of `metadata.json`, as a ConfigSpace."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ....errors import EncaveError, in_words
from ....run import Note
from ....run.configurations import choices
from ...parts.csv_table import numbers
from ...parts.space import LogSpace

if TYPE_CHECKING:
    from ConfigSpace.hyperparameters import Hyperparameter

_DOMAIN = "domain_cls"


def read_space(text: Any, where: str) -> LogSpace:
    """The space.

    Args:
        text: The value of `config_space`: hyperparameter → domain or constant, as JSON text or (in old logs) as object.
        where: The file, for messages.

    Raises:
        EncaveError: it is not such a text, or a domain is unknown.
    """
    from ConfigSpace import ConfigurationSpace

    try:
        domains = json.loads(text) if isinstance(text, str) else text
        hyperparameters: list[Hyperparameter[Any, Any]] = []
        left_out: list[str] = []
        for name, domain in domains.items():
            hyperparameter = _hyperparameter(name, domain)
            if hyperparameter is None:
                left_out.append(name)
            else:
                hyperparameters.append(hyperparameter)
        space = ConfigurationSpace()
        space.add(hyperparameters)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise EncaveError(f"{where}: config_space is not one of Syne Tune: {in_words(error)}") from error
    text = f"constants that are no number, text or truth value are left out: {', '.join(left_out)}"
    return LogSpace(space, notes=(Note("flagged", text),) if left_out else ())


def cast(column: pa.Array, hyperparameter: Hyperparameter[Any, Any]) -> list[Any]:
    """A column of the CSV file, text, as values of the hyperparameter, shape (n,); None for an empty cell."""
    legal = choices(hyperparameter)
    if legal is None:
        values = numbers(column).to_pylist()
        whole = "Integer" in type(hyperparameter).__name__
        return [int(value) if whole and value is not None and value.is_integer() else value for value in values]
    meant = {_number(str(choice)): choice for choice in legal} | {str(choice): choice for choice in legal}
    distinct = {text: meant.get(text, meant.get(_number(text), text)) for text in column.unique().to_pylist() if text}
    return [distinct.get(text) for text in column.to_pylist()]


def _hyperparameter(name: str, domain: Any) -> Hyperparameter[Any, Any] | None:
    from ConfigSpace.hyperparameters import (
        CategoricalHyperparameter,
        Constant,
        OrdinalHyperparameter,
        UniformFloatHyperparameter,
        UniformIntegerHyperparameter,
    )

    if not isinstance(domain, Mapping):
        return Constant(name, domain) if isinstance(domain, str | int | float) else None
    kind, settings = domain[_DOMAIN], domain["domain_kwargs"]
    log = "Log" in str(domain.get("sampler_cls", "")) or bool(settings.get("log_scale"))
    if kind in ("Categorical", "Ordinal", "OrdinalNearestNeighbor"):
        values = [
            value if isinstance(value, str | int | float) else json.dumps(value) for value in settings["categories"]
        ]
        if not values:
            raise ValueError(f"{name} has no choices")
        if len(values) == 1:
            return Constant(name, values[0])
        return CategoricalHyperparameter(name, values) if kind == "Categorical" else OrdinalHyperparameter(name, values)
    if kind not in ("Float", "Integer", "FiniteRange"):
        raise ValueError(f"unknown domain {kind!r} of {name}")
    lower, upper = settings["lower"], settings["upper"]
    if not (math.isfinite(lower) and math.isfinite(upper)):
        raise ValueError(f"{name} goes from {lower} to {upper}")
    if lower == upper:
        return Constant(name, lower)
    whole = kind == "Integer" or bool(settings.get("cast_int"))
    uniform = UniformIntegerHyperparameter if whole else UniformFloatHyperparameter
    return uniform(name, lower, upper, log=log and lower > 0)


def _number(text: str) -> float | str:
    """The number that a text stands for, so that 9 and 9.0 are one; the text itself if it is none."""
    try:
        return float(text)
    except ValueError:
        return text
