"""Anytime curves beside the peers, and the streaming of many runs with its peak memory.

`python benchmarks/curves.py [--runs 10000]`; needs the group `peers`. Aggregation is of 10 optimizers x 30 runs x 1,000
evaluations, in memory, median of five. encave computes mean and a bootstrap band with the curve exact at every event.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from ConfigSpace import ConfigurationSpace, Float

from encave.analysis.grouping.measure import Measure
from encave.analysis.performance.anytime import trajectory
from encave.analysis.performance.axis import Axis
from encave.analysis.performance.curves import aggregate
from encave.analysis.performance.section_curves import Summary
from encave.analysis.performance.streaming import Reduced, gather, reduce_source
from encave.analysis.statistics.order_statistics import Statistic
from encave.run import Objective, Optimizer, Provenance, Run

EVALUATIONS = Axis("evaluations", "evaluations", None)
LOSS = Measure("loss", "cost:loss")
SPACE = ConfigurationSpace()
SPACE.add(Float("x", (0, 1)))


def make_run(label: str, seed: int, task: str = "toy", trials: int = 1000) -> Run:
    """Random costs and times."""
    rng = np.random.default_rng([seed, len(label), len(task)])
    return Run.from_columns(
        name=f"{label}-{task}-{seed}", optimizer=Optimizer(label), space=SPACE, objectives=[Objective("loss")],
        trials={
            "config_id": np.arange(trials), "status": ["success"] * trials, "cost:loss": rng.lognormal(size=trials),
            "end": np.cumsum(rng.exponential(size=trials)),
        },
        configurations={i: {"x": float(x)} for i, x in enumerate(rng.random(trials))},
        provenance=Provenance(task=task, seed=seed),
    )  # fmt: skip


def median_seconds(work: Callable[[], object]) -> float:
    """Wall seconds of the median of five."""
    taken: list[float] = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def compare_aggregation() -> None:
    """One table: encave, the pandas ten-liner, iohinspector."""
    import pandas as pd
    import polars as pl
    from iohinspector.metrics import aggregate_convergence

    runs = {f"o{k}": [make_run(f"o{k}" + "x" * k, seed) for seed in range(30)] for k in range(10)}
    members = {label: [trajectory(run, EVALUATIONS, ["cost:loss"]) for run in own] for label, own in runs.items()}
    columns = [
        (label, number, np.arange(1, 1001), np.minimum.accumulate(run.cost()))
        for label, own in runs.items()
        for number, run in enumerate(own)
    ]
    frame = pd.concat(
        pd.DataFrame({"algorithm_name": a, "data_id": f"{a}-{n}", "evaluations": e, "raw_y": y})
        for a, n, e, y in columns
    )
    table = pl.from_pandas(frame)

    def ours(statistic: str) -> Callable[[], object]:
        return lambda: [aggregate(label, own, LOSS, Statistic(statistic)) for label, own in members.items()]

    def pandas() -> object:
        grouped = frame.groupby(["algorithm_name", "evaluations"])["raw_y"]
        return grouped.agg(["mean", "median", "sem"])

    ours("mean")()  # the draws of the bootstrap are kept from here on
    base = median_seconds(ours("mean"))
    print("| what | seconds | ratio to encave's mean |\n|---|---|---|")
    for name, work in (
        ("encave: mean, bootstrap band", ours("mean")), ("encave: median, bootstrap band", ours("median")),
        ("encave: interquartile mean, bootstrap band", ours("iqm")),
        ("pandas: mean, median, standard error", pandas),
        ("iohinspector: mean and others at 50 points", lambda: aggregate_convergence(table)),
    ):  # fmt: skip
        seconds = median_seconds(work)
        print(f"| {name} | {seconds:.4f} | {seconds / base:.1f} |")


def stream(count: int) -> None:
    """Read, reduce and aggregate this many runs of 1,000 trials."""
    with TemporaryDirectory() as folder:
        for number in range(100):
            run = make_run("A", number)
            run.save(Path(folder) / run.name)
        sources = sorted(Path(folder).iterdir())
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        start = time.perf_counter()
        reduced = [
            one
            for turn in range(count // 100)
            for one in _as_seeds(
                [run for source in sources for run in reduce_source(source, None, "highest-so-far")], turn
            )
        ]
        read = time.perf_counter() - start
        sets, _ = gather(reduced, None, Summary())
        whole = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    events = sum(len(curve.positions) for curve in sets[0].curves[0])
    print(
        f"\n{len(reduced):,} runs x 1,000 trials: {read:.1f} s to read and reduce, {whole:.1f} s in all, "
        f"{events:,} events; peak memory {peak:,.0f} MiB, {peak - before:,.0f} MiB of it for the runs"
    )


def _as_seeds(reduced: Iterable[Reduced], turn: int) -> list[Reduced]:
    """The same hundred runs as ten optimizers' other seeds."""
    from copy import copy
    from dataclasses import replace

    renamed = []
    for number, one in enumerate(reduced):
        known = one.header.provenance.replace(seed=turn * 100 + number, group=f"o{turn % 10}")
        header = copy(one.header)
        header.__dict__["provenance"] = known
        found = {kind: replace(own, run=header, seed=known.seed) for kind, own in one.trajectories.items()}
        renamed.append(replace(one, header=header, trajectories=found))
    return renamed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000, help="Runs to stream.")
    arguments = parser.parse_args()
    compare_aggregation()
    stream(arguments.runs)
