# pyarrow ships no types; this says so to the checker.
from typing import Any

def __getattr__(name: str) -> Any: ...
