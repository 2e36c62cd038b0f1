"""`encave convert` and `encave inspect`: from native logs to runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from ..errors import EncaveError
from .common import ANY_PATH, command, cores, exit_status, print_json, say
from .options import limit_options, map_option, reading_limits, reading_mapping, reading_steps, tell_unmapped

if TYPE_CHECKING:
    from ..converters import Conversion
    from ..converters.engine import Engine
    from ..converters.passed_over import PassedOver
    from ..converters.reader import Options
    from ..converters.survey import Survey


@command()
@click.argument("sources", nargs=-1, required=True, type=ANY_PATH)
@click.option("--out", required=True, type=ANY_PATH, help="Folder to write the runs to, one folder each.")
@click.option("--from", "forced", default=None, help="Format of the logs, instead of what their content says.")
@click.option("--to", default="deepcave", show_default=True, help="run, deepcave, deepcave13, csv, ioh or store.")
@click.option("--deepcave", type=click.Choice(["1.3", "1.4"]), default="1.4", help="Release of DeepCAVE to write for.")
@click.option("--configspace", default=None, help="ConfigSpace JSON file or nasbench201, for logs without a space.")
@map_option
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Logs read at the same time.")
@click.option("--strict", is_flag=True, help="Refuse logs with assumptions; status 1 if anything is not read.")
@limit_options
@click.option("--json", "as_json", is_flag=True, help="Print the account as JSON and nothing else.")
def convert(
    sources: tuple[Path, ...],
    out: Path,
    forced: str | None,
    to: str,
    deepcave: str,
    configspace: str | None,
    jobs: int,
    strict: bool,
    as_json: bool,
) -> None:
    """Find the logs at or below SOURCES and write each as a lossless Run and in DeepCAVE's format."""
    from ..converters.engine import Engine, start_early
    from ..converters.reader import Options
    from ..converters.survey import survey

    start_early()
    if deepcave == "1.3" and to not in ("deepcave", "deepcave13"):
        raise EncaveError(f"--deepcave 1.3 is not for --to {to}")
    form = "deepcave13" if deepcave == "1.3" else to
    with Engine(jobs, reading_limits()) as engine:
        given = _log_options(forced, configspace)
        options = Options(given["space"], given["mapping"], reading_steps())
        found = survey(sources, engine, forced, mapping=options.mapping, skip=out)
        write = _export if form != "deepcave" or found.are_runs else _convert
        conversions = write(found, out, form, engine, options, strict=strict, as_json=as_json)
    tell_unmapped((one.source, one.format) for one in conversions)
    sys.exit(exit_status([one.status for one in conversions], found.unread, strict=strict))


def _formats(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    from .show.conversions import print_formats

    if wanted:
        print_formats()
        context.exit()


@command()
@click.argument("paths", nargs=-1, required=True, type=ANY_PATH)
@click.option("--from", "forced", default=None, help="Format of the logs, instead of what their content says.")
@click.option("--configspace", default=None, help="ConfigSpace JSON file or nasbench201, for logs without a space.")
@map_option
@click.option("--strict", is_flag=True, help="End with status 1 where something was passed over.")
@click.option("--formats", is_flag=True, is_eager=True, expose_value=False, callback=_formats, help="List the formats.")
@limit_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
def inspect(
    paths: tuple[Path, ...],
    forced: str | None,
    configspace: str | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Say what the logs and the converted runs at or below PATHS hold and what is odd about them; write nothing."""
    from ..converters.inspection import inspect_logs
    from .show.conversions import print_inspections, print_passed_over

    passed: list[PassedOver] = []
    log_options = _log_options(forced, configspace)
    found = inspect_logs(
        paths,
        **log_options,
        steps=reading_steps(),
        jobs=cores(),
        limits=reading_limits(),
        on_passed_over=passed.extend,
    )
    if as_json:
        print_json({"runs": [each.to_json() for each in found], "passed_over": [each.to_json() for each in passed]})
    else:
        print_inspections(found)
        print_passed_over(passed)
    tell_unmapped((one.source, one.format) for one in found)
    sys.exit(exit_status([inspection.status for inspection in found], passed, strict=strict))


def _log_options(forced: str | None, configspace: str | None) -> dict[str, Any]:
    space = None
    if configspace:
        from ..converters.parts.space import given_space

        space = given_space(configspace)
    return {"forced_format": forced, "space": space, "mapping": reading_mapping()}


def _convert(
    found: Survey, out: Path, _: str, engine: Engine, options: Options, *, strict: bool, as_json: bool
) -> Sequence[Conversion]:
    from ..converters.conversion import convert_found
    from .show.conversions import counted, print_conversions, print_passed_over

    with counted("logs") as count:
        conversions = convert_found(found, out, engine, options, strict=strict, on_progress=count)
    if as_json:
        runs = [conversion.to_json() for conversion in conversions]
        print_json({"runs": runs, "passed_over": [each.to_json() for each in found.passed_over]})
    else:
        print_conversions(conversions, out)
        print_passed_over(found.passed_over)
    if left := found.folders:
        told = "1 converted run, which was" if len(left) == 1 else f"{len(left)} converted runs, which were"
        say(f"encave: there are also {told} left alone, e.g. {left[0]}", err=True)
    return conversions


def _export(
    found: Survey, out: Path, form: str, engine: Engine, options: Options, *, strict: bool, as_json: bool
) -> Sequence[Conversion]:
    from ..converters.exporting import export_found
    from .show.conversions import counted, print_exported, print_passed_over

    with counted("logs and runs") as count:
        exported = export_found(found, out, form, engine, options, strict=strict, on_progress=count)
    if as_json:
        runs = [conversion.to_json() for conversion in exported.conversions]
        passed = [each.to_json() for each in found.passed_over]
        held = {"cannot_hold": list(exported.limits), "not_held": list(exported.lost)}
        print_json({"runs": runs, "passed_over": passed, **held})
    else:
        print_exported(exported, out)
        print_passed_over(found.passed_over)
    return exported.conversions
