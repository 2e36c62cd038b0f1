"""Damaged logs through the readers for as long as you like: each is read or refused with the reason.

Run as `python benchmarks/fuzz_readers.py FOLDER_OF_LOGS… [--seconds 600] [--seed 0] [--from NAME]`, e.g. on
`tests/logs`. Each round damages one file of one log and reads a run that depends on it in this process' child, a
batch of rounds at a time, with a limit on memory and on time; in some rounds the log is searched for, too, by its own
format or by all. The rate of each format is printed: most of a round is making the run that was read, which small logs
make short. What fails is kept in `--keep`, with its seed.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from encave.converters import one_log, registry, survey
from encave.converters.reader import Log, Options, Reader
from encave.errors import EncaveError

SECONDS = 10
BATCH = 500
MEMORY = 4 << 30
# Of the rounds are searched for every format, or for the log's own; each takes as long as reading.
_ALL, _OWN = 0.02, 0.1
LARGEST = 1 << 14
"""Bytes of the logs that are damaged; larger ones say little more and cost more time."""

_NUMBER = re.compile(rb"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_VALUE = re.compile(rb'"(?:[^"\\\n]|\\.)*"|\btrue\b|\bfalse\b|\bnull\b|(?<=[,;])[^,;\n"\[\]{}]+(?=[,;\n])')
_GROUP = re.compile(rb"\[[^\[\]{}]*\]|\{[^\[\]{}]*\}|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
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
    """The content with one to four faults: other values of any type, bytes changed, pieces lost or doubled, cut off."""
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(content) + 1)
        length = int(2 ** rng.uniform(0, 8))
        kind = rng.randrange(10)
        pattern = {0: _NUMBER, 1: _NUMBER, 2: _NUMBER, 8: _VALUE, 9: _GROUP}.get(kind)
        if pattern is not None and (values := list(pattern.finditer(content))):
            found = rng.choice(values)
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


def problem(folder: Path, readers: list[Reader]) -> str | None:
    """What is wrong with reading a damaged log; None if it was read or refused with a reason for people."""
    try:
        candidates = survey.find(folder, readers)
    except EncaveError:
        return None
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return f"the search failed with {type(error).__name__}: {error}"
    return _failure(candidates)


def _failure(candidates: Iterable[registry.Candidate]) -> str | None:
    for candidate in candidates:
        try:
            one_log.read(candidate, Options())
        except EncaveError:
            continue
        except Exception as error:  # noqa: BLE001
            told = one_log.describe_error(Log(candidate.reader.name, candidate.found), error)
            if "please report" in told:
                place = traceback.extract_tb(error.__traceback__)
                ours = next((f for f in reversed(place) if "encave" in f.filename or "/wt/" in f.filename), place[-1])
                return f"{told} [{Path(ours.filename).name}:{ours.lineno}]"
    return None


class _Log:
    """A folder of one log, whose files are damaged in turn."""

    def __init__(self, folder: Path, home: Path, readers: list[Reader]) -> None:
        self.folder = home / folder.name
        shutil.copytree(folder, self.folder)
        files = (file for file in sorted(self.folder.rglob("*")) if file.is_file() and not file.is_symlink())
        self.files = {file: file.read_bytes() for file in files}
        self._candidates = survey.find(self.folder, readers)
        claimed = {candidate.reader.name for candidate in self._candidates}
        self.own = [reader for reader in readers if reader.name in claimed]
        self.name = ", ".join(sorted(claimed))

    def _concerned(self, file: Path) -> list[registry.Candidate]:
        """The runs that are read from a file, or that have it beside them."""
        return [one for one in self._candidates if file in one.found.files] or self._candidates[:1]

    def round(self, rng: random.Random, readers: list[Reader]) -> tuple[Path, str] | None:
        """Damage a file, read the log, and put the file right."""
        file = rng.choice(list(self.files))
        file.write_bytes(damage(self.files[file], rng))
        if (kind := rng.random()) < _ALL + _OWN:
            reason = problem(self.folder, readers if kind < _ALL else self.own)
        else:
            reason = _failure([rng.choice(self._concerned(file))])
        if reason:
            return file, reason
        file.write_bytes(self.files[file])
        return None


def main() -> None:
    """Damage logs until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logs", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--from", dest="forced", default=None)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"))
    told = parser.parse_args()
    readers = registry.chosen(told.forced)
    found = (one.found.path.parent for root in told.logs for one in survey.find(root, readers))
    folders = [folder for folder in dict.fromkeys(found) if _size(folder) <= LARGEST]
    for folder in folders[:20]:
        problem(folder, readers)  # loads what all rounds need before they are forked
    gc.collect()
    gc.freeze()  # pyarrow looks through all objects that are not, each time that it opens a table
    begun = time.monotonic()
    rounds, failures = 0, Counter[str]()
    done, used = Counter[str](), Counter[str]()
    while time.monotonic() < begun + told.seconds:
        failed, name, seconds = _batch(folders, told.seed + rounds, readers, told.keep)
        done[name] += BATCH
        used[name] += seconds
        for seed, reason in failed:
            place = reason[reason.rfind("[") :]
            failures[place] += 1
            if failures[place] == 1:
                print(f"seed {seed}: {reason}", flush=True)
        rounds += BATCH
    for name, seconds in used.most_common():
        print(f"{name}: {done[name]:,} damaged logs, {done[name] / max(seconds, 0.001):,.0f} a CPU second")
    rate = rounds / sum(used.values())
    print(f"{rounds:,} damaged logs of {len(folders)} folders, {rate:,.0f} a CPU second; failures: {dict(failures)}")
    sys.exit(1 if failures else 0)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _batch(
    folders: list[Path], first: int, readers: list[Reader], keep: Path
) -> tuple[list[tuple[int, str]], str, float]:
    """The failures of `BATCH` rounds on one log, in a process of their own, its formats and seconds of CPU."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    at = context.Value("q", first)
    process = context.Process(target=_limited, args=(folders, first, readers, keep, theirs, at))
    process.start()
    theirs.close()
    found: list[tuple[int, str]] = []
    name, seconds = "ended", SECONDS * 4.0
    last = first - 1
    while True:
        try:
            if not ours.poll(SECONDS * 4):
                if at.value > last:  # it goes on, slowly
                    last = at.value
                    continue
                process.kill()
                found.append((at.value, f"not done after {SECONDS * 4} s"))
                break
            answer = ours.recv()
            if isinstance(answer[1], float):
                name, seconds = answer
            else:
                found.append(answer)
        except EOFError:
            process.join()
            if process.exitcode:
                found.append((at.value, f"the process ended with {process.exitcode}"))
            break
    process.join()
    return found, name, seconds


def _limited(
    folders: list[Path],
    first: int,
    readers: list[Reader],
    keep: Path,
    pipe: multiprocessing.connection.Connection,
    at: Any,
) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _late)
    folder = random.Random(first).choice(folders)
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as home:
        log = _Log(folder, Path(home), readers)
        for seed in range(first, first + BATCH if log.files else first):
            at.value = seed
            signal.alarm(SECONDS)
            failed = log.round(random.Random(seed), readers)
            signal.alarm(0)
            if failed:
                file, reason = failed
                shutil.copytree(log.folder, keep / str(seed) / folder.name, dirs_exist_ok=True)
                file.write_bytes(log.files[file])
                pipe.send((seed, f"{folder.name}/{file.name}: {reason}"))
        pipe.send((log.name, time.process_time()))


def _late(*_: object) -> None:
    raise TimeoutError(f"please report: not done after {SECONDS} s")


if __name__ == "__main__":
    main()
