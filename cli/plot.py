"""`encave plot`: one figure for one's own paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import rich_click as click

from ..errors import EncaveError
from .analyze_importance import GAMES, METHODS, budget_of
from .common import Group, say
from .curves import summary_options
from .figure_options import figure_options, look_of
from .options import run_paths, settings_of, settings_option, several
from .runs import compared, settled_runs
from .runtimes import numbers

if TYPE_CHECKING:
    from ..analysis import Comparisons
    from ..analysis.tables.result import Result
    from ..run import Run

_Made: TypeAlias = "Callable[[list[Run]], Result]"
_TASK = click.option("--task", default=None, help="The task to draw, where there are several.")
_MEASURE = click.option("--measure", default=None, help="What to draw, by its name; else the first, often a regret.")


@click.group(cls=Group)
def plot() -> None:
    """Draw one figure of runs for a paper of yours, as PDF, PNG, SVG, PGF, or HTML to hover over."""


@plot.command()
@run_paths
@_TASK
@_MEASURE
@summary_options("axis", "statistic", "interval", "rule", "reference", "normalise")
@settings_option
@figure_options
def curves(paths: tuple[Path, ...], task: str | None, measure: str | None, **flags: Any) -> None:
    """Draw how good incumbents are on the way, with bands."""
    _draw_comparison("curves", paths, flags, lambda found: found.curves(task, measure))


@plot.command()
@run_paths
@_TASK
@summary_options("axis", "interval", "rule", "reference")
@settings_option
@figure_options
def ranks(paths: tuple[Path, ...], task: str | None, **flags: Any) -> None:
    """Draw average ranks over time, of one task or over all."""
    _draw_comparison("ranks", paths, flags, lambda found: found.ranks(task))


@plot.command()
@run_paths
@_TASK
@_MEASURE
@several("--target", help="A value to hit, or several; else 51 spaced.")
@click.option("--first-passage", is_flag=True, default=None, help="A target is hit when first reached, held or not.")
@summary_options("axis", "rule", "reference")
@settings_option
@figure_options
def ecdf(
    paths: tuple[Path, ...], task: str | None, measure: str | None, target: str | None, first_passage: bool | None,
    **flags: Any,
) -> None:  # fmt: skip
    """Draw the share of targets that were hit by each moment."""
    targets = numbers(target)
    flags["hits"] = "first" if first_passage else None
    _draw_comparison(
        "ecdf", paths, flags, lambda found, hits: found.runtimes(targets, measure=measure, task=task, hits=hits).ecdf()
    )


@plot.command()
@run_paths
@_TASK
@summary_options("axis", "rule", "reference")
@settings_option
@figure_options
def cd(paths: tuple[Path, ...], task: str | None, **flags: Any) -> None:
    """Draw the critical-difference diagram: over tasks, or of one task over its seeds."""
    _draw_comparison("cd", paths, flags, lambda found: found.critical_difference(task))


@plot.command()
@run_paths
@_TASK
@summary_options("axis", "interval")
@settings_option
@figure_options
def hypervolume(paths: tuple[Path, ...], task: str | None, **flags: Any) -> None:
    """Draw mean hypervolume over time, of several objectives."""
    _draw_comparison("hypervolume", paths, flags, lambda found: found.hypervolume(task))


@plot.command()
@run_paths
@_TASK
@settings_option
@figure_options
def pareto(paths: tuple[Path, ...], task: str | None, **flags: Any) -> None:
    """Draw what at least half of the runs attain of two objectives: median attainment surfaces."""
    _draw_comparison("pareto", paths, flags, lambda found: found.attainment(task))


@plot.command()
@run_paths
@summary_options("interval", "rule", "reference")
@settings_option
@figure_options
def profiles(paths: tuple[Path, ...], **flags: Any) -> None:
    """Draw performance profiles over tasks."""
    _draw_comparison("profiles", paths, flags, lambda found: found.profiles())


@plot.command()
@run_paths
@_TASK
@settings_option
@figure_options
def footprint(paths: tuple[Path, ...], task: str | None, **flags: Any) -> None:
    """Draw where each optimizer looked, in one plane."""
    _draw_comparison("footprint", paths, flags, lambda found: found.footprints(task))


@plot.command()
@run_paths
@_TASK
@settings_option
@figure_options
def incumbents(paths: tuple[Path, ...], task: str | None, **flags: Any) -> None:
    """Draw what the incumbents are made of over time."""
    from ..analysis import incumbents as counted

    _draw("incumbents", paths, flags, lambda runs: counted(runs).of(task))


@plot.command()
@run_paths
@_TASK
@click.option("--method", type=click.Choice(METHODS), default="fanova", show_default=True, help="As of analyze.")
@click.option("--game", type=click.Choice(GAMES), default="ablation", show_default=True, help="Of the Shapley values.")
@click.option("--objective", default=None, help="Objective to explain; else the first.")
@click.option("--budget", default=None, help="Trials at this budget; else the highest of each run.")
@click.option("--interactions", type=click.IntRange(1), default=2, show_default=True, help="Most that act together.")
@settings_option
@figure_options
def importance(
    paths: tuple[Path, ...], task: str | None, method: Any, game: Any, objective: str | None, budget: str | None,
    interactions: int, **flags: Any,
) -> None:  # fmt: skip
    """Draw which hyperparameters matter."""
    from ..analysis.tables.importance import importance as importances

    at = budget_of(budget)
    _draw(
        "importance", paths, flags,
        lambda runs: importances(
            runs, method=method, game=game, objective=objective, budget=at, order=interactions
        ).of(task),
    )  # fmt: skip


def _draw_comparison(kind: str, paths: tuple[Path, ...], flags: dict[str, Any], choose: Callable[..., Result]) -> None:
    """Draw a result of the comparison of runs; of running times also by what counts as a hit."""
    from ..analysis.report.settings import Settings

    def made(runs: list[Run], settings: Settings) -> Result:
        found: Comparisons = compared(runs, settings)
        return choose(found, settings.hits) if kind == "ecdf" else choose(found)

    _draw_settled(kind, paths, flags, made)


def _draw(kind: str, paths: tuple[Path, ...], flags: dict[str, Any], make: _Made) -> None:
    _draw_settled(kind, paths, flags, lambda runs, _: make(runs))


def _draw_settled(
    kind: str, paths: tuple[Path, ...], flags: dict[str, Any], make: Callable[[list[Run], Any], Result]
) -> None:
    from ..analysis.charts.display import Display, check_format
    from ..analysis.charts.look import check_optimizers
    from ..analysis.charts.papers import paper
    from ..analysis.grouping.sections import view_runs

    out: Path = flags.pop("out")
    check_format(out)
    look, file = look_of(flags), flags.pop("file")
    settings = settings_of(file, paths, **flags)
    venue = paper(settings.venue)
    runs = settled_runs(paths, settings)
    optimizers = view_runs(runs).optimizers
    check_optimizers(look, optimizers)
    result = make(runs, settings)
    for one in getattr(result, "refused", ()):
        say(f"encave: left out: {one if isinstance(one, str) else f'{one.run}: {one.reason}'}", err=True)
    try:
        Display(result).draw(look, usual=settings.look(kind, optimizers), paper=venue).save(out)
    except EncaveError as error:  # the library speaks of its keyword
        raise EncaveError(str(error).replace("with task=:", "with --task:")) from error
    say(f"Figure: {out}")
