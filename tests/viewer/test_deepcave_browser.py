"""DeepCAVE's pages in headless Chromium on converted runs of DEHB, SMAC and RE: they show what the source logs hold."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from encave.run import Run
from encave.viewer.launch import Viewer

from .chromium import EXECUTABLE, Page
from .conftest import EDGES

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(EXECUTABLE is None, reason="needs Chromium, e.g. `apt-get install chromium`"),
]

PLOTS = "[...document.querySelectorAll('.js-plotly-plot')].filter(p => p.data && p.data.length)"
SCREENSHOTS = os.environ.get("ENCAVE_SCREENSHOTS")
RUNS = ("DEHB-cifar10-seed0", "SMAC-MF-cifar10-seed0", "RE-cifar10-seed0")
LOGS = {
    "DEHB-cifar10-seed0": "dehb/cifar10/seed-0",
    "DEHB-cifar10-seed1": "dehb/cifar10/seed-1",
    "SMAC-MF-cifar10-seed0": "smac-mf/cifar10/seed-0",
    "RE-cifar10-seed0": "re/cifar10/seed-0",
    "RE-cifar10-seed1": "re/cifar10/seed-1",
}

Trials = list[tuple[float, float, float]]  # end, budget, cost


@pytest.fixture(scope="module")
def page(viewer: Viewer) -> Iterator[Page]:
    """A page that reaches this machine only, and has been let in."""
    with Page() as browser_page:
        browser_page.open(viewer.url)
        yield browser_page


@pytest.fixture(autouse=True)
def no_errors(viewer: Viewer, page: Page) -> Iterator[None]:
    """Fail a test after which the browser's console or a log holds an error."""
    logs = [viewer.folder / f"{name}.log" for name in ("server", "worker")]
    page.errors.clear()
    read = [log.stat().st_size for log in logs]
    yield
    said = "".join(log.read_text()[size:] for log, size in zip(logs, read, strict=True))
    assert "Traceback" not in said, said[-3500:]
    assert "ERROR" not in said
    assert page.errors == []


def keep(page: Page, name: str) -> None:
    """Write a screenshot, if a folder for them is named in the environment."""
    if SCREENSHOTS:
        page.screenshot(Path(SCREENSHOTS) / f"{name}.png")


def source_trials(folder: Path) -> Trials:
    """Trials of a native log, read without encave's converters."""
    if (folder / "trials.jsonl").exists():
        rows = [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]
        return [(row["end"], row["budget"], row["cost"]["valid_error"]) for row in rows]
    if (folder / "history.parquet.gzip").exists():
        table = pd.read_parquet(folder / "history.parquet.gzip")
        return [(info["end"], at, cost) for info, at, cost in zip(table["info"], table["fidelity"], table["fitness"])]
    (history,) = folder.rglob("runhistory.json")
    return [(row["endtime"], row["budget"], row["cost"]) for row in json.loads(history.read_text())["data"]]


def incumbents(trials: Trials) -> tuple[list[float], list[float]]:
    """Times and costs of the incumbents at the highest budget, the plain way."""
    times, costs, best = [], [], np.inf
    highest = max(budget for _, budget, _ in trials)
    for end, budget, cost in sorted(trials):
        if budget == highest and cost < best:
            times.append(end)
            costs.append(cost)
            best = cost
    return times, costs


def open_for(page: Page, viewer: Viewer, name: str, run: str) -> None:
    """Open a page of one run and select the run."""
    page.open(f"{viewer.base}plugins/{name}")
    page.select(f"{name}-run-input", run)
    page.wait_for(f"document.getElementById('{name}-objective_id-input')?.value != ''")


def traces(page: Page) -> list[dict[str, Any]]:
    """Name, x and y of the traces of the first plot."""
    return page.evaluate(
        f"{PLOTS}[0].data.map(t => ({{name: t.name || '', x: [...(t.x || [])], y: [...(t.y || [])]}}))"
    )


def compute(page: Page, name: str) -> None:
    """Press the button of a page and wait for what the worker has computed."""
    button = f"document.getElementById('{name}-update-button')"
    shown = f"JSON.stringify({PLOTS}.map(p => p.data))"
    before = page.evaluate(shown)
    page.evaluate(f"window.shownBefore = {json.dumps(before)}")
    for seconds in (10, 10, 30):  # DeepCAVE loses a click that comes while it fills the inputs
        page.wait_for(f"!{button}.disabled")
        page.evaluate(f"{button}.click()")
        try:
            page.wait_for(f"{PLOTS}.length > 0 && {shown} != window.shownBefore", seconds)
            return
        except TimeoutError:
            if seconds == 30:
                raise


def test_the_first_page_shows_the_selection(viewer: Viewer, page: Page) -> None:
    page.open(viewer.base)
    page.wait_for("document.body.innerText.includes('SMAC-MF-cifar10-seed0')")
    page.wait_for("[...document.querySelectorAll('input')].filter(i => i.value == 'DEHB (cifar10)').length == 1")
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.btn-primary')).backgroundColor") == "rgb(13, 110, 253)"
    )
    assert page.evaluate("document.fonts.check('900 12px \"Font Awesome 5 Free\"')")
    keep(page, "general")


def test_cost_over_time_shows_the_incumbents_of_the_source_logs(viewer: Viewer, page: Page, study: Path) -> None:
    page.open(f"{viewer.base}plugins/cost_over_time")
    page.wait_for(f"{PLOTS}.length == 1")
    shown = {trace["name"]: (trace["x"], trace["y"]) for trace in traces(page) if trace["name"]}
    assert shown.keys() == {*LOGS, "DEHB (cifar10)", "RE (cifar10)"}
    source = {name: incumbents(source_trials(study / log)) for name, log in LOGS.items()}
    for name, (times, costs) in source.items():
        assert shown[name] == (pytest.approx(times, abs=1e-9), pytest.approx(costs, abs=1e-9)), name
    for label in ("DEHB", "RE"):
        last = np.mean([source[f"{label}-cifar10-seed{seed}"][1][-1] for seed in (0, 1)])
        assert shown[f"{label} (cifar10)"][1][-1] == pytest.approx(last)
    keep(page, "cost_over_time")


def test_pareto_fronts_hold_the_incumbents(viewer: Viewer, page: Page, study: Path) -> None:
    page.open(f"{viewer.base}plugins/pareto_front")
    page.wait_for(f"{PLOTS}.length == 1")
    fronts = {trace["name"]: trace["x"] for trace in traces(page) if trace["name"]}
    for name, log in LOGS.items():
        assert min(fronts[name]) == pytest.approx(incumbents(source_trials(study / log))[1][-1]), name
    keep(page, "pareto_front")


@pytest.mark.parametrize("run", RUNS)
def test_the_overview_counts_the_trials_and_names_the_best(
    viewer: Viewer, page: Page, run: str, converted: Path
) -> None:
    page.open(f"{viewer.base}plugins/overview")
    page.select("overview-run-input", run)
    source = Run.load(converted / run)
    contents = [tuple(source.configuration(number).items()) for number in source.column("config_id").tolist()]
    shown = len({*zip(contents, source.column("budget").tolist(), strict=True)})  # DeepCAVE keeps one trial of each
    best = source.incumbent()
    assert best is not None
    page.wait_for(f"document.body.innerText.includes('Trials shown: {shown} of {len(source)}')")
    page.wait_for(f"document.body.innerText.includes('Best valid_error: {round(best.value, 3)}')")
    page.wait_for(f"{PLOTS}.length > 0")
    keep(page, "overview")


@pytest.mark.parametrize("run", RUNS[:2])
def test_budget_correlation_has_every_budget(viewer: Viewer, page: Page, run: str, converted: Path) -> None:
    open_for(page, viewer, "budget_correlation", run)
    budgets = {str(round(budget, 2)) for budget in Run.load(converted / run).budgets}
    page.wait_for(f"{PLOTS}.length > 0")
    assert {trace["name"] for trace in traces(page)} == budgets
    keep(page, "budget_correlation")


def test_the_configuration_cube_draws(viewer: Viewer, page: Page) -> None:
    open_for(page, viewer, "ccube", RUNS[0])
    boxes = "[...document.querySelectorAll('[id*=\"ccube-hyperparameter_names\"] input')]"
    page.wait_for(f"{boxes}.length == {len(EDGES)} && {boxes}.filter(box => box.checked).length == 3")
    page.wait_for(f"{PLOTS}.length > 0")
    keep(page, "ccube")


@pytest.mark.parametrize("run", RUNS)
def test_importances_are_those_of_the_hyperparameters(viewer: Viewer, page: Page, run: str) -> None:
    open_for(page, viewer, "importances", run)
    compute(page, "importances")
    (bars, *_) = traces(page)
    assert sorted(bars["x"]) == sorted(EDGES)
    assert sum(bars["y"]) == pytest.approx(1, abs=0.5)
    keep(page, "importances")


@pytest.mark.parametrize("run", RUNS)
def test_ablation_leads_from_the_default_down(viewer: Viewer, page: Page, run: str) -> None:
    open_for(page, viewer, "ablation_paths", run)
    compute(page, "ablation_paths")
    (path, *_) = traces(page)
    assert path["x"][0] == "default"
    assert set(path["x"][1:]) <= set(EDGES)
    assert path["y"][-1] < path["y"][0]
    title, buttons = (f"{PLOTS}[0].querySelector('{kind}').getBoundingClientRect()" for kind in (".gtitle", ".modebar"))
    page.wait_for(f"{title}.right < {buttons}.left", 5)
    keep(page, "ablation_paths")


@pytest.mark.parametrize("run", RUNS)
def test_parallel_coordinates_are_shown_whole(viewer: Viewer, page: Page, run: str) -> None:
    open_for(page, viewer, "parallel_coordinates", run)
    compute(page, "parallel_coordinates")
    labels = page.evaluate(f"{PLOTS}[0].data[0].dimensions.map(d => d.label)")
    assert sorted(labels) == sorted([*EDGES, "valid_error"])
    outside = (
        "(() => { const p = PLOT, frame = p.getBoundingClientRect();"
        " return [...p.querySelectorAll('.parcoords text, .parcoords canvas')].map(e => e.getBoundingClientRect())"
        "  .filter(b => b.width && (b.left < frame.left || b.right > frame.right || b.bottom > frame.bottom)).length"
        "  + (p.closest('[style*=overflow]').scrollHeight > p.closest('[style*=overflow]').clientHeight + 1) })()"
    ).replace("PLOT", f"{PLOTS}[0]")
    keep(page, "parallel_coordinates")
    page.wait_for(f"{outside} == 0", 5)


@pytest.mark.parametrize("name", ["pdp", "footprint"])
def test_the_worker_computes_and_the_page_draws(viewer: Viewer, page: Page, name: str) -> None:
    open_for(page, viewer, name, RUNS[0])
    compute(page, name)
    keep(page, name)


def test_symbolic_explanations_offer_no_categorical_run(viewer: Viewer, page: Page) -> None:
    page.open(f"{viewer.base}plugins/symbolic_explanations")
    page.wait_for("document.body.innerText.includes('because it has no numerical hyperparameter')")
    assert not page.evaluate(
        f"[...document.querySelectorAll('#symbolic_explanations-run-input option')].some(o => o.text == '{RUNS[0]}')"
    )
