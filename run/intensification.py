"""Incumbents where configurations are evaluated on several instances or with several seeds: algorithm configuration.

Costs on different instances do not compare, so a configuration is judged against its rival on what both were evaluated
on: the pairs of instance and seed that they share, else the instances. It replaces the incumbent when it has at least
as many evaluations and is better there, which is looked at whenever one of the two was evaluated (intensification: F.
Hutter, H. Hoos, K. Leyton-Brown and T. Stützle, "ParamILS", JAIR 36, 2009). Better is to fail on a smaller share, then
to have a lower mean. An evaluation that failed but has a penalty, such as a timeout with a PAR factor, counts with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .trials import UNFINISHED, is_one_of

if TYPE_CHECKING:
    from .model import Run

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Evidence:
    """What the finished trials of a run were evaluated on, shape (n,) each over all of its trials."""

    pair: Integers
    """Number of the instance and seed."""
    instance: Integers
    """Number of the instance."""
    seeded: NDArray[np.bool_]
    """Whether the seed is known, so that another evaluation with the same pair is no more evidence."""
    named: Integers
    """The configuration that the optimizer's log names as the incumbent when the trial ended; -1 where none."""
    finished: NDArray[np.bool_]
    """Whether it is finished."""

    @property
    def names(self) -> bool:
        """Whether the log names the incumbents."""
        return bool((self.named >= 0).any())


def evidence_of(run: Run) -> Evidence | None:
    """What trials were evaluated on; None where no configuration has several instances or seeds at one budget."""
    trials = run.trials
    columns = [trials["instance"], trials["seed"]]
    if all(pc.count_distinct(column).as_py() < 2 for column in columns):
        return None
    finished = ~is_one_of(trials["status"], UNFINISHED)
    where = _joint(_codes(trials["config_id"]), _codes(trials["budget"]))
    instance, seed = map(_codes, columns)
    known = [pc.is_valid(column).to_numpy() & finished for column in columns]
    if not any(_several(where[told], one[told]) for one, told in zip((instance, seed), known, strict=True)):
        return None
    pair = _joint(instance, seed)
    named = trials["incumbent"] if "incumbent" in trials.column_names else pa.nulls(len(run), pa.int64())
    return Evidence(pair, instance, known[1], pc.fill_null(named, -1).to_numpy(), finished)


@dataclass
class _Results:
    """What a configuration did at one budget."""

    pairs: dict[int, list[float]] = field(default_factory=dict)
    """Pair → sum of the known costs, their number, evaluations."""
    instances: dict[int, list[float]] = field(default_factory=dict)
    """Instance → the same."""
    evaluations: int = 0
    """Evaluations, those that repeat a pair with a known seed left out."""
    latest: int = -1
    """Its latest evaluation with a cost; -1 before there is any."""
    succeeded: bool = False
    """Whether any succeeded: none that did not is an incumbent."""

    def take(self, i: int, cost: float, pair: int, instance: int, *, seeded: bool, able: bool) -> None:
        self.evaluations += not (seeded and pair in self.pairs)
        for results, key in ((self.pairs, pair), (self.instances, instance)):
            own = results.setdefault(key, [0.0, 0, 0])
            own[2] += 1
            if cost == cost:  # no NaN
                own[0] += cost
                own[1] += 1
        self.latest = i if cost == cost else self.latest
        self.succeeded |= able

    def beats(self, rival: _Results) -> bool:
        """Whether it is better on what both were evaluated on."""
        if shared := self.pairs.keys() & rival.pairs.keys():
            return _score(self.pairs, rival.pairs, shared) < _score(rival.pairs, self.pairs, shared)
        shared = self.instances.keys() & rival.instances.keys()
        return _score(self.instances, rival.instances, shared) < _score(rival.instances, self.instances, shared)


def _score(own: dict[int, list[float]], rival: dict[int, list[float]], shared: Iterable[int]) -> tuple[float, float]:
    """Share of failures, and the mean where both have a cost; less is better."""
    failed = mean = 0.0
    for key in sorted(shared):
        total, known, evaluations = own[key]
        failed += (evaluations - known) / evaluations
        if known and rival[key][1]:
            mean += total / known
    return failed, mean  # both over the same keys, so that their sums compare as means do


def intensified(
    cost: Floats, able: NDArray[np.bool_], level: Floats, groups: Integers, evidence: Evidence, rows: Integers
) -> tuple[Integers, Integers]:
    """Follow the incumbent by comparisons on shared instances.

    Args:
        cost: Minimised cost or penalty of the trials in order of completion, shape (n,); NaN where one failed without.
        able: Whether each may be the incumbent, shape (n,).
        level: Their budgets, shape (n,), of which only the highest so far counts; all equal where all count.
        groups: Number of each one's (configuration, budget), shape (n,).
        evidence: Of the run.
        rows: Their rows in the run, shape (n,).

    Returns:
        Trials at whose end the incumbent or its mean changed, ascending, and the incumbent's latest evaluation with a
        cost by then, both of shape (k,).
    """
    found: dict[int, _Results] = {}
    by_evidence: dict[int, set[int]] = {}
    at: list[int] = []
    latest: list[int] = []
    best, top = -1, -np.inf
    pairs, instances, seeded = (column[rows].tolist() for column in (evidence.pair, evidence.instance, evidence.seeded))
    for i, (one, fine, budget, group) in enumerate(
        zip(cost.tolist(), able.tolist(), level.tolist(), groups.tolist(), strict=True)
    ):
        if budget < top:
            continue
        own = found.setdefault(group, _Results())
        before = own.evaluations
        own.take(i, one, pairs[i], instances[i], seeded=seeded[i], able=fine)
        if not own.succeeded:
            continue
        if best < 0 or budget > top:
            best, top, by_evidence = group, budget, {}
        by_evidence.get(before, set()).discard(group)
        by_evidence.setdefault(own.evaluations, set()).add(group)
        if group == best:
            best = _challenged(best, found, by_evidence)
        elif own.evaluations >= found[best].evaluations and own.beats(found[best]):
            best = group
        if not latest or latest[-1] != found[best].latest:
            at.append(i)
            latest.append(found[best].latest)
    return np.array(at, dtype=np.int64), np.array(latest, dtype=np.int64)


def _challenged(best: int, found: dict[int, _Results], by_evidence: dict[int, set[int]]) -> int:
    """The incumbent after it was evaluated: itself, or who has as many evaluations and is better now."""
    enough = [evaluations for evaluations in by_evidence if evaluations >= found[best].evaluations]
    for group in sorted(group for evaluations in enough for group in by_evidence[evaluations]):
        if found[group].evaluations >= found[best].evaluations and found[group].beats(found[best]):
            best = group
    return best


def as_named(
    cost: Floats, able: NDArray[np.bool_], budget: Floats, configuration: Integers, named: Integers
) -> tuple[Integers, Integers]:
    """Follow the incumbents that a log names, each from its first success on, at its own highest budget.

    Args:
        cost: As for `intensified`.
        able: As for `intensified`.
        budget: Their budgets, shape (n,).
        configuration: Their configurations, shape (n,).
        named: The configurations that are named, shape (n,); -1 where none is.

    Returns:
        As `intensified`.
    """
    reached: dict[int, tuple[float, int]] = {}  # configuration → its highest budget with a success, latest evaluation
    at: list[int] = []
    latest: list[int] = []
    columns = (cost, able, budget, configuration, named)
    for i, (one, fine, level, own, name) in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        top = reached.get(own, (-np.inf, -1))
        if (fine and level >= top[0]) or (own in reached and level == top[0] and one == one):
            reached[own] = (level, i)
        last = reached.get(name, (0.0, -1))[1]
        if last >= 0 and (not latest or latest[-1] != last):
            at.append(i)
            latest.append(last)
    return np.array(at, dtype=np.int64), np.array(latest, dtype=np.int64)


def _codes(column: pa.ChunkedArray) -> Integers:
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    return encoded.indices.to_numpy().astype(np.int64)


def _several(where: Integers, what: Integers) -> bool:
    """Whether any number of `where` has more than one of `what`, shape (n,) both."""
    return len(np.unique(where)) < len(np.unique(_joint(where, what)))


def _joint(first: Integers, second: Integers) -> Integers:
    """One number for each combination, shape (n,)."""
    return first * (int(second.max(initial=0)) + 1) + second
