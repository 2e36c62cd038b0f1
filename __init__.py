"""encave: from the logs of any black-box optimizer to DeepCAVE and to the comparison section of a paper.

The names below are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .errors import EncaveError
    from .run import Incumbent, Note, Objective, Optimizer, Run, Status

__all__ = ["EncaveError", "Incumbent", "Note", "Objective", "Optimizer", "Run", "Status"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'encave' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(".errors" if name == "EncaveError" else ".run", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
