"""Validation accuracies of single training seeds after the short schedule, where a table has them or only their mean.

The published searches were rewarded with the accuracy of one training seed, drawn at random of those that the archive
has (`is_random=True`). A table imported from the official files has these seeds. One that holds only their mean does
not, so they are modelled: two seeds are the mean plus and minus a deviation, normal with mean 0. How large it is
follows from the table alone: cells that compute the same function were trained separately, so what their means scatter
by is what the mean of two seeds scatters by, and that is what each of two seeds deviates from their mean by. (Two seeds
of variance s² have a mean of variance s²/2, and half their difference has variance s²/2, too.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....run.types import Floats
from .surrogate import function_classes
from .task import Task

_BINS = 20
"""Of equal numbers of architectures, ordered by accuracy: the scatter depends on it."""


@dataclass(frozen=True, eq=False)
class SeedAccuracies:
    """Validation accuracies after 12 epochs, percent."""

    by_seed: tuple[Floats, ...]
    """Of each seed, shape (15625,), NaN where it was not trained; empty if they are not known."""

    mean: Floats
    """Mean over two seeds, shape (15625,)."""

    deviation: Floats
    """Standard deviation of either seed from the mean, shape (15625,); 0 where there is but one seed."""

    def draw(self, index: int, world: Floats, rng: np.random.Generator) -> float:
        """Accuracy of one seed of an architecture, drawn at random; a seed has the same accuracy whenever it is drawn.

        Args:
            index: official index.
            world: standard normal deviates, one per architecture: the outcome of trainings that were never recorded.
            rng: draws the seed.
        """
        known = [value for values in self.by_seed if np.isfinite(value := values[index])]
        if known:
            return float(known[rng.integers(len(known))])
        sign = 1.0 if rng.integers(2) else -1.0
        return float(np.clip(self.mean[index] + sign * self.deviation[index] * world[index], 0.0, 100.0))


def seed_accuracies(task: Task, *, two_seeds: bool) -> SeedAccuracies:
    """The accuracies of single seeds on one dataset.

    Args:
        task: the dataset.
        two_seeds: whether the mean in the table is one over two seeds; of a single seed nothing is modelled.
    """
    curves = task.curves.get(12)
    by_seed = tuple(values[:, 11].astype(np.float64) for values in curves.by_seed.values()) if curves else ()
    deviation = (
        _deviation(task.valid_accuracy_12) if two_seeds and not by_seed else np.zeros(len(task.valid_accuracy_12))
    )
    return SeedAccuracies(by_seed, task.valid_accuracy_12, deviation)


def _deviation(accuracy: Floats) -> Floats:
    """Standard deviation of separately trained cells of the same function, by accuracy; shape (15625,)."""
    classes = function_classes()
    size = np.bincount(classes)
    centre = (np.bincount(classes, accuracy) / size)[classes]
    shared = size[classes] > 1
    square = (accuracy - centre) ** 2 * size[classes] / np.maximum(size[classes] - 1, 1)
    order = np.flatnonzero(shared)[np.argsort(centre[shared], kind="stable")]
    bins = np.array_split(order, _BINS)
    at = [float(centre[each].mean()) for each in bins]
    return np.interp(accuracy, at, [float(square[each].mean()) ** 0.5 for each in bins])


def deviation_of_means(task: Task) -> Floats | None:
    """What the validation accuracies after 200 epochs scatter by since they are means of few trainings, shape (15625,).

    The variance of one training is that of the seeds of an architecture, pooled over architectures of about the same
    accuracy; of a mean over s seeds it is that over s. None where the table has no seeds.
    """
    if not task.seed_deviation_200:
        return None
    apart = np.stack(list(task.seed_deviation_200.values()))
    seeds = np.isfinite(apart).sum(axis=0)
    several = seeds > 1
    if not several.any():
        return None
    squares = np.where(np.isfinite(apart), apart, 0.0)
    squares = ((squares - squares.sum(axis=0) / np.maximum(seeds, 1)) ** 2 * np.isfinite(apart)).sum(axis=0)
    order = np.flatnonzero(several)
    order = order[np.argsort(task.valid_accuracy_200[order], kind="stable")]
    bins = np.array_split(order, min(_BINS, len(order)))
    at = [float(task.valid_accuracy_200[each].mean()) for each in bins]
    variance = [float(squares[each].sum() / (seeds[each] - 1).sum()) for each in bins]
    return np.sqrt(np.interp(task.valid_accuracy_200, at, variance) / np.maximum(seeds, 1))
