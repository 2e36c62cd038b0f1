"""Runs reduced to their incumbents in this process, on several, or on the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..analysis.performance.streaming import Reduced, reduce_source
from ..errors import EncaveError
from ..runners.cluster.dispatch import Ready, work_through

if TYPE_CHECKING:
    from ..analysis.performance.axis import AxisKind
    from ..run.incumbents import IncumbentRule
    from ..runners.cluster.places import Cluster
    from ..store import RunFilter


def reduce_sources(
    sources: Sequence[Path],
    axis: AxisKind | None,
    rule: IncumbentRule,
    cluster: Cluster,
    *,
    wanted: RunFilter | None = None,
    objective: str | None = None,
    on_progress: Callable[[int], None] = lambda done: None,
    on_ready: Callable[[Ready], None] = lambda ready: None,
    on_damaged: Callable[[str], None] = lambda why: None,
) -> list[Reduced]:
    """The reduced runs of all sources, in order.

    A source whose worker dies is read by another one.

    Args:
        sources: Folders of runs, run stores and folders within one, which all workers must see.
        axis: As for `reduce_run`.
        rule: Which trials may be the incumbent.
        cluster: Where the runs are read.
        wanted: Which runs; None: all.
        objective: As for `reduce_source`.
        on_progress: Told how many runs are done.
        on_ready: Told of the cluster's workers when it is there, and when they become more or fewer.
        on_damaged: Told of each run that is damaged and left out.

    Raises:
        EncaveError: a run cannot be read, workers die of a source, or the cluster cannot be used.
    """
    found: dict[int, list[Reduced]] = {}
    done = 0
    work = partial(_answer, axis, rule, wanted, objective)
    with closing(work_through(sources, work, cluster, shared=Path.cwd(), on_ready=on_ready)) as events:
        for event in events:
            if event.kind == "died":
                raise EncaveError(f"{sources[event.task]} was given up: {event.payload} workers that read it died")
            if isinstance(event.payload, EncaveError):
                raise event.payload
            found[event.task], damaged = event.payload
            for why in damaged:
                on_damaged(why)
            done += len(found[event.task])
            on_progress(done)
    return [one for task in range(len(sources)) for one in found[task]]


def _answer(
    axis: AxisKind | None,
    rule: IncumbentRule,
    wanted: RunFilter | None,
    objective: str | None,
    source: Path,
    _: Callable[[Any], None],
) -> tuple[list[Reduced], list[str]] | EncaveError:
    try:
        return reduce_source(source, axis, rule, wanted, objective)
    except EncaveError as error:
        return error
