"""Text in CSV is no formula and comes back as it was."""

from __future__ import annotations

import pyarrow as pa

from encave.spreadsheets import guarded, unguarded

TEXTS = ["=1+1", "+x", "-x", "@x", "\tx", "\rx", "'x", "''", "-5", "+1.5e-3", "-1+cmd|' /C calc'!A0", "plain", "", None]


def test_no_text_is_a_formula_and_all_come_back() -> None:
    table = guarded(pa.table({"text": TEXTS, "number": [-1.5] * len(TEXTS)}))
    told = table["text"].to_pylist()
    assert [text for text in told if text and text[0] in "=+-@\t\r"] == ["-5", "+1.5e-3"]
    assert table["number"].to_pylist() == [-1.5] * len(TEXTS)
    assert unguarded(table["text"].combine_chunks()).to_pylist() == TEXTS
