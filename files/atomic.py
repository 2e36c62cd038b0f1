"""Writing files and folders so that they appear whole or not at all.

What is not whole yet has a hidden name, `.<name>.<8 letters>.encave`, and is locked by the process that writes it. The
lock ends with the process, however it ends: `sweep` removes what is not locked any more.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import stat
from collections.abc import Collection, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from ..errors import EncaveError
from .names import LONGEST, fitted

SUFFIX = ".encave"
"""Ends the names of what is not whole yet."""
_TEMPORARY = re.compile(r"\.(.+)\.\w{8}\.encave", re.DOTALL)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.ENAMETOOLONG})
"""What a disk answers that cannot take more."""


@contextmanager
def atomic_file(path: Path) -> Generator[Path]:
    """Yield a temporary path in the same folder; on success it replaces `path`, on failure it is removed.

    In the folder of an `atomic_folder`, which appears or is removed as a whole, `path` itself is yielded.

    Raises:
        EncaveError: the folder cannot be written, or is full.
    """
    if _TEMPORARY.fullmatch(path.parent.name) and not os.path.lexists(path):
        with _full_told(path):
            yield path
        return
    with _clear_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep_once(path.parent)
        temporary, lock = _locked(path, folder=False)
    try:
        with _full_told(path):
            yield temporary
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
        os.close(lock)


@contextmanager
def atomic_folder(path: Path, *, keep: bool = False, ours: Collection[str] | None = None) -> Generator[Path]:
    """Yield a temporary folder beside `path`; on success it takes the place of `path`, on failure it is removed.

    Args:
        path: The folder.
        keep: Whether a folder that is already there, or that appears meanwhile, stays as it is.
        ours: Names in the folder that may be replaced; what else lies in it is taken over. None: all.

    Raises:
        EncaveError: the parent folder cannot be written, or is full.
    """
    with _clear_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep_once(path.parent)
        temporary, lock = _locked(path, folder=True)
    try:
        with _full_told(path):
            yield temporary
            if ours is not None:
                _take_over(path, temporary, ours)
            (_rename_if_free if keep else _replace_folder)(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        os.close(lock)


def check_within(folder: Path, paths: Iterable[Path]) -> None:
    """Check that what is written to paths in a folder lands there, whatever links somebody left in it.

    Args:
        folder: The folder, which may itself be a link.
        paths: Files or folders in it, whether they are there or not.

    Raises:
        EncaveError: one of them leads out of the folder.
    """
    home = folder.resolve()
    for path in paths:
        if not path.resolve().is_relative_to(home):
            told = f"{path} leads to {path.resolve()}, and encave writes to {folder} only"
            raise EncaveError(f"{told}. Remove the link, or choose another folder.")


def sweep(folder: Path) -> None:
    """Remove what processes that were killed left half-written in a folder, and put back what they had moved aside.

    Only what `atomic_file` and `atomic_folder` made and no process holds any more is touched.
    """
    try:
        found = [entry for entry in folder.iterdir() if _TEMPORARY.fullmatch(entry.name)]
    except OSError:
        return  # whoever writes there tells why it cannot be
    for entry in found:
        with suppress(OSError):  # somebody else sweeps, or a file system without locks: then nothing is removed
            _remove_if_dead(entry)


@lru_cache(maxsize=4096)
def _sweep_once(folder: Path) -> None:
    sweep(folder)


def is_full(error: BaseException) -> bool:
    """Whether an error says that a disk is full, a file as large as it may be, or that it cannot be written."""
    return isinstance(error, OSError) and error.errno in _FULL


def walk_folders(path: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """As `os.walk`, without hidden folders; links to folders are followed, and every folder is seen once.

    Folders that no link leads to come first. A link to a folder in which `path` itself lies is passed over.
    """
    around = {path.resolve(), *path.resolve().parents}
    pending, seen = [path], set[Path]()
    while pending:
        start = pending.pop(0)
        if start is not path and start.resolve() in around:
            continue
        for name, subfolders, names in os.walk(start):
            folder = Path(name)
            real = folder.resolve()
            if real in seen:
                subfolders.clear()
                continue
            seen.add(real)
            subfolders[:] = sorted(each for each in subfolders if not each.startswith("."))
            yield folder, subfolders, names
            pending += [folder / each for each in subfolders if (folder / each).is_symlink()]


def _locked(path: Path, *, folder: bool) -> tuple[Path, int]:
    """A temporary file or folder beside `path`, and the handle that holds it."""
    while True:
        temporary = path.with_name(f".{fitted(path.name, LONGEST + 4)}.{os.urandom(4).hex()}{SUFFIX}")
        try:
            lock = _made(temporary, folder=folder)
        except FileExistsError:
            continue
        if lock is None:
            continue  # swept as soon as it was made
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue  # being swept
        except OSError:
            return temporary, lock  # a file system without locks, on which nothing is swept either
        if temporary.exists():
            return temporary, lock
        os.close(lock)


def _made(path: Path, *, folder: bool) -> int | None:
    """A handle of a new file or folder, which has the rights that the user's mask leaves; None if it is gone again."""
    if not folder:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    path.mkdir()
    try:
        return os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None


def _remove_if_dead(path: Path) -> None:
    kind = path.lstat().st_mode
    if not (stat.S_ISDIR(kind) or stat.S_ISREG(kind)):
        return
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if stat.S_ISREG(kind):
            path.unlink()
            return
        _put_back(path)
        shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(handle)


def _put_back(aside: Path) -> None:
    """Undo a replacement that was cut off between moving the old folder aside and putting the new one there."""
    match = re.fullmatch(r"\.(.+)\.old\.\w{8}\.encave", aside.name, re.DOTALL)
    if match is None:
        return
    for old in aside.iterdir():
        place = aside.parent / old.name
        if fitted(old.name) == match[1] and not os.path.lexists(place):
            old.rename(place)


def _take_over(old: Path, new: Path, ours: Collection[str]) -> None:
    """Give the new folder what lies in the old one and is not ours; the old one keeps it until it is replaced."""
    if not old.is_dir() or old.is_symlink():
        return
    for entry in old.iterdir():
        if entry.name in ours or _TEMPORARY.fullmatch(entry.name) or os.path.lexists(new / entry.name):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, new / entry.name, symlinks=True)
        else:
            shutil.copy2(entry, new / entry.name, follow_symlinks=False)


def _rename_if_free(new: Path, path: Path) -> None:
    """Rename a folder; the system refuses it, whoever else tries, where `path` is a folder that holds anything."""
    try:
        new.rename(path)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise


def _replace_folder(new: Path, path: Path) -> None:
    """Put `new` where `path` is; an old folder there is moved aside first, since a rename cannot replace a full one."""
    if not os.path.lexists(path):
        new.replace(path)
        return
    aside, lock = _locked(path.parent / f"{fitted(path.name)}.old", folder=True)
    old = aside / path.name
    try:
        path.replace(old)
        try:
            new.replace(path)
        except OSError:
            old.replace(path)
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        os.close(lock)


@contextmanager
def _clear_errors(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise _told(path, error) from error


@contextmanager
def _full_told(path: Path) -> Generator[None]:
    """A full disk in words; other errors are those of whoever writes."""
    try:
        yield
    except OSError as error:
        if not is_full(error):
            raise
        raise _told(path, error) from error


def _told(path: Path, error: OSError) -> EncaveError:
    remedy = "Make room, then run it again." if is_full(error) else "Choose a folder you may write to."
    return EncaveError(f"cannot write {path}: {error.strerror or error}. {remedy}")
