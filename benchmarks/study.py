"""A study of many short runs: is any lost, what Dask costs per run, and what a million runs would need.

    python benchmarks/study.py [--sizes 200 2000 20000] [--evaluations 100] [--workers 2] [--parts runs rest]

Half of the runs are random search, half regularized evolution, on the surrogate. *Overhead* of a run is what the worker
processes did not spend in runs, from the call to its return, which counts the start of the cluster: (seconds of the
clock × workers - seconds in runs) / runs. The commands that come after are processes of their own: seconds of the
clock, CPU seconds with those of their children, and the peak of the largest process. The last column is a line through
the two largest sizes, drawn on to 1,000,000 runs; memory, which grows in steps, has none. Exit status 1 if a run is
lost or there twice, or if the overhead of 2,000 runs or more misses its bar.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from encave.runners.studies.study import Cluster, Limit, Ready, RunProgress, RunSpec, run_study
from encave.store import RunStore

OVERHEAD_BAR = 50.0  # ms per run
MILLION = 1_000_000


@dataclass(frozen=True)
class Study:
    """What running a study took."""

    ended: int
    """Runs whose end was told, each as often as it was."""

    clock: float
    """Seconds of the clock."""

    ready: float
    """Seconds until the workers were there."""

    inside: float
    """Seconds in runs, of all workers."""

    memory: float
    """Peak of the process that gives out the runs, MB."""

    declared: float
    """Of it, before the first run was given out: the list of runs, with Python and its packages."""

    batches: int
    """Tasks that Dask was given."""

    sent: int
    """Bytes of those tasks."""


@dataclass(frozen=True)
class Used:
    """What a command took."""

    clock: float
    """Seconds of the clock."""

    cpu: float
    """CPU seconds."""

    memory: float
    """Peak of its largest process, MB."""


def run_one(folder: Path, runs: int, evaluations: int, workers: int) -> Study:
    """Run a study, and count what Dask is given."""
    from distributed import Client
    from distributed.protocol.pickle import dumps

    sizes: list[int] = []
    submit = Client.submit

    def counted(self: Client, function: Any, *arguments: Any, **options: Any) -> Any:
        sizes.append(len(dumps((function, arguments))))
        return submit(self, function, *arguments, **options)

    Client.submit = counted
    inside, ended, ready, declared = 0.0, 0, 0.0, 0.0

    def show(progress: RunProgress) -> None:
        nonlocal inside, ended
        inside += progress.real_seconds
        ended += progress.state == "done"

    def start(_: Ready) -> None:
        nonlocal ready, declared
        ready, declared = ready or time.perf_counter() - began, declared or peak()

    limit = Limit(evaluations=evaluations)
    specs = [RunSpec(name, "cifar10", seed, limit) for name in ("random", "re") for seed in range(runs // 2)]
    began = time.perf_counter()
    run_study(folder, specs, cluster=Cluster(workers), on_progress=show, on_ready=start)
    clock = time.perf_counter() - began
    return Study(ended, clock, ready, inside, peak(), declared, len(sizes), sum(sizes))


def peak() -> float:
    """Most memory that this process had so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def used(*command: Any) -> Used:
    """Run a command of encave to its end."""
    code = "import sys; from encave.cli import main; sys.exit(main())"
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    with process.stderr as errors:
        told = errors.read()
    _, status, took = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)  # nobody else is to wait for it
    if status:
        raise SystemExit(f"encave {' '.join(map(str, command))} failed: {told.decode()}")
    return Used(time.perf_counter() - began, took.ru_utime + took.ru_stime, took.ru_maxrss / 1024)


def space(folder: Path) -> tuple[int, int]:
    """Files and folders in a folder, and the bytes of its files."""
    paths = list(folder.rglob("*"))
    return len(paths), sum(path.stat().st_size for path in paths if path.is_file())


def lost_or_twice(study: Path, store: Path, runs: int) -> int:
    """How many of the runs that were wanted are not exactly once in the study and in the store."""
    wanted = Counter((name, seed) for name in ("Random", "RE") for seed in range(runs // 2))
    rows = RunStore(store).runs(columns=["seed"])
    stored = Counter(zip(rows["optimizer"].to_pylist(), rows["seed"].to_pylist(), strict=True))
    names = {"random": "Random", "re": "RE"}
    folders = Counter(
        (names[path.parts[-4]], int(path.parts[-2].removeprefix("seed-"))) for path in study.rglob("encave.json")
    )
    return sum(sum(((found - wanted) + (wanted - found)).values()) for found in (stored, folders))


def print_runs(sizes: Sequence[int], studies: Sequence[Study], wrong: Sequence[int], workers: int) -> bool:
    """The table of the studies; whether all is as it must be."""
    print(
        f"\n| runs on {workers} workers | ended | lost or twice | clock s | start s | ms in a run | overhead ms | bar |"
    )
    print("|---|---|---|---|---|---|---|---|")
    good = True
    for runs, study, amiss in zip(sizes, studies, wrong, strict=True):
        overhead = 1e3 * (study.clock * workers - study.inside) / runs
        bar = f"{OVERHEAD_BAR:g}" if runs >= 2000 else ""
        print(
            f"| {runs:,} | {study.ended:,} | {amiss} | {study.clock:.1f} | {study.ready:.1f} "
            f"| {1e3 * study.inside / runs:.2f} | {overhead:.2f} | {bar} |"
        )
        good &= not amiss and study.ended == runs and (not bar or overhead < OVERHEAD_BAR)
    print("\n| runs | tasks given to Dask | runs per task | bytes per run | memory, MB | before the first run, MB |")
    print("|---|---|---|---|---|---|")
    for runs, study in zip(sizes, studies, strict=True):
        print(
            f"| {runs:,} | {study.batches:,} | {runs / study.batches:.0f} | {study.sent / runs:.0f} "
            f"| {study.memory:.0f} | {study.declared:.0f} |"
        )
    return good


def measure_rest(study: Path, store: Path, flags: Sequence[str], workers: int) -> dict[str, float]:
    """What a finished study and its store take on disk, and what the commands that read them take."""
    to_store = ("convert", study, "--to", "store", "--out")
    commands = {
        "`run`, all finished": ("run", study, *flags),
        "`status` of the study": ("status", study),
        "`convert --to store`": (*to_store, store),
        f"`convert --to store --jobs {workers}`": (*to_store, store.with_name("again"), "--jobs", workers),
        "`convert` again, nothing new": (*to_store, store),
        "`status` of the store": ("status", store),
        "`report` of the store": ("report", store, "--out", store.with_name("report")),
    }
    found: dict[str, float] = {}
    for name, command in commands.items():
        took = used(*command)
        found |= {f"{name}, clock s": took.clock, f"{name}, CPU s": took.cpu, f"{name}, MB": took.memory}
    for name, folder in (("study", study), ("store", store)):
        files, size = space(folder)
        found |= {f"files and folders of the {name}": files, f"MB of the {name}": size / 1e6}
    return found


def print_rest(sizes: Sequence[int], found: Sequence[dict[str, float]]) -> None:
    """A row per figure, a column per size, and what a line through the last two gives for a million runs."""
    print(f"\n| runs | {' | '.join(f'{runs:,}' for runs in sizes)} | {MILLION:,} by a line |")
    print("|---" * (len(sizes) + 2) + "|")
    for name in found[0]:
        values = [each[name] for each in found]
        far = ""
        peak_of_process = name.endswith(", MB")  # it grows in steps, up to a part of a store
        if len(sizes) > 1 and not peak_of_process:
            slope = (values[-1] - values[-2]) / (sizes[-1] - sizes[-2])
            far = f"{values[-1] + slope * (MILLION - sizes[-1]):,.0f}"
        print(f"| {name} | {' | '.join(f'{value:,.1f}' for value in values)} | {far} |")


def measure_size(runs: int, evaluations: int, workers: int, *, rest: bool) -> tuple[Study, int, dict[str, float]]:
    """The study of one size, how many of its runs are amiss, and the rest if it is wanted."""
    with TemporaryDirectory() as temporary:
        study, store = Path(temporary) / "study", Path(temporary) / "store"
        own = [sys.executable, __file__, "--one", study, "--sizes", runs, "--evaluations", evaluations]
        told = subprocess.run([*map(str, own), "--workers", str(workers)], check=True, stdout=subprocess.PIPE)
        took = Study(**json.loads(told.stdout))
        flags = ("--optimizer", "random,re", "--seeds", f"0-{runs // 2 - 1}", "--budget", f"{evaluations}evals")
        if rest:
            found = measure_rest(study, store, flags, workers)
        else:
            found = {}
            used("convert", study, "--out", store, "--to", "store", "--jobs", workers)
        return took, lost_or_twice(study, store, runs), found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; 1 if a run is lost or a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 2_000, 20_000], help="numbers of runs, even")
    parser.add_argument("--evaluations", type=int, default=100, help="of a run")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--parts", nargs="+", choices=("runs", "rest"), default=("runs", "rest"))
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(asdict(run_one(options.one, options.sizes[0], options.evaluations, options.workers))))
        return 0
    found = [
        measure_size(runs, options.evaluations, options.workers, rest="rest" in options.parts) for runs in options.sizes
    ]
    studies, wrong, rest = zip(*found, strict=True)
    good = print_runs(options.sizes, studies, wrong, options.workers)
    if "rest" in options.parts:
        print_rest(options.sizes, rest)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
