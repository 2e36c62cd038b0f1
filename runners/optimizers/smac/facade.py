"""SMAC3 through its facades' ask/tell interface.

Source: Lindauer et al., "SMAC3: A Versatile Bayesian Optimization Package for Hyperparameter Optimization" (JMLR 2022),
package smac 2.4.1. The surrogate's forest runs in one thread with room for 4,096 leaves per tree instead of 2²⁰, and
on a small space of choices the search for the next configuration looks values up (`smac_search`): the trajectory is the
default facade's (tests/runners/optimizers/test_smac.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from ....files.optional import needs
from ..adapter import EvaluationResult, OptimizerAdapter, Problem, Proposal

if TYPE_CHECKING:
    from smac import Scenario
    from smac.facade.abstract_facade import AbstractFacade


class SMAC(OptimizerAdapter):
    """SMAC's hyperparameter-optimization facade: random forest, log expected improvement, Sobol initial design."""

    label: ClassVar[str] = "SMAC"
    package: ClassVar[str] = "smac"
    extra: ClassVar[str | None] = "smac"
    facade: ClassVar[str] = "HyperparameterOptimizationFacade"

    def __init__(self, problem: Problem) -> None:
        with needs("smac"):
            import smac

        from .forest import slim
        from .search import widen_bounds

        self._home = problem.home
        self._clock = 0.0
        # Ask and tell heed n_trials only for the size of the initial design: at most a quarter of it.
        known = problem.evaluations or problem.trials
        n_trials = {} if known is None else {"n_trials": known}
        settings: dict[str, Any] = {"deterministic": True, **n_trials, **self._scenario(problem)}
        scenario = smac.Scenario(
            problem.space,
            name="smac",
            output_directory=problem.folder,
            objectives=list(problem.objectives) if problem.more_objectives else problem.objective,
            seed=problem.seed,
            **settings,
        )
        facade: Any = getattr(smac, self.facade)
        parts = self._parts(facade, scenario, problem)
        forest = slim(parts["model"], problem.evaluations or 0)
        self._smac: AbstractFacade = facade(scenario, None, **parts, logging_level=False, overwrite=True)
        widen_bounds(self._smac.runhistory)
        # The incumbents' trajectory then has simulated times.
        self._smac.intensifier.used_walltime = lambda: self._clock  # type: ignore[assignment]
        self.settings: Mapping[str, Any] = {"facade": self.facade, **settings, **forest, **self._intensifier(problem)}

    def ask(self) -> Proposal | None:
        """The next trial; None if SMAC finds no configuration that it has not tried."""
        from smac.main.exceptions import ConfigurationSpaceExhaustedException

        try:
            trial = self._smac.ask()
        except (StopIteration, ConfigurationSpaceExhaustedException):
            return None
        return Proposal(dict(trial.config), trial.budget, trial)

    def tell(self, proposal: Proposal, result: EvaluationResult) -> None:
        """Report costs and times; the files are written at the end only."""
        from smac.runhistory import TrialValue

        self._clock = result.end
        value = TrialValue(
            cost=list(result.costs) if result.more_costs else result.cost,
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

    def _scenario(self, problem: Problem) -> dict[str, Any]:
        return {}

    def _intensifier(self, problem: Problem) -> dict[str, Any]:
        return {}

    def _parts(self, facade: Any, scenario: Scenario, problem: Problem) -> dict[str, Any]:
        """What the facade is made of, where it is not the default."""
        from .forest import is_forest
        from .search import parts

        model = facade.get_model(scenario)
        intensifier = facade.get_intensifier(scenario, **self._intensifier(problem))
        search = parts(facade, scenario, intensifier, forest=is_forest(model))
        return {"model": model, "intensifier": intensifier, **search}
