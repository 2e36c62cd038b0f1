"""DEHB 0.0.1 to 0.1.2: `history_<name>.pkl`, `history.pkl`, `history.parquet.gzip`, `overtime_history.parquet.gzip`.

The log holds unit vectors, fitness, cost and fidelity, and whatever the objective returned as `info`; neither times nor
statuses nor the configuration space. See docs/formats.md for what is derived and how.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyarrow as pa

from ....errors import EncaveError
from ....files.parquet import schema_of
from ...reader import Found, Listing, Options, ReadResult
from .files import COLUMNS, LINE, LOG, beside

_PAIR = ("history.parquet.gzip", "overtime_history.parquet.gzip")
_PARQUET = (".parquet.gzip", ".parquet")
_PICKLE = re.compile(r"history(_.*)?\.pkl")
_PICKLED_ROWS = re.compile(  # a list of tuples that begin with a list of floats, or with a number and then such a list
    rb"\x80[\x02-\x05](\x95.{8})?\](\x94|q\x00)\(?\((K.|M..|J.{4})?\](\x94|q.)\(G", re.DOTALL
)
_PICKLED_LIST = re.compile(rb"\x80[\x02-\x05](\x95.{8})?(\]|\x8c\x15numpy|cnumpy)", re.DOTALL)
_LEFT = ("history", "overtime_history", "incumbent", "dehb_state")


class DehbReader:
    """Reader of all releases of DEHB."""

    name = "dehb"
    title = "DEHB"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """Parquet files with DEHB's five columns, of which a run can have two, and pickled lists of evaluations.

        Where DEHB left nothing but its text log, that is claimed, to be refused with the reason.
        """
        claimed = [name for name in listing.names if _is_history(listing, name)]
        pair = [name for name in _PAIR if name in claimed]
        for group in [pair, *([name] for name in claimed if name not in _PAIR)]:
            if group:
                paths = tuple(listing.folder / name for name in group)
                pickled = group[0].endswith((".pkl", ".pickle"))
                evidence = "a pickled list of evaluations" if pickled else f"Parquet columns {', '.join(COLUMNS)}"
                yield Found(paths[0], (*paths, *beside(paths[0], listing.names).files), evidence)
        if not claimed and not any(name.startswith(_LEFT) for name in listing.names):
            for name in (name for name in listing.names if _is_log(listing, name)):
                yield Found(listing.folder / name, (listing.folder / name,), "DEHB's text log without a history")

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read a run's file, of two the more complete."""
        from .log import last_error
        from .reading import read

        if LOG.fullmatch(found.path.name):
            error = last_error(found.path)
            why = (
                f"DEHB ended with: {error}" if error else "nothing had been saved (save frequency `end`, or no result)"
            )
            raise EncaveError(f"{found.path} is DEHB's text log, which has no results, and there is no history: {why}")
        files = [path for path in found.files if path == found.path or path.name in _PAIR]
        return read(files, options)


READER = DehbReader()


def _is_history(listing: Listing, name: str) -> bool:
    if name in _PAIR:
        return True  # a damaged one is refused with the reason, not passed over
    if _PICKLE.fullmatch(name):
        head = listing.head(name, 64)
        return not head or _PICKLED_LIST.match(head) is not None
    if name.endswith((".pkl", ".pickle")):
        return _PICKLED_ROWS.match(listing.head(name, 64)) is not None
    if not name.endswith(_PARQUET) or listing.head(name, 4) != b"PAR1":
        return False
    try:
        return set(COLUMNS) <= set(schema_of(listing.folder / name).names)
    except (OSError, pa.ArrowInvalid):
        return False


def _is_log(listing: Listing, name: str) -> bool:
    head = listing.head(name, 64) if LOG.fullmatch(name) else None
    return head is not None and (not head or LINE.match(head) is not None)
