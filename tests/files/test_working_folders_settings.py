"""What is asked of Python and matplotlib, so that nothing is taken from the working folder; without other processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from multiprocessing import util
from pathlib import Path

import pytest

from encave.files import working_folder
from encave.files.children import without_interrupts
from encave.files.working_folder import load_matplotlib, runs_module, spawn_safely, spawning

OPTION = "-P" if sys.version_info >= (3, 11) else "-I"


def test_a_module_is_run_as_python_does_without_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.py").write_text("import sys, json; print(__name__, sys.argv[1:], json.__name__)")
    (tmp_path / "json.py").write_text("raise ImportError('of the working folder')")
    monkeypatch.chdir(tmp_path)
    code = runs_module(["", "own", *sys.path])
    assert f"[{str(tmp_path / 'own')!r}, " in code
    done = subprocess.run(
        [sys.executable, "-c", code, "-m", "mine", "a", "-b"], check=True, capture_output=True, text=True
    )
    assert done.stdout == "__main__ ['a', '-b'] json\n"


def test_processes_are_told_once_to_leave_the_working_folder_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(util, "_args_from_interpreter_flags", lambda: ["-X", "dev"])
    for _ in range(2):
        spawn_safely()
        assert util._args_from_interpreter_flags() == ["-X", "dev", OPTION]  # type: ignore[attr-defined]
    monkeypatch.setattr(util, "_args_from_interpreter_flags", lambda: [OPTION])
    spawn_safely()
    assert util._args_from_interpreter_flags() == [OPTION]  # type: ignore[attr-defined]


def blocked() -> bool:
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_interrupts_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(util, "_args_from_interpreter_flags", list)
    monkeypatch.setattr(working_folder.resource_tracker, "ensure_running", lambda: None)
    for context in (without_interrupts, spawning):
        assert not blocked()
        with context():
            assert blocked()
        assert not blocked()
        with pytest.raises(RuntimeError), context():
            raise RuntimeError
        assert not blocked()
    assert util._args_from_interpreter_flags() == [OPTION]  # type: ignore[attr-defined]


@pytest.mark.parametrize("there", [True, False])
def test_matplotlib_is_loaded_elsewhere_where_the_folder_has_settings(
    tmp_path: Path, there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[tuple[str, Path]] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(working_folder.importlib, "import_module", lambda name: loaded.append((name, Path.cwd())))
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # type: ignore[arg-type]
    if there:
        (tmp_path / "matplotlibrc").symlink_to("nowhere")
    load_matplotlib()
    assert not loaded  # it is loaded already
    monkeypatch.delitem(sys.modules, "matplotlib")
    load_matplotlib()
    assert loaded == ([("matplotlib", Path(os.__file__).parent.resolve())] if there else [])
    assert Path.cwd() == tmp_path

    def fail(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(working_folder.importlib, "import_module", fail)
    if there:
        with pytest.raises(ImportError):
            load_matplotlib()
    assert Path.cwd() == tmp_path
