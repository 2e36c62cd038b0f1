"""The formats that encave writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import store
from ..errors import EncaveError
from ..files.atomic import atomic_folder
from ..run import Run
from .formats import csv_run
from .formats.deepcave import native_output, twin
from .formats.deepcave import output as deepcave
from .formats.ioh import output as ioh_output
from .parts.names import folder_name
from .run_folders import FILES

_DEEPCAVE = (
    "DeepCAVE holds one trial per configuration, budget and seed: of repeated ones the best success",
    "DeepCAVE knows no instances, no running trials and no units",
    "DeepCAVE knows no trial without budget, seed, times and CPU time: it gets budget 0, no time span, CPU time 0",
    "DeepCAVE is shown one seed for all trials of a run unless configurations were repeated with several",
    "DeepCAVE has one place per trial for other fields: infinity in them becomes text, NaN becomes nothing",
    "DeepCAVE knows no constraints: infeasible trials are aborted, with their values among the other fields",
)


@dataclass(frozen=True)
class Output:
    """A format that encave writes."""

    name: str
    """Short name, as in `--to`."""
    title: str
    """Name for people."""
    limits: tuple[str, ...]
    """What the format cannot hold, one sentence each."""
    write: Callable[[Sequence[Run], Path], list[str]]
    """Writes runs below a folder and returns what it could not hold of these runs, one sentence each."""


def outputs() -> dict[str, Output]:
    """Name → format."""
    formats = (
        Output("run", "lossless Run (Parquet and JSON)", (), _each(_write_run)),
        Output("deepcave", "DeepCAVE 1.4", _DEEPCAVE, _write_deepcave),
        Output(
            "deepcave13",
            "DeepCAVE 1.2-1.3",
            (*_DEEPCAVE, "DeepCAVE 1.2-1.3 has no CPU time"),
            _each(native_output.write),
        ),
        Output("csv", "CSV", csv_run.LIMITS, _each(csv_run.write)),
        Output("ioh", "IOHprofiler", ioh_output.LIMITS, ioh_output.write_all),
        Output("store", "run store (partitioned Parquet)", (), _write_store),
    )
    return {output.name: output for output in formats}


def output(name: str) -> Output:
    """The format of this name.

    Raises:
        EncaveError: there is none.
    """
    known = outputs()
    if name not in known:
        raise EncaveError(f"unknown format {name!r}; encave writes {', '.join(known)}")
    return known[name]


def _each(write: Callable[[Run, Path, str], list[str]]) -> Callable[[Sequence[Run], Path], list[str]]:
    def write_all(runs: Sequence[Run], folder: Path) -> list[str]:
        return [line for run, name in _named(runs) for line in write(run, folder, name)]

    return write_all


def _named(runs: Sequence[Run]) -> Iterator[tuple[Run, str]]:
    """Runs with names for their files, of which no two are equal, also where upper and lower case are."""
    taken: set[str] = set()
    for run in runs:
        base = name = folder_name(run.name)
        count = 1
        while name.lower() in taken:
            count += 1
            name = f"{base}-{count}"
        taken.add(name.lower())
        yield run, name


def _write_run(run: Run, folder: Path, name: str) -> list[str]:
    with atomic_folder(folder / name, ours=FILES) as temporary:
        run.save(temporary)
    return []


def _write_store(runs: Sequence[Run], folder: Path) -> list[str]:
    with store.opened(folder) as writer:
        for run in runs:
            writer.add(run)
    return []


def _write_deepcave(runs: Sequence[Run], folder: Path) -> list[str]:
    """What `encave convert` writes: DeepCAVE's files beside the lossless run."""
    said: list[str] = []
    written: list[Path] = []
    for run, name in _named(runs):
        shown, notes = deepcave.prepare(run)
        with atomic_folder(folder / name, ours=FILES) as temporary:
            deepcave.write(run, shown, temporary)
            run.save(temporary)
        written.append(folder / name)
        said += [f"{run.name}: {note.text} ({note.count} trials)" for note in notes]
    twin.align(written)
    return said
