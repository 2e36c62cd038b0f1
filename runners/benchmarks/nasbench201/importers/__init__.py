"""Importing NAS-Bench-201 from the files a person has, into the user's cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .....errors import EncaveError
from ..store import Imported, check_name, find
from . import hpobench, hw_nas_bench, mfpbench, naslib, nats_archive, nats_simple, nni, parquet, syne_tune

Progress = Callable[[int, int], None]
"""Called with the number of files or architectures read and the number there are."""

_ENDINGS = (".parquet", ".pickle.pbz2", ".pbz2", ".pickle", ".pkl", ".pth", ".zip", ".db")


_IMPORTERS: tuple[tuple[Callable[[Path], bool], Callable[[Path, str, Progress], Imported]], ...] = (
    (nats_simple.recognises, nats_simple.import_folder),
    (parquet.recognises, parquet.import_file),
    (naslib.recognises, naslib.import_files),
    (hpobench.recognises, hpobench.import_files),
    (syne_tune.recognises, syne_tune.import_folder),
    (mfpbench.recognises, mfpbench.import_folder),
    (nni.recognises, nni.import_file),
    (nats_archive.recognises, nats_archive.import_file),
)


def import_benchmark(
    path: Path, name: str | None = None, progress: Progress | None = None, *, add_to: str | None = None
) -> Imported:
    """Import a table into the cache; a table of the same name is replaced.

    Args:
        path: a file or folder of one of the formats in docs/benchmark-data.md, whole or in part.
        name: by which the table will be asked for; by default the name of the folder or file.
        progress: called after each file or architecture read.
        add_to: name of the imported table that the latencies of HW-NAS-Bench are added to; without `name` the new
            table takes its place.

    Raises:
        EncaveError: there is nothing to import, a file is damaged or malicious, or the cache cannot be written.
    """
    if not path.exists():
        raise EncaveError(f"there is no {path} to import")
    if hw_nas_bench.recognises(path):
        return _add_latencies(path, name, add_to)
    if add_to is not None:
        raise EncaveError(f"{path} cannot be added to a table; only HW-NAS-Bench-v1_0.pickle can")
    name = check_name(name if name is not None else _default_name(path))
    for recognises, import_ in _IMPORTERS:
        if recognises(path):
            return import_(path, name, progress or _silent)
    if reason := _bad_download(path):
        raise EncaveError(f"{path} {reason}. Download it again.")
    raise EncaveError(
        f"{path} is nothing that encave imports; docs/benchmark-data.md lists the files of NATS-Bench, NAS-Bench-201, "
        "NASLib, HPOBench, Syne Tune, mf-prior-bench, NNI and HW-NAS-Bench that it does"
    )


def _bad_download(path: Path) -> str | None:
    """What a file that nothing recognises shows of a download that went wrong; None if nothing."""
    if path.is_dir():
        return None
    with path.open("rb") as stream:
        head = stream.read(512)
    if not head:
        return "is empty"
    if head.startswith(b"PK"):
        return "begins like a ZIP archive but is no whole one: it is incomplete"
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "is a web page, such as the warning of a file host"
    return None


def _add_latencies(path: Path, name: str | None, add_to: str | None) -> Imported:
    if add_to is None:
        raise EncaveError(f"{path.name} holds latencies only; name the imported table they belong to with --add-to")
    table = find(add_to)
    if table is None:
        raise EncaveError(f"there is no imported table {add_to!r} to add latencies to")
    return hw_nas_bench.add_to(path, table, check_name(name if name is not None else add_to))


def _default_name(path: Path) -> str:
    name = path.resolve().name
    ending = next((one for one in _ENDINGS if name.endswith(one)), "")
    return name.removesuffix(ending)


def _silent(done: int, total: int) -> None:
    del done, total
