"""The library's verbs: what the command line does, for whoever works in Python."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from ..errors import EncaveError, check_count, check_type
from .conversions import Conversions
from .keywords import keywords_for_flags

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

    from ..analysis.report import Report
    from ..analysis.report.settings import Settings
    from ..analysis.tables.complete import Landscapes
    from ..analysis.tables.runs import Runs
    from ..converters.limits import Limits
    from ..converters.reader import Steps
    from ..run import Run

    Space: TypeAlias = ConfigurationSpace | Path | str
    """A space, a file with one, or the name of one that encave knows."""

Sources: TypeAlias = "Path | str | Iterable[Path | str]"
"""A file or folder, or several."""


@keywords_for_flags
def read(
    sources: Sources,
    *,
    configspace: Space | None = None,
    map: Mapping[str, str] | None = None,
    steps: Steps = "last",
    format: str | None = None,
    settings: Settings | Path | str | None = None,
    jobs: int = 1,
    memory: float | None = None,
    timeout: float | None = None,
) -> Runs:
    r"""Read logs, converted runs and run stores, mixed; writes nothing.

    Logs are recognised and read in processes with limits, like those of `encave convert`. A log that cannot be read is
    left out and named in `refused` of what is returned, and what was not recognised in `passed_over`; a converted run
    whose log is read too is read once.

    Args:
        sources: Files and folders.
        configspace: Configuration space for logs without one: a space, a file, or `nasbench201`.
        map: What the columns of tables are, e.g. `{"objective": "loss", "hyperparameters": "lr,depth"}`.
        steps: What values that trials of Optuna and Ray Tune report on their way are: `last`, the last one is a
            trial's; `budget`, each is a trial at the budget of its step.
        format: Name of the one format to look for; None: all.
        settings: What runs are and which are wanted, as a report has them: settings, or a `report.toml`.
        jobs: Processes that read.
        memory: GiB that each may hold; None: 12.
        timeout: Seconds for one log; None: 900.

    Returns:
        The runs, logs first, in the order of the sources and of the paths in them.

    Raises:
        EncaveError: a source does not exist, nothing was found, nothing that was found can be read, or the settings
            name what no run has.

    Example:
        >>> import encave, pathlib, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> table = pathlib.Path(folder.name, "trials.csv")
        >>> _ = table.write_text("lr,loss\n0.1,2.0\n0.2,1.0\n0.3,3.0\n")
        >>> runs = encave.read(table, map={"objective": "loss", "hyperparameters": "lr"})
        >>> runs[0].incumbent().value
        1.0
        >>> folder.cleanup()
    """
    from ..analysis.tables.runs import Runs
    from ..converters.engine import Engine
    from ..converters.exporting import Wanted, read_all
    from ..converters.reader import Options
    from ..converters.survey import survey

    paths, options = _paths(sources), Options(_space(configspace), map, steps)
    with Engine(jobs, _limits(memory, timeout)) as engine:
        found = survey(paths, engine, format, mapping=map)
        wanted = Wanted(found, Path(), engine, options)
        told = list(read_all(wanted))
    runs = [run for _, run in told if run is not None]
    refused = {str(one.source): str(one.reason) for one, run in told if run is None}
    if not runs:
        told = [why if why.startswith(log) else f"{log}: {why}" for log, why in refused.items()]
        raise EncaveError(f"nothing can be read: {told[0]}" if told else "nothing can be read")
    passed = [each.to_json() for each in found.passed_over]
    return Runs(runs if settings is None else _settings(settings).applied(runs), refused, passed)


@keywords_for_flags
def convert(
    sources: Sources,
    out: Path | str,
    *,
    to: str = "deepcave",
    configspace: Space | None = None,
    map: Mapping[str, str] | None = None,
    steps: Steps = "last",
    format: str | None = None,
    strict: bool = False,
    jobs: int = 1,
    memory: float | None = None,
    timeout: float | None = None,
) -> Conversions:
    r"""Write logs as runs that DeepCAVE opens, or in another format, each folder whole or not at all.

    Args:
        sources: Files and folders.
        out: Folder to write to.
        to: `deepcave`, or another format of `encave convert --to`.
        configspace: As for `read`.
        map: As for `read`.
        steps: As for `read`.
        format: As for `read`.
        strict: Whether to refuse logs of which anything must be assumed.
        jobs: As for `read`.
        memory: As for `read`.
        timeout: As for `read`.

    Returns:
        What became of each log: trials read, written, merged and dropped, notes, and the reason where it was refused;
        and in `passed_over` what was not recognised.

    Raises:
        EncaveError: a source does not exist, nothing was found, or `out` cannot be written.

    Example:
        >>> _ = (folder / "trials.csv").write_text("lr,loss\n0.1,2.0\n0.2,1.0\n0.3,3.0\n")
        >>> told = {"objective": "loss", "hyperparameters": "lr"}
        >>> [done] = encave.convert(folder / "trials.csv", folder / "converted", map=told)
        >>> done.status, done.read, done.written
        ('converted', 3, 3)
    """
    from ..converters.conversion import convert_found
    from ..converters.engine import Engine
    from ..converters.exporting import export_found
    from ..converters.reader import Options
    from ..converters.survey import survey

    options, target = Options(_space(configspace), map, steps), Path(out)
    with Engine(jobs, _limits(memory, timeout)) as engine:
        found = survey(_paths(sources), engine, format, mapping=map, skip=target)
        if to != "deepcave" or found.are_runs:
            done = export_found(found, target, to, engine, options, strict=strict).conversions
        else:
            done = convert_found(found, target, engine, options, strict=strict)
    return Conversions(done, [each.to_json() for each in found.passed_over])


@keywords_for_flags
def report(
    runs: Iterable[Run],
    out: Path | str,
    *,
    title: str | None = None,
    venue: str | None = None,
    settings: Settings | Path | str | None = None,
    jobs: int = 1,
    on_step: Callable[[str, int, int | None], None] | None = None,
) -> Report:
    """Write the comparison of runs as a folder: a page, figures, tables, LaTeX that compiles, and the data behind them.

    Args:
        runs: The runs.
        out: The folder; an earlier report there is replaced.
        title: Title of the page.
        venue: Paper to draw for: `neurips`, `icml`, `iclr`, `automl`, `tmlr` or `jmlr`.
        settings: What to show: settings, or a `report.toml`.
        jobs: Processes that draw.
        on_step: Told what is being done, how much of it is done, and of how much.

    Raises:
        EncaveError: there are no runs, or `out` holds something else or cannot be written.

    Example:
        >>> written = encave.report(runs[:1], folder / "report", title="Mine")
        >>> written.page.name
        'report.html'
    """
    from ..analysis.report import write_report
    from ..run.several import several_runs
    from .known_tables import random_search_of, training_noise_of, truth_of

    chosen = _settings(settings)
    chosen = replace(chosen, title=title or chosen.title, venue=venue or chosen.venue)
    given = several_runs(runs)
    return write_report(
        given, out, settings=chosen, truth=truth_of(given), random_search=random_search_of(given),
        noise=training_noise_of(given), jobs=jobs,
        on_step=on_step or _quietly,
    )  # fmt: skip


def open(runs: Iterable[Run] | Path | str, *, port: int | None = None, browser: bool = True) -> None:
    """Open runs in DeepCAVE; returns when it is ended with Ctrl-C.

    Args:
        runs: Runs, or a folder of converted ones.
        port: Port of the page; None: a free one.
        browser: Whether to open the page in the browser.

    Raises:
        EncaveError: DeepCAVE is not there and cannot be set up, or no run can be opened.

    Example:
        >>> encave.open(runs)  # doctest: +SKIP
        >>> encave.open(folder / "nowhere")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        encave.errors.EncaveError: ...nowhere is not a folder
    """
    from ..converters.outputs import output
    from ..run import find_runs
    from ..run.several import several_runs
    from ..viewer import open_runs
    from .viewer_groups import viewer_groups

    if isinstance(runs, Path | str):
        open_runs(
            find_runs(Path(runs)), port=port, browser=browser, on_ready=print, on_note=print, grouping=viewer_groups()
        )
        return
    given = several_runs(runs)
    with tempfile.TemporaryDirectory(prefix="encave-open-") as folder:
        output("deepcave").write(given, Path(folder))
        open_runs(
            find_runs(Path(folder)), port=port, browser=browser, on_ready=print, on_note=print, grouping=viewer_groups()
        )


def landscape(benchmark: str = "surrogate", runs: Iterable[Run] = (), *, order: int = 6) -> Landscapes:
    """A complete table for each task of a benchmark: exact importances, local optima, and where runs end in it.

    Args:
        benchmark: The surrogate that ships with encave, or the name or file of an imported table of NAS-Bench-201.
        runs: Whose final incumbents are looked up.
        order: Most hyperparameters of an effect.

    Raises:
        EncaveError: there is no such benchmark, or the order is less than one.

    Example:
        >>> found = encave.landscape(order=1)
        >>> max(found.records(), key=lambda row: row["share"])["effect"]
        'op_0_3'
    """
    from ..analysis.grouping.sections import view_runs
    from ..analysis.landscape.groups import group_standing
    from ..analysis.tables.complete import Landscapes
    from ..run.several import several_runs
    from ..runners.benchmarks.nasbench201.table import open_benchmark
    from .known_tables import known_tables, nasbench201_truth

    check_count("order", order)
    table, given = open_benchmark(benchmark), several_runs(runs)
    standings, refused = group_standing(view_runs(given).sections, nasbench201_truth(table)) if given else ((), ())
    return Landscapes(known_tables(table), order, standings, refused)


def _quietly(step: str, done: int, total: int | None) -> None:
    """Say nothing of the progress."""


def _paths(sources: object) -> Sequence[Path]:
    """The files and folders that were given.

    Raises:
        EncaveError: there are none, or it is something else.
    """
    given: list[object] = [sources]
    if not isinstance(sources, Path | str | bytes) and isinstance(sources, Iterable):
        given = [*cast("Iterable[object]", sources)]
    for source in given:
        if not isinstance(source, Path | str):
            raise EncaveError(f"a source is the path of a file or folder, not {source!r}")
    if not given:
        raise EncaveError("no source was given: name files or folders with logs")
    return [Path(source) for source in given if isinstance(source, Path | str)]


def _settings(told: Settings | Path | str | None) -> Settings:
    from ..analysis.report.settings import Settings, read_settings

    if isinstance(told, Path | str):
        return read_settings(Path(told))
    if told is not None:
        check_type("what is given as settings", told, Settings, "a report.toml, or Settings of encave.analysis.report")
    return told or Settings()


def _space(told: Space | None) -> ConfigurationSpace | None:
    if told is None or not isinstance(told, Path | str):
        return told
    from ..converters.parts.space import given_space

    return given_space(str(told))


def _limits(memory: float | None, timeout: float | None) -> Limits:
    from ..converters.limits import Limits

    usual = Limits()
    return Limits(usual.memory if memory is None else memory, usual.seconds if timeout is None else timeout)
