"""Files and folders appear whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import gc
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from encave import EncaveError
from encave.files.atomic import atomic_file, atomic_folder, check_within, is_full, sweep, walk_folders


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


def test_the_folders_above_are_made(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "a" / "b" / "run") as path:
        (path / "one").touch()
    assert (tmp_path / "a" / "b" / "run" / "one").exists()


def test_a_folder_that_is_there_stays_where_it_is_to_be_kept(tmp_path: Path) -> None:
    for text in ("one", "two"):
        with atomic_folder(tmp_path / "run", keep=True) as path:
            (path / text).write_text(text)
    assert [entry.name for entry in (tmp_path / "run").iterdir()] == ["one"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_the_old_folder_is_put_back_where_the_new_one_cannot_be_put(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "run") as path:
        (path / "one").write_text("one")
    with pytest.raises(FileNotFoundError), atomic_folder(tmp_path / "run") as path:
        shutil.rmtree(path)
    assert (tmp_path / "run" / "one").read_text() == "one"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for context in (atomic_file, atomic_folder):
        with pytest.raises(EncaveError, match="cannot write"), context(tmp_path / "file" / "sub" / "x"):
            pass


@pytest.mark.parametrize("mask", [0o000, 0o027])
def test_rights_are_those_that_the_mask_leaves(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        with atomic_folder(tmp_path / "run") as folder, atomic_file(tmp_path / "file") as path:
            path.write_text("x")
            (folder / "half").write_text("x")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o666 & ~mask
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o777 & ~mask


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


def test_what_was_moved_aside_never_takes_the_place_of_what_is_there(tmp_path: Path) -> None:
    aside = tmp_path / ".run.old.abcd1234.encave"
    for folder in (aside / "run", aside / "other", tmp_path / "run"):
        folder.mkdir(parents=True)
        (folder / "from.txt").write_text(folder.parent.name)
    sweep(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]
    assert (tmp_path / "run" / "from.txt").read_text() == tmp_path.name


def test_without_locks_all_is_written_and_nothing_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refuse)
    perhaps_in_use = tmp_path / ".notes.abcd1234.encave"
    perhaps_in_use.write_text("half")
    with atomic_file(tmp_path / "file") as path, atomic_folder(tmp_path / "run") as folder:
        path.write_text("whole")
        (folder / "half").write_text("whole")
    sweep(tmp_path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [perhaps_in_use.name, "file", "run"]


def test_links_and_pipes_are_not_swept(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / ".link.abcd1234.encave").symlink_to("mine")
    os.mkfifo(tmp_path / ".pipe.abcd1234.encave")
    code = "import sys, pathlib, encave.files.atomic as atomic; atomic.sweep(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=60)  # whoever opens a pipe waits
    assert len(list(tmp_path.iterdir())) == 3


def test_files_that_are_not_ours_are_taken_over(tmp_path: Path) -> None:
    target = tmp_path / "run"
    (target / "mine").mkdir(parents=True)
    for name in ("notes.txt", "ours.txt", "gone.txt", "mine/plot.txt", ".half.abcd1234.encave"):
        (target / name).write_text("old")
    for name in ("link.txt", "mine/link.txt"):
        (target / name).symlink_to("notes.txt")
    (target / "folder").symlink_to("mine")
    with atomic_folder(target, ours={"ours.txt", "gone.txt"}) as path:
        (path / "ours.txt").write_text("new")
    assert (target / "ours.txt").read_text() == "new"
    assert (target / "notes.txt").read_text() == (target / "mine" / "plot.txt").read_text() == "old"
    assert sorted(entry.name for entry in target.iterdir()) == ["folder", "link.txt", "mine", "notes.txt", "ours.txt"]
    assert all((target / name).is_symlink() for name in ("link.txt", "mine/link.txt", "folder"))


def test_a_link_is_replaced_and_what_it_leads_to_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("old")
    (tmp_path / "run").symlink_to("other")
    with atomic_folder(tmp_path / "run", ours={"ours.txt"}) as path:
        (path / "ours.txt").write_text("new")
    assert not (tmp_path / "run").is_symlink()
    assert [entry.name for entry in (tmp_path / "run").iterdir()] == ["ours.txt"]
    assert (tmp_path / "other" / "notes.txt").read_text() == "old"


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
    (top / "0").symlink_to("../elsewhere/run")  # before what it lies in
    found = [folder.relative_to(top).as_posix() for folder, *_ in walk_folders(top)]
    assert found == [".", "own", "0", "a"]


def test_in_a_folder_that_appears_as_a_whole_files_are_written_at_once(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "run") as folder:
        with atomic_file(folder / "new") as path:
            assert path == folder / "new"
            path.write_text("x")
        with atomic_file(folder / "new") as path:  # what is there is replaced
            assert path != folder / "new"
            path.write_text("y")
        with atomic_file(folder / "deep" / "new") as path:
            assert path != folder / "deep" / "new"
            path.write_text("z")
        assert (folder / "new").read_text() == "y"
        with pytest.raises(EncaveError, match=r"cannot write .*full: .*Make room"), atomic_file(folder / "full"):
            raise OSError(errno.ENOSPC, "full")
    assert sorted(entry.name for entry in (tmp_path / "run").iterdir()) == ["deep", "new"]


@pytest.mark.parametrize("name", ["ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EIO", "ENAMETOOLONG"])
def test_what_a_disk_answers_that_takes_no_more(name: str) -> None:
    assert is_full(OSError(getattr(errno, name), ""))
    assert not is_full(OSError(errno.EACCES, "")) and not is_full(ValueError())


def test_other_errors_are_those_of_whoever_writes(tmp_path: Path) -> None:
    for context in (atomic_file, atomic_folder):
        with pytest.raises(PermissionError), context(tmp_path / "x"):
            raise PermissionError(errno.EACCES, "no")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EncaveError) as error, atomic_file(tmp_path / "file" / "x"):
        pass
    told = f"cannot write {tmp_path / 'file' / 'x'}: Not a directory. Choose a folder you may write to."
    assert str(error.value) in (told, told.replace("Not a directory", "File exists"))


def test_what_leads_out_of_a_folder_is_refused(tmp_path: Path) -> None:
    folder, other = tmp_path / "out", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    (folder / "link").symlink_to(other)
    (tmp_path / "alias").symlink_to(folder)
    check_within(folder, [folder, folder / "new" / "file", tmp_path / "alias" / "x"])
    check_within(tmp_path / "alias", [folder / "x"])
    with pytest.raises(EncaveError) as error:
        check_within(folder, [folder / "x", folder / "link" / "y"])
    assert str(error.value) == (
        f"{folder / 'link' / 'y'} leads to {other / 'y'}, and encave writes to {folder} only. "
        "Remove the link, or choose another folder."
    )


def test_a_folder_is_swept_when_it_is_first_written_to(tmp_path: Path) -> None:
    left = tmp_path / ".file.abcd1234.encave"
    left.write_text("half")
    with atomic_file(tmp_path / "one") as path:
        path.write_text("x")
    assert not left.exists()
    left.write_text("half")
    with atomic_file(tmp_path / "two") as path:
        path.write_text("x")
    assert left.exists()  # each folder once
    sweep(tmp_path / "none")  # whoever writes there tells why it cannot be


def test_a_folder_to_be_kept_is_put_where_an_empty_one_is(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with atomic_folder(tmp_path / "run", keep=True) as path:
        (path / "one").write_text("one")
    assert [entry.name for entry in (tmp_path / "run").iterdir()] == ["one"]
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotADirectoryError), atomic_folder(tmp_path / "file", keep=True):
        pass
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "run"]


def test_what_is_taken_over_is_not_what_is_new(tmp_path: Path) -> None:
    target = tmp_path / "run"
    target.mkdir()
    (target / "notes.txt").write_text("old")
    with atomic_folder(target, ours=()) as path:
        (path / "notes.txt").write_text("new")
    assert (target / "notes.txt").read_text() == "new"
    with atomic_folder(target) as path:
        pass
    assert not list(target.iterdir())  # all is ours


def test_hidden_folders_and_what_a_walk_starts_in_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".hidden" / "deep").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").write_text("x")
    found = [(folder.name, subfolders, names) for folder, subfolders, names in walk_folders(tmp_path)]
    assert found == [(tmp_path.name, ["a", "b"], []), ("a", [], ["file"]), ("b", [], [])]
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert [folder.name for folder, *_ in walk_folders(tmp_path / "link")] == ["link"]


def test_temporary_names_hold_204_bytes_of_the_name(tmp_path: Path) -> None:
    for length, whole in ((204, True), (205, False)):
        with atomic_file(tmp_path / ("a" * length)) as path:
            path.touch()
            assert path.name.startswith("." + "a" * length + ".") == whole and len(path.name) == 204 + 17


def handles() -> int:
    gc.collect()  # those of files that an earlier test left open
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("context", [atomic_file, atomic_folder])
def test_a_name_that_is_taken_or_swept_meanwhile_is_made_anew(
    tmp_path: Path, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with atomic_file(tmp_path / "first") as path:  # so that it is swept
        path.write_text("x")
    letters = iter("aabcd")
    monkeypatch.setattr(os, "urandom", lambda size: bytes.fromhex(next(letters) * 2 * size))
    taken = tmp_path / f".x.{'a' * 8}.encave"
    taken.write_text("another's")
    locked: list[str] = []
    flock = fcntl.flock

    def sweeping(handle: int, how: int) -> None:
        name = Path(f"/proc/self/fd/{handle}").readlink().name
        locked.append(name)
        if len(locked) == 1:
            raise BlockingIOError
        if len(locked) == 2:
            path = tmp_path / name
            path.rmdir() if path.is_dir() else path.unlink()
        flock(handle, how)

    monkeypatch.setattr(fcntl, "flock", sweeping)
    before = handles()
    with context(tmp_path / "x") as made:
        assert made.name == f".x.{'d' * 8}.encave"
        if made.is_dir():
            (made / "y").touch()
    assert locked == [f".x.{letter * 8}.encave" for letter in "bcd"] and (tmp_path / "x").exists()
    assert taken.read_text() == "another's" and handles() == before


def test_a_folder_that_is_swept_as_soon_as_it_is_made_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    opened = os.open

    def gone(path: Path, flags: int, mode: int = 0o777) -> int:
        if ".encave" in str(path):
            made.append(Path(path))
            if len(made) == 1:
                Path(path).rmdir()
        return opened(path, flags, mode)

    monkeypatch.setattr(os, "open", gone)
    with atomic_folder(tmp_path / "x") as folder:
        assert folder == made[1]
    assert (tmp_path / "x").is_dir()


def test_handles_are_given_back(tmp_path: Path) -> None:
    before = handles()
    for _ in range(3):
        with atomic_folder(tmp_path / "run") as folder, atomic_file(tmp_path / "file") as path:
            path.write_text("x")
            (folder / "y").touch()
        with pytest.raises(RuntimeError), atomic_file(tmp_path / "file"):
            raise RuntimeError
    (tmp_path / ".file.abcd1234.encave").touch()
    sweep(tmp_path)
    assert handles() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "run"]
