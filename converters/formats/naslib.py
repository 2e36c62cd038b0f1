"""NASLib's `errors.json`: metrics per evaluation, as lists; in forks with a list `configs` of architectures.

Stock NASLib never logs architectures. Its runner `nas` writes the metrics of the best architecture so far, `bbo` those
of the last one. See docs/formats.md for what is derived and what is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ...errors import EncaveError, in_words
from ...files.json_text import read_json
from ...run import COST, EXTRA, Note, Objective, Optimizer, Provenance, Run, Status
from ...run import nasbench201_space as nb201
from ...run.types import Floats
from ..parts.fitting import fitted_run
from ..parts.names import study_name
from ..parts.numbers import real
from ..parts.space import LogSpace
from ..reader import Found, Listing, Options, ReadResult

NAME = "errors.json"
_HEAD = 1 << 16
_LIMIT = 256 * 1024 * 1024
_METRICS = ("train_acc", "train_loss", "valid_acc", "valid_loss", "test_acc", "test_loss", "runtime", "train_time")
_ACCURACIES = ("train_acc", "valid_acc", "test_acc")
_OBJECTIVE = "valid_acc"
_SENTINEL = -1.0
_CLASSES = {"cifar10": 10, "cifar100": 100, "imagenet16-120": 120, "imagenet": 1000, "svhn": 10}
_ENOUGH = 10  # evaluations; fewer can all be bad by chance
_LABELS = {"re": "RE", "rs": "random search", "ls": "local search"}


@dataclass(frozen=True)
class ErrorsLog:
    """The content of an `errors.json`."""

    path: Path
    """The file."""
    settings: dict[str, Any]
    """NASLib's settings; empty in the full form, which has none."""
    metrics: dict[str, Floats]
    """Name → values, shape (n,), NaN for what is missing or -1."""
    configs: list[Any] | None
    """Architectures, shape (n,), in forks that log them."""
    read: int
    """Evaluations begun, in the longest list."""
    notes: tuple[Note, ...]
    """What of the file is missing or was taken as missing."""

    def __len__(self) -> int:
        return len(self.metrics[_OBJECTIVE])


class NaslibReader:
    """Reader of `errors.json`."""

    name = "naslib"
    title = "NASLib errors.json"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """JSON files with a list `train_acc` beside NASLib's settings, or named `errors.json`; that name empty, too."""
        for name in listing.names:
            if name.endswith(".json") and (evidence := _evidence(name, listing.head(name, _HEAD))):
                yield Found(listing.folder / name, (listing.folder / name,), evidence)

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read the metrics as one trial per evaluation."""
        log = _load(found.path)
        _check_accuracies(log)
        space, configurations, config_ids = _architectures(log, options)
        run = _run(log, space, configurations, config_ids)
        return ReadResult(run, None, log.read, dropped=log.read - len(run))


READER = NaslibReader()


def _evidence(name: str, head: bytes) -> str | None:
    if name == NAME and not head.strip():
        return f"named {NAME}, but empty"
    ours = b'"train_acc"' in head and (name == NAME or (b'"search_space"' in head and b'"optimizer"' in head))
    return "JSON with lists train_acc, valid_acc, … and NASLib's settings" if ours else None


def _load(path: Path) -> ErrorsLog:
    if (stored := path.stat().st_size) > _LIMIT:
        raise EncaveError(f"{path} has {stored} bytes; encave reads such files up to {_LIMIT // 2**20} MiB")
    content, whole = read_json(path)
    settings, values = content if isinstance(content, list) and len(content) == 2 else ({}, content)
    if not isinstance(settings, dict) or not isinstance(values, dict):
        raise EncaveError(f"{path} is not NASLib's errors.json: neither [settings, metrics] nor metrics")
    lists = {name: values[name] for name in (*_METRICS, "configs") if isinstance(values.get(name), list)}
    if not lists.get(_OBJECTIVE):
        broken = "" if whole else "; the file breaks off before it"
        raise EncaveError(f"{path} has no list {_OBJECTIVE} with values{broken}")
    read = max(len(items) for items in lists.values())
    size = min(len(lists[_OBJECTIVE]), len(lists.get("configs", lists[_OBJECTIVE])))
    metrics, notes = _metrics({name: lists[name] for name in _METRICS if name in lists}, size, path)
    if not whole:
        notes.insert(0, Note("flagged", f"{path.name} breaks off; what comes before is kept"))
    if read > size:
        text = f"{path.name}: evaluations without {_OBJECTIVE} or architecture, since the lists differ in length"
        notes.append(Note("dropped", text, read - size))
    configs = lists["configs"][:size] if "configs" in lists else None
    return ErrorsLog(path, settings, metrics, configs, read, tuple(notes))


def _metrics(lists: dict[str, list[Any]], size: int, path: Path) -> tuple[dict[str, Floats], list[Note]]:
    metrics: dict[str, Floats] = {}
    notes: list[Note] = []
    for name, items in lists.items():
        try:
            given = np.array([math.nan if item is None else real(item) for item in items[:size]], dtype=np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise EncaveError(f"{path}: {name} is not a list of numbers: {in_words(error)}") from error
        values = np.full(size, math.nan)
        values[: len(given)] = np.where(np.isfinite(given) & (given != _SENTINEL), given, math.nan)
        lost = int(np.isnan(values).sum())
        if lost:
            notes.append(Note("flagged", f"{name} is -1, missing or not finite, which says that it is not known", lost))
        metrics[name] = values
    return metrics, notes


def _check_accuracies(log: ErrorsLog) -> None:
    """Refuse accuracies that cannot be any.

    Raises:
        EncaveError: one is outside 0 … 100, or all are losses: over 1, so no fractions, and under the cross-entropy of
            guessing, ln(classes), which as a percentage no search would stay below.
    """
    for name in _ACCURACIES:
        known = log.metrics.get(name, np.empty(0))
        known = known[~np.isnan(known)]
        if known.size and not (known.min() >= 0 and known.max() <= 100):
            told = f"{name} goes from {known.min():g} to {known.max():g}, outside 0 … 100"
            raise EncaveError(f"{log.path}: {told}; this cannot be an accuracy, so the columns are mixed up")
    best = np.nanmax(log.metrics[_OBJECTIVE], initial=-math.inf)
    classes = _CLASSES.get(str(log.settings.get("dataset", "")).lower())
    if classes and len(log) >= _ENOUGH and 1 < best <= math.log(classes) * (1 + 1e-4):
        raise EncaveError(_swapped(log, float(best), classes))


def _swapped(log: ErrorsLog, best: float, classes: int) -> str:
    told = f"{_OBJECTIVE} of {len(log)} evaluations is at most {best:.6g}, and ln {classes} = {math.log(classes):.6g}"
    losses = [
        f"{name} reaches {np.nanmax(values):g}"
        for name, values in log.metrics.items()
        if name.endswith("_loss") and np.nanmax(values, initial=0.0) > 2 * math.log(classes)
    ]
    other = f" ({', '.join(losses)})" if losses else ""
    return f"{log.path}: the columns are swapped: {told}, so it holds a loss{other}. Put them right first."


def _architectures(log: ErrorsLog, options: Options) -> tuple[LogSpace, dict[int, dict[str, Any]], list[int]]:
    """The space, config_id → configuration, and the config_id of each trial."""
    if log.configs is None:
        return _numbered(len(log))
    keys = [_operations(config) for config in log.configs]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    try:
        configurations = {n: nb201.to_configurations(nb201.from_naslib(key))[0] for key, n in numbers.items()}
    except ValueError as error:
        told = f"configs of {log.settings.get('search_space')!r} that are no architectures of NAS-Bench-201"
        raise EncaveError(f"{log.path} has {told}: {error}") from error
    note = Note(
        "assumed", "configs are NASLib's op_indices: its order of edges and operations, by their official names"
    )
    space = LogSpace(options.space or nb201.configuration_space(), notes=(note,))
    return space, dict(configurations), [numbers[key] for key in keys]


def _operations(config: Any) -> tuple[int, ...]:
    """Numbers of an architecture: a list of them, `"[3, 0, …]"` or `"301043"`; empty if it is neither."""
    if isinstance(config, list):
        return tuple(config) if all(type(op) is int for op in config) else ()
    text = str(config)
    found = text if text.isascii() and text.isdigit() else re.findall(r"\d+", text[:1000])
    return tuple(int(op) for op in found[:100])


def _numbered(size: int) -> tuple[LogSpace, dict[int, dict[str, Any]], list[int]]:
    """For a log without architectures: the number of the evaluation stands for the architecture."""
    from ConfigSpace import ConfigurationSpace, Constant, UniformIntegerHyperparameter

    space = ConfigurationSpace(name="architectures that were not logged")
    space.add(UniformIntegerHyperparameter("evaluation", 1, size) if size > 1 else Constant("evaluation", 1))
    text = (
        "NASLib did not log the architectures: the number of the evaluation stands for each, and the metrics are those "
        "of the best one so far (runner nas) or of the last one (runner bbo)"
    )
    ids = list(range(size))
    return LogSpace(space, True, (Note("flagged", text, size),)), {i: {"evaluation": i + 1} for i in ids}, ids


def _run(log: ErrorsLog, space: LogSpace, configurations: dict[int, dict[str, Any]], config_ids: list[int]) -> Run:
    cost = log.metrics[_OBJECTIVE]
    known = ~np.isnan(cost)
    starts, ends, note = _times(log)
    extras = {
        EXTRA + name: pa.array(values, from_pandas=True) for name, values in log.metrics.items() if name != _OBJECTIVE
    }
    columns = {
        "config_id": config_ids,
        "status": np.where(known, Status.SUCCESS.value, Status.NOT_EVALUATED.value).tolist(),
        "start": starts,
        "end": ends,
        COST + _OBJECTIVE: cost,
    }
    fraction = bool(known.any() and np.nanmax(cost) <= 1)
    objective = Objective(_OBJECTIVE, "maximize", 0.0, 1.0 if fraction else 100.0, None if fraction else "%")
    label = _label(log.settings)
    return fitted_run(
        name=_name(log, label),
        optimizer=Optimizer(label),
        space=space.space,
        objectives=[objective],
        trials=columns | extras,
        configurations=configurations,
        inferred_space=space.inferred,
        provenance=Provenance.from_json(_metadata(log, label)),
        notes=[*log.notes, *space.notes, *note, *_same_as_test(log)],
    )


def _times(log: ErrorsLog) -> tuple[Sequence[float | None], Sequence[float | None], list[Note]]:
    """Starts and ends: accumulated training time of logged architectures, else accumulated wall time."""
    for name in ("train_time", "runtime") if log.configs is not None else ("runtime",):
        seconds = log.metrics.get(name)
        if seconds is None or not (seconds >= 0).all():
            continue
        ends = np.cumsum(seconds)
        kind = "training times of the benchmark" if name == "train_time" else "wall time of the evaluations"
        text = f"NASLib stores no times: a trial's end is the sum of {name} so far ({kind})"
        return np.concatenate([[0.0], ends[:-1]]).tolist(), ends.tolist(), [Note("derived", text, len(log))]
    nothing = [None] * len(log)
    return nothing, nothing, [Note("flagged", "the log has no usable times", len(log))]


def _same_as_test(log: ErrorsLog) -> list[Note]:
    test = log.metrics.get("test_acc")
    if test is None or len(log) < _ENOUGH:
        return []
    same = int((test == log.metrics[_OBJECTIVE]).sum())
    text = "valid_acc equals test_acc: NASLib looks both up in one column, so the search may have seen test results"
    return [Note("flagged", text, same)] if same > len(log) / 2 else []


def _label(settings: dict[str, Any]) -> str:
    optimizer = str(settings.get("optimizer") or "NASLib")
    return _LABELS.get(optimizer.lower(), optimizer.upper() if optimizer.islower() else optimizer)


def _name(log: ErrorsLog, label: str) -> str:
    parts = [log.settings.get("dataset"), log.settings.get("search_space"), None]
    seed = log.settings.get("seed")
    parts[2] = None if seed is None else f"seed{seed}"
    told = [str(part) for part in parts if part]
    return "-".join([label, *told]) if told else study_name(log.path, label)


def _metadata(log: ErrorsLog, label: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"group": label, "incumbent_only": log.configs is None}
    for key, name in (("dataset", "task"), ("seed", "seed"), ("search_space", "search_space")):
        if log.settings.get(key) is not None:
            metadata[name] = log.settings[key]
    search = log.settings.get("search")
    return metadata | ({"settings": search} if isinstance(search, dict) else {})
