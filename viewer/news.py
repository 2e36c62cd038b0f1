"""Runs that appear below the paths while DeepCAVE is open: looked for here, offered by the page, added when wanted."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import EncaveError
from ..files.atomic import atomic_file
from .selection import Grouping, Selection, select

FILE = "news.json"
_SECONDS = 10.0  # between two looks
_SHARE = 20  # of the time at most one part is spent on looking


class Watch:
    """Looks for runs that were not there before.

    Args:
        paths: Files and folders below which they appear.
        find: Folders of the converted runs at or below them; logs are converted.
        shown: The runs that are shown.
        folder: The session's, for `news.json`.
        on_note: Told what cannot be shown, once.
        grouping: As for `select`.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        find: Callable[[], Sequence[Path]],
        shown: Selection,
        folder: Path,
        on_note: Callable[[str], None],
        grouping: Grouping | None = None,
    ) -> None:
        self._grouping = grouping
        self._paths, self._find, self._shown, self._folder, self._on_note = paths, find, shown, folder, on_note
        self._known = self._seen = names_below(paths)
        self._told = set(shown.notes)
        self._at = time.monotonic() + _SECONDS

    def look(self) -> None:
        """Look if it is time to; what has appeared and is complete is written for the page."""
        now = time.monotonic()
        if now < self._at:
            return
        names = names_below(self._paths)
        settled, self._seen = names == self._seen, names
        if settled and names != self._known:
            self._known = names
            self._offer()
        self._at = time.monotonic() + max(_SECONDS, _SHARE * (time.monotonic() - now))

    def _offer(self) -> None:
        try:
            selection = select(self._find(), self._shown.objective, self._grouping)
        except EncaveError as error:
            self._tell([f"new runs cannot be read: {error}"])
            return
        self._tell(selection.notes)
        runs = [str(run) for run in selection.runs]
        groups = {name: [str(run) for run in members] for name, members in selection.groups.items()}
        with atomic_file(self._folder / FILE) as temporary:
            names = {str(run): name for run, name in selection.names.items()}
            temporary.write_text(json.dumps({"runs": runs, "groups": groups, "names": names}), encoding="utf-8")

    def _tell(self, notes: Iterable[str]) -> None:
        for note in notes:
            if note not in self._told:
                self._told.add(note)
                self._on_note(note)


def names_below(paths: Sequence[Path]) -> frozenset[str]:
    """Names of all files at or below some paths."""
    found = {str(path) for path in paths if path.is_file()}
    for path in paths:
        for folder, _, files in os.walk(path):
            found.update(os.path.join(folder, file) for file in files)  # noqa: PTH118 - ten times as fast as Path
    return frozenset(found)


def new_runs(folder: Path, selected: Iterable[str]) -> list[str]:
    """The runs that were offered in a session's folder and are not among those that are selected."""
    known = set(selected)
    return [run for run in _read(folder)["runs"] if run not in known]


def add_new_runs(folder: Path, handler: Any) -> None:
    """Select the runs that were offered, and put them into their groups.

    Args:
        folder: The session's.
        handler: DeepCAVE's `RunHandler`.
    """
    news = _read(folder)
    new = new_runs(folder, handler.get_selected_run_paths())
    for kind in handler.available_run_classes:
        kind.names.update({run: name for run, name in news["names"].items() if run in new})
    handler.c.set("selected_run_paths", value=[*handler.get_selected_run_paths(), *new])
    handler.update_runs()
    handler.update_groups(_grown(handler.get_selected_groups(), news["groups"], new))
    handler.c.set("last_inputs", value={})


def _grown(
    groups: Mapping[str, list[str]], offered: Mapping[str, list[str]], new: Sequence[str]
) -> dict[str, list[str]]:
    """The groups with the new runs, each in its own; a run that was taken out of one stays out."""
    grown = dict(groups)
    for name, members in offered.items():
        if any(run in new for run in members):
            old = groups.get(name, members)
            grown[name] = [run for run in members if run in new or run in old]
    return grown


def _read(folder: Path) -> dict[str, Any]:
    file = folder / FILE
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {"runs": [], "groups": {}, "names": {}}
