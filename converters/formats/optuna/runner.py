"""Optuna's journal as encave's runners write it: simulated times in user attributes, the rest in the sidecar."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ....errors import EncaveError
from ....run import COST
from ....run.sidecar import Sidecar
from ...parts.extras import extra_columns
from ...parts.fitting import fitted_run
from ...parts.space import known_space
from ...reader import Options, ReadResult
from .space import study_space
from .study import STATES, OptunaStudy

_OURS = ("start", "end", "worker", "budget", "asked")


def is_ours(study: OptunaStudy) -> bool:
    """Whether every trial has what the runner adds."""
    return all(trial.user.keys() >= set(_OURS) for trial in study.trials)


def to_result(study: OptunaStudy, path: Path, options: Options, sidecar: Sidecar) -> ReadResult:
    """The study as a run, with what the sidecar says of it.

    Raises:
        EncaveError: the study has other objectives than the sidecar.
    """
    objectives = sidecar.objectives
    if len(objectives) != len(study.directions):
        raise EncaveError(
            f"{path} has {len(study.directions)} objectives, but {sidecar.path} {len(objectives)}: "
            "they are not of one run"
        )
    found = known_space(path, options, sidecar)
    assert found is not None  # the sidecar has one
    configurations = study_space(study, Options())
    trials = study.trials
    columns: dict[str, Any] = {
        "config_id": configurations.config_ids,
        "trial_id": [trial.user["asked"] for trial in trials],
        "status": [STATES[trial.state] for trial in trials],
        "worker": [str(trial.user["worker"]) for trial in trials],
        **{name: [trial.user[name] for trial in trials] for name in ("start", "end", "budget")},
    }
    for number, objective in enumerate(objectives):
        columns[COST + objective.name] = [trial.values.get(number) for trial in trials]
    extras = [
        {name: value for name, value in (trial.system | trial.user).items() if name not in _OURS} for trial in trials
    ]
    run = fitted_run(
        name=sidecar.run_name(),
        optimizer=sidecar.optimizer,
        space=found.space,
        objectives=objectives,
        trials=columns | extra_columns(extras),
        configurations=configurations.table(found.space),
        budget_name=sidecar.budget_name,
        provenance=sidecar.provenance(),
        notes=[*study.notes, *found.notes],
    )
    return ReadResult(run, sidecar.optimizer.version, len(run) + study.dropped, dropped=study.dropped)
