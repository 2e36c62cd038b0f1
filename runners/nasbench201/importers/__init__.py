"""Importing NAS-Bench-201 from the files a person has, into the user's cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ....errors import EncaveError
from ..store import Imported, check_name
from . import nats_archive, nats_simple, parquet

Progress = Callable[[int, int], None]
"""Called with the number of files or architectures read and the number there are."""

_ENDINGS = (".parquet", ".pickle.pbz2", ".pbz2", ".pickle", ".pkl", ".pth", ".zip", ".db")


def import_benchmark(path: Path, name: str | None = None, progress: Progress | None = None) -> Imported:
    """Import a table into the cache; a table of the same name is replaced.

    Args:
        path: a file or folder of one of the formats in docs/benchmark-data.md, whole or in part.
        name: by which the table will be asked for; by default the name of the folder or file.
        progress: called after each file or architecture read.

    Raises:
        EncaveError: there is nothing to import, a file is damaged or malicious, or the cache cannot be written.
    """
    if not path.exists():
        raise EncaveError(f"there is no {path} to import")
    name = check_name(name if name is not None else _default_name(path))
    report = progress or _silent
    if nats_simple.recognises(path):
        return nats_simple.import_folder(path, name, report)
    if parquet.recognises(path):
        return parquet.import_file(path, name)
    if nats_archive.recognises(path):
        return nats_archive.import_file(path, name, report)
    raise EncaveError(
        f"{path} is nothing that encave imports; docs/benchmark-data.md lists the files of NATS-Bench, NAS-Bench-201, "
        "NASLib, HPOBench, Syne Tune, mf-prior-bench, NNI and HW-NAS-Bench that it does"
    )


def _default_name(path: Path) -> str:
    name = path.resolve().name
    ending = next((one for one in _ENDINGS if name.endswith(one)), "")
    return name.removesuffix(ending)


def _silent(done: int, total: int) -> None:
    del done, total
