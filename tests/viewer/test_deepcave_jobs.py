"""Jobs of the workers: a heavy one delays no other, is named after its run, and can be ended from the page."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from encave.viewer.launch import Viewer
from encave.viewer.selection import select

from .pages import Page, Pages

pytestmark = pytest.mark.end_to_end

HEAVY = 100_000  # trees


@pytest.fixture
def pages(runs_folder: Path) -> Iterator[Pages]:
    """The pages of a DeepCAVE with two workers."""
    with Viewer(select(sorted(runs_folder.iterdir())), python=Path(sys.executable), workers=2) as viewer:
        yield Pages(viewer.url)


def start_heavy(pages: Pages) -> Page:
    """Have the importances of the first run computed on more trees than anyone has time for."""
    page = pages.open("importances")
    page.set("run", page.options("run")[0][0])
    page.set("n_trees", HEAVY)
    page.press()
    return page


def queue(pages: Pages) -> list[dict[str, Any]]:
    """The entries of the queue beside the page, as (link, button)."""
    shown = pages.call("queue-info.children", {})["queue-info", "children"]
    return [item["props"]["children"] for item in shown[-1]["props"]["children"]] if shown else []


def words(entry: Any) -> str:
    """Words of an entry."""
    return str(entry[0]["props"]["children"])


def test_a_heavy_job_delays_no_other_and_can_be_ended(pages: Pages) -> None:
    heavy = start_heavy(pages)
    other = pages.open("ablation_paths")
    other.set("run", other.options("run")[-1][0])
    assert other.compute() < 30
    time.sleep(2.5)
    heavy.poll()
    assert re.fullmatch(r"Computing this page for DEHB-0 … \d+ s", heavy.message())
    (entry,) = queue(pages)
    assert words(entry) == "[RUNNING] Importances: DEHB-0"
    end_job(pages, entry[1]["props"]["children"]["props"])
    deadline = time.monotonic() + 10
    while queue(pages) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not queue(pages)
    again = pages.open("importances")
    again.set("run", again.options("run")[1][0])
    assert again.compute() < 30, "the worker whose job was ended takes the next one"


def test_a_look_at_another_page_forgets_nothing(pages: Pages) -> None:
    page = pages.open("importances")
    page.set("run", page.options("run")[0][0])
    page.compute()
    pages.open("cost_over_time")  # a page that the server computes
    again = pages.open("importances")
    again.set("run", page.options("run")[0][0])
    assert again.message() == ""
    assert again.traces()


def end_job(pages: Pages, button: dict[str, Any]) -> None:
    """Click the button beside an entry of the queue."""
    (callback,) = (c for c in pages.callbacks if any("cancel-job" in str(part["id"]) for part in c["inputs"]))
    name = {"id": button["id"], "property": "n_clicks", "value": 1}
    number = {"id": button["id"], "property": "name", "value": button["name"]}
    (output,) = (callback["output"].rpartition("."),)
    pages.post(
        json.dumps(
            {
                "output": callback["output"],
                "outputs": {"id": output[0], "property": output[2]},
                "inputs": [[name]],
                "state": [[number]],
                "changedPropIds": [],
            }
        )
    )
