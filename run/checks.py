"""Types of JSON values that were read from a file, so that a damaged one is refused with the reason."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, TypeGuard

from ..errors import EncaveError

Kinds = tuple[type, ...]
"""Types of which a value may be."""

NUMBER: Kinds = (int, float, NoneType)
SCALAR: Kinds = (str, int, float, NoneType)
TEXT: Kinds = (str, NoneType)

_LONGEST = 80  # characters of a value in a message


def check_fields(where: str, content: Mapping[str, object], kinds: Mapping[str, Kinds]) -> None:
    """Check that every field is there and of its type.

    Args:
        where: What stands before the field's name in the message.
        content: The fields; others are not looked at.
        kinds: Field → types.

    Raises:
        EncaveError: one is not; the message names it.
    """
    for name, allowed in kinds.items():
        if name not in content:
            raise EncaveError(f"{where}{name} is missing")
        value = content[name]
        if not (is_of(value, allowed) if value is not None else NoneType in allowed):
            raise EncaveError(f"{where}{name} is {shown(value)}, not of its type")


def is_of(value: object, kinds: Kinds) -> bool:
    """Whether a JSON value is of these types; a truth value is no number, and a number is finite."""
    if isinstance(value, bool):
        return bool in kinds
    return isinstance(value, kinds) and not (isinstance(value, float) and not math.isfinite(value))


def is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether it is a JSON object."""
    return isinstance(value, Mapping)


def is_objects(value: object) -> TypeGuard[Sequence[Mapping[str, Any]]]:
    """Whether it is a list of JSON objects."""
    return is_list(value) and all(map(is_object, value))


def is_list(value: object) -> TypeGuard[Sequence[Any]]:
    """Whether it is a JSON list, or a tuple that stands for one."""
    return isinstance(value, list | tuple)


def shown(value: object) -> str:
    """A value as JSON in a message, shortened."""
    text = json.dumps(value, default=str)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
