"""`encave report`: the comparison of runs as a folder for a paper."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from .common import ANY_PATH, load_runs


@click.command()
@click.argument("paths", nargs=-1, required=True, type=ANY_PATH)
@click.option("--out", required=True, type=ANY_PATH, help="Folder of the report.")
@click.option("--title", default=None, help="Title of the page.")
def report(paths: tuple[Path, ...], out: Path, title: str | None) -> None:
    """Compare converted runs: an HTML page, PDF figures, a LaTeX table and the data behind them."""
    from ..analysis.report import write_report

    command = "encave " + " ".join(sys.argv[1:])
    written = write_report(load_runs(paths), out, title=title, command=command)
    click.echo(f"Report: {written.page}")
