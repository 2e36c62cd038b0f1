"""What stands beside SMAC's run history: scenario, configuration space, statistics; and what they say of the run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ....errors import EncaveError
from ....files.json_text import read_json
from ....run import Note, Objective
from ...parts.names import study_name
from ...parts.numbers import finite
from ...parts.space import space_file

RUN_HISTORY = re.compile(r"runhistory(?P<suffix>.*)\.json", re.IGNORECASE)
_HASH = re.compile(r"[0-9a-f]{32}")
_SETTING = re.compile(r"^[ \t]*([\w-]+)[ \t]*=[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)
_RUN_FOLDER = re.compile(r"\brun_(\d+)\b")
_TRAJECTORIES = ("trajectory", "intensifier", "traj", "traj_aclib2")
_LARGEST = 1 << 24  # bytes of a scenario.txt


@dataclass(frozen=True)
class SmacFiles:
    """The files of a run history; those with its own suffix go first, as `scenario 2.txt` for `runhistory 2.json`."""

    suffix: str = ""
    """What the run history's name has between `runhistory` and `.json`."""
    scenario: Path | None = None
    """`scenario.json` of 2.0 and later or `scenario.txt` of 1.x."""
    space: Path | None = None
    """Configuration space, as JSON or PCS."""
    statistics: Path | None = None
    """`optimization.json` of 2.0 and later or `stats.json` before."""
    trajectory: Path | None = None
    """What names SMAC's incumbents: `intensifier.json` of 2.0 and later, `traj.json` or `traj_aclib2.json` before."""

    @property
    def statistics_name(self) -> str:
        """Name of the file with the statistics."""
        return "" if self.statistics is None else self.statistics.name

    @property
    def files(self) -> tuple[Path, ...]:
        """Those that are there."""
        found = (self.scenario, self.space, self.statistics, self.trajectory)
        return tuple(path for path in found if path is not None)


@dataclass(frozen=True)
class Scenario:
    """What SMAC was told, as far as it is kept."""

    content: Mapping[str, Any]
    """Setting → value; text in 1.x."""
    legacy: bool = False
    """Whether it is of 1.x."""
    alpha: bool = False
    """Whether `stats.json` is that of the first alpha of 2.0."""
    finished: bool | None = None
    """Whether the run had ended when SMAC last wrote; None if unknown."""
    counted: int | None = None
    """How many trials had finished then, as `stats.json` counts them; None if unknown."""

    @property
    def version(self) -> str | None:
        """Release of SMAC, which 2.0 and later write."""
        told = _mapping(self.content.get("_meta")).get("version")
        return "2.0 alpha" if self.alpha else None if told is None else str(told)

    @property
    def facade(self) -> str | None:
        """The class that the user called, which 2.0 and later write."""
        told = _mapping(_mapping(self.content.get("_meta")).get("facade")).get("name")
        return told if isinstance(told, str) else None

    def objectives(self, count: int) -> list[Objective]:
        """The objectives, `count` of them."""
        key = "multi_objectives" if self.legacy else "objectives"
        told: Any = self.content.get(key, "cost")
        if isinstance(told, str) and self.legacy:
            told = re.findall(r"[^\s,\[\]'\"]+", told)
        names = [str(name) for name in told] if isinstance(told, list) else [str(told)]
        if count == 1 and self.content.get("run_obj") == "runtime":
            return [Objective("runtime", unit="s")]
        return [Objective(name) for name in (names if len(set(names)) == len(names) == count else _numbered(count))]

    def name(self, path: Path, suffix: str) -> str:
        """The study's name; folders named after a seed, a date or a hash tell nothing."""
        name = str(self.content.get("name") or "")
        if not name or _HASH.fullmatch(name):
            name = study_name(path, "SMAC") + (f"-{suffix.strip(' _-')}" if suffix.strip(" _-") else "")
        elif "smac" not in name.lower():
            name = f"SMAC-{name}"
        seed = self.content.get("seed")
        return name if seed is None else f"{name}-seed{seed}"

    def metadata(self) -> dict[str, Any]:
        """Everything that a `Run` has no field for."""
        kept = {"seed": self.content.get("seed"), "workers": self.content.get("n_workers"), "facade": self.facade}
        number = _RUN_FOLDER.search(str(self.content.get("pcs_fn", ""))) if self.legacy else None
        kept |= {"run_id": number and int(number[1]), "finished": self.finished}
        told = {"group": "SMAC", **{key: value for key, value in kept.items() if isinstance(value, str | int)}}
        budgets = [self.content.get(key) for key in ("min_budget", "max_budget")]
        return told | ({"budget_range": budgets} if all(finite(one) is not None for one in budgets) else {})


def _numbered(count: int) -> list[str]:
    return ["cost"] if count == 1 else [f"cost_{i}" for i in range(count)]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def beside(path: Path, names: Iterable[str]) -> SmacFiles:
    """The files that belong to a run history.

    Args:
        path: The run history.
        names: Names of the files in its folder.
    """
    present = frozenset(names)
    match = RUN_HISTORY.fullmatch(path.name)
    suffix = match["suffix"] if match else ""

    def first(*candidates: tuple[str, str]) -> Path | None:
        wanted = (stem + end + kind for end in (suffix, "") for stem, kind in candidates)
        return next((path.with_name(name) for name in wanted if name in present), None)

    scenario = first(("scenario", ".json"), ("scenario", ".txt"))
    told = _settings(scenario).get("pcs_fn") if scenario is not None and scenario.suffix == ".txt" else None
    space = space_file(path.parent, present, suffix=suffix, told=told)
    statistics = first(("optimization", ".json"), ("stats", ".json"))
    return SmacFiles(suffix, scenario, space, statistics, first(*((stem, ".json") for stem in _TRAJECTORIES)))


def read_scenario(files: SmacFiles, notes: list[Note]) -> Scenario:
    """Read what is there; a file that cannot be read is noted in `notes` and passed over."""
    statistics = _object(files.statistics, notes)
    finished = statistics.get("finished")
    alpha = "trajectory" in statistics and "submitted" in statistics
    ended = finished if isinstance(finished, bool) else None
    told = statistics.get("finished_ta_runs", finished)  # 1.x; 2.0 alpha
    count = told if type(told) is int else None
    if ended is False and statistics.get("used_walltime"):  # 0 where SMAC was only asked and told
        notes.append(Note("flagged", f"SMAC had not finished when it wrote this, as {files.statistics_name} says"))
    if files.scenario is not None and files.scenario.suffix == ".txt":
        return Scenario(_settings(files.scenario), legacy=True, alpha=alpha, finished=ended, counted=count)
    return Scenario(_object(files.scenario, notes), alpha=alpha, finished=ended, counted=count)


def _object(path: Path | None, notes: list[Note]) -> Mapping[str, Any]:
    """The object in a JSON file; empty where there is none."""
    if path is None:
        return {}
    try:
        content, whole = read_json(path)
    except EncaveError as error:
        notes.append(Note("flagged", f"left out: {error}"))
        return {}
    if not whole:
        notes.append(Note("flagged", f"{path.name} breaks off: what comes before the break was read"))
    return _mapping(content)


def _settings(path: Path) -> dict[str, str]:
    """`key = value` lines of a `scenario.txt`; others are passed over."""
    with path.open("rb") as file:
        text = file.read(_LARGEST).decode("utf-8", errors="replace")
    return dict(_SETTING.findall(text))
