"""The tables of a report, computed again from the native logs of its study."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np
import pandas as pd
from scipy import stats

from .native_logs import Log, Study
from .native_statistics import (
    holm,
    improvement,
    mann_whitney,
    near,
    newcombe,
    of_independent_means,
    rank_sums,
    student,
    two_sided,
    weights,
)  # fmt: skip

SHARES = (0.1, 0.25, 0.5)


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
    (over,) = told[~told["task"].isin(study.tasks)].itertuples()
    assert over.test == "Friedman"
    known = stats.friedmanchisquare(*medians(study).round(12).T)
    near(over.statistic, known.statistic)
    if over.how == "approximate":
        near(over.p, known.pvalue)


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
    over = told[~told["task"].isin(study.tasks)]
    if set(over["test"]) == {"friedman-nemenyi"}:
        ranks = dict(zip(study.optimizers, stats.rankdata(medians(study).round(12), axis=1).mean(axis=0), strict=True))
        k, n = len(study.optimizers), len(study.tasks)
        gaps = np.array([ranks[name] - ranks[study.control] for name in over["optimizer"]])
        p = 2 * stats.norm.sf(np.abs(gaps) / np.sqrt(k * (k + 1) / (6 * n)))
        near(over["p"].tolist(), p.tolist())
        near(over["adjusted_p"].tolist(), holm(p).tolist())


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
