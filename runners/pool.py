"""Worker processes that take tasks one after the other, report progress, and are all gone at the end.

Each process is started afresh (not forked: threads of the optimizers' packages may be running) and loads the packages
once for all its tasks. A process that dies costs the task it had, nothing else. When the parent dies, the pipes close
and the processes end by themselves.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Literal, TypeAlias

Work: TypeAlias = Callable[[Any, Callable[[Any], None]], Any]
"""Does a task, calling its second argument with whatever progress there is; must pickle, and should not raise."""

_PATIENCE = 20.0  # seconds for a process to put its things in order when it is told to end


@dataclass(frozen=True)
class Event:
    """Something that happened to a task."""

    task: int
    """Position of the task."""

    kind: Literal["progress", "done", "died"]
    """died: its process ended without an answer."""

    payload: Any
    """What the work reported or returned; for `died` the exit status, negative for a signal."""


class _Worker:
    """A process and this side of its pipe."""

    def __init__(self, work: Work) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=_serve, args=(theirs, work), daemon=True)
        self.process.start()
        theirs.close()  # so that reading fails as soon as the process is gone
        self.task: int | None = None

    def give(self, position: int, task: Any) -> None:
        self.task = position
        self.connection.send(task)

    def receive(self) -> Event:
        assert self.task is not None
        try:
            kind, payload = self.connection.recv()
        except (EOFError, OSError):
            self.process.join()
            kind, payload = "died", self.process.exitcode
        return Event(self.task, kind, payload)

    def end(self) -> None:
        """Let an idle process finish, end a busy one."""
        self.connection.close()
        if self.task is not None and self.process.is_alive():
            self.process.terminate()
        self.process.join(_PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def work_through(tasks: Sequence[Any], work: Work, *, jobs: int) -> Generator[Event, None, None]:
    """Do all tasks in up to `jobs` processes; yields what happens, in the order in which it does.

    When the caller stops iterating or an exception passes (Ctrl-C), the processes are ended before this returns.
    """
    waiting = iter(enumerate(tasks))
    workers: list[_Worker] = []
    try:
        for position, task in waiting:
            workers.append(_Worker(work))
            workers[-1].give(position, task)
            if len(workers) == jobs:
                break
        yield from _collect(workers, waiting, work)
    finally:
        for worker in workers:
            if worker.task is not None and worker.process.is_alive():
                worker.process.terminate()  # all first, so that they end at the same time
        for worker in workers:
            worker.end()


def _collect(workers: list[_Worker], waiting: Iterator[tuple[int, Any]], work: Work) -> Iterator[Event]:
    while busy := {worker.connection: worker for worker in workers if worker.task is not None}:
        for ready in wait(list(busy)):
            worker = busy[ready]  # type: ignore[index]
            event = worker.receive()
            if event.kind != "progress":
                worker.task = None
            yield event
            if event.kind == "died":
                workers.remove(worker)
                worker.end()
            if event.kind != "progress" and (following := next(waiting, None)) is not None:
                if event.kind == "died":
                    worker = _Worker(work)
                    workers.append(worker)
                worker.give(*following)


def _serve(connection: Connection, work: Work) -> None:
    """A process's life: tasks until the pipe closes. Ctrl-C is the parent's business; being ended unwinds cleanly."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with suppress(EOFError, OSError):  # the parent has closed the pipe, or is gone
        while True:
            answer = work(connection.recv(), lambda payload: connection.send(("progress", payload)))
            connection.send(("done", answer))
