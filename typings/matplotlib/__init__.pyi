# matplotlib leaves the types of settings open; this is what encave uses of it.
from collections.abc import Mapping
from contextlib import AbstractContextManager
from os import PathLike
from typing import Any

class RcParams(dict[str, Any]): ...

rcParams: RcParams  # noqa: N816
rcParamsDefault: RcParams  # noqa: N816

def cycler(*args: Any, **kwargs: Any) -> Any: ...
def get_data_path() -> str: ...
def rc_context(
    rc: Mapping[str, Any] | None = None, fname: str | PathLike[str] | None = None
) -> AbstractContextManager[None]: ...
