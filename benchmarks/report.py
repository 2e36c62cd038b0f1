"""From the files of 300 runs to the whole report: how long it takes, and how much memory.

    python benchmarks/report.py [--optimizers 10] [--tasks 10] [--seeds 3] [--trials 1000] [--repeats 3]

Runs on six categorical hyperparameters are made up and saved, then `encave report` runs on them in a process of its
own. Medians: seconds of wall clock and of CPU, with those of its children, and the peak of the largest process. Exit
status 1 if a bar is missed. Not side by side with CARP-S, whose report on as many runs takes half an hour.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace

from encave.run import Objective, Optimizer, Provenance, Run

CHOICES = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
SECONDS_BAR, MEMORY_BAR = 30.0, 400.0


def make_run(optimizer: int, task: int, seed: int, trials: int) -> Run:
    """A run whose costs depend on its configurations, and fall the faster the better the optimizer."""
    rng = np.random.default_rng([optimizer, task, seed])
    space = ConfigurationSpace(name="edges")
    space.add([CategoricalHyperparameter(f"op_{edge}", CHOICES) for edge in range(6)])
    architectures = rng.choice(5**6, size=trials, replace=False)
    digits = np.stack([architectures // 5**edge % 5 for edge in range(6)], axis=1)
    weights = np.random.default_rng(task).uniform(0, 3, size=(6, 5))
    quality = weights[np.arange(6), digits].sum(axis=1)
    progress = rng.gamma(2, (3 + optimizer) / np.sqrt(np.arange(1, trials + 1)))
    ends = np.cumsum(rng.uniform(1, 100, size=trials))
    return Run.from_columns(
        name=f"optimizer-{optimizer}-task-{task}-seed-{seed}",
        optimizer=Optimizer(f"optimizer {optimizer}", "1.0"),
        space=space,
        objectives=[Objective("error", lower=0.0, unit="%")],
        trials={
            "config_id": np.arange(trials),
            "status": np.full(trials, "success"),
            "start": np.concatenate(([0.0], ends[:-1])),
            "end": ends,
            "cost:error": quality + progress,
        },
        configurations={
            i: {f"op_{edge}": CHOICES[code] for edge, code in enumerate(row)} for i, row in enumerate(digits.tolist())
        },
        provenance=Provenance(task=f"task {task}", seed=seed),
    )


def measure(runs: Path, out: Path) -> tuple[float, float, float]:
    """Seconds of wall clock, seconds of CPU, MiB of the largest process."""
    script = (
        "import resource, sys, time; start = time.perf_counter();"
        "from encave.cli import cli; cli(sys.argv[1:], standalone_mode=False);"
        "kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN); used = [resource.getrusage(kind) for kind in kinds];"
        "print(time.perf_counter() - start, sum(u.ru_utime + u.ru_stime for u in used),"
        "max(u.ru_maxrss for u in used) / 1024)"
    )
    command = [sys.executable, "-c", script, "report", str(runs), "--out", str(out)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    wall, cpu, memory = map(float, told.splitlines()[-1].split())
    return wall, cpu, memory


def main() -> int:
    """Print a table; status 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in (("optimizers", 10), ("tasks", 10), ("seeds", 3), ("trials", 1000), ("repeats", 3)):
        parser.add_argument(f"--{name}", type=int, default=value)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        runs = Path(temporary) / "runs"
        for optimizer in range(wanted.optimizers):
            for task in range(wanted.tasks):
                for seed in range(wanted.seeds):
                    run = make_run(optimizer, task, seed, wanted.trials)
                    run.save(runs / run.name)
        found = [measure(runs, Path(temporary) / f"report-{repeat}") for repeat in range(wanted.repeats)]
    wall, cpu, memory = (statistics.median(column) for column in zip(*found, strict=True))
    count = wanted.optimizers * wanted.tasks * wanted.seeds
    print(f"{count} runs of {wanted.trials:,} trials to the report, median of {wanted.repeats}\n")
    print("| | measured | bar |\n|---|---|---|")
    print(f"| wall clock, s | {wall:.1f} | {SECONDS_BAR:g} |")
    print(f"| CPU, s | {cpu:.1f} | |")
    print(f"| memory, MiB | {memory:.0f} | {MEMORY_BAR:g} |")
    return int(wall > SECONDS_BAR or memory > MEMORY_BAR)


if __name__ == "__main__":
    sys.exit(main())
