"""Converted runs opened by the real DeepCAVE, trial by trial."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from ConfigSpace import (
    CategoricalHyperparameter,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    OrdinalHyperparameter,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)
from hypothesis import given
from hypothesis import strategies as st

from encave.converters.conversion import convert
from encave.converters.formats.deepcave.exact_text import exact_texts, pandas_reads
from encave.converters.formats.deepcave.output import prepare, write
from encave.converters.formats.deepcave.twin import align
from encave.run import Objective, Optimizer, Provenance, Run

from ..conftest import EDGES, OBJECTIVE, random_lines, trial_line, write_dehb, write_sidecar, write_smac, write_trials

STATUS = {"success": 1, "timeout": 2, "memory-out": 3, "crashed": 4, "aborted": 5, "running": 6, "not-evaluated": 6}
Open = Callable[[Path], Any]


def expected(run: Run) -> dict[int, dict[str, Any]]:
    """Trial id → what DeepCAVE should show, from the lossless run alone."""
    rows = {}
    for trial in run.trials.to_pylist():
        success = trial["status"] == "success"
        rows[trial["trial_id"]] = {
            "config": run.configuration(trial["config_id"]),
            "budget": trial["budget"] or 0.0,
            "costs": [trial[f"cost:{o.name}"] for o in run.objectives]
            + [trial["end"] - trial["start"] if success else None],
            "start": trial["start"],
            "end": trial["end"],
            "status": STATUS[trial["status"]],
        }
    return rows


def shown_by(opened: Any) -> dict[int, dict[str, Any]]:
    """The same from DeepCAVE's objects."""
    return {
        trial.additional["trial_id"]: {
            "config": dict(opened.configs[trial.config_id]),
            "budget": trial.budget,
            "costs": list(trial.costs),
            "start": trial.start_time,
            "end": trial.end_time,
            "status": int(trial.status),
        }
        for trial in opened.history
    }


def rounded(rows: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Budgets and times as `DataFrameRun` rounds them."""
    return {
        key: row | {name: float(np.round(row[name], 2)) for name in ("budget", "start", "end")}
        for key, row in rows.items()
    }


def native_rows(folder: Path) -> dict[int, dict[str, Any]]:
    """The native files, parsed by the format's description."""
    configs = json.loads((folder / "configs.json").read_text())
    rows = {}
    for line in (folder / "history.jsonl").read_text().splitlines():
        config_id, budget, _seed, costs, _cpu, start, end, status, additional = json.loads(line)
        rows[additional["trial_id"]] = {
            "config": configs[str(config_id)],
            "budget": budget,
            "costs": costs,
            "start": start,
            "end": end,
            "status": status,
        }
    return rows


def hidden(run: Run) -> int:
    return sum(note.count for note in run.notes if "one trial per configuration" in note.text)


def check(folder: Path, open_run: Open) -> Any:
    """Every trial of the run is in DeepCAVE, natively to the bit and through stock DeepCAVE with its rounding."""
    run = Run.load(folder)
    wanted = expected(run)
    native = native_rows(folder)
    assert len(native) == len(run) - hidden(run)
    assert native == {key: wanted[key] for key in native}
    opened = open_run(folder)
    assert opened.prefix == "DataFrame"
    assert shown_by(opened) == rounded(native)
    assert opened.name == run.name
    meta = json.loads((folder / "meta.json").read_text())
    assert [o.name for o in opened.get_objectives()] == [o["name"] for o in meta["objectives"]]
    assert opened.meta["seeds"] == meta["seeds"]
    return opened


def test_dehb(tmp_path: Path, open_in_stock_deepcave: Open) -> None:
    write_dehb(tmp_path / "study", 60)
    write_sidecar(tmp_path / "study", seed=7)
    [conversion] = convert([tmp_path], tmp_path / "out")
    opened = check(conversion.output, open_in_stock_deepcave)
    assert opened.meta["seeds"] == [7]
    assert conversion.output.name == "DEHB-cifar10-seed7"
    objective = opened.get_objective(OBJECTIVE)
    times, costs, *_ = opened.get_trajectory(objective)
    run = Run.load(conversion.output)
    top = run.column("budget") == max(run.budgets)
    best = np.minimum.accumulate(run.cost()[top])
    steps = np.flatnonzero(np.diff(best, prepend=np.inf) < 0)
    assert costs == best[steps].tolist()
    assert times == np.round(run.column("end")[top][steps], 2).tolist()


def test_smac(tmp_path: Path, open_in_stock_deepcave: Open) -> None:
    write_smac(tmp_path / "study" / "smac" / "cifar10" / "seed-3", seed=3)
    write_sidecar(tmp_path / "study" / "smac" / "cifar10" / "seed-3", optimizer="SMAC", seed=3)
    [conversion] = convert([tmp_path], tmp_path / "out")
    opened = check(conversion.output, open_in_stock_deepcave)
    assert conversion.output.name == "SMAC-cifar10-seed3"
    assert sorted(int(trial.status) for trial in opened.history)[-2:] == [4, 4]


def test_every_status_and_repeated_trials(tmp_path: Path, open_in_stock_deepcave: Open) -> None:
    lines = random_lines(20)
    for line, status in zip(lines, STATUS, strict=False):
        line["status"] = status
        line["cost"] = line["cost"] if status == "success" else None
    lines.append(trial_line(20, lines[1]["config"], 5000.0, 5001.0))  # succeeds where trial 1 crashed
    write_trials(tmp_path / "logs", lines)
    write_sidecar(tmp_path / "logs", optimizer="RE")
    [conversion] = convert([tmp_path / "logs"], tmp_path / "out")
    opened = check(conversion.output, open_in_stock_deepcave)
    assert conversion.written == 21
    ids = {trial.additional["trial_id"] for trial in opened.history}
    assert set(range(21)) - ids == {1, 10}  # the crash before a success, and the second of two equal successes
    assert hidden(Run.load(conversion.output)) == 2


def test_runs_of_a_study_can_be_grouped(tmp_path: Path, open_in_stock_deepcave: Open) -> None:
    from deepcave.runs.group import Group

    for seed in range(3):
        write_trials(tmp_path / "study" / f"seed-{seed}", random_lines(15, seed=seed))
        write_sidecar(tmp_path / "study" / f"seed-{seed}", optimizer="RE", seed=seed)
    first = convert([tmp_path / "study" / "seed-0"], tmp_path / "out")
    rest = convert([tmp_path / "study"], tmp_path / "out")
    assert [c.status for c in rest] == ["unchanged", "converted", "converted"]
    runs = [open_in_stock_deepcave(c.output) for c in rest]
    group = Group("RE", runs)
    assert len(group.history) == sum(len(run.history) for run in runs)
    costs = np.concatenate([Run.load(c.output).cost() for c in rest])
    objective = group.get_objective(OBJECTIVE)
    assert (objective.lower, objective.upper) == (costs.min(), costs.max())
    assert first[0].output == rest[0].output


def awkward_space() -> ConfigurationSpace:
    space = ConfigurationSpace(name="awkward", seed=1)
    space.add(
        [
            CategoricalHyperparameter("units", [16, 32, 64]),
            CategoricalHyperparameter("flag", [True, False]),
            CategoricalHyperparameter("mixed", ["16", 16, "None"]),
            CategoricalHyperparameter("text", ["None", "nan", "none", "1e5", "'x'", "a,b", 'say "hi"', "", " "]),
            OrdinalHyperparameter("size", ["small", "large"]),
            UniformFloatHyperparameter("lr", 1e-5, 0.1, log=True),
            UniformIntegerHyperparameter("budget", 1, 10, default_value=3),
            Constant("fixed", 3),
            Constant("word", "one"),
            UniformFloatHyperparameter("momentum", 0.0, 0.99),
        ]
    )
    space.add(EqualsCondition(space["momentum"], space["text"], "none"))
    return space


def test_awkward_values(tmp_path: Path, open_in_stock_deepcave: Open) -> None:
    space = awkward_space()
    configs = {i: dict(config) for i, config in enumerate(space.sample_configuration(60))}
    configs[0]["lr"] = 0.1
    run = Run.from_columns(
        name="awkward",
        optimizer=Optimizer("x"),
        space=space,
        objectives=[Objective("acc @1", "maximize"), Objective("b")],
        trials={
            "config_id": list(configs),
            "status": ["success"] * 60,
            "start": np.arange(60) + 0.5,
            "end": np.arange(60) + 0.75,
            "cost:acc @1": np.random.default_rng(0).normal(size=60),
            "cost:b": np.full(60, 0.1),
            "extra:lr": np.arange(60.0),
            "extra:raw": [float("inf"), *[None] * 59],
        },
        configurations=configs,
        provenance=Provenance(seed=0),
    )
    shown, notes = prepare(run)
    folder = tmp_path / "awkward"
    folder.mkdir()
    write(run, shown, folder)
    run.save(folder)
    align([folder])
    opened = open_in_stock_deepcave(folder)
    assert len(opened.history) == 60
    assert [o.name for o in opened.get_objectives()] == ["acc__1", "b", "Time"]
    assert native_rows(folder) == expected(run)
    by_id = {trial.additional["trial_id"]: trial for trial in opened.history}
    as_it_is = ("none", "a,b", 'say "hi"', " ")
    for i, config in configs.items():
        got = dict(opened.configs[by_id[i].config_id])
        assert got["units"] == f"'{config['units']}'"
        assert got["mixed"] == {"16": "'\"16\"'", 16: "'16'", "None": "'\"None\"'"}[config["mixed"]]
        assert got["text"] == config["text"] if config["text"] in as_it_is else got["text"][:2] == "'\""
        assert got["hp:budget"] == config["budget"]
        assert got["lr"] == pytest.approx(config["lr"], rel=1e-12)
        assert got["momentum"] == pytest.approx(config.get("momentum", space["momentum"].default_value), abs=1e-12)
        assert by_id[i].costs[:2] == [run.column("cost:acc @1")[i], 0.1]
        assert (by_id[i].start_time, by_id[i].end_time) == (i, i + 0.25)
    told = " ".join(note.text for note in notes)
    assert "conditions" in told
    assert "hp:budget" not in told
    assert "budget" in told
    assert "0.50 s after" in told


def test_first_row_starts_first(tmp_path: Path, open_in_stock_deepcave: Open) -> None:
    """With several workers the trial that ends first need not be the one that starts first."""
    lines = random_lines(4)
    for line, (start, end) in zip(lines, [(0.0, 9.0), (1.0, 2.0), (2.0, 3.0), (3.0, 4.0)], strict=True):
        line |= {"start": start, "end": end}
    write_trials(tmp_path / "logs", lines[:2] + lines[3:])
    [conversion] = convert([tmp_path / "logs"], tmp_path / "out")
    check(conversion.output, open_in_stock_deepcave)


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_the_best_of_repeated_evaluations_stands_for_all(tmp_path: Path, direction: Any) -> None:
    space = ConfigurationSpace(seed=0)
    space.add([UniformFloatHyperparameter("x", 0, 1)])
    trials = {
        "config_id": [0, 1, 0, 1, 0],
        "seed": [0] * 5,
        "status": ["success", "success", "success", "crashed", "success"],
        "start": [0.0, 1.0, 2.0, 3.0, 4.0],
        "end": [1.0, 2.0, 3.0, 4.0, 5.0],
        "cost:loss": [0.5, 0.4, 0.1, None, 0.9],
    }
    objective = Objective("loss", direction=direction)
    configurations = {0: {"x": 0.25}, 1: {"x": 0.75}}
    run = Run.from_columns(
        name="noisy", optimizer=Optimizer("RS"), space=space, objectives=[objective], trials=trials,
        configurations=configurations,
    )  # fmt: skip
    write(run, prepare(run)[0], tmp_path)
    costs = [row["costs"][0] for row in native_rows(tmp_path).values()]
    best = run.incumbent()
    assert best is not None
    assert (min if direction == "minimize" else max)(costs) == best.value == (0.1 if direction == "minimize" else 0.9)
    assert len(costs) == 2


def test_budgets_of_a_configuration_ascend(tmp_path: Path) -> None:
    lines = random_lines(5)
    lines += [{**lines[1], "trial": 5, "budget": 36.0, "start": 500.0, "end": 600.0}]
    lines += [{**lines[1], "trial": 6, "budget": 4.0, "start": 600.0, "end": 700.0}]
    write_trials(tmp_path / "logs", lines)
    [conversion] = convert([tmp_path / "logs"], tmp_path / "out")
    with (conversion.output / "trials.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["config_id"] == "1"]
    assert [float(row["budget"]) for row in rows] == [4.0, 12.0, 36.0]


@pytest.mark.parametrize("value", ["lr", "op"])
def test_trials_of_few_configurations_at_several_budgets_are_all_shown(value: str) -> None:
    """As many configurations as trials, of which most have none."""
    space = ConfigurationSpace({"op": ["a", "b", "c"], "lr": (0.0, 1.0)})
    values = [{"op": "abc"[i % 3] if value == "op" else "a", "lr": i / 10 if value == "lr" else 0.5} for i in range(4)]
    run = Run.from_columns(
        name="few",
        optimizer=Optimizer("RE"),
        space=space,
        objectives=[Objective("err")],
        configurations=dict(enumerate(values)),
        trials={
            "config_id": [3, 1, 3, 3],
            "budget": [1.0, 1.0, 2.0, 1.0],
            "status": ["success"] * 4,
            "start": [0.0, 1.0, 2.0, 3.0],
            "end": [1.0, 2.0, 3.0, 4.0],
            "cost:err": [1.0, 2.0, 3.0, 4.0],
        },
    )
    shown, _ = prepare(run)
    assert shown.trials["trial_id"].to_pylist() == [0, 1, 2]
    assert shown.config_ids.tolist() == [0, 1, 0]


def test_instances_become_seeds(tmp_path: Path, open_in_stock_deepcave: Open, shared: Path) -> None:
    [conversion] = convert([shared / "logs/generated/smac/smac_2.4.1/inst"], tmp_path / "out")
    opened = check(conversion.output, open_in_stock_deepcave)
    assert len(opened.history) == 40
    assert len(opened.meta["seeds"]) == 3


def test_all_generated_logs_open(tmp_path: Path, open_in_stock_deepcave: Open, shared: Path) -> None:
    for name in ("mf", "fail", "mo", "nondet", "timeout"):
        [conversion] = convert([shared / "logs/generated/smac/smac_2.4.1" / name], tmp_path / "out")
        check(conversion.output, open_in_stock_deepcave)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=30))
def test_texts_give_the_very_same_floats(values: list[float]) -> None:
    texts = exact_texts(np.array(values, dtype=np.float64)).to_pylist()
    assert [float(text) for text in texts] == values
    assert pandas_reads(
        pa.array([text for text in texts if "_" not in text], pa.string()),
        np.array([v for t, v in zip(texts, values, strict=True) if "_" not in t]),
    )
    assert all("_" in text for text in texts) or not any("_" in text for text in texts)


def test_hyperparameters_are_in_one_order(tmp_path: Path) -> None:
    """DeepCAVE takes equal configurations with another order of keys for different ones."""
    lines = random_lines(10)
    lines[3]["config"] = dict(reversed(lines[3]["config"].items()))
    write_trials(tmp_path / "logs", lines)
    write_sidecar(tmp_path / "logs", optimizer="RE")
    [conversion] = convert([tmp_path / "logs"], tmp_path / "out")
    configs = json.loads((conversion.output / "configs.json").read_text())
    assert {tuple(config) for config in configs.values()} == {tuple(sorted(EDGES))}
