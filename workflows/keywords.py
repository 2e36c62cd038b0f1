"""Messages that speak of the command line's flags, said in the words of Python."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from ..errors import EncaveError

_T = TypeVar("_T")
_P = ParamSpec("_P")
_COMMAND = r"(?P<command>encave [a-z]+(?: (?:--[a-z]+|[A-Z…]+)\b…?)*)"
_MAPS = r"(?P<maps>--map \w+=\S*\w(?: --map \w+=\S*\w)*)"
_FLAGS = re.compile(rf"{_COMMAND}|{_MAPS}|--(?P<flag>[a-z]+)\b")


def keywords_for_flags(verb: Callable[_P, _T]) -> Callable[_P, _T]:
    """The verb, whose errors name keywords where they named flags."""

    @wraps(verb)
    def spoken(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return verb(*args, **kwargs)
        except EncaveError as error:
            error.args = (with_keywords(str(error)),)
            raise

    return spoken


def with_keywords(text: str) -> str:
    """A message with keywords for flags; commands of `encave` stay as they are.

    Example:
        >>> with_keywords("say --map objective=loss --map hyperparameters=lr; --memory raises the limit")
        'say map={"objective": "loss", "hyperparameters": "lr"}; memory= raises the limit'
    """
    return _FLAGS.sub(_spoken, text)


def _spoken(found: re.Match[str]) -> str:
    if found["command"]:
        return found["command"]
    if found["flag"]:
        return f"{found['flag']}="
    pairs = (one.split("=", 1) for one in found["maps"].removeprefix("--map ").split(" --map "))
    told = ", ".join(f'"{role}": "{column}"' for role, column in pairs)
    return f"map={{{told}}}"
