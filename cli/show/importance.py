"""What `encave analyze importance` prints: tables for people, and the same numbers as JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.markup import escape
from rich.table import Table

from .analyze import number, percent, print_refused, refused_json
from .common import print_line, print_table

if TYPE_CHECKING:
    from ...analysis.importance.bias import Bias
    from ...analysis.importance.groups import GroupImportance, Refused

SHOWN = 10
"""Joint effects in a table; all of them are in the JSON."""
_WEAK = 0.5  # out-of-bag R² below which a table warns


def print_importance(groups: Sequence[GroupImportance], refused: Sequence[Refused]) -> None:
    """A table for each group: the single effects, then the largest joint ones."""
    for group in groups:
        print_table(_table(group))
        print_line(_account(group))
    print_refused(refused)


def print_over_time(groups: Sequence[GroupImportance], refused: Sequence[Refused]) -> None:
    """A table for each optimizer on each task: the effects, a column for each number of trials."""
    for members in _together(groups).values():
        last = members[-1]
        heads = [*(f"{group.trials:,} trials" for group in members), *(["exact"] if last.exact is not None else [])]
        table = Table("effect", *heads, title=_title(last))
        shown, _ = _order(last)
        for k in shown:
            cells = [_with_spread(last, group.mean[k], group.spread[k]) for group in members]
            exact = [] if last.exact is None else [_value(last, last.exact[k])]
            table.add_row(escape(last.label(k)), *cells, *exact)
        runs = [str(len(group.runs)) for group in members]
        table.add_row("runs", *runs, *([""] if last.exact is not None else []))
        print_table(table)
        print_line(f"{_unit(last)}, mean ± standard deviation over runs; the first trials of each run at its budget")
    print_refused(refused)


def print_bias(found: Sequence[Bias], refused: Sequence[Refused]) -> None:
    """A table for each task: the error against the exact shares by optimizer and number of trials."""
    by_task: defaultdict[tuple[Any, ...], list[Bias]] = defaultdict(list)
    for one in found:
        by_task[one.task, one.objective, one.budget].append(one)
    for members in by_task.values():
        first = members[0]
        heads = ("optimizer", "trials", "runs", "error of singles", "of pairs", "largest bias", "R² out of bag")
        table = Table(*heads, title=escape(f"{first.task}{_at(first.budget)}"))
        for one in members:
            for k in range(len(one.trials)):
                table.add_row(*_bias_cells(one, k), end_section=k == len(one.trials) - 1)
        print_table(table)
        print_line(
            "percentage points of the variance; errors: mean over effects of |estimate - exact|, mean ± standard "
            "deviation over runs; bias: mean over runs of estimate - exact"
        )
    print_refused(refused)


def importance_json(groups: Sequence[GroupImportance], refused: Sequence[Refused]) -> dict[str, Any]:
    """All numbers of `print_importance` and more; null where a number is not defined."""
    return {"groups": [_group(group) for group in groups], "refused": refused_json(refused)}


def bias_json(found: Sequence[Bias], refused: Sequence[Refused]) -> dict[str, Any]:
    """All numbers of `print_bias`, as fractions of the variance, and the bias of every effect."""
    return {"groups": [_bias(one) for one in found], "refused": refused_json(refused)}


_ERRORS = ("trials", "runs", "single_error", "single_spread", "pair_error", "pair_spread", "r2")


def _together(groups: Sequence[GroupImportance]) -> dict[tuple[Any, ...], list[GroupImportance]]:
    alike: defaultdict[tuple[Any, ...], list[GroupImportance]] = defaultdict(list)
    for group in groups:
        alike[group.task, group.optimizer, group.objective, group.budget].append(group)
    return alike


def _order(group: GroupImportance) -> tuple[list[int], list[int]]:
    """Effects to show, the largest first within singles and within joint ones, and the joint ones that are not."""
    subsets = group.estimates[0].subsets
    by_size = sorted(range(len(subsets)), key=lambda k: (len(subsets[k]) > 1, -abs(group.mean[k])))
    singles = sum(len(subset) == 1 for subset in subsets)
    return by_size[: singles + SHOWN], by_size[singles + SHOWN :]


def _table(group: GroupImportance) -> Table:
    paths = group.method.name == "ablation"
    optional = [*(["exact"] if group.exact is not None else []), *(["step"] if paths else [])]
    table = Table("effect", _unit(group), "± runs", "± trees", *optional, title=_title(group))
    shown, hidden = _order(group)
    columns = [group.mean, group.spread, group.tree_spread, *([] if group.exact is None else [group.exact])]
    for k in shown:
        cells = [_value(group, column[k]) for column in columns]
        table.add_row(escape(group.label(k)), *cells, *([_step(group, k)] if paths else []))
    if hidden and group.method.name == "fanova":
        rest = [_value(group, column[hidden].sum()) for column in (columns[0], *columns[3:])]
        table.add_row(f"{len(hidden)} more joint effects", rest[0], "", "", *rest[1:])
    return table


def _step(group: GroupImportance, k: int) -> str:
    """Mean place on the path, and on how many of the paths it is."""
    places = [one.path.index(k) + 1 for one in group.estimates if k in one.path]
    return f"{np.mean(places):.1f} ({len(places)} of {len(group.estimates)})" if places else "–"


def _account(group: GroupImportance) -> str:
    samples = [estimate.sample for estimate in group.estimates]
    used, failed = sum(s.trials for s in samples), sum(s.excluded for s in samples)
    imputed, r2 = sum(s.encoded.imputed for s in samples), float(np.mean([e.r2 for e in group.estimates]))
    parts = [f"{len(samples)} run{'s' if len(samples) > 1 else ''}", f"{used:,} trials", f"R² out of bag {r2:.2f}"]
    parts += [f"{failed:,} failed trials left out"] * (failed > 0)
    parts += [f"{imputed:,} inactive values set to their default"] * (imputed > 0)
    told = ", ".join(parts)
    return told if r2 >= _WEAK else f"{told}: the forest explains little, so do the {_noun(group)}"


def _noun(group: GroupImportance) -> str:
    return "shares" if group.method.shares else "gains"


def _unit(group: GroupImportance) -> str:
    return "share %" if group.method.shares else f"gain in {group.objective}"


def _value(group: GroupImportance, value: float) -> str:
    if group.method.shares:
        return percent(value)
    return "–" if np.isnan(value) else f"{value:.4g}"


def _with_spread(group: GroupImportance, value: float, spread: float) -> str:
    return _value(group, value) + ("" if np.isnan(spread) else f" ± {_value(group, spread)}")


def _title(group: GroupImportance) -> str:
    method = group.method
    how = {"fanova": "fANOVA", "lpi": "local importance", "ablation": "ablation"}.get(method.name)
    name = how or f"Shapley values, {method.game}"
    return escape(f"{name}: {group.optimizer} on {group.task}, {group.objective}{_at(group.budget)}")


def _at(budget: float | None) -> str:
    return "" if budget is None else f", budget {budget:g}"


def _where(group: GroupImportance) -> dict[str, Any]:
    where = {"task": group.task, "optimizer": group.optimizer, "objective": group.objective, "budget": group.budget}
    return where | {"method": group.method.label, "unit": "share" if group.method.shares else group.objective}


def _group(group: GroupImportance) -> dict[str, Any]:
    first = group.estimates[0]
    effects = [
        {
            "hyperparameters": [first.names[axis] for axis in subset],
            "value": number(group.mean[k]),
            "std_over_runs": number(group.spread[k]),
            "std_over_trees": number(group.tree_spread[k]),
            "exact": None if group.exact is None else number(group.exact[k]),
        }
        for k, subset in enumerate(first.subsets)
    ]
    runs = [
        {
            "run": name,
            "trials": estimate.sample.trials,
            "failed": estimate.sample.excluded,
            "configurations": len(estimate.sample.cost),
            "imputed": estimate.sample.encoded.imputed,
            "until": number(estimate.sample.until),
            "r2": number(estimate.r2),
            "values": [number(value) for value in estimate.values],
            "path": [first.names[axis] for axis in estimate.path],
        }
        for name, estimate in zip(group.runs, group.estimates, strict=True)
    ]
    return {**_where(group), "trials": group.trials, "effects": effects, "runs": runs}


def _bias(one: Bias) -> dict[str, Any]:
    effects = [
        {
            "hyperparameters": [one.names[axis] for axis in subset],
            "exact": number(one.exact[j]),
            "bias": [number(value) for value in one.bias[:, j]],
            "std_over_runs": [number(value) for value in one.bias_spread[:, j]],
        }
        for j, subset in enumerate(one.subsets)
    ]
    where = {name: getattr(one, name) for name in ("task", "optimizer", "objective", "budget")}
    return {**where, **{name: [number(v) for v in getattr(one, name)] for name in _ERRORS}, "effects": effects}


def _bias_cells(one: Bias, k: int) -> list[str]:
    worst = int(np.abs(one.bias[k]).argmax())
    errors = [(one.single_error[k], one.single_spread[k]), (one.pair_error[k], one.pair_spread[k])]
    told = [percent(value) + ("" if np.isnan(spread) else f" ± {percent(spread)}") for value, spread in errors]
    largest = f"{100 * one.bias[k, worst]:+.1f} {one.label(worst)}"
    counted = [f"{one.trials[k]:,}", str(one.runs[k])]
    return [escape(text) for text in (one.optimizer, *counted, *told, largest, f"{one.r2[k]:.2f}")]
