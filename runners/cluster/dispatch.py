"""Tasks on a Dask cluster: in batches, with progress, each answered once although workers and schedulers die.

Dask gives a task whose worker died to another one. A task that had several workers that died may have been beside the
one that killed them, so it is done once more with nothing else running, and given up if workers die then too. Only a
few batches per worker are known to the scheduler at a time, so that its memory and this process's do not grow with the
number of tasks.
"""

from __future__ import annotations

import asyncio
import math
import queue
import uuid
from collections import deque
from collections.abc import Callable, Generator, Hashable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any, Literal, cast

from ...errors import EncaveError
from .batch import Work, do_batch
from .places import PATIENCE, Cluster, Connection, connected

if TYPE_CHECKING:
    from distributed import Future

BATCH_SECONDS = 1.0
"""How long a batch of short tasks should take."""

_MOST = 1000  # tasks in a batch
_UNFETCHED = 10  # answers that were not to be had, of which the runs are asked for again
_AHEAD = 2  # batches per worker that the scheduler has, so that none waits for this process


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
    """Address of Dask's page on what the workers do; empty if there is none."""


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
            with connected(cluster, len(left), shared) as connection:
                connections += 1
                dispatch = _Dispatch(connection, left, work, kind, on_progress, on_ready)
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

    connection: Connection
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
    unfetched: int = 0
    """Batches whose answer stayed with a worker."""
    present: float = field(default_factory=monotonic)
    """When a worker was last there."""
    waiting: deque[int] = field(default_factory=deque)
    """Tasks that no worker has."""

    def events(self) -> Generator[Event, None, None]:
        """The end of every task."""
        self.waiting.extend(self.tasks)
        self.connection.client.subscribe_topic(self.token, lambda event: self.inbox.put(event[1]))
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
            workers = len(cast(dict[str, int], self.connection.client.nthreads()))
        except (OSError, RuntimeError, TimeoutError) as error:
            raise _SchedulerLostError from error
        self.connection.restore()
        if workers:
            self.present = monotonic()
        elif self.connection.local and monotonic() - self.present > PATIENCE:
            raise _SchedulerLostError  # no worker could be started again; perhaps a new cluster can
        if workers != before:
            self.on_ready(Ready(workers, self.connection.dashboard))
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
        future = self.connection.client.submit(do_batch, self.token, self.work, pairs, pure=False, key=key)
        self.flying[future] = batch
        future.add_done_callback(self.inbox.put)

    def _received(self) -> Iterator[Event]:
        """What has come in; waits for a moment if nothing has."""
        try:
            message = self.inbox.get(timeout=1.0)
        except queue.Empty:
            if self.connection.client.status == "closed":
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
        from distributed.comm.core import CommClosedError

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
        except CommClosedError as error:  # while the answer was on its way; the runs it tells of are there
            raise _SchedulerLostError from error
        except Exception as error:
            if future.status in ("cancelled", "lost") or self.connection.client.status != "running":
                raise _SchedulerLostError from error
            if isinstance(error, asyncio.TimeoutError) and future.status != "error" and self.unfetched < _UNFETCHED:
                self.unfetched += 1  # its worker ended with the answer, and the scheduler still tries to reach it
                self.waiting.extend(batch)
                return
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
