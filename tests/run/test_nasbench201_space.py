"""The space and its encodings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encave.run import nasbench201_space as space
from encave.runners.benchmarks.nasbench201.architectures import official_strings, to_indices

ROWS = st.lists(st.lists(st.integers(0, 4), min_size=6, max_size=6), min_size=1, max_size=5)
OFFICIAL = {
    0: "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|",
    9: "|avg_pool_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
    123: "|avg_pool_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|none~0|avg_pool_3x3~1|nor_conv_3x3~2|",
}
"""The three architectures that the reference implementation asserts."""


@pytest.mark.parametrize(("index", "text"), OFFICIAL.items())
def test_official_order(index: int, text: str) -> None:
    assert space.to_string(space.from_index(index)) == [text]
    assert space.to_index(space.from_string(text)).tolist() == [index]


def test_every_string_of_the_table(table_path: Path) -> None:
    import pyarrow.parquet as pq

    strings = pq.read_table(table_path, columns=["arch_str"])["arch_str"].to_pylist()
    assert space.to_string(space.from_index(np.arange(space.SIZE))) == strings
    assert space.to_index(space.from_string(strings)).tolist() == list(range(space.SIZE))
    assert list(official_strings()) == strings


@given(ROWS)
def test_round_trips(rows: list[list[int]]) -> None:
    assert space.from_index(space.to_index(rows)).tolist() == rows
    assert space.from_string(space.to_string(rows)).tolist() == rows
    assert space.to_ops(space.to_configurations(rows)).tolist() == rows


@given(ROWS)
def test_every_form_names_the_same_architectures(rows: list[list[int]]) -> None:
    index = space.to_index(rows).tolist()
    for form in (np.array(rows), index, np.array(index), space.to_string(rows), space.to_configurations(rows)):
        assert to_indices(form).tolist() == index
    assert to_indices(index[0]).tolist() == to_indices(space.to_string(rows)[0]).tolist() == index[:1]


def test_indices_cover_the_space_once() -> None:
    ops = space.from_index(np.arange(space.SIZE))
    assert len(np.unique(ops, axis=0)) == space.SIZE
    assert space.to_index(ops).tolist() == list(range(space.SIZE))


def test_naslib_has_another_edge_order_and_other_codes() -> None:
    # Edges (0,1) (0,2) (0,3) (1,2) (1,3) (2,3); 0 skip, 1 none, 2 3x3, 3 1x1, 4 pool.
    known = {0: [4, 3, 3, 0, 0, 0], 9: [4, 1, 0, 1, 1, 2], 123: [4, 4, 1, 3, 4, 2]}
    assert space.to_index(space.from_naslib(list(known.values()))).tolist() == list(known)
    every = space.from_naslib(np.indices((5,) * 6).reshape(6, -1).T)
    assert len(np.unique(space.to_index(every))) == space.SIZE


def test_configurations_of_configspace() -> None:
    sampled = space.configuration_space(seed=0).sample_configuration(20)
    index = to_indices(sampled)
    assert to_indices(sampled[3]).tolist() == [index[3]]
    assert space.to_configurations(space.from_index(index)) == [dict(one) for one in sampled]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "none",
        "|none~0|+|none~0|none~1|",
        "|none~0|+|none~0|none~1|+|none~0|none~1|conv~2|",
        "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|+|none~0|",
        "|none~0|+|none~0|none~1|+|none~0|none~1|none~1|",
    ],
)
def test_malformed_strings_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an architecture string"):
        space.from_string(text)


def test_impossible_values_are_refused() -> None:
    with pytest.raises(IndexError, match="15624"):
        space.from_index(15_625)
    with pytest.raises(ValueError, match="0 … 4"):
        space.to_index([0, 0, 0, 0, 0, 5])
    with pytest.raises(ValueError, match="op_2_3"):
        space.to_ops([dict.fromkeys(space.HYPERPARAMETERS[:5], "none")])


@pytest.mark.parametrize("wrong", [[], [0] * 5, [0] * 7, [0, 1, 2, 3, 4, 5], [-1] + [0] * 5, [10**30] + [0] * 5])
def test_operations_that_are_no_architecture_are_refused(wrong: list[int]) -> None:
    with pytest.raises(ValueError, match=r"six|6 edges|0 … 4"):
        space.from_naslib(wrong)


def test_words_of_what_is_refused() -> None:
    for call, told in (
        (lambda: space.from_index([3, -1]), "an architecture index of NAS-Bench-201 is in 0 … 15624, not [3, -1]"),
        (lambda: space.to_index([[0] * 5]), "expected one operation for each of 6 edges, got an array of shape (1, 5)"),
        (
            lambda: space.to_index(np.zeros((1, 1, 6))),
            "expected one operation for each of 6 edges, got an array of shape (1, 1, 6)",
        ),
        (lambda: space.to_index([[0, 0, 0, 0, 0, 5]]), "an operation is a number in 0 … 4, not 0 … 5"),
        (lambda: space.to_index([[0, 0, 0, 0, -1, 1]]), "an operation is a number in 0 … 4, not -1 … 1"),
        (lambda: space.from_string(["|none~0|"]), "not an architecture string of NAS-Bench-201: '|none~0|'"),
        (
            lambda: space.to_ops([{"op_0_1": "odd"}]),
            "not an architecture of NAS-Bench-201: {'op_0_1': 'odd'} ('odd' is not in list)",
        ),
    ):
        with pytest.raises((ValueError, IndexError)) as error:
            call()
        assert str(error.value).replace("tuple.index(x): x not in tuple", "'odd' is not in list") == told


def test_none_and_one_architecture() -> None:
    assert space.from_index([]).shape == space.to_ops([]).shape == space.from_string([]).shape == (0, 6)
    assert space.from_index(9).tolist() == space.from_string(OFFICIAL[9]).tolist()
    assert space.from_index([0, 15_624]).shape == (2, 6)
    assert space.to_index([4] * 6).shape == (1,)
    assert space.from_string(f" {OFFICIAL[0]}\n").tolist() == space.from_index(0).tolist()


def test_the_space_is_the_official_one() -> None:
    made = space.configuration_space(seed=3)
    assert made.name == "NAS-Bench-201" and list(made) == ["op_0_1", "op_0_2", "op_0_3", "op_1_2", "op_1_3", "op_2_3"]
    assert made["op_0_1"].choices == ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
    assert made.sample_configuration() == space.configuration_space(seed=3).sample_configuration()
