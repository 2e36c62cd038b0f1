"""Damaged logs through the readers for as long as you like: each is read or refused with the reason.

Run as `python benchmarks/fuzz_readers.py [FOLDER_OF_LOGS…] [--inputs 1000000] [--seed 0] [--from NAME]`, e.g. with
`tests/logs`; logs of three trials of every format, made by `small_logs.py`, come first. Each round damages one file of
one log and reads a run that depends on it, in a child with a limit on memory and on each round's time; in some rounds
the log is searched for, too, by its own format or by all, or the run is written and loaded. Each child has one log for
some seconds, so that formats have equal time; SIGTERM ends the last one's, and what was done is told. What fails is
kept in `--keep`, with its seed: anything but a run or a refusal, and any round that takes all of its memory or time,
whatever was made of that.
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import small_logs

from encave.converters import one_log, registry, survey
from encave.converters.outputs import output
from encave.converters.reader import Log, Options, Reader
from encave.errors import EncaveError
from encave.run import Run

SECONDS = 10
BATCH, SLICE = 2_000, 3.0
"""Rounds of a child at most, and its seconds of CPU at most; seeds count on by `BATCH`."""
MEMORY = 4 << 30
# Of the rounds are searched for every format, for the log's own, or written and loaded; each takes as long as reading.
_ALL, _OWN, _WHOLE = 0.01, 0.05, 0.02
_TOLD = 50_000  # rounds after which it is told how far they are
_COLLECT = 200  # rounds after which cycles are looked for, which each round would do several times
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
    *("²".encode(), "１２".encode(), b'"2026-13-01T25:61:00"', b'"=1+1"', b"1e5", b"-0.0", b'"' + b"(" * 2000 + b'"'),
)


def damage(content: bytes, rng: random.Random) -> bytes:
    """The content with one to four faults: other values of any type, bytes changed, pieces lost or doubled, cut off."""
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(content) + 1)
        length = int(2 ** rng.uniform(0, 8))
        kind = rng.randrange(10)
        pattern = {0: _NUMBER, 1: _NUMBER, 2: _NUMBER, 8: _VALUE, 9: _GROUP}.get(kind)
        if pattern is not None and (found := pattern.search(content, place) or pattern.search(content)):
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


class _Late(BaseException):
    """A round took too long; nothing that catches errors of files catches it."""


def problem(folder: Path, readers: list[Reader]) -> str | None:
    """What is wrong with reading a damaged log; None if it was read or refused with a reason for people."""
    try:
        candidates = survey.find(folder, readers)
    except EncaveError as error:
        return str(error) if "please report" in str(error) else None
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return f"the search failed with {type(error).__name__}: {error}"
    return _failure(candidates)


def _failure(candidates: Iterable[registry.Candidate], out: Path | None = None) -> str | None:
    for candidate in candidates:
        try:
            result = one_log.read(candidate, Options())
            if out is not None:
                _written(one_log.described(result, candidate.found), out)
        except EncaveError as error:
            if "please report" in str(error) or " does not account for every trial " in str(error):
                return str(error)
        except Exception as error:  # noqa: BLE001
            told = one_log.describe_error(Log(candidate.reader.name, candidate.found), error)
            if "please report" in told or isinstance(error, MemoryError):
                place = traceback.extract_tb(error.__traceback__)
                ours = next((f for f in reversed(place) if "site-packages" not in f.filename), place[-1])
                return f"{told} [{Path(ours.filename).name}:{ours.lineno}]"
    return None


def _written(run: Run, out: Path) -> None:
    """Write a run as a conversion does, and load it.

    Raises:
        ValueError: another run comes back.
    """
    output("deepcave").write([run], out)
    [trials] = out.rglob("trials.parquet")
    loaded = Run.load(trials.parent)
    shutil.rmtree(out)
    out.mkdir()
    if loaded.replace(provenance=run.provenance) != run:
        raise ValueError("another run comes back")


class _Source:
    """The files of a log, or of all logs in a small folder."""

    def __init__(self, folder: Path, files: list[Path], readers: list[Reader]) -> None:
        self.folder = folder
        self.files = {file.relative_to(folder): file.read_bytes() for file in files}
        self.readers = readers

    def __str__(self) -> str:
        return "/".join(self.folder.parts[-2:])


def sources(roots: list[Path], readers: list[Reader]) -> list[_Source]:
    """Logs of at most `LARGEST` bytes: with all that lies in their folder where that is small, else alone."""
    found: dict[tuple[Path, ...], Path] = {}
    for candidate in (one for root in roots for one in survey.find(root.absolute(), readers)):
        folder = candidate.found.path.parent
        files = tuple(file for file in sorted(folder.rglob("*")) if file.is_file() and not file.is_symlink())
        if _size(files) > LARGEST:
            files = tuple(file for file in candidate.found.files if file.is_relative_to(folder))
        if files and _size(files) <= LARGEST:
            found[files] = folder
    return [_Source(folder, list(files), readers) for files, folder in found.items()]


def _size(files: Iterable[Path]) -> int:
    return sum(file.stat().st_size for file in files)


class _Log:
    """A copy of a log, whose files are damaged in turn."""

    def __init__(self, source: _Source, home: Path) -> None:
        self.folder, self.out = home / source.folder.name, home / "out"
        self.out.mkdir()
        self.readers = source.readers
        self.files = {self.folder / name: content for name, content in source.files.items()}
        for file, content in self.files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        self._candidates = survey.find(self.folder, self.readers)
        claimed = {candidate.reader.name for candidate in self._candidates}
        self.own = [reader for reader in self.readers if reader.name in claimed]
        self.name = ", ".join(sorted(claimed))
        self._concerned = {file: self._read_from(file) for file in self.files}

    def _read_from(self, file: Path) -> list[registry.Candidate]:
        """The runs that are read from a file, or that have it beside them."""
        return [one for one in self._candidates if file in one.found.files] or self._candidates[:1]

    def round(self, rng: random.Random) -> tuple[Path, str] | None:
        """Damage a file, read the log, and put the file right."""
        file = rng.choice(list(self.files))
        _overwrite(file, damage(self.files[file], rng))
        kind = rng.random()
        if kind < _ALL + _OWN:
            reason = problem(self.folder, self.readers if kind < _ALL else self.own)
        else:
            whole = kind < _ALL + _OWN + _WHOLE
            reason = _failure([rng.choice(self._concerned[file])], self.out if whole else None)
        if reason:
            return file, reason
        _overwrite(file, self.files[file])
        return None


def _overwrite(file: Path, content: bytes) -> None:
    with file.open("wb", buffering=0) as stream:
        stream.write(content)


def main() -> None:
    """Damage logs until the inputs are through."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logs", nargs="*", type=Path)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--from", dest="forced", default=None)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"))
    told = parser.parse_args()
    readers = registry.chosen(told.forced)
    with tempfile.TemporaryDirectory() as made:
        small_logs.write_all(Path(made))
        logs = sources([Path(made), *told.logs], readers)
        for log in logs:
            problem(log.folder, readers)  # loads what all rounds need before they are forked
    gc.collect()
    gc.freeze()
    first, rounds, failures = told.seed, 0, Counter[str]()
    done, used = Counter[str](), Counter[str]()
    over: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: over.append(number))
    while rounds < told.inputs and not over:
        batch = _batch(logs, first, told.keep)
        done[batch.format] += batch.rounds
        used[batch.format] += batch.seconds
        for seed, reason in batch.failed:
            place = reason[reason.rfind("[") :]
            failures[place] += 1
            if failures[place] == 1:
                print(f"seed {seed}: {reason}", flush=True)
        first, rounds = first + BATCH, rounds + batch.rounds
        if rounds // _TOLD > (rounds - batch.rounds) // _TOLD:
            print(f"{rounds:,} damaged logs, seeds to {first - 1}, {sum(used.values()):,.0f} CPU s", flush=True)
    for name, seconds in sorted(used.items(), key=lambda item: -done[item[0]]):
        print(f"{name}: {done[name]:,} damaged logs, {done[name] / max(seconds, 0.001):,.0f} a CPU second")
    rate = rounds / sum(used.values())
    print(f"{rounds:,} damaged logs of {len(logs)}, {rate:,.0f} a CPU second; failures: {dict(failures)}")
    print(f"seeds {told.seed} to {first - 1}")
    sys.exit(1 if failures else 0)


@dataclass
class _Batch:
    """What a child did."""

    format: str = "ended"
    rounds: int = 0
    seconds: float = 0.0
    failed: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])


def _batch(logs: list[_Source], first: int, keep: Path) -> _Batch:
    """Rounds on one log, in a process of their own."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    at = context.Value("q", first)
    source = random.Random(first).choice(logs)
    process = context.Process(target=_limited, args=(source, first, keep, theirs, at))
    process.start()
    theirs.close()
    batch = _Batch()
    last = first - 1
    while True:
        try:
            if not ours.poll(SECONDS * 4):
                if at.value > last:  # it goes on, slowly
                    last = at.value
                    continue
                process.kill()
                batch.failed.append((at.value, f"{source}: not done after {SECONDS * 4} s"))
                break
            answer = ours.recv()
        except EOFError:
            process.join()
            if process.exitcode:
                batch.failed.append((at.value, f"{source}: the process ended with {process.exitcode}"))
            break
        if isinstance(answer, _Batch):
            batch.format, batch.rounds, batch.seconds = answer.format, answer.rounds, answer.seconds
        else:
            batch.failed.append(answer)
    process.join()
    batch.rounds = batch.rounds or at.value - first + 1
    return batch


def _limited(source: _Source, first: int, keep: Path, pipe: multiprocessing.connection.Connection, at: Any) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _late)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.disable()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as home:
        log = _Log(source, Path(home))
        begun = time.process_time()
        seed = first
        while seed < first + BATCH and time.process_time() < begun + SLICE:
            at.value = seed
            if failed := _in_time(log, seed):
                file, reason = failed
                shutil.copytree(log.folder, keep / str(seed) / log.folder.name, dirs_exist_ok=True)
                file.write_bytes(log.files[file])
                pipe.send((seed, f"{source}/{file.name}: {reason}"))
            seed += 1
            if seed % _COLLECT == 0:
                gc.collect()
        pipe.send(_Batch(log.name, seed - first, time.process_time() - begun))


def _in_time(log: _Log, seed: int) -> tuple[Path, str] | None:
    signal.alarm(SECONDS)
    try:
        return log.round(random.Random(seed))
    except _Late as error:
        place = traceback.extract_tb(error.__traceback__)
        ours = next((f for f in reversed(place[:-1]) if "site-packages" not in f.filename), place[-1])
        [file] = [f for f, content in log.files.items() if f.read_bytes() != content][:1] or [next(iter(log.files))]
        return file, f"not done after {SECONDS} s [{Path(ours.filename).name}:{ours.lineno}]"
    finally:
        signal.alarm(0)


def _late(*_: object) -> None:
    raise _Late


if __name__ == "__main__":
    main()
