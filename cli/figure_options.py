"""The options by which a figure is made to one's wishes, and the look that they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import rich_click as click

from ..errors import EncaveError
from .common import ANY_PATH

if TYPE_CHECKING:
    from ..analysis.charts.look import Look

_OPTIONS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (("--title",), {"help": "Above the axes; '' for none."}),
    (("--xlabel",), {"help": "Name and unit of the horizontal axis."}),
    (("--ylabel",), {"help": "Name and unit of the vertical axis."}),
    (("--log/--linear",), {"help": "Vertical axis.  [default: by the span of the values]"}),
    (("--legend",), {"help": "inside, outside (below the axes), or none.  [default: outside]"}),
    (("--width",), {"help": "column or text of the paper, or a length: 3.25in, 8cm.  [default: column]"}),
    (("--height",), {"help": "A length.  [default: what is needed]"}),
    (("--font",), {"help": "Name of a font on this machine."}),
    (("--order",), {"multiple": True, "help": "Optimizers in the order of colours and legend: A,B; may be repeated."}),
    (("--colours",), {"multiple": True, "help": "Colours of optimizers: A=#0072B2,B=#D55E00; may be repeated."}),
    (("--style",), {"help": "A style sheet of matplotlib: my.mplstyle, or the name of one."}),
    (("--footer/--no-footer",), {"help": "Where values come from, small at the foot.  [default: footer]"}),
    (("--venue",), {"help": "Paper to draw for: neurips, icml, iclr, automl, tmlr, jmlr."}),
)
_LOOK = ("title", "xlabel", "ylabel", "log", "legend", "width", "height", "font", "style", "footer")


def figure_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--out` and all that says how a figure looks."""
    for names, options in reversed(_OPTIONS):
        command = click.option(*names, default=None, **options)(command)
    text = "File to write: .pdf, .png, .svg, .pgf, or .html for one to hover over."
    return click.option("--out", required=True, type=ANY_PATH, help=text)(command)


def look_of(flags: dict[str, Any]) -> Look:
    """Take the options of a look out of all flags.

    Raises:
        EncaveError: a value is none that there is.
    """
    from ..analysis.charts.look import Look

    told = {name: flags.pop(name) for name in _LOOK}
    order, colours = _names(flags.pop("order")), _colours(flags.pop("colours"))
    return Look(**{name: value for name, value in told.items() if value is not None}, order=order, colours=colours)


def _names(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.strip() for text in given for name in text.split(",") if name.strip())


def _colours(given: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in _names(given):
        name, sign, colour = pair.rpartition("=")
        if not sign:
            raise EncaveError(f"--colours {pair} is not OPTIMIZER=#0072B2")
        found[name.strip()] = colour.strip()
    return found
