"""`encave open`: DeepCAVE on runs."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from .common import command, run_folders, run_paths, say


@command(name="open")
@run_paths
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="Port of the page; else a free one.")
@click.option("--redis", "redis_url", default=None, help="URL of a Redis that runs; else an own one on loopback.")
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open the page in the browser.")
def open_(paths: tuple[Path, ...], port: int | None, redis_url: str | None, browser: bool) -> None:
    """Open converted runs in DeepCAVE; Ctrl-C ends it."""
    from ..viewer import open_runs

    open_runs(
        run_folders(paths),
        port=port,
        redis_url=redis_url,
        browser=browser,
        on_ready=_say_ready,
        on_note=lambda note: say(note, err=True),
    )


def _say_ready(url: str) -> None:
    say(url)
    say("DeepCAVE is open; Ctrl-C ends it.", err=True)
