"""Runs whose log does not say what searched go by what their folders and files say beside the task."""

from __future__ import annotations

from pathlib import Path

import pytest

from encave import read
from encave.analysis.grouping.overview import overview
from encave.analysis.grouping.sections import view_runs
from encave.run import Run


@pytest.fixture
def at(make_run):
    """A run read from a path; all runs made so have different trials."""
    count = iter(range(1000))

    def make(source: str, optimizer: str = "unknown", task: str | None = None) -> Run:
        run = make_run(optimizer, None, [3.0, 2.0 + next(count)], task=task, source=source, source_format="table")
        return run.replace(name=source)

    return make


def found(runs: list[Run]) -> dict[str, set[str]]:
    return {one.title: {group.optimizer for group in one.groups} for one in view_runs(runs).sections}


def test_words_beside_the_task_of_others(at) -> None:
    known = [at(f"/l/{task}/bohb/{n}.csv", "BOHB") for task in ("adult", "letter") for n in (0, 1)]
    own = [at(f"/l/{task}/{name}/{n}.csv") for task in ("adult", "letter") for name in ("Ours", "base") for n in (0, 1)]
    runs = [*known, *own]
    assert found(runs) == {task: {"BOHB", "Ours", "base"} for task in ("adult", "letter")}
    told = view_runs(runs).remarks
    assert any("by the names of their folders or files: Ours, base. If these are tasks" in remark for remark in told)
    why = {cell.optimizer: cell.why for cell in overview(runs).cells}
    assert why["Ours"].startswith("label from the folder or file (Ours)") and why["BOHB"].startswith("optimizer from")


def test_a_task_that_logs_name_is_no_part_of_a_label(at) -> None:
    runs = [at("/l/bohb/0.csv", "BOHB", "adult"), at("/l/ours/adult.csv", task="adult"), at("/l/adult/data.csv")]
    assert found(runs) == {"adult": {"BOHB", "ours", "unknown"}}


@pytest.mark.parametrize("names", [("mine.csv",), ("ours.csv", "base.csv"), ("ours_0.csv", "base_0.csv", "ours_1.csv")])
def test_files_beside_other_optimizers_of_one_task(at, names: tuple[str, ...]) -> None:
    runs = [at("/l/bohb.csv", "BOHB"), *(at(f"/l/{name}") for name in names)]
    assert found(runs) == {"unnamed task over x": {"BOHB"} | {name.rpartition(".")[0].split("_")[0] for name in names}}


def test_without_others_nothing_tells_an_optimizer_from_a_task(at) -> None:
    runs = [at("/l/ours_0.csv"), at("/l/base_0.csv")]
    assert found(runs) == {"ours": {"unknown"}, "base": {"unknown"}}
    assert all(cell.why.startswith("optimizer not known") for cell in overview(runs).cells)


def test_tables_beside_a_log(tmp_path: Path) -> None:
    for number, name in enumerate(("tpe_0", "data", "mine")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "results.csv").write_text(f"x,loss\n0.1,{number}\n0.2,1\n0.3,0.7\n0.5,0.6\n")
    runs = read(tmp_path, map={"objective": "loss", "hyperparameters": "x"})
    assert found(list(runs)) == {"unnamed task over x": {"TPE", "unknown", "mine"}}
