"""What the processes of a viewer say: in its own folder, kept where one of them fails, or in a file that was named."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import BinaryIO

from ..errors import EncaveError

_LAST = 5  # lines that a message quotes


class Logs:
    """The logs of a viewer's processes.

    Args:
        file: File to which all is appended; None gives each process one in the viewer's folder.

    Raises:
        EncaveError: the file cannot be written.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = None if file is None else file.absolute()
        self.folder = Path()
        if self._file is not None:
            try:
                _appending(self._file).close()
            except OSError as error:
                raise EncaveError(
                    f"cannot write {file}: {error.strerror}. Name another file for --log-file."
                ) from error

    def open(self, name: str) -> BinaryIO:
        """The log of a process, for its output."""
        return _appending(self._path(name))

    def told(self, name: str) -> str:
        """The last words of a process and where all of them are from now on, for a message."""
        text = self._path(name).read_text(encoding="utf-8", errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        last = f"Its last words: {' | '.join(lines[-_LAST:])}. " if lines else ""
        return f"{last}{self._kept()}"

    def _path(self, name: str) -> Path:
        return self._file or self.folder / f"{name}.log"

    def _kept(self) -> str:
        """Keep the logs of the folder, which goes with the session."""
        if self._file is not None:
            return f"The log is {self._file}."
        from platformdirs import user_log_path

        kept = user_log_path("encave") / f"open-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            with _appending(kept) as out:
                for log in sorted(self.folder.glob("*.log")):
                    out.write(f"==> {log.stem} <==\n".encode() + log.read_bytes())
        except OSError as error:
            return f"The logs could not be kept in {kept}: {error.strerror}."
        return f"The logs are kept in {kept}."


def _appending(path: Path) -> BinaryIO:
    """A file for us alone: the server notes addresses, and the first holds the token."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
