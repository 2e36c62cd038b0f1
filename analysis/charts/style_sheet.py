"""Style sheets of matplotlib, of which only what is of looks is taken.

matplotlib's own reader evaluates `axes.prop_cycle` as Python (before release 3.11), and some of its settings run
programs, such as TeX with a preamble: a style sheet of somebody's would run code.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...errors import EncaveError
from ...files.json_text import read_text

_CYCLE = "axes.prop_cycle"
_OF_LOOKS = re.compile(
    r"(axes|axes3d|boxplot|contour|date|errorbar|figure|font|grid|hatch|hist|image|legend|lines|markers|mathtext|patch"
    r"|path|pcolor|pcolormesh|pdf|polaraxes|scatter|savefig|text|xaxis|xtick|yaxis|ytick)\..+"
)
_OF_NO_LOOK = re.compile(
    r"date\.epoch|figure\.(hooks|max_open_warning|raise_window)|savefig\.directory|text\.(usetex|latex\..*|parse_math)"
)
_LINE = re.compile(r"""((?:[^"#]|"[^"]*")*)(?:\#.*)?""", re.VERBOSE)
_LARGEST = 1 << 20  # bytes
_LONGEST = 10_000  # places of a cycle


@lru_cache(maxsize=8)
def style_sheet(style: Path | str) -> Mapping[str, Any]:
    """The settings of a style sheet of matplotlib, without those that are not of looks.

    Raises:
        EncaveError: there is none, or a line of it is not understood.
    """
    from matplotlib.style import available, library

    path = Path(style)
    if not path.is_file():
        if str(style) in library:
            return _looks(dict(library[str(style)]))
        raise EncaveError(f"no style sheet {str(style)!r}; name a file or one of {', '.join(available)}")
    text = read_text(path, _LARGEST)
    found: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            found |= _setting(line)
        except (ValueError, KeyError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
            told = " ".join(str(error.args[0] if error.args else error).split())
            raise EncaveError(f"the style sheet {path}, line {number}: {told}") from error
    return _looks(found)


def _looks(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if _is_of_looks(name)}


def _is_of_looks(name: str) -> bool:
    return _OF_LOOKS.fullmatch(name) is not None and _OF_NO_LOOK.fullmatch(name) is None


def _setting(line: str) -> dict[str, Any]:
    """The setting of a line, as matplotlib checks it; nothing of a line without one, or with one of no look."""
    from matplotlib import RcParams

    found = _LINE.fullmatch(line)
    told = (line if found is None else found[1]).strip()
    if not told:
        return {}
    key, colon, value = (part.strip() for part in told.partition(":"))
    if not colon:
        raise ValueError(f"{told!r} is not of the form key: value")
    value = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a setting of an older matplotlib
        if key != _CYCLE:
            checked: Any = RcParams({key: value}) if _is_of_looks(key) or not _is_known(key) else {}
        else:
            checked = RcParams({key: _cycle(ast.parse(value, mode="eval").body)})
    return dict(checked)


def _is_known(key: str) -> bool:
    from matplotlib import rcParamsDefault

    return key in rcParamsDefault


def _cycle(node: ast.expr) -> Any:
    """The cycle that an expression of `cycler(…)`, `+` and `*` stands for, without evaluating it.

    Raises:
        ValueError: it is another expression, or the cycle is too long.
    """
    from matplotlib import cycler

    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "cycler":
        arguments = [ast.literal_eval(one) for one in node.args]
        return cycler(*arguments, **{one.arg: ast.literal_eval(one.value) for one in node.keywords if one.arg})
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mult):
        left, right = _part(node.left), _part(node.right)
        if isinstance(node.op, ast.Add):
            return left + right
        lengths = [one if isinstance(one, int) else len(one) for one in (left, right)]
        if lengths[0] * lengths[1] <= _LONGEST:
            return left * right
        raise ValueError(f"a cycle of {lengths[0] * lengths[1]:,} places is too long")
    raise ValueError(f"{_CYCLE} is no cycler(…)")


def _part(node: ast.expr) -> Any:
    return node.value if isinstance(node, ast.Constant) else _cycle(node)
