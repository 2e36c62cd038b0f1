r"""Text and tables in LaTeX: booktabs, and nothing that a name of an optimizer or task could break."""

from __future__ import annotations

import re

from ..charts.drawing import inches
from ..charts.latex_text import escape
from ..charts.papers import Paper
from .contents import ReportTable, TextCell

_SMALL = 9.0  # points
_NUMBER = re.compile(r"[\d,.−-]+( ± [\d,.]+)?( \[[\d,.−]+, [\d,.−]+\])?")


def table(content: ReportTable, name: str, paper: Paper) -> str:
    r"""A table labelled `tab:<name>`, no wider than the text; needs `\usepackage{booktabs,graphicx}`.

    What is too wide for one of two columns goes over both.
    """
    float_ = "table*" if paper.columns == 2 and inches_of(content) > paper.width else "table"
    place = "tp" if float_ == "table*" else "htbp"
    columns = "l" + "".join("l" if place in content.text else "r" for place in range(1, len(content.heads)))
    heads = " & ".join(_head(head) for head in content.heads)
    body = [" & ".join([escape(row.head), *(_cell(cell) for cell in row.cells)]) + r" \\" for row in content.rows]
    lines = [
        f"% {escape(content.origin or 'made by encave')}; needs \\usepackage{{booktabs,graphicx}}",
        rf"\begin{{{float_}}}[{place}]",
        r"\centering",
        rf"\caption{{{escape(content.caption)}}}",
        rf"\label{{tab:{name}}}",
        r"\small",
        r"\sbox0{%",
        rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}",
        r"\toprule",
        heads + r" \\",
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}}%",
        r"\ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\usebox0}\else\usebox0\fi",
        rf"\end{{{float_}}}",
    ]
    return "\n".join(lines) + "\n"


def inches_of(content: ReportTable) -> float:
    """About how wide its columns are together, in LaTeX's size `small`."""
    rows = [list(content.heads), *([row.head, *(cell.text for cell in row.cells)] for row in content.rows)]
    return sum(inches(max(map(len, column)) + 2, _SMALL) for column in zip(*rows, strict=True))


def _head(head: str) -> str:
    return escape(head).replace("Average rank", "Avg.~rank")


def _cell(cell: TextCell) -> str:
    if cell.text == "–":
        return "--"
    text = _math(cell) if _NUMBER.fullmatch(cell.text) else _words(cell)
    return rf"\underline{{{text}}}" if cell.close else text


def _math(cell: TextCell) -> str:
    math = cell.text.replace("±", r"\pm").replace("−", "-").replace(", ", "; ").replace(",", "{,}").replace("; ", ", ")
    math = math.replace(" [", r"\ [")  # in math a blank is none
    return rf"$\mathbf{{{math}}}$" if cell.best else f"${math}$"


def _words(cell: TextCell) -> str:
    return rf"\textbf{{{escape(cell.text)}}}" if cell.best else escape(cell.text)
