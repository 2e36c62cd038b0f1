"""Which runs are put together, and which are kept apart."""

from __future__ import annotations

import pytest

from encave.analysis.comparison.section import compare
from encave.analysis.grouping.sections import view_runs
from encave.errors import EncaveError


def test_groups_by_task_then_optimizer(make_run) -> None:
    view = view_runs([make_run("B", 1), make_run("B", 0), make_run("A", 0), make_run("A", 0, task="other")])
    assert [section.title for section in view.sections] == ["other", "toy"]
    toy = view.sections[1]
    assert [(group.optimizer, group.seeds) for group in toy.groups] == [("A", (0,)), ("B", (0, 1))]
    assert view.optimizers == ("A", "B")


def test_no_runs_are_refused() -> None:
    with pytest.raises(EncaveError, match="no run"):
        view_runs([])


def test_same_run_twice_counts_once(make_run) -> None:
    view = view_runs([make_run(), make_run(), make_run(costs=[9.0, 8.0, 7.0])])
    assert len(view.sections[0].runs) == 2  # the third is another run of the same seed
    assert len(view.remarks) == 1
    assert "more than once" in view.remarks[0]
    unknown = [make_run(reported=[3.0, float("nan"), 1.0]) for _ in range(2)]
    assert len(view_runs(unknown).sections[0].runs) == 1


def test_releases_are_kept_apart(make_run) -> None:
    view = view_runs([make_run("DEHB", 0, version="0.1.1"), make_run("DEHB", 1, version="0.1.2"), make_run("RE", 0)])
    assert view.optimizers == ("DEHB 0.1.1", "DEHB 0.1.2", "RE")
    grouped = view_runs([make_run("a", 0, group="G"), make_run("b", 1, group="G", version="2")])
    assert grouped.optimizers == ("a of unknown release", "b 2")
    assert view_runs([make_run("a", 0, group="G")]).optimizers == ("G",)


def test_different_objectives_and_sources_are_not_compared(make_run) -> None:
    view = view_runs([make_run(), make_run(direction="maximize"), make_run(reported=[3, 2, 1])])
    assert len(view.sections) == 3
    titles = [section.title for section in view.sections]
    assert len(set(titles)) == 3
    assert all(title.startswith("toy (") for title in titles)
    assert any("surrogate" in title for title in titles)


def test_unnamed_tasks_go_by_their_space(make_run) -> None:
    view = view_runs([make_run(task=None), make_run("B", task=None)])
    assert [section.title for section in view.sections] == ["unnamed task over x"]


def test_measures_of_foreign_runs(make_run) -> None:
    section = view_runs([make_run(costs=[3.0, 2.0]), make_run(seed=1, costs=[4.0, 1.5])]).sections[0]
    result = compare(section)
    assert [(measure.name, measure.regret, measure.reference) for measure in result.measures] == [
        ("loss regret", "best seen", 1.5),
        ("loss", None, None),
    ]
    assert result.curves[0][0].centre.tolist() == [2.0, 0.25]
    # a single run has no regret but against itself
    assert [measure.name for measure in view_runs([make_run()]).sections[0].measures] == ["loss"]


def test_measures_of_our_runs(make_run) -> None:
    section = view_runs([make_run(costs=[3.0, 2.0, 2.5], reported=[7.0, 4.0, 1.0])]).sections[0]
    assert section.surrogate
    result = compare(section)
    # chosen by the loss, reported by the columns: the third trial has the best report and is never the incumbent
    assert result.curves[0][0].centre.tolist() == [6.0, 3.0]
    assert result.curves[1][0].centre.tolist() == [11.0, 8.0]


def test_two_budgets_of_one_optimizer_are_two_designs(make_run) -> None:
    """Each limit is a section of its own, and nobody is compared with the beginning of its own run."""

    def run(name: str, seed: int, seconds: float):
        return make_run(name, seed, limit={"simulated_seconds": seconds}, group=f"{name} ({seconds:g}s)")

    runs = [run(name, seed, seconds) for name in "AB" for seed in (0, 1) for seconds in (10.0, 20_000.0)]
    view = view_runs(runs)
    assert [section.title for section in view.sections] == [
        "toy (10 simulated seconds)",
        "toy (20,000 simulated seconds)",
    ]
    assert [len(section.groups) for section in view.sections] == [2, 2]
    once = [run("A", seed, 10.0) for seed in (0, 1)] + [run("B", seed, 20.0) for seed in (0, 1)]
    assert len(view_runs(once).sections) == 1  # with another limit for each, which the page cautions of
