"""Files that take all memory, never end, or end the process that reads them cost one log."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from encave.converters import convert
from encave.converters.engine import Engine, ReadingTask
from encave.converters.exporting import export
from encave.converters.inspection import inspect_logs
from encave.converters.limits import Limits
from encave.converters.one_log import Job, read_log
from encave.converters.reader import Found, Log, Options
from encave.converters.reading_server import Ended
from encave.converters.survey import survey
from encave.errors import EncaveError
from encave.run import Run

from .conftest import random_lines, write_sidecar, write_trials
from .plugged import install

HOSTILE = """
import os, signal
from encave.converters.reader import Found


def obey(path):
    order = path.read_text()
    if order == "memory":
        held = []
        while True:
            held.append(b"x" * (1 << 24))
    if order == "loop":
        while True:
            pass
    if order == "sleep":
        signal.pause()
    if order == "kill":
        os.kill(os.getpid(), 9)
    if order == "crash":
        os.abort()
    raise ZeroDivisionError(order)


class Hostile:
    name = "hostile"
    title = "Hostile"

    def detect(self, listing):
        for name in listing.names:
            if name.endswith(".detect"):
                obey(listing.folder / name)
            if name.endswith(".read"):
                yield Found(listing.folder / name, (listing.folder / name,), "its name")

    def read(self, found, options):
        obey(found.path)


READER = Hostile()
"""
REASONS = {
    "memory": "--memory raises the limit",
    "loop": "took longer than 2 s; --timeout raises the limit",
    "sleep": "took longer than 2 s; --timeout raises the limit",
    "kill": "the process that read it ended (SIGKILL)",
    "crash": "the process that read it ended (SIGABRT)",
    "raise": "ZeroDivisionError",
}
TIGHT = Limits(memory=0.75, seconds=60.0)  # memory is full within a second, unless the machine has much to do
SHORT = Limits(memory=0.75, seconds=2.0)


def log(root: Path, seed: int, trials: int = 5) -> None:
    write_trials(root / f"seed-{seed}", random_lines(trials, seed=seed))
    write_sidecar(root / f"seed-{seed}", optimizer="RE", seed=seed)


@pytest.fixture
def hostile(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path_factory, monkeypatch, HOSTILE)


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("order", REASONS)
@pytest.mark.parametrize("where", ["detect", "read"])
def test_one_hostile_file_is_one_refusal(tmp_path: Path, order: str, where: str) -> None:
    for seed in (0, 1):
        log(tmp_path / "logs", seed)
    bad = tmp_path / "logs" / "seed-0" / f"a.{where}"  # beside a log, which is found all the same
    bad.write_text(order)
    limits = SHORT if order in ("loop", "sleep") else TIGHT
    results = convert([tmp_path / "logs"], tmp_path / "out", limits=limits, jobs=2)
    assert [found.status for found in results] == ["refused", "converted", "converted"]
    assert results[0].source == bad and REASONS[order] in str(results[0].reason)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["RE-cifar10-seed0", "RE-cifar10-seed1"]


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("order", ["memory", "kill"])
def test_every_verb_goes_on(tmp_path: Path, order: str) -> None:
    log(tmp_path / "logs", 0)
    (tmp_path / "logs" / "a.read").write_text(order)
    assert [found.status for found in inspect_logs([tmp_path / "logs"], limits=TIGHT)] == ["refused", "readable"]
    exported = export([tmp_path / "logs"], tmp_path / "csv", "csv", limits=TIGHT)
    assert [found.status for found in exported.conversions] == ["refused", "converted"]
    assert REASONS[order] in str(exported.conversions[0].reason)


TASKS = """
import os, time


def slow(number, ask):
    time.sleep(0.02 * (5 - number % 5))
    return number, ask(number)


def own(_):
    return os.getpid()


def leave(status, _):
    os._exit(status)


def large(_):
    bytearray(1 << 31)


def endless(_):
    while True:
        pass
"""


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module of functions that processes find."""
    (tmp_path / "engine_tasks.py").write_text(TASKS)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("engine_tasks")
    del sys.modules["engine_tasks"]


def test_answers_and_questions_come_in_the_order_of_the_tasks(tasks: Any) -> None:
    asked: list[int] = []

    def reply(number: int) -> str:
        asked.append(number)
        return f"reply {number}"

    wanted = [ReadingTask(tasks.slow, (number,)) for number in range(40)]
    with Engine(3) as engine:
        assert list(engine.ordered(wanted, reply)) == [(number, f"reply {number}") for number in range(40)]
        assert asked == list(range(40))
        assert list(engine.ordered([])) == []


def test_a_process_is_kept_for_many_tasks_and_replaced_when_it_ends(tasks: Any) -> None:
    own = ReadingTask(tasks.own, ())
    with Engine(1, Limits(memory=1.0)) as engine:
        first, same, ended, second, large, third = engine.ordered(
            [own, own, ReadingTask(tasks.leave, (7,)), own, ReadingTask(tasks.large, ()), own]
        )
        assert engine.one(tasks.own) == third
    assert ended == Ended("the process that read it ended (exit 7)")
    assert "1 GiB" in large.reason and "--memory" in large.reason
    assert first == same and len({first, second, third, os.getpid()}) == 4


def test_a_caller_who_leaves_early_leaves_no_process_at_work(tasks: Any) -> None:
    with Engine(2) as engine:
        rest = engine.ordered(
            [ReadingTask(tasks.own, ()), ReadingTask(tasks.endless, ()), ReadingTask(tasks.endless, ())]
        )
        assert next(rest) > 0
        rest.close()
        assert not engine.busy()
        assert engine.one(tasks.own) > 0


EARLY = """
import sys
from multiprocessing.context import ForkProcess
from pathlib import Path
for name in sys.argv[2:]:
    __import__(name)
from encave.converters import convert, engine
engine.start_early()
assert isinstance(engine._running()._process, ForkProcess) == (not sys.argv[2:])
[done] = convert([Path(sys.argv[1])], Path(sys.argv[1]) / "runs")
assert done.status == "converted"
assert engine._running()._process.is_alive()
"""


@pytest.mark.parametrize("loaded", [(), ("numpy",)])
def test_a_program_that_has_not_begun_is_forked_and_one_with_threads_is_not(
    tmp_path: Path, loaded: tuple[str, ...]
) -> None:
    log(tmp_path, 0)
    command = [sys.executable, "-c", EARLY, str(tmp_path), *loaded]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_engine_that_is_asked_nothing_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(**_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("encave.converters.engine._running", start)
    with Engine() as engine:
        assert list(engine.ordered([])) == []


def test_a_log_that_has_not_changed_is_not_read(tmp_path: Path) -> None:
    log(tmp_path, 0)
    with Engine() as engine:
        [found] = survey([tmp_path], engine).logs
        run = engine.one(read_log, Job(found, Options()), True, None)
        assert isinstance(run, Run)
        assert engine.one(read_log, Job(found, Options()), True, run.provenance.fingerprint) is None
        write_trials(tmp_path / "seed-0", random_lines(6))
        assert len(engine.one(read_log, Job(found, Options()), True, run.provenance.fingerprint)) == 6


def test_one_walk_finds_logs_runs_and_stores_and_tells_the_rest(tmp_path: Path) -> None:
    log(tmp_path / "all" / "logs", 0)
    convert([tmp_path / "all" / "logs"], tmp_path / "all" / "runs")
    export([tmp_path / "all" / "logs"], tmp_path / "all" / "store", "store")
    (tmp_path / "elsewhere").mkdir()
    convert([tmp_path / "all" / "logs"], tmp_path / "elsewhere")
    (tmp_path / "all" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "all" / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "all" / "memory.json").symlink_to("/proc/self/mem")
    with Engine() as engine:
        found = survey([tmp_path / "all"], engine)
        [run] = survey([tmp_path / "elsewhere"], engine).runs
        with pytest.raises(EncaveError, match="does not exist"):
            survey([tmp_path / "nowhere"], engine)
    assert [one.found.path.parent.name for one in found.logs] == ["seed-0"]
    assert found.stores == (tmp_path / "all" / "store",)
    assert len(found.runs) == 2 and run in found.runs
    told = {each.path.name: each.kind for each in found.unread}
    assert set(told) == {"gone", "memory.json"} and all(told.values())


def test_a_folder_that_vanishes_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log(tmp_path / "logs", 0)
    (tmp_path / "logs" / "vanishes").mkdir()
    scan = os.scandir

    def scandir(path: Any) -> Any:
        if Path(path).name == "vanishes":
            Path(path).rmdir()
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with Engine() as engine:
        found = survey([tmp_path / "logs"], engine)
    assert len(found.logs) == 1
    assert [each.path.name for each in found.unread] == ["vanishes"]


def test_a_refused_log_keeps_its_reason() -> None:
    refused = Log("unreadable", Found(Path("x"), (), ""), "no permission")
    with Engine() as engine:
        answer = engine.one(read_log, Job(refused, Options()), False, None)
    assert isinstance(answer, EncaveError) and "no permission" in str(answer)
