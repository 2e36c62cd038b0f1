"""What trials of encave's runners cost: all of their budget, or with checkpoints the new epochs only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ...run import Note

if TYPE_CHECKING:
    from ...run import Run

_COLUMN = "continues"


def as_paid(run: Run) -> Run:
    """The run with the trials that its promotions go on with, where the runner says whether they were paid anew.

    Packages' own logs do not tell: those of Syne Tune look as if each went on, and those of others as if none did.
    """
    told = run.provenance.benchmark
    resumed = None if told is None else told.resumed
    known = _COLUMN in run.trials.column_names
    if resumed is None or resumed == known:
        return run
    if not resumed:
        count = run.trials.num_rows - run.trials[_COLUMN].null_count
        text = "trials that go on with another were trained anew, as the runner says: they cost all of their budget"
        return _with(run, run.trials.drop_columns([_COLUMN]), text, count)
    before = _gone_on_with(run)
    if not any(row is not None for row in before):
        return run
    trials = run.trials.append_column(_COLUMN, pa.array(before, pa.int64()))
    text = "trials at a higher budget go on from a checkpoint, as the runner says: they cost the difference"
    return _with(run, trials, text, sum(row is not None for row in before))


def _with(run: Run, trials: pa.Table, text: str, count: int) -> Run:
    """The run with other trials, and a note on what was changed."""
    return run.replace(trials=trials, notes=(*run.notes, Note("derived", text, count)))


def _gone_on_with(run: Run) -> list[int | None]:
    """The trial that each goes on with: of those before it of its configuration the one that was trained longest."""
    rows = run.configurations.to_pylist()
    values = {row.pop("config_id"): tuple(row.items()) for row in rows}
    ids, trial, budget = run.column("config_id").tolist(), run.column("trial_id").tolist(), run.column("budget")
    longest: dict[object, int] = {}
    before: list[int | None] = [None] * len(run)
    for row in np.argsort(run.column("start"), kind="stable").tolist():
        own = values[ids[row]]
        last = longest.get(own)
        if last is None:
            longest[own] = row
        elif budget[row] > budget[last]:
            before[row], longest[own] = trial[last], row
    return before
