from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from smac import (
    BlackBoxFacade,
    HyperbandFacade,
    HyperparameterOptimizationFacade,
    MultiFidelityFacade,
    Scenario,
)
from smac.acquisition.maximizer import local_search
from smac.multi_objective.parego import ParEGO
from threadpoolctl import threadpool_limits

from encave.errors import EncaveError
from encave.run import nasbench201_space as space
from encave.runners.optimizers.adapter import load
from encave.runners.optimizers.quiet import quiet
from encave.runners.studies.limit import Limit
from encave.runners.studies.simulate import simulate


def run(optimizer: Any, toy: Any, limit: Limit, workers: int = 1) -> Any:
    with quiet():
        simulation = simulate(optimizer, toy, limit, workers=workers)
        optimizer.finish()
    optimizer.close()
    return simulation


def trials(folder: Path) -> list[dict[str, Any]]:
    history = json.loads(next(folder.rglob("runhistory.json")).read_text())
    return [{**row, "config": history["configs"][str(row["config_id"])]} for row in history["data"]]


@pytest.mark.parametrize(("adapter", "workers"), [("smac", 1), ("smac", 3), ("smac-mf", 1), ("smac-mf", 3)])
def test_the_files_are_complete(make: Any, toy: Any, tmp_path: Path, capfd: Any, adapter: str, workers: int) -> None:
    run(make(adapter, seed=2, evaluations=24), toy, Limit(evaluations=24), workers)
    assert capfd.readouterr() == ("", "")
    files = {path.name for path in (tmp_path / "smac" / "2").iterdir()}
    assert files == {
        f"{name}.json" for name in ("configspace", "scenario", "runhistory", "intensifier", "optimization")
    }
    rows = trials(tmp_path)
    assert len(rows) == 24
    for row in rows:
        expected = toy(row["config"], row["budget"])
        assert (row["status"], row["cost"], row["time"]) == (1, expected.cost, expected.seconds)
        assert row["endtime"] - row["starttime"] == pytest.approx(expected.seconds)
        assert row["additional_info"].items() >= expected.info.items()
    assert {row["additional_info"]["worker"] for row in rows} == set(range(workers))
    assert len({row["seed"] for row in rows}) == 1
    budgets = {row["budget"] and round(row["budget"], 1) for row in rows}
    assert budgets <= ({None} if adapter == "smac" else {22.2, 66.7, 200.0})
    scenario = json.loads((tmp_path / "smac" / "2" / "scenario.json").read_text())
    assert scenario["output_directory"] == f"{adapter}/toy/seed-2/smac/2"
    trajectory = json.loads((tmp_path / "smac" / "2" / "intensifier.json").read_text())["trajectory"]
    assert {item["walltime"] for item in trajectory} <= {row["endtime"] for row in rows}


class SortedSet(set[Any]):
    """A set that iterates in a fixed order, as a set of configurations does not from process to process."""

    def __iter__(self) -> Any:
        return iter(sorted(super().__iter__(), key=lambda config: config.get_array().tolist()))


@pytest.mark.end_to_end
@pytest.mark.parametrize(
    ("adapter", "facade", "evaluations"),
    [
        ("smac", HyperparameterOptimizationFacade, 16),
        ("smac-bb", BlackBoxFacade, 6),
        ("smac-mf", MultiFidelityFacade, 30),
        ("hyperband", HyperbandFacade, 30),
        ("smac-parego", HyperparameterOptimizationFacade, 12),
    ],
)
def test_the_trajectory_is_the_default_facades(
    make: Any, toy: Any, toys: Any, tmp_path: Path, monkeypatch: Any, adapter: str, facade: Any, evaluations: int
) -> None:
    toy = toys if load(adapter).multi_objective else toy
    run(make(adapter, seed=3, evaluations=evaluations, folder=tmp_path / "ours"), toy, Limit(evaluations=evaluations))
    multi_fidelity, several = load(adapter).multi_fidelity, load(adapter).multi_objective
    scenario = Scenario(
        space.configuration_space(),
        output_directory=tmp_path / "theirs",
        deterministic=True,
        n_trials=evaluations,
        seed=3,
        **({"min_budget": 12, "max_budget": 200} if multi_fidelity else {}),
        **({"objectives": ["error", "size"]} if several else {}),
    )

    def single(config: Any, seed: int) -> Any:
        told = toy(config, None)
        return {"error": told.cost, "size": told.more_costs[0]} if several else told.cost

    def multi(config: Any, seed: int, budget: float) -> float:
        return toy(config, budget).cost

    settings = {"eta": 3, "incumbent_selection": "highest_budget"} if multi_fidelity else {}
    monkeypatch.setattr(local_search, "set", SortedSet, raising=False)
    with quiet(), threadpool_limits(limits=1):
        facade(
            scenario,
            multi if multi_fidelity else single,
            intensifier=facade.get_intensifier(scenario, **settings),
            logging_level=False,
            overwrite=True,
            **({"multi_objective_algorithm": ParEGO(scenario)} if several else {}),
        ).optimize()
    ours, theirs = (
        [(row["config"], row["budget"], row["seed"], row["cost"]) for row in trials(tmp_path / name)]
        for name in ("ours", "theirs")
    )
    assert ours == theirs
    origins = json.loads(next((tmp_path / "ours").rglob("runhistory.json")).read_text())["config_origins"].values()
    assert adapter == "hyperband" or any("Local Search" in (origin or "") for origin in origins)


def test_an_open_trial_at_the_end_is_logged_as_running(make: Any, toy: Any, tmp_path: Path) -> None:
    simulation = run(make("smac"), toy, Limit(simulated_seconds=60.0))
    rows = trials(tmp_path)
    assert [row["status"] for row in rows] == [1] * simulation.evaluations + [0] * simulation.unfinished
    assert simulation.unfinished == 1


def test_a_space_that_is_used_up_ends_the_run(toy: Any, tmp_path: Path) -> None:
    from ConfigSpace import ConfigurationSpace

    from encave.runners.optimizers.adapter import Problem
    from encave.runners.studies.simulate import SimulatedEvaluation

    small = ConfigurationSpace({"a": ["x", "y"], "b": ["x", "y", "z"]})
    for adapter in ("smac", "smac-mf"):
        folder = tmp_path / adapter
        folder.mkdir()
        optimizer = load(adapter)(Problem(small, "loss", 0, folder, "home", 12.0, (12.0, 200.0)))
        with quiet():
            simulation = simulate(
                optimizer,
                lambda config, budget: SimulatedEvaluation(
                    float(ord(config["a"]) + ord(config["b"])), budget or 1.0, {}
                ),
                Limit(evaluations=500),
                workers=2,
            )
        assert simulation.exhausted
        assert 6 <= simulation.evaluations < 40


def numbers(space_of: Any, tmp_path: Path, adapter: str, evaluations: int = 12) -> Any:
    from encave.runners.optimizers.adapter import Problem
    from encave.runners.studies.simulate import SimulatedEvaluation

    optimizer = load(adapter)(Problem(space_of, "loss", 0, tmp_path, "home", 12.0, (12.0, 200.0), evaluations))
    with quiet():
        simulation = simulate(
            optimizer,
            lambda config, budget: SimulatedEvaluation(config["x"] ** 2 + 1, 1.0, {}),
            Limit(evaluations=evaluations),
        )
        optimizer.finish()
    return simulation


@pytest.mark.parametrize("adapter", ["smac", "tpe", "nsga2"])
def test_a_space_with_numbers_is_searched(tmp_path: Path, adapter: str) -> None:
    from ConfigSpace import ConfigurationSpace, Float

    mixed = ConfigurationSpace({"x": (-3.0, 2.0), "n": (1, 9), "rate": Float("rate", (1e-4, 1.0), log=True), "c": "ab"})
    assert numbers(mixed, tmp_path, adapter).evaluations == 12


def test_the_exact_maximum_needs_a_space_that_can_be_enumerated(tmp_path: Path) -> None:
    from ConfigSpace import ConfigurationSpace

    with pytest.raises(EncaveError, match="smac-exact needs a space of choices with at most 20,000"):
        numbers(ConfigurationSpace({"x": (-3.0, 2.0)}), tmp_path, "smac-exact")


def test_smac_exact_tries_no_configuration_twice_and_finds_the_best(make: Any, toy: Any, tmp_path: Path) -> None:
    run(make("smac-exact", evaluations=80), toy, Limit(evaluations=80), workers=4)
    rows = trials(tmp_path)
    assert len({str(row["config"]) for row in rows}) == 80
    every = [toy(config, None).cost for config in space.to_configurations(space.from_index(range(space.SIZE)))]
    assert sum(cost < min(row["cost"] for row in rows) for cost in every) <= 20
