"""`study.toml`: a study as it is declared, with a key for every flag of `encave run`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ...errors import EncaveError
from ...files.atomic import atomic_file
from ..benchmarks.nasbench201.task import DATASETS
from ..cluster.places import Cluster, check_jobs
from ..optimizers.adapter import load, parse_flags
from .execute import RunSpec, check_dataset, check_reward, check_schedule, check_workers
from .limit import Limit, parse_limit, parse_seeds
from .objective import check_objectives

STUDY_FILE = "study.toml"

DEFAULTS: Mapping[str, Any] = {
    "optimizer": [],
    "dataset": ["cifar10"],
    "objectives": ["valid_error"],
    "seeds": "0",
    "budget": None,
    "workers": [1],
    "common_start": False,
    "schedule": None,
    "min_budget": None,
    "max_budget": None,
    "eta": None,
    "reward": "mean",
    "resume_from_checkpoint": False,
    "benchmark": None,
    "jobs": 1,
    "scheduler": None,
    "slurm": None,
    "dashboard": False,
}
"""Key → value where neither the file nor a flag says one."""

_LISTS = {"optimizer": str, "objectives": str, "dataset": str, "budget": str, "workers": int}
USUAL_SECONDS: Mapping[int, Mapping[str, float]] = {
    schedule: dict(zip(DATASETS, (factor * seconds for factor in (1, 2, 6)), strict=True))
    for schedule, seconds in ((12, 20_000.0), (200, 1_000_000.0))
}
"""Schedule → dataset → simulated seconds where no budget is named.

As in NATS-Bench with 12 epochs, and with 200 some 550 full trainings on average, in which curves have ended to part.
"""

_SCALARS = {
    **{"common_start": bool, "schedule": int, "eta": int, "reward": str, "resume_from_checkpoint": bool},
    **{"benchmark": str, "jobs": int, "scheduler": str, "dashboard": bool},
}
_FLOATS = ("min_budget", "max_budget")
_WANTED = {
    **{key: f"one or more {'whole numbers' if kind is int else 'texts'}" for key, kind in _LISTS.items()},
    **{"seeds": "a text such as 0-4,7, or whole numbers", "schedule": "12 or 200", "jobs": "a whole number"},
    **{"slurm": "true, false or a table", "common_start": "true or false", "resume_from_checkpoint": "true or false"},
    **{
        "dashboard": "true or false",
        "eta": "a whole number",
        "min_budget": "a number of epochs",
        "max_budget": "a number of epochs",
    },
}


def _check_budget(text: str) -> None:
    """A budget, perhaps of one dataset: `cifar10=20000s`."""
    dataset, _, budget = text.rpartition("=")
    if dataset:
        check_dataset(dataset)
    parse_limit(budget)


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    **{"optimizer": parse_flags, "dataset": check_dataset, "budget": _check_budget, "seeds": parse_seeds},
    **{"workers": check_workers, "schedule": check_schedule, "jobs": check_jobs, "reward": check_reward},
}
"""Key → what raises an EncaveError if a value is not right in itself."""


@dataclass(frozen=True)
class Declaration:
    """A study, all its settings resolved."""

    settings: Mapping[str, Any]
    """The keys of `DEFAULTS`."""

    def specs(self) -> list[RunSpec]:
        """Its runs: dataset by dataset, and in each optimizer by optimizer.

        Raises:
            EncaveError: a value is unknown or does not suit the others.
        """
        told = self.settings
        seeds, objectives = parse_seeds(told["seeds"]), tuple(told["objectives"])
        return [
            RunSpec(
                adapter=optimizer,
                dataset=dataset,
                seed=seed,
                limit=limit,
                workers=workers,
                epochs=self.schedule,
                benchmark=told["benchmark"],
                variant=variant,
                objectives=objectives,
                common_start=told["common_start"],
                min_budget=told["min_budget"],
                max_budget=told["max_budget"],
                eta=told["eta"],
                reward=told["reward"],
                resume=told["resume_from_checkpoint"],
            )
            for dataset in told["dataset"]
            for variants in [self._variants(dataset)]
            for optimizer in told["optimizer"]
            for limit, workers, variant in variants
            for seed in seeds
        ]

    @property
    def schedule(self) -> int:
        """Training schedule of all optimizers that do not name one of their own: 200 if one chooses its budgets."""
        several = any(load(name).multi_fidelity for name in self.settings["optimizer"])
        return self.settings["schedule"] or (200 if several else 12)

    def _variants(self, dataset: str) -> list[tuple[Limit, int, str]]:
        """Budgets and numbers of workers on a dataset, and what runs of them are called."""
        workers: list[int] = self.settings["workers"]
        if self.settings["budget"] is None:
            limits = {"": Limit(simulated_seconds=USUAL_SECONDS[self.schedule][dataset])}
        else:
            texts = [text.rpartition("=")[::2] for text in self.settings["budget"]]
            own = [budget for of, budget in texts if of in ("", dataset)]
            if not own:
                raise EncaveError(f"the study names no budget of {dataset}; there are {self.settings['budget']}")
            limits = {budget.replace(" ", "") if len(own) > 1 else "": parse_limit(budget) for budget in own}
            if len(limits) < len(own):
                raise EncaveError(f"the study has a budget twice: {self.settings['budget']}")
        if len(set(workers)) < len(workers):
            raise EncaveError(f"the study has a number of workers twice: {workers}")
        names = {each: f"{each}-workers" if len(workers) > 1 else "" for each in workers}
        return [
            (limit, each, "-".join(filter(None, (budget, names[each]))))
            for budget, limit in limits.items()
            for each in workers
        ]

    def cluster(self) -> Cluster:
        """What executes it.

        Raises:
            EncaveError: the settings contradict each other.
        """
        return Cluster(*(self.settings[key] for key in ("jobs", "scheduler", "slurm", "dashboard")))

    def write(self, study: Path) -> None:
        """Write `study.toml` into the study's folder, atomically.

        Raises:
            EncaveError: the folder cannot be written.
        """
        plain = {key: value for key, value in self.settings.items() if value is not None}
        slurm = plain.pop("slurm", None)
        lines = [f"{key} = {_toml(value)}" for key, value in plain.items()]
        if slurm is not None:
            lines += ["", "[slurm]", *(f"{_toml(key)} = {_toml(value)}" for key, value in slurm.items())]
        file = study / STUDY_FILE
        try:
            with atomic_file(file) as path:
                path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        except OSError as error:
            raise EncaveError(
                f"cannot write {file}: {error.strerror or error}. Make room, then run it again"
            ) from error


def declare(file: Path | None, flags: Mapping[str, Any]) -> Declaration:
    """The study of a file, of which flags override keys.

    Args:
        file: A `study.toml`, or None.
        flags: Key → value as on the command line; None where the flag was not given.

    Raises:
        EncaveError: the file cannot be read, a key is unknown, a value is of a wrong type, or no optimizer is named.
    """
    said = {} if file is None else _read(file)
    given = {key: _checked("the command line", key, value) for key, value in flags.items() if value is not None}
    settings = {**DEFAULTS, **said, **given}
    if settings["slurm"] is True:
        settings["slurm"] = said["slurm"] if isinstance(said.get("slurm"), Mapping) else {}
    settings["slurm"] = None if settings["slurm"] is False else settings["slurm"]
    settings["scheduler"] = settings["scheduler"] or None
    if not settings["optimizer"]:
        raise EncaveError("the study names no optimizer; give --optimizer, or `optimizer` in study.toml")
    return Declaration(settings)


def declared(study: Path) -> Declaration | None:
    """The study of a folder; None if it has no `study.toml`.

    Raises:
        EncaveError: as `declare`.
    """
    file = study / STUDY_FILE
    return declare(file, {}) if file.is_file() else None


def _read(file: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        text = file.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise EncaveError(f"cannot read {file}: {error}") from error
    return {key: _checked(f"{file}{_line(text, key)}", key, value) for key, value in content.items()}


def _line(text: str, key: str) -> str:
    """`, line 3`: where a key is set; empty where it is written in another way, such as `slurm.queue`."""
    found = re.search(rf"""^[ \t]*(\[[ \t]*)?["']?{re.escape(key)}["']?[ \t]*(=|\])""", text, re.MULTILINE)
    return f", line {text.count(chr(10), 0, found.start()) + 1}" if found else ""


def _checked(where: str, key: str, value: Any) -> Any:
    """As `_typed`; what is wrong with a value is told with where it stands."""
    typed = _typed(where, key, value)
    try:
        for part in typed if isinstance(typed, list) else [typed]:
            _CHECKS.get(key, lambda part: None)(part)
        if key == "objectives":
            check_objectives(typed)
    except EncaveError as error:
        raise EncaveError(f"{where}: {error}") from error
    return typed


def _typed(where: str, key: str, value: Any) -> Any:
    """A value in the form that `Declaration` has it in; lists may be texts with commas."""
    if key in _LISTS:
        parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
        parts = parts if isinstance(parts, list | tuple) else [parts]
        if _LISTS[key] is int:
            parts = [int(part) if isinstance(part, str) and part.isdecimal() else part for part in parts]
        if parts and all(_is(part, _LISTS[key]) for part in parts):
            return list(parts)
    elif key == "seeds":
        if isinstance(value, list) and all(_is(seed, int) for seed in value):
            value = ",".join(map(str, value))
        if isinstance(value, str | int) and not isinstance(value, bool):
            return str(value)
    elif key == "slurm":
        if isinstance(value, Mapping | bool):
            return value
    elif key in _FLOATS:
        if _is(value, int) or _is(value, float):
            return float(value)
    elif key in _SCALARS:
        if _is(value, _SCALARS[key]):
            return value
    else:
        near = "".join(f" Do you mean {one}?" for one in get_close_matches(key, DEFAULTS, 1))
        raise EncaveError(f"{where}: unknown key {key!r}; a study has {', '.join(DEFAULTS)}.{near}")
    wanted = _WANTED.get(key, "a text")
    raise EncaveError(f"{where}: {key} is {wanted}, not {value!r}; docs/scale.md has an example")


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and isinstance(value, bool) == (kind is bool)


def _toml(value: Any) -> str:
    """A value of a study in TOML; JSON's text, numbers and lists of them are TOML's."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_toml(key)} = {_toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
