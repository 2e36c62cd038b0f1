from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from encave.errors import EncaveError
from encave.run import nasbench201_space as space
from encave.runners.studies.limit import Limit
from encave.runners.studies.simulate import simulate

dehb = pytest.importorskip("dehb", reason="DEHB has no wheels for this Python")


def run(optimizer: Any, toy: Any, evaluations: int, workers: int = 1) -> None:
    simulate(optimizer, toy, Limit(evaluations=evaluations), workers=workers)
    optimizer.finish()
    optimizer.close()


@pytest.mark.parametrize("workers", [1, 4])
def test_the_files_are_complete(make: Any, toy: Any, tmp_path: Path, capfd: Any, workers: int) -> None:
    run(make("dehb", seed=1), toy, 70, workers)
    assert capfd.readouterr() == ("", "")
    history = pd.read_parquet(tmp_path / "history.parquet.gzip")
    assert len(history) == 70
    assert set(history["fidelity"].round(1)) <= {22.2, 66.7, 200.0}
    info = pd.DataFrame(list(history["info"]))
    assert set(info["worker"]) == set(range(workers))
    assert info["end"].is_monotonic_increasing
    assert (info["end"] - info["start"]).to_list() == pytest.approx(history["cost"].to_list())
    incumbent = json.loads((tmp_path / "incumbent.json").read_text())
    assert incumbent["score"] == history["fitness"].min()
    best = incumbent["config"]
    assert incumbent["info"]["valid_error_200"] == toy(best, 200.0).info["valid_error_200"]
    state = json.loads((tmp_path / "dehb_state.json").read_text())
    assert state["DE_params"]["output_path"] == "dehb/toy/seed-1"
    assert (tmp_path / "dehb.log").read_text() == ""


def test_the_trajectory_is_that_of_the_packages_own_loop(make: Any, toy: Any, tmp_path: Path) -> None:
    def objective(config: Any, fidelity: float, **_: Any) -> dict[str, float]:
        evaluation = toy(config, fidelity)
        return {"fitness": evaluation.cost, "cost": evaluation.seconds}

    run(make("dehb", seed=3, folder=tmp_path / "ours"), toy, 120)
    package = dehb.DEHB(
        cs=space.configuration_space(),
        f=objective,
        min_fidelity=12.0,
        max_fidelity=200.0,
        eta=3,
        seed=3,
        n_workers=1,
        output_path=tmp_path / "theirs",
    )
    package.run(fevals=120)
    ours, theirs = (pd.read_parquet(tmp_path / name / "history.parquet.gzip") for name in ("ours", "theirs"))
    columns = ["config_id", "fitness", "cost", "fidelity"]
    pd.testing.assert_frame_equal(ours[columns], theirs[columns])
    assert [list(vector) for vector in ours["config"]] == [list(vector) for vector in theirs["config"]]


def test_a_run_in_which_nothing_ended_has_an_empty_history(make: Any, toy: Any, tmp_path: Path) -> None:
    optimizer = make("dehb")
    simulation = simulate(optimizer, toy, Limit(simulated_seconds=1.0))
    optimizer.finish()
    optimizer.close()
    assert (simulation.evaluations, simulation.unfinished) == (0, 1)
    assert len(pd.read_parquet(tmp_path / "history.parquet.gzip")) == 0


def test_a_log_that_cannot_be_written_is_an_error(make: Any, toy: Any, tmp_path: Path) -> None:
    optimizer = make("dehb")
    simulate(optimizer, toy, Limit(evaluations=5))
    (tmp_path / "history.parquet.gzip").mkdir()
    with pytest.raises(EncaveError, match="History not saved"):
        optimizer.finish()
    optimizer.close()
