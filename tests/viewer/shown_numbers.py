"""What a page shows of a run, held against the run's `trials.parquet`, which is read without encave."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from .pages import Page

_SHOWN = re.compile(r"Trials shown: ([\d,]+) of ([\d,]+)")


@dataclass(frozen=True)
class Source:
    """A converted run."""

    folder: Path

    @property
    def objective(self) -> tuple[str, bool]:
        """Name of the first objective, and whether more is better."""
        first = json.loads((self.folder / "run.json").read_text())["objectives"][0]
        return str(first["name"]), first.get("direction") == "maximize"

    def best(self, budget: float | None) -> float | None:
        """The best value at a budget, None without a success there or where a mean over seeds decides."""
        name, most = self.objective
        rows = pq.read_table(self.folder / "trials.parquet").to_pylist()
        kept = [
            row
            for row in rows
            if row["status"] == "success" and row.get("feasible") is not False and (row["budget"] or 0.0) == budget
        ]
        several = {(row["seed"], row["instance"]) for row in rows}
        if not kept or len(several) > 1:
            return None
        return (max if most else min)(row[f"cost:{name}"] for row in kept)

    def count(self) -> int:
        """All trials of the log."""
        return pq.read_metadata(self.folder / "trials.parquet").num_rows

    def budgets(self) -> list[float]:
        """Budgets at which a trial succeeded."""
        rows = pq.read_table(self.folder / "trials.parquet", columns=["budget", "status"]).to_pylist()
        return sorted({row["budget"] or 0.0 for row in rows if row["status"] == "success"})


def wrong_in_overview(page: Page, source: Source) -> str:
    """What differs in the overview; empty if nothing does."""
    words = page.text()
    shown = _SHOWN.search(words)
    if not shown or int(shown[2].replace(",", "")) != source.count():
        return f"the log has {source.count()} trials, the overview says {shown and shown[0]}"
    name, _ = source.objective
    best = source.best(source.budgets()[-1])
    told = re.search(rf"Best (?:{re.escape(name)}|objective): (\S+)", words)
    if best is None or (told and _is_rounded(float(told[1]), best)):
        return ""
    return f"the best {name} is {best}, the overview says {told and told[0]}"


def wrong_in_curves(page: Page, sources: dict[str, Source]) -> list[tuple[str, str]]:
    """Runs whose curve ends elsewhere than at their best, at the budget that is chosen, and how."""
    label = next((text for value, text in page.options("budget_id") if value == page.value("budget_id")), "")
    ends = {trace["name"]: trace["y"][-1] for trace in page.traces() if trace.get("name") and trace["y"]}
    wrong = []
    for name, source in sources.items():
        budgets = source.budgets()
        budget = budgets[-1] if label.startswith("Highest") and budgets else None
        budget = next((b for b in budgets if str(round(b, 2)) == label), budget)
        best = source.best(budget) if name in ends and budget is not None else None
        if best is not None and ends[name] != best:
            wrong.append((name, f"the best at {budget:g} is {best}, the curve ends at {ends[name]}"))
    return wrong


def _is_rounded(told: float, value: float) -> bool:
    return math.isclose(told, value, rel_tol=1e-2, abs_tol=6e-3)
