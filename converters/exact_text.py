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

from .text_columns import float_texts, joined


def exact_texts(values: NDArray[np.float64]) -> pa.Array:
    """Texts of `values`, shape (n,), that pandas' default parser and then `float` turn into the very same floats.

    Plain decimals where pandas reads all of them right, else every text has a digit group. NaN becomes the empty text.
    """
    texts = float_texts(pa.array(values, from_pandas=True))
    if not pandas_reads(texts, values):
        texts = _grouped(texts)
    return pc.fill_null(texts, "")


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


def _grouped(texts: pa.Array) -> pa.Array:
    """Each text with the group `_0` at the end of its decimals."""
    if pc.any(pc.match_substring(texts, "e")).as_py():
        dotted = pc.replace_substring_regex(texts, r"^(-?\d+)(e|$)", r"\1.0\2")
        return pc.replace_substring_regex(dotted, r"^([^e]+)", r"\1_0")
    return pc.binary_join_element_wise(texts, "_0", "")


def texts_within(values: NDArray[np.float64], lower: float, upper: float) -> pa.Array:
    """Texts of `values`, shape (n,), that pandas' default parser reads as numbers within the bounds.

    They may differ from `values` in the last place. For hyperparameters, which DeepCAVE takes as pandas read them and
    refuses when they are above the upper bound by however little.
    """
    wanted = np.clip(values, lower, upper)
    texts = float_texts(pa.array(wanted))
    for _ in range(8):
        parsed = _parsed(texts)
        outside = (parsed < lower) | (parsed > upper)
        if not outside.any():
            break
        wanted[outside] = np.nextafter(wanted[outside], (lower + upper) / 2)
        texts = float_texts(pa.array(wanted))
    return texts
