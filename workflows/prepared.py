"""From any mix of converted runs, run stores and native logs to what can be read."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EncaveError
from ..files.json_text import read_text
from ..files.names import LONGEST, fitted
from ..run import HEADER_FILE, Provenance, find_runs
from ..run.folders import LARGEST_HEADER
from ..store import RunFilter, RunStore

if TYPE_CHECKING:
    from ..converters import Conversion
    from ..converters.engine import Engine
    from ..converters.passed_over import PassedOver
    from ..converters.reader import Steps


@dataclass(frozen=True)
class Prepared:
    """What lies at or below some paths, ready to be read."""

    folders: tuple[Path, ...]
    """Folders of converted runs, each once."""
    stores: tuple[Path, ...]
    """Run stores, and folders within one that stand for the runs in them."""
    refused: tuple[Conversion, ...]
    """Logs that could not be converted."""
    passed_over: tuple[PassedOver, ...]
    """What was passed over, by kind."""


def prepare(
    paths: Sequence[Path],
    engine: Engine,
    on_progress: Callable[[Conversion, int], None] | None = None,
    steps: Steps = "last",
    mapping: Mapping[str, str] | None = None,
    *,
    twins: bool = False,
) -> Prepared:
    """Converted runs at or below `paths`; native logs that are not among them are converted into the user's cache.

    A log that has not changed is not converted again.

    Args:
        paths: Folders of converted runs, run stores, studies, folders and files of native logs.
        engine: Reads the logs.
        on_progress: As in `converters.convert`.
        steps: As in `converters.convert`.
        mapping: What the columns of tables are, as in `converters.convert`.
        twins: Whether converted logs have DeepCAVE's files; a log that was converted without is converted again.

    Raises:
        EncaveError: a path does not exist, there is neither a run nor a log in one of them, or nothing can be read.
    """
    from ..converters.conversion import convert_found
    from ..converters.passed_over import Unread, counted
    from ..converters.reader import Options
    from ..converters.survey import survey

    folders: list[Path] = []
    stores: list[Path] = []
    refused: list[Conversion] = []
    unread: list[Unread] = []
    surveys = [survey([path], engine, mapping=mapping) for path in paths]
    for path, found in zip(paths, surveys, strict=True):
        stores += found.stores
        folders += found.runs
        unread += found.unread
        known = _sources(found.runs)
        left = tuple(log for log in found.logs if str(log.found.path.resolve()) not in known)
        rest = replace(found, logs=left)
        options = Options(mapping=mapping, steps=steps)
        done = convert_found(rest, _cache(path), engine, options, twins=twins, on_progress=on_progress) if left else ()
        for conversion in done:
            if conversion.output is None:
                refused.append(conversion)
            else:
                folders.append(conversion.output)
    if not folders and not stores:
        shown = " ".join(str(path) for path in paths)
        why = f": {refused[0].source}: {refused[0].reason}" if refused else ""
        raise EncaveError(f"no run and no log that can be read at or below {shown}{why}")
    resolved, within = (tuple(dict.fromkeys(path.resolve() for path in one)) for one in (folders, stores))
    return Prepared(resolved, within, tuple(refused), tuple(counted(unread)))


def extracted(store: Path, wanted: RunFilter) -> list[Path]:
    """Folders of converted runs, in the user's cache, for what is wanted of a store; those that are there are kept.

    Raises:
        EncaveError: the store cannot be read.
    """
    from ..converters.outputs import output

    folders: list[Path] = []
    for run in RunStore(store).read(wanted):
        key = hashlib.sha256(json.dumps(run.header(), sort_keys=True).encode()).hexdigest()[:16]
        home = _cache(store) / key
        if not (home.is_dir() and find_runs(home)):
            output("deepcave").write([run], home)
        folders += find_runs(home)
    return folders


def _sources(folders: Iterable[Path]) -> frozenset[str]:
    """Resolved paths of the logs from which these runs were converted."""
    sources: set[str] = set()
    for folder in folders:
        try:
            known = Provenance.from_json(json.loads(read_text(folder / HEADER_FILE, LARGEST_HEADER))["metadata"])
            if known.source:  # one without a source stands for no log
                sources.add(str(Path(known.source).resolve()))
        except (EncaveError, OSError, RuntimeError, ValueError, LookupError, TypeError, AttributeError):
            continue  # a damaged run is told by whoever reads it
    return frozenset(sources)


def _cache(path: Path) -> Path:
    from platformdirs import user_cache_path

    resolved = path.resolve()
    key = hashlib.sha256(os.fsencode(resolved)).hexdigest()[:12]
    return user_cache_path("encave") / "converted" / f"{fitted(resolved.name, LONGEST - len(key) - 1)}-{key}"
