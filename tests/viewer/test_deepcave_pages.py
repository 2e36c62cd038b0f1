"""Every page of DeepCAVE for runs of kinds that broke it: it shows the run, or says why it cannot."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encave.converters.formats.deepcave import output
from encave.converters.parts.inferred_space import infer
from encave.run import Objective, Optimizer, Provenance, Run
from encave.viewer.launch import Viewer
from encave.viewer.selection import select

from .pages import ONE_RUN
from .walk import Seen, walk

pytestmark = pytest.mark.end_to_end


def write(folder: Path, configs: list[dict[str, Any]], costs: list[float | None], **extra: list[Any]) -> None:
    """A converted run with a trial of each configuration; a trial without cost has crashed."""
    inferred = infer(dict(enumerate(configs)))
    count = len(configs)
    run = Run.from_columns(
        name=folder.name,
        optimizer=Optimizer("Optuna"),
        space=inferred.space,
        objectives=[Objective("loss")],
        trials={
            "config_id": list(range(count)),
            "seed": [0] * count,
            "status": ["crashed" if cost is None else "success" for cost in costs],
            "start": [float(i) for i in range(count)],
            "end": [i + 1.0 for i in range(count)],
            "cost:loss": costs,
            **extra,
        },
        configurations=inferred.configurations,
        inferred_space=True,
        provenance=Provenance(task=folder.name),
    )
    run.save(folder)
    output.write(run, output.prepare(run)[0], folder)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Seen]]:
    """What each page shows of each of the runs."""
    folder = tmp_path_factory.mktemp("kinds")
    rng = np.random.default_rng(0)
    floats = rng.random((12, 2)).round(4).tolist()
    plain: list[dict[str, Any]] = [{"x": x, "y": y} for x, y in floats]
    conditional: list[dict[str, Any]] = [
        {"model": "svm", "C": x} if number % 2 else {"model": "rf", "depth": 2 + number}
        for number, (x, _) in enumerate(floats)
    ]
    costs: list[float | None] = [x for x, _ in floats]
    errors = [None if number % 3 else "boom" for number in range(12)]
    write(folder / "conditional", conditional, costs)
    left = [None if error else cost for cost, error in zip(costs, errors, strict=True)]
    write(folder / "traceback", plain, left, **{"extra:traceback": errors})
    write(folder / "constant", plain, [1.0] * 12)
    with Viewer(select(sorted(folder.iterdir())), python=Path(sys.executable)) as viewer:
        yield list(walk(viewer.url, passed_over=("symbolic_explanations",)))  # a minute each


def test_no_page_fails(seen: list[Seen]) -> None:
    assert [look for look in seen if look.fault] == []
    assert {look.page for look in seen} >= set(ONE_RUN) - {"symbolic_explanations"}


@pytest.mark.parametrize("run", ["conditional", "traceback"])
def test_every_page_shows_the_run(seen: list[Seen], run: str) -> None:
    shown = {look.page for look in seen if look.run.endswith(run) and not look.said}
    assert shown >= {"overview", "configurations", "importances", "ablation_paths", "pdp", "parallel_coordinates"}


def test_pages_say_that_a_constant_objective_leaves_nothing_to_explain(seen: list[Seen]) -> None:
    said = {look.page: look.said.replace("<br>", " ") for look in seen if look.run.endswith("constant") and look.said}
    for page in ("importances", "ablation_paths"):
        assert "loss is 1 in every trial" in said[page]
