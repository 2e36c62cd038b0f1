"""Native run folders for DeepCAVE 1.2 and 1.3, whose lines have 8 fields: those of 1.4 without the CPU time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ....files.atomic import atomic_folder
from ....run import Run
from ...parts.space import SPACE_FILE
from . import output
from .files import FILES
from .native import HISTORY

_CPU_TIME = 4  # its place among the nine fields of a line
_TWIN = ("trials.csv", "configspace.csv")


def write(run: Run, folder: Path, name: str) -> list[str]:
    """Write `folder/<name>/` with DeepCAVE's five files; it appears whole or not at all.

    Returns:
        What the files do not hold of this run, one sentence each.

    Raises:
        EncaveError: the folder cannot be written.
    """
    shown, notes = output.prepare(run)
    with atomic_folder(folder / name, ours=FILES) as temporary:
        output.write(run, shown, temporary)
        for twin in _TWIN:
            (temporary / twin).unlink()
        _without_cpu_time(temporary / HISTORY)
        _for_older_configspace(temporary / SPACE_FILE)
    return [f"{run.name}: {note.text} ({note.count} trials)" for note in notes if not note.text.startswith("stock")]


def _without_cpu_time(history: Path) -> None:
    with history.open(encoding="utf-8") as file:  # its lines end with "\n" only, unlike those of str.splitlines
        lines = [json.loads(line) for line in file]
    shorter = (line[:_CPU_TIME] + line[_CPU_TIME + 1 :] for line in lines)
    history.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in shorter), encoding="utf-8")


def _for_older_configspace(path: Path) -> None:
    """DeepCAVE 1.2 reads spaces with ConfigSpace 0.6, which knows other keys; both releases pass over unknown ones."""
    space = json.loads(path.read_text(encoding="utf-8"))
    for hyperparameter in space["hyperparameters"]:
        hyperparameter |= _older(hyperparameter)
    if space.get("name") is None:
        space.pop("name", None)
    path.write_text(json.dumps(space, ensure_ascii=False, indent=2), encoding="utf-8")


def _older(hyperparameter: dict[str, Any]) -> dict[str, Any]:
    return {"default": hyperparameter["default_value"]} if "default_value" in hyperparameter else {}
