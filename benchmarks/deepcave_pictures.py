"""The pictures of DeepCAVE's pages in docs/images: a small study on the surrogate, opened in headless Chromium.

python benchmarks/deepcave_pictures.py [--out docs/images]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from encave.converters import convert
from encave.runners.studies.study import RunSpec, parse_limit, run_study
from encave.viewer.launch import Viewer
from encave.viewer.selection import select

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from viewer.chromium import Page  # noqa: E402

RUN = "DEHB-cifar10-seed0"
JOBS = ("ablation_paths", "parallel_coordinates")
HEIGHT = 950  # pixels, of an ordinary window; a page may be longer
SETTLED = 4.0  # seconds until a figure stands still
PLOTS = "[...document.querySelectorAll('.js-plotly-plot')].filter(p => p.data && p.data.length)"


def runs(folder: Path) -> Path:
    """Converted runs of DEHB, SMAC and RE, three of each."""
    limit = parse_limit("100evals")
    wanted = [(name, seed) for name in ("dehb", "smac-mf", "re") for seed in range(3)]
    run_study(folder / "logs", [RunSpec(name, "cifar10", seed, limit, epochs=200) for name, seed in wanted])
    convert([folder / "logs"], folder / "runs")
    return folder / "runs"


def compute(page: Page, name: str) -> None:
    """Press the button until the result is drawn; DeepCAVE loses a click that comes while it fills the inputs."""
    button = f"document.getElementById('{name}-update-button')"
    for seconds in (20, 60, 300):
        page.wait_for(f"!{button}.disabled", 120)
        page.evaluate(f"{button}.click()")
        with suppress(TimeoutError):
            page.wait_for(f"{PLOTS}.length > 0", seconds)
            return
    raise TimeoutError(f"{name} drew nothing")


def take(page: Page, out: Path, name: str) -> None:
    """Write the picture of a page, at three quarters of its size."""
    size = {"width": 1500, "height": HEIGHT, "deviceScaleFactor": 0.75}
    page.call("Emulation.setDeviceMetricsOverride", mobile=False, **size)
    page.wait_for("!document.querySelector('.spinner-border')", 60)
    time.sleep(SETTLED)
    page.screenshot(out / f"deepcave-{name.replace('_', '-')}.png", whole=True)


def main() -> None:
    """Write a picture of each page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        selection = select(sorted(runs(Path(temporary)).iterdir()))
        with Viewer(selection, python=Path(sys.executable)) as viewer, Page() as page:
            page.call("Emulation.setScrollbarsHidden", hidden=True)
            page.open(viewer.url)
            page.open(f"{viewer.base}plugins/cost_over_time")
            page.wait_for(f"{PLOTS}.length == 1", 120)
            page.select("cost_over_time-show_runs-input", "Yes")
            page.wait_for(f"{PLOTS}[0].data.length > 12", 120)
            take(page, out, "cost_over_time")
            for name in JOBS:
                page.open(f"{viewer.base}plugins/{name}")
                page.select(f"{name}-run-input", RUN)
                page.wait_for(f"document.getElementById('{name}-objective_id-input')?.value != ''", 120)
                compute(page, name)
                take(page, out, name)


if __name__ == "__main__":
    main()
