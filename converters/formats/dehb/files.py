"""What stands beside DEHB's history: incumbent, state and log; what they add to it, and whether they agree with it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ....errors import EncaveError
from ....files.json_text import read_json
from ....run import Note
from ....run import configurations as space_columns
from ...parts.space import space_file

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

    from .history import History

COLUMNS = ("config_id", "config", "fitness", "cost", "fidelity")
"""Of a history that is Parquet."""
LINE = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+[+-]\d{4} [A-Z]+ ")
"""How a line of a log of DEHB begins."""
STATE = "dehb_state.json"
LOG = re.compile(r"dehb(_.*)?\.log")
_NAMED = re.compile(r"history_(.*)\.pkl")
_UNTOLD = ("configspace", "output_path")
_SHOWN = 8
_MOST_RUNGS = 1000
_LARGEST = 1e300


@dataclass(frozen=True)
class DehbFiles:
    """The files of a history."""

    incumbent: Path | None = None
    """`incumbent.json`, or `incumbent_<name>.json` for `history_<name>.pkl`."""
    state: Path | None = None
    """`dehb_state.json` of 0.1.1 and later."""
    log: Path | None = None
    """`dehb.log`, or `dehb_<time>.log` before 0.1.2 if there is only one."""
    space: Path | None = None
    """Configuration space; DEHB writes none, users do."""

    @property
    def files(self) -> tuple[Path, ...]:
        """Those that are there."""
        return tuple(path for path in (self.incumbent, self.state, self.log, self.space) if path is not None)


def beside(path: Path, names: Iterable[str]) -> DehbFiles:
    """The files that belong to a history.

    Args:
        path: The history.
        names: Names of the files in its folder.
    """
    present = sorted(names)
    match = _NAMED.fullmatch(path.name)
    own = f"_{match[1]}" if match else ""
    logs = [name for name in present if LOG.fullmatch(name)]
    if f"dehb{own}.log" in logs:
        logs = [f"dehb{own}.log"]
    wanted = (f"incumbent{own}.json",) if own else ("incumbent.json", STATE)  # those with a name write no state
    found = {name: path.with_name(name) for name in wanted if name in present}
    return DehbFiles(
        incumbent=found.get(f"incumbent{own}.json"),
        state=found.get(STATE),
        log=path.with_name(logs[0]) if len(logs) == 1 else None,
        space=space_file(path.parent, present),
    )


@dataclass(frozen=True)
class HistoryEvidence:
    """What was found beside the history."""

    notes: tuple[Note, ...] = ()
    """Where a file contradicts the history or cannot be read."""
    metadata: Mapping[str, Any] | None = None
    """Settings of the state; `incumbent_file` is `agrees` where the incumbent proves the decoding.

    `named_hyperparameters` are those of the incumbent, where the space is not known.
    """


def evidence(
    files: DehbFiles, history: History, space: ConfigurationSpace, configurations: pa.Table, *, known: bool
) -> HistoryEvidence:
    """Check a history against the incumbent and the state beside it.

    Args:
        files: The files.
        history: The history.
        space: The configuration space.
        configurations: The decoded configurations.
        known: Whether the space is that of the run; if not, the incumbent's configuration cannot be compared.
    """
    notes: list[Note] = []
    metadata: dict[str, Any] = {}
    state = _object(files.state, notes)
    if state:
        metadata["settings"] = own = _settings(state)
        budgets = [own.get(f"{end}_fidelity", own.get(f"{end}_budget")) for end in ("min", "max")]
        metadata |= {"budget_range": budgets} if all(isinstance(one, int | float) for one in budgets) else {}
        notes += _contradictions(state, history)
    incumbent = _object(files.incumbent, notes)
    score = incumbent.get("score")
    if isinstance(score, int | float) and abs(score) < _LARGEST and "config" in incumbent:
        agrees, told = _incumbent(incumbent, history, space, configurations, known=known)
        notes += told
        metadata |= {"incumbent_file": "agrees"} if agrees else {}
        if not known and isinstance(incumbent["config"], Mapping):
            metadata["named_hyperparameters"] = sorted(map(str, incumbent["config"]))
    return HistoryEvidence(tuple(notes), metadata)


def _object(path: Path | None, notes: list[Note]) -> Mapping[str, Any]:
    """The object in a JSON file; empty where there is none or it is damaged, which is noted."""
    if path is None:
        return {}
    try:
        content, whole = read_json(path)
    except EncaveError as error:
        notes.append(Note("flagged", f"left out: {error}"))
        return {}
    if not whole:
        notes.append(Note("flagged", f"{path.name} breaks off; it was not used"))
    return content if whole and isinstance(content, Mapping) else {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _settings(state: Mapping[str, Any]) -> dict[str, Any]:
    told = {**_mapping(state.get("HB_params")), **_mapping(state.get("DE_params"))}
    kept = {key: value for key, value in told.items() if isinstance(value, str | int | float) and key not in _UNTOLD}
    # max_age is infinite, which JSON does not know
    return {
        key: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in kept.items()
    }


def _contradictions(state: Mapping[str, Any], history: History) -> Iterator[Note]:
    """Where the state is not that of the history."""
    dimensions = _mapping(state.get("DE_params")).get("dimensions")
    if isinstance(dimensions, int) and dimensions != history.vectors.shape[1]:
        yield Note("flagged", f"{STATE} has {dimensions} dimensions, the vectors have {history.vectors.shape[1]}")
    rungs = _rungs(_mapping(state.get("HB_params")))
    if rungs:
        off = ~np.isclose(history.fidelity[:, None], np.array(rungs)[None, :], rtol=1e-9, atol=0.0).any(axis=1)
        if off.any():
            told = ", ".join(f"{rung:g}" for rung in rungs[:_SHOWN])
            yield Note("flagged", f"the fidelity is none of those of {STATE} ({told})", int(off.sum()))
    changed = sum(_differs(vector, rows) for vector, rows in _initial(state, history))
    if changed:
        yield Note("flagged", f"{STATE} has another vector for the same number: it is of another run", changed)


def _rungs(settings: Mapping[str, Any]) -> list[float]:
    """The fidelities of DEHB's rungs, ascending: the largest divided by powers of eta, down to the smallest."""
    # before 0.1 they were called budgets, but those releases write no state
    told = [settings.get(name) for name in ("min_fidelity", "max_fidelity", "eta")]
    low, high, eta = (_positive(value) for value in told)
    if math.isnan(low + high + eta) or eta <= 1 or low > high:
        return []
    steps = int((math.log(high) - math.log(low)) / math.log(eta)) + 1
    if steps > _MOST_RUNGS:
        return []
    return [high * eta**-step for step in reversed(range(steps))]


def _positive(value: Any) -> float:
    """The value as a positive finite number, else NaN."""
    usable = isinstance(value, int | float) and 0 < value < _LARGEST
    return float(value) if usable else math.nan


def _initial(state: Mapping[str, Any], history: History) -> Iterator[tuple[Any, np.ndarray[Any, Any]]]:
    """Vectors of the initial population in the state, each with the rows of the history under its number."""
    initial = _mapping(state.get("internals")).get("initial_configs")
    for entry in initial if isinstance(initial, list) else []:
        content = _mapping(entry)
        number = content.get("config_id")
        if isinstance(number, int):
            yield content.get("config"), history.vectors[history.config_ids == number]


def _differs(vector: Any, rows: np.ndarray[Any, Any]) -> int:
    return sum(row != vector for row in rows.tolist())


def _incumbent(
    incumbent: Mapping[str, Any],
    history: History,
    space: ConfigurationSpace,
    configurations: pa.Table,
    *,
    known: bool,
) -> tuple[bool, list[Note]]:
    """Whether a row with the incumbent's fitness has its configuration; and what contradicts it."""
    config, score = incumbent["config"], float(incumbent["score"])
    rows = np.flatnonzero((history.fitness == score).all(axis=1))
    if not len(rows):
        return False, [Note("flagged", f"no row has the fitness {score} of DEHB's incumbent file: rows are missing")]
    if isinstance(config, Sequence) and not isinstance(config, str):
        agrees = any(history.vectors[row].tolist() == list(config) for row in rows)
        return agrees, [] if agrees else [_other(score, "another vector")]
    if not isinstance(config, Mapping):
        return False, []
    if not known:
        text = f"DEHB's incumbent file names {len(config)} hyperparameters: {', '.join(sorted(config)[:_SHOWN])}"
        return False, [Note("flagged", text + (", …" if len(config) > _SHOWN else ""))]
    ids = np.asarray(configurations[space_columns.CONFIG_ID])
    for number in np.unique(history.config_ids[rows]):
        decoded = space_columns.decode(space, configurations.slice(int(np.searchsorted(ids, number)), 1).to_pylist()[0])
        if _equal(decoded, config):
            return True, []
    return False, [_other(score, json.dumps(config)[:200])]


def _other(score: float, told: str) -> Note:
    text = f"for the fitness {score} DEHB's incumbent file has {told}: the space is not that of the run, or its file is"
    return Note("flagged", f"{text} of another run")


def _equal(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Equal configurations; floats up to the rounding of the releases of ConfigSpace."""
    return ours.keys() == theirs.keys() and all(
        math.isclose(value, theirs[name], rel_tol=1e-9, abs_tol=1e-12)
        if isinstance(value, float) and isinstance(theirs[name], int | float)
        else value == theirs[name]
        for name, value in ours.items()
    )
