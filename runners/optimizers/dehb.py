"""DEHB through the ask/tell interface of its own package.

Source: Awad, Mallik & Hutter, "DEHB: Evolutionary Hyperband for Scalable, Robust and Efficient Hyperparameter
Optimization" (IJCAI 2021), package dehb 0.1.2.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

from ...errors import EncaveError
from ...files.optional import needs
from .adapter import EvaluationResult, OptimizerAdapter, Problem, Proposal


class DEHB(OptimizerAdapter):
    """DEHB with the package's defaults; its files are complete whatever its saving frequency.

    Raises:
        EncaveError: the package is not installed.
    """

    label: ClassVar[str] = "DEHB"
    package: ClassVar[str] = "dehb"
    extra: ClassVar[str | None] = "dehb"
    multi_fidelity: ClassVar[bool] = True

    def __init__(self, problem: Problem) -> None:
        with needs("dehb"):
            import dehb
        low, high = problem.budget_range
        self._home = problem.home
        self._warnings: list[str] = []
        self._dehb = dehb.DEHB(
            cs=problem.space,
            min_fidelity=low,
            max_fidelity=high,
            eta=problem.eta,
            seed=problem.seed,
            n_workers=1,  # more would start a Dask cluster; ask and tell serve any number of workers
            save_freq="end",  # one save at the end instead of a rewritten history at every incumbent
            output_path=problem.folder,
        )
        self._collect_warnings()
        self.settings: Mapping[str, Any] = {
            "min_fidelity": low,
            "max_fidelity": high,
            "eta": problem.eta,
            **{name: self._dehb.de_params[name] for name in ("mutation_factor", "crossover_prob", "strategy")},
        }

    def ask(self) -> Proposal:
        """The next configuration and fidelity."""
        job: Any = self._dehb.ask()
        return Proposal(dict(job["config"]), float(job["fidelity"]), job)

    def tell(self, proposal: Proposal, result: EvaluationResult) -> None:
        """Report fitness, cost and times."""
        info = {"start": result.start, "end": result.end, "worker": float(result.worker), **result.info}
        self._dehb.tell(proposal.token, {"fitness": result.cost, "cost": result.seconds, "info": info})
        # As the package's own loop does after every result; brackets that are done would be searched for ever.
        self._dehb._clean_inactive_brackets()  # pyright: ignore[reportPrivateUsage]

    def finish(self) -> None:
        """Write history, incumbent and state.

        Raises:
            EncaveError: DEHB, which only logs it when it cannot write, has logged that.
        """
        self._dehb.de_params["output_path"] = self._home
        self._dehb.save()
        if self._warnings:
            raise EncaveError(f"DEHB could not write its log: {'; '.join(self._warnings)}")

    def _collect_warnings(self) -> None:
        """Keep what the package logs from WARNING on instead of printing it; `dehb.log` stays, empty as usual.

        Not by a sink of loguru, which takes 2 ms to add.
        """
        self._dehb.logger.configure(handlers=[])  # takes the package's sinks from the logger of the whole process
        logger: Any = logging.Logger("dehb", logging.WARNING)
        logger.addFilter(lambda record: self._warnings.append(record.getMessage()))  # None: it goes nowhere else
        self._dehb.logger = logger
