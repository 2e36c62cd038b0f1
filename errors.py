"""The one exception that carries a message for the person at the keyboard."""

from __future__ import annotations

import json
from collections.abc import Iterable


class EncaveError(Exception):
    """Bad input or a state the user can put right.

    The message says what is wrong, where (file, line, trial), and what to do. The command line prints it as one line.

    Example:
        >>> try:
        ...     runs.where(task="mlp").label({"BOHB": "ours"})
        ... except encave.EncaveError as error:
        ...     print(error)
        no run of the label 'BOHB'; there are DEHB, Random, SMAC
    """

    exit_status = 2
    """What the command line ends with; 2 is bad input."""


def check_choice(what: str, given: object, known: Iterable[str]) -> None:
    """Make sure that a word is one of those that there are.

    Raises:
        EncaveError: it is none; the message names them, and the nearest.
    """
    names = [str(name) for name in known]
    if isinstance(given, str) and given in names:
        return
    raise EncaveError(f"no {what} {given!r}; there are {', '.join(names) or 'none'}{nearest(given, names)}")


def nearest(given: object, names: Iterable[str]) -> str:
    """The end of a message that asks whether the nearest of some names was meant; empty where none is near."""
    from difflib import get_close_matches

    return "".join(f"; do you mean {name!r}?" for name in get_close_matches(str(given), list(names), 1))


def check_number(what: str, given: object) -> None:
    """Make sure that something is a finite number.

    Raises:
        EncaveError: it is none.
    """
    try:
        known = not isinstance(given, str) and abs(given) < float("inf")  # type: ignore[arg-type]
    except (TypeError, ValueError):
        known = False
    if not known:
        raise EncaveError(f"{what} is a finite number, not {given!r}")


def check_count(what: str, given: object) -> None:
    """Make sure that something is a whole number of at least one.

    Raises:
        EncaveError: it is none.
    """
    if not hasattr(given, "__index__") or int(given) < 1:  # type: ignore[call-overload]
        raise EncaveError(f"{what}: a whole number of 1 or more, not {given!r}")


def check_type(what: str, given: object, kind: type | tuple[type, ...], wanted: str) -> None:
    """Make sure that something is of a type.

    Args:
        what: Which thing it is.
        given: What was given for it.
        kind: Its type, or all that it may be of.
        wanted: What it should be, in words.

    Raises:
        EncaveError: it is of another type.
    """
    if not isinstance(given, kind):
        raise EncaveError(f"{what} is {wanted}, not {given!r}")


def in_words(error: Exception) -> str:
    """What is wrong with foreign content, from what was raised when it was taken for what it should be.

    It has no words of Python's for its own objects, which say nothing of a file and change with its releases.
    """
    if isinstance(error, json.JSONDecodeError):
        return f"it is no JSON at line {error.lineno}, column {error.colno}"
    if isinstance(error, KeyError):
        if not error.args:
            return "a key is missing"
        key = error.args[0]
        return key if isinstance(key, str) and " " in key else f"{key!r} is missing"  # ConfigSpace says a sentence
    if isinstance(error, IndexError):
        return "a list is too short"
    if isinstance(error, TypeError | AttributeError):
        return "a value is of another type"
    if isinstance(error, OverflowError):
        return "a number is too large"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return (str(error).splitlines() or ["it is damaged"])[0]
