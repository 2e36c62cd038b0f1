"""SMAC's run histories: every form of entry, statuses, times, and files that break off."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encave.converters.conversion import Conversion, convert
from encave.converters.formats.smac.columns import entries
from encave.converters.formats.smac.files import Scenario
from encave.converters.formats.smac.rows import releases
from encave.converters.formats.smac.times import times
from encave.files.json_text import closed
from encave.run import Run, Status

from ..conftest import CHOICES, EDGES, OBJECTIVE, error_of, write_sidecar, write_smac

RELEASES = ("2.0.0", "2.0.2", "2.1.0", "2.2.0", "2.3.1", "2.4.0", "2.4.1")
CASES = ("hpo", "mf", "mo", "inst", "fail", "fail_inf", "timeout", "nondet", "asktell", "mf_fail")
STATUSES = {0: "running", 1: "success", 2: "crashed", 3: "timeout", 4: "memory-out"}


def one(source: Path, out: Path) -> tuple[Conversion, Run]:
    [conversion] = convert([source], out)
    assert conversion.status == "converted", conversion.reason
    assert conversion.output is not None
    return conversion, Run.load(conversion.output)


def test_run_of_the_real_package(tmp_path: Path) -> None:
    write_smac(tmp_path / "seed-0")
    write_sidecar(tmp_path / "seed-0", optimizer="SMAC")
    conversion, run = one(tmp_path / "seed-0", tmp_path / "out")
    assert conversion.release == "2.4.1"
    assert conversion.statuses == {"success": 10, "crashed": 2}
    for i, row in enumerate(run.trials.to_pylist()):
        config = run.configuration(row["config_id"])
        assert (row["start"], row["end"], row["worker"]) == (i * 10.25, (i + 1) * 10.25, "0")
        if row["status"] == "success":
            assert row[f"cost:{OBJECTIVE}"] == error_of(config)
        else:
            assert row[f"extra:raw_{OBJECTIVE}"] == math.inf
        assert row["extra:valid_error_200"] == error_of(config)
        assert row["extra:origin"]
    assert run.provenance.seed == 0
    assert run.budgets == (200.0,)  # the schedule of encave.json, since SMAC knows none here


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("case", CASES)
def test_generated(tmp_path: Path, shared: Path, release: str, case: str) -> None:
    folder = shared / "logs/generated/smac" / f"smac_{release}" / case
    if not folder.is_dir():
        pytest.skip(f"SMAC {release} left no {case}")
    [path] = folder.rglob("runhistory.json")
    logged = json.loads(path.read_text())
    conversion, run = one(folder, tmp_path / "out")
    rows = [r if isinstance(r, dict) else dict(zip(KEYS, r, strict=True)) for r in logged["data"]]
    assert conversion.release == release
    assert conversion.read == conversion.written == len(rows)
    assert conversion.statuses == Counter(STATUSES[row["status"]] for row in rows)
    started = [row["starttime"] for row in rows if row["starttime"] > 0]
    for row, trial in zip(rows, run.trials.to_pylist(), strict=True):
        assert trial["config_id"] == row["config_id"]
        assert run.configuration(row["config_id"]) == logged["configs"][str(row["config_id"])]
        assert (trial["budget"], trial["seed"], trial["instance"]) == (row["budget"], row["seed"], row["instance"])
        costs = row["cost"] if isinstance(row["cost"], list) else [row["cost"]]
        kept = [trial[f"cost:{objective.name}"] for objective in run.objectives]
        assert kept == (costs if row["status"] == 1 else [None] * len(costs))
        if row["starttime"] > 0:
            assert trial["start"] == row["starttime"] - min(started)
            assert trial["end"] == row["endtime"] - min(started)


KEYS = ("config_id", "instance", "seed", "budget", "cost", "time", "status", "starttime", "endtime", "additional_info")


def test_name_is_the_studys_and_not_the_seed_folders(tmp_path: Path, shared: Path) -> None:
    conversion, _ = one(shared / "logs/generated/smac/smac_2.4.1/mf", tmp_path / "out")
    assert conversion.output.name == "SMAC-mf-seed3"
    unnamed, _ = one(shared / "logs/generated/smac/smac_2.4.1/5ae3411ac0797133e8ff196d2946287d", tmp_path / "out")
    assert unnamed.output.name == "smac_2-4-1-seed3"


def test_running_trials_have_neither_cost_nor_end(tmp_path: Path, shared: Path) -> None:
    _, run = one(shared / "logs/generated/smac/smac_2.4.1/asktell", tmp_path / "out")
    running = [row for row in run.trials.to_pylist() if row["status"] == "running"]
    assert len(running) == 2
    assert all(row["cost:cost"] is None and row["end"] is None for row in running)
    assert run.column("end")[:8].tolist() == np.cumsum(run.column("extra:time")[:8]).tolist()


def test_process_clock_is_no_cpu_time(tmp_path: Path, shared: Path) -> None:
    conversion, run = one(shared / "logs/generated/smac/smac_2.4.1/fail", tmp_path / "out")
    failed = np.isnan(run.cost())
    assert np.isnan(run.column("cpu_time")[failed]).all()
    assert not np.isnan(run.column("cpu_time")[~failed]).any()
    assert any("CPU time" in note.text and note.count == failed.sum() for note in conversion.notes)


def nested(entry: dict[str, Any], *, key: int, timed: bool) -> list[Any]:
    """An entry as SMAC before 2.0 wrote it."""
    times = [entry["starttime"], entry["endtime"]] if timed else []
    word = {"__enum__": f"StatusType.{entry['word']}"}
    first = [entry["config_id"], entry["instance"], entry["seed"], entry["budget"]][:key]
    return [first, [entry["cost"], entry["time"], word, *times, {"a": 1}]]


@pytest.mark.parametrize(("key", "timed", "release"), [(3, False, "0.10"), (4, False, "0.12"), (4, True, "0.13-1.4")])
def test_nested_entries(tmp_path: Path, key: int, timed: bool, release: str) -> None:
    words = ["SUCCESS", "CRASHED", "DONOTADVANCE", "CAPPED", "STOP", "MEMOUT", "ABORT", "RUNNING"]
    data = [
        nested(
            {"config_id": i + 1, "instance": None, "seed": 0, "budget": 0.0, "cost": i + 0.5, "time": 2.0, "word": word}
            | {"starttime": 1.6e9 + i, "endtime": 1.6e9 + i + 0.5},
            key=key,
            timed=timed,
        )
        for i, word in enumerate(words)
    ]
    configs = {str(i + 1): dict.fromkeys(EDGES, CHOICES[i % 5]) for i in range(len(words))}
    history = {"data": data, "configs": configs, "config_origins": {}}
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "runhistory.json").write_text(json.dumps(history))
    conversion, run = one(tmp_path / "log", tmp_path / "out")
    assert releases(data, origins=True) == conversion.release == release
    expected = ["success", "crashed", "success", "timeout", "aborted", "memory-out", "aborted", "running"]
    assert run.trials["status"].to_pylist() == expected
    assert run.budgets == ()
    assert run.trials["start"].to_pylist()[:3] == ([0.0, 1.0, 2.0] if timed else [0.0, 2.0, 4.0])
    assert run.inferred_space


def test_entries_that_are_none_are_counted() -> None:
    good = dict(zip(KEYS, [1, None, 0, None, 0.5, 1.0, 1, 0.0, 1.0, {}], strict=True))
    rows, notes = entries([good, {"config_id": 2}, [1, 2, 3], None, {**good, "status": 17}])
    assert rows.are(Status.SUCCESS).tolist() == [True]
    assert sum(note.count for note in notes) == 4


def test_success_without_finite_cost_is_a_crash(tmp_path: Path) -> None:
    data = [[i + 1, None, 0, None, cost, 1.0, 1, 0.0, 1.0, {}] for i, cost in enumerate([0.5, math.inf, math.nan])]
    configs = {str(i + 1): {"x": i} for i in range(3)}
    (tmp_path / "runhistory.json").write_text(json.dumps({"data": data, "configs": configs}))
    conversion, _ = one(tmp_path / "runhistory.json", tmp_path / "out")
    assert conversion.statuses == {"success": 1, "crashed": 2}
    assert [note.count for note in conversion.notes if "what SMAC used instead" in note.text] == [2]


def test_history_that_breaks_off_within_its_configurations(tmp_path: Path, shared: Path) -> None:
    [path] = (shared / "logs/generated/smac/smac_2.4.1/hpo").rglob("runhistory.json")
    text = path.read_text()
    (tmp_path / "runhistory.json").write_text(text[: text.index('"configs"') + 1000])
    conversion, run = one(tmp_path, tmp_path / "out")
    assert conversion.read == 30
    assert 0 < conversion.written < 30
    assert conversion.dropped == 30 - len(run)
    assert any("breaks off" in note.text for note in conversion.notes)


@pytest.mark.parametrize(
    "content", ["", "   ", '{"data": [', '{"data": {}, "configs": 3}', '"data" nonsense', '{"data": []}']
)
def test_no_history_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "runhistory.json").write_text(content)
    [conversion] = convert([tmp_path / "runhistory.json"], tmp_path / "out")
    assert conversion.status == "refused"
    assert "runhistory.json" in conversion.reason


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@settings(max_examples=50)
@given(st.dictionaries(st.text(), VALUES), st.floats(0, 1))
def test_every_beginning_of_json_can_be_closed(value: Any, part: float) -> None:
    text = json.dumps(value)
    beginning = text[: max(1, int(part * len(text)))]
    assert isinstance(json.loads(closed(beginning)), dict)
    assert json.dumps(json.loads(closed(text))) == text


def history(entries_: list[Any], configs: dict[str, Any], **more: Any) -> str:
    return json.dumps({"data": entries_, "configs": configs, "config_origins": {}} | more)


def flat(number: int, **fields: Any) -> list[Any]:
    """An entry as 2.0 wrote it."""
    entry = {"instance": None, "seed": 0, "budget": None, "cost": 0.5, "time": 1.0, "status": 1}
    entry |= {"starttime": 1.7e9 + number, "endtime": 1.7e9 + number + 1, "additional_info": {}}
    return [number, *(entry | fields).values()]


def test_space_in_a_pcs_file_with_choices_as_the_log_has_them(tmp_path: Path) -> None:
    configs = {"1": {"layers": 2, "on": True, "lr": 0.5}, "2": {"layers": 4, "on": False, "lr": None}}
    (tmp_path / "runhistory.json").write_text(history([flat(1), flat(2)], configs))
    lines = ["layers {1,2,4}[2]", "on {True,False}[True]", "lr [0.1,1][0.5]l", "lr|on in {True}", "{layers=1,on=True}"]
    (tmp_path / "my-params.pcs").write_text("\n".join(lines))
    conversion, run = one(tmp_path, tmp_path / "out")
    assert not run.inferred_space
    assert run.space["layers"].choices == (1, 2, 4)
    assert [run.configuration(i) for i in (1, 2)] == [configs["1"], {"layers": 4, "on": False}]
    assert any("forbidden clauses, which are left out: 1" in note.text for note in conversion.notes)


def test_space_that_cannot_be_read_is_inferred(tmp_path: Path) -> None:
    (tmp_path / "runhistory.json").write_text(history([flat(1), flat(2)], {"1": {"x": 1.5}, "2": {"x": 2.5}}))
    (tmp_path / "params.pcs").write_text("x [0, 3] [1] what\n")
    conversion, run = one(tmp_path, tmp_path / "out")
    assert run.inferred_space
    assert any("params.pcs, line 1" in note.text for note in conversion.notes)


@pytest.mark.parametrize("run_objective", ["runtime", "quality"])
def test_scenario_of_release_1(run_objective: str, tmp_path: Path) -> None:
    folder = tmp_path / "spear-study" / "smac3-output_2021-03-26_13:24:03" / "run_7"
    folder.mkdir(parents=True)
    entry = nested(
        {"config_id": 1, "instance": "a.cnf", "seed": 5, "budget": 0.0, "cost": 2.0, "time": 2.0, "word": "SUCCESS"}
        | {"starttime": 1.6e9, "endtime": 1.6e9 + 2},
        key=4,
        timed=True,
    )
    (folder / "runhistory.json").write_text(history([entry], {"1": {"a": "1"}}))
    told = f"execdir = .\nrun_obj = {run_objective}\nwhat is this\npcs_fn = old/run_7/spear-params.json\n"
    (folder / "scenario.txt").write_text(told)
    other = json.dumps({"hyperparameters": [{"name": "b", "type": "constant", "value": "1"}], "conditions": []})
    space = {"name": "a", "type": "categorical", "choices": ["0", "1"], "default": "0"}
    content = {"hyperparameters": [space], "conditions": [], "forbiddens": [], "json_format_version": 0.2}
    (folder / "spear-params.json").write_text(json.dumps(content))
    (folder / "another.json").write_text(other)
    conversion, run = one(tmp_path, tmp_path / "out")
    assert run.objectives[0].name == {"runtime": "runtime", "quality": "cost"}[run_objective]
    assert run.objectives[0].unit == {"runtime": "s", "quality": None}[run_objective]
    assert conversion.output is not None
    assert conversion.output.name == "SMAC-spear-study"
    assert run.provenance.extra["run_id"] == 7
    assert not run.inferred_space
    assert run.trials["instance"].to_pylist() == ["a.cnf"]


def test_each_of_two_histories_has_its_own_files(tmp_path: Path) -> None:
    for suffix, value in (("", 1.0), (" 2", 5.0)):
        (tmp_path / f"runhistory{suffix}.json").write_text(history([flat(1)], {"1": {"x": value}}))
        (tmp_path / f"configspace{suffix}.pcs").write_text(f"x real [{value}, {value + 1}] [{value}]\n")
    conversions = convert([tmp_path], tmp_path / "out")
    spaces = {c.source.name: Run.load(c.output).space["x"].lower for c in conversions if c.output}
    assert spaces == {"runhistory.json": 1.0, "runhistory 2.json": 5.0}
    assert not any("byte for byte" in note.text for c in conversions for note in c.notes)


def test_copies_are_told(tmp_path: Path, shared: Path) -> None:
    conversions = convert([shared / "logs/real/smac/v1_smac3_example_run"], tmp_path / "out")
    names = {c.source.name: c.output.name for c in conversions if c.output}
    assert names == {"runhistory.json": "v1_smac3_example_run", "runhistory 2.json": "v1_smac3_example_run-2"}
    assert all(any("byte for byte" in note.text for note in c.notes) for c in conversions)


def test_run_without_a_trial(tmp_path: Path, shared: Path, open_in_stock_deepcave: Any) -> None:
    conversion, run = one(shared / "logs/real/smac/v202_bayesppo_mf_empty", tmp_path / "out")
    assert (conversion.read, conversion.written, len(run), conversion.incumbent) == (0, 0, 0, None)
    assert any("before its first trial" in note.text for note in conversion.notes)
    assert open_in_stock_deepcave(conversion.output).history == []


def test_first_alpha_of_release_2(tmp_path: Path, shared: Path) -> None:
    conversion, run = one(shared / "logs/real/smac/v2alpha_smac3_output_20220718", tmp_path / "out")
    assert conversion.release == "2.0 alpha"
    assert run.optimizer.version == "2.0 alpha"
    assert run.trials["extra:raw_cost"].to_pylist()[-1] == 2147483647.0


def test_run_that_smac_aborted(tmp_path: Path, shared: Path) -> None:
    conversion, run = one(shared / "logs/generated/smac/smac_2.4.1/fail_inf", tmp_path / "out")
    assert run.provenance.extra["finished"] is False
    assert any("optimization.json says" in note.text for note in conversion.notes)
    told, _ = one(shared / "logs/generated/smac/smac_2.4.1/asktell", tmp_path / "told")
    assert not any("had not finished" in note.text for note in told.notes)


def test_running_trial_first_in_a_log_of_several_objectives(tmp_path: Path) -> None:
    running = flat(1, cost=2147483647.0, time=0.0, status=0, starttime=0.0, endtime=0.0)
    (tmp_path / "runhistory.json").write_text(
        history([running, flat(2, cost=[1.0, 2.0])], {"1": {"x": 1}, "2": {"x": 2}})
    )
    _, run = one(tmp_path, tmp_path / "out")
    assert [objective.name for objective in run.objectives] == ["cost_0", "cost_1"]
    assert run.trials["cost:cost_1"].to_pylist() == [None, 2.0]
    assert run.trials["status"].to_pylist() == ["running", "success"]
    assert not any("what SMAC used instead" in note.text for note in run.notes)


@pytest.mark.parametrize(
    ("fields", "status", "note"),
    [
        ({"cost": 2147483647.0}, "crashed", "2147483647, which stands for none"),
        ({"cost": None}, "crashed", "not finite"),
        ({"time": math.inf}, "success", None),
        ({"starttime": math.inf}, "success", "without times"),
        ({"starttime": math.nan, "endtime": math.nan}, "success", "without times"),
        ({"endtime": 1.0}, "success", "end before start"),
        ({"instance": '{"task_id": "Australian"}'}, "success", None),
        ({"instance": {"task": 1}}, "success", None),
        ({"status": "StatusType.SUCCESS"}, "success", None),
    ],
)
def test_odd_fields(fields: dict[str, Any], status: str, note: str | None, tmp_path: Path) -> None:
    rows = [flat(1, **fields), flat(2)]
    (tmp_path / "runhistory.json").write_text(history(rows, {"1": {"x": 1}, "2": {"x": 2}}))
    conversion, run = one(tmp_path, tmp_path / "out")
    assert run.trials["status"].to_pylist() == [status, "success"]
    assert note is None or any(note in told.text for told in conversion.notes)
    instance = fields.get("instance")
    assert run.trials["instance"].to_pylist()[0] == (json.dumps(instance) if isinstance(instance, dict) else instance)


NUMBERS = st.one_of(st.floats(), st.integers(), st.none(), st.booleans(), st.text(max_size=3), st.just([1.0, 2.0]))


@settings(max_examples=60)
@given(st.lists(st.lists(NUMBERS, min_size=9, max_size=11), min_size=1, max_size=4))
def test_no_entry_is_lost_or_brings_the_reader_down(rows: list[list[Any]]) -> None:
    data = [flat(1), *([1, *row] for row in rows)]
    kept, notes = entries(data)
    assert len(kept) + sum(note.count for note in notes) == len(data)
    starts, ends, _ = times(kept, relative=False)
    assert not (ends < starts).any()
    assert not (starts < 0).any()
    assert releases(data, origins=True) == "2.0-2.2"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


FIELDS = st.dictionaries(st.sampled_from(["name", "seed", "objectives", "n_workers", "_meta", "run_obj"]), JSON)
STATISTICS = st.dictionaries(st.sampled_from(["finished", "used_walltime", "trajectory", "submitted"]), JSON)


@settings(max_examples=6)  # of five logs each, which are converted together
@given(st.lists(st.tuples(FIELDS, STATISTICS), min_size=5, max_size=5))
def test_whatever_stands_beside_the_history_it_converts(
    tmp_path_factory: pytest.TempPathFactory, logs: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    root = tmp_path_factory.mktemp("logs")
    for place, (fields, statistics) in enumerate(logs):
        (folder := root / f"log-{place}").mkdir()
        (folder / "runhistory.json").write_text(history([flat(1)], {"1": {"x": 1}}))
        (folder / "scenario.json").write_text(json.dumps(fields))
        (folder / "optimization.json").write_text(json.dumps(statistics))
    found = convert([root], root / "out")
    assert [(conversion.status, conversion.reason) for conversion in found] == [("converted", None)] * len(logs)
    assert [len(Run.load(conversion.output)) for conversion in found if conversion.output] == [1] * len(logs)


def test_log_that_has_no_times_at_all(tmp_path: Path) -> None:
    entries_ = [[[n, None, 0], [0.5, -1, {"__enum__": "StatusType.SUCCESS"}, {}]] for n in (1, 2)]
    (tmp_path / "runhistory.json").write_text(history(entries_, {"1": {"x": 0.5}, "2": {"x": 0.25}}))
    conversion, run = one(tmp_path, tmp_path / "out")
    assert run.trials.select(["start", "end"]).to_pylist() == [{"start": None, "end": None}] * 2
    assert any("no running times either" in note.text for note in conversion.notes)


@pytest.mark.parametrize("form", ["nested", "flat"])
def test_run_history_of_another_name(tmp_path: Path, form: str) -> None:
    entry = [[1, None, 0, 0.0], [0.5, 1.0, {"__enum__": "StatusType.SUCCESS"}, 1.0, 2.0, {}]]
    content = {"data": [entry if form == "nested" else flat(1)], "configs": {"1": {"x": 0.5}}}
    content = content if form == "nested" else {"stats": {"submitted": 1, "finished": 1, "running": 0}} | content
    (tmp_path / "rh (run 2).json").write_text(json.dumps(content, indent=2))
    (tmp_path / "other.json").write_text(json.dumps({"data": [[[1, 2], [3, 4]]], "stats": {}}))
    conversion, run = one(tmp_path, tmp_path / "out")
    assert (conversion.source.name, len(run)) == ("rh (run 2).json", 1)


@pytest.mark.parametrize(
    ("content", "legacy", "count", "names"),
    [
        ({}, False, 1, ["cost"]),
        ({}, False, 2, ["cost_0", "cost_1"]),
        ({"objectives": "loss"}, False, 1, ["loss"]),
        ({"objectives": ["loss", "size"]}, False, 2, ["loss", "size"]),
        ({"objectives": ["loss", "size"]}, False, 1, ["cost"]),  # others than the costs
        ({"objectives": ["loss", "loss"]}, False, 2, ["cost_0", "cost_1"]),
        ({"multi_objectives": "[loss, 'size']"}, True, 2, ["loss", "size"]),
        ({"multi_objectives": ["loss", "size"]}, True, 2, ["loss", "size"]),
        ({"run_obj": "runtime"}, True, 1, ["runtime"]),
        ({"run_obj": "runtime"}, True, 2, ["cost_0", "cost_1"]),
    ],
)
def test_names_of_objectives(content: dict[str, Any], legacy: bool, count: int, names: list[str]) -> None:
    assert [objective.name for objective in Scenario(content, legacy).objectives(count)] == names


@pytest.mark.parametrize(
    ("seconds", "status", "ends", "told"),
    [
        ([2.0, 3.0, 4.0], "success", [2.0, 5.0, 9.0], []),
        ([2.0, -3.0, 4.0], "success", [2.0, 2.0, 6.0], [1]),
        ([2.0, float("nan"), 4.0], "success", [2.0, 2.0, 6.0], [1]),
        ([2.0, float("inf"), 4.0], "success", [2.0, 2.0, 6.0], [1]),
        ([2.0, 3.0, 4.0], "running", [2.0, None, 6.0], []),
    ],
)
def test_without_times_those_of_the_target_function_are_added_up(
    seconds: list[float], status: str, ends: list[float | None], told: list[int]
) -> None:
    without = {"starttime": 0.0, "endtime": 0.0}
    codes = [1, 0 if status == "running" else 1, 1]
    rows, _ = entries([flat(k, time=seconds[k], status=codes[k], **without) for k in range(3)])
    _, found, notes = times(rows, relative=False)
    assert [None if np.isnan(end) else end for end in found.tolist()] == ends
    assert [note.count for note in notes if "taken as 0" in note.text] == told
