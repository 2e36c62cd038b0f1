"""Expressions that end in time, and programs that answer."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from encave.errors import EncaveError
from encave.files import patterns, programs
from encave.files.names import digest, fitted, is_reserved


def test_groups_of_an_expression() -> None:
    assert [patterns.groups_of(told) for told in ("a", "(a)(b)", "(?:a)(b)")] == [0, 2, 1]
    with pytest.raises(EncaveError, match=r"^is no regular expression: missing \)"):
        patterns.groups_of("(a")


def test_an_expression_that_takes_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    found = patterns.search("b+", "abbc")
    assert found is not None and found[0] == "bb" and patterns.search("x", "abc") is None
    monkeypatch.setattr(patterns, "_SECONDS", 0.05)
    text = "a" * 40 + "b"
    with pytest.raises(EncaveError) as error:
        patterns.search("(a+)+$", text)
    told = f"the expression '(a+)+$' takes more than 0 s in {text!r}; write it without repetitions of what repeats "
    assert str(error.value) == told + "itself, as in (a+)+"
    assert signal.getsignal(signal.SIGVTALRM) == before and signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
    start = time.process_time()
    while time.process_time() - start < 0.1:
        pass  # nothing comes any more


def test_other_threads_have_no_bound() -> None:
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(patterns.search("b", "abc")))
    thread.start()
    thread.join()
    assert found[0] is not None


def program(folder: Path, script: str) -> Path:
    folder.mkdir()
    (folder / "tool").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "tool").chmod(0o755)
    return folder / "tool"


def test_the_first_program_that_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = program(tmp_path / "a", 'echo >&2; echo "  not installed  " >&2; echo more >&2; exit 3')
    silent = program(tmp_path / "b", "exit 4")
    good = program(tmp_path / "c", '[ "$1" = --version ] && echo 1.0')
    other = program(tmp_path / "d", "exit 0")
    monkeypatch.setenv("PATH", f"{good.parent}:{other.parent}")
    assert programs.working("tool") == (str(good), "")
    assert programs.working("tool", [str(other.parent)]) == (str(other), "")
    assert programs.working("tool", ["", str(broken.parent), str(silent.parent)]) == (
        str(good),
        f"{broken}: not installed",
    )
    monkeypatch.setenv("PATH", str(silent.parent))
    assert programs.working("tool") == ("", f"{silent}: status 4")
    assert programs.working("none") == ("", "")
    (silent.parent / "tool").write_text("#!/no/such/shell\n")
    assert programs.working("tool") == ("", f"{silent}: No such file or directory")


def test_a_program_that_does_not_answer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = program(tmp_path / "a", "exec sleep 30")
    monkeypatch.setenv("PATH", f"{slow.parent}:/bin:/usr/bin")
    monkeypatch.setattr(programs, "_SECONDS", 0.2)
    assert programs.working("tool") == ("", f"{slow}: no answer within 0 s")


def test_names_of_at_most_so_many_bytes() -> None:
    assert fitted("a" * 200) == "a" * 200 and fitted("ö" * 100) == "ö" * 100
    assert fitted("a" * 201) == "a" * 191 + "-" + digest("a" * 201)
    assert fitted("ö" * 101) == "ö" * 95 + "-" + digest("ö" * 101)  # no half letter
    assert fitted("abc -_." + "x" * 20, 16) == "abc-" + digest("abc -_." + "x" * 20)
    assert fitted("a" * 30, 20, "told") == "a" * 11 + "-" + digest("told")
    assert len(fitted("\udcff" * 300).encode("utf-8", "surrogatepass")) <= 200
    assert len(digest("")) == 8 and digest("a") != digest("b")


@pytest.mark.parametrize("name", ["con", "NUL", "aux.txt", "COM1", "lpt9.x.y", ".", "..", "..."])
def test_names_that_a_system_has_another_use_for(name: str) -> None:
    assert is_reserved(name)


@pytest.mark.parametrize("name", ["console", "com", "com10", "xcon", ".con", "a.", "..x"])
def test_names_that_are_free(name: str) -> None:
    assert not is_reserved(name)


def test_how_long_is_waited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    timers: list[tuple[int, float]] = []
    monkeypatch.setattr(signal, "setitimer", lambda which, seconds: timers.append((which, seconds)))
    assert patterns.search("b", "abc") is not None
    assert timers == [(signal.ITIMER_VIRTUAL, 1.0), (signal.ITIMER_VIRTUAL, 0.0)]  # of CPU
    waited: list[float] = []

    def run(command: list[str], *, timeout: float, **_: object) -> None:
        waited.append(timeout)
        raise subprocess.TimeoutExpired(command, timeout)

    tool = program(tmp_path / "a", "exit 0")
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setenv("PATH", str(tool.parent))
    assert programs.working("tool") == ("", f"{tool}: no answer within 60 s") and waited == [60.0]
