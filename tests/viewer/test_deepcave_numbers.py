"""The numbers of pages are held against the log, and what holds them notices a log that says something else."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace, Float, Integer

from encave.converters.formats.deepcave import output
from encave.run import Objective, Optimizer, Run
from encave.viewer.launch import Viewer
from encave.viewer.selection import select

from .pages import Pages
from .recomputed import Source
from .shown_numbers import wrong_in, wrong_in_curves, wrong_in_fronts

pytestmark = pytest.mark.end_to_end

Change = Callable[[pd.DataFrame], pd.DataFrame]


def worse(trials: pd.DataFrame) -> pd.DataFrame:
    """All results one more."""
    return trials.assign(**{"cost:error": trials["cost:error"] + 1})


def reversed_at_200(trials: pd.DataFrame) -> pd.DataFrame:
    """Results at the highest budget in the opposite order."""
    cost, high = "cost:error", trials["budget"] == 200
    return trials.assign(**{cost: trials[cost].where(~high, 100 - trials[cost])})


def later(trials: pd.DataFrame) -> pd.DataFrame:
    """All trials ended a second later."""
    return trials.assign(end=trials["end"] + 1)


def fewer(trials: pd.DataFrame) -> pd.DataFrame:
    """The log without the last success at each budget."""
    good = trials[trials["status"].astype(str) == "success"]
    return trials.drop(good.groupby("budget").tail(1).index)


def other_values(trials: pd.DataFrame) -> pd.DataFrame:
    """The first hyperparameter has another value."""
    return trials.assign(**{"config:op": "other"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two objectives that evaluates each of ten configurations at three budgets; one trial crashed."""
    folder, rng = tmp_path_factory.mktemp("numbers") / "dehb", np.random.default_rng(0)
    space = ConfigurationSpace(seed=0)
    space.add([CategoricalHyperparameter("op", ["a", "b", "c"]), Float("x", (0, 1)), Integer("n", (1, 99))])
    cost = np.round(100 * rng.random(30), 3)
    run = Run.from_columns(
        name="dehb",
        optimizer=Optimizer("DEHB"),
        space=space,
        objectives=[Objective("error"), Objective("speed", direction="maximize")],
        trials={
            "config_id": np.tile(np.arange(10), 3),
            "budget": np.repeat([12.0, 50.0, 200.0], 10),
            "status": ["success"] * 29 + ["crashed"],
            "start": np.arange(30.0),
            "end": np.arange(30.0) + 0.5,
            "cost:error": np.append(cost[:29], np.nan),
            "cost:speed": np.append(np.round(rng.random(29), 3), np.nan),
        },
        configurations=dict(enumerate(map(dict, space.sample_configuration(10)))),
    )
    folder.mkdir()
    run.save(folder)
    output.write(run, output.prepare(run)[0], folder)
    return folder


@pytest.fixture(scope="module")
def pages(folder: Path) -> Iterator[Pages]:
    """The pages of the run."""
    with Viewer(select([folder]), python=Path(sys.executable)) as viewer:
        yield Pages(viewer.url)


def changed(folder: Path, out: Path, change: Change) -> Source:
    """The run with another log."""
    shutil.copytree(folder, out)
    change(pd.read_parquet(out / "trials.parquet")).to_parquet(out / "trials.parquet")
    return Source(out)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("overview", worse),
        ("overview", fewer),
        ("configurations", worse),
        ("configurations", other_values),
        ("footprint", fewer),
        ("parallel_coordinates", worse),
        ("parallel_coordinates", fewer),
        ("ccube", worse),
        ("ccube", fewer),
        ("budget_correlation", reversed_at_200),
    ],
)
def test_a_page_has_the_numbers_of_its_log_and_of_no_other(
    pages: Pages, folder: Path, tmp_path: Path, name: str, change: Change
) -> None:
    page = pages.open(name)
    page.set("run", page.options("run")[0][0])
    if page.computes and page.message():
        page.compute()
    assert wrong_in(page, Source(folder)) == ""
    assert wrong_in(page, changed(folder, tmp_path / "other", change)) != ""


@pytest.mark.parametrize("change", [worse, later])
def test_a_curve_has_the_incumbents_of_its_log_and_of_no_other(
    pages: Pages, folder: Path, tmp_path: Path, change: Change
) -> None:
    page = pages.open("cost_over_time")
    for budget, _ in page.options("budget_id")[:3]:
        page.set("budget_id", budget)
        assert wrong_in_curves(page, {"dehb": Source(folder)}) == []
        assert wrong_in_curves(page, {"dehb": changed(folder, tmp_path / f"other-{budget}", change)}) != []


def test_a_front_has_the_points_of_its_log_and_of_no_other(pages: Pages, folder: Path, tmp_path: Path) -> None:
    page = pages.open("pareto_front")
    for budget, _ in page.options("budget_id")[:3]:
        page.set("budget_id", budget)
        assert len(Source(folder).front(Source(folder).budgets()[0], 0, 1) or ()) > 1
        assert wrong_in_fronts(page, {"dehb": Source(folder)}) == []
        assert wrong_in_fronts(page, {"dehb": changed(folder, tmp_path / f"other-{budget}", worse)}) != []


def test_integers_are_written_without_a_point(pages: Pages, folder: Path) -> None:
    page = pages.open("configurations")
    page.set("run", page.options("run")[0][0])
    number = page.value("config_id")
    assert f"Selected Configuration {number} " in page.text()
    assert f" n {Source(folder).values(number)['n']} " in f"{page.text()} "
