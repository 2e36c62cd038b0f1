"""Which trials of encave's runners cost the difference to one before, as their sidecar says."""

from __future__ import annotations

from typing import Any

import pytest
from ConfigSpace import ConfigurationSpace, Float

from encave.converters.parts.checkpoints import as_paid
from encave.run import Objective, Optimizer, Provenance, Run


def run_of(benchmark: dict[str, Any] | None, **more: Any) -> Run:
    """Configurations 0 and 2 are the same by their values, as where a promoted one has a number of its own."""
    space = ConfigurationSpace()
    space.add(Float("x", (0, 1)))
    return Run.from_columns(
        name="run",
        optimizer=Optimizer("O"),
        space=space,
        objectives=[Objective("loss")],
        trials={
            "config_id": [0, 1, 2, 0, 2, 1],
            "status": ["success"] * 6,
            "cost:loss": [3.0, 2.0, 1.0, 1.0, 1.0, 1.0],
            "budget": [1.0, 1.0, 3.0, 3.0, 9.0, None],
            "start": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
            "end": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            **more,
        },
        configurations={0: {"x": 0.25}, 1: {"x": 0.5}, 2: {"x": 0.25}},
        provenance=Provenance.from_json({"benchmark": benchmark} if benchmark else {}),
    )


def test_promotions_go_on_where_the_runner_says_so() -> None:
    run = as_paid(run_of({"name": "B", "resumed": True}))
    assert run.trials["continues"].to_pylist() == [None, None, 0, None, 2, None]
    assert run.spent().tolist()[:5] == [1.0, 1.0, 2.0, 3.0, 6.0]
    (note,) = run.notes
    assert note.kind == "derived" and note.count == 2 and "go on from a checkpoint" in note.text


def test_trials_that_seem_to_go_on_were_trained_anew_where_the_runner_says_so() -> None:
    run = as_paid(run_of({"name": "B", "resumed": False}, continues=[None, None, 0, None, 2, None]))
    assert "continues" not in run.trials.column_names
    assert run.spent().tolist()[:5] == [1.0, 1.0, 3.0, 3.0, 9.0]
    (note,) = run.notes
    assert note.count == 2 and "trained anew" in note.text


@pytest.mark.parametrize("benchmark", [None, {"name": "B"}, {"name": "B", "resumed": False}])
def test_otherwise_the_log_stands(benchmark: dict[str, Any] | None) -> None:
    run = run_of(benchmark)
    assert as_paid(run) is run


@pytest.mark.parametrize("benchmark", [None, {"name": "B"}, {"name": "B", "resumed": True}])
def test_what_the_log_says_of_going_on_stands(benchmark: dict[str, Any] | None) -> None:
    run = run_of(benchmark, continues=[None, None, 0, None, None, None])
    assert as_paid(run) is run
