"""Text of floats that survives DeepCAVE 1.4.1's CSV reader.

DeepCAVE reads `trials.csv` with pandas' default float parser, which is one unit in the last place off for up to a third
of all decimals, and for some floats whatever the decimal. It then calls Python's `float` on every cell, which is exact
and knows digit groups: `31.2_0` is 31.2. pandas does not know them and leaves such a column as text.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def exact_texts(values: NDArray[np.float64]) -> list[str]:
    """Texts of `values`, shape (n,), that pandas' default parser and then `float` turn into the very same floats.

    Plain decimals where pandas reads all of them right, else every text has a digit group. NaN becomes the empty text.
    """
    distinct, where = np.unique(values, return_inverse=True)
    plain = ["" if value != value else repr(value) for value in distinct.tolist()]
    if not pandas_reads(plain, distinct):
        plain = [_grouped(text) if text else "" for text in plain]
    return np.array(plain, dtype=object)[where].tolist()


def pandas_reads(texts: Sequence[str], values: NDArray[np.float64]) -> bool:
    """Whether pandas' default parser reads `texts` as exactly `values`, shape (n,)."""
    return np.array_equal(_parsed(texts), values, equal_nan=True)


def _parsed(texts: Sequence[str]) -> NDArray[np.float64]:
    import pandas as pd

    table = "x\n" + "".join(f"{text or 'nan'}\n" for text in texts)
    return pd.read_csv(io.StringIO(table), dtype={"x": np.float64})["x"].to_numpy()


def _grouped(text: str) -> str:
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}_0{mark}{exponent}"


def texts_within(values: NDArray[np.float64], lower: float, upper: float) -> list[str]:
    """Texts of `values`, shape (n,), that pandas' default parser reads as numbers within the bounds.

    They may differ from `values` in the last place. For hyperparameters, which DeepCAVE takes as pandas read them and
    refuses when they are above the upper bound by however little.
    """
    wanted = np.clip(values, lower, upper)
    texts = [repr(value) for value in wanted.tolist()]
    for _ in range(8):
        parsed = _parsed(texts)
        outside = np.flatnonzero((parsed < lower) | (parsed > upper))
        for row in outside.tolist():
            wanted[row] = np.nextafter(wanted[row], (lower + upper) / 2)
            texts[row] = repr(float(wanted[row]))
        if not outside.size:
            break
    return texts
