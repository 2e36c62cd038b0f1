"""Options that several verbs take, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from ..errors import EncaveError
from .common import ANY_PATH, say

if TYPE_CHECKING:
    from ..analysis.report.settings import Settings
    from ..converters.limits import Limits
    from ..converters.reader import Steps
    from ..store import RunFilter

_ONLY = "encave.only"
_OBJECTIVE = "encave.objective"
_STRICT = "encave.strict"
_MAP = "encave.map"
_KEYS = {"optimizer": "optimizers", "dataset": "datasets", "seed": "seeds"}


def several(name: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An option that takes several values, given several times or with commas: one text with commas, or None."""

    def joined(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> str | None:
        return ",".join(given) or None

    return click.option(name, multiple=True, callback=joined, **options)


def only_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--only`, for `wanted_runs`."""

    def keep(context: click.Context, _: click.Parameter, given: tuple[str, ...]) -> None:
        context.meta[_ONLY] = given

    help_text = "Runs of optimizer=NAMES, dataset=NAMES or seed=0-4,7 only; may be repeated."
    return click.option("--only", multiple=True, callback=keep, expose_value=False, help=help_text)(command)


def wanted_runs() -> RunFilter:
    """What `--only` says.

    Raises:
        EncaveError: it says something else.
    """
    from ..runners.studies.limit import parse_seeds
    from ..store import RunFilter

    found: dict[str, frozenset[Any]] = {}
    context = click.get_current_context(silent=True)
    for text in context.meta.get(_ONLY, ()) if context else ():
        key, _, values = text.partition("=")
        if key not in _KEYS or not values:
            raise EncaveError(f"--only {text} is not KEY=VALUES with one of the keys {', '.join(_KEYS)}")
        given = parse_seeds(values) if key == "seed" else (part.strip() for part in values.split(","))
        found[_KEYS[key]] = found.get(_KEYS[key], frozenset()) | frozenset(given)
    return RunFilter(**found)


def objective_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--objective`, for `wanted_objective`."""

    def keep(context: click.Context, _: click.Parameter, given: str | None) -> None:
        context.meta[_OBJECTIVE] = given

    help_text = "Objective that runs of several are compared by; else the first of each."
    return click.option("--objective", default=None, callback=keep, expose_value=False, help=help_text)(command)


def wanted_objective() -> str | None:
    """What `--objective` says."""
    context = click.get_current_context(silent=True)
    return context.meta.get(_OBJECTIVE) if context else None


def limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--memory` and `--timeout`, for `reading_limits`, and `--steps`, for `reading_steps`."""

    def keep(context: click.Context, option: click.Parameter, given: float | str | None) -> None:
        context.meta[f"encave.{option.name}"] = given

    for flag, unit in (("--timeout", "Seconds that reading one log may take.  [default: 900]"),
                       ("--memory", "GiB of memory for a process that reads logs.  [default: 12]")):  # fmt: skip
        kind = click.FloatRange(0, min_open=True)
        command = click.option(flag, type=kind, default=None, callback=keep, expose_value=False, help=unit)(command)
    steps = "Values that Optuna's and Ray Tune's trials report: the last one counts, or each at its step as the budget."
    choice = click.Choice(["last", "budget"])
    return click.option(
        "--steps", type=choice, default="last", show_default=True, callback=keep, expose_value=False, help=steps
    )(command)


def map_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--map`, for `reading_mapping`."""

    def keep(context: click.Context, _: click.Parameter, given: tuple[str, ...]) -> None:
        context.meta[_MAP] = given

    text = "What a column of a table is: objective=loss; may be repeated."
    return click.option("--map", multiple=True, callback=keep, expose_value=False, help=text)(command)


def reading_mapping() -> dict[str, str] | None:
    """What `--map` says: key → column; None where it is not given.

    Raises:
        EncaveError: it is no pair, or says a key twice.
    """
    context = click.get_current_context(silent=True)
    pairs = [pair.partition("=") for pair in (context.meta.get(_MAP, ()) if context else ())]
    for key, sign, column in pairs:
        if not (key and sign and column):
            raise EncaveError(f"--map {key}{sign}{column} is not KEY=COLUMN, e.g. --map objective=loss")
    keys = [key.strip() for key, _, _ in pairs]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise EncaveError(f"--map {twice} is given twice; several columns stand between commas: --map {twice}=a,b")
    return {key.strip(): column.strip() for key, _, column in pairs} or None


def tell_unmapped(read: Iterable[tuple[Path, str]]) -> None:
    """Say for which logs `--map` did nothing, since only tables have a mapping; a line for each format."""
    from ..converters.reader import TABLE

    mapping = reading_mapping()
    passed: dict[str, list[Path]] = {}
    for source, form in read if mapping else ():
        if form != TABLE:
            passed.setdefault(form, []).append(source)
    for form, logs in passed.items():
        more = f" and {len(logs) - 1:,} more" if len(logs) > 1 else ""
        keys = ", ".join(mapping or ())
        say(f"encave: --map {keys} is ignored for {logs[0]}{more}: format {form}, no table", err=True)


def reading_steps() -> Steps:
    """What `--steps` says."""
    context = click.get_current_context(silent=True)
    return context.meta.get("encave.steps", "last") if context else "last"


def reading_limits() -> Limits:
    """What `--memory` and `--timeout` say."""
    from ..converters.limits import Limits

    context = click.get_current_context(silent=True)
    given = (
        {name: context.meta.get(f"encave.{key}") for name, key in (("memory", "memory"), ("seconds", "timeout"))}
        if context
        else {}
    )
    return Limits(**{name: value for name, value in given.items() if value is not None})


def strict_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--strict`, for `wants_strict`."""

    def keep(context: click.Context, _: click.Parameter, given: bool) -> None:
        context.meta[_STRICT] = given

    help_text = "End with status 1 where something was passed over."
    return click.option("--strict", is_flag=True, callback=keep, expose_value=False, help=help_text)(command)


def wants_strict() -> bool:
    """What `--strict` says."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(_STRICT))


def run_paths(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument PATHS of logs, runs and run stores, `--only`, `--map`, `--memory`, `--timeout` and `--strict`."""
    options = only_option(map_option(strict_option(limit_options(command))))
    return click.argument("paths", nargs=-1, required=True, type=ANY_PATH)(options)


def settings_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--settings`, for `settings_of`."""
    text = "A report.toml; else the one in a path, if any."
    return click.option("--settings", "file", type=ANY_PATH, default=None, help=text)(command)


def settings_of(file: Path | None, paths: tuple[Path, ...], **flags: Any) -> Settings:
    """What `--settings`, or a report.toml in a path, says, and over it the options that are not None."""
    from dataclasses import replace

    from ..analysis.report.settings import NAME, Settings, read_settings

    file = file or next((path / NAME for path in paths if (path / NAME).is_file()), None)
    if file:
        say(f"Settings: {file}", err=True)
    told = {name: value for name, value in flags.items() if value is not None}
    return replace(read_settings(file) if file else Settings(), **told)
