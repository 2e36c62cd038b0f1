"""YAML of unknown origin: plain values only, of bounded size, checked before they are made.

A few lines can stand for any number of values (aliases, merge keys), nest deeper than the stack (`- - - -`), or hold a
number in base 60 that takes hours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import EncaveError, in_words

LIMIT = 4 * 1024 * 1024
"""Bytes of the longest file that is read."""
_VALUES = 200_000  # each alias counted in full
_DEPTH = 100
_NUMBER = re.compile(r"[-+0-9a-fA-FxX_:.]{1000,}")  # takes the square of its length to read
_UNREADABLE = (ValueError, LookupError, AttributeError, TypeError, ArithmeticError, RecursionError)


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file, its keys as text.

    Raises:
        EncaveError: as `read_value`, or it is no mapping.
    """
    content = read_value(path)
    if not isinstance(content, dict):
        raise EncaveError(f"{path} holds no mapping" if path.stat().st_size else f"{path} is empty (0 bytes)")
    return content


def read_value(path: Path) -> Any:
    """The value in a YAML file; the keys of a mapping as text.

    Raises:
        EncaveError: the file is missing, too long, not YAML, asks for a Python object, or unfolds to more than it says.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        size = path.stat().st_size
        if size > LIMIT:
            raise EncaveError(f"{path} has {size} bytes; encave reads such files up to {LIMIT // 2**20} MiB")
        data = path.read_bytes()
        _check(yaml.parse(data, loader), path)
        content = yaml.load(data, loader)
    except OSError as error:
        raise EncaveError(f"cannot read {path}: {error.strerror or error}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "" if mark is None else f", line {mark.line + 1}"
        told = " ".join(str(error.problem or error.context).split())
        raise EncaveError(f"{path}{where}: no readable YAML: {told:.300}") from error
    except (*_UNREADABLE, yaml.YAMLError) as error:
        raise EncaveError(f"{path} is no readable YAML: {in_words(error):.300}") from error
    return {str(key): value for key, value in content.items()} if isinstance(content, dict) else content


def _check(events: Iterable[Any], path: Path) -> None:
    """Refuse what would unfold to too much; merge keys copy no more than the aliases that they name stand for.

    Raises:
        EncaveError: there are too many values or levels, or a number is too long.
    """
    count, open_, sizes = 0, list[tuple[str | None, int]](), dict[str, int]()
    for event in events:
        kind, anchor = type(event).__name__, getattr(event, "anchor", None)
        if kind in ("SequenceStartEvent", "MappingStartEvent"):
            open_.append((anchor, count))
            count += 1
        elif kind in ("SequenceEndEvent", "MappingEndEvent"):
            name, before = open_.pop()
            if name is not None:
                sizes[name] = count - before
        elif kind == "AliasEvent":
            if anchor not in sizes:
                raise EncaveError(f"{path} has an alias *{anchor:.100} to what is not there, or within itself")
            count += sizes[anchor]
        elif kind == "ScalarEvent":
            count += 1
            if anchor is not None:
                sizes[anchor] = 1
            if (not event.style or event.tag) and _NUMBER.fullmatch(event.value):
                raise EncaveError(f"{path} has a number of {len(event.value):,} characters; encave does not read it")
        if count > _VALUES or len(open_) > _DEPTH:
            what = f"{_VALUES:,} values, aliases counted in full" if count > _VALUES else f"{_DEPTH} levels"
            raise EncaveError(f"{path} holds more than {what}; encave does not read it")
