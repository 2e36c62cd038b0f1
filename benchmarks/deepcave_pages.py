"""Every page of DeepCAVE for every run in folders of converted runs, and a report of what each shows or says instead.

    python benchmarks/deepcave_pages.py FOLDER... [--thorough] [--most N] [--out report.md]
    python benchmarks/deepcave_pages.py --synthetic 30 --trials 1000 --most 2

Each FOLDER, of converted runs or of logs, which are converted, is opened by itself. Status 1 if a page fails, or shows
another number than `trials.parquet`. With --synthetic the runs are made as in `open_deepcave.py`, to measure pages.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from encave.converters import convert
from encave.errors import EncaveError
from encave.viewer.launch import Viewer
from encave.viewer.selection import select

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))


def rows(folder: Path, thorough: bool, most: int) -> Iterator[tuple[str, ...]]:
    """Folder, run, page, inputs, seconds, and `ok`, `says: …` or `FAILS: …` for each look at a page."""
    from viewer.walk import walk

    runs = sorted(file.parent for file in folder.rglob("history.jsonl"))
    try:
        selection = select(runs)
    except EncaveError as error:
        yield folder.name, "", "", "", "", f"says: {error}"
        return
    for note in selection.notes:
        yield folder.name, "", "", "", "", f"says: {note}"
    with Viewer(selection, python=Path(sys.executable)) as viewer:
        for look in walk(viewer.url, thorough=thorough, folders=selection.runs, most=most):
            verdict = f"FAILS: {look.fault}" if look.fault else f"says: {look.said}" if look.said else "ok"
            yield folder.name, look.run, look.page, look.inputs, f"{look.seconds:.1f}", verdict.replace("<br>", " ")


def _make(folder: Path, runs: int, trials: int) -> list[Path]:
    from open_deepcave import write_run

    for number in range(runs):
        write_run(folder / f"run-{number:03}", number, trials)
    return [folder]


def _converted(folder: Path, out: Path) -> Path:
    """The folder if it holds converted runs; else one with what can be converted of its logs."""
    if any(folder.rglob("run.json")):
        return folder
    out = out / folder.name
    convert([folder], out)
    return out


def main() -> int:
    """Write the report as a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--thorough", action="store_true", help="choose every budget, objective and hyperparameter")
    parser.add_argument("--most", type=int, default=10_000, help="open each page for so many runs and groups only")
    parser.add_argument("--synthetic", type=int, default=0, help="make so many runs and open these")
    parser.add_argument("--trials", type=int, default=1000, help="of each of them")
    parser.add_argument("--out", type=Path, help="file for the report; standard output without it")
    wanted = parser.parse_args()
    out = wanted.out.open("w", encoding="utf-8") if wanted.out else sys.stdout
    failed = 0
    print("| folder | run | page | inputs | seconds | verdict |\n|---|---|---|---|---|---|", file=out)
    with tempfile.TemporaryDirectory() as temporary:
        made = _make(Path(temporary), wanted.synthetic, wanted.trials) if wanted.synthetic else []
        given = [_converted(folder, Path(temporary) / f"converted-{n}") for n, folder in enumerate(wanted.folders)]
        for folder in [*given, *made]:
            for row in rows(folder, wanted.thorough, wanted.most):
                failed += row[-1].startswith("FAILS")
                print("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |", file=out, flush=True)
    print(f"\n{failed} looks failed", file=out)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
