"""Fixtures that the tests of the verbs share with those of the parts."""

from ..analysis.conftest import make_run

__all__ = ["make_run"]
