"""DeepCAVE on converted runs: the only part of encave that knows deepcave."""

from .endpoints import is_far, tunnel
from .launch import ViewerEndedError, open_runs

__all__ = ["ViewerEndedError", "is_far", "open_runs", "tunnel"]
