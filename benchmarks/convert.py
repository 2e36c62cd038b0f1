"""Conversion of generated logs, side by side with DeepCAVE's own converters and a bare parse of the same bytes.

Run as `python benchmarks/convert.py [--large] [--million] [--start]`. Every figure of the first table is the median of
three in a fresh process, after a conversion of a small log that loads all modules; DeepCAVE's at 100,000 trials, which
take many minutes, are measured once. Times are seconds of CPU, since other programs may be running.
Memory is the peak of that process above what it held before the conversion (Linux), in brackets relative to the log
unpacked, where it is compressed. `encave s` is all that `encave convert` does, from the search for logs to the account;
`folder s` is what DeepCAVE's column covers: one log read and its DeepCAVE folder written. DeepCAVE's column is its
converter and `save`; it needs DeepCAVE (Python 3.10), for BOHB also hpbandster and for Optuna optuna, whose study it
reads pickled, not from SQLite. The bare parse is orjson's.

The second table, which `--start` prints alone, is what the command takes for one small log from its start to its end,
beside `import ConfigSpace, pyarrow` right before it: medians, the ratio that of the pairs, CPU with that of child
processes. Compiled modules lie in a folder of their own, as they lie beside the modules of an installed package.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import logs
import orjson
import pyarrow.parquet as pq

REPEATS = 3
SIZES = (1_000, 10_000)
LARGE = 100_000
ONCE = 10_000
"""Trials beyond which DeepCAVE's converters, which take minutes there, are measured once."""
MILLION = 1_000_000
BARE = "import ConfigSpace, pyarrow"
COMMAND = "from encave.cli import main; main()"
SMALL, TURNS = 100, 11
BAR = 1.3
"""Times `BARE` that one small log may take."""


def main() -> None:
    """Print the table, or with `--measure` one figure, for a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help=f"also {LARGE:,} trials")
    parser.add_argument("--million", action="store_true", help=f"also Run.load of {MILLION:,} trials")
    parser.add_argument("--start", action="store_true", help="only what one small log takes, whatever else is said")
    parser.add_argument("--measure", nargs=3, metavar=("WHAT", "FORMAT", "LOG"), help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.measure:
        what, form, path = told.measure
        print(json.dumps(MEASURES[what](form, Path(path))))
        return
    with tempfile.TemporaryDirectory() as folder:
        if not told.start:
            _table(Path(folder), (*SIZES, LARGE) if told.large else SIZES)
        if told.million and not told.start:
            _load(Path(folder))
        _start(Path(folder) / "start")


def _table(folder: Path, sizes: tuple[int, ...]) -> None:
    columns = ("log", "trials", "MB", "encave s", "µs per trial", "memory MB", "memory / source")
    columns += ("folder s", "DeepCAVE s", "/ encave", "/ folder", "parse + dump s", "encave / it")
    print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
    for form, write in logs.LOGS.items():
        for count in sizes:
            path = write(folder / f"{form}-{count}", count)
            whats = ["encave", "folder"]
            whats += ["deepcave" if count <= ONCE else "deepcave-once"] if form != "dehb" else []
            whats += ["bare"] if form == "smac" else []
            print(_row(form, count, path, {what: _measured(what, form, path) for what in whats}), flush=True)


def _row(form: str, count: int, path: Path, figures: dict[str, dict[str, float] | None]) -> str:
    ours, folder, bare = (figures.get(what) for what in ("encave", "folder", "bare"))
    theirs = figures.get("deepcave") or figures.get("deepcave-once")
    assert ours and folder
    size = sum(file.stat().st_size for file in path.parent.iterdir())
    seconds, memory = ours["seconds"], ours["bytes"]
    unpacked = pq.read_table(path).nbytes if form == "dehb" else None
    cells = [form, f"{count:,}", _both(size / 1e6, unpacked and unpacked / 1e6), f"{seconds:.3f}"]
    cells += [
        f"{seconds / count * 1e6:.0f}",
        f"{memory / 1e6:.1f}",
        _both(memory / size, unpacked and memory / unpacked),
    ]
    cells.append(f"{folder['seconds']:.3f}")
    cells.append(f"{theirs['seconds']:.2f}" if theirs else "–")
    cells += [f"{theirs['seconds'] / mine['seconds']:.1f}" if theirs else "–" for mine in (ours, folder)]
    cells += [f"{bare['seconds']:.3f}", f"{seconds / bare['seconds']:.1f}"] if bare else ["–", "–"]
    return "| " + " | ".join(cells) + " |"


def _both(value: float, unpacked: float | None) -> str:
    """A figure, and in brackets that of the log unpacked."""
    return f"{value:.1f}" + ("" if unpacked is None else f" ({unpacked:.1f})")


def _measured(what: str, form: str, path: Path) -> dict[str, Any] | None:
    """A figure from a process of its own; None where a package that it needs is missing."""
    command = [sys.executable, __file__, "--measure", what, form, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{what} {form}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def _timed(action: Callable[[Path], Any], repeats: int = REPEATS) -> float:
    times: list[float] = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as out:
            start = time.process_time()
            action(Path(out))
            times.append(time.process_time() - start)
    return statistics.median(times)


def _memory(line: str) -> int:
    """Bytes that this process holds (VmRSS) or held at most (VmHWM)."""
    status = Path("/proc/self/status").read_text()
    return next(int(text.split()[1]) * 1024 for text in status.splitlines() if text.startswith(line))


def _encave(form: str, path: Path) -> dict[str, float]:
    from encave.converters import convert

    def action(out: Path) -> None:
        [result] = convert([path.parent], out / "runs")
        assert result.status == "converted" and result.dropped == 0, result.reason

    with tempfile.TemporaryDirectory() as small:
        logs.LOGS[form](Path(small) / "log", 10)
        convert([Path(small) / "log"], Path(small) / "out")
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before = _memory("VmRSS")
    with tempfile.TemporaryDirectory() as out:
        action(Path(out))
    peak = _memory("VmHWM") - before
    return {"seconds": _timed(action), "bytes": peak}


def _folder(form: str, path: Path) -> dict[str, float]:
    from encave.converters import Options, one_log, registry, survey
    from encave.converters.formats.deepcave import output as deepcave

    def action(log: Path, out: Path) -> None:
        [candidate] = survey.find(log, registry.chosen(form))
        run = one_log.read(candidate, Options()).run
        deepcave.write(run, deepcave.prepare(run)[0], out)

    with tempfile.TemporaryDirectory() as small, tempfile.TemporaryDirectory() as out:
        action(logs.LOGS[form](Path(small) / "log", 10).parent, Path(out))
    return {"seconds": _timed(lambda out: action(path.parent, out))}


def _deepcave(form: str, path: Path, repeats: int = REPEATS) -> dict[str, float]:
    from deepcave.runs.converters.bohb import BOHBRun
    from deepcave.runs.converters.optuna import OptunaRun
    from deepcave.runs.converters.smac3v2 import SMAC3v2Run

    kind = {"smac": SMAC3v2Run, "bohb": BOHBRun, "optuna": OptunaRun}[form]
    folder = path.parent
    if form == "optuna":
        folder = path.parent.with_name(path.parent.name + "-pickled")
        folder.mkdir(exist_ok=True)
        (folder / "study.pkl").write_bytes(pickle.dumps(_in_memory(path)))
    return {"seconds": _timed(lambda out: kind.from_path(folder).save(out / "run"), repeats)}


def _in_memory(path: Path) -> Any:
    """The study as DeepCAVE reads it: pickled, not in a storage."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    stored = optuna.load_study(study_name="bench", storage=f"sqlite:///{path}")
    study = optuna.create_study()
    study.add_trials(stored.trials)
    return study


def _bare(form: str, path: Path) -> dict[str, float]:
    data = path.read_bytes()
    return {"seconds": _timed(lambda out: orjson.dumps(orjson.loads(data)))}


def _read_table(form: str, path: Path) -> dict[str, float]:
    import pyarrow.parquet as pq

    return {"seconds": _timed(lambda out: pq.read_table(path / "trials.parquet"))}


def _run_load(form: str, path: Path) -> dict[str, float]:
    from encave.run import Run

    return {"seconds": _timed(lambda out: Run.load(path))}


MEASURES = {
    "encave": _encave,
    "folder": _folder,
    "deepcave": _deepcave,
    "deepcave-once": partial(_deepcave, repeats=1),
    "bare": _bare,
    "read": _read_table,
    "load": _run_load,
}


def _load(folder: Path) -> None:
    from encave.converters import convert

    [result] = convert([logs.dehb(folder / "million", MILLION)], folder / "runs")
    assert result.output is not None
    table, run = (_measured(what, "dehb", result.output) for what in ("read", "load"))
    assert table and run
    seconds = f"read_table {table['seconds']:.2f} s, Run.load {run['seconds']:.2f} s"
    print(f"\n{MILLION:,} trials: {seconds}, {run['seconds'] - table['seconds']:.2f} s more")


def _start(folder: Path) -> None:
    paths = {form: write(folder / form, SMALL) for form, write in logs.LOGS.items()}
    paths["table"] = _comma_separated(folder / "table")
    turns = [{form: _pair(folder, path, form, turn) for form, path in paths.items()} for turn in range(TURNS + 1)]
    print(
        f"\n| one log of {SMALL} trials | CPU, s | bare | ratio | clock, s | bare | ratio | bar |" + "\n|" + "---|" * 8
    )
    for form in paths:
        pairs = [turn[form] for turn in turns[1:]]  # the first one compiles
        cells = [form]
        for own, bare in (zip(*(pair[n] for pair in pairs), strict=True) for n in (0, 1)):
            ratio = statistics.median(a / b for a, b in zip(own, bare, strict=True))
            cells += [f"{statistics.median(own):.2f}", f"{statistics.median(bare):.2f}", f"{ratio:.2f}"]
        print("| " + " | ".join([*cells, f"{BAR}"]) + " |")


def _pair(folder: Path, path: Path, form: str, turn: int) -> list[tuple[float, float]]:
    """Seconds of CPU, and of the clock, of the command and of `BARE` right before it."""
    bare = _process(folder, "-c", BARE)
    own = _process(folder, "-c", COMMAND, "convert", str(path), "--out", str(folder / f"runs-{form}-{turn}"))
    return list(zip(own, bare, strict=True))


def _comma_separated(folder: Path) -> Path:
    """A table that needs no mapping."""
    folder.mkdir(parents=True)
    rows = "".join(f"{number},{number / 7:.6f},{number % 5},{1 / (1 + number):.6f}\n" for number in range(SMALL))
    (path := folder / "trials.csv").write_text("trial_id,config:lr,config:depth,cost:loss\n" + rows)
    return path


def _process(folder: Path, *command: str) -> tuple[float, float]:
    """Seconds of CPU, with those of its children, and of the clock that a Python takes."""
    given = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command], env={**given, "PYTHONPYCACHEPREFIX": str(folder / "compiled")},
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return used.ru_utime + used.ru_stime, time.perf_counter() - begun


if __name__ == "__main__":
    main()
