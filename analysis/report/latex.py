"""The final table in LaTeX (booktabs)."""

from __future__ import annotations

import re

from ..comparison import Comparison
from ..ranking import FinalRow
from . import words
from .captions import table_caption
from .table import Cell, cells
from .text import capital

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "±": r"$\pm$", "−": "$-$", "–": "--", "…": r"\ldots{}", "†": r"\textsuperscript{\dag}", '"': "''",
}  # fmt: skip
_PATTERN = re.compile("|".join(re.escape(character) for character in _SPECIAL))


def escape(text: str) -> str:
    r"""Text that LaTeX sets as it stands: `a_b` becomes `a\_b`."""
    return _PATTERN.sub(lambda found: _SPECIAL[found[0]], text)


def table(comparison: Comparison, name: str) -> str:
    r"""A `table` environment labelled `tab:<name>`; needs `\usepackage{booktabs}`."""
    heads = [
        "Optimizer",
        "Runs",
        "Trials",
        *(capital(measure.label) for measure in comparison.table.measures),
        "Avg.\u00a0rank",
    ]
    lines = [
        f"% {words.origin(comparison.section) or 'made by encave'}; needs \\usepackage{{booktabs}}",
        r"\begin{table}[t]",
        r"\centering",
        rf"\caption{{{escape(table_caption(comparison))}}}",
        rf"\label{{tab:{name}}}",
        rf"\begin{{tabular}}{{@{{}}l{'r' * (len(heads) - 1)}@{{}}}}",
        r"\toprule",
        " & ".join(escape(head).replace("\u00a0", "~") for head in heads) + r" \\",
        r"\midrule",
        *(_line(row, marked) for row, marked in zip(comparison.table.rows, cells(comparison.table), strict=True)),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _line(row: FinalRow, marked: list[Cell]) -> str:
    runs = f"{row.runs}" if not row.failed else f"{row.runs - row.failed}/{row.runs}\\textsuperscript{{\\dag}}"
    return " & ".join([escape(row.optimizer), runs, *(_cell(cell) for cell in marked)]) + r" \\"


def _cell(cell: Cell) -> str:
    if cell.text == "–":
        return "--"
    math = cell.text.replace("±", r"\pm").replace("−", "-").replace(",", "{,}")
    return rf"$\mathbf{{{math}}}$" if cell.best else f"${math}$"
