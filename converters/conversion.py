"""Many logs to many run folders: search, read, write atomically, account for every trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import deepcave_twin, workers
from .account import Conversion
from .one_log import Job, convert_log
from .reader import Options
from .registry import Candidate
from .run_folders import opened
from .sources import logs_and_runs

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

__all__ = ["Conversion", "convert", "search"]


def convert(
    sources: Sequence[Path],
    out: Path,
    *,
    forced_format: str | None = None,
    space: ConfigurationSpace | None = None,
    mapping: Mapping[str, str] | None = None,
    strict: bool = False,
    jobs: int = 1,
    on_progress: Callable[[Conversion, int], None] | None = None,
) -> list[Conversion]:
    """Find all logs at or below `sources` and convert each to a folder in `out`.

    A folder `out/<run name>` holds the lossless run and DeepCAVE's files and appears whole or not at all. A log that
    was converted before and has not changed is left as it is.

    Args:
        sources: Files and folders.
        out: Folder of the converted runs; made if missing.
        forced_format: Name of the one format to look for; None: all.
        space: Configuration space for logs without one.
        mapping: What the columns of a table are, e.g. `{"objective": "loss"}`.
        strict: Whether to refuse logs of which anything must be assumed.
        jobs: Logs that are converted at the same time, each in a process of its own; the result is the same.
        on_progress: Called after each log with what became of it and the number of all logs.

    Raises:
        EncaveError: a source does not exist, nothing was found, the format is unknown, or `out` cannot be written.
    """
    candidates = search(sources, forced_format, mapping=mapping, out=out)
    options = Options(space, mapping)
    with opened(out) as folders:
        todo = [Job(found, options, folders.earlier(found.found.source), strict) for found in candidates]

        def done(conversion: Conversion) -> None:
            if conversion.output is not None:
                folders.add(conversion.output)
            if on_progress is not None:
                on_progress(conversion, len(todo))

        if jobs > 1 and len(todo) > 1:
            results = workers.convert_logs(todo, jobs, folders.place, done)
        else:
            results = []
            for job in todo:
                results.append(convert_log(job, folders.place))
                done(results[-1])
        deepcave_twin.align(folders.folders())
    return results


def search(
    sources: Sequence[Path],
    forced_format: str | None = None,
    *,
    mapping: Mapping[str, str] | None = None,
    out: Path | None = None,
) -> list[Candidate]:
    """The logs at or below `sources`, each once, in the order of the sources and then of the paths.

    Args:
        sources: Files and folders.
        forced_format: Name of the one format to look for; None: all.
        mapping: What the columns of a table are; with it every table is taken for a log.
        out: A folder that is not searched where it lies below a source.

    Raises:
        EncaveError: a source does not exist, or there is no log in any of them.
    """
    return logs_and_runs(sources, forced_format, mapping=mapping, skip=out, runs_too=False)[0]
