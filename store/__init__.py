"""The run store: many runs as Hive-partitioned Parquet that pandas, Polars, DuckDB and Dask read as it is.

`STORE/trials/optimizer=<label>/dataset=<task>/part-<n>.parquet` has one row per trial, with its configuration, and
`STORE/runs/…`, of the same partitions and parts, one row per run. A part of the runs that is there makes the part of
the trials of the same name count. All trial files have the same columns.
"""

from .columns import run_id
from .layout import STORE_FILE, find_stores, store_of
from .reading import RunFilter, RunStore, count_runs, read_runs
from .writing import StoreWriter, opened

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
