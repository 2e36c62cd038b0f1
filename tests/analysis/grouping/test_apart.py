"""Runs of one optimizer on one task that are no seeds of one another, and those that only look so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace, Float

from encave.analysis.grouping.sections import view_runs
from encave.analysis.performance.section_curves import Summary
from encave.analysis.performance.streaming import gather, reduce_source
from encave.analysis.report.settings import Rule, Settings, read_settings
from encave.run import COST, Objective, Optimizer, Provenance, Run


def grouped(runs: Sequence[Run]) -> dict[str, int]:
    """Label → number of runs, of runs on one task."""
    (section,) = view_runs(runs).sections
    return {group.optimizer: len(group.runs) for group in section.groups}


def over(
    domains: Mapping[str, Any],
    configurations: Sequence[Mapping[str, Any]],
    *,
    inferred: bool,
    seed: int,
    **metadata: Any,
) -> Run:
    """A run over floats and choices; what it costs is its own."""
    space = ConfigurationSpace()
    for name, domain in domains.items():
        number = isinstance(domain[0], float)
        space.add(Float(name, domain) if number else CategoricalHyperparameter(name, domain))
    return Run.from_columns(
        name=f"A-{seed}",
        optimizer=Optimizer("A"),
        space=space,
        objectives=[Objective("loss")],
        trials={
            "config_id": np.arange(len(configurations)),
            "status": ["success"] * len(configurations),
            "cost:loss": np.linspace(1, 0.5, len(configurations)) + seed,
        },
        configurations=dict(enumerate(configurations)),
        inferred_space=inferred,
        provenance=Provenance.from_json({"seed": seed, **metadata}),
    )


def test_budgets_that_were_set_differently_are_kept_apart(make_run) -> None:
    runs = [make_run("DEHB", seed, [5, 4, 3, 2 + seed], budgets=[1, 3, 9, 27]) for seed in (0, 1)]
    runs += [make_run("DEHB", 2, [5, 4, 3, 2.5], budgets=[3, 9, 27, 81]), make_run("B", 0, [1.0], budgets=[100])]
    assert grouped(runs) == {"B": 1, "DEHB (budgets 1–27)": 2, "DEHB (budgets 3–81)": 1}
    (remark,) = view_runs(runs).remarks
    assert remark == (
        "toy: the runs of DEHB differ in their budgets, and are kept apart (DEHB (budgets 1–27): 2 runs, "
        "DEHB (budgets 3–81): 1 run). If they are repetitions, say so in report.toml: "
        'runs = [{match = "DEHB-toy-*", optimizer = "DEHB"}]'
    )
    said = Settings(runs=(Rule("DEHB-toy-*", optimizer="DEHB"),)).applied(runs)
    assert grouped(said) == {"B": 1, "DEHB": 3}
    assert view_runs(said).remarks == (
        "toy: the runs of DEHB differ in their budgets, and are averaged as seeds all the same, as report.toml says.",
    )
    fixed = [make_run("RS", seed, [2.0, 1.0 + seed], budgets=[epochs] * 2) for seed, epochs in ((0, 50), (1, 100))]
    assert grouped(fixed) == {"RS (budget 100)": 1, "RS (budget 50)": 1}


def test_a_run_that_ended_early_is_no_other_setting(make_run) -> None:
    whole = make_run("A", 0, [5, 4, 3, 2.5, 2, 1.5], budgets=[1, 1, 1, 3, 3, 9])
    assert grouped([whole, make_run("A", 1, [5, 4, 3, 2.0], budgets=[1, 1, 1, 3])]) == {"A": 2}
    assert grouped([whole, make_run("A", 1, [5.0], budgets=[1])]) == {"A": 2}
    assert grouped([whole, make_run("A", 1, [])]) == {"A": 2}
    stayed = make_run("A", 1, [5.0 - k / 20 for k in range(40)], budgets=[1] * 40)
    assert grouped([whole, stayed]) == {"A (budget 1)": 1, "A (budgets 1–9)": 1}
    # no ladder: where training happened to end
    reached = [make_run("A", 0, [3, 2, 1], budgets=[7, 8, 30]), make_run("A", 1, [3, 2, 0.5], budgets=[5, 6, 31])]
    assert grouped(reached) == {"A": 2} and view_runs(reached).remarks == ()
    by_chance = [
        make_run("A", seed, [3, 2, 1 + seed], budgets=budgets) for seed, budgets in ((0, [7, 12, 30]), (1, [5, 9, 31]))
    ]
    assert grouped(by_chance) == {"A": 2}
    further = [*reached, make_run("A", 2, [3, 2, 0.5], budgets=[5, 6, 100])]
    assert grouped(further) == {"A": 3} and "budgets up to 30 and up to 100" in view_runs(further).remarks[0]


def test_what_the_log_says_of_budgets_counts_before_what_was_tried(make_run) -> None:
    runs = [make_run("A", seed, [2.0 + seed], budgets=[1], budget_range=[1, high]) for seed, high in ((0, 9), (1, 27))]
    assert grouped(runs) == {"A (budgets 1–27)": 1, "A (budgets 1–9)": 1}
    assert grouped([runs[0], make_run("A", 2, [9.0, 8.0], budgets=[1, 9])]) == {"A": 2}


def test_spaces_of_logs_are_kept_apart_and_inferred_ones_are_not() -> None:
    tried = [{"lr": 0.1, "act": "relu"}, {"lr": 0.2, "act": "tanh"}]

    def run(seed: int, upper: float, *, inferred: bool, choices: tuple[str, ...] = ("relu", "tanh")) -> Run:
        return over({"lr": (0.0, upper), "act": choices}, tried, inferred=inferred, seed=seed, task="toy")

    logged = [run(0, 1.0, inferred=False), run(1, 1.0, inferred=False)]
    assert grouped(logged) == {"A": 2}
    assert grouped([*logged, run(2, 0.5, inferred=False)]) == {"A (lr 0–0.5)": 1, "A (lr 0–1)": 2}
    more = run(2, 1.0, inferred=False, choices=("relu", "tanh", "elu"))
    assert grouped([*logged, more]) == {"A (act elu/relu/tanh)": 1, "A (act relu/tanh)": 2}
    assert grouped([*logged, run(2, 0.3, inferred=True), run(3, 0.4, inferred=True)]) == {"A": 4}


@pytest.mark.parametrize("task", ["toy", None])
def test_conditional_hyperparameters_that_were_not_tried_are_no_other_space(task: str | None) -> None:
    named = {} if task is None else {"task": task}
    both, one = {"x": (0.0, 1.0), "y": (0.0, 1.0)}, {"x": (0.0, 1.0)}
    sometimes = over(both, [{"x": 0.1}, {"x": 0.2, "y": 0.3}], inferred=True, seed=0, **named)
    short = over(one, [{"x": 0.1}, {"x": 0.3}], inferred=True, seed=1, **named)
    always = over(both, [{"x": 0.1, "y": 0.1}, {"x": 0.2, "y": 0.3}], inferred=True, seed=2, **named)
    assert grouped([sometimes, short]) == {"A": 2}
    apart = view_runs([always, short])
    if task:
        assert grouped([always, short]) == {"A (with y)": 1, "A (without y)": 1}
    else:
        assert [one.title for one in apart.sections] == ["unnamed task over x", "unnamed task over x, y"]


def test_objectives_instances_and_folders_are_kept_apart(make_run) -> None:
    first, second = make_run("A", 0), make_run("A", 1, [3.0, 2.0, 0.5])
    names = ["cost:acc" if name == COST + "loss" else name for name in second.trials.column_names]
    other = second.replace(trials=second.trials.rename_columns(names), objectives=(Objective("acc"),))
    assert grouped([first, other]) == {"A (acc)": 1, "A (loss)": 1}
    placed = [make_run("A", k, [3.0, k], source=f"/logs/{name}/{k}/r.json") for k, name in enumerate(("base", "warm"))]
    assert grouped(placed) == {"A (base)": 1, "A (warm)": 1}
    studies = [
        make_run("A", k, [3.0, k], source="/s.db", study=name) for k, name in enumerate(("toy-wide", "toy-deep"))
    ]
    assert grouped(studies) == {"A (deep)": 1, "A (wide)": 1}
    seeds = [make_run("A", k, [3.0, k], source=f"/logs/toy/a_seed{k}/r.json") for k in range(3)]
    assert grouped(seeds) == {"A": 3}


def test_instances_that_runs_do_not_share_are_kept_apart(make_run) -> None:
    def on(seed: int, instances: Sequence[str]) -> Run:
        run = make_run("A", seed, [3.0, 2.0 + seed])
        trials = {name: run.trials[name].combine_chunks() for name in run.trials.column_names}
        fields = {
            "optimizer": run.optimizer,
            "objectives": run.objectives,
            "space": run.space,
            "provenance": run.provenance,
        }
        return Run.from_columns(
            name=run.name, trials=trials | {"instance": list(instances)}, configurations=run.configurations, **fields
        )

    assert grouped([on(0, "ab"), on(1, "bc"), on(2, "cd")]) == {"A": 3}
    assert grouped([on(0, "ab"), on(1, "cd")]) == {"A (instances a, b)": 1, "A (instances c, d)": 1}


def test_instances_of_a_function_are_repetitions_and_told(make_run, tmp_path: Path) -> None:
    runs = [make_run("A", None, [3.0, k], task="F-DIM2", ioh={"run": {"instance": k}}) for k in (1, 2)]
    assert grouped(runs) == {"A": 2}
    assert "on the instances 1, 2 of the function, and count as repetitions" in view_runs(runs).remarks[0]
    more = [make_run("B", None, [4.0, k], task="G-DIM2", ioh={"run": {"instance": k}}) for k in (1, 2, 3)]
    (remark,) = view_runs([*runs, *more]).remarks
    assert remark.startswith("2 tasks (F-DIM2, G-DIM2): the runs of A, B are on the instances 1, 2, 3 of the function")
    (tmp_path / "report.toml").write_text(remark.rpartition("report.toml: ")[2], encoding="utf-8")
    view = view_runs(read_settings(tmp_path / "report.toml").applied([*runs, make_run("C", task="F-DIM2")]))
    assert [one.title for one in view.sections] == ["F-DIM2", "F-DIM2, instance 1", "F-DIM2, instance 2"]
    assert view.remarks == ()


def test_other_runs_of_one_seed_are_told(make_run) -> None:
    def named(name: str, seed: int, costs: list[float]) -> Run:
        return make_run("A", seed, costs, source=name).replace(name=name)

    runs = [named("0.csv", 0, [2.0, 1.0]), named("1.csv", 0, [3.0, 2.0]), named("2.csv", 1, [2.0, 1.0])]
    (told,) = view_runs(runs).remarks
    assert told.startswith("toy: 2 runs of A have the seed 0 (0.csv, 1.csv), and count as repetitions.")
    assert view_runs(runs[1:]).remarks == ()


def test_a_run_that_was_resumed_in_a_copy_is_told(make_run) -> None:
    costs = [9.0, 8.0, 7.0, 6.0, 5.0, 4.0]
    runs = [make_run("A", None, costs[:end], source=f"{end}.csv").replace(name=f"r{end}") for end in (6, 5)]
    (told,) = view_runs(runs).remarks
    assert told.startswith("toy: 6.csv begins with the trials of 5.csv, and both count as runs of A.")
    other = make_run("A", None, [*costs[:3], 5.5, 1.0], source="7.csv").replace(name="other")
    alike = make_run("A", None, [1.0] * 6, source="8.csv").replace(name="alike")
    assert view_runs([runs[0], other, alike]).remarks == ()


def test_streamed_runs_are_split_as_whole_ones_are(tmp_path: Path) -> None:
    both, one = {"x": (0.0, 1.0), "y": (0.0, 1.0)}, {"x": (0.0, 1.0)}
    metadata = {"task": "toy", "absent": ["y"]}
    runs = [
        over(both, [{"x": 0.1}, {"x": 0.2, "y": 0.3}], inferred=True, seed=0, **metadata),
        over(one, [{"x": 0.1}, {"x": 0.3}], inferred=True, seed=1, task="toy"),
        over({"z": (0.0, 1.0)}, [{"z": 0.1}], inferred=False, seed=2, task="toy"),
    ]
    reduced = []
    for number, run in enumerate(runs):
        run.save(tmp_path / str(number))
        reduced += reduce_source(tmp_path / str(number), None, "highest-so-far")[0]
    (section,), remarks = gather(reduced, None, Summary())
    assert {group.optimizer: len(group.runs) for group in section.section.groups} == grouped(runs)
    assert remarks == list(view_runs(runs).remarks)


def test_a_written_file_keeps_what_was_split(make_run, tmp_path: Path) -> None:
    from encave.analysis.grouping.overview import overview

    runs = [make_run("A", k, [5, 4, 3, 2 + k], budgets=[1, 3, 9, 27]) for k in (0, 1)]
    runs.append(make_run("A", 2, [5, 4, 3, 2.5], budgets=[3, 9, 27, 81]))
    path = tmp_path / "report.toml"
    path.write_text(overview(runs).as_toml(), encoding="utf-8")
    again = read_settings(path).applied(runs)
    assert grouped(again) == grouped(runs) and view_runs(again).remarks == ()


def test_a_setting_has_one_label_on_every_task(make_run) -> None:
    def run(seed: int, task: str, *budgets: float) -> Run:
        return make_run("DEHB", seed, [5, 4, 3, 2 + seed], budgets=budgets, task=task)

    first = [run(0, "adult", 1, 3, 9, 27), run(1, "adult", 3, 9, 27, 81)]
    second = [run(0, "letter", 1, 3, 9, 27), run(1, "letter", 1, 3, 9, 27), run(2, "other", 5, 10, 20, 40)]
    found = {one.title: [group.optimizer for group in one.groups] for one in view_runs([*first, *second]).sections}
    assert found == {
        "adult": ["DEHB (budgets 1–27)", "DEHB (budgets 3–81)"],
        "letter": ["DEHB (budgets 1–27)"],
        "other": ["DEHB"],
    }
    assert view_runs(second).optimizers == ("DEHB",)


def test_searchers_that_logs_tell_are_kept_apart(make_run) -> None:
    random = [make_run("SMAC", seed, [3.0, seed], facade="RandomFacade") for seed in (0, 1)]
    model = make_run("SMAC", 2, facade="HyperparameterOptimizationFacade")
    assert grouped([*random, make_run("SMAC", 3, [2.0])]) == {"SMAC": 3}
    assert grouped([*random, model]) == {"SMAC (HyperparameterOptimizationFacade)": 1, "SMAC (RandomFacade)": 2}
