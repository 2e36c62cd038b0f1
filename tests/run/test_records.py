"""Columns of records that are alike."""

from __future__ import annotations

from encave.run.records import columns_of


def test_values_of_records_that_are_alike_by_key_in_their_order() -> None:
    records = [{"a": number, "b": str(number)} for number in range(1000)]
    assert columns_of(records) == {"a": list(range(1000)), "b": list(map(str, range(1000)))}


def test_records_with_other_keys_or_another_order_have_no_columns() -> None:
    alike = [{"a": 1, "b": 2}] * 999
    for other in ({"a": 1}, {"b": 2, "a": 1}, {"a": 1, "b": 2, "c": 3}, {"a": 1, "c": 2}):
        assert columns_of([*alike, other]) is None
        assert columns_of([other, *alike]) is None


def test_no_records_and_empty_ones_have_no_values() -> None:
    assert columns_of([]) == columns_of([{}, {}]) == {}
