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


def test_every_module_of_the_lowest_layers_is_told() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for number, folder in (("2", "files"), ("3", "run")):
        item = re.search(rf"^{number}\. `{folder}/`(.*?)^{int(number) + 1}\. ", text, re.DOTALL | re.MULTILINE)
        assert item is not None, folder
        told = set(re.findall(r"`(\w+)`", item[1]))
        missing = {path.stem for path in (ROOT / folder).glob("[!_]*.py")} - told
        assert not missing, f"docs/architecture.md does not tell of {sorted(missing)} of {folder}/"
