"""The run store: many runs as Hive-partitioned Parquet that pandas, Polars, DuckDB and Dask read as it is.

`STORE/trials/optimizer=<label>/dataset=<task>/part-<n>.parquet` has one row per trial, with its configuration, and
`STORE/runs/…`, of the same partitions and parts, one row per run. A part of the runs that is there makes the part of
the trials of the same name count. All trial files have the same columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files.lazy import handed_on

if TYPE_CHECKING:
    from .columns import run_id
    from .layout import STORE_FILE, find_stores, store_of
    from .reading import RunFilter, RunStore, count_runs, read_runs
    from .writing import StoreWriter, opened

_HOMES = {
    "run_id": ".columns",
    **dict.fromkeys(("STORE_FILE", "find_stores", "store_of"), ".layout"),
    **dict.fromkeys(("RunFilter", "RunStore", "count_runs", "read_runs"), ".reading"),
    **dict.fromkeys(("StoreWriter", "opened"), ".writing"),
}
__all__ = [
    "STORE_FILE",
    "RunFilter",
    "RunStore",
    "StoreWriter",
    "count_runs",
    "find_stores",
    "opened",
    "read_runs",
    "run_id",
    "store_of",
]
__getattr__, __dir__ = handed_on(__name__, _HOMES)
