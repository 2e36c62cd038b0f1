"""A few configurations outside the space are left out and counted; many mean that the space is another's."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ConfigSpace import ConfigurationSpace, EqualsCondition

from encave import EncaveError, Objective, Run
from encave.converters import convert
from encave.converters.parts.fitting import fitted_run, left_out
from encave.run import Optimizer
from encave.run.configurations import build, check, unfit

from ..conftest import EDGES, random_lines, write_sidecar, write_trials

GOOD: dict[str, Any] = {"x": 0.5, "n": 3, "op": "a", "deep": True}
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "outside": ({"x": -5.0}, r"x = -5.0 is outside the space \(0.0 … 1.0\)"),
    "no choice": ({"op": "z"}, "op = 'z' is outside the space"),
    "missing": ({"x": None}, "x is missing"),
    "text": ({"n": "three"}, "n = 'three' is not of type int64"),
    "list": ({"x": [0.5]}, r"x = \[0.5\] is not of type double"),
    "number": ({"op": 3}, "op = 3 is not of type text"),
    "unknown": ({"y": 1, "z": 2}, "unknown hyperparameters: y, z"),
}


def space() -> ConfigurationSpace:
    result = ConfigurationSpace({"x": (0.0, 1.0), "n": (1, 8), "op": ["a", "b"], "deep": [True, False]})
    result.add(EqualsCondition(result["deep"], result["op"], "a"))
    return result


def run_of(configurations: dict[int, dict[str, Any]], **more: Any) -> Run:
    trials = {"config_id": [*configurations, 0], "status": ["success"] * (len(configurations) + 1)}
    return fitted_run(
        name="r",
        optimizer=Optimizer("o"),
        space=space(),
        objectives=[Objective("loss")],
        trials={
            **trials,
            "cost:loss": [float(number) for number in trials["config_id"]],
            "extra:row": trials["config_id"],
        },
        configurations=configurations,
        **more,
    )


@pytest.mark.parametrize("case", BAD)
def test_one_that_does_not_fit_is_left_out_with_its_trials(case: str) -> None:
    change, told = BAD[case]
    run = run_of({0: GOOD, 1: GOOD | change, 2: {"x": 0.1, "n": 1, "op": "b"}})
    assert run.configurations["config_id"].to_pylist() == [0, 2]
    assert run.trials["config_id"].to_pylist() == run.trials["extra:row"].to_pylist() == [0, 2, 0]
    assert run.trials["trial_id"].to_pylist() == [0, 2, 3]
    [note] = run.notes
    assert (note.kind, note.count, left_out(run)) == ("dropped", 1, 1)
    assert re.search(f"1: {told}", note.text)


@pytest.mark.parametrize("case", BAD)
def test_what_is_found_is_what_the_model_refuses(case: str) -> None:
    fits, does_not = {7: GOOD}, {7: GOOD | BAD[case][0]}
    check(space(), build(space(), fits), may_miss=False)
    assert unfit(space(), fits) == {}
    with pytest.raises(EncaveError, match="configuration 7"):
        check(space(), build(space(), does_not), may_miss=False)
    assert list(unfit(space(), does_not)) == [7]


def test_half_of_them_mean_another_space() -> None:
    with pytest.raises(
        EncaveError, match=r"1: x = 7\.0 .* 2 of 4 configurations do not fit, so this is hardly its space"
    ):
        run_of({0: GOOD, 1: GOOD | {"x": 7.0}, 2: GOOD | {"x": 8.0}, 3: GOOD})


def test_other_faults_are_refused_as_ever() -> None:
    with pytest.raises(EncaveError, match="unknown trial column"):
        fitted_run(
            name="r",
            optimizer=Optimizer("o"),
            space=space(),
            objectives=[Objective("loss")],
            trials={"config_id": [0], "colour": ["red"]},
            configurations={0: GOOD},
        )


def test_a_log_with_one_wrong_configuration_is_converted_without_it(tmp_path: Path) -> None:
    lines = random_lines(8)
    lines[2]["config"][EDGES[0]] = "nonsense"
    write_trials(tmp_path / "log", lines)
    write_sidecar(tmp_path / "log")
    [done] = convert([tmp_path / "log"], tmp_path / "out")
    assert (done.status, done.read, done.written, done.dropped) == ("converted", 8, 7, 1), done.reason
    assert "nonsense" in json.dumps([note.text for note in done.notes])
