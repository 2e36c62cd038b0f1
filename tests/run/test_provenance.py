"""Provenance: typed where it is made, with the rest of a log as it was told, and the same bytes when written again."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

from encave import EncaveError, Run
from encave.run import HEADER_FILE, BenchmarkFacts, Provenance, Reported
from encave.run.provenance import Told

from .test_model import make_run

FULL: dict[str, Any] = {
    "settings": {"eta": 3, "nested": [1, {"a": None}]},
    "incumbent_file": "agrees",
    "group": "DEHB",
    "task": "cifar10",
    "seed": 3,
    "common_start": False,
    "workers": 4,
    "limit": {"simulated_seconds": 20000.0},
    "benchmark": {"name": "NB", "fidelities": {"low": 3}, "source": "table", "sha256": None, "schedule": 200},
    "reporting": [
        {"name": "regret", "column": "valid", "optimum": 1.5, "unit": "%"},
        {"name": "test error", "column": "test", "optimum": None, "unit": "%"},
    ],
    "odd": None,
    "overhead_seconds": 0.25,
    "source_release": None,
    "encave": "0.1.0",
    "accounting": {"read": 5, "written": 4, "merged": 0, "dropped": 1},
    "source": "/logs/a",
    "source_format": "dehb",
    "fingerprint": "ab",
}  # fmt: skip


def test_every_key_comes_back_in_its_place() -> None:
    known = Provenance.from_json(FULL)
    assert json.dumps(known.json()) == json.dumps(FULL)
    assert (known.group, known.task, known.seed, known.workers) == ("DEHB", "cifar10", 3, 4)
    assert known.limit == {"simulated_seconds": 20000.0} and known.accounting["dropped"] == 1
    assert known.benchmark is not None and (known.benchmark.schedule, known.benchmark.source) == (200, "table")
    assert known.benchmark.extra == {"fidelities": {"low": 3}}
    assert [(one.name, one.column, one.optimum) for one in known.reporting] == [
        ("regret", "valid", 1.5),
        ("test error", "test", None),
    ]
    assert known.extra == {"incumbent_file": "agrees", "odd": None}


@pytest.mark.parametrize("again", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_it_can_be_copied_and_sent(again: Any) -> None:
    known = Provenance.from_json(FULL)
    assert again(known) == known and list(again(known).json()) == list(FULL)


def test_a_run_keeps_the_bytes_of_its_header(tmp_path: Path) -> None:
    run = make_run(metadata=FULL)
    run.save(tmp_path / "one")
    again = Run.load(tmp_path / "one")
    again.save(tmp_path / "two")
    assert (tmp_path / "two" / HEADER_FILE).read_bytes() == (tmp_path / "one" / HEADER_FILE).read_bytes()
    assert json.loads((tmp_path / "one" / HEADER_FILE).read_text())["metadata"] == FULL
    assert again.provenance == run.provenance


@pytest.mark.parametrize(
    ("told", "seed"),
    [
        (3, 3),
        (3.0, 3),
        (-1, -1),
        (0, 0),
        (2**63 - 1, 2**63 - 1),
        (2**63, None),
        (3.5, None),
        ("3", None),
        ("none", None),
        (None, None),
    ],
)
def test_a_seed_is_a_whole_number_or_unknown_everywhere(told: Any, seed: int | None, tmp_path: Path) -> None:
    run = make_run(metadata={"task": "t", "seed": told})
    assert run.seed == run.provenance.seed == Provenance(seed=told).seed == seed
    written = run.provenance.json()["seed"]
    assert written == told and (seed is None or type(written) is int)
    run.save(tmp_path)
    assert Run.load(tmp_path).seed == seed


@pytest.mark.parametrize(("told", "workers"), [(4, 4), (4.0, 4), (0, None), (-1, None), (2.5, None), ("4", None)])
def test_a_number_of_workers_is_at_least_one_or_unknown(told: Any, workers: int | None) -> None:
    known = Provenance.from_json({"workers": told})
    assert known.workers == workers and known.json() == {"workers": told}


def test_texts_are_texts_and_an_empty_one_says_nothing() -> None:
    known = Provenance.from_json({"task": 5, "group": "", "source_release": 1.5})
    assert (known.task, known.group, known.source_release) == ("5", None, "1.5")
    assert make_run(metadata={"group": ""}).label == "DEHB"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"seed": [1]}, r"metadata: seed is \[1\]"),
        ({"seed": True}, "metadata: seed is true"),
        ({"seed": float("nan")}, "metadata: seed is NaN"),
        ({"task": {"a": 1}}, "metadata: task is"),
        ({"workers": [4]}, "metadata: workers is"),
        ({"common_start": 1}, "metadata: common_start is 1"),
        ({"overhead_seconds": "1"}, "metadata: overhead_seconds is"),
        ({"limit": {"evaluations": "many"}}, "metadata: limit is .*not numbers"),
        ({"accounting": {"read": -1}}, "metadata: accounting is .*not counts"),
        ({"accounting": {"read": True}}, "metadata: accounting is .*not counts"),
        ({"benchmark": {"schedule": "200"}}, 'metadata: benchmark: schedule is "200"'),
        ({"benchmark": {"sha256": 5}}, "metadata: benchmark: sha256 is 5"),
        ({"reporting": [{"name": "regret"}]}, "metadata: reporting has .*names nothing to report"),
        ({"reporting": [{"name": "r", "column": "c", "optimum": "1"}]}, "metadata: reporting: optimum is"),
        ({"settings": [1]}, "metadata: settings is"),
        ({"evaluations": 1.5}, "metadata: evaluations is 1.5"),
    ],
)
def test_another_type_is_refused_with_its_key(told: dict[str, Any], reason: str) -> None:
    with pytest.raises(EncaveError, match=reason):
        Provenance.from_json(told)


def test_what_is_a_field_cannot_be_told_twice() -> None:
    with pytest.raises(EncaveError, match="task stands among the fields and in `extra`"):
        Provenance(task="a", extra={"task": "b"})


def test_it_is_read_only() -> None:
    known = Provenance.from_json(FULL)
    with pytest.raises(FrozenInstanceError):
        known.task = "other"  # type: ignore[misc]
    for mapping in (known.extra, known.limit, known.settings, known.accounting):
        with pytest.raises(TypeError):
            mapping["x"] = 1  # type: ignore[index]


def test_what_is_replaced_keeps_its_place_and_what_is_new_follows() -> None:
    known = Provenance.from_json({"group": "A", "odd": 1, "seed": "none"})
    changed = known.replace(source_release=None, group="B", seed=2)
    assert json.dumps(changed.json()) == '{"group": "B", "odd": 1, "seed": 2, "source_release": null}'
    assert changed.extra == {"odd": 1} and known.group == "A" and known.seed is None
    assert list(Provenance(seed=1, group="A").replace(task="t").json()) == ["group", "seed", "task"]


def test_a_label_is_that_of_the_log_or_the_optimizers_name() -> None:
    run = make_run(metadata={"group": "DEHB, tuned", "odd": 1})
    assert run.label == "DEHB, tuned" and make_run().label == "DEHB"
    other = run.labelled("mine")
    assert (other.label, run.label) == ("mine", "DEHB, tuned")
    assert other.provenance.json() == {"group": "mine", "odd": 1}


def test_it_shows_what_is_known() -> None:
    assert repr(Provenance(task="t", seed=1, extra={"odd": [1]})) == "Provenance(task='t', seed=1, extra={'odd': [1]})"


def test_it_is_made_of_fields_too() -> None:
    known = Provenance(
        task="t", seed=1, benchmark=BenchmarkFacts(sha256="ab"), reporting=(Reported(name="r", column="c", unit="%"),)
    )
    assert known == Provenance.from_json(known.json())
    assert known.json()["reporting"] == [{"name": "r", "column": "c", "unit": "%"}]


def test_other_keys_are_replaced_as_a_whole() -> None:
    known = Provenance.from_json({"odd": 1, "task": "t"})
    more = known.replace(extra={**known.extra, "even": [2]}, seed=3)
    assert (dict(more.extra), more.seed) == ({"odd": 1, "even": [2]}, 3)
    assert more.json() == {"odd": 1, "task": "t", "seed": 3, "even": [2]}
    assert Provenance.from_json(more.json()) == more


def test_other_keys_are_replaced_by_an_object_only() -> None:
    with pytest.raises(EncaveError, match="extra is 3, not an object"):
        Provenance().replace(extra=3)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"accounting": {"gone": 4}}, 'metadata: accounting is {"gone": 4}, not counts of trials'),
        ({"accounting": {"read": 2**63}}, f'metadata: accounting is {{"read": {2**63}}}, not counts of trials'),
        ({"accounting": {"read": 1.0}}, 'metadata: accounting is {"read": 1.0}, not counts of trials'),
        ({"accounting": {"read": None}}, 'metadata: accounting is {"read": null}, not counts of trials'),
        ({"limit": {"evaluations": None}}, 'metadata: limit is {"evaluations": null}, not numbers'),
        ({"limit": {"evaluations": True}}, 'metadata: limit is {"evaluations": true}, not numbers'),
        ({"evaluations": 2**63}, f"metadata: evaluations is {2**63}, not how many the run made"),
        ({"evaluations": 10**30}, f"metadata: evaluations is {10**30}, not how many the run made"),
        ({"accounting": {"read": 10**30}}, f'metadata: accounting is {{"read": {10**30}}}, not counts of trials'),
        ({"evaluations": -1}, "metadata: evaluations is -1, not how many the run made"),
        ({"reporting": [5]}, "metadata: reporting has 5, which names nothing to report"),
        ({"reporting": [{"column": "c"}]}, 'metadata: reporting has {"column": "c"}, which names nothing to report'),
        ({"said": "task"}, 'metadata: said is "task", not of its type'),
    ],
)
def test_words_of_what_is_refused(told: dict[str, Any], reason: str) -> None:
    with pytest.raises(EncaveError) as error:
        Provenance.from_json(told)
    assert str(error.value) == reason


def test_counts_at_their_bounds() -> None:
    known = Provenance.from_json({"accounting": {"read": 0, "written": 2**63 - 1}, "evaluations": 2**63 - 1})
    assert known.accounting == {"read": 0, "written": 2**63 - 1} and known.evaluations == 2**63 - 1
    assert Provenance(evaluations=0).evaluations == 0
    assert Provenance(limit={"evaluations": 2.5, "simulated_seconds": 3}).limit["evaluations"] == 2.5
    assert [Provenance(seed=seed).seed for seed in (-(2**63), 2**63 - 1)] == [-(2**63), 2**63 - 1]
    assert [Provenance(seed=seed).seed for seed in (-(2**63) - 1, 2**63, -(10**30), 10**30, 1e30, -0.5)] == [None] * 6
    assert [Provenance(workers=workers).workers for workers in (1, 1.0, 0)] == [1, 1, None]
    assert dict(Provenance(seed=2.5, workers=0).extra) == {"seed": 2.5, "workers": 0}
    assert dict(Provenance().extra) == {}


def test_numbers_that_json_does_not_have_are_texts_in_what_is_kept_as_told() -> None:
    nan, inf = float("nan"), float("inf")
    told = {"odd": [nan, {"a": -inf}, (inf, 1.5)], "settings": {"x": inf, "y": [nan]}, "benchmark": {"more": inf}}
    known = Provenance.from_json(told)
    assert known.json() == {
        "odd": ["nan", {"a": "-inf"}, ["inf", 1.5]],
        "settings": {"x": "inf", "y": ["nan"]},
        "benchmark": {"more": "inf"},
    }


def test_empty_values_keep_their_kind_where_a_log_told_them() -> None:
    told = {"limit": {}, "reporting": [], "task": None, "said": [], "benchmark": None, "odd": {}, "group": ""}
    known = Provenance.from_json(told)
    assert known.json() == {**told, "group": None}
    assert Provenance().json() == {} and Provenance(benchmark={}).benchmark is None
    assert Provenance(said=("task", "seed")).json() == {"said": ["task", "seed"]}


def test_fields_told_twice_are_all_named() -> None:
    with pytest.raises(EncaveError) as error:
        Provenance(task="a", group="b", extra={"task": 1, "group": 2, "odd": 3, "seed": 4})
    assert str(error.value) == "metadata: group, task stands among the fields and in `extra`"
    with pytest.raises(EncaveError, match=r"^metadata: benchmark: name stands among"):
        BenchmarkFacts(name="a", extra={"name": "b"})


def test_it_shows_all_that_is_not_empty() -> None:
    known = Provenance(limit={"evaluations": 5}, reporting=(Reported(name="r", column="c"),), said=())
    told = "Provenance(limit={'evaluations': 5}, reporting=[{'name': 'r', 'column': 'c'}])"
    assert repr(known) == told
    assert repr(known.reporting[0]) == "Reported(name='r', column='c')"
    assert repr(BenchmarkFacts(name="b", extra={"odd": 1})) == "BenchmarkFacts(name='b', extra={'odd': 1})"
    assert repr(Told(extra={"odd": 1})) == "Told(extra={'odd': 1})"


def test_what_is_replaced_by_nothing_is_written_as_such() -> None:
    known = Provenance.from_json({"task": "t", "seed": "none"})
    assert known.replace(task=None).json() == {"task": None, "seed": "none"}
    assert known.replace(seed=None).json() == {"task": "t", "seed": None}
    assert Provenance(task="t").replace(extra={"odd": 1}).json() == {"task": "t", "odd": 1}
    assert known == Provenance.from_json({"seed": "none", "task": "t"})  # in another order
