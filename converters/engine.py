"""Tasks on foreign files, done by processes with limits, with the answers in the order of the tasks."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import EncaveError, check_count
from ..files.children import without_interrupts
from .limits import Limits
from .reading_server import END, NUMBERS, START, Answer, Ended

_AHEAD = 8  # tasks per process that are done before their answers are asked for
# Python looks in the working folder first, until it is told where to look: nothing but `sys` is loaded before.
# At the end: taking apart what is loaded takes time.
_PROGRAM = """import sys; sys.path[:] = {path!r}
import os; from encave.converters.reading_server import serve; serve({control}); os._exit(0)"""
_THREADED = frozenset({"numpy", "pyarrow"})
"""Packages that start threads, which a process that is forked would miss."""


class ReadingTask(NamedTuple):
    """What is to be done in a process that reads."""

    function: Callable[..., Any]
    """Of a module, so that the process finds it; its last argument is a function that asks this process."""
    arguments: tuple[Any, ...]
    """Its other arguments."""
    seconds: float = float("inf")
    """That it may take, where fewer than the limit are enough."""


class _Server:
    """The process of `reading_server`, which stays for later engines of this process.

    Args:
        fork: Whether to fork it from this process, which shall have opened nothing yet.
    """

    def __init__(self, *, fork: bool = False) -> None:
        self._ours, theirs = socket.socketpair()
        self._lock = threading.Lock()
        self._of = os.getpid()
        self._path = list(sys.path)
        with theirs, without_interrupts():  # until it has loaded what it needs to say so itself
            self._process = _forked(self._ours, theirs) if fork else _Program(theirs)

    def start(self, pipe: socket.socket) -> int:
        """Start a process that reads from `pipe`: its number."""
        return self._told(lambda: socket.send_fds(self._ours, [START], [pipe.fileno()]))[0]

    def end(self, process: int, number: int = 0) -> int:
        """Send a process a signal unless it ends by itself: its exit status."""
        return self._told(lambda: self._ours.sendall(END + NUMBERS.pack(process, number)))[1]

    def close(self) -> None:
        """End it and every process of it."""
        self._ours.close()
        if self._of == os.getpid():
            self._process.join()

    def lives(self) -> bool:
        """Whether it can be used here: it is of this process, and loaded what this process would load."""
        return self._of == os.getpid() and self._path == sys.path and self._process.is_alive()

    def _told(self, say: Callable[[], object]) -> tuple[int, int]:
        with self._lock:
            try:
                say()
                answer = self._ours.recv(NUMBERS.size, socket.MSG_WAITALL)
            except OSError:
                answer = b""
        if len(answer) < NUMBERS.size:
            raise EncaveError("the process that starts those that read logs has ended; try again")
        return NUMBERS.unpack(answer)


class _Program(subprocess.Popen[bytes]):
    """An interpreter of its own, asked as processes of multiprocessing are."""

    def __init__(self, theirs: socket.socket) -> None:
        command = [sys.executable, "-c", _PROGRAM.format(path=list(sys.path), control=theirs.fileno())]
        super().__init__(command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])

    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self.poll() is None

    def join(self) -> None:
        """Wait for its end."""
        self.wait()


def _forked(ours: socket.socket, theirs: socket.socket) -> ForkProcess:
    process = ForkProcess(target=_serve, args=(ours, theirs))
    process.start()
    return process


def _serve(ours: socket.socket, theirs: socket.socket) -> None:
    from .reading_server import serve

    ours.close()
    serve(theirs.detach())


_server: _Server | None = None
_starting = threading.Lock()


def start_early() -> None:
    """Let a process load the formats while this one, which has not done anything yet, loads what else it needs.

    It is forked, which takes a tenth of a second less than an interpreter of its own, where nothing can go wrong by
    that: this process has one thread and no library that starts more.
    """
    import_module(".conversion", __package__)  # both need it
    _running(fork=threading.active_count() == 1 and _THREADED.isdisjoint(sys.modules))


def _running(*, fork: bool = False) -> _Server:
    global _server  # noqa: PLW0603 - one for all engines of this process
    with _starting:
        if _server is None or not _server.lives():
            if _server is None:
                atexit.register(_close)
            else:
                _server.close()
            _server = _Server(fork=fork)
        return _server


def _close() -> None:
    if _server is not None:
        _server.close()


@dataclass(eq=False)
class _Worker:
    server: _Server
    process: int
    pipe: Connection
    task: int | None = None
    """Number of the task that it does."""
    asks: Any = field(default=None)
    """What it waits for."""
    waits: bool = False


class Engine:
    """Processes that read.

    Args:
        jobs: How many at most.
        limits: Of each.
    """

    def __init__(self, jobs: int = 1, limits: Limits | None = None) -> None:
        check_count("jobs", jobs)
        self.jobs = jobs
        self.limits = limits or Limits()
        self._workers: list[_Worker] = []

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes; one in the midst of writing removes what it has."""
        self._end(self._workers)

    def one(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a function gives in a process that reads, or `Ended`."""
        [answer] = self.ordered([ReadingTask(function, arguments)])
        return answer

    def ordered(self, tasks: Iterable[ReadingTask], reply: Callable[[Any], Any] | None = None) -> Iterator[Any]:
        """The answers of tasks, in their order, the same for any number of processes.

        A process that dies costs only the task that it was at, whose answer is `Ended`. One call at a time.

        Args:
            tasks: The tasks.
            reply: Answers what tasks ask for; called in this process and in the order of the tasks.
        """
        try:
            yield from _Round(self, iter(tasks), reply).answers()
        finally:
            self._end(self.busy())  # of a caller who does not want the rest

    def started(self) -> _Worker:
        """A process that waits for a task."""
        ours, theirs = socket.socketpair()
        server = _running()
        with theirs:
            try:
                process = server.start(theirs)
            except EncaveError:
                server = _running()
                process = server.start(theirs)
        worker = _Worker(server, process, Connection(ours.detach()))
        with suppress(OSError):
            worker.pipe.send((str(Path.cwd()), sys.path, self.limits))
        self._workers.append(worker)
        return worker

    def idle(self) -> Iterator[_Worker]:
        """Processes that wait for a task, as long as there are any or may be more."""
        while True:
            free = next((worker for worker in self._workers if worker.task is None), None)
            if free is None and len(self._workers) >= self.jobs:
                return
            yield free or self.started()

    def busy(self) -> list[_Worker]:
        """Processes that do a task."""
        return [worker for worker in self._workers if worker.task is not None]

    def _end(self, workers: Sequence[_Worker]) -> None:
        ending = list(workers)
        self._workers = [worker for worker in self._workers if worker not in ending]
        for worker in ending:
            worker.pipe.close()
        with suppress(EncaveError):  # the server has ended, and its processes with it
            for worker in ending:
                worker.server.end(worker.process, signal.SIGTERM if worker.task is not None else 0)

    def bury(self, worker: _Worker) -> int:
        """Forget a process that has ended: its exit status."""
        self._workers.remove(worker)
        worker.pipe.close()
        return worker.server.end(worker.process)


class _Round:
    """One call of `Engine.ordered`."""

    def __init__(self, engine: Engine, tasks: Iterator[ReadingTask], reply: Callable[[Any], Any] | None) -> None:
        self._engine, self._tasks, self._reply = engine, tasks, reply
        self._begun: dict[int, ReadingTask] = {}
        self._answers: dict[int, Any] = {}
        self._next = 0  # task whose answer is to be given
        self._asked = 0  # tasks before this one have their answer to what they asked, or need none
        self._waiting: deque[int] = deque()

    def answers(self) -> Iterator[Any]:
        self._take()
        while self._begun:
            self._give()
            while self._next not in self._answers:
                self._receive()
                self._give()
            del self._begun[self._next]
            answer = self._answers.pop(self._next)
            self._next += 1
            self._take()
            self._give()
            yield answer

    def _take(self) -> None:
        """Take up tasks, so many that no process is idle."""
        number = self._next + len(self._begun)
        while len(self._begun) < _AHEAD * self._engine.jobs:
            try:
                self._begun[number] = next(self._tasks)
            except StopIteration:
                return
            self._waiting.append(number)
            number += 1

    def _give(self) -> None:
        while self._waiting:
            worker = next(self._engine.idle(), None)
            if worker is None:
                return
            worker.task = self._waiting.popleft()
            with suppress(OSError):  # it has ended; reading from it will tell
                worker.pipe.send(tuple(self._begun[worker.task]))

    def _receive(self) -> None:
        """Wait for what processes say, and act on it."""
        pipes = {worker.pipe: worker for worker in self._engine.busy() if not worker.waits}
        for pipe in wait(list(pipes)):
            self._hear(pipes[pipe])  # type: ignore[index]
        self._answer()

    def _hear(self, worker: _Worker) -> None:
        assert worker.task is not None
        try:
            answer: Answer = worker.pipe.recv()
        except (EOFError, OSError):
            task = self._begun[worker.task]
            status = self._engine.bury(worker)
            self._answers[worker.task] = Ended(self._engine.limits.why_ended(status, task.seconds))
            return
        if answer.asks:
            worker.asks, worker.waits = answer.value, True
            return
        self._answers[worker.task], worker.task = answer.value, None
        if answer.last:
            self._engine.bury(worker)

    def _answer(self) -> None:
        """Answer what tasks ask for, in their order."""
        asking = {worker.task: worker for worker in self._engine.busy() if worker.waits}
        while self._asked < self._next or self._asked in self._answers or self._asked in asking:
            if worker := asking.get(self._asked):
                assert self._reply is not None
                with suppress(OSError):  # it has ended; reading from it will tell
                    worker.pipe.send(self._reply(worker.asks))
                worker.asks, worker.waits = None, False
            self._asked += 1
