"""Faults put into the code on purpose: how many of them do the tests notice?

    uv run --with cosmic-ray python benchmarks/mutation.py [FOLDER_OR_MODULE…] [--sample 200] [--seed 0] [--near]

Places of the code are drawn at random, and at each one of cosmic-ray's faults: another comparison, operator or number,
a condition turned round, a decorator left out. A copy of the project has the fault; its tests are those of the module's
name, else those that import it, and where they notice nothing, those of the nearest folder (with `--near` only where
the module has none of its own). Each is run in a fork of a process that has loaded what they need from elsewhere.
Printed are the share of faults that were noticed, by folder, and every one that was not, which is a test to write or
changes nothing that matters.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import importlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from difflib import unified_diff
from importlib.util import cache_from_source
from pathlib import Path
from typing import NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

HERE = Path(__file__).resolve().parent.parent
FOLDERS = ("run", "files", "analysis/statistics", "analysis/performance", "converters/parts", "converters/formats")
SAME = frozenset({"Is_Eq", "IsNot_NotEq", "Eq_Is", "NotEq_IsNot"})
"""Ends of operators' names that change nothing for None, truth values and small numbers."""
WITH_ARGUMENTS = ("VariableInserter", "VariableReplacer")
SECONDS = 900
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


def faults(module: Path) -> Iterator[list[Fault]]:
    """For each place of a module its faults."""
    tree = get_ast((HERE / module).read_text(encoding="utf-8"))
    places: dict[tuple[int, int], list[Fault]] = {}
    for name in sorted(operator_names()):
        if name.endswith((*SAME, *WITH_ARGUMENTS)):
            continue
        operator, count = get_operator(name)(), 0
        for node in ast_nodes(tree):
            for start, _ in operator.mutation_positions(node):
                places.setdefault(start, []).append(Fault(module, name, count))
                count += 1
    yield from places.values()


def mutated(fault: Fault) -> tuple[str, str] | None:
    """The code before and after; None where nothing that is executed differs, as in an annotation, or it is no code."""
    before = (HERE / fault.module).read_text(encoding="utf-8")
    after = mutate_code(before, get_operator(fault.operator)(), fault.occurrence)
    try:
        return None if after is None or _executed(before) == _executed(after) else (before, after)
    except SyntaxError:  # `**` of a call's keywords as another operator
        return None


def _executed(code: str) -> str:
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            node.annotation = ast.Constant(None)
        if isinstance(node, ast.FunctionDef):
            node.returns = None
    return ast.dump(tree)


def tests_of(module: Path, *, near: bool) -> list[list[str]]:
    """What to run, the nearest first: tests of the module's name, else those that import it, then all of its folder."""
    folder = HERE / "tests" / module.parent
    while not folder.is_dir():
        folder = folder.parent
    home, own = ".".join(("encave", *module.parent.parts)), re.escape(module.stem)
    imports = re.compile(rf"^from {re.escape(home)}(\.{own} import | import .*\b{own}\b)", re.MULTILINE)
    files = sorted(folder.rglob("test_*.py"))
    family = f"test_{module.stem.partition('_')[0].rstrip('s')}"
    found = [path for path in files if path.stem.startswith(f"test_{module.stem.rstrip('s')}")]
    found = found or [path for path in files if imports.search(path.read_text(encoding="utf-8"))]
    found = found or [path for path in files if path.stem.startswith(family)]
    nearest = [[str(path.relative_to(HERE)) for path in found]] if found else []
    return nearest if near and nearest else [*nearest, [str(folder.relative_to(HERE))]]


def noticed(project: Path, fault: Fault, code: str, *, near: bool) -> bool:
    """Whether a test of the project with this code fails."""
    place = project / fault.module
    compiled = Path(cache_from_source(str(place)))
    before = place.read_text(encoding="utf-8")
    place.write_text(code, encoding="utf-8")
    compiled.unlink(missing_ok=True)  # it has the time and the size of the code, which may be those of the fault
    try:
        return any(_fails(project, tests) for tests in tests_of(fault.module, near=near))
    finally:
        place.write_text(before, encoding="utf-8")


def _fails(project: Path, tests: list[str]) -> bool:
    """Run tests in a fork, which has a group of processes of its own."""
    child = os.fork()
    if not child:
        status = 1
        try:
            os.setpgid(0, 0)
            status = _tested(project, tests)
        finally:
            os._exit(status)
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status != 0
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def _tested(project: Path, tests: list[str]) -> int:
    """In the fork: pytest's status."""
    import pytest

    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    os.chdir(project)
    sys.path.insert(0, str(project.parent))
    os.environ["PYTHONPATH"] = str(project.parent)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    return int(pytest.main(["-q", "-x", "-p", "no:xdist", "-p", "no:cacheprovider", *tests]))


def main() -> None:
    """Draw faults, run the tests, print what was noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="*", default=FOLDERS)
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--near", action="store_true")
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
    with tempfile.TemporaryDirectory() as home:
        project = Path(home) / "encave"
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=HERE, capture_output=True, check=True).stdout
        for name in filter(None, listed.decode().split("\0")):
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HERE / name, project / name)
        compileall.compile_dir(project, quiet=2)
        for name in LOADED:
            importlib.import_module(name)
        tried = 0
        for place in places:
            fault = rng.choice(place)
            both = mutated(fault)
            if both is None:
                continue
            found = noticed(project, fault, both[1], near=told.near)
            score.setdefault(str(fault.module.parent), Counter())[found] += 1
            if not found:
                print(f"not noticed: {fault.operator}", *_lines(fault.module, *both), sep="\n", flush=True)
            tried += 1
            print(f"{tried} of {told.sample}", end="\r", file=sys.stderr, flush=True)
            if tried == told.sample:
                break
    _print(score)


def _lines(module: Path, before: str, after: str) -> list[str]:
    told = unified_diff(before.splitlines(), after.splitlines(), str(module), "", n=0, lineterm="")
    return [line for line in told if not line.startswith("+++")]


def _print(score: dict[str, Counter[bool]]) -> None:
    for folder, counts in sorted(score.items()):
        print(f"{folder:32} {counts[True]:4} of {counts.total():4}")
    noticed_ones, all_ones = (sum(part) for part in zip(*((c[True], c.total()) for c in score.values()), strict=True))
    print(f"{'noticed':32} {noticed_ones:4} of {all_ones:4}, {noticed_ones / all_ones:.0%}")


if __name__ == "__main__":
    main()
