"""`encave.json`, which stands beside the native log and says what was run (docs/native-logs.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ...errors import EncaveError

SIDECAR_FILE = "encave.json"
FORMAT_VERSION = 1

_IDENTITY = {
    "workers": ("workers",),
    "budget": ("limit",),
    "objectives": ("objectives",),
    "benchmark": ("benchmark", "source"),
    "content of the benchmark": ("benchmark", "sha256"),
    "training schedule": ("benchmark", "schedule"),
    "budgets": ("benchmark", "fidelities"),
    "reward": ("benchmark", "reward"),
    "going on from checkpoints": ("benchmark", "resumed"),
    "common start": ("common_start",),
}
"""What must agree for a finished run to be the one that is wanted: how people call it → where it stands."""


def write(folder: Path, header: Mapping[str, Any]) -> None:
    """Write `encave.json` into a run's folder; strict JSON."""
    text = json.dumps({"encave_log": FORMAT_VERSION, **header}, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / SIDECAR_FILE).write_text(text + "\n", encoding="utf-8")


def read(folder: Path) -> dict[str, Any]:
    """Read a run's `encave.json`.

    Raises:
        EncaveError: there is none, it is damaged, or it is of another format.
    """
    path = folder / SIDECAR_FILE
    try:
        header = json.loads(path.read_text(encoding="utf-8"))
        found = header["encave_log"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncaveError(
            f"cannot read {path}: {error}. If {folder} is a damaged run, delete it and it is run again."
        ) from error
    if found != FORMAT_VERSION:
        raise EncaveError(f"{path} is of format {found}; this encave reads format {FORMAT_VERSION}. Update encave.")
    return header


def differences(finished: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """In what a finished run is not the wanted one, one phrase per setting; empty if it is."""
    phrases: list[str] = []
    for name, keys in _IDENTITY.items():
        has, wants = _at(finished, keys), _at(wanted, keys)
        if has != wants:
            phrases.append(f"{name} {_plain(has)}, not {_plain(wants)}")
    return phrases


@lru_cache(maxsize=32)
def version_of(distribution: str) -> str:
    """Version of an installed distribution; looked up once, since reading it takes longer than a short run."""
    return version(distribution)


def _at(header: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    value: Any = header
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return " and ".join(str(one["name"]) for one in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{number:g} {name.replace('_', ' ')}" for name, number in value.items())
    return str(value)
