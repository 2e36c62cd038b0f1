"""Several runs: chosen, labelled, and a row for each."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest

import encave
from encave.analysis.tables.runs import Runs
from encave.errors import EncaveError
from encave.run import Optimizer, Provenance, Run

from ...run.test_feasible import run_of


def three() -> Runs:
    def named(name: str, label: str, **told: object) -> Run:
        return run_of(None, [0.5, None, 0.25]).replace(name=name, provenance=Provenance.from_json(told)).labelled(label)

    return Runs(
        [
            named("a", "RE", task="mlp", seed=0, source="/logs/a"),
            named("b", "RE", task="cnn", seed=1),
            named("c", "TPE", task="mlp", seed=1),
        ],
        {"/logs/d": "it is torn"},
    )


def names(runs: Runs) -> list[str]:
    return [run.name for run in runs]


def test_they_are_a_sequence_that_keeps_what_was_refused() -> None:
    runs = three()
    assert (len(runs), runs[1].name, names(runs[1:])) == (3, "b", ["b", "c"])
    assert runs[1:].refused == runs.refused
    both = runs[:1] + Runs([runs[2]], {"/logs/e": "another"})
    assert names(both) == ["a", "c"]
    assert dict(both.refused) == {"/logs/d": "it is torn", "/logs/e": "another"}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"task": "mlp"}, ["a", "c"]),
        ({"seed": 1}, ["b", "c"]),
        ({"optimizer": "RE"}, ["a", "b"]),
        ({"optimizer": ["RE", "TPE"], "seed": {0}}, ["a"]),
        ({"task": "mlp", "seed": 1}, ["c"]),
        ({"task": "cnn", "seed": 0}, []),
        ({"seed": range(7, 9)}, []),
        ({"seed": 1.0}, ["b", "c"]),
        ({"seed": np.int64(1)}, ["b", "c"]),
        ({"seed": np.arange(1)}, ["a"]),
        ({"keep": lambda run: run.name > "a", "optimizer": "RE"}, ["b"]),
        ({}, ["a", "b", "c"]),
    ],
)
def test_those_that_are_wanted(wanted: dict[str, object], found: list[str]) -> None:
    chosen = three().where(**wanted)  # type: ignore[arg-type]
    assert names(chosen) == found
    assert chosen.refused == three().refused


def test_labels_are_exchanged_or_made() -> None:
    assert [run.label for run in three().label({"RE": "evolution"})] == ["evolution", "evolution", "TPE"]
    assert [run.label for run in three().label(lambda run: f"{run.label} {run.seed}")] == ["RE 0", "RE 1", "TPE 1"]
    with pytest.raises(EncaveError, match="no run of the label 'DEHB'; there are RE, TPE"):
        three().label({"DEHB": "ours"})
    with pytest.raises(EncaveError, match="no run of the label 'DEHB'; there are none"):
        Runs([]).label({"DEHB": "ours"})


def test_names_in_another_case_are_known_where_one_is_meant() -> None:
    runs = three()
    assert [run.label for run in runs.label({"tpe": "TPE (ours)"})] == ["RE", "RE", "TPE (ours)"]
    assert names(runs.where(optimizer=["re"])) == names(runs.where(optimizer="RE"))
    task = runs.tasks[0]
    assert names(runs.where(task=task.upper())) == names(runs.where(task=task))
    both = runs.label({"RE": "tpe"})
    assert names(both.where(optimizer="tpe")) == ["a", "b"]
    with pytest.raises(EncaveError, match=r"no run of the label 'Tpe'; there are TPE, tpe"):
        both.where(optimizer="Tpe")


def test_a_row_per_run() -> None:
    first, second, _ = three().table().to_pylist()
    assert first == {
        "run": "a", "optimizer": "RE", "version": None, "task": "mlp", "seed": 0, "objective": "loss",
        "direction": "minimize", "trials": 3, "successes": 2, "configurations": 3, "incumbent": 0.25,
        "source": "/logs/a",
    }  # fmt: skip
    assert second["source"] is None
    none = Runs([run_of([False, False], [0.1, 0.2])])
    assert none.table()["incumbent"].to_pylist() == [None]


def test_it_is_shown_in_short() -> None:
    assert repr(three()) == "Runs(3 runs of RE, TPE)"
    assert repr(three()[:1]) == "Runs(1 run of RE)"
    assert repr(Runs([])) == "Runs(0 runs)"
    many = Runs(run_of(None, [1.0]).labelled(f"o{number}") for number in range(6))
    assert repr(many) == "Runs(6 runs of o0, o1, o2, o3, o4, …)"


def unnamed() -> Runs:
    """Runs of two optimizers whose folders alone tell two tasks."""
    runs = [
        run_of(None, [1.0, float(seed), 0.5 if task == "mlp" else 2.0])
        .replace(
            name=f"{label}-{task}-{seed}",
            provenance=Provenance(source=f"/logs/{task}/{label}/seed{seed}/log.json", seed=seed),
        )
        .labelled(label)
        for task in ("mlp", "cnn")
        for label in ("RE", "TPE")
        for seed in (3, 4)
    ]
    return Runs(runs)


def test_tasks_that_folders_tell_are_those_of_the_comparison() -> None:
    runs = unnamed()
    assert {run.task for run in runs} == {None}
    assert runs.tasks == encave.compare(runs).tasks == ("cnn", "mlp")
    assert runs.optimizers == encave.compare(runs).optimizers == ("RE", "TPE")
    assert runs.table()["task"].to_pylist() == ["mlp"] * 4 + ["cnn"] * 4
    chosen = runs.where(task="mlp", optimizer=["RE"])
    assert names(chosen) == ["RE-mlp-3", "RE-mlp-4"]
    assert [run.task for run in chosen] == ["mlp", "mlp"], "else one folder is left, which tells no task"
    assert encave.compare(chosen).tasks == chosen.tasks == ("mlp",)
    assert len(runs.where(task=["mlp", "cnn"])) == 8
    with pytest.raises(EncaveError, match=r"no run on the task 'mpl'; there are cnn, mlp; do you mean 'mlp'\?"):
        runs.where(task="mpl")


def test_runs_of_one_label_that_are_kept_apart_are_chosen_by_what_tells_them_apart() -> None:
    one, other = (
        run.replace(optimizer=Optimizer(name)).labelled("mine")
        for run, name in zip(three()[::2], ("RE", "TPE"), strict=True)
    )
    runs = Runs([one, other])
    assert runs.optimizers == encave.compare(runs).optimizers == ("RE", "TPE")
    [chosen] = runs.where(optimizer="TPE")
    assert (chosen.name, chosen.label) == ("c", "TPE")
    assert [run.label for run in runs.label({"TPE": "theirs"})] == ["mine", "theirs"]
    assert len(runs.where(optimizer="mine")) == 2


def test_a_name_that_no_run_has_is_refused_with_those_there_are() -> None:
    with pytest.raises(EncaveError, match=r"no run of the label 'TPA'; there are RE, TPE; do you mean 'TPE'\?"):
        three().where(optimizer=["RE", "TPA"])
    with pytest.raises(EncaveError, match="a seed is a finite number, not '0'"):
        three().where(seed="0")  # type: ignore[arg-type]
    with pytest.raises(EncaveError, match="a label is text, not ''"):
        three().label({"RE": ""})
    with pytest.raises(EncaveError, match="what is given to label is like"):
        three().label("RE")  # type: ignore[arg-type]
    assert len(Runs([]).where(optimizer="RE", task="mlp", seed=0)) == 0


def test_lists_of_runs_are_added_on_either_side() -> None:
    first, others = three()[:1], list(three()[1:2])
    assert names(first + others) == ["a", "b"] and names(others + first) == ["b", "a"]
    assert isinstance(others + first, Runs) and (first + others).refused == first.refused


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("runs/", r"'runs/' is no list of runs; encave.read\('runs/'\) reads those that are there"),
        (3, "a list of runs is wanted, as encave.read gives it, not int"),
        ([three()[0], 3], "number 1 of the list of runs is no run but int"),
        (three()[0], r"one run was given where a list of runs is wanted: write \[run\], here of a"),
    ],
)
@pytest.mark.parametrize(
    "to",
    [
        Runs, encave.compare, encave.importance, encave.correlation, encave.exploration, encave.incumbents,
        encave.CurvesDisplay.from_runs, lambda given: encave.report(given, "nowhere"),
        lambda given: encave.landscape("surrogate", given), lambda given: three() + given,
    ],
)  # fmt: skip
def test_something_else_than_runs_is_refused_everywhere(
    to: Callable[[object], object], given: object, told: str
) -> None:
    with pytest.raises(EncaveError, match=told):
        to(given)


def test_runs_come_back_from_a_pickle() -> None:
    runs = unnamed()
    assert runs.tasks == ("cnn", "mlp")
    again = pickle.loads(pickle.dumps(runs))
    assert list(again) == list(runs) and again.tasks == runs.tasks and len(again.where(task="cnn")) == 4


def test_an_objective_that_no_run_has_is_refused_and_runs_that_are_left_out_are_told() -> None:
    for ask in (encave.importance, encave.correlation):
        with pytest.raises(EncaveError, match="no run with the objective 'speed'; there are "):
            ask(three(), objective="speed")
    assert repr(encave.importance(three())).endswith("; 3 refused, see .refused)")
    assert "refused" not in repr(encave.exploration(three()))
    c = encave.compare(three())
    assert repr(c) == "Comparisons(2 optimizers on cnn, mlp)" and repr(c.each[1]) == "Comparison(mlp: RE, TPE)"
    assert repr(encave.compare(three()[:1])) == "Comparisons(1 optimizer on mlp)"
