"""Reading a store: rows of runs, and the runs themselves one after the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..errors import EncaveError
from ..files.parquet import opened, read_own
from ..run import CONFIG, UNKNOWN_RELEASE, Optimizer, Run
from .columns import RUN_SCHEMA, damage_told, partition_of, read_rows, restore
from .layout import Part, Partition, check_store, current_parts, metadata_of, store_of

_PARTITION_COLUMNS = ("optimizer", "dataset")


@dataclass(frozen=True)
class RunFilter:
    """Which runs are wanted, by names in letters of either case; None: any."""

    optimizers: frozenset[str] | None = None
    """Labels of optimizers, also with a release, as a report calls those that came in several."""

    datasets: frozenset[str] | None = None
    """Tasks."""

    seeds: frozenset[int] | None = None
    """Seeds of runs."""

    @property
    def all(self) -> bool:
        """Whether every run is wanted."""
        return self == RunFilter()

    def of_partition(self, partition: Partition) -> bool:
        """Whether runs of a partition can be wanted; a name of several words may be one of an optimizer's release."""
        split = any(" " in name for name in self.optimizers or ())
        return (split or _named(partition.optimizer, self.optimizers)) and _named(partition.dataset, self.datasets)

    def of_run(self, run: Run) -> bool:
        """Whether a run is wanted."""
        where = partition_of(run)
        return (
            self.of_optimizer(where.optimizer, run.optimizer)
            and _named(where.dataset, self.datasets)
            and (self.seeds is None or run.seed in self.seeds)
        )

    def of_optimizer(self, label: str | None, optimizer: Optimizer) -> bool:
        """Whether runs of this label and optimizer are wanted."""
        release = optimizer.version or UNKNOWN_RELEASE
        return any(
            _named(name, self.optimizers) for name in (label, f"{label} {release}", f"{optimizer.name} {release}")
        )


def _named(name: str | None, wanted: frozenset[str] | None) -> bool:
    """Whether a name is wanted, in letters of either case."""
    return wanted is None or (name is not None and name.casefold() in {each.casefold() for each in wanted})


class RunStore:
    """A store, to be read. What is added meanwhile is seen by the next call.

    Args:
        path: The store, or a folder within it (`STORE/trials/optimizer=RE`), which stands for the runs in it.

    Raises:
        EncaveError: it is no store, or of a newer format.
    """

    def __init__(self, path: Path | str) -> None:
        found = store_of(Path(path))
        if found is None:
            check_store(Path(path))
            raise EncaveError(f"{path} is no run store")
        self.path, self._partition, self._optimizer = found
        check_store(self.path)

    def runs(self, wanted: RunFilter | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """A row per run: the columns of `RUN_SCHEMA`, or some of them, after `optimizer` and `dataset`.

        Raises:
            EncaveError: a file is damaged.
        """
        tables = [self._rows(part, wanted or RunFilter(), columns) for part in self._parts(wanted)]
        fields = [RUN_SCHEMA.field(name) for name in columns or RUN_SCHEMA.names]
        empty = pa.schema([*((name, pa.string()) for name in _PARTITION_COLUMNS), *fields]).empty_table()
        return pa.concat_tables([empty, *tables])

    def read(
        self,
        wanted: RunFilter | None = None,
        *,
        configurations: bool = True,
        on_damaged: Callable[[EncaveError], None] | None = None,
    ) -> Iterator[Run]:
        """The runs, one after the other; of the trials only one part is in memory.

        Only the partitions, and of the trials only the row groups, in which wanted runs are, are read.

        Args:
            wanted: Which runs; None: all.
            configurations: As for `Run.load`.
            on_damaged: Told of each run, or file of runs, that is damaged and left out; None: that is an error.

        Raises:
            EncaveError: a file is damaged.
        """
        for part in self._parts(wanted):
            try:
                rows = self._rows(part, wanted or RunFilter(), None)
                found = _runs_of(part.trials(self.path), rows.to_pylist(), configurations) if rows.num_rows else ()
                for run in found:
                    if isinstance(run, Run):
                        yield run
                    elif on_damaged is None:
                        raise run
                    else:
                        on_damaged(run)
            except EncaveError as error:
                if on_damaged is None:
                    raise
                on_damaged(error)

    def partitions(self, wanted: RunFilter | None = None) -> list[Path]:
        """Folders within the store, each of which stands for the runs of one optimizer on one dataset."""
        folders = (self.path / "runs" / part.partition.folder for part in self._parts(wanted))
        return list(dict.fromkeys(folders))

    def __len__(self) -> int:
        """Number of runs."""
        return sum(metadata_of(part.runs(self.path)).num_rows for part in self._parts(None))

    def _parts(self, wanted: RunFilter | None) -> list[Part]:
        """The parts that count and in which wanted runs may be."""
        within = [part for part in current_parts(self.path) if self._within(part.partition)]
        return [part for part in within if (wanted or RunFilter()).of_partition(part.partition)]

    def _within(self, partition: Partition) -> bool:
        if self._partition is not None:
            return partition == self._partition
        return self._optimizer in (None, partition.optimizer)

    def _rows(self, part: Part, wanted: RunFilter, columns: Sequence[str] | None) -> pa.Table:
        path, label = part.runs(self.path), part.partition.optimizer
        all_of_label = _named(label, wanted.optimizers)
        read = None if columns is None else list({*columns, *(() if all_of_label else ("header",)), "seed"})
        table = read_rows(path, read)
        with damage_told(path):
            if wanted.seeds is not None:
                table = table.filter(pc.is_in(table["seed"], pa.array(sorted(wanted.seeds), pa.int64())))
            if not all_of_label:
                optimizers = (Optimizer(**json.loads(text)["optimizer"]) for text in table["header"].to_pylist())
                mask = [wanted.of_optimizer(label, optimizer) for optimizer in optimizers]
                table = table.filter(pa.array(mask, pa.bool_()))
            table = table if columns is None else table.select(list(columns))
        for place, value in enumerate((part.partition.optimizer, part.partition.dataset)):
            table = table.add_column(place, _PARTITION_COLUMNS[place], pa.array([value] * table.num_rows, pa.string()))
        return table


def read_runs(
    path: Path,
    wanted: RunFilter | None = None,
    *,
    configurations: bool = True,
    on_damaged: Callable[[EncaveError], None] | None = None,
) -> Iterator[Run]:
    """The runs of a store, or of a folder within it, or the one of a folder that `Run.save` wrote.

    Args:
        path: The store or folder.
        wanted: Which runs; None: all.
        configurations: As for `Run.load`.
        on_damaged: Told of each that is damaged and left out; None: that is an error.

    Raises:
        EncaveError: a file is missing or damaged.
    """
    try:
        if store_of(path) is not None:
            yield from RunStore(path).read(wanted, configurations=configurations, on_damaged=on_damaged)
            return
        run = Run.load(path, configurations=configurations)
    except EncaveError as error:
        if on_damaged is None:
            raise
        on_damaged(error)
        return
    if wanted is None or wanted.of_run(run):
        yield run


def count_runs(paths: Sequence[Path]) -> int:
    """How many runs `read_runs` gives for these paths without a filter; reads no run."""
    return sum(1 if store_of(path) is None else len(RunStore(path)) for path in paths)


def _runs_of(trials: Path, rows: list[dict[str, Any]], configurations: bool) -> Iterator[Run | EncaveError]:
    """The runs of some rows of one part, or why one cannot be restored."""
    with damage_told(trials):
        with opened(trials) as file:
            groups, start = _groups(file.metadata, rows)
            names = [name for name in file.schema_arrow.names if configurations or not name.startswith(CONFIG)]
        table = read_own(trials, names, groups)
    for row in rows:
        try:
            if row["first"] - start + row["trials"] > len(table):
                raise EncaveError(f"it has {row['trials']:,} trials from row {row['first']:,}, which are not there")
            yield restore(row, table.slice(row["first"] - start, row["trials"]), configurations=configurations)
        except EncaveError as error:
            told = f"run {row['name']} in {trials} is damaged: {error}. Convert its log into the store again."
            yield EncaveError(told)


def _groups(metadata: pq.FileMetaData, rows: list[dict[str, Any]]) -> tuple[list[int], int]:
    """The row groups from the first to the last that are needed, and the row at which the first begins."""
    first = min(row["first"] for row in rows)
    last = max(row["first"] + row["trials"] for row in rows)
    groups: list[int] = []
    begins = start = 0
    for group in range(metadata.num_row_groups):
        ends = begins + metadata.row_group(group).num_rows
        if ends > first and begins < last:
            start = start if groups else begins
            groups.append(group)
        begins = ends
    return groups, start
