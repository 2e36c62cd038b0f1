"""Curves of a section and their mean over tasks, by hand: references, baselines, bands, and what is counted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from encave.analysis.grouping.measure import Measure
from encave.analysis.grouping.sections import view_runs
from encave.analysis.performance.anytime import trajectory
from encave.analysis.performance.axis import Axis
from encave.analysis.performance.section_curves import (
    Summary,
    baseline,
    curves_over_tasks,
    resolved,
    section_curves,
)
from encave.analysis.statistics import bootstrap, intervals
from encave.analysis.statistics.order_statistics import Statistic
from encave.errors import EncaveError

NAN = float("nan")
TIME = Axis("time", "time", "s")
LOSS = Measure("loss", "cost:loss")


def followed(*runs):
    return tuple(trajectory(run, TIME, ["cost:loss", "objective"]) for run in runs)


def sets_of(*runs, **options):
    summary = Summary(**options)
    return [
        section_curves(section, TIME, {group.optimizer: followed(*group.runs) for group in section.groups}, summary)
        for section in view_runs(runs).sections
    ]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"interval": "normal"}, "no interval 'normal'; there are t, bootstrap"),
        ({"rule": "lowest"}, "no rule 'lowest'; there are as-logged, highest-so-far, any-budget, highest-only"),
        ({"reference": float("inf")}, "a reference is a finite number, not inf"),
    ],
)
def test_a_summary_that_there_is_not_is_refused(options, told: str) -> None:
    with pytest.raises(EncaveError) as error:
        Summary(**options)
    assert str(error.value) == told


def test_measures_are_found_by_name(make_run) -> None:
    (one,) = sets_of(make_run(seed=0), make_run(seed=1))
    assert [one.measure_index(name) for name in (None, "loss regret", "loss")] == [0, 0, 1]
    with pytest.raises(EncaveError) as error:
        one.measure_index("accuracy")
    assert str(error.value) == f"{one.section.title} has no measure 'accuracy'; there are loss regret, loss"


def test_curves_can_be_put_in_order(make_run) -> None:
    (one,) = sets_of(*(make_run(label) for label in "ABC"))
    ordered = one.in_order(["C", "A", "B"])
    assert [[curve.optimizer for curve in own] for own in ordered.curves] == [["C", "A", "B"]] * 2
    assert one.rule == "highest-so-far"
    assert sets_of(make_run(), rule="any-budget")[0].rule == "any-budget"


@pytest.mark.parametrize(("maximize", "best"), [(False, 1.0), (True, 7.0)])
def test_the_best_seen_is_that_of_all_runs(make_run, maximize: bool, best: float) -> None:
    direction = "maximize" if maximize else "minimize"
    costs = [[3.0, 7.0], [5.0, 6.0]] if maximize else [[3.0, 1.0], [5.0]]
    own = followed(*(make_run(seed=seed, costs=c, direction=direction) for seed, c in enumerate(costs)))
    measure = Measure("regret", "cost:loss", maximize=maximize, regret="best seen")
    found, same = resolved([measure, LOSS], {"A": own[:1], "B": own[1:]})
    assert (found.reference, same) == (best, LOSS)
    assert resolved([measure], {"A": followed(make_run(costs=[NAN]))})[0].reference == 0.0


def test_a_missing_value_is_not_the_best_seen(make_run) -> None:
    own = (trajectory(make_run(costs=[3.0, 2.0], reported=[NAN, 4.0]), TIME, ["extra:valid"]),)
    measure = Measure("valid regret", "extra:valid", regret="best seen")
    assert resolved([measure], {"A": own})[0].reference == 4.0


@pytest.mark.parametrize(
    ("label", "random"),
    [
        ("RS", True),
        ("rs", True),
        ("Random-Search", True),
        ("random_search", True),
        ("RANDOM", True),
        ("Optuna (Random)", True),
        ("Optuna (TPE)", False),
        ("(Random) forest", False),
        ("BRS", False),
        ("Random search 2", False),
    ],
)
def test_which_labels_are_random_search(make_run, label: str, random: bool) -> None:
    own = followed(make_run(label, costs=[5.0, 3.0]))
    known = (3.0, f"the mean regret with which {label} ends")
    first = (5.0, "the median regret of the first incumbents of all runs")
    assert baseline({label: own}, LOSS) == (known if random else first)


def test_what_regret_is_divided_by(make_run) -> None:
    ends = {"Optuna (Random)": [2.0, 4.0], "RS": [6.0, 8.0, NAN]}
    groups = {
        label: followed(*(make_run(label, n, [9.0, c]) for n, c in enumerate(own))) for label, own in ends.items()
    }
    groups["RS"] = (*groups["RS"][:2], *followed(make_run("RS", 2, [NAN, NAN])))
    assert baseline(groups, LOSS) == (7.0, "the mean regret with which RS ends")  # the shorter label
    zero = {"RS": followed(make_run("RS", costs=[2.0, 0.0])), "B": followed(make_run("B", costs=[4.0, 1.0]))}
    assert baseline(zero, LOSS) == (3.0, "the median regret of the first incumbents of all runs")
    nothing = (1.0, "nothing, since no baseline has a regret above zero")
    assert baseline({"RS": followed(make_run("RS", costs=[0.0]))}, LOSS) == nothing
    assert baseline({"RS": followed(make_run("RS", costs=[NAN]))}, LOSS) == nothing


def test_a_given_reference_and_a_baseline_are_of_the_first_measure(make_run) -> None:
    runs = [make_run(seed=seed, costs=[5.0 + seed, 3.0]) for seed in range(2)]
    (one,) = sets_of(*runs, reference=1.0, normalise=True)
    regret, loss = one.measures
    assert (regret.name, regret.regret, regret.reference, regret.scale) == ("normalised loss regret", "given", 1.0, 4.5)
    assert (loss.name, loss.regret, loss.reference, loss.scale) == ("loss", None, None, 1.0)
    assert one.curves[0][0].centre.tolist() == [1.0, 2 / 4.5] and one.curves[1][0].centre.tolist() == [5.5, 3.0]
    assert sets_of(*runs)[0].baseline is None


def two_tasks(make_run, optimizer="A", **more):
    """Of the first task the axis is 4 long, of the second 100; the second run of each has an incumbent later."""
    return [
        make_run(optimizer, 0, [8.0, 1.0], ends=[1.0, 4.0], task="one", **more),
        make_run(optimizer, 1, [6.0, 2.0], ends=[2.0, 4.0], task="one", **more),
        make_run(optimizer, 0, [30.0, 20.0], ends=[10.0, 100.0], task="two", **more),
        make_run(optimizer, 1, [10.0, 5.0], ends=[20.0, 100.0], task="two", **more),
    ]


@pytest.mark.parametrize("shared", [True, False])
def test_the_mean_over_tasks_over_the_share_of_each_axis(make_run, shared: bool) -> None:
    sets = sets_of(*two_tasks(make_run, **({} if shared else {"common_start": True})), reference=0.0)
    (curve,) = curves_over_tasks(sets)
    # the first begins at a half, the second at a fifth
    assert (curve.positions.tolist(), curve.centre.tolist()) == ([0.5, 1.0], [(7 + 20) / 2, (1.5 + 12.5) / 2])
    assert (curve.band.tolist(), curve.stop, curve.runs, curve.without_incumbent) == ([0, 1], 1.0, 4, 0)
    tasks = [np.array([[8.0, 1.0], [6.0, 2.0]]), np.array([[30.0, 20.0], [10.0, 5.0]])]
    known = intervals.of_mean_over_tasks(tasks, shared=shared)
    np.testing.assert_allclose([curve.lower, curve.upper], known)
    assert curve.measure.reference == 0.0


def test_a_regret_against_the_best_has_a_band_above_zero(make_run) -> None:
    (curve,) = curves_over_tasks(sets_of(*two_tasks(make_run)))
    assert curve.lower[1] == 0.0 < curve.upper[1]
    (given,) = curves_over_tasks(sets_of(*two_tasks(make_run), reference=0.0))
    assert given.lower[1] < 0.0


@pytest.mark.parametrize("interval", ["t", "bootstrap"])
@pytest.mark.parametrize("name", ["mean", "median"])
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_bands_of_other_statistics_over_tasks_are_of_resamples(make_run, interval, name, direction) -> None:
    if (interval, name) == ("t", "mean"):
        return
    rng = np.random.default_rng(2)
    costs = rng.normal(5, 1, size=(2, 4))
    # seeds that differ by task: every task is resampled by itself
    runs = [
        make_run("A", 10 * task + seed, [costs[task, seed]], task=str(task), direction=direction)
        for task in range(2)
        for seed in range(4)
    ]
    statistic = Statistic(name)
    sets = sets_of(*runs, statistic=statistic, interval=interval)
    plain = [section_curves(one.section, TIME, one.trajectories, one.summary) for one in sets]
    (curve,) = curves_over_tasks(plain)
    measure = plain[0].measures[0]
    values = [
        np.array([[one.final(own.measures[0])] for own2 in (own,) for one in own2.trajectories["A"]]) for own in plain
    ]
    drawn = np.mean([statistic.resampled(own, shift) for shift, own in enumerate(values)], axis=0)
    centre = np.mean([statistic.of(own) for own in values])
    if interval == "bootstrap":
        low, high = (end[0] for end in bootstrap.interval(drawn))
    else:
        half = stats.t.ppf(0.975, 3) * drawn.std() * np.sqrt(4 / 3)
        low, high = max(centre - half, 0.0), centre + half
    assert measure.bounded
    assert (curve.centre[0], curve.lower[0], curve.upper[0]) == pytest.approx((centre, low, high))


def test_runs_that_are_cut_or_hold_or_failed_are_counted_over_tasks(make_run) -> None:
    runs = [
        make_run("A", 0, [5.0, 1.0], ends=[1.0, 4.0], task="one"),
        make_run("A", 1, [5.0, 1.0], ends=[1.0, 9.0], task="one"),
        make_run("A", 0, [5.0], ends=[1.0], task="two", limit={"simulated_seconds": 6.0}),
        make_run("A", 1, [NAN], ends=[6.0], task="two", limit={"simulated_seconds": 6.0}),
    ]
    (curve,) = curves_over_tasks(sets_of(*runs, reference=0.0))
    assert (curve.runs, curve.without_incumbent, curve.cut, curve.held) == (3, 1, 1, 1)
    assert not len(curve.band)  # of one run there is none


def test_without_an_axis_there_is_no_mean_over_tasks(make_run) -> None:
    failed = [make_run("A", 0, [NAN], task=task) for task in ("one", "two")]
    assert curves_over_tasks(sets_of(*failed, reference=0.0)) == ()
    at_once = [make_run("A", 0, [1.0], ends=[0.0], task=task) for task in ("one", "two")]
    assert curves_over_tasks(sets_of(*at_once, reference=0.0)) == ()
