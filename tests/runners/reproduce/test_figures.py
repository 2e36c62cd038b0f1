"""Published figures run again: the protocol, what is refused, and the figures themselves with few runs."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from encave.cli import cli
from encave.errors import EncaveError
from encave.runners.benchmarks.incumbent import incumbents
from encave.runners.benchmarks.nasbench201 import store
from encave.runners.reproduce.figures import MeasuredFigure, Reproduction, reproduce
from encave.runners.reproduce.published import (
    DEHB,
    DEHB_PAPER,
    MOMENTS,
    NAS_BENCH_201,
    NATS_BENCH,
    PUBLICATIONS,
    TEST,
    TRAJECTORIES,
    TRAJECTORY,
    VALID,
    Published,
    pooled,
    publication,
    regret_quantity,
)
from encave.runners.reproduce.runs import Block, Work, interpolation
from encave.runners.studies.execute import RunSpec
from encave.runners.studies.study import Limit, run_study


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(store, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def test_the_nearer_evaluation_has_the_larger_share() -> None:
    assert interpolation(np.array([10.0, 90.0, 130.0]), 100.0) == pytest.approx({1: 0.75, 2: 0.25})
    assert interpolation(np.array([80.0, 90.0, 190.0]), 100.0) == pytest.approx({1: 2 / 3, 0: 1 / 3})
    assert interpolation(np.array([90.0, 100.0, 130.0]), 100.0) == pytest.approx({1: 1.0, 0: 0.0})
    assert interpolation(np.array([500.0]), 100.0) == {0: 1.0}


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12))
def test_the_incumbent_is_the_first_of_the_best(cost: list[int]) -> None:
    expected = [cost.index(min(cost[: place + 1])) for place in range(len(cost))]
    assert incumbents(np.array(cost, dtype=float)).tolist() == expected


def test_a_figure_is_off_beyond_its_bar() -> None:
    one = NATS_BENCH.figures[0]
    assert (one.mean, one.bar) == (91.07, 0.1)
    assert MeasuredFigure(one, 91.16, 0.3, 500).within is True
    assert MeasuredFigure(one, 91.18, 0.3, 500).within is False
    assert MeasuredFigure(one, 90.96, 0.3, 500).within is False
    assert MeasuredFigure(replace(one, bar=None), 50.0, 0.3, 500).within is None


def test_every_publication_is_whole() -> None:
    assert [len(each.figures) for each in PUBLICATIONS.values()] == [12, 12, 13, 48]
    assert {figure.bar for figure in NATS_BENCH.figures if figure.dataset != "cifar10"} == {0.15}
    bars = [figure.bar for figure in DEHB.figures]
    assert bars == [*[None] * 4, 0.08, 0.155, 0.253, 0.084, *[None] * 4, pytest.approx(0.176, abs=5e-4)]
    with pytest.raises(EncaveError, match="nats-bench, nas-bench-201, dehb"):
        publication("nasbench101")


@pytest.mark.parametrize("adapter", ["random", "re"])
def test_its_runs_are_those_of_encave_run(tmp_path: Path, table_path: Path, adapter: str) -> None:
    """Same seed, same search: the incumbent within the budget is the one that the study's log shows."""
    import json

    spec = RunSpec(adapter, "cifar10", 3, Limit(simulated_seconds=12_000.0), benchmark=str(table_path))
    run_study(tmp_path, [spec])
    lines = (tmp_path / spec.home / "trials.jsonl").read_text().splitlines()
    best = min(map(json.loads, lines), key=lambda trial: trial["cost"]["valid_error"])["info"]
    (run,) = _runs(Work(NAS_BENCH_201, str(table_path), one_seed=False), Block(adapter, "cifar10", 3, 1))
    assert run["cifar10", VALID] == pytest.approx(100 - best["valid_error_200"], abs=1e-9)
    assert run["cifar10", TEST] == pytest.approx(100 - best["test_error_200"], abs=1e-9)
    assert len(run) == 6  # both accuracies on all three datasets


def test_random_and_rea_of_nats_bench(table_path: Path) -> None:
    """Within the published mean by its bar and four standard errors of forty runs."""
    result = reproduce("nats-bench", str(table_path), runs=40)
    assert [figure.runs for figure in result.figures] == [40] * 12
    for figure in result.figures:
        assert figure.published.bar is not None
        allowed = figure.published.bar + 4 * figure.std / 40**0.5
        assert figure.mean == pytest.approx(figure.published.mean, abs=allowed), figure
    assert any("runs are few" in note for note in result.notes)
    assert len(result.sha256) == 64


def test_published_trajectories_of_dehb(shared: Path) -> None:
    import pyarrow.parquet as pq

    rows = pq.read_table(shared / "data" / "nb201" / "dehb_nasbench201_reference_traj.parquet").to_pandas()
    for release, trajectory in TRAJECTORIES.items():
        found = rows[rows.dehb_version.str.startswith(release.rstrip("x"))].set_index("feval").loc[list(TRAJECTORY)]
        assert list(zip(found.mean_trajectory, found.std_trajectory, strict=True)) == [
            pytest.approx(point, abs=5e-4) for point in trajectory
        ]


def test_groups_of_equal_size_are_pooled() -> None:
    groups = np.random.default_rng(0).normal(size=(4, 5))
    told = [(group.mean(), group.std()) for group in groups]
    assert pooled(told) == pytest.approx((groups.mean(), groups.std()))


@pytest.mark.parametrize(("dataset", "adapter"), [("cifar10", "random"), ("cifar100", "re")])
def test_the_reward_of_one_seed(table_path: Path, dataset: str, adapter: str) -> None:
    """On cifar10 it is noisier than the mean, on the others the table has the one seed itself."""
    block = Block(adapter, dataset, 0, 30)
    one, mean = (_runs(Work(NATS_BENCH, str(table_path), one_seed=choice), block) for choice in (True, False))
    different = [first != second for first, second in zip(one, mean, strict=True)]
    assert any(different) == (dataset == "cifar10")
    assert one == _runs(Work(NATS_BENCH, str(table_path)), block)


def test_processes_change_nothing(table_path: Path) -> None:
    one = reproduce("nas-bench-201", str(table_path), runs=26)
    told: list[tuple[int, int]] = []
    two = reproduce("nas-bench-201", str(table_path), runs=26, jobs=2, on_progress=lambda *at: told.append(at))
    assert [(figure.mean, figure.std) for figure in one.figures] == [
        (figure.mean, figure.std) for figure in two.figures
    ]
    assert told[-1] == (52, 52)


def test_dehb_falls_to_its_final_error(table_path: Path) -> None:
    pytest.importorskip("dehb")
    result = reproduce("dehb", str(table_path), runs=2)
    means = [figure.mean for figure in result.figures[:5]]
    assert means == [figure.mean for figure in result.figures[-5:]]
    assert means == sorted(means, reverse=True)
    assert 8.39 < means[-1] < 9.5  # the optimum is 8.3933
    assert sum("by chance" in note for note in result.notes) == sum(one.within is False for one in result.figures)


def test_all_twenty_published_runs_of_dehb_decide() -> None:
    """No mean is within the bars of the four releases, which differ by chance; that of all of them decides."""
    assert all(
        any(not MeasuredFigure(one, mean, 0.2, 1000).within for one in _final("DEHB [0-9]")) for mean in _around()
    )
    (decisive,) = _final("DEHB, all four")
    assert [one.counted for one in _final("DEHB [0-9]")] == [False] * 4
    for mean in _around():
        figures = tuple(MeasuredFigure(one, mean, 0.2, 1000) for one in DEHB.figures)
        result = Reproduction(DEHB, figures, "", ())
        assert [figure.published for figure in result.judged] == [
            one for one in DEHB.figures if one.counted and one.bar
        ]
        assert bool(result.off) == (abs(mean - decisive.mean) > (decisive.bar or 0.0))


def _final(label: str) -> list[Published]:
    return [one for one in DEHB.figures if re.match(label, one.optimizer) and one.bar is not None]


def _around() -> list[float]:
    return [float(mean) for mean in np.linspace(8.3, 9.0, 701)]


@pytest.mark.parametrize(("mean", "status"), [(8.64, 0), (9.0, 1), (8.4, 1)])
def test_the_status_of_reproduce_dehb(monkeypatch: pytest.MonkeyPatch, mean: float, status: int) -> None:
    figures = tuple(MeasuredFigure(one, mean, 0.2, 1000) for one in DEHB.figures)
    result = Reproduction(DEHB, figures, "0" * 64, DEHB.notes)
    monkeypatch.setattr("encave.runners.reproduce.figures.reproduce", lambda *_, **__: result)
    monkeypatch.setenv("COLUMNS", "200")
    done = CliRunner().invoke(cli, ["reproduce", "dehb", "--benchmark", "any"])
    assert done.exit_code == status
    assert f"{1 - status} of 1 means are within their bar" in done.output
    rows = re.findall("DEHB ([0-9.x]+) .* (?:within|off), not counted", done.output)
    assert rows == list(TRAJECTORIES)


@pytest.mark.parametrize("benchmark", ["surrogate"])
def test_the_surrogate_is_refused(benchmark: str) -> None:
    with pytest.raises(EncaveError, match="neither confirms nor refutes"):
        reproduce("nats-bench", benchmark, runs=1)


def test_without_a_table_it_says_how_to_get_one(empty_cache: Path) -> None:
    refused = CliRunner().invoke(cli, ["reproduce", "nats-bench"])
    assert refused.exit_code == 2
    assert "encave benchmark import" in refused.output


def test_bad_numbers_are_refused(table_path: Path) -> None:
    with pytest.raises(EncaveError, match="at least one run"):
        reproduce("nats-bench", str(table_path), runs=0)


@pytest.mark.parametrize("adapter", ["random", "re+population=100+sample=10", "dehb"])
@pytest.mark.parametrize("reward", ["seed", "mean"])
def test_the_regrets_of_dehbs_paper_are_those_of_the_logs(
    tmp_path: Path, table_path: Path, adapter: str, reward: str
) -> None:
    """The lowest error told by a moment, at any budget, less the optimum of the means, to the paper's 10⁷ s."""
    import json

    pytest.importorskip("dehb")
    dataset = "ImageNet16-120"
    spec = RunSpec(adapter, dataset, 3, Limit(simulated_seconds=1e7), 1, 200, str(table_path), reward=reward)
    run_study(tmp_path, [spec])
    trials = _trials(tmp_path / spec.home)
    optimum = json.loads((tmp_path / spec.home / "encave.json").read_text())["benchmark"]["optimum"]["valid_error_200"]
    (run,) = _runs(Work(DEHB_PAPER, str(table_path), one_seed=reward == "seed"), Block(adapter, dataset, 3, 1))
    assert run == {
        (dataset, regret_quantity(moment)): pytest.approx(
            min(cost for end, cost in trials if end <= moment) - optimum, abs=1e-9
        )
        for moment in MOMENTS
    }


def _trials(folder: Path) -> list[tuple[float, float]]:
    """End and told error of each trial of a log of our own or DEHB's."""
    import json

    import pandas as pd

    if (folder / "trials.jsonl").exists():
        lines = map(json.loads, (folder / "trials.jsonl").read_text().splitlines())
        return [(line["end"], line["cost"]["valid_error"]) for line in lines]
    rows = pd.read_parquet(folder / "history.parquet.gzip")
    return [(row["info"]["end"], row["fitness"]) for row in rows.to_dict("records")]


def test_of_dehbs_paper_only_the_zero_of_the_regrets_was_published(
    table_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {figure.optimizer for figure in DEHB_PAPER.figures if figure.mean is not None} == {"best of the table"}
    cheap = replace(DEHB_PAPER, figures=tuple(one for one in DEHB_PAPER.figures if one.adapter in ("", "random")))
    monkeypatch.setattr("encave.runners.reproduce.published.PUBLICATIONS", {**PUBLICATIONS, cheap.name: cheap})
    monkeypatch.setenv("COLUMNS", "200")
    arguments = ["reproduce", "dehb-paper", "--runs", "2", "--benchmark", str(table_path)]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    assert "3 of 3 means are within their bar" in done.output
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in done.output.splitlines() if "│" in line]
    zeros, regrets = rows[:3], rows[3:]
    assert [(row[0], row[3], row[4], row[5], row[6], row[7]) for row in zeros] == [
        ("best of the table", told, "–", told, "–", "+0.000") for told in ("8.39", "26.51", "53.27")
    ]
    assert [row[2].rpartition(" by ")[2] for row in regrets] == ["100,000 s", "1,000,000 s", "10,000,000 s"] * 3
    assert {(row[3], row[4], row[6], row[7], row[8], row[9]) for row in regrets} == {("–", "–", "2", "–", "–", "")}


def test_another_zero_of_the_regrets_is_off() -> None:
    zero = DEHB_PAPER.figures[0]
    assert MeasuredFigure(zero, 8.396, 0.0, 0).within is True
    assert MeasuredFigure(zero, 8.40, 0.0, 0).within is False


def test_the_command_prints_both_and_exits_with_1_where_a_mean_is_off(
    table_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["reproduce", "nas-bench-201", "--runs", "2", "--benchmark", str(table_path)]
    done = CliRunner().invoke(cli, arguments)
    off = done.output.count(" off ")
    assert done.exit_code == (1 if off else 0), done.output
    assert f"{12 - off} of 12 means are within their bar" in done.output
    assert "91.19 ± 0.31" in done.output
    monkeypatch.setattr("encave.runners.reproduce.figures.MeasuredFigure.within", True)
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    monkeypatch.setattr("encave.runners.reproduce.figures.MeasuredFigure.within", False)
    assert CliRunner().invoke(cli, arguments).exit_code == 1


def _runs(work: Work, block: Block) -> list[dict[tuple[str, str], float]]:
    found = work(block, lambda _: None)
    assert not isinstance(found, EncaveError)
    return [dict(run) for run in found]
