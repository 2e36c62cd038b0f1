"""Programs of the search path that run: what stands there may be a stand-in that only says that it is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

_SECONDS = 60.0


def working(name: str, beside: Sequence[str] = ()) -> tuple[str, str]:
    """The first program of a name that answers `--version`, and why the first of the others does not.

    Args:
        name: Of the program.
        beside: Folders that are looked at before those of the search path.

    Returns:
        Its path, empty if none works; and `path: reason` of the first that does not, empty if none was tried in vain.
    """
    told = ""
    for folder in (*beside, *os.get_exec_path()):
        program = shutil.which(name, path=folder) if folder else None
        if program is None:
            continue
        reason = _why_not(program)
        if not reason:
            return program, told
        told = told or f"{program}: {reason}"
    return "", told


def _why_not(program: str) -> str:
    """Why a program does not run; empty if it does."""
    try:
        done = subprocess.run(
            [program, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except OSError as error:
        return str(error.strerror)
    except subprocess.TimeoutExpired:
        return f"no answer within {_SECONDS:.0f} s"
    if done.returncode:
        return next((line.strip() for line in done.stderr.splitlines() if line.strip()), f"status {done.returncode}")
    return ""
