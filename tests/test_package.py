"""The package as a whole: every folder is packaged, importing it is cheap, versions agree."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import encave

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
NOT_PACKAGED = {"tests", "docs", "benchmarks", "typings", "build", "dist"}


def test_every_folder_with_code_is_in_the_wheel() -> None:
    listed = set(re.findall(r'"(encave[.\w]*)"', PYPROJECT.split("packages = [")[1].split("]")[0]))
    found = {"encave"}
    for path in ROOT.rglob("__init__.py"):
        parts = path.parent.relative_to(ROOT).parts
        if parts and parts[0] not in NOT_PACKAGED and not parts[0].startswith("."):
            found.add(".".join(("encave", *parts)))
    assert listed == found


def test_every_class_has_a_name_of_its_own() -> None:
    from encave import run

    public = {*encave.__all__, *run.__all__}
    classes: dict[str, list[str]] = {}
    aliases: dict[str, list[str]] = {}
    for path in ROOT.rglob("*.py"):
        place = path.relative_to(ROOT)
        if place.parts[0] in NOT_PACKAGED or place.parts[0].startswith("."):
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                classes.setdefault(node.name, []).append(str(place))
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                aliases.setdefault(node.targets[0].id, []).append(str(place))
    assert "Run" in classes
    assert {name: places for name, places in classes.items() if not name.startswith("_") and places[1:]} == {}
    assert {name: places for name, places in aliases.items() if name in public and name in classes} == {}


def test_versions_agree() -> None:
    stated = re.search(r'^version = "(.+)"', PYPROJECT, re.MULTILINE)
    assert stated is not None and stated[1] == encave.__version__


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import encave, encave.cli, sys; print(*sorted(m.partition('.')[0] for m in sys.modules))"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    heavy = {"smac", "dehb", "deepcave", "matplotlib", "scipy", "pandas", "numpy", "pyarrow", "ConfigSpace", "jinja2"}
    assert "encave" in loaded
    assert not loaded & heavy


LOADED = """
import sys
import encave
if sys.argv[1:]:
    from encave.cli import cli
    cli(sys.argv[1:], prog_name="encave", standalone_mode=False)
print("LOADED", *sorted({name.partition(".")[0] for name in sys.modules}))
"""
SLOW = {"smac", "dehb", "optuna", "distributed", "deepcave", "matplotlib", "plotly", "scipy", "pandas", "ConfigSpace"}


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        ([], SLOW | {"numpy", "pyarrow", "click"}),
        (["--help"], SLOW | {"numpy", "pyarrow", "jinja2"}),
        (["report", "--help"], SLOW | {"numpy", "pyarrow", "jinja2"}),
        (["status", "STUDY"], SLOW | {"jinja2"}),
    ],
)
def test_what_asks_for_no_frame_and_no_space_imports_neither(
    tmp_path: Path, arguments: list[str], heavy: set[str]
) -> None:
    from encave.runners.studies.study import Limit, RunSpec, run_study

    run_study(tmp_path, [RunSpec("random", "cifar10", 0, Limit(evaluations=3))])
    given = [str(tmp_path) if argument == "STUDY" else argument for argument in arguments]
    done = subprocess.run([sys.executable, "-c", LOADED, *given], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.rpartition("LOADED ")[2].split())
    assert "encave" in loaded
    assert loaded & heavy == set()


def test_only_the_viewer_imports_deepcave() -> None:
    offenders = [
        path.relative_to(ROOT)
        for path in ROOT.rglob("*.py")
        if path.relative_to(ROOT).parts[0] not in {"viewer", "tests", ".venv", "build", "benchmarks"}
        and re.search(r"^\s*(import|from) deepcave\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert offenders == []


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = encave.nothing
    assert encave.Run.__name__ in dir(encave)
