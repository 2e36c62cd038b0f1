"""`results.pth` of the search scripts of AutoDL-Projects (NATS-Bench): many runs per file, two lists each.

`{run: {all_archs: [index of the best architecture so far], all_total_times: [simulated seconds so far]}}`, written by
`torch.save`. It holds no objective value and no architecture but the best so far.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from operator import index
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import EncaveError, in_words
from ...files import torch
from ...run import COST, Note, Objective, Optimizer, Provenance, Run
from ...run import nasbench201_space as nb201
from ..parts.fitting import fitted_run
from ..parts.numbers import integer, real
from ..parts.space import LogSpace
from ..reader import Found, Listing, Options, ReadResult

NAME = "results.pth"
_HEAD = 1 << 16
_KEYS = ("all_archs", "all_total_times")
_OBJECTIVE = "improvements_to_come"
_LABELS = {"r-ea": "RE", "rand": "random search", "bohb": "BOHB", "reinforce": "REINFORCE"}


class NatsBenchReader:
    """Reader of `results.pth`."""

    name = "nats-bench"
    title = "AutoDL-Projects results.pth"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """Files of `torch.save` with the two keys, one run per entry; that name empty or damaged, too."""
        for name in listing.names:
            if name.endswith((".pth", ".pt")):
                yield from _runs(listing.folder / name, listing.head(name, _HEAD))

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read one of the runs in the file."""
        content = _content(found.path)
        if found.key is None:
            raise EncaveError(f"{found.path} holds no runs")
        entries = [value for key, value in content.items() if str(key) == found.key]
        if not entries:
            raise EncaveError(f"{found.path} has no run {found.key} any more: convert it again")
        entry = entries[0]
        archs, ends, notes = _lists(entry, found)
        run = _run(archs, ends, found, options, notes)
        return ReadResult(run, None, len(run) + sum(note.count for note in notes), dropped=sum(n.count for n in notes))


READER = NatsBenchReader()


def _runs(path: Path, head: bytes) -> Iterable[Found]:
    ours = torch.looks_like(head) and _KEYS[0].encode() in head
    if not ours and path.name != NAME:
        return
    try:
        keys: Sequence[str | None] = [str(key) for key in _content(path)]
    except EncaveError:
        keys = []
    for key in keys or [None]:  # a damaged file is claimed, so that reading it tells why
        yield Found(path, (path,), "a file of torch.save with lists all_archs and all_total_times", key)


def _content(path: Path) -> Mapping[Any, Any]:
    stat = path.stat()
    if not stat.st_size:
        raise EncaveError(f"{path} is empty (0 bytes)")
    return _load(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=1)
def _load(path: Path, modified: int, size: int) -> Mapping[Any, Any]:
    """The runs of the file; kept for the next one, since hundreds of runs are in one file."""
    content = torch.load(path)
    if not isinstance(content, Mapping) or not all(
        isinstance(v, Mapping) and v.keys() >= set(_KEYS) for v in content.values()
    ):
        told = f"it is {type(content).__name__}, not {{run: {{{', '.join(_KEYS)}}}}}"
        raise EncaveError(f"{path} is no log of a search with NATS-Bench: {told}; a saved model cannot be converted")
    return content


def _index(arch: Any) -> int:
    number = integer(index(arch))
    if number is None:
        raise ValueError(f"{arch:.40} is no integer of 64 bits")
    return number


def _lists(entry: Mapping[str, Any], found: Found) -> tuple[list[int], NDArray[np.float64], list[Note]]:
    archs, times = (entry[key] for key in _KEYS)
    try:
        indices = [_index(arch) for arch in archs]
        ends = np.array([real(time) for time in times], dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise EncaveError(
            f"{found.path}, run {found.key}: {' or '.join(_KEYS)} is no list of numbers: {in_words(error)}"
        ) from error
    size = min(len(indices), len(ends))
    notes: list[Note] = []
    if max(len(indices), len(ends)) > size:
        text = f"run {found.key}: all_archs and all_total_times differ in length"
        notes.append(Note("dropped", text, max(len(indices), len(ends)) - size))
    ends = ends[:size]
    if not size or not np.isfinite(ends).all() or ends[0] < 0 or (np.diff(ends) < 0).any():
        raise EncaveError(
            f"{found.path}, run {found.key}: all_total_times are not ascending seconds, or there are none"
        )
    return indices[:size], ends, notes


def _run(archs: list[int], ends: NDArray[np.float64], found: Found, options: Options, dropped: list[Note]) -> Run:
    space = _space(archs, found.path, options)
    numbers = {index: number for number, index in enumerate(dict.fromkeys(archs))}
    size = "architecture" in space.space
    configurations = {
        number: {"architecture": index} if size else nb201.to_configurations(nb201.from_index(index))[0]
        for index, number in numbers.items()
    }
    changes = np.concatenate([[0], np.cumsum(np.diff(archs) != 0)])
    columns: dict[str, Any] = {
        "config_id": [numbers[index] for index in archs],
        "status": ["success"] * len(archs),
        "start": np.concatenate([[0.0], ends[:-1]]),
        "end": ends,
        COST + _OBJECTIVE: (changes[-1] - changes).astype(np.float64),
    }
    label, task = _told_by_folders(found.path)
    return fitted_run(
        name="-".join(part for part in (label, task, f"run{found.key}") if part),
        optimizer=Optimizer(label),
        space=space.space,
        objectives=[Objective(_OBJECTIVE, "minimize", 0.0)],
        trials=columns,
        configurations=configurations,
        inferred_space=space.inferred,
        provenance=Provenance.from_json({"group": label, "incumbent_only": True} | ({"task": task} if task else {})),
        notes=[*dropped, *space.notes, *_notes(len(archs))],
    )


def _notes(size: int) -> list[Note]:
    best = "each trial shows the best architecture so far; the one evaluated is not logged"
    rank = f"the file has no objective values: {_OBJECTIVE} counts how often the best architecture still changes"
    times = "times are the benchmark's simulated seconds: a trial starts when the one before ends"
    return [Note("flagged", best, size), Note("derived", rank, size), Note("derived", times, size)]


def _space(archs: list[int], path: Path, options: Options) -> LogSpace:
    if min(archs) < 0:
        raise EncaveError(f"{path}: {min(archs)} is no index of an architecture")
    if any(part.endswith("-sss") for part in path.parts) or max(archs) >= nb201.SIZE:
        from ConfigSpace import ConfigurationSpace, UniformIntegerHyperparameter

        space = ConfigurationSpace(name="NATS-Bench size search space")
        space.add(UniformIntegerHyperparameter("architecture", 0, max(8**5, max(archs) + 1) - 1))
        text = "the indices are of the size search space: kept as numbers, since the file does not say their channels"
        return LogSpace(space, True, (Note("assumed", text),))
    named = any(part.endswith("-tss") for part in path.parts)
    told = () if named else (Note("assumed", "the indices are taken for those of the topology space, NAS-Bench-201"),)
    return LogSpace(options.space or nb201.configuration_space(), notes=told)


def _told_by_folders(path: Path) -> tuple[str, str | None]:
    """Optimizer and dataset from `…/<dataset>-T<budget>[-FULL]/<optimizer>-…/results.pth`."""
    folder, above = path.absolute().parent.name, path.absolute().parent.parent.name
    label = next((label for start, label in _LABELS.items() if folder.lower().startswith(start)), "NATS-Bench search")
    task, mark, _ = above.partition("-T")
    return label, task if mark else None
