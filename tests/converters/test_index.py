"""Every real log of `../shared/logs` converts with the facts of its index, or is refused with the reason of the docs.

The facts are those of `logs/real/INDEX.json`; what it leaves out is read here from the raw files, by other code.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import pickle
import re
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace

from encave.converters.conversion import Conversion, convert
from encave.run import Run
from encave.run import configurations as space_columns

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
LOGS = SHARED / "logs"
INDEX = LOGS / "real" / "INDEX.json"
CASES: dict[str, Any] = {}
if INDEX.is_file():
    CASES = {entry["case"]: entry for entry in json.loads(INDEX.read_text(encoding="utf-8"))}

REFUSED = {
    "dehb/cobra_root_20260324": r"text log, which has no results, .* TypeError: Used deprecated parameter 'verbose'",
    "dehb/dehb_benchmarking_nb201_0.1.1": "trajectories averaged over seeds",
    "regularized_evolution/hpo4nas_npenas_empty_files": r"empty \(0 bytes",
    "regularized_evolution/hpo4nas_re_c100_seed5": r"ln 100 = 4\.60517, so it holds a loss",
    "regularized_evolution/nas_benchmarks_re_run_0": "best values so far",
}
"""Case → reason; everything else is converted."""

STORED = {
    "deepcave-examples/Optuna": dict.fromkeys(
        [f"nn_fashionmnist{kind}/run_{number}" for kind in ("", "_mo") for number in (1, 2, 3)], 30
    )
}
"""Trials of logs that nothing but their own package reads (joblib pickles)."""

SMAC2_STATUS = {"0": "running", "1": "success", "2": "crashed", "3": "timeout", "4": "memory-out"}
OPTUNA_STATUS = {"COMPLETE": "success", "PRUNED": "aborted", "FAIL": "crashed", "RUNNING": "running"}
OPTUNA_NUMBERS = ("running", "success", "aborted", "crashed")
CHOICES = ("Identity", "Zero", "ReLUConvBN3x3", "ReLUConvBN1x1", "AvgPool3x3")
OPERATIONS = dict(zip(CHOICES, ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3"), strict=True))
NASLIB_EDGES = ("op_0_1", "op_0_2", "op_0_3", "op_1_2", "op_1_3", "op_2_3")

Converted = Callable[[Path], list[Conversion]]


def toy_space() -> ConfigurationSpace:
    """The space of the generated logs."""
    space = ConfigurationSpace()
    space.add([CategoricalHyperparameter(f"op_{i}", CHOICES) for i in range(6)])
    return space


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Converted:
    """The conversions of a folder, made once."""
    done: dict[Path, list[Conversion]] = {}

    def conversions(folder: Path) -> list[Conversion]:
        if folder not in done:
            generated = (shared / "logs/generated/dehb") in folder.parents
            out = tmp_path_factory.mktemp("out")
            done[folder] = convert([folder], out, space=toy_space() if generated else None)
        return done[folder]

    return conversions


def only(conversions: list[Conversion], name: str) -> tuple[Conversion, Run]:
    """The conversion of the log of this name."""
    (conversion,) = [c for c in conversions if c.source.name == name]
    assert conversion.status == "converted", conversion.reason
    assert conversion.output is not None
    return conversion, Run.load(conversion.output)


def budgets(run: Run) -> Counter[float | None]:
    return Counter(run.trials["budget"].to_pylist())


def configurations_of(run: Run) -> list[tuple[Any, ...]]:
    """The configuration of every trial."""
    rows = run.configurations.to_pylist()
    known = {row["config_id"]: tuple(space_columns.decode(run.space, row).items()) for row in rows}
    return [known[number] for number in run.column("config_id").tolist()]


@pytest.mark.skipif(not CASES, reason="needs ../shared (real logs), which is not here")
def test_the_index_is_the_one_that_this_module_knows() -> None:
    assert set(REFUSED) <= set(CASES)
    kinds = {case.split("/")[0] for case in CASES}
    assert kinds == {"bohb", "deepcave-examples", "deepcave-native", "dehb", "optuna", "regularized_evolution", "smac"}


@pytest.mark.parametrize("case", CASES)
def test_case(case: str, converted: Converted, shared: Path) -> None:
    conversions = converted(shared / "logs/real" / case)
    for conversion in conversions:
        assert conversion.read == conversion.written + conversion.merged + conversion.dropped
        assert conversion.status == ("refused" if case in REFUSED else "converted"), conversion.reason
    if case in REFUSED:
        (conversion,) = conversions
        assert re.search(REFUSED[case], conversion.reason or ""), conversion.reason
        return
    kind = case.split("/")[0]
    CHECKS[kind](conversions, CASES[case], shared / "logs/real" / case)


def check_bohb(conversions: list[Conversion], entry: Any, _folder: Path) -> None:
    facts = entry["facts"]
    conversion, run = only(conversions, "results.json")
    assert (conversion.read, conversion.written) == (facts["results"], facts["results"])
    assert conversion.configurations == facts["configs"]
    assert run.status_counts().get("crashed", 0) == facts["crashed"]
    assert budgets(run) == {float(budget): count for budget, count in facts["budgets"].items()}


def check_dehb(conversions: list[Conversion], entry: Any, folder: Path) -> None:
    facts = entry["facts"]
    (name,) = [name for name in entry["files"] if name.startswith("history")]
    conversion, run = only(conversions, name)
    assert (conversion.read, conversion.written) == (facts["rows"], facts["rows"])
    assert budgets(run) == {float(b): count for b, count in (facts.get("budgets") or facts["fidelities"]).items()}
    assert run.cost().min() == facts["best_fitness"]
    assert run.provenance.extra["incumbent_file"] == "agrees"
    if "dim" in facts:
        assert len(run.space) == facts["dim"]
        assert run.inferred_space
        ids = run.column("config_id")
        assert [ids.min(), ids.max()] == facts["config_ids"]
        raw = pd.read_parquet(folder / name)
        for config_id, vector in zip(raw["config_id"], raw["config"], strict=True):
            assert list(run.configuration(config_id).values()) == pytest.approx(vector.tolist(), abs=1e-12)
        return
    every = configurations_of(run)
    assert len(set(every)) == facts["distinct_configs"]
    assert len(set(zip(every, run.column("budget").tolist(), strict=True))) == facts["distinct_config_budget"]
    assert run.column("end")[-1] == pytest.approx(facts["sum_cost"])
    best = run.incumbent()
    assert best is not None
    assert list(run.configuration(best.config_id).values()) == facts["best_config"]
    seed, earlier = only(conversions, "history.jsonl")  # the seed project's conversion lost what DeepCAVE cannot hold
    assert seed.read == len(earlier) == facts["distinct_config_budget"]


def check_smac(conversions: list[Conversion], entry: Any, folder: Path) -> None:
    facts = entry["facts"]
    logs = [path.name for path in folder.glob("runhistory*.json")]
    assert sorted(conversion.source.name for conversion in conversions) == sorted(logs)
    for name in logs:
        conversion, run = only(conversions, name)
        assert (conversion.read, conversion.written) == (facts["trials"], facts["trials"])
        assert conversion.configurations == facts["configs"]
        statuses = {SMAC2_STATUS.get(word, word.lower()): count for word, count in facts["status"].items()}
        assert conversion.statuses == statuses
        known = {None if b in ("None", "0.0") else float(b): count for b, count in facts["budgets"].items()}
        assert budgets(run) == known
        check_smac_rows(run, json.loads((folder / name).read_text(encoding="utf-8")))
        assert run.inferred_space == (not any(folder.glob("*.pcs")) and not (folder / "configspace.json").exists())


def check_smac_rows(run: Run, logged: Any) -> None:
    """Compare every trial with its entry."""
    for trial, entry in zip(run.trials.to_pylist(), logged["data"], strict=True):
        fields = list(entry.values()) if isinstance(entry, dict) else entry
        if len(fields) == 2:
            (config_id, instance, seed, *_), (cost, seconds, status, *_) = fields
            word = status["__enum__"].partition(".")[2].lower()
        else:
            config_id, instance, seed, _, cost, seconds, *rest = fields
            word = SMAC2_STATUS[str(rest[1] if len(fields) == 11 else rest[0])]
        assert (trial["config_id"], trial["instance"], trial["seed"]) == (config_id, instance, seed)
        assert (trial["status"], trial["extra:time"]) == (word, seconds)
        costs = cost if isinstance(cost, list) else [cost]
        ours = [trial[f"cost:{objective.name}"] for objective in run.objectives]
        assert ours == (costs if word == "success" else [None] * len(costs))
        wanted = {key: value for key, value in logged["configs"][str(config_id)].items() if value is not None}
        assert run.configuration(config_id) == wanted


def check_evolution(conversions: list[Conversion], entry: Any, folder: Path) -> None:
    (conversion,) = conversions
    assert conversion.output is not None
    run = Run.load(conversion.output)
    if "evaluations" in entry["facts"]:
        assert conversion.read == len(run) == entry["facts"]["evaluations"]
        logged = json.loads((folder / "errors.json").read_text(encoding="utf-8"))[1]
        assert run.column("cost:valid_acc").tolist() == logged["valid_acc"]
        assert run.provenance.extra["incumbent_only"] is (not entry["facts"]["has_configs"])
    else:
        check_native(conversion, run)


def check_native(conversion: Conversion, run: Run) -> None:
    """DeepCAVE's own lines."""
    lines = [json.loads(line) for line in conversion.source.read_text(encoding="utf-8").splitlines()]
    assert conversion.read == len(run) == len(lines)
    assert conversion.configurations == len({line[0] for line in lines})
    assert run.trials[f"cost:{run.objectives[0].name}"].to_pylist() == [
        line[2 if len(line) == 7 else 3][0] for line in lines
    ]
    configs = json.loads(conversion.source.with_name("configs.json").read_text(encoding="utf-8"))
    for config_id in {line[0] for line in lines}:
        assert run.configuration(config_id) == configs[str(config_id)]


def check_all_native(conversions: list[Conversion], entry: Any, _folder: Path) -> None:
    assert len(conversions) == len({Path(name).parent for name in entry["files"]})
    for conversion in conversions:
        assert conversion.output is not None
        check_native(conversion, Run.load(conversion.output))


def check_examples(conversions: list[Conversion], entry: Any, folder: Path) -> None:
    """DeepCAVE's example runs: what DeepCAVE loads, and what it drops."""
    assert len(conversions) == len(entry["deepcave_1_4_1"])
    for conversion in conversions:
        assert conversion.output is not None
        run = Run.load(conversion.output)
        place = conversion.source.relative_to(folder).parent.as_posix()
        told = entry["deepcave_1_4_1"][f"{entry['case']}/{place}"]
        stored = STORED.get(entry["case"], {}).get(place)
        if stored is not None:
            assert conversion.read == conversion.written == stored
            continue
        match = re.search(r"loads (\d+) trials, (\d+) configs, status (\{.*?\})", told)
        assert match, told
        ended = [row for row, status in enumerate(run.trials["status"].to_pylist()) if status != "running"]
        statuses = Counter(run.trials["status"].to_pylist()[row].upper() for row in ended)
        held = held_by_deepcave(without(run, "running"))
        assert held == int(match[1])
        repeated = len(ended) - held
        assert statuses - Counter(ast.literal_eval(match[3])) == Counter({"SUCCESS": repeated} if repeated else {})


def check_optuna(conversions: list[Conversion], entry: Any, folder: Path) -> None:
    expected = {name: optuna_statuses(folder / name) for name in entry["files"]}
    assert {conversion.source.name: conversion.statuses for conversion in conversions} == expected
    assert all(conversion.read == conversion.written for conversion in conversions)


def optuna_statuses(path: Path) -> Counter[str]:
    if path.suffix != ".log":
        with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as database:
            return Counter(OPTUNA_STATUS[state] for (state,) in database.execute("SELECT state FROM trials"))
    states: dict[int, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        operation = json.loads(line)
        if operation["op_code"] == 4:  # a trial begins
            states[len(states)] = "running"
        elif operation["op_code"] == 6:  # a trial changes its state
            states[operation["trial_id"]] = OPTUNA_NUMBERS[operation["state"]]
    return Counter(states.values())


CHECKS: dict[str, Callable[[list[Conversion], Any, Path], None]] = {
    "bohb": check_bohb,
    "dehb": check_dehb,
    "smac": check_smac,
    "regularized_evolution": check_evolution,
    "deepcave-native": check_all_native,
    "deepcave-examples": check_examples,
    "optuna": check_optuna,
}


def without(run: Run, *statuses: str) -> Run:
    """The run without trials of these statuses."""
    return run.where(~np.isin(np.array(run.trials["status"].to_pylist()), statuses))


def held_by_deepcave(run: Run) -> int:
    """Trials that DeepCAVE can hold: one per configuration, budget and seed; instances count as seeds."""
    columns = (run.trials[name].to_pylist() for name in ("budget", "seed", "instance"))
    every = [tuple((k, round(v, 13) if isinstance(v, float) else v) for k, v in c) for c in configurations_of(run)]
    return len(set(zip(every, *columns, strict=True)))


# --- the tables ---


def accuracies(shared: Path, dataset: str) -> dict[tuple[Any, ...], float]:
    """(architecture as NASLib orders it, epoch) → accuracy with seed 888."""
    table = pd.read_parquet(shared / "data/nb201/nb201.parquet")
    points = pd.read_parquet(shared / "data/nb201/lc_points_s888.parquet")
    architectures = dict(zip(table["arch_index"], table[list(NASLIB_EDGES)].itertuples(index=False), strict=True))
    points = points[points["dataset"] == dataset]
    known = {
        (*architectures[index], epoch): accuracy
        for index, epoch, accuracy in zip(points["arch_index"], points["epoch"], points["valid_acc"], strict=True)
    }
    full = zip(table["arch_index"], table["c10valid_valid_acc_200_s888"], strict=True)
    return known | {(*architectures[index], 200): accuracy for index, accuracy in full}


@pytest.mark.parametrize("budget", ["5min", "40min"])
@pytest.mark.parametrize(("optimizer", "name"), [("dehb", "history_dehb.pkl"), ("smac", "runhistory.json")])
def test_rows_agree_with_the_table(optimizer: str, name: str, budget: str, converted: Converted, shared: Path) -> None:
    (folder,) = (shared / "logs/real" / optimizer).glob(f"*hpo4nas_c10_{budget}_*")
    _, run = only(converted(folder), name)
    table = accuracies(shared, "cifar10-valid")
    compared: Counter[int] = Counter()
    for configuration, epochs, cost in zip(configurations_of(run), run.column("budget"), run.cost(), strict=True):
        epoch = int(epochs) + 1  # the logs count epochs from 0
        key = (*(OPERATIONS[dict(configuration)[f"op_{i}"]] for i in range(6)), epoch)
        if key in table:
            compared[epoch] += 1
            assert cost == pytest.approx(100 - table[key], abs=1e-5), (configuration, epochs)
    counts = Counter(int(epochs) + 1 for epochs in run.column("budget").tolist())
    assert compared == counts  # so that no row went uncompared


# --- DeepCAVE ---


def opened(conversions: list[Conversion]) -> Iterator[tuple[Run, Path]]:
    for conversion in conversions:
        if conversion.output is not None:
            yield Run.load(conversion.output), conversion.output


def in_both(run: Run, folder: Path, open_in_stock_deepcave: Callable[[Path], Any]) -> None:
    """Every trial that DeepCAVE can hold is in stock DeepCAVE, and if it ended in encave's class, with its cost."""
    from encave.viewer.deepcave_run import EncaveRun

    held = held_by_deepcave(run)
    rounded = sum(note.count for note in run.notes if "rounds budgets" in note.text)
    name = f"cost:{run.objectives[0].name}"
    best = Counter(cost for cost in run.trials[name].to_pylist() if cost is not None)
    ours, stock = EncaveRun.from_path(folder), open_in_stock_deepcave(folder)
    assert len(ours.history) == held_by_deepcave(without(run, "running", "not-evaluated"))
    assert len(stock.history) == held - rounded
    for shown in (ours, stock):
        assert not Counter(trial.costs[0] for trial in shown.history if trial.costs[0] is not None) - best
        assert all(trial.end_time >= trial.start_time >= 0 for trial in shown.history)
        assert {trial.config_id for trial in shown.history} == set(shown.configs)
    succeeded = run.status_counts().get("success", 0)
    assert sum(trial.status.name == "SUCCESS" for trial in ours.history) >= succeeded - (len(run) - held)


@pytest.mark.parametrize("case", [case for case in CASES if case not in REFUSED])
def test_case_in_deepcave(
    case: str, converted: Converted, shared: Path, open_in_stock_deepcave: Callable[[Path], Any]
) -> None:
    for run, folder in opened(converted(shared / "logs/real" / case)):
        in_both(run, folder, open_in_stock_deepcave)


# --- logs made here ---


def generated_folders() -> list[str]:
    root = LOGS / "generated"
    holders = {path.parent for path in root.rglob("*") if path.suffix in {".json", ".pkl", ".gzip", ".log", ".zip"}}
    return sorted(folder.relative_to(root).as_posix() for folder in holders)


@pytest.mark.parametrize("folder", generated_folders())
def test_generated(folder: str, converted: Converted, shared: Path, request: pytest.FixtureRequest) -> None:
    place = shared / "logs/generated" / folder
    (conversion,) = converted(place)
    if folder.endswith("asktell_end"):  # DEHB saved nothing
        assert conversion.status == "refused"
        assert "nothing had been saved" in (conversion.reason or "")
        return
    assert conversion.status == "converted", conversion.reason
    assert conversion.output is not None
    run = Run.load(conversion.output)
    {"dehb": check_toy_dehb, "smac": check_toy_smac, "syne-tune": check_toy_reports}[folder.split("/")[0]](run, place)
    assert conversion.read == conversion.written == len(run)
    in_both(run, conversion.output, request.getfixturevalue("open_in_stock_deepcave"))


def check_toy_dehb(run: Run, folder: Path) -> None:
    """The fitness is a function of configuration and fidelity, so that each decoded configuration can be checked."""
    weights = np.random.RandomState(1).rand(6, 5)
    tables = [pd.read_parquet(path) for path in folder.glob("*.parquet.gzip")]
    rows = [list(zip(*(t[c] for c in ("fitness", "cost", "fidelity")), strict=True)) for t in tables]
    for path in folder.glob("history*.pkl"):
        with path.open("rb") as file:
            rows.append([tuple(row[-4:-1]) for row in pickle.load(file)])  # our own file
    wanted = max(rows, key=len)
    told = zip(run.column("cost:fitness"), run.column("extra:cost"), run.column("budget"), strict=True)
    for (fitness, cost, fidelity), (ours, paid, budget), configuration in zip(
        wanted, told, configurations_of(run), strict=True
    ):
        assert (paid, budget) == (cost, fidelity)
        score = sum(weights[i][CHOICES.index(choice)] for i, (_, choice) in enumerate(configuration))
        if np.isfinite(fitness):
            assert ours == fitness == float(100 - 10 * score + 20 / np.sqrt(budget))
        else:
            assert np.isnan(ours)


def check_toy_smac(run: Run, folder: Path) -> None:
    logged = json.loads((folder / "runhistory.json").read_text(encoding="utf-8"))
    check_smac_rows(run, logged)
    wanted = Counter(row["budget"] if isinstance(row, dict) else row[3] for row in logged["data"])
    assert budgets(run) == wanted
    assert run.configurations.num_rows == len(logged["configs"])


def check_toy_reports(run: Run, folder: Path) -> None:
    with zipfile.ZipFile(folder / "results.csv.zip") as archive, archive.open(archive.namelist()[0]) as file:
        rows = list(csv.DictReader(io.TextIOWrapper(file, encoding="utf-8")))
    assert len(run) == len(rows)
    assert len(set(configurations_of(run))) == len(
        {tuple(v for k, v in row.items() if k.startswith("config_")) for row in rows}
    )
