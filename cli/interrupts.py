"""Ctrl-C and SIGTERM end the command with a line, wherever they arrive.

Python raises KeyboardInterrupt at whatever is running: while a package is loaded too, where code in C makes another
error of it (pandas that is half there), or prints it and goes on.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

STATUS = 130
"""Exit status of what was interrupted."""
TOLD = "encave: interrupted"
_AGAIN = 0.05  # seconds after which an interrupt that was lost is sent again


@contextmanager
def told() -> Generator[None]:
    """Run the command; if it is interrupted, clean up and end with a line and `STATUS`, whatever error came of it."""
    heard: list[int] = []
    of = os.getpid()

    def hear(number: int, _: Any) -> None:
        if os.getpid() != of and number == signal.SIGTERM:  # a process that was forked ends as its parent wants
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        heard.append(number)
        raise KeyboardInterrupt

    numbers = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) != signal.SIG_IGN]  # nohup's, `&`
    for number in numbers:
        signal.signal(number, hear)
    unraisable = sys.unraisablehook

    def lost(error: sys.UnraisableHookArgs) -> None:
        if heard:
            _thread.start_new_thread(_again, ())
        else:
            unraisable(error)

    sys.unraisablehook = lost
    try:
        yield
    except BaseException as error:
        if not heard or (isinstance(error, SystemExit) and error.code == STATUS):
            raise
        with suppress(OSError):
            os.write(2, f"{TOLD}\n".encode())
        raise SystemExit(STATUS) from None
    finally:
        for number in numbers:  # nothing is left that could be lost
            signal.signal(number, signal.SIG_DFL)


def _again() -> None:
    time.sleep(_AGAIN)
    _thread.interrupt_main()
