"""Text in CSV is no formula and comes back as it was."""

from __future__ import annotations

import pyarrow as pa

from encave.files.spreadsheets import guarded, unguarded

TEXTS = [
    "=1+1",
    "+x",
    "-x",
    "@x",
    "\tx",
    "\rx",
    "'x",
    "''",
    "-5",
    "+1.5e-3",
    "-1+cmd|' /C calc'!A0",
    "\uff1d1+1",
    "plain",
    "",
    None,
]


def test_no_text_is_a_formula_and_all_come_back() -> None:
    table = guarded(pa.table({"text": TEXTS, "number": [-1.5] * len(TEXTS)}), exact=True)
    told = table["text"].to_pylist()
    assert [text for text in told if text and text[0] in "=+-@\t\r\uff1d"] == ["-5", "+1.5e-3"]
    assert table["number"].to_pylist() == [-1.5] * len(TEXTS)
    assert unguarded(table["text"].combine_chunks()).to_pylist() == TEXTS


def test_no_text_steers_a_terminal() -> None:
    told = guarded(pa.table({"text": ["\x1b[2J", "a\x9bb", "\u202ecod.exe", "a\nb", "ä", None, "=\x1b"]}))[
        "text"
    ].to_pylist()
    assert told == ["\\x1b[2J", "a\\x9bb", "\\u202ecod.exe", "a\\nb", "ä", None, "'=\\x1b"]


def test_numbers_as_texts_stay_and_what_only_begins_like_one_does_not() -> None:
    numbers = ["-5", "+5", "-5.", "-.5", "+5.25e10", "-1E-3"]
    others = ["-", "-.", "-5e", "-5.5.5", "--5", "+5x", "-1e1.5"]
    told = guarded(pa.table({"text": [*numbers, *others]}))["text"].to_pylist()
    assert told == [*numbers, *("'" + text for text in others)]


def test_only_columns_of_text_are_changed() -> None:
    table = pa.table({"a": ["=1", "b"], "n": [-1, 2], "list": [["=1"], []], "c": ["x", "@y"]})
    told = guarded(table)
    assert told.column_names == table.column_names and told["list"].equals(table["list"])
    assert (told["a"].to_pylist(), told["c"].to_pylist()) == (["'=1", "b"], ["x", "'@y"])
    lines = pa.table({"a": ["x\ny", "=\x1b"]})
    assert guarded(lines, exact=True)["a"].to_pylist() == ["x\ny", "'=\x1b"]
    assert guarded(lines)["a"].to_pylist() == [r"x\ny", r"'=\x1b"]
    assert unguarded(pa.array(["'a", "a'", None])).to_pylist() == ["a", "a'", None]
