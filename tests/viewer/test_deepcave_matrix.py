"""The report of the whole matrix of pages: it counts, names what failed, and puts equal sentences together."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "deepcave_pages.py"


@pytest.fixture(scope="module")
def matrix() -> Any:
    """The benchmark's module."""
    spec = importlib.util.spec_from_file_location("deepcave_pages", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_report_counts_and_names_what_failed(matrix: Any) -> None:
    rows = [
        matrix.Row("logs", "", "", "select", "left out: one", "", 0),
        matrix.Row("logs", "0/a", "pdp", "select", "", "", 1.5),
        matrix.Row("logs", "0/a", "ccube", "select", "nothing for a", "", 0.1),
        matrix.Row("logs", "0/b", "ccube", "select", "nothing for b", "", 0.1),
        matrix.Row("logs", "0/b", "pdp", "select", "", "HTTP 500 | x", 0.2),
    ]
    lines = "\n".join(matrix.report(rows)).splitlines()
    assert lines[0] == "4 looks at pages of 2 runs, groups and sets of runs: 1 shown, 2 said, 1 failed"
    assert "| ccube | 0 | 2 | 0 |" in lines
    assert "| pdp | 1 | 0 | 1 |" in lines
    assert "| logs | 0/b | pdp | select | HTTP 500 \\| x |" in lines
    assert "| ccube | nothing for RUN | 2 |" in lines
    assert "|  | left out: one | 1 |" in lines


def test_a_path_without_logs_is_told(matrix: Any, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (row,) = matrix.rows(tmp_path / "logs", tmp_path / "out", thorough=False, most=1, before=[])
    assert "no log" in row.said
