"""Many logs to runs in memory, one after the other, in this process or read ahead in several."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from ..errors import EncaveError
from ..run import Run
from . import registry
from .one_log import describe_error, described, fingerprint, read
from .reader import Found, Options, Reader
from .registry import Candidate

_AHEAD = 8  # logs per process that are read before they are asked for


@dataclass(frozen=True)
class AskedLog:
    """A log that is to be read."""

    name: str
    """Name of its format."""
    found: Found
    """The log."""
    options: Options
    """What the user says beyond the log."""
    with_fingerprint: bool = False
    """Whether the run is to know the hash of what it was read from."""
    known: str | None = None
    """That hash when it was last read; if it is still the same, the log is not read again."""


Answer: TypeAlias = Run | EncaveError | None
"""The run, why there is none, or None for a log that has not changed."""


def read_logs(wanted: Iterable[AskedLog], jobs: int = 1) -> Iterator[Answer]:
    """What is in each log, in their order.

    A process that dies costs only the log that it was at.

    Args:
        wanted: The logs.
        jobs: Processes.
    """
    if jobs < 2:
        yield from map(_read, wanted)
        return
    rest = iter(wanted)
    begun: deque[AskedLog] = deque()
    while True:
        try:
            with _pool(jobs) as pool:
                yield from _read_ahead(pool, begun, rest, _AHEAD * jobs)
            return
        except BrokenProcessPool:
            yield _read_alone(begun.popleft())


def _read_ahead(
    pool: ProcessPoolExecutor, begun: deque[AskedLog], rest: Iterator[AskedLog], most: int
) -> Iterator[Answer]:
    """Read logs in a pool; those that have begun and not been answered stay in `begun`."""
    futures: deque[Future[Answer]] = deque(pool.submit(_read, each) for each in begun)
    try:
        while True:
            for each in rest:
                begun.append(each)
                futures.append(pool.submit(_read, each))
                if len(futures) >= most:
                    break
            if not futures:
                return
            answer = futures.popleft().result()
            begun.popleft()
            yield answer
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _read_alone(wanted: AskedLog) -> Answer:
    """Read the log that may have killed its process, in one of its own."""
    try:
        with _pool(1) as pool:
            return pool.submit(_read, wanted).result()
    except BrokenProcessPool:
        return EncaveError("the process that read it ended; it may need too much memory")


def _pool(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), initializer=_end_with_parent)


def _end_with_parent() -> None:
    """In a new process: the one that started it says when to end, and its death does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        if (parent := multiprocessing.parent_process()) is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _read(wanted: AskedLog) -> Answer:
    candidate = Candidate(_readers()[wanted.name], wanted.found)
    try:
        told = {"source": str(wanted.found.source), "source_format": wanted.name}
        if wanted.with_fingerprint:  # of before it was read, so that a log that changes meanwhile is read again
            told["fingerprint"] = fingerprint(wanted.found, wanted.name, wanted.options)
            if told["fingerprint"] == wanted.known:
                return None
        run = described(read(candidate, wanted.options))
        return run.replace(metadata=dict(run.metadata) | told)
    except Exception as error:  # noqa: BLE001 - one log must not stop the others, whatever its format's code does
        return EncaveError(describe_error(candidate, error))


@lru_cache(maxsize=1)
def _readers() -> dict[str, Reader]:
    return registry.by_name()
