"""`encave groups`: what a report would put together, and why."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from ..errors import EncaveError
from .common import ANY_PATH, command, print_json, say
from .options import run_paths, settings_of, settings_option
from .runs import load_runs


@command()
@run_paths
@settings_option
@click.option("--write", type=ANY_PATH, default=None, help="Write these groups as a report.toml to correct.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
def groups(paths: tuple[Path, ...], file: Path | None, write: Path | None, as_json: bool) -> None:
    """Show which runs a report would take for seeds of one optimizer on one task, and what says so."""
    from ..analysis.grouping.overview import overview
    from ..files.atomic import atomic_file
    from .show.groups import print_groups

    if write is not None and write.exists():
        raise EncaveError(f"{write} is there already. Name another file with --write, or remove it.")
    settings = settings_of(file, paths)
    found = overview(settings.applied(load_runs(paths, renamed=settings.told if settings.renames else None)))
    if as_json:
        print_json(found.as_json())
    else:
        print_groups(found)
        for remark in found.view.remarks:
            say(remark, err=True)
    if write is not None:
        with atomic_file(write) as path:
            path.write_text(found.as_toml(), encoding="utf-8")
        say(f"wrote {write}: correct it, then encave report … --settings {write}", err=True)
