"""Files and folders appear whole or not at all."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from encave import EncaveError
from encave.files.atomic import atomic_file, atomic_folder, sweep, walk_folders


def test_a_file_is_replaced_only_on_success(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file.txt"
    with atomic_file(target) as path:
        path.write_text("one")
        assert not target.exists()
    with pytest.raises(RuntimeError), atomic_file(target) as path:
        path.write_text("two")
        raise RuntimeError
    assert target.read_text() == "one"
    assert [entry.name for entry in target.parent.iterdir()] == ["file.txt"]


def test_a_folder_is_replaced_only_on_success(tmp_path: Path) -> None:
    target = tmp_path / "run"
    for text in ("one", "two"):
        with atomic_folder(target) as path:
            (path / text).write_text(text)
    with pytest.raises(RuntimeError), atomic_folder(target) as path:
        (path / "three").write_text("three")
        raise RuntimeError
    assert [entry.name for entry in target.iterdir()] == ["two"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for context in (atomic_file, atomic_folder):
        with pytest.raises(EncaveError, match="cannot write"), context(tmp_path / "file" / "sub" / "x"):
            pass


def test_rights_are_those_that_the_mask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with atomic_folder(tmp_path / "run") as folder, atomic_file(tmp_path / "file") as path:
            path.write_text("x")
            (folder / "half").write_text("x")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o750


_KILLED = """
import os, signal, sys
from pathlib import Path
from encave.files.atomic import atomic_file, atomic_folder
with atomic_folder(Path(sys.argv[1]) / "run") as folder, atomic_file(Path(sys.argv[1]) / "file") as file:
    (folder / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_swept_and_what_a_live_one_holds_is_not(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], check=False)
    assert len(list(tmp_path.iterdir())) == 2
    mine = tmp_path / ".notes.abcd1234"
    mine.mkdir()
    with atomic_file(tmp_path / "live") as path:
        sweep(tmp_path)
        assert sorted(tmp_path.iterdir()) == sorted([path, mine])
        path.write_text("whole")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [mine.name, "live"]


def test_a_folder_moved_aside_comes_back(tmp_path: Path) -> None:
    aside = tmp_path / ".run.old.abcd1234.encave"
    (aside / "run").mkdir(parents=True)
    (aside / "run" / "notes.txt").write_text("keep")
    sweep(tmp_path)
    assert (tmp_path / "run" / "notes.txt").read_text() == "keep" and not aside.exists()


def test_files_that_are_not_ours_are_taken_over(tmp_path: Path) -> None:
    target = tmp_path / "run"
    (target / "mine").mkdir(parents=True)
    for name in ("notes.txt", "ours.txt", "mine/plot.txt"):
        (target / name).write_text("old")
    with atomic_folder(target, ours={"ours.txt", "gone.txt"}) as path:
        (path / "ours.txt").write_text("new")
    assert (target / "ours.txt").read_text() == "new"
    assert (target / "notes.txt").read_text() == (target / "mine" / "plot.txt").read_text() == "old"


@pytest.mark.parametrize("name", ["a" * 250, "ö" * 120, "я" * 127])
def test_names_of_255_bytes(tmp_path: Path, name: str) -> None:
    with atomic_file(tmp_path / name) as path:
        path.write_text("x")
    for _ in range(2):
        with atomic_folder(tmp_path / f"{name[:-1]}b") as path:
            (path / "x").write_text("x")
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EDQUOT])
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, number: int) -> None:
    for context in (atomic_file, atomic_folder):
        with pytest.raises(EncaveError, match=r"cannot write .*x: .*Make room"), context(tmp_path / "x"):
            raise OSError(number, os.strerror(number))
    assert not list(tmp_path.iterdir())


def test_a_limit_of_file_sizes_is_told(tmp_path: Path) -> None:
    code = "from pathlib import Path\nfrom encave.files.atomic import atomic_file\n"
    code += f"with atomic_file(Path({str(tmp_path / 'x')!r})) as path: path.write_bytes(b'x' * 100_000)"
    done = subprocess.run(
        ["bash", "-c", f'ulimit -f 8; exec "{sys.executable}" -c "$0"', code],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert "File too large. Make room" in done.stderr
    assert not list(tmp_path.iterdir())


def test_links_to_folders_are_followed_and_each_is_seen_once(tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "run").mkdir(parents=True)
    top = tmp_path / "top"
    (top / "own").mkdir(parents=True)
    for name, to in {"a": "../elsewhere", "b": "../elsewhere/run", "loop": ".", "up": ".."}.items():
        (top / name).symlink_to(to)
    (top / "own" / "z").symlink_to("../../elsewhere")
    found = [folder.relative_to(top).as_posix() for folder, *_ in walk_folders(top)]
    assert found == [".", "own", "a", "a/run"]
