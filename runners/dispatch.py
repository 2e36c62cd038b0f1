"""Tasks on a Dask cluster: in batches, with progress, each answered once although workers and schedulers die.

Dask gives a task whose worker died to another one. A task that had several workers that died may have been beside the
one that killed them, so it is done once more with nothing else running, and given up if workers die then too. Only a
few batches per worker are known to the scheduler at a time, so that its memory and this process's do not grow with the
number of tasks.
"""

from __future__ import annotations

import math
import queue
import threading
import uuid
from collections import deque
from collections.abc import Callable, Generator, Hashable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from ..errors import EncaveError
from .cluster import Cluster, connected

if TYPE_CHECKING:
    from distributed import Client, Future, Worker

Work: TypeAlias = Callable[[Any, Callable[[Any], None]], Any]
"""Does a task, calling its second argument with whatever progress there is; must pickle, and must not raise."""

BATCH_SECONDS = 1.0
"""How long a batch of short tasks should take."""

_MOST = 1000  # tasks in a batch
_AHEAD = 2  # batches per worker that the scheduler has, so that none waits for this process
_REPORT_EVERY = 0.5  # seconds between two reports of a worker's progress


class UnfinishedError(EncaveError):
    """The tasks could not all be done; what is done is kept."""

    exit_status = 1


@dataclass(frozen=True)
class Event:
    """The end of a task."""

    task: int
    """Position of the task."""

    kind: Literal["done", "died"]
    """died: the workers that had it ended without an answer, several times."""

    payload: Any
    """What the work returned; for `died` the number of workers."""

    seconds: float = 0.0
    """Real time that its work took; 0 for `died`."""


@dataclass(frozen=True)
class Ready:
    """A cluster that takes tasks."""

    workers: int
    """Worker processes that are there so far."""

    dashboard: str
    """Address of Dask's page on what the workers do."""


def work_through(
    tasks: Sequence[Any],
    work: Work,
    cluster: Cluster,
    *,
    shared: Path,
    kind: Callable[[Any], Hashable] = lambda task: None,
    on_progress: Callable[[int, Any], None] = lambda task, payload: None,
    on_ready: Callable[[Ready], None] = lambda ready: None,
) -> Generator[Event, None, None]:
    """Do all tasks, in this process or on a cluster; yields the end of each, in the order in which they end.

    When the caller stops iterating or an exception passes (Ctrl-C), what was started is ended before this returns.

    Args:
        tasks: The tasks.
        work: What does one.
        cluster: Where they are done.
        shared: Folder that all workers see.
        kind: Tasks of one kind take about as long.
        on_progress: Told the position of a task and what its work reports.
        on_ready: Told of the cluster when it is there, and when its workers have become more or fewer.

    Raises:
        EncaveError: the cluster cannot be used.
        UnfinishedError: its scheduler went and did not come back.
    """
    if cluster.in_process(len(tasks)):
        for place, task in enumerate(tasks):
            began = perf_counter()
            answer = work(task, lambda payload, place=place: on_progress(place, payload))
            yield Event(place, "done", answer, perf_counter() - began)
        return
    left = dict(enumerate(tasks))
    connections = 0
    while left:
        try:
            with connected(cluster, len(left), shared) as client:
                connections += 1
                dispatch = _Dispatch(client, left, work, kind, on_progress, on_ready)
                with closing(dispatch.events()) as events:
                    for event in events:
                        del left[event.task]
                        yield event
        except _SchedulerLostError:
            continue  # `connected` waits until it is back
        except EncaveError as error:
            if not connections:
                raise
            raise UnfinishedError(
                f"{error}. {len(left)} of {len(tasks)} runs are missing: the same command does them"
            ) from error


class _SchedulerLostError(Exception):
    pass


@dataclass
class _Dispatch:
    """The tasks that are left, on one connection to a scheduler."""

    client: Client
    tasks: dict[int, Any]
    work: Work
    kind: Callable[[Any], Hashable]
    on_progress: Callable[[int, Any], None]
    on_ready: Callable[[Ready], None]
    token: str = field(default_factory=lambda: f"encave-{uuid.uuid4().hex}")
    inbox: queue.SimpleQueue[Any] = field(default_factory=queue.SimpleQueue)
    flying: dict[Future[Any], list[int]] = field(default_factory=dict)
    seconds: dict[Hashable, float] = field(default_factory=dict)
    """Kind → how long a task takes, smoothed."""
    alone: set[int] = field(default_factory=set)
    """Tasks whose batch had workers that died."""
    suspects: dict[int, int] = field(default_factory=dict)
    """Task that by itself had workers that died → how many; it is done while nothing else is."""
    batches: int = 0
    waiting: deque[int] = field(default_factory=deque)
    """Tasks that no worker has."""

    def events(self) -> Generator[Event, None, None]:
        """The end of every task."""
        self.waiting.extend(self.tasks)
        self.client.subscribe_topic(self.token, lambda event: self.inbox.put(event[1]))
        workers, looked = -1, -math.inf
        try:
            while self.waiting or self.flying:
                if monotonic() - looked > 1.0:
                    workers, looked = self._workers(workers), monotonic()
                while self.waiting and self._may_submit(workers):
                    self._submit(self._batch(workers))
                yield from self._received()
        finally:
            for future in self.flying:
                future.release()

    def _may_submit(self, workers: int) -> bool:
        """Whether the next task may go to the scheduler now."""
        if any(batch[0] in self.suspects for batch in self.flying.values()):
            return False
        if self.waiting[0] in self.suspects:
            return not self.flying
        return len(self.flying) < _AHEAD * max(workers, 1)

    def _workers(self, before: int) -> int:
        """The number of worker processes, told if it is another one than before."""
        try:
            workers = len(cast(dict[str, int], self.client.nthreads()))
        except (OSError, RuntimeError, TimeoutError) as error:
            raise _SchedulerLostError from error
        if workers != before:
            self.on_ready(Ready(workers, self.client.dashboard_link or ""))
        return workers

    def _batch(self, workers: int) -> list[int]:
        """The next tasks of one kind, as many as make a batch."""
        waiting = self.waiting
        first = waiting.popleft()
        kind = self.kind(self.tasks[first])
        fits = BATCH_SECONDS / self.seconds[kind] if self.seconds.get(kind) else 1.0
        size = min(int(fits), _MOST, len(waiting) // (_AHEAD * max(workers, 1)))
        batch = [first]
        while len(batch) < size and first not in self.alone and waiting[0] not in self.alone:
            if self.kind(self.tasks[waiting[0]]) != kind:
                break
            batch.append(waiting.popleft())
        return batch

    def _submit(self, batch: list[int]) -> None:
        pairs = [(place, self.tasks[place]) for place in batch]
        self.batches += 1
        key = f"{self.token}-{self.batches}"
        future = self.client.submit(_do_batch, self.token, self.work, pairs, pure=False, key=key)
        self.flying[future] = batch
        future.add_done_callback(self.inbox.put)

    def _received(self) -> Iterator[Event]:
        """What has come in; waits for a moment if nothing has."""
        try:
            message = self.inbox.get(timeout=1.0)
        except queue.Empty:
            if self.client.status == "closed":
                raise _SchedulerLostError from None
            return
        if isinstance(message, tuple | list):
            place, payload = message
            if place in self.tasks:
                self.on_progress(place, payload)
            return
        yield from self._ended(message)

    def _ended(self, future: Future[Any]) -> Iterator[Event]:
        from distributed import KilledWorker

        batch = self.flying.pop(future)
        try:
            answers = cast(list[tuple[int, float, Any]], future.result(timeout=30))
        except KilledWorker as error:
            died = error.allowed_failures + 1
            if batch[0] in self.suspects:
                yield Event(batch[0], "died", self.suspects[batch[0]] + died)
            elif len(batch) == 1:
                self.alone.add(batch[0])
                self.suspects[batch[0]] = died
                self.waiting.append(batch[0])
            else:
                self.alone.update(batch)
                self.waiting.extend(batch)
        except Exception as error:
            if future.status in ("cancelled", "lost") or self.client.status != "running":
                raise _SchedulerLostError from error
            raise EncaveError(
                f"the workers cannot do the runs: {type(error).__name__}: {error}. They need the same encave, and the "
                "packages of the optimizers"
            ) from error
        else:
            self.waiting.extend(batch[len(answers) :])  # its worker was closing
            for place, seconds, payload in answers:
                kind = self.kind(self.tasks[place])
                self.seconds[kind] = 0.7 * self.seconds.get(kind, seconds) + 0.3 * seconds
                yield Event(place, "done", payload, seconds)


class TaskEndedError(BaseException):
    """Raised in a task that nobody wants any more, past whatever catches exceptions; it unwinds and leaves nothing."""


_one_at_a_time = threading.Lock()  # optimizers use the process's random state, warnings and loggers
_kept: dict[str, Work] = {}  # of the latest token: it holds the benchmarks open


def _do_batch(token: str, work: Work, batch: list[tuple[int, Any]]) -> list[tuple[int, float, Any]]:
    """In a worker: position, seconds and answer of each task."""
    from distributed import get_worker

    reporter = _Reporter(get_worker(), token)
    answers: list[tuple[int, float, Any]] = []
    with _one_at_a_time, suppress(TaskEndedError):
        if token not in _kept:
            _kept.clear()
            _kept[token] = work
        for place, task in batch:
            began = perf_counter()
            answer = _kept[token](task, partial(reporter.report, place))
            answers.append((place, perf_counter() - began, answer))
    return answers


class _Reporter:
    """Sends a worker's progress by way of the scheduler, not too often."""

    def __init__(self, worker: Worker, token: str) -> None:
        self._worker = worker
        self._token = token
        self._last = perf_counter()

    def report(self, place: int, payload: Any) -> None:
        if self._worker.status.name != "running":
            raise TaskEndedError
        if perf_counter() - self._last >= _REPORT_EVERY:
            self._last = perf_counter()
            self._worker.log_event(self._token, (place, payload))
