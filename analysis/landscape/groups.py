"""Where the final incumbents of each optimizer stand in the complete table that its runs searched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...errors import EncaveError
from ..grouping.sections import Section, by_group
from ..importance.groups import Refused, Truth
from ..importance.sample import sample
from .optima import Standing, standing


def group_standing(
    sections: Sequence[Section], truth: Truth
) -> tuple[tuple[tuple[str, str, Standing], ...], tuple[Refused, ...]]:
    """(task, optimizer, standing) of the final incumbents, and the runs that have none or no table.

    The final incumbent is the configuration with the lowest mean cost at the highest budget with a result, of those
    that are not infeasible.

    Args:
        sections: The runs, by task and optimizer.
        truth: Gives the complete table that a run searched, or None.
    """
    tables: dict[tuple[str, str], NDArray[np.float64]] = {}
    points: defaultdict[tuple[str, str], list[NDArray[np.int64]]] = defaultdict(list)
    refused: list[Refused] = []
    for task, optimizer, run in by_group(sections):
        try:
            data = sample(run)
            best = data.incumbent
        except EncaveError as error:
            refused.append(Refused(task, optimizer, run.name, str(error)))
            continue
        table = truth(run, data)
        if table is None:
            refused.append(Refused(task, optimizer, run.name, "the benchmark has no table that this run searched"))
            continue
        tables.setdefault((task, optimizer), np.asarray(table, dtype=np.float64))
        points[task, optimizer].append(best)
    found = tuple((*key, standing(tables[key], np.array(at))) for key, at in points.items())
    return found, tuple(refused)
