"""`benchmarks/study.py` on a study of a few runs."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from encave.converters.exporting import export
from encave.runners.studies.study import Limit, RunSpec, run_study

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))
import study as benchmark

pytestmark = pytest.mark.end_to_end


def test_runs_that_are_lost_or_there_twice_are_counted(tmp_path: Path) -> None:
    study, store = tmp_path / "study", tmp_path / "store"
    wanted = [RunSpec(name, "cifar10", seed, Limit(evaluations=12)) for name in ("random", "re") for seed in range(2)]
    run_study(study, wanted)
    export([study], store, "store")
    assert benchmark.lost_or_twice(study, store, 4) == 0
    shutil.rmtree(study / "re/cifar10/seed-1")
    assert benchmark.lost_or_twice(study, store, 4) == 1
    [part] = (store / "runs").glob("optimizer=RE/*/*.parquet")
    for kind in ("runs", "trials"):
        whole = store / kind / part.relative_to(store / "runs")
        shutil.copy(whole, whole.with_name("part-000009.parquet"))
    assert benchmark.lost_or_twice(study, store, 4) == 3


def test_the_whole_of_it_on_a_few_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark.main(["--sizes", "20", "--evaluations", "12", "--parts", "runs"]) == 0
    assert "| 20 | 20 | 0 |" in capsys.readouterr().out
