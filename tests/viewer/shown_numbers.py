"""What a page shows of a run, held against what `recomputed` makes of the run's `trials.parquet`."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote

from .pages import Page
from .recomputed import Source

_SHOWN = re.compile(r"Trials shown: ([\d,]+) of ([\d,]+)")
_MOST = {"configurations": 1000, "footprint": 600}
"""Configurations that a graph holds at most."""


def wrong_in(page: Page, source: Source) -> str:
    """What differs on the page of a run; empty if nothing does, or if what is chosen there cannot be recomputed."""
    check = _CHECKS.get(page.name)
    return check(page, source) if check else ""


def wrong_in_overview(page: Page, source: Source) -> str:
    """The count of trials, the best of each objective, and the configuration that it names for it."""
    words = page.text()
    shown = _SHOWN.search(words)
    if not shown or int(shown[2].replace(",", "")) != len(source.trials):
        return f"the log has {len(source.trials)} trials, the overview says {shown and shown[0]}"
    budget = source.budgets()[-1]
    for place, (name, _) in enumerate(source.objectives):
        told = re.search(rf"Best (?:{re.escape(name)}|objective): (\S+)", words)
        best = source.best(budget, place)
        if best is not None and told and not _is_rounded(float(told[1]), best):
            return f"the best {name} is {best}, the overview says {told[0]}"
        named, means = _configs_named(page), source.means(budget)
        if best is None or means is None or len(named) <= place:
            continue
        if not _same(means[source.costs[place]].get(source.finished_configs().get(named[place])), best):
            return f"configuration {named[place]} is named for the best {name}, {best}"
    return ""


def _configs_named(page: Page) -> list[int]:
    """Numbers of the configurations to which the links of the overview lead, in the order of the objectives."""
    links = re.findall(r"plugins/configurations/\?inputs=([^\"]+)", json.dumps(page.shown().get("card")))
    return [int(json.loads(unquote(link))["config_id"]["value"]) for link in links]


def _wrong_in_configurations(page: Page, source: Source) -> str:
    number = int(page.value("config_id"))
    known = source.finished_configs()
    if sorted(known.get(mark, -1) for mark in page.marks("config_id")) != sorted(set(known.values())):
        return f"the slider has {len(page.marks('config_id'))} configurations, the log {len(set(known.values()))}"
    shown = page.shown()
    for place, trace in enumerate(shown["performance_graph"]["data"][: len(source.objectives)]):
        for budget, value in zip(trace["x"], trace["y"], strict=True):
            means = source.means(float(budget))
            expected = None if means is None else means[source.costs[place]].get(known[number], math.nan)
            if expected is not None and not _same(value, expected):
                return f"configuration {number} has {expected} at {budget}, the page says {value}"
    told, values = ast.literal_eval(str(shown["config_dict"])), source.values(number)
    for name in told.keys() & values.keys():
        if not _same(told[name], values[name]):
            return f"{name} of configuration {number} is {values[name]!r}, the page says {told[name]!r}"
    lines = len(shown["configspace_graph"]["data"][0]["line"]["color"])
    expected_lines = len(set(known.values()))
    if lines != expected_lines and expected_lines <= _MOST["configurations"]:
        return f"{expected_lines} configurations, the graph has {lines}"
    return ""


def _wrong_in_parallel_coordinates(page: Page, source: Source) -> str:
    budget, objective = _budget(page, source), _objective(page, source)
    if budget is None or objective is None or page.value("show_unsuccessful") == "true":
        return ""
    axes = page.shown()["graph"]["data"][0]["dimensions"]
    merged = source.merged(budget, objective, source.hyperparameters)
    values = axes[-1]["values"]
    if merged is None:
        means = source.means(budget)  # no two configurations can be more than one line
        most = math.inf if means is None else len(means)
        return f"{most} configurations, {len(values)} lines" if len(values) > most else ""
    return _differ("line", values, merged["mean"].tolist())


def _wrong_in_ccube(page: Page, source: Source) -> str:
    budget, objective = _budget(page, source), _objective(page, source)
    names = page.value("hyperparameter_names")
    is_whole = page.value("n_configs") == max(page.marks("n_configs"), default=None)
    if budget is None or objective is None or not names or not is_whole:
        return ""
    merged = source.merged(budget, objective, names)
    trace = page.shown()["graph"]["data"][0]
    points = set(zip(*(trace[axis] for axis in ("x", "y", "z")[: len(names)]), strict=True))
    if len(points) != len(trace["x"]):
        return f"{len(trace['x'])} points, of which {len(points)} differ"
    return "" if merged is None else _differ("point", trace["marker"]["color"], merged["best"].tolist())


def _wrong_in_footprint(page: Page, source: Source) -> str:
    budget = _budget(page, source)
    shown = None if budget is None else source.shown(budget)
    if shown is None:
        return ""
    expected, most = min(len(shown), _MOST["footprint"]), shown["config"].value_counts().max()
    for name, figure in page.shown().items():
        counts = {trace.get("name"): len(trace["x"]) for trace in figure["data"]}
        if counts["Configuration"] != expected:
            return f"{expected} successes at {budget:g}, {name} has {counts['Configuration']}"
        if not 1 <= counts["Incumbent"] <= most:  # a point for each seed of one configuration
            return f"{name} has {counts['Incumbent']} points of the best"
    return ""


def _wrong_in_correlations(page: Page, source: Source) -> str:
    objective = _objective(page, source)
    budgets = {f"{round(budget, 2)}": budget for budget in source.budgets()}
    if objective is None or len(budgets) < len(source.budgets()):
        return ""
    for trace in page.shown()["graph"]["data"]:
        for label, told in zip(map(str, trace["x"]), trace["y"], strict=True):
            first, second = budgets.get(str(trace["name"])), budgets.get(label)
            if first is None or second is None:  # without a success
                continue
            expected = source.correlation(first, second, objective)
            if expected is not None and not _same(told, expected, 0.006):
                return f"budgets {first:g} and {second:g} have the correlation {expected}, the page says {told}"
    return ""


_CHECKS: dict[str, Callable[[Page, Source], str]] = {
    "overview": wrong_in_overview,
    "configurations": _wrong_in_configurations,
    "parallel_coordinates": _wrong_in_parallel_coordinates,
    "ccube": _wrong_in_ccube,
    "footprint": _wrong_in_footprint,
    "budget_correlation": _wrong_in_correlations,
}


def wrong_in_curves(page: Page, sources: dict[str, Source]) -> list[tuple[str, str]]:
    """Runs whose curve differs from the course of their best at the budget that is chosen, and how."""
    curves = {trace["name"]: trace for trace in page.traces() if trace.get("name") and trace["y"]}
    wrong = []
    for name, source in sources.items():
        budget, objective = _budget(page, source), _objective(page, source)
        if name not in curves or budget is None or objective is None:
            continue
        told, best, curve = curves[name], source.best(budget, objective), source.curve(budget, objective)
        if best is not None and told["y"][-1] != best:
            wrong.append((name, f"the best at {budget:g} is {best}, the curve ends at {told['y'][-1]}"))
        elif curve and page.value("xaxis") == "times" and not (_all_same(told["y"], curve[1])):
            wrong.append((name, f"the incumbents at {budget:g} are {curve[1]}, the curve has {told['y']}"))
        elif curve and page.value("xaxis") == "times" and not _all_same(told["x"], curve[0]):
            wrong.append((name, f"the incumbents at {budget:g} ended at {curve[0]}, the curve has {told['x']}"))
    return wrong


def wrong_in_fronts(page: Page, sources: dict[str, Source]) -> list[tuple[str, str]]:
    """Runs whose Pareto front has other points than the log, and how; of two objectives of the log."""
    fronts = {trace["name"]: trace for trace in page.traces() if trace.get("showlegend")}
    wrong = []
    for name, source in sources.items():
        budget = _budget(page, source)
        places = [_objective(page, source, key) for key in ("objective_id_1", "objective_id_2")]
        if name not in fronts or budget is None or None in places:
            continue
        expected = source.front(budget, int(places[0] or 0), int(places[1] or 0))
        told = sorted({(x, y) for x, y in zip(fronts[name]["x"], fronts[name]["y"], strict=True)})
        pairs = zip(told, expected or (), strict=False)
        if expected is not None and (len(told) != len(expected) or not all(_all_same(*pair) for pair in pairs)):
            wrong.append((name, f"the front at {budget:g} is {expected}, the page has {told}"))
    return wrong


def _budget(page: Page, source: Source) -> float | None:
    """The budget that is chosen, if it is one of the run's; None for the combined one, or where two look alike."""
    chosen = str(page.value("budget_id"))
    label = next((text for value, text in page.options("budget_id") if str(value) == chosen), "")
    budgets = source.budgets()
    if label.startswith("Highest"):
        highest = max(source.trials["budget"])
        return highest if highest in budgets else None
    alike = [budget for budget in budgets if label in (str(round(budget, 2)), str(budget))]
    return alike[0] if len(alike) == 1 else None


def _objective(page: Page, source: Source, key: str = "objective_id") -> int | None:
    """Place of the objective that is chosen; None for DeepCAVE's `Time` and columns that are reported besides."""
    place = int(page.value(key) or 0)
    return place if place < len(source.objectives) else None


def _differ(kind: str, told: Sequence[float], expected: Sequence[float]) -> str:
    if len(told) != len(expected):
        return f"{len(expected)} {kind}s in the log, {len(told)} on the page"
    pairs = zip(sorted(told), sorted(expected), strict=True)
    apart = next(((one, other) for one, other in pairs if not _same(one, other)), None)
    return f"a {kind} has the value {apart[0]}, in the log {apart[1]}" if apart else ""


def _all_same(told: Sequence[Any], expected: Sequence[Any]) -> bool:
    return len(told) == len(expected) and all(map(_same, told, expected))


def _same(told: Any, expected: Any, apart: float = 1e-8) -> bool:
    """Whether two values are equal but for DeepCAVE's ten digits; what is missing is NaN.

    Choices of several types are JSON in the log.
    """
    if isinstance(told, str) or isinstance(expected, str):
        return str(expected) in (str(told), json.dumps(told))
    told, expected = (math.nan if value is None else float(value) for value in (told, expected))
    return (math.isnan(told) and math.isnan(expected)) or math.isclose(told, expected, rel_tol=1e-9, abs_tol=apart)


def _is_rounded(told: float, value: float) -> bool:
    return math.isclose(told, value, rel_tol=1e-2, abs_tol=6e-3)
