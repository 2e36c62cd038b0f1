"""A study's folder while runs are added to it: who may, which are finished, why others failed, what was left behind."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import socket
import tempfile
import uuid
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import EncaveError
from ...files.atomic import atomic_file, check_within
from ...run import sidecar
from .execute import RunSpec, identity
from .objective import Objectives
from .same_run import differences

LOCK_FILE = ".lock"
FAILURE = re.compile(r"seed-(\d+)\.failed\.log")
"""Name of the log of a run that failed; beside where its folder would be, the reason in the first line."""
_TEMPORARY = re.compile(r"\.seed-\d+\..+")


def check_writable(folder: Path, specs: Iterable[RunSpec]) -> None:
    """Make the folder.

    Raises:
        EncaveError: it cannot be written, or runs would be written elsewhere, by links in it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or error
        raise EncaveError(f"cannot write {folder}: {reason}. Choose a folder you may write to.") from error
    check_within(folder, {(folder / spec.home).parent for spec in specs})


@dataclass(frozen=True)
class Hold:
    """A study that is this process's alone."""

    token: str
    """Stands in the lock file while the study is held."""

    sure: bool
    """False on a file system without locks, where somebody else may be running the study, too."""


@contextmanager
def held(folder: Path) -> Generator[Hold]:
    """Hold a study; that ends with the process, however it ends.

    Raises:
        EncaveError: somebody else holds it, or the lock file cannot be written.
    """
    path, hold = folder / LOCK_FILE, Hold(uuid.uuid4().hex, True)
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    except OSError as error:  # a link: what it leads to would be emptied
        raise EncaveError(f"{path} is no lock file of encave's ({error.strerror}): remove it") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = path.read_text(encoding="utf-8").partition(" ")[2].strip() or "another process"
            raise EncaveError(
                f"{holder} is running {folder}, and no run may be made twice. Wait for it, or end it; the same command "
                "then does what is missing"
            ) from error
        except OSError:
            hold = replace(hold, sure=False)  # a run is still finished once, by the one that is first
        try:
            os.ftruncate(handle, 0)
            os.write(handle, f"{hold.token} process {os.getpid()} on {socket.gethostname()}\n".encode())
        except OSError as error:
            raise EncaveError(f"cannot write {path}: {error.strerror}. Make room, then run it again") from error
        yield hold
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def holds(folder: Path, hold: Hold) -> bool:
    """Whether the study of this folder, as this machine sees it, is still held so."""
    try:
        return (folder / LOCK_FILE).read_text(encoding="utf-8").startswith(hold.token)
    except OSError:
        return False


def is_finished(folder: Path, spec: RunSpec, objectives: Objectives) -> bool:
    """Whether the run is there.

    Raises:
        EncaveError: it is, with other settings or damaged, or the benchmark cannot be read.
    """
    home, benchmark = folder / spec.home, objectives.benchmark(spec.benchmark)
    if not home.exists():
        return False
    different = differences(sidecar.read(home / sidecar.NAME), identity(spec, benchmark))
    if different:
        raise EncaveError(
            f"{home} is finished with other settings: {'; '.join(different)}. "
            "Choose another study folder, or delete that folder to run it again."
        )
    return True


def has_appeared(folder: Path, spec: RunSpec) -> bool:
    """Whether the run has been finished since `is_finished` said no."""
    return (folder / spec.home / sidecar.NAME).is_file()


def sweep(folder: Path, specs: Iterable[RunSpec], hold: Hold) -> None:
    """Remove the temporary folders that killed processes left where these runs go, unless they may be another's."""
    if not hold.sure:
        return
    for parent in {(folder / spec.home).parent for spec in specs}:
        with suppress(FileNotFoundError), os.scandir(parent) as entries:
            for rest in [entry.path for entry in entries if _TEMPORARY.fullmatch(entry.name)]:
                shutil.rmtree(rest, ignore_errors=True)


def log_failure(folder: Path, spec: RunSpec, reason: str, details: str) -> None:
    """Leave the reason of a failure, and what else is known of it, where `encave status` looks."""
    path = _failure(folder, spec)
    with suppress(EncaveError), atomic_file(path) as temporary:  # a full disk; the caller tells the reason anyway
        temporary.write_text(f"{reason}\n\n{details}", encoding="utf-8")


def forget_failure(folder: Path, spec: RunSpec) -> None:
    """Remove the log of an earlier failure."""
    with suppress(OSError):
        _failure(folder, spec).unlink(missing_ok=True)


def _failure(folder: Path, spec: RunSpec) -> Path:
    home = folder / spec.home
    return home.with_name(f"{home.name}.failed.log")
