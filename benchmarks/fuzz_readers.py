"""Damaged logs through `convert` for as long as you like: no exception, no hang, no half-written run.

Run as `python benchmarks/fuzz_readers.py FOLDER_OF_LOGS… [--seconds 600] [--seed 0]`, e.g. on `tests/logs`. Each round
copies the folder of one log, damages one of its files, and converts it in a process of its own with a limit on memory
and on time. What fails is kept in `--keep`, with its seed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import re
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from encave.converters import conversion
from encave.errors import EncaveError

SECONDS = 30
MEMORY = 4 << 30
LARGEST = 1 << 20
"""Bytes of the files that are damaged; larger ones cost too much time."""

_NUMBER = re.compile(rb"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_VALUES = (
    *(
        b"null",
        b"[]",
        b"{}",
        b'"x"',
        b'""',
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"true",
        b"-5",
        b"0",
        b"1e999",
        b"1e-320",
    ),
    *(b"99999999999999999999", b"9" * 5000, b"9223372036854775807", b"-9223372036854775809", b"2147483647"),
    *(b"[" * 3000, b'{"a":' * 3000, b'"\\ud800"', b'"\\u0000"', b"\xff\xfe", b"'", b"0x10", b"1_0"),
)


def damage(content: bytes, rng: random.Random) -> bytes:
    """The content with one to four faults: other values, bytes changed, pieces lost, doubled or exchanged, cut off."""
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(content) + 1)
        length = int(2 ** rng.uniform(0, 8))
        kind = rng.randrange(8)
        if kind <= 2 and (numbers := list(_NUMBER.finditer(content))):
            found = rng.choice(numbers)
            content = content[: found.start()] + rng.choice(_VALUES) + content[found.end() :]
        elif kind == 3:
            content = content[:place] + rng.randbytes(length % 4 + 1) + content[place + 1 :]
        elif kind == 4:
            content = content[:place] + content[place + length :]
        elif kind == 5:
            content = content[:place] + content[place : place + length] * rng.choice((2, 3, 50)) + content[place:]
        elif kind == 6:
            content = content[:place] + bytes([1 << rng.randrange(8)]) + content[place + 1 :]
        else:
            content = content[:place]
    return content


def problem(folder: Path, out: Path) -> str | None:
    """What is wrong with the conversion of a damaged log; None if it was converted or refused as it should be."""
    try:
        results = conversion.convert([folder], out)
    except EncaveError as error:
        return None if "no log found" in str(error) else f"stopped with {error}"
    for found in results:
        if found.status == "refused" and "please report" in str(found.reason):
            return str(found.reason)
        if found.read != found.written + found.merged + found.dropped:
            return f"read {found.read}, written {found.written}, merged {found.merged}, dropped {found.dropped}"
    left = {entry.name for entry in out.iterdir()} - {found.output.name for found in results if found.output}
    return f"left behind: {left}" if left else None


def main() -> None:
    """Damage logs until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logs", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"))
    told = parser.parse_args()
    folders = [folder for root in told.logs for folder in _folders(root)]
    with tempfile.TemporaryDirectory() as out:
        conversion.convert(folders[:20], Path(out))  # loads what all rounds need before they are forked
    until, round_, failures = time.monotonic() + told.seconds, 0, 0
    while time.monotonic() < until:
        reason = _round(folders, told.seed + round_, told.keep)
        failures += reason is not None
        if reason:
            print(f"seed {told.seed + round_}: {reason}", flush=True)
        round_ += 1
    print(f"{round_} damaged logs of {len(folders)} folders, {failures} failures")
    sys.exit(1 if failures else 0)


def _folders(root: Path) -> Iterator[Path]:
    """Folders of one log each, as small as possible."""
    found = {candidate.found.path.parent for candidate in conversion.search([root])}
    return iter(sorted(found))


def _round(folders: list[Path], seed: int, keep: Path) -> str | None:
    rng = random.Random(seed)
    folder = rng.choice(folders)
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / folder.name
        shutil.copytree(folder, copy)
        files = [file for file in sorted(copy.rglob("*")) if file.is_file() and file.stat().st_size <= LARGEST]
        if not files:
            return None
        damaged = rng.choice(files)
        damaged.write_bytes(damage(damaged.read_bytes(), rng))
        reason = _apart(copy, Path(temporary) / "out")
        if reason:
            shutil.copytree(copy, keep / str(seed) / folder.name, dirs_exist_ok=True)
            reason = f"{damaged.relative_to(temporary)}: {reason}"
        return reason


def _apart(folder: Path, out: Path) -> str | None:
    """`problem` in a process of its own, with limits."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_limited, args=(folder, out, theirs))
    process.start()
    theirs.close()
    process.join(SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
        return f"not done after {SECONDS} s"
    try:
        return ours.recv()
    except EOFError:
        return f"the process ended with {process.exitcode}"


def _limited(folder: Path, out: Path, pipe: multiprocessing.connection.Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    pipe.send(problem(folder, out))


if __name__ == "__main__":
    main()
