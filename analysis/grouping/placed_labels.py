"""Labels of runs whose log does not say what searched, from where they lie beside others."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from ...run import RunHeader
from .design import DesignOf
from .places import file_words, label_names, places_of
from .tasks import UNNAMED, tasks_of, words_of

NO_PROGRAM = "unknown"
"""Name of the optimizer in runs whose log does not tell it."""
_OF_ANY_FILE = frozenset(("data", "table", "df", "frame", "dataframe", "all"))
_SAY = 'If these are tasks, or to name them otherwise, say task = "…" and optimizer = "…" in [[runs]] of report.toml.'


def placed_labels(
    runs: Sequence[RunHeader], labels: Mapping[int, str], design: DesignOf
) -> tuple[dict[int, str], list[str]]:
    """Labels, by `id`, of runs of an unknown optimizer: what their folders and files say beside the task; and a remark.

    Which of their words are the task's is told by the other runs: by logs that name it, else by the places of runs
    whose optimizer is known; where those are all on one task that nothing names, none is. Without other runs nothing
    tells words of an optimizer from those of a task.

    Args:
        runs: The runs.
        labels: Label of each run by `id`.
        design: Gives the design of a run.
    """
    silent = [run for run in runs if labels[id(run)] == NO_PROGRAM]
    others = [run for run in runs if labels[id(run)] != NO_PROGRAM]
    if not silent or not others:
        return {}, []
    titles = {run.task for run in runs if run.task} | {*tasks_of(others, labels, design)[0].values()}
    tasks = [words for title in titles if not title.startswith(UNNAMED) and (words := frozenset(words_of(title)))]
    places = places_of(runs, labels, lambda run: label_names(run, labels[id(run)])).words
    found: dict[int, str] = {}
    for run in silent:
        words = places[id(run)].split() or file_words(run, {str(run.provenance.source_format)})
        task = frozenset(words_of(run.task)) if run.task else _one_of(words, tasks)
        if rest := [word for word in words if word not in task and word not in _OF_ANY_FILE]:
            found[id(run)] = " ".join(_as_written(word, run) for word in rest)
    names = ", ".join(sorted(set(found.values())))
    remark = f"what searched is not known of runs that go by the names of their folders or files: {names}. {_SAY}"
    return found, [remark] if found else []


def _one_of(words: Collection[str], tasks: Sequence[frozenset[str]]) -> frozenset[str]:
    """The task that these words name, the longest of several; none if two are as long."""
    named = sorted((task for task in tasks if task.issubset(words)), key=len, reverse=True)
    return named[0] if named and (len(named) == 1 or len(named[0]) > len(named[1])) else frozenset()


def _as_written(word: str, run: RunHeader) -> str:
    found = re.search(re.escape(word), str(run.provenance.source or ""), re.IGNORECASE)
    return found[0] if found else word
