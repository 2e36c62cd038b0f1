"""Which configurations are the same."""

from pathlib import Path

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace

import encave
from encave.analysis.grouping.sections import view_runs
from encave.analysis.landscape.exploration import distinct_rows, exploration, group_exploration, mean_hamming
from encave.run import Objective, Optimizer, Provenance, Run

SPACE = ConfigurationSpace({"a": ["x", "y"], "b": (1, 5)})


@pytest.mark.parametrize("kinds", [3, 2**31])  # the product of many kinds is more than an integer holds
def test_rows_are_told_apart_as_numpy_does(kinds: int) -> None:
    rng = np.random.default_rng(1)
    few = rng.integers(0, 3, size=(200, 5)) * (kinds // 3)
    first, kind = distinct_rows(few)
    rows, their_first, their_kind = np.unique(few, axis=0, return_index=True, return_inverse=True)
    assert (few[first] == rows).all()
    assert (first == their_first).all()
    assert (kind == their_kind.reshape(-1)).all()


def test_no_rows_and_no_columns() -> None:
    assert [len(part) for part in distinct_rows(np.zeros((0, 3), dtype=np.int64))] == [0, 0]
    assert [part.tolist() for part in distinct_rows(np.zeros((3, 0), dtype=np.int64))] == [[0], [0, 0, 0]]
    assert np.isnan(mean_hamming(np.zeros((3, 0), dtype=np.int64)))


def test_a_run_by_hand() -> None:
    """Two ids with one configuration; four trials, of which one repeats the configuration at its budget."""
    run = Run.from_columns(
        name="r",
        optimizer=Optimizer("o"),
        space=SPACE,
        objectives=[Objective("y")],
        trials={"config_id": [0, 1, 2, 0], "status": ["success"] * 4, "end": [1.0, 2, 3, 4], "cost:y": [1.0, 2, 3, 4],
                "budget": [1.0, 1, 1, 9]},
        configurations={0: {"a": "x", "b": 1}, 1: {"a": "x", "b": 1}, 2: {"a": "y", "b": 1}},
    )  # fmt: skip
    found = exploration(run)
    assert (found.trials, found.distinct) == (4, 2)
    assert found.duplicates == 1 / 4
    assert found.hamming == 1 / 2  # one hyperparameter of two
    assert found.late_hamming == 1 / 2


def bare(optimizer: str, seed: int) -> Run:
    return Run.from_columns(
        name=f"{optimizer}-{seed}",
        optimizer=Optimizer(optimizer),
        space=ConfigurationSpace(),
        objectives=[Objective("y")],
        trials={
            "config_id": range(9),
            "status": ["success"] * 9,
            "end": range(1, 10),
            "cost:y": np.random.default_rng(seed).random(9),
        },
        configurations={i: {} for i in range(9)},
        provenance=Provenance(task="t", seed=seed),
    )


def test_a_run_without_hyperparameters() -> None:
    assert exploration(bare("a", 1)).distinct == 9
    assert np.isnan(exploration(bare("a", 1)).hamming)


def test_a_report_compares_runs_without_hyperparameters(tmp_path: Path) -> None:
    encave.report([bare(optimizer, seed) for optimizer in "ab" for seed in range(3)], tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text()
    assert "its log tells of no hyperparameters" in page
    assert "the logs tell of no hyperparameters" in page


@pytest.mark.parametrize("names", [("a", "b"), (".a", "../b"), ("[0]", "c0"), ("config_id2", "ä.b[1]")])
def test_configurations_together_whatever_hyperparameters_are_called(names: tuple[str, str]) -> None:
    space = ConfigurationSpace({names[0]: ["x", "y"], names[1]: (1, 5)})
    runs = [
        Run.from_columns(
            name=f"r{seed}",
            optimizer=Optimizer("o"),
            space=space,
            objectives=[Objective("y")],
            trials={"config_id": [0, 1], "status": ["success"] * 2, "cost:y": [1.0, 2]},
            configurations={0: {names[0]: "x", names[1]: 1}, 1: {names[0]: "y", names[1]: 1 + seed}},
            provenance=Provenance(task="t", seed=seed),
        )
        for seed in range(3)
    ]
    [group] = group_exploration(view_runs(runs).sections)[0]
    assert group.together == 4
