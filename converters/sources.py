"""What lies at or below some paths: native logs, converted runs, and run stores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ..errors import EncaveError
from ..run import Run, find_runs
from ..store import find_stores, read_runs, store_of
from . import registry
from .registry import Candidate
from .table_source import may_be_table

_PACKED = frozenset({".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar"})


def logs_and_runs(
    sources: Sequence[Path],
    forced_format: str | None = None,
    *,
    mapping: Mapping[str, str] | None = None,
    skip: Path | None = None,
    runs_too: bool = True,
) -> tuple[list[Candidate], list[Path]]:
    """The logs, and the folders of converted runs and run stores, at or below `sources`, each once, in their order.

    Args:
        sources: Files and folders.
        forced_format: Name of the one format to look for; None: all.
        mapping: What the columns of a table are; with it every table is taken for a log.
        skip: A folder that is not searched for logs where it lies below a source.
        runs_too: Whether to look for converted runs and stores.

    Raises:
        EncaveError: a source does not exist, or there is nothing in any of them.
    """
    readers = registry.chosen(forced_format, mapping)
    found: list[Candidate] = []
    folders: list[Path] = []
    for source in sources:
        if store_of(source) is not None:
            folders += [source] if runs_too else []
            continue
        if forced_format is None:
            found += registry.find(source, readers, skip=skip)
        else:
            found += registry.forced(source, readers[0], skip=skip)
        folders += [*find_runs(source), *find_stores(source)] if runs_too and source.is_dir() else []
    logs = {(candidate.found.path.resolve(), candidate.found.key): candidate for candidate in reversed(found)}
    if not logs and not folders:
        where = ", ".join(str(source) for source in sources)
        known = ", ".join(reader.title for reader in readers)
        raise EncaveError(f"no log found in {where}; encave knows the logs of: {known}.{_hint(sources)}")
    return list(reversed(logs.values())), list(dict.fromkeys(folder.resolve() for folder in folders))


def runs_below(sources: Sequence[Path], out: Path) -> list[Path]:
    """Folders of converted runs and run stores at or below `sources`, each once, without those at or below `out`."""
    found = (path.resolve() for one in sources if one.is_dir() for path in (*find_runs(one), *find_stores(one)))
    skip = out.resolve()
    return [path for path in dict.fromkeys(found) if skip != path and skip not in path.parents]


def are_runs(
    sources: Sequence[Path], out: Path, forced_format: str | None = None, *, mapping: Mapping[str, str] | None = None
) -> bool:
    """Whether converted runs are what is to be written again: one of the sources is one, or there is no log.

    Args:
        sources: Files and folders.
        out: Folder that is written to.
        forced_format: Name of the one format of logs to look for; None: all.
        mapping: What the columns of a table are.

    Raises:
        EncaveError: as `logs_and_runs`.
    """
    runs = runs_below(sources, out)
    if any(source.resolve() in runs for source in sources):
        return True
    return bool(runs) and not logs_and_runs(sources, forced_format, mapping=mapping, skip=out)[0]


def packed_beside(sources: Sequence[Path], read: Iterable[Path]) -> list[Path]:
    """Packed files at or directly below `sources` that belong to none of the logs that were read there.

    Args:
        sources: As given to `logs_and_runs`.
        read: The logs: a file, or a folder with what is in it.
    """
    logs = {path.resolve() for path in read}
    homes = {path if path.is_dir() else path.parent for path in logs}
    # what lies beside the files of a log in its own folder, such as Syne Tune's results.csv.zip, is part of it
    own = homes - {source.resolve() for source in sources}
    found = (name.resolve() for source in sources for name in _archives(source))
    return [name for name in dict.fromkeys(found) if name not in logs and name.parent not in own]


def _hint(sources: Sequence[Path]) -> str:
    """What may help where nothing was found."""
    packed = next((name for source in sources for name in _archives(source)), None)
    if packed is not None:
        return f" {packed} is packed: unpack it first."
    directly = (path for source in sources for path in (sorted(source.iterdir()) if source.is_dir() else [source]))
    table = next((path for path in directly if path.is_file() and may_be_table(path)), None)
    if table is not None:
        example = "--map objective=loss --map hyperparameters=lr,depth"
        return f" {table} is a table: say what its columns are, as in {example}."
    if any(source.is_file() for source in sources):
        return " If you know of which format the file is, say so with --from."
    return ""


def _archives(source: Path) -> Iterator[Path]:
    """Packed files at a path or directly below it."""
    listed = sorted(source.iterdir()) if source.is_dir() else [source]
    return (path for path in listed if path.suffix in _PACKED and path.is_file())


def load_each(folders: Sequence[Path]) -> Iterator[tuple[Path, Run | EncaveError]]:
    """The runs of folders that `logs_and_runs` found, one at a time; an error for each that is damaged."""
    for folder in folders:
        damaged: list[EncaveError] = []
        for run in read_runs(folder, on_damaged=damaged.append):
            try:
                _ = run.space  # which is made from its JSON, and may be damaged
            except EncaveError as error:
                damaged.append(error)
                continue
            yield folder, run
        yield from ((folder, error) for error in damaged)
