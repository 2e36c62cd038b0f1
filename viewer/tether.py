"""Processes that end when their parent does, however it ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def end_with_parent(at_end: Callable[[], object] = lambda: None) -> None:
    """End this process when standard input, a pipe that the parent holds, closes; `at_end` is called before."""

    def watch() -> None:
        sys.stdin.buffer.read()
        try:
            at_end()
        finally:
            os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def die_with_parent() -> None:
    """Have Linux kill this process when the thread that started it ends; elsewhere nothing happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
