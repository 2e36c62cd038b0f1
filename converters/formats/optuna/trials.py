"""A study of Optuna, from whatever storage, as a `Run`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ....errors import EncaveError
from ....run import COST, Note, Objective, Optimizer, Provenance, Status
from ....run import sidecar as sidecars
from ...parts.extras import extra_columns
from ...parts.feasibility import feasibility
from ...parts.fitting import fitted_run
from ...parts.names import study_name
from ...parts.numbers import finite
from ...parts.optuna_attributes import OPTUNA_SAMPLERS
from ...parts.searcher import searcher
from ...parts.times import since_start
from ...reader import Options, ReadResult
from . import runner
from .searched import logged_pruner, logged_sampler
from .space import study_space
from .steps import NAME as STEPS
from .steps import spread
from .study import STATES, OptunaStudy, OptunaTrial, settle_times

_METRIC_NAMES = "study:metric_names"
_UNNAMED = "no-name-"  # Optuna's name for a study that the user gave none
_CONSTRAINTS = "constraints"  # until release 4 a list, in release 5 one attribute "constraints:<name>" each
_SAMPLER_STATE = ("cma:", "sepcma:", "cmawm:")  # pickles of the sampler, many times the size of all else


def to_result(study: OptunaStudy, path: Path, options: Options) -> ReadResult:
    """The study as a run.

    Args:
        study: The study.
        path: The file it is from.
        options: What the user says.

    Raises:
        EncaveError: the study has no trials, or the space given does not hold them.
    """
    _number_anew(study)
    settle_times(study)
    if not study.trials:
        why = f"no trial that can be read, of {study.dropped}" if study.dropped else "no trials"
        raise EncaveError(f"{path}: the study {study.name!r} has {why}")
    sidecar = sidecars.find(path)
    if sidecar is not None and runner.is_ours(study):
        return runner.to_result(study, path, options, sidecar)
    objectives = _objectives(study)
    space = study_space(study, options)
    spread_out = spread(study) if options.steps == "budget" else None
    columns, notes = _columns(study.trials if spread_out is None else spread_out.trials, objectives)
    ids = space.config_ids
    if spread_out is not None:
        columns, ids = columns | spread_out.columns, ids[spread_out.rows]
        notes = [*spread_out.notes, *notes]
    named = study.name and not study.name.startswith(_UNNAMED)
    searched = searcher(
        "Optuna",
        path,
        logged_sampler(study),
        pruner=logged_pruner(study.trials),
        study=study.name if named else None,
        known=OPTUNA_SAMPLERS,
    )
    release = study.release or _release(study)
    run = fitted_run(
        name=study.name if named else study_name(path, "Optuna"),
        optimizer=Optimizer("Optuna", study.release),
        space=space.space,
        objectives=objectives,
        trials={"config_id": ids, **columns},
        configurations=space.table(space.space),
        budget_name=None if spread_out is None else STEPS,
        inferred_space=space.incomplete,
        provenance=Provenance.from_json(_metadata(study) | searched.metadata),
        notes=[*study.notes, *space.notes, *notes, *searched.notes],
    )
    return ReadResult(run, release, len(run) + study.dropped, dropped=study.dropped)


def _number_anew(study: OptunaStudy) -> None:
    """Give trials the places they have for numbers where two have one, as after workers that raced, or in damage."""
    twice = len(study.trials) - len({trial.number for trial in study.trials})
    if twice:
        for place, trial in enumerate(study.trials):
            trial.number = place
        text = "trials have the number of another: all are numbered anew, in the order of the log"
        study.notes.append(Note("flagged", text, twice))


def _metadata(study: OptunaStudy) -> dict[str, Any]:
    starts = [trial.start for trial in study.trials if trial.start is not None]
    return {
        "study": study.name,
        "started_at": min(starts, default=None),
        "distributions": {name: [domain.text for domain in tried.domains] for name, tried in study.parameters.items()},
        **({"sampler": study.sampler} if study.sampler else {}),
        **({"study_user_attrs": _strict(study.user)} if study.user else {}),
    }


def _strict(value: Any) -> Any:
    """JSON without NaN and Infinity, which a run's header does not have."""
    return json.loads(json.dumps(value, default=str), parse_constant=str)


def _release(study: OptunaStudy) -> str | None:
    domains = [domain for tried in study.parameters.values() for domain in tried.domains if domain.choices is None]
    if not domains:
        return None
    return "<3.0" if any(domain.before_3 for domain in domains) else ">=3.0"


def _objectives(study: OptunaStudy) -> list[Objective]:
    names = study.system.get(_METRIC_NAMES)
    count = len(study.directions)
    usable = isinstance(names, list) and len(names) == len(set(map(str, names))) == count
    if not isinstance(names, list) or not usable:
        names = ["value"] if count == 1 else [f"value_{number}" for number in range(count)]
    if not {"MINIMIZE", "MAXIMIZE"}.issuperset(study.directions):
        study.notes.append(Note("assumed", "the study sets no direction: less is taken as better"))
    return [
        Objective(str(name), "maximize" if direction == "MAXIMIZE" else "minimize")
        for name, direction in zip(names, study.directions, strict=True)
    ]


def _columns(trials: Sequence[OptunaTrial], objectives: Sequence[Objective]) -> tuple[dict[str, Any], list[Note]]:
    times = since_start([trial.start for trial in trials], [trial.end for trial in trials])
    usable = [[finite(trial.values.get(number)) for number in range(len(objectives))] for trial in trials]
    statuses = [STATES[trial.state] for trial in trials]
    lost = [s is Status.SUCCESS and None in values for s, values in zip(statuses, usable, strict=True)]
    statuses = [Status.CRASHED if bad else status for bad, status in zip(lost, statuses, strict=True)]
    columns: dict[str, Any] = {
        "trial_id": [trial.number for trial in trials],
        "status": statuses,
        "start": times.start,
        "end": times.end,
        "worker": [trial.worker for trial in trials],
    }
    for number, objective in enumerate(objectives):
        columns[COST + objective.name] = [
            values[number] if status is Status.SUCCESS else None
            for values, status in zip(usable, statuses, strict=True)
        ]
    names = [objective.name for objective in objectives]
    extras = [_extras(trial, names, columns, row) for row, trial in enumerate(trials)]
    told = feasibility([_holds(trial.system) for trial in trials], statuses)
    columns |= extra_columns(extras) | told.columns
    return columns, [*times.notes, *_notes(trials, sum(lost)), *told.notes]


def _holds(system: Mapping[str, Any]) -> list[bool]:
    """Whether each constraint of a trial holds, that is, is at most 0; empty for a trial without any.

    As Optuna puts both its forms together: of one name the attribute of its own goes before the list's.
    """
    if not system:
        return []
    listed = system.get(_CONSTRAINTS)
    values: dict[str, Any] = {str(i): value for i, value in enumerate(listed)} if isinstance(listed, list) else {}
    prefix = _CONSTRAINTS + ":"
    values |= {key.removeprefix(prefix): value for key, value in system.items() if key.startswith(prefix)}
    return [isinstance(value, int | float) and value <= 0 for value in values.values()]


def _extras(trial: OptunaTrial, names: Sequence[str], columns: Mapping[str, Any], row: int) -> dict[str, Any]:
    """Intermediate values, attributes, and the values of trials that did not succeed."""
    extras: dict[str, Any] = {}
    for number, name in enumerate(names):
        value = trial.values.get(number)
        if value is not None and columns[COST + name][row] is None:
            extras[f"raw_{name}"] = value
    if trial.steps:
        last = max(trial.steps)
        extras |= {"last_step": last, "last_value": trial.steps[last]}
        extras["intermediate_values"] = json.dumps({step: trial.steps[step] for step in sorted(trial.steps)})
    for key, value in trial.user.items():
        extras[f"user_attrs_{key}"] = value
    for key, value in trial.system.items():
        if not key.startswith(_SAMPLER_STATE):
            extras[f"system_attrs_{key}"] = value
    return extras


def _notes(trials: Sequence[OptunaTrial], infinite: int) -> list[Note]:
    states = Counter(trial.state for trial in trials)
    notes: list[Note] = []
    if states["PRUNED"]:
        text = "pruned trials count as aborted, without a cost; their last intermediate value is in extra:last_value"
        notes.append(Note("derived", text, states["PRUNED"]))
    if any(trial.steps for trial in trials):
        text = (
            "Optuna's steps are no budget that the sampler chose: they are in extra:last_step and intermediate_values; "
            "--steps budget reads them as one"
        )
        notes.append(Note("assumed", text))
    if infinite:
        notes.append(
            Note("flagged", "complete trials without a finite value of every objective count as crashed", infinite)
        )
    state_of_sampler = sum(any(key.startswith(_SAMPLER_STATE) for key in trial.system) for trial in trials)
    if state_of_sampler:
        notes.append(Note("flagged", "the CMA-ES sampler's pickled state is left out", state_of_sampler))
    return notes
