"""Where each optimizer looked: configurations in a plane that is the same for all optimizers of a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import EncaveError
from ...run import Run
from ...run.types import Floats, Ints
from ..importance.sample import check_all_trials
from ..importance.space import rows_of
from ..performance.anytime import Trajectory
from ..statistics.contraction import contract
from .footprint_features import Features, shared_features

_FIT = 400  # configurations of each optimizer that the plane is fitted to
_SHOWN = 100  # of each optimizer that are given
_DIGITS = 6  # what is beyond them differs from one process to the next


@dataclass(frozen=True, eq=False)
class Track:
    """Some of the configurations of one optimizer in the plane."""

    optimizer: str
    """Label."""
    points: Floats
    """Different configurations, evenly taken over the runs and over their trials, shape (n, 2)."""
    late: NDArray[np.bool_]
    """Whether each was first evaluated in the last half of the trials of its run, shape (n,)."""
    incumbents: Floats
    """The final incumbent of each run that has one, shape (r, 2)."""
    configurations: int
    """Different configurations of each run, added up: what the points were taken from."""


@dataclass(frozen=True, eq=False)
class Footprint:
    """The configurations of all optimizers on one task in one plane."""

    tracks: tuple[Track, ...]
    """One per optimizer that has a trial, in the order given."""
    shares: tuple[float, float]
    """Share of the variance along each coordinate."""
    outline: Floats
    """Corners of the convex hull of all configurations that the plane was fitted to, shape (h, 2)."""


def footprint(trajectories: Mapping[str, Sequence[Trajectory]]) -> Footprint:
    r"""The first two principal coordinates of the configurations of all optimizers.

    Principal coordinates are classical metric multidimensional scaling of the distances of `shared_features` (W.
    Torgerson, "Multidimensional scaling: I. Theory and method", Psychometrika 17, 1952; J. Gower, "Some distance
    properties of latent root and vector methods used in multivariate analysis", Biometrika 53, 1966): no other plane
    keeps more of the variance. Each optimizer has the same weight, however many trials it made. DeepCAVE's footprint
    (R. Sass et al., "DeepCAVE: An interactive analysis tool for AutoML", 2022; after A. Biedenkapp et al., "CAVE", LION
    2018) scales by stress majorisation instead, which needs all pairs of distances and cannot place another
    configuration.

    Args:
        trajectories: Optimizer → the incumbents of each of its runs.

    Raises:
        EncaveError: there is no trial, the runs have different hyperparameters, no two configurations differ, or a log
            keeps improvements only.
    """
    for members in trajectories.values():
        for one in members:
            check_all_trials(one.run)
    tried = {label: [_tried(one) for one in members if len(one.run)] for label, members in trajectories.items()}
    tried = {label: own for label, own in tried.items() if own}
    features = shared_features([one.run for own in tried.values() for one in own])
    points = {label: [_points(one, features, len(own)) for one in own] for label, own in tried.items()}
    fitted = [np.concatenate([one.fitted for one in own]) for own in points.values()]
    centre, plane, shares = _principal(fitted)
    tracks = tuple(_track(label, own, points[label], centre, plane) for label, own in tried.items())
    return Footprint(tracks, shares, _outline(((np.concatenate(fitted) - centre) @ plane).round(_DIGITS)))


@dataclass(frozen=True, eq=False)
class _Tried:
    """The configurations of one run in the order in which they came."""

    run: Run
    rows: Ints
    late: NDArray[np.bool_]
    incumbent: Ints

    def some(self, most: int) -> Ints:
        """Places of at most so many of them, and at least one, evenly spaced."""
        return np.linspace(0, len(self.rows) - 1, min(len(self.rows), max(1, most))).round().astype(np.int64)


class _Points(NamedTuple):
    """Configurations of one run as points: those that the plane is fitted to, those that are shown, the incumbent."""

    fitted: Floats
    shown: Floats
    incumbent: Floats


def _points(one: _Tried, features: Features, runs: int) -> _Points:
    """At once, since most of the time of few configurations is the same as of many."""
    wanted = (one.rows[one.some(_FIT // runs)], one.rows[one.some(_SHOWN // runs)], one.incumbent)
    ends = np.cumsum([len(rows) for rows in wanted])[:-1]
    return _Points(*np.split(features.of(one.run, np.concatenate(wanted)), ends))


def _tried(one: Trajectory) -> _Tried:
    rows = rows_of(one.run)
    distinct, first = np.unique(rows, return_index=True)
    order = np.argsort(first)
    return _Tried(one.run, distinct[order], first[order] >= len(rows) / 2, rows[one.rows[-1:]])


def _principal(fitted: Sequence[Floats]) -> tuple[Floats, Floats, tuple[float, float]]:
    """Centre, shape (f,), the first two directions, shape (f, 2), and their shares of the variance."""
    centre = np.mean([one.mean(axis=0) for one in fitted], axis=0)
    scatter = np.mean([contract("ij,ik->jk", one - centre, one - centre) / len(one) for one in fitted], axis=0)
    total = float(np.trace(scatter))
    if total <= 0:
        raise EncaveError("no two configurations differ")
    tilt = 1 - 1e-6 * np.arange(len(centre))  # directions of equal variance, as on a full grid, come in a fixed order
    values, vectors = np.linalg.eigh(scatter * tilt * tilt[:, None])
    plane = np.zeros((len(centre), 2))
    plane[:, : min(2, len(centre))] = vectors[:, ::-1][:, :2]
    plane *= np.where(plane[np.abs(plane).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)  # an eigenvector has no sign
    first, second = (*np.maximum(values[::-1][:2], 0.0).tolist(), 0.0)[:2]
    return centre, plane, (first / total, second / total)


def _track(label: str, own: Sequence[_Tried], points: Sequence[_Points], centre: Floats, plane: Floats) -> Track:
    def placed(features: Floats) -> Floats:
        return ((features - centre) @ plane).round(_DIGITS)

    return Track(
        optimizer=label,
        points=np.concatenate([placed(one.shown) for one in points]),
        late=np.concatenate([one.late[one.some(_SHOWN // len(own))] for one in own]),
        incumbents=np.concatenate([placed(one.incumbent) for one in points]),
        configurations=sum(len(one.rows) for one in own),
    )


def _outline(points: Floats) -> Floats:
    """Corners of the convex hull; the ends of a line, where all points are on one."""
    from scipy.spatial import ConvexHull, QhullError

    distinct = np.unique(points, axis=0)
    try:
        return distinct[ConvexHull(distinct).vertices]
    except QhullError:  # fewer than three points, or all on one line
        return distinct[[0, -1]]
