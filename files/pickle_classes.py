"""What a pickle may call: stand-ins of ours for the functions and classes of NumPy and of the standard library.

NumPy's own trust the pickle: a `dtype` takes any state, and then bytes are read as pointers, or past their end. Here
a type comes from its short text only, and an array is a view of bytes that are there. Nothing that is handed to the
unpickler has attributes that a pickle could set.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Collection
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from ..errors import EncaveError

_CORES = ("numpy.core", "numpy._core")
NUMPY = frozenset(
    {
        "collections.OrderedDict",
        "numpy.dtype",
        "numpy.ndarray",
        "_codecs.encode",
        *(f"{core}.multiarray.{function}" for core in _CORES for function in ("scalar", "_reconstruct")),
        *(f"{core}.numeric._frombuffer" for core in _CORES),
    }
)
"""What pickles of NumPy arrays, scalars and ordered dictionaries need."""

_PLAIN_TYPE = re.compile(r"[<>|=]?(?:b1|[iu][1248]|f(?:2|4|8|16)|c(?:8|16)|[SU][1-9]\d{0,8}|[mM]8|O8?)")
_UNITS = frozenset({"Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"})
_MOST_EMPTY = 1 << 16  # places along an axis of an array without elements
_MOST_AXES = 32
_MOST_ODD = 1 << 14  # numbers whose hashes can be chosen: so many with one hash take some seconds
_SPARE = 1 << 20  # bytes of arrays and texts that any pickle may make
_PLAIN = (str, int, float, bytes, type(None))
_REAL = {
    "datetime.datetime": datetime.datetime,
    "datetime.timedelta": datetime.timedelta,
    "datetime.timezone": datetime.timezone,
}
_NDARRAY = object()


class Sealed:
    """A function that keeps its attributes from the pickle."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *args: Any, **named: Any) -> Any:
        """What the function makes of them."""
        return self._function(*args, **named)

    def __setstate__(self, state: Any) -> None:
        raise ValueError("state for a function")


class _Ordered(dict[Any, Any]):
    """An ordered dictionary; what else a pickle tells of it is left out."""

    __slots__ = ()

    def __new__(cls) -> _Ordered:
        return super().__new__(cls)

    def __init__(self) -> None:
        super().__init__()

    def __setstate__(self, state: Any) -> None:
        """Attributes, such as PyTorch's `_metadata`."""


class Type:
    """A type of NumPy's, by its short text; its state is the byte order and, of times, the unit."""

    __slots__ = ("dtype",)

    def __init__(self, text: Any, *_: Any) -> None:
        if not isinstance(text, str) or not _PLAIN_TYPE.fullmatch(text):
            raise ValueError(f"the type {str(text)[:40]!r} of an array, which encave does not read")
        self.dtype: np.dtype[Any] = np.dtype(text)

    def __setstate__(self, state: Any) -> None:
        _, order, subtype, names, fields, *rest = state
        if order not in ("<", ">", "|", "=") or subtype is not None or names is not None or fields is not None:
            raise ValueError("an array of records, which encave does not read")
        unit = _unit(rest[3][1]) if self.dtype.kind in "mM" and len(rest) > 3 else ""
        self.dtype = np.dtype(f"{self.dtype.str[1:]}{unit}").newbyteorder(order)


def _unit(told: Any) -> str:
    """The unit of times in the state of a type: its name, how many of it, and two more numbers."""
    name = told[0].decode("ascii") if isinstance(told[0], bytes) else told[0]
    if name == "generic":
        return ""
    if name not in _UNITS or type(told[1]) is not int or not 0 < told[1] < 2**31:
        raise ValueError("a unit of time that NumPy does not have")
    return f"[{told[1]}{name}]"


class Array(np.ndarray[Any, Any]):
    """An array that is empty until its state comes, once."""

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, by_column, content = state
        budget: Classes | None = self.__dict__.pop("budget", None)
        if budget is None or not isinstance(kind, Type):
            raise ValueError("an array with two states, or without a type")
        size = checked_size(shape)
        if kind.dtype.hasobject:
            if type(content) is not list or len(content) != size:
                raise ValueError(f"an array of {size} objects, with another number of them")
        elif type(content) not in (bytes, bytearray) or len(content) != size * kind.dtype.itemsize:
            raise ValueError(f"an array of {size} items of {kind.dtype.itemsize} bytes each, with other bytes")
        budget.made(size * kind.dtype.itemsize)
        content = content if kind.dtype.hasobject else bytes(content)
        super().__setstate__((1, shape, kind.dtype, by_column is True, content))


def checked_size(shape: Any) -> int:
    """Elements of an array of this shape.

    Raises:
        ValueError: it is no shape, or one that no bytes stand for.
    """
    if type(shape) is not tuple or len(shape) > _MOST_AXES or any(type(n) is not int or n < 0 for n in shape):
        raise ValueError("an array of a wrong shape")
    size = math.prod(shape)
    if not size and max(shape) > _MOST_EMPTY:
        raise ValueError("an array without elements, of a huge shape")
    return size


class Classes:
    """What one pickle may call."""

    def __init__(
        self,
        name: str,
        allowed: Collection[str],
        stand_in: Callable[[str, str], Any] | None,
        size: int,
    ) -> None:
        """Args as in `pickles.load`; `size` is the bytes of the pickle, which bounds those of what it makes."""
        self._name = name
        self._allowed = allowed
        self._stand_in = stand_in
        self._left = 4 * size + _SPARE
        self._odd = 0
        own: dict[str, Any] = {
            "collections.OrderedDict": _Ordered,
            "numpy.dtype": Type,
            "numpy.ndarray": _NDARRAY,
            "_codecs.encode": self._encoded,
            **dict.fromkeys((f"{core}.multiarray.scalar" for core in _CORES), self._scalar),
            **dict.fromkeys((f"{core}.multiarray._reconstruct" for core in _CORES), self._empty),
            **dict.fromkeys((f"{core}.numeric._frombuffer" for core in _CORES), self._view),
            **dict.fromkeys(("builtins.set", "__builtin__.set"), self._set),
            **dict.fromkeys(("builtins.bytes", "__builtin__.bytes"), _no_bytes),
        }
        self._own = {path: _sealed(found) for path, found in own.items()} | _REAL

    def find(self, module: str, name: str) -> Any:
        """The class or function, or what stands for it.

        Raises:
            EncaveError: it is not allowed.
        """
        path = f"{module}.{name}"
        if path in self._allowed:
            return self._own[path]
        shown = path[:200] if path.isprintable() else ascii(path[:200])
        inert = self._stand_in(module, name) if self._stand_in else None
        if inert is None:
            raise EncaveError(
                f"{self._name} calls {shown}, which encave does not allow in this kind of file: "
                "the file may be malicious and was not loaded"
            )
        return _sealed(inert)

    def made(self, size: int) -> None:
        """Count bytes of an array or a text.

        Raises:
            ValueError: they are many more than those of the pickle.
        """
        self._left -= size
        if self._left < 0:
            raise ValueError("its arrays and texts take much more than its own bytes")

    def _scalar(self, kind: Any, content: Any) -> Any:
        if not isinstance(kind, Type) or kind.dtype.hasobject:
            raise ValueError("a number without a type")
        if type(content) is not bytes or len(content) != kind.dtype.itemsize:
            raise ValueError(f"a number of {kind.dtype.itemsize} bytes, with others")
        self.made(len(content))
        self._odd += kind.dtype.kind in "cmM" or (kind.dtype.itemsize > 8 and kind.dtype.kind == "f")
        if self._odd > _MOST_ODD:
            raise ValueError(f"more than {_MOST_ODD} complex or long numbers, or times, one by one")
        return np.frombuffer(content, kind.dtype)[0]

    def _empty(self, base: Any, *_: Any) -> Array:
        if base is not _NDARRAY:
            raise ValueError("an array that is none of NumPy's")
        made = np.empty(0, np.int8).view(Array)
        made.__dict__["budget"] = self
        return made

    def _view(self, content: Any, kind: Any, shape: Any, order: Any) -> Any:
        if not isinstance(kind, Type) or kind.dtype.hasobject or order not in ("C", "F"):
            raise ValueError("an array without a type")
        size = checked_size(shape)
        if type(content) not in (bytes, bytearray) or len(content) != size * kind.dtype.itemsize:
            raise ValueError(f"an array of {size} items of {kind.dtype.itemsize} bytes each, with other bytes")
        self.made(len(content))
        return np.frombuffer(bytes(content), kind.dtype).reshape(shape, order=order)

    def _encoded(self, text: Any, encoding: Any = "latin1") -> bytes:
        """Bytes, as pickles of protocol 2 and below write them."""
        if type(text) is not str or encoding not in ("latin1", "latin-1"):
            raise ValueError("text in another encoding than latin1")
        self.made(len(text))
        return text.encode("latin1")

    def _set(self, members: Any = ()) -> set[Any]:
        if type(members) not in (list, tuple) or not all(isinstance(member, _PLAIN) for member in members):
            raise ValueError("a set of other things than texts and numbers")
        self.made(8 * len(members))
        return set(members)


def _no_bytes() -> bytes:
    return b""


def _sealed(found: Any) -> Any:
    return Sealed(found) if isinstance(found, FunctionType | MethodType) else found
