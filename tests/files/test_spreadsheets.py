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
