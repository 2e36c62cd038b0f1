"""What small logs of every format are read as, and what becomes of that when one thing in them is odd.

`tests/logs/small` has a log of a few trials for each form of a format, `told/<log>.txt` what it is read as and, for
each change that `changes` makes, what is different then, and `told/written` what is written of some of them. These are
written anew, to be read before they are committed:

    ENCAVE_TEST_WRITE=1 uv run pytest tests/converters/test_told.py
"""

from __future__ import annotations

import gc
import os
import re
import shutil
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

import pytest

from encave.converters import one_log, registry, survey
from encave.converters.outputs import output
from encave.converters.reader import Options

from . import changes, telling
from .reading import LOGS

SMALL = LOGS / "small"
TOLD = Path(__file__).with_name("told")
_SHOWN = 40
_ONCE = {"configspace.json": "smac", "encave.json": "encave"}
"""Files that are changed in one log only."""
WRITTEN = ("smac", "encave", "optuna-journal", "neps", "deepcave-dataframe", "naslib")
_RELEASES = re.compile(r'(?<="python_module_version": )"[^"]*"|(?<="encave": )"[^"]*"')


@pytest.fixture(autouse=True)
def _few_objects() -> Iterator[None]:
    """With Python 3.10 Arrow looks through all objects whenever it reads CSV: through those of pytest in vain."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("log", sorted(path.name for path in SMALL.iterdir()))
def test_what_a_log_is_read_as_with_whatever_is_odd_in_it(tmp_path: Path, log: str) -> None:
    now = "\n".join(told(log, SMALL / log, tmp_path / log)).split("\n")
    assert not [line for line in now if "please report" in line]
    compare(TOLD / f"{log}.txt", now)


@pytest.mark.parametrize("log", WRITTEN)
@pytest.mark.parametrize("form", ["deepcave", "deepcave13", "ioh", "csv"])
def test_what_is_written_of_a_log(tmp_path: Path, log: str, form: str) -> None:
    [candidate] = survey.find(SMALL / log, list(registry.formats().values()))
    run = one_log.described(one_log.read(candidate, Options()), candidate.found)
    told = output(form).write([run], tmp_path)
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".parquet")
    lines = list(told)
    for path in files:
        if path.name not in ("run.json", "configspace.json"):  # which have the releases of packages
            text = _RELEASES.sub("…", path.read_text(encoding="utf-8"))
            lines += ["", f"{path.relative_to(tmp_path).as_posix()}:", *text.removesuffix("\n").split("\n")]
    compare(TOLD / "written" / f"{log}-{form}.txt", lines)


def compare(expected: Path, now: list[str]) -> None:
    """Compare lines with those that are expected, or write them where that is asked."""
    if os.environ.get("ENCAVE_TEST_WRITE"):
        expected.write_text("\n".join(now) + "\n", encoding="utf-8")
    before = expected.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    different = list(unified_diff(before, now, expected.name, "now", n=2, lineterm=""))
    assert not different, "\n".join(different[:_SHOWN])


def told(log: str, source: Path, copy: Path) -> Iterator[str]:
    """The lines of a log's file."""
    shutil.copytree(source, copy)
    whole = telling.read(copy, copy.parent)
    for name, run in whole.items():
        yield from ([name] if len(whole) > 1 else []) + run.lines()
    by_answer: dict[tuple[str, str], list[str]] = {}
    for change in changes.changes(source, [name for name, of in _ONCE.items() if of != log]):
        answer = "\n    ".join(_answer(change, copy, whole))
        by_answer.setdefault((change.file, answer), []).append(change.what)
    for (file, answer), whats in by_answer.items():
        yield from ("", f"{file}: {' | '.join(whats)}", f"    {answer}")


def _answer(change: changes.Change, copy: Path, whole: dict[str, telling.Told]) -> list[str]:
    file = copy / change.file
    before = file.read_bytes()
    if change.content is None:
        file.unlink()
    else:
        file.write_bytes(change.content)
    answer = telling.differences(whole, telling.read(copy, copy.parent))
    file.write_bytes(before)
    return answer
