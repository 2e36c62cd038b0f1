"""What of `encave.json` must agree for a finished run to be the wanted one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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


def differences(finished: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """In what a finished run is not the wanted one, one phrase per setting; empty if it is."""
    phrases: list[str] = []
    for name, keys in _IDENTITY.items():
        has, wants = _at(finished, keys), _at(wanted, keys)
        if has != wants:
            phrases.append(f"{name} {_plain(has)}, not {_plain(wants)}")
    return phrases


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
