"""Several runs: chosen, labelled, and a row for each."""

from __future__ import annotations

import pytest

from encave.errors import EncaveError
from encave.run import Provenance, Run
from encave.run.runs import Runs

from .test_feasible import run_of


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
        ({"task": "none"}, []),
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
    with pytest.raises(EncaveError, match="no run has the label 'DEHB'; there are RE, TPE"):
        three().label({"DEHB": "ours"})
    with pytest.raises(EncaveError, match="none, since there is no run"):
        Runs([]).label({"DEHB": "ours"})


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
