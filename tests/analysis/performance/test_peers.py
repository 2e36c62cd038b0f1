"""The same numbers as COCO's post-processing and IOHprofiler's inspector on the same data.

Needs the group `peers`: `uv run --group peers pytest tests/analysis/performance/test_peers.py`.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from encave.analysis.grouping.measure import Measure
from encave.analysis.performance.anytime import trajectory
from encave.analysis.performance.axis import Axis
from encave.analysis.performance.measures import area_over_curve
from encave.analysis.performance.runtimes import Targets, expected_running_time, runtimes
from encave.converters import convert
from encave.run import Run

IOH = Path(__file__).parents[2] / "logs" / "ioh"
EVALUATIONS = Axis("evaluations", "evaluations", None)
LOSS = Measure("loss", "cost:loss")
_COLUMNS = (
    "% function evaluation | noise-free fitness - Fopt (0.0e+00) | best noise-free fitness - Fopt | "
    "measured fitness | best measured fitness | x1 | x2"
)


@pytest.fixture(scope="module")
def values() -> list[np.ndarray]:
    """What 15 runs of random length evaluated to."""
    rng = np.random.default_rng(5)
    return [10 ** rng.uniform(-3, 2, size=rng.integers(20, 200)) for _ in range(15)]


@pytest.fixture(scope="module")
def members(values, make_run):
    return [trajectory(make_run(seed=k, costs=own), EVALUATIONS, ["cost:loss"]) for k, own in enumerate(values)]


def write_coco(folder: Path, runs: list[np.ndarray]) -> Path:
    """Write runs on a function of the suite bbob in COCO's own format."""
    data = folder / "data_f1"
    data.mkdir(parents=True)
    lines: list[str] = []
    for own in runs:
        best = np.minimum.accumulate(own)
        lines.append(_COLUMNS)
        lines += [
            f"{i} {y:.15e} {b:.15e} {y:.15e} {b:.15e} 0.0 0.0"
            for i, (y, b) in enumerate(zip(own, best, strict=True), start=1)
            if y == b or i == len(own)
        ]
    for ending in ("dat", "tdat"):
        (data / f"bbobexp_f1_DIM2.{ending}").write_text("\n".join(lines) + "\n")
    ends = ", ".join(f"{k}:{len(own)}|{own.min():.3e}" for k, own in enumerate(runs, start=1))
    header = "suite = 'bbob', funcId = 1, DIM = 2, Precision = 1.000e-08, algId = 'A'"
    info = folder / "bbobexp_f1.info"
    info.write_text(f"{header}\n% made by a test\ndata_f1/bbobexp_f1_DIM2.dat, {ends}\n")
    return info


def test_runtimes_are_cocos(values, members, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for its archives on the net
        pytest.importorskip("cocopp")
        from cocopp.pproc import DataSetList

        (theirs,) = DataSetList(str(write_coco(tmp_path / "A", values)))
    targets = 10 ** np.arange(2, -3.01, -0.2)  # the targets at which COCO keeps runtimes
    (ours,) = runtimes({"A": members}, LOSS, Targets(targets, "log", (targets[-1], targets[0])))
    evaluations = np.array(theirs.detEvals(targets)).T
    np.testing.assert_array_equal(np.where(np.isnan(evaluations), np.inf, evaluations), ours.times)
    expected = [ours.expected(target).value for target in range(len(targets))]
    np.testing.assert_allclose(expected, theirs.detERT(targets), rtol=1e-12)
    assert 0 < ours.hits(len(targets) - 2) < len(values)  # some targets only some runs hit


@pytest.fixture(scope="module")
def frame(values):
    """The runs as IOHinspector holds them: best so far at every evaluation."""
    polars = pytest.importorskip("polars")
    pytest.importorskip("iohinspector")
    parts = [
        polars.DataFrame(
            {
                "data_id": [k] * len(own), "algorithm_name": ["A"] * len(own), "function_name": ["f"] * len(own),
                "evaluations": np.arange(1, len(own) + 1), "raw_y": np.minimum.accumulate(own),
            }
        )
        for k, own in enumerate(values)
    ]  # fmt: skip
    return polars.concat(parts)


def test_expected_running_times_are_iohprofilers(members, frame) -> None:
    from iohinspector.metrics import aggregate_running_time

    budget = 250  # every run has spent this, as IOHprofiler takes it
    # only improvements, as its loader keeps: of equal values it takes the last
    improving = frame.unique(["data_id", "raw_y"], keep="first", maintain_order=True)
    theirs = aggregate_running_time(improving, f_min=1e-3, f_max=1e2, eval_max=budget)
    targets = theirs["raw_y"].to_numpy()
    (ours,) = runtimes({"A": members}, LOSS, Targets(targets, "log", (1e-3, 1e2)))
    for index, line in theirs.reset_index(drop=True).iterrows():
        expected = expected_running_time(ours.times[:, index], np.full(len(members), float(budget)))
        assert line["success_count"] == ours.hits(index)
        assert line["ERT"] == pytest.approx(expected.value)


def test_areas_are_iohprofilers(members, frame) -> None:
    from iohinspector.metrics import get_aocc, transform_fval

    theirs = get_aocc(transform_fval(frame, 1e-3, 1e2), eval_max=20)["AOCC"].iloc[0]
    # IOHprofiler lets the first evaluation hold from 0 on, where encave has nothing before it ends
    areas = [
        area_over_curve(np.append(0.0, one.positions[1:]), one.reported(LOSS), 20.0, (1e-3, 1e2), scale="log")
        for one in members
    ]
    assert np.mean(areas) == pytest.approx(theirs, abs=1e-9)


def test_ecdf_of_many_targets_is_iohprofilers(members, frame) -> None:
    from iohinspector.metrics import get_data_ecdf

    points = [1, 2, 5, 10, 20]
    theirs = get_data_ecdf(frame, f_min=1e-3, f_max=1e2, eval_values=points)["eaf"].to_numpy()
    targets = 10 ** np.linspace(2, -3, 20001)
    (ours,) = runtimes({"A": members}, LOSS, Targets(targets, "log", (1e-3, 1e2)))
    place = np.searchsorted(ours.positions, points, side="right") - 1
    np.testing.assert_allclose(ours.share[place], theirs, atol=1e-4)  # IOHprofiler's is the limit of many targets


@pytest.mark.parametrize("log", ["sparse/imp", "sparse/all", "dims"])
def test_logs_of_ioh_are_what_iohprofiler_makes_of_them(tmp_path: Path, log: str) -> None:
    """Running times at every target, areas and ECDF from the files themselves, of which most have improvements only."""
    iohinspector = pytest.importorskip("iohinspector")
    from iohinspector.metrics import aggregate_running_time, get_aocc, get_data_ecdf, transform_fval

    manager = iohinspector.DataManager()
    manager.add_folder(str(IOH / log))
    whole = manager.load(monotonic=True, include_meta_data=True)
    runs = [Run.load(one.output) for one in convert([IOH / log], tmp_path) if one.output]
    tasks = sorted({str(run.provenance.task) for run in runs})
    assert len(tasks) == len(whole["dimension"].unique())
    low, high = 1e-2, 1e2
    for dimension in whole["dimension"].unique():
        frame = whole.filter(whole["dimension"] == dimension)
        own = [run for run in runs if str(run.provenance.task).endswith(f"-DIM{dimension}")]
        members = [trajectory(run, EVALUATIONS, ["cost:raw_y"]) for run in own]
        assert len(members) == len(frame["data_id"].unique()) and {one.horizon for one in members} == {100.0}
        theirs = aggregate_running_time(frame, f_min=low, f_max=high, eval_max=100)
        measure = Measure("raw_y", "cost:raw_y")
        (ours,) = runtimes({"A": members}, measure, Targets(theirs["raw_y"].to_numpy(), "log", (low, high)))
        assert theirs["success_count"].tolist() == [ours.hits(k) for k in range(len(theirs))]
        expected = [ours.expected(k).value for k in range(len(theirs))]
        np.testing.assert_allclose(expected, theirs["ERT"].to_numpy(), rtol=1e-12)
        area = get_aocc(transform_fval(frame, low, high), eval_max=100)["AOCC"].iloc[0]
        # IOHprofiler lets the first evaluation hold from 0 on, where encave has nothing before it ends
        areas = [
            area_over_curve(np.append(0.0, one.positions[1:]), one.reported(measure), 100.0, (low, high), scale="log")
            for one in members
        ]
        assert np.mean(areas) == pytest.approx(area, abs=1e-9)
        points = [1, 2, 5, 10, 50, 100]
        shares = get_data_ecdf(frame, f_min=low, f_max=high, eval_values=points)["eaf"].to_numpy()
        targets = 10 ** np.linspace(2, -2, 20001)
        (many,) = runtimes({"A": members}, measure, Targets(targets, "log", (low, high)))
        place = np.searchsorted(many.positions, points, side="right") - 1
        found = np.where(place >= 0, many.share[np.maximum(place, 0)], 0.0)
        np.testing.assert_allclose(found, shares, atol=1e-4)  # IOHprofiler's is the limit of many targets
