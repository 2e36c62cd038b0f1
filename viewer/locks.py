"""Which of DeepCAVE's updates wait for each other: those of one page, and those that touch what all pages share.

DeepCAVE keeps a page's state in one object, and its runs, its settings and its cache without any lock.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any


class PageLocks:
    """A lock for each page, so that a slow one delays itself only.

    Args:
        page_now: The page that the present request updates; empty for what belongs to none.
    """

    def __init__(self, page_now: Callable[[], str]) -> None:
        self._page_now = page_now
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def around(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """A view that no two threads are in for the same page."""

        @wraps(view)
        def guarded(*args: Any, **options: Any) -> Any:
            with self._locks[self._page_now()]:
                return view(*args, **options)

        return guarded


def guard(kind: type, methods: Iterable[str], lock: AbstractContextManager[Any]) -> None:
    """Have these methods of a class called under a lock."""
    for name in methods:
        setattr(kind, name, _locked(getattr(kind, name), lock))


def guard_shared() -> None:
    """DeepCAVE's runs and groups, its settings, and the results that it keeps."""
    from deepcave.runs.handler import RunHandler
    from deepcave.utils.cache import Cache
    from deepcave.utils.run_caches import RunCaches

    guard(Cache, ("read", "write", "set", "set_dict", "get", "has", "clear"), threading.RLock())
    guard(RunCaches, ("update", "get", "set", "clear_run", "clear"), threading.RLock())
    changes = ("add_run", "remove_run", "update", "update_runs", "update_groups")
    guard(RunHandler, (*changes, "get_run", "get_runs", "get_groups"), threading.RLock())


class KeptResults:
    """DeepCAVE's cache of results for its pages: their `clear` leaves it alone.

    A page that the server computes empties the cache at each click, and with it what the worker has computed.

    Args:
        cache: DeepCAVE's.
    """

    def __init__(self, cache: Any) -> None:
        self._cache = cache

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)

    def clear(self) -> None:
        """Nothing; results are found by a run's hash and inputs, and go when the run changes."""


def _locked(method: Callable[..., Any], lock: AbstractContextManager[Any]) -> Callable[..., Any]:
    @wraps(method)
    def guarded(*args: Any, **options: Any) -> Any:
        with lock:
            return method(*args, **options)

    return guarded
