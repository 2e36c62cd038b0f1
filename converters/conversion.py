"""Many logs to many run folders: search, read, write atomically, account for every trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EncaveError
from .account import Conversion, refused
from .engine import Engine, ReadingTask
from .limits import Limits
from .one_log import Ask, Job, convert_log
from .reader import Options, Steps
from .reading_server import Ended
from .run_folders import FILES, RUN_FILES, opened
from .survey import NothingFoundError, Survey, survey

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

__all__ = ["Conversion", "convert", "convert_found"]


def convert(
    sources: Sequence[Path],
    out: Path,
    *,
    forced_format: str | None = None,
    space: ConfigurationSpace | None = None,
    mapping: Mapping[str, str] | None = None,
    steps: Steps = "last",
    strict: bool = False,
    jobs: int = 1,
    limits: Limits | None = None,
    on_progress: Callable[[Conversion, int], None] | None = None,
) -> list[Conversion]:
    """Find all logs at or below `sources` and convert each to a folder in `out`.

    A folder `out/<run name>` holds the lossless run and DeepCAVE's files and appears whole or not at all. A log that
    was converted before and has not changed is left as it is. Logs are read in processes of their own, so that one
    that takes too much memory or time, or crashes its process, is refused and the others are converted.

    Args:
        sources: Files and folders.
        out: Folder of the converted runs; made if missing.
        forced_format: Name of the one format to look for; None: all.
        space: Configuration space for logs without one.
        mapping: What the columns of a table are, e.g. `{"objective": "loss"}`.
        steps: What values that trials report on their way are, see `Options`.
        strict: Whether to refuse logs of which anything must be assumed.
        jobs: Logs that are converted at the same time; the result is the same.
        limits: Of each process.
        on_progress: Called after each log, in their order, with what became of it and the number of all logs.

    Raises:
        EncaveError: a source does not exist, nothing was found, the format is unknown, or `out` cannot be written.
    """
    with Engine(jobs, limits) as engine:
        found = survey(sources, engine, forced_format, mapping=mapping, skip=out)
        if not found.logs:
            raise NothingFoundError([found])
        return convert_found(found, out, engine, Options(space, mapping, steps), strict=strict, on_progress=on_progress)


def convert_found(
    found: Survey,
    out: Path,
    engine: Engine,
    options: Options,
    *,
    strict: bool = False,
    twins: bool = True,
    on_progress: Callable[[Conversion, int], None] | None = None,
) -> list[Conversion]:
    """Convert the logs that a survey found; arguments and errors as in `convert`.

    Without `twins` DeepCAVE's files are not written.
    """
    results: list[Conversion] = []
    with opened(out, FILES if twins else RUN_FILES) as folders:
        todo = [Job(log, options, folders.earlier(log.found.source), strict, twins) for log in found.logs]
        answers = engine.ordered(
            (ReadingTask(convert_log, (job,)) for job in todo), lambda asked: folders.place(*asked)
        )
        for log, answer in zip(found.logs, answers, strict=True):
            ended = isinstance(answer, Ended)
            results.append(refused(log.found.path, log.format, answer.reason) if ended else answer)
            if results[-1].output is not None:
                folders.add(results[-1].output)
            if on_progress is not None:
                on_progress(results[-1], len(todo))
        if twins:
            _align(folders.folders(), engine)
    return results


def _align(folders: Sequence[Path], engine: Engine) -> None:
    """Give runs of a study equal bounds, in a process that has loaded what that needs."""
    failed = engine.one(_aligned, folders)
    if isinstance(failed, Ended):  # no foreign file was at fault: here nothing limits it
        failed = _aligned(folders)
    if failed is not None:
        raise failed


def _aligned(folders: Sequence[Path], _: Ask | None = None) -> EncaveError | None:
    from .formats.deepcave import twin

    try:
        twin.align(folders)
    except EncaveError as error:
        return error
    return None
