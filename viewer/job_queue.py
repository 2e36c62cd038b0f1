"""The queue of jobs of a session: no other viewer's, and its jobs name their runs."""

# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false
# DeepCAVE offers no other way to name its queue.
from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from deepcave import custom_queue

from .redis_keys import name_keys_after


def install(name: str) -> None:
    """Have DeepCAVE make its queue so; to be called before it does."""
    name_keys_after(name)
    stock = custom_queue._Queue
    custom_queue._Queue = lambda _, **options: stock(name, **options)
    enqueue = custom_queue.Queue.enqueue

    def enqueue_named(self: Any, func: Callable[..., Any], args: Any, job_id: str, meta: dict[str, str]) -> None:
        named = meta | {"display_name": _name(self, f"{meta['display_name']}: {meta['run_name']}")}
        enqueue(self, func, args=args, job_id=job_id, meta=named)

    custom_queue.Queue.enqueue = enqueue_named  # type: ignore[method-assign]


def _name(queue: Any, wanted: str) -> str:
    """A name that no waiting or running job has: the button that ends a job is found by it."""
    taken = {job.meta.get("display_name") for job in (*queue.get_running_jobs(), *queue.get_pending_jobs())}
    return wanted if wanted not in taken else next(n for i in count(2) if (n := f"{wanted} ({i})") not in taken)
