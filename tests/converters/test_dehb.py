"""DEHB's logs: decoding as the package does it, the more complete file, times, and what is no log."""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ConfigSpace import (
    AndConjunction,
    CategoricalHyperparameter,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    GreaterThanCondition,
    InCondition,
    OrConjunction,
    OrdinalHyperparameter,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)
from ConfigSpace.exceptions import IllegalValueError
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from encave import space_columns
from encave.converters.conversion import convert
from encave.converters.dehb_vectors import decode
from encave.errors import EncaveError
from encave.run import Run

from .conftest import CHOICES, EDGES, OBJECTIVE, error_of, nas_space, write_dehb, write_sidecar

LOGS = Path(__file__).resolve().parents[1] / "logs" / "dehb"


def conditional_space() -> ConfigurationSpace:
    space = ConfigurationSpace(seed=0)
    space.add(
        [
            CategoricalHyperparameter("kind", ["a", "b", "c", "d", "e"]),
            CategoricalHyperparameter("units", [16, 32, 64]),
            OrdinalHyperparameter("size", ["s", "m", "l", "xl"]),
            UniformFloatHyperparameter("lr", 1e-6, 0.1, log=True),
            UniformIntegerHyperparameter("layers", 1, 9),
            UniformIntegerHyperparameter("width", 2, 2000, log=True),
            UniformFloatHyperparameter("drop", 0.0, 0.9),
            UniformFloatHyperparameter("deep", -3.0, 7.0),
            CategoricalHyperparameter("last", [True, False]),
            Constant("fixed", 4),
        ]
    )
    space.add(InCondition(space["units"], space["kind"], ["a", "b"]))
    space.add(GreaterThanCondition(space["drop"], space["layers"], 4))
    space.add(
        AndConjunction(
            EqualsCondition(space["deep"], space["kind"], "a"), EqualsCondition(space["deep"], space["units"], 32)
        )
    )
    space.add(
        OrConjunction(
            EqualsCondition(space["last"], space["kind"], "e"), GreaterThanCondition(space["last"], space["deep"], 0.5)
        )
    )
    return space


def decoder(space: ConfigurationSpace) -> Any:
    """DEHB's own decoding."""
    dehb = pytest.importorskip("dehb")
    from dehb.optimizers.de import DE

    assert dehb
    return DE(cs=space, f=lambda config: 0.0, dimensions=len(space), pop_size=4)


@pytest.fixture(scope="module")
def conditional() -> Any:
    return decoder(conditional_space())


def decoded(space: ConfigurationSpace, vectors: Any) -> list[dict[str, Any]]:
    table = decode(space, np.array(vectors, dtype=float), np.arange(len(vectors)))
    return [space_columns.decode(space, row) for row in table.to_pylist()]


def test_point_six_of_five_choices_is_choice_two() -> None:
    vectors = [[0.6] * 6, [0.6000000000000001] * 6, [0.39999999999999997] * 6, [0.0] * 6, [1.0] * 6]
    assert [set(config.values()) for config in decoded(nas_space(), vectors)] == [
        {CHOICES[2]},
        {CHOICES[3]},
        {CHOICES[1]},
        {CHOICES[0]},
        {CHOICES[4]},
    ]


@pytest.mark.parametrize("choices", [*range(2, 30), 48, 50])
def test_choices_as_dehb(choices: int) -> None:
    space = ConfigurationSpace()
    space.add(CategoricalHyperparameter("x", [f"c{i}" for i in range(choices)]))
    vectors = [[i / choices] for i in range(choices)] + [[np.nextafter(i / choices, 0)] for i in range(1, choices)]
    dehb = decoder(space)
    assert decoded(space, vectors) == [dict(dehb.vector_to_configspace(np.array(v))) for v in vectors]


UNIT = st.one_of(st.floats(0, 1), st.sampled_from([i / n for n in (2, 3, 4, 5) for i in range(n + 1)]))


@settings(deadline=None, max_examples=100)
@given(vector=st.lists(UNIT, min_size=10, max_size=10))
def test_conditional_space_as_dehb(conditional: Any, vector: list[float]) -> None:
    try:
        wanted = dict(conditional.vector_to_configspace(np.array(vector)))
    except IllegalValueError:
        reject()  # on a log scale DEHB can overshoot a bound, and then ends
    assert decoded(conditional.cs, [vector]) == [wanted]


def test_wrong_dimensions_are_refused() -> None:
    with pytest.raises(EncaveError, match="3 dimensions, the configuration space has 6"):
        decoded(nas_space(), [[0.0, 0.5, 1.0]])


def test_run_of_the_real_package(tmp_path: Path) -> None:
    optimizer = write_dehb(tmp_path / "log", 60)
    write_sidecar(tmp_path / "log", trials=60)
    [conversion] = convert([tmp_path / "log"], tmp_path / "out")
    run = Run.load(conversion.output)
    assert (conversion.read, conversion.written, conversion.release) == (60, 60, "0.1.2")
    names = list(nas_space())
    for row, (config_id, vector, fitness, cost, fidelity, info) in zip(
        run.trials.to_pylist(), optimizer.history, strict=True
    ):
        assert row["config_id"] == config_id
        assert run.configuration(config_id) == dict(optimizer.vector_to_configspace(np.array(vector)))
        assert (row[f"cost:{OBJECTIVE}"], row["extra:cost"], row["budget"]) == (fitness, cost, fidelity)
        assert (row["start"], row["end"], row["worker"]) == (info["start"], info["end"], "0")
        assert row["extra:valid_error_200"] == info["valid_error_200"]
        assert row[f"cost:{OBJECTIVE}"] == error_of(run.configuration(config_id), fidelity)
    assert sorted(names) == sorted(EDGES)
    assert not {"extra:start", "extra:end", "extra:worker"} & set(run.trials.column_names)
    assert run.metadata["group"] == "DEHB"
    assert (run.budget_name, run.metadata["task"], run.metadata["seed"]) == ("epochs", "cifar10", 0)


def test_without_times_they_are_the_accumulated_cost(tmp_path: Path) -> None:
    write_dehb(tmp_path / "log", 30, info=False)
    [conversion] = convert([tmp_path / "log"], tmp_path / "out", space=nas_space())
    run = Run.load(conversion.output)
    assert run.column("end").tolist() == np.cumsum(run.column("extra:cost")).tolist()
    assert run.column("start")[0] == 0.0
    assert any("stores no times" in note.text for note in run.notes)
    assert not run.inferred_space


def test_lost_rows_are_told(tmp_path: Path) -> None:
    write_dehb(tmp_path / "log", 20)
    write_sidecar(tmp_path / "log", trials=33)
    [conversion] = convert([tmp_path / "log"], tmp_path / "out")
    assert [note.count for note in conversion.notes if "save frequency" in note.text] == [13]


def _behaviour(shared: Path, name: str) -> Path:
    return shared / "logs/generated/dehb/dehb_0.1.2_behaviours" / name


def test_more_complete_of_two_files(tmp_path: Path, shared: Path) -> None:
    folder = _behaviour(shared, "total_cost")
    [conversion] = convert([folder], tmp_path / "out")
    assert conversion.read == 35
    assert any("history.parquet.gzip 34 and overtime_history.parquet.gzip 35" in note.text for note in conversion.notes)
    [alone] = convert([folder / "history.parquet.gzip"], tmp_path / "alone")
    assert alone.read == 34


def test_no_number_is_a_crash(tmp_path: Path, shared: Path) -> None:
    [conversion] = convert([_behaviour(shared, "nan_inf")], tmp_path / "out")
    run = Run.load(conversion.output)
    logged = pd.read_parquet(_behaviour(shared, "nan_inf") / "history.parquet.gzip")["fitness"].to_numpy()
    assert conversion.statuses == {"success": 41, "crashed": 19}
    assert run.column("cost:fitness")[np.isfinite(logged)].tolist() == logged[np.isfinite(logged)].tolist()
    assert np.isinf(run.column("extra:raw_fitness")).sum() == 12


def test_info_of_several_kinds(tmp_path: Path, shared: Path) -> None:
    [conversion] = convert([_behaviour(shared, "hetero_info")], tmp_path / "out")
    row = Run.load(conversion.output).trials.to_pylist()[0]
    assert row["extra:b"] == "x" or row["extra:a"] == 1
    assert row["extra:curve"] in (None, "[1.0, 2.0]")


@pytest.mark.parametrize(("kept", "told"), [(0, r"empty \(0 bytes\)"), (3000, "truncated or damaged")])
def test_damaged_file_is_refused(tmp_path: Path, kept: int, told: str) -> None:
    write_dehb(tmp_path / "log", 10)
    path = tmp_path / "log" / "history.parquet.gzip"
    path.write_bytes(path.read_bytes()[:kept])
    [conversion] = convert([tmp_path / "log"], tmp_path / "out")
    assert conversion.status == "refused"
    assert re.search(told, conversion.reason)
    assert list((tmp_path / "out").iterdir()) == []


def test_stale_file_beside_a_damaged_one(tmp_path: Path) -> None:
    write_dehb(tmp_path / "log", 10)
    history = tmp_path / "log" / "history.parquet.gzip"
    shutil.copy(history, tmp_path / "log" / "overtime_history.parquet.gzip")
    history.write_bytes(b"PAR1")
    [conversion] = convert([tmp_path / "log"], tmp_path / "out")
    assert (conversion.status, conversion.read) == ("converted", 10)
    assert any("history.parquet.gzip is truncated" in note.text for note in conversion.notes)


def test_other_parquet_is_not_claimed(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "traj.parquet.gzip")
    with pytest.raises(EncaveError, match="no log found"):
        convert([tmp_path], tmp_path / "out")


def toy_space() -> ConfigurationSpace:
    """The space of the logs in `tests/logs`."""
    space = ConfigurationSpace()
    names = ["Identity", "Zero", "ReLUConvBN3x3", "ReLUConvBN1x1", "AvgPool3x3"]
    space.add([CategoricalHyperparameter(f"op_{i}", names) for i in range(6)])
    return space


@pytest.mark.parametrize("release", ["0.0.1", "0.0.5", "0.1.0", "0.1.1", "0.1.2"])
def test_every_release(tmp_path: Path, release: str) -> None:
    """The costs are a function of the configuration, so that every decoded one can be checked."""
    weights = np.random.RandomState(1).rand(6, 5)
    space = toy_space()
    [conversion] = convert([LOGS / f"dehb_{release}"], tmp_path / "out", space=space)
    run = Run.load(conversion.output)
    assert conversion.release == {"0.1.1": "0.1.1", "0.1.2": "0.1.2"}.get(release, "0.0.1-0.1.0")
    assert (conversion.read, conversion.written) == (40, 40)
    choices = space["op_0"].choices
    for row in run.trials.to_pylist():
        config = run.configuration(row["config_id"])
        score = sum(weights[i][choices.index(config[f"op_{i}"])] for i in range(6))
        assert row["cost:fitness"] == float(100 - 10 * score + 20 / np.sqrt(row["budget"]))
        assert row["extra:test_score"] == float(score)
    best = json.loads(next((LOGS / f"dehb_{release}").glob("incumbent*.json")).read_text())
    assert run.incumbent().value >= best["score"]
    assert min(run.cost()) == best["score"]


def _pickled(folder: Path, rows: Any) -> Path:
    path = folder / "history_x.pkl"
    path.write_bytes(pickle.dumps(rows))
    return path


def test_rows_that_are_none_are_counted(tmp_path: Path) -> None:
    good = ([0.1, 0.2], 1.0, 2.0, 12.0, {})
    _pickled(tmp_path, [good, good, None, ("x", 1.0, 2.0, 3.0, {}), ([0.1], 1.0, "y", 3.0, {})])
    [conversion] = convert([tmp_path], tmp_path / "out")
    assert (conversion.read, conversion.written, conversion.dropped, conversion.configurations) == (5, 2, 3, 1)


class Malicious:
    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.victim),)


@pytest.mark.parametrize(
    "rows", [[], {}, [([0.1], 1.0, 2.0)], [([0.1], 1.0, 2.0, 3.0, {}), ([0.1, 0.2], 1.0, 2.0, 3.0, {})]]
)
def test_other_pickles_are_refused(tmp_path: Path, rows: Any) -> None:
    path = _pickled(tmp_path, rows)
    [conversion] = convert([path], tmp_path / "out", forced_format="dehb")
    assert conversion.status == "refused"
    assert str(path) in conversion.reason


def test_malicious_pickle_is_not_executed(tmp_path: Path) -> None:
    path = _pickled(tmp_path, [Malicious(tmp_path / "victim")])
    [conversion] = convert([path], tmp_path / "out")
    assert conversion.status == "refused"
    assert "does not allow" in conversion.reason
    assert not (tmp_path / "victim").exists()


@pytest.mark.parametrize("case", ["c10_40min_run30", "c10_5min_run1"])
def test_real_logs_have_the_facts_of_the_index(tmp_path: Path, shared: Path, case: str) -> None:
    index = json.loads((shared / "logs/real/INDEX.json").read_text())
    facts = next(entry["facts"] for entry in index if entry["case"] == f"dehb/hpo4nas_{case}")
    [conversion] = convert([shared / f"logs/real/dehb/hpo4nas_{case}"], tmp_path / "out", forced_format="dehb")
    run = Run.load(conversion.output)
    budgets, counts = np.unique(run.column("budget"), return_counts=True)
    assert conversion.written == facts["rows"]
    assert {str(b): int(n) for b, n in zip(budgets, counts, strict=True)} == facts["budgets"]
    assert conversion.incumbent["cost"] == facts["best_fitness"]
    assert list(conversion.incumbent["configuration"].values()) == facts["best_config"]
    assert run.column("end")[-1] == pytest.approx(facts["sum_cost"])
    assert (
        len({tuple(run.configuration(i).items()) for i in run.column("config_id").tolist()})
        == facts["distinct_configs"]
    )
    [hidden] = [note.count for note in conversion.notes if "one trial per configuration" in note.text]
    assert facts["rows"] - hidden == facts["distinct_config_budget"]
