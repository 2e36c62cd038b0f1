"""Faults put into the code on purpose: how many of them do the tests notice?

    uv run --with cosmic-ray python benchmarks/mutation.py [FOLDER_OR_MODULE…] [--sample 200] [--seed 0]

Places of the code are drawn at random, and at each one of cosmic-ray's faults: another comparison, operator or number,
a condition turned round, a decorator left out. A copy of the project has the fault; its tests are those of the module
of the same name, and where they notice nothing, those of the nearest folder. Printed are the share of faults that were
noticed, by folder, and every one that was not, which is a test to write or changes nothing that matters.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from difflib import unified_diff
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
    """The code before and after; None where nothing that is executed differs, as in an annotation."""
    before = (HERE / fault.module).read_text(encoding="utf-8")
    after = mutate_code(before, get_operator(fault.operator)(), fault.occurrence)
    return None if after is None or _executed(before) == _executed(after) else (before, after)


def _executed(code: str) -> str:
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            node.annotation = ast.Constant(None)
        if isinstance(node, ast.FunctionDef):
            node.returns = None
    return ast.dump(tree)


def tests_of(module: Path) -> list[list[str]]:
    """What to run, the nearest first: tests of the module's name or its folder's, then those of the nearest folder."""
    folder = HERE / "tests" / module.parent
    while not folder.is_dir():
        folder = folder.parent
    names = (module.stem, module.parent.name)
    near = sorted({str(p.relative_to(HERE)) for name in names for p in folder.glob(f"test_{name.rstrip('s')}*.py")})
    return [*([near] if near else []), [str(folder.relative_to(HERE))]]


def noticed(project: Path, fault: Fault, code: str) -> bool:
    """Whether a test of the project with this code fails."""
    place = project / fault.module
    before = place.read_text(encoding="utf-8")
    place.write_text(code, encoding="utf-8")
    try:
        return any(_fails(project, tests) for tests in tests_of(fault.module))
    finally:
        place.write_text(before, encoding="utf-8")


def _fails(project: Path, tests: list[str]) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:xdist", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONPATH": str(project.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def main() -> None:
    """Draw faults, run the tests, print what was noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="*", default=FOLDERS)
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
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
        tried = 0
        for place in places:
            fault = rng.choice(place)
            both = mutated(fault)
            if both is None:
                continue
            found = noticed(project, fault, both[1])
            score.setdefault(str(fault.module.parent), Counter())[found] += 1
            if not found:
                print(f"not noticed: {fault.operator}", *_lines(fault.module, *both), sep="\n", flush=True)
            tried += 1
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
