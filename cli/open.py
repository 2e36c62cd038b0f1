"""`encave open`: DeepCAVE on runs."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from .common import ANY_PATH, command, say
from .options import objective_option, run_paths, settings_of, settings_option, wanted_objective
from .runs import found_later, run_folders


@command(name="open")
@run_paths
@settings_option
@objective_option
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="Port of the page; else a free one.")
@click.option("--workers", type=click.IntRange(1), default=None, help="Jobs at a time; else one per processor.")
@click.option("--redis", "redis_url", default=None, help="URL of a Redis that runs; else an own one on loopback.")
@click.option("--cache", type=ANY_PATH, default=None, help="Folder in which computed pages outlast the session.")
@click.option("--log-file", type=ANY_PATH, default=None, help="File for the log; else kept only after a failure.")
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open the page in the browser.")
def open_(
    paths: tuple[Path, ...],
    file: Path | None,
    port: int | None,
    workers: int | None,
    redis_url: str | None,
    cache: Path | None,
    log_file: Path | None,
    browser: bool,
) -> None:
    """Open runs, or native logs, in DeepCAVE, grouped as `encave groups` shows; Ctrl-C ends it.

    The page offers runs that appear later. The address holds a token, without which the page answers nobody.
    """
    say(f"looking for runs at or below {' '.join(map(str, paths))}; logs among them are converted", err=True)
    from ..viewer import is_far, open_runs
    from ..workflows.viewer_groups import viewer_groups

    settings = settings_of(file, paths)
    folders = run_folders(paths)
    say(f"opening {len(folders):,} run{'s' * (len(folders) != 1)} in DeepCAVE", err=True)
    open_runs(
        folders,
        objective=wanted_objective(),
        port=port,
        redis_url=redis_url,
        workers=workers,
        cache=cache,
        log_file=log_file,
        browser=browser and not is_far(),
        watched=paths,
        find=lambda: found_later(paths),
        grouping=viewer_groups(settings),
        on_ready=_say_ready,
        on_note=lambda note: say(note, err=True),
    )


def _say_ready(url: str) -> None:
    from ..viewer import tunnel

    say(url)
    if hint := tunnel(url):
        say(hint, err=True)
    say("DeepCAVE is open; Ctrl-C ends it.", err=True)
