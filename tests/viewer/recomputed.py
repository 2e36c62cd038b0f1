"""What a run's pages must show, computed from its `trials.parquet` with pandas, without encave and DeepCAVE."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

_UNFINISHED = ("running", "not-evaluated")


@dataclass(frozen=True)
class Source:
    """A converted run."""

    folder: Path

    @cached_property
    def objectives(self) -> list[tuple[str, bool]]:
        """Name of each objective, and whether more is better."""
        told = json.loads((self.folder / "run.json").read_text())["objectives"]
        return [(str(one["name"]), one.get("direction") == "maximize") for one in told]

    @cached_property
    def trials(self) -> pd.DataFrame:
        """All trials of the log; a missing budget is 0, and `config` is equal for configurations of equal values."""
        table = pd.read_parquet(self.folder / "trials.parquet")
        values = table[[name for name in table if name.startswith("config:")]].astype(str)
        config = values.groupby(list(values)).ngroup() if len(values.columns) else table["config_id"]
        return table.assign(budget=table["budget"].astype(float).fillna(0.0), config=config)

    @cached_property
    def costs(self) -> list[str]:
        """Columns of the objectives."""
        return [f"cost:{name}" for name, _ in self.objectives]

    @property
    def hyperparameters(self) -> list[str]:
        """Names of the hyperparameters."""
        return [name.removeprefix("config:") for name in self.trials if name.startswith("config:")]

    @cached_property
    def succeeded(self) -> pd.DataFrame:
        """Trials that succeeded with finite results."""
        table = self.trials
        is_good = table["status"].astype(str) == "success"
        if "feasible" in table:
            is_good &= ~table["feasible"].eq(False)
        return table[is_good & np.isfinite(table[self.costs].astype(float)).all(axis=1)]

    @property
    def one_seed(self) -> bool:
        """Whether all trials have the same seed and instance."""
        return len(self.trials[["seed", "instance"]].drop_duplicates()) <= 1

    def budgets(self) -> list[float]:
        """Budgets at which a trial succeeded, ascending."""
        return sorted(self.succeeded["budget"].unique().tolist())

    def finished_configs(self) -> dict[int, int]:
        """Configurations of which a trial ended: number → which of the different ones it is."""
        ended = self.trials[~self.trials["status"].astype(str).isin(_UNFINISHED)]
        return dict(zip(ended["config_id"].tolist(), ended["config"].tolist(), strict=True))

    def shown(self, budget: float) -> pd.DataFrame | None:
        """The successes at a budget, one of each configuration, seed and instance: the best of those that repeat it.

        None where several objectives leave open which one is the best.
        """
        table = self.succeeded[self.succeeded["budget"] == budget]
        key = ["config", "seed", "instance"]
        if not table.duplicated(key).any():
            return table
        if len(self.objectives) > 1:
            return None
        ordered = table.sort_values(self.costs[0], ascending=not self.objectives[0][1], kind="stable")
        return ordered.drop_duplicates(key).sort_index()

    def means(self, budget: float) -> pd.DataFrame | None:
        """Mean results of each configuration at a budget over its seeds and instances, indexed by `config`."""
        table = self.shown(budget)
        return None if table is None else table.groupby("config")[self.costs].mean()

    def best(self, budget: float | None, objective: int = 0) -> float | None:
        """The best value at a budget, None without a success there or where a mean over seeds decides."""
        table = None if budget is None else self.shown(budget)
        if table is None or table.empty or not self.one_seed:
            return None
        known = table[self.costs[objective]]
        return float(known.max() if self.objectives[objective][1] else known.min())

    def merged(self, budget: float, objective: int, names: list[str]) -> pd.DataFrame | None:
        """Mean and best result of the configurations that are equal in some hyperparameters, in columns of that name.

        None where one of them has no value, for which a default may stand.
        """
        table, columns = self.shown(budget), [f"config:{name}" for name in names]
        if table is None or not columns or not set(columns) <= set(table) or table[columns].isna().any(axis=None):
            return None
        groups = table.groupby(columns, observed=True)[self.costs[objective]]
        single = table.groupby([*columns, "config"], observed=True)[self.costs[objective]].mean()
        single = single.groupby(columns, observed=True)
        best = single.max() if self.objectives[objective][1] else single.min()
        return pd.DataFrame({"mean": groups.mean(), "best": best})

    def front(self, budget: float, first: int, second: int) -> list[tuple[float, float]] | None:
        """Points of the Pareto front of the configurations' means; None if it cannot be told."""
        means = self.means(budget)
        if means is None:
            return None
        columns = [self.costs[first], self.costs[second]]
        points = np.unique(means[columns].to_numpy(), axis=0)
        signed = points * [-1 if self.objectives[place][1] else 1 for place in (first, second)]
        beaten = [((signed <= point).all(axis=1) & (signed < point).any(axis=1)).any() for point in signed]
        return [(float(x), float(y)) for (x, y), is_beaten in zip(points, beaten, strict=True) if not is_beaten]

    def correlation(self, first: float, second: float, objective: int) -> float | None:
        """Spearman's rank correlation of two budgets over the configurations that both have; None if it cannot be told.

        NaN where it is not defined: fewer than two configurations, or equal results.
        """
        one, other = self.means(first), self.means(second)
        if one is None or other is None:
            return None
        both = one[[self.costs[objective]]].join(other[self.costs[objective]].rename("other"), how="inner")
        ranks = both.rank()
        if len(both) < 2 or (ranks.nunique() < 2).any():
            return math.nan
        return float(np.corrcoef(ranks.to_numpy().T)[0, 1])

    def curve(self, budget: float, objective: int) -> tuple[list[float], list[float]] | None:
        """Ends and results of the incumbents; None where a mean over seeds decides, or no end is known."""
        table = self.shown(budget)
        if table is None or not self.one_seed or table["end"].isna().any():
            return None
        ordered = table.sort_values("end", kind="stable")
        values = ordered[self.costs[objective]] * (-1 if self.objectives[objective][1] else 1)
        is_better = values < values.cummin().shift(fill_value=math.inf)
        kept = ordered[is_better]
        return kept["end"].tolist(), kept[self.costs[objective]].tolist()

    def values(self, config_id: int) -> dict[str, Any]:
        """Known values of a configuration."""
        rows = self.trials[self.trials["config_id"] == config_id]
        found = {name.removeprefix("config:"): rows.iloc[0][name] for name in rows if name.startswith("config:")}
        return {name: value for name, value in found.items() if value is not None and value == value}
