"""Names that would act in a page if they were not taken for text: they are shown, and nothing of them runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from encave.converters.formats.deepcave import output
from encave.converters.parts.inferred_space import infer
from encave.converters.parts.names import folder_name
from encave.run import Objective, Optimizer, Provenance, Run
from encave.viewer.launch import Viewer
from encave.viewer.selection import select

from .chromium import EXECUTABLE, Page
from .walk import walk

pytestmark = pytest.mark.end_to_end

SCRIPT, IMAGE, SVG = "<script>ran=1</script>", '"><img src=x onerror="ran=1">', '<svg onload="ran=1">'
NAMES = [
    (SCRIPT, IMAGE, SVG, "${ran=1}"),
    (IMAGE, "a\nb", "../../etc", "{{7*7}}"),
    ("x" * 250, '<a href="javascript:ran=1">x</a>', "%(x)s {0} %s", SCRIPT),
]
"""Of a run, its objective, its hyperparameters, its task."""


def write(folder: Path, seed: int, names: tuple[str, str, str, str]) -> None:
    run, objective, hyperparameter, task = names
    rng = np.random.default_rng(seed)
    configs = [{hyperparameter: x, objective: [run, task][x > 0.5]} for x in rng.random(12).round(4).tolist()]
    inferred = infer(dict(enumerate(configs)))
    made = Run.from_columns(
        name=run,
        optimizer=Optimizer(hyperparameter, objective),
        space=inferred.space,
        objectives=[Objective(objective, unit=task), Objective("other")],
        trials={
            "config_id": list(range(12)),
            "status": ["success"] * 11 + ["crashed"],
            "end": [float(i) for i in range(12)],
            f"cost:{objective}": [*rng.random(11), None],
            "cost:other": [*rng.random(11), None],
            "extra:traceback": [None] * 11 + [run],
        },
        configurations=inferred.configurations,
        budget_name=hyperparameter,
        inferred_space=True,
        provenance=Provenance(task=task, seed=seed, group=hyperparameter),
    )
    made.save(folder)
    output.write(made, output.prepare(made)[0], folder)


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    folders: list[Path] = []
    for names in NAMES:
        for seed in range(2):  # of which DeepCAVE makes a group
            folders.append(tmp_path_factory.mktemp("hostile") / folder_name(names[0]))
            write(folders[-1], seed, names)
    with Viewer(select(folders), python=Path(sys.executable)) as viewer:
        yield viewer


def test_every_page_shows_them(viewer: Viewer) -> None:
    looks = list(walk(viewer.url, passed_over=("symbolic_explanations", "pdp", "footprint"), most=4))
    assert [look for look in looks if look.fault] == []
    assert sum(not look.said for look in looks) > 10


@pytest.mark.skipif(EXECUTABLE is None, reason="needs Chromium, e.g. `apt-get install chromium`")
def test_nothing_of_them_runs(viewer: Viewer) -> None:
    with Page() as page:
        page.open(viewer.url)
        page.wait_for("document.body.innerText.includes('script-ran-1-script')")
        for name in ("cost_over_time", "pareto_front", "overview", "configurations", "parallel_coordinates"):
            page.open(f"{viewer.base}plugins/{name}")
            options = f"[...document.querySelectorAll('#{name}-run-input option')].map(o => o.value).filter(v => v)"
            if name in ("cost_over_time", "pareto_front"):
                page.wait_for("[...document.querySelectorAll('.js-plotly-plot')].some(p => p.data && p.data.length)")
            else:
                page.wait_for(f"{options}.length >= {2 * len(NAMES)}")
                page.select(f"{name}-run-input", SCRIPT)
                page.wait_for(
                    f"document.getElementById('{name}-run-input').selectedOptions[0].text.includes('{SCRIPT}')"
                )
            page.wait_for("document.readyState == 'complete'")
            assert page.evaluate("window.ran || 0") == 0
            acting = "[...document.querySelectorAll('script, img, svg, a')].filter(e => !e.closest('.js-plotly-plot'))"
            assert (
                page.evaluate(
                    f"{acting}.some(e => (e.getAttribute('onload') || e.getAttribute('onerror') || '').includes('ran'))"
                )
                is False
            )
            assert page.errors == []
