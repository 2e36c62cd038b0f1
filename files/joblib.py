"""Pickles as `joblib.dump` writes them: after the instructions for an array come its bytes, which are no instructions.

Optuna's manual recommends `joblib.dump` for studies. The arrays in one are the states of random generators: they are
skipped. The unpickler is Python's own in Python, whose memo grows with the data only.
"""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Callable, Collection
from typing import Any, ClassVar

from ..errors import EncaveError

MARK = b"joblib.numpy_pickle"
"""What a pickle with such arrays has in it."""
_WRAPPER = "NumpyArrayWrapper"
_Unpickler: Any = pickle._Unpickler  # pyright: ignore[reportAttributeAccessIssue, reportPrivateUsage]


class _Reader(_Unpickler):
    dispatch: ClassVar[dict[int, Any]] = dict(_Unpickler.dispatch)

    def __init__(self, data: bytes, name: str, allowed: Collection[str], stand_in: Callable[[str, str], Any]) -> None:
        self._data = io.BytesIO(data)
        super().__init__(self._data)
        self._name = name
        self._allowed = allowed
        self._stand_in = stand_in

    def find_class(self, module: str, name: str) -> Any:
        if f"{module}.{name}" in self._allowed:
            return super().find_class(module, name)
        inert = self._stand_in(module, name)
        if inert is None:
            raise EncaveError(f"{self._name} calls {module}.{name}: the file may be malicious and was not loaded")
        return inert

    def _build(self) -> None:
        _Unpickler.load_build(self)
        made = self.stack[-1]
        if type(made).__name__ == _WRAPPER:
            self._skip(made.state)

    def _skip(self, wrapper: dict[str, Any]) -> None:
        if wrapper["dtype"].hasobject:
            raise EncaveError(f"{self._name} has an array of objects, which encave does not read")
        if wrapper.get("numpy_array_alignment_bytes") is not None:
            self._data.read(self._data.read(1)[0])
        self._data.read(math.prod(wrapper["shape"]) * wrapper["dtype"].itemsize)

    dispatch[pickle.BUILD[0]] = _build


def load(data: bytes, *, name: str, allowed: Collection[str], stand_in: Callable[[str, str], Any]) -> Any:
    """Unpickle what `joblib.dump` wrote without compression.

    Args:
        data: Content of the file.
        name: Name of the file, for messages.
        allowed: Full names of the classes and functions that the pickle may call.
        stand_in: Module and name of a class that is not allowed → a harmless class in its place, or None; the one for
            joblib's wrapper of arrays keeps its attributes in `state`.

    Raises:
        EncaveError: the pickle is damaged, or it calls something that is not allowed.
    """
    try:
        return _Reader(data, name, allowed, stand_in).load()
    except EncaveError:
        raise
    except Exception as error:  # a damaged pickle can make the allowed functions fail in any way
        raise EncaveError(f"{name} is not a readable pickle: {type(error).__name__}: {error}") from error
