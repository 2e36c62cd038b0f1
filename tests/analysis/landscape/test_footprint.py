"""Configurations in a plane: distances, weights of optimizers, conditional and foreign spaces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ConfigSpace import (
    Categorical,
    ConfigurationSpace,
    EqualsCondition,
    Float,
    Integer,
    OrdinalHyperparameter,
)  # fmt: skip
from scipy.spatial.distance import pdist, squareform

from encave import EncaveError
from encave.analysis.charts.style import line_styles
from encave.analysis.comparison.section import compare
from encave.analysis.grouping.sections import view_runs
from encave.analysis.importance.space import rows_of
from encave.analysis.landscape.footprint import Footprint, footprint
from encave.analysis.landscape.footprint_features import shared_features
from encave.analysis.landscape.incumbent_values import incumbent_values
from encave.analysis.report import write_report
from encave.analysis.report.chapters.exploration import footprint_of
from encave.analysis.report.exploration_figures import footprint_figure, incumbents_figure
from encave.run import Objective, Optimizer, Provenance, Run


def mixed_run(configurations: list[dict], name: str = "A", seed: int = 0, upper: float = 1.0) -> Run:
    space = ConfigurationSpace()
    kind = Categorical("kind", ["cnn", "mlp"])
    depth = Integer("depth", (1, 3))
    space.add([
        kind, depth, Float("rate", (0.0001, upper), log=True), OrdinalHyperparameter("size", ["s", "m", "l"]),
        EqualsCondition(depth, kind, "cnn"),
    ])  # fmt: skip
    n = len(configurations)
    return Run.from_columns(
        name=f"{name}-{seed}",
        optimizer=Optimizer(name),
        space=space,
        objectives=[Objective("loss")],
        trials={
            "config_id": np.arange(n), "status": ["success"] * n, "cost:loss": np.arange(n, 0.0, -1),
            "end": np.arange(n) + 1.0,
        },
        configurations=dict(enumerate(configurations)),
        provenance=Provenance(task="toy", seed=seed),
    )  # fmt: skip


SOME = [
    {"kind": "cnn", "depth": 1, "rate": 0.0001, "size": "s"},
    {"kind": "cnn", "depth": 3, "rate": 1.0, "size": "l"},
    {"kind": "mlp", "rate": 0.01, "size": "m"},
    {"kind": "mlp", "rate": 0.0001, "size": "m"},
    {"kind": "cnn", "depth": 2, "rate": 0.1, "size": "s"},
]


def coded(configuration: dict) -> tuple[float, float | None, float, float]:
    depth = configuration.get("depth")
    rate = np.log10(configuration["rate"] / 0.0001) / 4
    return (
        configuration["kind"] == "cnn",
        None if depth is None else (depth - 1) / 2,
        rate,
        "sml".index(configuration["size"]) / 2,
    )


def by_hand(a: dict, b: dict) -> float:
    (kind, depth, rate, size), (other, deep, fast, large) = coded(a), coded(b)
    apart = float(kind != other) + (rate - fast) ** 2 + (size - large) ** 2
    if (depth is None) != (deep is None):
        apart += 0.5 + ((depth if depth is not None else deep) - 0.5) ** 2
    elif depth is not None:
        apart += (depth - deep) ** 2
    return apart


def test_distances_are_those_of_the_definition() -> None:
    run = mixed_run(SOME)
    points = shared_features([run]).of(run, rows_of(run))
    for i, a in enumerate(SOME):
        for j, b in enumerate(SOME):
            assert ((points[i] - points[j]) ** 2).sum() == pytest.approx(by_hand(a, b))


def test_coordinates_are_those_of_classical_scaling() -> None:
    run = mixed_run(SOME)
    found = plane(run)
    squared = np.array([[by_hand(a, b) for b in SOME] for a in SOME])
    middle = np.eye(5) - 0.2
    values, vectors = np.linalg.eigh(-0.5 * middle @ squared @ middle)  # double centring, Torgerson 1952
    expected = vectors[:, ::-1][:, :2] * np.sqrt(values[::-1][:2])
    assert squareform(pdist(found.tracks[0].points)) == pytest.approx(squareform(pdist(expected)), abs=1e-4)
    assert found.shares == pytest.approx(tuple(values[::-1][:2] / values.sum()), abs=1e-4)
    assert found.tracks[0].late.tolist() == [False, False, False, True, True]
    assert found.tracks[0].incumbents == pytest.approx(found.tracks[0].points[-1:])


def plane(*runs: Run) -> Footprint:
    found = footprint_of(compare(view_runs(runs).sections[0]))
    assert isinstance(found, Footprint), found
    return found


def test_optimizers_weigh_the_same_and_samples_are_bounded() -> None:
    rng = np.random.default_rng(0)
    drawn = lambda low, high, n: [  # noqa: E731
        {"kind": "mlp", "rate": float(10 ** rng.uniform(low, high)), "size": "m"} for _ in range(n)
    ]
    wide, narrow = mixed_run(drawn(-4, 0, 3000), "wide"), mixed_run(drawn(-1, 0, 30), "narrow")
    found = plane(wide, narrow)
    tracks = {track.optimizer: track for track in found.tracks}
    assert len(tracks["wide"].points) == 100 and tracks["wide"].configurations == 3000
    assert len(tracks["narrow"].points) == 30
    assert found.shares == pytest.approx((1.0, 0.0), abs=1e-4)  # only the rate differs
    middle = sum(track.points[:, 0].mean() for track in found.tracks)
    assert middle == pytest.approx(0, abs=0.1)
    assert np.array_equal(plane(wide, narrow).outline, found.outline)


def test_wider_bounds_are_shared_and_other_spaces_refused(make_run) -> None:
    runs = [mixed_run(SOME), mixed_run(SOME, "B", upper=100.0)]
    points = shared_features(runs).of(runs[1], rows_of(runs[1]))
    rate = np.log(10_000) / np.log(1_000_000)
    assert ((points[2] - points[3]) ** 2).sum() == pytest.approx((rate / 2) ** 2)
    with pytest.raises(EncaveError, match="different hyperparameters"):
        shared_features([runs[0], make_run()])
    with pytest.raises(EncaveError, match="no run has a trial"):
        footprint({})
    alike = compare(view_runs([mixed_run([SOME[2], SOME[2]])]).sections[0])
    assert footprint_of(alike) == "no two configurations differ"


def test_points_may_differ_where_the_plane_does_not_hold_all(make_run) -> None:
    for runs, may in (([mixed_run(SOME, name) for name in "AB"], True), ([make_run(name) for name in "AB"], False)):
        one = compare(view_runs(runs).sections[0])
        figure = footprint_figure(one, plane(*runs), line_styles(list("AB")))
        assert ("so points that lie together may still differ" in figure.caption) is may


def test_figures_hold_what_they_say(tmp_path: Path) -> None:
    runs = [mixed_run(SOME[seed:] + SOME[:seed], name, seed) for name in "ABCDEFGHIJ" for seed in range(2)]
    one = compare(view_runs(runs).sections[0])
    figure = footprint_figure(one, plane(*runs), line_styles(list("ABCDEFGHIJ")))
    assert len(figure.chart.found.tracks) == 8 and "Only the 8 best by rank" in figure.caption
    values = {label: incumbent_values(one.trajectories[label], one.axis) for label in one.ordered}
    areas = incumbents_figure(one, values).chart
    assert [name for name, _ in areas.rows] == list(one.ordered[:4])
    assert areas.heads == ["kind", "size", "depth"] and list(areas.colours)[-1] == "inactive"
    for label, stacks in areas.rows:
        for name, stack in zip(areas.heads, stacks, strict=True):
            assert sum(stack.shares.values()) == pytest.approx(np.ones(len(stack.x) - 1))
            own = values[label]
            last = dict(
                zip(own.values[own.names.index(name)], own.frequency[own.names.index(name)][:, -1], strict=True)
            )
            assert {value: share[-1] for value, share in stack.shares.items()} == last
    report = write_report(runs, tmp_path / "report")
    rows = pd.read_parquet(report.folder / "data/footprint.parquet")
    assert rows.groupby("optimizer").point.apply(lambda kind: (kind == "final incumbent").sum()).eq(2).all()
    assert {"toy-footprint.pdf", "toy-values-of-incumbents.pdf"} <= {path.name for path in report.figures}
