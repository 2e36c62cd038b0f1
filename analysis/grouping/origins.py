"""Where the trials of a run come from: its initial design, or whatever the optimizer does after it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from ...run import COST, EXTRA, Run
from .sections import Group

_ORIGIN, _PICKED, _GENERATION = f"{EXTRA}origin", f"{EXTRA}model_based_pick", ":generation"
_INITIAL = "initial"  # how SMAC's origins and those of encave's runners begin for what is from the initial design


def initial_share(run: Run) -> float | None:
    """Share of the trials that are from the initial design; None where the log does not tell.

    Told by SMAC's `config_origins` and the origins of encave's runners, by HpBandSter's `model_based_pick` (what the
    model did not pick counts as initial), and by the generation of Optuna's genetic algorithms.
    """
    names = run.trials.column_names
    if _ORIGIN in names:
        told = [str(origin).casefold() for origin in run.trials[_ORIGIN].to_pylist() if origin is not None]
        return sum(origin.startswith(_INITIAL) for origin in told) / len(told) if told else None
    column = _PICKED if _PICKED in names else next((name for name in names if name.endswith(_GENERATION)), None)
    if column is None:
        return None
    known = [value for value in run.trials[column].to_pylist() if value is not None]
    return sum(not value for value in known) / len(known) if known else None


def never_left(runs: Sequence[Run]) -> int:
    """How many of the runs have trials from their initial design only."""
    return sum(initial_share(run) == 1.0 for run in runs)


def twins(first: Group, second: Group) -> int:
    """How many runs of the first evaluated, in the same order, exactly what a run of the second did, at equal costs."""
    known = {_digest(run) for run in second.runs if len(run)}
    return sum(_digest(run) in known for run in first.runs if len(run))


def _digest(run: Run) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for name in ("budget", *(f"{COST}{objective.name}" for objective in run.objectives)):
        digest.update(np.ascontiguousarray(run.column(name).astype(np.float64)).tobytes())
    rows = run.configurations.to_pylist()
    texts = {row.pop("config_id"): repr(sorted(row.items())) for row in rows}
    digest.update("\n".join(texts[one] for one in run.column("config_id").tolist()).encode())
    return digest.digest()
