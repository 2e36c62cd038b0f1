"""Runs of kinds that DeepCAVE's pages break on or show wrongly: numbers, order and names are those of the run."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ConfigSpace import (
    CategoricalHyperparameter,
    ConfigurationSpace,
    Constant,
    GreaterThanCondition,
    NormalFloatHyperparameter,
    OrdinalHyperparameter,
    UniformFloatHyperparameter,
)
from deepcave.plugins.summary.overview import Overview
from deepcave.runs import AbstractRun
from deepcave.runs.objective import Objective as DeepCaveObjective
from deepcave.runs.status import Status as DeepCaveStatus

from encave.converters.formats.deepcave import output
from encave.run import Objective, Optimizer, Provenance, Run
from encave.viewer.deepcave_run import EncaveRun
from encave.viewer.launch import Viewer
from encave.viewer.selection import select

from .pages import Pages
from .walk import Seen, walk

pytestmark = pytest.mark.end_to_end

SIZES = ["small", "medium", "large"]
SLOW = ("symbolic_explanations",)


def write(
    folder: Path,
    space: ConfigurationSpace,
    configs: Mapping[int, Mapping[str, Any]],
    trials: Mapping[str, Sequence[Any]],
    objectives: Sequence[str] = ("loss",),
    **provenance: Any,
) -> Run:
    """A converted run."""
    run = Run.from_columns(
        name=folder.name,
        optimizer=Optimizer("Some"),
        space=space,
        objectives=[Objective(name) for name in objectives],
        trials=trials,
        configurations={number: dict(config) for number, config in configs.items()},
        provenance=Provenance.from_json({"task": folder.name, **provenance}),
    )
    folder.mkdir(parents=True)
    run.save(folder)
    output.write(run, output.prepare(run)[0], folder)
    return run


def floats(names: Sequence[str] = ("x", "y")) -> ConfigurationSpace:
    """Numbers between 0 and 1."""
    space = ConfigurationSpace(seed=0)
    space.add([UniformFloatHyperparameter(name, 0, 1) for name in names])
    return space


def points(numbers: Sequence[int], names: Sequence[str] = ("x", "y")) -> dict[int, dict[str, float]]:
    """A configuration for each number."""
    rng = np.random.default_rng(0)
    return {number: {name: round(float(rng.random()), 4) for name in names} for number in numbers}


def trials(count: int, configs: Sequence[int] | None = None, **columns: Sequence[Any]) -> dict[str, Sequence[Any]]:
    """Trials one after the other, of which each succeeded."""
    rng = np.random.default_rng(1)
    return {
        "config_id": list(range(count)) if configs is None else configs,
        "seed": [0] * count,
        "status": ["success"] * count,
        "start": [float(i) for i in range(count)],
        "end": [i + 1.0 for i in range(count)],
        "cost:loss": rng.random(count).round(4).tolist(),
    } | columns


def ordinals(folder: Path) -> None:
    """Ordered choices, of which one lets another hyperparameter be there; a prior; a constant."""
    space = ConfigurationSpace(seed=0)
    size, rate = OrdinalHyperparameter("size", SIZES), UniformFloatHyperparameter("rate", 0, 1)
    inner = OrdinalHyperparameter("inner", [1, 2, 4])
    prior = NormalFloatHyperparameter("prior", 0, 1, lower=-2, upper=2)
    space.add([size, rate, inner, prior, Constant("always", 3)])
    space.add([GreaterThanCondition(rate, size, "small"), GreaterThanCondition(inner, size, "medium")])
    configs = {number: dict(config) for number, config in enumerate(space.sample_configuration(14))}
    write(folder, space, configs, trials(14))


def own_names(folder: Path) -> None:
    """Hyperparameters and an objective that are called as something of DeepCAVE's, or as each other."""
    names = ("Time", "loss", "highlighted", "objective_id", "budget", "run")
    values = np.random.default_rng(2).random(14).tolist()
    write(
        folder, floats(names), points(range(14), names), trials(14) | {"cost:Time": values}, objectives=("loss", "Time")
    )


def many_places(folder: Path) -> None:
    """Configurations numbered with gaps, some repeated; one trial was running at the end, one waiting."""
    numbers = [7, 11, 7, 30, 42, 43, 99, 100, 101, 102, 103, 104, 200, 201]
    statuses = ["success"] * 12 + ["running", "not-evaluated"]
    costs = [0.9, 0.8, 0.7, 0.95, 0.6, 0.5, 0.55, 0.45, 0.44, 0.43, 0.42, 0.41, None, None]
    ends = [float(i) for i in range(1, 13)] + [None, None]
    starts = [float(i) for i in range(12)] + [0.5, None]
    columns = {"status": statuses, "start": starts, "end": ends, "cost:loss": costs}
    write(folder, floats(), points(sorted(set(numbers))), trials(14, numbers, **columns))


def nothing_at_the_highest_budget(folder: Path) -> None:
    """Successes at 1 and 3; at 9 all crashed."""
    budgets = [1.0] * 6 + [3.0] * 5 + [9.0] * 3
    statuses = ["success"] * 11 + ["crashed"] * 3
    costs = np.random.default_rng(3).random(11).round(4).tolist() + [None] * 3
    numbers = [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 0, 1, 2]
    columns = {"budget": budgets, "status": statuses, "cost:loss": costs}
    write(folder, floats(), points(range(6)), trials(14, numbers, **columns))


def nothing_at_all(folder: Path) -> None:
    """Every trial failed."""
    statuses = ["crashed"] * 3 + ["timeout"] * 2
    write(folder, floats(), points(range(5)), trials(5, status=statuses, **{"cost:loss": [None] * 5}))


def nothing_finished(folder: Path) -> None:
    """Every trial was running when the log ended."""
    columns = {"status": ["running"] * 4, "end": [None] * 4, "cost:loss": [None] * 4}
    write(folder, floats(), points(range(4)), trials(4, **columns))


def one_trial(folder: Path) -> None:
    """A single one."""
    write(folder, floats(), points(range(1)), trials(1))


def infinite(folder: Path) -> None:
    """DeepCAVE's own files with an infinite value and null fields, as it writes them."""
    write(folder, floats(), points(range(8)), trials(8))
    (folder / "trials.parquet").unlink()
    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    lines[3][3][0] = float("inf")
    lines[4][-1]["traceback"] = None
    (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    meta = json.loads((folder / "meta.json").read_text())
    meta["objectives"][0]["upper"] = float("inf")
    (folder / "meta.json").write_text(json.dumps(meta))


def called_otherwise(folder: Path) -> None:
    """Two runs of one task whose logs call the objective differently, one with a column that the report reports."""
    reporting = [{"name": "test error", "column": "test_error_200", "unit": "%"}]
    errors = [round(10 - number / 10, 1) for number in range(9)] + [None]
    statuses = ["success"] * 9 + ["crashed"]
    columns = {"status": statuses, "cost:loss": [1 - number / 10 for number in range(9)] + [None]}
    columns |= {"extra:test_error_200": errors}
    for name in ("loss", "error"):
        called = {key.replace("cost:loss", f"cost:{name}"): value for key, value in columns.items()}
        rows = {key: value for key, value in trials(10).items() if not key.startswith("cost:")} | called
        told = {"reporting": reporting} if name == "loss" else {}
        write(folder / f"by-{name}", floats(), points(range(10)), rows, objectives=[name], task="one", **told)


def constant_choices(folder: Path) -> None:
    """A constant, and a hyperparameter with a single choice."""
    space = floats()
    space.add([Constant("always", "x"), CategoricalHyperparameter("only", ["one"])])
    configs = {number: {**config, "always": "x", "only": "one"} for number, config in points(range(10)).items()}
    write(folder, space, configs, trials(10))


KINDS = {
    make.__name__: make
    for make in (
        *(ordinals, own_names, many_places, nothing_at_the_highest_budget, nothing_at_all),
        *(nothing_finished, one_trial, infinite, constant_choices),
    )
}


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    """A DeepCAVE on a run of each kind."""
    folder = tmp_path_factory.mktemp("kinds")
    for name, make in KINDS.items():
        make(folder / name)
    called_otherwise(folder)
    selection = select(sorted(folder.iterdir()))
    assert [note for note in selection.notes if note.startswith("one: error, loss are one objective")]
    with Viewer(selection, python=Path(sys.executable)) as running:
        yield running


@pytest.fixture(scope="module")
def seen(viewer: Viewer) -> list[Seen]:
    """Each page for each run, whose numbers are those of `trials.parquet`."""
    folders = sorted(path.parent for path in Path(json.loads(session(viewer))["working_directory"]).rglob("*.parquet"))
    assert len(folders) >= 8
    return list(walk(viewer.url, passed_over=SLOW, folders=folders))


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_shows_the_run_or_says_why_not(seen: list[Seen], kind: str) -> None:
    looks = [look for look in seen if look.run.endswith(kind)]
    assert len(looks) >= 8
    assert [(look.page, look.fault) for look in looks if look.fault] == []


@pytest.mark.parametrize("kind", ["ordinals", "own_names", "many_places", "infinite", "constant_choices"])
def test_every_page_shows_it(seen: list[Seen], kind: str) -> None:
    said = {look.page: look.said for look in seen if look.run.endswith(kind) and look.said}
    said.pop("ablation_paths", None)  # there may be no path
    assert said == {}


def test_pages_of_several_runs_show_them_and_name_the_others(viewer: Viewer, seen: list[Seen]) -> None:
    assert [look for look in seen if look.fault] == []
    assert [(look.page, look.fault or look.said) for look in seen if look.run == "all runs"] == [
        ("cost_over_time", ""),
        ("pareto_front", ""),
    ]
    page = Pages(viewer.url).open("cost_over_time")
    assert {trace["name"] for trace in page.traces() if trace.get("name")} >= {"many_places", "ordinals", "infinite"}
    (note,) = (a["text"].replace("<br>", " ") for a in page.shown()["graph"]["layout"]["annotations"])
    assert "own_names: other objectives (loss, Time, Time (trial))" in note
    assert "nothing_at_all: no trial of nothing_at_all succeeded" in note
    assert "nothing_at_the_highest_budget: no trial succeeded at budget 9" in note


def test_a_run_without_success_is_told_with_its_failures(seen: list[Seen]) -> None:
    looks = [look for look in seen if look.run.endswith("nothing_at_all")]
    for look in looks:
        assert "no trial of nothing_at_all succeeded (3 crashed, 2 timeout)" in look.said.replace("<br>", " "), look


def test_a_run_without_a_finished_trial_is_told(seen: list[Seen]) -> None:
    looks = [look for look in seen if look.run.endswith("nothing_finished")]
    told = {look.said.replace("<br>", " ").partition("nothing_finished succeeded ")[2] for look in looks}
    assert told == {"(4 still running when the log ended)"}


def overview(viewer: Viewer, run: str) -> str:
    """Words of the overview of a run."""
    page = Pages(viewer.url).open("overview")
    page.set("run", next(value for value, label in page.options("run") if label.endswith(run)))
    return page.text()


def test_trials_are_counted_and_what_is_left_out_is_told(viewer: Viewer) -> None:
    words = overview(viewer, "many_places")
    assert (
        "Trials shown: 11 of 14; left out: 1 still running when the log ended, 1 never evaluated, 1 repeated" in words
    )
    assert "Best loss: 0.41" in words
    assert "Total configurations: 11" in words


def test_the_best_is_that_of_the_highest_budget_with_a_success(viewer: Viewer) -> None:
    words = overview(viewer, "nothing_at_the_highest_budget")
    rng = np.random.default_rng(3).random(11).round(4)
    assert f"Best loss: {min(rng[6:]):.2f}"[:14] in words


def test_curves_are_over_the_evaluations_of_the_run(viewer: Viewer) -> None:
    pages = Pages(viewer.url)
    page = pages.open("cost_over_time")
    page.set("xaxis", "trials")
    (curve,) = (trace for trace in page.traces() if trace.get("name") == "many_places")
    costs = [0.8, 0.7, 0.6, 0.5, 0.45, 0.44, 0.43, 0.42, 0.41]  # the repetition at 0.7 stands for the first at 0.9
    assert curve["y"] == costs
    assert curve["x"] == [2, 3, 5, 6, 8, 9, 10, 11, 12]


def test_configurations_have_the_numbers_of_the_run(viewer: Viewer) -> None:
    page = Pages(viewer.url).open("configurations")
    page.set("run", next(value for value, label in page.options("run") if label.endswith("many_places")))
    marks = page.props["configurations-config_id-input", "marks"]
    assert [int(number) for number in marks] == [7, 11, 30, 42, 43, 99, 100, 101, 102, 103, 104]
    page.set("config_id", 42)
    config = points([7, 11, 30, 42, 43, 99, 100, 101, 102, 103, 104, 200, 201])[42]
    assert str(config["x"]) in page.text()


def test_names_that_mean_something_else_are_told(viewer: Viewer) -> None:
    words = overview(viewer, "own_names")
    for name in ("Time", "loss", "highlighted"):
        assert f"the hyperparameter {name} is called {name} (hyperparameter)" in words
    assert "Best Time (trial)" in words


@pytest.mark.parametrize("name", ["importances", "ablation_paths", "pdp"])
def test_another_run_has_inputs_of_its_own(viewer: Viewer, name: str) -> None:
    page = Pages(viewer.url).open(name)
    runs = {label.rpartition("/")[2]: value for value, label in page.options("run")}
    page.set("run", runs["own_names"])
    chosen = {"objective_id": 2, "objective_id1": 2, "objective_id2": 1, "hyperparameter_name_2": "run"}
    for name_of_input in chosen.keys() & set(page.inputs):
        page.set(name_of_input, chosen[name_of_input])
    page.set("run", runs["many_places"])
    for name_of_input in chosen.keys() & set(page.inputs):
        assert page.value(name_of_input) in (None, 0), name_of_input
    if page.message().startswith("Press"):  # else it was computed before
        page.compute()
    assert page.message() == ""


@pytest.mark.parametrize(
    ("name", "field"),
    [("importances", "n_trees"), ("ablation_paths", "n_trees"), ("symbolic_explanations", "generations")],
)
def test_an_emptied_field_is_named(viewer: Viewer, name: str, field: str) -> None:
    page = Pages(viewer.url).open(name)
    page.set("run", next(value for value, label in page.options("run") if label.endswith("many_places")))
    for number in (None, 0):
        page.set(field, number)
        page.compute()
        assert "wants a number of at least 1" in page.message().replace("<br>", " ")


@pytest.mark.parametrize("name", ["importances", "ablation_paths"])
def test_an_objective_is_not_explained_together_with_itself(viewer: Viewer, name: str) -> None:
    page = Pages(viewer.url).open(name)
    page.set("run", next(value for value, label in page.options("run") if label.endswith("own_names")))
    page.set("objective_id1", 1)
    assert [value for value, _ in page.options("objective_id2")] == [0, 2, -1]
    page.set("objective_id2", 2)
    page.set("objective_id1", 2)
    assert page.value("objective_id2") == -1


def test_runs_that_are_all_hidden_are_told(viewer: Viewer) -> None:
    for name in ("cost_over_time", "pareto_front"):
        page = Pages(viewer.url).open(name)
        page.set("show_runs", "false")
        page.set("show_groups", "false")
        assert "all of them are hidden" in page.message()
        page.set("show_runs", "true")
        assert not page.message()


def test_the_cube_opens_on_the_first_hyperparameters_that_vary(viewer: Viewer) -> None:
    page = Pages(viewer.url).open("ccube")
    runs = {label.rpartition("/")[2]: value for value, label in page.options("run")}
    for kind, names in (("ordinals", ["inner", "prior", "size"]), ("one_trial", ["x", "y"])):
        page.set("run", runs[kind])
        assert sorted(page.value("hyperparameter_names")) == names
        assert page.traces()
    page.set("hyperparameter_names", [])
    assert "no hyperparameter is ticked" in page.message()
    assert not page.traces()
    page.set("hyperparameter_names", ["y"])
    assert page.value("hyperparameter_names") == ["y"]
    assert page.traces()


@pytest.mark.parametrize("kind", ["ordinals", "many_places", "constant_choices"])
def test_symbolic_explanations_come_to_an_end(viewer: Viewer, kind: str) -> None:
    page = Pages(viewer.url).open("symbolic_explanations")
    page.set("run", next(value for value, label in page.options("run") if label.endswith(kind)))
    assert page.value("hyperparameter_name_1") not in (None, "always", "only")
    page.set("population_size", 100)
    page.set("generations", 2)
    page.compute()
    assert page.message() == ""
    assert "loss = " in page.shown()["symb_graph"]["layout"]["title"]["text"]
    assert page.traces()


def test_objectives_of_one_task_have_one_name_and_what_is_reported_is_offered(viewer: Viewer) -> None:
    pages = Pages(viewer.url)
    for name in ("loss", "error"):
        assert "Best objective: 0.2" in overview(viewer, f"by-{name}")
    page = pages.open("pdp")
    page.set("run", next(value for value, label in page.options("run") if label.endswith("by-loss")))
    assert [label for _, label in page.options("objective_id")] == ["objective", "Time", "test_error_200"]
    assert "Best test_error_200: 9.2" in overview(viewer, "by-loss")
    (other,) = (folder for folder in Path(json.loads(session(viewer))["working_directory"]).glob("by-error"))
    with Viewer(select([other, other.parent / "by-loss"]), python=Path(sys.executable)) as second:
        curves = {t["name"] for t in Pages(second.url).open("cost_over_time").traces() if t.get("name")}
        assert curves == {"by-error", "by-loss"}


def session(viewer: Viewer) -> str:
    """What the viewer shows."""
    return (viewer.folder / "session.json").read_text()


def stock(space: ConfigurationSpace, costs: Sequence[float | None]) -> EncaveRun:
    """A run made in memory, of which nothing is put right when it is read."""
    run = EncaveRun("stock", configspace=space, objectives=[DeepCaveObjective("loss")])
    for number, (config, cost) in enumerate(zip(space.sample_configuration(len(costs)), costs, strict=True)):
        told = {"start_time": float(number), "end_time": number + 1.0}
        status = DeepCaveStatus.CRASHED if cost is None else DeepCaveStatus.SUCCESS
        run.add(costs=[cost], config=config, budget=1.0, seed=0, status=status, **told)  # type: ignore[arg-type]
    return run


def test_deepcave_fails_on_these_kinds() -> None:
    space = ConfigurationSpace(seed=0)
    space.add([CategoricalHyperparameter("only", ["one"]), UniformFloatHyperparameter("x", 0, 1)])
    run = stock(space, [0.1, 0.2])
    with np.errstate(all="ignore"):
        assert np.isnan(AbstractRun.encode_config(run, 0)).any(), "DeepCAVE encodes a single choice now"
    size, inner = OrdinalHyperparameter("size", SIZES), OrdinalHyperparameter("inner", [1, 2, 4])
    ordered = ConfigurationSpace(seed=0)
    ordered.add([size, inner])
    ordered.add(GreaterThanCondition(inner, size, "small"))
    run = stock(ordered, [0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match="not supported"):
        AbstractRun.get_encoded_data(run, run.get_objectives()[0], 1.0, specific=True)
    with pytest.raises(RuntimeError, match="No data available"):
        Overview.load_outputs(stock(floats(), [None, None]))
    names = floats(("loss", "x"))
    run = stock(names, [0.1, 0.2])
    columns = list(AbstractRun.get_encoded_data(run, run.get_objectives()[0], 1.0).columns)
    assert columns.count("loss") == 2, "DeepCAVE tells them apart now"
