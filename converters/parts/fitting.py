"""A run whose log has a few configurations that its space does not have: they are left out, and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from ...errors import EncaveError
from ...run import Note, Objective, Run
from ...run.configurations import CONFIG_ID, unfit
from ...run.trials import build

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

_SHOWN = 3
_LEFT_OUT = "trials whose configuration is not one of the space"


def fitted_run(
    *,
    trials: Mapping[str, ArrayLike | pa.Array],
    configurations: Mapping[int, Mapping[str, Any]] | pa.Table,
    space: ConfigurationSpace,
    objectives: Sequence[Objective],
    ready: pa.Table | None = None,
    notes: Sequence[Note] = (),
    inferred_space: bool = False,
    **fields: Any,
) -> Run:
    """As `Run.from_columns`, without the trials of the few configurations that do not fit the space.

    Args:
        trials: As there, and so are the others.
        configurations: config_id → hyperparameter → value, or a ready table, in which nothing is left out.
        space: The configuration space.
        objectives: The objectives.
        ready: The table of `configurations`, if it is there already.
        notes: Notes.
        inferred_space: Whether the space was inferred from the values, which then fit.
        fields: The other arguments of `Run`.

    Raises:
        EncaveError: half of the configurations or more do not fit, so that the space is not the log's; as `Run`.
    """
    given: dict[str, Any] = {"inferred_space": inferred_space, **fields}

    def run_of(trials: Mapping[str, Any], configurations: Any, notes: Sequence[Note]) -> Run:
        return Run.from_columns(
            trials=trials, configurations=configurations, space=space, objectives=objectives, notes=notes, **given
        )

    try:
        return run_of(trials, configurations if ready is None else ready, notes)
    except EncaveError as error:
        bad = {} if inferred_space or isinstance(configurations, pa.Table) else unfit(space, configurations)
        if not bad:
            raise
        if 2 * len(bad) >= len(configurations):
            first = next(f"configuration {config_id}: {why}" for config_id, why in bad.items())
            of = f"{len(bad):,} of {len(configurations):,} configurations"
            raise EncaveError(f"{first}; {of} do not fit, so this is hardly its space") from error
    table = build(trials)
    fits = pc.invert(pc.is_in(table[CONFIG_ID], pa.array(list(bad), pa.int64())))
    kept = table.filter(fits)
    return run_of(
        {name: column.combine_chunks() for name, column in zip(table.column_names, kept.columns, strict=True)},
        {number: one for number, one in configurations.items() if number not in bad},
        [*notes, _note(bad, len(table) - len(kept))],
    )


def _note(bad: Mapping[int, str], count: int) -> Note:
    told = "; ".join(f"configuration {config_id}: {why}" for config_id, why in list(bad.items())[:_SHOWN])
    more = f"; and {len(bad) - _SHOWN:,} more" if len(bad) > _SHOWN else ""
    return Note("dropped", f"{_LEFT_OUT}: {told}{more}", count)


def left_out(run: Run) -> int:
    """How many trials `fitted_run` left out."""
    return sum(note.count for note in run.notes if note.kind == "dropped" and note.text.startswith(_LEFT_OUT))
