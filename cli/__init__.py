"""The command line: every verb joins parts that live elsewhere and prints what they return.

Standard output carries results, standard error the talk. Exit status: 0 done, 1 partly (something was refused or
failed), 2 usage or input, 130 interrupted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from .. import __version__
from ..errors import EncaveError
from ..files.atomic import is_full
from . import analyze, benchmark, convert, doctor, groups, open, report, studies
from .common import ANY_PATH, AS_JSON, LEFT_OUT, Group, print_json, say


def _tell(context: click.Context, line: str, content: dict[str, Any]) -> None:
    """Say on standard error what went wrong, and on standard output as JSON where the result was to be JSON."""
    if context.meta.get(AS_JSON):
        print_json(content)
    say(line, err=True)


class _Verbs(Group):
    """A group that turns what went wrong into one line and an exit status."""

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
            say("encave: interrupted", err=True)
            ctx.exit(130)


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="encave")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """From the logs of any black-box optimizer to DeepCAVE and to the comparison section of a paper.

    Start with `encave demo`.
    """


@cli.command()
@click.option("--out", type=ANY_PATH, default=Path("encave-demo"), show_default=True, help="Folder to write to.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Runs at the same time.")
def demo(out: Path, jobs: int) -> None:
    """Run DEHB, SMAC, RE and random search, convert, and report: all of encave once, on the embedded surrogate."""
    from .demo import run_demo

    result = run_demo(out, jobs=jobs)
    say(f"Report:   {result.page}")
    say(f"DeepCAVE: encave open {result.runs}")


for _verb in (
    *(studies.run, studies.status, studies.reproduce),
    *(
        convert.convert,
        convert.inspect,
        groups.groups,
        report.report,
        analyze.analyze,
        open.open_,
        benchmark.benchmark,
        doctor.doctor,
    ),
):
    cli.add_command(_verb)


def main() -> None:
    """Entry point of the command `encave`."""
    cli(prog_name="encave")
