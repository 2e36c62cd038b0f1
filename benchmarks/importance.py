"""Functional ANOVA on NAS-Bench-201's space: encave and DeepCAVE on the same trials, beside the exact answer.

    python benchmarks/importance.py [--benchmark TABLE] [--trials 1000 10000] [--repeats 5]

CPU seconds, the median of the repeats (each with other trials, drawn without replacement), for singles and pairs, each
with its own number of trees (ours 64 to 16, theirs 16): from a run that is in memory to the shares. Building DeepCAVE's
run is not counted. The error is the mean over hyperparameters, or pairs of them, of the absolute difference to the
share in the complete table, in percentage points, averaged over the repeats. Exit status 1 if a bar is missed or the
error is larger than DeepCAVE's by more than two standard errors of the paired difference.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encave.analysis.importance.fanova import decompose
from encave.analysis.importance.methods import importance
from encave.run import Objective, Optimizer, Run
from encave.run.nasbench201_space import HYPERPARAMETERS, OPERATIONS, configuration_space
from encave.runners.benchmarks.nasbench201.table import open_benchmark

Shares = NDArray[np.float64]

BARS = {1000: 0.1, 10_000: 0.5}  # seconds
EXACT_BAR = 0.010
SUBSETS = [*combinations(sorted(HYPERPARAMETERS), 1), *combinations(sorted(HYPERPARAMETERS), 2)]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds and result."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def make_run(ops: NDArray[np.int64], error: Shares) -> Run:
    """A run of random search that evaluated these architectures."""
    n = len(ops)
    configurations = {
        i: {name: OPERATIONS[code] for name, code in zip(HYPERPARAMETERS, row, strict=True)}
        for i, row in enumerate(ops)
    }
    return Run.from_columns(
        name="random",
        optimizer=Optimizer("random"),
        space=configuration_space(),
        objectives=[Objective("valid_error")],
        trials={"config_id": np.arange(n), "status": np.full(n, "success"), "cost:valid_error": error},
        configurations=configurations,
    )


def make_deepcave_run(run: Run) -> Any:
    """The same trials as DeepCAVE's run."""
    import deepcave.runs.objective
    from deepcave.runs.converters.deepcave import DeepCAVERun

    objective = deepcave.runs.objective.Objective("valid_error", lower=0, upper=100, optimize="lower")
    other = DeepCAVERun("random", configspace=run.space, objectives=[objective])
    for number, cost in enumerate(run.cost()):
        other.add(costs=[float(cost)], config=run.configuration(number), seed=0, budget=200.0)
    return other


def with_encave(run: Run) -> Shares:
    """Shares of `SUBSETS`."""
    found = importance(run)
    return np.array([found.value(*subset) for subset in SUBSETS])


def with_deepcave(run: Any) -> Shares:
    """Shares of `SUBSETS`."""
    from deepcave.evaluators.fanova import fANOVA

    evaluator = fANOVA(run)
    evaluator.calculate(budget=200.0)
    found = evaluator.get_importances(list(HYPERPARAMETERS), depth=2)
    by_name = {frozenset([key] if isinstance(key, str) else key): value[0] for key, value in found.items()}
    return np.array([by_name[frozenset(subset)] for subset in SUBSETS])


def compare(trials: int, repeats: int, ops: NDArray[np.int64], error: Shares, truth: Shares) -> bool:
    """Print a block for one number of trials; whether encave is fast enough and no worse."""
    seconds: dict[str, list[float]] = {"encave": [], "DeepCAVE": []}
    errors: dict[str, list[Shares]] = {"encave": [], "DeepCAVE": []}
    for repeat in range(repeats):
        rows = np.random.default_rng(repeat).choice(len(ops), trials, replace=False)
        run = make_run(ops[rows], error[rows])
        other = make_deepcave_run(run)
        for name, work in (("encave", lambda: with_encave(run)), ("DeepCAVE", lambda: with_deepcave(other))):  # noqa: B023
            spent, shares = timed(work)
            seconds[name].append(spent)
            errors[name].append(np.abs(shares - truth))
    took = {name: float(np.median(values)) for name, values in seconds.items()}
    off = {name: 100 * np.mean(values, axis=0) for name, values in errors.items()}
    bar, d = BARS.get(trials), len(HYPERPARAMETERS)
    for name in took:
        print(f"{trials:>7,} {name:9}{took[name]:9.3f} s{off[name][:d].mean():12.3f}{off[name][d:].mean():9.3f}")
    told = "" if bar is None else f", bar {bar} s"
    print(f"{'':8}{'ratio':9}{took['DeepCAVE'] / took['encave']:9.1f} x{told}")
    no_worse = all(_no_worse(errors, part) for part in (slice(d), slice(d, None)))
    return no_worse and (bar is None or took["encave"] <= bar)


def _no_worse(errors: dict[str, list[Shares]], part: slice) -> bool:
    """Whether the mean error is not larger by more than two standard errors of the paired differences."""
    pairs = zip(errors["encave"], errors["DeepCAVE"], strict=True)
    worse = np.array([ours[part].mean() - theirs[part].mean() for ours, theirs in pairs])
    noise = worse.std(ddof=1) / np.sqrt(len(worse)) if len(worse) > 1 else 0.0
    return bool(worse.mean() <= 2 * noise)


def main() -> int:
    """Print the table; status 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--benchmark", default=None, help="a Parquet table; else the surrogate")
    parser.add_argument("--trials", type=int, nargs="+", default=list(BARS))
    parser.add_argument("--repeats", type=int, default=5)
    wanted = parser.parse_args()
    benchmark = open_benchmark(wanted.benchmark)
    # the axes in the order of the hyperparameters in `SUBSETS`
    order = [sorted(HYPERPARAMETERS).index(name) for name in HYPERPARAMETERS]
    ops = np.indices((5,) * 6).reshape(6, -1).T[:, order]
    error = benchmark.query(ops, "cifar10").valid_error
    table = error.reshape((5,) * 6)
    decompose(table)
    exact, found = min((timed(lambda: decompose(table)) for _ in range(5)), key=lambda pair: pair[0])
    names = sorted(HYPERPARAMETERS)
    truth = np.array([found.share(names.index(name) for name in subset) for subset in SUBSETS])
    print(f"NAS-Bench-201 ({benchmark.source}), cifar10, validation error after 200 epochs")
    print(f"exact, all 63 subsets of 15,625 architectures: {1000 * exact:.1f} ms, bar {1000 * EXACT_BAR:.0f} ms")
    print(f"{'trials':>7} {'':9}{'CPU':>9}  {'error of singles':>12}{'pairs':>9}  (percentage points)")
    passed = [compare(trials, wanted.repeats, ops, error, truth) for trials in wanted.trials]
    return int(not all(passed) or exact > EXACT_BAR)


if __name__ == "__main__":
    sys.exit(main())
