"""A study that encave made, its report against values computed apart.

RE, random search and DEHB on two tasks with six seeds. The values come from the store's Parquet alone, with pandas,
scipy and loops; nothing of encave computes them. The study is `encave run study --optimizer re,random,dehb --dataset
cifar10,cifar100 --seeds 0-5 --budget 40evals` on the surrogate, converted with `--to store`.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from encave.analysis.report import Report, write_report
from encave.cli.common import load_runs

STORE = Path(__file__).resolve().parent.parent / "studies" / "golden"
TASKS, OPTIMIZERS, SEEDS = ("cifar10", "cifar100"), ("DEHB", "RE", "Random"), range(6)
TIGHT = {"rel": 1e-9, "abs": 1e-9}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return write_report(load_runs((STORE,)), tmp_path_factory.mktemp("golden") / "report")


@pytest.fixture(scope="module")
def incumbents() -> dict[tuple[str, str, int], list[tuple[float, float, float]]]:
    """(task, optimizer, seed) → (time, validation regret, test error) of each incumbent: highest budget seen so far."""
    runs = pd.read_parquet(STORE / "runs").set_index("run_id")
    found = {}
    for run_id, trials in pd.read_parquet(STORE / "trials").groupby("run_id"):
        row = runs.loc[run_id]
        optimum = json.loads(row["header"])["metadata"]["benchmark"]["optimum"]["valid_error_200"]
        costs: dict[tuple[int, float], list[float]] = {}
        best: tuple[float, float] | None = None
        holder, steps = -1, []
        for trial in trials.sort_values("end", kind="stable").to_dict("records"):
            key = (trial["config_id"], trial["budget"])
            costs.setdefault(key, []).append(trial["cost:valid_error"])
            value = (-trial["budget"], float(np.mean(costs[key])))
            if trial["config_id"] != holder and (best is None or value < best):
                best, holder = value, trial["config_id"]
                regret = trial["extra:valid_error_200"] - optimum
                steps.append((trial["end"], max(regret, 0.0), trial["extra:test_error_200"]))
            elif trial["config_id"] == holder:
                best = min(best, value) if best else value
        found[row["dataset"], row["optimizer"], int(row["seed"])] = steps
    return found


def finals(incumbents, task: str, measure: int) -> np.ndarray:
    """Final values, shape (seeds, optimizers)."""
    return np.array([[incumbents[task, name, seed][-1][measure] for name in OPTIMIZERS] for seed in SEEDS])


def test_final_values_and_ranks(report: Report, incumbents) -> None:
    table = pd.read_parquet(report.folder / "data" / "final.parquet").set_index(["section", "optimizer", "measure"])
    for task in TASKS:
        values = finals(incumbents, task, 1)
        ranks = stats.rankdata(values.round(12), axis=1).mean(axis=0)
        for place, name in enumerate(OPTIMIZERS):
            regret = table.loc[task, name, "validation regret"]
            assert regret["mean"] == pytest.approx(values[:, place].mean(), **TIGHT)
            assert regret["std"] == pytest.approx(values[:, place].std(ddof=1), **TIGHT)
            assert regret["median"] == pytest.approx(np.median(values[:, place]), **TIGHT)
            assert regret["average_rank"] == pytest.approx(ranks[place], **TIGHT)
            error = table.loc[task, name, "test error"]
            assert error["mean"] == pytest.approx(finals(incumbents, task, 2)[:, place].mean(), **TIGHT)


def test_curves_are_means_of_steps(report: Report, incumbents) -> None:
    curves = pd.read_parquet(report.folder / "data" / "curves.parquet")
    for task in TASKS:
        for name in OPTIMIZERS:
            mine = curves.query("section == @task and optimizer == @name and measure == 'validation regret'")
            mine = mine[mine["axis"] == mine["axis"].iloc[0]]
            assert len(mine) > 5
            for position, mean in mine[["position", "mean"]].iloc[:: max(1, len(mine) // 20)].itertuples(index=False):
                held = [
                    [regret for end, regret, _ in incumbents[task, name, seed] if end <= position][-1] for seed in SEEDS
                ]
                assert mean == pytest.approx(np.mean(held), **TIGHT)


def test_tests_are_those_of_scipy(report: Report, incumbents) -> None:
    tests = pd.read_parquet(report.folder / "data" / "tests.parquet")
    for task in TASKS:
        values = finals(incumbents, task, 1)
        pairs = tests[(tests["section"] == task) & (tests["measure"] == "validation regret")]
        assert len(pairs) == 3
        for pair in pairs.to_dict("records"):
            a, b = (values[:, OPTIMIZERS.index(pair[who])] for who in ("first", "second"))
            below = (a[:, None] < b - 1e-12).mean() + 0.5 * (np.abs(a[:, None] - b) <= 1e-12).mean()
            assert pair["probability_of_improvement"] == pytest.approx(below, **TIGHT)
            assert pair["mean_gain"] == pytest.approx((b - a).mean(), **TIGHT)
            assert (pair["wins"], pair["losses"]) == ((a < b - 1e-12).sum(), (a > b + 1e-12).sum())
            if pair["test"] == "mann-whitney" and len({*a, *b}) == 12:
                assert pair["p"] == pytest.approx(stats.mannwhitneyu(a, b, method="exact").pvalue, **TIGHT)


def test_the_latex_table_prints_them(report: Report, incumbents) -> None:
    for task in TASKS:
        tex = next(path for path in report.tables if path.stem == task).read_text(encoding="utf-8")
        lines = {line.split(" & ")[0]: line for line in tex.splitlines() if line.endswith(r"\\")}
        values = finals(incumbents, task, 1)
        best = OPTIMIZERS[int(values.mean(axis=0).argmin())]
        assert r"\mathbf" in lines[best].split(" & ")[3]
        for place, name in enumerate(OPTIMIZERS):
            printed = lines[name].split(" & ")[3].replace(r"\mathbf{", "").strip("${}\\ ")
            mean = printed.split(r"\pm")[0].split("{")[-1].strip(" $")
            digits = len(mean.partition(".")[2])
            assert float(mean) == pytest.approx(values[:, place].mean(), abs=0.51 * 10**-digits)
