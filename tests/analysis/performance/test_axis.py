"""What performance is drawn over, on logs worked by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encave.analysis.performance.anytime import trajectory
from encave.analysis.performance.axis import (
    Axis,
    AxisFacts,
    available_axes,
    busy_time,
    choose_axis,
    overhead_seconds,
)
from encave.errors import EncaveError

NAN = float("nan")


def kinds(*runs) -> list[str]:
    return [axis.kind for axis in available_axes([AxisFacts.of(run) for run in runs])]


def test_fidelity_weighted_positions_by_hand(make_run) -> None:
    # in order of completion: 3 epochs, a crash after 9, then 27
    run = make_run(costs=[1.0, 2.0, NAN], ends=[9.0, 1.0, 4.0], budgets=[27.0, 3.0, 9.0])
    np.testing.assert_array_equal(Axis("epochs", "epochs", None).positions(run), [39, 3, 12])
    np.testing.assert_array_equal(Axis("epochs", "epochs", None, 27.0).positions(run), [39, 3, 12])
    full = Axis("full-evaluations", "full evaluations", None, 27.0)
    np.testing.assert_allclose(full.positions(run), [39 / 27, 3 / 27, 12 / 27])
    np.testing.assert_array_equal(full.positions(make_run(costs=[1.0, 2.0])), [1, 2])  # no budgets: each is full


def test_running_trials_cost_nothing_yet(make_run) -> None:
    run = make_run(costs=[2.0, 1.0], ends=[1.0, 2.0], budgets=[3.0, 9.0])
    status = ["success", "running"]
    table = run.trials.set_column(run.trials.schema.get_field_index("status"), "status", [status])
    np.testing.assert_array_equal(Axis("epochs", "epochs", None).positions(run.replace(trials=table)), [3, NAN])


def test_axes_that_runs_share(make_run) -> None:
    plain, budgets = make_run(), make_run(seed=1, budgets=[1.0, 3.0, 9.0])
    mixed = make_run(seed=2, budgets=[1.0, None, 9.0])
    assert kinds(plain) == ["time", "evaluations"]
    assert kinds(budgets) == ["time", "evaluations", "epochs", "full-evaluations"]
    assert kinds(budgets, plain) == ["time", "evaluations", "full-evaluations"]
    assert kinds(budgets, mixed) == ["time", "evaluations"]
    assert kinds(make_run(ends=[None] * 3)) == ["evaluations"]
    assert kinds(make_run(starts=[0.0, 1.0, 2.0])) == ["time", "evaluations", "trial-time"]
    assert kinds(make_run(starts=[0.0, 1.0, 2.0], reported=[1, 2, 3])) == ["time", "evaluations"]  # simulated
    with pytest.raises(
        EncaveError, match=r"over epochs: a run has trials without a budget.*Choose time or evaluations"
    ):
        choose_axis([AxisFacts.of(mixed)], "epochs")


def test_full_budget_is_the_highest_of_all_runs(make_run) -> None:
    facts = [AxisFacts.of(make_run(budgets=[1.0, 3.0, 9.0])), AxisFacts.of(make_run(budgets=[1.0, 3.0, 27.0]))]
    assert choose_axis(facts, "full-evaluations").full == 27.0


def test_busy_time_by_hand() -> None:
    # two workers: 1-4 and 2-3 overlap, nothing runs from 4 to 6, then 6-8
    starts, ends = np.array([2.0, 6.0, 1.0]), np.array([3.0, 8.0, 4.0])
    at = np.array([0.5, 1.0, 3.0, 5.0, 7.0, 9.0, NAN])
    np.testing.assert_array_equal(busy_time(starts, ends, at), [0, 0, 2, 3, 4, 5, NAN])
    assert np.isnan(busy_time(np.array([NAN]), np.array([1.0]), np.array([1.0]))).all()


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8)), min_size=1, max_size=12), st.integers(0, 40))
def test_busy_time_counts_each_second_once(intervals: list[tuple[int, int]], at: int) -> None:
    starts = np.array([start for start, _ in intervals], dtype=float)
    ends = np.array([start + length for start, length in intervals], dtype=float)
    busy = sum(any(s <= second < e for s, e in zip(starts, ends, strict=True)) for second in range(at))
    assert busy_time(starts, ends, np.array([float(at)]))[0] == busy


def test_overhead_is_kept_apart(make_run) -> None:
    run = make_run(starts=[1.0, 4.0, 6.0], ends=[3.0, 5.0, 9.0])  # 1 + 1 + 1 seconds between trials
    assert overhead_seconds(run) == 3.0
    one = trajectory(run, choose_axis([AxisFacts.of(run)], "trial-time"), ["cost:loss"])
    assert one.positions.tolist() == [2.0, 3.0, 6.0]
    assert overhead_seconds(make_run(overhead_seconds=1.5)) == 1.5
    assert overhead_seconds(make_run()) is None  # no starts
    assert overhead_seconds(make_run(starts=[0.0, 1.0, 2.0], reported=[1, 2, 3])) is None  # simulated


def test_time_limit_holds_on_every_axis(make_run) -> None:
    run = make_run(costs=[3.0, 2.0, 1.0], ends=[5.0, 10.0, 10.5], limit={"simulated_seconds": 10.0})
    one = trajectory(run, Axis("evaluations", "evaluations", None), ["cost:loss"])
    assert (one.late, one.positions.tolist(), one.horizon) == (1, [1.0, 2.0], 3.0)


EVALUATIONS = Axis("evaluations", "evaluations", None)


def counted(make_run, evaluation, *, costs=(9.0, 4.0, 0.5), made=None, **options):
    """A run of improvements whose log counts evaluations."""
    run = make_run(costs=costs, ends=[None] * len(costs), evaluations=made, improvements_only=True, **options)
    return run.replace(trials=run.trials.append_column("evaluation", pa.array(evaluation, pa.int64())))


def test_evaluations_are_those_that_the_log_counts(make_run) -> None:
    run = counted(make_run, [1, 40, 700], made=1000)
    one = trajectory(run, EVALUATIONS, ["cost:loss"])
    assert one.positions.tolist() == [1, 40, 700] and (one.horizon, one.last) == (1000, 1000)
    assert trajectory(counted(make_run, [1, 40, 700]), EVALUATIONS, []).horizon == 700  # no more is known
    limited = trajectory(counted(make_run, [1, 40, 700], made=1000, limit={"evaluations": 500}), EVALUATIONS, [])
    assert (limited.positions.tolist(), limited.horizon, limited.late) == ([1, 40], 500, 1)


def test_a_trial_without_a_count_has_no_place_and_counts_order_the_rest(make_run) -> None:
    run = counted(make_run, [40, None, 1])
    one = trajectory(run, EVALUATIONS, ["cost:loss"])
    assert one.positions.tolist() == [1] and one.unplaced == 1 and one.values["cost:loss"].tolist() == [0.5]
    ordered = counted(make_run, [3, 1, 2], budgets=[4.0, 2.0, 1.0])
    np.testing.assert_array_equal(Axis("epochs", "epochs", None).positions(ordered), [7, 2, 3])


def test_what_missing_trials_cost_is_unknown(make_run) -> None:
    run = counted(make_run, [1, 40, 700], budgets=[1.0, 3.0, 9.0], starts=[0.0, 1.0, 2.0])
    assert kinds(run, make_run()) == ["evaluations"]
    assert overhead_seconds(run) is None
    with pytest.raises(EncaveError, match=r"over epochs: the log of a run keeps improvements only.*Choose evaluations"):
        choose_axis([AxisFacts.of(run)], "epochs")
