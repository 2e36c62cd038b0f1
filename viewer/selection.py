"""Which runs DeepCAVE is to show, and which of them it can show as one group."""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import EncaveError
from ..files.json_text import read_text
from . import native

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

    from ..run import Provenance


Grouping: TypeAlias = "Callable[[Sequence[Path]], tuple[Mapping[Path, str], Sequence[str]]]"
"""Folders of runs → the group of each that has one, by its name, and remarks on how they were put together."""
COMMON_NAME = "objective"
"""What an objective is called that the logs of a task call differently."""


_MERGEABLE = ("spaces", "budgets", "objectives", "reported columns")
_NAMED = 6  # runs in a sentence


@dataclass(frozen=True)
class Selection:
    """Runs and groups for DeepCAVE."""

    runs: tuple[Path, ...]
    """Folders of the runs, in the order given."""
    groups: Mapping[str, tuple[Path, ...]]
    """Group name, e.g. `DEHB (cifar10)` → folders of its runs."""
    notes: tuple[str, ...]
    """What was left out or not grouped, one sentence each."""
    names: Mapping[Path, str] = field(default_factory=dict)
    """Folder → the common name of the run's only objective, where the logs of a task call it differently."""
    objective: str | None = None
    """Name of the objective that comes first, of runs that have it."""

    @property
    def working_directory(self) -> Path:
        """Folder that holds the first run, whose other runs the first page then offers."""
        return self.runs[0].parent


@dataclass(frozen=True)
class _Candidate:
    folder: Path
    name: str
    group: str
    mergeable: tuple[Hashable, ...]  # equal for runs that DeepCAVE can merge; `_MERGEABLE` names its parts
    seeds: frozenset[int]
    only_objective: tuple[str, str, str] | None  # task, direction and name, of a run with one objective and a task
    objectives: tuple[str, ...]


def select(folders: Iterable[Path], objective: str | None = None, grouping: Grouping | None = None) -> Selection:
    """Select runs and group them, if spaces, objectives and budgets are equal, as DeepCAVE needs.

    Args:
        folders: Folders of converted runs.
        objective: Name of the objective that is to come first; None leaves them in the order of the log.
        grouping: Says which runs are of one group; None: those of one optimizer and task by the headers of the runs.

    Raises:
        EncaveError: none of the folders can be shown, or none of the runs has the objective.
    """
    notes: list[str] = []
    candidates: list[_Candidate] = []
    for folder in dict.fromkeys(Path(os.path.abspath(folder)) for folder in folders):  # noqa: PTH100 - keeps links
        try:
            candidates.append(_candidate(folder))
        except EncaveError as error:
            notes.append(f"left out: {error}")
        except Exception as error:  # noqa: BLE001 - one damaged run must not keep the others from being shown
            notes.append(f"left out: {folder} is damaged ({type(error).__name__}: {error}). Convert the run again.")
    if not candidates:
        raise EncaveError("; ".join(notes) or "no runs to show; name folders that `encave convert` has written")
    if grouping is not None:
        named, remarks = grouping([candidate.folder for candidate in candidates])
        candidates = [replace(one, group=named.get(one.folder, "")) for one in candidates]
        notes += remarks
    alike = Counter(candidate.name for candidate in candidates)
    notes += [f"{count} runs are named {name}; DeepCAVE shows them alike" for name, count in alike.items() if count > 1]
    groups = dict(_groups(candidates, notes))
    names = _common_names(candidates, notes)
    if objective is not None:
        _check_objective(candidates, objective, notes)
    return Selection(tuple(c.folder for c in candidates), groups, tuple(notes), names, objective)


def _check_objective(candidates: Sequence[_Candidate], objective: str, notes: list[str]) -> None:
    """Name the runs that have no such objective."""
    others = [candidate for candidate in candidates if objective not in candidate.objectives]
    known = ", ".join(sorted({name for candidate in others for name in candidate.objectives}))
    if len(others) == len(candidates):
        raise EncaveError(f"no run has an objective {objective!r}; there are {known}")
    if others:
        notes.append(f"{len(others)} of {len(candidates)} runs have no objective {objective!r} but {known}")


def _common_names(candidates: Sequence[_Candidate], notes: list[str]) -> dict[Path, str]:
    """Runs of one objective on one task measure the same if their direction is the same, as in the report."""
    called: dict[tuple[str, str], dict[str, list[Path]]] = defaultdict(lambda: defaultdict(list))
    for candidate in candidates:
        if candidate.only_objective:
            task, direction, name = candidate.only_objective
            called[task, direction][name].append(candidate.folder)
    found: dict[Path, str] = {}
    for (task, direction), names in called.items():
        if len(names) > 1:
            told = ", ".join(sorted(names))
            notes.append(f"{task}: {told} are one objective that is {direction}d, called {COMMON_NAME} on the pages")
            found |= {folder: COMMON_NAME for folders in names.values() for folder in folders}
    return found


def _candidate(folder: Path) -> _Candidate:
    missing = [name for name in native.FILES if not (folder / name).is_file()]
    if missing:
        raise EncaveError(f"{folder} is no converted run: {', '.join(missing)} missing. Run `encave convert` first.")
    header, content = _header(folder), native.read(folder)
    meta, space = content.meta, (folder / "configspace.json").read_text(encoding="utf-8")
    if not content.history:
        raise EncaveError(f"{folder} has no trial, so no page could show it")
    _check_configurations(folder, space, content.configs)
    known = provenance(header)
    label = known.group or header.get("optimizer", {}).get("name", "")
    return _Candidate(
        folder,
        str(header.get("name", folder.name)),
        f"{label} ({known.task})" if known.task else str(label),
        (
            _space_key(space),
            tuple(meta["budgets"]),
            tuple(_objective_key(o) for o in meta["objectives"]),
            tuple(entry.column for entry in known.reporting),
        ),
        frozenset(meta["seeds"]),
        _only_objective(header, known.task),
        tuple(str(one["name"]) for one in meta["objectives"]),
    )


def _only_objective(header: Mapping[str, Any], task: str | None) -> tuple[str, str, str] | None:
    objectives = header.get("objectives") or ()
    if len(objectives) != 1 or task is None:
        return None
    return task, str(objectives[0].get("direction") or "minimize"), str(objectives[0]["name"])


def provenance(header: Mapping[str, Any]) -> Provenance:
    """Where a run comes from, as its header tells.

    Raises:
        EncaveError: a value is of another type than its key's.
    """
    from ..run import Provenance  # here, since it brings pyarrow along, which the started processes can do without

    return Provenance.from_json(header.get("metadata", {}))


def _check_configurations(folder: Path, space_text: str, configs: Mapping[int, Mapping[str, Any]]) -> None:
    """Refuse what DeepCAVE's pages would break on: a value outside the space, or none without a condition."""
    space = _space(space_text)
    if not space:
        raise EncaveError(
            f"the log of {folder} tells of no hyperparameters, as DeepCAVE's pages need; encave report compares it"
        )
    conditional = set(space.conditional_hyperparameters)
    for name, hyperparameter in space.items():
        legal: dict[tuple[type, Any], bool] = {}
        for config_id, config in configs.items():
            where = f"{folder}: configuration {config_id}"
            if name not in config:
                if name not in conditional:
                    raise EncaveError(f"{where} has no {name}, though the space has no condition for it")
                continue
            value = config[name]
            key = (type(value), value)
            if key not in legal:
                legal[key] = bool(hyperparameter.legal_value(value))
            if not legal[key]:
                raise EncaveError(f"{where} has {name} = {value!r}, which is outside the space")


def _header(folder: Path) -> dict[str, Any]:
    from ..run import HEADER_FILE  # here, as above

    path = folder / HEADER_FILE
    if not path.is_file():
        return {}
    try:
        header = json.loads(read_text(path))
    except (EncaveError, ValueError) as error:
        raise EncaveError(f"cannot read {path}: {error}. Convert the run again.") from error
    return header if isinstance(header, dict) else {}


def _objective_key(objective: Mapping[str, Any]) -> Hashable:
    """What must be equal for DeepCAVE to merge two objectives; bounds only where they are locked."""
    bounds = (objective[bound] if objective[f"lock_{bound}"] else None for bound in ("lower", "upper"))
    return (objective["name"], objective["optimize"], objective["lock_lower"], objective["lock_upper"], *bounds)


@lru_cache(maxsize=1000)
def _space(text: str) -> ConfigurationSpace:
    from ..run.spaces import made_space

    return made_space(json.loads(text))


@lru_cache(maxsize=1000)
def _space_key(text: str) -> str:
    """A text that is equal for equal spaces."""
    return json.dumps(_space(text).to_serialized_dict(), sort_keys=True, default=str)


def _groups(candidates: Sequence[_Candidate], notes: list[str]) -> Iterable[tuple[str, tuple[Path, ...]]]:
    labelled: dict[str, list[_Candidate]] = defaultdict(list)
    for candidate in candidates:
        if candidate.group:
            labelled[candidate.group].append(candidate)
    for label, members in labelled.items():
        if len(members) < 2:
            continue
        kinds = Counter(member.mergeable for member in members)
        kind, size = kinds.most_common(1)[0]
        apart = [member.name for member in members if size == 1 or member.mergeable != kind]
        if apart:
            notes.append(f"not grouped with {label}: {_some(apart)}; {_difference(members)}")
        together = [member for member in members if member.mergeable == kind]
        if size > 1:
            _note_shared_seeds(label, together, notes)
            yield label, tuple(member.folder for member in together)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _difference(members: Sequence[_Candidate]) -> str:
    """What differs among runs that DeepCAVE cannot merge."""
    columns = zip(*(member.mergeable for member in members), strict=True)
    found = [name for name, values in zip(_MERGEABLE, columns, strict=True) if len(set(values)) > 1]
    return f"their {' and '.join(found)} differ, and DeepCAVE cannot merge such runs"


def _note_shared_seeds(label: str, members: Sequence[_Candidate], notes: list[str]) -> None:
    seeds = Counter(seed for member in members for seed in member.seeds)
    shared = sorted(seed for seed, count in seeds.items() if count > 1)
    if shared:
        text = ", ".join(map(str, shared[:5])) + (", …" if len(shared) > 5 else "")
        notes.append(f"{label}: runs share the trial seeds {text}; of equal trials DeepCAVE's group keeps one")
