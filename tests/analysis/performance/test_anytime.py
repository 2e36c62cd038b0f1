"""Incumbents and their means against hand-worked cases and against loops that follow the definition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encave.analysis.grouping.measure import Measure
from encave.analysis.performance.anytime import TrajectoryOf, in_time, share_seeds, step_values, trajectory
from encave.analysis.performance.axis import Axis, AxisFacts, choose_axis
from encave.analysis.performance.curves import BAND_POINTS, aggregate
from encave.analysis.statistics import bootstrap
from encave.errors import EncaveError
from encave.run.incumbents import incumbent_steps

NAN = float("nan")
TIME = Axis("time", "time", "s")
LOSS = Measure("loss", "cost:loss")
REGRET = Measure("regret", "cost:loss", regret="optimum", reference=1.0)

trial_lists = st.lists(
    st.tuples(st.sampled_from([1.0, 2.0, 3.0, 4.0, np.inf]), st.sampled_from([-np.inf, 3.0, 9.0, 27.0])), max_size=30
)


def steps_by_definition(trials: list[tuple[float, float]]) -> list[int]:
    found: list[int] = []
    for i, (cost, budget) in enumerate(trials):
        if not found:
            found.append(i)
            continue
        best_cost, best_budget = trials[found[-1]]
        if budget > best_budget or (budget == best_budget and cost < best_cost):
            found.append(i)
    return found


@given(trial_lists)
def test_incumbent_steps_follow_the_rule(trials: list[tuple[float, float]]) -> None:
    cost, budget = np.array([t[0] for t in trials]), np.array([t[1] for t in trials])
    assert incumbent_steps(cost, budget).tolist() == steps_by_definition(trials)


def test_incumbent_rule_by_hand() -> None:
    cost = np.array([5.0, 3.0, 3.0, 9.0, 1.0, 8.0, 8.0])
    budget = np.array([3.0, 3.0, 3.0, 27.0, 3.0, 27.0, 27.0])
    # 1 beats 0, 2 ties with it; 3 is worse but at a higher budget; 4 is best but at a lower one; 5 beats 3, 6 ties
    assert incumbent_steps(cost, budget).tolist() == [0, 1, 3, 5]


@given(trial_lists.filter(bool))
def test_last_incumbent_is_that_of_the_run(make_run, trials: list[tuple[float, float]]) -> None:
    costs = [10.0 if np.isinf(cost) else cost for cost, _ in trials]
    run = make_run(costs=costs, budgets=[None if np.isinf(budget) else budget for _, budget in trials])
    last = trajectory(run, TIME, ["cost:loss"])
    incumbent = run.incumbent()
    assert incumbent is not None
    assert last.values["cost:loss"][-1] == incumbent.value
    assert run.column("trial_id")[last.rows[-1]] == incumbent.trial_id


def test_trials_count_in_order_of_their_ends(make_run) -> None:
    one = trajectory(make_run(costs=[1.0, 3.0, 2.0], ends=[30.0, 10.0, 20.0]), TIME, ["cost:loss"])
    assert one.positions.tolist() == [10.0, 20.0, 30.0]
    assert one.values["cost:loss"].tolist() == [3.0, 2.0, 1.0]


def test_crashes_and_maximisation(make_run) -> None:
    one = trajectory(make_run(costs=[NAN, 0.5, NAN, 0.7], direction="maximize"), TIME, ["cost:loss"])
    assert one.positions.tolist() == [2.0, 4.0]
    assert one.values["cost:loss"].tolist() == [0.5, 0.7]
    assert one.horizon == 4.0


def test_limit_is_the_horizon_and_later_trials_do_not_count(make_run) -> None:
    early = trajectory(make_run(costs=[3.0, 2.0], limit={"simulated_seconds": 10.0}), TIME, ["cost:loss"])
    assert (early.horizon, early.late) == (10.0, 0)
    late = trajectory(make_run(ends=[5.0, 10.0, 10.5], limit={"simulated_seconds": 10.0}), TIME, ["cost:loss"])
    assert (late.horizon, late.late, late.positions.tolist()) == (10.0, 1, [5.0, 10.0])


def test_success_without_an_end_is_counted_and_left_out(make_run) -> None:
    one = trajectory(make_run(costs=[3.0, 1.0, 2.0], ends=[1.0, None, 4.0]), TIME, ["cost:loss"])
    assert one.unplaced == 1
    assert one.values["cost:loss"].tolist() == [3.0, 2.0]


def test_axis_falls_back_to_evaluations(make_run) -> None:
    timed, untimed = make_run(), make_run(costs=[4.0, NAN, 2.0], ends=[None] * 3)
    assert choose_axis([AxisFacts.of(timed)]).kind == "time"
    axis = choose_axis([AxisFacts.of(timed), AxisFacts.of(untimed)])
    assert axis.kind == "evaluations"
    one = trajectory(untimed, axis, ["cost:loss"])
    assert one.positions.tolist() == [1.0, 3.0]  # the crash counts as an evaluation
    assert choose_axis([AxisFacts.of(make_run(reported=[1, 2, 3]))]).name == "simulated time"


def test_missing_reported_column_is_refused(make_run) -> None:
    with pytest.raises(EncaveError, match="extra:valid"):
        trajectory(make_run(), TIME, ["extra:valid"])


def test_step_function_is_right_continuous() -> None:
    values = step_values(np.array([1.0, 2.0]), np.array([5.0, 4.0]), np.array([0.9, 1.0, 1.9, 2.0, 3.0]))
    np.testing.assert_array_equal(values, [NAN, 5.0, 5.0, 4.0, 4.0])


def curve_of(*runs, measure: Measure = LOSS):
    return aggregate("A", [trajectory(run, TIME, [measure.column]) for run in runs], measure)


def test_mean_by_hand(make_run) -> None:
    first = make_run(costs=[5.0, 3.0, 1.0], ends=[1.0, 4.0, 9.0])
    late = make_run(seed=1, costs=[NAN, 7.0, 6.0], ends=[1.0, 3.0, 8.0])
    failed = make_run(seed=2, costs=[NAN, NAN], ends=[1.0, 2.0])
    curve = curve_of(first, late, failed)
    # both have an incumbent from 3 on; the second run ends at 8, so the step of the first at 9 is not in the mean
    assert curve.positions.tolist() == [3.0, 4.0, 8.0]
    assert curve.centre.tolist() == [6.0, 5.0, 4.5]
    assert (curve.stop, curve.runs, curve.without_incumbent) == (8.0, 2, 1)


def test_regret_and_rounding(make_run) -> None:
    curve = curve_of(make_run(costs=[3.0, 1.0 + 1e-13]), measure=REGRET)
    assert curve.centre.tolist() == [2.0, 0.0]
    assert not len(curve.band)  # one run has no band
    small = curve_of(make_run(costs=[3e-12, 1e-12]), measure=replace(REGRET, reference=1e-12))
    assert small.centre == pytest.approx([2e-12, 0.0], rel=1e-3)  # rounding is relative: small costs keep their regret
    large = curve_of(make_run(costs=[-1e6 + 1e-4]), measure=replace(REGRET, reference=-1e6))
    assert large.centre == pytest.approx([1e-4], rel=1e-3)
    assert curve_of(make_run(costs=[1e-15]), measure=replace(REGRET, reference=0.0)).centre.tolist() == [1e-15]


def test_the_full_budget_is_one_at_which_a_trial_finished(make_run) -> None:
    run = make_run(costs=[3.0, 2.0, NAN], budgets=[3.0, 3.0, 9.0])
    assert not len(trajectory(run, TIME, [], "highest-only").rows)
    column = run.trials.column_names.index("status")
    status = pa.array(["success", "success", "running"]).dictionary_encode()
    interrupted = run.replace(trials=run.trials.set_column(column, "status", status))
    assert trajectory(interrupted, TIME, [], "highest-only").rows.tolist() == [0, 1]


def test_missing_value_is_not_drawn(make_run) -> None:
    curve = aggregate(
        "A",
        [trajectory(make_run(reported=[5.0, NAN, 3.0]), TIME, ["extra:valid"])],
        Measure("valid", "extra:valid"),
    )
    np.testing.assert_array_equal(curve.centre, [5.0, NAN, 3.0])


def test_runs_that_never_overlap_have_no_curve(make_run) -> None:
    curve = curve_of(make_run(costs=[1.0], ends=[1.0]), make_run(costs=[1.0], ends=[2.0]))
    assert not len(curve.positions)


@given(st.lists(st.lists(st.integers(1, 20), min_size=1, max_size=8), min_size=1, max_size=5), st.floats(0, 30))
def test_mean_is_exact_at_any_point(make_run, costs: list[list[int]], point: float) -> None:
    runs = [
        make_run(seed=i, costs=[float(c) for c in own], limit={"simulated_seconds": 30.0})
        for i, own in enumerate(costs)
    ]
    curve = curve_of(*runs)
    before = [[cost for end, cost in enumerate(own, start=1) if end <= point] for own in costs]
    expected = np.mean([min(own) for own in before]) if all(before) else NAN
    np.testing.assert_allclose(step_values(curve.positions, curve.centre, np.array([point])), [expected])


def test_bootstrap_is_the_percentile_interval_of_resampled_means() -> None:
    values = np.random.default_rng(1).lognormal(size=(9, 4))
    lower, upper = bootstrap.mean_interval(values)
    means = bootstrap.weights(9) @ values
    np.testing.assert_allclose(lower, np.quantile(means, 0.025, axis=0))
    np.testing.assert_allclose(upper, np.quantile(means, 0.975, axis=0))
    np.testing.assert_allclose(bootstrap.weights(9).sum(axis=1), 1)


def test_bootstrap_agrees_with_scipy() -> None:
    from scipy import stats

    values = np.random.default_rng(2).normal(size=40)
    lower, upper = bootstrap.mean_interval(values[:, None])
    theirs = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=20_000, random_state=0)
    spread = theirs.confidence_interval.high - theirs.confidence_interval.low
    assert abs(lower[0] - theirs.confidence_interval.low) < 0.05 * spread
    assert abs(upper[0] - theirs.confidence_interval.high) < 0.05 * spread


def test_band_is_thinned_and_the_mean_is_not(make_run) -> None:
    n = 3 * BAND_POINTS
    runs = [make_run(seed=seed, costs=np.linspace(5 + seed, 1, n)) for seed in range(4)]
    curve = curve_of(*runs)
    assert len(curve.positions) == n
    assert len(curve.band) <= BAND_POINTS
    assert curve.band[0] == 0
    assert curve.band[-1] == n - 1
    assert (np.diff(curve.band) > 0).all()
    inside = curve.centre[curve.band]
    assert (curve.lower <= inside + 1e-12).all()
    assert (inside <= curve.upper + 1e-12).all()


def test_final_value(make_run) -> None:
    one = trajectory(make_run(), TIME, ["cost:loss"])
    assert one.final(LOSS) == 1.0
    empty = trajectory(make_run(costs=[], ends=[]), TIME, ["cost:loss"])
    assert isinstance(empty, TrajectoryOf)
    assert np.isnan(empty.final(LOSS))


def test_a_trajectory_says_what_it_left_out(make_run) -> None:
    costs = [5.0, NAN, 4.0, 3.0, 2.0]
    run = make_run("A", 7, costs, [1.0, 2.0, None, 9.0, 12.0], limit={"simulated_seconds": 10.0})
    one = trajectory(run, TIME, ["cost:loss", "objective"])
    assert (one.seed, one.late, one.unplaced, one.last, one.horizon) == (7, 1, 1, 12.0, 10.0)
    assert one.positions.tolist() == [1.0, 9.0] and one.rows.tolist() == [0, 3] and one.run is run
    assert one.values["cost:loss"].tolist() == one.values["objective"].tolist() == [5.0, 3.0]
    assert (one.averaged, one.named) == (False, False)
    failed = trajectory(make_run(costs=[NAN]), TIME, ["extra:none"])  # nothing to report of what succeeded nowhere
    assert failed.values["extra:none"].tolist() == [] and np.isnan(failed.final(LOSS))


def test_which_column_a_run_lacks_is_told(make_run) -> None:
    with pytest.raises(EncaveError) as error:
        trajectory(make_run(), TIME, ["extra:valid"])
    told = "its provenance reports extra:valid, but its trials have no such column. Convert again."
    assert str(error.value) == f"run A-toy-0: {told}"


def test_limits_are_of_the_axis_and_of_time(make_run) -> None:
    run = make_run(
        costs=[4.0, 3.0, 2.0, 1.0], ends=[1.0, None, 3.0, 4.0], limit={"simulated_seconds": 3.0, "evaluations": 2}
    )
    evaluations = Axis("evaluations", "evaluations", None)
    for axis, position, inside in (
        (TIME, [1.0, NAN, 3.0, 4.0], [True, False, True, False]),
        (evaluations, [1.0, 2.0, 3.0, 4.0], [True, True, False, False]),
        (Axis("epochs", "epochs", None), [1.0, 2.0, 3.0, NAN], [True, True, True, False]),
    ):
        assert in_time(run, axis, np.array(position)).tolist() == inside
    assert in_time(make_run(costs=[1.0, 2.0]), TIME, np.array([1.0, NAN])).tolist() == [True, True]


def test_runs_that_share_their_seeds(make_run) -> None:
    def members(*seeds, **more):
        return [trajectory(make_run(seed=seed, **more), TIME, ["cost:loss"]) for seed in seeds]

    assert share_seeds([members(0, 1), members(0, 1)]) and share_seeds([members(3, 1)])
    assert not share_seeds([members(0, 1), members(1, 0)]) and not share_seeds([members(0, 1), members(0)])
    assert not share_seeds([members(None, 1), members(None, 1)]) and not share_seeds([members(1, 1), members(1, 1)])
    for start in (True, False):  # encave's runners' streams differ by task
        assert not share_seeds([members(0, 1), members(0, 1, common_start=start)])
