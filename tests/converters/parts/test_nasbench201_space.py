"""The space of NAS-Bench-201 that converters know: the same as the runners'."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encave.converters.parts import nasbench201_space as ours
from encave.errors import EncaveError
from encave.runners.benchmarks.nasbench201 import space as theirs

ops = st.lists(st.integers(0, 4), min_size=6, max_size=6)


def test_the_space_is_that_of_the_runners() -> None:
    assert ours.configuration_space() == theirs.configuration_space()
    assert ours.named_space("NAS-Bench-201") == theirs.configuration_space()
    assert ours.HYPERPARAMETERS == theirs.HYPERPARAMETERS
    assert ours.OPERATIONS == theirs.OPERATIONS


@given(ops)
def test_naslib_operations_are_those_of_the_runners(row: list[int]) -> None:
    assert [ours.from_naslib(row)] == theirs.to_configurations(theirs.from_naslib(row))
    assert list(ours.from_naslib(row)) == list(ours.HYPERPARAMETERS)


def test_every_index_names_the_architecture_that_the_runners_name() -> None:
    indices = np.arange(ours.SIZE)
    assert [ours.from_index(int(i)) for i in indices] == theirs.to_configurations(theirs.from_index(indices))


@pytest.mark.parametrize("wrong", [[0] * 5, [0] * 7, [0, 1, 2, 3, 4, 5], [-1, 0, 0, 0, 0, 0]])
def test_what_is_no_architecture_is_refused(wrong: list[int]) -> None:
    with pytest.raises(ValueError, match="not six operations"):
        ours.from_naslib(wrong)


@pytest.mark.parametrize("index", [-1, 15625])
def test_an_index_beyond_the_space_is_refused(index: int) -> None:
    with pytest.raises(IndexError):
        ours.from_index(index)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(EncaveError, match="nasbench301"):
        ours.named_space("nasbench301")
