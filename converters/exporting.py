"""Logs and converted runs to the other formats that encave writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EncaveError
from ..files import atomic_file
from ..run import Run
from .account import Conversion, accounted, refused
from .one_log import assumed, describe_error, described, read
from .outputs import output
from .reader import Options
from .registry import Candidate
from .sources import logs_and_runs

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

MARKER = ".encave-export.json"
_CONVERTED = "run"


@dataclass(frozen=True)
class Exported:
    """What an export wrote."""

    title: str
    """Name of the format for people."""
    conversions: tuple[Conversion, ...]
    """What became of each log and run."""
    limits: tuple[str, ...]
    """What the format cannot hold, one sentence each."""
    lost: tuple[str, ...]
    """What it could not hold of these runs, one sentence each."""


def export(
    sources: Sequence[Path],
    out: Path,
    to: str,
    *,
    forced_format: str | None = None,
    space: ConfigurationSpace | None = None,
    mapping: Mapping[str, str] | None = None,
    strict: bool = False,
) -> Exported:
    """Write the logs and the converted runs at or below `sources` in a format of `outputs()`.

    Args:
        sources: Files and folders.
        out: Folder to write to: new, empty, or of an earlier export to the same format.
        to: Name of the format.
        forced_format: Name of the one format to look for; None: all.
        space: Configuration space for logs without one.
        mapping: What the columns of a table are.
        strict: Whether to refuse logs of which anything must be assumed.

    Raises:
        EncaveError: the format is unknown, a source does not exist, nothing was found, `out` holds other files or
            cannot be written.
    """
    form = output(to)
    _check_free(out, to)
    told: list[Conversion] = []
    runs: list[Run] = []
    for conversion, run in _read(sources, out, Options(space, mapping), forced_format, strict=strict):
        told.append(conversion)
        runs += [run] if run is not None else []
    lost: list[str] = []
    if runs:
        with atomic_file(out / MARKER) as marker:
            marker.write_text(json.dumps({"format": to}), encoding="utf-8")
        lost = form.write(runs, out)
    return Exported(form.title, tuple(told), form.limits, tuple(lost))


def _check_free(out: Path, to: str) -> None:
    """Runs replace those of the same name, so the folder must not hold anything else."""
    try:
        if not out.exists() or not any(out.iterdir()):
            return
        earlier = json.loads((out / MARKER).read_text(encoding="utf-8"))["format"]
    except (OSError, ValueError, LookupError, TypeError):
        earlier = None
    if earlier != to:
        raise EncaveError(f"{out} holds other files; choose a new folder for --to {to}")


def _read(
    sources: Sequence[Path], out: Path, options: Options, forced_format: str | None, *, strict: bool
) -> Iterator[tuple[Conversion, Run | None]]:
    logs, folders = logs_and_runs(sources, forced_format, mapping=options.mapping, skip=out)
    for folder in folders:
        try:
            run = Run.load(folder)
        except EncaveError as error:
            yield refused(folder, _CONVERTED, str(error)), None
        else:
            yield _judged(folder, _CONVERTED, run, out, strict=strict)
    for candidate in logs:
        name = candidate.reader.name
        try:
            run = _described(candidate, options)
        except Exception as error:  # noqa: BLE001 - one log must not stop the others, whatever its format's code does
            yield refused(candidate.found.path, name, describe_error(candidate, error)), None
        else:
            yield _judged(candidate.found.path, name, run, out, strict=strict)


def _described(candidate: Candidate, options: Options) -> Run:
    run = described(read(candidate, options))
    told = {"source": str(candidate.found.source), "source_format": candidate.reader.name}
    return run.replace(metadata=dict(run.metadata) | told)


def _judged(source: Path, name: str, run: Run, out: Path, *, strict: bool) -> tuple[Conversion, Run | None]:
    if strict and (reason := assumed(run)):
        return refused(source, name, reason), None
    return accounted(source, name, "converted", run, out), run
