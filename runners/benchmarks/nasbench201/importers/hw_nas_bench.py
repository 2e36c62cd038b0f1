"""Importer of `HW-NAS-Bench-v1_0.pickle`: latencies on six devices, added to a table that is imported already.

{'nasbench201': {dataset: {'<device>_latency': 15,625 ms, '<device>_energy': …, 'config': …}}}, in the official order.
What the Edge TPU could not run has a latency of 0 or less there.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .....errors import EncaveError
from .....files.pickles import NUMPY, load
from .....run.nasbench201_space import SIZE
from ..architectures import official_strings
from ..columns import TEST_PREFIX
from ..mapped import CURVES_FOLDER
from ..store import TABLE_FILE, Imported, Written, check_unchanged, store

LIMIT = 2**29
"""Bytes that the pickle may have."""

_END = "_latency"


def recognises(path: Path) -> bool:
    """Whether it is named so."""
    return path.is_file() and path.name.startswith("HW-NAS-Bench") and path.suffix == ".pickle"


def add_to(path: Path, table: Imported, name: str) -> Imported:
    """Write a copy of the table with the latencies as further columns.

    Raises:
        EncaveError: the file is damaged, malicious or something else, the table has changed, or the cache cannot be
            written.
    """
    check_unchanged(table)
    columns, unmeasured = _latencies(path)

    def write(folder: Path) -> Written:
        import pyarrow.parquet as pq

        rows = pq.read_table(table.path)
        rows = rows.drop_columns([column for column in columns if column in rows.column_names])
        index = rows["arch_index"].to_numpy()
        for column, values in columns.items():
            rows = rows.append_column(column, [values[index]])
        pq.write_table(rows, folder / TABLE_FILE)
        if (table.folder / CURVES_FOLDER).is_dir():
            shutil.copytree(table.folder / CURVES_FOLDER, folder / CURVES_FOLDER)
        missing = [f"{column} is not known of {count:,} architectures" for column, count in unmeasured.items() if count]
        return Written([*table.notes, f"latencies of {path.name}", *missing], table.splits)

    return store(name, Path(table.source), f"{table.source_format}, with HW-NAS-Bench", write)


def _latencies(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """Columns of latencies, and how many are not known in each."""
    columns: dict[str, Any] = {}
    unmeasured: dict[str, int] = {}
    try:
        with path.open("rb") as stream:
            content = load(stream, name=str(path), limit=LIMIT, allowed=NUMPY)
        for dataset, prefix in TEST_PREFIX.items():
            metrics = content["nasbench201"][dataset]
            _check_order(metrics.get("config", ()), path)
            for metric in sorted(metric for metric in metrics if metric.endswith(_END)):
                values = np.array(metrics[metric], dtype=np.float64)
                if values.shape != (SIZE,):
                    raise ValueError(f"{metric} on {dataset} has shape {values.shape}")
                values[~(values > 0)] = np.nan
                column = f"latency_ms_{metric.removesuffix(_END)}_{prefix}"
                columns[column], unmeasured[column] = values, int(np.isnan(values).sum())
    except OSError as error:
        raise EncaveError(f"cannot read {path}: {error.strerror or error}") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EncaveError(f"{path} is not as HW-NAS-Bench writes it ({type(error).__name__}: {error})") from error
    return columns, unmeasured


def _check_order(configs: Sequence[Any], path: Path) -> None:
    for config, text in zip(configs, official_strings(), strict=False):
        if isinstance(config, Mapping) and config.get("arch_str", text) != text:
            raise EncaveError(f"{path} does not have the architectures in the official order")
