"""Every page of DeepCAVE for every run and group that is selected, with what each page shows or says instead."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .pages import ONE_RUN, SEVERAL_RUNS, Page, PageError, Pages
from .recomputed import Source
from .shown_numbers import wrong_in, wrong_in_curves, wrong_in_fronts

_RAISED = re.compile(r"\b[A-Z]\w*Error\b")  # a reason that is not in words
_SHORT = {"symbolic_explanations": {"population_size": 100, "generations": 2}}
"""Inputs of pages with which a job takes seconds."""
_CHOICES = 6  # of one input that are tried, its first and last among them
_NUMBERS = {
    **dict.fromkeys(("n_hps", "n_trees"), (1, 0, None)),
    **dict.fromkeys(("generations", "population_size", "random_seed"), (None,)),
}
"""Fields for a number, and what is tried; None is an emptied one."""


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
    seen: Container[tuple[str, str]] = (),
) -> Iterator[Seen]:
    """Open each page, select each run and group, and press the button where there is one.

    Args:
        url: Address of the running viewer.
        thorough: Whether to change every input as well: budgets, objectives, hyperparameters and all others.
        passed_over: Pages that are not opened.
        folders: The runs that are shown, whose numbers the pages must have.
        most: How many runs and groups each page is opened for, from the last: groups come first.
        seen: Pages, with the run or group, or `all runs`, that are passed over.
    """
    pages = Pages(url)
    names = {folder: str(json.loads((folder / "run.json").read_text())["name"]) for folder in folders}
    sources = {f"{folder.parent.name}/{name}": Source(folder) for folder, name in names.items()}
    for name in (name for name in SEVERAL_RUNS if (name, "all runs") not in seen):
        yield from _looks(pages, name, None, "all runs", thorough)
        yield from _of_several(pages, name, {name: Source(folder) for folder, name in names.items()})
    for name in (name for name in ONE_RUN if name not in passed_over):
        page = pages.open(name)
        if not page.is_drawn:
            yield Seen("all runs", name, "", page.words, "", 0)
        elif not page.options("run"):
            told = pages.alert()
            yield Seen("all runs", name, "", told, "" if told else "it offers no run and does not say why", 0)
        for run, label in page.options("run")[-most:]:
            if (name, label) not in seen:  # on one page, so that it still has the inputs of the run before
                yield from _looks(pages, name, run, label, thorough, sources.get(label), page)


def _of_several(pages: Pages, name: str, sources: dict[str, Source]) -> Iterator[Seen]:
    """The numbers of each run on a page of several, at each budget."""
    wrong = {"cost_over_time": wrong_in_curves, "pareto_front": wrong_in_fronts}[name]
    page = pages.open(name)
    for value, label in page.options("budget_id") if page.is_drawn and sources else ():
        if label != "Combined":
            page.set("budget_id", value)
            page.set("show_runs", "true")
            for run, told in wrong(page, sources):
                yield Seen(run, page.name, f"numbers, budget_id = {label}", "", told, 0)


def _looks(
    pages: Pages,
    name: str,
    run: Any,
    label: str,
    thorough: bool,
    source: Source | None = None,
    page: Page | None = None,
) -> Iterator[Seen]:
    began = time.monotonic()
    try:
        page = page or pages.open(name)
        if run is not None:
            page.set("run", run)
        for input_name, value in _SHORT.get(name, {}).items() if run is not None else ():
            page.set(input_name, value)
    except PageError as error:
        yield Seen(label, name, "select", "", str(error), time.monotonic() - began)
        return
    yield from _look(page, label, "select", began, source)
    for input_name, value, text in _choices(page) if thorough else ():
        began, before = time.monotonic(), page.value(input_name)
        inputs = f"{input_name} = {text}"
        try:
            page.set(input_name, value)
            yield from _look(page, label, inputs, began, source)
            page.set(input_name, before, chosen=False)
        except PageError as error:
            yield Seen(label, name, inputs, "", str(error), time.monotonic() - began)
    for input_name in page.inputs if thorough and run is not None else ():  # the next run finds the page so
        if input_name != "run" and page.options(input_name) and not isinstance(page.value(input_name), list):
            page.set(input_name, page.options(input_name)[-1][0])


def _choices(page: Page) -> Iterator[tuple[str, Any, str]]:
    """Inputs of a page besides the run, with values that each could be given, and their names."""
    for name in page.inputs:
        offered = _spread(page.options(name)) if name != "run" else []
        if isinstance(page.value(name), list):  # boxes to tick
            yield name, [], "none"
            yield from ((name, [value], text) for value, text in offered)
        else:
            yield from ((name, value, text) for value, text in offered)
        yield from ((name, mark, str(mark)) for mark in _spread(page.marks(name)))
        yield from ((name, number, str(number)) for number in _NUMBERS.get(name, ()))


def _spread(values: list[Any]) -> list[Any]:
    """Some of many, evenly, the first and the last among them."""
    count = min(_CHOICES, len(values))
    return [values[place * (len(values) - 1) // max(1, count - 1)] for place in range(count)]


def _look(page: Page, label: str, inputs: str, began: float, source: Source | None) -> Iterator[Seen]:
    """What the page shows; and a second time if its numbers are not those of the log."""
    fault = ""
    try:
        waits = page.message().startswith(("Press", "Computing")) or not _shows_any(page)
        if page.computes and page.is_drawn and waits:
            page.compute()
    except PageError as error:
        fault = str(error)
    said = page.message() if page.is_drawn else page.words
    if not fault and not said and not _shows_any(page):
        fault = "the page is empty"
    if inputs == "select" and said.startswith("Choose above"):
        fault, said = said, ""
    if "could not be" in said or _RAISED.search(said):
        fault, said = said, ""
    yield Seen(label, page.name, inputs, said, fault, time.monotonic() - began)
    if source and not said and not fault and (wrong := wrong_in(page, source)):
        yield Seen(label, page.name, f"numbers, {inputs}", "", wrong, 0)


def _shows_any(page: Page) -> bool:
    return any(map(_is_something, page.shown().values()))


def _is_something(shown: Any) -> bool:
    return bool(shown.get("data") or shown["layout"].get("annotations")) if _is_figure(shown) else bool(shown)


def _is_figure(shown: Any) -> bool:
    return isinstance(shown, dict) and "data" in shown and "layout" in shown
