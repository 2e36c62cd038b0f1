"""How a run was set up: its objectives, space, budgets and instances, small enough to be kept of every run."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...run import Run, RunHeader
from ...run.checks import is_list
from ...run.configurations import CONFIG_ID

DesignOf: TypeAlias = "Callable[[RunHeader], RunDesign]"
"""Gives the design of a run."""
_MEANING_NOTHING = ("default_value", "meta")  # of a hyperparameter: no part of its domain
_FEWEST = 4  # trials with costs of their own that tell one run's beginning from another's
_DIGITS = 9  # of a bound, that a log in decimal or on a log scale keeps


@dataclass(frozen=True)
class RunDesign:
    """What must agree between runs that are repetitions of one another."""

    objectives: tuple[tuple[str, str], ...]
    """Name and direction of each objective."""
    hyperparameters: frozenset[str]
    """Names of the hyperparameters, also where only DEHB's incumbent tells those of its unit vectors."""
    absent: frozenset[str]
    """Those that some configuration lacks, as conditional ones do."""
    space: str
    """Domains, conditions and clauses of the log's space as JSON; empty where it was inferred from values."""
    first: tuple[tuple[float, int], ...]
    """Budgets, ascending, each with the number of trials before its first."""
    range: tuple[float, float] | None
    """Least and highest budget as the log says they were set."""
    trials: int
    """Number of trials."""
    instances: frozenset[str]
    """Instances of the trials, or of the run."""
    values: tuple[float, float, float] | None
    """Least, median and largest value of the first objective, as logged; None without any."""
    beginnings: tuple[bytes, ...] = ()
    """Digests of the first 4, 8, 16, … trials, as far as they tell a run from others."""

    @classmethod
    def of(cls, run: Run) -> RunDesign:
        """The design of a run with its trials and space."""
        names = frozenset(_hyperparameters(run))
        return cls(
            objectives=tuple((one.name, one.direction) for one in run.objectives),
            hyperparameters=names,
            absent=frozenset(_absent(run)) & names,
            space=sys.intern("" if run.inferred_space else _space(run.space_json, _moving(run))),
            first=_first(run),
            range=_range(run.provenance.extra.get("budget_range")),
            trials=len(run),
            instances=_instances(run),
            values=_values(run),
            beginnings=_beginnings(run),
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        # of thousands of runs that come from other processes most have one space
        self.__dict__.update(state, space=sys.intern(state["space"]))

    @property
    def budgets(self) -> frozenset[float]:
        """The budgets of the trials."""
        return frozenset(budget for budget, _ in self.first)

    def domains(self) -> dict[str, dict[str, Any]]:
        """Hyperparameter → its domain as the log's space has it."""
        return {one["name"]: one for one in json.loads(self.space)["hyperparameters"]} if self.space else {}


def _hyperparameters(run: Run) -> list[str]:
    own = [name for name in run.configurations.column_names if name != CONFIG_ID]
    told = run.provenance.extra.get("named_hyperparameters") if run.inferred_space else None
    return [str(one) for one in told] if isinstance(told, list) and len(told) == len(own) else own


def _absent(run: Run) -> list[str]:
    if not run.configurations.num_rows:  # they were not read
        told = run.provenance.extra.get("absent")
        return [str(name) for name in told] if isinstance(told, list) else []
    return [name for name in run.configurations.column_names if run.configurations[name].null_count]


def _moving(run: Run) -> frozenset[str]:
    """Hyperparameters of which a study of Optuna saw several domains, so that their union is what was seen."""
    told = run.provenance.extra.get("distributions")
    domains: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    return frozenset(name for name, seen in domains.items() if is_list(seen) and len(seen) > 1)


def _space(content: Mapping[str, Any], moving: frozenset[str]) -> str:
    own = [
        {key: _rounded(value) for key, value in one.items() if key not in _MEANING_NOTHING}
        for one in content.get("hyperparameters") or ()
        if one.get("name") not in moving
    ]
    for one in own:
        if one.get("type") == "categorical":
            one["choices"] = sorted(one.get("choices") or (), key=repr)
            weights = one.get("weights")
            if not is_list(weights) or len(set(map(repr, weights))) < 2:  # none, or all alike
                one["weights"] = None
    clauses = {part: sorted(map(_text, content.get(part) or ())) for part in ("conditions", "forbiddens")}
    return _text({"hyperparameters": sorted(own, key=lambda one: str(one.get("name"))), **clauses}) if own else ""


def _rounded(value: Any) -> Any:
    """A bound without what a log loses of it."""
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


def _text(content: Any) -> str:
    return json.dumps(content, sort_keys=True, default=str)


def _first(run: Run) -> tuple[tuple[float, int], ...]:
    budgets = run.column("budget").astype(np.float64)
    found, first = np.unique(budgets[~np.isnan(budgets)], return_index=True)
    return tuple(zip(found.tolist(), np.flatnonzero(~np.isnan(budgets))[first].tolist(), strict=True))


def _beginnings(run: Run) -> tuple[bytes, ...]:
    """Digests of the first 4, 8, 16, … trials: their costs, budgets and times; none where the first are all alike."""
    costs = run.cost()
    if len(np.unique(costs[:_FEWEST][np.isfinite(costs[:_FEWEST])])) < _FEWEST:
        return ()
    told = np.column_stack((costs, *(run.column(name).astype(np.float64) for name in ("budget", "start", "end"))))
    sizes = (_FEWEST << k for k in range((len(run) // _FEWEST).bit_length()))
    return tuple(hashlib.blake2b(told[:size].tobytes(), digest_size=8).digest() for size in sizes)


def _range(told: Any) -> tuple[float, float] | None:
    if not is_list(told) or len(told) != 2 or not all(isinstance(one, int | float) for one in told):
        return None
    return float(told[0]), float(told[1])


def _instances(run: Run) -> frozenset[str]:
    if "instance" in run.trials.column_names:
        return frozenset(map(str, pc.unique(run.trials["instance"].cast(pa.string()).drop_null()).to_pylist()))
    return frozenset()


def _values(run: Run) -> tuple[float, float, float] | None:
    sign = -1.0 if run.objectives[0].direction == "maximize" else 1.0
    values = sign * run.cost()
    values = values[np.isfinite(values)]
    return (float(values.min()), float(np.median(values)), float(values.max())) if len(values) else None
