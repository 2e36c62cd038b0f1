"""Trials from the initial design, and optimizers that are not two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from encave.analysis.comparison.section import compare
from encave.analysis.grouping.origins import initial_share, never_left, random_share
from encave.analysis.grouping.sections import view_runs
from encave.analysis.report.cautions import list_cautions
from encave.analysis.tables.diagnostics import diagnose
from encave.run import Run

SOBOL, MODEL = "Initial Design: Sobol", "Acquisition Function Maximizer: Local Search"
DRAWN, LAST = "Random Search", "Random Search (max retries, no candidates)"


def with_extra(run: Run, name: str, values: list[Any]) -> Run:
    return run.replace(trials=run.trials.append_column(f"extra:{name}", pa.array(values)))


@pytest.mark.parametrize(
    ("name", "values", "share"),
    [
        ("origin", [SOBOL, SOBOL, MODEL], 2 / 3),
        ("origin", ["Initial design", None, MODEL], 1 / 2),
        ("origin", ["initial", "initial", "initial"], 1.0),
        ("origin", ["random", "random", "random"], 0.0),
        ("origin", [0, None, 1], 0.0),
        ("origin", [None, None, None], None),
        ("model_based_pick", [False, False, True], 2 / 3),
        ("system_attrs_NSGAIISampler:generation", [0, 1, 1], 1 / 3),
        ("colour", ["a", "b", "c"], None),
    ],
)
def test_the_share_of_the_initial_design(
    make_run: Callable[..., Run], name: str, values: list[Any], share: float | None
) -> None:
    run = with_extra(make_run(), name, values)
    assert initial_share(run) == (None if share is None else pytest.approx(share))
    assert never_left([run, run]) == (2 if share == 1.0 else 0)


@pytest.mark.parametrize(
    ("values", "share"),
    [
        ([SOBOL, DRAWN, MODEL, LAST], 2 / 3),
        ([SOBOL, SOBOL, MODEL, DRAWN], 1 / 2),
        ([SOBOL, None, MODEL, MODEL], 0.0),
        ([SOBOL, DRAWN, DRAWN, LAST], None),  # as of Hyperband, which has no model
        (["random", "random", "mutation", "random"], None),
    ],
)
def test_what_was_drawn_and_not_chosen(make_run: Callable[..., Run], values: list[Any], share: float | None) -> None:
    runs = [with_extra(make_run("A", seed, costs=(4.0, 3.0, 2.0, 1.0)), "origin", values) for seed in (0, 1)]
    assert random_share(runs) == (None if share is None else pytest.approx(share))
    told = " ".join(list_cautions(compare(view_runs(runs).sections[0])))
    most = share is not None and share > 0.5
    assert ("A: of the trials after the initial design 67% were drawn at random" in told) is most
    assert ("drawn at random" in told) is most


def test_the_page_tells_what_is_not_what_it_says(make_run: Callable[..., Run]) -> None:
    """One optimizer that never left its design in one of two runs; two labels with the same trials; one of its own."""
    runs = [
        *(with_extra(make_run("A", seed), "origin", [SOBOL] * 2 + [SOBOL if seed else MODEL]) for seed in (0, 1)),
        *(make_run("B", seed, costs=(5.0, 4.0 - seed, 3.0)) for seed in (0, 1)),
        make_run("C", 0, costs=(5.0, 4.0, 3.0)),
        make_run("C", 1, costs=(5.0, 3.5, 3.0)),
    ]
    comparison = compare(view_runs(runs).sections[0])
    told = " ".join(list_cautions(comparison))
    assert "A: 1 of 2 runs never left the initial design" in told
    assert "B and C: 1 of 2 runs of the first have exactly the trials of a run of the second" in told
    assert "A and" not in told
    shares = {line.name: line.initial for line in diagnose(comparison)}
    assert shares["A-toy-0"] == pytest.approx(2 / 3)
    assert shares["B-toy-0"] is None


def test_equal_costs_of_other_configurations_are_another_run(make_run: Callable[..., Run]) -> None:
    runs = [make_run("A", 0), make_run("B", 0, configurations=(0, 2, 1)), make_run("A", 1), make_run("B", 1, (9, 8, 7))]
    assert "exactly the trials" not in " ".join(list_cautions(compare(view_runs(runs).sections[0])))


@pytest.mark.parametrize(("told", "paired"), [(None, True), (True, True), (False, False)])
def test_seeds_are_pairs_unless_starts_are_told_to_be_unrelated(
    make_run: Callable[..., Run], told: bool | None, paired: bool
) -> None:
    more = {} if told is None else {"common_start": told}
    runs = [make_run(name, seed, costs=(3.0, 2.0 + seed), **more) for name in "AB" for seed in range(3)]
    comparison = compare(view_runs(runs).sections[0])
    assert comparison.table.paired is paired
    assert "do not share the same known seeds" not in " ".join(list_cautions(comparison))
