"""What became of a computation that failed, as words for the page; imported by the server and by the worker."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

from ..errors import EncaveError

_FAILED = "encave: failed"
_LONGEST = 400
COMBINED = -1
"""DeepCAVE's budget that stands for the highest of each configuration."""
_EXPLAINING = ("Importances", "AblationPaths", "SymbolicExplanations")
_OWN_BUDGETS = ("CostOverTime", "ParetoFront")  # pages whose menu counts in the budgets of all runs
_FIELDS = {
    "n_trees": ("Trees", 1),
    "generations": ("Generations", 1),
    "population_size": ("Population Size", 1),
    "random_seed": ("Random seed", 0),
}
"""Inputs that want a number: what they are called on the page, and the least."""
_OBJECTIVES = ("objective_id", "objective_id1", "objective_id2")

log = logging.getLogger(__name__)

Outputs = dict[str, Any]


def guarded(process: Callable[..., Any]) -> Callable[..., Any]:
    """A computation that returns the reason, marked, where it would have raised."""

    @wraps(process)
    def run_guarded(run: Any, inputs: Any) -> Any:
        return compute(process, run, inputs)

    return run_guarded


def compute(process: Callable[..., Any], run: Any, inputs: Any) -> Any:
    """The job of the worker: the outputs of a page for a run, or the reason why there are none."""
    try:
        _refuse_empty_fields(inputs)
        _refuse_without_success(process, run, inputs)
        _refuse_constant(process, run, inputs)
        return process(run, inputs)
    except Exception as error:  # any failure of DeepCAVE's analyses is told on the page
        if not isinstance(error, EncaveError):
            log.warning("%s cannot be computed", run.name, exc_info=True)
        return {_FAILED: reason(error)}


def _refuse_empty_fields(inputs: Any) -> None:
    """A field that was emptied, or holds a number that nothing can be computed with, is named."""
    for key, (label, least) in _FIELDS.items():
        if key in inputs and (inputs[key] is None or inputs[key] < least):
            raise EncaveError(f"the field {label} wants a number of at least {least}")


def _refuse_without_success(process: Callable[..., Any], run: Any, inputs: Any) -> None:
    """No page can show a run none of whose trials has a value, at all or at the budget that was chosen."""
    succeeded = {trial.budget for trial in run.history if trial.status.name == "SUCCESS"}
    if not succeeded:
        found = Counter(trial.status.name.lower().replace("_", " ") for trial in run.history)
        told = ", ".join(f"{count:,} {status}" for status, count in found.items()) or _unfinished(run)
        raise EncaveError(f"no trial of {run.name} succeeded ({told})")
    chosen = inputs.get("budget_id")
    if any(name in process.__qualname__ for name in _OWN_BUDGETS) or not isinstance(chosen, int):
        return
    if (budget := run.get_budget(chosen)) not in {*succeeded, None, COMBINED}:
        raise EncaveError(f"no trial of {run.name} succeeded at budget {budget:g}")


def _unfinished(run: Any) -> str:
    """What the log has in place of finished trials, of a run or group."""
    told = [one.shown.partition("left out: ")[2] for one in getattr(run, "runs", [run])]
    return "; ".join(filter(None, told)) or "the log has none"


def _refuse_constant(process: Callable[..., Any], run: Any, inputs: Any) -> None:
    """Importances and paths of an objective that never differs would be divisions by zero or noise."""
    if not any(name in process.__qualname__ for name in _EXPLAINING):
        return
    for key in _OBJECTIVES:
        if inputs.get(key) in (None, -1):
            continue
        objective = run.get_objective(inputs[key])
        column = run.get_objective_id(objective)
        values = {trial.costs[column] for trial in run.history} - {None}
        if len(values) < 2:
            told = (
                f"is {values.pop():g} in every trial that succeeded" if values else "has no value: no trial succeeded"
            )
            raise EncaveError(f"there is nothing to explain, since {objective.name} {told}")


def reason_in(outputs: Any) -> str | None:
    """The reason in what `compute` returned; None if these are results."""
    return outputs.get(_FAILED) if isinstance(outputs, dict) else None


def reason(error: BaseException) -> str:
    """An error in one line: its words where they are encave's, else with the kind of error before."""
    words = " ".join(str(error).split())
    told = words if isinstance(error, EncaveError) else f"{type(error).__name__}: {words}".rstrip(": ")
    return told if len(told) <= _LONGEST else told[: _LONGEST - 1] + "…"
