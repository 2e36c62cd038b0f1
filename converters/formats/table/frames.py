"""Tables that other programs write, known by their columns: what their columns are, as far as these tell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ....run import Note
from ...parts.metrics import RAY_OWN, likely, more_is_better, usual
from ...parts.optuna_attributes import OPTUNA_SAMPLERS, samplers
from ...parts.searcher import SEARCHES
from .mapping import NONE, as_options
from .unsaid import limits_told, may_name_a_search, runs_told, tells_of_the_trial

_INDEX = ("", "Unnamed: 0")  # how pandas calls the column of an index
_ATTRIBUTE = "system_attrs_"
_PLACE = "COLUMN"
_FEW = 8  # columns of which all may be hyperparameters
_NUMBERED = re.compile(r"(?:f|F|obj(?:ective)?)_?[0-9]")
_TRAINED = re.compile(r"train(?:ing)?[ _/.-]", re.IGNORECASE)
_LIMIT = re.compile(r"[gG]_?[0-9]")
_OF_HYPERPARAMETERS = re.compile(r"(?:(?:hyper)?param(?:eter)?s?|config(?:uration)?|hps?|args?)[._/:]", re.IGNORECASE)
_WANDB = (
    *("ID", "Name", "State", "Created", "Runtime", "Sweep", "Notes", "User", "Tags", "Commit", "GitHub", "Group"),
    *("Job Type", "Hostname", "Updated", "End Time", "Start Time", "Host", "Duration", "Description", "Report"),
)
_AX = (
    "trial_index",
    "arm_name",
    "trial_status",
    "generation_method",
    "generation_node",
    "status_reason",
    "reason",
    "is_feasible",
)


@dataclass(frozen=True)
class KnownFrame:
    """A table whose columns are known."""

    kind: str
    """What it is, e.g. `Optuna's data frame of trials`."""
    mapping: Mapping[str, Any]
    """What its columns are, as in a mapping file; `COLUMN` stands for what they do not tell."""
    whole: bool = False
    """Whether that is all that is needed, so that it is read without being told more."""
    library: str | None = None
    """What wrote it, where that is an optimizer."""
    searchers: tuple[str, ...] = ()
    """The searchers that the names of columns tell."""
    samplers: Mapping[str, str] = field(default_factory=lambda: SEARCHES)
    """Label → pattern of the searchers that names of files and folders can tell."""
    searcher_column: str | None = None
    """The column whose values name them."""
    notes: tuple[Note, ...] = ()
    """What is taken for granted of its objective."""
    varying: tuple[str, ...] = field(default=())
    """Roles that count only if their column has several values."""
    candidates: tuple[str, ...] = ()
    """The columns of which one is `COLUMN`, where that is known."""
    instead: str | None = None
    """What to write for it, of a table that has no trials."""

    @property
    def way_in(self) -> str:
        """How it is read: the options of the command line."""
        which = f" (COLUMN: {' or '.join(self.candidates)})" if self.candidates else ""
        return self.instead or f"convert it with {as_options(self.mapping)}{which}"


def known_frame(names: Sequence[str]) -> KnownFrame | None:
    """What a table with these columns is; None if that is not known."""
    return next((frame for know in _KNOWN if (frame := know(names)) is not None), None)


def guessed(names: Sequence[str]) -> Mapping[str, Any]:
    """A mapping to begin with for a table of unknown columns: what is called like an objective, and the others."""
    columns = [name for name in names if name not in _INDEX]
    if len(several := [name for name in columns if _NUMBERED.fullmatch(name)]) > 1:
        return _of_several(columns, several)
    found = _metrics(name for name in columns if not _OF_HYPERPARAMETERS.match(name))
    others = [name for name in columns if name not in found and not _is_told(name)]
    prefixes = dict.fromkeys(match[0] for name in others if (match := _OF_HYPERPARAMETERS.match(name)))
    patterns = [f"{prefix}*" for prefix in prefixes]
    if not found or len(columns) < 2:
        return {"objective": _PLACE, "hyperparameters": patterns or _PLACE}
    others = patterns or others
    named = others if len(others) <= _FEW else [_PLACE]
    told = {**_objective(found[-1]), "hyperparameters": named or [NONE]}
    rest = [name for name in columns if name != found[-1]]
    return told | runs_told(rest) | limits_told(rest)


def _metrics(names: Iterable[str]) -> list[str]:
    """Columns that are called like an objective; one letter does so only where nothing else does."""
    found = usual(names)
    return [name for name in found if len(name) > 1] or found


def _is_told(name: str) -> bool:
    """Whether a column is no hyperparameter by all likelihood: it tells of the trial, or of its training."""
    return tells_of_the_trial(name) or (_TRAINED.match(name) is not None and bool(usual([_TRAINED.sub("", name)])))


def _of_several(columns: Sequence[str], objectives: Sequence[str]) -> Mapping[str, Any]:
    """A mapping for objectives that are numbered, as those of pymoo, beside which `g1`, … are constraints."""
    limits = [name for name in columns if _LIMIT.fullmatch(name)]
    others = [n for n in columns if n not in (*objectives, *limits) and not tells_of_the_trial(n)]
    told = {"objective": list(objectives), "hyperparameters": others if 0 < len(others) <= _FEW else [_PLACE]}
    return told | ({"constraint": limits} if limits else {})


def told_over(frame: KnownFrame, spec: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The frame's mapping with what the user says on top, without what it says of columns that the user names."""
    claimed = {name for value in spec.values() for name in _columns(value, names)}
    own = {key: value for key, value in frame.mapping.items() if key not in spec}
    kept = {key: value for key, value in own.items() if claimed.isdisjoint(_columns(value, names))}
    return kept | dict(spec)


def _columns(value: Any, names: Sequence[str]) -> set[str]:
    """The columns that a value of a mapping names."""
    if value is None:
        return set()
    parts = [value, *value.split(",")] if isinstance(value, str) else list(map(str, value))
    patterns = [form for part in parts for form in (part.strip(), part.rpartition(":")[0].strip()) if form]
    return {name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)}


def _objective(name: str) -> dict[str, str]:
    return {"objective": f"{name}:maximize" if more_is_better(name) else name}


def _present(names: Sequence[str], **roles: str) -> dict[str, str]:
    """The roles whose columns are there."""
    return {role: column for role, column in roles.items() if column in names}


def _beginning(names: Iterable[str], prefix: str) -> list[str]:
    return [name for name in names if name.startswith(prefix) and name != prefix]


def _optuna(names: Sequence[str]) -> KnownFrame | None:
    values = [name for name in names if name == "value" or name.startswith("values_")]
    if "number" not in names or not values or not _beginning(names, "params_"):
        return None
    roles = _present(names, trial_id="number", status="state", start="datetime_start", end="datetime_complete")
    limits = [name for name in names if name.partition(":")[0] == f"{_ATTRIBUTE}constraints"]
    ways = ", ".join(f"{name} better the {'higher' if more_is_better(name) else 'lower'}" for name in values)
    direction = f"Optuna's data frame does not say its directions: {ways}, by the name; --map objective=… says it"
    return KnownFrame(
        "Optuna's data frame of trials",
        {
            "objective": [_objective(name)["objective"] for name in values],
            "hyperparameters": ["params_*"],
            **roles,
            **({"constraint": limits} if limits else {}),
        },
        whole=True,
        library="Optuna",
        samplers=OPTUNA_SAMPLERS,
        searchers=tuple(samplers(name.removeprefix(_ATTRIBUTE) for name in _beginning(names, _ATTRIBUTE))),
        notes=(Note("assumed", direction),),
    )


def _scikit_learn(names: Sequence[str]) -> KnownFrame | None:
    scores = _beginning(names, "mean_test_")
    if "params" not in names or not scores or not _beginning(names, "param_"):
        return None
    return KnownFrame(
        "scikit-learn's cv_results_",
        {
            "objective": f"{scores[0] if len(scores) == 1 else _PLACE}:maximize",
            "hyperparameters": ["param_*"],
            **_present(names, budget="n_resources"),
            "ignore": [name for name in _INDEX if name in names],
        },
        whole=len(scores) == 1,
        candidates=tuple(scores) if len(scores) > 1 else (),
        library="scikit-learn",
        notes=(Note("derived", "scikit-learn's scores are better the higher"),),
    )


def _ray(names: Sequence[str]) -> KnownFrame | None:
    if "training_iteration" not in names or not _beginning(names, "config/"):
        return None
    own = (*_INDEX, "logdir")
    metrics = [n for n in names if n not in own and not n.startswith("config/") and not RAY_OWN.fullmatch(n)]
    metric = metrics[0] if len(metrics) == 1 else likely(metrics)
    others = ", ".join(name for name in metrics if name != metric)
    text = f"the table does not say what was optimised: {metric} is taken, better the "
    text += f"{'higher' if metric and more_is_better(metric) else 'lower'}{f' (there is also {others})' * bool(others)}"
    return KnownFrame(
        "Ray Tune's data frame of results",
        {
            **_objective(metric or _PLACE),
            "hyperparameters": ["config/*"],
            **_present(names, budget="training_iteration", end="timestamp", duration="time_total_s", worker="node_ip"),
            **_present(names, trial="trial_id"),
            "ignore": [name for name in _INDEX if name in names],
        },
        whole=metric is not None,
        library="Ray Tune",
        notes=(Note("assumed", text),),
        varying=("budget",),
    )


def _bayes_opt(names: Sequence[str]) -> KnownFrame | None:
    if not {"target", "datetime.datetime"} <= set(names) or not _beginning(names, "params."):
        return None
    roles = _present(names, end="datetime.elapsed", feasible="allowed")
    mapping = {"objective": "target:maximize", "hyperparameters": ["params.*"], **roles}
    told = Note("derived", "BayesianOptimization maximises its target")
    return KnownFrame(
        "BayesianOptimization's log",
        mapping,
        whole=True,
        library="BayesianOptimization",
        searchers=("BayesianOptimization",),
        notes=(told,),
    )


def _nevergrad(names: Sequence[str]) -> KnownFrame | None:
    if not {"#parametrization", "#optimizer", "#session"} <= set(names):
        return None
    indices = ".indices"  # which option of a choice is taken; the option itself is there too
    parameters = [name for name in names if "#" not in name and not name.endswith(indices)]
    return KnownFrame(
        "Nevergrad's log of parameters",
        {"objective": "#loss" if "#loss" in names else _PLACE, "hyperparameters": parameters, "run": "#session"},
        whole="#loss" in names and bool(parameters),
        library="Nevergrad",
        searcher_column="#optimizer",
    )


def _flaml(names: Sequence[str]) -> KnownFrame | None:
    if not {"record_id", "validation_loss", "learner"} <= set(names):
        return None
    roles = _present(names, end="wall_clock_time", duration="trial_time", trial_id="record_id")
    return KnownFrame(
        "FLAML's log", {"objective": "validation_loss", "hyperparameters": ["learner", "config.*"], **roles}
    )


def _wandb(names: Sequence[str]) -> KnownFrame | None:
    if not {"Name", "State", "Created"} <= set(names):
        return None
    others = [name for name in names if name not in (*_WANDB, *_INDEX) and not name.startswith("_")]
    roles = _present(names, status="State", start="Created", duration="Runtime")
    return KnownFrame("export of W&B", {**_of_these(others), **roles})


def _of_these(others: Sequence[str]) -> dict[str, Any]:
    """The likeliest objective of these columns of one search, and the others for the hyperparameters."""
    metrics = _metrics(others)
    told = _objective(metrics[0]) if metrics else {"objective": _PLACE}
    hyperparameters = [
        name for name in others if name not in metrics and (may_name_a_search(name) or not _is_told(name))
    ]
    return {**told, "hyperparameters": hyperparameters or [_PLACE]}


def _mlflow(names: Sequence[str]) -> KnownFrame | None:
    if "run_id" not in names or not _beginning(names, "params."):
        return None
    metrics = _beginning(names, "metrics.")
    metric = metrics[0] if len(metrics) == 1 else next(iter(usual(metrics)), _PLACE)
    roles = _present(names, status="status", start="start_time", end="end_time")
    return KnownFrame("MLflow's data frame of runs", {**_objective(metric), "hyperparameters": ["params.*"], **roles})


def _ax(names: Sequence[str]) -> KnownFrame | None:
    if not {"trial_index", "arm_name"} <= set(names):
        return None
    if {"metric_name", "mean"} <= set(names):
        instead = (
            "it has observations and no parameters: write client.summarize().to_csv('trials.csv') and convert that"
        )
        return KnownFrame("Ax's table of observations", {}, library="Ax", instead=instead)
    others = [name for name in names if name not in (*_AX, *_INDEX)]
    roles = _present(names, trial_id="trial_index", status="trial_status", feasible="is_feasible")
    methods = [name for name in ("generation_node", "generation_method") if name in names]
    told = {**_of_these(others), **roles}
    return KnownFrame("Ax's data frame of trials", told, library="Ax", searcher_column=next(iter(methods), None))


def _orion(names: Sequence[str]) -> KnownFrame | None:
    own = ("id", "experiment_id", "status", "suggested", "reserved", "completed", "objective")
    if not set(own) <= set(names):
        return None
    roles = _present(names, status="status", start="reserved", end="completed")
    others = [name for name in names if name not in (*own, *_INDEX)]
    told = {"objective": "objective", "hyperparameters": others or [_PLACE], **roles}
    return KnownFrame("Orion's data frame of trials", told, library="Orion")


def _neps(names: Sequence[str]) -> KnownFrame | None:
    if "objective_to_minimize" not in names or not _beginning(names, "config."):
        return None
    roles = _present(names, status="state", start="time_started", end="time_end")
    return KnownFrame(
        "summary of NePS", {"objective": "objective_to_minimize", "hyperparameters": ["config.*"], **roles}
    )


def _syne_tune(names: Sequence[str]) -> KnownFrame | None:
    if not {"st_tuner_time", "trial_id"} <= set(names) or not _beginning(names, "config_"):
        return None
    own = ("st_", "config_", "trial_id", "metric_mode")
    metric = next(iter(usual(name for name in names if not name.startswith(own))), _PLACE)
    return KnownFrame(
        "Syne Tune's data frame of reports",
        {**_objective(metric), "hyperparameters": ["config_*"], "end": "st_tuner_time", "trial": "trial_id"},
        library="Syne Tune",
    )


_KNOWN: tuple[Callable[[Sequence[str]], KnownFrame | None], ...] = (
    *(_optuna, _scikit_learn, _ray, _bayes_opt, _nevergrad),
    *(_flaml, _wandb, _mlflow, _ax, _orion, _neps, _syne_tune),
)
