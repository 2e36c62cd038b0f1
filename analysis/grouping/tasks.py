"""What task each run is on: as its log says, else by hyperparameters and, where they differ, folders and studies."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath

from ...run import RunHeader

_MOST_NAMES = 4  # of hyperparameters in a title
_HASH = re.compile(r"(?<![0-9a-z])(?=[0-9a-f-]*[0-9])[0-9a-f]{8}[0-9a-f-]*(?![0-9a-z])")
# a number is a repetition's, unless it follows a word that says of what
_OF_A_TASK = r"(?:task|dataset|data|instance|inst|dim|dimension|function|func|f|problem)[^0-9a-z]*[0-9]+"
_SEED = r"(?<![a-z])(?:seed|run|repetition|repeat|rep|trial|s|r)[^0-9a-z]*[0-9]+|[0-9]+"
_NUMBERS = re.compile(rf"((?<![a-z]){_OF_A_TASK})|{_SEED}")


def tasks_of(runs: Sequence[RunHeader], labels: Mapping[int, str]) -> tuple[dict[int, str], list[str]]:
    """Name of each run's task by `id`, and remarks on what was taken from folders and studies.

    Runs that name no task are on one task if they have the same hyperparameters, and if the folders and studies of the
    runs of each optimizer differ in no more than numbers, seeds and the optimizer's name.

    Args:
        runs: The runs.
        labels: Label of the optimizer of each run by `id`.
    """
    tasks = {id(run): task_name(run) for run in runs}
    unnamed: defaultdict[tuple[str, ...], list[RunHeader]] = defaultdict(list)
    for run in runs:
        if not run.task:
            unnamed[tuple(sorted(run.hyperparameters))].append(run)
    remarks: list[str] = []
    for members in unnamed.values():
        told, remark = _by_place(members, labels)
        tasks |= told
        remarks += [remark] if remark else []
    return tasks, remarks


def task_name(run: RunHeader) -> str:
    """The task as the run's log has it, else by its hyperparameters."""
    if run.task:
        return run.task
    names = sorted(run.hyperparameters)
    return f"unnamed task over {', '.join(names[:_MOST_NAMES])}{', …' if len(names) > _MOST_NAMES else ''}"


def _by_place(runs: Sequence[RunHeader], labels: Mapping[int, str]) -> tuple[dict[int, str], str | None]:
    """Tasks of these runs of one space that name none, where places tell them apart, and what to say of it."""
    places = _places(runs, labels)
    of_label: defaultdict[str, set[str]] = defaultdict(set)
    for run in runs:
        of_label[labels[id(run)]].add(places[id(run)])
    base = task_name(runs[0])
    found = sorted({place or "nothing" for place in places.values()})
    if len(found) == 1:
        return {}, None
    if all(len(own) == 1 for own in of_label.values()):
        told = "; ".join(f"{label}: {next(iter(own)) or 'nothing'}" for label, own in sorted(of_label.items()))
        return {}, f"{base}: taken for one task though folders differ ({told}). {_SAY}"
    tasks = {id(run): places[id(run)] or base for run in runs}
    return tasks, f"{base}: folders or studies differ, so each counts as a task of its own: {', '.join(found)}. {_SAY}"


_SAY = 'The logs name no task: say which it is with task = "…" in [[runs]] of report.toml.'


def _places(runs: Sequence[RunHeader], labels: Mapping[int, str]) -> dict[int, str]:
    """What the path and the study of each run say beside the optimizer, numbers and seeds, by `id`."""
    paths = {id(run): PurePath(run.provenance.source or "").parts for run in runs}
    shared = _shared_length(list(paths.values()))
    words: dict[int, list[str]] = {}
    files: defaultdict[object, set[str]] = defaultdict(set)
    for run in runs:
        parts = paths[id(run)][shared:]
        stems = [*parts[:-1], *(PurePath(part).stem for part in parts[-1:]), run.provenance.study or ""]
        words[id(run)] = [_bare(stem, _names(run, labels[id(run)])) for stem in stems]
        files[run.provenance.source_format].add(words[id(run)][-2] if parts else "")
    for run in runs:
        # the name that a format gives all its files tells nothing
        alike = len(files[run.provenance.source_format]) == 1
        if alike and len(paths[id(run)]) > shared and PurePath(paths[id(run)][-1]).suffix:
            words[id(run)][-2] = ""
    return {key: " ".join(dict.fromkeys(filter(None, told))) for key, told in words.items()}


def _shared_length(paths: Sequence[tuple[str, ...]]) -> int:
    return next((k for k, some in enumerate(zip(*paths, strict=False)) if len(set(some)) > 1), min(map(len, paths)))


def _names(run: RunHeader, label: str) -> set[str]:
    """Words that name the run's optimizer, in lower case."""
    known = run.provenance
    also = (known.source_format, known.library, known.label_from)
    told = {label, run.optimizer.name, *filter(None, also)}
    spelled = [*told, *" ".join(told).split()]
    whole = {re.sub(r"[^0-9a-z]", "", one.lower()) for one in spelled}
    return {word for word in (*whole, *re.findall(r"[a-z]{2,}", " ".join(told).lower())) if word}


def _bare(text: str, names: Iterable[str]) -> str:
    """The words of a file's, folder's or study's name without those names, hashes, numbers and seeds."""
    text = _HASH.sub(" ", text.lower())
    for name in sorted(names, key=len, reverse=True):
        spelled = r"[^0-9a-z]*".join(map(re.escape, name))
        text = re.sub(rf"(?<![a-z]){spelled}(?![a-z])", " ", text)
    text = _NUMBERS.sub(lambda found: found[1] or " ", text)
    return " ".join(re.findall(r"[0-9a-z]+", text))
