"""Starting DeepCAVE on converted runs and ending it without a trace.

Redis, DeepCAVE's worker and its server run as processes in sessions of their own, on loopback only, with all their
files in one temporary folder. They end with this process, however it ends.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from ..errors import EncaveError
from . import touch_points
from .endpoints import LOOPBACK, free_port, redis_answers, split_address, wanted_port
from .environment import find_python
from .logs import Logs
from .news import Watch
from .selection import Grouping, Selection, select
from .session import Session

_START_SECONDS = 120.0
_POLL_SECONDS = 0.1
_REDIS_SECONDS = 1.0  # between two questions to another's Redis
_CLEANING_SECONDS = 30.0
_EXIT_BUTTON = 130  # status with which the server ends itself
_direct = urllib.request.build_opener(  # a proxy does not lead to this machine
    urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor()
)
_OF_THIS_PYTHON = ("PYTHONHOME", "PYTHONPATH", "PYTHONSAFEPATH")


class ViewerEndedError(EncaveError):
    """A part of a running DeepCAVE has ended by itself."""

    exit_status = 1


def open_runs(
    folders: Sequence[Path],
    *,
    on_ready: Callable[[str], None],
    on_note: Callable[[str], None],
    objective: str | None = None,
    port: int | None = None,
    redis_url: str | None = None,
    workers: int | None = None,
    cache: Path | None = None,
    log_file: Path | None = None,
    browser: bool = True,
    watched: Sequence[Path] = (),
    find: Callable[[], Sequence[Path]] | None = None,
    grouping: Grouping | None = None,
) -> None:
    """Show converted runs in DeepCAVE until Ctrl-C, SIGTERM or the end of the terminal.

    Args:
        folders: Folders of converted runs.
        on_ready: Called with the address once the page answers; it holds the token without which nothing is answered.
        on_note: Called with what was left out, not grouped or could not be read, and with where DeepCAVE runs if not
            in this Python, one sentence at a time.
        objective: Name of the objective that pages open on, of runs that have it; None takes the first of each.
        port: Port of the page; None takes a free one.
        redis_url: A Redis to use instead of an own one, e.g. `redis://:password@host:6379/1`.
        workers: How many jobs are computed at a time; None takes as many as there are processors.
        cache: Folder in which computed pages outlast the session; None forgets them.
        log_file: File to which everything that the processes say is appended; None keeps it only if one of them fails.
        browser: Whether to open the address in the browser.
        watched: Paths below which further runs may appear; the page offers these.
        find: Folders of the converted runs that there are by then.
        grouping: As for `select`.

    Raises:
        EncaveError: none of the runs can be shown, DeepCAVE is not installed and cannot be, the port is taken, Redis
            does not answer.
        ViewerEndedError: Redis, the worker or the server has ended.
    """
    selection = select(folders, objective, grouping)
    for note in selection.notes:
        on_note(note)
    with _stop_on_signals():
        python = find_python(on_note)
        with Viewer(
            selection, python=python, port=port, redis_url=redis_url, workers=workers, cache=cache, log_file=log_file
        ) as viewer:
            if told := touch_points.told(viewer.folder):
                on_note(told)
            on_ready(viewer.url)
            if browser:
                webbrowser.open(viewer.door().as_uri())
            watch = Watch(watched, find, selection, viewer.folder, on_note, grouping) if find else None
            while viewer.check():
                if watch:
                    watch.look()
                time.sleep(_POLL_SECONDS)


class Viewer:
    """A DeepCAVE of its own; a context manager, which starts it, waits until it answers, and ends it.

    Args:
        selection: What it shows.
        python: Interpreter of an environment that has DeepCAVE (see `environment.find_python`).
        port: Port of the page; None takes a free one.
        redis_url: A Redis to use instead of an own one.
        workers: How many jobs are computed at a time; None takes as many as there are processors.
        cache: Folder in which computed pages outlast the session.
        log_file: File to which the processes' words are appended.

    Raises:
        EncaveError: the port is taken, Redis does not answer, a folder cannot be used, or something did not start.
    """

    def __init__(
        self,
        selection: Selection,
        *,
        python: Path,
        port: int | None = None,
        redis_url: str | None = None,
        workers: int | None = None,
        cache: Path | None = None,
        log_file: Path | None = None,
    ) -> None:
        self._python = str(python)
        self._own_redis = redis_url is None
        self._password = secrets.token_urlsafe(24)
        address = redis_url or f"redis://:{self._password}@{LOOPBACK}:{free_port()}"
        redis_address, redis_port = split_address(address)
        self._ask_redis_at = 0.0
        self._session = Session(
            runs=[str(folder) for folder in selection.runs],
            groups={name: [str(folder) for folder in members] for name, members in selection.groups.items()},
            working_directory=str(selection.working_directory),
            dash_port=free_port() if port is None else wanted_port(port),
            redis_address=redis_address,
            redis_port=redis_port,
            queue=f"encave-{secrets.token_hex(8)}",
            token=secrets.token_urlsafe(24),
            workers=_processors() if workers is None else workers,
            cache=None if cache is None else str(_own_folder(cache) / f"encave-{version('encave')}"),
            own_redis=redis_url is None,
            names={str(folder): name for folder, name in selection.names.items()},
            objective=selection.objective,
        )
        self._logs = Logs(log_file)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.base = f"http://{LOOPBACK}:{self._session.dash_port}/"
        self.url = f"{self.base}?token={self._session.token}"

    def __enter__(self) -> Viewer:
        self.folder = Path(tempfile.mkdtemp(prefix="encave-deepcave-"))
        self._logs.folder = self.folder
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def process_ids(self) -> dict[str, int]:
        """Process ids of redis (unless it is another's), worker and server."""
        return {name: process.pid for name, process in self._processes.items()}

    def door(self) -> Path:
        """A file that leads to the address: on a browser's command line every account could read the token."""
        file = self.folder / "open.html"
        file.touch(mode=0o600)
        file.write_text(f'<meta http-equiv="refresh" content="0; url={self.url}">\n', encoding="utf-8")
        return file

    def stop(self) -> None:
        """End the processes and remove the folder. Nothing in them is worth saving, so they are killed."""
        for process in self._processes.values():
            _kill_session(process)
        if self._processes and not self._own_redis and self._redis_answers():
            self._remove_keys()
        self._processes.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def check(self) -> bool:
        """Find out whether everything runs; False after the page's button Exit, when all of it has been ended.

        Raises:
            ViewerEndedError: something does not; everything else has been ended too.
        """
        for name, process in self._processes.items():
            status = process.poll()
            if name == "server" and status == _EXIT_BUTTON:
                self.stop()
                return False
            if status is not None:
                told = self._logs.told(name)
                self.stop()
                raise ViewerEndedError(f"DeepCAVE's {name} has ended (status {status}), so all of it was ended. {told}")
        if not self._own_redis and time.monotonic() > self._ask_redis_at:
            self._ask_redis_at = time.monotonic() + _REDIS_SECONDS
            if not self._redis_answers():
                self.stop()
                raise ViewerEndedError(f"Redis at {self._redis_name()} no longer answers, so DeepCAVE was ended.")
        return True

    def _start(self) -> None:
        config = self._session.write(self.folder)
        if self._own_redis:
            file = _write_redis_config(self.folder, self._session, self._password)
            self._launch("redis", "redis_server", str(os.getpid()), str(file))
        self._wait("redis", self._redis_answers)
        for name in ("worker", "server"):
            self._launch(name, name, "--config", str(config))
        self._wait("worker", Session.worker_ready(self.folder).exists)
        self._wait("server", lambda: _answers(f"{self.base}_dash-layout?token={self._session.token}"))

    def _launch(self, name: str, module: str, *arguments: str) -> None:
        """Start a module of this package, which the working directory leads to, in the Python that has DeepCAVE."""
        with self._logs.open(name) as log:
            self._processes[name] = subprocess.Popen(
                self._command(module, *arguments),
                cwd=self.folder,
                env=_environment_for(self._python),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _command(self, module: str, *arguments: str) -> list[str]:
        return [self._python, "-m", f"{__package__}.{module}", *arguments]

    def _remove_keys(self) -> None:
        """In the Python that has a client for Redis."""
        command = self._command("redis_keys", str(self.folder))
        with self._logs.open("redis") as log:
            subprocess.run(
                command,
                cwd=self.folder,
                env=_environment_for(self._python),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=_CLEANING_SECONDS,
                check=False,
            )

    def _wait(self, name: str, answers: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not answers():
            for running, process in self._processes.items():
                if process.poll() is not None:
                    unfit = touch_points.told(self.folder)
                    reason = f"{unfit[0].upper()}{unfit[1:]}. " if unfit else ""
                    raise EncaveError(f"DeepCAVE's {running} did not start. {reason}{self._logs.told(running)}")
            if name == "redis" and not self._own_redis:
                raise EncaveError(
                    f"Redis at {self._redis_name()} does not answer. Check the address given with --redis."
                )
            if time.monotonic() > deadline:
                told = self._logs.told(name)
                raise EncaveError(f"DeepCAVE's {name} did not answer within {_START_SECONDS:.0f} s. {told}")
            time.sleep(_POLL_SECONDS)

    def _redis_answers(self) -> bool:
        return redis_answers(self._session.redis_address, self._session.redis_port)

    def _redis_name(self) -> str:
        return f"{self._session.redis_address.rpartition('@')[2].removeprefix('redis://')}:{self._session.redis_port}"


def _environment_for(python: str) -> dict[str, str]:
    """Environment variables for an interpreter: what leads this one to its packages would lead another astray."""
    astray = () if python == sys.executable else _OF_THIS_PYTHON
    return {name: value for name, value in os.environ.items() if name not in astray}


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _own_folder(folder: Path) -> Path:
    """An existing folder, which other accounts cannot read if it is new.

    Raises:
        EncaveError: it cannot be made or written to.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EncaveError(f"cannot use {folder} for --cache: {error.strerror}. Name another folder.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise EncaveError(f"cannot use {folder} for --cache: it cannot be written to. Name another folder.")
    return folder.resolve()


def _write_redis_config(folder: Path, session: Session, password: str) -> Path:
    """Redis with a password, since DeepCAVE's worker unpickles what it finds; in a file for us alone."""
    lines = [f"bind {LOOPBACK}", f"port {session.redis_port}", f"requirepass {password}", 'save ""', "appendonly no"]
    file = folder / "redis.conf"
    file.touch(mode=0o600)
    file.write_text("\n".join([*lines, f'dir "{folder}"']) + "\n", encoding="utf-8")
    return file


def _answers(url: str) -> bool:
    try:
        with _direct.open(url, timeout=30) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _kill_session(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all of its session."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        if process.stdin:
            process.stdin.close()
        process.wait()


@contextmanager
def _stop_on_signals() -> Generator[None]:
    """Leave the block quietly on Ctrl-C, SIGTERM and SIGHUP."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    wanted = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) != signal.SIG_IGN]
    old = {number: signal.signal(number, interrupt) for number in wanted}  # what nohup ignores stays ignored
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
