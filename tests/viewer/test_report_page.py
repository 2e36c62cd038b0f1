"""The page of a report in a browser: figures can be hovered over, switched and hidden; nothing comes from outside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from encave.analysis.report import write_report
from encave.cli.runs import load_runs

from .. import drawing
from .chromium import EXECUTABLE, Page

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(EXECUTABLE is None, reason="needs Chromium, e.g. `apt-get install chromium`"),
]
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
    with drawing.figures(drawing.draw_figure):
        report = write_report(
            load_runs((GOLDEN / "runs" / "optimizer=RE",)), tmp_path_factory.mktemp("page") / "report"
        )
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


def test_the_page_sends_nothing_anywhere_whatever_is_clicked(page: Page) -> None:
    """Of plotly's buttons too: from release 7 on one of them uploads the chart."""
    page.evaluate("window.opened = []; window.open = (...what) => { opened.push(String(what[0])); return null; }; 0")
    page.evaluate("HTMLFormElement.prototype.submit = function () { opened.push(this.action); }; 0")
    titles = page.evaluate("[...new Set([...document.querySelectorAll('.modebar-btn')].map(b => b.dataset.title))]")
    assert len(titles) == 6, titles
    assert [title for title in titles if "share" in title.lower() or "cloud" in title.lower()] == []
    page.evaluate("document.querySelectorAll('figure.live .modebar-btn').forEach(button => button.click()); 0")
    page.evaluate("new Promise(after => setTimeout(after, 500))")
    assert page.evaluate("opened") == []
    inside = ("data:", "blob:", "file:")
    assert [url for url in page.requests if not url.startswith(inside)] == []
    assert [url for url in page.requests if url.startswith("file:") and not url.endswith("/report.html")] == []


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


def test_nothing_is_wider_than_a_phone(page: Page) -> None:
    page.call("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=1, mobile=True)
    try:
        page.wait_for("innerWidth == 390 && document.documentElement.scrollWidth == 390", 10)
    finally:
        page.call("Emulation.clearDeviceMetricsOverride")


def test_zero_and_powers_of_ten_are_labelled_as_numbers(page: Page) -> None:
    axes = json.loads(page.evaluate(
        "JSON.stringify([...document.querySelectorAll('figure.live .chart')].map(c => "
        "[c.layout.yaxis.type, [...c.querySelectorAll('.ytick text')].map(t => t.textContent)]))"
    ))  # fmt: skip
    labels = [text for kind, own in axes if kind == "log" for text in own]
    assert labels and all(float(text.replace(",", "")) >= 0 for text in labels)
