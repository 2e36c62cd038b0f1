"""Faults put into the code on purpose: how many of them do the tests notice?

    uv run --with cosmic-ray --with coverage python benchmarks/mutation.py [FOLDER_OR_MODULE…] [--sample 200] [--seed 0]

Places of the code are drawn at random, and at each one of cosmic-ray's faults: another comparison, operator or number,
a condition turned round, a decorator left out. The tests run once without a fault, in a copy of the project; they must
pass, and coverage.py says which files of tests execute which line, and each file's time is taken. A fault's tests are
those of the module's name or package and those that import it, then those that execute the function it is in (the
module, for what is in none), first of the folder that mirrors the module's and then of others, the quickest first,
until they have taken `--seconds`. Each is run in a fork of a process that has loaded what they need from
elsewhere. Printed are the share of faults that were noticed, by folder, and every one that was not, which is a test to
write or changes nothing that matters. `--map FILE` keeps what the first run found for the next.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import importlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Generator, Iterator
from difflib import unified_diff
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import NamedTuple

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

HERE = Path(__file__).resolve().parent.parent
FOLDERS = (
    "run",
    "files",
    "analysis/statistics",
    "analysis/performance",
    "converters/parts",
    "converters/formats",
    "converters/run_folders.py",
)
"""Folders and single modules."""
SAME = frozenset({"Is_Eq", "IsNot_NotEq", "Eq_Is", "NotEq_IsNot"})
"""Ends of operators' names that change nothing for None, truth values and small numbers."""
WITH_ARGUMENTS = ("VariableInserter", "VariableReplacer")
TESTS = ("run", "files", "analysis/statistics", "analysis/performance", "converters")
"""Folders of tests."""
BY_TEST = ("tests/converters/test_told.py",)
"""Files of tests that each go through other code: what is said of a file of tests is said of each test of these."""
SECONDS = 300
QUIETLY = ("-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
LOADED = ("pytest", "hypothesis", "numpy", "pandas", "pyarrow.compute", "pyarrow.parquet", "scipy.stats", "ConfigSpace")
"""Packages that the process has loaded before it forks; nothing of the project is."""


class Fault(NamedTuple):
    """A place of the code and what is done there."""

    module: Path
    """Relative to the project."""
    operator: str
    """Name of cosmic-ray's operator."""
    occurrence: int
    """Which of the operator's places in the module, from 0."""
    line: int


def faults(module: Path) -> Iterator[list[Fault]]:
    """For each place of a module its faults."""
    nodes = list(ast_nodes(get_ast((HERE / module).read_text(encoding="utf-8"))))
    places: dict[tuple[int, int], list[Fault]] = {}
    for name in sorted(operator_names()):
        if name.endswith((*SAME, *WITH_ARGUMENTS)):
            continue
        operator, count = get_operator(name)(), 0
        for node in nodes:
            for start, _ in operator.mutation_positions(node):
                places.setdefault(start, []).append(Fault(module, name, count, start[0]))
                count += 1
    yield from places.values()


def mutated(fault: Fault) -> tuple[str, str] | None:
    """The code before and after; None where nothing that is executed differs, as in an annotation, or it is no code."""
    before = (HERE / fault.module).read_text(encoding="utf-8")
    try:
        after = mutate_code(before, get_operator(fault.operator)(), fault.occurrence)
        return None if after is None or _executed(before) == _executed(after) else (before, after)
    except SyntaxError:  # `**` of a call's keywords as another operator
        return None
    except AttributeError:  # of cosmic-ray, which knows exceptions only by names without a dot
        return None


def _executed(code: str) -> str:
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            node.annotation = ast.Constant(None)
        if isinstance(node, ast.FunctionDef):
            node.returns = None
    return ast.dump(tree)


class Known(NamedTuple):
    """What a run of the tests without a fault tells."""

    lines: dict[str, dict[str, list[int]]]
    """By module of the project and file of tests: the lines executed."""
    seconds: dict[str, float]
    """By file of tests."""

    def limit(self, tests: list[str]) -> float:
        """Seconds after which these have no end: five times as many as they took, on a machine that was less busy."""
        return max(SECONDS, 5 * sum(self.seconds[file] for file in tests))

    def tests_of(self, fault: Fault, seconds: float) -> list[str]:
        """Files of tests: those of the module's name, package or imports, then those that execute the function."""
        by_file = self.lines.get(str(fault.module), {})
        span = _function(fault)
        near = [file for file, lines in by_file.items() if any(line in span for line in lines)] or list(by_file)
        package = [] if {str(fault.module), str(fault.module.parent)} & {*FOLDERS} else [fault.module.parent.name]
        family = fault.module.stem.partition("_")[0]
        names = tuple(f"test_{name.rstrip('s')}" for name in (family, *package))
        # also what other processes run
        chosen = [f for f in self.seconds if Path(f).name.startswith(names) or _imports(f, fault.module)]
        mirrored = Path("tests") / fault.module.parent
        by_time = sorted(set(near) - set(chosen), key=lambda f: (not Path(f).is_relative_to(mirrored), self.seconds[f]))
        for file in by_time:
            if seconds < 0:
                break
            seconds -= self.seconds[file]
            chosen.append(file)
        return sorted(chosen, key=lambda file: (_file(file) not in BY_TEST, self.seconds[file]))


def _imports(file: str, module: Path) -> bool:
    """Whether a file of tests imports a module, or names from it."""
    dotted = ".".join(("encave", *module.with_suffix("").parts)).removesuffix(".__init__")
    for node in ast.walk(_tree(HERE / _file(file))):
        if isinstance(node, ast.ImportFrom) and not node.level:
            if dotted in (node.module, *(f"{node.module}.{name.name}" for name in node.names)):
                return True
        elif isinstance(node, ast.Import) and any(name.name == dotted for name in node.names):
            return True
    return False


def _part(test: str) -> str:
    """The file of a test, or the test itself in a file of `BY_TEST`."""
    return test if _file(test) in BY_TEST else _file(test)


def _file(test: str) -> str:
    return test.partition("::")[0]


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _function(fault: Fault) -> range:
    """Lines of the body of the innermost function that the fault is in, all of the module where it is in none."""
    found = range(1, sys.maxsize)
    for node in ast.walk(ast.parse((HERE / fault.module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            body = range(node.body[0].lineno, (node.end_lineno or 0) + 1)
            found = body if fault.line in body and len(body) < len(found) else found
    return found


def known(project: Path) -> Known:
    """Run all tests of the project as it is; files with a test that fails are told, and no fault's tests."""
    told = project.parent / "known.json"
    _fails(project, [f"tests/{folder}" for folder in TESTS], 24 * SECONDS, told)
    lines, seconds, failed = json.loads(told.read_text(encoding="utf-8"))
    for file in failed:
        print(f"fails without a fault: {file}", flush=True)
    return Known(
        {module: {file: of[file] for file in of if file not in failed} for module, of in lines.items()}, seconds
    )


class _Watcher:
    """A plugin for pytest that takes the time and the lines of each file of tests."""

    def __init__(self, project: Path):
        from coverage import Coverage

        self.project = project
        self.seconds: Counter[str] = Counter()
        self.failed: set[str] = set()
        self.coverage = Coverage(
            data_file=None,
            config_file=False,
            messages=False,
            include=[f"{project}/{place}" if place.endswith(".py") else f"{project}/{place}/*" for place in FOLDERS],
        )
        self.coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        file = _part(f"{item.path.relative_to(self.project)}::{item.nodeid.partition('::')[2]}")
        start = time.monotonic()
        self.coverage.switch_context(file)
        result = yield
        self.coverage.switch_context("")
        self.seconds[file] += time.monotonic() - start
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(_part(report.nodeid))

    def told(self) -> tuple[dict[str, dict[str, list[int]]], dict[str, float], list[str]]:
        self.coverage.stop()
        data = self.coverage.get_data()
        lines: dict[str, dict[str, list[int]]] = {}
        for path in data.measured_files():
            by_file = lines.setdefault(str(Path(path).relative_to(self.project)), {})
            for line, files in data.contexts_by_lineno(path).items():
                for file in filter(None, files):
                    by_file.setdefault(file, []).append(line)
        return lines, self.seconds, sorted(self.failed)


def noticed(project: Path, fault: Fault, code: str, tests: list[str], limit: float) -> bool | None:
    """Whether one of the tests of the project with this code fails; None where they do not end."""
    if not tests:
        return False
    place = project / fault.module
    compiled = Path(cache_from_source(str(place)))
    before = place.read_text(encoding="utf-8")
    place.write_text(code, encoding="utf-8")
    compiled.unlink(missing_ok=True)  # it has the time and the size of the code, which may be those of the fault
    try:
        return _fails(project, tests, limit)
    finally:
        place.write_text(before, encoding="utf-8")


def _fails(project: Path, tests: list[str], limit: float, told: Path | None = None) -> bool | None:
    """Run tests in a fork, which has a group of processes of its own, and write what they execute where it is asked.

    Returns:
        Whether one fails; None where they do not end in time.
    """
    child = os.fork()
    if not child:
        status = 1
        try:
            os.setpgid(0, 0)
            status = _tested(project, tests, told)
        except Exception:
            traceback.print_exc()
            raise
        finally:
            sys.stdout.flush()
            os._exit(status)
    until = time.monotonic() + limit
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status != 0
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _tested(project: Path, tests: list[str], told: Path | None) -> int:
    """In the fork: pytest's status."""
    if told is None:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
    os.chdir(project)
    sys.path.insert(0, str(project.parent))
    os.environ["PYTHONPATH"] = str(project.parent)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    watcher = None if told is None else _Watcher(project)
    if watcher is None:
        status = pytest.main([*QUIETLY, "-x", *tests])
    else:
        status = pytest.main([*QUIETLY, "--continue-on-collection-errors", *tests], [watcher])
    if watcher is not None and told is not None:
        told.write_text(json.dumps(watcher.told()), encoding="utf-8")
    return int(status)


def main() -> None:
    """Draw faults, run the tests, print what was noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="*", default=FOLDERS)
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--map", type=Path)
    told = parser.parse_args()
    rng = random.Random(told.seed)
    modules = sorted(
        path.relative_to(HERE)
        for place in told.places
        for path in ([HERE / place] if place.endswith(".py") else (HERE / place).rglob("*.py"))
    )
    places = [found for module in modules for found in faults(module)]
    rng.shuffle(places)
    score: dict[str, Counter[bool]] = {}
    endless = 0
    with tempfile.TemporaryDirectory() as home:
        project = Path(home) / "encave"
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=HERE, capture_output=True, check=True).stdout
        for name in filter(None, listed.decode().split("\0")):
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HERE / name, project / name)
        if (HERE.parent / "shared").is_dir():
            (project.parent / "shared").symlink_to(HERE.parent / "shared")
        compileall.compile_dir(project, quiet=2)
        for name in LOADED:
            importlib.import_module(name)
        tests = _kept(told.map) or known(project)
        if told.map:
            told.map.write_text(json.dumps(tests), encoding="utf-8")
        tried = 0
        for place in places:
            fault = rng.choice(place)
            both = mutated(fault)
            if both is None:
                continue
            chosen = tests.tests_of(fault, told.seconds)
            found = noticed(project, fault, both[1], chosen, tests.limit(chosen))
            score.setdefault(str(fault.module.parent), Counter())[found is not False] += 1
            endless += found is None
            if not found:
                what = "not noticed" if found is False else f"noticed, no end within {tests.limit(chosen):.0f} s"
                print(f"{what}: {fault.operator}", *_lines(fault.module, *both), sep="\n", flush=True)
            tried += 1
            print(f"{tried} of {told.sample}", end="\r", file=sys.stderr, flush=True)
            if tried == told.sample:
                break
    _print(score, endless)


def _kept(path: Path | None) -> Known | None:
    """What an earlier run told, of the files of tests that are still there."""
    if not path or not path.exists():
        return None
    lines, seconds = json.loads(path.read_text(encoding="utf-8"))
    there = {file for file in seconds if (HERE / _file(file)).exists()}
    for folder in TESTS:  # new ones are found by their names and imports
        for file in (HERE / "tests" / folder).rglob("test_*.py"):
            name = str(file.relative_to(HERE))
            if name not in map(_file, there):
                there.add(name)
                seconds[name] = 0.0
    kept = {module: {file: of[file] for file in of if file in there} for module, of in lines.items()}
    return Known(kept, {file: seconds[file] for file in sorted(there)})


def _lines(module: Path, before: str, after: str) -> list[str]:
    told = unified_diff(before.splitlines(), after.splitlines(), str(module), "", n=0, lineterm="")
    return [line for line in told if not line.startswith("+++")]


def _print(score: dict[str, Counter[bool]], endless: int) -> None:
    for folder, counts in sorted(score.items()):
        print(f"{folder:32} {counts[True]:4} of {counts.total():4}")
    noticed_ones, all_ones = (sum(part) for part in zip(*((c[True], c.total()) for c in score.values()), strict=True))
    print(f"{'noticed':32} {noticed_ones:4} of {all_ones:4}, {noticed_ones / all_ones:.0%}")
    print(f"{'of them by tests without end':32} {endless:4}")


if __name__ == "__main__":
    main()
