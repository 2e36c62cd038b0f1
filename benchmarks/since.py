"""How much slower or faster encave has become since an earlier commit, measured in turns in one go.

    python benchmarks/since.py COMMIT [--logs 300] [--trials 100] [--repeats 3]

Logs of each kind are made up, and both encaves convert them in one process (`--jobs 1`), load the runs that came of it
and write their report; one small log is converted alone. Seconds of CPU with those of children, medians; the ratio is
of today's to the earlier. Both use the packages of this environment, so that only encave's code differs. Exit status 1
if anything takes more than a tenth longer.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

import logs

BAR = 1.1
_ROOT = Path(__file__).resolve().parent.parent
_COMMAND = "from encave.cli import cli; cli()"
_LOAD = """
import sys
from pathlib import Path
from encave.run import Run
for path in sorted(Path(sys.argv[1]).rglob("run.json")):
    Run.load(path.parent)
"""


def seconds(home: Path, body: str, *arguments: str) -> float:
    """Seconds of CPU that the encave below `home` takes."""
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(
            [sys.executable, "-c", body, *arguments],
            cwd=home, env={**os.environ, "PYTHONPATH": str(home)}, stdout=told, stderr=subprocess.STDOUT,
        )  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            told.seek(0)
            sys.exit(f"{home}: {' '.join(arguments)}\n{told.read().decode()}")
    return used.ru_utime + used.ru_stime


def in_turns(homes: Iterable[Path], body: str, repeats: int, *arguments: str) -> list[float]:
    """Medians, one for each encave; `{home}` and `{repeat}` in arguments stand for its folder and the turn."""
    homes = list(homes)
    found = [
        [seconds(home, body, *(word.format(home=home, repeat=repeat) for word in arguments)) for home in homes]
        for repeat in range(repeats)
    ]
    return [statistics.median(column) for column in zip(*found, strict=True)]


def main() -> int:
    """Print a table; status 1 if the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commit")
    for name, value in (("logs", 300), ("trials", 100), ("repeats", 3)):
        parser.add_argument(f"--{name}", type=int, default=value)
    wanted = parser.parse_args()
    slower = False
    with tempfile.TemporaryDirectory() as temporary:
        homes = [Path(temporary) / name for name in ("earlier", "today")]
        for home, commit in zip(homes, (wanted.commit, "HEAD"), strict=True):
            _unpack(commit, home / "encave")
        print(f"{wanted.logs} logs of {wanted.trials} trials, CPU s, median of {wanted.repeats}\n")
        print(f"| what | {wanted.commit} | today | ratio |\n|---|---|---|---|")
        for what, (earlier, today) in _measured(homes, Path(temporary), wanted):
            slower |= today > BAR * earlier
            print(f"| {what} | {earlier:.2f} | {today:.2f} | {today / earlier:.2f} |", flush=True)
    return int(slower)


def _unpack(commit: str, folder: Path) -> None:
    """The files of a commit."""
    folder.mkdir(parents=True)
    packed = subprocess.run(["git", "-C", _ROOT, "archive", commit], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")


def _measured(homes: list[Path], folder: Path, wanted: argparse.Namespace) -> Iterable[tuple[str, list[float]]]:
    for kind, make in logs.LOGS.items():
        for number in range(wanted.logs):
            make(folder / kind / f"seed_{number}", wanted.trials)
        out = "{home}/" + kind
        words = ("convert", f"{folder / kind}", "--out", out + "-{repeat}", "--jobs", "1")
        yield f"convert {kind}", in_turns(homes, _COMMAND, wanted.repeats, *words)
        yield f"load {kind}", in_turns(homes, _LOAD, wanted.repeats, out + "-0")
    one = ("convert", f"{folder / 'smac' / 'seed_0'}", "--out", "{home}/one-{repeat}")
    yield "convert one log", in_turns(homes, _COMMAND, 2 * wanted.repeats + 1, *one)
    every = ("report", *("{home}/" + f"{kind}-0" for kind in logs.LOGS), "--out", "{home}/report-{repeat}")
    yield "report of all of them", in_turns(homes, _COMMAND, wanted.repeats, *every)


if __name__ == "__main__":
    sys.exit(main())
