"""Text of floats that survives DeepCAVE 1.4.1's CSV reader.

DeepCAVE reads `trials.csv` with pandas' default float parser, which is one unit in the last place off for up to a third
of all decimals, and for some floats whatever the decimal. It then calls Python's `float` on every cell, which is exact
and knows digit groups: `31.2_0` is 31.2. pandas does not know them and leaves such a column as text.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...parts.text_columns import BATCH, Cells, csv_texts, float_texts, joined, json_texts

_SHORT = 16  # characters: 15 digits and the point; pandas divides an exact integer by an exact power of ten
_POWER, _POWERS = 10, (1e-15, 1e22)  # characters with an exponent: five digits, and floats that scale those exactly
_INTEGERS = 1e13  # those below have at most 15 digits with the one behind the point
_NEAR = 1e-14  # relative; many times more than pandas' parser is off
_EXPONENT = (1e-4, 1e15)  # floats between these are written without one


def exact_cells(column: pa.Array) -> list[str | Cells]:
    """Cells that pandas' default parser and then `float` turn into the very same floats; null is the empty text.

    Plain decimals where pandas surely reads all of them right, else every text has a digit group.
    """
    values = column.to_numpy(zero_copy_only=False)
    whole = not np.isnan(values).any()
    if _surely_right(values):
        return [Cells(column, json_texts if whole else csv_texts)]
    size = np.abs(values[values != 0])
    if whole and (size >= _EXPONENT[0]).all() and (size < _EXPONENT[1]).all():
        return [Cells(column, json_texts), "_0"]
    return [Cells(column, _grouped)]


def exact_texts(values: NDArray[np.float64]) -> pa.Array:
    """The same as texts of `values`, shape (n,); NaN is the empty text."""
    column = pa.array(values, pa.float64(), from_pandas=True)
    return csv_texts(column) if _surely_right(values) else _grouped(column)


def _surely_right(values: NDArray[np.float64]) -> bool:
    """Whether no text of `values`, shape (n,), is so long that pandas could be off; NaN is no text."""
    values = values[~np.isnan(values)]
    long = values[~((np.floor(values) == values) & (np.abs(values) < _INTEGERS))]
    parts = (long[start : start + BATCH] for start in range(0, len(long), BATCH))
    return not any(_long(part).any() for part in parts)


def _long(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which values, shape (n,), have so many digits or such an exponent that pandas could be off."""
    texts, size = float_texts(values), np.abs(values)
    length = pc.binary_length(texts).to_numpy()
    power = pc.match_substring(texts, "e").to_numpy(zero_copy_only=False)
    return (length > _SHORT) | power & ((length > _POWER) | (size < _POWERS[0]) | (size > _POWERS[1]))


def pandas_reads(texts: pa.Array, values: NDArray[np.float64]) -> bool:
    """Whether pandas' default parser reads `texts` as exactly `values`, shape (n,); null stands for NaN."""
    return np.array_equal(_parsed(texts), values, equal_nan=True)


def _parsed(texts: pa.Array) -> NDArray[np.float64]:
    import pandas as pd

    lines = joined([pc.fill_null(texts, "nan"), "\n"])
    read = (
        pd.read_csv(pa.BufferReader(lines), names=["x"], dtype={"x": np.float64}) if len(texts) else {"x": pd.Series()}
    )
    return read["x"].to_numpy(np.float64)


def _grouped(column: pa.Array) -> pa.Array:
    """Each text with the group `_0` at the end of its decimals."""
    texts = csv_texts(column)
    if pc.any(pc.match_substring(texts, "e")).as_py():
        dotted = pc.replace_substring_regex(texts, r"^(-?\d+)(e|$)", r"\1.0\2")
        return pc.replace_substring_regex(dotted, r"^([^e]+)", r"\1_0")
    return pc.if_else(pc.is_valid(column), pc.binary_join_element_wise(texts, "_0", ""), "")


def within(values: NDArray[np.float64], lower: float, upper: float) -> NDArray[np.float64]:
    """The values, shape (n,), or neighbours of them that pandas' default parser reads as numbers within the bounds.

    For hyperparameters, which DeepCAVE takes as pandas read them and refuses when they are above the upper bound by
    however little.
    """
    wanted = np.clip(values, lower, upper)
    margin = _NEAR * max(abs(lower), abs(upper))
    near = np.flatnonzero(~((wanted > lower + margin) & (wanted < upper - margin)))
    near = near[_long(wanted[near])]
    for _ in range(8):
        if not len(near):
            break
        parsed = _parsed(float_texts(wanted[near]))
        near = near[(parsed < lower) | (parsed > upper)]
        wanted[near] = np.nextafter(wanted[near], (lower + upper) / 2)
    return wanted
