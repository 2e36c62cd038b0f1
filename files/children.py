"""Processes that are started by this one and end with it."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def without_interrupts() -> Generator[None]:
    """Ctrl-C waits until this is over, and never reaches the threads and processes that are started in it.

    A terminal sends it to all processes; those end with this one, and their tracebacks tell nobody anything.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
