"""Every number of a report, computed again from the native logs of its study; nothing of encave's analysis is used.

    python tests/analysis/report/native_study.py STUDY REPORT

Logs are read by the few lines below, numbers come from pandas, scipy and loops. It holds for studies of `encave run`
with a budget in simulated seconds, one worker, one objective, the mean of training seeds as reward, random search and
a control among the optimizers, and starts of their own. What is not computed here: the importances (see
`test_golden_study.py`), the planes of the footprints, the noise of training seeds, the expected curve of random search
(see `test_random_reference.py`).
"""

from __future__ import annotations

import json
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import comb
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

CLOSE = {"rel": 1e-9, "abs": 1e-9}
LABELS = {"re": "RE", "random": "Random", "dehb": "DEHB", "smac": "SMAC", "smac-mf": "SMAC-MF", "tpe": "TPE"}
SHARES = (0.1, 0.25, 0.5)


@dataclass
class Log:
    """One run, as its log tells it."""

    optimizer: str
    task: str
    seed: int
    limit: float
    optimum: float
    trials: pd.DataFrame
    """Successful trials by their end: `config`, `budget`, `cost`, `end`, `valid`, `test`."""
    initial: list[bool]
    """Whether each proposal that the log has, the one that was open at the end too, is from the initial design; empty
    where it does not tell."""
    named: list[tuple[float, tuple[str, ...]]]
    """The incumbents that the log itself names: when, and which configuration; empty where it names none."""
    known: dict[str, pd.DataFrame] = field(default_factory=dict)
    """Its incumbents on each axis that was asked for."""

    def steps(self, axis: str = "time") -> pd.DataFrame:
        """The incumbents: `position`, `regret`, `test`, `config`, `budget`."""
        if axis not in self.known:
            self.known[axis] = self._steps(axis)
        return self.known[axis]

    def _steps(self, axis: str) -> pd.DataFrame:
        best, kept = (np.inf, np.inf), []
        for number, trial in enumerate(self.trials.itertuples()):
            if (-trial.budget, trial.cost) < best:
                best = (-trial.budget, trial.cost)
                kept.append(number)
        found = self.trials.iloc[kept]
        return pd.DataFrame(
            {
                "position": self.positions(axis)[kept],
                "regret": np.maximum(found["valid"].to_numpy() - self.optimum, 0.0),
                "test": found["test"].to_numpy(),
                "config": found["config"].to_numpy(),
                "budget": found["budget"].to_numpy(),
            }
        )

    def positions(self, axis: str) -> np.ndarray:
        if axis == "time":
            return self.trials["end"].to_numpy()
        return (
            np.arange(1.0, len(self.trials) + 1) if axis == "evaluations" else self.trials["budget"].cumsum().to_numpy()
        )

    def end(self, axis: str) -> float:
        return self.limit if axis == "time" else float(self.positions(axis)[-1])

    def at(self, position: float, measure: str = "regret", axis: str = "time") -> float:
        """What is reported at a moment; infinite before the first incumbent."""
        steps = self.steps(axis)
        before = int((steps["position"].to_numpy() <= position).sum())
        return float(steps[measure].to_numpy()[before - 1]) if before else np.inf


def read_log(folder: Path) -> Log:
    told = json.loads((folder / "encave.json").read_text())
    choices = {one["name"]: list(one["choices"]) for one in told["space"]["hyperparameters"]}
    rows = list(_rows(folder, choices))
    trials = pd.DataFrame(rows, columns=["config", "budget", "cost", "end", "valid", "test"])
    trials["budget"] = trials["budget"].astype(float).fillna(float(told["benchmark"]["schedule"]))
    assert len(trials) == told["trials"]
    assert trials.groupby(["config", "budget"])["cost"].nunique().max() == 1  # nothing is to be averaged
    limit = told["limit"]["simulated_seconds"]
    assert trials["end"].is_monotonic_increasing and trials["end"].max() <= limit
    optimum = told["benchmark"]["optimum"]["valid_error_200"]
    label = LABELS[folder.parent.parent.name]
    own = list(_initial(folder)), list(_named(folder, choices))
    return Log(label, told["task"], told["seed"], limit, optimum, trials, *own)


def _rows(folder: Path, choices: dict[str, list[str]]) -> Iterator[tuple]:
    def config(named: dict[str, str]) -> tuple[str, ...]:
        return tuple(named[name] for name in choices)

    for path in folder.glob("trials.jsonl"):
        for line in map(json.loads, path.read_text().splitlines()):
            info = line["info"]
            cost = line["cost"]["valid_error"]
            yield (
                config(line["config"]),
                line["budget"],
                cost,
                line["end"],
                info["valid_error_200"],
                info["test_error_200"],
            )
    for path in folder.glob("history.parquet.gzip"):
        for row in pd.read_parquet(path).to_dict("records"):
            info = row["info"]
            # the last border that is not above it, as DEHB itself says it: 0.6 is below the fourth, 0.6000000000000001
            places = [int((np.arange(0, 1, 1 / 5) <= value).sum()) - 1 for value in row["config"]]
            vector = {name: own[place] for (name, own), place in zip(choices.items(), places, strict=True)}
            yield (
                config(vector),
                row["fidelity"],
                row["fitness"],
                info["end"],
                info["valid_error_200"],
                info["test_error_200"],
            )
    for path in folder.glob("smac/*/runhistory.json"):
        told = json.loads(path.read_text())
        for row in told["data"]:
            if row["status"] == 1:
                info = row["additional_info"]
                named = told["configs"][str(row["config_id"])]
                yield (
                    config(named),
                    row["budget"],
                    row["cost"],
                    row["endtime"],
                    info["valid_error_200"],
                    info["test_error_200"],
                )
    for path in folder.glob("optuna_journal.log"):
        for line in map(json.loads, path.read_text().splitlines()):
            if line["op_code"] == 4:
                user = line["user_attrs"]
                spaces = {n: json.loads(d)["attributes"]["choices"] for n, d in line["distributions"].items()}
                named = {name: spaces[name][int(value)] for name, value in line["params"].items()}
                yield (
                    config(named),
                    user["budget"],
                    line["value"],
                    user["end"],
                    user["valid_error_200"],
                    user["test_error_200"],
                )


def _initial(folder: Path) -> Iterator[bool]:
    for path in folder.glob("trials.jsonl"):
        yield from (json.loads(line)["info"]["origin"] == "initial" for line in path.read_text().splitlines())
    for path in folder.glob("optuna_journal.log"):
        told = [one for one in map(json.loads, path.read_text().splitlines()) if one["op_code"] == 4]
        yield from (one["user_attrs"]["origin"] == "initial" for one in told)
    for path in folder.glob("smac/*/runhistory.json"):
        told = json.loads(path.read_text())
        yield from (told["config_origins"][str(row["config_id"])].startswith("Initial Design") for row in told["data"])


def _named(folder: Path, choices: dict[str, list[str]]) -> Iterator[tuple[float, tuple[str, ...]]]:
    """SMAC's trajectory."""
    for path in folder.glob("smac/*/intensifier.json"):
        configs = json.loads((path.parent / "runhistory.json").read_text())["configs"]
        for step in json.loads(path.read_text())["trajectory"]:
            (number,) = step["config_ids"]
            yield step["walltime"], tuple(configs[str(number)][name] for name in choices)


class Study:
    """The logs of a study, and the tables of its report."""

    def __init__(self, study: Path, report: Path, control: str = "RE") -> None:
        folders = sorted(path.parent for path in study.glob("*/*/seed-*/encave.json"))
        self.folder, self.control = report, control
        told = pd.read_parquet(report / "data" / "runs.parquet")
        names = {f"seed-{seed}" for seed in told["seed"]}
        self.logs = [read_log(folder) for folder in folders if folder.name in names]
        assert len(self.logs) == len(told[told["measure"] == "validation regret"])

    @property
    def tasks(self) -> list[str]:
        return sorted({one.task for one in self.logs})

    @property
    def optimizers(self) -> list[str]:
        return sorted({one.optimizer for one in self.logs})

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "data" / f"{name}.parquet")

    def runs(self, task: str, optimizer: str) -> list[Log]:
        found = [one for one in self.logs if (one.task, one.optimizer) == (task, optimizer)]
        return sorted(found, key=lambda one: one.seed)

    def finals(self, task: str, optimizer: str, measure: str = "regret") -> np.ndarray:
        return np.array([one.steps()[measure].iloc[-1] for one in self.runs(task, optimizer)])

    def all(self, task: str) -> list[Log]:
        return [one for one in self.logs if one.task == task]

    def stop(self, task: str, axis: str = "time") -> float:
        return min(one.end(axis) for one in self.all(task))


# ---- statistics by other means


def student(values: np.ndarray) -> tuple[float, float]:
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean() - half, values.mean() + half


def of_independent_means(samples: Sequence[np.ndarray], level: float = 0.95) -> tuple[float, float]:
    """Welch and Satterthwaite of the sum of means."""
    parts = [one.var(ddof=1) / len(one) for one in samples]
    total, spread = sum(parts), sum(part**2 / (len(one) - 1) for part, one in zip(parts, samples, strict=True))
    centre = sum(one.mean() for one in samples)
    half = stats.t.ppf((1 + level) / 2, total**2 / spread) * np.sqrt(total) if spread > 0 else 0.0
    return centre - half, centre + half


def improvement(a: np.ndarray, b: np.ndarray) -> float:
    gaps = np.subtract.outer(a, b)
    return float((gaps < -1e-12).mean() + (np.abs(gaps) <= 1e-12).mean() / 2)


def newcombe(theta: float, n: int, m: int) -> tuple[float, float]:
    """Roots of |t - theta| = z sqrt(V(t)), Newcombe 2006, method 5."""
    more = (n + m) / 2 - 1

    def outside(t: float) -> float:
        variance = t * (1 - t) * (1 + more * ((1 - t) / (2 - t) + t / (1 + t))) / (n * m)
        return abs(t - theta) - stats.norm.ppf(0.975) * np.sqrt(variance)

    inside = min(max(theta, 1e-9), 1 - 1e-9)  # at 0 and at 1 itself both sides are zero
    low = 0.0 if theta == 0 else optimize.brentq(outside, 1e-13, inside, xtol=1e-14)
    high = 1.0 if theta == 1 else optimize.brentq(outside, inside, 1 - 1e-13, xtol=1e-14)
    return (min(low, 0.5), max(high, 0.5)) if 2 / comb(n + m, n) > 0.05 else (low, high)


def rank_sums(ranks: np.ndarray, n: int) -> dict[int, float]:
    """Twice the sum of n of the ranks → its probability, over all choices, by counting."""
    counts: list[dict[int, int]] = [{0: 1}, *({} for _ in range(n))]
    for rank in (2 * ranks).round().astype(int).tolist():
        for size in range(n, 0, -1):
            for total, ways in counts[size - 1].items():
                counts[size][total + rank] = counts[size].get(total + rank, 0) + ways
    return {total: ways / comb(len(ranks), n) for total, ways in counts[n].items()}


def two_sided(chances: dict[int, float], seen: int) -> float:
    below = sum(chance for total, chance in chances.items() if total <= seen)
    above = sum(chance for total, chance in chances.items() if total >= seen)
    return min(1.0, 2 * min(below, above))


def mann_whitney(a: np.ndarray, b: np.ndarray) -> float:
    pooled = np.concatenate([a, b]).round(12)
    if len(pooled) > 40:
        return float(stats.mannwhitneyu(a.round(12), b.round(12), method="asymptotic").pvalue)
    ranks = stats.rankdata(pooled)
    return two_sided(rank_sums(ranks, len(a)), round(2 * ranks[: len(a)].sum()))


def holm(p: Sequence[float]) -> np.ndarray:
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(np.array(p)[order] * np.arange(len(p), 0, -1))
    return np.minimum(steps, 1)[np.argsort(order, kind="stable")]


def weights(n: int) -> np.ndarray:
    """The bootstrap's draws, as docs/analysis.md has them: 1,000 multinomial ones with a fixed seed."""
    return np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=1000)


def near(told: object, known: object, **tolerance: float) -> None:
    assert told == pytest.approx(known, **(tolerance or CLOSE), nan_ok=True)


# ---- tables of the report


def check_csv(study: Study) -> None:
    """CSV and Parquet hold the same."""
    names = sorted(path.stem for path in (study.folder / "data").glob("*.parquet"))
    assert names == sorted(path.stem for path in (study.folder / "data").glob("*.csv"))
    for name in names:
        told = pd.read_csv(study.folder / "data" / f"{name}.csv", keep_default_na=False, na_values=[""])
        known = study.table(name)
        assert list(told) == list(known) and len(told) == len(known)
        for column in known:
            mine, theirs = told[column], known[column]
            if pd.api.types.is_numeric_dtype(theirs) and not pd.api.types.is_bool_dtype(theirs):
                np.testing.assert_allclose(pd.to_numeric(mine), theirs, rtol=1e-12, atol=1e-12)
            else:
                assert mine.fillna("").astype(str).str.lower().tolist() == (
                    theirs.astype(object).where(theirs.notna(), "").astype(str).str.lower().tolist()
                )


def check_final(study: Study) -> None:
    told = study.table("final").set_index(["task", "optimizer", "measure"])
    assert len(told) == 2 * len(study.tasks) * len(study.optimizers)
    for (task, optimizer, measure), row in told.iterrows():
        own = study.finals(task, optimizer, "regret" if measure == "validation regret" else "test")
        assert (row["runs"], row["failed_runs"]) == (len(own), 0)
        lengths = [max(len(one.initial), len(one.trials)) for one in study.runs(task, optimizer)]
        near(row["mean_trials"], np.mean(lengths))
        near(row["mean"], own.mean())
        near(row["std"], own.std(ddof=1))
        near(
            [row["median"], row["lower_quartile"], row["upper_quartile"]], np.quantile(own, [0.5, 0.25, 0.75]).tolist()
        )
        low, high = student(own)
        near([row["lower_95"], row["upper_95"]], [max(low, 0.0), min(high, 100.0)])
        rank = 1 + sum(
            1 - improvement(study.finals(task, optimizer), study.finals(task, other))
            for other in study.optimizers
            if other != optimizer
        )
        near(row["average_rank"], rank)


def check_curves(study: Study) -> None:
    for name, axes in (("curves", ("time",)), ("curves_on_other_axes", ("evaluations", "epochs"))):
        table = study.table(name)
        known = {"simulated time [s]": "time", "evaluations": "evaluations", "epochs": "epochs"}
        assert {known[axis] for axis in set(table["axis"])} == set(axes)
        for (task, optimizer, axis, measure), told in table.groupby(["task", "optimizer", "axis", "measure"]):
            kind, column = known[axis], "regret" if measure == "validation regret" else "test"
            runs = study.runs(task, optimizer)
            start = max(one.steps(kind)["position"].iloc[0] for one in runs)
            stop = min(one.end(kind) for one in runs)
            assert told["position"].min() == start and told["position"].max() <= stop
            events = {p for one in runs for p in one.steps(kind)["position"] if start <= p <= stop}
            assert events <= set(told["position"])
            for row in told.iloc[:: max(1, len(told) // 25)].itertuples():
                values = np.array([one.at(row.position, column, kind) for one in runs])
                near(row.value, values.mean())
                if not np.isnan(row.lower_95):
                    low, high = student(values)
                    near([row.lower_95, row.upper_95], [max(low, 0.0), min(high, 100.0)])
            assert told["lower_95"].notna().any()


def check_tests(study: Study) -> None:
    """Pairs of final values: p, correction, probability of improvement with its interval."""
    table = study.table("tests")
    for task in study.tasks:
        for measure, column in (("validation regret", "regret"), ("test error", "test")):
            told = table[(table["task"] == task) & (table["measure"] == measure)]
            assert len(told) == comb(len(study.optimizers), 2) and set(told["test"]) == {"mann-whitney"}
            p = []
            for row in told.itertuples():
                a, b = study.finals(task, row.first, column), study.finals(task, row.second, column)
                p.append(mann_whitney(a, b))
                near(row.p, p[-1])
                chance = improvement(a, b)
                near([row.probability_of_improvement, row.cliffs_delta], [chance, 2 * chance - 1])
                near([row.lower_95, row.upper_95], list(newcombe(chance, len(a), len(b))), rel=1e-7, abs=1e-7)
                assert row.favours == np.sign(round(chance - 0.5, 12))
            near(told["adjusted_p"].tolist(), holm(p).tolist())
            assert told["different"].tolist() == (holm(p) < 0.05).tolist()


def check_omnibus(study: Study) -> None:
    told = study.table("omnibus")
    for row in told[told["task"].isin(study.tasks)].itertuples():
        column = "regret" if row.measure == "validation regret" else "test"
        samples = [study.finals(row.task, name, column).round(12) for name in study.optimizers]
        found = stats.kruskal(*samples)
        near(row.statistic, found.statistic)
        if row.how == "approximate":
            near(row.p, found.pvalue)
            continue
        rng, pooled = np.random.default_rng(1), np.concatenate(samples)
        ranks, ends = stats.rankdata(pooled), np.cumsum([len(one) for one in samples])[:-1]
        drawn = [
            sum(part.sum() ** 2 / len(part) for part in np.split(rng.permutation(ranks), ends)) for _ in range(4000)
        ]
        seen = sum(part.sum() ** 2 / len(part) for part in np.split(ranks, ends))
        p = (np.array(drawn) >= seen - 1e-9).mean()
        near(row.p, p, abs=4 * np.sqrt(p * (1 - p) / 2500) + 5e-4)
    over = told[~told["task"].isin(study.tasks) & (told["test"] == "Friedman")]
    for row in over.itertuples():
        near(row.statistic, stats.friedmanchisquare(*medians(study).T).statistic)


def check_control(study: Study) -> None:
    told = study.table("control")
    for task in study.tasks:
        mine = told[(told["task"] == task) & (told["measure"] == "validation regret")]
        assert set(mine["optimizer"]) == {*study.optimizers} - {study.control}
        p = [mann_whitney(study.finals(task, name), study.finals(task, study.control)) for name in mine["optimizer"]]
        near(mine["p"].tolist(), p)
        near(mine["adjusted_p"].tolist(), holm(p).tolist())
        for row in mine.itertuples():
            ahead = improvement(study.finals(task, row.optimizer), study.finals(task, study.control)) - 0.5
            verdict = "not different" if row.adjusted_p >= 0.05 else "better" if ahead > 0 else "worse"
            assert row.verdict == verdict


def medians(study: Study) -> np.ndarray:
    """Shape (tasks, optimizers)."""
    return np.array([[np.median(study.finals(task, name)) for name in study.optimizers] for task in study.tasks])


def check_ranks_over_tasks(study: Study) -> None:
    """Ranks of medians, and how they depend on the tasks."""
    ranks = stats.rankdata(medians(study).round(12), axis=1)
    told = study.table("rank_robustness").set_index("optimizer")
    drawn = weights(len(study.tasks)) / len(study.tasks) @ ranks
    best = drawn <= drawn.min(axis=1, keepdims=True) + 1e-9
    first = (best / best.sum(axis=1, keepdims=True)).mean(axis=0)
    without = [np.delete(ranks, place, axis=0).mean(axis=0) for place in range(len(ranks))]
    for place, name in enumerate(study.optimizers):
        row = told.loc[name]
        near(row["average_rank"], ranks[:, place].mean())
        near([row["lower_95"], row["upper_95"]], np.quantile(drawn[:, place], [0.025, 0.975]).tolist())
        near(row["share_first"], first[place])
        assert row["first_without_one"] == sum(own[place] <= own.min() + 1e-9 for own in without)


def check_stratified(study: Study) -> None:
    """Van Elteren's: the rank sums of all tasks over all assignments within them."""
    told = study.table("stratified_tests")
    assert set(told["blocks"]) == {"runs"} and set(told["tasks"]) == {len(study.tasks)}
    for compared, mine in told.groupby("compared"):
        if compared not in ("pair", "control"):
            continue
        p = []
        for row in mine.itertuples():
            ranked = []
            for task in study.tasks:
                a, b = study.finals(task, row.first), study.finals(task, row.second)
                ranked.append((stats.rankdata(np.concatenate([a, b]).round(12)), len(a)))
            p.append(_van_elteren(ranked))
        near(mine["p"].tolist(), p, rel=1e-6, abs=1e-9)
        near(mine["adjusted_p"].tolist(), holm(p).tolist(), rel=1e-6, abs=1e-9)


def _van_elteren(ranked: Sequence[tuple[np.ndarray, int]]) -> float:
    """All tasks have as many runs, so that their weights are equal."""
    assert len({(len(ranks), n) for ranks, n in ranked}) == 1
    if len(ranked[0][0]) > 40:
        seen = sum(ranks[:n].sum() for ranks, n in ranked)
        mean = sum(n * ranks.mean() for ranks, n in ranked)
        variance = sum(n * (len(r) - n) / len(r) * r.var(ddof=1) for r, n in ranked)
        return float(2 * stats.norm.sf(abs(seen - mean) / np.sqrt(variance)))
    chances: dict[int, float] = {0: 1.0}
    for ranks, n in ranked:
        own, both = rank_sums(ranks, n), {}
        for total, chance in chances.items():
            for more, other in own.items():
                both[total + more] = both.get(total + more, 0.0) + chance * other
        chances = both
    return two_sided(chances, round(sum(2 * ranks[:n].sum() for ranks, n in ranked)))


def check_ranks_over_time(study: Study) -> None:
    told = study.table("ranks")
    for (task, optimizer), mine in told.groupby(["task", "optimizer"]):
        for row in mine.iloc[:: max(1, len(mine) // 8)].itertuples():
            each = []
            for own in [task] if task in study.tasks else study.tasks:
                moment = row.position if task in study.tasks else row.position * study.stop(own)
                values = {n: np.array([one.at(moment) for one in study.runs(own, n)]) for n in study.optimizers}
                each.append(1 + sum(_beaten(values[n], values[optimizer]) for n in study.optimizers if n != optimizer))
            near(row.average_rank, np.mean(each), rel=1e-9, abs=1e-6)
            assert row.lower_95 <= row.average_rank <= row.upper_95


def _beaten(other: np.ndarray, own: np.ndarray) -> float:
    return float((other[:, None] < own).mean() + (other[:, None] == own).mean() / 2)


def check_budgets(study: Study) -> None:
    told = study.table("budget_values")
    assert set(told["share"]) == {*SHARES, 1.0}
    for row in told.itertuples():
        stop = study.stop(row.task)
        near(row.position, row.share * stop)
        own = np.array([one.at(row.position) for one in study.runs(row.task, row.optimizer)])
        own = own[np.isfinite(own)]
        assert row.runs == len(own)
        near([row.mean, row.std], [own.mean(), own.std(ddof=1)])
        low, high = student(own)
        near([row.lower_95, row.upper_95], [max(low, 0.0), min(high, 100.0)])


def targets(study: Study, task: str) -> np.ndarray:
    each = [one.steps()["regret"].to_numpy() for one in study.all(task)]
    easy = max(own[0] for own in each)
    held = np.concatenate([[own[k:].max() for k in range(len(own))] for own in each])
    hard = held[held > 0].min()
    spaced = 10 ** np.linspace(np.log10(easy), np.log10(hard), 51)
    spaced[[0, -1]] = easy, hard
    return np.append(spaced, 0.0) if held.min() == 0 else spaced


def hit(one: Log, target: float) -> float:
    steps = one.steps()
    regret = steps["regret"].to_numpy()
    lasting = [position for k, position in enumerate(steps["position"]) if regret[k:].max() <= target + 1e-9]
    return lasting[0] if lasting else np.inf


def check_running_times(study: Study) -> None:
    told = study.table("runtimes")
    for task in study.tasks:
        wanted = targets(study, task)
        for name in study.optimizers:
            mine = told[(told["task"] == task) & (told["optimizer"] == name)]
            near(mine["target"].tolist(), wanted.tolist())
            runs = study.runs(task, name)
            drawn = weights(len(runs))
            for row in mine.itertuples():
                times = np.array([hit(one, row.target) for one in runs])
                done = np.isfinite(times)
                cost = np.where(done, times, [one.limit for one in runs])
                assert row.hits == done.sum()
                near(row.expected_running_time, cost.sum() / done.sum() if done.any() else np.inf)
                with np.errstate(divide="ignore"):
                    ratios = np.sort((drawn @ cost) / (drawn @ done))
                for side, share in ((row.lower_95, 0.025), (row.upper_95, 0.975)):
                    place = share * 999
                    low, high = ratios[int(place)], ratios[int(np.ceil(place))]
                    near(side, low if low == high else low + (place - int(place)) * (high - low))


def check_ecdf(study: Study) -> None:
    told = study.table("ecdf")
    for task in study.tasks:
        wanted = study.table("runtimes").query("task == @task")
        for name in study.optimizers:
            mine = told[(told["task"] == task) & (told["optimizer"] == name)]
            goals = wanted[wanted["optimizer"] == name]["target"]
            times = np.array([[hit(one, goal) for goal in goals] for one in study.runs(task, name)])
            assert mine["position"].tolist() == sorted({t for t in times.ravel() if t < np.inf})
            for row in mine.itertuples():
                near(row.share, (times <= row.position).mean())
                if not np.isnan(row.lower_95):
                    low, high = student((times <= row.position).mean(axis=1))
                    near([row.lower_95, row.upper_95], [max(low, 0.0), min(high, 1.0)])


def areas(study: Study, task: str, name: str) -> np.ndarray:
    stop, goals = study.stop(task), targets(study, task)
    low, high = np.log10(goals[goals > 0].min()), np.log10(goals.max())
    found = []
    for one in study.runs(task, name):
        steps = one.steps()
        steps = steps[steps["position"] < stop]
        lasted = np.diff(np.append(steps["position"], stop))
        below = high - np.clip(np.log10(np.maximum(steps["regret"], 1e-300)), low, high)
        found.append(float((lasted * below).sum() / (high - low) / stop))
    return np.array(found)


def check_areas(study: Study) -> None:
    for row in study.table("areas").itertuples():
        own = areas(study, row.task, row.optimizer)
        near(row.area, own.mean())
        low, high = student(own)
        near([row.lower_95, row.upper_95], [max(low, 0.0), min(high, 1.0)])


def check_anytime_tests(study: Study) -> None:
    told = study.table("anytime_tests")
    for task in study.tasks:
        mine = told[told["task"] == task]
        assert len(mine) == (len(study.optimizers) - 1) * (1 + len(SHARES)) and set(mine["test"]) == {"mann-whitney"}
        p = []
        for row in mine.itertuples():
            if row.endpoint == "area":
                a, b = (-areas(study, task, name) for name in (row.first, row.second))
            else:
                moment = row.share * study.stop(task)
                a, b = (np.array([one.at(moment) for one in study.runs(task, n)]) for n in (row.first, row.second))
                near(row.position, moment)
            p.append(mann_whitney(a, b))
            assert row.favours == np.sign(round(improvement(a, b) - 0.5, 12))
        near(mine["p"].tolist(), p)
        near(mine["adjusted_p"].tolist(), holm(p).tolist())


def check_differences(study: Study) -> None:
    """The differences, and that each band is Student's at one level for all points and optimizers of a task."""
    told = study.table("differences")
    for task in study.tasks:
        mine, tails = told[told["task"] == task], []
        assert set(mine["control"]) == {study.control} and set(mine["optimizer"]) == {*study.optimizers} - {
            study.control
        }
        assert mine["position"].min() >= 0.05 * study.stop(task) * (1 - 1e-12)
        for row in mine.iloc[:: max(1, len(mine) // 60)].itertuples():
            a, b = (
                np.array([one.at(row.position) for one in study.runs(task, n)]) for n in (row.optimizer, study.control)
            )
            near(row.difference, a.mean() - b.mean())
            near((row.lower_95 + row.upper_95) / 2, a.mean() - b.mean())
            parts = [own.var(ddof=1) / len(own) for own in (a, b)]
            if sum(parts) > 0:
                freedom = sum(parts) ** 2 / sum(p**2 / (len(o) - 1) for p, o in zip(parts, (a, b), strict=True))
                half = (row.upper_95 - row.lower_95) / 2
                tails.append(stats.t.sf(half / np.sqrt(sum(parts)), freedom))
        near(tails, [tails[0]] * len(tails), rel=1e-6)
        assert 0.025 / len(mine) / 4 < tails[0] < 0.025


def check_normalised(study: Study) -> None:
    told, curves = study.table("normalised").set_index("optimizer"), study.table("profiles")
    scaled = {
        name: [study.finals(task, name) / study.finals(task, "Random").mean() for task in study.tasks]
        for name in study.optimizers
    }
    m = len(study.tasks)
    for name, own in scaled.items():
        near(told.loc[name, "normalised_regret"], np.mean([one.mean() for one in own]))
        low, high = of_independent_means([one / m for one in own])
        near([told.loc[name, "lower_95"], told.loc[name, "upper_95"]], [max(low, 0.0), high])
        mine = curves[curves["optimizer"] == name]
        each = np.concatenate([one for every in scaled.values() for one in every])
        near(mine["normalised_regret"].tolist(), np.linspace(each.min(), each.max(), 101).tolist())
        for row in mine.iloc[1:-1:7].itertuples():
            below = [(one <= row.normalised_regret).astype(float) for one in own]
            near(row.share, np.mean([one.mean() for one in below]))
            low, high = of_independent_means([one / m for one in below])
            near([row.lower_95, row.upper_95], [max(low, 0.0), min(high, 1.0)])


def check_runs(study: Study) -> None:
    told = study.table("runs")
    for row in told.itertuples():
        (one,) = (own for own in study.runs(row.task, row.optimizer) if own.seed == row.seed)
        near(row.final, one.steps()["regret" if row.measure == "validation regret" else "test"].iloc[-1])
        assert row.trials - row.failed_trials == len(one.trials)
        near(row.initial_share, np.mean(one.initial) if one.initial else np.nan)


def check_incumbents(study: Study) -> None:
    """Where a log names incumbents, they are those of the full budget that are reported, at the same moments."""
    named = [one for one in study.logs if one.named]
    assert {one.optimizer for one in named} == {one for one in study.optimizers if one.startswith("SMAC")}
    for one in named:
        steps = one.steps()
        full = steps[steps["budget"] == steps["budget"].max()]
        assert full["config"].tolist() == [config for _, config in one.named]
        near(full["position"].tolist(), [moment for moment, _ in one.named])


def check_exploration(study: Study) -> None:
    told = study.table("exploration")
    for row in told.itertuples():
        seed = int(row.run.rpartition("seed")[2])
        (one,) = (own for own in study.runs(row.task, row.optimizer) if own.seed == seed)
        if row.trials != len(one.trials):
            continue  # SMAC's log also has the trial that was open at the end
        configs = one.trials["config"]
        assert row.distinct == configs.nunique()
        near(row.duplicates, one.trials.duplicated(["config", "budget"]).mean())
        near(row.coverage, configs.nunique() / 5**6)
        for spread, tried in ((row.hamming, configs), (row.late_hamming, configs[len(configs) // 2 :])):
            near(spread, _spread(tried.drop_duplicates().tolist()))


def _spread(configs: list[tuple[str, ...]]) -> float:
    codes = np.array([[hash(value) for value in one] for one in configs])
    return float(np.mean([(codes[i + 1 :] != codes[i]).mean(axis=1).sum() for i in range(len(codes) - 1)])
                 * (len(codes) - 1) / comb(len(codes), 2))  # fmt: skip


def check_budget_correlation(study: Study) -> None:
    path = study.folder / "data" / "budget_correlation.parquet"
    if not path.exists():
        return
    for row in pd.read_parquet(path).itertuples():
        each = []
        for one in study.runs(row.task, row.optimizer):
            wide = one.trials.pivot_table(index="config", columns="budget", values="cost", aggfunc="mean")
            if {row.low, row.high} <= set(wide.columns):
                both = wide[[row.low, row.high]].dropna()
                if len(both) > 2 and both.nunique().min() > 1:
                    each.append(stats.spearmanr(both[row.low], both[row.high]).statistic)
        assert row.runs_defined == len(each)
        if each:
            near([row.spearman, row.std_over_runs], [np.mean(each), np.std(each, ddof=1) if len(each) > 1 else np.nan])


def check_incumbent_values(study: Study) -> None:
    told = study.table("incumbent_values")
    names = list(dict.fromkeys(told["hyperparameter"]))
    for row in told.iloc[:: max(1, len(told) // 300)].itertuples():
        held = []
        for one in study.runs(row.task, row.optimizer):
            steps = one.steps()
            before = steps[steps["position"] <= row.position]
            held += [before["config"].iloc[-1][names.index(row.hyperparameter)]] if len(before) else []
        assert row.runs == len(held)
        near(row.frequency, np.mean([value == row.value for value in held]))


def check_document(study: Study) -> None:
    """What main.tex points at is called by its name, and is there."""
    text = (study.folder / "main.tex").read_text(encoding="utf-8")
    words = set(re.findall(r"(\w+)~\\ref", text))
    assert {"Figures", "Tables"} <= words <= {"Figure", "Figures", "Table", "Tables"}, words
    labels = "".join(path.read_text(encoding="utf-8") for path in (study.folder / "tables").glob("*.tex")) + text
    assert all(rf"\label{{{name}}}" in labels for name in re.findall(r"\\ref\{([^}]*)\}", text))
    for section in text.split(r"\subsection{")[1:]:
        assert_all_are_named(section)


def assert_all_are_named(section: str) -> None:
    """The sentence that names a section's figures and tables names from the first printed to the last."""
    section = section.partition(r"\section{")[0]
    printed = {
        "fig": re.findall(r"\\label\{fig:([^}]*)\}", section),
        "tab": re.findall(r"\\input\{tables/([^}]*)\}", section),
    }
    for kind, names in printed.items():
        told = re.findall(rf"\\ref\{{{kind}:([^}}]*)\}}", section)
        assert (told[:1], told[-1:]) == (names[:1], names[-1:])


CHECKS: tuple[Callable[[Study], None], ...] = (
    check_csv, check_final, check_curves, check_tests, check_omnibus, check_control, check_ranks_over_tasks,
    check_stratified, check_ranks_over_time, check_budgets, check_running_times, check_ecdf, check_areas,
    check_anytime_tests, check_differences, check_normalised, check_runs, check_incumbents, check_exploration,
    check_budget_correlation, check_incumbent_values, check_document,
)  # fmt: skip
"""Each looks at one kind of number."""


def main() -> int:
    study, failed = Study(Path(sys.argv[1]), Path(sys.argv[2])), 0
    for check in CHECKS:
        try:
            check(study)
            print(f"{check.__name__}: as computed here")
        except AssertionError:
            failed += 1
            print(f"{check.__name__}: {traceback.format_exc()[-2000:]}")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
