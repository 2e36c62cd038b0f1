"""Where a store keeps what: folders of partitions, numbered parts, and which parts took the place of others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from ..errors import EncaveError
from ..files.atomic import walk_folders
from ..files.json_text import read_text
from ..files.names import LONGEST, digest

if TYPE_CHECKING:
    import pyarrow.parquet as pq

STORE_FILE = "encave-store.json"
"""Makes a folder a store."""

FORMAT_VERSION = 1
_LARGEST = 1 << 20  # bytes of that file
REPLACES = b"encave.replaces"
"""Key in the Parquet metadata of a part of runs: JSON list of the numbers of the parts whose place it took."""

PARTITION = b"encave.partition"
"""Key in the Parquet metadata of a part of runs: JSON list of the optimizer's label and the dataset."""

_CUT = re.compile(r"%-[0-9a-f]{8}$")
_NOTHING = "__HIVE_DEFAULT_PARTITION__"  # Hive's name of null
_PLAIN = " -_.,()+"  # beside letters and digits, what stands for itself in the name of a folder
_PART = re.compile(r"part-(\d{6,})\.parquet")


@dataclass(frozen=True)
class Partition:
    """The runs of one optimizer on one dataset."""

    optimizer: str
    """Label of the optimizer."""

    dataset: str | None
    """The task; None where a run names none."""

    @property
    def folder(self) -> Path:
        """The folder within `trials` and within `runs`."""
        dataset = _NOTHING if self.dataset is None else _quoted(self.dataset)
        return Path(f"optimizer={_quoted(self.optimizer)}") / f"dataset={dataset}"


@dataclass(frozen=True)
class Part:
    """A file of runs and a file of their trials."""

    partition: Partition
    """Where they are."""

    number: int
    """Counts the parts of the store; a later one has a higher number."""

    @property
    def name(self) -> str:
        """Name of both files."""
        return f"part-{self.number:06d}.parquet"

    def runs(self, store: Path) -> Path:
        """The file with a row per run."""
        return store / "runs" / self.partition.folder / self.name

    def trials(self, store: Path) -> Path:
        """The file with a row per trial."""
        return store / "trials" / self.partition.folder / self.name


def store_of(path: Path) -> tuple[Path, Partition | None, str | None] | None:
    """The store that a path is of, and what of it: all, an optimizer, or a partition; None if it is of no store.

    Returns:
        The store, its partition or None, and the optimizer or None.
    """
    path = path.absolute()
    for store in (path, *list(path.parents)[:3]):
        if not (store / STORE_FILE).is_file():
            continue
        told: dict[str, str] = {}
        for part in path.relative_to(store).parts[1:]:
            key, _, told[key] = part.partition("=")
        runs = store / "runs" / f"optimizer={told.get('optimizer')}"
        optimizer = _label(told["optimizer"], 0, runs) if "optimizer" in told else None
        if optimizer is None or "dataset" not in told:
            return store, None, optimizer
        dataset = (
            None if told["dataset"] == _NOTHING else _label(told["dataset"], 1, runs / f"dataset={told['dataset']}")
        )
        return store, Partition(optimizer, dataset), optimizer
    return None


def find_stores(path: Path) -> list[Path]:
    """The stores at or below a folder, sorted, or the path itself where it lies within one."""
    if store_of(path) is not None:
        return [path]
    found: list[Path] = []
    for folder, subfolders, files in walk_folders(path):
        if STORE_FILE in files:
            found.append(folder)
            subfolders.clear()
    return sorted(found)


def check_store(store: Path) -> None:
    """Check that a folder is a store that this encave can read.

    Raises:
        EncaveError: it is not.
    """
    try:
        version = json.loads(read_text(store / STORE_FILE, _LARGEST))["encave_store"]
    except (EncaveError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise EncaveError(f"{store} is no run store: {error}. `encave convert … --to store` makes one") from error
    if version != FORMAT_VERSION:
        raise EncaveError(f"{store} is of format {version}; this encave reads format {FORMAT_VERSION}. Update encave.")


def current_parts(store: Path) -> list[Part]:
    """The parts that count, by partition and number: their runs are there, and no other part took their place.

    Raises:
        EncaveError: a file is damaged.
    """
    parts = [part for part, _ in files_of(store, "runs")]
    gone = {number for part in parts for number in replaced_by(store, part)}
    return sorted(
        (part for part in parts if part.number not in gone), key=lambda part: (str(part.partition.folder), part.number)
    )


def files_of(store: Path, kind: str) -> Iterator[tuple[Part, Path]]:
    """The parts in `runs` or in `trials`, and their files there."""
    for path in (store / kind).glob("optimizer=*/dataset=*/part-*.parquet"):
        if match := _PART.fullmatch(path.name):
            _, optimizer = path.parts[-3].split("=", 1)
            _, dataset = path.parts[-2].split("=", 1)
            runs = store / "runs" / path.parts[-3] / path.parts[-2]
            task = None if dataset == _NOTHING else _label(dataset, 1, runs)
            partition = Partition(_label(optimizer, 0, runs), task)
            yield Part(partition, int(match[1])), path


def replaced_by(store: Path, part: Part) -> list[int]:
    """Numbers of the parts whose place a part took.

    Raises:
        EncaveError: the file is damaged.
    """
    return _told(part.runs(store), REPLACES, lambda value: all(type(number) is int for number in value)) or []


def metadata_of(path: Path) -> pq.FileMetaData:
    """Footer of a Parquet file.

    Raises:
        EncaveError: it is damaged.
    """
    import pyarrow.parquet as pq

    try:
        return pq.read_metadata(path)
    except (OSError, ValueError) as error:
        raise EncaveError(f"cannot read {path}: {error}. Delete it and convert its logs again.") from error


def _told(path: Path, key: bytes, is_right: Callable[[list[Any]], bool]) -> list[Any] | None:
    """The JSON list that a file's metadata has under a key; None without it.

    Raises:
        EncaveError: the file is damaged.
    """
    text = (metadata_of(path).metadata or {}).get(key)
    if text is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, list) or not is_right(value):
        raise EncaveError(f"cannot read {path}: {key.decode()} is damaged. Delete it and convert its logs again.")
    return value


def _quoted(value: str) -> str:
    """Name of a folder for a label; a long one is cut and ends with a hash, and its parts know the label."""
    text = quote(value, safe=_PLAIN, errors="surrogatepass")
    text = text.replace(".", "%2E") if text.strip(".") == "" else text
    if len(text) <= LONGEST:
        return text
    start = re.sub(r"%.?$", "", text[: LONGEST - 10])
    return f"{start}%-{digest(value)}"


def _label(name: str, place: int, parts: Path) -> str:
    """The label that a folder is named after; that of a cut name is in the runs below `parts`."""
    if _CUT.search(name):
        for path in sorted(parts.glob("**/part-*.parquet")):
            if told := _told(
                path, PARTITION, lambda value: [type(one) in (str, NoneType) for one in value] == [True] * 2
            ):
                return told[place] or ""
    return unquote(name)
