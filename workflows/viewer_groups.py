"""The groups of runs that DeepCAVE is to show: those that a report makes and `encave groups` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..run import RunHeader

if TYPE_CHECKING:
    from ..analysis.grouping.design import RunDesign
    from ..analysis.report.settings import Settings
    from ..viewer.selection import Grouping


def viewer_groups(settings: Settings | None = None) -> Grouping:
    """What gives folders of runs the names of their groups, e.g. `DEHB (cifar10)`, and remarks on them.

    Args:
        settings: What runs are, as a report has it.
    """

    def named(folders: Sequence[Path]) -> tuple[Mapping[Path, str], Sequence[str]]:
        return _named(folders, settings)

    return named


def _named(folders: Sequence[Path], settings: Settings | None) -> tuple[Mapping[Path, str], Sequence[str]]:
    from ..analysis.grouping.design import RunDesign
    from ..analysis.grouping.sections import view_headers
    from ..analysis.grouping.tasks import UNNAMED
    from ..errors import EncaveError
    from ..store import read_runs

    places: dict[int, Path] = {}
    designs: dict[int, RunDesign] = {}
    headers: list[RunHeader] = []
    damaged: list[EncaveError] = []
    for folder in folders:
        for run in read_runs(folder, configurations=False, on_damaged=damaged.append):
            told = run if settings is None else settings.told(run)
            headers.append(RunHeader(told))
            places[id(headers[-1])], designs[id(headers[-1])] = folder, RunDesign.of(told)
    remarks = [f"in no group: {error}" for error in damaged]
    if not headers:
        return {}, remarks
    # a run that is given twice is shown twice
    view = view_headers(headers, lambda one, other: False, lambda run: designs[id(run)])
    alone = len(view.sections) == 1
    names: dict[Path, str] = {}
    for section in view.sections:
        title = "" if alone and section.task.startswith(UNNAMED) else f" ({section.title})"
        names |= {places[id(run)]: f"{group.optimizer}{title}" for group in section.groups for run in group.runs}
    return names, [*remarks, *view.remarks]
