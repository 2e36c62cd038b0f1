"""The seed of a run from the names that people give files, folders and studies, where the log does not say it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...run import Note

_FOLDERS = 3  # above a log that may name its seed
_DIGITS = 18  # of a seed, which is a 64-bit integer
_SEED = re.compile(
    rf"(?<![a-z])(?:(?:random|rng)?[-_ ]?seeds?|rng|random[-_ ]?state)[-_ =:/.]*"
    rf"([0-9]{{1,{_DIGITS}}})(?![0-9]|\.[0-9])|^([0-9]{{1,{_DIGITS}}})[-_ ]*seed$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=(?:Seed|Run|Rep|Trial)(?![a-z]))")
_ALONE, _OVER_IT = re.compile(rf"[0-9]{{1,{_DIGITS}}}"), re.compile(r"(?:random|rng)?[-_ ]?seeds?")
# a longer number is a date
_REPETITION = re.compile(
    r"(?<![a-z])(?:(?:run(?:[-_ ]?(?:id|nr|no|number))?|repetition|repeat|replicat(?:e|ion)|rep|trial)"
    r"[-_ =:]*([0-9]{1,6})(?![0-9a-z]|\.[0-9])|s([0-9]{1,6})$)"
)


@dataclass(frozen=True)
class NamedSeed:
    """A seed that a name tells."""

    seed: int
    """The seed."""
    where: str
    """Whose name says it, and the name: `folder's name 'run_3'`."""

    def note(self) -> Note:
        """That the seed is from a name and not from the log."""
        return Note("derived", f"the log does not say the seed: {self.seed} from the {self.where}")

    def against(self, logged: int | None) -> Note:
        """That the log says another seed, which counts."""
        return Note("flagged", f"the log says the seed {logged}, which counts, and the {self.where} another")


def named_seed(
    path: Path, study: str | None = None, *, repetitions: bool = True, of: Literal["study", "run"] | None = None
) -> NamedSeed | None:
    """What the name of a log, of its study, or of one of the three folders above says the seed is; None if none does.

    `seed` (`random_state`, `rng`, `seeds/3`) counts before `run`, `rep`, `repeat`, `trial` and a last `s7`, and the
    nearest name before those above it.

    Args:
        path: The log.
        study: Name of the study in it.
        repetitions: Whether a number of a run or a repetition counts, too.
        of: What has that name if nothing else is asked, as a run of a table of several.
    """
    if of is not None:
        names = [(of, study or "")]
        return _first(names, _SEED) or _first(names, _REPETITION)
    absolute = path.absolute()
    files = dict.fromkeys((path.stem.partition(".")[0], path.stem) if path.suffix else (path.name,))
    names = [("study", study or ""), *(("file", name) for name in files)]
    names += [("folder", _with_seeds(folder)) for folder in list(absolute.parents)[:_FOLDERS]]
    return _first(names, _SEED) or (_first(names, _REPETITION) if repetitions else None)


def _with_seeds(folder: Path) -> str:
    """The folder's name; of a number in a folder of seeds with that folder's before it: `seeds/3`."""
    numbered = _ALONE.fullmatch(folder.name) and _OVER_IT.fullmatch(folder.parent.name.lower())
    return f"{folder.parent.name}/{folder.name}" if numbered else folder.name


def _first(names: Iterable[tuple[str, str]], pattern: re.Pattern[str]) -> NamedSeed | None:
    for whose, name in names:
        spelled = _CAMEL.sub("_", name).lower()
        numbers = {int(found[found.lastindex or 0]) for found in pattern.finditer(spelled)}
        if len(numbers) == 1:
            return NamedSeed(numbers.pop(), f"{whose}'s name {name!r}")
    return None
