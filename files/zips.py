"""One member of a zip archive of unknown origin, with bounded memory."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from ..errors import EncaveError

LIMIT = 256 * 1024 * 1024
"""Bytes that a member may have when unpacked."""
_RATIO = 200
_FREE = 8 * 1024 * 1024  # below this size no ratio is suspicious
_MEMBERS = 1_000_000


def read_member(path: Path, ending: str) -> bytes:
    """The only member of an archive whose name ends with `ending`, unpacked in memory.

    Raises:
        EncaveError: it is no zip archive, damaged, has none or several such members, or unpacks to far more than it is.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive, path, ending)
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        reason = f"{path.stat().st_size} bytes" if path.is_file() else "no file"
        raise EncaveError(f"{path} is not a whole zip archive ({reason}): {error}") from error


def _read(archive: zipfile.ZipFile, path: Path, ending: str) -> bytes:
    members = [member for member in archive.infolist()[:_MEMBERS] if member.filename.endswith(ending)]
    if len(members) != 1:
        raise EncaveError(f"{path} holds {len(members)} files named *{ending}; one is expected")
    member = members[0]
    suspicious = member.file_size > _FREE and member.file_size > _RATIO * max(member.compress_size, 1)
    if member.file_size > LIMIT or suspicious:
        told = f"unpacks from {member.compress_size} to {member.file_size} bytes"
        raise EncaveError(f"{path}: {member.filename} {told}; encave does not read it")
    with archive.open(member) as file:
        data = file.read(member.file_size + 1)
    if len(data) != member.file_size:
        raise EncaveError(f"{path}: {member.filename} is not as long as the archive says")
    return data
