"""What counts as a number in logs of others."""

from __future__ import annotations

import math
from typing import Any

import pytest

from encave.converters.parts.numbers import finite, finite_text, integer, real

HUGE = 10**400


@pytest.mark.parametrize(
    ("value", "as_finite", "as_integer"),
    [
        (2, 2.0, 2),
        (2.0, 2.0, 2),
        (2.5, 2.5, None),
        (True, None, None),
        ("2", None, None),
        (None, None, None),
        (math.nan, None, None),
        (-math.inf, None, None),
        (2**63 - 1, 2.0**63, 2**63 - 1),
        (-(2**63) + 1, -(2.0**63), -(2**63) + 1),
        (2**63, 2.0**63, None),
        (HUGE, None, None),
    ],
)
def test_numbers_of_json(value: Any, as_finite: float | None, as_integer: int | None) -> None:
    assert (finite(value), integer(value)) == (as_finite, as_integer)
    assert not isinstance(integer(value), float)


@pytest.mark.parametrize(
    ("text", "number"),
    [("2", 2.0), (" 1e3 ", 1000.0), ("nan", None), ("inf", None), ("", None), ("x", None), (None, None)],
)
def test_numbers_of_texts(text: str | None, number: float | None) -> None:
    assert finite_text(text) == number


def test_a_real_number_may_be_infinite_but_no_truth_value() -> None:
    assert (real("inf"), real(3), real(" 2.5")) == (math.inf, 3.0, 2.5) and math.isnan(real("nan"))
    for value, error in ((True, TypeError), ([], TypeError), ("x", ValueError), (HUGE, OverflowError)):
        with pytest.raises(error):
            real(value)
