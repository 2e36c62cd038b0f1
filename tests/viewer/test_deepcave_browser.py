"""DeepCAVE's pages in headless Chromium: what they show equals the source runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encave.run import Run
from encave.viewer.launch import Viewer

from .chromium import EXECUTABLE, Page

pytestmark = pytest.mark.skipif(EXECUTABLE is None, reason="needs Chromium, e.g. `apt-get install chromium`")

PLOTS = "[...document.querySelectorAll('.js-plotly-plot')].filter(p => p.data && p.data.length)"
SCREENSHOTS = os.environ.get("ENCAVE_SCREENSHOTS")


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page that reaches this machine only."""
    with Page() as browser_page:
        yield browser_page


def keep(page: Page, name: str) -> None:
    """Write a screenshot, if a folder for them is named in the environment."""
    if SCREENSHOTS:
        page.screenshot(Path(SCREENSHOTS) / f"{name}.png")


def incumbents(run: Run, budget: float) -> tuple[list[float], list[float]]:
    """Times and costs of the incumbents at a budget, the plain way."""
    times, costs, best = [], [], np.inf
    rows = zip(run.column("end"), run.column("budget"), run.cost(), strict=True)
    for end, at, cost in sorted(rows, key=lambda row: row[0]):
        if at == budget and cost < best:
            times.append(end)
            costs.append(cost)
            best = cost
    return times, costs


def test_the_first_page_shows_the_selection(viewer: Viewer, page: Page) -> None:
    page.open(viewer.url)
    page.wait_for("document.body.innerText.includes('dehb-2')")
    page.wait_for("[...document.querySelectorAll('input')].filter(i => i.value == 'DEHB (cifar10)').length == 1")
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.btn-primary')).backgroundColor") == "rgb(13, 110, 253)"
    )
    assert page.evaluate("document.fonts.check('900 12px \"Font Awesome 5 Free\"')")
    keep(page, "general")


def test_cost_over_time_shows_the_incumbents_of_the_source_runs(viewer: Viewer, page: Page, runs_folder: Path) -> None:
    page.open(f"{viewer.url}plugins/cost_over_time")
    page.wait_for(f"{PLOTS}.length == 1")
    traces: list[dict[str, Any]] = page.evaluate(
        f"{PLOTS}[0].data.filter(t => t.name).map(t => ({{name: t.name, x: [...t.x], y: [...t.y]}}))"
    )
    shown = {trace["name"]: (trace["x"], trace["y"]) for trace in traces}
    assert len(shown) == 7
    for folder in sorted(runs_folder.iterdir()):
        run = Run.load(folder)
        times, costs = incumbents(run, 200.0)
        assert shown[run.name] == (pytest.approx(times), pytest.approx(costs))
    last = [incumbents(Run.load(folder), 200.0)[1][-1] for folder in runs_folder.glob("dehb-*")]
    assert shown["DEHB (cifar10)"][1][-1] == pytest.approx(np.mean(last))
    keep(page, "cost_over_time")


@pytest.mark.parametrize("name", ["overview", "budget_correlation"])
def test_a_page_of_one_run_draws(viewer: Viewer, page: Page, name: str) -> None:
    page.open(f"{viewer.url}plugins/{name}")
    page.select(f"{name}-run-input", "DEHB-1")
    page.wait_for(f"{PLOTS}.length > 0")
    keep(page, name)


def test_the_overview_counts_every_trial(viewer: Viewer, page: Page, runs_folder: Path) -> None:
    page.open(f"{viewer.url}plugins/overview")
    page.select("overview-run-input", "DEHB-2")
    trials = len(Run.load(runs_folder / "dehb-2"))
    page.wait_for(f"document.body.innerText.includes('Total trials: {trials}')")


@pytest.mark.parametrize("name", ["importances", "ablation_paths", "pdp", "parallel_coordinates", "footprint"])
def test_the_worker_computes_and_the_page_draws(viewer: Viewer, page: Page, name: str) -> None:
    page.open(f"{viewer.url}plugins/{name}")
    page.select(f"{name}-run-input", "DEHB-1")
    button = f"document.getElementById('{name}-update-button')"
    page.wait_for(f"!{button}.disabled && document.getElementById('{name}-objective_id-input')?.value != ''")
    page.evaluate(f"{button}.click()")
    page.wait_for(f"{PLOTS}.length > 0")
    keep(page, name)
