"""What an optimizer looks like to the runners: `ask` for a proposal, `tell` its result, `finish` the native log.

A new optimizer is one module with a subclass of `OptimizerAdapter` and one line in `ADAPTERS`; one that is written
outside encave is an entry point of the group `encave.optimizers` that names such a subclass (docs/optimizers.md).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from ...errors import EncaveError

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

ENTRY_POINTS = "encave.optimizers"

ADAPTERS: Mapping[str, str] = {
    "dehb": ".dehb:DEHB",
    "smac": ".smac.facade:SMAC",
    "smac-exact": ".smac.exact:SMACExact",
    "smac-bb": ".smac.facades:SMACBlackBox",
    "smac-mf": ".smac.facades:SMACMultiFidelity",
    "smac-parego": ".smac.facades:SMACParEGO",
    "hyperband": ".smac.facades:Hyperband",
    "tpe": ".optuna.samplers:TPE",
    "nsga2": ".optuna.samplers:NSGA2",
    "bore": ".syne_tune.schedulers:BORE",
    "bohb": ".syne_tune.schedulers:BOHB",
    "re": ".regularized_evolution:RegularizedEvolution",
    "local": ".local_search:LocalSearch",
    "random": ".random_search:RandomSearch",
}
"""Name on the command line → module of this package and class in it."""

Flag: TypeAlias = "int | float | tuple[str, ...]"
"""Default of a flag: a number at least 0, or the values it can have, the default first."""


@dataclass(frozen=True)
class Problem:
    """All that an optimizer may know of what it is to solve."""

    space: ConfigurationSpace
    """The configuration space; the optimizer's own copy, which it may seed."""

    objective: str
    """Name of the minimised objective."""

    seed: int
    """Seed of everything random in the optimizer, below 2³¹."""

    folder: Path
    """Existing folder for the native log."""

    home: str
    """What the native log calls that folder: its final place in the study, since `folder` is renamed at the end."""

    budget: float
    """Budget of every evaluation of a single-fidelity optimizer."""

    budget_range: tuple[float, float]
    """Least and greatest budget of a multi-fidelity optimizer."""

    eta: int = 3
    """Of a multi-fidelity optimizer: one of so many goes on to the next budget, which is so many times as large."""

    evaluations: int | None = None
    """Number of evaluations after which the run ends; None if simulated time ends it."""

    trials: int | None = None
    """Number of trials that the run's limit pays for, about; None if nobody knows."""

    groups: tuple[tuple[str, ...], ...] = ()
    """Hyperparameters that belong together (the edges into one node); empty: all are alike."""

    more_objectives: tuple[str, ...] = ()
    """Further minimised objectives, for a multi-objective optimizer."""

    flags: Mapping[str, int | float | str] = field(default_factory=dict[str, "int | float | str"])
    """Flag → value, of the optimizer's `flags`; the others have their defaults."""

    @property
    def objectives(self) -> tuple[str, ...]:
        """All objectives."""
        return (self.objective, *self.more_objectives)


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
class EvaluationResult:
    """What an evaluation gave."""

    cost: float
    """The minimised objective, or the first of several."""

    seconds: float
    """Simulated duration."""

    start: float
    """Simulated seconds from the run's start."""

    end: float
    """Simulated seconds from the run's start, `start + seconds`."""

    worker: int
    """Simulated worker, 0, 1, …."""

    info: Mapping[str, float]
    """Measured beside the objectives, for the log only: an optimizer must not decide on it."""

    more_costs: tuple[float, ...] = ()
    """Values of `Problem.more_objectives`."""

    @property
    def costs(self) -> tuple[float, ...]:
        """Values of all objectives."""
        return (self.cost, *self.more_costs)


class OptimizerAdapter(ABC):
    """One run of one optimizer.

    Any number of proposals may be open at a time; results come in order of simulated completion, and a proposal that is
    still open when the run ends is never told.
    """

    label: ClassVar[str]
    """Name as in the literature."""

    package: ClassVar[str]
    """Distribution whose version is the optimizer's."""

    extra: ClassVar[str | None] = None
    """Which of `extras.EXTRAS` it needs."""

    multi_fidelity: ClassVar[bool] = False
    """Whether proposals have budgets of their own."""

    multi_objective: ClassVar[bool] = False
    """Whether there may be several objectives."""

    needs_several: ClassVar[bool] = False
    """Whether there must be several objectives."""

    flags: ClassVar[Mapping[str, Flag]] = {}
    """What can be set where the optimizer is named, with the defaults."""

    settings: Mapping[str, Any]
    """The optimizer's settings as they go into `encave.json`."""

    @abstractmethod
    def __init__(self, problem: Problem) -> None: ...

    @classmethod
    def default_flags(cls) -> dict[str, Any]:
        """Flag → default value."""
        return {flag: default[0] if isinstance(default, tuple) else default for flag, default in cls.flags.items()}

    @abstractmethod
    def ask(self) -> Proposal | None:
        """The next proposal; None if there is none until something is told (for good, if nothing is open)."""

    @abstractmethod
    def tell(self, proposal: Proposal, result: EvaluationResult) -> None:
        """Take a result into account and log it."""

    @abstractmethod
    def finish(self) -> None:
        """Complete the native log.

        Raises:
            EncaveError: the optimizer could not write it.
        """

    def close(self) -> None:  # noqa: B027  most optimizers hold nothing open
        """Let go of files and threads, whether or not the run succeeded; called once, last."""


def load(name: str) -> type[OptimizerAdapter]:
    """The adapter of this name, which may have flags (`re+population=100`).

    Raises:
        EncaveError: there is none.
    """
    name = name.partition("+")[0]
    if name in ADAPTERS:
        module, _, attribute = ADAPTERS[name].partition(":")
        return getattr(import_module(module, __package__), attribute)
    installed = {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}
    if name not in installed:
        raise EncaveError(f"unknown optimizer {name!r}; there are {', '.join([*ADAPTERS, *installed])}")
    entry = installed[name]
    try:
        adapter = entry.load()
    except Exception as error:  # whatever a stranger's module raises must name that module
        raise EncaveError(
            f"the optimizer {name} ({entry.value}) cannot be loaded: {error}. Uninstall or repair it."
        ) from error
    if not (isinstance(adapter, type) and issubclass(adapter, OptimizerAdapter)):
        raise EncaveError(f"the optimizer {name} ({entry.value}) is no subclass of {OptimizerAdapter.__qualname__}")
    return adapter


SCHEDULE_FLAGS: Mapping[str, Flag] = {"schedule": ("12", "200")}
FIDELITY_FLAGS: Mapping[str, Flag] = {"min_budget": 1.0, "max_budget": 1.0, "eta": 3}
"""Flags that override what a study says for one optimizer: of every one, and of those with several fidelities."""


def parse_flags(name: str) -> dict[str, int | float | str]:
    """All flags of its own of the optimizer that `re+population=100+death=worst` names, with their values.

    Raises:
        EncaveError: there is no such optimizer, it has no such flag, or a value does not suit.
    """
    own, _ = _parsed(name)
    return own


def parse_overrides(name: str) -> dict[str, int | float | str]:
    """What of `SCHEDULE_FLAGS` and `FIDELITY_FLAGS` the optimizer's name gives: `dehb+eta=4`.

    Raises:
        EncaveError: as `parse_flags`.
    """
    _, overrides = _parsed(name)
    return overrides


def _parsed(name: str) -> tuple[dict[str, int | float | str], dict[str, int | float | str]]:
    optimizer = load(name)
    shared = {**SCHEDULE_FLAGS, **(FIDELITY_FLAGS if optimizer.multi_fidelity else {})}
    own, overrides = dict(optimizer.default_flags()), {}
    for part in name.split("+")[1:]:
        flag, _, text = part.partition("=")
        if flag in optimizer.flags:
            own[flag] = _value(name, flag, text, optimizer.flags[flag])
        elif flag in shared:
            overrides[flag] = _value(name, flag, text, shared[flag])
        else:
            raise EncaveError(f"{name}: no flag {flag!r}; there are {', '.join([*optimizer.flags, *shared])}")
    return own, overrides


def label_of(name: str) -> str:
    """What a run's optimizer is called: as in the literature, with the flags that are given in brackets."""
    given = name.split("+")[1:]
    return load(name).label + (f" ({', '.join(given)})" if given else "")


def _value(name: str, flag: str, text: str, default: Flag) -> int | float | str:
    if isinstance(default, tuple):
        if text not in default:
            raise EncaveError(f"{name}: {flag} is {' or '.join(default)}, not {text!r}")
        return text
    try:
        value = type(default)(text)
    except ValueError:
        value = -1
    if not 0 <= value < math.inf:
        kind = "whole number" if isinstance(default, int) else "number"
        raise EncaveError(f"{name}: {flag} is a {kind} of at least 0, not {text!r}")
    return value
