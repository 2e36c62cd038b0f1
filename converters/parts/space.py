"""The configuration space of a log: given, in the sidecar, or in a file beside the log."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

from ...errors import EncaveError, in_words
from ...files.json_text import read_text
from ...run import Note, nasbench201_space
from ...run.sidecar import Sidecar
from ...run.spaces import made_space
from ..reader import Options
from .pcs import read_pcs

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

SPACE_FILE = "configspace.json"
_LARGEST = 1 << 26  # bytes
PCS = ".pcs"
_HEAD = 512
_SPACE_HEAD = re.compile(rb'\s*\{\s*("name": [^,]{0,100},\s*)?"hyperparameters"\s*:')


@dataclass(frozen=True)
class LogSpace:
    """A log's configuration space."""

    space: ConfigurationSpace
    """The space."""
    inferred: bool = False
    """Whether it was inferred from the values."""
    notes: tuple[Note, ...] = ()
    """What was assumed."""


def known_space(
    log: Path,
    options: Options,
    sidecar: Sidecar | None,
    *,
    file: Path | None = None,
    logged: Iterable[Mapping[str, Any]] = (),
) -> LogSpace | None:
    """The log's own space, that of the sidecar or of a file beside the log; else the one that the user gave, if any.

    Args:
        log: The log.
        options: What the user gave.
        sidecar: The log's sidecar.
        file: What `space_file` found; None: `configspace.json` beside the log.
        logged: Configurations of the log, for the types of choices in a PCS file.

    Raises:
        EncaveError: the file beside the log cannot be read, and the user gave no space.
    """
    if sidecar is not None:
        return own_or_given(lambda: LogSpace(sidecar.space()), options)
    return own_or_given(lambda: _beside(file or log.parent / SPACE_FILE, logged), options)


def own_or_given(own: Callable[[], LogSpace | None], options: Options, *, partial: bool = False) -> LogSpace | None:
    """The log's own space where it has one that can be read, else the one that the user gave; a note says which.

    Args:
        own: Reads the log's own space; None where there is none.
        options: What the user gave.
        partial: Whether the log's own does not tell everything, as its conditions: the one given is then preferred, if
            it has all the hyperparameters of the log's own.

    Raises:
        EncaveError: the log's own cannot be read, and the user gave none.
    """
    given = options.space
    why = "the log has none"
    try:
        found = own()
    except EncaveError as error:
        if given is None:
            raise
        found, why = None, f"the log's own cannot be read: {error}"
    if found is not None and partial and given is not None and set(found.space) <= set(given):
        found, why = None, "the log does not tell all of its own"
    if found is None:
        return None if given is None else given_instead(given, why)
    if given is None or given.to_serialized_dict() == found.space.to_serialized_dict():
        return found
    return replace(found, notes=(*found.notes, Note("flagged", "the space given was not used: the log has its own")))


def given_instead(space: ConfigurationSpace, why: str) -> LogSpace:
    """The space that the user gave, with a note that says why it is used."""
    return LogSpace(space, notes=(Note("flagged", f"the configuration space is the one given: {why}"),))


def _beside(path: Path, logged: Iterable[Mapping[str, Any]]) -> LogSpace | None:
    if not path.is_file():
        return None
    if path.suffix.lower() != PCS:
        return LogSpace(read_space(path))
    found = read_pcs(path, logged)
    text = f"{path.name} has forbidden clauses, which are left out: {found.forbidden}"
    return LogSpace(found.space, notes=(Note("flagged", text),) if found.forbidden else ())


def space_file(folder: Path, names: Iterable[str], *, suffix: str = "", told: str | None = None) -> Path | None:
    """The file with a log's configuration space.

    In this order: `configspace<suffix>.json`, `configspace.json`, the file that the log tells of, the same three as
    PCS, then the only other JSON file of ConfigSpace or the only other PCS file in the folder.

    Args:
        folder: The log's folder.
        names: Names of its files.
        suffix: What the log's own name ends with, as ` 2` in `runhistory 2.json`.
        told: Path of a space that the log tells of; only its name counts, since logs are moved.
    """
    present = sorted(names)
    stems = [f"configspace{suffix}", "configspace", *([PureWindowsPath(told).stem] if told else [])]
    for name in (stem + kind for kind in (".json", PCS) for stem in stems):
        if name in present:
            return folder / name
    others = [name for name in present if name.endswith(".json") and _is_space(folder / name)]
    others = others or [name for name in present if name.lower().endswith(PCS)]
    return folder / others[0] if len(others) == 1 else None


def _is_space(path: Path) -> bool:
    with path.open("rb") as file:
        return _SPACE_HEAD.match(file.read(_HEAD)) is not None


def given_space(told: str) -> ConfigurationSpace:
    """The space that `--configspace` means: a ConfigSpace JSON file, or one known by name.

    Raises:
        EncaveError: there is neither.
    """
    return read_space(Path(told)) if Path(told).is_file() else named_space(told)


def read_space(path: Path) -> ConfigurationSpace:
    """A ConfigSpace JSON file of any release, or a PCS file.

    Raises:
        EncaveError: it is neither.
    """
    if path.suffix.lower() == PCS:
        return read_pcs(path).space
    try:
        text = read_text(path, _LARGEST)
        if (space := _spaces.get(text)) is not None:
            return space
        content = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise EncaveError(f"{path} is not a ConfigSpace JSON file: {in_words(error)}") from error
    space = read_space_object(content, f"{path} is not a ConfigSpace JSON file")
    _spaces.clear()
    if len(text) <= _REMEMBERED:
        _spaces[text] = space
    return space


_spaces: dict[str, ConfigurationSpace] = {}
"""The last file's text, and its space, which nobody changes: logs of a study have one, and it takes long to make."""
_REMEMBERED = 1 << 20  # letters


def read_space_object(content: Any, what: str) -> ConfigurationSpace:
    """The space that ConfigSpace of any release wrote as an object.

    Args:
        content: The object.
        what: Says where it is from and that it is none, for the message.

    Raises:
        EncaveError: it is no space.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ConfigSpace warns of every older release of its format
            space = made_space(content)
        json.dumps(space.to_serialized_dict(), allow_nan=False)  # a bound can be infinite
        return space
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise EncaveError(f"{what}: {in_words(error)}") from error


def named_space(name: str) -> ConfigurationSpace:
    """The space that `--configspace` knows by name.

    Raises:
        EncaveError: there is none of this name.
    """
    known = nasbench201_space.NAME
    if name.lower().replace("-", "") != known:
        raise EncaveError(
            f"no configuration space is named {name!r}; there is {known}, or give a ConfigSpace JSON file"
        )
    return nasbench201_space.configuration_space()
