"""In a worker: a batch of tasks, one after the other, with progress by way of the scheduler."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from distributed import Worker

Work: TypeAlias = Callable[[Any, Callable[[Any], None]], Any]
"""Does a task, calling its second argument with whatever progress there is; must pickle, and must not raise."""

_REPORT_EVERY = 0.5  # seconds between two reports of a worker's progress


class TaskEndedError(BaseException):
    """Raised in a task that nobody wants any more, past whatever catches exceptions; it unwinds and leaves nothing."""


_one_at_a_time = threading.Lock()  # optimizers use the process's random state, warnings and loggers
_kept: dict[str, Work] = {}  # of the latest token: it holds the benchmarks open


def do_batch(token: str, work: Work, batch: list[tuple[int, Any]]) -> list[tuple[int, float, Any]]:
    """Position, seconds and answer of each task, up to where the worker was told to close.

    Args:
        token: Of all batches that go with the same work, and the topic of what it reports.
        work: What does a task; of a token the first stays, with what it holds open.
        batch: Positions and tasks.
    """
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
