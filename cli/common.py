"""What all verbs share: the kind of command, lines and tables on standard output, exit statuses."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from ..files.unicode_text import plain

if TYPE_CHECKING:
    import pyarrow as pa

ANY_PATH = click.Path(path_type=Path)
LEFT_OUT = "encave.left_out"
"""Key of the context's `meta`: whether something was left out."""
AS_JSON = "encave.as_json"
"""Key of the context's `meta`: whether the command's output is to be JSON."""
OWN_PROCESS = "encave.own_process"
"""`obj` of the context where the process is the command and nothing else."""


class Command(click.RichCommand):
    """A verb that refuses an option given twice, of which one value would be dropped."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's; before, each option that takes one value is counted."""
        ctx.meta[AS_JSON] = "--json" in args
        _, _, given = self.make_parser(ctx).parse_args(list(args))
        once = [
            one for one in given if isinstance(one, click.Option) and not (one.multiple or one.count or one.is_eager)
        ]
        if twice := next((one for one in once if once.count(one) > 1), None):
            message = f"{max(twice.opts, key=len)} is given twice and takes one value."
            raise click.UsageError(message, ctx)
        return super().parse_args(ctx, args)


class Group(click.RichGroup):
    """A group whose verbs are such commands."""

    command_class = Command


command = partial(click.command, cls=Command)
"""`click.command` of this kind."""


def leave_out(why: str) -> None:
    """Say that something is left out; the command's exit status is then 1 although it is done."""
    say(f"encave: left out: {why}", err=True)
    mark_left_out()


def mark_left_out() -> None:
    """Have the command end with status 1 although it is done."""
    if context := click.get_current_context(silent=True):
        context.meta[LEFT_OUT] = True


def is_own_process() -> bool:
    """Whether the process is the command `encave` and nothing else, such as a test."""
    context = click.get_current_context(silent=True)
    return context is not None and context.find_root().obj == OWN_PROCESS


def exit_status(statuses: Sequence[str], passed_over: Sequence[object], *, strict: bool = False) -> int:
    """0 if nothing was refused, 1 if something was, 2 if everything was.

    With `strict` it is 1 also then, and where something was passed over.
    """
    refused = statuses.count("refused")
    if strict:
        return 1 if refused or passed_over else 0
    return (2 if refused == len(statuses) else 1) if refused else 0


def left_out(done: Sequence[object], refused: Sequence[object]) -> int:
    """0 if something was analysed, 1 if a log or a run was left out besides, 2 if nothing could be analysed.

    Runs with too few trials for one statistic are told, and are no failure.
    """
    context = click.get_current_context(silent=True)
    if refused and not done:
        return 2
    return 1 if context and context.meta.get(LEFT_OUT) else 0


def print_json(content: dict[str, Any]) -> None:
    """Print JSON on standard output."""
    click.echo(json.dumps(content, indent=1, allow_nan=False))


def print_csv(tables: Sequence[pa.Table]) -> None:
    """Print tables of equal columns as one CSV on standard output; nothing without tables."""
    if not tables:
        return
    import pyarrow as pa
    import pyarrow.csv

    from ..files.spreadsheets import guarded

    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(guarded(pa.concat_tables(tables)), sink)
    click.echo(sink.getvalue().to_pybytes(), nl=False)


def say(text: object, *, err: bool = False) -> None:
    """Print a line; what logs have in it cannot steer the terminal."""
    click.echo(plain(text), err=err)


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
