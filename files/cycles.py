"""Python's search for objects that hold each other, put off while very many are made."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def no_search_for_cycles() -> Generator[None]:
    """Within this, cycles are not looked for: among many small objects that takes much of the time."""
    wanted = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if wanted:
            gc.enable()
