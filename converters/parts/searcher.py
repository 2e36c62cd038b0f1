"""Which search made a log, from the names that people give folders and studies, where the log does not say it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...run import Note

_FOLDERS = 4  # above a log that may name its search
RANDOM_SEARCH = r"random(?![^0-9a-z]*(?:seed|forest|state|init))(?:[^0-9a-z]*(?:search|sampler))?|rs"
"""Pattern of the names of random search."""


@dataclass(frozen=True)
class Named:
    """A search that a name tells."""

    label: str
    """Its label."""
    word: str
    """What says it, in lower case."""
    where: str
    """The name that it stands in."""

    def note(self, what: str) -> Note:
        """That the label is from the name of a `what` and not from the log."""
        text = f"the log does not say which search made it: label from the {what} ({self.label!r} from {self.where!r})"
        return Note("derived", text)


def named_in_folders(path: Path, known: Mapping[str, str]) -> Named | None:
    """The search that the nearest folder tells which tells exactly one; None if no folder does.

    Args:
        path: The log.
        known: Label → pattern of how it is written, in lower case.
    """
    return _first_named([folder.name for folder in path.absolute().parents][:_FOLDERS], known)


def named_in(name: str, known: Mapping[str, str]) -> Named | None:
    """The search that this name tells; None if it tells none or several."""
    return _first_named([name], known)


def _first_named(names: Iterable[str], known: Mapping[str, str]) -> Named | None:
    for name in names:
        patterns = {label: rf"(?<![a-z])(?:{pattern})(?![a-z])" for label, pattern in known.items()}
        found = {label: re.search(pattern, name.lower()) for label, pattern in patterns.items()}
        told = [Named(label, match[0], name) for label, match in found.items() if match]
        if len(told) == 1:
            return told[0]
    return None
