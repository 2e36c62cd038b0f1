"""Which sampler and pruner searched, as far as a study's attributes tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ...parts.optuna_attributes import samplers
from .study import OptunaStudy, OptunaTrial

_CLASSES = {
    "CmaEs": "CMA-ES",
    "NSGAII": "NSGA-II",
    "NSGAIII": "NSGA-III",
    "Grid": "Grid Search",
}
_RUNG = "completed_rung_0"


def logged_sampler(study: OptunaStudy) -> str | None:
    """The sampler of the study's pickle, of system attributes or of a user's `sampler`; None if nothing tells."""
    told = [_of_class(study.sampler)] if study.sampler else _of_attributes(study)
    said = study.user.get("sampler")
    return " + ".join(told) or (_of_class(said) if isinstance(said, str) and said.strip() else None)


def _of_class(name: str) -> str:
    short = re.sub(r"Sampler$", "", name)
    return _CLASSES.get(short, short)


def _of_attributes(study: OptunaStudy) -> list[str]:
    keys: Iterable[str] = (*study.system, *(key for trial in study.trials for key in trial.system))
    return samplers(dict.fromkeys(keys))


def logged_pruner(trials: Sequence[OptunaTrial]) -> str | None:
    """The pruner with rungs: Hyperband, whose brackets put the first at several steps, or successive halving."""
    steps = {step for trial in trials if trial.steps and (step := _first_rung(trial)) is not None}
    return "Hyperband" if len(steps) > 1 else "Successive Halving" if steps else None


def _first_rung(trial: OptunaTrial) -> int | None:
    """The step at which the trial came to its first rung: the first one with the value that the rung has."""
    value = trial.system.get(_RUNG)
    return next((step for step in sorted(trial.steps) if trial.steps[step] == value), None)
