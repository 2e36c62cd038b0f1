"""What has a table: one Arrow table, shown and written in every form from that table alone."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files.atomic import atomic_file

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from .types import Cell

_SHOWN = 10
"""Rows of a table in a notebook before those in the middle are left out."""


class Tabular(ABC):
    """Something with a table. Two of them are equal only if they are one."""

    @abstractmethod
    def table(self) -> pa.Table:
        """All its numbers, a row for each case; the columns are documented where the class is.

        Example:
            >>> c.final().table().num_rows
            12
        """

    def to_pandas(self) -> pd.DataFrame:
        """The table as a data frame.

        Returns:
            One row per row of `table()`; missing numbers are NaN.

        Example:
            >>> len(c.final().to_pandas())
            12
        """
        return self.table().to_pandas()

    def to_csv(self, path: Path | str) -> Path:
        """Write the table as CSV, whole or not at all; text that a spreadsheet would compute has `'` before it.

        Raises:
            EncaveError: the file cannot be written.

        Example:
            >>> c.final().to_csv(folder / "final.csv").name
            'final.csv'
        """
        from pyarrow import csv

        from ..files.spreadsheets import guarded

        with atomic_file(Path(path)) as temporary:
            csv.write_csv(guarded(self.table()), temporary)
        return Path(path)

    def to_parquet(self, path: Path | str) -> Path:
        """Write the table as Parquet, whole or not at all.

        Raises:
            EncaveError: the file cannot be written.

        Example:
            >>> c.final().to_parquet(folder / "final.parquet").name
            'final.parquet'
        """
        import pyarrow.parquet as pq

        with atomic_file(Path(path)) as temporary:
            pq.write_table(self.table().combine_chunks(), temporary, compression="zstd")
        return Path(path)

    def to_latex(self, path: Path | str | None = None) -> str:
        r"""The table as a LaTeX `tabular` (needs `\usepackage{booktabs}`), also written to `path` if there is one.

        Numbers have four significant digits; missing ones are a dash.

        Raises:
            EncaveError: the file cannot be written.

        Example:
            >>> print(c.critical_difference("mlp").to_latex().splitlines()[0])
            \begin{tabular}{lrl}
        """
        frame: Any = self.to_pandas()
        text = frame.to_latex(index=False, escape=True, na_rep="--", float_format="{:.4g}".format)
        if path is not None:
            with atomic_file(Path(path)) as temporary:
                temporary.write_text(text, encoding="utf-8")
        return text

    def records(self) -> list[dict[str, Cell]]:
        """The rows as JSON has them: a number that is not finite is None.

        Example:
            >>> runs.records()[0]["optimizer"]
            'DEHB'
        """
        return [
            {name: None if isinstance(cell, float) and not math.isfinite(cell) else cell for name, cell in row.items()}
            for row in self.table().to_pylist()
        ]

    def to_json(self, path: Path | str) -> Path:
        """Write `records()` as JSON, whole or not at all.

        Raises:
            EncaveError: the file cannot be written.

        Example:
            >>> c.final().to_json(folder / "final.json").name
            'final.json'
        """
        with atomic_file(Path(path)) as temporary:
            text = json.dumps(self.records(), indent=1, ensure_ascii=False, allow_nan=False)
            temporary.write_text(text + "\n", encoding="utf-8")
        return Path(path)

    def __repr__(self) -> str:
        table = self.table()
        return f"{type(self).__name__}({table.num_rows} rows: {', '.join(table.column_names)})"

    def _repr_html_(self) -> str:
        frame: Any = self.to_pandas()
        return frame.to_html(max_rows=_SHOWN, index=False, border=0)
