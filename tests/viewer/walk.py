"""Every page of DeepCAVE for every run and group that is selected, with what each page shows or says instead."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .pages import ONE_RUN, SEVERAL_RUNS, Page, PageError, Pages
from .shown_numbers import Source, wrong_in_curves, wrong_in_overview

_CHANGED = ("budget_id", "objective_id", "objective_id1", "objective_id_1")
_RAISED = re.compile(r"\b[A-Z]\w*Error\b")  # a reason that is not in words
_SHORT = {"symbolic_explanations": {"population_size": 100, "generations": 2}}
"""Inputs of pages with which a job takes seconds."""
_HYPERPARAMETERS = ("hyperparameter_name_1", "hyperparameter_name")


@dataclass(frozen=True)
class Seen:
    """One page as it was shown."""

    run: str
    page: str
    inputs: str
    """What was chosen last, e.g. `budget_id = 12.0`."""
    said: str
    """What the page says in place of a result; empty if it shows one."""
    fault: str
    """What went wrong; empty if nothing did."""
    seconds: float


def walk(
    url: str,
    *,
    thorough: bool = False,
    passed_over: tuple[str, ...] = (),
    folders: Sequence[Path] = (),
    most: int = 10_000,
) -> Iterator[Seen]:
    """Open each page, select each run and group, and press the button where there is one.

    Args:
        url: Address of the running viewer.
        thorough: Whether to choose every budget, objective and hyperparameter as well.
        passed_over: Pages that are not opened.
        folders: The runs that are shown, whose numbers the overview and the curves must have.
        most: How many runs and groups each page is opened for, from the last: groups come first.
    """
    pages = Pages(url)
    names = {folder: str(json.loads((folder / "run.json").read_text())["name"]) for folder in folders}
    sources = {f"{folder.parent.name}/{name}": Source(folder) for folder, name in names.items()}
    for name in SEVERAL_RUNS:
        yield from _looks(pages, name, None, "all runs", thorough)
    yield from _curves(pages, {name: Source(folder) for folder, name in names.items()})
    for name in (name for name in ONE_RUN if name not in passed_over):
        page = pages.open(name)
        if not page.is_drawn:
            yield Seen("all runs", name, "", page.words, "", 0)
        elif not page.options("run"):
            yield Seen("all runs", name, "", "offers none of the runs", "", 0)
        for run, label in page.options("run")[-most:]:
            yield from _looks(pages, name, run, label, thorough, sources.get(label))


def _curves(pages: Pages, sources: dict[str, Source]) -> Iterator[Seen]:
    """The curve of each run at each budget."""
    page = pages.open("cost_over_time")
    for value, label in page.options("budget_id") if page.is_drawn and sources else ():
        if label != "Combined":
            page.set("budget_id", value)
            page.set("show_runs", "true")
            for run, told in wrong_in_curves(page, sources):
                yield Seen(run, page.name, f"budget_id = {label}", "", told, 0)


def _looks(
    pages: Pages, name: str, run: Any, label: str, thorough: bool, source: Source | None = None
) -> Iterator[Seen]:
    began = time.monotonic()
    try:
        page = pages.open(name)
        if run is not None:
            page.set("run", run)
        for input_name, value in _SHORT.get(name, {}).items() if run is not None else ():
            page.set(input_name, value)
    except PageError as error:
        yield Seen(label, name, "select", "", str(error), time.monotonic() - began)
        return
    look = _look(page, label, "select", began)
    yield look
    is_shown = source and name == "overview" and not look.said and not look.fault
    if source and is_shown and (told := wrong_in_overview(page, source)):
        yield Seen(label, name, "numbers", "", told, 0)
    chosen = [(i, v, t) for i in (*_CHANGED, *_HYPERPARAMETERS) for v, t in page.options(i)] if thorough else []
    for input_name, value, text in chosen:
        began = time.monotonic()
        try:
            page.set(input_name, value)
        except PageError as error:
            yield Seen(label, name, f"{input_name} = {text}", "", str(error), time.monotonic() - began)
            continue
        yield _look(page, label, f"{input_name} = {text}", began)


def _look(page: Page, label: str, inputs: str, began: float) -> Seen:
    fault = ""
    try:
        if (
            page.computes
            and page.is_drawn
            and (not page.message() or page.message().startswith(("Press", "Computing")))
        ):
            page.compute()
    except PageError as error:
        fault = str(error)
    said = page.message() if page.is_drawn else page.words
    if not fault and not said and not any(page.shown().values()):
        fault = "the page is empty"
    if "could not be" in said or _RAISED.search(said):
        fault, said = said, ""
    return Seen(label, page.name, inputs, said, fault, time.monotonic() - began)
