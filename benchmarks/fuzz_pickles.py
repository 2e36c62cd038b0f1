"""Looks for pickles that encave's check takes for something else than Python's unpickler does.

Run as `python benchmarks/fuzz_pickles.py [--inputs 100000] [--seed 0]`. Inputs are honest pickles with bytes changed,
cut, doubled and mixed, and instructions put together at random. Each is checked; what passes is unpickled by Python's
unpickler written in C, with encave's stand-ins, and the two must agree: every object in the memo is at most as nested
and as costly to hash as the check says, and plain where it says so. Whatever the input, the answer is an object or an
`EncaveError`, in a process with a limit on memory and on time; a crash, another error or a stop names the input.
"""

from __future__ import annotations

import argparse
import io
import os
import pickle
import pickletools
import random
import resource
import signal
import sys
import time
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import numpy as np

from encave import EncaveError
from encave.files import pickle_check, pickle_guard, pickle_keys, pickles
from encave.files.pickle_classes import Classes

BATCH = 2000
MEMORY = 2 * 2**30
SECONDS = 120
"""For a batch; one input that takes longer is found too."""
ALLOWED = pickles.NUMPY | {"builtins.set", "datetime.datetime", "datetime.timedelta", "datetime.timezone"}
CODES = [opcode.code.encode("latin1") for opcode in pickletools.opcodes]


def honest() -> list[bytes]:
    """Pickles of all protocols."""
    shared = [1.5, "x"]
    values: list[Any] = [
        [(n, [0.1, 0.2], 1.0, 2.0, 3.0, {"a": shared, "b": None}) for n in range(3)],
        OrderedDict(a=np.float64(1.5), b=np.arange(6).reshape(2, 3), c=np.int64(3)),
        {("a", 1): {1, 2}, frozenset((1, (2, 3))): b"bytes", 2**70: True, -(2**33): ()},
        [np.array([1, None, "x"], dtype=object), bytearray(b"abc"), np.array(["2024"], "M8[Y]"), "ö" * 300],
        [shared, shared, (shared, (1, 2, 3), ((),)), {"deep": [[[[[]]]]]}],
    ]
    return [pickle.dumps(value, protocol) for value in values for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]


def inputs(chance: random.Random, count: int) -> Iterator[bytes]:
    """Made-up pickles."""
    seeds = honest()
    for _ in range(count):
        yield _composed(chance) if chance.random() < 0.5 else _changed(chance, seeds)


def _changed(chance: random.Random, seeds: list[bytes]) -> bytes:
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 2, 5))):
        place, other = (chance.randrange(len(data) + 1) for _ in range(2))
        low, high = sorted((place, other))
        match chance.randrange(6):
            case 0:
                data[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                data[place:place] = _instruction(chance)
            case 2:
                del data[low : min(high, low + 20)]
            case 3:
                data[place:place] = data[low : min(high, low + 40)]
            case 4:
                data[place : place + 1] = chance.choice(CODES)
            case _:
                source = chance.choice(seeds)
                start = chance.randrange(len(source))
                data[place:place] = source[start : start + 40]
    return bytes(data)


def _composed(chance: random.Random) -> bytes:
    """Instructions that mostly find on the stack what they need."""
    parts = [chance.choice((b"", b"\x80\x02", b"\x80\x04"))]
    parts += [_instruction(chance) for _ in range(chance.randrange(3, 60))]
    return b"".join(parts) + b"."


def _instruction(chance: random.Random) -> bytes:
    small = bytes([chance.randrange(6)])
    pushes = (b"N", b"K" + small, b"]", b"}", b")", b"\x8f", b"\x8c\x01a", b"(", b"(", b"\x88", b"I5\n", b"L7L\n", b"2")
    memo = (b"\x94", b"\x94", b"q" + small, b"r" + small + bytes(3), b"h" + small, b"j" + small + bytes(3))
    memo += (b"p" + str(small[0]).encode() + b"\n", b"g" + str(small[0]).encode() + b"\n")
    makes = (b"\x85", b"\x86", b"\x87", b"t", b"l", b"d", b"e", b"u", b"a", b"s", b"\x90", b"\x91", b"0", b"1", b"b")
    calls = (b"ccollections\nOrderedDict\n)R", b"ccollections\nOrderedDict\n", b"R", b"\x81", b"\x92", b"o", b"\x93")
    calls += (b"cnumpy\ndtype\n\x8c\x02i8\x85R", b"(icollections\nOrderedDict\n", b"(ccollections\nOrderedDict\no")
    group = chance.choices((pushes, memo, makes, calls, CODES), (6, 4, 6, 1, 0.3))[0]
    return chance.choice(group)


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self._classes = Classes("it", ALLOWED, None, len(data))

    def find_class(self, module: str, name: str) -> Any:
        return self._classes.find(module, name)


def examine(data: bytes) -> bool:
    """Whether the check lets it pass.

    Raises:
        AssertionError: check and unpickler do not agree.
    """
    for read in (lambda: pickles.loads(data, name="it", allowed=ALLOWED), lambda: _guarded(data)):
        try:
            read()
        except EncaveError as error:
            assert str(error).startswith("it "), error
    try:
        numbers, top = pickle_check.numbers(data, "it")
    except EncaveError:
        return False
    unpickler = _Unpickler(data)
    try:
        made = unpickler.load()
    except Exception:  # noqa: BLE001 - wrong arguments and such; safe_pickle tells them
        return True
    memo = unpickler.memo.copy()
    for number, one in [(top, made), *((numbers[place], one) for place, one in memo.items())]:
        _agree(number, one)
    return True


def _agree(number: int, one: Any) -> None:
    depth, size = _tuples(one)
    told_depth, told_size = divmod(number, pickle_keys.DEPTH)
    assert depth <= told_depth, f"depth {told_depth} of {one!r}"
    assert size <= max(told_size, 1), f"size {told_size} of {one!r}"
    plain = isinstance(one, str | int | float | bytes | bytearray | type | None) or callable(one)
    plain = plain or type(one) is object or (type(one) is tuple and not one)  # the first stands for a class of NumPy
    assert number or plain, f"plain {one!r}"


def _tuples(one: Any) -> tuple[int, int]:
    """How deeply tuples and frozen sets are in each other, and how many objects one hash visits."""
    if type(one) not in (tuple, frozenset) or not one:
        return 0, 0
    inner = [_tuples(member) for member in one]
    return 1 + max(depth for depth, _ in inner), 1 + sum(max(size, 1) for _, size in inner)


def _guarded(data: bytes) -> Any:
    try:
        return pickle_guard.GuardedUnpickler(io.BytesIO(data), "it", Classes("it", ALLOWED, None, len(data))).load()
    except EncaveError:
        raise
    except MemoryError:
        raise
    except Exception as error:
        raise EncaveError(f"it is not a readable pickle: {error}") from error


def _batch(seed: int, count: int) -> int:
    """Examine a batch in this process; the input at hand is in the file, for who finds the process dead."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.alarm(SECONDS)
    passed = 0
    for data in inputs(random.Random(seed), count):
        _now(data)
        passed += examine(data)
    return passed


def _now(data: bytes) -> None:
    os.ftruncate(3, 0)
    os.pwrite(3, data, 0)


def main() -> int:
    """Run batches, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    start, passed, failed = time.monotonic(), 0, 0
    at_hand = os.memfd_create("input")
    os.dup2(at_hand, 3)
    for number in range(-(-told.inputs // BATCH)):
        out, into = os.pipe()
        child = os.fork()
        if not child:
            try:
                os.write(into, str(_batch(told.seed * 1_000_003 + number, BATCH)).encode())
                os._exit(0)
            except BaseException as error:  # noqa: BLE001 - told by the parent
                print(f"{type(error).__name__}: {str(error)[:300]}", file=sys.stderr, flush=True)
                os._exit(1)
        os.close(into)
        status = os.waitpid(child, 0)[1]
        passed += int(os.read(out, 20) or b"0")
        os.close(out)
        if status:
            failed += 1
            print(f"batch {number}: status {status}, input {os.pread(3, 1 << 20, 0)!r:.2000}", flush=True)
    print(f"{told.inputs} inputs, {passed} pass the check, {failed} batches failed, {time.monotonic() - start:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
