"""Hypervolume and attainment on points worked by hand, and against moocore on every prefix."""

from __future__ import annotations

from dataclasses import replace

import moocore
import numpy as np
import pyarrow as pa
import pytest
from ConfigSpace import ConfigurationSpace, Float
from hypothesis import given
from hypothesis import strategies as st

from encave.analysis.grouping.sections import view_runs
from encave.analysis.performance.anytime import trajectory
from encave.analysis.performance.axis import Axis
from encave.analysis.performance.pareto import (
    REFERENCE,
    compare_fronts,
    hypervolumes,
    led_by_fronts,
    median_attainment,
)
from encave.analysis.performance.section_curves import Summary
from encave.run import Objective, Optimizer, Provenance, Run

NAN = float("nan")
TIME = Axis("time", "time", "s")


def run_of(label: str, seed: int, error, size, budgets=None, status=None, **metadata) -> Run:
    space = ConfigurationSpace()
    space.add(Float("x", (0, 1)))
    n = len(error)
    trials = {
        "config_id": np.zeros(n, dtype=np.int64),
        "status": status or ["crashed" if np.isnan(value) else "success" for value in error],
        "end": np.arange(1.0, n + 1),
        "cost:accuracy": -np.array(error, dtype=float),
        "cost:size": np.array([NAN if np.isnan(e) else s for e, s in zip(error, size, strict=True)], dtype=float),
    }
    return Run.from_columns(
        name=f"{label}-{seed}", optimizer=Optimizer(label), space=space, configurations={0: {"x": 0.5}},
        objectives=[Objective("accuracy", "maximize"), Objective("size")],
        trials=trials if budgets is None else {**trials, "budget": budgets},
        provenance=Provenance.from_json({"task": "toy", "seed": seed, **metadata}),
    )  # fmt: skip


def compared(*runs: Run):
    return compare_fronts(view_runs(runs).sections[0], TIME)


@given(st.lists(st.tuples(st.floats(0, 1.3), st.floats(0, 1.3)), min_size=1, max_size=15))
def test_hypervolume_is_that_of_every_prefix(points) -> None:
    cloud = np.array(points)
    rows, shares = hypervolumes(cloud)
    place = np.searchsorted(rows, np.arange(len(cloud)), side="right") - 1
    inside = [own[(own < REFERENCE).all(axis=1)] for own in (cloud[: i + 1] for i in range(len(cloud)))]
    expected = [moocore.hypervolume(own, ref=[REFERENCE] * 2) / REFERENCE**2 if len(own) else 0.0 for own in inside]
    np.testing.assert_allclose(shares[place], expected, atol=1e-12)


def test_hypervolume_over_time_by_hand() -> None:
    # ideal (0, 0), nadir (1, 1) from the corners (0, 1) and (1, 0) of the joint front
    found = compared(run_of("A", 0, [NAN, 0.0, 1.0], [0.0, 1.0, 0.0]), run_of("B", 0, [0.5, 2.0], [0.5, 2.0]))
    assert found is not None
    a, b = found.curves
    assert (a.positions.tolist(), b.positions.tolist()) == ([2.0, 3.0], [1.0])
    np.testing.assert_allclose(a.centre, np.array([1.1 * 0.1, 1.1 * 0.1 * 2 - 0.1**2]) / 1.21)
    np.testing.assert_allclose(b.centre, [0.6**2 / 1.21])
    assert found.ideal == (0.0, 0.0) and found.nadir == (-1.0, 1.0)  # accuracy as logged


def test_only_the_highest_budget_counts() -> None:
    found = compared(run_of("A", 0, [0.0, 1.0, 0.5], [1.0, 0.0, 0.5], budgets=[9.0, 9.0, 3.0]))
    assert found is not None
    assert found.curves[0].positions.tolist() == [1.0, 2.0]


def test_a_budget_at_which_nothing_finished_is_not_the_highest() -> None:
    status = ["success", "success", "running"]
    found = compared(run_of("A", 0, [0.0, 1.0, NAN], [1.0, 0.0, NAN], budgets=[3.0, 3.0, 9.0], status=status))
    assert found is not None and found.curves[0].runs == 1


@pytest.mark.parametrize("kind", ["time", "evaluations"])
def test_trials_after_the_limit_count_nowhere(kind) -> None:
    # the third, the best in everything, ends after 2 seconds
    runs = [run_of("A", 0, [0.0, 1.0, -1.0], [1.0, 0.0, -1.0], limit={"simulated_seconds": 2.0})]
    found = compare_fronts(view_runs(runs).sections[0], Axis(kind, kind, None))
    assert found is not None and (found.ideal, found.nadir) == ((0.0, 0.0), (-1.0, 1.0))
    assert found.surfaces["A"].tolist() == [[0.0, 1.0], [-1.0, 0.0]]
    assert found.curves[0].positions.tolist() == [1.0, 2.0]


def test_median_attainment_by_hand() -> None:
    runs = [np.array([[0.0, 2.0], [2.0, 0.0]]), np.array([[1.0, 1.0]]), np.array([[3.0, 3.0]])]
    # two of three attain what both of the first two dominate
    assert median_attainment(runs).tolist() == [[1.0, 2.0], [2.0, 1.0]]
    assert median_attainment([*runs[:2], np.array([[NAN, NAN]])]).tolist() == [[1.0, 2.0], [2.0, 1.0]]
    assert not len(median_attainment([runs[0], *[np.empty((0, 2))] * 3]))


def test_surfaces_are_in_logged_values() -> None:
    found = compared(run_of("A", 0, [0.0, 1.0], [1.0, 0.0]), run_of("A", 1, [0.0], [1.0]))
    assert found is not None
    assert found.surfaces["A"].tolist() == [[0.0, 1.0], [-1.0, 0.0]]


def test_one_objective_or_no_success_has_none(make_run) -> None:
    assert compared(make_run()) is None
    assert compared(run_of("A", 0, [NAN], [0.0])) is None
    one = compared(run_of("A", 0, [0.3], [0.5]))  # a single point: its own ideal
    assert one is not None and one.curves[0].centre[0] == pytest.approx(1.0)


def test_fronts_follow_no_incumbent_that_a_log_names() -> None:
    run = run_of("A", 0, [0.5, 0.25, 1.0], [1.0, 2.0, 0.5])
    seeds = run.trials.set_column(run.trials.column_names.index("seed"), "seed", pa.array([0, 1, 2]))
    names = run.replace(trials=seeds.append_column("incumbent", pa.array([0, 0, 0])))
    assert trajectory(names, TIME, ()).named and not trajectory(run, TIME, ()).named
    for own in (run, names):
        found = compared(own, run_of("B", 0, [0.5], [0.5]))
        assert found is not None and found.as_curves(Summary()).rule == "highest-so-far"


def test_hypervolume_at_and_beyond_the_reference_point() -> None:
    edge = np.array([[1.1, 0.0], [1.2, -1.0], [1.0, 1.0], [1.0, 1.0], [0.5, 1.0], [0.6, 1.05]])
    rows, shares = hypervolumes(edge)
    # the first is worth nothing, the second nothing more, and neither of the last two grows it
    assert rows.tolist() == [0, 2, 4]
    np.testing.assert_allclose(shares, [0.0, 0.01 / 1.21, 0.06 / 1.21])
    three, share = hypervolumes(np.array([[0.1, 0.1, 0.1]]))
    assert three.tolist() == [0] and share[0] == pytest.approx(1.0 / 1.1**3)


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=0, max_size=4), min_size=1, max_size=5)
)
def test_the_median_surface_is_attained_by_half_of_all_runs(runs) -> None:
    """By its definition on the grid of all values."""
    sets = [np.array(own, dtype=float).reshape(-1, 2) for own in runs]
    attained = {
        (x, y)
        for x in range(5)
        for y in range(5)
        if 2 * sum(bool((own <= [x, y]).all(axis=1).any()) for own in sets) >= len(sets)
    }
    corners = [(x, y) for x, y in attained if not any((a <= x and b <= y) and (a, b) != (x, y) for a, b in attained)]
    assert [tuple(point) for point in median_attainment(sets)] == sorted(corners)


def test_objectives_of_one_section_are_the_same(make_run) -> None:
    section = view_runs([run_of("A", 0, [0.3], [0.5]), run_of("B", 0, [0.3], [0.5])]).sections[0]
    assert led_by_fronts(section) and not led_by_fronts(view_runs([make_run()]).sections[0])
    assert not led_by_fronts(view_runs([run_of("A", 0, [0.3], [0.5]).led_by("size")]).sections[0])
    other = section.runs[1].led_by("size")
    assert (
        compare_fronts(replace(section, groups=(replace(section.groups[0], runs=(other,)), section.groups[1])), TIME)
        is None
    )


def test_where_a_front_has_no_extent_the_worst_is_the_nadir() -> None:
    beaten = compared(run_of("A", 0, [0.3, 0.7], [0.5, 2.5]))  # the first is better in both
    assert beaten is not None and (beaten.ideal, beaten.nadir) == ((-0.3, 0.5), (-0.7, 2.5))
    alone = compared(run_of("A", 0, [0.3, 0.3], [4.0, 4.0]))  # by one, or by the value itself
    assert alone is not None and (alone.ideal, alone.nadir) == ((-0.3, 4.0), (-1.3, 8.0))


def test_bands_and_the_rest_of_the_curves_of_fronts() -> None:
    errors = ([0.0, 1.0], [0.25, 1.0], [0.5, 1.0])
    runs = [run_of("A", seed, error, [1.0, 0.0]) for seed, error in enumerate(errors)]
    student, resampled = compared(*runs), compare_fronts(view_runs(runs).sections[0], TIME, "bootstrap")
    assert student is not None and resampled is not None
    assert student.curves[0].lower[0] < resampled.curves[0].lower[0] < student.curves[0].centre[0]
    for summary in (None, Summary(reference=1.0, normalise=True)):
        curves = student.as_curves(summary)
        assert (curves.summary, curves.baseline, curves.axis) == (Summary(), None, TIME)
        np.testing.assert_array_equal(curves.curves[0][0].upper, student.curves[0].upper)
    assert len(student.trajectories["A"]) == 3 and not student.trajectories["A"][0].averaged
    assert student.surfaces["A"].tolist() == [[-0.25, 1.0], [-1.0, 0.0]]
