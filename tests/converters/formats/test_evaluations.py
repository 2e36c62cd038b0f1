"""`trials.jsonl` of encave's own runners."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encave.converters.conversion import convert
from encave.run import Run

from ..conftest import OBJECTIVE, random_lines, write_sidecar, write_trials


def test_every_field(tmp_path: Path) -> None:
    lines = random_lines(12)
    lines[2] |= {"status": "crashed", "cost": {OBJECTIVE: None}}
    write_trials(tmp_path / "log", lines)
    write_sidecar(tmp_path / "log", optimizer="RE", seed=4)
    [conversion] = convert([tmp_path / "log"], tmp_path / "out")
    run = Run.load(conversion.output)
    for line, row in zip(lines, run.trials.to_pylist(), strict=True):
        assert run.configuration(row["config_id"]) == line["config"]
        assert {name: row[name] for name in ("budget", "seed", "status", "start", "end")} == {
            name: line[name] for name in ("budget", "seed", "status", "start", "end")
        }
        assert row[f"cost:{OBJECTIVE}"] == line["cost"][OBJECTIVE]
        assert (row["worker"], row["trial_id"], row["extra:origin"]) == ("0", line["trial"], "random")
        assert row["extra:valid_error_200"] == line["info"]["valid_error_200"]
    assert conversion.configurations == 11  # one was tried twice
    assert (run.name, run.optimizer.name, run.budget_name) == ("RE-cifar10-seed4", "RE", "epochs")


def test_last_line_cut_off(tmp_path: Path) -> None:
    path = write_trials(tmp_path / "log", random_lines(10))
    path.write_text(path.read_text()[:-40])
    [conversion] = convert([tmp_path / "log"], tmp_path / "out")
    assert (conversion.read, conversion.written, conversion.dropped) == (10, 9, 1)
    assert [note.text for note in conversion.notes if note.kind == "dropped"] == [
        "trials.jsonl, line 10: no whole JSON value"
    ]


def test_lines_that_are_no_trials(tmp_path: Path) -> None:
    lines = [json.dumps(line) for line in random_lines(6)]
    lines[2:2] = [
        "[]",
        "{}",
        json.dumps(random_lines(1)[0] | {"status": "odd"}),
        json.dumps(random_lines(1)[0] | {"end": "x"}),
    ]
    path = write_trials(tmp_path / "log", [])
    path.write_text("\n".join(lines) + "\n\n")
    [conversion] = convert([tmp_path / "log"], tmp_path / "out")
    assert (conversion.read, conversion.written, conversion.dropped) == (10, 6, 4)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"config": [1]}, "config or cost is no object"),
        ({"cost": 3}, "config or cost is no object"),
        ({"info": 3}, "info is no object"),
        ({"cost": {OBJECTIVE: "3"}}, "a cost is no number"),
        ({"budget": "12"}, "budget, start or end is no finite number"),
        ({"start": [0]}, "budget, start or end is no finite number"),
        ({"end": math.inf}, "budget, start or end is no finite number"),
        ({"seed": 1.5}, "the seed is no integer of 64 bits"),
        ({"seed": 2**63}, "the seed is no integer of 64 bits"),
        ({"budget": -1}, "the budget is negative"),
        ({"start": -0.5}, "it starts before the run, or ends before it starts"),
        ({"start": 2.0, "end": 1.0}, "it starts before the run, or ends before it starts"),
        ({"status": 1}, "the status is unknown"),
    ],
)
def test_why_a_line_is_no_trial(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    first, second = random_lines(2)
    write_trials(tmp_path / "log", [first, second | changes])
    [conversion] = convert([tmp_path / "log"], tmp_path / "out")
    assert (conversion.read, conversion.written, conversion.dropped) == (2, 1, 1)
    assert [n.text for n in conversion.notes if n.kind == "dropped"] == [f"trials.jsonl, line 2: {reason}"]


@pytest.mark.parametrize("content", ["", "\n\n", '{"trial": 0, "conf'])
def test_nothing_to_read_is_refused(tmp_path: Path, content: str) -> None:
    write_trials(tmp_path / "log", [])
    (tmp_path / "log" / "trials.jsonl").write_text(content)
    [conversion] = convert([tmp_path / "log"], tmp_path / "out")
    assert conversion.status == "refused"
    assert "trials.jsonl" in conversion.reason
    assert list((tmp_path / "out").iterdir()) == []


@settings(max_examples=4)  # of five logs each, which are converted together
@given(st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=20)), min_size=5, max_size=5))
def test_damage_anywhere_never_ends_in_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, damages: list[tuple[int, bytes]]
) -> None:
    root = tmp_path_factory.mktemp("logs")
    paths = [write_trials(root / f"log-{place}", random_lines(8)) for place in range(len(damages))]
    for path, (at, junk) in zip(paths, damages):
        content = path.read_bytes()
        at %= len(content)
        path.write_bytes(content[:at] + junk + content[at + len(junk) :])
    found = convert(paths, root / "out", forced_format="encave")
    assert len(found) == len(damages)
    for conversion in found:
        if conversion.status == "converted":
            assert conversion.read == conversion.written + conversion.dropped
