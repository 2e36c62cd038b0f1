"""The command `encave` with all of its verbs, and what becomes of their errors."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import rich_click as click

from .. import __version__
from ..errors import EncaveError
from ..files.atomic import is_full
from ..files.working_folder import load_matplotlib
from .common import ANY_PATH, AS_JSON, LEFT_OUT, Group, print_json, say
from .interrupts import STATUS, TOLD

_VERBS = {
    **dict.fromkeys(("run", "status", "reproduce"), "studies"),
    **dict.fromkeys(("convert", "inspect"), "convert"),
    **{name: name for name in ("groups", "report", "analyze", "plot", "open", "benchmark", "doctor")},
}
"""Name of a verb → its module, which is loaded when the verb is used."""


def _tell(context: click.Context, line: str, content: dict[str, Any]) -> None:
    """Say on standard error what went wrong, and on standard output as JSON where the result was to be JSON."""
    if context.meta.get(AS_JSON):
        with suppress(OSError):  # it is what cannot take more
            print_json(content)
    with suppress(OSError):
        say(line, err=True)


class _Verbs(Group):
    """A group that turns what went wrong into one line and an exit status."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the verbs, sorted."""
        return sorted([*super().list_commands(ctx), *_VERBS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of a name, if there is one."""
        if cmd_name not in _VERBS:
            return super().get_command(ctx, cmd_name)
        module = import_module(f".{_VERBS[cmd_name]}", __package__)
        return getattr(module, cmd_name if cmd_name != "open" else "open_")

    def invoke(self, ctx: click.Context) -> Any:
        try:
            done = super().invoke(ctx)
            if ctx.meta.get(LEFT_OUT):
                ctx.exit(1)
            return done
        except EncaveError as error:
            if ctx.find_root().params["debug"]:
                raise
            passed = getattr(error, "passed_over", ())
            _tell(ctx, f"encave: {error}", {"error": str(error), "passed_over": [each.to_json() for each in passed]})
            ctx.exit(error.exit_status)
        except OSError as error:
            if ctx.find_root().params["debug"] or not is_full(error):
                raise
            told = f"cannot write: {error}. Make room, then run it again."
            _tell(ctx, f"encave: {told}", {"error": told})
            ctx.exit(2)
        except click.UsageError as error:
            if ctx.meta.get(AS_JSON):
                print_json({"error": error.format_message()})
            raise
        except KeyboardInterrupt:
            say(TOLD, err=True)
            ctx.exit(STATUS)


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="encave")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """From the logs of any black-box optimizer to DeepCAVE and to the comparison section of a paper.

    Start with `encave demo`.
    """
    load_matplotlib()


@cli.command()
@click.option("--out", type=ANY_PATH, default=Path("encave-demo"), show_default=True, help="Folder to write to.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Runs at the same time.")
def demo(out: Path, jobs: int) -> None:
    """Run DEHB, SMAC, RE and random search, convert, and report: all of encave once, on the embedded surrogate."""
    from .demo import run_demo

    result = run_demo(out, jobs=jobs)
    say(f"Report:   {result.page}")
    say(f"DeepCAVE: encave open {result.runs}")
