"""Studies on Dask while processes are killed, the disk is full, and others want the same study."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from encave.cli import cli
from encave.errors import EncaveError
from encave.runners.cluster import places as cluster_module
from encave.runners.cluster.dispatch import UnfinishedError
from encave.runners.cluster.places import Cluster, connected, slurm_cluster
from encave.runners.studies import folder as study_folder
from encave.runners.studies.status import study_status
from encave.runners.studies.study import Limit, Ready, RunProgress, RunSpec, run_study

pytestmark = pytest.mark.end_to_end

dask_config = pytest.importorskip("dask.config", reason="needs the extra dask")
distributed = pytest.importorskip("distributed")
Client, Security = distributed.Client, distributed.Security

SHORT = Limit(evaluations=12)
SECONDS = Limit(evaluations=6_000)  # a second or so
ENDLESS = Limit(simulated_seconds=1e10)


def specs(count: int, limit: Limit = SHORT, adapter: str = "random") -> list[RunSpec]:
    return [RunSpec(adapter, "cifar10", seed, limit) for seed in range(count)]


def rests(study: Path) -> list[str]:
    return [path.name for path in study.rglob(".seed-*")]


def kill_workers() -> None:
    for child in multiprocessing.active_children():
        os.kill(child.pid or 0, signal.SIGKILL)


def test_a_hundred_runs_while_workers_are_killed(tmp_path: Path) -> None:
    ended: list[RunSpec] = []

    def kill(progress: RunProgress) -> None:
        if progress.state == "running":
            return
        ended.append(progress.spec)
        if len(ended) in (3, 50):
            os.kill(multiprocessing.active_children()[0].pid or 0, signal.SIGKILL)

    result = run_study(tmp_path, specs(100), cluster=Cluster(2), on_progress=kill)
    assert sorted(result.done, key=lambda spec: spec.seed) == specs(100)
    assert result.failed == ()
    assert sorted(spec.seed for spec in ended) == list(range(100))
    assert len(list(tmp_path.rglob("encave.json"))) == 100
    assert rests(tmp_path) == []
    assert multiprocessing.active_children() == []


def test_a_run_whose_worker_is_killed_is_run_again(tmp_path: Path) -> None:
    killed: list[RunSpec] = []

    def kill(progress: RunProgress) -> None:
        if progress.state == "running" and not killed:
            killed.append(progress.spec)
            kill_workers()

    result = run_study(tmp_path, specs(2, SECONDS), cluster=Cluster(2), on_progress=kill)
    assert killed
    assert set(result.done) == set(specs(2, SECONDS))
    assert rests(tmp_path) == []


@pytest.mark.parametrize("lost", [1, 1000])
def test_answers_that_stay_with_a_worker_are_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    """As of a worker that was killed with the answer, while the scheduler still tries to reach it."""
    result, asked = distributed.Future.result, 0

    def late(self: object, timeout: float | None = None) -> object:
        nonlocal asked
        asked += 1
        if asked <= lost:
            raise asyncio.TimeoutError("timed out after 30 s.")
        return result(self, timeout)

    monkeypatch.setattr(distributed.Future, "result", late)
    if lost == 1:
        assert set(run_study(tmp_path, specs(4), cluster=Cluster(2)).done) == set(specs(4))
    else:
        with pytest.raises(UnfinishedError, match="4 of 4 runs are missing"):
            run_study(tmp_path, specs(4), cluster=Cluster(2))
    assert rests(tmp_path) == []


@pytest.mark.spawned
@pytest.mark.parametrize("starts", [1, 2])
def test_a_worker_that_is_killed_as_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starts: int) -> None:
    def kill_the_first() -> None:
        while not (children := multiprocessing.active_children()):
            time.sleep(0.01)
        os.kill(children[0].pid or 0, signal.SIGKILL)

    monkeypatch.setattr(cluster_module, "_STARTS", starts)
    killer = threading.Thread(target=kill_the_first)
    killer.start()
    if starts == 1:
        with pytest.raises(EncaveError, match="the worker processes end as they start"):
            run_study(tmp_path, specs(2), cluster=Cluster(2))
    else:
        assert set(run_study(tmp_path, specs(2), cluster=Cluster(2)).done) == set(specs(2))
    killer.join()
    assert multiprocessing.active_children() == []


def test_workers_that_dask_has_given_up_are_started_again(tmp_path: Path) -> None:
    """It does so where a new process is not there in 15 seconds, as on a machine with much to do; here at once."""
    killed: list[RunSpec] = []

    def kill(progress: RunProgress) -> None:
        if progress.state == "running" and not killed:
            killed.append(progress.spec)
            kill_workers()

    with dask_config.set({"distributed.deploy.lost-worker-timeout": "1ms"}):
        result = run_study(tmp_path, specs(2, SECONDS), cluster=Cluster(2), on_progress=kill)
    assert killed
    assert set(result.done) == set(specs(2, SECONDS))


def test_a_run_that_kills_every_worker_is_given_up_alone(tmp_path: Path) -> None:
    def kill(progress: RunProgress) -> None:
        if progress.state == "running" and progress.spec.limit == ENDLESS:
            kill_workers()

    wanted = [*specs(1, ENDLESS), *specs(3, adapter="re")]
    result = run_study(tmp_path, wanted, cluster=Cluster(2), on_progress=kill)
    assert set(result.done) == set(wanted[1:])
    assert [failure.spec for failure in result.failed] == wanted[:1]
    assert "workers ended while they had it" in result.failed[0].reason
    assert rests(tmp_path) == []
    [cell] = [cell for cell in study_status(tmp_path).cells if cell.failed]
    assert [(one.seed, one.reason) for one in cell.failed] == [(0, result.failed[0].reason)]


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A file system of 300 kB."""
    folder = tmp_path / "full"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"needs root to mount a file system of 300 kB: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_full_disk_costs_the_runs_that_do_not_fit_until_there_is_room(full: Path, jobs: int) -> None:
    wanted = [*specs(1), *specs(2, Limit(evaluations=2000), "re")]
    first = run_study(full, wanted, cluster=Cluster(jobs))
    assert first.done == tuple(wanted[:1])
    reasons = {failure.reason for failure in first.failed}
    assert len(reasons) == 2 and all("No space left on device. Make room, then run it again." in one for one in reasons)
    assert rests(full) == []
    [cell] = [cell for cell in study_status(full).cells if cell.optimizer == "re"]
    assert cell.unfinished == 2
    subprocess.run(["mount", "-o", "remount,size=20m", full], check=True)
    second = run_study(full, wanted, cluster=Cluster(jobs))
    assert (set(second.done), second.failed) == (set(wanted[1:]), ())
    assert not list(full.rglob("*.failed.log"))


def test_no_room_for_the_study_itself_is_an_error_in_a_line(full: Path) -> None:
    with suppress(OSError), (full / "filling").open("wb") as file:
        file.write(bytes(400_000))
    refused = CliRunner().invoke(cli, ["run", str(full), "--optimizer", "random", "--budget", "12evals"])
    assert refused.exit_code == 2
    assert f"cannot write {full}/.lock: No space left on device. Make room" in refused.output


def test_a_failure_leaves_a_log_until_the_run_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from encave.runners.optimizers.random_search import RandomSearch

    def failing(self: RandomSearch) -> Any:
        raise RuntimeError("no ideas\nat all")

    with monkeypatch.context() as patch:
        patch.setattr(RandomSearch, "ask", failing)
        command = [str(tmp_path), "--optimizer", "random", "--seeds", "0-1", "--budget", "12evals"]
        failed = CliRunner().invoke(cli, ["run", *command])
    assert failed.exit_code == 1
    assert "random on cifar10, seed 1: RuntimeError: no ideas" in failed.output
    log = tmp_path / "random/cifar10/seed-1.failed.log"
    assert log.read_text().startswith("RuntimeError: no ideas\n\nTraceback")
    told = CliRunner().invoke(cli, ["status", str(tmp_path)]).output
    assert f"failed: random on cifar10, seed 1: RuntimeError: no ideas ({log})" in told
    [cell] = study_status(tmp_path).to_json()["cells"]
    assert (cell["unfinished"], cell["missing_seeds"]) == (2, [])
    assert cell["failed_seeds"][0] == {
        "seed": 0,
        "reason": "RuntimeError: no ideas",
        "log": str(log.with_name("seed-0.failed.log")),
    }
    again = CliRunner().invoke(cli, ["run", str(tmp_path)])
    assert again.exit_code == 0, again.output
    assert not list(tmp_path.rglob("*.failed.log"))


SECOND = """
import sys
from pathlib import Path
from encave.runners.studies.study import Limit, RunSpec, run_study

runs = [RunSpec("random", "cifar10", 0, Limit(simulated_seconds=1e10))]
run_study(Path(sys.argv[1]), runs, on_progress=lambda progress: print("on", flush=True))
"""


def test_a_second_run_of_a_study_waits_its_turn(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", SECOND, tmp_path], stdout=subprocess.PIPE)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == b"on\n"
        with pytest.raises(EncaveError, match=rf"process {other.pid} on .* is running") as refused:
            run_study(tmp_path, specs(2))
        assert "the same command then does what is missing" in str(refused.value)
        assert [len(cell.running) for cell in study_status(tmp_path).cells] == [1]
    finally:
        other.kill()
        other.communicate()
    assert rests(tmp_path)  # it could not clean up
    assert set(run_study(tmp_path, specs(2)).done) == set(specs(2))
    assert rests(tmp_path) == []


def test_of_two_that_finish_one_run_the_first_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_: Any) -> None:
        raise OSError("Function not implemented")

    monkeypatch.setattr(study_folder.fcntl, "flock", no_locks)
    inside: list[int] = []

    def run_it_too(progress: RunProgress) -> None:
        if progress.state == "running" and not inside:
            inside.append(0)
            run_study(tmp_path, specs(1))
            inside.append((tmp_path / specs(1)[0].home).stat().st_ino)

    with monkeypatch.context():
        result = run_study(tmp_path, specs(1), on_progress=run_it_too)
    assert result.failed == ()
    assert (tmp_path / specs(1)[0].home).stat().st_ino == inside[1]
    assert rests(tmp_path) == []


def test_a_scheduler_that_is_restarted_and_one_that_stays_away(
    tmp_path: Path, daemons: Callable[..., subprocess.Popen[bytes]], free_port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"tcp://127.0.0.1:{free_port}"
    own = ("--host", "127.0.0.1", "--port", free_port)
    worker = (address, "--nthreads", "2", "--no-nanny", "--host", "127.0.0.1")  # more threads than encave uses
    running = [daemons("scheduler", *own), daemons("worker", *worker)]
    ready: list[Ready] = []
    states: list[str] = []

    def restart(progress: RunProgress) -> None:
        states.append(progress.state)
        if len(states) == 5:
            for process in running:
                process.kill()
                process.wait()
            running[:] = [daemons("scheduler", *own), daemons("worker", *worker)]

    wanted = specs(40)
    result = run_study(tmp_path, wanted, cluster=Cluster(scheduler=address), on_progress=restart, on_ready=ready.append)
    assert (set(result.done), result.failed) == (set(wanted), ())
    assert len(list(tmp_path.rglob("encave.json"))) == 40
    assert max(one.workers for one in ready) == 1

    def stop(progress: RunProgress) -> None:
        running[0].kill()

    monkeypatch.setattr(cluster_module, "PATIENCE", 1.0)
    more = specs(2, ENDLESS, "re")
    with pytest.raises(UnfinishedError, match="2 of 2 runs are missing: the same command does them") as lost:
        run_study(tmp_path, more, cluster=Cluster(scheduler=address), on_progress=stop)
    assert lost.value.exit_status == 1
    deadline = time.monotonic() + 20
    while rests(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert rests(tmp_path) == []


def test_a_scheduler_that_is_not_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "PATIENCE", 0.5)
    with pytest.raises(EncaveError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9") as caught:
        run_study(tmp_path, specs(1), cluster=Cluster(scheduler="tcp://127.0.0.1:9"))
    assert not isinstance(caught.value, UnfinishedError)


@pytest.mark.spawned
@pytest.mark.parametrize("dashboard", [False, True])
def test_local_workers_listen_on_loopback_only_and_say_nothing(tmp_path: Path, capfd: Any, dashboard: bool) -> None:
    listening: set[str] = set()

    def look(ready: Ready) -> None:
        assert ready.dashboard.startswith("http://127.0.0.1:") if dashboard else ready.dashboard == ""
        for pid in (os.getpid(), *(child.pid for child in multiprocessing.active_children())):
            sockets = set()
            for handle in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(FileNotFoundError):  # it was closed while we looked
                    sockets.add(str(handle.readlink()))
            for table in ("tcp", "tcp6"):
                rows = [line.split() for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
                listening.update(row[1].partition(":")[0] for row in rows if f"socket:[{row[9]}]" in sockets)

    run_study(tmp_path, specs(4), cluster=Cluster(2, dashboard=dashboard), on_ready=look)
    assert listening == {"0100007F"}
    assert capfd.readouterr() == ("", "")


def listening_ports() -> set[int]:
    """Ports of the loopback that this process and its children listen to."""
    ports: set[int] = set()
    for pid in (os.getpid(), *(child.pid for child in multiprocessing.active_children())):
        sockets: set[str] = set()
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # it was closed while we looked
                sockets.add(str(handle.readlink()))
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        ports |= {int(row[1][-4:], 16) for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets}
    return ports


def test_nobody_without_the_certificate_can_use_the_local_cluster(tmp_path: Path) -> None:
    """Whoever reaches the scheduler or a worker has it run code, and every account of the machine reaches loopback."""
    cluster = Cluster(2)
    with connected(cluster, 2, tmp_path) as connection:
        connection.client.wait_for_workers(2, timeout=60)
        scheduler = connection.client.scheduler_info()["address"]
        workers = [*connection.client.scheduler_info()["workers"]]
        assert [address.partition("://")[0] for address in (scheduler, *workers)] == ["tls"] * 3
        with pytest.raises(OSError):
            Client(scheduler.replace("tls://", "tcp://"), timeout=2)
        with pytest.raises(OSError):
            Client(scheduler, timeout=2, security=Security.temporary())
        anyone = ssl.create_default_context()
        anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
        for address in (scheduler, *workers):
            host, _, port = address.removeprefix("tls://").partition(":")
            plain = socket.create_connection((host, int(port)), timeout=10)
            with pytest.raises(ssl.SSLError, match="alert"), anyone.wrap_socket(plain) as told:
                told.recv(1)  # in TLS 1.3 the refusal comes with the first read
        assert connection.client.submit(sum, [1, 2]).result(timeout=60) == 3


def test_what_listens_for_browsers_answers_nothing_unless_the_dashboard_is_wanted(tmp_path: Path) -> None:
    def answers(port: int, page: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except (OSError, HTTPException):  # it does not speak HTTP
            return 0

    pages = ("", "status", "info/main/workers.html", "json/counts.json", "metrics", "health")
    with connected(Cluster(2), 2, tmp_path) as connection:
        connection.client.wait_for_workers(2, timeout=60)
        found = {(port, page): answers(port, page) for port in listening_ports() for page in pages}
        assert found and {where: code for where, code in found.items() if code not in (0, 404)} == {}
        assert connection.dashboard == ""
    with connected(Cluster(2, dashboard=True), 2, tmp_path) as connection:
        assert answers(int(urlsplit(connection.dashboard).port or 0), "status") == 200


def test_the_script_of_a_slurm_job(tmp_path: Path) -> None:
    pytest.importorskip("dask_jobqueue")
    settings = {"queue": "cpu", "account": "lab", "memory": "2GB", "walltime": "01:30:00"}
    options = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with slurm_cluster(Cluster(4, slurm={**settings, "scheduler_options": options}), tmp_path) as cluster:
        script = cluster.job_script()  # type: ignore[attr-defined]
        lines = script.splitlines()
        assert cluster.scheduler_address.startswith("tls://127.0.0.1:")
        assert cluster.dashboard_link.startswith("http://127.0.0.1:")
        assert cluster.scheduler_spec["options"]["dashboard"] is False
    for wanted in ("-p cpu", "-A lab", "-t 01:30:00", "-n 1", "--cpus-per-task=1", "--mem=2G"):
        assert f"#SBATCH {wanted}" in lines
    words = shlex.split(script[script.index(f"\n{sys.executable} -c ") :])
    command = " ".join(words)
    assert words[:2] + words[3:5] == [sys.executable, "-c", "-m", "distributed.cli.dask_worker"]
    assert words[5].startswith("tls://127.0.0.1:")
    assert "--nthreads 1" in command
    assert "--no-dashboard --dashboard-address 127.0.0.1:0" in command
    for option in ("--tls-ca-file", "--tls-cert", "--tls-key"):
        assert f"{option} {tmp_path}/.slurm/" in command
    assert f"#SBATCH -o {tmp_path}/.slurm/dask-worker-%J.out" in lines


def test_settings_that_slurm_cannot_take(tmp_path: Path) -> None:
    pytest.importorskip("dask_jobqueue")
    with pytest.raises(EncaveError, match="not what dask-jobqueue takes"):
        slurm_cluster(Cluster(slurm={"nonsense": 1}), tmp_path)


SBATCH = """#!/bin/sh
cp "$1" "$0.$$"  # as SLURM does: the script is gone when this returns
setsid sh "$0.$$" > /dev/null 2>&1 &
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/sh
for job in "$@"; do kill -- "-$job" 2> /dev/null; done
exit 0
"""


def test_a_study_in_slurm_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SLURM's commands are scripts here, which begin a job at once; all else is real."""
    pytest.importorskip("dask_jobqueue")
    commands, study, file = tmp_path / "bin", tmp_path / "study", tmp_path / "study.toml"
    commands.mkdir()
    for name, script in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        (commands / name).write_text(script)
        (commands / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{commands}:{os.environ['PATH']}")
    foreign = tmp_path / "logs"  # which a job starts in, as it does where it was submitted
    foreign.mkdir()
    for name in {*sys.stdlib_module_names, "encave", "numpy", "distributed", "sitecustomize"}:
        (foreign / f"{name}.py").write_text("open('harm', 'a').close()\nraise ImportError('foreign')")
    monkeypatch.chdir(foreign)
    file.write_text("optimizer = ['random']\nseeds = '0-3'\nbudget = '12evals'\n[slurm]\ninterface = 'lo'\n")
    done = CliRunner().invoke(cli, ["run", str(study), "--study", str(file)])
    assert done.exit_code == 0, done.output
    assert "4 run, 0 finished before, 0 failed" in done.output
    assert not (foreign / "harm").exists()
    assert study_status(study).complete
