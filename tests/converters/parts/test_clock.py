"""Times that count from the run's start or from 1970, and clocks that go back an hour."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from encave.converters.parts.clock import back_an_hour, forward_an_hour, from_start

DAY = 86_400.0


@pytest.mark.parametrize(
    ("starts", "ends", "told", "derived"),
    [
        ([5.0, None], [7.0, 9.0], [5.0, None], False),  # from the start, in which nothing ended until 7
        ([0.0, 1000 * DAY], [1.0, None], [0.0, 1000 * DAY], False),
        ([1.7e9 + 5, 1.7e9], [None, 1.7e9 + 2], [5.0, 0.0], True),
        ([-3.0, 2.0], [None, None], [0.0, 5.0], True),
        ([None, None], [None, None], [None, None], False),
    ],
)
def test_small_stamps_are_seconds_from_the_start(
    starts: list[float | None], ends: list[float | None], told: list[float | None], derived: bool
) -> None:
    times, notes = from_start(starts, ends)
    assert times.start == told
    assert [note.kind for note in notes if "from the earliest one of the log" in note.text] == ["derived"] * derived


@pytest.mark.parametrize(
    ("starts", "place"),
    [
        ([], None),
        ([0.0, 600.0, 1200.0], None),
        ([0.0, 3000.0, 600.0, 1200.0], 2),  # 40 minutes earlier than the one before, and all after it
        ([0.0, 4000.0, 400.0], 2),  # a whole hour earlier
        ([0.0, 4000.0, 399.0], None),  # more
        ([0.0, 4000.0, 2200.0], None),  # half an hour: another worker's
        ([0.0, 4000.0, 2199.0], 2),
        ([0.0, 4000.0, 1000.0, 300.0], None),  # one after it is more than an hour earlier
        ([0.0, 4000.0, 1000.0, 9000.0, 6000.0], 2),  # the first time
    ],
)
def test_where_the_clock_went_back(starts: list[float], place: int | None) -> None:
    assert back_an_hour(starts) == place


def at(text: str) -> float:
    """Seconds by a clock without a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


@pytest.mark.parametrize(
    ("stamps", "day"),
    [
        (["2024-03-31 01:59:59", "2024-03-31 03:00:00"], "2024-03-31"),  # the last Sunday of March
        (["2024-03-10 01:00:00", "2024-03-10 04:00:00"], "2024-03-10"),  # the second one
        (["2024-03-31 01:59:59", "2024-03-31 02:30:00", "2024-03-31 03:00:00"], None),  # that hour there was
        (["2024-03-31 01:59:59", "2024-03-31 02:00:00", "2024-03-31 03:00:00"], None),
        (["2024-03-31 01:59:59", "2024-03-31 02:59:59", "2024-03-31 03:00:00"], None),
        (["2024-03-31 03:00:00", "2024-03-31 04:00:00"], None),  # nothing before
        (["2024-03-31 02:00:00", "2024-03-31 04:00:00"], None),
        (["2024-03-31 00:00:00", "2024-03-31 01:59:59"], None),  # nothing after
        (["2024-03-30 01:00:00", "2024-03-30 03:30:00"], None),  # a Saturday
        (["2024-03-27 03:00:00", "2024-04-03 03:00:00"], "2024-03-31"),  # a week
        (["2024-03-27 03:00:00", "2024-04-03 03:00:01"], None),  # longer
        ([], None),
    ],
)
def test_an_hour_that_is_left_out_as_summer_time_begins_is_told(stamps: list[str], day: str | None) -> None:
    starts: list[float | None] = [*map(at, stamps)]
    notes = forward_an_hour(starts[:1], [None, *starts[1:]])
    assert [note.text.split()[1] for note in notes] == ([] if day is None else [day])
    assert all(note.kind == "flagged" for note in notes)
    assert forward_an_hour([5.0, 7200.0]) == [], "from the run's start"
