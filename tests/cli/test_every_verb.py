"""`encave analyze`: each verb says the numbers that the library gives, and no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import encave
from encave.cli import cli
from encave.cli.analyze import analyze

from ..example_runs import example_runs

Told = Any


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verbs")
    for run in example_runs():
        run.save(folder / run.name)
    return folder


@pytest.fixture(scope="module")
def runs(folder: Path) -> encave.Runs:
    return encave.read(folder)


@pytest.fixture(scope="module")
def c(runs: encave.Runs) -> encave.Comparisons:
    return encave.compare(runs)


def same(told: list[dict[str, Any]], given: list[dict[str, Any]]) -> None:
    """The same rows, in any order: of curves the command line goes by label, the library by rank."""
    assert given, "nothing is compared with nothing"
    assert sorted(map(json.dumps, told)) == sorted(json.dumps(row) for row in json.loads(json.dumps(given)))


def curves(told: Told, runs: encave.Runs, c: encave.Comparisons) -> None:
    same(told["curves"], c.curves().records())
    assert told["normalised_by"] == c.curves().normalised_by


def ranks(told: Told, runs: encave.Runs, c: encave.Comparisons) -> None:
    same(told["final"], c.final().records())
    same(told["over_time"], c.ranks().records())
    assert c.overall is not None and told["not_over_tasks"] is c.not_overall is None
    assert told["over_tasks"] == dict(zip(c.overall.optimizers, c.overall.significance.ranks))


def pairs(told: Told, runs: encave.Runs, c: encave.Comparisons) -> None:
    same(told["pairs"], c.tests().records())
    same(told["omnibus"], c.tests().omnibus().records())
    assert (told["friedman"], told["control"]) == (c.tests().friedman().records(), c.tests().controls().records())
    assert len(told["tests"]) == len(c.tests().made), "words on each of them"


def runtimes(told: Told, runs: encave.Runs, c: encave.Comparisons) -> None:
    same(told["runtimes"], c.runtimes().records())
    same(told["areas"], c.runtimes().areas().records())
    same(told["runs"], c.runtimes().runs().records())


def importance(told: Told, runs: encave.Runs, c: encave.Comparisons) -> None:
    given = {(row["task"], row["optimizer"], row["effect"]): row for row in encave.importance(runs).records()}
    seen = 0
    for group in told["groups"]:
        for effect in group["effects"]:
            row = given[group["task"], group["optimizer"], " × ".join(effect["hyperparameters"])]
            for name in ("value", "std_over_runs", "std_over_trees"):
                assert effect[name] == pytest.approx(row[name], abs=1e-11), name
            assert (effect["exact"], group["unit"], group["method"]) == (row["exact"], row["unit"], row["method"])
            assert row["r2"] == pytest.approx(np.mean([run["r2"] for run in group["runs"]]), abs=1e-11)
            seen += 1
    assert seen == len(given) > 0


def correlation(told: Told, runs: encave.Runs, c: encave.Comparisons) -> None:
    rows = [
        {
            "task": group["task"], "optimizer": group["optimizer"], "low": low, "high": high,
            "spearman": group["spearman"][i][j], "std_over_runs": group["std_over_runs"][i][j],
            "runs_defined": group["runs_defined"][i][j], "configurations": group["configurations"][i][j],
        }
        for group in told["groups"]
        for i, low in enumerate(group["budgets"])
        for j, high in enumerate(group["budgets"])
        if i < j
    ]  # fmt: skip
    same(rows, encave.correlation(runs).records())


def exploration(told: Told, runs: encave.Runs, c: encave.Comparisons) -> None:
    names = [name for name in encave.exploration(runs).table().column_names if name not in ("task", "optimizer")]
    rows = [
        {"task": group["task"], "optimizer": group["optimizer"], **{name: run[name] for name in names}}
        for group in told["groups"]
        for run in group["runs"]
    ]
    same(rows, encave.exploration(runs).records())
    together = [group.together for group in encave.exploration(runs).groups]
    assert [group["configurations_together"] for group in told["groups"]] == together


def incumbents(told: Told, runs: encave.Runs, c: encave.Comparisons) -> None:
    rows = [
        {
            "task": group["task"], "optimizer": group["optimizer"], "axis": group["axis"], "position": position,
            "hyperparameter": name, "value": value, "frequency": shares[m], "runs": group["runs"],
        }
        for group in told["groups"]
        for name, values in group["hyperparameters"].items()
        for m, position in enumerate(group["positions"])
        for value, shares in values.items()
    ]  # fmt: skip
    same(rows, encave.incumbents(runs).records())


def landscapes(told: Told, runs: encave.Runs, c: encave.Comparisons) -> None:
    given = encave.landscape(order=2)
    summaries, optima = given.summary().records(), given.optima().records()
    effects = {(row["task"], row["effect"]): row for row in given.records()}
    assert [one["task"] for one in told["tables"]] == [row["task"] for row in summaries] and len(summaries) == 3
    for shown, summary in zip(told["tables"], summaries, strict=True):
        for name in ("variance", "on_plateaus", "fitness_distance"):
            assert shown[name] == summary[name], name
        own = [(row["cost"], row["basin"]) for row in optima if row["task"] == shown["task"]]
        assert [(one["cost"], one["basin"]) for one in shown["optima"]] == own and len(own) == summary["local_optima"]
        for effect in shown["effects"]:
            names = effect["hyperparameters"]
            row = effects.pop((shown["task"], " × ".join(names)))
            assert effect["share"] == row["share"]
            assert row["total_share"] == (shown["total_shares"][names[0]] if len(names) == 1 else None)
    assert not effects


VERBS: dict[str, tuple[tuple[str, ...], Callable[[Told, encave.Runs, encave.Comparisons], None]]] = {
    "curves": ((), curves),
    "ranks": ((), ranks),
    "tests": ((), pairs),
    "runtimes": ((), runtimes),
    "importance": ((), importance),
    "correlation": ((), correlation),
    "exploration": ((), exploration),
    "incumbents": ((), incumbents),
    "landscape": (("--order", "2"), landscapes),
}


def test_no_verb_is_passed_over() -> None:
    assert set(VERBS) == set(analyze.commands)


@pytest.mark.parametrize("verb", VERBS)
def test_the_command_line_says_what_the_library_gives(
    verb: str, folder: Path, runs: encave.Runs, c: encave.Comparisons
) -> None:
    options, check = VERBS[verb]
    paths = () if verb == "landscape" else (str(folder),)
    done = CliRunner().invoke(cli, ["analyze", verb, *paths, *options, "--json"])
    assert done.exit_code == 0, done.output
    check(json.loads(done.stdout), runs, c)


def test_a_number_that_is_not_the_librarys_is_found(runs: encave.Runs, c: encave.Comparisons) -> None:
    told = {"curves": c.curves().records(), "normalised_by": {}}
    curves(told, runs, c)
    told["curves"][3]["value"] = np.nextafter(told["curves"][3]["value"], np.inf)
    with pytest.raises(AssertionError):
        curves(told, runs, c)


SETTINGS = """
statistic = "median"
axis = "evaluations"
tasks = ["perceptron"]
optimizers = ["Ours", "SMAC"]
[labels]
DEHB = "Ours"
[[runs]]
match = "*-mlp-*"
task = "perceptron"
objective = "error"
"""


@pytest.mark.parametrize("verb", ["curves", "ranks", "tests", "runtimes", "importance", "correlation", "exploration"])
def test_labels_tasks_and_objectives_are_those_of_the_report(folder: Path, tmp_path: Path, verb: str) -> None:
    file = tmp_path / "report.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    done = CliRunner().invoke(cli, ["analyze", verb, str(folder), "--settings", str(file), "--json"])
    assert done.exit_code == 0 and f"Settings: {file}" in done.stderr, done.output
    told = json.loads(done.stdout)
    rows = next(value for value in told.values() if isinstance(value, list) and value and isinstance(value[0], dict))
    assert {row["task"] for row in rows} == {"perceptron"}
    if "optimizer" in rows[0]:
        assert {row["optimizer"] for row in rows} == {"Ours", "SMAC"}
    found = encave.compare(encave.read(folder, settings=file), axis="evaluations", statistic="median")
    if verb == "curves":
        same(rows, found.curves().records())
        assert {row["statistic"] for row in rows} == {"median"} and "error regret" in {row["measure"] for row in rows}
    if verb == "runtimes":
        same(rows, found.runtimes().records())
    chosen = CliRunner().invoke(
        cli, ["analyze", verb, str(folder), "--settings", str(file), "--json", "--only", "optimizer=Ours,SMAC"]
    )
    assert json.loads(chosen.stdout) == told, "--only knows the names of the settings"
