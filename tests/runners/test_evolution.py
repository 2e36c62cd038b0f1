"""Regularized evolution and random search."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import ConfigSpace
import pytest

from encave.errors import EncaveError
from encave.runners.adapter import Problem, load
from encave.runners.limit import Limit
from encave.runners.nasbench201 import space
from encave.runners.regularized_evolution import POPULATION
from encave.runners.simulate import simulate


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "trials.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def log(make: Any, toy: Any, tmp_path: Path) -> Any:
    def one(adapter: str, *, evaluations: int, workers: int = 1, seed: int = 0) -> list[dict[str, Any]]:
        optimizer = make(adapter, seed=seed)
        simulate(optimizer, toy, Limit(evaluations=evaluations), workers=workers)
        optimizer.finish()
        return lines(tmp_path)

    return one


@pytest.mark.parametrize("adapter", ["re", "random"])
@pytest.mark.parametrize("workers", [1, 4])
def test_the_log_holds_every_trial_in_order_of_completion(log: Any, toy: Any, adapter: str, workers: int) -> None:
    rows = log(adapter, evaluations=50, workers=workers)
    assert sorted(row["trial"] for row in rows) == list(range(50))
    assert [row["end"] for row in rows] == sorted(row["end"] for row in rows)
    for row in rows:
        expected = toy(row["config"], row["budget"])
        assert row["cost"] == {"valid_error": expected.cost}
        assert row["end"] - row["start"] == pytest.approx(expected.seconds)
        assert {name: row["info"][name] for name in expected.info} == dict(expected.info)
        assert (row["budget"], row["seed"], row["status"]) == (12.0, None, "success")
        assert list(row["config"]) and set(row["config"]) == set(space.HYPERPARAMETERS)
    assert {row["worker"] for row in rows} == set(range(workers))


@pytest.mark.parametrize("adapter", ["re", "random"])
def test_a_seed_gives_one_log_and_another_seed_another(make: Any, toy: Any, tmp_path: Path, adapter: str) -> None:
    logs: list[bytes] = []
    for place, seed in enumerate([5, 5, 6]):
        folder = tmp_path / str(place)
        optimizer = make(adapter, seed=seed, folder=folder)
        simulate(optimizer, toy, Limit(evaluations=60), workers=3)
        optimizer.finish()
        logs.append((folder / "trials.jsonl").read_bytes())
    assert logs[0] == logs[1] != logs[2]


@pytest.mark.parametrize("workers", [1, 3])
def test_a_child_differs_from_its_parent_on_one_edge(log: Any, workers: int) -> None:
    rows = log("re", evaluations=300, workers=workers)
    by_trial = {row["trial"]: row for row in rows}
    assert all(row["info"]["origin"] == "random" for row in rows if row["trial"] < POPULATION)
    children = [row for row in rows if row["info"]["origin"] == "mutation"]
    assert len(children) == 300 - POPULATION
    for child in children:
        parent = by_trial[child["info"]["parent"]]
        assert parent["end"] <= child["start"]
        assert sum(child["config"][name] != parent["config"][name] for name in space.HYPERPARAMETERS) == 1


def test_a_parent_is_among_the_last_ten_evaluated(log: Any) -> None:
    rows = log("re", evaluations=300)
    for place, row in enumerate(rows):
        if row["info"]["parent"] is not None:
            assert row["info"]["parent"] in {other["trial"] for other in rows[place - POPULATION : place]}


def test_mutation_draws_a_node_and_then_an_edge_into_it(log: Any) -> None:
    rows = log("re", evaluations=6000)
    by_trial = {row["trial"]: row["config"] for row in rows}
    mutated = Counter(
        next(name for name in row["config"] if row["config"][name] != by_trial[row["info"]["parent"]][name])
        for row in rows
        if row["info"]["parent"] is not None
    )
    expected = {"op_0_1": 1 / 3, "op_0_2": 1 / 6, "op_1_2": 1 / 6, "op_0_3": 1 / 9, "op_1_3": 1 / 9, "op_2_3": 1 / 9}
    for name, probability in expected.items():
        assert mutated[name] / mutated.total() == pytest.approx(probability, abs=0.025)


def test_evolution_beats_random_search_on_the_toy(log: Any) -> None:
    best = {name: min(row["cost"]["valid_error"] for row in log(name, evaluations=300)) for name in ("re", "random")}
    assert best["re"] < best["random"]


def test_more_workers_than_the_population(log: Any) -> None:
    rows = log("re", evaluations=100, workers=25)
    assert Counter(row["info"]["origin"] for row in rows)["random"] == 25


def test_random_search_draws_uniformly(log: Any) -> None:
    rows = log("random", evaluations=5000)
    for name in space.HYPERPARAMETERS:
        counts = Counter(row["config"][name] for row in rows)
        assert all(counts[operation] / 5000 == pytest.approx(0.2, abs=0.025) for operation in space.OPERATIONS)


@pytest.mark.parametrize("adapter", ["re", "random"])
def test_a_space_with_numbers_is_refused(tmp_path: Path, adapter: str) -> None:
    numbers = ConfigSpace.ConfigurationSpace({"rate": (0.0, 1.0)})
    with pytest.raises(EncaveError, match="rate are numbers"):
        load(adapter)(Problem(numbers, "loss", 0, tmp_path, "home", 12.0, (1.0, 2.0)))


def test_an_unknown_optimizer_is_refused_with_what_there_is() -> None:
    with pytest.raises(EncaveError, match="unknown optimizer 'bohb'; there are dehb, smac"):
        load("bohb")
