"""The process from which those that read logs are forked: it has loaded every format and nothing foreign.

A process that reads is there within milliseconds and shares what is loaded with the others; one that is forked from
a program in the midst of its work would take over its threads.
"""

from __future__ import annotations

import gc
import importlib
import os
import resource
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from ..files.arrow import hide_pandas
from .limits import Limits

START, END = b"s", b"e"
NUMBERS = struct.Struct("!ii")
"""Process and exit status, or process and signal."""
PATIENCE = 10.0
"""Seconds that a process has to remove what it was writing."""
_PRELOADED = (
    "ConfigSpace",
    *(f"encave.converters.{name}" for name in ("conversion", "formats.deepcave.output", "parts.fitting")),
    *(f"encave.converters.{name}" for name in ("parts.seed_names", "passed_over.folder")),
)


class Ended(NamedTuple):
    """What a task gave that could not be done."""

    reason: str
    """Why, for a person."""


class Answer(NamedTuple):
    """What a process says."""

    value: Any
    """What the task gave, or what it asks for."""
    asks: bool = False
    """Whether the task waits for an answer to `value`."""
    last: bool = False
    """Whether the process ends now, since it holds too much memory for another task."""


def serve(control: int) -> None:
    """Start and end processes as the other end of a socket says; its end is the end of all of them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the program says when to end
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _preload()
    children: set[int] = set()
    with socket.socket(fileno=control) as told, suppress(OSError):
        try:
            while _step(told, children):
                pass
        finally:
            for process in children:
                _signal(process, signal.SIGTERM)
            until = time.monotonic() + PATIENCE
            for process in children:
                _status(process, until)


def _preload() -> None:
    from ..errors import EncaveError
    from . import registry

    gc.disable()  # next to nothing of what is loaded goes again
    if registry.are_built_in():
        hide_pandas()
    for name in _PRELOADED:
        importlib.import_module(name)
    with suppress(EncaveError):  # a format that cannot be loaded is told by whoever asks for it
        registry.formats()
    gc.freeze()  # what is loaded stays shared
    gc.enable()


def _step(told: socket.socket, children: set[int]) -> bool:
    kind, handles, *_ = socket.recv_fds(told, 1, 1)
    if kind == START:
        children.add(process := _start(told, handles[0]))
        told.sendall(NUMBERS.pack(process, 0))
    elif kind == END:
        process, number = NUMBERS.unpack(told.recv(NUMBERS.size, socket.MSG_WAITALL))
        if number:
            _signal(process, number)
        children.discard(process)
        told.sendall(NUMBERS.pack(process, _status(process, time.monotonic() + PATIENCE)))
    return bool(kind)


def _signal(process: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)


def _status(process: int, until: float) -> int:
    """Exit status of a process that is ending; it is killed if it does not."""
    while time.monotonic() < until:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    _signal(process, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _start(told: socket.socket, handle: int) -> int:
    ends = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # until what it may print goes nowhere
    if process := os.fork():
        signal.pthread_sigmask(signal.SIG_SETMASK, ends)
        os.close(handle)
        return process
    status = 1
    try:
        told.close()
        _work(Connection(handle))
        status = 0
    finally:
        os._exit(status)  # nothing of the process that it was forked from is to be run


def _work(pipe: Connection) -> None:
    """Do tasks until there are no more."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # what libraries print of foreign files does not reach the terminal
        os.dup2(nothing, standard)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    for ending in (signal.SIGALRM, signal.SIGXCPU):
        signal.signal(ending, signal.SIG_DFL)
    folder, sys.path[:], limits = pipe.recv()
    with suppress(OSError):  # a folder that is gone: paths that are absolute work
        os.chdir(folder)
    limits.apply()
    with suppress(EOFError, OSError):  # the program has ended
        while True:
            answer = _done(pipe, limits, *pipe.recv())
            try:
                pipe.send(answer)
            except MemoryError:
                pipe.send(answer := Answer(Ended(limits.too_large()), last=True))
            if answer.last:
                return


def _done(
    pipe: Connection, limits: Limits, task: Callable[..., Any], arguments: tuple[Any, ...], seconds: float
) -> Answer:
    def ask(value: Any) -> Any:
        signal.setitimer(signal.ITIMER_REAL, 0)  # others decide when the answer comes
        pipe.send(Answer(value, asks=True))
        answer = pipe.recv()
        signal.setitimer(signal.ITIMER_REAL, min(limits.seconds, seconds))
        return answer

    with limits.clock(seconds):
        try:
            value = task(*arguments, ask)
        except MemoryError:
            return Answer(Ended(limits.too_large()), last=True)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Answer(value, last=held > limits.bytes / 2)
