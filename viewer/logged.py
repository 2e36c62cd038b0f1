"""What the lossless run beside DeepCAVE's files knows: numbers of configurations, order, and what is not shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import EncaveError
from ..files.parquet import read_own, schema_of
from ..run import TRIALS_FILE

_UNFINISHED = {"running": "still running when the log ended", "not-evaluated": "never evaluated"}


@dataclass(frozen=True)
class LoggedTrials:
    """The trials of a run as the log has them."""

    config_ids: Mapping[int, int]
    """Trial → its configuration in `trials.parquet`."""
    evaluations: Mapping[int, int]
    """Finished trial → how many evaluations the run had made when it ended, from 1."""
    unfinished: Mapping[int, str]
    """Trial that was not evaluated → `running` or `not-evaluated`."""

    def told(self, shown: Iterable[int]) -> str:
        """How many trials are shown and how many are not, and why, for the overview."""
        number = len(set(shown))
        total = len(self.config_ids)
        reasons = [f"{count:,} {_UNFINISHED[status]}" for status, count in Counter(self.unfinished.values()).items()]
        repeated = len(self.evaluations) - number
        if repeated:
            first = "one stands for all, the best success if there is one"
            reasons.append(f"{repeated:,} repeated a configuration and budget ({first})")
        left = f"; left out: {', '.join(reasons)}" if reasons else ""
        return f"{number:,} of {total:,}{left}"


def read_logged(folder: Path) -> LoggedTrials | None:
    """What `trials.parquet` in a folder says; None if there is none.

    Raises:
        EncaveError: it cannot be read.
    """
    path = folder / TRIALS_FILE
    if not path.is_file():
        return None
    wanted = ["trial_id", "config_id", "status", "end", "evaluation"]
    try:
        names = schema_of(path).names
        table = read_own(path, [name for name in wanted if name in names])
    except (OSError, pa.ArrowException) as error:
        raise EncaveError(f"cannot read {path}: {error}. Convert the run again.") from error
    ids, statuses = table["trial_id"].to_pylist(), table["status"].cast(pa.string()).to_pylist()
    unfinished = {trial: status for trial, status in zip(ids, statuses, strict=True) if status in _UNFINISHED}
    return LoggedTrials(
        dict(zip(ids, table["config_id"].to_pylist(), strict=True)),
        _evaluations(table.filter(pc.invert(pc.is_in(table["status"].cast(pa.string()), pa.array([*_UNFINISHED]))))),
        unfinished,
    )


def _evaluations(finished: pa.Table) -> dict[int, int]:
    """The log's own counts, else the place in the order of ends, else in the log's order."""
    counted = finished["evaluation"] if "evaluation" in finished.column_names else None
    ids = finished["trial_id"].to_numpy()
    if counted is not None and counted.null_count == 0:
        return dict(zip(ids.tolist(), counted.to_pylist(), strict=True))
    ends = finished["end"].to_numpy()
    order = np.arange(len(ids)) if np.isnan(ends).any() else np.argsort(ends, kind="stable")
    return dict(zip(ids[order].tolist(), range(1, len(ids) + 1), strict=True))
