"""All figures of a report, drawn into one folder while its later chapters are still computed."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from types import TracebackType

from ...files.working_folder import spawning
from ..charts.look import Look
from ..charts.papers import Paper
from ..charts.text import unique_slugs
from .contents import Chapter, Figure
from .figure_files import DrawnFigure, draw_figure, get_ready
from .figure_settings import FigureSettings

_WORTH_A_PROCESS = 8  # figures; fewer are drawn sooner than another process has started
_MOST = 8  # processes: how many figures there will be is not known when the first ones are drawn


class Gallery:
    """Draws the figures of the chapters that it is given, in other processes once there are enough to be worth them.

    Args:
        folder: Is made.
        paper: For which the figures are.
        looks: How they are to look.
        jobs: Most processes; the files are the same for any number.
    """

    def __init__(self, folder: Path, paper: Paper, looks: FigureSettings, jobs: int = 1) -> None:
        folder.mkdir()
        self._folder, self._paper, self._looks, self._jobs = folder, paper, looks, jobs
        self._figures: list[Figure] = []
        self._names: list[str] = []
        self._begun: list[Future[DrawnFigure]] = []
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Gallery:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def expect(self, figures: int) -> None:
        """Start the processes if so many figures, at least, are worth them: they are ready when the first one comes."""
        if self._pool is None and self._jobs > 1 and figures >= 2 * _WORTH_A_PROCESS:
            jobs, spawn = min(self._jobs, _MOST), multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(jobs, spawn, initializer=get_ready)
            with spawning():
                for _ in range(jobs):
                    self._pool.submit(os.getpid)  # processes start when there is something to do

    def add(self, chapter: Chapter) -> None:
        """Draw the figures of a chapter, now or when `drawn` is called."""
        figures = chapter.figures()
        self._figures += figures
        self._names += unique_slugs((figure.name for figure in figures), self._names)
        self.expect(len(self._figures))
        if self._pool is not None:
            with spawning():
                for number in range(len(self._begun), len(self._figures)):
                    self._begun.append(self._pool.submit(draw_figure, *self._asked(number)))

    def drawn(self, on_figure: Callable[[int, int], None] = lambda done, of: None) -> Mapping[int, DrawnFigure]:
        """`id` of each figure → what was drawn, when all are.

        Args:
            on_figure: Called at first and after each figure with how many are drawn and how many there are.
        """
        found: dict[int, DrawnFigure] = {}
        on_figure(0, len(self._figures))
        for number, figure in enumerate(self._figures):
            found[id(figure)] = self._begun[number].result() if self._pool else draw_figure(*self._asked(number))
            on_figure(len(found), len(self._figures))
        return found

    def _asked(self, number: int) -> tuple[Figure, Path, str, Paper, Look]:
        figure = self._figures[number]
        return self._looks.dressed(figure), self._folder, self._names[number], self._paper, self._looks.of(figure.kind)
