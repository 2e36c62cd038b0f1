"""Configurations as Arrow columns: one row per configuration, one column per hyperparameter of a ConfigSpace.

Floats, integers and homogeneous choices keep their type. Choices of mixed types become JSON text, so that 1, "1", true
and null stay apart. An inactive hyperparameter is null.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import EncaveError
from .arrays import exact_array, plain_numbers
from .records import columns_of

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace
    from ConfigSpace.hyperparameters import Hyperparameter

CONFIG_ID = "config_id"
TEXT = pa.dictionary(pa.int32(), pa.string())
ABSENT: Any = type("Absent", (), {})()
"""What a configuration has of a hyperparameter that is not active in it; null may be a choice."""
_ROUNDING = 1e-9  # of the range: what a log loses when it prints a float in decimal or on a log scale
_PLACES = 1e-13  # ConfigSpace rounds the bounds of floats to so many places


def choices(hyperparameter: Hyperparameter[Any, Any]) -> tuple[Any, ...] | None:
    """Values of a categorical, ordinal or constant hyperparameter in their order as plain Python; None for a number."""
    for attribute in ("choices", "sequence"):
        values = getattr(hyperparameter, attribute, None)
        if values is not None:
            return tuple(_plain(value) for value in values)
    value = getattr(hyperparameter, "value", ABSENT)  # a constant's, which may be null
    return None if value is ABSENT else (_plain(value),)


def column_type(hyperparameter: Hyperparameter[Any, Any]) -> pa.DataType:
    """Arrow type of the column that holds a hyperparameter's values."""
    values = choices(hyperparameter)
    if values is None:
        return pa.int64() if "Integer" in type(hyperparameter).__name__ else pa.float64()
    return column_type_of(values)


def column_type_of(values: Iterable[Any]) -> pa.DataType:
    """Arrow type of the column that holds these choices."""
    kinds: set[type] = {type(value) for value in values}
    native: dict[type, pa.DataType] = {str: TEXT, bool: pa.bool_(), int: pa.int64(), float: pa.float64()}
    return native.get(kinds.pop(), TEXT) if len(kinds) == 1 else TEXT


def holds_json(hyperparameter: Hyperparameter[Any, Any]) -> bool:
    """Whether the column holds JSON text, since the choices are of several types (or of one that no column has)."""
    values = choices(hyperparameter)
    return values is not None and column_type(hyperparameter) == TEXT and not all(isinstance(v, str) for v in values)


def build(space: ConfigurationSpace, configurations: Mapping[int, Mapping[str, Any]]) -> pa.Table:
    """Table of `config_id` and one column per hyperparameter, ascending in `config_id`.

    Raises:
        EncaveError: a configuration names a hyperparameter that the space does not have, or a value has the wrong type.
    """
    ids = sorted(configurations)
    rows = [configurations[config_id] for config_id in ids]
    cells = columns_of(rows)
    if cells is None:
        _refuse_unknown(set(space.keys()), configurations)
        cells = {name: [row.get(name, ABSENT) for row in rows] for name in space}
    return from_cells(space, ids, cells)


def from_cells(space: ConfigurationSpace, ids: Sequence[int], cells: Mapping[str, list[Any]]) -> pa.Table:
    """The same from columns.

    Args:
        space: The configuration space.
        ids: Configurations, ascending, shape (n,).
        cells: Hyperparameter → values, shape (n,), `ABSENT` where a configuration does not have it.

    Raises:
        EncaveError: as `build`.
    """
    if CONFIG_ID in space:
        raise EncaveError(f"a hyperparameter is called {CONFIG_ID}, as the numbers of configurations are: rename it")
    unknown = {name: values for name, values in cells.items() if name not in space}
    if unknown:
        names = [[name for name in unknown if unknown[name][row] is not ABSENT] for row in range(len(ids))]
        _refuse_unknown(set(space.keys()), dict(zip(ids, names, strict=True)))
    columns: dict[str, pa.Array] = {CONFIG_ID: exact_array(ids, pa.int64())}
    for name, hyperparameter in space.items():
        columns[name] = _column(name, hyperparameter, ids, cells.get(name, [ABSENT] * len(ids)))
    return pa.table(columns)


def _refuse_unknown(known: set[str], configurations: Mapping[int, Iterable[str]]) -> None:
    if known.issuperset(chain.from_iterable(configurations.values())):
        return
    for config_id, configuration in configurations.items():
        if not known.issuperset(configuration):
            unknown = ", ".join(sorted(set(configuration) - known))
            raise EncaveError(f"configuration {config_id} has unknown hyperparameters: {unknown}")


def _column(name: str, hyperparameter: Hyperparameter[Any, Any], ids: Sequence[int], values: Sequence[Any]) -> pa.Array:
    kind = column_type(hyperparameter)
    found = set(map(type, values))
    text = json.dumps if holds_json(hyperparameter) else None
    if text and None not in (choices(hyperparameter) or ()):
        values = [ABSENT if value is None else value for value in values]  # null is no choice, so it is inactive
    if text or type(ABSENT) in found or any(issubclass(kind, np.generic) for kind in found):
        cells = [None if value is ABSENT else text(_plain(value)) if text else _plain(value) for value in values]
    else:
        cells = values
    try:
        if bool in found and choices(hyperparameter) is None:
            raise EncaveError(f"{name} has truth values and is of type {kind}")
        return exact_array(cells, kind)
    except EncaveError:
        for config_id, cell in zip(ids, cells, strict=True):
            _check_type(config_id, name, cell, kind)
        raise


def _check_type(config_id: int, name: str, cell: Any, kind: pa.DataType) -> None:
    if not _has_type(cell, kind):
        raise EncaveError(f"configuration {config_id}: {_wrong_type(name, cell, kind)}")


def _has_type(cell: Any, kind: pa.DataType) -> bool:
    try:
        exact_array([cell], kind)
    except EncaveError:
        return False
    return not isinstance(cell, bool) or pa.types.is_boolean(kind)  # Arrow takes it for a number where it is alone


def _wrong_type(name: str, cell: Any, kind: pa.DataType) -> str:
    return f"{name} = {cell!r} is not of type {'text' if kind == TEXT else kind}"


def unfit(space: ConfigurationSpace, configurations: Mapping[int, Mapping[str, Any]]) -> dict[int, str]:
    """Which configurations do not fit the space, and why: `build` or `check` would refuse each of them."""
    found: dict[int, str] = {}
    conditional = set(space.conditional_hyperparameters)
    known = set(space.keys())
    for config_id, configuration in configurations.items():
        if unknown := sorted(set(configuration) - known):
            found[config_id] = f"unknown hyperparameters: {', '.join(unknown)}"
    for name, hyperparameter in space.items():
        kind = column_type(hyperparameter)
        cells = {n: configuration.get(name, ABSENT) for n, configuration in configurations.items() if n not in found}
        try:
            column = _column(name, hyperparameter, list(cells), list(cells.values()))
        except EncaveError:
            found |= {
                n: _wrong_type(name, c, kind) for n, c in cells.items() if c is not ABSENT and not _has_type(c, kind)
            }
            cells = {n: cell for n, cell in cells.items() if n not in found}
            column = _column(name, hyperparameter, list(cells), list(cells.values()))
        legal = _legal(hyperparameter, pa.chunked_array([column]))
        legal = legal if name in conditional else pc.fill_null(legal, False)
        for n, value, fits in zip(cells, column.to_pylist(), legal.to_pylist(), strict=True):
            if fits is False:
                found[n] = _outside(name, value, hyperparameter)
    return found


def _outside(name: str, value: Any, hyperparameter: Hyperparameter[Any, Any]) -> str:
    told = "is missing" if value is None else f"= {value!r} is outside the space ({_domain(hyperparameter)})"
    return f"{name} {told}"


def decode(space: ConfigurationSpace, row: Mapping[str, Any]) -> dict[str, Any]:
    """One configuration from a row of the table: hyperparameter → value, without the inactive ones."""
    return {
        name: json.loads(row[name]) if holds_json(hyperparameter) else row[name]
        for name, hyperparameter in space.items()
        if row[name] is not None
    }


def decode_by_json(hyperparameters: Iterable[Mapping[str, Any]], row: Mapping[str, Any]) -> dict[str, Any]:
    """As `decode`, of hyperparameters as ConfigSpace writes them, so that it need not be loaded."""
    names = {one["name"]: _is_json(one) for one in hyperparameters}
    return {
        name: json.loads(row[name]) if as_json else row[name]
        for name, as_json in names.items()
        if row[name] is not None
    }


def _is_json(one: Mapping[str, Any]) -> bool:
    """As `holds_json`."""
    values = next((one[key] for key in ("choices", "sequence") if key in one), [one["value"]] if "value" in one else [])
    return column_type_of(values) == TEXT and not all(isinstance(value, str) for value in values)


def check(space: ConfigurationSpace, table: pa.Table, *, may_miss: bool) -> None:
    """Check that every value lies in the space.

    Args:
        space: The configuration space.
        table: One row per configuration, as `build` makes it.
        may_miss: Whether a hyperparameter without a condition may be missing (a space that was inferred from values).

    Raises:
        EncaveError: a column is missing or unknown, or a value is outside the space; the message says which.
    """
    expected = [CONFIG_ID, *space.keys()]
    if sorted(table.column_names) != sorted(expected):
        wrong = sorted(set(table.column_names) ^ set(expected))
        raise EncaveError(f"the configurations' columns do not match the space: {', '.join(wrong)}")
    conditional = set(space.conditional_hyperparameters)
    for name, hyperparameter in space.items():
        column = table[name]
        may_lack = may_miss or name in conditional
        if (may_lack or not column.null_count) and _all_legal(hyperparameter, column):
            continue
        legal = _legal(hyperparameter, column)
        if not may_lack:
            legal = pc.fill_null(legal, False)
        if pc.all(legal, skip_nulls=True).as_py() is False:
            row = pc.index(legal, False).as_py()
            told = _outside(name, column[row].as_py(), hyperparameter)
            raise EncaveError(f"configuration {table[CONFIG_ID][row].as_py()}: {told}")


def lie_within(column: pa.ChunkedArray, lower: float | None, upper: float | None) -> bool:
    """Whether all numbers of a column that are not null lie within these bounds, as `check` has it."""
    least, most = _range(lower, upper)
    numbers = plain_numbers(column.drop_null() if column.null_count else column)
    if not len(numbers):
        return True
    # NaN is the least and the most of all where there is any; a huge integer may round; its bounds do too
    return least <= float(numbers.min()) and float(numbers.max()) <= most


def are_among(column: pa.ChunkedArray, values: Sequence[Any]) -> bool:
    """Whether all values of a column that are not null are choices, which stand there as JSON if they are no texts."""
    if column.type == TEXT:
        values = values if {str}.issuperset(map(type, values)) else [json.dumps(value) for value in values]
        if {*values, None}.issuperset(chain.from_iterable(chunk.dictionary.to_pylist() for chunk in column.chunks)):
            return True
        column = column.cast(pa.string())  # there may be words in it that do not occur
    try:
        known = pa.array(values, column.type)
    except (pa.ArrowException, OverflowError):  # an integer that no column has
        return False
    return pc.all(pc.is_in(column.drop_null(), value_set=known)).as_py() is not False


def _all_legal(hyperparameter: Hyperparameter[Any, Any], column: pa.ChunkedArray) -> bool:
    """Whether no value is outside, as far as that is told in fewer steps than by `_legal`."""
    values = choices(hyperparameter)
    if values is not None:
        return are_among(column, values)
    return column.type in (pa.int64(), pa.float64()) and lie_within(column, *_bounds(hyperparameter))


def _legal(hyperparameter: Hyperparameter[Any, Any], column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Per row true, false, or null where the hyperparameter is inactive."""
    values = choices(hyperparameter)
    if values is not None:
        if holds_json(hyperparameter):
            values = tuple(json.dumps(value) for value in values)
        plain = column.cast(pa.string()) if column.type == TEXT else column
        member = pc.is_in(plain, value_set=_held(values, plain.type))
        return pc.if_else(pc.is_valid(plain), member, pa.scalar(None, pa.bool_()))
    least, most = _range(*_bounds(hyperparameter))
    number = column.cast(pa.float64(), safe=False)  # a huge integer may round; its bounds do too
    return pc.and_(pc.greater_equal(number, least), pc.less_equal(number, most))


def _held(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """What a column of this type can hold of some values; no integer of more than 64 bits."""
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, OverflowError):
        return pa.array([value for value in values if _has_type(value, kind)], kind)


def _bounds(hyperparameter: Hyperparameter[Any, Any]) -> tuple[Any, Any]:
    return getattr(hyperparameter, "lower", None), getattr(hyperparameter, "upper", None)


def _range(lower: float | None, upper: float | None) -> tuple[float, float]:
    """Between which numbers lie, with what a log loses of them."""
    least, most = _bound(lower, -np.inf), _bound(upper, np.inf)
    slack = _ROUNDING * (most - least) + _PLACES if np.isfinite(most - least) else 0.0
    return least - slack, most + slack


def _bound(value: Any, infinite: float) -> float:
    """A bound; infinite where there is none, or where no float is as large."""
    try:
        return infinite if value is None else float(value)
    except OverflowError:
        return infinite


def _domain(hyperparameter: Hyperparameter[Any, Any]) -> str:
    values = choices(hyperparameter)
    if values is not None:
        shown = ", ".join(repr(value) for value in values[:8])
        return shown + (", …" if len(values) > 8 else "")
    return f"{getattr(hyperparameter, 'lower', '-inf')} … {getattr(hyperparameter, 'upper', 'inf')}"


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
