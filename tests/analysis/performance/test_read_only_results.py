"""What analyses give is read-only."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from encave.analysis.performance.anytime import TrajectoryOf
from encave.analysis.performance.axis import Axis, AxisFacts
from encave.analysis.performance.curves import Curve
from encave.analysis.performance.pareto import Pareto
from encave.analysis.performance.random_search import ExpectedCurve
from encave.analysis.performance.runtimes import Runtime, Targets
from encave.analysis.performance.section_curves import SectionCurvesOf, Summary
from encave.analysis.performance.section_runtimes import SectionRuntimes
from encave.analysis.performance.streaming import Reduced
from encave.analysis.statistics.design import Choice, StudyDesign
from encave.analysis.statistics.effects import Estimate, Posterior
from encave.analysis.statistics.order_statistics import Statistic
from encave.analysis.statistics.simultaneous import Band
from encave.analysis.statistics.stratified import Stratified
from encave.analysis.statistics.tests import Friedman

RESULTS = (
    *(TrajectoryOf, Axis, AxisFacts, Curve, Pareto, ExpectedCurve, Runtime, Targets, SectionCurvesOf, Summary),
    *(SectionRuntimes, Reduced, Choice, StudyDesign, Estimate, Posterior, Statistic, Band, Stratified, Friedman),
)


@pytest.mark.parametrize("kind", RESULTS, ids=lambda kind: kind.__name__)
def test_results_are_read_only(kind: type) -> None:
    one = object.__new__(kind)
    with pytest.raises(FrozenInstanceError):
        one.value = 5
    with pytest.raises(TypeError):
        kind(*range(40))


@pytest.mark.parametrize("kind", [ExpectedCurve, SectionRuntimes])
def test_results_that_hold_arrays_are_equal_to_themselves_alone(kind: type) -> None:
    assert kind.__eq__ is object.__eq__


def test_an_expected_curve_is_exact_where_nothing_was_drawn() -> None:
    points = np.arange(3.0)
    assert ExpectedCurve(points, points, np.zeros(3), 200).exact
    assert not ExpectedCurve(points, points, np.array([0.0, 0.0, 0.1]), 200).exact
