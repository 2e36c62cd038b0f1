"""SMAC3 through its facades' ask/tell interface.

Source: Lindauer et al., "SMAC3: A Versatile Bayesian Optimization Package for Hyperparameter Optimization" (JMLR 2022),
package smac 2.4.1. The surrogate's forest runs in one thread with room for 4,096 leaves per tree instead of 2²⁰: the
trajectory is the default facade's (tests/runners/test_smac.py) in a fifth of the time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from .adapter import Optimizer, Problem, Proposal, Result

if TYPE_CHECKING:
    from smac.facade.abstract_facade import AbstractFacade

ETA = 3
LEAVES = 4096
ENOUGH_TRIALS = 15_625
"""`n_trials` where simulated time ends the run. Ask and tell heed it only for the size of the initial design (≤ 60)."""


class SMAC(Optimizer):
    """SMAC's hyperparameter-optimization facade: random forest, log expected improvement, Sobol initial design."""

    label: ClassVar[str] = "SMAC"
    package: ClassVar[str] = "smac"

    def __init__(self, problem: Problem) -> None:
        from smac import Scenario

        n_trials = problem.evaluations or ENOUGH_TRIALS
        self._home = problem.home
        self._clock = 0.0
        scenario = Scenario(
            problem.space,
            name="smac",
            output_directory=problem.folder,
            deterministic=True,  # one seed per configuration
            objectives=problem.objective,
            n_trials=n_trials,
            seed=problem.seed,
            **self._scenario(problem),
        )
        facade = self._facade()
        model: Any = facade.get_model(scenario)
        forest = {"n_jobs": 1, "max_leaf_nodes": max(LEAVES, problem.evaluations or 0)}
        model._rf_opts.update(forest)
        self._smac: AbstractFacade = facade(
            scenario,
            None,
            model=model,
            intensifier=facade.get_intensifier(scenario, **self._intensifier()),
            logging_level=False,
            overwrite=True,
        )
        # The incumbents' trajectory then has simulated times.
        self._smac.intensifier.used_walltime = lambda: self._clock  # type: ignore[assignment]
        self.settings: Mapping[str, Any] = {
            "facade": facade.__name__,
            "deterministic": True,
            "n_trials": n_trials,
            **forest,
            **self._scenario(problem),
            **self._intensifier(),
        }

    def ask(self) -> Proposal | None:
        """The next trial; None if SMAC finds no configuration that it has not tried."""
        from smac.main.exceptions import ConfigurationSpaceExhaustedException

        try:
            trial = self._smac.ask()
        except (StopIteration, ConfigurationSpaceExhaustedException):
            return None
        return Proposal(dict(trial.config), trial.budget, trial)

    def tell(self, proposal: Proposal, result: Result) -> None:
        """Report cost and times; the files are written at the end only."""
        from smac.runhistory import TrialValue

        self._clock = result.end
        value = TrialValue(
            cost=result.cost,
            time=result.seconds,
            starttime=result.start,
            endtime=result.end,
            additional_info={"worker": result.worker, **result.info},
        )
        self._smac.tell(proposal.token, value, save=False)

    def finish(self) -> None:
        """Write SMAC's files and put the final place into `scenario.json`."""
        self._smac.optimizer.save()
        folder = self._smac.scenario.output_directory
        path = folder / "scenario.json"
        scenario = json.loads(path.read_text(encoding="utf-8"))
        scenario["output_directory"] = f"{self._home}/{'/'.join(folder.parts[-2:])}"
        path.write_text(json.dumps(scenario, indent=4), encoding="utf-8")

    def _facade(self) -> Any:
        from smac import HyperparameterOptimizationFacade

        return HyperparameterOptimizationFacade

    def _scenario(self, problem: Problem) -> dict[str, Any]:
        return {}

    def _intensifier(self) -> dict[str, Any]:
        return {}


class SMACMultiFidelity(SMAC):
    """SMAC's multi-fidelity facade: Hyperband with the random forest, random initial design."""

    label: ClassVar[str] = "SMAC-MF"
    multi_fidelity: ClassVar[bool] = True

    def _facade(self) -> Any:
        from smac import MultiFidelityFacade

        return MultiFidelityFacade

    def _scenario(self, problem: Problem) -> dict[str, Any]:
        low, high = problem.budget_range
        return {"min_budget": low, "max_budget": high}

    def _intensifier(self) -> dict[str, Any]:
        return {"eta": ETA, "incumbent_selection": "highest_budget"}
