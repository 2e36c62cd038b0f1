"""What is printed: names of others do nothing, and no width cuts a number or a verdict."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from rich.table import Table

from encave.cli.show import common
from encave.files.unicode_text import plain

HOSTILE = ["\x1b[2J", "\x1b]0;title\x07", "\x9b2J", "\u202egnp", "a\nb", "\udc80", "\r", "\u2028"]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[io.StringIO, dict[str, int]]]:
    stream, size = io.StringIO(), {"width": 80}
    real = common.Console
    monkeypatch.setattr(common, "Console", lambda: real(file=stream, force_terminal=True, color_system=None, **size))
    yield stream, size


@pytest.mark.parametrize("text", HOSTILE)
def test_no_name_steers_the_terminal(text: str, shown: tuple[io.StringIO, dict[str, int]]) -> None:
    table = Table("name", "value", title=text)
    table.add_row(text, "1")
    common.print_table(table)
    common.print_line(text)
    assert text not in shown[0].getvalue()
    assert plain(text).isprintable() and "\\" in plain(text)


@pytest.mark.parametrize("width", [40, 80, 100])
@pytest.mark.parametrize("columns", [2, 5, 10])
def test_no_width_cuts_a_number_or_a_verdict(
    width: int, columns: int, shown: tuple[io.StringIO, dict[str, int]]
) -> None:
    stream, size = shown
    size["width"] = width
    numbers = [f"1.{k}51e+04 [−3.2e-11, 9.{k}]" for k in range(columns)]
    table = Table("optimizer", *(f"at {k} evaluations" for k in range(columns)), "")
    table.add_row("an optimizer whose name is " + "long" * 10, *numbers, "[bold]differ[/]")
    common.print_table(table)
    told = stream.getvalue()
    assert all(number in told for number in numbers) and "differ" in told and "…" not in told
    assert max(map(len, told.splitlines())) <= width
