"""Optuna's storages, trial by trial against Optuna itself or an independent reading of the raw file."""

from __future__ import annotations

import json
import math
import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
from datetime import timezone
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState, create_trial

from encave.converters.conversion import convert
from encave.converters.formats.optuna import journal
from encave.converters.formats.optuna.reader import READER
from encave.converters.reader import Found, Listing, Options, ReadResult
from encave.errors import EncaveError
from encave.run import Run

STATUS = {
    "COMPLETE": "success",
    "PRUNED": "aborted",
    "FAIL": "crashed",
    "RUNNING": "running",
    "WAITING": "not-evaluated",
}
optuna.logging.set_verbosity(optuna.logging.ERROR)
pytestmark = [
    pytest.mark.filterwarnings("ignore:Choices for a categorical distribution"),
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
]


def found_in(folder: Path) -> list[Found]:
    return list(READER.detect(Listing(folder, tuple(sorted(path.name for path in folder.iterdir())))))


def read(folder: Path) -> ReadResult:
    (found,) = found_in(folder)
    return READER.read(found, Options())


def objective(trial: optuna.Trial) -> float:
    """Conditional and list-valued parameters, every state, intermediate values, attributes."""
    kind = trial.suggest_categorical("kind", ["svm", "net", None])
    x = trial.suggest_float("x", 1e-4, 1.0, log=True)
    units = trial.suggest_categorical("units", ([8, 4], [16], []))  # type: ignore[arg-type]
    steps = trial.suggest_int("n", 10, 50, step=10)
    if kind == "net":
        trial.suggest_float("momentum", 0.0, 0.9, step=0.1)
    trial.set_user_attr("host", {"name": "a", "cores": 4})
    trial.set_user_attr("loss", 0.5 + trial.number)
    for step in range(3):
        trial.report(x * (3 - step), step)
        if trial.number % 5 == 1 and step == 1:
            raise optuna.TrialPruned
    if trial.number % 5 == 2:
        raise ValueError("diverged")
    return float("inf") if trial.number == 3 else x + len(units) + steps


def fill(study: optuna.Study) -> optuna.Study:
    study.optimize(objective, n_trials=7, catch=(ValueError,))
    study.enqueue_trial({"x": 0.5})
    study.ask()  # the enqueued one runs for ever
    study.enqueue_trial({"x": 0.25})
    return study


def sampler() -> optuna.samplers.BaseSampler:
    return optuna.samplers.RandomSampler(seed=1)


def sqlite_study(folder: Path) -> optuna.Study:
    return fill(optuna.create_study(storage=f"sqlite:///{folder / 'a study.db'}", study_name="s", sampler=sampler()))


def journal_study(folder: Path) -> optuna.Study:
    backend = optuna.storages.journal.JournalFileBackend(str(folder / "journal.log"))
    return fill(optuna.create_study(storage=optuna.storages.JournalStorage(backend), study_name="s", sampler=sampler()))


def pickled_study(folder: Path) -> optuna.Study:
    study = fill(optuna.create_study(study_name="s", sampler=optuna.samplers.TPESampler(seed=1)))
    (folder / "study.pkl").write_bytes(pickle.dumps(study))
    return study


def expected_params(trial: FrozenTrial) -> dict[str, Any]:
    return {name: json.dumps(value) if name == "units" else value for name, value in trial.params.items()}


def check(run: Run, trials: list[FrozenTrial]) -> None:
    """Everything that Optuna says of the trials is in the run."""
    rows = run.trials.to_pylist()
    assert [row["trial_id"] for row in rows] == [trial.number for trial in trials]
    origin = min(trial.datetime_start for trial in trials if trial.datetime_start)
    for row, trial in zip(rows, trials, strict=True):
        finite = trial.state is TrialState.COMPLETE and abs(trial.value or 0.0) < float("inf")
        infinite = trial.state is TrialState.COMPLETE and not finite
        assert row["status"] == ("crashed" if infinite else STATUS[trial.state.name])
        assert row["cost:value"] == (trial.value if finite else None)
        assert row["extra:raw_value"] == (None if finite else trial.value)
        assert run.configuration(row["config_id"]) == expected_params(trial)
        start = trial.datetime_start and (trial.datetime_start - origin).total_seconds()
        assert row["start"] == (start if start is None else pytest.approx(start, abs=1e-5))
        assert (row["end"] is None) == (trial.datetime_complete is None)
        steps = {str(step): value for step, value in trial.intermediate_values.items()}
        assert json.loads(row["extra:intermediate_values"] or "{}") == steps
        assert row["extra:user_attrs_loss"] == trial.user_attrs.get("loss")
        assert json.loads(row["extra:user_attrs_host"] or "null") == trial.user_attrs.get("host")


def joblib_study(folder: Path) -> optuna.Study:
    joblib = pytest.importorskip("joblib")
    study = fill(optuna.create_study(study_name="s", sampler=optuna.samplers.TPESampler(seed=1)))
    joblib.dump(study, folder / "study.joblib")
    assert b"joblib.numpy_pickle" in (folder / "study.joblib").read_bytes()  # arrays between the instructions
    return study


MAKERS = {"sqlite": sqlite_study, "journal": journal_study, "pickle": pickled_study, "joblib": joblib_study}


Stored = tuple[Path, dict[str, list[FrozenTrial]]]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    """A folder per kind of storage, and what Optuna says is in it."""
    root, trials = tmp_path_factory.mktemp("optuna"), {}
    for kind, make in MAKERS.items():
        (root / kind).mkdir()
        trials[kind] = make(root / kind).trials
    return root, trials


@pytest.mark.parametrize("kind", list(MAKERS))
def test_equals_what_optuna_says(stored: Stored, kind: str) -> None:
    root, trials = stored
    result = read(root / kind)
    assert (result.read, result.dropped) == (9, 0)
    check(result.run, trials[kind])
    space = result.run.space
    assert space["x"].log
    assert (space["x"].lower, space["x"].upper) == (1e-4, 1.0)
    assert (space["n"].lower, space["n"].upper) == (10, 50)
    assert list(space["units"].choices) == ["[8, 4]", "[16]", "[]"]
    assert result.run.inferred_space  # Optuna has no conditions
    told = " ".join(note.text for note in result.run.notes)
    for word in ("pruned", "no conditions", "steps", "crashed", "JSON text"):
        assert word in told


def test_converts_without_importing_optuna(stored: Stored, tmp_path: Path) -> None:
    code = f"""if True:
        import sys
        from pathlib import Path
        from encave.converters import convert
        for done in convert([Path({str(stored[0])!r})], Path({str(tmp_path)!r})):
            print(done.status, done.read, done.written, "optuna" in sys.modules)
    """
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["converted 9 9 False"] * len(MAKERS)


@pytest.mark.parametrize(
    ("name", "renamed"),
    [
        ("sqlite/a study.db", "optuna_study"),
        ("sqlite/a study.db", "x.storage"),
        ("sqlite/a study.db", "tuning.bak"),
        ("journal/journal.log", "study.db"),
    ],
)
def test_storages_are_told_by_content(stored: Stored, tmp_path: Path, name: str, renamed: str) -> None:
    shutil.copy(stored[0] / name, tmp_path / renamed)
    [done] = convert([tmp_path], tmp_path / "out")
    assert (done.status, done.read, done.written) == ("converted", 9, 9)


def test_several_studies_in_a_file(tmp_path: Path) -> None:
    source, out = tmp_path / "log", tmp_path / "out"
    source.mkdir()
    url = f"sqlite:///{source / 'many.db'}"
    backend = optuna.storages.journal.JournalFileBackend(str(source / "many.log"))
    for storage in (url, optuna.storages.JournalStorage(backend)):
        for number, direction in enumerate(("minimize", "maximize", "minimize")):
            study = optuna.create_study(storage=storage, study_name=f"study/{number}", direction=direction)
            study.optimize(lambda trial, n=number: trial.suggest_float("x", n, n + 1), n_trials=number + 1)
        optuna.delete_study(study_name="study/0", storage=storage)
    runs = convert([source], out)
    assert sorted(run.written for run in runs) == [2, 2, 3, 3]
    assert len({run.output for run in runs}) == 4
    assert {run.status for run in convert([source], out)} == {"unchanged"}
    loaded = [Run.load(run.output) for run in runs if run.output]
    assert sorted(run.objectives[0].direction for run in loaded) == ["maximize"] * 2 + ["minimize"] * 2
    assert {run.provenance.study for run in loaded} == {"study/1", "study/2"}


def test_several_objectives_with_names(tmp_path: Path) -> None:
    study = optuna.create_study(directions=["minimize", "maximize"], sampler=sampler())
    study.set_metric_names(["error", "speed"])
    study.optimize(lambda trial: (trial.suggest_float("x", 0, 1), trial.number), n_trials=3)
    (tmp_path / "study.pkl").write_bytes(pickle.dumps(study))
    run = read(tmp_path).run
    assert [(o.name, o.direction) for o in run.objectives] == [("error", "minimize"), ("speed", "maximize")]
    assert run.trials["cost:speed"].to_pylist() == [0.0, 1.0, 2.0]
    assert run.trials["cost:error"].to_pylist() == [trial.values[0] for trial in study.trials]


def test_ranges_that_differ_between_trials_are_widened(tmp_path: Path) -> None:
    study = optuna.create_study(storage=f"sqlite:///{tmp_path / 'x.db'}", sampler=sampler())
    study.optimize(lambda trial: trial.suggest_float("x", -trial.number, trial.number + 1), n_trials=4)
    run = read(tmp_path).run
    assert (run.space["x"].lower, run.space["x"].upper) == (-3.0, 4.0)
    assert any("4 distributions" in note.text for note in run.notes)
    assert len(run.provenance.extra["distributions"]["x"]) == 4


def test_values_outside_their_distribution_and_mixed_choices(tmp_path: Path) -> None:
    study = optuna.create_study(storage=f"sqlite:///{tmp_path / 'x.db'}")
    floats, mixed = (
        optuna.distributions.FloatDistribution(0, 1),
        optuna.distributions.CategoricalDistribution([1, "a", 2.5]),
    )
    for value, choice in ((0.5, 1), (0.75, "a"), (1.0, 2.5)):
        params = {"x": value, "c": choice}
        study.add_trial(create_trial(params=params, distributions={"x": floats, "c": mixed}, value=1.0))
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("UPDATE trial_params SET param_value = 7.5 WHERE param_name = 'x' AND trial_id = 2")
    run = read(tmp_path).run
    assert [run.configuration(number) for number in range(3)] == [
        {"x": 0.5, "c": 1},
        {"x": 7.5, "c": "a"},
        {"x": 1.0, "c": 2.5},
    ]
    assert run.space["x"].upper == 7.5


OLD_SCHEMA = """
CREATE TABLE studies (study_id INTEGER PRIMARY KEY, study_name VARCHAR(512), direction VARCHAR(8));
CREATE TABLE version_info (version_info_id INTEGER PRIMARY KEY, schema_version INTEGER, library_version VARCHAR(256));
CREATE TABLE study_system_attributes (study_system_attribute_id INTEGER PRIMARY KEY, study_id INTEGER, key, value_json);
CREATE TABLE study_user_attributes (study_user_attribute_id INTEGER PRIMARY KEY, study_id INTEGER, key, value_json);
CREATE TABLE trials (trial_id INTEGER PRIMARY KEY, study_id INTEGER, state VARCHAR(8), value FLOAT,
 datetime_start DATETIME, datetime_complete DATETIME);
CREATE TABLE trial_params (param_id INTEGER PRIMARY KEY, trial_id INTEGER, param_name,
 param_value FLOAT, distribution_json);
CREATE TABLE trial_system_attributes (trial_system_attribute_id INTEGER PRIMARY KEY, trial_id INTEGER, key, value_json);
CREATE TABLE trial_user_attributes (trial_user_attribute_id INTEGER PRIMARY KEY, trial_id INTEGER, key, value_json);
CREATE TABLE trial_values (trial_value_id INTEGER PRIMARY KEY, trial_id INTEGER, step INTEGER, value FLOAT);
INSERT INTO studies VALUES (1, 'old', 'MAXIMIZE');
INSERT INTO version_info VALUES (1, 12, '0.19.0');
INSERT INTO trials VALUES (7, 1, 'COMPLETE', 0.75, '2019-11-01 10:00:00.500000', '2019-11-01 10:00:02.500000');
INSERT INTO trials VALUES (8, 1, 'PRUNED', NULL, '2019-11-01 10:00:03.500000', '2019-11-01 10:00:04.500000');
INSERT INTO trial_system_attributes VALUES (1, 7, '_number', '1'), (2, 8, '_number', '0');
INSERT INTO trial_values VALUES (1, 8, 0, 0.25), (2, 8, 1, 0.5);
"""


def test_the_schema_of_optuna_0(tmp_path: Path) -> None:
    distributions = [
        ("lr", 0.01, {"name": "LogUniformDistribution", "attributes": {"low": 1e-3, "high": 1.0}}),
        ("q", 0.5, {"name": "DiscreteUniformDistribution", "attributes": {"low": 0.0, "high": 1.0, "q": 0.25}}),
        ("n", 3, {"name": "IntUniformDistribution", "attributes": {"low": 1, "high": 5}}),
        ("c", 1, {"name": "CategoricalDistribution", "attributes": {"choices": ["a", "b"]}}),
    ]
    with sqlite3.connect(tmp_path / "old.sqlite3") as connection:
        connection.executescript(OLD_SCHEMA)
        rows = [(t, name, value, json.dumps(text)) for t in (7, 8) for name, value, text in distributions]
        statement = (
            "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES (?, ?, ?, ?)"
        )
        connection.executemany(statement, rows)
    result = read(tmp_path)
    run = result.run
    assert result.release == "0.19.0"
    assert run.trials["trial_id"].to_pylist() == [0, 1]
    assert run.column("status").tolist() == ["aborted", "success"]
    assert run.trials["cost:value"].to_pylist() == [None, 0.75]
    assert run.trials["start"].to_pylist() == [3.0, 0.0]
    assert run.trials["extra:last_value"].to_pylist() == [0.5, None]
    assert run.configuration(0) == {"lr": 0.01, "q": 0.5, "n": 3, "c": "b"}
    assert run.space["lr"].log
    assert run.objectives[0].direction == "maximize"
    assert not run.inferred_space


def test_changes_in_the_write_ahead_log_are_read_and_nothing_is_written(tmp_path: Path) -> None:
    study = optuna.create_study(storage=f"sqlite:///{tmp_path / 'w.db'}", study_name="w", sampler=sampler())
    connection = sqlite3.connect(tmp_path / "w.db")
    connection.execute("PRAGMA journal_mode=WAL")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    assert (tmp_path / "w.db-wal").stat().st_size
    before = {
        path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir() if "shm" not in path.name
    }
    assert len(read(tmp_path).run) == 3
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before
    connection.close()


def test_trials_with_damaged_rows_are_dropped_and_counted(stored: Stored, tmp_path: Path) -> None:
    shutil.copy(stored[0] / "sqlite" / "a study.db", tmp_path)
    with sqlite3.connect(tmp_path / "a study.db") as connection:
        connection.execute('UPDATE trial_params SET distribution_json = \'{"name": "X"\' WHERE trial_id = 1')
        connection.execute("UPDATE trials SET state = 'ODD' WHERE trial_id = 2")
        connection.execute("UPDATE trials SET datetime_start = 'never' WHERE trial_id = 3")
    result = read(tmp_path)
    assert (result.read, len(result.run), result.dropped) == (9, 7, 2)
    assert [note.count for note in result.run.notes if "time is no date" in note.text] == [1]


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
def test_a_storage_in_utf_16_is_read_as_one_in_utf_8(stored: Stored, tmp_path: Path, encoding: str) -> None:
    shutil.copytree(stored[0] / "sqlite", tmp_path / "plain")
    (tmp_path / "wide").mkdir()
    wide = sqlite3.connect(tmp_path / "wide" / "a.db")
    with sqlite3.connect(tmp_path / "plain" / "a study.db") as plain, wide as one:
        one.execute(f"PRAGMA encoding = '{encoding}'")
        one.executescript("".join(plain.iterdump()))
    assert read(tmp_path / "wide").run.configurations.equals(read(tmp_path / "plain").run.configurations)


def test_trials_of_one_number_are_numbered_anew(stored: Stored, tmp_path: Path) -> None:
    shutil.copy(stored[0] / "sqlite" / "a study.db", tmp_path)
    with sqlite3.connect(tmp_path / "a study.db") as connection:
        connection.execute("UPDATE trials SET number = 0 WHERE number = 1")
    run = read(tmp_path).run
    assert run.trials["trial_id"].to_pylist() == list(range(9))
    assert [note.count for note in run.notes if "the number of another" in note.text] == [1]


def test_damaged_lines_of_a_journal_are_counted(stored: Stored, tmp_path: Path) -> None:
    path = Path(shutil.copy(stored[0] / "journal" / "journal.log", tmp_path))
    lines = path.read_text().splitlines()
    first = next(number for number, line in enumerate(lines) if '"op_code":5' in line.replace(" ", ""))
    lines[first] = lines[first].replace('"distribution"', '"other"')
    path.write_text("\n".join(lines)[:-20])
    result = read(tmp_path)
    assert (result.read, len(result.run), result.dropped) == (9, 7, 2)
    assert result.run.column("trial_id").tolist() == list(range(1, 8))
    assert any("no operation that can be read" in note.text for note in result.run.notes)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("optuna.db", b""),
        ("optuna.db", b"SQLite format 3\0" + b"\0" * 500),
        ("optuna.log", b""),
        ("optuna.pkl", b""),
        ("optuna.pkl", pickle.dumps("optuna Study")[:-2]),
        ("journal.log", b'{"op_code":0,"worker_id":"a","study_name":"s"'),
    ],
)
def test_empty_and_damaged_files_are_refused_with_the_reason(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(EncaveError, match=name):
        read(tmp_path)


def test_a_study_without_trials_is_told_from_one_that_cannot_be_read(stored: Stored, tmp_path: Path) -> None:
    shutil.copy(stored[0] / "sqlite" / "a study.db", tmp_path)
    with sqlite3.connect(tmp_path / "a study.db") as connection:
        connection.execute("UPDATE trials SET state = 'ODD'")
    with pytest.raises(EncaveError, match="has no trial that can be read, of 9"):
        read(tmp_path)
    with sqlite3.connect(tmp_path / "a study.db") as connection:
        connection.execute("DELETE FROM trials")
    with pytest.raises(EncaveError, match="has no trials"):
        read(tmp_path)


def test_a_truncated_storage_is_refused(stored: Stored, tmp_path: Path) -> None:
    shutil.copy(stored[0] / "sqlite" / "a study.db", tmp_path)
    path = tmp_path / "a study.db"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    for found in found_in(tmp_path):
        with pytest.raises(EncaveError, match=r"a study\.db"):
            READER.read(found, Options())


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("directions", 5), ("directions", np.array(5.0)), ("name", np.arange(2)), ("_study_id", [1])],
)
def test_a_pickle_whose_study_has_wrong_types_is_refused_with_the_reason(
    tmp_path: Path, attribute: str, value: Any
) -> None:
    study = optuna.create_study()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    held = study if attribute == "_study_id" else study._storage._studies[study._study_id]
    held.__dict__[attribute] = value
    (tmp_path / "study.pkl").write_bytes(pickle.dumps(study))
    with pytest.raises(EncaveError, match="holds a study with what Optuna does not pickle"):
        read(tmp_path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, None, "x", True])
def test_a_parameter_that_is_no_number_costs_one_trial(tmp_path: Path, value: Any) -> None:
    study = optuna.create_study()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    study._storage._studies[study._study_id].trials[1]._params["x"] = value
    (tmp_path / "study.pkl").write_bytes(pickle.dumps(study))
    assert (read(tmp_path).dropped, len(read(tmp_path).run)) == (1, 2)


@pytest.mark.parametrize("protocol", [0, 1])
@pytest.mark.parametrize("name", ["pickle", "joblib"])
def test_old_protocols_hold_the_same_trials(tmp_path: Path, name: str, protocol: int) -> None:
    dump = pickle.dump if name == "pickle" else pytest.importorskip("joblib").dump
    study = fill(optuna.create_study(study_name="s", sampler=optuna.samplers.TPESampler(seed=1)))
    with (tmp_path / "study.pkl").open("wb") as file:
        dump(study, file, protocol=protocol)
    check(read(tmp_path).run, study.trials)


def test_old_protocols_make_nothing_but_optunas_objects(tmp_path: Path) -> None:
    call = b"ccopy_reg\n_reconstructor\n(c__builtin__\nset\nc__builtin__\nobject\nNtR."
    (tmp_path / "study.pkl").write_bytes(b"coptuna.study.study\nStudy\n0" + call)
    with pytest.raises(EncaveError, match="makes an object of something else than Optuna's"):
        read(tmp_path)


class Malicious:
    """Runs a command when it is unpickled by `pickle`."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.target}",)


@pytest.mark.parametrize("array", [False, True])
def test_a_malicious_pickle_is_refused_and_not_run(tmp_path: Path, array: bool) -> None:
    study = optuna.create_study()
    study.set_user_attr("optuna", 1)
    study.sampler = Malicious(tmp_path / "pwned")  # type: ignore[assignment]
    if array:
        study.set_user_attr("said", "joblib.numpy_pickle")
    (tmp_path / "study.pkl").write_bytes(pickle.dumps(study))
    with pytest.raises(EncaveError, match="may be malicious"):
        read(tmp_path)
    assert not (tmp_path / "pwned").exists()


def test_a_pickle_without_trials_says_where_they_are(tmp_path: Path) -> None:
    study = optuna.create_study(storage=f"sqlite:///{tmp_path / 'x.sqlite3'}")
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(study))
    (found,) = [found for found in found_in(tmp_path) if found.path.suffix == ".pkl"]
    with pytest.raises(EncaveError, match="in the study's storage"):
        READER.read(found, Options())


@pytest.mark.parametrize("name", ["dashboard_sample_sqlite/sample_db.sqlite3", "mlrfh_sqlite/optuna_study.db"])
def test_real_sqlite(shared: Path, name: str) -> None:
    path = shared / "logs" / "real" / "optuna" / name
    (found,) = READER.detect(Listing(path.parent, (path.name,)))
    run = READER.read(found, Options()).run
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    states = connection.execute("SELECT state FROM trials ORDER BY number").fetchall()
    assert run.column("status").tolist() == [STATUS[state] for (state,) in states]
    query = "SELECT number, value FROM trial_values JOIN trials USING (trial_id) WHERE state = 'COMPLETE'"
    costs = dict(connection.execute(query))
    assert {
        row["trial_id"]: row["cost:value"] for row in run.trials.to_pylist() if row["cost:value"] is not None
    } == costs
    query = "SELECT number, param_name, param_value, distribution_json FROM trial_params JOIN trials USING (trial_id)"
    for number, key, value, text in connection.execute(query):
        choices = json.loads(text)["attributes"].get("choices")
        expected = value if choices is None else choices[int(value)]
        config = run.configuration(run.trials["config_id"][number].as_py())
        assert config[key] == (json.dumps(expected) if isinstance(expected, list) else expected)


@pytest.mark.parametrize("case", ["optuna_journal", "optuna_journal_cnn_re"])
def test_real_journals(shared: Path, case: str) -> None:
    path = shared / "logs" / "real" / "optuna" / f"alkem0s_journal_{case}" / f"{case}.log"
    run = read(path.parent).run
    operations = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(run) == sum(operation["op_code"] == 4 for operation in operations)
    ended = {o["trial_id"]: o for o in operations if o["op_code"] == 6 and o["state"] == 1}
    for row in run.trials.to_pylist():
        assert row["cost:value"] == (ended[row["trial_id"]]["values"][0] if row["trial_id"] in ended else None)
    for operation in operations:
        if operation["op_code"] == 5:
            config = run.configuration(run.trials["config_id"][operation["trial_id"]].as_py())
            assert operation["param_name"] in config


@pytest.mark.parametrize("case", [f"nn_fashionmnist{kind}/run_{n}" for kind in ("", "_mo") for n in (1, 2, 3)])
def test_real_pickles(shared: Path, case: str) -> None:
    folder = shared / "logs" / "real" / "deepcave-examples" / "Optuna" / case
    run = read(folder).run
    assert len(run) == 30
    assert run.status_counts() == {"success": 30}
    names = ["Accuracy", "Flops"] if "_mo" in case else ["Accuracy"]
    assert [objective.name for objective in run.objectives] == names
    assert run.provenance.extra["sampler"] in ("TPESampler", "NSGAIISampler")


CASES = Path(__file__).resolve().parents[2] / "logs" / "optuna"


@pytest.mark.parametrize("case", ["optuna_joblib_new", "optuna_joblib_zlib", "optuna_sklearn_joblib"])
def test_pickles_of_every_joblib_hold_the_same_trials(tmp_path: Path, case: str) -> None:
    shutil.copy(CASES / f"{case}.pkl", tmp_path / "study.pkl")
    run = read(tmp_path).run
    rows = run.trials.to_pylist()
    told = [(row["trial_id"], run.configuration(row["config_id"])["x"], row["cost:value"]) for row in rows]
    right = np.random.RandomState(0).uniform(-1, 1, 3).tolist()  # as `RandomSampler(seed=0)` draws them
    assert told == [(n, pytest.approx(x, abs=1e-12), pytest.approx(x * x, abs=1e-12)) for n, x in enumerate(right)]


@pytest.mark.parametrize("suffix", ["pkl.gz", "pkl.z", "pickle.bz2", "joblib.xz", "joblib.lzma", "joblib.gz", "joblib"])
def test_joblib_compressed(tmp_path: Path, suffix: str) -> None:
    joblib = pytest.importorskip("joblib")
    study = fill(optuna.create_study(study_name="s", sampler=optuna.samplers.TPESampler(seed=1)))
    method = {"gz": "gzip", "bz2": "bz2", "xz": "xz", "lzma": "lzma"}.get(suffix.rsplit(".", 1)[-1], "zlib")
    joblib.dump(study, tmp_path / f"study.{suffix}", compress=(method, 3))
    assert b"optuna" not in (tmp_path / f"study.{suffix}").read_bytes()
    check(read(tmp_path).run, study.trials)


def test_lz4_and_damaged_compression_are_refused_with_the_reason(tmp_path: Path) -> None:
    source = tmp_path / "log"
    source.mkdir()
    (source / "optuna_study.pkl.lz4").write_bytes(b"\x04\x22\x4d\x18" + bytes(100))
    (source / "optuna_study.joblib.gz").write_bytes(b"\x1f\x8b" + bytes(100))
    done = {run.source.name: run for run in convert([source], tmp_path / "out")}
    assert {run.status for run in done.values()} == {"refused"}
    assert "lz4, which encave does not read" in (done["optuna_study.pkl.lz4"].reason or "")
    assert "compressed and damaged" in (done["optuna_study.joblib.gz"].reason or "")


def test_dates_with_and_without_zone_are_the_same_clock() -> None:
    from datetime import datetime

    from encave.converters.formats.optuna.study import seconds

    assert seconds("2024-01-01T01:00:00+01:00") == seconds("2024-01-01 00:00:00") == 1704067200.0
    assert seconds(datetime(2024, 1, 1, tzinfo=timezone.utc)) == 1704067200.0


def test_a_study_is_labelled_by_the_sampler_that_its_name_tells(tmp_path: Path) -> None:
    names = {
        "sphere_tpe_0": "Optuna (TPE)",
        "shifted_RandomSampler_1": "Optuna (Random)",
        "cma-es on sphere": "Optuna (CMA-ES)",
        "random_forest_adult": "Optuna",
        "tpe against random": "Optuna",
        "mtpet": "Optuna",
    }
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    for name in names:
        study = optuna.create_study(storage=storage, study_name=name, sampler=optuna.samplers.RandomSampler(seed=0))
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    runs = {run.name: run for run in (READER.read(found, Options()).run for found in found_in(tmp_path))}
    assert {name: run.provenance.group for name, run in runs.items()} == names
    told = {name for name, run in runs.items() if any("label from the study's name" in note.text for note in run.notes)}
    assert told == {name for name, label in names.items() if label != "Optuna"}
    assert {run.optimizer.name for run in runs.values()} == {"Optuna"}


def test_lines_of_other_studies_are_no_damage_and_those_without_an_operation_are(
    stored: Stored, tmp_path: Path
) -> None:
    path = Path(shutil.copy(stored[0] / "journal" / "journal.log", tmp_path))
    text = path.read_text().rstrip("\n")
    path.write_text(f'{text}\n{{"op_code": 2, "worker_id": "w", "study_id": 7, "user_attr": {{"a": 1}}}}\n')
    clean = read(tmp_path)
    assert not any("no operation" in note.text for note in clean.run.notes)
    path.write_text(f'{text}\n{{"worker_id": "w"}}\n')
    [told] = [note.count for note in read(tmp_path).run.notes if "no operation that can be read" in note.text]
    assert told == 1


def test_infinite_steps_keep_their_sign(tmp_path: Path) -> None:
    study = optuna.create_study(storage=f"sqlite:///{tmp_path / 'steps.db'}", study_name="s", sampler=sampler())

    def objective(trial: optuna.Trial) -> float:
        trial.report(math.inf if trial.number else -math.inf, 0)
        trial.report(0.5, 1)
        return trial.suggest_float("x", 0, 1)

    study.optimize(objective, n_trials=2)
    told = [json.loads(text) for text in read(tmp_path).run.trials["extra:intermediate_values"].to_pylist()]
    assert told == [{"0": -math.inf, "1": 0.5}, {"0": math.inf, "1": 0.5}]


def test_a_damaged_line_hides_no_study_that_is_created_after_it(tmp_path: Path) -> None:
    backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / "journal.log"))
    storage = optuna.storages.JournalStorage(backend)
    for name in ("first", "second"):
        study = optuna.create_study(storage=storage, study_name=name, sampler=sampler())
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    path = tmp_path / "journal.log"
    path.write_text('{"op_code": 0, "study_name"\n' + path.read_text())
    assert journal._studies(path) == ["first", "second"]


@pytest.mark.parametrize(("choice", "told"), [("a", "a"), (7, 7), ([1, "x"], '[1, "x"]')])
def test_the_only_choice_is_a_constant(tmp_path: Path, choice: Any, told: object) -> None:
    text = json.dumps({"name": "CategoricalDistribution", "attributes": {"choices": [choice]}})
    operations = [
        {"op_code": 0, "study_name": "s", "directions": [1]},
        {"op_code": 4, "study_id": 0},
        {"op_code": 5, "trial_id": 0, "param_name": "p", "param_value_internal": 0, "distribution": text},
        {"op_code": 6, "trial_id": 0, "state": 1, "values": [0.5]},
    ]
    lines = (json.dumps({"op_code": one["op_code"], "worker_id": "w"} | one) for one in operations)
    (tmp_path / "journal.log").write_text("\n".join(lines) + "\n")
    run = read(tmp_path).run
    assert (run.space["p"].value, run.configuration(0)) == (told, {"p": told})
