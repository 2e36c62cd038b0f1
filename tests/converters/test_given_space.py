"""`--configspace` is for logs that have no space of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from ConfigSpace import ConfigurationSpace, Float

from encave.converters import convert
from encave.converters.parts.space import LogSpace, own_or_given
from encave.converters.reader import Options
from encave.errors import EncaveError
from encave.run import Run

from .conftest import nas_space, random_lines, write_trials


def space_of(name: str) -> ConfigurationSpace:
    space = ConfigurationSpace()
    space.add(Float(name, (0.0, 1.0)))
    return space


def told(run: Run) -> str:
    return "; ".join(note.text for note in run.notes)


def test_a_folder_with_logs_of_both_kinds(tmp_path: Path) -> None:
    for name in ("without", "with"):
        write_trials(tmp_path / "logs" / name, random_lines(5))
    own = nas_space()
    own.name = "own"
    own.to_json(tmp_path / "logs" / "with" / "configspace.json")
    given = nas_space()
    given.name = "given"
    found = {
        result.source.parent.name: result for result in convert([tmp_path / "logs"], tmp_path / "out", space=given)
    }
    runs = {name: Run.load(result.output or Path()) for name, result in found.items()}
    assert {name: run.space.name for name, run in runs.items()} == {"without": "given", "with": "own"}
    assert "is the one given: the log has none" in told(runs["without"])
    assert "the space given was not used: the log has its own" in told(runs["with"])


def test_the_given_space_stands_in_for_one_that_cannot_be_read(tmp_path: Path) -> None:
    write_trials(tmp_path / "log", random_lines(5))
    (tmp_path / "log" / "configspace.json").write_text("{")
    assert [result.status for result in convert([tmp_path / "log"], tmp_path / "out")] == ["refused"]
    [result] = convert([tmp_path / "log"], tmp_path / "out", space=nas_space())
    assert "is the one given: the log's own cannot be read" in told(Run.load(result.output or Path()))


def test_of_a_space_that_is_told_in_part_the_given_one_has_the_rest() -> None:
    own, given = LogSpace(space_of("x")), Options(space=space_of("x"))
    both = ConfigurationSpace()
    both.add(Float("x", (0.0, 1.0)), Float("y", (0.0, 1.0)))
    for options, partial, expected in (
        (Options(space=both), True, both),
        (Options(space=both), False, own.space),
        (Options(space=space_of("y")), True, own.space),
        (Options(), True, own.space),
    ):
        found = own_or_given(lambda: own, options, partial=partial)
        assert found is not None and found.space is expected
    same = own_or_given(lambda: own, given)
    assert same is not None and not same.notes


def test_without_a_given_space_an_own_one_that_cannot_be_read_is_refused() -> None:
    def broken() -> LogSpace:
        raise EncaveError("no JSON")

    with pytest.raises(EncaveError, match="no JSON"):
        own_or_given(broken, Options())
    assert own_or_given(lambda: None, Options()) is None


def test_optuna_studies_take_the_space_that_has_their_parameters(tmp_path: Path) -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(storage=f"sqlite:///{tmp_path}/study.db", study_name="s")
    study.optimize(lambda trial: trial.suggest_float("x", 0.0, 0.5), n_trials=3)
    for name, upper in (("x", 1.0), ("y", 0.5)):
        [result] = convert([tmp_path / "study.db"], tmp_path / f"out-{name}", space=space_of(name))
        run = Run.load(result.output or Path())
        assert list(run.space) == ["x"] and run.space["x"].upper == upper
        assert ("was not used" in told(run)) == (name == "y")
