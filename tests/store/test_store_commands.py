"""The verbs of the command line on a run store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from encave.cli import cli
from encave.converters.inspection import inspect_logs
from encave.converters.outputs import output
from encave.run import Provenance, Run, find_runs
from encave.runners.studies.study import RunSpec, parse_limit, run_study
from encave.store import RunStore


def encave(*arguments: Any) -> Any:
    done = CliRunner().invoke(cli, list(map(str, arguments)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2 optimizers × 2 datasets × 3 seeds, and the log of a run that failed."""
    folder = tmp_path_factory.mktemp("study")
    limit = parse_limit("25evals")
    wanted = [RunSpec(a, d, s, limit) for a in ("re", "random") for d in ("cifar10", "cifar100") for s in range(3)]
    assert len(run_study(folder, wanted).done) == 12
    (folder / "re/cifar10/seed-9.failed.log").write_text("OSError: disk full\n\nTraceback")
    return folder


@pytest.fixture(scope="module")
def store(study: Path) -> Path:
    folder = study.parent / f"{study.name}-store"
    told = json.loads(encave("convert", study, "--to", "store", "--out", folder, "--json").stdout)
    assert [run["status"] for run in told["runs"]] == ["converted"] * 12
    assert all(run["read"] == run["written"] == 25 for run in told["runs"])
    return folder


def test_several_processes_write_the_same_store(study: Path, store: Path, tmp_path: Path) -> None:
    encave("convert", study, "--to", "store", "--out", tmp_path, "--jobs", 2)
    one, two = ({path.relative_to(root): path.read_bytes() for path in root.rglob("*.*")} for root in (store, tmp_path))
    assert one == two


def test_converting_again_adds_what_is_new_and_replaces_what_has_changed(tmp_path: Path) -> None:
    study, store = tmp_path / "study", tmp_path / "store"
    run_study(study, [RunSpec("re", "cifar10", seed, parse_limit("12evals")) for seed in (0, 1)])
    encave("convert", study, "--to", "store", "--out", store)
    before = {path: path.read_bytes() for path in store.rglob("*.parquet")}
    again = json.loads(encave("convert", study, "--to", "store", "--out", store, "--json").stdout)
    assert [(run["status"], run["read"], run["written"]) for run in again["runs"]] == [("unchanged", 12, 12)] * 2
    assert {path: path.read_bytes() for path in store.rglob("*.parquet")} == before
    run_study(study, [RunSpec("re", "cifar10", 2, parse_limit("12evals"))])
    log = study / "re/cifar10/seed-0/trials.jsonl"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:7]))
    more = json.loads(encave("convert", study, "--to", "store", "--out", store, "--json").stdout)
    assert [run["status"] for run in more["runs"]] == ["converted", "unchanged", "converted"]
    assert sorted(RunStore(store).runs()["trials"].to_pylist()) == [7, 12, 12]


def test_what_a_store_holds_is_what_a_folder_of_runs_holds(study: Path, store: Path, tmp_path: Path) -> None:
    encave("convert", study, "--to", "run", "--out", tmp_path / "runs")
    expected = {run.name: run for run in map(Run.load, find_runs(tmp_path / "runs"))}
    found = list(RunStore(store).read())
    assert len(found) == len(expected) == 12
    for run in found:
        told = run.provenance.json()
        assert len(told.pop("fingerprint")) == 64
        assert run.replace(provenance=Provenance.from_json(told)) == expected[run.name]
    encave("convert", store, "--to", "csv", "--out", tmp_path / "csv")
    assert len(list((tmp_path / "csv").glob("*.csv"))) == 12
    encave("convert", store / "runs/optimizer=RE", "--out", tmp_path / "deepcave")
    assert len(find_runs(tmp_path / "deepcave")) == 6
    assert all((folder / "history.jsonl").is_file() for folder in find_runs(tmp_path / "deepcave"))


def test_a_store_of_converted_runs_is_the_store_of_their_logs(study: Path, store: Path, tmp_path: Path) -> None:
    encave("convert", study, "--out", tmp_path / "runs")
    encave("convert", tmp_path / "runs", "--to", "store", "--out", tmp_path / "store")
    ids = [set(RunStore(one).runs(columns=["run_id"])["run_id"].to_pylist()) for one in (store, tmp_path / "store")]
    assert ids[0] == ids[1]
    output("store").write([Run.load(find_runs(tmp_path / "runs")[0])], tmp_path / "store")
    assert len(RunStore(tmp_path / "store")) == 12


def test_status_and_inspect(store: Path) -> None:
    found = json.loads(encave("status", store, "--json").stdout)
    assert (found["done"], found["complete"], len(found["cells"])) == (12, True, 4)
    assert "3" in encave("status", store / "trials/optimizer=RE").output
    assert len(inspect_logs([store])) == 12


def rows(*arguments: Any) -> list[dict[str, Any]]:
    return json.loads(encave("analyze", "ranks", *arguments, "--json").stdout)["final"]


def test_analysis_of_a_store_equals_that_of_the_runs(study: Path, store: Path, tmp_path: Path) -> None:
    encave("convert", study, "--out", tmp_path / "runs")
    assert rows(store) == rows(tmp_path / "runs")
    curves = [encave("analyze", "curves", source, "--csv").stdout for source in (store, tmp_path / "runs")]
    assert curves[0] == curves[1]
    assert curves[0].count("\n") > 10


def test_only_what_is_wanted(store: Path, study: Path, tmp_path: Path) -> None:
    encave("convert", study, "--out", tmp_path / "runs")
    only = ("--only", "dataset=cifar100", "--only", "seed=0-1")
    for source in (store, tmp_path / "runs"):
        found = rows(source, *only)
        assert '"cifar100"' in json.dumps(found)
        assert '"cifar10"' not in json.dumps(found)
    curves = [encave("analyze", "curves", source, *only, "--csv").stdout for source in (store, tmp_path / "runs")]
    assert curves[0] == curves[1]
    assert "cifar10," not in curves[0]
    refused = CliRunner().invoke(cli, ["analyze", "ranks", str(store), "--only", "colour=red"])
    assert refused.exit_code == 2
    assert "with one of the keys optimizer, dataset, seed" in refused.output
    for verb in (["analyze", "ranks"], ["open", "--no-browser"]):
        nothing = CliRunner().invoke(cli, [*verb, str(store), "--only", "optimizer=nobody"])
        assert nothing.exit_code == 2
        assert "none of the runs is one that --only wants" in nothing.output


def test_report_of_a_part_of_a_store(store: Path, tmp_path: Path) -> None:
    encave("report", store / "runs/optimizer=RE/dataset=cifar10", "--out", tmp_path / "report")
    page = (tmp_path / "report/report.html").read_text()
    assert "cifar10" in page
    body = page.split("</head>", 1)[1].split("<script", 1)[0]
    assert "Random" not in body.replace("Random (expected)", "")


def test_deepcave_gets_folders_from_a_store_once(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from encave.store import RunFilter
    from encave.workflows.prepared import extracted

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    wanted = RunFilter(frozenset({"RE"}), seeds=frozenset({1}))
    first = extracted(store, wanted)
    assert [Run.load(folder).provenance.seed for folder in first] == [1, 1]
    stamps = [folder.stat().st_mtime_ns for folder in first]
    assert extracted(store, wanted) == first
    assert [folder.stat().st_mtime_ns for folder in first] == stamps


@pytest.mark.parametrize("verb", [("groups",), ("inspect",), ("convert", "--to", "csv", "--out", "out")])
def test_a_store_that_is_none_is_left_out(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "all" / "bad").mkdir(parents=True)
    (tmp_path / "all" / "bad" / "encave-store.json").write_text('{"encave_store": 99}')
    (tmp_path / "all" / "good").symlink_to(store)
    done = CliRunner().invoke(cli, [verb[0], "all", *verb[1:]])
    assert done.exit_code == 1 and "is of format 99" in done.output, done.output
    assert "Traceback" not in done.output and ("random" in done.output.lower() or "12 runs in out" in done.output)
    alone = CliRunner().invoke(cli, [verb[0], "all/bad", *verb[1:]])
    assert alone.exit_code == 2 and "is of format 99" in alone.output, alone.output
