"""The published results of random search and regularized evolution, run again on the real table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from encave.runners.studies.study import Limit, RunSpec, run_study


@pytest.mark.parametrize(("adapter", "valid", "test"), [("random", 91.07, 93.86), ("re", 91.25, 94.02)])
def test_cifar10_in_20000_seconds(tmp_path: Path, table_path: Path, adapter: str, valid: float, test: float) -> None:
    """NATS-Bench (Dong et al. 2021), table 4: mean accuracy of the incumbent after 200 epochs, percent."""
    limit = Limit(simulated_seconds=20_000.0)
    specs = [RunSpec(adapter, "cifar10", seed, limit, benchmark=str(table_path)) for seed in range(100)]
    assert len(run_study(tmp_path, specs).done) == 100
    best: list[dict[str, float]] = []
    for spec in specs:
        with (tmp_path / spec.home / "trials.jsonl").open() as lines:
            best.append(min(map(json.loads, lines), key=lambda trial: trial["cost"]["valid_error"])["info"])
    assert 100 - sum(info["valid_error_200"] for info in best) / 100 == pytest.approx(valid, abs=0.1)
    assert 100 - sum(info["test_error_200"] for info in best) / 100 == pytest.approx(test, abs=0.1)
