"""One walk through the sources: native logs, converted runs, run stores, and what was passed over."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import EncaveError
from ..store import store_of
from . import registry
from .engine import Engine, ReadingTask
from .passed_over import EVENTS, PACKED, PassedOver, Unread, counted, in_words
from .reader import TABLE, Found, Listing, Log, Reader
from .reading_server import Ended
from .registry import Candidate, FailedDetection
from .walk import Walk

if TYPE_CHECKING:
    from ..run import Run

UNREADABLE = "unreadable"
"""Stands for the format of what this user may not read."""

# Seconds for the files of a folder, and for each; a single one, and a folder without a culprit, may take longer.
_SEARCH, _SEARCH_FILE = 60.0, 0.002
_TOGETHER = 64  # folders, and files in them, that are searched at a time: asking a process costs more than looking


@dataclass(frozen=True)
class Survey:
    """What lies at or below some sources, each once."""

    sources: tuple[Path, ...]
    """What was searched."""
    logs: tuple[Log, ...]
    """Native logs, in the order of the sources and then of the paths."""
    runs: tuple[Path, ...]
    """Folders of converted runs, resolved, in that order."""
    stores: tuple[Path, ...]
    """Run stores, and folders within one that stand for the runs in them, likewise."""
    unread: tuple[Unread, ...] = ()
    """What looks like a log, a table or a tracker's and was not read, and what could not be looked into."""

    @property
    def passed_over(self) -> list[PassedOver]:
        """That by kind, counted."""
        return counted(self.unread)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Converted runs and stores."""
        return (*self.runs, *self.stores)

    @property
    def are_runs(self) -> bool:
        """Whether converted runs are meant: one of the sources is one, or there is no log."""
        named = {source.resolve() for source in self.sources}
        return not named.isdisjoint(self.folders) or (bool(self.folders) and not self.logs)


_Formats: TypeAlias = "tuple[str | None, Mapping[str, str] | None]"
"""The one format to look for, and what the columns of a table are."""
_Answer: TypeAlias = "tuple[list[tuple[str, Found]], list[FailedDetection], list[Unread]]"


def survey(
    sources: Sequence[Path],
    engine: Engine,
    forced_format: str | None = None,
    *,
    mapping: Mapping[str, str] | None = None,
    skip: Path | None = None,
) -> Survey:
    """What lies at or below `sources`; files are looked into only in the processes of the engine.

    What cannot be read or makes a format fail, crash or hang does not stop the search.

    Args:
        sources: Files and folders.
        engine: Its processes look into the files.
        forced_format: Name of the one format of logs to look for; None: all.
        mapping: What the columns of a table are; with it every table is taken for a log.
        skip: A folder whose runs do not count, and that is not searched where it lies below a source.

    Raises:
        NothingFoundError: there is nothing in one of the sources.
        EncaveError: a source does not exist, or there is no such format.
    """
    for source in sources:
        _check(source)
    found = [_of_source(source, engine, (forced_format, mapping), skip) for source in sources]
    if empty := [one for one in found if not (one.logs or one.folders)]:
        raise NothingFoundError(empty)
    logs = {(log.found.path.resolve(), log.found.key): log for one in reversed(found) for log in reversed(one.logs)}
    return Survey(
        tuple(sources),
        tuple(reversed(logs.values())),
        _once(path for one in found for path in one.runs),
        _once(path for one in found for path in one.stores),
        tuple(dict.fromkeys(each for one in found for each in one.unread)),
    )


def _once(paths: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(path.resolve() for path in paths))


def find(source: Path, readers: Sequence[Reader]) -> list[Candidate]:
    """The logs at or below a file or folder, looked into by this process: for files that are trusted.

    Raises:
        EncaveError: the source does not exist, or a format fails at a file.
    """
    _check(source)
    told = [registry.claims(listing, readers) for listing in Walk(source).listings(None)]
    if failed := next((failure for each in told for failure in each.failed), None):
        raise EncaveError(f"{failed.path}: {failed.reason}")
    found = [candidate for each in told for candidate in each.found]
    return sorted(found, key=lambda candidate: (candidate.found.path, candidate.found.key or ""))


def _check(source: Path) -> None:
    try:
        source.stat()
    except FileNotFoundError as error:
        raise EncaveError(f"{source} does not exist") from error
    except OSError as error:
        raise EncaveError(f"cannot read {source}: {error.strerror or error}") from error
    if not (source.is_file() or source.is_dir()):
        raise EncaveError(f"{source} is neither a file nor a folder")


def _of_source(source: Path, engine: Engine, wanted: _Formats, skip: Path | None) -> Survey:
    if store_of(source) is not None:
        return Survey((source,), (), (), (source,), ())
    walk = Walk(source)
    logs: list[Log] = []
    unread: list[Unread] = []

    def search(groups: Iterable[list[Listing]]) -> list[tuple[list[Listing], str]]:
        """Those at which a process ended, and why."""
        ended: list[tuple[list[Listing], str]] = []
        for group, answers in _searched(groups, engine, wanted):
            if isinstance(answers, Ended):
                ended.append((group, answers.reason))
            else:
                _add(answers, logs, unread)
        return ended

    ended = search(_together(walk.listings(skip)))
    several = [group for group, _ in ended if len(group) > 1]
    ended = [one for one in ended if len(one[0]) == 1] + search([each] for group in several for each in group)
    for [listing], why in ended:
        bad = _culprits(listing, why, engine, wanted)
        _without(bad, listing, engine, wanted, logs, unread)
    for path in walk.barred:
        logs.append(Log(UNREADABLE, Found(path, (path,), "no permission"), f"{path} may not be read by this user"))
    if not logs and wanted[0] is not None and source.is_file():
        logs.append(Log(wanted[0], Found(source, (source,), "told so")))
    logs.sort(key=lambda log: (log.found.path, log.found.key or ""))
    runs, stores = (tuple(sorted(one for one in each if not _within(one, skip))) for each in (walk.runs, walk.stores))
    logs = _without_parts(logs)
    left = _told(unread, logs, source, alone=not (logs or runs or stores))
    return Survey((source,), tuple(logs), runs, stores, (*walk.passed, *left))


def _together(listings: Iterable[Listing]) -> Iterator[list[Listing]]:
    """The folders in groups that are searched in one task."""
    group: list[Listing] = []
    size = 0
    for listing in listings:
        group.append(listing)
        size += 1 + len(listing.names)
        if size >= _TOGETHER:
            yield group
            group, size = [], 0
    if group:
        yield group


def _searched(
    groups: Iterable[list[Listing]], engine: Engine, wanted: _Formats
) -> Iterator[tuple[list[Listing], list[_Answer] | EncaveError | Ended]]:
    """Each group, and what is in each of its folders; or why the process ended that searched it."""
    asked: deque[list[Listing]] = deque()

    def tasks() -> Iterator[ReadingTask]:
        for group in groups:
            asked.append(group)
            yield _search(group, wanted)

    for answers in engine.ordered(tasks()):
        yield asked.popleft(), answers


def _told(unread: Sequence[Unread], logs: Sequence[Log], source: Path, *, alone: bool) -> list[Unread]:
    """What is to be told of a source: nothing that belongs to a log, or to a project that is told as a whole."""
    files = {path for log in logs for path in (log.found.path, *log.found.files)}
    homes = {log.found.path.parent for log in logs} - {source}  # packed and event files there are a log's own
    projects = {each.path for each in unread if each.whole} | set(_folders_of_trials(logs))
    return [
        each
        for each in unread
        if each.path not in files
        and projects.isdisjoint(each.path.parents)
        and not (each.kind in (PACKED, EVENTS) and each.path.parent in homes)
        and (each.told == "always" or (each.told == "alone" and alone))
    ]


def _without_parts(logs: Sequence[Log]) -> list[Log]:
    """The logs without tables that belong to one of another format, for which `--map` would take them."""
    others = [log for log in logs if log.format != TABLE]
    if len(others) == len(logs):
        return others
    parts = {path for log in others for path in log.found.files} | set(_folders_of_trials(others))

    def is_part(path: Path) -> bool:
        return not parts.isdisjoint((path, *path.parents))

    return [log for log in logs if log.format != TABLE or not is_part(log.found.path)]


def _folders_of_trials(logs: Iterable[Log]) -> Iterator[Path]:
    """The folders below those of logs that hold files of theirs, such as one for each trial."""
    for _, found, _ in logs:
        home = found.path.parent
        for path in found.files:
            folder = path.parent
            while folder != home and home in folder.parents:
                yield folder
                folder = folder.parent


def _within(path: Path, folder: Path | None) -> bool:
    return folder is not None and path.resolve().is_relative_to(folder.resolve())


def _culprits(listing: Listing, why: str, engine: Engine, wanted: _Formats) -> dict[str, str]:
    """The files of a folder that end a process alone, and why it ended."""

    def failure(names: tuple[str, ...]) -> str | None:
        [answer] = engine.ordered([_search([Listing(listing.folder, names)], wanted)])
        return answer.reason if isinstance(answer, Ended) else None

    return (
        dict.fromkeys(listing.names, why)
        if len(listing.names) == 1
        else dict(registry.culprits(listing.names, failure))
    )


def _search(group: Sequence[Listing], wanted: _Formats) -> ReadingTask:
    seconds = sum(_SEARCH + _SEARCH_FILE * len(listing.names) for listing in group)
    return ReadingTask(_detect, (group, *wanted), seconds)


def _without(
    bad: Mapping[str, str],
    listing: Listing,
    engine: Engine,
    wanted: _Formats,
    logs: list[Log],
    unread: list[Unread],
) -> None:
    """Search a folder in which a process ended, without the files that end one alone."""
    for name, why in bad.items():
        path = listing.folder / name
        logs.append(Log(UNREADABLE, Found(path, (path,), "it ended the search"), why))
    rest = Listing(listing.folder, tuple(name for name in listing.names if name not in bad))
    answers = engine.one(_detect, [rest], *wanted) if rest.names else []
    if isinstance(answers, Ended):
        logs.append(Log(UNREADABLE, Found(rest.folder, (), "it ended the search"), answers.reason))
    else:
        _add(answers, logs, unread)


def _add(answers: list[_Answer] | EncaveError, logs: list[Log], unread: list[Unread]) -> None:
    if isinstance(answers, EncaveError):
        raise answers
    for found, failures, left in answers:
        unread += left
        logs += (Log(name, run) for name, run in found)
        for failure in failures:
            if failure.unreadable:
                unread.append(Unread(failure.path, failure.reason))
            else:
                seen = Found(failure.path, (failure.path,), "its format failed")
                logs.append(Log(failure.format, seen, failure.reason))


def _detect(
    group: Sequence[Listing], forced_format: str | None, mapping: Mapping[str, str] | None, _: Callable[[Any], Any]
) -> list[_Answer] | EncaveError:
    """What is in each of some folders; runs in a process that reads."""
    try:
        readers = registry.chosen(forced_format, mapping)
    except EncaveError as error:
        return error
    return [_detected(listing, readers, forced_format, mapping) for listing in group]


def _detected(
    listing: Listing, readers: Sequence[Reader], forced_format: str | None, mapping: Mapping[str, str] | None
) -> _Answer:
    """The logs in a folder, what failed, and what is neither."""
    from .passed_over import sidecars, unread_in

    found, failed = registry.claims(listing, readers)
    if mapping is not None and len(listing.names) > 1:
        parts = sidecars(listing)
        found = [one for one in found if one.reader.name != TABLE or one.found.path.name not in parts]
    claimed = {path for one in found for path in (one.found.path, *one.found.files)}
    others = _of_other_formats(listing, claimed) if forced_format is not None else []
    claimed |= {failure.path for failure in failed} | {each.path for each in others}
    left = unread_in(listing, claimed)
    return [(candidate.reader.name, candidate.found) for candidate in found], failed, [*others, *left]


def _of_other_formats(listing: Listing, claimed: set[Path]) -> list[Unread]:
    """Logs of formats that are not looked for."""
    found, _ = registry.claims(listing, registry.chosen(None))
    left = [one for one in found if claimed.isdisjoint((one.found.path, *one.found.files))]
    return [Unread(one.found.path, f"log of {one.reader.title}", f"--from {one.reader.name}") for one in left]


class NothingFoundError(EncaveError):
    """There is neither a log nor a run in some sources.

    Args:
        empty: What was found in each.
    """

    def __init__(self, empty: Sequence[Survey]) -> None:
        where = ", ".join(str(source) for one in empty for source in one.sources)
        self.passed_over = counted(each for one in empty for each in one.unread)
        """What was passed over there."""
        hint = "" if self.passed_over else _hint(empty)
        known = "encave inspect --formats lists the formats that are read"
        super().__init__(f"no log found in {where}.{in_words(self.passed_over)}{hint} {known}.")


def _hint(empty: Sequence[Survey]) -> str:
    single = any(source.is_file() for one in empty for source in one.sources)
    return " If you know of which format the file is, say so with --from." if single else ""


def load_each(folders: Sequence[Path]) -> Iterator[tuple[Path, Run | EncaveError]]:
    """The runs of folders that `survey` found, one at a time; an error for each that is damaged."""
    from ..run.spaces import is_sound
    from ..store import read_runs

    for folder in folders:
        damaged: list[EncaveError] = []
        for run in read_runs(folder, on_damaged=damaged.append):
            try:
                _ = is_sound(run.space_json) or run.space  # which is made from its JSON, and may be damaged
            except EncaveError as error:
                damaged.append(error)
                continue
            yield folder, run
        yield from ((folder, error) for error in damaged)
