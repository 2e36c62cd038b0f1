"""docs/architecture.md lists the folders as they are, each with what its package says of itself."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOP = ("files", "run", "store", "converters", "runners", "analysis", "viewer", "workflows", "cli")
"""As in the layers, lowest first."""


def tree() -> str:
    lines: list[str] = []
    for top in TOP:
        for init in sorted((ROOT / top).rglob("__init__.py")):
            folder = init.parent.relative_to(ROOT)
            docstring = ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))) or ""
            name = "  " * (len(folder.parts) - 1) + folder.name + "/"
            lines.append(f"{name:28}{' '.join(docstring.split(chr(10) * 2)[0].split())}")
    return "\n".join(lines)


def test_the_folders_are_those_on_the_disk() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = re.search(r"```\n(files/.*?)\n```", text, re.DOTALL)
    assert listed is not None, "docs/architecture.md has no list of folders"
    assert listed[1] == tree(), f"docs/architecture.md should have:\n{tree()}"


def test_every_package_is_below_a_layer() -> None:
    packages = {path.parent.relative_to(ROOT).parts[0] for path in ROOT.glob("[!.]*/__init__.py")}
    assert packages == set(TOP)


def test_no_folder_is_without_a_reader() -> None:
    """A folder of modules that is no package would be missing in the list and in the wheel."""
    found = {
        path.parent.relative_to(ROOT)
        for top in TOP
        for path in (ROOT / top).rglob("*.py")
        if not (path.parent / "__init__.py").is_file()
    }
    assert found == set()
