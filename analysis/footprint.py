"""The exploration footprint: the configurations of several optimizers on one plane.

Source: Xu, Hutter, Hoos and Leyton-Brown, "Quantifying the similarity of algorithm configurations", LION 2016, and
Biedenkapp, Marben, Lindauer and Hutter, "CAVE", LION 2018, section 3.3, by multi-dimensional scaling. Here classical
scaling of one distance for all kinds of hyperparameters, exact and in one decomposition however many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import EncaveError
from ..run import Run
from .importance_space import Axis, Encoded, encode, rows_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Footprint:
    """The different configurations of runs on one plane, the same plane for all."""

    points: tuple[Floats, ...]
    """For each group of runs, its different configurations in the order in which they were first evaluated, (n, 2)."""
    when: tuple[Floats, ...]
    """For each group, the place of that evaluation in its run, 0 (first trial) … 1 (last), shape (n,)."""
    explained: float
    """Share of the configurations' squared distances that the plane shows, 0 … 1."""


def footprint(groups: Sequence[Sequence[Run]]) -> Footprint:
    """Place the configurations of groups of runs of one space on a plane.

    Squared distance is the sum over hyperparameters of 1 for another choice, of the squared difference on the unit
    scale for a number or an ordinal value, and of 1 where one is active and the other is not. The plane is that of the
    two largest principal coordinates over the configurations of all groups (Gower, Biometrika 53, 1966).

    Raises:
        EncaveError: the runs have different hyperparameters, or fewer than three different configurations.
    """
    found = [[_coordinates(run) for run in runs] for runs in groups]
    widths = {block.shape[1] for runs in found for block, _ in runs}
    if len(widths) != 1 or len({tuple(run.space) for runs in groups for run in runs}) != 1:
        raise EncaveError("a footprint needs runs with the same hyperparameters and choices")
    joined = [_distinct(*map(np.concatenate, zip(*runs, strict=True))) for runs in found]
    pooled = np.unique(np.concatenate([block for block, _ in joined]), axis=0)
    if len(pooled) < 3:
        raise EncaveError("a footprint needs at least three different configurations")
    centre = pooled.mean(axis=0)
    values, vectors = np.linalg.eigh((pooled - centre).T @ (pooled - centre))
    plane = vectors[:, ::-1][:, :2]
    plane = plane * np.sign(plane[np.abs(plane).argmax(axis=0), [0, 1]])  # an eigenvector has no sign of its own
    total = values.sum()
    return Footprint(
        tuple((block - centre) @ plane for block, _ in joined),
        tuple(when for _, when in joined),
        float(values[-2:].sum() / total),
    )


def _coordinates(run: Run) -> tuple[Floats, Floats]:
    """Of each trial, coordinates in which Euclidean distance is the distance, and its place in the run."""
    encoded, rows = encode(run), rows_of(run)
    active = _active(run, encoded)
    blocks = [_block(axis, encoded.codes[:, j], active[:, j]) for j, axis in enumerate(encoded.axes)]
    place = np.arange(len(rows)) / max(len(rows) - 1, 1)
    return np.concatenate(blocks, axis=1)[rows], place


def _active(run: Run, encoded: Encoded) -> NDArray[np.bool_]:
    return np.stack(
        [~np.asarray(run.configurations[name].combine_chunks().is_null()) for name in encoded.names], axis=1
    )


def _block(axis: Axis, codes: Ints, active: NDArray[np.bool_]) -> Floats:
    if axis.nominal:
        one_hot = np.zeros((len(codes), axis.bins + 1))
        one_hot[np.arange(len(codes)), np.where(active, codes, axis.bins)] = np.sqrt(0.5)
        return one_hot
    ends = np.concatenate(([0.0], np.cumsum(axis.weights)))
    middle = ((ends[1:] + ends[:-1]) / 2)[codes]
    return np.stack((np.where(active, middle, 0.5), ~active), axis=1).astype(np.float64)


def _distinct(points: Floats, when: Floats) -> tuple[Floats, Floats]:
    order = np.argsort(when, kind="stable")
    first = np.unique(points[order], axis=0, return_index=True)[1]
    chosen = order[np.sort(first)]
    return points[chosen], when[chosen]
