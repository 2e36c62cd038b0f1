"""Where the trials of a run come from: its initial design, or whatever the optimizer does after it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from itertools import chain, combinations

import numpy as np
import pyarrow as pa

from ...run import COST, EXTRA, Run
from .sections import Group

_ORIGIN, _PICKED, _GENERATION = f"{EXTRA}origin", f"{EXTRA}model_based_pick", ":generation"
_RANDOM, _CHOSEN = "random search", "acquisition"  # how SMAC's origins begin for what its model did not choose, and did
_INITIAL = "initial"  # how SMAC's origins and those of encave's runners begin for what is from the initial design


def initial_share(run: Run) -> float | None:
    """Share of the trials that are from the initial design; None where the log does not tell.

    Told by SMAC's `config_origins` and the origins of encave's runners, by HpBandSter's `model_based_pick` (what the
    model did not pick counts as initial), and by the generation of Optuna's genetic algorithms.
    """
    names = run.trials.column_names
    if _ORIGIN in names:
        told = _origins(run)
        return _beginning(told, _INITIAL) / told.total() if told else None
    column = _PICKED if _PICKED in names else next((name for name in names if name.endswith(_GENERATION)), None)
    if column is None:
        return None
    known = [value for value in run.trials[column].to_pylist() if value is not None]
    return sum(not value for value in known) / len(known) if known else None


def random_share(runs: Sequence[Run]) -> float | None:
    """Share of the trials after the initial design that SMAC drew at random.

    None where no log tells, or no trial was chosen by a model, as none is of Hyperband's.
    """
    told: Counter[str] = Counter()
    for run in runs:
        if _ORIGIN in run.trials.column_names:
            told += _origins(run)
    if not _beginning(told, _CHOSEN):
        return None
    return _beginning(told, _RANDOM) / (told.total() - _beginning(told, _INITIAL))


def _origins(run: Run) -> Counter[str]:
    """How many trials of the run are of each origin."""
    column = run.trials[_ORIGIN]
    if not pa.types.is_string(column.type):
        column = pa.chunked_array([[None if one is None else str(one) for one in column.to_pylist()]], pa.string())
    told: Counter[str] = Counter()
    for one in column.drop_null().value_counts().to_pylist():  # of many trials a few
        told[one["values"].casefold()] += one["counts"]
    return told


def _beginning(told: Counter[str], how: str) -> int:
    return sum(count for origin, count in told.items() if origin.startswith(how))


def never_left(runs: Sequence[Run]) -> int:
    """How many of the runs have trials from their initial design only."""
    return sum(initial_share(run) == 1.0 for run in runs)


def twins(groups: Sequence[Group]) -> list[tuple[Group, Group, int]]:
    """Pairs of groups of which runs are the same, with how many of the first.

    Such a run evaluated, in the same order, exactly what a run of the second did, at equal costs.
    """
    costs = [[_costs(run) for run in group.runs] for group in groups]
    seen = Counter(chain.from_iterable(map(set, costs)))
    digests = [  # configurations take longer, and are looked at where costs are equal
        [
            _configurations(run) if len(run) and seen[cost] > 1 else b""
            for run, cost in zip(group.runs, own, strict=True)
        ]
        for group, own in zip(groups, costs, strict=True)
    ]
    found: list[tuple[Group, Group, int]] = []
    for first, second in combinations(range(len(groups)), 2):
        known = {pair for pair in zip(costs[second], digests[second], strict=True) if pair[1]}
        same = sum(pair in known for pair in zip(costs[first], digests[first], strict=True))
        if same:
            found.append((groups[first], groups[second], same))
    return found


def _costs(run: Run) -> bytes:
    names = ("budget", *(f"{COST}{objective.name}" for objective in run.objectives))
    columns = (np.ascontiguousarray(run.column(name).astype(np.float64)) for name in names)
    return hashlib.blake2b(b"".join(column.tobytes() for column in columns), digest_size=16).digest()


def _configurations(run: Run) -> bytes:
    rows = run.configurations.to_pylist()
    texts = {row.pop("config_id"): repr(sorted(row.items())) for row in rows}
    told = "\n".join(texts[one] for one in run.column("config_id").tolist())
    return hashlib.blake2b(told.encode(), digest_size=16).digest()
