"""`encave demo`: optimizers, logs, conversion and report once, on the embedded surrogate."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path

from ..errors import EncaveError
from ..run import Run, find_runs
from .show.common import step
from .show.conversions import counted
from .show.studies import run_with_progress

OPTIMIZERS = ("dehb", "smac", "re", "random")
SEEDS = range(3)
BUDGET, SCHEDULE = "500000s", 200


@dataclass(frozen=True)
class Demo:
    """Where the demo's results lie."""

    page: Path
    """The report."""
    runs: Path
    """The converted runs."""


def run_demo(out: Path, *, jobs: int) -> Demo:
    """Run DEHB, SMAC, RE and random search with three seeds each on CIFAR-10, convert their logs, write a report.

    Runs that `out` holds from an earlier call are not run again.

    Raises:
        EncaveError: `out` cannot be written, or a run failed.
    """
    from ..analysis.report import write_report
    from ..converters import convert
    from ..runners.studies.study import Cluster, RunSpec, parse_limit
    from ..workflows.known_tables import random_search_of, truth_of

    limit = parse_limit(BUDGET)
    specs = [
        RunSpec(optimizer, "cifar10", seed, limit, epochs=SCHEDULE) for optimizer, seed in product(OPTIMIZERS, SEEDS)
    ]
    result = run_with_progress(out / "study", specs, Cluster(jobs))
    if result.failed:
        first = result.failed[0]
        raise EncaveError(f"{len(result.failed)} of {len(specs)} runs failed; {first.spec}: {first.reason}")
    runs = out / "runs"
    with counted("logs") as count:
        conversions = convert([out / "study"], runs, jobs=jobs, on_progress=count)
    for conversion in conversions:
        if conversion.status == "refused":
            raise EncaveError(f"{conversion.source} could not be converted: {conversion.reason}")
    with step("report"):
        loaded = [Run.load(folder) for folder in find_runs(runs)]
        report = write_report(
            loaded, out / "report", title="encave demo", command="encave demo", truth=truth_of(loaded),
            random_search=random_search_of(loaded),
        )  # fmt: skip
    return Demo(report.page, runs)
