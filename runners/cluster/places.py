"""Where runs are executed: in this process, in processes of this machine, or on workers of a Dask cluster."""

from __future__ import annotations

import asyncio
import logging
import shlex
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import EncaveError
from ...files.atomic import check_within
from ...files.optional import needs
from ...files.working_folder import runs_module, spawning

if TYPE_CHECKING:
    from distributed import Client
    from distributed.deploy.cluster import Cluster as DaskCluster

PATIENCE = 60.0
"""Seconds in which a scheduler that was given must answer, at the beginning and after it was lost."""

_CLOSE = 5.0  # seconds that a client has to take its leave
_STARTS = 3  # of the local workers
_LOOPBACK = "127.0.0.1"
_SLURM = {"cores": 1, "processes": 1, "memory": "4GB", "walltime": "24:00:00"}


def check_jobs(jobs: int) -> None:
    """Check that a study can have so many processes.

    Raises:
        EncaveError: it cannot.
    """
    if jobs < 1:
        raise EncaveError(f"a study needs at least one process, not {jobs}")


@dataclass(frozen=True)
class Cluster:
    """What executes runs.

    Raises:
        EncaveError: less than one job, or both a scheduler and SLURM.
    """

    jobs: int = 1
    """Processes on this machine or SLURM jobs; 1 on this machine is this process, without Dask."""

    scheduler: str | None = None
    """Address of a Dask scheduler that runs, `tls://host:8786`; its workers must see the study's folder."""

    slurm: Mapping[str, Any] | None = None
    """Arguments of dask-jobqueue's `SLURMCluster` (queue, account, memory, walltime, …); None: no SLURM."""

    dashboard: bool = False
    """Whether the processes or jobs have Dask's page, on loopback; it asks for no password."""

    def __post_init__(self) -> None:
        check_jobs(self.jobs)
        if self.scheduler is not None and self.slurm is not None:
            raise EncaveError("runs go to a scheduler that runs or to SLURM, not to both; leave out one of them")

    def in_process(self, tasks: int) -> bool:
        """Whether this many tasks need no Dask."""
        return self.scheduler is None and self.slurm is None and min(self.jobs, tasks) <= 1

    def extras(self, tasks: int) -> list[str]:
        """Those of `extras.EXTRAS` that this many tasks need."""
        return [] if self.in_process(tasks) else ["dask"] if self.slurm is None else ["dask", "slurm"]


@dataclass(frozen=True)
class Connection:
    """A client of a cluster."""

    client: Client
    """The client."""

    local: bool
    """Whether the workers are processes of this machine, which wait for nothing before they start."""

    dashboard: str
    """Address of Dask's page on what the workers do; empty if there is none."""

    restore: Callable[[], None]
    """Starts those workers again that Dask itself has given up; does nothing for a cluster that was running before."""


@contextmanager
def connected(cluster: Cluster, tasks: int, shared: Path) -> Generator[Connection]:
    """A client of the cluster, which is started and ended with it, unless it was running before.

    Args:
        cluster: What executes the tasks.
        tasks: How many there are; no more local processes are started.
        shared: Folder that all workers see, for SLURM's logs and keys.

    Raises:
        EncaveError: no scheduler answers at the address, local workers cannot be started, or SLURM cannot be used.
    """
    with needs("dask"):
        from distributed import Client

    with ExitStack() as stack:
        stack.enter_context(_silent())
        if cluster.scheduler is not None:
            client = stack.enter_context(_closed(_client(cluster.scheduler)))
            yield Connection(client, False, client.dashboard_link or "", lambda: None)
            return
        stack.enter_context(_pages(cluster.dashboard))
        local = cluster.slurm is None
        wanted = {"n": min(cluster.jobs, tasks)} if local else {"jobs": cluster.jobs}
        started: Any = _local(wanted["n"], cluster.dashboard) if local else slurm_cluster(cluster, shared)
        restore = partial(stack.enter_context(started).scale, **wanted)
        restore()
        client = stack.enter_context(_closed(Client(started)))
        yield Connection(client, local, (client.dashboard_link or "") if cluster.dashboard else "", restore)


@contextmanager
def _pages(dashboard: bool) -> Generator[None]:
    """Without a dashboard, what Dask listens to for browsers answers nothing: it tells of tasks who asks."""
    import dask.config

    if dashboard:
        yield
        return
    with dask.config.set({f"distributed.{role}.http.routes": [] for role in ("scheduler", "worker")}):
        yield


@contextmanager
def _closed(client: Client) -> Generator[Client]:
    """The client, closed at the end; one whose scheduler is gone may wait for it, which is no reason to fail."""
    try:
        yield client
    finally:
        with suppress(OSError, TimeoutError, asyncio.TimeoutError):
            client.close(timeout=_CLOSE)


def _client(address: str) -> Client:
    from distributed import Client

    try:
        return Client(address, timeout=PATIENCE)
    except (OSError, ValueError, TypeError, ImportError) as error:
        raise EncaveError(
            f"no Dask scheduler answers at {address} ({error}). Start one with `dask scheduler`, and its workers with "
            f"`dask worker {address} --nthreads 1`"
        ) from error


def _local(processes: int, dashboard: bool) -> DaskCluster:
    """Workers on this machine; started again if one dies before it can work, which Dask only mends later.

    Whoever reaches a scheduler or a worker can have it run code. Every account of the machine reaches loopback, so all
    of them ask for a certificate, which is made here, and whose key only these processes have, in memory.

    Raises:
        EncaveError: they die each time.
    """
    from distributed import LocalCluster, Security

    with needs("dask"):
        security = Security.temporary()
    why: BaseException | None = None
    for _ in range(_STARTS):
        try:
            with spawning():
                return LocalCluster(
                    n_workers=processes,
                    threads_per_worker=1,
                    processes=True,
                    host=_LOOPBACK,
                    security=security,
                    scheduler_kwargs={"dashboard": dashboard},
                    dashboard_address=f"{_LOOPBACK}:0",
                    worker_dashboard_address=f"{_LOOPBACK}:0" if dashboard else None,
                    memory_limit=0,
                    silence_logs=logging.CRITICAL,
                )
        except RuntimeError as error:
            why = error.__cause__ or error
    raise EncaveError(
        f"the worker processes end as they start ({why}); perhaps memory runs out, or a script that calls this does so "
        'outside of `if __name__ == "__main__":`'
    ) from why


def slurm_cluster(cluster: Cluster, shared: Path) -> DaskCluster:
    """A Dask cluster whose workers are SLURM jobs, none yet; what its jobs and this machine tell each other is TLS.

    Raises:
        EncaveError: dask-jobqueue is not installed, or it does not take the arguments.
    """
    with needs("slurm"):
        import dask.config
        from dask_jobqueue.slurm import SLURMCluster
    home = shared.absolute() / ".slurm"
    check_within(shared, [home])
    home.mkdir(parents=True, exist_ok=True)
    own: dict[str, Any] = {
        "log_directory": str(home),
        "shared_temp_directory": str(home),
        "security": True,
        "scheduler_options": {"dashboard": cluster.dashboard, "dashboard_address": f"{_LOOPBACK}:0"},
        "worker_extra_args": ["--no-dashboard", "--dashboard-address", f"{_LOOPBACK}:0"],
        "silence_logs": "critical",
    }
    arguments: Any = {**_SLURM, **own, **(cluster.slurm or {})}
    python = arguments.get("python") or dask.config.get("jobqueue.slurm.python", None)
    program = runs_module([] if python else sys.path)  # which is this Python's
    arguments["python"] = f"{python or shlex.quote(sys.executable)} -c {shlex.quote(program)}"
    arguments["scheduler_options"] = own["scheduler_options"] | dict(arguments["scheduler_options"])
    try:
        return SLURMCluster(**arguments)
    except (TypeError, ValueError) as error:
        raise EncaveError(f"SLURM's settings are not what dask-jobqueue takes: {error}. See [slurm]") from error


@contextmanager
def _silent() -> Generator[None]:
    """Dask's talk of workers that come and go is not for the terminal."""
    loggers = [logging.getLogger(name) for name in ("distributed", "tornado.application", "bokeh", "asyncio")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
