"""What an optimizer looks like to the runners: `ask` for a proposal, `tell` its result, `finish` the native log.

A new optimizer is one module with a subclass of `Optimizer` and one line in `ADAPTERS`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import EncaveError

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

ADAPTERS: Mapping[str, str] = {
    "dehb": ".dehb:DEHB",
    "smac": ".smac:SMAC",
    "smac-mf": ".smac:SMACMultiFidelity",
    "re": ".regularized_evolution:RegularizedEvolution",
    "random": ".random_search:RandomSearch",
}
"""Name on the command line → module of this package and class in it."""


@dataclass(frozen=True)
class Problem:
    """All that an optimizer may know of what it is to solve."""

    space: ConfigurationSpace
    """The configuration space; the optimizer's own copy, which it may seed."""

    objective: str
    """Name of the minimised objective."""

    seed: int
    """Seed of everything random in the optimizer."""

    folder: Path
    """Existing folder for the native log."""

    home: str
    """What the native log calls that folder: its final place in the study, since `folder` is renamed at the end."""

    budget: float
    """Budget of every evaluation of a single-fidelity optimizer."""

    budget_range: tuple[float, float]
    """Least and greatest budget of a multi-fidelity optimizer."""

    evaluations: int | None = None
    """Number of evaluations after which the run ends; None if simulated time ends it."""

    groups: tuple[tuple[str, ...], ...] = ()
    """Hyperparameters that belong together (the edges into one node); empty: all are alike."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to evaluate next."""

    config: Mapping[str, Any]
    """Hyperparameter → value."""

    budget: float | None
    """Budget; None for the run's only budget."""

    token: Any = None
    """The optimizer's own; comes back with the result."""


@dataclass(frozen=True, slots=True)
class Result:
    """What an evaluation gave."""

    cost: float
    """The minimised objective."""

    seconds: float
    """Simulated duration."""

    start: float
    """Simulated seconds from the run's start."""

    end: float
    """Simulated seconds from the run's start, `start + seconds`."""

    worker: int
    """Simulated worker, 0, 1, …."""

    info: Mapping[str, float]
    """Measured beside the objective, for the log only: an optimizer must not decide on it."""


class Optimizer(ABC):
    """One run of one optimizer.

    Any number of proposals may be open at a time; results come in order of simulated completion, and a proposal that is
    still open when the run ends is never told.
    """

    label: ClassVar[str]
    """Name as in the literature."""

    package: ClassVar[str]
    """Distribution whose version is the optimizer's."""

    multi_fidelity: ClassVar[bool] = False
    """Whether proposals have budgets of their own."""

    settings: Mapping[str, Any]
    """The optimizer's settings as they go into `encave.json`."""

    @abstractmethod
    def __init__(self, problem: Problem) -> None: ...

    @abstractmethod
    def ask(self) -> Proposal | None:
        """The next proposal; None if there is none until something is told (for good, if nothing is open)."""

    @abstractmethod
    def tell(self, proposal: Proposal, result: Result) -> None:
        """Take a result into account and log it."""

    @abstractmethod
    def finish(self) -> None:
        """Complete the native log.

        Raises:
            EncaveError: the optimizer could not write it.
        """

    def close(self) -> None:  # noqa: B027  most optimizers hold nothing open
        """Let go of files and threads, whether or not the run succeeded; called once, last."""


def load(name: str) -> type[Optimizer]:
    """The adapter of this name.

    Raises:
        EncaveError: there is none.
    """
    if name not in ADAPTERS:
        raise EncaveError(f"unknown optimizer {name!r}; there are {', '.join(ADAPTERS)}")
    module, _, attribute = ADAPTERS[name].partition(":")
    return getattr(import_module(module, __package__), attribute)
