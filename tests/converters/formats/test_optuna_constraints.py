"""Constraints of Optuna's studies: the incumbent is what `study.best_trial` says, in every storage and release."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState, create_trial

from encave.converters.formats.optuna.reader import READER
from encave.converters.reader import Listing, Options
from encave.errors import EncaveError
from encave.run import Run

optuna.logging.set_verbosity(optuna.logging.ERROR)
pytestmark = [
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:Overwrite an old format constraint"),
    pytest.mark.filterwarnings("ignore:Choices for a categorical distribution"),
]
FORMS = ("list", "named", "both")
STORAGES = ("sqlite", "journal", "pickle")
CONSTRAINTS: tuple[tuple[float, ...], ...] = ((0.3, -1.0), (-0.5, 0.2), (0.0, 0.0), (), (-1.0, -2.0))
VALUES = (0.1, 0.2, 0.4, 0.5, 0.6)


def attributes(constraints: tuple[float, ...], form: str) -> dict[str, Any]:
    """System attributes as Optuna writes them: a list until release 4, one each in release 5."""
    named = {f"constraints:c{i}": value for i, value in enumerate(constraints)}
    if not constraints or form == "named":
        return named
    listed: dict[str, Any] = {"constraints": list(constraints)}
    # an attribute of its own goes before the entry of the list of the same name
    return listed if form == "list" else {"constraints": [9.0, *constraints[1:]], "constraints:0": constraints[0]}


def study_in(folder: Path, storage: str, form: str, directions: tuple[str, ...] = ("minimize",)) -> optuna.Study:
    kept: Any = None
    if storage == "sqlite":
        kept = f"sqlite:///{folder / 'study.db'}"
    elif storage == "journal":
        kept = JournalStorage(JournalFileBackend(str(folder / "journal.log")))
    study = optuna.create_study(storage=kept, directions=list(directions), study_name="c")
    for value, constraints in zip(VALUES, CONSTRAINTS, strict=True):
        study.add_trial(
            create_trial(
                values=[value if way == "minimize" else -value for way in directions],
                params={"x": value},
                distributions={"x": optuna.distributions.FloatDistribution(0, 1)},
                system_attrs=attributes(constraints, form),
            )
        )
    if storage == "pickle":
        (folder / "study.pkl").write_bytes(pickle.dumps(study))
    return study


def runs_in(folder: Path) -> Iterator[tuple[Path, str | None, Run]]:
    names = tuple(sorted(path.name for path in folder.iterdir() if path.is_file()))
    for found in READER.detect(Listing(folder, names)):
        yield found.path, found.key, READER.read(found, Options()).run


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_the_incumbent_is_the_best_trial(tmp_path: Path, storage: str, form: str, direction: str) -> None:
    study = study_in(tmp_path, storage, form, (direction,))
    ((_, _, run),) = runs_in(tmp_path)
    best = run.incumbent()
    assert best is not None
    assert (best.trial_id, best.value) == (study.best_trial.number, study.best_value)
    assert best.trial_id == 2
    assert len(run) == len(study.trials)  # each is an evaluation
    assert run.trials["feasible"].to_pylist() == [False, False, True, None, True]
    told = [
        (note.kind, note.text, note.count) for note in run.notes if "constraint" in note.text or "feas" in note.text
    ]
    assert told == [
        ("flagged", "infeasible trials are evaluations, and never the incumbent", 2),
        ("assumed", "trials without values of the constraints count as feasible", 1),
    ]
    assert any(name.startswith("extra:system_attrs_constraints") for name in run.trials.column_names)


def test_the_front_is_that_of_best_trials(tmp_path: Path) -> None:
    study = study_in(tmp_path, "sqlite", "list", ("minimize", "minimize"))
    ((_, _, run),) = runs_in(tmp_path)
    able = run.trials.filter(run.able()).to_pylist()
    best = min(able, key=lambda trial: trial["cost:value_0"])
    assert [trial.number for trial in study.best_trials] == [best["trial_id"]]


def test_a_study_without_feasible_trials_has_no_incumbent(tmp_path: Path) -> None:
    study = optuna.create_study(storage=f"sqlite:///{tmp_path / 'study.db'}")
    study.add_trial(create_trial(value=1.0, system_attrs={"constraints": [1.0]}))
    with pytest.raises(ValueError, match="No feasible"):
        _ = study.best_trial
    ((_, _, run),) = runs_in(tmp_path)
    assert run.incumbent() is None
    assert any(note.text.startswith("no trial is feasible, so the run has no incumbent") for note in run.notes)


def test_a_search_with_constraints(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    study = optuna.create_study(
        storage=storage,
        sampler=optuna.samplers.TPESampler(seed=1, constraints_func=lambda trial: [0.5 - trial.params["x"]]),
    )
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=20)
    ((_, _, run),) = runs_in(tmp_path)
    best = run.incumbent()
    assert best is not None
    assert (best.trial_id, best.value) == (study.best_trial.number, study.best_value)
    assert best.value >= 0.5 > min(trial.value for trial in study.trials if trial.value is not None)


@pytest.mark.parametrize("listed", ["none", None, {"a": 1}, 3])
def test_what_is_no_list_of_constraints_is_none(tmp_path: Path, listed: Any) -> None:
    study = optuna.create_study(storage=f"sqlite:///{tmp_path / 'study.db'}")
    study.add_trial(create_trial(value=1.0, system_attrs={"constraints": listed}))
    ((_, _, run),) = runs_in(tmp_path)
    assert "feasible" not in run.trials.column_names
    assert run.incumbent() is not None


def opened(path: Path, key: str | None, folder: Path) -> optuna.Study | None:
    """The study as Optuna itself opens it; None where this release cannot, such as a storage of an old one."""
    own = Path(shutil.copy2(path, folder / path.name))
    try:
        if own.read_bytes()[:6] == b"SQLite":
            study = optuna.load_study(study_name=key, storage=f"sqlite:///{own}")
        elif own.suffix == ".pkl":
            study = joblib.load(own)
        else:
            study = optuna.load_study(study_name=key, storage=JournalStorage(JournalFileBackend(str(own))))
        return study if study.trials else None
    except (RuntimeError, ImportError, AttributeError, ValueError, TypeError):
        return None


AT_HAND = {
    "logs/newest": 6, "logs/generated": 0, "logs/real/optuna": 3, "cases": 10,
}  # fmt: skip
"""Place in `../shared` → least number of studies that this release of Optuna opens."""


@pytest.mark.parametrize("place", AT_HAND)
def test_every_log_at_hand(shared: Path, tmp_path: Path, place: str) -> None:
    compared = 0
    for folder in sorted({path.parent for path in (shared / place).rglob("*") if path.is_file()}):
        names = tuple(sorted(path.name for path in folder.iterdir() if path.is_file()))
        for found in READER.detect(Listing(folder, names)):
            try:
                run = READER.read(found, Options()).run
            except EncaveError:
                continue  # tests of the reader are elsewhere
            study = opened(found.path, found.key, tmp_path)
            if study is None or len(study.directions) > 1 or len(study.trials) != len(run):
                continue
            best = run.incumbent()
            assert best is not None, found.path
            assert best.value == study.best_value, found.path
            compared += 1
    assert compared >= AT_HAND[place]


def test_the_case_of_constraints(shared: Path) -> None:
    (run,) = [run for path, _, run in runs_in(shared / "cases" / "more") if path.name == "optuna_constraints.log"]
    best = run.incumbent()
    assert best is not None
    assert best.value == pytest.approx(0.5449, abs=5e-5)
    assert min(run.cost()) == pytest.approx(0.0645, abs=5e-5)


def test_failed_trials_are_no_infeasible_successes(tmp_path: Path) -> None:
    study = optuna.create_study(storage=f"sqlite:///{tmp_path / 'study.db'}")
    study.add_trial(create_trial(state=TrialState.PRUNED, system_attrs={"constraints": [1.0]}))
    study.add_trial(create_trial(value=1.0, system_attrs={"constraints": [-1.0]}))
    ((_, _, run),) = runs_in(tmp_path)
    assert not run.infeasible().any()
    assert not any("infeasible" in note.text for note in run.notes)
