"""What is modelled is said wherever its numbers stand: in every caption but those of what no value takes part in."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encave.analysis.comparison.overall import compare_tasks
from encave.analysis.comparison.section import compare
from encave.analysis.grouping.sections import view_runs
from encave.analysis.report import write_report
from encave.analysis.report.settings import Settings
from encave.run import Run

BUDGETS = [22.2] * 6 + [66.7] * 4 + [200.0] * 30
CONFIGURATIONS = [*range(6), *range(4), *range(30)]
TABLE = {"name": "NAS-Bench-201", "source": "table", "sha256": "ab" * 32, "schedule": 200}
WITHOUT_VALUES = (
    "where each optimizer looked",
    "Exploration on",
    "Each run of",
    "Error of the estimated importances",
)
MEASURED = "Importance of hyperparameters on"  # of trials at the highest budget, which a table has


def runs_of(make_run: Callable[..., Run], shares: dict[str, float | None], source: str = "table") -> list[Run]:
    rng = np.random.default_rng(0)
    return [
        make_run(
            name, seed, shift * (1 + np.array(CONFIGURATIONS) + rng.random(len(BUDGETS))), task=task,
            budgets=BUDGETS, configurations=CONFIGURATIONS,
            benchmark=TABLE | {"source": source} | ({} if share is None else {"modelled_share": share}),
            limit={"simulated_seconds": 50.0},
        )
        for task, share in shares.items()
        for shift, name in enumerate(("DEHB", "RE", "SMAC"), 1)
        for seed in range(6)
    ]  # fmt: skip


def captions_of(runs: list[Run], out: Path) -> list[str]:
    page = (write_report(runs, out, settings=Settings(control="RE")).folder / "report.html").read_text()
    found = re.findall(r"<(?:fig)?caption[^>]*>(.*?)(?:<span class=\"files\"|</(?:fig)?caption>)", page, re.DOTALL)
    return [html.unescape(text) for text in found]


@pytest.mark.parametrize(
    ("source", "shares", "mark"),
    [
        ("table", {"a": 0.714, "b": 0.71}, "odelled between 22.2 and 200 epochs ("),
        ("surrogate", {"a": None, "b": None}, "surrogate"),
        ("table", {"a": 0.0, "b": 0.0}, None),
    ],
)
def test_every_caption_with_values_says_what_is_modelled(
    make_run: Callable[..., Run], tmp_path: Path, source: str, shares: dict[str, Any], mark: str | None
) -> None:
    captions = captions_of(runs_of(make_run, shares, source), tmp_path / "report")
    with_values = [text for text in captions if not any(one in text for one in WITHOUT_VALUES)]
    assert any("Spearman's rank correlation" in text for text in with_values)
    assert any("difference of the mean" in text for text in with_values)
    assert any("Pairs, the better by rank first" in text for text in with_values)
    assert source == "table" or any(MEASURED in text for text in with_values)
    for text in (one for one in with_values if source == "surrogate" or MEASURED not in one):
        assert (mark in text) if mark else ("odelled" not in text), text


def test_figures_over_tasks_say_it_where_the_shares_differ(make_run: Callable[..., Run]) -> None:
    comparisons = [compare(one) for one in view_runs(runs_of(make_run, {"a": 0.5, "b": 0.71})).sections]
    overall, _ = compare_tasks(comparisons)
    assert overall is not None
    assert overall.origin.endswith("modelled between 22.2 and 200 epochs (50% to 71% of the trials)")
