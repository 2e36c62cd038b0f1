"""Importance and budget correlation over runs, and what `encave analyze` prints of them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from encave.analysis.grouping.sections import view_runs
from encave.analysis.importance import bias
from encave.analysis.importance.fanova import decompose
from encave.analysis.importance.groups import GroupImportance, group_importance
from encave.analysis.importance.methods import Method, importance
from encave.analysis.importance.sample import sample
from encave.analysis.landscape.budget_correlation import budget_correlation, group_correlation
from encave.analysis.report import write_report
from encave.analysis.report.settings import Rule, Settings
from encave.cli import cli
from encave.run import BenchmarkFacts, Objective, Optimizer, Provenance, Run
from encave.run.nasbench201_space import HYPERPARAMETERS, OPERATIONS, configuration_space
from encave.runners.benchmarks.nasbench201.table import Benchmark, load_surrogate
from encave.workflows.known_tables import nasbench201_truth, truth_of


@pytest.fixture(scope="module")
def benchmark() -> Benchmark:
    return load_surrogate()


def make_run(benchmark: Benchmark, seed: int, trials: int = 120, optimizer: str = "RS") -> Run:
    """Random search; every third configuration also at 12 epochs, and one trial that crashed."""
    rng = np.random.default_rng(seed)
    ops = rng.integers(0, 5, size=(trials, 6))
    low = ops[::3]
    high_error = benchmark.query(ops, "cifar10", epochs=200).valid_error
    low_error = benchmark.query(low, "cifar10", epochs=12).valid_error
    high_error[-1] = np.nan
    costs = np.concatenate((low_error, high_error))
    return Run.from_columns(
        name=f"{optimizer}-{seed}",
        optimizer=Optimizer(optimizer),
        space=configuration_space(),
        objectives=[Objective("valid_error")],
        trials={
            "config_id": np.concatenate((np.arange(0, trials, 3), np.arange(trials))),
            "budget": np.repeat([12.0, 200.0], [len(low), trials]),
            "status": ["crashed" if np.isnan(cost) else "success" for cost in costs],
            "end": np.arange(1.0, len(costs) + 1),
            "cost:valid_error": costs,
        },
        configurations={
            number: {name: OPERATIONS[code] for name, code in zip(HYPERPARAMETERS, row, strict=True)}
            for number, row in enumerate(ops)
        },
        provenance=Provenance(task="cifar10", seed=seed),
    )


@pytest.fixture(scope="module")
def runs(benchmark: Benchmark) -> list[Run]:
    return [make_run(benchmark, seed) for seed in range(3)]


@pytest.fixture(scope="module")
def folder(runs: list[Run], benchmark: Benchmark, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for run in [*runs, make_run(benchmark, 0, trials=5, optimizer="tiny")]:
        run.save(folder / run.name)
    return folder


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_importance_is_averaged_over_the_runs_of_a_group(runs: list[Run], benchmark: Benchmark) -> None:
    (group,), refused = group_importance(view_runs(runs).sections, truth=nasbench201_truth(benchmark))
    single = [importance(run) for run in runs]
    assert not refused and group.optimizer == "RS" and group.runs == tuple(run.name for run in runs)
    assert group.mean == pytest.approx(np.mean([one.values for one in single], axis=0))
    assert group.spread == pytest.approx(np.std([one.values for one in single], axis=0, ddof=1))
    assert group.tree_spread == pytest.approx(np.mean([one.spread for one in single], axis=0))
    assert group.estimates[0].sample.budget == 200.0


def test_the_truth_has_the_axes_of_the_space(runs: list[Run], benchmark: Benchmark) -> None:
    """ConfigSpace sorts hyperparameters by name, the table has them in the order of the architecture string."""
    (group,), _ = group_importance(view_runs(runs[:1]).sections, truth=nasbench201_truth(benchmark))
    codes = np.indices((5,) * 6).reshape(6, -1).T
    exact = decompose(benchmark.query(codes, "cifar10").valid_error.reshape((5,) * 6))
    names = group.estimates[0].names
    for subset, share in zip(group.estimates[0].subsets, group.exact, strict=True):
        assert share == pytest.approx(exact.share(HYPERPARAMETERS.index(names[axis]) for axis in subset))
    elsewhere = runs[0].replace(provenance=Provenance(task="another", seed=0))
    assert group_importance(view_runs([elsewhere]).sections, truth=nasbench201_truth(benchmark))[0][0].exact is None


def test_correlation_is_averaged_over_the_runs_of_a_group(runs: list[Run]) -> None:
    (group,), refused = group_correlation(view_runs(runs).sections)
    single = [budget_correlation(run).spearman[0, 1] for run in runs]
    assert not refused and group.budgets == (12.0, 200.0)
    assert group.mean[0, 1] == pytest.approx(np.mean(single))
    assert group.spread[0, 1] == pytest.approx(np.std(single, ddof=1))
    assert group.defined.tolist() == [[3, 3], [3, 3]] and group.configurations[0, 1] == 3 * 40
    budget = np.where(runs[0].column("budget") == 12.0, 66.0, 200.0)
    other = runs[0].replace(
        trials=runs[0].trials.set_column(runs[0].trials.column_names.index("budget"), "budget", pa.array(budget)),
        provenance=runs[0].provenance,
    )
    apart, _ = group_correlation(view_runs([other, runs[1]]).sections)
    assert [group.budgets for group in apart] == [(12.0, 200.0), (66.0, 200.0)]
    together = Settings(runs=(Rule(optimizer="RS"),)).applied([other, runs[1]])
    (mixed,), _ = group_correlation(view_runs(together).sections)
    assert mixed.budgets == (12.0, 66.0, 200.0) and mixed.defined.tolist() == [[1, 0, 1], [0, 1, 1], [1, 1, 2]]
    assert mixed.mean[0, 2] == pytest.approx(single[1]) and np.isnan(mixed.spread[0, 2]) and np.isnan(mixed.mean[0, 1])
    low = runs[0].where(runs[0].column("budget") == 12.0)
    found, (refused,) = group_correlation(view_runs([low]).sections)
    assert found == () and "only the budget 12" in refused.reason


def test_importance_as_table_and_json_says_the_same(folder: Path, runs: list[Run]) -> None:
    told = invoke("analyze", "importance", folder, "--json", "--benchmark", "surrogate")
    found = json.loads(told.stdout)
    assert told.exit_code == 0  # one of four runs is too short, which is told
    (group,) = found["groups"]
    assert group["optimizer"] == "RS" and group["budget"] == 200.0 and len(group["effects"]) == 21
    assert [run["failed"] for run in group["runs"]] == [1, 1, 1]
    first = group["effects"][0]
    assert first["hyperparameters"] == ["op_0_1"]
    assert first["value"] == pytest.approx(np.mean([importance(run).value("op_0_1") for run in runs]))
    (refused,) = found["refused"]
    assert refused["run"] == "tiny-0" and "at least 10" in refused["reason"]
    table = invoke("analyze", "importance", folder, "--benchmark", "surrogate")
    assert "RS on cifar10" in table.stdout and f"{100 * first['value']:.1f}" in table.stdout
    assert f"{100 * first['exact']:.1f}" in table.stdout
    assert "5 more joint effects" in table.stdout and "3 failed trials left out" in table.stdout
    assert "left out" in table.stderr and "tiny-0" in table.stderr


def test_correlation_as_table_and_json_says_the_same(folder: Path) -> None:
    told = invoke("analyze", "correlation", folder / "RS-0", folder / "RS-1", "--json")
    (group,) = json.loads(told.stdout)["groups"]
    assert told.exit_code == 0 and group["budgets"] == [12.0, 200.0] and group["configurations"][0][1] == 80
    table = invoke("analyze", "correlation", folder / "RS-0", folder / "RS-1")
    assert f"{group['spearman'][0][1]:.2f} ± {group['std_over_runs'][0][1]:.2f} (80)" in table.stdout


def test_nothing_to_analyse_is_an_error(folder: Path) -> None:
    told = invoke("analyze", "importance", folder / "tiny-0")
    assert told.exit_code == 2 and "at least 10" in told.stderr
    told = invoke("analyze", "importance", folder, "--objective", "speed")
    assert told.exit_code == 2 and "no run with the objective 'speed'" in told.stderr


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("method", ["lpi", "ablation", "shapley"])
def test_every_method_is_reached_and_says_the_same_three_times(folder: Path, runs: list[Run], method: str) -> None:
    command = ("analyze", "importance", folder / "RS-0", folder / "RS-1", "--method", method)
    (group,) = json.loads(invoke(*command, "--benchmark", "surrogate", "--json").stdout)["groups"]
    single = [importance(run, method=Method(method)) for run in runs[:2]]
    assert [effect["value"] for effect in group["effects"]] == pytest.approx(np.mean([one.values for one in single], 0))
    assert all(effect["exact"] is not None for effect in group["effects"])
    rows = rows_of(invoke(*command, "--csv").stdout)
    assert [float(row["value"]) for row in rows] == pytest.approx([effect["value"] for effect in group["effects"]])
    table = invoke(*command).stdout
    assert {"lpi": "local importance", "ablation": "step", "shapley": "Shapley values, ablation"}[method] in table


def test_every_objective_and_budget(folder: Path) -> None:
    told = invoke("analyze", "importance", folder / "RS-0", "--objective", "all", "--budget", "all", "--json")
    groups = json.loads(told.stdout)["groups"]
    assert [(group["objective"], group["budget"]) for group in groups] == [("valid_error", 12), ("valid_error", 200)]
    assert invoke("analyze", "importance", folder / "RS-0", "--budget", "high").exit_code == 2


def test_importance_over_time_and_its_bias(
    folder: Path, runs: list[Run], benchmark: Benchmark, monkeypatch: pytest.MonkeyPatch
) -> None:
    estimate, known = bias._uniform, dict[int, GroupImportance]()

    def once(like: GroupImportance, trials: int, draws: int) -> GroupImportance:  # the same for every form of output
        return known[trials] if trials in known else known.setdefault(trials, estimate(like, trials, draws))

    monkeypatch.setattr(bias, "_uniform", once)
    command = ("analyze", "importance", folder / "RS-0", folder / "RS-1", folder / "RS-2")
    groups = json.loads(invoke(*command, "--over-time", "--json").stdout)["groups"]
    assert [group["trials"] for group in groups] == [16, 32, 64, 119]
    assert groups[-1]["effects"][0]["value"] == pytest.approx(np.mean([importance(r).values[0] for r in runs]))
    assert "119 trials" in invoke(*command, "--over-time").stdout
    told = json.loads(invoke(*command, "--bias", "--benchmark", "surrogate", "--json").stdout)["groups"]
    assert [one["optimizer"] for one in told] == ["RS", "uniform sample"]
    assert told[0]["trials"] == told[1]["trials"] == [16, 32, 64, 119] and told[1]["runs"] == [10] * 4
    (group,), _ = group_importance(view_runs(runs).sections, truth=nasbench201_truth(benchmark))
    assert [effect["bias"][-1] for effect in told[0]["effects"]] == pytest.approx(group.mean - group.exact)
    rows = rows_of(invoke(*command[:3], "--bias", "--benchmark", "surrogate", "--csv").stdout)
    assert len(rows) == 2 * 4 * 21 and rows[-1]["optimizer"] == "uniform sample"
    table = invoke(*command, "--bias", "--benchmark", "surrogate").stdout
    assert "uniform sample" in table and f"{100 * told[0]['single_error'][-1]:.1f}" in table
    assert "needs the table" in invoke(*command, "--bias").stderr


def test_the_truth_of_runs_is_found_by_its_hash(runs: list[Run], benchmark: Benchmark) -> None:
    assert truth_of(runs) is None
    known = runs[0].replace(provenance=runs[0].provenance.replace(benchmark=BenchmarkFacts(sha256=benchmark.sha256)))
    truth = truth_of([known, runs[1]])
    assert truth is not None and truth(runs[1], sample(runs[1])) is None
    assert np.shape(truth(known, sample(known))) == (5,) * 6


def test_exploration_incumbents_and_landscape(folder: Path, runs: list[Run], benchmark: Benchmark) -> None:
    paths = [folder / run.name for run in runs]
    (group,) = json.loads(invoke("analyze", "exploration", *paths, "--json").stdout)["groups"]
    assert [one["trials"] for one in group["runs"]] == [160] * 3
    assert group["runs"][0]["coverage"] == pytest.approx(group["runs"][0]["distinct"] / 15625)
    different = {tuple(run.configuration(i).values()) for run in runs for i in range(120)}
    assert group["configurations_together"] == len(different)
    assert len(rows_of(invoke("analyze", "exploration", *paths, "--csv").stdout)) == 3
    assert f"{100 * group['runs'][0]['hamming']:.0f}"[0] in invoke("analyze", "exploration", *paths).stdout

    (group,) = json.loads(invoke("analyze", "incumbents", *paths, "--json").stdout)["groups"]
    finals = [run.configuration(run.incumbent().config_id) for run in runs]
    for name in HYPERPARAMETERS:
        for value, frequency in group["hyperparameters"][name].items():
            assert frequency[-1] == pytest.approx(np.mean([final[name] == value for final in finals]))
    assert "% of the incumbents of 3 runs" in invoke("analyze", "incumbents", *paths).stdout
    assert rows_of(invoke("analyze", "incumbents", *paths, "--csv").stdout)[0]["hyperparameter"] == HYPERPARAMETERS[0]

    told = json.loads(invoke("analyze", "landscape", *paths, "--json").stdout)
    tables = {one["task"]: one for one in told["tables"]}
    assert len(tables["cifar10"]["effects"]) == 63
    assert sum(effect["share"] for effect in tables["cifar10"]["effects"]) == pytest.approx(1)
    total = sum(one["share"] for one in tables["cifar10"]["effects"] if "op_0_1" in one["hyperparameters"])
    assert tables["cifar10"]["total_shares"]["op_0_1"] == pytest.approx(total)
    assert sum(one["basin"] for one in tables["cifar10"]["optima"]) == 15625
    errors = benchmark.query(finals, "cifar10").valid_error
    (ends,) = told["incumbents"]
    assert ends["gap"] == pytest.approx(errors.mean() - benchmark.optimum("cifar10")["valid_error_200"])
    shown = invoke("analyze", "landscape").stdout
    assert "local optima" in shown and f"{100 * total:.3f}" in shown


def test_the_report_shows_importance_beside_the_truth(runs: list[Run], benchmark: Benchmark, tmp_path: Path) -> None:
    others = [make_run(benchmark, seed, optimizer="other") for seed in range(2)]
    truth = nasbench201_truth(benchmark)
    report = write_report([*runs, *others], tmp_path / "report", truth=truth)
    table = pq.read_table(tmp_path / "report/data/importance.parquet").to_pandas()
    last = table[(table.optimizer == "RS") & (table.trials == 119) & (table.effect == "op_0_3")]
    (group,), _ = group_importance(view_runs(runs).sections, truth=truth)
    k = group.estimates[0].names.index("op_0_3")
    assert last.value.item() == pytest.approx(group.mean[k]) and last.exact.item() == pytest.approx(group.exact[k])
    bias = pq.read_table(tmp_path / "report/data/importance_bias.parquet").to_pandas()
    assert set(bias.optimizer) == {"RS", "other", "uniform sample"} and set(bias.trials) == {16, 64, 119}
    assert any(path.name == "cifar10-importance-error.pdf" for path in report.figures)
    page = report.page.read_text(encoding="utf-8")
    assert f"{100 * group.mean[k]:.1f} ± {100 * group.spread[k]:.1f}" in page and "Complete table" in page
    assert f"{group_correlation(view_runs(runs).sections)[0][0].mean[0, 1]:.2f}" in page
