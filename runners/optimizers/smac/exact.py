"""SMAC with the exact maximum of its acquisition function, for spaces that can be enumerated.

The surrogate, the acquisition function and the initial design are those of SMAC's hyperparameter-optimization facade
(`smac`). Its search for the best configuration by 10,000 random candidates and local search is replaced by scoring
every configuration, so the trajectory is another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ....errors import EncaveError
from ..adapter import Problem
from .facade import SMAC

if TYPE_CHECKING:
    from smac import Scenario


class SMACExact(SMAC):
    """SMAC's hyperparameter-optimization facade, maximising its acquisition function exactly.

    Raises:
        EncaveError: the space cannot be enumerated.
    """

    label: ClassVar[str] = "SMAC-exact"

    def _parts(self, facade: Any, scenario: Scenario, problem: Problem) -> dict[str, Any]:
        from .search import LARGEST, ExactMaximizer, grid_of

        if grid_of(scenario.configspace) is None:
            raise EncaveError(f"smac-exact needs a space of choices with at most {LARGEST:,} configurations; use smac")
        return super()._parts(facade, scenario, problem) | {
            "acquisition_maximizer": ExactMaximizer(scenario.configspace, seed=scenario.seed)
        }
