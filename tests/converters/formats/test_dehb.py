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

from encave.converters.conversion import convert
from encave.converters.formats.dehb.vectors import decode
from encave.errors import EncaveError
from encave.run import Run
from encave.run import configurations as space_columns

from ..conftest import CHOICES, EDGES, OBJECTIVE, error_of, nas_space, write_dehb, write_sidecar

LOGS = Path(__file__).resolve().parents[2] / "logs" / "dehb"


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


@settings(max_examples=100)
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
    assert run.provenance.group == "DEHB"
    assert (run.budget_name, run.provenance.task, run.provenance.seed) == ("epochs", "cifar10", 0)


def test_times_of_encaves_own_runs_are_not_derived_from_costs(tmp_path: Path) -> None:
    infos = [{"start": 5.0, "end": 9.0, "worker": 1.0, "x": 3}, {"start": 6.0, "end": 7.5, "worker": 0.0, "x": 4}]
    _pickled(tmp_path, [([0.1 * row, 0.2], 0.5, 2.0, 12.0, info) for row, info in enumerate(infos)])
    space = ConfigurationSpace({"a": (0.0, 1.0), "b": (0.0, 1.0)})
    write_sidecar(tmp_path, space=space, trials=2)
    [conversion] = convert([tmp_path], tmp_path / "out")
    run = Run.load(conversion.output)
    assert (run.column("start").tolist(), run.column("end").tolist()) == ([5.0, 6.0], [9.0, 7.5])
    assert run.trials["worker"].to_pylist() == ["1", "0"] and run.trials["extra:x"].to_pylist() == [3, 4]
    assert not any("accumulated cost" in note.text for note in run.notes)


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


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("config_id", ["a", "b"]),
        ("config", [1.0, 2.0]),
        ("config", [["a"], ["b"]]),
        ("config", [{"a": 1}, {"a": 2}]),
        ("fitness", [{"a": 1.0}, {"a": 2.0}]),
        ("cost", ["a", "b"]),
        ("fidelity", [[1.0, 3.0], [2.0, 3.0]]),
    ],
)
def test_columns_of_other_types_are_refused(tmp_path: Path, column: str, values: list[Any]) -> None:
    columns = {"config_id": [0, 1], "config": [[0.1, 0.2], [0.3, 0.4]], "fitness": [1.0, 2.0], "cost": [1.0, 2.0]}
    frame = pd.DataFrame({**columns, "fidelity": [3.0, 3.0], "info": [None, None], column: values})
    frame.to_parquet(tmp_path / "history.parquet.gzip")
    [conversion] = convert([tmp_path], tmp_path / "out")
    assert conversion.status == "refused" and "a column has another type than DEHB gives it" in conversion.reason


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


@pytest.mark.parametrize("first", [(), (7,), (70_000,)])
@pytest.mark.parametrize("rows", [1, 3])
def test_a_pickle_by_any_name(tmp_path: Path, first: tuple[int, ...], rows: int) -> None:
    path = _pickled(tmp_path, [(*first, [0.1 * n, 0.2], 1.0, 2.0, 12.0, {}) for n in range(rows)])
    path = path.rename(tmp_path / "my run.pickle")
    (tmp_path / "dehb.log").write_text("")
    [conversion] = convert([tmp_path], tmp_path / "out")
    assert (conversion.source, conversion.format, conversion.written) == (path, "dehb", rows)


@pytest.mark.parametrize("content", [[1.0, 2.0], [("a", [1.0])], [([1, 2], 3)], {"a": [0.5]}])
def test_other_pickles_are_left_alone(tmp_path: Path, content: Any) -> None:
    _pickled(tmp_path, content).rename(tmp_path / "data.pkl")
    with pytest.raises(EncaveError, match="no log found"):
        convert([tmp_path], tmp_path / "out")


def test_rows_that_are_none_are_counted(tmp_path: Path) -> None:
    good = ([0.1, 0.2], 1.0, 2.0, 12.0, {})
    _pickled(tmp_path, [good, good, None, ("x", 1.0, 2.0, 3.0, {}), ([0.1], 1.0, "y", 3.0, {})])
    [conversion] = convert([tmp_path], tmp_path / "out")
    assert (conversion.read, conversion.written, conversion.dropped, conversion.configurations) == (5, 2, 3, 1)


def test_a_fitness_may_be_an_array_of_one_number(tmp_path: Path) -> None:
    rows = [([0.1, 0.2], fitness, 2.0, 12.0, {}) for fitness in (np.array(0.25), 0.5, np.array([[0.75]]))]
    _pickled(tmp_path, rows)
    [conversion] = convert([tmp_path], tmp_path / "out")
    assert (conversion.read, conversion.dropped) == (3, 1)
    assert Run.load(conversion.output).cost().tolist() == [0.25, 0.5]


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


def one(source: Path, out: Path, space: ConfigurationSpace | None = None) -> tuple[Any, Run]:
    [conversion] = convert([source], out, space=space)
    assert conversion.status == "converted", conversion.reason
    return conversion, Run.load(conversion.output)


def told(conversion: Any, text: str) -> bool:
    return any(text in note.text for note in conversion.notes)


@pytest.mark.parametrize("agrees", [True, False])
def test_incumbent_proves_the_decoding(agrees: bool, tmp_path: Path) -> None:
    write_dehb(tmp_path / "log", 40)
    path = tmp_path / "log" / "incumbent.json"
    incumbent = json.loads(path.read_text())
    if not agrees:
        incumbent["config"][EDGES[0]] = CHOICES[CHOICES.index(incumbent["config"][EDGES[0]]) - 1]
        path.write_text(json.dumps(incumbent))
    conversion, run = one(tmp_path / "log", tmp_path / "out", nas_space())
    assert run.provenance.extra.get("incumbent_file") == ("agrees" if agrees else None)
    assert told(conversion, "the space is not that of the run") == (not agrees)


def test_incumbent_tells_of_another_space(tmp_path: Path) -> None:
    """Of a space with the choices in another order everything converts, and means something else."""
    write_dehb(tmp_path / "log", 40)
    other = ConfigurationSpace()
    other.add([CategoricalHyperparameter(edge, CHOICES[::-1]) for edge in EDGES])
    conversion, _ = one(tmp_path / "log", tmp_path / "out", other)
    assert told(conversion, "the space is not that of the run")


def test_incumbent_names_the_hyperparameters_of_an_unknown_space(tmp_path: Path) -> None:
    write_dehb(tmp_path / "log", 40)
    conversion, run = one(tmp_path / "log", tmp_path / "out")
    assert run.inferred_space
    assert list(run.space) == [f"x{i}" for i in range(6)]
    assert told(conversion, "names 6 hyperparameters: op_0_1, op_0_2")


@pytest.mark.parametrize(("more", "end"), [(2, ", op_y1"), (3, ", op_y1, …")])
def test_of_many_names_the_first_eight_are_told(tmp_path: Path, more: int, end: str) -> None:
    write_dehb(tmp_path / "log", 40)
    path = tmp_path / "log" / "incumbent.json"
    incumbent = json.loads(path.read_text())
    incumbent["config"] |= {f"op_y{k}": 0 for k in range(more)}
    path.write_text(json.dumps(incumbent))
    conversion, _ = one(tmp_path / "log", tmp_path / "out")
    [text] = [note.text for note in conversion.notes if "incumbent file names" in note.text]
    assert text.startswith(f"DEHB's incumbent file names {6 + more} hyperparameters: op_0_1, ") and text.endswith(end)


def test_rows_that_only_the_incumbent_knows(tmp_path: Path, shared: Path) -> None:
    conversion, _ = one(_behaviour(shared, "mixed_type_info"), tmp_path / "out", toy_space())
    assert told(conversion, "rows are missing")
    assert told(conversion, "could not save its history 6 times")
    cut, _ = one(_behaviour(shared, "numpy_info"), tmp_path / "cut", toy_space())
    assert told(cut, "incumbent.json breaks off")
    raised, _ = one(_behaviour(shared, "objective_raises"), tmp_path / "raised", toy_space())
    assert told(raised, "RuntimeError: boom")


def test_state_gives_settings_and_is_checked(tmp_path: Path) -> None:
    write_dehb(tmp_path / "log", 40)
    _, run = one(tmp_path / "log", tmp_path / "out", nas_space())
    assert run.provenance.settings["eta"] == 3
    assert run.provenance.settings["max_age"] == "inf"
    assert not {"output_path", "configspace"} & set(run.provenance.settings)
    path = tmp_path / "log" / "dehb_state.json"
    state = json.loads(path.read_text())
    state["HB_params"]["max_fidelity"] = 90
    state["DE_params"]["dimensions"] = 7
    [number] = {row["config_id"] for row in run.trials.to_pylist()[:1]}
    state["internals"]["initial_configs"][0] |= {"config_id": number, "config": [0.5] * 6}
    path.write_text(json.dumps(state))
    conversion, _ = one(tmp_path / "log", tmp_path / "other", nas_space())
    assert told(conversion, "the fidelity is none of those of dehb_state.json (30, 90)")
    assert told(conversion, "7 dimensions, the vectors have 6")
    assert told(conversion, "another vector for the same number")


def timed_run(folder: Path, *, seconds: float) -> Any:
    """A run whose objective takes a known time and says `seconds` times as much."""
    import time

    dehb = pytest.importorskip("dehb")

    def objective(config: Any, fidelity: float, **_: Any) -> dict[str, float]:
        begun = time.perf_counter()
        time.sleep(0.002)
        return {"fitness": error_of(config, fidelity), "cost": (time.perf_counter() - begun) * seconds}

    optimizer = dehb.DEHB(
        f=objective,
        cs=nas_space(),
        min_fidelity=12,
        max_fidelity=200,
        seed=0,
        n_workers=1,
        output_path=folder,
        log_level="INFO",
        save_freq="step",
    )
    optimizer.run(fevals=16)
    return optimizer


@pytest.mark.parametrize("seconds", [0.5, 1000.0])
def test_starts_of_the_text_log(seconds: float, tmp_path: Path) -> None:
    optimizer = timed_run(tmp_path / "log", seconds=seconds)
    conversion, run = one(tmp_path / "log", tmp_path / "out", nas_space())
    lines = (tmp_path / "log" / "dehb.log").read_text().splitlines()
    stamps = pd.to_datetime([line.split(" ")[0] for line in lines if "Evaluating" in line])
    logged = [(stamp - stamps[0]).total_seconds() for stamp in stamps]
    costs = [row[3] for row in optimizer.history]
    if seconds == 0.5:
        assert run.column("start").tolist() == pytest.approx(logged, abs=1e-6)
        assert (run.column("end") - run.column("start")).tolist() == pytest.approx(costs)
        assert "extra:logged_start" not in run.trials.column_names
    else:
        assert run.column("end").tolist() == pytest.approx(np.cumsum(costs).tolist())
        assert run.column("extra:logged_start").tolist() == pytest.approx(logged, abs=1e-6)
        assert told(conversion, "no seconds of the clock")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda text: text.replace("Evaluating configuration 17 ", "Evaluating configuration 99 "),
            "numbers of config",
        ),
        (lambda text: text.replace(" 3/16 function", " 2/16 function"), "one worker"),
        (lambda text: text.replace("with fidelity 200.0", "with fidelity 66.0"), "fidelities"),
        (lambda text: text.split("8/16")[0], "tells of 8 evaluations, the history of 16"),
        (lambda text: re.sub(r"T\d\d(?=.*Evaluating configuration 20 )", "T00", text), "clock was set back"),
    ],
)
def test_text_log_that_does_not_fit_is_not_joined(change: Any, reason: str, tmp_path: Path) -> None:
    timed_run(tmp_path / "log", seconds=1.0)
    path = tmp_path / "log" / "dehb.log"
    path.write_text(change(path.read_text().replace("T00", "T01")))
    conversion, run = one(tmp_path / "log", tmp_path / "out", nas_space())
    assert told(conversion, "is not joined to the history")
    assert told(conversion, reason)
    assert run.column("end").tolist() == np.cumsum(run.column("extra:cost")).tolist()


def test_text_log_tells_of_lost_rows(tmp_path: Path) -> None:
    timed_run(tmp_path / "log", seconds=1.0)
    path = tmp_path / "log" / "history.parquet.gzip"
    pd.read_parquet(path).iloc[:10].to_parquet(path)
    conversion, run = one(tmp_path / "log", tmp_path / "out", nas_space())
    assert [note.count for note in conversion.notes if "save frequency lost" in note.text] == [6]
    assert told(conversion, "starts are those of DEHB's text log")
    assert len(run) == 10


def test_numbers_of_0_1_0_are_in_its_text_log(tmp_path: Path, shared: Path) -> None:
    folder = shared / "logs/generated/dehb/dehb_0.1.0"
    conversion, run = one(folder, tmp_path / "out", toy_space())
    [log] = folder.glob("*.log")
    numbers = re.findall(r"Evaluating configuration (\d+) ", log.read_text())
    assert conversion.release == "0.1.0"
    assert run.column("config_id").tolist() == [int(number) for number in numbers]


def test_text_log_alone_is_refused_with_the_reason(tmp_path: Path, shared: Path) -> None:
    [alone] = convert([_behaviour(shared, "asktell_end")], tmp_path / "out")
    assert (alone.status, alone.format) == ("refused", "dehb")
    assert "nothing had been saved" in alone.reason
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "dehb_notes.log").write_text("groceries\n")
    with pytest.raises(EncaveError, match="no log found"):
        convert([tmp_path / "log"], tmp_path / "none")


def test_info_that_is_none_and_rows_of_other_dimensions(tmp_path: Path) -> None:
    rows = [([0.1, 0.2], 1.0, 2.0, 12.0, None), ([0.1, 0.2], 2.0, 2.0, 12.0, 7), ([0.3, 0.2], 3.0, 2.0, 12.0, {"a": 1})]
    rows += [([0.3], 1.0, 2.0, 12.0, {}), ([0.3, 1.2], 1.0, 2.0, 12.0, {}), ([0.3, 1.0], 1.0, 2.0, float("nan"), {})]
    _pickled(tmp_path, rows)
    conversion, run = one(tmp_path, tmp_path / "out")
    assert (conversion.read, conversion.written, conversion.dropped) == (6, 3, 3)
    assert run.trials["extra:info"].to_pylist() == [None, 7, None]
    assert run.trials["extra:a"].to_pylist() == [None, None, 1]
    assert told(conversion, "not in the unit cube")


def test_rows_without_number_or_info_in_parquet(tmp_path: Path) -> None:
    content: dict[str, list[Any]] = {"config_id": [3, None, 4], "config": [[0.1, 0.2]] * 3, "fitness": [1.0, 2.0, 3.0]}
    content |= {"cost": [1.0] * 3, "fidelity": [4.0] * 3, "info": [{"a": 1.5}, {"a": 2.5}, None]}
    pd.DataFrame(content).to_parquet(tmp_path / "history.parquet.gzip")
    conversion, run = one(tmp_path, tmp_path / "out")
    assert (conversion.read, conversion.dropped) == (3, 1)
    assert run.trials["config_id"].to_pylist() == [3, 4]
    assert run.trials["extra:a"].to_pylist() == [1.5, None]


def test_one_number_with_two_vectors(tmp_path: Path) -> None:
    rows = [
        (5, [0.1, 0.2], 1.0, 2.0, 12.0, {}),
        (5, [0.3, 0.2], 2.0, 2.0, 12.0, {}),
        (6, [0.1, 0.2], 2.0, 2.0, 40.0, {}),
    ]
    _pickled(tmp_path, rows)
    conversion, run = one(tmp_path, tmp_path / "out")
    assert told(conversion, "one number stands for several vectors")
    assert [run.configuration(i)["x0"] for i in run.column("config_id").tolist()] == [0.1, 0.3, 0.1]


@pytest.mark.parametrize(("dimensions", "names"), [(10, ["x0", "x9"]), (11, ["x00", "x10"])])
def test_dimensions_without_a_space_are_named_in_their_order(tmp_path: Path, dimensions: int, names: list[str]) -> None:
    _pickled(tmp_path, [(0, [0.5] * dimensions, 1.0, 2.0, 12.0, {})])
    _, run = one(tmp_path, tmp_path / "out")
    assert [*run.hyperparameters][:: dimensions - 1] == names
    assert list(run.hyperparameters) == sorted(run.hyperparameters)


def test_several_objectives_of_a_fork(tmp_path: Path) -> None:
    """MaDEHB writes lists as fitness, and a Pareto front instead of an incumbent."""
    fitness = [[1.0, 5.0], [2.0, float("inf")], [3.0, 1.0]]
    content = {"config_id": [0, 1, 2], "config": [[0.1], [0.2], [0.3]], "fitness": fitness}
    content |= {"cost": [4.0, 4.0, 12.0], "fidelity": [4.0, 4.0, 12.0]}
    pd.DataFrame(content).to_parquet(tmp_path / "madehb_history.parquet.gzip")
    front = {"configs": [[0.1], [0.3]], "score": [[1.0, 5.0], [3.0, 1.0]], "info": None, "timestamp": 1}
    (tmp_path / "incumbent.json").write_text(json.dumps(front))
    conversion, run = one(tmp_path, tmp_path / "out")
    assert conversion.statuses == {"success": 2, "crashed": 1}
    assert run.trials["cost:fitness_0"].to_pylist() == [1.0, None, 3.0]
    assert run.trials["cost:fitness_1"].to_pylist() == [5.0, None, 1.0]
    assert run.trials["extra:raw_fitness_0"].to_pylist() == [None, 2.0, None]


def test_fitness_that_never_changes_is_told(tmp_path: Path) -> None:
    _pickled(tmp_path, [([i / 20], 999.0, 1.0, 1.0, {}) for i in range(12)])
    conversion, _ = one(tmp_path, tmp_path / "out")
    assert told(conversion, "what stands for a failure")


def test_space_in_a_pcs_file(tmp_path: Path) -> None:
    write_dehb(tmp_path / "log", 40)
    lines = [f"{edge} categorical {{{', '.join(CHOICES)}}} [none]" for edge in EDGES]
    (tmp_path / "log" / "space.pcs").write_text("\n".join(lines))
    _, run = one(tmp_path / "log", tmp_path / "out")
    assert not run.inferred_space
    assert run.provenance.extra["incumbent_file"] == "agrees"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.sampled_from([1e-320, 10**400]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
ANY = JSON | st.lists(st.floats(0, 1), min_size=2, max_size=2)


@settings(max_examples=12)  # of five logs each, which are converted together
@given(st.lists(st.tuples(JSON, ANY, st.tuples(JSON, JSON, JSON), JSON | st.just(0), ANY), min_size=5, max_size=5))
def test_whatever_stands_beside_the_history_it_converts(
    tmp_path_factory: pytest.TempPathFactory, logs: list[tuple[Any, Any, tuple[Any, Any, Any], Any, Any]]
) -> None:
    root = tmp_path_factory.mktemp("logs")
    for place, (score, config, sizes, number, initial) in enumerate(logs):
        (folder := root / f"log-{place}").mkdir()
        (folder / "history.pkl").write_bytes(pickle.dumps([(0, [0.1, 0.2], 1.0, 2.0, 12.0, {})]))
        (folder / "incumbent.json").write_text(json.dumps({"config": config, "score": score}))
        told_sizes = dict(zip(("min_fidelity", "max_fidelity", "eta"), sizes, strict=True))
        internals = {"initial_configs": [{"config_id": number, "config": initial}, initial]}
        state = {"DE_params": {"dimensions": number, "x": score}, "HB_params": told_sizes, "internals": internals}
        (folder / "dehb_state.json").write_text(json.dumps(state))
    found = convert([root], root / "out")
    assert [(conversion.status, conversion.reason) for conversion in found] == [("converted", None)] * len(logs)
    assert [len(Run.load(conversion.output)) for conversion in found] == [1] * len(logs)


def test_a_pickle_of_protocol_5_with_arrays(tmp_path: Path) -> None:
    [done] = convert([LOGS / "dehb_protocol_5"], tmp_path)
    assert done.output
    run = Run.load(done.output)
    rows = run.trials.to_pylist()
    rng = np.random.default_rng(0)
    for row, budget in zip(rows, np.repeat([3.0, 9.0, 27.0], 4).tolist(), strict=True):
        vector, fitness = rng.random(3), float(rng.random())
        assert (row["budget"], row["cost:fitness"]) == (budget, fitness)
        assert list(run.configuration(row["config_id"]).values()) == pytest.approx(vector.tolist(), abs=1e-12)


@pytest.mark.parametrize("own", [True, False])
def test_an_incumbent_that_is_a_vector_is_looked_up(tmp_path: Path, own: bool) -> None:
    optimizer = write_dehb(tmp_path / "log", 40)
    path = tmp_path / "log" / "incumbent.json"
    incumbent = json.loads(path.read_text())
    vector = np.asarray(optimizer.inc_config, dtype=float)
    incumbent["config"] = (vector if own else 1 - vector).tolist()
    path.write_text(json.dumps(incumbent))
    conversion, _ = one(tmp_path / "log", tmp_path / "out")
    assert told(conversion, "another vector") == (not own)
