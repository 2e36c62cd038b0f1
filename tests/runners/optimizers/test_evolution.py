"""Regularized evolution and random search."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import ConfigSpace
import pytest

from encave.errors import EncaveError
from encave.run import nasbench201_space as space
from encave.runners.optimizers.adapter import Problem, load, parse_flags
from encave.runners.studies.limit import Limit
from encave.runners.studies.simulate import simulate

POPULATION = 10


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


@pytest.mark.parametrize("adapter", ["re", "local", "random"])
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


@pytest.mark.parametrize("adapter", ["re", "local", "random"])
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
    assert all(row["info"]["origin"] == "initial" for row in rows if row["trial"] < POPULATION)
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
    assert Counter(row["info"]["origin"] for row in rows)["initial"] == 25


def test_random_search_draws_uniformly(log: Any) -> None:
    rows = log("random", evaluations=5000)
    for name in space.HYPERPARAMETERS:
        counts = Counter(row["config"][name] for row in rows)
        assert all(counts[operation] / 5000 == pytest.approx(0.2, abs=0.025) for operation in space.OPERATIONS)


@pytest.mark.parametrize("adapter", ["re", "local", "random"])
def test_a_space_with_numbers_is_refused(tmp_path: Path, adapter: str) -> None:
    numbers = ConfigSpace.ConfigurationSpace({"rate": (0.0, 1.0)})
    with pytest.raises(EncaveError, match="rate are numbers"):
        load(adapter)(Problem(numbers, "loss", 0, tmp_path, "home", 12.0, (1.0, 2.0)))


def test_an_unknown_optimizer_is_refused_with_what_there_is() -> None:
    with pytest.raises(EncaveError, match="unknown optimizer 'cma'; there are dehb, smac"):
        load("cma")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("re+size=3", "no flag 'size'; there are population, sample"),
        ("re+population=ten", "population is a whole number of at least 0, not 'ten'"),
        ("re+identity=-1", "identity is a number of at least 0, not '-1'"),
        ("re+identity=inf", "identity is a number"),
        ("re+death=young", "death is oldest or worst or loser, not 'young'"),
        ("random+seed=3", "no flag 'seed'; there are schedule"),
    ],
)
def test_a_flag_that_does_not_suit_is_refused(name: str, message: str) -> None:
    with pytest.raises(EncaveError, match=message):
        parse_flags(name)


@pytest.mark.parametrize(
    "name", ["re+sample=0", "re+population=0", "re+identity=1", "re+population=3+sample=4+replacement=no"]
)
def test_flags_that_do_not_fit_together_are_refused(make: Any, name: str) -> None:
    with pytest.raises(EncaveError, match="population"):
        make(name)


def population(rows: list[dict[str, Any]], size: int, death: str) -> list[dict[str, Any]]:
    """Who is alive after these trials of one worker."""
    alive: list[dict[str, Any]] = []
    for row in rows:
        alive.append(row)
        if len(alive) > size:
            alive.remove(max(alive, key=lambda one: one["cost"]["valid_error"]) if death == "worst" else alive[0])
    return alive


@pytest.mark.parametrize("death", ["oldest", "worst"])
def test_a_parent_is_alive(log: Any, death: str) -> None:
    rows = log(f"re+population=7+death={death}", evaluations=200)
    parents = [row["info"]["parent"] for row in rows]
    for place, parent in enumerate(parents):
        if parent is not None:
            assert parent in {one["trial"] for one in population(rows[:place], 7, death)}
    assert parents.count(None) == 7


def test_a_large_sample_without_replacement_always_breeds_from_the_best(log: Any) -> None:
    rows = log("re+population=5+sample=5+replacement=no", evaluations=100)
    for place, row in enumerate(rows[5:], start=5):
        best = min(population(rows[:place], 5, "oldest"), key=lambda one: one["cost"]["valid_error"])
        parent = next(one for one in rows if one["trial"] == row["info"]["parent"])
        assert parent["cost"] == best["cost"]


def test_losers_of_the_tournament_die_instead_of_the_oldest(log: Any) -> None:
    rows = log("re+death=loser", evaluations=400)
    cost = {row["trial"]: row["cost"]["valid_error"] for row in rows}
    last = [cost[row["info"]["parent"]] for row in rows[-100:]]
    oldest = [cost[row["info"]["parent"]] for row in log("re", evaluations=400)[-100:]]
    assert max(last) <= min(cost[trial] for trial in range(10)) and sum(last) < sum(oldest)


def changes(rows: list[dict[str, Any]]) -> list[int]:
    config = {row["trial"]: row["config"] for row in rows}
    children = [row for row in rows if row["info"]["parent"] is not None]
    return [sum(row["config"][n] != config[row["info"]["parent"]][n] for n in row["config"]) for row in children]


def test_mutation_of_one_edge_draws_all_alike(log: Any) -> None:
    rows = log("re+mutation=edge", evaluations=6000)
    config = {row["trial"]: row["config"] for row in rows}
    assert set(changes(rows)) == {1}
    mutated = Counter(
        name
        for row in rows
        if row["info"]["parent"] is not None
        for name in row["config"]
        if row["config"][name] != config[row["info"]["parent"]][name]
    )
    assert all(mutated[name] / mutated.total() == pytest.approx(1 / 6, abs=0.025) for name in space.HYPERPARAMETERS)


def test_mutation_of_each_edge_changes_at_least_one(log: Any) -> None:
    found = Counter(changes(log("re+mutation=each", evaluations=6000)))
    none = (5 / 6) ** 6
    assert found[0] == 0
    assert found[1] / found.total() == pytest.approx(6 * (1 / 6) * (5 / 6) ** 5 / (1 - none), abs=0.03)


def test_identity_leaves_a_child_as_it_is(log: Any) -> None:
    rows = log("re+identity=0.3", evaluations=3000)
    origins = Counter(row["info"]["origin"] for row in rows)
    assert origins["identity"] / 2990 == pytest.approx(0.3, abs=0.03)
    assert changes(rows).count(0) == origins["identity"]


@pytest.mark.parametrize("step", ["first", "best"])
def test_local_search_steps_to_better_neighbours_until_there_is_none(log: Any, step: str) -> None:
    rows = log(f"local+step={step}", evaluations=400)
    cost = {row["trial"]: row["cost"]["valid_error"] for row in rows}
    by_parent: dict[int, list[int]] = {}
    for row in rows:
        if row["info"]["parent"] is not None:
            by_parent.setdefault(row["info"]["parent"], []).append(row["trial"])
    assert set(changes(rows)) == {1}
    starts = list(by_parent)
    for start, following in pairwise(starts):
        better = [trial for trial in by_parent[start] if cost[trial] < cost[start]]
        whole = len(by_parent[start]) == 24
        if step == "first":
            assert better == ([following] if better else []) and (better or whole)
        else:
            assert whole and following == (min(better, key=cost.__getitem__) if better else following)
    assert rows[0]["info"]["origin"] == "random"
    assert any(cost[start] == min(cost.values()) for start in starts)


def test_local_search_with_many_workers_never_waits(log: Any) -> None:
    rows = log("local", evaluations=200, workers=40)
    assert len(rows) == 200
    assert {row["worker"] for row in rows} == set(range(40))
