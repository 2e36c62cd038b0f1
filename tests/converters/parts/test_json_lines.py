"""Files of JSON lines: which lines are kept, and under which numbers others are told, however they lie in blocks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from encave.converters.parts import json_lines
from encave.converters.parts.json_lines import numbered_lines, read_lines
from encave.errors import EncaveError

BLOCKS = (1, 2, 3, 7, 64)


def an_object(value: Any) -> str | None:
    return None if isinstance(value, dict) else "no object"


@pytest.fixture(params=BLOCKS)
def _block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "_BLOCK", request.param)


@pytest.mark.usefixtures("_block")
@pytest.mark.parametrize(
    "data", [b"", b"\n", b"ab", b"ab\n", b"ab\n\n  \ncd", b"\nab\r\ncde\n", b"\xef\xbb\xbfab\ncd\n"]
)
def test_numbers_of_lines_that_are_not_blank(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "log.jsonl").write_bytes(data)
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    expected = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    assert list(numbered_lines(tmp_path / "log.jsonl")) == expected


@pytest.mark.parametrize("block", BLOCKS[:-1])
@pytest.mark.parametrize("size", [40, 41, 45, 100])
def test_of_a_line_that_is_too_long_only_the_beginning_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, size: int
) -> None:
    monkeypatch.setattr(json_lines, "_BLOCK", block)
    monkeypatch.setattr(json_lines, "LONGEST", 20)
    (tmp_path / "log.jsonl").write_bytes(b"ab\n" + b"x" * size + b"\ncd\n" + b"y" * size)
    first, second, third, fourth = numbered_lines(tmp_path / "log.jsonl")
    assert (first, third) == ((1, b"ab"), (3, b"cd"))
    for (number, line), letter in ((second, b"x"), (fourth, b"y")):
        assert number in (2, 4) and line == letter * len(line) and len(line) <= 20


@pytest.mark.usefixtures("_block")
def test_the_holes_of_a_line_without_end_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "LONGEST", 1 << 16)
    path = tmp_path / "l.jsonl"
    with path.open("wb") as file:
        file.write(b'{"a": 1}\n{"a": "')
        file.truncate(1 << 40)
        file.seek((1 << 39) + 5)
        file.write(b'"}\n{"a": 2}\n{"b": 1')
    begun = time.process_time()
    lines = read_lines(path, an_object)
    assert time.process_time() - begun < 20
    assert (lines.values, lines.dropped) == ([{"a": 1}, {"a": 2}], 2)
    assert [number for number, _ in numbered_lines(path)] == [1, 2, 3, 4]


def test_lines_are_kept_or_told_with_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"a": 1}\n3\n\n{"a"\n{"b": 2}\n{"c": 3} {}\n[]\n{"d": 4}')
    lines = read_lines(tmp_path / "log.jsonl", an_object)
    assert lines.values == [{"a": 1}, {"b": 2}, {"d": 4}]
    assert lines.dropped == 4
    assert [(note.text, note.count) for note in lines.notes] == [
        ("log.jsonl, line 2, 7: no object", 2),
        ("log.jsonl, line 4, 6: no whole JSON value", 2),
    ]


@pytest.mark.parametrize(("count", "told"), [(5, "1, 2, 3, 4, 5:"), (6, "1, 2, 3, 4, 5, …:")])
def test_the_first_five_numbers_are_told(tmp_path: Path, count: int, told: str) -> None:
    (tmp_path / "log.jsonl").write_text("3\n" * count + "{}\n")
    [note] = read_lines(tmp_path / "log.jsonl", an_object).notes
    assert note.text == f"log.jsonl, line {told} no object" and note.count == count


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "log.jsonl is empty"),
        (b"\n \n", "log.jsonl is empty"),
        (b"3\n", "has no line that can be read: log.jsonl, line 1: no object"),
        ('{"a": 1}\n'.encode("utf-16"), "is UTF-16: save it as UTF-8"),
    ],
)
def test_files_without_a_line_of_the_format_are_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "log.jsonl").write_bytes(data)
    with pytest.raises(EncaveError, match=reason):
        read_lines(tmp_path / "log.jsonl", an_object)


def test_a_block_that_is_of_the_format_is_asked_about_once(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"a": 1}\n3\n{"b": 2}\n')
    for alike, kept in ((True, [{"a": 1}, 3, {"b": 2}]), (False, [{"a": 1}, {"b": 2}])):
        assert read_lines(tmp_path / "log.jsonl", an_object, lambda _: alike).values == kept  # noqa: B023
