"""Importer of the official folder of NATS-Bench's topology space, `NATS-tss-v1_0-3ffb9-simple`.

One bz2-compressed pickle per architecture, `NNNNNN.pickle.pbz2`: {'12' | '200': record}, see `nats_records`.
`meta.pickle.pbz2` lists the architectures. A part of the folder can be imported; what is not there is absent (NaN) in
the table.
"""

from __future__ import annotations

import bz2
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .....errors import EncaveError
from .....files.pickles import load
from .....run.nasbench201_space import SIZE
from ..architectures import official_strings
from ..store import Imported, Written, store
from .gathering import Gathered
from .nats_records import SIZE_SPACE, gather

FORMAT = "NATS-Bench topology v1.0, simple folder"
LIMIT = 64 * 2**20
"""Bytes that one file may have when unpacked; official files have about a third of a megabyte."""

META = "meta.pickle.pbz2"
ALLOWED = frozenset(
    {
        "collections.OrderedDict",
        "numpy.core.multiarray.scalar",
        "numpy._core.multiarray.scalar",
        "numpy.dtype",
    }
)
"""All that the official files call."""

_FILE = re.compile(r"(\d{1,6})\.pickle\.pbz2")


def recognises(path: Path) -> bool:
    """Whether it is a folder with files named as the official ones are."""
    return path.is_dir() and any(_FILE.fullmatch(one.name) or one.name == META for one in path.iterdir())


def import_folder(path: Path, name: str, progress: Callable[[int, int], None]) -> Imported:
    """Read all architectures that the folder holds and write them to the cache.

    Raises:
        EncaveError: a file is damaged, malicious or not of the topology space, or the cache cannot be written.
    """
    notes = _check_meta(path)
    files = {int(match[1]): one for one in sorted(path.iterdir()) if (match := _FILE.fullmatch(one.name))}
    if not files:
        raise EncaveError(f"{path} holds no architectures (files NNNNNN.pickle.pbz2)")

    def write(folder: Path) -> Written:
        gathered = Gathered(folder)
        gathered.notes += notes
        for done, (index, file) in enumerate(sorted(files.items()), start=1):
            _read_architecture(file, index, gathered)
            progress(done, len(files))
        return gathered.finish()

    return store(name, path, FORMAT, write)


def check_order(architectures: Any, source: str) -> None:
    """Refuse a list of architectures that is not the official one.

    Raises:
        EncaveError: it is of the size space, another list or no list.
    """
    if not isinstance(architectures, list):
        raise EncaveError(f"{source} is not the list of architectures of NATS-Bench (no 'meta_archs')")
    if tuple(architectures) != official_strings():
        sized = len(architectures) > 0 and re.fullmatch(r"\d+(:\d+){4}", str(architectures[0]))
        wrong = SIZE_SPACE if sized else f"does not list the {SIZE:,} architectures in the official order"
        raise EncaveError(f"{source} {wrong}")


def _check_meta(path: Path) -> list[str]:
    """Refuse another search space; what to note if there is nothing to check."""
    if not (path / META).exists():
        return [f"no {META} in the folder; the order of the architectures was checked file by file"]
    meta = _load(path / META)
    check_order(meta.get("meta_archs") if isinstance(meta, Mapping) else None, str(path / META))
    return []


def _read_architecture(file: Path, index: int, into: Gathered) -> None:
    content = _load(file)
    if isinstance(content, Mapping) and "90" in content:
        raise EncaveError(f"{file} {SIZE_SPACE}")
    records = [content[hp] for hp in ("12", "200") if hp in content] if isinstance(content, Mapping) else []
    found = {gather(record, into, str(file)) for record in records}
    if found != {index}:
        raise EncaveError(f"{file} does not hold architecture {index} of the topology space, but {found or 'nothing'}")


def _load(file: Path) -> Any:
    try:
        with bz2.open(file) as stream:
            return load(stream, name=str(file), limit=LIMIT, allowed=ALLOWED)
    except OSError as error:
        raise EncaveError(f"cannot read {file}: {error.strerror or error}") from error
