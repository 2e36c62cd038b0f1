"""Arrow without pandas."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from typing import Any


class _NoPandas(MetaPathFinder):
    """Finds no pandas."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        """As of any finder."""
        if fullname == "pandas":
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def hide_pandas() -> None:
    """Let Arrow find no pandas until it is asked for a frame: at its first array it would load it.

    For processes of encave's own: until then, Arrow takes no frame or series of pandas for what it is.
    """
    import pyarrow as pa

    hidden = _NoPandas()
    sys.meta_path.insert(0, hidden)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(hidden)
