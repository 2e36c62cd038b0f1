"""`encave.json`: what encave's runners write beside an optimizer's log (docs/native-logs.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EncaveError, in_words
from ..files.json_text import read_text
from .header import Optimizer
from .provenance import Provenance
from .spaces import made_space
from .trials import Objective

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

NAME = "encave.json"
_LEVELS = 3  # SMAC's own files lie two folders below the sidecar
_KEY, _VERSION = "encave_log", 1
_AGAIN = "delete the run's folder and run this seed again, or remove the file"
_LARGEST = 1 << 26  # bytes


@dataclass(frozen=True)
class Sidecar:
    """The content of an `encave.json`."""

    path: Path
    """The file."""
    content: dict[str, Any]
    """The JSON object; docs/formats.md lists its keys."""

    @property
    def optimizer(self) -> Optimizer:
        """What proposed the configurations."""
        return Optimizer(self.content["optimizer"]["name"], self.content["optimizer"].get("version"))

    @property
    def objectives(self) -> list[Objective]:
        """What a trial measured."""
        return [Objective(**objective) for objective in self.content["objectives"]]

    @property
    def budget_name(self) -> str | None:
        """What the budget counts."""
        return self.content.get("budget_name")

    @property
    def trials(self) -> int | None:
        """Number of trials that the runner counted."""
        return self.content.get("trials")

    def space(self) -> ConfigurationSpace:
        """The configuration space."""
        return made_space(self.content["space"])

    def run_name(self) -> str:
        """`<optimizer>-<task>-<variant>-seed<n>`, as far as they are known."""
        seed = self.content.get("seed")
        told = (self.content.get(key) for key in ("task", "variant"))
        parts = [self.optimizer.name, *told, None if seed is None else f"seed{seed}"]
        return "-".join(str(part) for part in parts if part)

    def provenance(self) -> Provenance:
        """Everything that a `Run` has no field of its own for."""
        kept = (
            "task",
            "seed",
            "common_start",
            "workers",
            "limit",
            "benchmark",
            "reporting",
            "overhead_seconds",
            "versions",
        )
        settings = self.content["optimizer"].get("settings")
        variant = self.content.get("variant")
        return Provenance.from_json(
            {
                "group": f"{self.optimizer.name} ({variant})" if variant else self.optimizer.name,
                **{key: self.content[key] for key in kept if key in self.content},
                **({"settings": settings} if settings else {}),
            }
        )


def find(log: Path) -> Sidecar | None:
    """The sidecar in the folder of a log or in one of the three above it; None if there is none.

    Raises:
        EncaveError: the sidecar is damaged or of a newer format.
    """
    path = locate(log)
    return None if path is None else _load(path)


def locate(log: Path) -> Path | None:
    """Where `find` finds the sidecar of a log."""
    candidates = (folder / NAME for folder in list(log.absolute().parents)[: _LEVELS + 1])
    return next((path for path in candidates if path.is_file()), None)


def write(folder: Path, content: Mapping[str, Any]) -> None:
    """Write `encave.json` into a run's folder; strict JSON."""
    text = json.dumps({_KEY: _VERSION, **content}, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / NAME).write_text(text + "\n", encoding="utf-8")


def read(path: Path) -> dict[str, Any]:
    """The content of an `encave.json`, of which no more is known than its format.

    Raises:
        EncaveError: there is none, it is damaged, or it is of another format.
    """
    try:
        content = json.loads(read_text(path, _LARGEST))
        version = content[_KEY]
    except (EncaveError, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(path, in_words(error)) from error
    if version != _VERSION:
        raise EncaveError(f"{path} is of format {version}; this encave reads format {_VERSION}. Update encave.")
    return content


def _load(path: Path) -> Sidecar:
    content = read(path)
    missing = {"optimizer", "space", "objectives"} - content.keys()
    if missing:
        raise EncaveError(f"{path} lacks {', '.join(sorted(missing))}; {_AGAIN}")
    if not content["objectives"]:
        raise _damaged(path, "it names no objective")
    sidecar = Sidecar(path, content)
    try:
        told = (sidecar.space().to_serialized_dict(), sidecar.provenance().json(), sidecar.run_name())
        json.dumps((*told, [asdict(objective) for objective in sidecar.objectives]), allow_nan=False)
    except EncaveError as error:
        raise _damaged(path, str(error)) from error
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise _damaged(path, in_words(error)) from error
    return sidecar


def _damaged(path: Path, why: str) -> EncaveError:
    return EncaveError(f"{path} is damaged ({why}); {_AGAIN}")
