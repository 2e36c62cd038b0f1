"""Names of runs and of their folders."""

from __future__ import annotations

import itertools
import re
from collections.abc import Container
from pathlib import Path

from ..file_names import fitted, is_reserved

_LONGEST = 100
_NUMBER = re.compile(r"\d+|[0-9a-f]{32}")
_TELLS_NOTHING = re.compile(
    r"(seed|run|trial)?[-_ ]?\d*|logs?|out(put)?|results?|smac3?[-_]output.*|[0-9a-f]{32}", re.IGNORECASE
)


def folder_name(name: str) -> str:
    """The name with only letters, digits, `_`, `+` and `-`.

    DeepCAVE takes a name with a dot for a file's and hides names that begin with a dot or an underscore. A name of more
    than 100 bytes ends with a hash; one that a system has another use for (`CON`) gets `-run`.
    """
    cleaned = re.sub(r"-{2,}", "-", re.sub(r"[^\w+-]", "-", name, flags=re.ASCII)).strip("-_")
    if is_reserved(cleaned):
        cleaned = f"{cleaned}-run"
    return fitted(cleaned, _LONGEST, name) or "run"


def unique(name: str, source: Path, taken: Container[str]) -> str:
    """A folder's name that is not taken: the run's, else with a folder's from the source's path, else with a number.

    Upper and lower case count as equal, as on some file systems.
    """
    base = folder_name(name)
    parents = [folder_name(folder.name) for folder in list(source.parents)[:5]]
    told = [f"{base}-{part}" for part in parents if part not in base and not _NUMBER.fullmatch(part)]
    candidates = itertools.chain([base], told, (f"{base}-{number}" for number in itertools.count(2)))
    return next(candidate for candidate in candidates if candidate.lower() not in taken)


def study_name(path: Path, optimizer: str) -> str:
    """A name for a log that has none: `<optimizer>-<folder>`, with the nearest folder whose name tells something."""
    for part in [folder.name for folder in path.absolute().parents][:4]:
        if part and not _TELLS_NOTHING.fullmatch(part):
            return part if optimizer.lower() in part.lower() else f"{optimizer}-{part}"
    return optimizer
