"""Names that logs give are text wherever a report has them: no markup, no TeX, no formula, no order to a terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import encave
from encave.analysis.report import write_report
from encave.run import Run

NAMES = (
    *("a\nb", "\x1b[31mred\x1b[2J", "=cmd|' /C calc'!A0", "\\input{/etc/passwd}\n\\input{x}"),
    *("<script>alert(1)</script>", "\u202egpj.exe\u2066", "../../up", "\uff1d1+1", "{{7*7}}"),
    *("\x9b31m", "n\x00ul", ".hidden", "[0]", "$x^2$ %d \\", ""),
)
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.drawn
def test_no_name_acts(make_run: Callable[..., Run], tmp_path: Path) -> None:
    runs = [
        make_run(name, seed, [3.0 + seed, 2.0, 1.0 + place / 9], task="\n\\input{task}<b>", reported=[3.0, 2.0, 1.0])
        for place, name in enumerate(NAMES)
        for seed in range(2)
    ]
    told = {"name": "B\n\\input{/etc/passwd}", "source": "table", "sha256": "\n\\input{y}"}
    runs = [run.replace(provenance=run.provenance.replace(benchmark=told)) for run in runs]
    report = write_report(runs, tmp_path / "report", title="<script>t</script>\u202e")
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
    texts = {path: path.read_text(encoding="utf-8") for path in report.folder.rglob("*") if path.suffix in FORMS}
    assert {path.suffix for path in texts} == FORMS
    for path, text in texts.items():
        assert (found := UNSAFE.search(text)) is None, (path, found)
        if path.suffix in (".tex", ".pgf"):
            assert r"\input{/etc" not in text and r"\input{x}" not in text and r"\input{task}" not in text, path
        if path.suffix in (".html", ".svg"):
            assert not re.search(r"<script>(alert|t)|<b>", text), path
        if path.suffix == ".csv":
            assert not re.search(r'(^|,)"?[=\uff1d]', text, re.MULTILINE), path


FORMS = {".html", ".svg", ".tex", ".pgf", ".csv", ".bib"}


def test_no_name_acts_in_an_interactive_figure(make_run: Callable[..., Run], tmp_path: Path) -> None:
    runs = [make_run(name, seed, [3.0 + seed, 2.0, 1.0]) for name in NAMES for seed in range(2)]
    shown = encave.compare(runs).curves("toy").plot(title="<b>\u202e").plotly()
    told = json.dumps(shown.to_dict(), default=str, ensure_ascii=False)
    assert "gpj.exe" in told and UNSAFE.search(told.replace("\\n", "")) is None
    assert "<script" not in told and "<b>" not in told


def test_a_seed_of_any_size_stops_no_report(make_run: Callable[..., Run], tmp_path: Path) -> None:
    runs = [make_run("A", seed) for seed in (10**400, 2**63, -(2**63), 1)]
    assert write_report(runs, tmp_path / "report").page.is_file()
