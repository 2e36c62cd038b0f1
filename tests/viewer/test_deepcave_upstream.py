"""The patches for DeepCAVE apply to the release that is installed; their tests fail without them and pass with them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import deepcave
import pytest

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(shutil.which("git") is None, reason="git applies the patches"),
]
PATCHES = sorted((Path(__file__).parents[2] / "docs" / "upstream").glob("*.patch"))
SCRIPT = """
import os, sys, unittest
import ConfigSpace, dash, pandas, plotly.graph_objects, pyPDP, sklearn.ensemble  # what takes the time
for folder in sys.argv[1:]:
    child = os.fork()
    if not child:
        os.dup2(2, 1)
        sys.path.insert(0, folder)
        os.chdir(folder)
        # by its folder: a package of the environment may be called `tests`, too
        [place] = {path for path, _, names in os.walk("tests") if any(name.startswith("test_") for name in names)}
        result = unittest.TextTestRunner().run(unittest.TestLoader().discover(place))
        os._exit(not result.wasSuccessful() or not result.testsRun)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Prints 0 for each folder whose tests pass on the package that lies there."""


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, tuple[int, int]]:
    """For each patch how its test ends without it and with it."""
    package = Path(str(deepcave.__file__)).parent
    folders: list[Path] = []
    for patch in PATCHES:
        for part in ("--include=tests/*", "--include=*"):
            folder = tmp_path_factory.mktemp(patch.stem)
            shutil.copytree(package, folder / "deepcave", ignore=shutil.ignore_patterns("__pycache__", "cache"))
            subprocess.run(["git", "apply", part, str(patch)], cwd=folder, check=True)
            folders.append(folder)
    command = [sys.executable, "-c", SCRIPT, *map(str, folders)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert len(told) == len(folders)
    return {patch: (int(told[2 * i]), int(told[2 * i + 1])) for i, patch in enumerate(PATCHES)}


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_the_patch_makes_its_test_pass(patch: Path, ends: dict[Path, tuple[int, int]]) -> None:
    without, with_it = ends[patch]
    assert without != 0, "DeepCAVE has it right: the patch can go"
    assert with_it == 0
