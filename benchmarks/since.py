"""How much slower or faster encave has become since an earlier commit, measured in turns in one go.

    python benchmarks/since.py COMMIT [--logs 300] [--trials 100] [--repeats 3]

Logs of each kind are made up, and both encaves convert them in one process (`--jobs 1`), load the runs that came of it
and write their report; one small log is converted alone. Seconds of CPU with those of children, medians; the ratio is
of today's to the earlier. Both use the packages of this environment, so that only encave's code differs. Exit status 1
if anything takes more than a tenth longer.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
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


def _report(home: Path, wanted: argparse.Namespace) -> float:
    """What the benchmark of that encave says, whose runs are saved by it."""
    command = [sys.executable, "benchmarks/report.py", "--seeds", "3", "--repeats", f"{wanted.repeats}"]
    environment = {**os.environ, "PYTHONPATH": str(home)}
    told = subprocess.run(command, capture_output=True, text=True, cwd=home / "encave", env=environment, check=False)
    [row] = [line for line in told.stdout.splitlines() if line.startswith("| CPU, s")]
    return float(row.split("|")[2])


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
            subprocess.run(
                ["git", "-C", _ROOT, "worktree", "add", "--quiet", "--detach", home / "encave", commit], check=True
            )
        try:
            print(f"{wanted.logs} logs of {wanted.trials} trials, CPU s, median of {wanted.repeats}\n")
            print(f"| what | {wanted.commit} | today | ratio |\n|---|---|---|---|")
            for what, (earlier, today) in _measured(homes, Path(temporary), wanted):
                slower |= today > BAR * earlier
                print(f"| {what} | {earlier:.2f} | {today:.2f} | {today / earlier:.2f} |", flush=True)
        finally:
            for home in homes:
                subprocess.run(["git", "-C", _ROOT, "worktree", "remove", "--force", home / "encave"], check=True)
    return int(slower)


def _measured(homes: list[Path], folder: Path, wanted: argparse.Namespace) -> Iterable[tuple[str, list[float]]]:
    for kind, make in logs.LOGS.items():
        for number in range(wanted.logs):
            make(folder / kind / f"seed_{number}", wanted.trials)
        out = "{home}/" + kind
        yield (
            f"convert {kind}",
            in_turns(
                homes,
                _COMMAND,
                wanted.repeats,
                "convert",
                f"{folder / kind}",
                "--out",
                out + "-{repeat}",
                "--jobs",
                "1",
            ),
        )
        yield f"load {kind}", in_turns(homes, _LOAD, wanted.repeats, out + "-0")
    one = folder / "smac" / "seed_0"
    yield (
        "convert one log",
        in_turns(homes, _COMMAND, 2 * wanted.repeats + 1, "convert", f"{one}", "--out", "{home}/one-{repeat}"),
    )
    yield "report, as its benchmark makes runs", [_report(home, wanted) for home in homes]


if __name__ == "__main__":
    sys.exit(main())
