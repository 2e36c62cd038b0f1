"""Importer of the official archives in one file.

* `NATS-tss-v1_0-3ffb9.pickle.pbz2`: a pickle compressed with bz2;
* `NAS-Bench-201-v1_1-096897.pth` and `-v1_0-e61699.pth`: written by `torch.save`, in the older form (three small
  pickles, then the object) or the newer (a ZIP file with `data.pkl`). They hold no tensors, so torch is not needed.

The object is {'meta_archs', 'total_archs', 'arch2infos': {index: {schedule: record}}, 'evaluated_indexes'}, see
`nats_records`; the schedules are called '12' and '200', in NAS-Bench-201 'less' and 'full'. It is read architecture by
architecture (`streamed_pickle`).
"""

from __future__ import annotations

import bz2
import hashlib
import re
import zipfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from .....errors import EncaveError
from .....run.nasbench201_space import SIZE
from ..store import Imported, Written, store
from .gathering import Gathered
from .nats_records import gather
from .nats_simple import ALLOWED, check_order
from .streamed_pickle import load_parts, load_small

_TORCH_MAGIC = 0x1950A86A20F9469CFC6C
_ALLOWED = ALLOWED | {"_codecs.encode", "builtins.set", "__builtin__.set"}
_DIGITS = re.compile(r"NAS-Bench-201-v1_[01]-([0-9a-f]{6})\.pth")
_VERSIONS = (
    (re.compile(r"NATS-tss-v1_0-3ffb9"), "NATS-Bench topology v1.0"),
    (re.compile(r"NAS-Bench-201-v1_1-096897"), "NAS-Bench-201 v1.1"),
    (re.compile(r"NAS-Bench-201-v1_0-e61699"), "NAS-Bench-201 v1.0"),
)


def recognises(path: Path) -> bool:
    """Whether the file is compressed with bz2, or written by `torch.save`."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        head = stream.read(16)
    return head.startswith((b"BZh", b"\x80\x02\x8a\x0a")) or (
        head.startswith(b"PK") and _pickle_in_zip(path) is not None
    )


def import_file(path: Path, name: str, progress: Callable[[int, int], None]) -> Imported:
    """Read all architectures that the archive holds and write them to the cache.

    Raises:
        EncaveError: the file is damaged, malicious or not of the topology space, or the cache cannot be written.
    """
    _check_digits(path)

    def write(folder: Path) -> Written:
        gathered = Gathered(folder)
        schedules: set[int] = set()

        def consume(record: Mapping[str, Any]) -> None:
            gather(record, gathered, str(path))
            schedules.update(run["epochs"] for run in record["all_results"].values())
            progress(gathered.seen, SIZE)

        with _object(path) as stream:
            found = load_parts(stream, "all_results", consume, name=str(path), allowed=_ALLOWED)
        check_order(found.get("meta_archs") if isinstance(found, Mapping) else None, str(path))
        if not gathered.seen:
            raise EncaveError(f"{path} holds no architectures")
        gathered.notes += [f"no results of {epochs} epochs" for epochs in (12, 200) if epochs not in schedules]
        return gathered.finish()

    return store(name, path, _format(path), write)


def _check_digits(path: Path) -> None:
    """The official names of NAS-Bench-201 end with the last digits of the file's MD5, its only checksum."""
    match = _DIGITS.fullmatch(path.name)
    if match is None:
        return
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    if not digest.hexdigest().endswith(match[1]):
        raise EncaveError(
            f"{path} is damaged or not the official file: its MD5 is {digest.hexdigest()}, which does not end with "
            f"{match[1]}. Download it again; a file that is meant to be another one needs another name."
        )


def _format(path: Path) -> str:
    for pattern, version in _VERSIONS:
        if pattern.search(path.name):
            return version
    return "NATS-Bench or NAS-Bench-201, unknown version"


@contextmanager
def _object(path: Path) -> Generator[BinaryIO]:
    """The stream that holds the object, at its beginning."""
    member = _pickle_in_zip(path)
    try:
        with path.open("rb") as raw:
            if member is not None:
                with zipfile.ZipFile(raw) as archive, archive.open(member) as stream:
                    yield cast("BinaryIO", stream)
            elif raw.read(3) == b"BZh":
                with bz2.open(path) as stream:
                    yield cast("BinaryIO", stream)
            else:
                raw.seek(0)
                if load_small(raw, name=str(path)) != _TORCH_MAGIC:
                    raise EncaveError(f"{path} was not written by torch.save")
                for _ in ("version of the protocol", "sizes of integers"):
                    load_small(raw, name=str(path))
                yield raw
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        raise EncaveError(f"{path} cannot be read; it is damaged or incomplete: {error}") from error


def _pickle_in_zip(path: Path) -> str | None:
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        return next((name for name in archive.namelist() if name.endswith("/data.pkl") or name == "data.pkl"), None)
