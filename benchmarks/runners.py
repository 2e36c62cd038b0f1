"""How fast the runners are: SMAC beside its default facade, DEHB beside its own package, evolution alone.

    python benchmarks/runners.py [--trials 100] [--runs 500] [--parts smac dehb re each]

CPU seconds of this process (all its threads) and seconds of the clock; a ratio is of CPU seconds, which other work on
the machine changes least. Everything runs on the surrogate. Exit status 1 if a bar is missed or a trajectory differs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from encave.run import nasbench201_space as space
from encave.runners.optimizers.adapter import load
from encave.runners.optimizers.quiet import quiet
from encave.runners.studies.execute import RunSpec, execute
from encave.runners.studies.limit import Limit
from encave.runners.studies.objective import Objectives

OBJECTIVES = Objectives()
BARS = {"smac": 7.0, "smac-exact": 15.0}  # times the default facade
DEHB_BAR = 0.10  # encave's share of a run
RATE_BAR = 20_000  # evaluations of RE a second
RUNS_BAR = 30.0  # seconds of 500 runs of 20,000 simulated seconds


@dataclass(frozen=True)
class Time:
    """What something took."""

    cpu: float
    """Seconds of all threads."""

    clock: float
    """Seconds of the clock."""


def timed(work: Callable[[], Any]) -> tuple[Time, Any]:
    """What the work took, and its result."""
    cpu, clock = time.process_time(), time.perf_counter()
    result = work()
    return Time(time.process_time() - cpu, time.perf_counter() - clock), result


def run(name: str, limit: Limit, folder: Path, seed: int = 0) -> Any:
    """One run of an optimizer into a folder."""
    return execute(RunSpec(name, "cifar10", seed, limit), folder, OBJECTIVES)


def trials(folder: Path) -> list[tuple[Any, ...]]:
    """Configurations and costs of a run of SMAC, in order."""
    history = json.loads(next(folder.rglob("runhistory.json")).read_text(encoding="utf-8"))
    return [(history["configs"][str(row["config_id"])], row["cost"]) for row in history["data"]]


class SortedSet(set[Any]):
    """A set with a fixed order; in SMAC's own search the order, and so the trajectory, is another in every process."""

    def __iter__(self) -> Any:
        return iter(sorted(super().__iter__(), key=lambda config: config.get_array().tolist()))


def default_facade(folder: Path, evaluations: int) -> None:
    """SMAC as the package runs it, with its starting points sorted."""
    from smac import HyperparameterOptimizationFacade, Scenario
    from smac.acquisition.maximizer import local_search

    local_search.set = SortedSet  # type: ignore[attr-defined]
    objective = OBJECTIVES.objective(None, "cifar10", 12)
    scenario = Scenario(
        space.configuration_space(), output_directory=folder, deterministic=True, n_trials=evaluations, seed=0
    )
    with quiet():
        HyperparameterOptimizationFacade(
            scenario, lambda config, seed: objective(dict(config), None).cost, logging_level=False, overwrite=True
        ).optimize()
    del local_search.set  # type: ignore[attr-defined]


def compare_smac(evaluations: int) -> bool:
    """The default facade against the two that are quicker."""
    with TemporaryDirectory() as temporary:
        root = Path(temporary)
        run("smac", Limit(evaluations=10), root / "warm")
        default, _ = timed(lambda: default_facade(root / "default", evaluations))
        print(
            f"\n| SMAC, {evaluations} trials | CPU s | clock s | ratio | bar | trajectory |\n|---|---|---|---|---|---|"
        )
        print(f"| default facade | {default.cpu:.2f} | {default.clock:.2f} | 1 | | |")
        good = True
        for name, bar in BARS.items():
            took = [
                timed(lambda n=name, k=k: run(n, Limit(evaluations=evaluations), root / f"{n}{k}"))[0] for k in range(3)
            ]
            cpu, clock = median(one.cpu for one in took), median(one.clock for one in took)
            same = trials(root / f"{name}0") == trials(root / "default")
            print(
                f"| `{name}` | {cpu:.2f} | {clock:.2f} | {default.cpu / cpu:.1f} | {bar:g} "
                f"| {'the same' if same else 'its own'} |"
            )
            good &= default.cpu / cpu >= bar and (same or name == "smac-exact")
    return good


def compare_longer() -> None:
    """What a trial takes in longer runs: every model learns from all trials before."""
    print("\n| longer runs, trials | CPU s | ms per trial |\n|---|---|---|")
    for name, evaluations in (
        ("smac", 400),
        ("smac-exact", 400),
        ("smac-exact", 1_600),
        ("smac-mf", 400),
        ("hyperband", 1_600),
        ("nsga2", 1_600),
        ("tpe", 400),
        ("tpe", 800),
    ):
        with TemporaryDirectory() as temporary:
            took, _ = timed(lambda n=name, e=evaluations, t=temporary: run(n, Limit(evaluations=e), Path(t) / "run"))
        print(f"| `{name}`, {evaluations:,} | {took.cpu:.2f} | {1e3 * took.cpu / evaluations:.2f} |")


def compare_dehb() -> bool:
    """What of a run is not inside the package: the objective, the event loop, the folder and its header."""
    import dehb

    inside = 0.0
    depth = 0

    def clocked(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **settings: Any) -> Any:
            nonlocal inside, depth
            depth += 1
            start = time.process_time()
            try:
                return method(*args, **settings)
            finally:
                depth -= 1
                inside += time.process_time() - start if not depth else 0.0

        return call

    for name in ("__init__", "ask", "tell", "save", "_clean_inactive_brackets"):
        setattr(dehb.DEHB, name, clocked(getattr(dehb.DEHB, name)))
    print("\n| DEHB, evaluations | CPU s | µs per evaluation | in the package | encave's share | bar |")
    print("|---|---|---|---|---|---|")
    good = True
    with TemporaryDirectory() as temporary:
        run("dehb", Limit(evaluations=20), Path(temporary) / "warm")
        for evaluations in (300, 1_200, 4_800):
            inside = 0.0
            took, _ = timed(lambda n=evaluations: run("dehb", Limit(evaluations=n), Path(temporary) / str(n)))
            share = 1 - inside / took.cpu
            each = 1e6 * took.cpu / evaluations
            print(
                f"| {evaluations:,} | {took.cpu:.2f} | {each:.0f} | {inside:.2f} | {100 * share:.1f} % "
                f"| {100 * DEHB_BAR:.0f} % |"
            )
            good &= share <= DEHB_BAR
    return good


def compare_evolution(runs: int) -> bool:
    """Evaluations a second, runs a second, and that neither time per evaluation nor memory grows."""
    print(
        "\n| RE, evaluations in one run | CPU s | evaluations a second | bar | peak memory, MB |\n|---|---|---|---|---|"
    )
    good = True
    for evaluations in (10_000, 100_000, 1_000_000):
        cpu, memory = map(float, _afresh("--one", str(evaluations)).split())
        rate = evaluations / cpu
        print(f"| {evaluations:,} | {cpu:.2f} | {rate:,.0f} | {RATE_BAR:,} | {memory:.0f} |")
        good &= rate >= RATE_BAR
    print("\n| RE, runs of 20,000 simulated s | CPU s | clock s | ms per run | bar, s |\n|---|---|---|---|---|")
    for count in (runs // 5, runs):
        took = _many(count)
        bar = f"{RUNS_BAR:g}" if count == 500 else ""
        print(f"| {count} | {took.cpu:.2f} | {took.clock:.2f} | {1e3 * took.cpu / count:.1f} | {bar} |")
        good &= took.clock * 500 / count < RUNS_BAR
    return good


def compare_all(evaluations: int = 50) -> None:
    """What a run of each optimizer takes."""
    print(f"\n| optimizer, {evaluations} trials | CPU s | ms per trial |\n|---|---|---|")
    for name in (
        "random",
        "local",
        "re",
        "hyperband",
        "nsga2",
        "tpe",
        "dehb",
        "smac-exact",
        "smac",
        "smac-mf",
        "smac-bb",
    ):
        with TemporaryDirectory() as temporary:
            run(name, Limit(evaluations=5), Path(temporary) / "warm")
            took, _ = timed(lambda n=name, t=temporary: run(n, Limit(evaluations=evaluations), Path(t) / "run"))
        print(f"| `{name}` ({load(name).label}) | {took.cpu:.2f} | {1e3 * took.cpu / evaluations:.2f} |")


def _many(count: int) -> Time:
    limit = Limit(simulated_seconds=20_000.0)
    with TemporaryDirectory() as temporary:
        run("re", limit, Path(temporary), seed=count)
        return timed(lambda: [run("re", limit, Path(temporary), seed=seed) for seed in range(count)])[0]


def _afresh(*arguments: str) -> str:
    """What this program prints with these arguments, in a process of its own."""
    return subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True).stdout


def _one(evaluations: int) -> None:
    with TemporaryDirectory() as temporary:
        run("re", Limit(evaluations=10), Path(temporary) / "warm")
        took, _ = timed(lambda: run("re", Limit(evaluations=evaluations), Path(temporary) / "run"))
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    print(took.cpu, int(status.partition("VmHWM:")[2].split()[0]) / 1024)


def main() -> int:
    """Print the tables; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument(
        "--parts", nargs="+", choices=("smac", "dehb", "re", "each"), default=("smac", "dehb", "re", "each")
    )
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        _one(options.one)
        return 0
    good = True
    if "smac" in options.parts:
        good &= compare_smac(options.trials)
    if "dehb" in options.parts:
        good &= compare_dehb()
    if "re" in options.parts:
        good &= compare_evolution(options.runs)
    if "each" in options.parts:
        compare_all()
        compare_longer()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
