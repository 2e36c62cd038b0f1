"""`encave.json` is written and read by one schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ConfigSpace import ConfigurationSpace

from encave import EncaveError, Objective, Optimizer
from encave.run import sidecar

CONTENT: dict[str, Any] = {
    "optimizer": {"name": "RE", "version": "1", "settings": {"population": 50}},
    "space": ConfigurationSpace({"x": (0.0, 1.0)}).to_serialized_dict(),
    "objectives": [{"name": "error", "direction": "minimize", "lower": 0.0, "upper": None, "unit": "%"}],
    "task": "cifar10",
    "variant": "tuned",
    "seed": 3,
    "workers": 2,
    "limit": {"evaluations": 30},
    "benchmark": {"name": "NB", "source": "table", "schedule": 200},
    "trials": 30,
}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    sidecar.write(tmp_path, CONTENT)
    assert sidecar.read(tmp_path / sidecar.NAME) == {"encave_log": 1, **CONTENT}
    found = sidecar.find(tmp_path / "smac" / "0" / "runhistory.json")
    assert found is not None and found.path == tmp_path / "encave.json"
    assert (found.optimizer, found.trials) == (Optimizer("RE", "1"), 30)
    assert found.objectives == [Objective("error", "minimize", 0.0, None, "%")]
    assert found.run_name() == "RE-cifar10-tuned-seed3"
    known = found.provenance()
    assert (known.group, known.task, known.seed, known.workers) == ("RE (tuned)", "cifar10", 3, 2)
    assert known.limit == {"evaluations": 30} and known.settings == {"population": 50}
    assert known.benchmark is not None and known.benchmark.schedule == 200


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"limit": 4}, "is damaged .*limit is 4"),
        ({"benchmark": {"schedule": "200"}}, "is damaged .*schedule"),
        ({"space": []}, "is damaged"),
        ({"encave_log": 2}, "is of format 2"),
        ({"objectives": None}, "is damaged"),
    ],
)
def test_a_damaged_one_is_refused_with_its_path(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    path = tmp_path / sidecar.NAME
    path.write_text(json.dumps({"encave_log": 1, **CONTENT, **changes}))
    with pytest.raises(EncaveError, match=reason) as told:
        sidecar.find(tmp_path / "history.parquet.gzip")
    assert str(path) in str(told.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "5", '"a"', "[" * 100_000])
def test_what_is_no_object_is_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / sidecar.NAME).write_text(text)
    with pytest.raises(EncaveError, match=r"encave\.json is damaged"):
        sidecar.read(tmp_path / sidecar.NAME)
