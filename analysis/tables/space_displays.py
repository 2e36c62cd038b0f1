"""Displays of the configurations that were tried: what matters of them, where they lie, what the best are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..charts.display import Display
from .comparisons import compare
from .importance import importance
from .landscape import incumbents

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...run import Run
    from ..importance.methods import Name
    from ..importance.shapley import Game


class ImportanceDisplay(Display):
    """Which hyperparameters matter, as bars; see `Display`.

    Example:
        >>> encave.ImportanceDisplay(encave.importance(runs[:1])).plot().ax_.get_xlabel()
        'Share of the variance [%]'
    """

    @classmethod
    def from_runs(
        cls,
        runs: Iterable[Run],
        *,
        task: str | None = None,
        method: Name = "fanova",
        objective: str | None = None,
        budget: float | str | None = None,
        interactions: int = 2,
        game: Game = "ablation",
        ax: Axes | None = None,
        **plot_kw: object,
    ) -> ImportanceDisplay:
        """Compute importances and draw the largest.

        Args:
            runs: The runs.
            task: The one to draw, where there are several.
            method: As for `encave.importance`, like the next two.
            objective: Objective to explain.
            budget: Trials at this budget.
            interactions: Most hyperparameters whose joint effect is computed.
            game: The game of Shapley values.
            ax: Matplotlib's axes; None: a new figure.
            plot_kw: Keywords of `Display.plot`.

        Raises:
            EncaveError: as `encave.importance` and `Display.plot`.

        Example:
            >>> encave.ImportanceDisplay.from_runs(runs[:1], interactions=1).ax_.get_xlabel()
            'Share of the variance [%]'
        """
        made = importance(
            runs, method=method, objective=objective, budget=budget, order=interactions, game=game
        )  # fmt: skip
        return cls(made.of(task))._plotted(ax, plot_kw)


class FootprintDisplay(Display):
    """Where each optimizer looked, in one plane; always a figure of its own; see `Display`.

    Example:
        >>> encave.FootprintDisplay(c.footprints("mlp")).plot().save(folder / "footprint.svg").name
        'footprint.svg'
    """

    @classmethod
    def from_runs(cls, runs: Iterable[Run], *, task: str | None = None, **plot_kw: object) -> FootprintDisplay:
        """Compare runs and draw their configurations.

        Args:
            runs: The runs.
            task: The one to draw, where there are several.
            plot_kw: Keywords of `Display.plot`.

        Raises:
            EncaveError: as `encave.compare` and `Display.plot`, or there is no plane.

        Example:
            >>> float(encave.FootprintDisplay.from_runs(runs, task="mlp", width="5in").figure_.get_figwidth())
            5.0
        """
        return cls(compare(runs).footprints(task))._plotted(None, plot_kw)


class IncumbentsDisplay(Display):
    """What the incumbents are made of over time, as areas; always a figure of its own; see `Display`.

    Example:
        >>> found = encave.incumbents(runs.where(task="mlp"))
        >>> encave.IncumbentsDisplay(found).plot().save(folder / "incumbents.pdf").name
        'incumbents.pdf'
    """

    @classmethod
    def from_runs(cls, runs: Iterable[Run], *, task: str | None = None, **plot_kw: object) -> IncumbentsDisplay:
        """Count the values of incumbents and draw their shares.

        Args:
            runs: The runs.
            task: The one to draw, where there are several.
            plot_kw: Keywords of `Display.plot`.

        Raises:
            EncaveError: as `encave.incumbents` and `Display.plot`.

        Example:
            >>> float(encave.IncumbentsDisplay.from_runs(runs, task="mlp", width=5).figure_.get_figwidth())
            5.0
        """
        return cls(incumbents(runs).of(task))._plotted(None, plot_kw)
