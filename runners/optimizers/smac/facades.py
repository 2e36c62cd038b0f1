"""SMAC's other facades: Gaussian process, multi-fidelity, Hyperband, and ParEGO for several objectives.

Sources: Lindauer et al. (JMLR 2022), package smac 2.4.1; Li et al., "Hyperband" (JMLR 2018); Knowles, "ParEGO" (IEEE
Transactions on Evolutionary Computation, 2006).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from ..adapter import Problem, Proposal
from .facade import SMAC

if TYPE_CHECKING:
    from smac import Scenario


class SMACBlackBox(SMAC):
    """SMAC's black-box facade: Gaussian process (Hamming kernel for choices), expected improvement, Sobol design."""

    label: ClassVar[str] = "SMAC-BB"
    facade: ClassVar[str] = "BlackBoxFacade"

    def ask(self) -> Proposal | None:
        """The next trial. One thread: on such small matrices more only wait, and their sums depend on their number."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1):
            return super().ask()

    def _parts(self, facade: Any, scenario: Scenario, problem: Problem) -> dict[str, Any]:
        """The process copies its kernel for every likelihood that it computes; scikit-learn can do without."""
        parts = super()._parts(facade, scenario, problem)
        stock = parts["model"]._get_gaussian_process

        def process() -> Any:
            made = stock()
            made.log_marginal_likelihood = partial(made.log_marginal_likelihood, clone_kernel=False)
            return made

        parts["model"]._get_gaussian_process = process
        return parts


class SMACMultiFidelity(SMAC):
    """SMAC's multi-fidelity facade: Hyperband with the random forest, random initial design."""

    label: ClassVar[str] = "SMAC-MF"
    facade: ClassVar[str] = "MultiFidelityFacade"
    multi_fidelity: ClassVar[bool] = True

    def _scenario(self, problem: Problem) -> dict[str, Any]:
        low, high = problem.budget_range
        return {"min_budget": low, "max_budget": high}

    def _intensifier(self, problem: Problem) -> dict[str, Any]:
        return {"eta": problem.eta, "incumbent_selection": "highest_budget"}


class Hyperband(SMACMultiFidelity):
    """SMAC's Hyperband facade: the brackets of `SMACMultiFidelity` on configurations at random."""

    label: ClassVar[str] = "HB"
    facade: ClassVar[str] = "HyperbandFacade"


class SMACParEGO(SMAC):
    """The hyperparameter-optimization facade on scalarisations of all objectives, with new weights for each model."""

    label: ClassVar[str] = "SMAC-ParEGO"
    multi_objective: ClassVar[bool] = True
    needs_several: ClassVar[bool] = True

    def _parts(self, facade: Any, scenario: Scenario, problem: Problem) -> dict[str, Any]:
        from smac.multi_objective.parego import ParEGO

        return super()._parts(facade, scenario, problem) | {"multi_objective_algorithm": ParEGO(scenario)}
