"""DeepCAVE in a Python of its own, where encave's own cannot have it."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from encave.errors import EncaveError
from encave.viewer import environment
from encave.viewer.environment import LOCK, REQUIREMENTS, commands, environment_folder, find_python, make_environment
from encave.viewer.launch import Viewer
from encave.viewer.selection import select

from .pages import Pages

UV = """#!/bin/sh
[ "$1" != --version ] || exit 0
echo "$@" >> "$UV_CALLS"
case "$1" in
  venv) for last; do :; done; mkdir -p "$last/bin"; touch "$last/bin/python" ;;
  pip) if [ -n "$UV_FAILS" ]; then echo "no such network" >&2; exit 2; fi ;;
esac
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Without DeepCAVE, with an empty cache, and with an uv that writes down how it is called into this file."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "uv").write_text(UV)
    (folder / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_CALLS", str(tmp_path / "calls"))
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(environment.sys, "executable", str(tmp_path / "python"))
    return tmp_path / "calls"


def test_the_requirements_are_those_of_encave_on_python_3_10() -> None:
    own = importlib.metadata.requires("encave") or []
    assert {line.partition(";")[0].strip() for line in own if "deepcave" in line.partition("extra")[2]} == {
        *REQUIREMENTS
    }


def test_the_lock_holds_them_at_the_versions_that_are_tested_with_hashes() -> None:
    text = LOCK.read_text()
    entries = re.findall(
        r"^([a-z0-9-]+)==(\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE
    )
    locked = {name: version for name, version, _ in entries}
    assert len(locked) == text.count("==") > 60, "every release has hashes"
    for requirement in map(Requirement, REQUIREMENTS):
        assert requirement.specifier.contains(locked[requirement.name]), requirement
    if sys.version_info[:2] == (3, 10):
        assert {
            name
            for name in ("deepcave", "scikit-learn", "gplearn", "plotly", "dash")
            if locked[name] != importlib.metadata.version(name)
        } == set()


def test_uv_makes_it_once_and_one_line_says_so(calls: Path) -> None:
    notes: list[str] = []
    python = find_python(notes.append)
    assert python == environment_folder() / "venv" / "bin" / "python"
    assert python.exists()
    venv, install = calls.read_text().splitlines()
    assert venv.startswith("venv ")
    assert "--python 3.10" in venv
    assert install.startswith("pip install ")
    assert install.endswith(f"--require-hashes -r {LOCK}")
    assert find_python(notes.append) == python
    assert len(calls.read_text().splitlines()) == 2
    first, second = notes
    assert "uv is making an environment with Python 3.10" in first
    assert str(environment_folder()) in second
    assert "\n" not in first + second


def test_a_failure_of_uv_is_told_and_leaves_nothing(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_FAILS", "1")
    with pytest.raises(EncaveError, match=r"`uv pip` failed\): no such network"):
        find_python(print)
    assert list(environment_folder().parent.iterdir()) == []


def test_without_uv_the_message_says_what_to_do(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EncaveError, match=r"DeepCAVE is not installed.*pip install uv.*Python 3\.10"):
        find_python(print)


def test_a_stand_in_for_uv_is_passed_over(calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shims = tmp_path / "shims"
    shims.mkdir()
    (shims / "uv").write_text("#!/bin/sh\necho 'pyenv: uv: command not found' >&2; exit 127\n")
    (shims / "uv").chmod(0o755)
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", str(shims))
    with pytest.raises(EncaveError, match=r"uv, which .*does not run \(.*shims/uv: pyenv: uv: command not found\)"):
        find_python(print)
    monkeypatch.setenv("PATH", f"{shims}{os.pathsep}{path}")
    assert find_python(print).exists()


def test_a_python_that_is_gone_is_told(calls: Path) -> None:
    python = find_python(print)
    python.unlink()
    with pytest.raises(EncaveError, match=r"no longer there\. Remove"):
        find_python(print)


def test_commands_are_lists_so_that_no_shell_reads_them(tmp_path: Path) -> None:
    folder = tmp_path / "a folder; with $words"
    for command in commands("/opt/uv", folder):
        assert command[0] == "/opt/uv"
        assert any(word.startswith(str(folder / "venv")) for word in command)


def test_what_leads_this_python_astray_is_kept_from_another(monkeypatch: pytest.MonkeyPatch) -> None:
    from encave.viewer.launch import _environment_for

    monkeypatch.setenv("PYTHONPATH", "/here")
    assert _environment_for(sys.executable)["PYTHONPATH"] == "/here"
    assert "PYTHONPATH" not in _environment_for("/another/python")


@pytest.mark.skipif(
    "ENCAVE_TEST_UV" not in os.environ, reason="installs DeepCAVE, 1 GB, over the network; ENCAVE_TEST_UV=1 runs it"
)
def test_deepcave_runs_there(runs_folder: Path, tmp_path: Path) -> None:
    make_environment(tmp_path / "environment", "uv")
    python = tmp_path / "environment" / "venv" / "bin" / "python"
    found: Any = subprocess.run([python, "-c", "import encave"], capture_output=True, cwd=tmp_path, check=False)
    assert found.returncode, "encave need not be installed there"
    with Viewer(select(sorted(runs_folder.iterdir())), python=python) as viewer:
        assert Pages(viewer.url).open("overview").is_drawn
        assert viewer.check()
