"""The configuration space of a log: given, in the sidecar, or in a file beside the log."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EncaveError
from ..run import Note
from .reader import Options
from .sidecar import Sidecar

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

SPACE_FILE = "configspace.json"


@dataclass(frozen=True)
class LogSpace:
    """A log's configuration space."""

    space: ConfigurationSpace
    """The space."""
    inferred: bool = False
    """Whether it was inferred from the values."""
    notes: tuple[Note, ...] = ()
    """What was assumed."""


def known_space(log: Path, options: Options, sidecar: Sidecar | None) -> LogSpace | None:
    """The space that the user gave, that of the sidecar, or that of `configspace.json` beside the log; else None.

    Raises:
        EncaveError: `configspace.json` cannot be read.
    """
    if options.space is not None:
        return LogSpace(
            options.space, notes=(Note("assumed", "the configuration space is the one given, not one from the log"),)
        )
    if sidecar is not None:
        return LogSpace(sidecar.space())
    path = log.parent / SPACE_FILE
    return LogSpace(read_space(path)) if path.is_file() else None


def read_space(path: Path) -> ConfigurationSpace:
    """A ConfigSpace JSON file of any release.

    Raises:
        EncaveError: it is not one.
    """
    from ConfigSpace import ConfigurationSpace

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ConfigSpace warns of every older release of its format
            return ConfigurationSpace.from_serialized_dict(content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EncaveError(f"{path} is not a ConfigSpace JSON file: {type(error).__name__}: {error}") from error
