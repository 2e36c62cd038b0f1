"""A page that cannot show a run says so in place; it never keeps the numbers of another one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from encave.viewer.launch import Viewer
from encave.viewer.selection import Selection

from .conftest import write_run
from .pages import Page, Pages

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The pages of a run, and of one whose configurations were damaged after they had been checked."""
    folder = tmp_path_factory.mktemp("runs")
    whole, damaged = folder / "whole", folder / "damaged"
    write_run(whole, seed=0)
    write_run(damaged, seed=1)
    configs = json.loads((damaged / "configs.json").read_text())
    for config in configs.values():
        del config["op_0_1"]
    (damaged / "configs.json").write_text(json.dumps(configs))
    with Viewer(Selection((whole, damaged), {}, ()), python=Path(sys.executable)) as viewer:
        yield Pages(viewer.url)


def choose(page: Page, name: str) -> None:
    (run,) = (value for value, label in page.options("run") if name in label)
    page.set("run", run)


@pytest.mark.parametrize("name", ["overview", "configurations"])
def test_a_page_that_failed_names_the_run_and_the_reason(pages: Pages, name: str) -> None:
    page = pages.open(name)
    choose(page, "DEHB-0")
    before = page.text()
    choose(page, "DEHB-1")
    assert "for DEHB-1" in page.message()
    assert "op_0_1" in page.message()
    assert len(page.text()) < 500  # nothing else is left
    choose(page, "DEHB-0")
    assert page.message() == ""
    assert page.text() == before


def test_a_page_whose_inputs_failed_takes_new_ones(pages: Pages) -> None:
    page = pages.open("ccube")
    choose(page, "DEHB-0")
    page.set("hyperparameter_names", ["op_0_1", "op_0_2", "op_0_3"])
    assert page.traces()
    choose(page, "DEHB-1")
    assert "for DEHB-1" in page.message()
    assert page.traces() == []
    choose(page, "DEHB-0")
    page.set("hyperparameter_names", ["op_0_1", "op_0_2", "op_0_3"])
    assert page.traces()


def test_a_page_that_is_computed_shows_nothing_of_the_run_before(pages: Pages) -> None:
    page = pages.open("importances")
    choose(page, "DEHB-0")
    page.compute()
    assert page.traces()
    choose(page, "DEHB-1")
    assert page.traces() == []
    assert page.message().startswith("Press")
    assert "DEHB-1" in page.message()
    page.compute()
    assert page.traces() == []
    assert "for DEHB-1" in page.message()
    assert "op_0_1" in page.message().replace("<br>", " ")
    choose(page, "DEHB-0")
    assert page.traces()
    assert page.message() == ""


def test_a_page_of_several_runs_shows_the_others(pages: Pages) -> None:
    page = pages.open("pareto_front")
    assert {trace["name"] for trace in page.traces()} == {"DEHB-0"}
    (note,) = page.shown()["graph"]["layout"]["annotations"]
    assert "DEHB-1" in note["text"]
