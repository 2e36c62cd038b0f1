from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from encave.errors import EncaveError
from encave.runners.optimizers.random_search import RandomSearch
from encave.runners.studies.folder import log_failure
from encave.runners.studies.study import Cluster, Limit, RunProgress, RunSpec, run_study

SHORT = Limit(evaluations=15)
ENDLESS = Limit(simulated_seconds=1e10)


def specs(adapters: str = "re random", seeds: int = 2, limit: Limit = SHORT, **settings: Any) -> list[RunSpec]:
    return [RunSpec(name, "cifar10", seed, limit, **settings) for name in adapters.split() for seed in range(seeds)]


def content(study: Path) -> dict[str, bytes]:
    files = [path for path in sorted(study.rglob("*")) if path.is_file() and path.name != ".lock"]
    return {str(path.relative_to(study)): path.read_bytes() for path in files}


def hidden(study: Path) -> list[Path]:
    return [path for path in study.rglob("*") if path.name.startswith(".seed-")]


def test_a_runs_folder(tmp_path: Path) -> None:
    spec = RunSpec("re", "cifar100", 7, Limit(simulated_seconds=5000.0), workers=2)
    result = run_study(tmp_path, [spec])
    assert (result.done, result.skipped, result.failed) == ((spec,), (), ())
    folder = tmp_path / "re" / "cifar100" / "seed-7"
    header = json.loads((folder / "encave.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    rows = (folder / "trials.jsonl").read_text().splitlines()
    assert header["encave_log"] == 1
    assert header["optimizer"]["adapter"] == "re"
    assert header["optimizer"]["settings"]["groups"] == [
        ["op_0_1"],
        ["op_0_2", "op_1_2"],
        ["op_0_3", "op_1_3", "op_2_3"],
    ]
    assert (header["task"], header["seed"], header["workers"]) == ("cifar100", 7, 2)
    assert header["limit"] == {"simulated_seconds": 5000.0}
    assert header["benchmark"]["source"] == "surrogate"
    assert header["benchmark"]["schedule"] == 12
    assert header["trials"] == len(rows)
    assert 1 <= header["unfinished"] <= 2
    assert header["reporting"][0]["optimum"] == header["benchmark"]["optimum"]["valid_error_200"]
    assert header["versions"].keys() >= {"python", "encave", "numpy", "ConfigSpace"}


@pytest.mark.parametrize("adapter", ["re", "random", "dehb", "smac", "smac-mf"])
def test_a_seed_gives_the_same_bytes_in_any_study(tmp_path: Path, adapter: str) -> None:
    if adapter == "dehb":
        pytest.importorskip("dehb")
    both: list[dict[str, bytes]] = []
    for name in ("first", "second"):
        run_study(tmp_path / name, specs(adapter, 1, workers=2))
        both.append(content(tmp_path / name))
    assert both[0].keys() == both[1].keys()
    different = {Path(name).name for name in both[0] if both[0][name] != both[1][name]}
    assert different <= {"encave.json", "optimization.json"}
    stamps = ("overhead_seconds", "last_update")
    for name in both[0]:
        if Path(name).name in different:
            one, other = (json.loads(files[name]) for files in both)
            assert {key for key in one if one[key] != other[key]} <= set(stamps)


def test_processes_give_the_same_bytes_as_one(tmp_path: Path) -> None:
    run_study(tmp_path / "one", specs())
    result = run_study(tmp_path / "two", specs(), cluster=Cluster(2))
    assert set(result.done) == set(specs())
    one, two = content(tmp_path / "one"), content(tmp_path / "two")
    assert one.keys() == two.keys()
    assert all(one[name] == two[name] for name in one if name.endswith("trials.jsonl"))
    assert multiprocessing.active_children() == []


def test_only_what_is_missing_is_run(tmp_path: Path) -> None:
    run_study(tmp_path, specs(seeds=1))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json*")}
    states: list[tuple[str, int, str]] = []
    result = run_study(
        tmp_path, specs(seeds=2), on_progress=lambda p: states.append((p.spec.adapter, p.spec.seed, p.state))
    )
    assert result.skipped == tuple(specs(seeds=1))
    assert [spec.seed for spec in result.done] == [1, 1]
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in before.items())
    assert states[:2] == [("re", 0, "skipped"), ("random", 0, "skipped")]
    assert run_study(tmp_path, specs(seeds=2)).done == ()


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"limit": Limit(evaluations=16)}, "budget 15 evaluations, not 16 evaluations"),
        ({"limit": Limit(simulated_seconds=9.0)}, "budget 15 evaluations, not 9 simulated seconds"),
        ({"workers": 3}, "workers 1, not 3"),
        ({"epochs": 200}, "training schedule 12, not 200"),
        ({"common_start": True}, "common start False, not True"),
        ({"reward": "seed"}, "reward mean, not seed"),
    ],
)
def test_a_finished_run_with_other_settings_is_an_error(tmp_path: Path, other: dict[str, Any], told: str) -> None:
    run_study(tmp_path, specs("re", 1))
    before = content(tmp_path)
    with pytest.raises(EncaveError) as caught:
        run_study(tmp_path, [*specs("random", 1), *specs("re", 1, **other)])
    assert told in str(caught.value)
    assert str(tmp_path / "re" / "cifar10" / "seed-0") in str(caught.value)
    assert content(tmp_path) == before  # the other run was not begun either


def test_a_finished_run_on_another_benchmark_is_an_error(tmp_path: Path, table_path: Path) -> None:
    run_study(tmp_path, specs("re", 1))
    with pytest.raises(EncaveError, match="benchmark surrogate, not table"):
        run_study(tmp_path, specs("re", 1, benchmark=str(table_path)))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"encave_log": 2}'])
def test_a_damaged_run_is_neither_skipped_nor_overwritten(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "re" / "cifar10" / "seed-0"
    folder.mkdir(parents=True)
    (folder / "encave.json").write_text(text)
    with pytest.raises(EncaveError, match=r"encave\.json"):
        run_study(tmp_path, specs("re", 1))
    assert (folder / "encave.json").read_text() == text


def test_a_run_that_fails_is_told_in_one_line_and_leaves_nothing(tmp_path: Path, monkeypatch: Any) -> None:
    ask = RandomSearch.ask

    def failing(self: RandomSearch) -> Any:
        if self._asked == 9:
            raise RuntimeError("no more ideas\nat all")
        return ask(self)

    monkeypatch.setattr(RandomSearch, "ask", failing)
    states: list[str] = []
    result = run_study(tmp_path, specs("random re", 1), on_progress=lambda progress: states.append(progress.state))
    assert [spec.adapter for spec in result.done] == ["re"]
    assert [(failure.spec.adapter, failure.reason) for failure in result.failed] == [
        ("random", "RuntimeError: no more ideas")
    ]
    assert "Traceback" in result.failed[0].details
    assert not (tmp_path / "random" / "cifar10" / "seed-0").exists()
    assert hidden(tmp_path) == []
    assert "failed" in states
    monkeypatch.undo()
    again = run_study(tmp_path, specs("random re", 1))
    assert ([spec.adapter for spec in again.done], [spec.adapter for spec in again.skipped]) == (["random"], ["re"])


def test_a_run_in_flight_is_not_to_be_seen(tmp_path: Path) -> None:
    seen: list[bool] = []

    def look(progress: RunProgress) -> None:
        if progress.state == "running":
            seen.append((tmp_path / progress.spec.home).exists())

    run_study(tmp_path, specs(), on_progress=look)
    assert seen
    assert not any(seen)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_keeps_what_is_finished_and_nothing_half_written(tmp_path: Path, jobs: int) -> None:
    def interrupt(progress: RunProgress) -> None:
        if progress.spec.limit == ENDLESS and progress.state == "running":
            raise KeyboardInterrupt

    run_study(tmp_path, specs("re", 1))
    before = content(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run_study(
            tmp_path, [*specs("re", 1), *specs("random", 2, ENDLESS)], cluster=Cluster(jobs), on_progress=interrupt
        )
    assert multiprocessing.active_children() == []
    assert content(tmp_path) == before
    assert hidden(tmp_path) == []


SCRIPT = """
import sys
from pathlib import Path
from encave.runners.studies.folder import log_failure
from encave.runners.studies.study import Cluster, Limit, RunSpec, run_study

def show(progress):
    print("on", flush=True)


if __name__ == "__main__":
    runs = [RunSpec("re", "cifar10", seed, Limit(simulated_seconds=1e10)) for seed in range(2)]
    run_study(Path(sys.argv[1]), runs, cluster=Cluster(int(sys.argv[2])), on_progress=show)
"""


@pytest.mark.end_to_end
@pytest.mark.parametrize(
    ("jobs", "how"), [(1, signal.SIGINT), (1, signal.SIGTERM), (2, signal.SIGINT), (2, signal.SIGKILL)]
)
def test_processes_end_with_the_one_that_started_them(tmp_path: Path, jobs: int, how: signal.Signals) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    study = tmp_path / "study"
    with (tmp_path / "errors").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, str(script), str(study), str(jobs)],
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    assert process.stdout is not None
    assert process.stdout.readline() == b"on\n"
    if how == signal.SIGINT:
        os.killpg(process.pid, how)  # as a terminal does: to every process
    else:
        process.send_signal(how)
    process.wait(30)
    process.stdout.close()
    deadline = time.monotonic() + 30
    while _alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(process.pid)
    assert "Process Dask Worker" not in (tmp_path / "errors").read_text()  # so the traceback of one begins
    if how != signal.SIGKILL:
        assert (content(study), hidden(study)) == ({}, [])
    again = run_study(study, [RunSpec("re", "cifar10", 0, SHORT)])  # removes what a process that is killed cannot
    assert (len(again.done), hidden(study)) == (1, [])


def _alive(group: int) -> bool:
    """Whether a process of the group is left; one that only waits to be reaped does not count."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, found = entry.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue  # it ended while we looked
        if int(found) == group and state != "Z":
            return True
    return False


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"adapter": "bogus"}, "unknown optimizer 'bogus'; there are"),
        ({"dataset": "mnist"}, "unknown dataset 'mnist'; there are cifar10, cifar100, ImageNet16-120"),
        ({"epochs": 50}, "12 or 200 epochs, not 50"),
        (
            {"adapter": "dehb", "max_budget": 300.0},
            "budgets from 12 to 300 epochs with eta = 3 are none of a schedule of 200",
        ),
        ({"reward": "luck"}, "a reward is the mean or seed of the training seeds, not 'luck'"),
        ({"workers": 0}, "at least one simulated worker"),
        ({"seed": -1}, "a seed is in 0"),
    ],
)
def test_a_run_that_cannot_be_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(EncaveError, match=told):
        RunSpec(**{"adapter": "re", "dataset": "cifar10", "seed": 0, "limit": SHORT, **fields})


def test_two_runs_for_one_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EncaveError, match="two runs with different settings are for one folder"):
        run_study(tmp_path, [*specs("re", 1), *specs("re", 1, workers=2)])
    assert run_study(tmp_path, specs("re", 1) * 2).done == tuple(specs("re", 1))


def test_a_study_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study").write_text("")
    with pytest.raises(EncaveError, match="cannot write"):
        run_study(tmp_path / "study", specs())


def test_a_benchmark_that_is_not_there_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(EncaveError):
        run_study(tmp_path, specs(benchmark="nowhere.parquet"))
    assert list(tmp_path.iterdir()) == []


def test_progress_grows_to_the_end(tmp_path: Path) -> None:
    fractions: list[float] = []
    run_study(tmp_path, specs("re", 1), on_progress=lambda progress: fractions.append(progress.fraction))
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


@pytest.mark.parametrize("place", [".lock", "random/cifar10", "random/cifar10/seed-0.failed.log"])
def test_links_in_a_study_lead_to_nothing_that_is_written(tmp_path: Path, place: str) -> None:
    study, mine = tmp_path / "study", tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("dear")
    (study / place).parent.mkdir(parents=True)
    (study / place).symlink_to(mine / "letter.txt" if place.endswith(("lock", "log")) else mine)
    wanted = specs("random", 1)
    if place.endswith("log"):
        log_failure(study, wanted[0], "reason", "details")
        assert (study / place).read_text() == "reason\n\ndetails"
    else:
        with pytest.raises(EncaveError, match=r"no lock file|leads to"):
            run_study(study, wanted)
    assert content(mine) == {"letter.txt": b"dear"}
