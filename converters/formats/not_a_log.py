"""Files that look like logs of an optimizer and are none: averages, best values so far, empty files, parts of a log.

They are recognised so that they are refused with the reason instead of being passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NoReturn

from ...errors import EncaveError
from ...files.parquet import may_have, schema_of
from ..reader import Found, Listing, Options

_HEAD = 512
_REGRET = re.compile(rb'\s*\{\s*"regret_(validation|test)"\s*:\s*\[')
_PARQUET = (".parquet.gzip", ".parquet")
_DEHB_BENCHMARK = {"mean_trajectory", "std_trajectory"}
_PARTS = (
    (re.compile(rb"\s*\[\d+\s*,"), "history.jsonl", ("configs.json", "meta.json"), "DeepCAVE's lines"),
    (re.compile(rb"\s*\{"), "origins.json", ("history.jsonl",), "DeepCAVE's origins of configurations"),
    (re.compile(rb"[^\r\n]*metric:[^\r\n]* \["), "trials.csv", ("configspace.csv",), "a table for DeepCAVE"),
    (re.compile(rb"\s*\[\[-?\d+, "), "configs.json", ("results.json",), "HpBandSter's configurations"),
    (re.compile(rb'\s*\{\s*"DE_params"'), "dehb_state.json", ("history.parquet.gzip",), "DEHB's state"),
)
"""How a file begins, its name, what its optimizer writes beside it, and what it is."""
_NATIVE = ("history.jsonl", "configs.json", "configspace.json", "meta.json", "origins.json")


class NotALogReader:
    """Refuses what is no log."""

    name = "not-a-log"
    title = "files that are no logs"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """Files that are no logs, with the evidence."""
        for name in listing.names:
            evidence = None
            if name.endswith(".json"):
                evidence = _regret(listing.head(name, _HEAD))
            elif name.endswith(_PARQUET):
                evidence = _averages(listing, name)
            if evidence:
                yield Found(listing.folder / name, (listing.folder / name,), evidence)
        yield from _empty(listing)
        yield from _parts(listing)

    def read(self, found: Found, options: Options) -> NoReturn:
        """Refuse the file.

        Raises:
            EncaveError: always, with the evidence.
        """
        raise EncaveError(f"{found.path} is no log of an optimizer: {found.evidence}")


READER = NotALogReader()


def _regret(head: bytes) -> str | None:
    if not _REGRET.match(head):
        return None
    return (
        "regret_validation, regret_test and runtime of nas_benchmarks are the best values so far; "
        "there are no configurations and no single evaluations"
    )


def _averages(listing: Listing, name: str) -> str | None:
    import pyarrow as pa

    try:
        if not may_have(listing.folder / name, _DEHB_BENCHMARK):
            return None
        columns = set(schema_of(listing.folder / name).names)
    except (OSError, pa.ArrowInvalid):
        return None  # no Parquet: not for this format to say
    if not columns >= _DEHB_BENCHMARK:
        return None
    return (
        f"columns {', '.join(sorted(columns))}: trajectories averaged over seeds, without configurations or evaluations"
    )


def _empty(listing: Listing) -> Iterator[Found]:
    """A DeepCAVE run of empty files."""
    here = [name for name in _NATIVE if name in listing.names]
    if len(here) < 2 or any(listing.head(name, 1) for name in here):
        return
    paths = tuple(listing.folder / name for name in here)
    yield Found(paths[0], paths, f"{', '.join(here)} are empty (0 bytes each)")


def _parts(listing: Listing) -> Iterator[Found]:
    """Files that are nothing without others, which are not there; a table for DeepCAVE makes up for native ones."""
    table = {"trials.csv", "configspace.csv"} <= set(listing.names)
    for begins, name, others, what in _PARTS:
        if table and name in _NATIVE:
            continue
        missing = [other for other in others if other not in listing.names]
        if name in listing.names and missing and begins.match(listing.head(name, _HEAD)):
            path = listing.folder / name
            yield Found(path, (path,), f"{what} without {' and '.join(missing)} beside it")
