"""Logs converted in several processes, with the result and the order of one."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from . import registry
from .account import Conversion, refused
from .one_log import Job, convert_log
from .reader import Found, Options
from .registry import Candidate
from .run_folders import Earlier

_PATIENCE = 10.0  # seconds that a process has to remove what it was writing
_Message = tuple[str, Found, Options, Earlier | None, bool]


def convert_logs(
    jobs: Sequence[Job], processes: int, place: Callable[[Path, str], Path], done: Callable[[Conversion], None]
) -> list[Conversion]:
    """Convert logs in processes of their own; a process that dies costs only the log that it was at.

    Names are given in the order of `jobs`, so that they do not depend on which process is faster.

    Args:
        jobs: The logs.
        processes: How many at a time.
        place: Source and proposed name of a run → its folder; called in this process.
        done: Called in this process after each log.
    """
    pool = _Pool(jobs, place, done)
    try:
        for _ in range(min(processes, len(jobs))):
            pool.start()
        while pool.busy():
            pool.step()
    finally:
        pool.stop()
    return [pool.results[number] for number in range(len(jobs))]


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Any
    job: int = -1
    asks: tuple[Path, str] | None = None
    """Source and name of the run that waits for a folder."""


class _Pool:
    def __init__(
        self, jobs: Sequence[Job], place: Callable[[Path, str], Path], done: Callable[[Conversion], None]
    ) -> None:
        self.results: dict[int, Conversion] = {}
        self._jobs = jobs
        self._waiting = deque(range(len(jobs)))
        self._named = 0  # logs before this one have their folder or need none
        self._settled: set[int] = set()
        self._place, self._done = place, done
        self._workers: list[_Worker] = []
        self._context = multiprocessing.get_context("spawn")

    def start(self) -> None:
        """Start a process and give it a log."""
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        self._next(worker)

    def busy(self) -> bool:
        """Whether a log is not done."""
        return len(self.results) < len(self._jobs)

    def step(self) -> None:
        """Wait for a message and act on it."""
        pipes = {worker.pipe: worker for worker in self._workers if worker.asks is None}
        for pipe in wait(list(pipes)):
            self._receive(pipes[pipe])
        self._give_names()

    def stop(self) -> None:
        """End all processes; one in the midst of writing removes what it has."""
        for worker in self._workers:
            worker.process.terminate()
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join(_PATIENCE)
            worker.process.kill()

    def _receive(self, worker: _Worker) -> None:
        try:
            answer = worker.pipe.recv()
        except (EOFError, OSError):
            self._bury(worker)
            return
        if isinstance(answer, Conversion):
            self._finish(worker.job, answer)
            self._next(worker)
        else:
            worker.asks = answer

    def _bury(self, worker: _Worker) -> None:
        worker.process.join()
        self._workers.remove(worker)
        candidate = self._jobs[worker.job].candidate
        if worker.job not in self.results:
            told = f"the process that read it ended (exit {worker.process.exitcode}); it may need too much memory"
            self._finish(worker.job, refused(candidate.found.path, candidate.reader.name, told))
        if self._waiting:
            self.start()

    def _finish(self, number: int, conversion: Conversion) -> None:
        self.results[number] = conversion
        self._settled.add(number)
        self._done(conversion)

    def _give_names(self) -> None:
        asking = {worker.job: worker for worker in self._workers if worker.asks is not None}
        while self._named in self._settled or self._named in asking:
            worker = asking.get(self._named)
            if worker is not None and worker.asks is not None:
                with suppress(OSError):  # it has ended; reading from it will tell
                    worker.pipe.send(self._place(*worker.asks))
                worker.asks = None
            self._named += 1

    def _next(self, worker: _Worker) -> None:
        if not self._waiting:
            worker.pipe.send(None)
            self._workers.remove(worker)
            worker.process.join()
            return
        worker.job = self._waiting.popleft()
        job = self._jobs[worker.job]
        name, found = job.candidate.reader.name, job.candidate.found
        worker.pipe.send((name, found, job.options, job.earlier, job.strict))


def _work(pipe: Connection) -> None:
    """Convert logs until there are no more; runs in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one says when to end
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    readers = registry.by_name()
    for name, found, options, earlier, strict in _received(pipe):

        def place(source: Path, proposed: str) -> Path:
            pipe.send((source, proposed))
            return pipe.recv()

        job = Job(Candidate(readers[name], found), options, earlier, strict)
        try:
            pipe.send(convert_log(job, place))
        except OSError:
            return  # the process that started this one has ended


def _received(pipe: Connection) -> Iterator[_Message]:
    try:
        while (message := pipe.recv()) is not None:
            yield message
    except (EOFError, OSError):
        return  # the process that started this one has ended
