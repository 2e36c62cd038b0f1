"""Which trials of a run DeepCAVE is shown, in which order and under which numbers.

DeepCAVE 1.4.1 holds one trial per (configuration, budget, seed), where equal configurations are one whatever their id,
and prefers configurations with more seeds when it looks for the incumbent. The rules are those of docs/formats.md.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ....run import COST, EXTRA, Note, Run, Status
from ....run import configurations as space_columns
from ....run.intensification import evidence_of
from ....run.trials import UNFINISHED, is_one_of
from ....run.types import Floats, Ints
from ...parts.codes import codes, first_of_each, joint_codes
from ...parts.text_columns import whole
from .space import fill

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

FIELDS = ("trial_id", "worker", "instance")
"""Columns of a run that are additional fields of DeepCAVE's trials; extra columns of these names keep their prefix."""
_LARGEST_SEED = 2**63 - 1
_PLACES = 13  # decimals to which DeepCAVE and ConfigSpace tell floats apart


@dataclass(frozen=True)
class ShownRows:
    """The trials that DeepCAVE is shown, in the order of its files."""

    trials: pa.Table
    """Those rows of the run's trials, n of them."""
    space: ConfigurationSpace
    """The run's, with conditions that the log shows."""
    configurations: pa.Table
    """One row per configuration of DeepCAVE, in the order of its numbers 0, 1, 2, …; null only where inactive."""
    config_ids: Ints
    """DeepCAVE's number of each trial's configuration, shape (n,)."""
    budgets: Floats
    """Shape (n,); 0.0 where there is none."""
    seeds: Ints
    """Shape (n,)."""
    starts: Floats
    """Seconds, shape (n,); filled where the log has none."""
    ends: Floats
    """Seconds, shape (n,); filled where the log has none."""
    notes: tuple[Note, ...]
    """What DeepCAVE does not see."""

    def durations(self) -> Floats:
        """Seconds of the successful trials, shape (n,), NaN for the others."""
        return np.where(_succeeded(self.trials), self.ends - self.starts, np.nan)

    def columns(self) -> dict[str, pa.Array]:
        """What the files have of each trial, n values each.

        `config_id`, `budget`, `seed`, `start`, `end`, `duration`, `cpu_time` and `status`, the objectives, then
        `trial_id`, and `worker`, `instance` and the extra columns where any trial has a value.
        """
        table = self.trials
        extras = [name for name in table.column_names if name.startswith(EXTRA)]
        filled = {"config_id": self.config_ids, "budget": self.budgets, "seed": self.seeds, "start": self.starts}
        filled |= {"end": self.ends, "duration": self.durations()}
        return {
            **{name: pa.array(values, from_pandas=True) for name, values in filled.items()},
            "cpu_time": pc.fill_null(whole(table["cpu_time"]), 0.0),
            "status": whole(table["status"]),
            **{name: whole(table[name]) for name in table.column_names if name.startswith(COST)},
            **{name: whole(table[name]) for name in (*FIELDS, *extras) if table[name].null_count < len(table)},
        }


def rows(run: Run) -> ShownRows:
    """Choose, order and number a run's trials for DeepCAVE."""
    infeasible = run.infeasible()
    run = _without_infeasible(run, infeasible) if infeasible.any() else run
    content = _configuration_codes(run)
    budgets = np.nan_to_num(run.column("budget").astype(np.float64), nan=0.0)
    seeds, seed_note = _seeds(run)
    starts, ends, untimed = _times(run)
    order = np.argsort(ends, kind="stable")
    key = (content, codes(pa.array(budgets + 0.0)), codes(pa.array(seeds)))  # + 0.0: -0.0 is 0.0
    kept = _first_of_each(order, _rank(run), key)
    kept = _by_budget(kept, content, budgets)
    kept = _first_start_first(kept, starts)
    numbers = codes(pa.array(content[kept]))
    table = run.trials.take(pa.array(kept))
    ids = table["config_id"].to_numpy()[first_of_each(numbers)]
    known = run.configurations[space_columns.CONFIG_ID].to_numpy()
    filled = fill(run, run.configurations.take(pa.array(np.searchsorted(known, ids))), np.bincount(numbers))
    return ShownRows(
        trials=table,
        space=filled.space,
        configurations=filled.configurations,
        config_ids=numbers,
        budgets=budgets[kept],
        seeds=seeds[kept],
        starts=starts[kept],
        ends=ends[kept],
        notes=(
            *_notes(len(run), len(kept), untimed, seed_note, int(infeasible.sum())),
            *_without_mean(table, numbers, seeds[kept]),
            *filled.notes,
        ),
    )


def _without_infeasible(run: Run, infeasible: NDArray[np.bool_]) -> Run:
    """The run with its infeasible successes aborted and their values in `extra:infeasible_<objective>`.

    DeepCAVE has no better place for them: any trial with a cost can be its incumbent, in every plug-in.
    """
    table, wrong = run.trials, pa.array(infeasible)
    for objective in run.objectives:
        name, cost = COST + objective.name, whole(table[COST + objective.name])
        null = pa.scalar(None, cost.type)
        table = _set(table, name, pc.if_else(wrong, null, cost))
        table = _set(table, f"{EXTRA}infeasible_{objective.name}", pc.if_else(wrong, cost, null))
    status = pc.if_else(wrong, Status.ABORTED.value, whole(table["status"].cast(pa.string())))
    return run.replace(trials=_set(table, "status", status.dictionary_encode().cast(table["status"].type)))


def _set(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    place = table.column_names.index(name) if name in table.column_names else table.num_columns
    kept = table.drop_columns([name]) if name in table.column_names else table
    return kept.add_column(place, name, values)


def _succeeded(trials: pa.Table) -> NDArray[np.bool_]:
    return is_one_of(trials["status"], {Status.SUCCESS.value})


def _rank(run: Run) -> tuple[Floats, Ints]:
    """Which of repeated trials stands for all, the least by the second, then the first: a success, else one that ended.

    Where single trials are compared and no means over seeds or instances, the best success stands for all, as in
    `Run.incumbent`; else the first.
    """
    unfinished = is_one_of(run.trials["status"], UNFINISHED)
    rank = np.where(_succeeded(run.trials), 0, np.where(unfinished, 2, 1))
    return np.where(rank == 0, run.cost(), 0.0) if evidence_of(run) is None else np.zeros(len(run)), rank


def _notes(read: int, shown: int, untimed: int, seed_note: Note | None, infeasible: int) -> Iterable[Note]:
    if read > shown:
        text = (
            "DeepCAVE holds one trial per configuration and budget: it shows the best success of each; the run has all"
        )
        yield Note("flagged", text, read - shown)
    if untimed:
        yield Note(
            "flagged", "trials without times: DeepCAVE shows them at the end of the trial logged before", untimed
        )
    if seed_note:
        yield seed_note
    if infeasible:
        text = "DeepCAVE knows no constraints: infeasible trials are aborted there, their values additional fields"
        yield Note("flagged", text, infeasible)


def _without_mean(trials: pa.Table, configurations: Ints, seeds: Ints) -> Iterable[Note]:
    """A note where DeepCAVE's mean over seeds lacks a value, so that a configuration is left out of the incumbents."""
    if not (seeds != seeds[:1]).any():
        return
    failed = ~_succeeded(trials)
    if failed.any() and (np.bincount(configurations)[configurations[failed]] > 1).any():
        text = "DeepCAVE has no mean over seeds of a configuration of which one failed: it is never its incumbent"
        yield Note("flagged", text, int(failed.sum()))


def _configuration_codes(run: Run) -> Ints:
    """Per trial a code that is equal where the configurations are, shape (n,)."""
    known = run.configurations[space_columns.CONFIG_ID].to_numpy()
    names = [name for name in run.configurations.column_names if name != space_columns.CONFIG_ID]
    columns = (codes(_comparable(whole(run.configurations[name]))) for name in names)
    per_configuration = joint_codes(columns) if names else np.zeros(len(known), dtype=np.int64)
    return codes(pa.array(per_configuration[np.searchsorted(known, run.column("config_id"))]))


def _comparable(column: pa.Array) -> pa.Array:
    if pa.types.is_floating(column.type):
        return pa.array(_rounded(column.to_numpy(zero_copy_only=False)), from_pandas=True)
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def _rounded(values: Floats) -> Floats:
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = np.round(values, _PLACES)
    return np.where(np.isfinite(rounded), rounded, values)


def _seeds(run: Run) -> tuple[Ints, Note | None]:
    """DeepCAVE's seed of each trial, shape (n,).

    A run's trials share one number, another in each run, so that the runs of a group do not overwrite each other. Only
    where the optimizer itself evaluated configurations with several seeds or instances does each of them get its
    number, since DeepCAVE averages over seeds.
    """
    distinct = [pc.count_distinct(run.trials[name], mode="all").as_py() for name in ("seed", "instance")]
    if distinct[1] > 1:
        seeds, instances = (codes(whole(run.trials[name])) for name in ("seed", "instance"))
        numbers = np.unique(seeds * (int(instances.max()) + 1) + instances, return_inverse=True)[1]
        text = "DeepCAVE knows no instances: each pair of seed and instance is one of its seeds, over which it averages"
        return numbers, Note("flagged", text, len(run))
    if distinct[0] > 1:
        return pc.fill_null(run.trials["seed"], 0).to_numpy(), None
    seed = run.seed
    number = seed if seed is not None and 0 <= seed <= _LARGEST_SEED else zlib.crc32(run.name.encode()) >> 1
    return np.full(len(run), number, dtype=np.int64), None


def _times(run: Run) -> tuple[Floats, Floats, int]:
    """Start and end of each trial, and how many were filled: one by the other, both by the latest end before them."""
    starts, ends = run.column("start").astype(np.float64), run.column("end").astype(np.float64)
    missing = np.isnan(starts) | np.isnan(ends)
    latest = np.maximum.accumulate(np.nan_to_num(ends, nan=0.0)) if len(ends) else ends
    starts = np.where(np.isnan(starts), np.where(np.isnan(ends), latest, ends), starts)
    return starts, np.where(np.isnan(ends), starts, ends), int(missing.sum())


def _first_of_each(order: Ints, rank: tuple[Floats, Ints], key: tuple[Ints, ...]) -> Ints:
    """Rows in `order`, of equal keys only the first of the least rank."""
    joint = joint_codes(key)[order]
    preferred = np.lexsort((*(by[order] for by in rank), joint))
    first = np.ones(len(order), dtype=bool)
    first[1:] = joint[preferred][1:] != joint[preferred][:-1]
    return order[np.sort(preferred[first])]


def _by_budget(order: Ints, content: Ints, budgets: Floats) -> Ints:
    """Rows of one configuration change places among themselves so that their budgets ascend.

    DeepCAVE's combined budget is right only then: it takes the last trial whose budget is not below the first one's.
    """
    places = np.argsort(content[order], kind="stable")
    filling = np.lexsort((budgets[order], content[order]))
    result = order.copy()
    result[places] = order[filling]
    return result


def _first_start_first(order: Ints, starts: Floats) -> Ints:
    """The row that starts first goes first, since DeepCAVE counts times from the first row's start."""
    if not len(order):
        return order
    row = int(np.argmin(starts[order]))
    return (
        order
        if starts[order[row]] == starts[order[0]]
        else np.concatenate([order[row : row + 1], np.delete(order, row)])
    )
