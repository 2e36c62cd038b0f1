"""A study that encave made, its report against values computed apart.

RE, random search and DEHB on two tasks with six seeds. The values come from the store's Parquet alone, with pandas,
scipy and loops; nothing of encave computes them. The study is `encave run study --optimizer re,random,dehb --dataset
cifar10,cifar100 --seeds 0-5 --budget 40evals` on the surrogate, converted with `--to store`.
"""

from __future__ import annotations

import json
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import encave
from encave.analysis.importance.sample import fit, sample
from encave.analysis.report import Report, write_report
from encave.analysis.statistics.stratified import compare_two
from encave.cli.runs import load_runs
from encave.run import Run
from encave.runners.benchmarks.nasbench201.table import open_benchmark
from encave.workflows.known_tables import random_search_of, truth_of

STORE = Path(__file__).resolve().parent.parent / "studies" / "golden"
TASKS, OPTIMIZERS, SEEDS = ("cifar10", "cifar100"), ("DEHB", "RE", "Random"), range(6)
TIGHT = {"rel": 1e-9, "abs": 1e-9}


SIZE = 15625


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    return load_runs((STORE,))


@pytest.fixture(scope="module")
def report(runs: list[Run], tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("golden") / "report"
    return write_report(runs, folder, truth=truth_of(runs), random_search=random_search_of(runs))


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
    table = pd.read_parquet(report.folder / "data" / "final.parquet").set_index(["task", "optimizer", "measure"])
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


def test_intervals_are_those_of_scipy(report: Report, incumbents) -> None:
    """Student's, the default; the study's seeds are shared, so differences are of pairs."""
    table = pd.read_parquet(report.folder / "data" / "final.parquet").set_index(["task", "optimizer", "measure"])
    tests = pd.read_parquet(report.folder / "data" / "tests.parquet").query("measure == 'validation regret'")
    for task in TASKS:
        values = finals(incumbents, task, 1)
        for place, name in enumerate(OPTIMIZERS):
            own = values[:, place]
            low, high = stats.t.interval(0.95, len(own) - 1, own.mean(), stats.sem(own))
            row = table.loc[task, name, "validation regret"]
            assert (row["lower_95"], row["upper_95"]) == pytest.approx((max(low, 0.0), high), **TIGHT)
        for pair in tests[tests["task"] == task].to_dict("records"):
            gain = values[:, OPTIMIZERS.index(pair["second"])] - values[:, OPTIMIZERS.index(pair["first"])]
            ends = stats.t.interval(0.95, len(gain) - 1, gain.mean(), stats.sem(gain))
            assert (pair["gain_lower_95"], pair["gain_upper_95"]) == pytest.approx(ends, **TIGHT)


def test_normalised_regret_over_tasks(report: Report, incumbents) -> None:
    """Of random search, whose mean is the baseline, it is one; seeds that tasks share are clusters."""
    told = pd.read_parquet(report.folder / "data" / "normalised.parquet").set_index("optimizer")
    each = np.mean([values / values[:, 2].mean() for values in (finals(incumbents, task, 1) for task in TASKS)], axis=0)
    for place, name in enumerate(OPTIMIZERS):
        own = each[:, place]
        low, high = stats.t.interval(0.95, len(own) - 1, own.mean(), stats.sem(own))
        row = told.loc[name]
        assert row["normalised_regret"] == pytest.approx(own.mean(), **TIGHT)
        assert (row["lower_95"], row["upper_95"]) == pytest.approx((max(low, 0.0), high), **TIGHT)
    assert told.loc["Random", "normalised_regret"] == pytest.approx(1.0)


def test_curves_are_means_of_steps(report: Report, incumbents) -> None:
    curves = pd.read_parquet(report.folder / "data" / "curves.parquet")
    for task in TASKS:
        for name in OPTIMIZERS:
            mine = curves.query("task == @task and optimizer == @name and measure == 'validation regret'")
            mine = mine[mine["axis"] == mine["axis"].iloc[0]]
            assert len(mine) > 5
            for position, mean in mine[["position", "value"]].iloc[:: max(1, len(mine) // 20)].itertuples(index=False):
                held = [
                    [regret for end, regret, _ in incumbents[task, name, seed] if end <= position][-1] for seed in SEEDS
                ]
                assert mean == pytest.approx(np.mean(held), **TIGHT)


def test_tests_are_those_of_scipy(report: Report, incumbents) -> None:
    tests = pd.read_parquet(report.folder / "data" / "tests.parquet")
    for task in TASKS:
        values = finals(incumbents, task, 1)
        pairs = tests[(tests["task"] == task) & (tests["measure"] == "validation regret")]
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


@pytest.fixture(scope="module")
def spent() -> dict[tuple[str, str, int], float]:
    """(task, optimizer, seed) → where the last trial of the run ended."""
    runs = pd.read_parquet(STORE / "runs").set_index("run_id")
    ends = pd.read_parquet(STORE / "trials").groupby("run_id")["end"].max()
    return {(runs.dataset[run], runs.optimizer[run], int(runs.seed[run])): end for run, end in ends.items()}


def hits(steps: list[tuple[float, float, float]], target: float) -> float:
    """When a run was at or below a target and stayed so to its end; the default is no longer the first passage."""
    regrets = [regret for _, regret, _ in steps]
    return next((end for k, (end, *_) in enumerate(steps) if max(regrets[k:]) <= target + 1e-9), np.inf)


def spaced(incumbents, task: str) -> np.ndarray:
    """The targets by their definition."""
    chosen = [[regret for _, regret, _ in steps] for key, steps in incumbents.items() if key[0] == task]
    regrets = [max(own[k:]) for own in chosen for k in range(len(own))]  # that a run holds to its end from there on
    easy = max(steps[0][1] for key, steps in incumbents.items() if key[0] == task)
    hard = min(regret for regret in regrets if regret > 0)
    values = 10 ** np.linspace(np.log10(easy), np.log10(hard), 51)
    values[[0, -1]] = easy, hard
    return np.append(values, 0.0) if min(regrets) == 0 else values


def test_targets_and_expected_running_times(report: Report, incumbents, spent) -> None:
    told = pd.read_parquet(report.folder / "data" / "runtimes.parquet")
    for task in TASKS:
        targets = spaced(incumbents, task)
        for name in OPTIMIZERS:
            mine = told.query("task == @task and optimizer == @name").reset_index()
            assert mine["target"].tolist() == pytest.approx(targets.tolist(), **TIGHT)
            for target, row in zip(mine["target"], mine.to_dict("records"), strict=True):
                times = [hits(incumbents[task, name, seed], target) for seed in SEEDS]
                reached = [time for time in times if time < np.inf]
                missed = [spent[task, name, seed] for seed, time in zip(SEEDS, times, strict=True) if time == np.inf]
                assert row["hits"] == len(reached)
                ert = (sum(reached) + sum(missed)) / len(reached) if reached else np.inf  # Auger and Hansen 2005
                assert row["expected_running_time"] == pytest.approx(ert, **TIGHT)


def test_shares_of_targets_hit(report: Report, incumbents) -> None:
    told = pd.read_parquet(report.folder / "data" / "ecdf.parquet")
    for task in TASKS:
        targets = pd.read_parquet(report.folder / "data" / "runtimes.parquet").query("task == @task")
        for name in OPTIMIZERS:
            wanted = targets[targets["optimizer"] == name]["target"]
            times = [hits(incumbents[task, name, seed], target) for seed in SEEDS for target in wanted]
            mine = told.query("task == @task and optimizer == @name")
            assert mine["position"].tolist() == sorted({time for time in times if time < np.inf})
            for position, share in mine[["position", "share"]].itertuples(index=False):
                assert share == pytest.approx(sum(time <= position for time in times) / len(times), **TIGHT)


def test_areas_over_the_curve(report: Report, incumbents, spent) -> None:
    told = pd.read_parquet(report.folder / "data" / "areas.parquet").set_index(["task", "optimizer"])
    for task in TASKS:
        stop = min(end for key, end in spent.items() if key[0] == task)
        above = [target for target in spaced(incumbents, task) if target > 0]
        low, high = np.log10(min(above)), np.log10(max(above))
        for name in OPTIMIZERS:
            areas = []
            for seed in SEEDS:
                steps = [(end, regret) for end, regret, _ in incumbents[task, name, seed] if end < stop]
                ends = [*(end for end, _ in steps[1:]), stop]
                held = [
                    (until - end) * (high - np.clip(np.log10(max(regret, 1e-300)), low, high)) / (high - low)
                    for (end, regret), until in zip(steps, ends, strict=True)
                ]
                areas.append(sum(held) / stop)
            assert told.loc[(task, name), "area"] == pytest.approx(np.mean(areas), **TIGHT)


def test_importances_are_shares_of_variance(report: Report, runs: list[Run]) -> None:
    """Against marginal means of the whole grid: of the table, and of what each tree predicts."""
    told = pd.read_parquet(report.folder / "data" / "importance.parquet")
    for name, schedule in (("RE", 12), ("DEHB", 200)):
        mine = told.query("task == 'cifar10' and optimizer == @name")
        mine = mine[mine["trials"] == mine["trials"].max()].set_index("effect")
        chosen = [run for run in runs if (run.provenance.task, run.optimizer.name) == ("cifar10", name)]
        data = [sample(run) for run in chosen]
        grid = pd.DataFrame(np.indices((5,) * 6).reshape(6, -1).T, columns=list(data[0].encoded.names))
        values = [axis.values for axis in data[0].encoded.axes]
        configurations = [dict(zip(grid, row)) for row in zip(*(np.take(v, grid[n]) for n, v in zip(grid, values)))]
        errors = open_benchmark("surrogate").query(configurations, "cifar10", epochs=schedule, schedule=schedule)
        truth = variance_shares(grid, errors.valid_error)
        predicted = [[leaves(forest, grid, tree) for tree in range(forest.trees)] for forest in map(fit, data)]
        shares = [pd.DataFrame([variance_shares(grid, one) for one in own if np.ptp(one)]).mean() for own in predicted]
        estimate = pd.DataFrame(shares).mean()
        assert set(mine.index) == set(truth)
        for effect in mine.index:
            assert mine.loc[effect, "exact"] == pytest.approx(truth[effect], abs=1e-9)
            assert mine.loc[effect, "value"] == pytest.approx(estimate[effect], abs=1e-9)


def variance_shares(grid: pd.DataFrame, values: np.ndarray) -> dict[str, float]:
    """Share of the variance of single hyperparameters and of pairs, from marginal means."""
    codes, whole = grid.to_numpy(), float(np.var(values))

    def variance(*axes: int) -> float:
        cells = codes[:, axes] @ [5**place for place in range(len(axes))]
        return float(np.var(np.bincount(cells, values) / np.bincount(cells)))

    single = {name: variance(place) for place, name in enumerate(grid)}
    pairs = {
        f"{a} × {b}": variance(*grid.columns.get_indexer([a, b])) - single[a] - single[b]
        for a, b in combinations(grid, 2)
    }
    return {name: part / whole for name, part in (single | pairs).items()}


def leaves(forest, grid: pd.DataFrame, tree: int) -> np.ndarray:
    """What a tree predicts for every point, by walking it from its root."""
    codes, found = grid.to_numpy(), np.empty(SIZE)
    open_nodes = [(tree, np.arange(SIZE))]
    while open_nodes:
        node, points = open_nodes.pop()
        if forest.feature[node] < 0:
            found[points] = forest.value[node]
            continue
        left = forest.left[node, codes[points, forest.feature[node]]]
        open_nodes += [(forest.child[node], points[left]), (forest.child[node] + 1, points[~left])]
    return found


def at(steps: list[tuple[float, float, float]], position: float) -> float:
    """Regret at a moment; infinite before the first incumbent."""
    return next((regret for end, regret, _ in reversed(steps) if end <= position), np.inf)


def holm(p: list[float]) -> np.ndarray:
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(np.array(p)[order] * np.arange(len(p), 0, -1))
    return np.minimum(steps, 1)[np.argsort(order, kind="stable")]


def test_values_at_several_budgets(report: Report, incumbents, spent) -> None:
    told = pd.read_parquet(report.folder / "data" / "budget_values.parquet").set_index(["task", "optimizer", "share"])
    for task in TASKS:
        stop = min(end for key, end in spent.items() if key[0] == task)
        for name in OPTIMIZERS:
            for share in (0.1, 0.25, 0.5, 1.0):
                own = np.array([at(incumbents[task, name, seed], share * stop) for seed in SEEDS])
                own = own[np.isfinite(own)]
                row = told.loc[task, name, share]
                assert row["position"] == pytest.approx(share * stop) and row["runs"] == len(own)
                assert row["mean"] == pytest.approx(own.mean(), **TIGHT)
                assert row["std"] == pytest.approx(own.std(ddof=1), **TIGHT)
                low, high = stats.t.interval(0.95, len(own) - 1, own.mean(), stats.sem(own))
                assert (row["lower_95"], row["upper_95"]) == pytest.approx((max(low, 0), min(high, 100)), **TIGHT)


def test_anytime_tests_are_those_of_scipy_with_holm(report: Report, incumbents, spent) -> None:
    """Three pairs by area and at three budgets: six pairs of seeds carry none of them, and six runs do."""
    told = pd.read_parquet(report.folder / "data" / "anytime_tests.parquet")
    for task in TASKS:
        stop = min(end for key, end in spent.items() if key[0] == task)
        mine = told.query("task == @task")
        assert len(mine) == 12 and set(mine["test"]) == {"mann-whitney"}
        np.testing.assert_allclose(mine["adjusted_p"], holm(mine["p"].tolist()), atol=1e-12)
        for row in mine[mine["endpoint"] == "value"].to_dict("records"):
            a, b = (
                np.array([at(incumbents[task, row[who], seed], row["share"] * stop) for seed in SEEDS])
                for who in ("first", "second")
            )
            pooled = stats.rankdata(np.concatenate((a, b)).round(12))
            sums = [pooled[list(chosen)].sum() for chosen in combinations(range(12), 6)]
            tails = [(np.array(sums) <= pooled[:6].sum()).mean(), (np.array(sums) >= pooled[:6].sum()).mean()]
            assert row["p"] == pytest.approx(min(1.0, 2 * min(tails)), abs=1e-12)


def test_differences_over_time(report: Report, incumbents, spent) -> None:
    """From the best at the end, of pairs of seeds; a band is at least as wide as Student's of one point."""
    told = pd.read_parquet(report.folder / "data" / "differences.parquet")
    for task in TASKS:
        values = finals(incumbents, task, 1)
        best = OPTIMIZERS[int(values.mean(axis=0).argmin())]
        mine = told[told["task"] == task]
        assert set(mine["control"]) == {best} and set(mine["optimizer"]) == {*OPTIMIZERS} - {best}
        stop = min(end for key, end in spent.items() if key[0] == task)
        assert mine["position"].min() >= 0.05 * stop * (1 - 1e-12)
        assert mine["position"].max() == pytest.approx(stop)
        widths = []
        for row in mine.iloc[::7].to_dict("records"):
            gap = np.array(
                [
                    at(incumbents[task, row["optimizer"], seed], row["position"])
                    - at(incumbents[task, best, seed], row["position"])
                    for seed in SEEDS
                ]
            )
            assert row["difference"] == pytest.approx(gap.mean(), **TIGHT)
            middle = (row["lower_95"] + row["upper_95"]) / 2
            assert middle == pytest.approx(gap.mean(), **TIGHT)
            if stats.sem(gap) > 0:
                widths.append((row["upper_95"] - middle) / stats.sem(gap))
        assert np.ptp(widths) < 1e-6  # one quantile for all points of all optimizers
        assert stats.t.ppf(0.975, 5) <= widths[0] < stats.t.ppf(1 - 0.025 / 200, 5)


def test_stratified_tests(report: Report, incumbents) -> None:
    """Seeds are shared by tasks and optimizers, so they are clusters of pairs: all 64 signs."""
    told = pd.read_parquet(report.folder / "data" / "stratified_tests.parquet")
    assert set(told["blocks"]) == {"paired clusters"} and len(told) == 3
    assert told["p"].isna().all()  # 2 / 64 is not below a third of the level
    for row in told.to_dict("records"):
        scores, samples = np.zeros(6), ([], [])
        for task in TASKS:
            values = finals(incumbents, task, 1).round(12)
            both = [values[:, OPTIMIZERS.index(row[who])] for who in ("first", "second")]
            gap = both[0] - both[1]
            ranked = np.zeros(6)
            ranked[gap != 0] = stats.rankdata(np.abs(gap[gap != 0]).round(12))
            scores += ranked * np.sign(gap)
            for own, value in zip(samples, both, strict=True):
                own.append(value)
        drawn = np.array([np.dot(signs, np.abs(scores)) for signs in product((-1, 1), repeat=6)])
        p = 2 * min((drawn <= scores.sum() + 1e-9).mean(), (drawn >= scores.sum() - 1e-9).mean())
        assert compare_two(*samples, "paired clusters").p == pytest.approx(min(1.0, p), abs=1e-12)


def test_what_the_reports_data_hold_the_library_gives(report: Report, runs: list[Run]) -> None:
    c = encave.compare(runs)
    made = {
        "budget_values": c.budget_values(), "anytime_tests": c.anytime_tests(), "differences": c.differences(),
        "stratified_tests": c.stratified_tests(), "normalised": c.profiles().normalised(),
    }  # fmt: skip
    for name, result in made.items():
        told = pd.read_parquet(report.folder / "data" / f"{name}.parquet")
        assert len(told), name
        pd.testing.assert_frame_equal(result.to_pandas(), told, obj=name)
