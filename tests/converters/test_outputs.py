"""Runs written in every format and read back."""

from __future__ import annotations

import json
import math
import resource
import shutil
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from ConfigSpace import (
    CategoricalHyperparameter,
    ConfigurationSpace,
    Constant,
    InCondition,
    OrdinalHyperparameter,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from encave.converters import outputs
from encave.converters.formats import csv_run
from encave.converters.reader import Options
from encave.converters.registry import chosen
from encave.converters.survey import find
from encave.errors import EncaveError
from encave.run import BenchmarkFacts, Note, Objective, Optimizer, Provenance, Run

STATUSES = ("success", "crashed", "timeout", "memory-out", "aborted", "not-evaluated")
OBJECTIVES = (Objective("err", unit="%"), Objective("f1 ö", "maximize", 0.0, 1.0))


def mixed_space() -> ConfigurationSpace:
    """Every kind of hyperparameter, a condition, names and choices beyond ASCII."""
    space = ConfigurationSpace(name="mixed")
    net = CategoricalHyperparameter('net,\n"ä"', ["mlp", "cnn ∂", "", "NaN"])
    rate = UniformFloatHyperparameter("lr", 1e-5, 1.0, log=True)
    mixed = CategoricalHyperparameter("mixed", [1, "1", 2.5])
    flag = CategoricalHyperparameter("flag", [True, False])
    size = OrdinalHyperparameter("size", [8, 16, 32])
    space.add(net, rate, mixed, flag, size, UniformIntegerHyperparameter("depth", 1, 9), Constant("k", "x"))
    space.add(InCondition(rate, net, ["mlp", ""]))
    return space


SPACE = mixed_space()
PHASES = (Phase.explicit, Phase.generate)  # the runs are small; shrinking them takes minutes
finite = st.floats(-1e12, 1e12, allow_nan=False)
texts = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=4))


@st.composite
def made_runs(draw: st.DrawFn) -> Run:
    """Runs with failures, two objectives, null budgets and times, other fields, and repeated configurations."""
    n = draw(st.integers(1, 12))
    SPACE.seed(draw(st.integers(0, 99)))
    configurations = {i: dict(config) for i, config in enumerate([SPACE.sample_configuration() for _ in range(4)])}
    statuses = draw(st.lists(st.sampled_from(STATUSES), min_size=n, max_size=n))
    succeeded = [status == "success" for status in statuses]

    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=n, max_size=n))

    starts = column(st.one_of(st.none(), st.floats(0, 1e5)))
    spans = column(st.floats(0, 1e5))
    return Run.from_columns(
        name=draw(st.sampled_from(["run", "lauf ä/1", "x.y"])),
        optimizer=Optimizer("DEHB", draw(st.sampled_from([None, "0.1.2"]))),
        space=SPACE,
        objectives=OBJECTIVES,
        budget_name="epochs",
        configurations=configurations,
        provenance=Provenance(task="ä", seed=3, benchmark=BenchmarkFacts(name="NB")),
        notes=[Note("derived", "ö", 2)],
        trials={
            "config_id": column(st.integers(0, 3)),
            "budget": column(st.sampled_from([None, 1.0, 2.4567, 200.0])),
            "seed": column(st.one_of(st.none(), st.integers(0, 2**62))),
            "instance": column(texts),
            "worker": column(texts),
            "status": statuses,
            "start": starts,
            "end": [None if start is None else start + span for start, span in zip(starts, spans, strict=True)],
            "cpu_time": column(st.one_of(st.none(), st.floats(0, 9))),
            "evaluation": column(st.one_of(st.none(), st.integers(1, 2**40))),
            "cost:err": [value if ok else None for value, ok in zip(column(finite), succeeded, strict=True)],
            "cost:f1 ö": [value if ok else None for value, ok in zip(column(finite), succeeded, strict=True)],
            "extra:text": column(texts),
            "extra:float": column(st.floats()),
            "extra:flag": column(st.one_of(st.none(), st.booleans())),
        },
    )


def write_and_read(run: Run, form: str, folder: Path) -> Run:
    outputs.output(form).write([run], folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        [candidate] = find(folder, chosen(None))
        return candidate.reader.read(candidate.found, Options()).run


def rows_of(run: Run) -> str:
    """Trials and configurations as text, in which NaN equals NaN."""
    return repr([run.trials.to_pylist(), run.configurations.to_pylist()])


@settings(max_examples=30, phases=PHASES)
@given(made_runs())
def test_csv_loses_nothing(run: Run) -> None:
    with TemporaryDirectory() as folder:
        back = write_and_read(run, "csv", Path(folder))
    assert rows_of(back) == rows_of(run)
    none = run.trials.slice(0, 0)  # NaN differs from NaN in Run's own equality
    assert back.replace(trials=none) == run.replace(trials=none)


@settings(max_examples=20, phases=PHASES)
@given(made_runs())
def test_the_lossless_form_loses_nothing(run: Run) -> None:
    with TemporaryDirectory() as folder:
        outputs.output("run").write([run], Path(folder))
        [path] = Path(folder).iterdir()
        assert rows_of(Run.load(path)) == rows_of(run)


def held_by_deepcave(run: Run) -> list[tuple[Any, ...]]:
    """What DeepCAVE can hold of each trial that has a budget, a seed and times."""
    keys = ("budget", "seed", "status", "start", "end", "cost:err", "cost:f1 ö", "extra:text", "extra:flag")
    rows = run.trials.to_pylist()
    return sorted(((run.configuration(row["config_id"]), *map(row.get, keys)) for row in rows), key=repr)


@settings(max_examples=25, phases=PHASES)
@given(made_runs())
def test_native_folders_hold_what_deepcave_can_hold(run: Run) -> None:
    rows = run.trials.to_pylist()
    whole = [row["budget"] is not None and row["seed"] is not None and row["start"] is not None for row in rows]
    keys = [(repr(run.configuration(row["config_id"])), row["budget"], row["seed"]) for row in rows]
    fresh = [key not in keys[:i] for i, key in enumerate(keys)]
    run = run.where([a and b for a, b in zip(whole, fresh, strict=True)])
    if not len(run):
        return
    run = run.replace(trials=run.trials.set_column(4, "instance", pa.nulls(len(run), pa.string())))
    with TemporaryDirectory() as folder:
        back = write_and_read(run, "deepcave13", Path(folder))
    assert held_by_deepcave(back) == held_by_deepcave(run)
    assert back.provenance.seed == run.provenance.seed
    assert [objective.direction for objective in back.objectives] == ["minimize", "maximize"]


@pytest.mark.parametrize("seeds", [(None, None, None), (7, 7, 7), (-4, 5, None)])
def test_native_folders_tell_the_seeds_that_deepcave_is_not_shown(
    tmp_path: Path, seeds: tuple[int | None, ...]
) -> None:
    run = small_run(costs=(1.0, 2.0, 3.0))
    run = run.replace(trials=run.trials.set_column(3, "seed", pa.array(seeds, pa.int64())))
    assert run.trials.column_names[3] == "seed"
    back = write_and_read(run, "deepcave13", tmp_path)
    by_end = sorted(back.trials.to_pylist(), key=lambda row: -row["end"])
    assert tuple(row["seed"] for row in by_end) == seeds
    assert back.provenance.seed == 0


def test_native_folders_hold_runs_without_trials_and_without_conditions(tmp_path: Path) -> None:
    run = small_run()
    empty = run.replace(trials=run.trials.slice(0, 0), configurations=run.configurations.slice(0, 0))
    assert len(write_and_read(empty, "deepcave13", tmp_path / "empty")) == 0
    listed = run.configurations.to_pylist()
    loose = pa.Table.from_pylist([{**listed[0], "lr": None}, *listed[1:]], run.configurations.schema)
    back = write_and_read(run.replace(configurations=loose, inferred_space=True), "deepcave13", tmp_path / "loose")
    assert back.inferred_space
    # DeepCAVE reads every hyperparameter that no condition switches off, so the default stands in
    assert {"op": "a", "lr": run.space["lr"].default_value} in [back.configuration(row) for row in range(4)]


def small_run(name: str = "r", *, seed: int = 0, costs: tuple[float | None, ...] = (3.0, 1.0, None, 2.0)) -> Run:
    n = len(costs)
    space = ConfigurationSpace({"op": ["a", "b"], "lr": (0.0, 1.0)})
    return Run.from_columns(
        name=name,
        optimizer=Optimizer("RE", "1"),
        space=space,
        objectives=[Objective("err")],
        configurations={i: {"op": "ab"[i % 2], "lr": i / 10} for i in range(n)},
        provenance=Provenance(task="cifar10", seed=seed),
        trials={
            "config_id": list(range(n)),
            "status": ["crashed" if cost is None else "success" for cost in costs],
            "end": [float(n - i) for i in range(n)],
            "start": [0.0] * n,
            "cost:err": list(costs),
            "extra:test error": [0.5] * n,
        },
    )


def ioh_files(folder: Path) -> tuple[dict[str, Any], list[list[dict[str, float]]]]:
    [description] = folder.rglob("*.json")
    content = json.loads(description.read_text())
    runs: list[list[dict[str, float]]] = []
    names: list[str] = []
    for line in (description.parent / content["scenarios"][0]["path"]).read_text().splitlines():
        if line.startswith("evaluations"):
            names = line.split(" ")
            runs.append([])
        else:
            runs[-1].append(dict(zip(names, map(float, line.split(" ")), strict=True)))
    return content, runs


def test_ioh_has_one_row_per_trial_in_order_of_completion(tmp_path: Path) -> None:
    assert outputs.output("ioh").write([small_run(), small_run("q", seed=1, costs=(0.5, 4.0))], tmp_path) == []
    content, runs = ioh_files(tmp_path)
    assert [[row["raw_y"] for row in rows] for rows in runs] == [[2.0, math.inf, 1.0, 3.0], [4.0, 0.5]]
    assert [row["raw_y_best"] for row in runs[0]] == [2.0, 2.0, 1.0, 1.0]
    assert [row["evaluations"] for row in runs[0]] == [1, 2, 3, 4]
    assert [row["test_error"] for row in runs[0]] == [0.5] * 4
    assert [(row["x0"], row["x1"]) for row in runs[0]] == [(0.3, 1), (0.2, 0), (0.1, 1), (0.0, 0)]
    assert content["algorithm"] == {"name": "RE", "info": "1"}
    assert content["maximization"] is False
    first, second = content["scenarios"][0]["runs"]
    assert first == {"instance": 1, "evals": 4, "best": {"evals": 3, "y": 1.0, "x": [0.1, 1.0]}, "run_seed": 0}
    assert second["best"]["evals"] == 2


def test_ioh_counts_only_the_highest_budget(tmp_path: Path) -> None:
    run = small_run()
    trials = run.trials.set_column(2, "budget", [[9.0, 1.0, 1.0, 9.0]])
    outputs.output("ioh").write([run.replace(trials=trials)], tmp_path)
    _, [rows] = ioh_files(tmp_path)
    assert [row["raw_y"] for row in rows] == [2.0, math.inf, math.inf, 3.0]
    assert [row["cost_err"] for row in rows][::2] == [2.0, 1.0]


def test_ioh_leaves_out_a_run_without_success(tmp_path: Path) -> None:
    said = outputs.output("ioh").write([small_run(), small_run("none", costs=(None,))], tmp_path)
    assert said == ["none is left out: none of its trials succeeded"]
    assert len(ioh_files(tmp_path)[1]) == 1


def test_iohinspector_reads_the_same_numbers(tmp_path: Path) -> None:
    inspector = pytest.importorskip("iohinspector")
    outputs.output("ioh").write([small_run(), small_run("q", seed=1, costs=(0.5, 4.0))], tmp_path)
    manager = inspector.DataManager()
    manager.add_folder(str(tmp_path))
    assert manager.overview["best_y"].to_list() == [1.0, 0.5]
    frame = manager.load(monotonic=False)
    assert frame["raw_y"].to_list() == [2.0, math.inf, 1.0, 3.0, 4.0, 0.5]
    assert frame["raw_y_best"].to_list() == [2.0, 2.0, 1.0, 1.0, 4.0, 0.5]


def test_runs_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    for form in ("run", "csv", "deepcave13"):
        outputs.output(form).write([small_run("x"), small_run("X"), small_run("x")], tmp_path / form)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["X-2", "x", "x-3"]
    assert len(list((tmp_path / "csv").glob("*.csv"))) == 3


def test_lists_in_other_fields_become_json_and_are_said(tmp_path: Path) -> None:
    run = small_run()
    run = run.replace(trials=run.trials.append_column("extra:curve", [[[1, 2], None, [], [3]]]))
    assert outputs.output("csv").write([run], tmp_path) == ["r: the values of extra:curve are written as JSON text"]
    [candidate] = find(tmp_path, chosen(None))
    back = candidate.reader.read(candidate.found, Options()).run
    assert back.trials["extra:curve"].to_pylist() == ["[1, 2]", None, "[]", "[3]"]


def test_csv_without_its_header_is_a_table(tmp_path: Path) -> None:
    outputs.output("csv").write([small_run()], tmp_path)
    (tmp_path / "r.run.json").unlink()
    [candidate] = find(tmp_path, chosen(None))
    back = candidate.reader.read(candidate.found, Options()).run
    assert candidate.reader.name == "table"
    assert back.trials["cost:err"].to_pylist() == [3.0, 1.0, None, 2.0]
    assert back.trials["end"].to_pylist() == [4.0, 3.0, 2.0, 1.0]


def test_a_csv_that_lost_rows_is_refused(tmp_path: Path) -> None:
    outputs.output("csv").write([small_run()], tmp_path)
    path = tmp_path / "r.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    [candidate] = find(tmp_path, [csv_run.READER])
    with pytest.raises(EncaveError, match="3 trials, its header says 4"):
        candidate.reader.read(candidate.found, Options())


def test_configurations_without_a_trial_are_kept(tmp_path: Path) -> None:
    run = small_run().where(np.array([True, False, True, False]))
    assert write_and_read(run, "csv", tmp_path) == run


def test_the_csv_twin_reads_back_alone(tmp_path: Path) -> None:
    run = small_run(costs=(3.0, 0.1 + 0.2, None, 2.0))
    outputs.output("deepcave").write([run], tmp_path)
    for name in ("run.json", "trials.parquet", "history.jsonl"):
        (tmp_path / "r" / name).unlink()
    [candidate] = find(tmp_path, chosen(None))
    back = candidate.reader.read(candidate.found, Options()).run
    assert candidate.reader.name == "deepcave-dataframe"
    order = np.argsort(run.column("end"))
    for name in ("cost:err", "start", "end", "status", "extra:test error"):
        expected = [run.trials[name].to_pylist()[row] for row in order]
        assert back.trials[name].to_pylist() == expected, name
    configurations = [run.configuration(run.trials["config_id"].to_pylist()[row]) for row in order]
    assert [back.configuration(i) for i in back.trials["config_id"].to_pylist()] == configurations


def test_runs_of_any_ranges_can_be_grouped_in_deepcave(tmp_path: Path) -> None:
    outputs.output("deepcave13").write([small_run(), small_run("q", costs=(-8.0, None, 7.0, 5.0))], tmp_path)
    for name, lower, upper in (("r", 1.0, 3.0), ("q", -8.0, 7.0)):
        error, time = json.loads((tmp_path / name / "meta.json").read_text())["objectives"]
        assert (error["name"], error["lower"], error["upper"]) == ("err", lower, upper)
        for objective in (error, time):  # of locked ones the bounds must be the same
            assert (objective["lock_lower"], objective["lock_upper"]) == (False, False)


def test_native_folders_for_older_deepcave(tmp_path: Path) -> None:
    outputs.output("deepcave13").write([small_run()], tmp_path)
    folder = tmp_path / "r"
    assert {path.name for path in folder.iterdir()} == {
        "history.jsonl",
        "configs.json",
        "origins.json",
        "meta.json",
        "configspace.json",
    }
    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    assert {len(line) for line in lines} == {8}
    assert lines[0][4:7] == [0.0, 1.0, 1]
    for hyperparameter in json.loads((folder / "configspace.json").read_text())["hyperparameters"]:
        assert hyperparameter["default"] == hyperparameter["default_value"]


JUNK = (b"", b"null", b"NaN", b"1e999", b"[1]", b"{}", b'"x"', b"99999999999999999999", b",", b"\n", b"\xff", b"\x00")
FORMS = {"csv": (), "deepcave13": (), "deepcave": ("run.json", "trials.parquet", "history.jsonl"), "run": ("run.json",)}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Form → a folder of a small run in it, without the files that would be read instead."""
    folders = {form: tmp_path_factory.mktemp(form) for form in FORMS}
    for form, folder in folders.items():
        outputs.output(form).write([small_run()], folder)
        for path in folder.rglob("*"):
            if path.name in FORMS[form]:
                path.unlink()
    return folders


@settings(max_examples=150, phases=PHASES)
@given(
    form=st.sampled_from(list(FORMS)), number=st.integers(0, 9), place=st.floats(0, 1), cut=st.integers(0, 9),
    junk=st.sampled_from(JUNK),
)  # fmt: skip
def test_damage_is_refused_or_counted(
    written: dict[str, Path], form: str, number: int, place: float, cut: int, junk: bytes
) -> None:
    with TemporaryDirectory() as name:
        shutil.copytree(written[form], name, dirs_exist_ok=True)
        files = sorted(path for path in Path(name).rglob("*") if path.is_file())
        path = files[number % len(files)]
        content = path.read_bytes()
        position = int(place * len(content))
        rest = content[position + cut :] if cut else b""
        path.write_bytes(content[:position] + junk + rest)
        for candidate in find(Path(name), chosen(None)):
            try:
                result = candidate.reader.read(candidate.found, Options())
            except EncaveError as error:
                assert str(error)
            else:
                assert result.read == len(result.run) + result.merged + result.dropped


def test_every_format_says_what_it_cannot_hold() -> None:
    known = outputs.outputs()
    assert list(known) == ["run", "deepcave", "deepcave13", "csv", "ioh", "store"]
    assert all(output.limits for name, output in known.items() if name not in ("run", "store"))
    with pytest.raises(EncaveError, match="unknown format 'xml'; encave writes run, deepcave"):
        outputs.output("xml").write([], Path())


def test_ioh_takes_names_of_any_length(tmp_path: Path) -> None:
    run = small_run().replace(name="n" * 300, provenance=Provenance(task="ж" * 300, group="g" * 300))
    outputs.output("ioh").write([run], tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".json", ".dat"}
    assert all(len(part.encode()) <= 200 for path in files for part in path.relative_to(tmp_path).parts)


@pytest.mark.parametrize("form", ["run", "deepcave13", "csv", "ioh"])
@pytest.mark.skipif(sys.platform != "linux", reason="no limits of this kind")
def test_a_full_disk_leaves_no_part_of_a_run(tmp_path: Path, form: str) -> None:
    """Wherever it becomes full: files grow up to the limit, so that the largest of a run's is the first that fails."""
    outputs.output(form).write([small_run()], tmp_path / "whole")
    sizes = {path.stat().st_size for path in (tmp_path / "whole").rglob("*") if path.is_file()}
    assert len(sizes) > 1
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size in sizes:
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size - 1, before[1]))
            with pytest.raises(EncaveError, match=r"cannot write .*Make room"):
                outputs.output(form).write([small_run()], tmp_path / f"full-{size}")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert not list((tmp_path / f"full-{size}").iterdir())


@pytest.mark.parametrize("form", ["run", "deepcave", "deepcave13", "ioh"])
def test_a_run_that_is_written_anew_keeps_the_users_files(tmp_path: Path, form: str) -> None:
    outputs.output(form).write([small_run()], tmp_path)
    [folder] = tmp_path.iterdir()
    before = {path.relative_to(folder) for path in folder.rglob("*")}
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    outputs.output(form).write([small_run(costs=(1.0, 2.0))], tmp_path)
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert {path.relative_to(folder) for path in folder.rglob("*")} == {*before, Path("notes.txt")}


def test_ioh_leaves_no_data_under_another_number_of_the_task(tmp_path: Path) -> None:
    run = small_run()
    outputs.output("ioh").write([run], tmp_path)
    outputs.output("ioh").write([run, small_run("q").replace(provenance=Provenance(task="a", seed=0))], tmp_path)
    numbers = [json.loads(path.read_text())["function_id"] for path in sorted(tmp_path.glob("RE-*/*.json"))]
    assert numbers == [1, 2]


@pytest.mark.parametrize("name", [None, "mine"])
def test_native_spaces_have_a_name_only_where_the_space_has_one(tmp_path: Path, name: str | None) -> None:
    run = small_run()
    run = run.replace(space_json={**run.space_json, "name": name})
    outputs.output("deepcave13").write([run], tmp_path)
    [path] = tmp_path.rglob("configspace.json")
    told = json.loads(path.read_text(encoding="utf-8"))
    assert told.get("name") == name and ("name" in told) == (name is not None)
