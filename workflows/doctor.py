"""`encave doctor`: what is installed and works, what is missing, and how to get it.

Packages are imported, in another process: a version says nothing of whether what is compiled fits together.
"""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .. import __version__
from ..files.optional import EXTRAS, install
from ..files.programs import working

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_MODULES = {
    "pyyaml": "yaml",
    "scipy": "scipy.stats",
    "matplotlib": "matplotlib.pyplot",
    "pyarrow": "pyarrow.parquet",
}  # distribution → what is imported of it, where it is not named alike or not all of it
_SECONDS = 120.0  # that a package has to be imported
_IMPORT = """
import importlib, os, sys
told, sys.stdout = sys.stdout, sys.stderr
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except BaseException as error:
        why = f"{type(error).__name__}: {error}"
    else:
        why = ""
    print(" ".join(why.split()), file=told, flush=True)
os._exit(0)
"""
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
    wanted = list(_wanted())
    installed = {one.name: found for one, _ in wanted if (found := _version(one.name))}
    broken = why_not([_MODULES.get(name.lower(), name.replace("-", "_")) for name in installed])
    reasons = dict(zip(installed, broken, strict=True))
    for one, extra in wanted:
        found = installed.get(one.name, "")
        reason = reasons.get(one.name, "")
        if found and not one.specifier.contains(found, prereleases=True):
            reason = reason or f"encave needs {one.specifier}"
        state = "missing" if reason or not (found or extra) else "ok" if found else "optional"
        remedy = install(extra).strip("`") if extra and not found else f"pip install '{one.name}{one.specifier}'"
        told = f"{found}; {reason}" if reason else found
        purpose = EXTRAS[extra].used_by if extra else ""
        yield Check(one.name, "package", state, told, purpose, "" if state == "ok" else remedy)


def _wanted() -> Iterator[tuple[Requirement, str]]:
    """What encave's own metadata asks for on this Python, and with which extra; each once."""
    from packaging.requirements import Requirement

    for line in importlib.metadata.requires("encave") or []:
        one = Requirement(line)
        extras = ("", *EXTRAS)
        fitting = [extra for extra in extras if one.marker is None or one.marker.evaluate({"extra": extra})]
        if fitting and one.name != "encave":
            yield one, fitting[0]


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def why_not(modules: Sequence[str]) -> list[str]:
    """Why each of these modules cannot be imported, in one process after the other; empty where it can.

    The process is another one, and a new one goes on where a module ended it.
    """
    reasons: list[str] = []
    while len(reasons) < len(modules):
        left = modules[len(reasons) :]
        command = [sys.executable, "-c", _IMPORT, *left]
        with tempfile.TemporaryDirectory() as nowhere:
            try:
                done = subprocess.run(
                    command, cwd=nowhere, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                    timeout=_SECONDS,
                )  # fmt: skip
                told, end = done.stdout, f"importing it ends Python (status {done.returncode})"
            except subprocess.TimeoutExpired as error:
                told = error.stdout.decode() if isinstance(error.stdout, bytes) else error.stdout or ""
                end = f"importing it takes more than {_SECONDS:.0f} s"
        lines = told.split("\n")[:-1]
        reasons += lines
        if len(lines) < len(left):
            reasons.append(end)
    return reasons


def _programs() -> Iterator[Check]:
    for name, (purpose, remedy) in _PROGRAMS.items():
        found, told = working(name)
        yield Check(name, "program", "ok" if found else "optional", found or told, purpose, "" if found else remedy)


def _benchmarks() -> Iterator[Check]:
    from ..runners.benchmarks.nasbench201.cache import list_benchmarks

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
