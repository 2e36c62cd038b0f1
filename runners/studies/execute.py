"""One run: from what is wanted to its folder in the study, which appears whole or not at all."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ...errors import EncaveError
from ...files.atomic import atomic_folder
from ...run import nasbench201_space as space
from ...run import sidecar
from ..benchmarks.nasbench201.table import SCHEDULES, Benchmark
from ..benchmarks.nasbench201.task import DATASETS
from ..optimizers.adapter import OptimizerAdapter, Problem, label_of, load, parse_flags, parse_overrides
from ..optimizers.quiet import quiet
from .affordable import affordable_trials, mean_budget
from .limit import Limit
from .objective import BUDGET_NAME, BUDGET_RANGES, OBJECTIVE, BenchmarkObjective, Objectives, check_objectives, describe
from .simulate import Evaluate, Report, Simulation, simulate
from .told_costs import GoingOn, OneSeed

NODES = tuple(tuple(name for name in space.HYPERPARAMETERS if name.endswith(f"_{node}")) for node in ("1", "2", "3"))
"""The hyperparameters of NAS-Bench-201 by the node that their edge leads into."""

REWARDS = ("mean", "seed")
"""What an optimizer is told: the mean over training seeds, or one of them, drawn at random at each evaluation."""

_LIBRARIES = ("encave", "numpy", "ConfigSpace")


def check_dataset(name: str) -> None:
    """Check that there is such a dataset.

    Raises:
        EncaveError: there is not.
    """
    if name not in DATASETS:
        raise EncaveError(f"unknown dataset {name!r}; there are {', '.join(DATASETS)}")


def check_schedule(schedule: int) -> None:
    """Check that architectures were trained on such a schedule.

    Raises:
        EncaveError: they were not.
    """
    if schedule not in SCHEDULES:
        raise EncaveError(f"a schedule has 12 or 200 epochs, not {schedule}")


def check_reward(reward: str) -> None:
    """Check that there is such a reward.

    Raises:
        EncaveError: there is not.
    """
    if reward not in REWARDS:
        raise EncaveError(f"a reward is the {' or '.join(REWARDS)} of the training seeds, not {reward!r}")


def check_workers(workers: int) -> None:
    """Check that a run can have so many simulated workers.

    Raises:
        EncaveError: it cannot.
    """
    if workers < 1:
        raise EncaveError(f"a run has at least one simulated worker, not {workers}")


@dataclass(frozen=True, slots=True)
class Fidelities:
    """The budgets of a multi-fidelity optimizer."""

    low: float
    """Least budget, epochs."""

    high: float
    """Greatest budget, epochs."""

    eta: int
    """One of so many configurations goes on to the next budget, which is so many times as large."""


@dataclass(frozen=True, slots=True)
class RunSpec:
    """A run that is wanted.

    Raises:
        EncaveError: unknown optimizer or dataset, or a setting that does not suit it.
    """

    adapter: str
    """One of `adapter.ADAPTERS` or of the installed ones, perhaps with flags: `re+population=100`."""

    dataset: str
    """One of `DATASETS`."""

    seed: int
    """Seed of the optimizer, at least 0."""

    limit: Limit
    """Where it stops."""

    workers: int = 1
    """Simulated workers."""

    epochs: int | None = None
    """Training schedule, 12 or 200; by default 200 of a multi-fidelity optimizer and 12 of others. A flag wins."""

    benchmark: str | None = None
    """As `open_benchmark` takes it."""

    variant: str = ""
    """What tells it from the study's runs of the same optimizer, dataset and seed; part of the path, may be empty."""

    objectives: tuple[str, ...] = (OBJECTIVE,)
    """`OBJECTIVE` and others, as `check_objectives` takes them."""

    common_start: bool = False
    """Whether all optimizers of a dataset and seed draw from one random stream, see `stream_seed`."""

    min_budget: float | None = None
    """Least budget of a multi-fidelity optimizer; by default of `BUDGET_RANGES`. A flag wins, as for the next two."""

    max_budget: float | None = None
    """Greatest budget of a multi-fidelity optimizer, by default the schedule."""

    eta: int | None = None
    """See `Fidelities`; 3 by default."""

    reward: str = "mean"
    """One of `REWARDS`."""

    resume: bool = False
    """Whether a multi-fidelity optimizer pays only for the epochs that a configuration was not trained before."""

    def __post_init__(self) -> None:
        optimizer = load(self.adapter)
        parse_flags(self.adapter)
        multi_fidelity: bool = optimizer.multi_fidelity
        check_objectives(self.objectives)
        several = len(self.objectives) > 1
        if several and not optimizer.multi_objective:
            raise EncaveError(f"{self.adapter} minimises one objective, not {', '.join(self.objectives)}")
        if several < optimizer.needs_several:
            raise EncaveError(f"{self.adapter} is for several objectives, such as valid_error,params_M")
        check_dataset(self.dataset)
        if self.epochs is not None:
            check_schedule(self.epochs)
        check_reward(self.reward)
        if multi_fidelity:
            self._check_fidelities()
        check_workers(self.workers)
        if not 0 <= self.seed < 2**32:
            raise EncaveError(f"a seed is in 0 … {2**32 - 1}, not {self.seed}")

    def __str__(self) -> str:
        return f"{self.adapter} on {self.dataset}, {self.variant}{', ' if self.variant else ''}seed {self.seed}"

    @property
    def home(self) -> str:
        """The run's folder within the study."""
        return "/".join(filter(None, (self.adapter, self.dataset, self.variant, f"seed-{self.seed}")))

    @property
    def schedule(self) -> int:
        """Training schedule that is used, 12 or 200 epochs."""
        given = parse_overrides(self.adapter).get("schedule")
        return int(given or self.epochs or (200 if load(self.adapter).multi_fidelity else 12))

    @property
    def fidelities(self) -> Fidelities | None:
        """Budgets that a multi-fidelity optimizer chooses from; None of another."""
        if not load(self.adapter).multi_fidelity:
            return None
        (low, high), given = BUDGET_RANGES[self.schedule], parse_overrides(self.adapter)
        return Fidelities(
            float(given.get("min_budget") or self.min_budget or low),
            float(given.get("max_budget") or self.max_budget or high),
            int(given.get("eta") or self.eta or 3),
        )

    @property
    def resumes(self) -> bool:
        """Whether training goes on where it ended before."""
        return self.resume and load(self.adapter).multi_fidelity

    def _check_fidelities(self) -> None:
        known = self.fidelities
        if known and not (1 <= known.low < known.high <= self.schedule and known.eta >= 2):
            raise EncaveError(
                f"{self.adapter}: budgets from {known.low:g} to {known.high:g} epochs with eta = {known.eta} are none "
                f"of a schedule of {self.schedule}: they ascend within 1 … {self.schedule}, and eta is at least 2"
            )

    def check_curves(self, benchmark: Benchmark) -> None:
        """Check that the benchmark knows the budgets between.

        Raises:
            EncaveError: it does not: budgets below 12 epochs of the 12-epoch schedule, without its learning curves.
        """
        if self.fidelities and self.schedule == 12 and 12 not in benchmark.task(self.dataset).curves:
            raise EncaveError(
                f"{self.adapter} evaluates below 12 epochs, and this benchmark has the 12-epoch schedule at its end "
                "only. Run the study on 200 epochs (--schedule 200), or import the official files with learning curves."
            )


def stream_seed(adapter: str, dataset: str, seed: int, *, common_start: bool = False) -> int:
    """Seed of an optimizer's random stream, below 2³¹: another one for each optimizer, dataset and seed.

    With a common start the optimizers share it, so that those that begin with configurations from the same source of
    randomness (RE, local and random search; SMAC's variants; Optuna's samplers) begin with the same ones.
    """
    told = f"{'' if common_start else adapter}/{dataset}/{seed}"
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:4], "big") >> 1


def execute(spec: RunSpec, study: Path, objectives: Objectives, report: Report | None = None) -> Simulation:
    """Run `spec` into its folder in the study; a run that someone else finishes meanwhile stays.

    Raises:
        EncaveError: the folder cannot be written, the benchmark cannot be read, or the optimizer cannot be used.
    """
    benchmark = objectives.benchmark(spec.benchmark)
    objective = objectives.objective(spec.benchmark, spec.dataset, spec.schedule, spec.objectives[1:])
    with atomic_folder(study / spec.home, keep=True) as folder, quiet():
        problem = problem_of(spec, benchmark, folder)
        optimizer = load(spec.adapter)(problem)
        try:
            evaluate = told_by(spec, benchmark, objective)
            simulation = simulate(optimizer, evaluate, spec.limit, workers=spec.workers, report=report)
            optimizer.finish()
        finally:
            optimizer.close()
        sidecar.write(folder, _header(spec, benchmark, problem, optimizer, simulation))
    return simulation


def problem_of(spec: RunSpec, benchmark: Benchmark, folder: Path) -> Problem:
    """What the optimizer is given of a run that writes into `folder`."""
    fidelities = spec.fidelities
    return Problem(
        space=space.configuration_space(),
        objective=OBJECTIVE,
        seed=stream_seed(spec.adapter, spec.dataset, spec.seed, common_start=spec.common_start),
        folder=folder,
        home=spec.home,
        budget=float(spec.schedule),
        budget_range=(fidelities.low, fidelities.high) if fidelities else BUDGET_RANGES[spec.schedule],
        eta=fidelities.eta if fidelities else 3,
        evaluations=spec.limit.evaluations,
        trials=_trials(spec, benchmark),
        groups=NODES,
        more_objectives=spec.objectives[1:],
        flags=parse_flags(spec.adapter),
    )


def told_by(spec: RunSpec, benchmark: Benchmark, objective: BenchmarkObjective) -> Evaluate:
    """What the optimizer is told of an evaluation."""
    evaluate: BenchmarkObjective | OneSeed = objective
    if spec.reward == "seed":
        seed = stream_seed("reward", spec.dataset, spec.seed)
        evaluate = OneSeed(objective, benchmark, spec.dataset, spec.schedule, seed)
    return GoingOn(evaluate, objective) if spec.resumes else evaluate


def identity(spec: RunSpec, benchmark: Benchmark) -> dict[str, Any]:
    """The part of `encave.json` that is known before the run."""
    optimum = benchmark.optimum(spec.dataset)
    task = benchmark.task(spec.dataset)
    curves = task.curves.get(spec.schedule)
    return {
        "task": spec.dataset,
        **({"variant": spec.variant} if spec.variant else {}),
        "seed": spec.seed,
        "common_start": spec.common_start,
        "workers": spec.workers,
        "limit": spec.limit.to_json(),
        "objectives": describe(spec.objectives),
        "benchmark": {
            "name": benchmark.name,
            "source": benchmark.source,
            "sha256": benchmark.sha256,
            "schedule": spec.schedule,
            **({"fidelities": asdict(spec.fidelities)} if spec.fidelities else {}),
            "reward": spec.reward,
            "resumed": spec.resumes,
            "early_epochs": "modelled" if curves is None else f"measured, {curves.split}",
            "validation_seconds": "modelled" if task.valid_seconds_modelled else "measured",
            "optimum": optimum,
        },
    }


def _trials(spec: RunSpec, benchmark: Benchmark) -> int:
    """Trials that the run's limit pays for, about."""
    known = spec.fidelities
    epochs = mean_budget(known.low, known.high, known.eta) if known else spec.schedule
    return affordable_trials(spec.limit, benchmark.task(spec.dataset), epochs, spec.workers)


def _header(
    spec: RunSpec, benchmark: Benchmark, problem: Problem, optimizer: OptimizerAdapter, simulation: Simulation
) -> Mapping[str, Any]:
    known = identity(spec, benchmark)
    optimum = known["benchmark"]["optimum"]["valid_error_200"]
    libraries = dict.fromkeys([*_LIBRARIES, optimizer.package])
    return {
        "optimizer": {
            "name": label_of(spec.adapter),
            "version": _version_of(optimizer.package),
            "adapter": spec.adapter,
            "settings": optimizer.settings,
        },
        "space": problem.space.to_serialized_dict(),
        "budget_name": BUDGET_NAME,
        **known,
        "benchmark": {**known["benchmark"], "modelled_share": simulation.modelled / max(simulation.evaluations, 1)},
        "reporting": [
            {"name": "validation regret", "column": "valid_error_200", "optimum": optimum, "unit": "%"},
            {"name": "test error", "column": "test_error_200", "optimum": None, "unit": "%"},
        ],
        "trials": simulation.evaluations,
        **{name: value for name, value in asdict(simulation).items() if name != "evaluations"},
        "versions": {"python": platform.python_version(), **{name: _version_of(name) for name in libraries}},
    }


@lru_cache(maxsize=32)
def _version_of(distribution: str) -> str:
    """Version of an installed distribution; looked up once, since reading it takes longer than a short run."""
    return version(distribution)
