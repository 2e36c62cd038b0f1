"""How long `encave open` takes until the runs are selectable, and a click on Cost over Time, beside stock DeepCAVE.

    python benchmarks/open_deepcave.py [--runs 30] [--trials 1000] [--without-stock]

Both are started in the same way on the same folders and looked at in the same headless Chromium, one after the other.
Stock means DeepCAVE's own run classes, converters and pages. It reads the CSV twin, the only form that it can load.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace

from encave.run import Objective, Optimizer, Provenance, Run

CHOICES = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
BUDGETS = (12.0, 50.0, 200.0)
OPTIMIZERS = ("DEHB", "SMAC", "RE")
BARS = {"selectable": 15.0, "page": None, "click": 2.0}
PATIENCE = 1800.0  # seconds
PLOT = "[...document.querySelectorAll('.js-plotly-plot')].filter(p => p.data && p.data.length)[0]"
STOCK = """from pathlib import Path
import deepcave.config
from encave.viewer.session import Session

folder = Path(__file__).parent.parent
session = Session.read(folder)

class Config(deepcave.config.Config):
    REDIS_ADDRESS, REDIS_PORT, DASH_PORT = session.redis_address, session.redis_port, session.dash_port
    META_DEFAULT = {
        "working_dir": session.working_directory, "selected_run_paths": session.runs, "groups": session.groups
    }
    CACHE_DIR = property(lambda self: folder / "cache")
"""


def write_run(folder: Path, number: int, trials: int) -> None:
    """A converted run of distinct configurations, its costs falling over time."""
    from encave.converters.formats.deepcave import output

    rng = np.random.default_rng(number)
    optimizer = OPTIMIZERS[number % len(OPTIMIZERS)]
    space = ConfigurationSpace(seed=0)
    space.add([CategoricalHyperparameter(f"op_{edge}", CHOICES) for edge in range(6)])
    architectures = rng.choice(5**6, size=trials, replace=False)
    end = np.cumsum(rng.uniform(1, 100, size=trials))
    cost = np.clip(10 + rng.gamma(2, 300 / np.arange(10, trials + 10)), 10, 100)
    cost[[0, -1]] = 100, 10  # the same bounds in every run, without which stock DeepCAVE compares none in the twin
    run = Run.from_columns(
        name=f"{optimizer}-{number}",
        optimizer=Optimizer(optimizer),
        space=space,
        objectives=[Objective("valid_error", lower=0.0, upper=100.0, unit="%")],
        trials={
            "config_id": np.arange(trials),
            "budget": np.concatenate((BUDGETS, rng.choice(BUDGETS, size=trials - len(BUDGETS)))),
            "seed": np.full(trials, number),
            "status": np.full(trials, "success"),
            "start": np.concatenate(([0.0], end[:-1])),
            "end": end,
            "cost:valid_error": cost,
        },
        configurations={
            i: {f"op_{edge}": CHOICES[code // 5**edge % 5] for edge in range(6)} for i, code in enumerate(architectures)
        },
        provenance=Provenance(task="cifar10", seed=number, group=optimizer),
    )
    folder.mkdir()
    run.save(folder)
    output.write(run, output.prepare(run)[0], folder)


def serve(folder: Path, stock: bool) -> None:
    """Open the runs and print the address; ends with SIGTERM."""
    from encave.viewer import open_runs, session

    if stock:
        session._CONFIG = STOCK  # type: ignore[attr-defined]
    open_runs(
        sorted(folder.iterdir()),
        on_ready=lambda url: print(url, flush=True),
        on_note=lambda note: print(note, file=sys.stderr),
        browser=False,
    )


def measure(folder: Path, stock: bool) -> dict[str, float]:
    """Seconds until the first page lists all runs, until Cost over Time is drawn, and until another budget is."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    from viewer.chromium import Page

    runs = len(list(folder.iterdir()))
    words = [sys.executable, __file__, "--serve", str(folder), *["--stock"] * stock]
    with Page() as page:
        began = time.perf_counter()
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            page.open(url)
            page.wait_for(f"document.querySelectorAll('.btn-danger').length >= {runs}", PATIENCE)
            selectable = time.perf_counter() - began
            began = time.perf_counter()
            page.open(f"{url.partition('?')[0]}plugins/cost_over_time")
            page.wait_for(f"{PLOT}.data.length >= {runs}", PATIENCE)
            drawn = time.perf_counter() - began
            shown = f"JSON.stringify({PLOT}.data.map(t => [...(t.x || [])]))"
            page.evaluate(f"window.shownBefore = {shown}")
            began = time.perf_counter()
            page.select("cost_over_time-budget_id-input", "50")
            page.wait_for(f"{shown} != window.shownBefore", PATIENCE)
            click = time.perf_counter() - began
        finally:
            process.terminate()
            process.wait(timeout=60)
    return {"selectable": selectable, "page": drawn, "click": click}


def main() -> int:
    """Print a row per measure: encave, stock, ratio, bar; status 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--without-stock", action="store_true")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--stock", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.serve:
        serve(wanted.serve, wanted.stock)
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "runs"
        folder.mkdir()
        for number in range(wanted.runs):
            write_run(folder / f"run-{number:03}", number, wanted.trials)
        ours = measure(folder, stock=False)
        stock = {} if wanted.without_stock else measure(folder, stock=True)
    print(f"{wanted.runs} runs of {wanted.trials:,} trials, seconds")
    print(f"{'':12}{'encave':>8}{'stock':>8}{'ratio':>8}{'bar':>6}")
    for name, seconds in ours.items():
        other = f"{stock[name]:8.1f}{stock[name] / seconds:8.1f}" if stock else f"{'':16}"
        print(f"{name:12}{seconds:8.1f}{other}{BARS[name] or '':>6}")
    return int(any(bar is not None and ours[name] > bar for name, bar in BARS.items()))


if __name__ == "__main__":
    sys.exit(main())
