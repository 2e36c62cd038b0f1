"""Displays in the manner of scikit-learn: from runs to a drawing in one call, with what is drawn kept for later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..charts.display import Display
from .comparisons import compare

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...run import Run
    from ...run.incumbents import IncumbentRule
    from ..performance.axis import AxisKind
    from ..performance.measures import Hits
    from ..statistics.intervals import Interval


class CurvesDisplay(Display):
    """Anytime performance of each optimizer on one task, with bands; see `Display`.

    Example:
        >>> encave.CurvesDisplay(c.curves("mlp")).plot(log=False).ax_.get_yscale()
        'linear'
    """

    @classmethod
    def from_runs(
        cls,
        runs: Iterable[Run],
        *,
        task: str | None = None,
        measure: str | None = None,
        axis: AxisKind | None = None,
        statistic: str = "mean",
        interval: Interval = "t",
        rule: IncumbentRule = "as-logged",
        reference: float | None = None,
        normalise: bool = False,
        ax: Axes | None = None,
        **plot_kw: object,
    ) -> CurvesDisplay:
        """Compare runs and draw their curves.

        Args:
            runs: The runs.
            task: The one to draw, where there are several.
            measure: What to draw, by its name; None: the first, often a regret.
            axis: As for `encave.compare`, like the next five.
            statistic: What is taken over runs.
            interval: Which bands.
            rule: Which trials may be the incumbent.
            reference: The value that regret is against.
            normalise: Whether the first measure is divided by random search's final regret.
            ax: Matplotlib's axes; None: a new figure.
            plot_kw: Keywords of `Display.plot`.

        Raises:
            EncaveError: as `encave.compare` and `Display.plot`.

        Example:
            >>> shown = encave.CurvesDisplay.from_runs(runs, task="mlp", statistic="median", title="")
            >>> shown.save(folder / "curves.png").name
            'curves.png'
        """
        made = compare(
            runs, axis=axis, statistic=statistic, interval=interval, rule=rule, reference=reference,
            normalise=normalise,
        )  # fmt: skip
        return cls(made.curves(task, measure))._plotted(ax, plot_kw)


class RanksDisplay(Display):
    """Average ranks over time, of one task or over all; see `Display`.

    Example:
        >>> len(encave.RanksDisplay(c.ranks("mlp")).plot().line_)
        3
    """

    @classmethod
    def from_runs(
        cls,
        runs: Iterable[Run],
        *,
        task: str | None = None,
        axis: AxisKind | None = None,
        interval: Interval = "t",
        rule: IncumbentRule = "as-logged",
        ax: Axes | None = None,
        **plot_kw: object,
    ) -> RanksDisplay:
        """Compare runs and draw their ranks over time.

        Args:
            runs: The runs, of three optimizers or more.
            task: The one to draw; None: over all, where every optimizer ran on every task.
            axis: As for `encave.compare`, like the next two.
            interval: Which bands.
            rule: Which trials may be the incumbent.
            ax: Matplotlib's axes; None: a new figure.
            plot_kw: Keywords of `Display.plot`.

        Raises:
            EncaveError: as `encave.compare` and `Display.plot`, or there are fewer than three optimizers.

        Example:
            >>> encave.RanksDisplay.from_runs(runs).ax_.get_xlabel()
            "Share of the task's time since the start of the run"
        """
        return cls(compare(runs, axis=axis, interval=interval, rule=rule).ranks(task))._plotted(ax, plot_kw)


class ECDFDisplay(Display):
    """The share of (run, target) pairs that were hit by each moment; see `Display`.

    Example:
        >>> encave.ECDFDisplay(c.runtimes(task="mlp").ecdf()).plot().ax_.get_ylim()[1] >= 1
        True
    """

    @classmethod
    def from_runs(
        cls,
        runs: Iterable[Run],
        *,
        task: str | None = None,
        measure: str | None = None,
        targets: Sequence[float] = (),
        hits: Hits = "held",
        axis: AxisKind | None = None,
        rule: IncumbentRule = "as-logged",
        reference: float | None = None,
        ax: Axes | None = None,
        **plot_kw: object,
    ) -> ECDFDisplay:
        """Compare runs and draw the ECDF of their running times.

        Args:
            runs: The runs.
            task: The one to draw, where there are several.
            measure: What targets are of, by its name; None: the first.
            targets: Values to hit; without any, 51 from the worst first incumbent to the best value.
            hits: Whether a target must be `held` to the end, or is hit when it is `first` reached.
            axis: As for `encave.compare`, like the next two.
            rule: Which trials may be the incumbent.
            reference: The value that regret is against.
            ax: Matplotlib's axes; None: a new figure.
            plot_kw: Keywords of `Display.plot`.

        Raises:
            EncaveError: as `encave.compare` and `Display.plot`.

        Example:
            >>> len(encave.ECDFDisplay.from_runs(runs, task="mlp", targets=[1.0, 0.5]).line_)
            2
        """
        made = compare(runs, axis=axis, rule=rule, reference=reference)
        return cls(made.runtimes(targets, measure=measure, task=task, hits=hits).ecdf())._plotted(ax, plot_kw)


class CriticalDifferenceDisplay(Display):
    """The critical-difference diagram (Demšar, JMLR 7, 2006, figure 1); see `Display`.

    Example:
        >>> encave.CriticalDifferenceDisplay(c.critical_difference("mlp")).plot().save(folder / "cd.pdf").name
        'cd.pdf'
    """

    @classmethod
    def from_runs(
        cls,
        runs: Iterable[Run],
        *,
        task: str | None = None,
        rule: IncumbentRule = "as-logged",
        ax: Axes | None = None,
        **plot_kw: object,
    ) -> CriticalDifferenceDisplay:
        """Compare runs and draw which optimizers do not differ.

        Args:
            runs: The runs, of three optimizers or more.
            task: The one to draw, over its seeds; None: over tasks.
            rule: Which trials may be the incumbent.
            ax: Matplotlib's axes; None: a new figure.
            plot_kw: Keywords of `Display.plot`.

        Raises:
            EncaveError: as `encave.compare` and `Display.plot`, or no test could be made.

        Example:
            >>> shown = encave.CriticalDifferenceDisplay.from_runs(runs, task="mlp", title="")
            >>> len(shown.figure_.axes)
            1
        """
        return cls(compare(runs, rule=rule).critical_difference(task))._plotted(ax, plot_kw)


class HypervolumeDisplay(Display):
    """Mean hypervolume over time, of several objectives; see `Display`.

    Example:
        >>> encave.HypervolumeDisplay(c.hypervolume("mlp")).plot().ax_.get_ylabel()
        'Hypervolume'
    """

    @classmethod
    def from_runs(
        cls,
        runs: Iterable[Run],
        *,
        task: str | None = None,
        axis: AxisKind | None = None,
        interval: Interval = "t",
        ax: Axes | None = None,
        **plot_kw: object,
    ) -> HypervolumeDisplay:
        """Compare runs and draw their hypervolumes.

        Args:
            runs: The runs, of several objectives.
            task: The one to draw, where there are several.
            axis: As for `encave.compare`, like the next.
            interval: Which bands.
            ax: Matplotlib's axes; None: a new figure.
            plot_kw: Keywords of `Display.plot`.

        Raises:
            EncaveError: as `encave.compare` and `Display.plot`, or the runs have one objective.

        Example:
            >>> len(encave.HypervolumeDisplay.from_runs(runs, task="mlp").line_)
            3
        """
        return cls(compare(runs, axis=axis, interval=interval).hypervolume(task))._plotted(ax, plot_kw)


class AttainmentDisplay(Display):
    """Median attainment surfaces of two objectives; see `Display`.

    Example:
        >>> encave.AttainmentDisplay(c.attainment("mlp")).plot().ax_.get_ylabel()
        'Size [MB]'
    """

    @classmethod
    def from_runs(
        cls, runs: Iterable[Run], *, task: str | None = None, ax: Axes | None = None, **plot_kw: object
    ) -> AttainmentDisplay:
        """Compare runs and draw what at least half of them attain.

        Args:
            runs: The runs, of two objectives.
            task: The one to draw, where there are several.
            ax: Matplotlib's axes; None: a new figure.
            plot_kw: Keywords of `Display.plot`.

        Raises:
            EncaveError: as `encave.compare` and `Display.plot`, or the runs have not two objectives.

        Example:
            >>> len(encave.AttainmentDisplay.from_runs(runs, task="mlp").line_)
            3
        """
        return cls(compare(runs).attainment(task))._plotted(ax, plot_kw)


class ProfilesDisplay(Display):
    """Performance profiles over tasks; see `Display`.

    Example:
        >>> encave.ProfilesDisplay(c.profiles()).plot().ax_.get_xlabel()
        'Normalised regret'
    """

    @classmethod
    def from_runs(
        cls, runs: Iterable[Run], *, interval: Interval = "t", ax: Axes | None = None, **plot_kw: object
    ) -> ProfilesDisplay:
        """Compare runs and draw the share of runs that end with at most so much normalised regret.

        Args:
            runs: The runs, every optimizer on every task.
            interval: As for `encave.compare`.
            ax: Matplotlib's axes; None: a new figure.
            plot_kw: Keywords of `Display.plot`.

        Raises:
            EncaveError: as `encave.compare` and `Display.plot`, or tasks cannot be averaged.

        Example:
            >>> len(encave.ProfilesDisplay.from_runs(runs).line_)
            3
        """
        return cls(compare(runs, interval=interval).profiles())._plotted(ax, plot_kw)
