"""From the files of 300 runs to the whole report: how long it takes, and how much memory.

Once from the runs' native logs, which the report converts first, and once from converted runs.

    python benchmarks/report.py [--optimizers 10] [--tasks 10] [--seeds 3] [--trials 1000] [--repeats 3]

Runs on six categorical hyperparameters are made up and saved, also as SMAC's run histories with `encave.json` beside
them, then `encave report` runs on each in a process of its own, with an empty cache but for matplotlib's list of the
fonts on this machine, which it makes once. Medians: seconds of wall clock and of CPU, with those of its children, and
the peak of the largest process. Exit status 1 if a bar is missed. Not side by side with CARP-S, whose report on as many
runs takes half an hour.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace

from encave.run import Objective, Optimizer, Provenance, Run, sidecar

CHOICES = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
NATIVE, CONVERTED = "native logs", "converted runs"
SECONDS_BARS = {NATIVE: 20.0, CONVERTED: 15.0}
MEMORY_BAR = 400.0
_SCRIPT = """
import resource, time
start = time.perf_counter()
from encave.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code
used = [resource.getrusage(kind) for kind in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
cpu, memory = sum(each.ru_utime + each.ru_stime for each in used), max(each.ru_maxrss for each in used)
print(time.perf_counter() - start, cpu, memory / 1024)
"""


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


def write_log(run: Run, folder: Path) -> None:
    """The run as SMAC 2.4 leaves it in `runhistory.json`, with what encave's runners write beside it."""
    costs, starts, ends = (run.column(name).tolist() for name in ("cost:error", "start", "end"))
    data = [
        {
            **{"config_id": i + 1, "instance": None, "seed": 0, "budget": None, "cost": cost, "time": end - start},
            **{"cpu_time": 0.0, "status": 1, "starttime": start, "endtime": end, "additional_info": {}},
        }
        for i, (cost, start, end) in enumerate(zip(costs, starts, ends, strict=True))
    ]
    rows = run.configurations.drop_columns("config_id").to_pylist()
    history = {
        "stats": {"submitted": len(run), "finished": len(run), "running": 0},
        "data": data,
        "configs": {str(i + 1): row for i, row in enumerate(rows)},
        "config_origins": {str(i + 1): "Sobol" for i in range(len(run))},
    }
    scenario = {
        "name": run.name,
        "objectives": "error",
        "seed": run.seed,
        "n_workers": 1,
        "_meta": {"version": "2.4.1"},
    }
    folder.mkdir(parents=True)
    (folder / "runhistory.json").write_text(json.dumps(history, indent=2))
    (folder / "scenario.json").write_text(json.dumps({**scenario, "_meta": {"version": "2.4.1"}}))
    run.space.to_json(folder / "configspace.json")
    told = {"optimizer": {"name": run.optimizer.name, "version": "1.0"}, "space": run.space_json}
    objective = {"name": "error", "direction": "minimize", "lower": 0.0, "upper": None, "unit": "%"}
    sidecar.write(folder, {**told, "objectives": [objective], "task": run.task, "seed": run.seed})


def measure(runs: Path, out: Path) -> tuple[float, float, float]:
    """Seconds of wall clock, seconds of CPU, MiB of the largest process."""
    command = [sys.executable, "-c", _SCRIPT, "report", str(runs), "--out", str(out)]
    given = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as cache:
        kept = {"PYTHONPYCACHEPREFIX": str(out.parent / "compiled"), "MPLCONFIGDIR": str(out.parent / "matplotlib")}
        environment = {**given, **kept, "XDG_CACHE_HOME": cache}
        told = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    wall, cpu, memory = map(float, told.splitlines()[-1].split())
    return wall, cpu, memory


def main() -> int:
    """Print a table; status 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in (("optimizers", 10), ("tasks", 10), ("seeds", 3), ("trials", 1000), ("repeats", 3)):
        parser.add_argument(f"--{name}", type=int, default=value)
    wanted = parser.parse_args()
    kinds = (NATIVE, CONVERTED)
    found: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as temporary:
        folders = {kind: Path(temporary) / kind.replace(" ", "-") for kind in kinds}
        for optimizer in range(wanted.optimizers):
            for task in range(wanted.tasks):
                for seed in range(wanted.seeds):
                    run = make_run(optimizer, task, seed, wanted.trials)
                    run.save(folders[CONVERTED] / run.name)
                    write_log(run, folders[NATIVE] / run.name)
        for repeat in range(wanted.repeats + 1):
            for kind in kinds:
                found[kind].append(measure(folders[kind], Path(temporary) / f"report-{repeat}-{kind[0]}"))
    count = wanted.optimizers * wanted.tasks * wanted.seeds
    print(f"{count} runs of {wanted.trials:,} trials to the report, median of {wanted.repeats}\n")
    print("| from | wall clock, s | bar | CPU, s | memory, MiB | bar |\n|---|---|---|---|---|---|")
    return max([_row(kind, found[kind][1:]) for kind in kinds])  # the first ones compile and look for fonts


def _row(kind: str, found: list[tuple[float, float, float]]) -> int:
    """Print the medians; 1 if a bar is missed."""
    wall, cpu, memory = (statistics.median(column) for column in zip(*found, strict=True))
    print(f"| {kind} | {wall:.1f} | {SECONDS_BARS[kind]:g} | {cpu:.1f} | {memory:.0f} | {MEMORY_BAR:g} |")
    return int(wall > SECONDS_BARS[kind] or memory > MEMORY_BAR)


if __name__ == "__main__":
    sys.exit(main())
