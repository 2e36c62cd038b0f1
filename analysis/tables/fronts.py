"""Several objectives, as a result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import EncaveError
from ..charts.curves import attainment_chart
from ..charts.look import Look
from .result import Result, one_of, table_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ..charts.line_chart import LineChart
    from ..comparison.section import Comparison
    from ..performance.pareto import Pareto


@dataclass(frozen=True, eq=False, repr=False)
class Attainments(Result):
    """Median attainment surfaces of two objectives: what at least half of the runs of an optimizer attain together.

    After V. Grunert da Fonseca, Fonseca and Hall (EMO 2001).

    Example:
        >>> c.attainment("mlp").table().column_names[2:4]
        ['first_objective', 'first_value']
    """

    each: tuple[Pareto, ...]
    """One for each task."""

    def table(self) -> pa.Table:
        """One row per corner of a surface, by the first objective.

        `task`, `optimizer`; `first_objective` with its `first_value`, `second_objective` with its `second_value`, both
        as logged.
        """
        columns = {
            "task": "string", "optimizer": "string", "first_objective": "string", "first_value": "float64",
            "second_objective": "string", "second_value": "float64",
        }  # fmt: skip
        return table_of(
            columns,
            (
                (one.section.title, optimizer, first, x, second, y)
                for one in self.each
                for first, second in [[own.name for own in one.section.runs[0].objectives]]
                for optimizer, surface in one.surfaces.items()
                for x, y in surface.tolist()
            ),
        )

    def chart(self, look: Look | None = None) -> LineChart:
        """The surfaces of one task as staircases.

        Raises:
            EncaveError: there are several tasks.
        """
        one = one_of(self.each, [own.section.title for own in self.each])
        return attainment_chart(one, (look or Look()).styles(sorted(one.surfaces)))


def fronts_of(comparisons: Sequence[Comparison]) -> tuple[Pareto, ...]:
    """Hypervolume and attainment of tasks with several objectives.

    Raises:
        EncaveError: no task has several.
    """
    from ..performance.pareto import compare_fronts

    made = [compare_fronts(one.section, one.axis, one.interval) for one in comparisons]
    found = tuple(one for one in made if one is not None)
    if not found:
        raise EncaveError("a front needs runs of several objectives, the same in all runs of a task, with a success")
    return found


def attainments_of(comparisons: Sequence[Comparison]) -> Attainments:
    """Attainment of tasks with two objectives.

    Raises:
        EncaveError: no task has two.
    """
    found = tuple(one for one in fronts_of(comparisons) if one.surfaces)
    if not found:
        raise EncaveError("attainment surfaces are of two objectives; of more there is the hypervolume")
    return Attainments(found)
