"""`--steps budget`: values that trials of Optuna and Ray Tune report on their way, as evaluations at a budget."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import optuna
import pytest
from click.testing import CliRunner
from optuna.trial import TrialState, create_trial

import encave
from encave.analysis.performance.axis import Axis
from encave.cli import cli
from encave.converters.formats.optuna import reader as of_optuna
from encave.converters.formats.ray_tune import reader as of_ray
from encave.converters.reader import Listing, Options, ReadResult, Steps
from encave.run import Run

from .test_ray_tune import START, experiment, result, trial_folder

EPOCHS, EVALUATIONS = Axis("epochs", "epochs", None), Axis("evaluations", "evaluations", None)
BY_STEP = Options(steps="budget")


def read(folder: Path, reader: Any, options: Options = BY_STEP) -> ReadResult:
    (found,) = reader.detect(Listing(folder, tuple(sorted(p.name for p in folder.iterdir() if p.is_file()))))
    told = reader.read(found, options)
    assert told.read == len(told.run) + told.merged + told.dropped
    return told


def rows(run: Run, name: str) -> list[tuple[Any, ...]]:
    columns = [run.trials[column].to_pylist() for column in ("config_id", "budget", "status", name)]
    return list(zip(*columns, strict=True))


def notes(told: ReadResult) -> str:
    return "\n".join(f"{note.kind} {note.count}: {note.text}" for note in told.run.notes)


def study_of(folder: Path, trials: list[tuple[TrialState, float | None, dict[int, float]]], **more: Any) -> None:
    study = optuna.create_study(storage=f"sqlite:///{folder / 'study.db'}", study_name="s", **more)
    for number, (state, value, steps) in enumerate(trials):
        study.add_trial(
            create_trial(
                state=state,
                value=value,
                params={"x": number / 10},
                distributions={"x": optuna.distributions.FloatDistribution(0, 1)},
                intermediate_values=steps,
            )
        )


def test_hyperbands_pruned_trials_are_evaluations(tmp_path: Path) -> None:
    pruner = optuna.pruners.HyperbandPruner(min_resource=1, max_resource=9)
    study = optuna.create_study(
        storage=f"sqlite:///{tmp_path / 'study.db'}", pruner=pruner, sampler=optuna.samplers.RandomSampler(seed=1)
    )

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        for epoch in range(1, 10):
            trial.report(x + 1 / epoch, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return x + 1 / 9

    study.optimize(objective, n_trials=20)
    told = read(tmp_path, of_optuna.READER)
    run = told.run
    trained = [max(trial.intermediate_values) for trial in study.trials]
    assert TrialState.PRUNED in {trial.state for trial in study.trials}
    assert run.status_counts() == {"success": sum(trained)}
    assert EPOCHS.end(run, EPOCHS.positions(run)) == sum(trained)
    assert EVALUATIONS.end(run, EVALUATIONS.positions(run)) == 20
    best = run.incumbent()
    assert best is not None
    assert (best.value, best.budget) == (study.best_value, 9.0)
    assert run.budget_name == "steps"
    for number, trial in enumerate(study.trials):
        own = run.where(run.column("extra:number") == number)
        assert dict(zip(own.column("budget"), own.column("cost:value"), strict=True)) == trial.intermediate_values
    (shown,) = encave.read(tmp_path)
    assert shown.status_counts()["aborted"] == sum(trial.state == TrialState.PRUNED for trial in study.trials)


def test_every_state_of_a_trial(tmp_path: Path) -> None:
    study_of(
        tmp_path,
        [
            (TrialState.COMPLETE, 0.5, {0: 2.0, 4: 1.0}),
            (TrialState.PRUNED, None, {0: 3.0}),
            (TrialState.PRUNED, None, {}),
            (TrialState.FAIL, None, {0: 4.0, 1: math.nan}),
            (TrialState.RUNNING, None, {0: 5.0}),
            (TrialState.WAITING, None, {}),
            (TrialState.COMPLETE, 7.0, {}),
        ],
    )
    told = read(tmp_path, of_optuna.READER)
    assert rows(told.run, "cost:value") == [
        (0, 1.0, "success", 2.0),
        (0, 5.0, "success", 0.5),  # the trial's value, not that of its last step
        (1, 1.0, "success", 3.0),
        (2, None, "aborted", None),
        (3, 1.0, "success", 4.0),
        (3, 2.0, "crashed", None),
        (3, 2.0, "crashed", None),
        (4, 1.0, "success", 5.0),
        (4, None, "running", None),
        (5, None, "not-evaluated", None),
        (6, None, "success", 7.0),
    ]
    assert told.run.spent()[:7].tolist()[:3] == [1.0, 4.0, 1.0]
    assert told.run.spent()[4:7].tolist() == [1.0, 1.0, 0.0]
    assert "steps count from 0: one was added" in notes(told)
    assert "flagged 1: a trial's value differs from that of its last step" in notes(told)
    assert "flagged 1: finished trials without any step have no budget" in notes(told)


def test_what_the_objective_kept_of_a_trial_stands_at_its_last_report(tmp_path: Path) -> None:
    study = optuna.create_study(storage=f"sqlite:///{tmp_path / 'study.db'}", study_name="s")
    for state, value in ((TrialState.COMPLETE, 0.5), (TrialState.PRUNED, None), (TrialState.FAIL, None)):
        steps = {1: 2.0, 2: 1.5, 3: 1.0}
        study.add_trial(create_trial(state=state, value=value, intermediate_values=steps, user_attrs={"size": 7}))
    run = read(tmp_path, of_optuna.READER).run
    assert rows(run, "extra:user_attrs_size") == [
        *((0, budget, "success", size) for budget, size in ((1.0, None), (2.0, None), (3.0, 7))),
        *((0, budget, "success", size) for budget, size in ((1.0, None), (2.0, None), (3.0, 7))),
        *((0, budget, "success", None) for budget in (1.0, 2.0, 3.0)),
        (0, 3.0, "crashed", 7),  # after its last step
    ]


def test_steps_that_count_from_elsewhere_stay(tmp_path: Path) -> None:
    study_of(tmp_path, [(TrialState.COMPLETE, 0.5, {10: 2.0, 100: 0.5})])
    told = read(tmp_path, of_optuna.READER)
    assert told.run.budgets == (10.0, 100.0)
    assert "one was added" not in notes(told)
    assert "differs" not in notes(told)


def test_without_steps_nothing_changes(tmp_path: Path) -> None:
    study_of(tmp_path, [(TrialState.COMPLETE, 0.5, {}), (TrialState.FAIL, None, {})])
    assert read(tmp_path, of_optuna.READER).run == read(tmp_path, of_optuna.READER, Options()).run


def test_an_infeasible_trial_is_infeasible_at_every_step(tmp_path: Path) -> None:
    study = optuna.create_study(storage=f"sqlite:///{tmp_path / 'study.db'}")
    for value, constraint in ((0.1, 1.0), (0.5, -1.0)):
        study.add_trial(
            create_trial(
                value=value,
                params={"x": value},
                distributions={"x": optuna.distributions.FloatDistribution(0, 1)},
                intermediate_values={1: value, 2: value},
                system_attrs={"constraints": [constraint]},
            )
        )
    run = read(tmp_path, of_optuna.READER).run
    assert run.trials["feasible"].to_pylist() == [False, False, True, True]
    best = run.incumbent()
    assert best is not None
    assert best.value == 0.5


def test_each_result_of_ray_is_an_evaluation(tmp_path: Path) -> None:
    told = read(experiment(tmp_path / "e"), of_ray.READER)
    run = told.run
    score = [row for row in rows(run, "cost:score") if row[2] == "success"]
    assert score == [
        *((0, float(i), "success", float(i)) for i in range(1, 10)),
        *((1, float(i), "success", 0.5 * i) for i in range(1, 4)),
        (2, 1.0, "success", 0.25),
    ]
    assert run.status_counts() == {"success": 13, "crashed": 1, "not-evaluated": 1}
    assert EPOCHS.end(run, EPOCHS.positions(run)) == 9 + 3 + 1
    assert EVALUATIONS.end(run, EVALUATIONS.positions(run)) == 3
    assert run.column("end")[:3].tolist() == [1.0, 2.0, 3.0]
    assert run.column("start")[:3].tolist() == [0.0, 1.0, 2.0]
    assert "extra:intermediate_values" not in run.trials.column_names
    assert "each result is a trial" in notes(told)


def test_a_trial_that_ray_restored_is_evaluated_again(tmp_path: Path) -> None:
    again = [result(0, i, score=float(i)) | {"iterations_since_restore": i - 2} for i in (3, 4)]
    anew = result(1, 1, score=1.5) | {"timestamp": int(START) + 15}
    trial_folder(tmp_path, 0, [result(0, 1, score=1.0), result(0, 2, score=2.0), *again])
    trial_folder(tmp_path, 1, [result(1, 1, score=1.0), result(1, 2, score=2.0), anew])
    run = read(tmp_path, of_ray.READER).run
    assert run.spent().tolist() == [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    assert run.evaluation.tolist() == [1, 1, 2, 2, 3, 3, 4]


def test_paused_trials_of_ray_have_their_results(tmp_path: Path) -> None:
    root = experiment(tmp_path / "e")
    state = next(root.glob("experiment_state*"))
    state.write_text(state.read_text().replace('\\"TERMINATED\\"', '\\"PAUSED\\"'))
    run = read(root, of_ray.READER).run
    assert run.status_counts() == {"success": 13, "crashed": 1, "running": 2, "not-evaluated": 1}


def test_results_that_only_the_state_has_stay(tmp_path: Path) -> None:
    root = experiment(tmp_path / "e", form="objects")
    state = next(root.glob("experiment_state*"))
    content = json.loads(state.read_text())
    content["checkpoints"][3] |= {"status": "TERMINATED", "last_result": result(3, 7, score=7.0)}
    state.write_text(json.dumps(content))
    run = read(root, of_ray.READER).run
    assert (3, 7.0, "success", 7.0) in rows(run, "cost:score")


def invoke(*arguments: object) -> Any:
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.parametrize(("steps", "count"), [("last", 2), ("budget", 4)])
def test_every_verb_that_reads_logs_knows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: Steps, count: int
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    log = tmp_path / "log"
    log.mkdir()
    study_of(log, [(TrialState.COMPLETE, 0.5, {1: 2.0, 9: 0.5}), (TrialState.PRUNED, None, {1: 0.1, 2: 0.2})])
    (seen,) = invoke("inspect", log, "--steps", steps, "--json")["runs"]
    assert (seen["trials"], seen["incumbent"]["cost"]) == (count, 0.5)
    (made,) = invoke("convert", log, "--out", tmp_path / "runs", "--steps", steps, "--json")["runs"]
    assert made["written"] == count
    (other,) = invoke("convert", log, "--out", tmp_path / "runs", "--json")["runs"]
    assert other["status"] == ("unchanged" if steps == "last" else "converted")
    invoke("convert", log, "--out", tmp_path / "csv", "--to", "csv", "--steps", steps, "--json")
    curves = invoke("analyze", "curves", log, "--steps", steps, "--axis", "evaluations", "--json")["curves"]
    assert [row["value"] for row in curves][-1] == 0.5
    (run,) = encave.read(log, steps=steps)
    assert len(run) == count
    (done,) = encave.convert(log, tmp_path / "lib", steps=steps)
    assert done.written == count
    (stored,) = encave.convert(log, tmp_path / "store", to="store", steps=steps)
    assert stored.written == count


@pytest.mark.parametrize(("steps", "count"), [("last", 1), ("budget", 2)])
def test_open_reads_what_appears_later_by_the_same_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: Steps, count: int
) -> None:
    shown: list[list[int]] = []

    def open_runs(folders: Sequence[Path], *, find: Callable[[], Sequence[Path]], **_: object) -> None:
        shown.extend([len(Run.load(folder)) for folder in each] for each in (folders, find()))

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("encave.viewer.open_runs", open_runs)
    log = tmp_path / "log"
    log.mkdir()
    study_of(log, [(TrialState.COMPLETE, 0.5, {1: 2.0, 9: 0.5})])
    done = CliRunner().invoke(cli, ["open", str(log), "--steps", steps, "--no-browser"])
    assert done.exit_code == 0, done.output
    assert shown == [[count], [count]]
