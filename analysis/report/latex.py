"""The final tables in LaTeX (booktabs)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..comparison import Comparison
from ..overall import Overall
from ..ranking import FinalRow
from . import words
from .captions import overall_caption, table_caption
from .table import Cell, cells, overall_cells, task_heads
from .text import capital

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "χ²": r"$\chi^2$", "≥": r"$\geq$",
    "±": r"$\pm$", "−": "$-$", "–": "--", "…": r"\ldots{}", "†": r"\textsuperscript{\dag}", '"': "''",
}  # fmt: skip
_PATTERN = re.compile("|".join(re.escape(character) for character in _SPECIAL))


def escape(text: str) -> str:
    r"""Text that LaTeX sets as it stands: `a_b` becomes `a\_b`."""
    return _PATTERN.sub(lambda found: _SPECIAL[found[0]], text)


def table(comparison: Comparison, name: str) -> str:
    r"""The final table of one section, labelled `tab:<name>`; needs `\usepackage{booktabs}`."""
    marked = cells(comparison.table, comparison.significance)
    heads = [
        "Optimizer",
        "Runs",
        "Trials",
        *(capital(measure.label) for measure in comparison.table.measures),
        "Avg.\u00a0rank",
    ]
    lines = [_line(row, cells) for row, cells in zip(comparison.table.rows, marked, strict=True)]
    return _environment(words.origin(comparison.section), table_caption(comparison), name, heads, lines)


def overall_table(overall: Overall, name: str) -> str:
    r"""The ranks over tasks, labelled `tab:<name>`; needs `\usepackage{booktabs}`."""
    heads = ["Optimizer", *task_heads(overall), "Avg.\u00a0rank"]
    rows = zip(overall.optimizers, overall_cells(overall), strict=True)
    lines = [" & ".join([escape(label), *map(_cell, cells)]) + r" \\" for label, cells in rows]
    origins = sorted({words.origin(one.section) for one in overall.comparisons} - {""})
    return _environment("; ".join(origins), overall_caption(overall), name, heads, lines)


def _environment(origin: str, caption: str, name: str, heads: Sequence[str], body: Sequence[str]) -> str:
    lines = [
        f"% {origin or 'made by encave'}; needs \\usepackage{{booktabs}}",
        r"\begin{table}[t]",
        r"\centering",
        rf"\caption{{{escape(caption)}}}",
        rf"\label{{tab:{name}}}",
        r"\small",
        rf"\begin{{tabular}}{{@{{}}l{'r' * (len(heads) - 1)}@{{}}}}",
        r"\toprule",
        " & ".join(escape(head).replace("\u00a0", "~") for head in heads) + r" \\",
        r"\midrule",
        *body,
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
    text = rf"$\mathbf{{{math}}}$" if cell.best else f"${math}$"
    return rf"\underline{{{text}}}" if cell.close else text
