"""The folder that encave is started in may be somebody's logs: neither code nor settings are taken from it."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing import resource_tracker, util
from pathlib import Path

from .children import without_interrupts

_ARGUMENTS = "_args_from_interpreter_flags"
_OPTION = "-P" if sys.version_info >= (3, 11) else "-I"  # the first Python that can leave out that folder alone


@contextmanager
def spawning() -> Generator[None]:
    """Processes that multiprocessing starts, now and later, import nothing from the working folder.

    They are started with `python -c`, which looks there first until it is told where to look: a `json.py` among logs
    would be run. Ctrl-C waits as in `without_interrupts`.
    """
    made = getattr(util, _ARGUMENTS)
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False) or _OPTION in made()):
        setattr(util, _ARGUMENTS, lambda: [*made(), _OPTION])  # there is no setting for it
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
