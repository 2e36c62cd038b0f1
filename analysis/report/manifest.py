"""`manifest.json`: what went into a report, what made it, what came out; also the mark by which one is known."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from ... import __version__
from ...errors import EncaveError
from ...run import Run

NAME = "manifest.json"
_MARK = "encave_report"
_FORMAT = 1


def versions() -> dict[str, str]:
    """Release of everything that shapes the report's bytes."""
    packages = ("numpy", "scipy", "pyarrow", "matplotlib", "jinja2", "plotly", "tueplots")
    return {"encave": __version__, "python": platform.python_version(), **{name: version(name) for name in packages}}


def inputs(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """What each run is, with a hash of its trials and configurations."""
    return [
        {
            "name": run.name,
            "optimizer": run.optimizer.name,
            "optimizer_version": run.optimizer.version,
            "task": run.task,
            "seed": run.seed,
            "trials": len(run),
            "source": run.provenance.source,
            "benchmark": run.provenance.benchmark and run.provenance.benchmark.json(),
            "sha256": fingerprint(run),
        }
        for run in runs
    ]


def fingerprint(run: Run) -> str:
    """SHA-256 of the values of all columns of trials and configurations, whatever their layout in memory."""
    digest = hashlib.sha256()
    for table in (run.trials, run.configurations):
        for name in table.column_names:
            digest.update(f"{name}\0".encode())
            digest.update(_column_bytes(table[name]))
    return digest.hexdigest()


def _column_bytes(column: pa.ChunkedArray) -> bytes:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        values = column.to_numpy().astype("<f8")
        return np.where(np.isnan(values), np.nan, values).tobytes()  # one NaN for null, whatever its payload
    present = column.is_valid().to_numpy().tobytes()
    if pa.types.is_integer(column.type):
        return present + column.fill_null(0).to_numpy().astype("<i8").tobytes()
    if pa.types.is_string(column.type):
        letters = pc.binary_length(column).fill_null(0).to_numpy().astype("<i8").tobytes()
        texts = column.fill_null("").cast(pa.large_string()).combine_chunks()
        joined = pc.binary_join(pa.ListArray.from_arrays([0, len(texts)], texts), pa.scalar("", pa.large_string()))
        return present + letters + joined[0].as_buffer().to_pybytes()
    return present + orjson.dumps(column.to_pylist(), default=str)


def write(folder: Path, inputs: Sequence[Mapping[str, Any]], title: str, command: str | None) -> None:
    """Write the manifest of the report in `folder`, with the hashes of all files that are in it now."""
    files = {path.relative_to(folder).as_posix(): _sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    content = {
        _MARK: _FORMAT,
        "title": title,
        "command": command,
        "versions": versions(),
        "inputs": inputs,
        "files": files,
    }
    text = json.dumps(content, indent=1, ensure_ascii=False, default=str)
    (folder / NAME).write_text(text + "\n", encoding="utf-8")


def check_replaceable(out: Path) -> None:
    """Make sure that nothing but an earlier report would be lost by writing to `out`.

    Raises:
        EncaveError: it is a file, or a folder with something that no report put there.
    """
    if out.is_file():
        raise EncaveError(f"{out} is a file; a report is a folder. Choose another --out.")
    if not out.is_dir() or not any(out.iterdir()):
        return
    ours = _files_of_report(out)
    if ours is None:
        raise EncaveError(
            f"{out} has files in it and is not an earlier report, so it stays as it is. Choose another --out."
        )
    foreign = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    foreign = [name for name in foreign if name not in ours]
    if foreign:
        raise EncaveError(
            f"{out} is an earlier report, but {foreign[0]} is not part of it. Move it or choose another --out."
        )


def _files_of_report(folder: Path) -> set[str] | None:
    """Files of the report in `folder`; None if it holds none."""
    try:
        content: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return {*content["files"], NAME} if _MARK in content else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
