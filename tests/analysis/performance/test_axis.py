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


def facts(**more) -> AxisFacts:
    plain = {"timed": True, "simulated": False, "started": False, "budgets": (), "lacking": 0, "unit": None}
    return AxisFacts(**{**plain, "improvements_only": False, **more})


def test_facts_of_a_run(make_run) -> None:
    run = make_run(costs=[1.0, NAN, 2.0], ends=[1.0, None, 3.0], budgets=[9.0, None, 3.0], starts=[0.0, 1.0, 2.0])
    assert AxisFacts.of(run) == facts(budgets=(3.0, 9.0), lacking=1)  # of the second no end is known
    assert AxisFacts.of(make_run(starts=[0.0, 1.0, 2.0])).started
    assert not AxisFacts.of(make_run(starts=[0.0, None, 2.0])).started
    assert AxisFacts.of(make_run(ends=[None, None, 1.0])).timed  # some successful trial has an end
    assert not AxisFacts.of(make_run(costs=[1.0, NAN], ends=[None, 1.0])).timed  # only a failed one
    assert AxisFacts.of(make_run(costs=[NAN], ends=[None])).timed  # none is successful
    assert AxisFacts.of(make_run().replace(budget_name="epochs")).unit == "epochs"
    assert AxisFacts.of(make_run(improvements_only=True)).improvements_only


@pytest.mark.parametrize(
    ("all_facts", "axes"),
    [
        ([facts()], [("time", "time since the start of the run [s]", None), ("evaluations", "evaluations", None)]),
        ([facts(simulated=True)], [("time", "simulated time [s]", None), ("evaluations", "evaluations", None)]),
        (
            [facts(started=True), facts(started=True, simulated=True)],
            [
                ("time", "time since the start of the run [s]", None),
                ("evaluations", "evaluations", None),
                ("trial-time", "time without the optimizer's overhead [s]", None),
            ],
        ),
        (
            [facts(timed=False, started=True, budgets=(1.0, 9.0), unit="epochs")],
            [
                ("evaluations", "evaluations", None),
                ("epochs", "epochs", None),
                ("full-evaluations", "full evaluations spent", 9.0),
            ],
        ),
        (
            [facts(timed=False, budgets=(1.0,)), facts(timed=False, budgets=(0.5,), lacking=0)],
            [
                ("evaluations", "evaluations", None),
                ("epochs", "budget spent", None),
                ("full-evaluations", "full evaluations spent", 1.0),
            ],
        ),
        (
            [facts(timed=False, budgets=(2.0,), unit="epochs"), facts(timed=False, budgets=(3.0,))],
            [("evaluations", "evaluations", None), ("full-evaluations", "full evaluations spent", 3.0)],
        ),
        ([facts(timed=False, budgets=(0.0,))], [("evaluations", "evaluations", None)]),
        ([facts(timed=False, budgets=(-2.0, -1.0))], [("evaluations", "evaluations", None)]),
        ([facts(timed=False, budgets=(2.0,), improvements_only=True)], [("evaluations", "evaluations", None)]),
        ([facts(timed=False, budgets=(2.0,), lacking=1)], [("evaluations", "evaluations", None)]),
    ],
)
def test_axes_with_their_labels(all_facts, axes) -> None:
    assert [(axis.kind, axis.label, axis.full) for axis in available_axes(all_facts)] == axes


@pytest.mark.parametrize(
    ("all_facts", "kind", "told"),
    [
        ([facts(timed=False)], "time", "a run has no times. Choose evaluations."),
        (
            [facts(timed=False, improvements_only=True), facts()],
            "time",
            "a run has no times. Choose evaluations.",
        ),
        (
            [facts()],
            "trial-time",
            "a run has trials without start and end, or its times are simulated and have no overhead in them. "
            "Choose time or evaluations.",
        ),
        (
            [facts(budgets=(1.0,), lacking=1)],
            "epochs",
            "a run has trials without a budget, or budgets do not count the same thing. Choose time or evaluations.",
        ),
        (
            [facts()],
            "full-evaluations",
            "no run has budgets, or a run has some trials with and some without. Choose time or evaluations.",
        ),
        (
            [facts(improvements_only=True), facts()],
            "full-evaluations",
            "the log of a run keeps improvements only, so what the other trials cost is unknown. "
            "Choose time or evaluations.",
        ),
    ],
)
def test_why_runs_cannot_be_drawn_over_an_axis(all_facts, kind, told: str) -> None:
    with pytest.raises(EncaveError) as error:
        choose_axis(all_facts, kind)
    assert str(error.value) == f"these runs cannot be drawn over {kind}: {told}"


def test_the_axis_that_is_asked_for_else_the_first() -> None:
    assert choose_axis([facts()]).kind == "time" and choose_axis([facts(timed=False)]).kind == "evaluations"
    assert choose_axis([facts()], "evaluations").kind == "evaluations"
    with pytest.raises(EncaveError, match="no axis 'epoch'; there are evaluations, time, trial-time, epochs, full"):
        choose_axis([facts()], "epoch")  # type: ignore[arg-type]


def test_where_a_run_ends_and_its_limits(make_run) -> None:
    run = make_run(limit={"simulated_seconds": 8.0, "evaluations": 5}, evaluations=4)
    assert [Axis(kind, kind, None).limit(run) for kind in ("time", "evaluations", "epochs")] == [8.0, 5.0, None]
    assert Axis("time", "time", "s").limit(make_run()) is None
    positions = np.array([2.0, NAN, 1.0])
    assert Axis("time", "time", "s").end(run, positions) == 2.0
    assert Axis("evaluations", "evaluations", None).end(run, positions) == 4.0
    assert Axis("evaluations", "evaluations", None).end(run, positions + 5) == 7.0
    assert Axis("time", "time", "s").end(run, np.array([NAN])) == 0.0


def test_overhead_that_is_not_known(make_run) -> None:
    assert overhead_seconds(make_run(overhead_seconds=0)) == 0.0
    assert overhead_seconds(make_run(costs=[], starts=[])) is None
    assert overhead_seconds(make_run(starts=[0.0, 1.0, 2.0], improvements_only=True)) is None
    run = make_run(costs=[2.0, 1.0], starts=[None, None], ends=[None, None])
    waiting = run.trials.set_column(run.trials.schema.get_field_index("status"), "status", [["running"] * 2])
    costs = pa.nulls(2, pa.float64())
    waiting = waiting.set_column(waiting.schema.get_field_index("cost:loss"), "cost:loss", costs)
    assert overhead_seconds(run.replace(trials=waiting)) is None  # every finished trial has a start and an end


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
