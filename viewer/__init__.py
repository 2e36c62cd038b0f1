"""DeepCAVE on converted runs: the only part of encave that knows deepcave."""

from .launch import ViewerEndedError, open_runs

__all__ = ["ViewerEndedError", "open_runs"]
