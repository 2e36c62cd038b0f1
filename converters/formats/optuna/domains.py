"""Optuna's distributions, of any release, and the hyperparameters of ConfigSpace that hold their values."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ....errors import EncaveError
from ...parts.inferred_space import infer_column
from ...parts.numbers import real

if TYPE_CHECKING:
    from ConfigSpace.hyperparameters import Hyperparameter

# Name → (whether integers, whether log-scaled if the attributes do not say); Optuna 3 replaced the last five
_NUMERIC = {
    "FloatDistribution": (False, False),
    "IntDistribution": (True, False),
    "UniformDistribution": (False, False),
    "LogUniformDistribution": (False, True),
    "DiscreteUniformDistribution": (False, False),
    "IntUniformDistribution": (True, False),
    "IntLogUniformDistribution": (True, True),
}
_CATEGORICAL = "CategoricalDistribution"
_BEFORE_3 = frozenset(name for name in _NUMERIC if name not in ("FloatDistribution", "IntDistribution"))
_SHORT = {"float": "FloatDistribution", "int": "IntDistribution", "categorical": _CATEGORICAL}


@dataclass(frozen=True)
class Domain:
    """One distribution. Two are equal if their text is."""

    text: str
    """The distribution as Optuna writes it: JSON."""
    integer: bool = field(default=False, compare=False)
    """Whether the values are integers."""
    low: float = field(default=0.0, compare=False)
    """Least value."""
    high: float = field(default=0.0, compare=False)
    """Greatest value."""
    log: bool = field(default=False, compare=False)
    """Whether the scale is logarithmic."""
    step: float | None = field(default=None, compare=False)
    """Distance of neighbouring values, if there is one that is not the 1 of integers."""
    choices: tuple[Any, ...] | None = field(default=None, compare=False)
    """Choices of a categorical distribution; None for numbers."""
    before_3: bool = field(default=False, compare=False)
    """Whether only releases of Optuna before 3.0 write it."""

    def check(self, value: Any) -> None:
        """Whether a parameter can have this value.

        Raises:
            ValueError, TypeError, OverflowError: it is to be a number, and is no finite one.
        """
        if self.choices is None and not math.isfinite(real(value)):
            raise ValueError(f"{value} is no finite number")

    def external(self, value: Any) -> Any:
        """The parameter's value from the number that a storage has for it: a choice's index, or the value.

        Raises:
            ValueError, TypeError, OverflowError: it is no finite number.
            IndexError: there is no such choice.
        """
        number = real(value)
        if self.choices is None:
            self.check(number)
            return round(number) if self.integer else number
        if not (0 <= number < len(self.choices) and number.is_integer()):
            raise IndexError(f"choice {number} of {len(self.choices)}")
        return self.choices[int(number)]

    def externals(self, numbers: NDArray[np.float64]) -> list[Any]:
        """The same of many numbers, shape (n,).

        Raises:
            ValueError, OverflowError: one is no finite number.
            IndexError: there is no such choice.
        """
        if self.choices is None:
            if not np.isfinite(numbers).all():
                raise ValueError("a value is no finite number")
            return list(map(round, numbers.tolist())) if self.integer else numbers.tolist()
        if not ((numbers >= 0) & (numbers < len(self.choices)) & (numbers == np.floor(numbers))).all():
            raise IndexError(f"a choice is none of {len(self.choices)}")
        return list(map(self.choices.__getitem__, numbers.astype(np.int64).tolist()))


def parse(text: str) -> Domain:
    """A distribution from JSON.

    Raises:
        ValueError: it is none of Optuna's.
    """
    try:
        content = json.loads(text)
        name = content["name"] if "name" in content else _SHORT[content["type"]]
        return from_attributes(name, content["attributes"] if "name" in content else content, text)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a distribution of Optuna: {text[:100]}") from error


def from_attributes(name: str, attributes: Any, text: str) -> Domain:
    """A distribution from the name of its class and its attributes.

    Raises:
        KeyError: the class is unknown or an attribute is missing.
        TypeError: an attribute has a wrong type.
        ValueError: the range is no range.
    """
    if name == _CATEGORICAL:
        return Domain(text, choices=tuple(attributes["choices"]))
    integer, log = _NUMERIC[name]
    low, high = float(attributes["low"]), float(attributes["high"])
    if not (math.isfinite(high - low) and low <= high):
        raise ValueError(f"{low} … {high} is no range")
    step = attributes.get("step") or attributes.get("q")
    step = None if step is None or (integer and step == 1) else float(step)
    log = bool(attributes.get("log", log))
    return Domain(text, integer, low, high, log, step, before_3=name in _BEFORE_3)


@dataclass(frozen=True)
class Parameter:
    """A hyperparameter and the values tried."""

    hyperparameter: Hyperparameter[Any, Any] | None
    """Its domain; None if it has no value that can be kept."""
    values: list[Any]
    """The values, in the order given, as the hyperparameter has them."""
    remarks: tuple[str, ...] = ()
    """What was changed: each a sentence."""


def parameter(name: str, domains: Sequence[Domain], values: Sequence[Any]) -> Parameter:
    """The smallest hyperparameter that holds all distributions of a parameter and the values tried.

    Args:
        name: The parameter.
        domains: Its distinct distributions, at least one; trials may differ.
        values: Values tried, shape (n,).
    """
    remarks = [] if len(domains) == 1 else [f"{name} has {len(domains)} distributions; the space has what holds all"]
    categorical = {domain.choices is not None for domain in domains}
    if categorical == {True}:
        choices = [choice for domain in domains for choice in domain.choices or ()]
        return _categorical(name, choices, values, remarks)
    if categorical == {False} and {int, float, bool}.issuperset(map(type, values)):
        return _number(name, domains, values, remarks)
    column = infer_column(name, values)
    return Parameter(column.hyperparameter, column.values, tuple(remarks))


def _categorical(name: str, choices: Sequence[Any], values: Sequence[Any], remarks: list[str]) -> Parameter:
    from ConfigSpace.hyperparameters import CategoricalHyperparameter, Constant

    texts = _json_texts(values)
    distinct = {json_text(choice): choice for choice in choices} | dict(zip(texts, values, strict=True))
    if not _plain(list(distinct.values())):
        remarks.append(f"{name} has choices that are lists, or equal though of two types; they are kept as JSON text")
        distinct = {text: text for text in distinct}
    kept = list(distinct.values())
    hyperparameter = Constant(name, kept[0]) if len(kept) == 1 else CategoricalHyperparameter(name, kept)
    return Parameter(hyperparameter, [distinct[text] for text in texts], tuple(remarks))


def _plain(choices: Sequence[Any]) -> bool:
    """Whether ConfigSpace can hold the choices as they are."""
    if not all(isinstance(choice, str | bool | int | float | None) for choice in choices) or list(choices) == [None]:
        return False
    finite = all(math.isfinite(choice) for choice in choices if isinstance(choice, float))
    return finite and len(set(choices)) == len(choices)


def _number(name: str, domains: Sequence[Domain], values: Sequence[Any], remarks: list[str]) -> Parameter:
    from ConfigSpace.hyperparameters import Constant

    low, high = min(domain.low for domain in domains), max(domain.high for domain in domains)
    outside = len(values) - len([value for value in values if low <= value <= high])
    if outside:
        remarks.append(f"{name} has {outside} values outside its distribution; the space is widened to hold them")
        low, high = min(low, *values), max(high, *values)
    if any(domain.step for domain in domains):
        remarks.append(f"{name} has steps, which ConfigSpace has not; its range is kept without them")
    integer = all(domain.integer for domain in domains)
    kept = list(map(int if integer else float, values))
    bounds = (int(low), int(high)) if integer else (low, high)
    if low == high:
        return Parameter(Constant(name, bounds[0]), kept, tuple(remarks))
    log = low > 0 and all(domain.log for domain in domains)
    if (uniform := _uniform(name, bounds, log=log)) is not None:
        return Parameter(uniform, kept, tuple(remarks))
    column = infer_column(name, kept)
    remarks.append(f"{name}: ConfigSpace cannot hold the range {low} … {high}; the space has the values tried")
    return Parameter(column.hyperparameter, column.values, tuple(remarks))


def _uniform(name: str, bounds: tuple[float, float], *, log: bool) -> Hyperparameter[Any, Any] | None:
    """A range of integers or floats; None if ConfigSpace cannot hold it."""
    from ConfigSpace.hyperparameters import UniformFloatHyperparameter, UniformIntegerHyperparameter

    low, high = bounds
    uniform = UniformIntegerHyperparameter if isinstance(low, int) else UniformFloatHyperparameter
    try:
        return uniform(name, low, high, log=log) if math.isfinite(float(high) - float(low)) else None
    except (ValueError, ArithmeticError, TypeError):  # TypeError: integers beyond 64 bits
        return None


def _json_texts(values: Sequence[Any]) -> list[str]:
    """`json_text` of each value, made once for equal text and numbers of one type."""
    made: dict[tuple[type, Any], str] = {}
    texts: list[str] = []
    for value in values:
        key = (type(value), value if isinstance(value, str | int | None) else id(value))
        if key not in made:
            made[key] = json_text(value)
        texts.append(made[key])
    return texts


def json_text(value: Any) -> str:
    """A choice as JSON, the same for equal choices of one type.

    Raises:
        EncaveError: the choice is nested too deeply.
    """
    try:
        return json.dumps(value, sort_keys=True, default=str)
    except RecursionError as error:
        raise EncaveError("a choice is nested too deeply to be one") from error
