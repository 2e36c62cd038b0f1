"""One schedule per study, what is told of it, rewards of one training seed, and going on from checkpoints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest
from click.testing import CliRunner

from encave.cli import cli
from encave.cli.runs import load_runs
from encave.converters.conversion import convert
from encave.errors import EncaveError
from encave.run import Run
from encave.run import nasbench201_space as space
from encave.runners.benchmarks.nasbench201.table import Benchmark, load_surrogate
from encave.runners.studies.execute import Fidelities, RunSpec
from encave.runners.studies.fairness import remarks
from encave.runners.studies.file import declare
from encave.runners.studies.limit import Limit
from encave.runners.studies.objective import BenchmarkObjective, Objectives
from encave.runners.studies.study import run_study
from encave.runners.studies.told_costs import GoingOn, OneSeed

SHORT = Limit(evaluations=14)


def declared(**flags: Any) -> list[RunSpec]:
    return declare(None, flags).specs()


@pytest.mark.parametrize(
    ("flags", "schedules", "seconds"),
    [
        ({"optimizer": "re,random"}, {12}, 20_000),
        ({"optimizer": "re,random", "dataset": "ImageNet16-120"}, {12}, 120_000),
        ({"optimizer": "dehb,re"}, {200}, 1_000_000),
        ({"optimizer": "dehb,re", "schedule": 12}, {12}, 20_000),
        ({"optimizer": "re", "schedule": 200, "dataset": "cifar100"}, {200}, 2_000_000),
        ({"optimizer": "dehb,re+schedule=12"}, {200, 12}, 1_000_000),
        ({"optimizer": "re,random", "budget": "5h"}, {12}, 18_000),
    ],
)
def test_a_study_has_one_schedule_unless_an_optimizer_names_its_own(
    flags: dict[str, Any], schedules: set[int], seconds: float
) -> None:
    specs = declared(**flags)
    assert {spec.schedule for spec in specs} == schedules
    assert {spec.limit.simulated_seconds for spec in specs} == {seconds}


def test_budgets_of_single_datasets() -> None:
    specs = declared(optimizer="re", dataset="cifar10,cifar100", budget="cifar10=100s,200s,cifar100=50evals")
    told = [(spec.home, str(spec.limit)) for spec in specs]
    assert told == [
        ("re/cifar10/100s/seed-0", "100 simulated seconds"),
        ("re/cifar10/200s/seed-0", "200 simulated seconds"),
        ("re/cifar100/200s/seed-0", "200 simulated seconds"),
        ("re/cifar100/50evals/seed-0", "50 evaluations"),
    ]
    with pytest.raises(EncaveError, match="names no budget of cifar100"):
        declared(optimizer="re", dataset="cifar100", budget="cifar10=100s")
    with pytest.raises(EncaveError, match="unknown dataset 'cifar11'"):
        declared(optimizer="re", budget="cifar11=100s")


def test_budgets_of_multi_fidelity_optimizers() -> None:
    def of(name: str, **more: Any) -> Fidelities | None:
        return RunSpec(name, "cifar10", 0, SHORT, **more).fidelities

    assert of("re") is None
    assert of("dehb") == Fidelities(12, 200, 3)
    assert of("dehb", epochs=12) == Fidelities(1, 12, 3)
    assert of("dehb+eta=4+min_budget=11", eta=2, max_budget=199.0) == Fidelities(11, 199, 4)
    for name, more in (("dehb+eta=1", {}), ("dehb", {"min_budget": 200.0}), ("dehb+max_budget=20", {"epochs": 12})):
        with pytest.raises(EncaveError, match="they ascend within"):
            RunSpec(name, "cifar10", 0, SHORT, **more)
    with pytest.raises(EncaveError, match=r"no flag 'eta'; there are population, .*, schedule"):
        RunSpec("re+eta=4", "cifar10", 0, SHORT)


@pytest.mark.parametrize("name", ["smac-mf", "hyperband"])
def test_budgets_and_eta_reach_the_optimizer_and_its_log(tmp_path: Path, name: str) -> None:
    spec = RunSpec(f"{name}+eta=2+min_budget=50", "cifar10", 0, Limit(evaluations=30))
    assert not run_study(tmp_path / "study", [spec]).failed
    header = json.loads((tmp_path / "study" / spec.home / "encave.json").read_text())
    assert header["benchmark"]["fidelities"] == {"low": 50.0, "high": 200.0, "eta": 2}
    run = Run.load(convert([tmp_path / "study"], tmp_path / "out")[0].output)  # type: ignore[arg-type]
    assert set(run.budgets) == {50.0, 100.0, 200.0}
    below = (run.column("budget").astype(float) < 200).mean()
    assert header["benchmark"]["modelled_share"] == 1.0  # all of the surrogate is
    assert 0 < below < 1


def test_twelve_epochs_need_learning_curves_before_anything_is_run(tmp_path: Path) -> None:
    specs = [RunSpec("re", "cifar10", 0, SHORT), RunSpec("hyperband", "cifar10", 0, SHORT, epochs=12)]
    with pytest.raises(EncaveError, match=r"hyperband evaluates below 12 epochs.*--schedule 200"):
        run_study(tmp_path / "study", specs)
    assert not (tmp_path / "study").exists()


def test_what_is_told_before_a_study() -> None:
    few = declared(optimizer="re,random", schedule=200, budget="20000s")
    assert "pay for about 10 trainings of 200 epochs" in " ".join(remarks(few, Objectives()))
    assert remarks(declared(optimizer="dehb,re,smac"), Objectives()) == []
    told = remarks(declared(optimizer="dehb,re+schedule=12"), Objectives())
    assert told[0].startswith("The study mixes schedules: re+schedule=12 with 12; dehb with 200 epochs.")


def test_the_command_tells_it_and_keeps_the_declaration(tmp_path: Path) -> None:
    command = ["run", str(tmp_path / "s"), "--optimizer", "random", "--schedule", "200", "--budget", "9000s"]
    done = CliRunner().invoke(cli, [*command, "--reward", "seed", "--common-start"])
    assert done.exit_code == 0, done.output
    assert "pay for about 4 trainings of 200 epochs" in done.output
    header = json.loads((tmp_path / "s" / "random" / "cifar10" / "seed-0" / "encave.json").read_text())
    assert header["benchmark"] | {"schedule": 200, "reward": "seed", "resumed": False} == header["benchmark"]
    assert header["common_start"] is True
    again = CliRunner().invoke(cli, ["run", str(tmp_path / "s"), "--reward", "mean"])
    assert "reward seed, not mean" in str(again.output) + str(again.exception)


@pytest.fixture(scope="module")
def surrogate() -> Benchmark:
    return load_surrogate()


@pytest.mark.parametrize("schedule", [12, 200])
def test_one_seed_scatters_about_the_mean(surrogate: Benchmark, schedule: int) -> None:
    objective = BenchmarkObjective(surrogate, "cifar10", schedule)
    config = space.to_configurations(space.from_index([6111]))[0]
    told = OneSeed(objective, surrogate, "cifar10", schedule, 0)
    costs = {told(config, None).cost for _ in range(40)}
    assert len(costs) == (2 if schedule == 12 else 3)  # seeds of the table: a seed's value does not change
    assert np.mean(list(costs)) == pytest.approx(objective(config, None).cost, abs=1.5)
    assert told(config, None).seconds == objective(config, None).seconds
    again = OneSeed(objective, surrogate, "cifar10", schedule, 0)
    assert again(config, None).cost in costs


def test_one_seed_of_a_measured_table(table_path: Path) -> None:
    from encave.runners.benchmarks.nasbench201.table import open_table

    table = open_table(table_path)
    objective = BenchmarkObjective(table, "cifar10", 200)
    index = 11
    config = space.to_configurations(space.from_index([index]))[0]
    told = OneSeed(objective, table, "cifar10", 200, 0)
    known = [
        100 - table.task("cifar10").valid_accuracy_200[index] - values[index]
        for values in table.task("cifar10").seed_deviation_200.values()
        if np.isfinite(values[index])
    ]
    assert sorted({told(config, None).cost for _ in range(60)}) == pytest.approx(sorted(known))
    assert told(config, 66.67).modelled and not told(config, 200.0).modelled


def test_going_on_pays_the_difference(surrogate: Benchmark) -> None:
    objective = BenchmarkObjective(surrogate, "cifar10", 200)
    first, second = space.to_configurations(space.from_index([5, 9]))
    going = GoingOn(objective, objective)
    whole = {epochs: objective(first, epochs) for epochs in (22.0, 67.0, 200.0)}
    assert going(first, 22.0) == whole[22.0]
    assert going(second, 67.0) == objective(second, 67.0)
    on = going(first, 200.0)
    assert on.cost == whole[200.0].cost
    assert on.seconds == pytest.approx(whole[200.0].seconds - whole[22.0].info["train_seconds"])
    assert on.info["train_seconds"] == pytest.approx(178 * whole[22.0].info["train_seconds"] / 22)
    assert going(first, 67.0) == whole[67.0]  # a lower budget, and the same again, are trained anew
    assert going(first, 200.0) == whole[200.0]


def test_going_on_is_declared_and_cheaper(tmp_path: Path) -> None:
    seconds = {}
    for resume in (False, True):
        spec = RunSpec("hyperband", "cifar10", 0, Limit(evaluations=40), resume=resume)
        study = tmp_path / str(resume)
        assert not run_study(study, [spec, RunSpec("re", "cifar10", 0, SHORT, resume=resume)]).failed
        header = json.loads((study / spec.home / "encave.json").read_text())
        assert header["benchmark"]["resumed"] is resume
        seconds[resume] = header["seconds"]
        (run,) = load_runs((study / spec.home,))
        budget, train = run.column("budget").astype(float), run.column("extra:train_seconds").astype(float)
        ids = run.column("config_id")
        assert ("continues" in run.trials.column_names) is resume
        if not resume:
            assert run.spent().tolist() == budget.tolist()
            continue
        goes_on = pc.is_valid(run.trials["continues"]).to_numpy()
        assert goes_on.sum() > 3 and (run.spent() < budget).tolist() == goes_on.tolist()
        # an epoch of an architecture always takes as long, so that seconds tell what was paid; budgets are rounded
        rates = dict(zip(ids[~goes_on].tolist(), train[~goes_on] / np.round(budget[~goes_on]), strict=True))
        for one, paid, cost in zip(ids[goes_on].tolist(), run.spent()[goes_on], train[goes_on], strict=True):
            assert cost / rates[one] == pytest.approx(paid, abs=1)
        assert json.loads((study / "re/cifar10/seed-0/encave.json").read_text())["benchmark"]["resumed"] is False
    assert seconds[True] < seconds[False]
