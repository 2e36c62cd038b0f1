"""The numbers behind figures and tables, written as Parquet and CSV."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from ...files.spreadsheets import guarded
from .contents import Chapter


def write(folder: Path, chapters: Sequence[Chapter]) -> list[str]:
    """Write the tables of all chapters, those of one name put together, as `name.parquet` and `name.csv`.

    Returns:
        The names.
    """
    import pyarrow.csv
    import pyarrow.parquet

    folder.mkdir()
    parts: defaultdict[str, list[pa.Table]] = defaultdict(list)
    for chapter in chapters:
        for name, table in chapter.data.items():
            parts[name].append(table)
    for name, tables in parts.items():
        whole = pa.concat_tables(tables)
        pyarrow.csv.write_csv(guarded(whole), folder / f"{name}.csv")
        pyarrow.parquet.write_table(whole.combine_chunks(), folder / f"{name}.parquet", compression="zstd")
    return sorted(parts)
