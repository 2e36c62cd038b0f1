"""The page of a report in a browser: figures can be hovered over, switched and hidden; nothing comes from outside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from encave.analysis.report import write_report
from encave.cli.common import load_runs

from .chromium import EXECUTABLE, Page

pytestmark = pytest.mark.skipif(EXECUTABLE is None, reason="needs Chromium, e.g. `apt-get install chromium`")
GOLDEN = Path(__file__).resolve().parent.parent / "studies" / "golden"
SEE_ALL = """(async () => {
  window.errors = [];
  const told = console.error;
  console.error = (...what) => { errors.push(what.map(String).join(" ")); told(...what); };
  window.addEventListener("error", (event) => errors.push(event.message));
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  for (const figure of document.querySelectorAll("figure[data-plot]")) {
    figure.scrollIntoView();
    while (!figure.querySelector(".chart")?.data?.length) await new Promise((after) => setTimeout(after, 20));
  }
  window.seen = true;
})(); 0"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    report = write_report(load_runs((GOLDEN / "runs" / "optimizer=RE",)), tmp_path_factory.mktemp("page") / "report")
    with Page() as page:
        page.open(report.page.as_uri())
        page.evaluate(SEE_ALL)
        page.wait_for("window.seen", 60)
        yield page


def test_every_figure_comes_alive_and_nothing_from_outside(page: Page) -> None:
    figures = page.evaluate("document.querySelectorAll('figure[data-plot]').length")
    assert figures >= 4
    assert page.evaluate("document.querySelectorAll('figure.live').length") == figures
    assert json.loads(page.evaluate("JSON.stringify(errors)")) == []
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0


def test_axes_switch_and_lines_hide(page: Page) -> None:
    page.evaluate(
        "window.one = [...document.querySelectorAll('figure.live')].find(f => f.querySelector('[data-axis=y]')); 0"
    )
    chart = "one.querySelector('.chart')"
    assert page.evaluate(f"{chart}.layout.yaxis.type") == "log"
    page.evaluate("one.querySelector('[data-axis=y]').click(); 0")
    page.wait_for(f"{chart}.layout.yaxis.type == 'linear'", 10)
    page.evaluate("one.querySelector('[data-traces]').click(); 0")
    page.wait_for(f"{chart}.data.some(trace => trace.visible === false)", 10)
    page.evaluate("one.querySelector('[data-traces]').click(); 0")
    page.wait_for(f"{chart}.data.every(trace => trace.visible !== false)", 10)
