"""What lies at or below some paths: native logs and converted runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..errors import EncaveError
from ..run import find_runs
from . import registry
from .registry import Candidate

_PACKED = frozenset({".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar"})


def logs_and_runs(
    sources: Sequence[Path],
    forced_format: str | None = None,
    *,
    mapping: Mapping[str, str] | None = None,
    skip: Path | None = None,
    runs_too: bool = True,
) -> tuple[list[Candidate], list[Path]]:
    """The logs and the folders of converted runs at or below `sources`, each once, in the order of the sources.

    Args:
        sources: Files and folders.
        forced_format: Name of the one format to look for; None: all.
        mapping: What the columns of a table are; with it every table is taken for a log.
        skip: A folder that is not searched for logs where it lies below a source.
        runs_too: Whether to look for converted runs.

    Raises:
        EncaveError: a source does not exist, or there is nothing in any of them.
    """
    readers = registry.chosen(forced_format, mapping)
    found: list[Candidate] = []
    folders: list[Path] = []
    for source in sources:
        if forced_format is None:
            found += registry.find(source, readers, skip=skip)
        else:
            found += registry.forced(source, readers[0], skip=skip)
        folders += find_runs(source) if runs_too and source.is_dir() else []
    logs = {(candidate.found.path.resolve(), candidate.found.key): candidate for candidate in reversed(found)}
    if not logs and not folders:
        where = ", ".join(str(source) for source in sources)
        known = ", ".join(reader.title for reader in readers)
        packed = next((name for source in sources for name in _archives(source)), None)
        hint = f" {packed} is packed: unpack it first." if packed else ""
        raise EncaveError(f"no log found in {where}; encave knows the logs of: {known}.{hint}")
    return list(reversed(logs.values())), list(dict.fromkeys(folder.resolve() for folder in folders))


def _archives(source: Path) -> Iterator[Path]:
    """Packed files at a path or directly below it."""
    listed = sorted(source.iterdir()) if source.is_dir() else [source]
    return (path for path in listed if path.suffix in _PACKED and path.is_file())
