"""NASLib's errors.json: stock, with architectures, with swapped columns, and damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from encave.errors import EncaveError

from ..reading import notes, read_one

SETTINGS = {"dataset": "cifar10", "optimizer": "re", "search_space": "nasbench201", "seed": 3, "search": {"epochs": 12}}


def write(folder: Path, metrics: dict[str, Any], settings: dict[str, Any] | None = SETTINGS) -> Path:
    path = folder / "errors.json"
    path.write_text(json.dumps(metrics if settings is None else [settings, metrics]))
    return path


def metrics(size: int = 12, **more: Any) -> dict[str, Any]:
    return {
        "train_acc": [99.0] * size,
        "valid_acc": [80.0 + i for i in range(size)],
        "test_acc": [79.0 + i for i in range(size)],
        "runtime": [0.5] * size,
        "train_time": [100.0] * size,
        "params": 0.0,
        **more,
    }


def test_the_stock_form_says_that_it_knows_no_architectures(tmp_path: Path) -> None:
    result = read_one(write(tmp_path, metrics()), "naslib")
    run = result.run
    assert run.column("cost:valid_acc").tolist() == [80.0 + i for i in range(12)]
    assert run.objectives[0].direction == "maximize"
    assert run.column("end").tolist() == [0.5 * (i + 1) for i in range(12)]  # the training time is the incumbent's
    assert run.inferred_space and run.provenance.extra["incumbent_only"]
    assert list(run.space) == ["evaluation"]
    assert "did not log the architectures" in notes(result)
    assert (run.optimizer.name, run.provenance.task, run.provenance.seed) == ("RE", "cifar10", 3)
    assert run.name == "RE-cifar10-nasbench201-seed3"


def test_the_full_form_without_settings(tmp_path: Path) -> None:
    values = metrics(valid_loss=[-1] * 12, arch_eval=93.1)
    run = read_one(write(tmp_path, values, None), "naslib").run
    assert len(run) == 12
    assert np.isnan(run.column("extra:valid_loss")).all()


@pytest.mark.parametrize("form", [str, lambda text: [int(c) for c in text], lambda text: str([int(c) for c in text])])
def test_architectures_are_in_naslibs_order(tmp_path: Path, form: Any) -> None:
    architectures = ["301042", "004103"] * 6
    result = read_one(write(tmp_path, metrics(configs=[form(a) for a in architectures])), "naslib")
    run = result.run
    # edges 0_1 0_2 0_3 1_2 1_3 2_3; operations skip, none, 3x3, 1x1, pool
    expected = {
        "op_0_1": "nor_conv_1x1",
        "op_0_2": "skip_connect",
        "op_0_3": "none",
        "op_1_2": "skip_connect",
        "op_1_3": "avg_pool_3x3",
        "op_2_3": "nor_conv_3x3",
    }
    assert run.configuration(0) == expected
    assert run.column("config_id").tolist() == [0, 1] * 6
    assert run.column("end").tolist() == [100.0 * (i + 1) for i in range(12)]
    assert not run.inferred_space


@pytest.mark.parametrize(("same", "told"), [(6, False), (7, True)])
def test_test_values_in_more_than_half_of_the_trials_are_told(tmp_path: Path, same: int, told: bool) -> None:
    values = metrics(test_acc=[80.0 + i + (i >= same) for i in range(12)])
    result = read_one(write(tmp_path, values), "naslib")
    counts = [note.count for note in result.run.notes if "valid_acc equals test_acc" in note.text]
    assert counts == ([same] if told else [])


def test_sentinels_are_not_values(tmp_path: Path) -> None:
    values = metrics(train_acc=[-1] * 12, train_time=[-1] * 12)
    values["valid_acc"][4] = -1
    result = read_one(write(tmp_path, values), "naslib")
    assert np.isnan(result.run.column("extra:train_acc")).all()
    assert result.run.status_counts() == {"success": 11, "not-evaluated": 1}
    assert "flagged 12: train_time is -1" in notes(result)


def test_lists_of_unequal_length_are_counted(tmp_path: Path) -> None:
    values = metrics(train_acc=[99.0] * 15)
    values["test_acc"] = values["test_acc"][:10]
    result = read_one(write(tmp_path, values), "naslib")
    assert (result.read, len(result.run), result.dropped) == (15, 12, 3)
    assert np.isnan(result.run.column("extra:test_acc")).tolist() == [False] * 10 + [True] * 2


def test_a_file_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write(tmp_path, metrics())
    text = path.read_text()
    path.write_text(text[: text.index("85.0")])
    result = read_one(path, "naslib")
    assert (result.read, len(result.run), result.dropped) == (12, 5, 7)
    assert "breaks off" in notes(result)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (metrics(valid_acc=[i / 3 for i in range(6)] + [2.302585] * 6), "swapped"),
        (metrics(valid_acc=[900.0] * 12), "cannot be an accuracy"),
        (metrics(test_acc=[-7.0] * 12), "cannot be an accuracy"),
        (metrics(valid_acc=[]), "no list valid_acc"),
        (metrics(valid_acc=["high"] * 12), "not a list of numbers"),
        (metrics(valid_acc=[10**400] * 12), "not a list of numbers"),
        (metrics(configs=["901042"] * 12), "no architectures"),
        (metrics(configs=[None] * 12), "no architectures"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, values: dict[str, Any], reason: str) -> None:
    with pytest.raises(EncaveError, match=reason):
        read_one(write(tmp_path, values), "naslib")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "errors.json").write_bytes(b"")
    with pytest.raises(EncaveError, match="is empty"):
        read_one(tmp_path, "naslib")


@given(st.binary(max_size=40), st.integers(0, 400))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_never_ends_in_a_traceback(tmp_path: Path, junk: bytes, at: int) -> None:
    path = write(tmp_path, metrics(configs=["301042"] * 12))
    data = path.read_bytes()
    path.write_bytes(b'[{"train_acc' + data[12:at] + junk + data[at + len(junk) :])
    try:
        read_one(path, "naslib")
    except EncaveError as error:
        assert "errors.json" in str(error)
    except AssertionError:  # not recognised any more
        pass


def test_the_once_for_all_log(shared: Path) -> None:
    folder = shared / "logs" / "real" / "regularized_evolution" / "schlagem_ofa_gp_none_0"
    raw = json.loads((folder / "errors.json").read_text())[1]
    result = read_one(folder, "naslib")
    run = result.run
    assert (result.read, len(run)) == (300, 300)
    assert run.column("cost:valid_acc").tolist() == raw["valid_acc"]
    assert run.column("extra:test_acc").tolist() == raw["test_acc"]
    assert np.isnan(run.column("extra:train_time")).all()  # -1 in the log
    assert run.provenance.task == "imagenet"


def test_the_log_with_swapped_columns_is_refused_with_the_evidence(shared: Path) -> None:
    folder = shared / "logs" / "real" / "regularized_evolution" / "hpo4nas_re_c100_seed5"
    with pytest.raises(EncaveError, match=r"swapped: valid_acc of 300 .* 4\.60517.*train_loss reaches 99"):
        read_one(folder, "naslib")


def test_architectures_of_the_swapped_log_agree_with_the_table(shared: Path, table_path: Path, tmp_path: Path) -> None:
    source = shared / "logs" / "real" / "regularized_evolution" / "hpo4nas_re_c100_seed5" / "errors.json"
    head, values = json.loads(source.read_text())
    values["valid_acc"] = [100 - error for error in values["train_loss"]]
    run = read_one(write(tmp_path, values, head), "naslib").run
    frame = run.to_pandas()
    edges = [f"op_{edge}" for edge in ("0_1", "0_2", "1_2", "0_3", "1_3", "2_3")]
    table = pq.read_table(table_path, columns=[*edges, "c100_valtest_acc_200_s888"]).to_pandas()
    joined = frame.merge(table, left_on=[f"config:{edge}" for edge in edges], right_on=edges, how="left")
    assert len(joined) == 300
    assert np.abs(joined["c100_valtest_acc_200_s888"] - joined["cost:valid_acc"]).max() < 1e-6
