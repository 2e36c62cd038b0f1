"""AutoML-Toolkit's histories, row by row against the Parquet file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from encave.converters.formats.amltk import READER
from encave.converters.reader import Listing, Options, ReadResult
from encave.errors import EncaveError

METRIC = "metric:accuracy [0.0, 1.0] (maximize)"
RUNS = ["optuna_optimizer/run_1", *(f"smac_optimizer{kind}/run_{n}" for kind in ("", "_mf") for n in (1, 2, 3))]


def read(folder: Path) -> ReadResult:
    (found,) = READER.detect(Listing(folder, tuple(sorted(path.name for path in folder.iterdir()))))
    return READER.read(found, Options())


@pytest.mark.parametrize("name", RUNS)
def test_real_histories(shared: Path, name: str) -> None:
    folder = shared / "logs" / "real" / "deepcave-examples" / "AMLTK" / name
    raw = pd.read_parquet(folder / "history.parquet")
    result = read(folder)
    run = result.run
    assert result.read == len(run) == len(raw)
    assert run.cost("accuracy").tolist() == (-raw[METRIC].astype(float)).tolist()
    assert run.objectives[0].upper == 1.0
    for row, (index, expected) in enumerate(raw.iterrows()):
        values = {k.removeprefix("config:"): v for k, v in expected.items() if str(k).startswith("config:")}
        kept = {k: v for k, v in values.items() if not pd.isna(v)}
        assert run.configuration(run.trials["config_id"][row].as_py()) == pytest.approx(kept)
        budget = str(index).partition("_budget=")[2].partition("_")[0]
        assert run.trials["budget"][row].as_py() == (float(budget) if budget not in ("", "None") else None)


def history(**columns: list[object]) -> pd.DataFrame:
    base = {
        "status": ["success", "crashed", "fail"],
        "trial_seed": [1, 1, 1],
        METRIC: [0.5, None, 0.1],
        "metric:loss (minimize)": [2.0, None, 9.0],
        "config:x": [1, 1, 2],
        "deepcave:time:start": [100.0, 101.0, 102.0],
        "deepcave:time:end": [101.0, 102.0, 103.0],
    }
    return pd.DataFrame(base | columns, index=pd.Index(["a_budget=3.5_instance=None", "b", "c"], name="name"))


@pytest.mark.parametrize(
    ("index", "optimizer"), [("config_id=1_seed=2", "SMAC"), ("trial_number=1", "Optuna"), ("a", "AutoML-Toolkit")]
)
def test_names_of_trials_tell_the_optimizer(tmp_path: Path, index: str, optimizer: str) -> None:
    folder = tmp_path / "plain" / "names" / "only" / "here"
    folder.mkdir(parents=True)
    history().set_axis([f"{index}{letter}" for letter in "abc"]).to_parquet(folder / "mine.parquet")
    assert read(folder).run.optimizer.name == optimizer


@pytest.mark.parametrize("gone", [["status"], ["trial_seed"], [METRIC, "metric:loss (minimize)"]])
def test_other_tables_are_left_alone(tmp_path: Path, gone: list[str]) -> None:
    for name in ("mine.parquet", "history.parquet"):
        history().drop(columns=gone).to_parquet(tmp_path / name)
    assert list(READER.detect(Listing(tmp_path, ("mine.parquet", "history.parquet")))) == []


def test_failed_trials_and_several_metrics(tmp_path: Path) -> None:
    history().to_parquet(tmp_path / "mine.parquet")
    run = read(tmp_path).run
    assert run.column("status").tolist() == ["success", "crashed", "crashed"]
    assert run.trials["cost:accuracy"].to_pylist() == [0.5, None, None]
    assert run.trials["extra:raw_loss"].to_pylist() == [2.0, None, 9.0]
    assert [objective.direction for objective in run.objectives] == ["maximize", "minimize"]
    assert run.trials["start"].to_pylist() == [0.0, 1.0, 2.0]
    assert run.trials["budget"].to_pylist() == [3.5, None, None]
    assert run.trials["config_id"].to_pylist() == [0, 0, 1]
    assert run.inferred_space


@pytest.mark.parametrize("size", [0, 200])
def test_damaged_files_are_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "history.parquet"
    history().to_parquet(path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(EncaveError, match=r"history\.parquet is truncated or damaged"):
        read(tmp_path)


def test_a_success_that_lacks_a_metric_is_told(tmp_path: Path) -> None:
    history(status=["success", "success", "success"]).to_parquet(tmp_path / "mine.parquet")
    run = read(tmp_path).run
    assert run.column("status").tolist() == ["success", "crashed", "success"]
    assert [(note.kind, note.count) for note in run.notes if "every metric" in note.text] == [("derived", 1)]
