"""Writing files and folders so that they appear whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from .errors import EncaveError


@contextmanager
def atomic_file(path: Path) -> Generator[Path]:
    """Yield a temporary path in the same folder; on success it replaces `path`, on failure it is removed.

    Raises:
        EncaveError: the folder cannot be written.
    """
    with _clear_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path, *, keep: bool = False) -> Generator[Path]:
    """Yield a temporary folder beside `path`; on success it takes the place of `path`, on failure it is removed.

    Args:
        path: The folder.
        keep: Whether a folder that is already there, or that appears meanwhile, stays as it is.

    Raises:
        EncaveError: the parent folder cannot be written.
    """
    with _clear_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    temporary.chmod(0o777 & ~_umask())
    try:
        yield temporary
        (_rename_if_free if keep else _replace_folder)(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _rename_if_free(new: Path, path: Path) -> None:
    """Rename a folder; the system refuses it, whoever else tries, where `path` is a folder that holds anything."""
    try:
        new.rename(path)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise


def _replace_folder(new: Path, path: Path) -> None:
    """Put `new` where `path` is; an old folder there is moved aside first, since a rename cannot replace a full one."""
    if path.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{path.name}.old.", dir=path.parent)) / path.name
        path.replace(old)
        try:
            new.replace(path)
        except OSError:
            old.replace(path)
            raise
        finally:
            shutil.rmtree(old.parent, ignore_errors=True)
    else:
        new.replace(path)


@contextmanager
def _clear_errors(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise EncaveError(f"cannot write {path}: {reason}. Choose a folder you may write to.") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
