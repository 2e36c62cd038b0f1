"""Which search made a log: what the log says, else the names that people give studies and folders, else its library."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...run import Note

_FOLDERS = 4  # above a log that may name its search
RANDOM_SEARCH = r"random(?![^0-9a-z]*(?:seeds?(?![0-9])|forest|state|init))(?:[^0-9a-z]*(?:search|sampler))?|rs"
"""Pattern of the names of random search."""
_END = r"(?:[^0-9a-z]*(?:search|sampler|optimizer))?"
SEARCHES: Mapping[str, str] = {
    "Random Search": RANDOM_SEARCH,
    "Grid Search": r"grid(?:[^0-9a-z]*(?:search|sampler))?",
    "TPE": f"(?:mo)?tpe{_END}",
    "CMA-ES": f"cma(?:[^0-9a-z]*es)?{_END}",
    "NSGA-II": f"nsga[^0-9a-z]*(?:ii|2){_END}",
    "NSGA-III": f"nsga[^0-9a-z]*(?:iii|3){_END}",
    "GP": f"gp(?:ei|bo)?{_END}|gaussian[^0-9a-z]*process",
    "QMC": f"qmc{_END}|sobol",
    "BO": f"bo|bayes(?:ian)?(?:[^0-9a-z]*opt(?:imi[sz]ation)?)?{_END}",
    "CBO": f"cbo{_END}",
    "DE": "^de[^a-z]*$|differential[^0-9a-z]*evolution",
    "RE": "^re[^a-z]*$|rea|reg[^0-9a-z]*evo|regulari[sz]ed[^0-9a-z]*evolution|age?ing[^0-9a-z]*evolution",
    "PSO": "pso|particle[^0-9a-z]*swarm",
    "GA": "ga|genetic[^0-9a-z]*algorithm",
    "Hill Climbing": "hill[^0-9a-z]*climb(?:ing|er)",
    "Local Search": "local[^0-9a-z]*search",
    "Simulated Annealing": "simulated[^0-9a-z]*annealing",
    "Hyperband": "hyper[^0-9a-z]*band|hb",
    "ASHA": "asha",
    "Successive Halving": "^sha?[^a-z]*$|successive[^0-9a-z]*halving|halving",
    "BOHB": "bohb",
    "MOBSTER": "mobster",
    "PBT": "pbt|population[^0-9a-z]*based[^0-9a-z]*training",
    "SMAC": "smac3?",
    "DEHB": "dehb",
    "HEBO": "hebo",
    "TuRBO": "turbo",
}
"""Label → pattern of how people write it, in lower case."""


@dataclass(frozen=True)
class Named:
    """A search that a name tells."""

    label: str
    """Its label."""
    word: str
    """What says it, in lower case."""
    where: str
    """The name that it stands in."""
    what: str = "folder"
    """What has that name."""

    def note(self) -> Note:
        """That the label is from that name and not from the log."""
        text = f"label from the {self.what} ({self.label!r} from {self.where!r})"
        return Note("derived", f"the log does not say which search made it: {text}")


@dataclass(frozen=True)
class Searcher:
    """What searched, as far as that is known."""

    label: str
    """The label of the optimizer in comparisons, without its release."""
    named: Named | None = None
    """The name that tells it, where the log does not."""
    spelled: tuple[str, ...] = ()
    """How names write the search that the log tells: `nsga2` for NSGA-II."""

    @property
    def metadata(self) -> dict[str, Any]:
        """The run's `group`, and where that is from if not from the log."""
        told = {"label_from": self.named.word, "label_where": self.named.what} if self.named else {}
        spelled = {"label_spelled": list(self.spelled)} if self.spelled else {}
        return {"group": self.label, **told, **spelled}

    @property
    def notes(self) -> list[Note]:
        """That the label is not from the log, if so."""
        return [self.named.note()] if self.named else []


def searcher(
    library: str,
    path: Path,
    logged: str | None = None,
    *,
    pruner: str | None = None,
    study: str | None = None,
    known: Mapping[str, str] = SEARCHES,
    own: bool = True,
) -> Searcher:
    """What searched, with the library that logged it: `Optuna (TPE)`; the library alone if nothing tells more.

    Args:
        library: The library, which serves several searchers.
        path: The log.
        logged: The searcher as the log says it.
        pruner: What ended evaluations early, as the log says it, whatever tells the searcher.
        study: Name of the study, which goes before file and folders.
        known: Label → pattern of the searchers that names can tell.
        own: Whether they are the library's own, so that its name is a part of their labels.
    """
    others = {label: pattern for label, pattern in known.items() if label.lower() != library.lower()}
    named = None if logged else (named_in(study, others) if study else None) or named_in_path(path, others)
    told = " + ".join(filter(None, (named.label if named else logged, pruner)))
    if not told:
        return Searcher(library)
    in_log = " + ".join(filter(None, (logged, pruner)))
    spelled = _spelled(in_log, path, study, {**SEARCHES, **known}) if in_log else ()
    return Searcher(_with(library, told) if own else told, named, spelled)


def _with(library: str, name: str) -> str:
    return name if library.lower() in name.lower() else f"{library} ({name})"


def _spelled(logged: str, path: Path, study: str | None, known: Mapping[str, str]) -> tuple[str, ...]:
    """How the names of study, file and folders write a search of the log, which is then no word of the task."""
    words = set(re.findall(r"[^\s+]+", logged.lower())) | {logged.lower()}
    own = [pattern for label, pattern in known.items() if label.lower() in words]
    names = [study or "", path.name, *(folder.name for folder in path.absolute().parents[:_FOLDERS])]
    found = (match[0] for name in names for pattern in own for match in _finds(pattern, name))
    return tuple(dict.fromkeys(found))


def _finds(pattern: str, name: str) -> Iterable[re.Match[str]]:
    return re.finditer(rf"(?<![a-z])(?:{pattern})(?![a-z])", name.lower())


def named_in_path(path: Path, known: Mapping[str, str] = SEARCHES) -> Named | None:
    """The search that the file's name, else the nearest folder, tells; None if none tells exactly one.

    Args:
        path: The log.
        known: Label → pattern of how it is written, in lower case.
    """
    folders = [folder.name for folder in path.absolute().parents][:_FOLDERS]
    return _of_file(path, known) or _first_named(folders, known, "folder")


def named_in(name: str, known: Mapping[str, str], what: str = "study's name") -> Named | None:
    """The search that the name of a study, or of what else, tells; None if it tells none or several."""
    return _first_named([name], known, what)


def _of_file(path: Path, known: Mapping[str, str]) -> Named | None:
    """What the file's name tells up to its first dot, else the only one that its parts between dots tell."""
    first, *others = path.stem.split(".") if path.suffix else [""]
    told = [_first_named([part], known, "file's name") for part in (first, *others)]
    found = {one.label: one for one in reversed(told) if one is not None}
    return told[0] or (next(iter(found.values())) if len(found) == 1 else None)


def _first_named(names: Iterable[str], known: Mapping[str, str], what: str) -> Named | None:
    patterns = tuple(known.items())
    return next((told for name in names if (told := _named(name, patterns, what)) is not None), None)


@lru_cache(maxsize=256)  # the logs of a study are below the same folders
def _named(name: str, patterns: tuple[tuple[str, str], ...], what: str) -> Named | None:
    found = {label: next(iter(_finds(pattern, name)), None) for label, pattern in patterns}
    told = [Named(label, match[0], name, what) for label, match in found.items() if match]
    return told[0] if len(told) == 1 else None
