"""Costs, incumbents and fields of runs and groups as DeepCAVE's pages ask for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from deepcave.runs import AbstractRun
from deepcave.runs.group import Group
from deepcave.runs.status import Status

from encave.errors import EncaveError
from encave.viewer.deepcave_group import EncaveGroup
from encave.viewer.deepcave_run import EncaveRun
from encave.viewer.selection import select

from .conftest import write_run


@pytest.fixture
def runs(tmp_path: Path) -> list[AbstractRun]:
    """Two runs of other seeds; the second begins with a configuration of the first."""
    for seed in (0, 1):
        write_run(tmp_path / f"run-{seed}", seed=seed, budgets=[200.0])
    configs = [json.loads((tmp_path / f"run-{seed}" / "configs.json").read_text()) for seed in (0, 1)]
    configs[1]["0"] = configs[0]["0"]
    (tmp_path / "run-1" / "configs.json").write_text(json.dumps(configs[1]))
    return [EncaveRun.from_path(tmp_path / f"run-{seed}") for seed in (0, 1)]


def test_a_groups_best_is_the_best_of_its_members(runs: list[AbstractRun]) -> None:
    objective = runs[0].get_objective(0)
    bests = [run.get_incumbent(objective, statuses=[Status.SUCCESS])[1] for run in runs]
    ours, stock = EncaveGroup("group", runs), Group("group", runs)
    assert ours.get_incumbent(objective, statuses=[Status.SUCCESS])[1] == min(bests)
    assert stock.get_incumbent(objective, statuses=[Status.SUCCESS])[1] > min(bests)


def test_average_costs_are_those_of_deepcave(runs: list[AbstractRun]) -> None:
    group = EncaveGroup("group", runs)
    for run in (*runs, group):
        for config_id in run.get_configs(200.0, statuses=[Status.SUCCESS]):
            stock = AbstractRun.get_avg_costs(run, config_id, 200.0, [Status.SUCCESS])
            assert run.get_avg_costs(config_id, 200.0, [Status.SUCCESS]) == stock
    with pytest.raises(ValueError, match="No costs"):
        group.get_avg_costs(10**6)


def test_the_objective_that_is_named_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(tmp_path / "run")
    history, meta = tmp_path / "run" / "history.jsonl", tmp_path / "run" / "meta.json"
    lines = [json.loads(line) for line in history.read_text().splitlines()]
    for number, line in enumerate(lines):
        line[3] = [*line[3], number]
    history.write_text("".join(json.dumps(line) + "\n" for line in lines))
    told = json.loads(meta.read_text())
    told["objectives"].append(told["objectives"][0] | {"name": "size"})
    meta.write_text(json.dumps(told))
    plain = EncaveRun("plain", path=tmp_path / "run")
    monkeypatch.setattr(EncaveRun, "first", "size")
    run = EncaveRun("run", path=tmp_path / "run")
    assert plain.get_objective_names() == ["valid_error", "size"]
    assert run.get_objective_names() == ["size", "valid_error"]
    for ours, own in zip(run.history, plain.history, strict=True):
        assert list(ours.costs) == list(own.costs)[::-1]
    assert run.hash not in ("", plain.id)
    selected = select([tmp_path / "run"], "size")
    assert (selected.objective, selected.notes) == ("size", ())
    with pytest.raises(EncaveError, match="no run has an objective 'speed'; there are size, valid_error"):
        select([tmp_path / "run"], "speed")
    write_run(tmp_path / "other", seed=5)
    (note,) = (
        note for note in select([tmp_path / "run", tmp_path / "other"], "size").notes if "objective" in note[:40]
    )
    assert note == "1 of 2 runs have no objective 'size' but valid_error"


def test_a_run_without_a_trial_is_left_out_with_the_reason(tmp_path: Path) -> None:
    for name in ("empty", "run"):
        write_run(tmp_path / name)
    (tmp_path / "empty" / "history.jsonl").write_text("")
    selected = select([tmp_path / "empty", tmp_path / "run"])
    assert selected.runs == (tmp_path / "run",)
    assert f"left out: {tmp_path / 'empty'} has no trial, so no page could show it" in selected.notes


def test_null_fields_of_a_trial_are_left_out(tmp_path: Path) -> None:
    write_run(tmp_path / "run")
    history = tmp_path / "run" / "history.jsonl"
    lines = [json.loads(line) for line in history.read_text().splitlines()]
    lines[0][-1] = {"traceback": None, "worker": 1}
    history.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert EncaveRun.from_path(tmp_path / "run").history[0].additional == {"worker": 1}
