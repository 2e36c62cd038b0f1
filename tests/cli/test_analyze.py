"""`encave analyze ranks` and `encave analyze tests`: the same numbers as table, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from scipy import stats

from encave.cli import cli
from encave.run import Objective, Optimizer, Provenance, Run

SEEDS = range(8)


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def cost_of(optimizer: str, task: str, seed: int) -> np.ndarray:
    """Costs of ten trials; C is worst, A and B are close."""
    shift = {"A": 0.0, "B": 0.02, "C": 2.0}[optimizer]
    return np.random.default_rng([ord(optimizer), len(task), seed]).uniform(1, 2, size=10) + shift


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for optimizer in "ABC":
        for task in ("one", "three"):
            for seed in SEEDS:
                run = Run.from_columns(
                    name=f"{optimizer}-{task}-{seed}",
                    optimizer=Optimizer(optimizer),
                    space=_space(),
                    objectives=[Objective("loss")],
                    trials={
                        "config_id": np.arange(10),
                        "status": np.full(10, "success"),
                        "cost:loss": cost_of(optimizer, task, seed),
                        "end": np.arange(1.0, 11.0),
                    },
                    configurations={i: {"x": i / 10} for i in range(10)},
                    provenance=Provenance(task=task, seed=seed),
                )
                run.save(folder / run.name)
    return folder


def _space():
    from ConfigSpace import ConfigurationSpace

    return ConfigurationSpace({"x": (0.0, 1.0)})


def finals(optimizer: str, task: str) -> np.ndarray:
    return np.array([cost_of(optimizer, task, seed).min() for seed in SEEDS])


def test_ranks(folder: Path) -> None:
    told = invoke("analyze", "ranks", folder, "--json")
    found = json.loads(told.stdout)
    assert told.exit_code == 0
    table = np.stack([finals(name, "one") for name in "ABC"], axis=1)
    expected = dict(zip("ABC", stats.rankdata(table, axis=1).mean(axis=0), strict=True))
    rows = {row["optimizer"]: row for row in found["final"] if row["task"] == "one"}
    assert {name: row["average_rank"] for name, row in rows.items()} == pytest.approx(expected)
    assert rows["C"]["std"] == pytest.approx(finals("C", "one").std(ddof=1))
    assert found["over_tasks"]["C"] == 3.0 and found["not_over_tasks"] is None
    over_time = [row for row in found["over_time"] if (row["task"], row["optimizer"]) == ("one", "C")]
    first = stats.rankdata([[cost_of(name, "one", seed)[0] for name in "ABC"] for seed in SEEDS], axis=1)
    assert over_time[0]["average_rank"] == pytest.approx(first.mean(axis=0)[2])
    assert over_time[-1]["average_rank"] == pytest.approx(rows["C"]["average_rank"])
    shown = invoke("analyze", "ranks", folder).stdout
    assert f"{expected['A']:.2f}" in shown and "all tasks" in shown and "within each seed" in shown
    for options, key in ((("--csv",), "final"), (("--csv", "--over-time"), "over_time")):
        lines = list(csv.DictReader(io.StringIO(invoke("analyze", "ranks", folder, *options).stdout)))
        assert len(lines) == len(found[key]) and list(lines[0]) == list(found[key][0])
        for line, row in zip(lines, found[key], strict=True):
            assert [float(line[name]) for name in row if line[name] and not isinstance(row[name], str)] == [
                value for value in row.values() if value is not None and not isinstance(value, str)
            ]
    assert "goes with --csv" in invoke("analyze", "ranks", folder, "--over-time").stderr


def test_tests(folder: Path) -> None:
    told = invoke("analyze", "tests", folder, "--json", "--rope", "0.5")
    found = json.loads(told.stdout)
    assert told.exit_code == 0 and len(found["pairs"]) == 15 and len(found["tests"]) == 5
    pairs = {(row["task"], row["first"], row["second"]): row for row in found["pairs"]}
    worst = next(row for (section, _, second), row in pairs.items() if section == "one" and second == "C")
    assert worst["p"] == pytest.approx(stats.wilcoxon(finals(worst["first"], "one"), finals("C", "one")).pvalue)
    assert worst["different"] == 1 and worst["cliffs_delta"] == 1.0 and (worst["wins"], worst["losses"]) == (8, 0)
    assert worst["mean_gain"] == pytest.approx((finals("C", "one") - finals(worst["first"], "one")).mean())
    assert worst["p_better"] > 0.99 and worst["rope"] == 0.5
    close = next(row for (section, _, second), row in pairs.items() if section == "one" and second != "C")
    assert close["different"] == 0 and close["p_equivalent"] > 0.99
    over = [row for (section, _, _), row in pairs.items() if section == "all tasks"]
    assert {row["test"] for row in over} == {"none"} and {row["p_better"] for row in over} == {None}
    omnibus = {row["task"]: row for row in found["friedman"]}
    theirs = stats.friedmanchisquare(*(finals(name, "one") for name in "ABC"))
    assert [omnibus["one"][key] for key in ("chi_squared", "chi_squared_p")] == pytest.approx([*theirs])
    assert set(omnibus) == {"one", "three"} and omnibus["one"]["exact_p"] < 0.01
    shown = invoke("analyze", "tests", folder, "--rope", "0.5").stdout
    assert "P(equivalent)" in shown and "Two tasks are too few" in shown and "Friedman" in shown
    lines = list(csv.DictReader(io.StringIO(invoke("analyze", "tests", folder, "--csv").stdout)))
    assert len(lines) == 15 and {line["p_better"] for line in lines} == {""}
    assert float(lines[0]["p"]) == found["pairs"][0]["p"]


def test_runtimes(folder: Path) -> None:
    arguments = ("analyze", "runtimes", folder, "--measure", "loss", "--target", 1.2, "--target", 0.5)
    told = json.loads(invoke(*arguments, "--json").stdout)
    easy, hard = (row for row in told["runtimes"] if (row["task"], row["optimizer"]) == ("one", "A"))
    times = [next((i for i, y in enumerate(cost_of("A", "one", seed), 1) if y <= 1.2), None) for seed in SEEDS]
    assert [easy["target"], hard["target"]] == [1.2, 0.5]
    mine = [row for row in told["runs"] if (row["task"], row["optimizer"]) == ("one", "A")]
    assert [row["time"] for row in mine] == [cell for time in times for cell in (time, None)]
    hits = [time for time in times if time]
    assert [easy["hits"], hard["hits"]] == [len(hits), 0]
    assert easy["expected_running_time"] == pytest.approx((sum(hits) + 10 * (8 - len(hits))) / len(hits))
    assert hard["expected_running_time"] is None
    lines = list(csv.DictReader(io.StringIO(invoke(*arguments, "--csv").stdout)))
    assert len(lines) == len(told["runtimes"]) == 12
    assert float(lines[0]["expected_running_time"]) == easy["expected_running_time"]
    assert lines[1]["expected_running_time"] == "inf"
    shown = invoke(*arguments).stdout
    assert f"{easy['expected_running_time']:.4g} [" in shown and f"({len(hits)}/8)" in shown and "∞ (0/8)" in shown
    assert "to 0 " in invoke("analyze", "runtimes", folder, "--axis", "evaluations").stdout


def test_one_optimizer_is_not_tested(folder: Path, tmp_path: Path) -> None:
    runs = [folder / f"A-one-{seed}" for seed in SEEDS]
    told = invoke("analyze", "tests", *runs)
    assert told.exit_code == 0 and "only one optimizer" in told.stdout
    refused = invoke("analyze", "tests", tmp_path)
    assert refused.exit_code == 2 and f"no log found in {tmp_path}" in refused.stderr


def test_an_optimizer_that_failed_everywhere_leaves_the_others_their_columns(make_run, tmp_path: Path) -> None:
    for run in (make_run("A", 0, [4.0, 2.0]), make_run("B", 0, [float("nan")] * 2)):
        run.save(tmp_path / run.name)
    shown = invoke("analyze", "curves", tmp_path).stdout
    assert "at 0.2 s" in shown and "at 1 s" in shown  # of the two seconds of A


@pytest.mark.parametrize("analysis", ["exploration", "importance", "correlation"])
def test_what_needs_all_trials_is_refused_on_a_log_of_improvements(analysis: str, tmp_path: Path) -> None:
    log = Path(__file__).parents[1] / "logs" / "ioh" / "improvements_only"
    done = invoke("convert", log, "--out", tmp_path / "runs")
    assert done.exit_code == 0, done.output
    done = invoke("analyze", analysis, tmp_path / "runs")
    assert done.exit_code == 2 and "keeps 4 trials of 1,000 evaluations, improvements only" in done.stderr
    done = invoke("analyze", analysis, tmp_path / "runs", "--json")
    content = json.loads(done.stdout)
    assert content["groups"] == [] and "improvements only" in content["refused"][0]["reason"]


def test_curves_of_a_log_of_improvements_end_where_the_run_did(tmp_path: Path) -> None:
    log = Path(__file__).parents[1] / "logs" / "ioh" / "improvements_only"
    done = invoke("convert", log, "--out", tmp_path / "runs")
    assert done.exit_code == 0, done.output
    done = invoke("analyze", "curves", tmp_path / "runs", "--json")
    curve = [one for one in json.loads(done.stdout)["curves"] if one["measure"] == "raw_y"]
    assert [(one["position"], one["value"]) for one in curve] == [(1, 9.0), (40, 4.0), (700, 0.5)]
    done = invoke("report", tmp_path / "runs", "--out", tmp_path / "report")
    assert done.exit_code == 0, done.output
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "Importance could not be estimated for 1 run" in page and "Duplicates and diversity are not shown" in page
