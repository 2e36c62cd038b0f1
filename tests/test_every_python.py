"""Every module imports on every Python that is promised, and every optional package is asked for in one way."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from encave.errors import EncaveError
from encave.files.optional import EXTRAS, needs

ROOT = Path(__file__).resolve().parent.parent
NOT_PACKAGED = {"tests", "docs", "benchmarks", "typings", "build", "dist"}
MODULES = sorted(
    path.relative_to(ROOT)
    for path in ROOT.rglob("*.py")
    if path.relative_to(ROOT).parts[0] not in NOT_PACKAGED and not path.relative_to(ROOT).parts[0].startswith(".")
)
IMPORT_ALL = """
import importlib, sys
lost = []
for name in sys.argv[2:]:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in sys.argv[1].split(","):
            raise
        lost.append(name)
print(*lost)
"""


def module_name(path: Path) -> str:
    parts = ("encave", *path.with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def optional_packages() -> set[str]:
    """Top-level names that come with an extra only."""
    return {name for extra in EXTRAS.values() for name in extra.modules}


def test_every_module_really_imports() -> None:
    """A default that one Python refuses is found by executing each module; an optional package may be missing."""
    names = [module_name(path) for path in MODULES]
    command = [sys.executable, "-c", IMPORT_ALL, ",".join(optional_packages()), *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    allowed = ("encave.viewer.", "encave.runners.smac_", "encave.runners.optimizers.optuna.parts")
    assert [name for name in done.stdout.split() if not name.startswith(allowed)] == []


def imports(tree: ast.AST, guarded: bool = False) -> list[tuple[int, str, bool]]:
    """Line and top-level package of each import that is executed, and whether it stands under `with needs(…)`."""
    found: list[tuple[int, str, bool]] = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, name.name.partition(".")[0], guarded) for name in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.append((node.lineno, (node.module or "").partition(".")[0], guarded))
        elif not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            asked = isinstance(node, ast.With) and any(
                ast.unparse(item.context_expr).startswith("needs(") for item in node.items
            )
            found += imports(node, guarded or asked)
    return found


def test_an_optional_package_is_imported_through_the_one_function() -> None:
    """The first import of a module has asked; modules that others import then need not, nor those of the viewer."""
    asked_before = {f"runners/cluster/{name}.py" for name in ("batch", "dispatch")}
    asked_before |= {"runners/optimizers/optuna/parts.py"}
    asked_before |= {f"runners/optimizers/smac/{name}.py" for name in ("facades", "forest", "search")}
    unguarded: list[str] = []
    for path in MODULES:
        if path.parts[0] == "viewer" or str(path) in asked_before:
            continue
        found = imports(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        optional = [(line, package, guarded) for line, package, guarded in found if package in optional_packages()]
        asked = any(guarded for *_, guarded in optional)
        unguarded += [f"{path}:{line} {package}" for line, package, _ in optional if not asked]
    assert unguarded == []


@pytest.mark.parametrize("extra", EXTRAS)
def test_a_missing_extra_is_one_line_with_the_command(extra: str) -> None:
    with pytest.raises(EncaveError) as caught, needs(extra):
        raise ModuleNotFoundError("No module named 'it'", name=EXTRAS[extra].modules[0])
    assert f"pip install 'encave[{extra}]'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_module_that_is_missing_elsewhere_is_named() -> None:
    with pytest.raises(EncaveError, match=r"Optuna.*No module named 'tqdm'"), needs("optuna"):
        raise ModuleNotFoundError("No module named 'tqdm'", name="tqdm")
