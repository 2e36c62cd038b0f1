"""Incumbents over several instances or seeds: `Run.incumbent` and trajectories, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace, Float
from hypothesis import given
from hypothesis import strategies as st

from encave.analysis.importance.sample import sample
from encave.analysis.performance.anytime import trajectory
from encave.analysis.performance.axis import Axis
from encave.analysis.performance.streaming import reduce_run
from encave.analysis.tables.runs import Runs
from encave.errors import EncaveError
from encave.run import Objective, Optimizer, Provenance, Run
from encave.run.incumbents import IncumbentRule
from encave.run.intensification import Evidence, as_named, evidence_of, intensified
from encave.store.columns import run_row

EVALUATIONS = Axis("evaluations", "evaluations", None)
Trial = tuple[int, str | None, int | None, float | None]  # configuration, instance, seed, cost


def run_of(trials: Sequence[Trial], direction: Any = "minimize", **more: Any) -> Run:
    space = ConfigurationSpace()
    space.add(Float("x", (0, 100)))
    ids, instances, seeds, costs = zip(*trials, strict=True)
    return Run.from_columns(
        name="r",
        optimizer=Optimizer("o"),
        space=space,
        objectives=[Objective("loss", direction)],
        trials={
            "config_id": list(ids),
            "instance": list(instances),
            "seed": list(seeds),
            "status": ["timeout" if cost is None else "success" for cost in costs],
            "cost:loss": list(costs),
            **more,
        },
        configurations={i: {"x": float(i)} for i in set(ids)},
        provenance=Provenance(task="toy"),
    )


def steps(run: Run, rule: IncumbentRule = "as-logged") -> list[tuple[int, int, float]]:
    """Evaluation, configuration and value of each incumbent; the last is what the run says itself."""
    found = trajectory(run, EVALUATIONS, ["cost:loss"], rule)
    ids = run.column("config_id")[found.rows].tolist()
    told = list(zip(found.positions.astype(int).tolist(), ids, found.values["cost:loss"].tolist(), strict=True))
    best = run.incumbent()
    if rule == "as-logged":
        assert (best and (best.config_id, best.value)) == (told[-1][1:] if told else None)
    return told


def test_a_lucky_evaluation_beats_nothing() -> None:
    many = [(1, f"i{k}", 0, 1.0) for k in range(234)]
    run = run_of([*many, (2, "i0", 0, 0.1), (2, "i1", 0, 0.1)])
    assert steps(run)[-1] == (234, 1, 1.0)


def test_a_challenger_needs_the_evidence_and_wins_on_what_is_shared() -> None:
    # 2 is worse on the easy instance alone, better on both; 3 is better on the easy one and has no other
    run = run_of(
        [(1, "easy", 0, 1.0), (1, "hard", 0, 9.0), (2, "easy", 0, 2.0), (2, "hard", 0, 4.0), (3, "easy", 0, 0)]
    )
    assert steps(run) == [(1, 1, 1.0), (2, 1, 5.0), (4, 2, 3.0)]


def test_means_of_other_instances_are_not_compared() -> None:
    # 2 has the lower mean over all of its instances and the higher one where 1 has been as well
    run = run_of(
        [(1, "a", 0, 1.0), (1, "b", 0, 9.0), (2, "a", 0, 2.0), (2, "c", 0, 0.1), (3, "d", 0, 0), (3, "e", 0, 0)]
    )
    assert [step[1] for step in steps(run)] == [1, 1]


def test_seeds_that_nobody_shares_are_compared_by_instance() -> None:
    run = run_of([(1, "a", 1, 5.0), (1, "a", 2, 3.0), (2, "a", 3, 2.0), (2, "a", 4, 1.0)])
    assert steps(run) == [(1, 1, 5.0), (2, 1, 4.0), (4, 2, 1.5)]
    assert steps(run_of([(1, None, 1, 5.0), (1, None, 2, 3.0), (2, None, 3, 2.0)]))[-1] == (2, 1, 4.0)


def test_more_is_better_too() -> None:
    run = run_of([(1, "a", 0, 0.9), (1, "b", 0, 0.1), (2, "a", 0, 0.8), (2, "b", 0, 0.8)], "maximize")
    assert steps(run) == [(1, 1, 0.9), (2, 1, 0.5), (4, 2, 0.8)]


def test_the_same_pair_again_is_no_more_evidence() -> None:
    copies = [(1, "a", 0, 1.0)] * 5
    run = run_of([*copies, (1, "b", 0, 1.0), (2, "a", 0, 0.5), (2, "b", 0, 0.5)])
    assert steps(run)[-1] == (8, 2, 0.5)


def test_failures_count_first_and_penalties_in_the_mean() -> None:
    trials: list[Trial] = [(1, "a", 0, 0.01), (1, "b", 0, None), (2, "a", 0, 5.0), (2, "b", 0, 5.0)]
    assert steps(run_of(trials)) == [(1, 1, 0.01), (4, 2, 5.0)]
    # as a penalty of 1 is less than what 2 takes, 1 stays; its mean has the penalty in it
    assert steps(run_of(trials, penalty=[None, 1.0, None, None])) == [(1, 1, 0.01), (2, 1, 0.505)]
    assert steps(run_of(trials, penalty=[None, 10.0, None, None])) == [(1, 1, 0.01), (2, 1, 5.005), (4, 2, 5.0)]


def test_a_configuration_that_only_failed_is_no_incumbent() -> None:
    trials: list[Trial] = [(1, "a", 0, None), (1, "b", 0, None), (2, "a", 0, None)]
    assert steps(run_of(trials, penalty=[1.0, 1.0, 1.0])) == []
    assert steps(run_of([*trials, (2, "b", 0, 50.0)], penalty=[99.0, 99.0, 60.0, None])) == [(4, 2, 55.0)]


def test_infeasible_evaluations_count_as_failed() -> None:
    trials: list[Trial] = [(1, "a", 0, 1.0), (1, "b", 0, 1.0), (2, "a", 0, 0.1), (2, "b", 0, 0.1)]
    assert steps(run_of(trials, feasible=[True, True, True, False]))[-1] == (2, 1, 1.0)


def test_the_logs_own_incumbents_come_first_and_other_rules_can_be_asked_for() -> None:
    trials: list[Trial] = [(1, "a", 0, 1.0), (1, "b", 0, 1.0), (2, "a", 0, 5.0), (2, "b", 0, 5.0), (1, "c", 0, 4.0)]
    run = run_of(trials, incumbent=[1, 1, 1, 2, 2])
    assert steps(run) == [(1, 1, 1.0), (2, 1, 1.0), (4, 2, 5.0)]
    assert steps(run, "highest-so-far") == [(1, 1, 1.0), (2, 1, 1.0), (5, 1, 2.0)]
    # one that is named before it has a result leads from its first one on
    assert steps(run_of(trials, incumbent=[2, 2, 2, 2, 2])) == [(3, 2, 5.0), (4, 2, 5.0)]


def test_budgets_keep_their_rules() -> None:
    trials: list[Trial] = [(1, "a", 0, 1.0), (1, "b", 0, 1.0), (2, "a", 0, 9.0), (2, "b", 0, 3.0), (1, "a", 0, 2.0)]
    run = run_of(trials, budget=[1.0, 1.0, 3.0, 3.0, 3.0])
    assert steps(run, "highest-so-far") == [(1, 1, 1.0), (2, 1, 1.0), (3, 2, 9.0), (4, 2, 6.0)]
    assert steps(run, "highest-only") == [(3, 2, 9.0), (4, 2, 6.0)]
    assert steps(run, "any-budget")[-1] == (2, 1, 1.0)


def test_time_decides_the_order() -> None:
    trials: list[Trial] = [(2, "a", 0, 1.5), (1, "a", 0, 1.0), (1, "b", 0, 100.0)]
    run = run_of(trials, end=[3.0, 1.0, 2.0])
    best = run.incumbent()
    assert best is not None
    assert (best.config_id, best.value) == (1, 50.5)


def test_without_several_instances_or_seeds_nothing_is_compared() -> None:
    trials: list[Trial] = [(1, "a", 7, 1.0), (2, "b", 8, 0.5), (3, "c", 9, 0.7)]
    assert steps(run_of(trials)) == [(1, 1, 1.0), (2, 2, 0.5)]
    assert steps(run_of([(1, None, 0, 0.6), (1, None, None, 0.6)]))[-1] == (1, 1, 0.6)  # an unknown seed is no other


@pytest.mark.parametrize("penalty", [[None, float("inf")], [1.0, None]])
def test_a_penalty_is_finite_and_of_a_failure(penalty: Any) -> None:
    with pytest.raises(EncaveError, match="penalty"):
        run_of([(1, "a", 0, 1.0), (1, "b", 0, None)], penalty=penalty)


COSTS = st.sampled_from([1.0, 2.0, 4.0, None])
results = st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abc"), st.integers(0, 1), COSTS), max_size=25)


@given(results)
def test_the_run_and_its_curve_end_with_the_mean_of_one_configuration(trials: list[Trial]) -> None:
    run = run_of([(0, "a", 0, None), (0, "b", 0, None), *trials])
    told = trajectory(run, EVALUATIONS, ["cost:loss"])
    best = run.incumbent()
    assert (np.diff(told.positions) > 0).all()
    if best is None:
        assert all(cost is None for *_, cost in trials)
        return
    assert best.value == told.values["cost:loss"][-1]
    assert best.value == pytest.approx(
        np.mean([trial[3] for trial in trials if trial[0] == best.config_id and trial[3]])
    )


def test_importances_stand_at_the_same_incumbent() -> None:
    trials: list[Trial] = [(i, instance, 0, float(i)) for i in range(2, 9) for instance in ("a", "b")]
    run = run_of([*trials, (1, "a", 0, 0.1)])  # the lowest mean, of one evaluation
    data = sample(run)
    best = run.incumbent()
    assert best is not None
    assert best.config_id == 2
    assert data.cost.argmin() != 0
    assert data.incumbent.tolist() == data.codes[0].tolist()
    assert data.first(3).incumbent.tolist() == data.codes[0].tolist()


def test_the_store_and_the_table_of_runs_have_it_too() -> None:
    run = run_of([(1, "a", 0, 1.0), (1, "b", 0, 9.0), (2, "a", 0, 0.5)])
    assert run_row(run, run.joined(), 0)["incumbent_cost"] == 5.0
    assert Runs([run]).table()["incumbent"].to_pylist() == [5.0]
    reduced = reduce_run(run, "evaluations", "as-logged").trajectories["evaluations"]
    assert reduced.values["objective"].tolist() == [1.0, 5.0]


def test_the_incumbent_is_challenged_when_it_fails_on_the_next_instance() -> None:
    # as irace has it: all on one instance, then all on the next; 3 is best on i1 and by far the worst on i2
    costs = {"i1": {1: 10.0, 2: 9.0, 3: 2.0}, "i2": {1: 10.0, 2: 8.0, 3: 30.0}}
    trials: list[Trial] = [(i, name, 0, cost) for name, own in costs.items() for i, cost in own.items()]
    assert steps(run_of(trials)) == [(1, 1, 10.0), (2, 2, 9.0), (3, 3, 2.0), (6, 2, 8.5)]


def test_of_several_challengers_the_best_leads() -> None:
    trials: list[Trial] = [(i, "a", 0, cost) for i, cost in ((1, 5.0), (2, 4.0), (3, 1.0))]
    rest: list[Trial] = [(1, "b", 0, 5.0), (2, "b", 0, 3.0), (3, "b", 0, 99.0)]
    assert steps(run_of([*trials, *rest]))[-1] == (6, 2, 3.5)


Evaluation = tuple[int, str, int | None, float | None, bool]  # configuration, instance, seed, cost or penalty, able


def followed(trials: Sequence[Evaluation], budgets: Sequence[float]) -> tuple[list[int], list[int]]:
    """The definition, every score made anew from all evaluations so far."""

    def evaluated(group: int, upto: int, key: Any) -> dict[Any, list[float | None]]:
        found: dict[Any, list[float | None]] = {}
        for one in trials[: upto + 1]:
            if one[0] == group:
                found.setdefault(key(one), []).append(one[3])
        return found

    def evidence(group: int, upto: int) -> int:
        seen: set[Any] = set()
        count = 0
        for one in trials[: upto + 1]:
            if one[0] == group:
                count += one[2] is None or one[1:3] not in seen
                seen.add(one[1:3])
        return count

    def beats(a: int, b: int, upto: int) -> bool:
        for key in (lambda one: one[1:3], lambda one: one[1]):
            ours, theirs = evaluated(a, upto, key), evaluated(b, upto, key)
            if shared := ours.keys() & theirs.keys():
                break
        failed = [sum(each[k].count(None) / len(each[k]) for k in sorted(shared, key=str)) for each in (ours, theirs)]
        both = [k for k in shared if any(c is not None for c in ours[k]) and any(c is not None for c in theirs[k])]
        means = [sum(np.mean([c for c in each[k] if c is not None]) for k in both) for each in (ours, theirs)]
        gap = failed[0] - failed[1] if abs(failed[0] - failed[1]) > 1e-9 else means[0] - means[1]
        return gap < -1e-9

    at: list[int] = []
    latest: list[int] = []
    best, top, known = None, -np.inf, set[int]()
    for i, (group, *_) in enumerate(trials):
        if budgets[i] < top:
            continue
        if not any(one[4] for one in trials[: i + 1] if one[0] == group):
            continue
        if best is None or budgets[i] > top:
            best, top, known = group, budgets[i], set()
        known.add(group)
        rivals = sorted(known) if group == best else [group]
        for rival in rivals:
            if rival != best and evidence(rival, i) >= evidence(best, i) and beats(rival, best, i):
                best = rival
        last = max(n for n in range(i + 1) if trials[n][0] == best and trials[n][3] is not None)
        if not latest or latest[-1] != last:
            at.append(i)
            latest.append(last)
    return at, latest


EVALUATIONS_OF_ONE_BUDGET = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from("abc"),
        st.sampled_from([0, 1, None]),
        st.sampled_from([1.0, 2.0, 4.0, None]),
        st.booleans(),
    ),
    max_size=14,
)


@given(EVALUATIONS_OF_ONE_BUDGET, st.integers(0, 14))
def test_the_incumbent_follows_its_definition(given_ones: list[Any], rise: int) -> None:
    """From some evaluation on at a higher budget, where other configurations stand for the same ones."""
    trials = [
        (group + 4 * (n >= rise), instance, seed, cost, able and cost is not None)
        for n, (group, instance, seed, cost, able) in enumerate(given_ones)
    ]
    budgets = [1.0 + (n >= rise) for n in range(len(trials))]
    number = {"a": 0, "b": 1, "c": 2}
    evidence = Evidence(
        pair=np.array([3 * number[t[1]] + (2 if t[2] is None else t[2]) for t in trials], np.int64),
        instance=np.array([number[t[1]] for t in trials], np.int64),
        seeded=np.array([t[2] is not None for t in trials], bool),
        named=np.full(len(trials), -1),
        finished=np.ones(len(trials), bool),
    )
    found = intensified(
        np.array([np.nan if t[3] is None else t[3] for t in trials]),
        np.array([t[4] for t in trials], bool),
        np.array(budgets),
        np.array([t[0] for t in trials], np.int64),
        evidence,
        np.arange(len(trials)),
    )
    assert [column.tolist() for column in found] == list(followed(trials, budgets))


def test_lower_budgets_do_not_count_any_more() -> None:
    trials: list[Trial] = [(1, "a", 0, 3.0), (1, "b", 0, 3.0), (2, "a", 0, 5.0), (3, "a", 0, 1.0), (3, "b", 0, 1.0)]
    run = run_of(trials, budget=[1.0, 1.0, 3.0, 1.0, 1.0])
    assert steps(run, "highest-so-far") == [(1, 1, 3.0), (2, 1, 3.0), (3, 2, 5.0)]


def test_incumbents_that_are_named_stand_at_their_highest_budget() -> None:
    def told(rows: Sequence[tuple[float, bool, float, int, int]]) -> tuple[list[int], list[int]]:
        cost, able, budget, configuration, named = zip(*rows, strict=True)
        found = as_named(np.array(cost), np.array(able), np.array(budget), np.array(configuration), np.array(named))
        return found[0].tolist(), found[1].tolist()

    nan = float("nan")
    assert told([(1.0, True, 1.0, 5, 5), (2.0, True, 1.0, 5, 5)]) == ([0, 1], [0, 1])
    assert told([(1.0, True, 3.0, 5, 5), (2.0, True, 1.0, 5, 5)]) == ([0], [0])  # a lower budget changes nothing
    assert told([(1.0, True, 1.0, 5, -1), (2.0, True, 1.0, 6, 5)]) == ([1], [0])  # named later
    assert told([(nan, False, 1.0, 5, 5), (2.0, True, 1.0, 5, 5)]) == ([1], [1])  # from its first success on
    assert told([(9.0, False, 1.0, 5, 5), (2.0, True, 1.0, 6, 6)]) == ([1], [1])  # a penalty is no success
    assert told([(1.0, True, 1.0, 5, 5), (9.0, False, 1.0, 5, 5)]) == ([0, 1], [0, 1])  # but changes the mean
    assert told([(1.0, True, 1.0, 5, 5), (nan, False, 1.0, 5, 5)]) == ([0], [0])
    assert told([(1.0, True, 1.0, 5, 5), (9.0, False, 3.0, 5, 5)]) == ([0], [0])
    assert told([(1.0, True, 1.0, 0, 0), (1.0, True, 1.0, 1, 1), (1.0, True, 2.0, 0, 0)]) == ([0, 1, 2], [0, 1, 2])


@pytest.mark.parametrize(
    ("trials", "there"),
    [
        ([(1, "a", 0, 1.0), (1, "b", 0, 1.0)], True),
        ([(1, "a", 0, 1.0), (1, "a", 1, 1.0)], True),
        ([(1, "a", 0, 1.0), (1, "a", 0, 1.0)], False),
        ([(1, "a", 0, 1.0), (2, "b", 1, 1.0)], False),
        ([(1, None, 0, 1.0), (1, "b", 0, 1.0)], False),  # an unknown instance is no other
        ([(1, "a", 0, 1.0), (1, "b", None, 1.0)], True),
    ],
)
def test_where_there_is_evidence(trials: list[Trial], there: bool) -> None:
    found = evidence_of(run_of(trials))
    assert (found is not None) == there
    if found is not None:
        assert not found.names and found.finished.all() and found.seeded.tolist() == [t[2] is not None for t in trials]
        assert (found.instance[0] == found.instance[1]) == (trials[0][1] == trials[1][1])
        assert found.pair[0] != found.pair[1]


def test_budgets_and_unfinished_trials_are_no_evidence() -> None:
    trials: list[Trial] = [(1, "a", 0, 1.0), (1, "b", 0, 1.0)]
    assert evidence_of(run_of(trials, budget=[1.0, 3.0])) is None
    waiting = run_of([(1, "a", 0, 1.0), (1, "b", 0, None)], status=["success", "running"])
    assert evidence_of(waiting) is None
    named = evidence_of(run_of(trials, incumbent=[None, 0 + 1]))
    assert named is not None and named.names and named.named.tolist() == [-1, 1]
