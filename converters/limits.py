"""What a process that reads foreign files may take, and what it means when it ended."""

from __future__ import annotations

import math
import os
import resource
import signal
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from ..errors import EncaveError, check_number

_GIB = 1 << 30
_RESERVED = 4 * _GIB
"""Address space that libraries reserve and never fill (arenas of allocators, stacks of threads)."""
_STOPPED = {signal.SIGALRM, getattr(signal, "SIGXCPU", None)}


@dataclass(frozen=True)
class Limits:
    """Of one process that reads logs."""

    memory: float = 12.0
    """GiB that it may hold."""
    seconds: float = 900.0
    """Of wall clock for one log; on each processor as many of CPU."""

    def __post_init__(self) -> None:
        for what, given in (("memory", self.memory), ("a timeout", self.seconds)):
            check_number(what, given)
            if given <= 0:
                raise EncaveError(f"{what} is more than nothing, not {given!r}")

    @property
    def bytes(self) -> int:
        """Bytes that the process may hold."""
        return int(self.memory * _GIB)

    def apply(self) -> None:
        """Limit the memory of this process for good, without a core file when it crashes."""
        _lower(resource.RLIMIT_CORE, 0)
        _lower(resource.RLIMIT_DATA, self.bytes)  # what is reserved but cannot be written does not count
        _lower(resource.RLIMIT_AS, self.bytes + _RESERVED)  # systems that do not heed the other, and shared memory

    @contextmanager
    def clock(self, most: float = math.inf) -> Generator[None]:
        """Let the system end this process if what is within takes longer, whatever it is doing.

        Args:
            most: Seconds, where fewer than those of the limit are enough.
        """
        seconds = min(self.seconds, most)
        used = sum(os.times()[:2])
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        cpu = math.ceil(used + seconds * (os.cpu_count() or 1)) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (cpu if hard == resource.RLIM_INFINITY else min(cpu, hard), hard))
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def too_large(self) -> str:
        """Why a log is refused that does not fit."""
        return f"it does not fit into {self.memory:g} GiB of memory; --memory raises the limit"

    def why_ended(self, status: int, most: float = math.inf) -> str:
        """Why a log is refused whose process ended.

        Args:
            status: Exit status; negative: the number of a signal.
            most: Seconds that it had at most.
        """
        if -status in _STOPPED:
            raised = "; --timeout raises the limit" if self.seconds <= most else ""
            return f"reading it took longer than {min(self.seconds, most):g} s{raised}"
        told = f"the process that read it ended ({_name(status)})"
        if -status in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS):
            return f"{told}: the file is damaged, or needs more than {self.memory:g} GiB; --memory raises the limit"
        return f"{told}; it may need more memory than this machine has" if status == -signal.SIGKILL else told


def _lower(kind: int, wanted: int) -> None:
    hard = resource.getrlimit(kind)[1]
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(kind, (limit, limit))


def _name(status: int) -> str:
    try:
        return signal.Signals(-status).name if status < 0 else f"exit {status}"
    except ValueError:
        return f"signal {-status}"
