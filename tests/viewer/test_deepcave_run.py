"""The corrected run and group classes against DeepCAVE's own, with the real package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace
from deepcave.runs.converters.deepcave import DeepCAVERun
from deepcave.runs.group import Group
from deepcave.runs.objective import Objective
from deepcave.runs.run import Run as StockRun
from deepcave.runs.status import Status
from deepcave.runs.trial import Trial
from hypothesis import given, settings
from hypothesis import strategies as st

from encave.converters.formats.deepcave import output
from encave.errors import EncaveError
from encave.run import Run
from encave.viewer.deepcave_group import EncaveGroup, group_of
from encave.viewer.deepcave_run import EncaveRun

COMBINED = -1


def in_memory(rows: list[tuple[int, float, int, float | None, float]], optimize: str = "lower") -> EncaveRun:
    """A run of the trials (configuration, budget, seed, cost, end)."""
    space = ConfigurationSpace()
    space.add(CategoricalHyperparameter("x", [f"c{i}" for i in range(20)]))
    run = EncaveRun("run", configspace=space, objectives=[Objective("cost", 0, 1, optimize)])
    run.configs = {i: {"x": f"c{i}"} for i in range(20)}
    run.origins = dict.fromkeys(run.configs)
    for config, budget, seed, cost, end in rows:
        trial = Trial(config, budget, seed, [cost], 0.0, 0.0, end, 4 if cost is None else 1, {})  # type: ignore[arg-type]
        run.trial_keys[trial.get_key()] = len(run.history)
        run.history.append(trial)
    run.meta["budgets"] = sorted({row[1] for row in rows})
    run.meta["seeds"] = sorted({row[2] for row in rows})
    return run


def test_every_trial_arrives_where_the_stock_reader_fails(runs_folder: Path) -> None:
    folder = runs_folder / "dehb-0"
    source = Run.load(folder)
    with pytest.raises(TypeError, match="positional arguments"):
        DeepCAVERun.from_path(folder)
    loaded = EncaveRun.from_path(folder)
    assert (loaded.name, loaded.prefix) == ("DEHB-0", "DEHB")
    assert len(loaded.history) == len(source)
    for trial, row in zip(loaded.history, source.trials.to_pylist(), strict=True):
        assert (trial.config_id, trial.budget, trial.seed) == (row["config_id"], row["budget"], row["seed"])
        assert (trial.start_time, trial.end_time, trial.costs) == (row["start"], row["end"], [row["cost:valid_error"]])
        assert (trial.status.name == "SUCCESS") == (row["status"] == "success")
        assert dict(loaded.get_config(trial.config_id)) == source.configuration(row["config_id"])
    assert loaded.get_incumbent(loaded.get_objectives()[0])[1] == source.incumbent().value  # type: ignore[union-attr]


def test_what_the_converter_writes_arrives(runs_folder: Path, tmp_path: Path) -> None:
    source = Run.load(runs_folder / "dehb-0")
    shown, _ = output.prepare(source)
    output.write(source, shown, tmp_path)
    source.save(tmp_path)
    loaded = EncaveRun.from_path(tmp_path)
    costs = [None if np.isnan(cost) else cost for cost in source.cost().tolist()]
    assert [trial.costs[0] for trial in loaded.history] == costs
    assert [trial.end_time for trial in loaded.history] == source.column("end").tolist()
    assert [trial.start_time for trial in loaded.history] == source.column("start").tolist()
    assert loaded.get_budgets(include_combined=False) == list(source.budgets)


def test_a_changed_run_is_read_again(runs_folder: Path, tmp_path: Path) -> None:
    for file in (runs_folder / "dehb-0").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    first = EncaveRun.from_path(tmp_path)
    assert EncaveRun.from_path(tmp_path) is first
    before = first.hash
    meta = json.loads((tmp_path / "meta.json").read_text())
    (tmp_path / "meta.json").write_text(json.dumps(meta | {"note": "changed"}))
    assert first.hash != before
    assert EncaveRun.from_path(tmp_path).meta["note"] == "changed"


def test_lines_of_older_releases_have_no_cpu_time(runs_folder: Path, tmp_path: Path) -> None:
    for file in (runs_folder / "dehb-0").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    rows = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    (tmp_path / "history.jsonl").write_text("".join(json.dumps(row[:4] + row[5:]) + "\n" for row in rows))
    assert [t.end_time for t in EncaveRun.from_path(tmp_path).history] == [row[6] for row in rows]


@pytest.mark.parametrize("damage", ["[1, 200.0, 1", "[1, 2]", "[99999, 200.0, 0, [1.0], 0.0, 0.0, 1.0, 1, {}]"])
def test_a_damaged_line_is_named(runs_folder: Path, tmp_path: Path, damage: str) -> None:
    for file in (runs_folder / "dehb-0").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with (tmp_path / "history.jsonl").open("a") as history:
        history.write(damage)
    with pytest.raises(EncaveError, match=r"history\.jsonl, line 41"):
        EncaveRun.from_path(tmp_path)


def test_a_missing_folder_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        EncaveRun.from_path(tmp_path / "missing")
    assert not (tmp_path / "missing").exists()


TRIALS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from([1.0, 3.0, 9.0]),
        st.integers(0, 2),
        st.one_of(st.none(), st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.5]), st.just(float("nan"))),
        st.integers(0, 30).map(float),
    ),
    max_size=25,
)


@settings(max_examples=150)
@given(TRIALS, st.booleans(), st.sampled_from([1.0, 9.0, COMBINED, None]), st.sampled_from([None, 0]), st.booleans())
def test_trajectory_equals_the_stock_one(
    rows: list[Any], one_seed: bool, budget: float | None, seed: int | None, maximize: bool
) -> None:
    if one_seed:
        rows = [(config, at, 0, cost, end) for config, at, _, cost, end in rows]
    run = in_memory(rows, "upper" if maximize else "lower")
    objective = run.get_objectives()[0]
    assert run.get_trajectory(objective, budget, seed) == StockRun.get_trajectory(run, objective, budget, seed)


def test_trajectory_takes_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    run = in_memory([(i, 1.0, 0, 1 - i / 20, float(i)) for i in range(20)])
    objective = run.get_objectives()[0]
    calls: list[int] = []
    stock = StockRun.get_incumbent
    monkeypatch.setattr(StockRun, "get_incumbent", lambda *a, **k: (calls.append(1), stock(*a, **k))[1])
    StockRun.get_trajectory(run, objective, 1.0)
    assert len(calls) == 20, "DeepCAVE now does better itself"
    run.get_trajectory(objective, 1.0)
    assert len(calls) == 20


def test_trajectory_over_many_seeds_equals_the_stock_one_to_the_last_bit() -> None:
    rng = np.random.default_rng(3)
    places = [(config, seed) for config in range(12) for seed in range(11)]
    run = in_memory([(c, 1.0, seed, 2 + rng.random() - c / 6, float(i)) for i, (c, seed) in enumerate(places)])
    for trial in run.history:
        trial.costs.append(rng.random() - trial.config_id / 6)
    run.meta["objectives"].append(run.meta["objectives"][0] | {"name": "second"})
    for objective in run.get_objectives():
        stock = StockRun.get_trajectory(run, objective, 1.0)
        assert len(stock[0]) > 8
        assert run.get_trajectory(objective, 1.0) == stock


def test_group_trajectory_does_not_know_the_future() -> None:
    early = in_memory([(0, 1.0, 0, 1.0, 10.0), (1, 1.0, 0, 0.1, 90.0)])
    late = in_memory([(2, 1.0, 1, 1.0, 10.0), (3, 1.0, 1, 0.1, 100.0)])
    objective = early.get_objectives()[0]
    times, mean, _, _, _ = Group("stock", [early, late]).get_trajectory(objective, budget=1.0)
    assert dict(zip(times, mean, strict=True))[90.0] == pytest.approx(0.1), "DeepCAVE is right now"
    times, mean, deviation, _, _ = EncaveGroup("ours", [early, late]).get_trajectory(objective, budget=1.0)
    assert times == [10.0, 90.0, 100.0]
    assert mean == pytest.approx([1.0, 0.55, 0.1])
    assert deviation == pytest.approx([0.0, 0.45, 0.0])


def test_group_trajectory_begins_when_every_run_has_an_incumbent() -> None:
    early = in_memory([(0, 1.0, 0, 0.5, 10.0), (1, 1.0, 0, 0.4, 20.0)])
    late = in_memory([(0, 1.0, 1, 0.3, 30.0)])
    never = in_memory([(0, 1.0, 2, None, 5.0)])
    group = EncaveGroup("group", [early, late, never])
    assert group.get_trajectory(group.runs[0].get_objectives()[0], 1.0)[:2] == ([30.0], [pytest.approx(0.35)])


def test_group_holds_what_the_stock_group_holds(runs_folder: Path) -> None:
    runs = [EncaveRun.from_path(runs_folder / f"dehb-{seed}") for seed in range(3)]
    ours, stock = group_of("group", runs), Group("group", runs)
    assert group_of("group", runs) is ours
    for attribute in (
        "configs",
        "origins",
        "history",
        "trial_keys",
        "config_id_mapping",
        "_highest_budget",
        "id",
        "hash",
    ):
        assert getattr(ours, attribute) == getattr(stock, attribute), attribute
    trial = stock.history[5]
    assert ours.get_status(trial.config_id, trial.seed, trial.budget) == stock.get_status(
        trial.config_id, trial.seed, trial.budget
    )
    objective = ours.get_objective(0)
    encoded = (group.get_encoded_data(objective, 200.0).astype(float) for group in (ours, stock))  # stock's are objects
    pd.testing.assert_frame_equal(*encoded, check_exact=True)


@pytest.mark.parametrize("seeds", [1, 3])
def test_ten_thousand_trials_take_no_time(seeds: int) -> None:
    import time

    rng = np.random.default_rng(0)
    costs = rng.random(10_000)
    run = in_memory([])
    run.configs = {i: {"x": "c0"} for i in range(10_000)}
    run.history = [
        Trial(i // seeds, 1.0, i % seeds, [cost], 0.0, 0.0, float(i), Status.SUCCESS, {})
        for i, cost in enumerate(costs.tolist())
    ]
    began = time.perf_counter()
    _, found, _, _, _ = run.get_trajectory(run.get_objectives()[0], 1.0)
    assert time.perf_counter() - began < 1, "stock DeepCAVE needs 20 s and more"
    means = costs[: 10_000 // seeds * seeds].reshape(-1, seeds).mean(axis=1)
    assert found[-1] == min(costs[0], means.min())
