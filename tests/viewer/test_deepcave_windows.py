"""Two windows on one page: each keeps its run and its inputs; one that is left open says when the session ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from encave.viewer.launch import Viewer
from encave.viewer.selection import select

from .chromium import EXECUTABLE
from .chromium import Page as Browser
from .pages import Page, Pages

pytestmark = pytest.mark.end_to_end

FIRST, SECOND = "DEHB-cifar10-seed0", "RE-cifar10-seed0"


@pytest.fixture(scope="module")
def viewer(converted: Path) -> Iterator[Viewer]:
    """A session of its own: a job that a browser had done is known under inputs that are written otherwise."""
    with Viewer(select(sorted(converted.iterdir())), python=Path(sys.executable)) as running:
        yield running


def window(viewer: Viewer, name: str, run: str) -> Page:
    """A page opened in a window of its own, with a run selected."""
    page = Pages(viewer.url).open(name)
    (chosen,) = (value for value, label in page.options("run") if run in label)
    page.set("run", chosen)
    return page


def raw_data(page: Page) -> str:
    """What the button Raw Data shows."""
    names = [f"{page.name}-raw_data", f"{page.name}-raw_data_content"]
    props = {(f"{page.name}-show_raw_data", "n_clicks"): 1, (names[0], "is_open"): False}
    return str(page.call(f"..{names[0]}.is_open...{names[1]}.value..", props)[names[1], "value"])


@pytest.mark.parametrize(("name", "chosen"), [("ccube", 1), ("pdp", 1), ("parallel_coordinates", 1)])
def test_a_window_keeps_what_is_chosen_in_it(viewer: Viewer, name: str, chosen: int) -> None:
    first, second = window(viewer, name, FIRST), window(viewer, name, SECOND)
    first.set("budget_id", chosen)
    second.set("objective_id", 1)
    assert first.value("budget_id") == chosen
    assert second.value("objective_id") == 1
    first.set("objective_id", 1)
    assert first.value("budget_id") == chosen


def test_the_run_of_the_other_window_brings_inputs_of_its_own(viewer: Viewer) -> None:
    first, second = window(viewer, "ccube", FIRST), window(viewer, "ccube", SECOND)
    second.set("objective_id", 1)
    first.set("run", second.value("run"))
    assert first.value("objective_id") == 0
    assert [label for _, label in first.options("budget_id")] == [label for _, label in second.options("budget_id")]


def test_no_raw_data_stand_behind_a_message(viewer: Viewer) -> None:
    page = window(viewer, "parallel_coordinates", FIRST)
    if page.message():
        page.compute()
    first = page.value("run")
    assert first in raw_data(page)
    (second,) = (value for value, label in page.options("run") if SECOND in label)
    page.set("run", second)
    assert page.message()
    assert raw_data(page) == ""


def test_buttons_and_raw_data_are_those_of_their_window(viewer: Viewer) -> None:
    first, second = window(viewer, "footprint", FIRST), window(viewer, "footprint", SECOND)
    if first.message():
        first.compute()
    assert second.message().startswith("Press")
    for page in (first, second, first):
        page.poll()
    assert [is_disabled(page) for page in (second, first)] == [False, True]
    assert first.value("run") in raw_data(first)
    assert raw_data(second) == ""


def is_disabled(page: Page) -> bool:
    """Whether the button of a page that the worker computes cannot be pressed."""
    button, props = f"{page.name}-update-button", {(f"{page.name}-update-interval", "n_intervals"): 1}
    told = page.call(f"..{button}.children...{button}.n_clicks...{button}.disabled..", props)
    return bool(told[button, "disabled"])


@pytest.mark.skipif(EXECUTABLE is None, reason="needs Chromium, e.g. `apt-get install chromium`")
def test_a_page_that_is_left_open_says_that_the_session_has_ended(runs_folder: Path) -> None:
    with Browser() as browser:
        with Viewer(select([runs_folder / "re-10"]), python=Path(sys.executable)) as viewer:
            browser.open(viewer.url)
            browser.wait_for("document.body.innerText.includes('re-10')")
            time.sleep(6)  # it has asked once more
            updates = [h for url, h in zip(browser.requests, browser.headers, strict=True) if "update-comp" in url]
            assert len({headers.get("x-encave-window") for headers in updates} - {None}) == 1, updates
            assert not browser.evaluate("document.body.innerText.includes('session has ended')")
        browser.wait_for("document.body.innerText.includes('session has ended')", 20)
