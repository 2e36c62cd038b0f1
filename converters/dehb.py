"""DEHB 0.0.1 to 0.1.2: `history_<name>.pkl`, `history.pkl`, `history.parquet.gzip`, `overtime_history.parquet.gzip`.

The log holds unit vectors, fitness, cost and fidelity, and whatever the objective returned as `info`; neither times nor
statuses nor the configuration space. See docs/formats.md for what is derived and how.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..errors import EncaveError
from ..run import COST, EXTRA, Note, Objective, Optimizer, Run, Status
from . import sidecar as sidecars
from .dehb_history import COLUMNS, History, read
from .dehb_vectors import decode
from .names import study_name
from .reader import Found, Listing, Options, ReadResult
from .sidecar import Sidecar
from .space import SPACE_FILE, LogSpace, known_space

_PAIR = ("history.parquet.gzip", "overtime_history.parquet.gzip")
_PARQUET = (".parquet.gzip", ".parquet")
_PICKLE = re.compile(r"history(_.*)?\.pkl")
_PICKLED_LIST = re.compile(rb"\x80[\x02-\x05](\x95.{8})?(\]|\x8c\x15numpy|cnumpy)", re.DOTALL)
_SINGLE = ("0.1.1", "0.1.2")
_OWN_INFO = ("start", "end", "worker")  # of encave's runners
_Floats = NDArray[np.float64]


class DehbReader:
    """Reader of all releases of DEHB."""

    name = "dehb"
    title = "DEHB"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """Parquet files with DEHB's five columns, of which a run can have two, and pickled lists named as a history."""
        claimed = [name for name in listing.names if _is_history(listing, name)]
        beside = tuple(listing.folder / name for name in (SPACE_FILE,) if name in listing.names)
        pair = [name for name in _PAIR if name in claimed]
        for group in [pair, *([name] for name in claimed if name not in _PAIR)]:
            if group:
                paths = tuple(listing.folder / name for name in group)
                pickled = group[0].endswith(".pkl")
                evidence = "a pickled list named history" if pickled else f"Parquet columns {', '.join(COLUMNS)}"
                yield Found(paths[0], (*paths, *beside), evidence)

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read a run's file, of two the more complete."""
        histories, notes = _histories(path for path in found.files if path.name != SPACE_FILE)
        path, history = max(histories.items(), key=lambda item: len(item[1].fitness))
        if len(histories) > 1:
            rows = " and ".join(f"{file.name} {len(content.fitness)}" for file, content in histories.items())
            notes.append(Note("flagged", f"rows: {rows}; {path.name} is the more complete and was read"))
        return _result(history, path, options, notes)


READER = DehbReader()


def _is_history(listing: Listing, name: str) -> bool:
    if name in _PAIR:
        return True  # a damaged one is refused with the reason, not passed over
    if _PICKLE.fullmatch(name):
        head = listing.head(name, 64)
        return not head or _PICKLED_LIST.match(head) is not None
    if not name.endswith(_PARQUET) or listing.head(name, 4) != b"PAR1":
        return False
    try:
        return set(COLUMNS) <= set(pq.read_schema(listing.folder / name).names)
    except (OSError, pa.ArrowInvalid):
        return False


def _histories(paths: Iterable[Path]) -> tuple[dict[Path, History], list[Note]]:
    """The files that can be read, and a note for each that cannot while another one can."""
    histories: dict[Path, History] = {}
    reasons: list[str] = []
    for path in paths:
        try:
            histories[path] = read(path)
        except EncaveError as error:
            reasons.append(str(error))
    if not histories:
        raise EncaveError("; ".join(reasons))
    return histories, [Note("flagged", f"{reason}; the other file was read") for reason in reasons]


def _result(log: History, path: Path, options: Options, notes: list[Note]) -> ReadResult:
    sidecar = sidecars.find(path)
    found = known_space(path, options, sidecar) or _unit_space(log.vectors.shape[1])
    ids, first = np.unique(log.config_ids, return_index=True)
    configurations = decode(found.space, log.vectors[first], ids)
    objective = sidecar.objectives[0] if sidecar else Objective("fitness")
    columns, time_notes = _trials(log, objective, timed=sidecar is not None)
    notes = [*notes, *log.notes, *found.notes, *time_notes, *_missing(len(log.fitness), sidecar)]
    run = Run.from_columns(
        name=sidecar.run_name() if sidecar else study_name(path, "DEHB"),
        optimizer=sidecar.optimizer if sidecar else Optimizer("DEHB", log.release if log.release in _SINGLE else None),
        space=found.space,
        objectives=[objective],
        trials=columns,
        configurations=configurations,
        budget_name=sidecar.budget_name if sidecar else "fidelity",
        inferred_space=found.inferred,
        metadata=sidecar.metadata() if sidecar else {"group": "DEHB"},
        notes=notes,
    )
    return ReadResult(run, log.release, len(run) + log.dropped, dropped=log.dropped)


def _trials(log: History, objective: Objective, *, timed: bool) -> tuple[dict[str, Any], list[Note]]:
    """Columns of the trials, and notes on what was derived."""
    failed = ~np.isfinite(log.fitness)
    starts, ends, notes = _times(log, timed=timed)
    columns: dict[str, Any] = {
        "config_id": log.config_ids,
        "budget": log.fidelity,
        "status": np.where(failed, Status.CRASHED.value, Status.SUCCESS.value).tolist(),
        "start": starts,
        "end": ends,
        COST + objective.name: np.where(failed, np.nan, log.fitness),
        EXTRA + "cost": pa.array(log.cost),
    }
    if failed.any():
        columns[EXTRA + f"raw_{objective.name}"] = pa.array(log.fitness, mask=~failed)
        notes.append(
            Note("flagged", "fitness is NaN or infinite: counted as crashed, kept as raw value", int(failed.sum()))
        )
    if timed and "worker" in log.info:
        columns["worker"] = log.info["worker"].cast(pa.float64()).cast(pa.int64(), safe=False).cast(pa.string())
    for name, column in log.info.items():
        if not (timed and name in _OWN_INFO):
            columns.setdefault(EXTRA + (name if name != "cost" else "info.cost"), column)
    return columns, notes


def _times(log: History, *, timed: bool) -> tuple[Any, Any, list[Note]]:
    """Start and end of each trial in seconds, and notes."""
    if timed and {"start", "end"} <= log.info.keys():
        return log.info["start"].cast(pa.float64()), log.info["end"].cast(pa.float64()), []
    usable = np.isfinite(log.cost) & (log.cost >= 0)
    ends = np.cumsum(np.where(usable, log.cost, 0.0))
    starts = np.concatenate([[0.0], ends[:-1]])
    notes = [
        Note("derived", "DEHB stores no times: a trial's end is the accumulated cost, as with one worker", len(ends))
    ]
    if not usable.all():
        notes.append(Note("flagged", "cost is negative or not finite: taken as 0 for the times", int((~usable).sum())))
    return starts, ends, notes


def _missing(rows: int, sidecar: Sidecar | None) -> Iterator[Note]:
    if sidecar is not None and sidecar.trials is not None and rows < sidecar.trials:
        text = (
            f"DEHB's history has {rows} of the {sidecar.trials} trials that were run: its save frequency lost the rest"
        )
        yield Note("flagged", text, sidecar.trials - rows)


def _unit_space(dimensions: int) -> LogSpace:
    from ConfigSpace import ConfigurationSpace, UniformFloatHyperparameter

    width = len(str(dimensions - 1))
    space = ConfigurationSpace()
    space.add([UniformFloatHyperparameter(f"x{i:0{width}d}", 0.0, 1.0) for i in range(dimensions)])
    text = "the log has no configuration space: the hyperparameters are DEHB's unit vector; give it with --configspace"
    return LogSpace(space, True, (Note("assumed", text),))
