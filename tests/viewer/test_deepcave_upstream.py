"""The patches for DeepCAVE apply to the release that is installed; their tests fail without them and pass with them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import deepcave
import pytest

PATCHES = sorted((Path(__file__).parents[2] / "docs" / "upstream").glob("*.patch"))


@pytest.mark.skipif(shutil.which("git") is None, reason="git applies the patches")
@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_the_patch_makes_its_test_pass(patch: Path, tmp_path: Path) -> None:
    package = Path(str(deepcave.__file__)).parent
    shutil.copytree(package, tmp_path / "deepcave", ignore=shutil.ignore_patterns("__pycache__", "cache"))
    apply(tmp_path, patch, "--include=tests/*")
    (test,) = (tmp_path / "tests").rglob("test_*.py")
    assert run(tmp_path, test) != 0, "DeepCAVE has it right: the patch can go"
    apply(tmp_path, patch, "--exclude=tests/*")
    assert run(tmp_path, test) == 0


def apply(folder: Path, patch: Path, part: str) -> None:
    """Apply a part of a patch."""
    subprocess.run(["git", "apply", part, str(patch)], cwd=folder, check=True)


def run(folder: Path, test: Path) -> int:
    """Run a test of unittest on the package in a folder."""
    # by its folder: a package of the environment may be called `tests`, too
    command = [sys.executable, "-m", "unittest", "discover", "-s", str(test.parent), "-p", test.name]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode
