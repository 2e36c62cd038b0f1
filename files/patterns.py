"""Regular expressions of settings that were found among logs: one can take longer than anybody waits."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager

from ..errors import EncaveError

_SECONDS = 1.0  # of CPU; in names and paths a thousandth is much


def groups_of(pattern: str) -> int:
    """The number of groups of an expression.

    Raises:
        EncaveError: it is no regular expression.
    """
    try:
        return re.compile(pattern).groups
    except (re.error, OverflowError, RecursionError) as error:
        raise EncaveError(f"is no regular expression: {error}") from error


def search(pattern: str, text: str) -> re.Match[str] | None:
    """As `re.search`, within bounds of time, which other threads than the main one do not have.

    Raises:
        EncaveError: it takes too long.
    """
    if threading.current_thread() is not threading.main_thread():
        return re.search(pattern, text)  # no signal reaches it; encave's commands do not come here
    try:
        with _limited():
            return re.search(pattern, text)
    except _OverError as error:
        told = f"the expression {pattern!r} takes more than {_SECONDS:.0f} s in {text!r}"
        raise EncaveError(f"{told}; write it without repetitions of what repeats itself, as in (a+)+") from error


class _OverError(Exception):
    """The time is over."""


@contextmanager
def _limited() -> Generator[None]:
    """Ends what it holds, where the interpreter looks for signals now and then, as it does while it matches."""

    def over(*_: object) -> None:
        raise _OverError

    before = signal.signal(signal.SIGVTALRM, over)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, _SECONDS)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
    finally:
        signal.signal(signal.SIGVTALRM, before)
