"""What a log format is to encave: a reader that recognises its runs by content and turns each into a `Run`.

A format is one module with one object that has the attributes of `Reader`. The built-in ones are listed in
`registry.py`; a package outside encave names its own in the entry point group `encave.converters`.
"""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias, get_args
from urllib.parse import quote

from ..errors import check_choice, check_type

Steps: TypeAlias = Literal["last", "budget"]
TABLE = "table"
"""Name of the format of home-made tables, the only one that a mapping is for."""

_HEAD, _REMEMBERED = 1 << 12, 1 << 26  # bytes of a file's beginning, and of all that are kept
_OVERHEAD = 200  # bytes of a name and a beginning beside their letters

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

    from ..run import Run


@dataclass(frozen=True)
class Listing:
    """One folder of the tree that is searched, offered to every format."""

    folder: Path
    """The folder."""
    names: tuple[str, ...]
    """Names of its plain files, sorted. A format claims only files named here."""
    _heads: dict[str, bytes] = field(default_factory=dict[str, bytes], repr=False, compare=False)
    """What was read of the last files that were looked at, since every format looks at all of them."""
    _kept: list[int] = field(default_factory=lambda: [0], repr=False, compare=False)
    """Bytes of that."""

    @cached_property
    def has(self) -> frozenset[str]:
        """The names, to ask for many of them."""
        return frozenset(self.names)

    def head(self, name: str, size: int = 4096) -> bytes:
        """First bytes of a file; of text without a byte order mark, and as UTF-8 if it is UTF-16."""
        kept = self._heads.get(name)
        if kept is None or size > len(kept) >= _HEAD:  # a shorter one is the whole file
            data = self._read(name, max(size, _HEAD))
            self._keep(name, data[:_HEAD])
            return as_utf8(data[:size])
        return as_utf8(kept[:size])

    def _keep(self, name: str, head: bytes) -> None:
        if self._kept[0] >= _REMEMBERED:
            self._heads.clear()
            self._kept[0] = 0
        self._heads[name] = head
        self._kept[0] += len(name) + len(head) + _OVERHEAD

    def _read(self, name: str, size: int) -> bytes:
        with (self.folder / name).open("rb") as file:
            return file.read(size)


def as_utf8(data: bytes) -> bytes:
    """The beginning of a file: of text without a byte order mark, and as UTF-8 if it is UTF-16."""
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return data.decode("utf-16", errors="ignore").encode(errors="ignore")
    return data.removeprefix(BOM_UTF8)


@dataclass(frozen=True)
class Found:
    """A run's log that a format recognised."""

    path: Path
    """The file that holds the trials; the name of the run comes from it where the log has none."""
    files: tuple[Path, ...]
    """All files that the conversion depends on; if none of them changes the conversion need not be repeated."""
    evidence: str
    """Why it is this format's log, e.g. `Parquet columns config_id, config, fitness, cost, fidelity`."""
    key: str | None = None
    """Which run it is, where one file holds several: e.g. the name of a study in a storage of Optuna."""

    @property
    def source(self) -> Path:
        """The absolute path, and after it the key as if it were a file in it: different for every run."""
        path = self.path.absolute()
        return path if self.key is None else path / quote(self.key, safe="", errors="surrogatepass")


class Log(NamedTuple):
    """A run's log and the format that claims it."""

    format: str
    """Name of the format."""
    found: Found
    """The log."""
    refused: str | None = None
    """Why it is refused before it is read: it cannot even be recognised."""


@dataclass(frozen=True)
class Options:
    """What the user says beyond the log."""

    space: ConfigurationSpace | None = None
    """Configuration space for logs without one of their own."""
    mapping: Mapping[str, str] | None = None
    """What the columns of a table are, as in `--map objective=loss`; it goes before a mapping beside the table."""
    steps: Steps = "last"
    """What values that trials of Optuna and Ray Tune report on their way are: `last`, the last one is a trial's and
    the others extra; `budget`, each is a trial at the budget of its step."""

    def __post_init__(self) -> None:
        check_choice("kind of steps", self.steps, get_args(Steps))
        if self.mapping is not None:
            check_type("a mapping", self.mapping, Mapping, 'like {"objective": "loss", "hyperparameters": "lr,depth"}')


@dataclass(frozen=True)
class ReadResult:
    """What a reader made of a log. `read == len(run) + merged + dropped` holds; the reasons are notes of the run."""

    run: Run
    """The run; its name is a proposal that the conversion makes unique."""
    release: str | None
    """Release of the optimizer's package as far as the log tells, e.g. `0.1.2` or `2.3-2.4`."""
    read: int
    """Trials in the log, including those that could not be kept."""
    merged: int = 0
    """Trials that another one stands for."""
    dropped: int = 0
    """Trials that could not be kept."""


class Reader(Protocol):
    """A log format."""

    name: str
    """Short name, as in `--from`."""
    title: str
    """Name for people, e.g. `DEHB`."""

    def detect(self, listing: Listing) -> Iterable[Found]:
        """Runs of this format in a folder, by content; one folder can hold several.

        A file that bears this format's name but is empty or damaged is claimed too, so that `read` refuses it with the
        reason.
        """
        ...

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read a run that `detect` found.

        Raises:
            EncaveError: the log cannot be read; the message names the file and says why.
        """
        ...
