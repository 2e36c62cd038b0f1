from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encave.errors import EncaveError
from encave.runners.studies.limit import Limit, parse_limit, parse_seeds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20000s", 20_000),
        ("5h", 18_000),
        ("90min", 5_400),
        ("2m", 120),
        ("1d", 86_400),
        (" 1.5 H ", 5_400),
        ("2e4s", 20_000),
    ],
)
def test_simulated_time(text: str, seconds: float) -> None:
    assert parse_limit(text) == Limit(simulated_seconds=seconds)


@pytest.mark.parametrize("text", ["300evals", "300 evaluations", "300eval"])
def test_evaluations(text: str) -> None:
    limit = parse_limit(text)
    assert limit == Limit(evaluations=300)
    assert limit.to_json() == {"evaluations": 300}


@pytest.mark.parametrize(
    "text", ["", "20000", "s", "0s", "-5s", "0evals", "1.5evals", "nan s", "infs", "1e999s", "5 weeks", "5ss"]
)
def test_what_is_no_limit_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(EncaveError, match="not a budget") as caught:
        parse_limit(text)
    assert repr(text) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fields", [{}, {"simulated_seconds": 1.0, "evaluations": 1}, {"evaluations": -1}])
def test_a_limit_is_one_positive_number(fields: dict[str, float]) -> None:
    with pytest.raises(EncaveError):
        Limit(**fields)  # type: ignore[arg-type]


def test_seeds() -> None:
    assert parse_seeds("0-4,7") == (0, 1, 2, 3, 4, 7)
    assert parse_seeds(" 3 , 1-2, 2 ") == (1, 2, 3)


@given(st.sets(st.integers(0, 2**32 - 1), min_size=1, max_size=20))
def test_seeds_come_back_ascending_and_once(seeds: set[int]) -> None:
    assert parse_seeds(",".join(map(str, [*seeds, *seeds]))) == tuple(sorted(seeds))


@pytest.mark.parametrize("text", ["", "a", "1,", "5-2", "-1", "1.5", "0-4294967296", "1--2"])
def test_what_are_no_seeds_is_refused(text: str) -> None:
    with pytest.raises(EncaveError, match="not a list of seeds"):
        parse_seeds(text)


def test_a_range_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(EncaveError, match="too many seeds"):
        parse_seeds("0-4000000000")
