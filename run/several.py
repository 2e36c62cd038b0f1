"""Several runs, as people give them to functions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast

from ..errors import EncaveError
from .model import Run


def several_runs(given: object) -> tuple[Run, ...]:
    """The runs that were given.

    Raises:
        EncaveError: it is something else; the message says what to give.
    """
    if isinstance(given, str | Path):
        raise EncaveError(f"{str(given)!r} is no list of runs; encave.read({str(given)!r}) reads those that are there")
    if isinstance(given, Run):
        raise EncaveError(f"one run was given where a list of runs is wanted: write [run], here of {given.name}")
    if not isinstance(given, Iterable):
        raise EncaveError(f"a list of runs is wanted, as encave.read gives it, not {type(given).__name__}")
    runs: list[Run] = []
    for place, run in enumerate(cast("Iterable[object]", given)):
        if not isinstance(run, Run):
            raise EncaveError(f"number {place} of the list of runs is no run but {type(run).__name__}")
        runs.append(run)
    return tuple(runs)
