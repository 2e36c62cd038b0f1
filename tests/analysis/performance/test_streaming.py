"""Runs reduced one at a time give the curves that they give in memory; normalisation and the mean over tasks."""

from __future__ import annotations

import pickle

import numpy as np
import pyarrow as pa
import pytest

from encave.analysis.comparison.section import compare
from encave.analysis.grouping.sections import view_runs
from encave.analysis.performance.section_curves import Summary, baseline, curves_over_tasks
from encave.analysis.performance.streaming import Reduced, gather, reduce_run, reduce_source
from encave.analysis.statistics.order_statistics import Statistic
from encave.analysis.tables.curves import Curves
from encave.errors import EncaveError
from encave.run import Objective, Run, RunHeader
from encave.store import RunFilter

NAN = float("nan")


@pytest.fixture(scope="module")
def study(make_run, tmp_path_factory):
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("streamed")
    for label in ("Random", "B"):
        for seed in range(4):
            costs, budgets = 1 + rng.lognormal(size=30), rng.choice([1.0, 3.0, 9.0], size=30)
            costs[rng.random(30) < 0.2] = NAN
            run = make_run(label, seed, costs, np.cumsum(rng.exponential(size=30)), budgets=budgets, reported=costs)
            run.save(folder / run.name)
    return folder


def folders_of(study):
    return sorted(study.iterdir())


def reduced_of(study, rule):
    return [one for folder in folders_of(study) for one in reduce_source(folder, None, rule)[0]]


def test_streamed_curves_are_those_of_the_report(study) -> None:
    reduced = reduced_of(study, "highest-so-far")
    (one,), remarks = gather(reduced, None, Summary())
    result = compare(view_runs([Run.load(folder) for folder in folders_of(study)]).sections[0])
    assert remarks == [] and one.axis == result.axis
    for mine, theirs in zip(one.curves, result.curves, strict=True):
        by_label = {curve.optimizer: curve for curve in theirs}
        for curve in mine:
            np.testing.assert_array_equal(curve.positions, by_label[curve.optimizer].positions)
            np.testing.assert_array_equal(curve.centre, by_label[curve.optimizer].centre)
            np.testing.assert_array_equal(curve.upper, by_label[curve.optimizer].upper)


def test_what_is_kept_is_small_and_can_be_sent(make_run) -> None:
    run = make_run(costs=np.random.default_rng(0).random(3000))
    kept = reduce_run(run, "time", "highest-so-far")
    assert not isinstance(kept.header, Run) and len(kept.header) == len(run)
    assert kept.header.provenance == run.provenance and kept.header.label == run.label
    assert len(pickle.dumps(kept)) < 0.1 * len(pickle.dumps(run))
    assert pickle.loads(pickle.dumps(run)) == run


def test_a_run_without_configurations_has_their_names(study) -> None:
    run = Run.load(folders_of(study)[0], configurations=False)
    assert run.configurations.column_names == ["config_id", "x"] and not run.configurations.num_rows
    assert repr(run.trials.to_pylist()) == repr(Run.load(folders_of(study)[0]).trials.to_pylist())


def test_a_run_given_twice_counts_once_and_seeds_are_kept_apart(make_run) -> None:
    runs = [make_run(seed=0), make_run(seed=0), make_run(seed=0, costs=[3.0, 2.0, 0.5]), make_run(seed=1)]
    (one,), remarks = gather([reduce_run(run, None, "highest-so-far") for run in runs], None, Summary())
    assert one.curves[0][0].runs == 3
    assert remarks[0] == "A-toy-0 was given more than once and counts once."
    assert len(remarks) == 2 and "2 runs of A have the seed 0" in remarks[1]


def sets_of(runs, axis=None, **options):
    summary = Summary(**options)
    return gather([reduce_run(run, axis, summary.rule) for run in runs], axis, summary)[0]


def test_highest_budget_is_that_of_the_optimizer(make_run) -> None:
    whole = make_run("A", 0, [5.0, 4.0], budgets=[3.0, 9.0])
    short = make_run("A", 1, [1.0, 2.0], budgets=[3.0, 3.0])  # never at 9
    other = make_run("B", 0, [3.0, 2.0], budgets=[3.0, 3.0])
    (one,) = sets_of([whole, short, other], rule="highest-only")
    a, b = one.curves[1]
    assert (a.runs, a.without_incumbent, a.centre.tolist()) == (1, 1, [4.0])
    assert (b.runs, b.without_incumbent, b.centre.tolist()) == (1, 0, [3.0, 2.0])


def test_full_evaluations_are_those_of_the_highest_budget_of_all(make_run) -> None:
    runs = [make_run("A", 0, [5.0, 4.0], budgets=[3.0, 9.0]), make_run("B", 0, [3.0, 2.0], budgets=[18.0, 9.0])]
    (one,) = sets_of([*runs, make_run("C", 0, [1.0, 0.5])], "full-evaluations")
    assert [curve.positions.tolist() for curve in one.curves[0]] == [[3 / 18, 12 / 18], [1.0], [1.0, 2.0]]
    with pytest.raises(EncaveError, match="cannot be drawn over epochs"):
        sets_of([*runs, make_run("C", 0, [1.0, 0.5])], "epochs")


def test_reference_and_normalisation_by_hand(make_run) -> None:
    runs = [
        make_run("random search", 0, [9.0, 5.0]), make_run("random search", 1, [9.0, 3.0]), make_run("B", 0, [5.0, 2.0])
    ]  # fmt: skip
    (one,) = sets_of(runs, reference=1.0)
    assert [curve.centre.tolist() for curve in one.curves[0]] == [[4.0, 1.0], [8.0, 3.0]]
    (one,) = sets_of(runs, reference=1.0, normalise=True)  # random search ends with a regret of 3
    np.testing.assert_allclose(one.curves[0][1].centre, [8 / 3, 1.0])
    half = 12.7062047 / 3  # Student's with one degree of freedom times the standard error
    np.testing.assert_allclose([one.curves[0][1].lower[1], one.curves[0][1].upper[1]], [1 - half, 1 + half])
    assert one.baseline == "the mean regret with which random search ends"
    assert one.measures[0].unit is None
    measure, own = sets_of(runs, reference=1.0)[0].measures[0], one.trajectories["random search"]
    for label in ("Optuna (Random)", "DeepHyper (Random Search)", "RS"):
        assert baseline({label: own}, measure) == (3.0, f"the mean regret with which {label} ends")
    assert baseline({"Random Forest": own}, measure)[1].startswith("the median")
    alone = {"B": one.trajectories["B"]}
    assert baseline(alone, sets_of(runs, reference=1.0)[0].measures[0])[0] == 4.0  # the first incumbents
    assert baseline(alone, sets_of(runs, reference=9.0)[0].measures[0])[0] == 1.0


def test_mean_over_tasks_by_hand(make_run) -> None:
    runs = [
        make_run("A", 0, [5.0, 1.0], ends=[1.0, 4.0], task="one"),
        make_run("A", 1, [3.0, 1.0], ends=[2.0, 4.0], task="one"),
        make_run("A", 0, [30.0, 20.0], ends=[10.0, 100.0], task="two"),
        make_run("A", 1, [10.0, 20.0], ends=[10.0, 100.0], task="two"),
        make_run("B", 0, [1.0], task="two"),
    ]
    sets = sets_of(runs, reference=0.0, normalise=True)
    assert [one.baseline for one in sets] == ["the median regret of the first incumbents of all runs"] * 2
    (curve,) = curves_over_tasks([sets[0], sets[0]])
    # half of the axis is 2: from there (5 + 3) / 2 / 4, at the end 1 / 4
    assert (curve.positions.tolist(), curve.centre.tolist(), curve.runs) == ([0.5, 1.0], [1.0, 0.25], 4)
    assert curve.lower[0] < 1.0 < curve.upper[0]
    # B ran on one task only
    assert [curve.optimizer for curve in curves_over_tasks(sets)] == ["A"]


def test_an_optimizer_that_failed_everywhere_takes_no_other_away(make_run) -> None:
    runs = [make_run(label, 0, [5.0, cost], task=t) for t in ("one", "two") for label, cost in (("A", 1.0), ("B", 2.0))]
    failed = [make_run("C", 0, [NAN, NAN], task="one"), make_run("C", 0, [4.0, 3.0], task="two")]
    a, b, c = curves_over_tasks(sets_of([*runs, *failed], reference=0.0, normalise=True))
    assert (a.positions.tolist(), b.runs) == ([0.5, 1.0], 2)
    assert (c.optimizer, len(c.positions), c.without_incumbent) == ("C", 0, 1)


def test_the_table_holds_every_event(study) -> None:
    sets, _ = gather(reduced_of(study, "any-budget"), None, Summary(Statistic("mean"), rule="any-budget"))
    rows = Curves(tuple(sets)).records()
    assert len(rows) == sum(len(curve.positions) for own in sets[0].curves for curve in own)
    first = sets[0].curves[0][0]
    mine = [row for row in rows if (row["optimizer"], row["measure"]) == (first.optimizer, first.measure.name)]
    assert [row["position"] for row in mine] == first.positions.tolist()
    assert [row["value"] for row in mine] == first.centre.tolist()
    assert [row["lower_95"] is None for row in mine] == [k not in first.band for k in range(len(mine))]
    assert {(row["statistic"], row["runs"], row["rule"]) for row in mine} == {("mean", 4, "any-budget")}


def test_a_header_says_of_a_run_what_its_trials_say(make_run) -> None:
    whole = make_run("A", 0, [5.0, 4.0, 3.0], budgets=[3.0, 9.0, 9.0])
    header = RunHeader(whole)
    assert (len(header), header.budgets, header.hyperparameters) == (3, (3.0, 9.0), ("x",))
    assert header.space_digest == whole.space_digest and header.objectives == whole.objectives
    with pytest.raises(AttributeError, match="read-only"):
        header.name = "other"


def test_unlike_runs_are_told_of_without_their_trials(make_run) -> None:
    for last, told in (
        (
            [3.0, 9.0, 27.0],
            "kept apart (A (budgets 1–9): 1 run, A (budgets 3–27): 1 run)",
        ),
        ([1.0, 3.0, 27.0], "have budgets up to 9 and up to 27, and count as repetitions"),
    ):
        runs = [make_run("A", 0, budgets=[1.0, 3.0, 9.0]), make_run("A", 1, budgets=last)]
        _, remarks = gather([reduce_run(run, None, "highest-so-far") for run in runs], None, Summary())
        assert remarks == list(view_runs(runs).remarks)
        assert told in remarks[0]


def digest_of(run: Run) -> bytes:
    return reduce_run(run, "evaluations", "as-logged").digest


def test_a_digest_tells_runs_apart_by_what_they_did(make_run) -> None:
    costs, budgets = [3.0, 2.0], [1.0, 3.0]
    base = make_run(costs=costs, budgets=budgets, ends=[1.0, 2.0])
    assert digest_of(base) == digest_of(make_run("B", 5, costs, budgets=budgets, ends=[1.0, 2.0], task="other"))
    others = [
        make_run(costs=[3.0, 1.0], budgets=budgets, ends=[1.0, 2.0]),
        make_run(costs=costs, budgets=[1.0, 9.0], ends=[1.0, 2.0]),
        make_run(costs=costs, budgets=budgets, ends=[1.0, 2.5]),
        make_run(costs=costs, budgets=budgets, ends=[1.0, 2.0], configurations=[0, 0]),
        base.replace(trials=base.trials.append_column("evaluation", pa.array([1, 5]))),
        base.replace(trials=base.trials.append_column("feasible", pa.array([True, False]))),
    ]
    assert len({digest_of(run) for run in (base, *others)}) == 7 and len(digest_of(base)) == 16


def test_what_is_reduced_of_a_run(make_run) -> None:
    run = make_run(budgets=[1.0, 3.0, 9.0])
    plain = reduce_run(run, None, "highest-so-far")
    assert isinstance(plain, Reduced) and list(plain.trajectories) == ["time", "evaluations"]
    assert list(reduce_run(run, "epochs", "highest-so-far").trajectories) == ["epochs"]
    full = reduce_run(run, "full-evaluations", "highest-so-far").trajectories["full-evaluations"]
    np.testing.assert_allclose(full.positions, [1 / 9, 4 / 9, 13 / 9])
    assert all(one.run is plain.header for one in plain.trajectories.values())
    assert plain.facts.budgets == (1.0, 3.0, 9.0)


def all_of(folder, *given, **named) -> tuple[list[Reduced], list[str]]:
    """Of all folders in one."""
    each = [reduce_source(one, *given, **named) for one in sorted(folder.iterdir())]
    return [one for found, _ in each for one in found], [text for _, damaged in each for text in damaged]


def test_runs_of_a_source_that_are_wanted(study) -> None:
    both, damaged = all_of(study, None, "any-budget", RunFilter(frozenset({"B"})))
    assert [one.header.label for one in both] == ["B"] * 4 and damaged == []

    def told(run: Run) -> Run:
        return run.labelled(f"{run.label} (ours)")

    for label in ("B", "B (ours)"):
        found, _ = all_of(study, None, "any-budget", RunFilter(frozenset({label})), told=told)
        assert [one.header.label for one in found] == ["B (ours)"] * 4
    assert len(all_of(study, None, "any-budget", told=told)[0]) == 8
    assert all_of(study, None, "any-budget", RunFilter(frozenset({"C"})), told=told)[0] == []


def test_configurations_are_not_read(study) -> None:
    seen: list[int] = []

    def told(run: Run) -> Run:
        seen.append(run.configurations.num_rows)
        return run

    reduce_source(folders_of(study)[0], None, "any-budget", told=told)
    assert seen and not any(seen)


def test_runs_that_are_damaged_are_told(make_run, tmp_path) -> None:
    for seed in (0, 1):
        make_run(seed=seed).save(tmp_path / str(seed))
    (tmp_path / "1" / "trials.parquet").write_bytes(b"no Parquet")
    found, damaged = all_of(tmp_path, None, "as-logged")
    assert [one.header.seed for one in found] == [0]
    assert len(damaged) == 1 and damaged[0].startswith(f"cannot read {tmp_path / '1' / 'trials.parquet'}")


def test_the_objective_by_which_runs_are_compared(make_run, tmp_path) -> None:
    run = make_run()
    two = run.replace(
        objectives=(*run.objectives, Objective("size")),
        trials=run.trials.append_column("cost:size", pa.array([1.0, 2.0, 3.0])),
    )
    two.save(tmp_path / "two")
    run.save(tmp_path / "one")
    for objective, first in (("size", ["loss", "size"]), (None, ["loss", "loss"])):
        found, _ = all_of(tmp_path, None, "as-logged", objective=objective)
        assert [one.header.objectives[0].name for one in found] == first


def test_how_runs_are_put_together_is_told_before_curves_are_made(make_run) -> None:
    views = []
    sets, _ = gather([reduce_run(make_run(), None, "as-logged")], "time", Summary(), views.append)
    assert len(views) == 1 and views[0].sections[0] is sets[0].section and sets[0].axis.kind == "time"
