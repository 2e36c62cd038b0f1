"""Every page of DeepCAVE for every run and group of folders, and a report of what each shows or says instead.

    python benchmarks/deepcave_pages.py FOLDER... [--thorough] [--most N] [--looks looks.jsonl] [--out report.md]
    python benchmarks/deepcave_pages.py --synthetic 30 --trials 1000 --most 2

Each FOLDER, of converted runs or of logs, which are converted, is opened by itself. Status 1 if a page fails, or shows
another number than `trials.parquet`. To --looks each look at a page is appended at once; what is there already is not
looked at again, so that a matrix of hours can be interrupted. With --synthetic the runs are made as in
`open_deepcave.py`, to measure pages.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from encave.converters import convert
from encave.errors import EncaveError
from encave.viewer.launch import Viewer
from encave.viewer.selection import Selection, select

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

_SLOWEST = 10


@dataclass(frozen=True)
class Row:
    """One look at a page."""

    folder: str
    run: str
    page: str
    inputs: str
    said: str
    fault: str
    seconds: float

    @property
    def verdict(self) -> str:
        """`failed`, `said` or `shown`."""
        return "failed" if self.fault else "said" if self.said else "shown"

    @property
    def sentence(self) -> str:
        """What is said, without the run's name."""
        name = self.run.rpartition("/")[2]
        return self.said.replace(name, "RUN") if name else self.said


def looks(name: str, selection: Selection, thorough: bool, most: int, before: Sequence[Row]) -> Iterator[Row]:
    """The looks at the pages of a selection that there are not yet; a page of a run counts as looked at as a whole."""
    from viewer.walk import walk

    seen = {(row.page, row.run) for row in before if row.folder == name}
    with Viewer(selection, python=Path(sys.executable)) as viewer:
        for look in walk(viewer.url, thorough=thorough, folders=selection.runs, most=most, seen=seen):
            said = " ".join(look.said.replace("<br>", " ").split())
            yield Row(name, look.run, look.page, look.inputs, said, look.fault, round(look.seconds, 2))


def rows(given: Path, out: Path, thorough: bool, most: int, before: Sequence[Row]) -> Iterator[Row]:
    """What is said of a path before a page opens, and the looks; its logs are converted to `out`."""
    name = str(given)
    try:
        folder = _converted(given, out)
        selection = select(sorted(file.parent for file in folder.rglob("run.json")))
    except EncaveError as error:
        yield Row(name, "", "", "select", str(error), "", 0)
        return
    yield from (Row(name, "", "", "select", note, "", 0) for note in selection.notes)
    yield from looks(name, selection, thorough, most, before)


def report(found: Sequence[Row]) -> Iterator[str]:
    """Lines of Markdown: counts of each page, failures, what is said and how often, the slowest looks."""
    looked = [row for row in found if row.page]
    count = Counter(row.verdict for row in looked)
    runs = len({(row.folder, row.run) for row in looked})
    yield f"{len(looked):,} looks at pages of {runs:,} runs, groups and sets of runs: " + ", ".join(
        f"{count[verdict]:,} {verdict}" for verdict in ("shown", "said", "failed")
    )
    pages = Counter((row.page, row.verdict) for row in looked)
    yield from _table(
        ("page", "shown", "said why not", "failed"),
        ((page, *(pages[page, v] for v in ("shown", "said", "failed"))) for page in sorted({p for p, _ in pages})),
    )
    yield "\n## Failed\n"
    failed = [row for row in looked if row.fault]
    yield from _table(
        ("folder", "run", "page", "inputs", "fault"), ((r.folder, r.run, r.page, r.inputs, r.fault) for r in failed)
    )
    yield "\n## Said\n"
    said = Counter((row.page, row.sentence) for row in found if row.said)
    yield from _table(("page", "words", "times"), ((page, words, n) for (page, words), n in sorted(said.items())))
    yield "\n## Slowest\n"
    slowest = sorted(looked, key=lambda row: -row.seconds)[:_SLOWEST]
    yield from _table(
        ("folder", "run", "page", "inputs", "seconds"),
        ((r.folder, r.run, r.page, r.inputs, r.seconds) for r in slowest),
    )


def _table(head: Sequence[str], lines: Iterable[Sequence[object]]) -> Iterator[str]:
    yield "\n| " + " | ".join(head) + " |\n|" + "---|" * len(head)
    for line in lines:
        yield "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in line) + " |"


def _make(folder: Path, runs: int, trials: int) -> list[Path]:
    from open_deepcave import write_run

    folder.mkdir()
    for number in range(runs):
        write_run(folder / f"run-{number:03}", number, trials)
    return [folder]


def _converted(folder: Path, out: Path) -> Path:
    """The folder if it holds converted runs; else one with what can be converted of its logs."""
    if any(folder.rglob("run.json")):
        return folder
    convert([folder], out)
    return out


def main() -> int:
    """Write the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--thorough", action="store_true", help="change every input of a page as well")
    parser.add_argument("--most", type=int, default=10_000, help="open each page for so many runs and groups only")
    parser.add_argument("--synthetic", type=int, default=0, help="make so many runs and open these")
    parser.add_argument("--trials", type=int, default=1000, help="of each of them")
    parser.add_argument("--looks", type=Path, help="file to which each look is appended, and which is gone on with")
    parser.add_argument("--out", type=Path, help="file for the report; standard output without it")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        kept = wanted.looks or Path(temporary) / "looks.jsonl"
        kept.touch()
        before = [Row(**json.loads(line)) for line in kept.read_text(encoding="utf-8").splitlines()]
        made = _make(Path(temporary) / "synthetic", wanted.synthetic, wanted.trials) if wanted.synthetic else []
        with kept.open("a", encoding="utf-8") as file:
            for number, given in enumerate([*wanted.folders, *made]):
                out = Path(temporary) / f"{number}"
                for row in rows(given, out, wanted.thorough, wanted.most, before):
                    if row not in before:
                        print(json.dumps(asdict(row)), file=file, flush=True)
        found = [Row(**json.loads(line)) for line in kept.read_text(encoding="utf-8").splitlines()]
    lines = "\n".join(report(found)) + "\n"
    if wanted.out:
        wanted.out.write_text(lines, encoding="utf-8")
    else:
        print(lines, end="")
    return int(any(row.fault for row in found))


if __name__ == "__main__":
    sys.exit(main())
