"""The folder that encave is started in may be somebody's logs: neither code nor settings are taken from it."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from multiprocessing import resource_tracker, util
from pathlib import Path

from .children import without_interrupts

_ARGUMENTS = "_args_from_interpreter_flags"
_OPTION = "-P" if sys.version_info >= (3, 11) else "-I"  # the first Python that can leave out that folder alone


_MODULE = """import sys; sys.path[:] = dict.fromkeys([one for one in sys.path if one] + {path!r})
from encave.files.working_folder import spawn_safely; spawn_safely(); from runpy import run_module
name = sys.argv[2]; del sys.argv[1:3]; run_module(name, run_name='__main__', alter_sys=True)"""


def runs_module(path: Sequence[str]) -> str:
    """A program for `python -c`, to be followed by `-m`, a module and its arguments: it runs the module as `python -m`.

    Unlike that, neither it nor processes that multiprocessing starts in it import from the working folder; on Python
    3.10 too, where what else leaves out that folder leaves out a user's own packages with it.

    Args:
        path: Where modules are looked for in the end, beside where that Python looks.
    """
    return _MODULE.format(path=[str(Path(one).absolute()) for one in path if one])


def spawn_safely() -> None:
    """Processes that multiprocessing starts from now on import nothing from the working folder.

    They are started with `python -c`, which looks there first until it is told where to look: a `json.py` among logs
    would be run.
    """
    made = getattr(util, _ARGUMENTS)
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False) or _OPTION in made()):
        setattr(util, _ARGUMENTS, lambda: [*made(), _OPTION])  # there is no setting for it


@contextmanager
def spawning() -> Generator[None]:
    """As `spawn_safely`; Ctrl-C waits as in `without_interrupts`."""
    spawn_safely()
    resource_tracker.ensure_running()  # it lets an interrupt through again in the thread that starts it
    with without_interrupts():
        yield


def load_matplotlib() -> None:
    """Load matplotlib without the `matplotlibrc` of the working folder, which may be code; nothing where none is."""
    if "matplotlib" not in sys.modules and os.path.lexists("matplotlibrc"):
        here = Path.cwd()
        os.chdir(Path(os.__file__).parent)
        try:
            importlib.import_module("matplotlib")
        finally:
            os.chdir(here)
