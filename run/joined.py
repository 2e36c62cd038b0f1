"""One table of trials with the values of their configurations, as it is stored, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import EncaveError
from .arrays import exact_array, integers, plain_numbers
from .configurations import CONFIG_ID
from .types import Ints

CONFIG = "config:"  # prefix of a hyperparameter's column in the file


def join(trials: pa.Table, configurations: pa.Table) -> pa.Table:
    """Trials with the columns of their configurations appended as `config:<hyperparameter>`."""
    ids = configurations[CONFIG_ID].to_numpy()
    rows = pa.array(np.searchsorted(ids, trials["config_id"].to_numpy()))
    for name in configurations.column_names:
        if name != CONFIG_ID:
            trials = trials.append_column(CONFIG + name, configurations[name].combine_chunks().take(rows))
    return trials


def without_trials(trials: pa.Table, configurations: pa.Table) -> list[dict[str, Any]]:
    """The configurations that have no trial, which `join` leaves out."""
    tried = pc.is_in(configurations[CONFIG_ID], value_set=pc.unique(trials["config_id"]))
    return configurations.filter(pc.invert(tried)).to_pylist()


def split_configurations(table: pa.Table, untried: list[dict[str, Any]]) -> pa.Table:
    """One row per configuration, ascending in id, from a table with one row per trial.

    Raises:
        EncaveError: a configuration without trials does not fit the columns, or is there twice.
    """
    given: Ints = plain_numbers(table[CONFIG_ID])
    names = [name for name in table.column_names if name.startswith(CONFIG)]
    own = table.select([CONFIG_ID, *names]).rename_columns([CONFIG_ID, *(name.removeprefix(CONFIG) for name in names)])
    if not (given[1:] > given[:-1]).all():  # else each trial has a configuration of its own, in order
        own = own.take(integers(np.unique(given, return_index=True)[1]))
    configurations = own.replace_schema_metadata().combine_chunks()
    if untried:
        return pa.concat_tables([configurations, _rows_like(untried, configurations)]).sort_by(CONFIG_ID)
    return configurations


def _rows_like(untried: list[dict[str, Any]], configurations: pa.Table) -> pa.Table:
    """Configurations without trials as rows below `configurations`."""
    try:
        columns = {
            field.name: exact_array([row[field.name] for row in untried], field.type) for field in configurations.schema
        }
    except (LookupError, TypeError, EncaveError) as error:
        raise EncaveError(f"configurations_without_trials do not fit the space: {error}") from error
    rest = pa.table(columns)
    ids, known = rest[CONFIG_ID], configurations[CONFIG_ID]
    if ids.null_count or pc.count_distinct(ids).as_py() < len(ids) or pc.any(pc.is_in(ids, value_set=known)).as_py():
        raise EncaveError("configurations_without_trials have an id twice, or that of one with trials")
    return rest
