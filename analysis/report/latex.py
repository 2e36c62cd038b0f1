r"""Text and tables in LaTeX: booktabs, and nothing that a name of an optimizer or task could break."""

from __future__ import annotations

import re

from ..charts.drawing import inches
from ..charts.papers import Paper
from .contents import Cell, Table

_SMALL = 9.0  # points
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%",
    "_": r"\_\allowbreak{}", "/": r"/\allowbreak{}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "\u00a0": "~", "`": r"\textasciigrave{}", "'": "'",
    "²": r"\textsuperscript{2}", "³": r"\textsuperscript{3}", "≥": r"$\geq$", "≤": r"$\leq$", "×": r"$\times$",
    "·": r"$\cdot$", "°": r"\textdegree{}", "µ": r"$\mu$", "∞": r"$\infty$",
    "±": r"$\pm$", "−": "$-$", "–": "--", "—": "---", "…": r"\ldots{}", "†": r"\textsuperscript{\dag}",
    "’": "'", "‘": "`", "“": "``", "”": "''",
}  # fmt: skip
_GREEK = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho varsigma sigma tau
upsilon phi chi psi omega""".split()  # noqa: SIM905  as in Unicode's order
_LETTERS = {chr(0x3B1 + place): rf"$\{name}$" for place, name in enumerate(_GREEK) if name != "omicron"}
# Latin letters that the encoding T1 has
_T1 = frozenset(chr(code) for code in range(0xC0, 0x180)) - set("ĦħĸŊŋŦŧſŉĿŀĲĳ×÷") | set("ŋŊ")
_NUMBER = re.compile(r"[\d,.−-]+( ± [\d,.]+)?( \[[\d,.−]+, [\d,.−]+\])?")


def escape(text: str) -> str:
    r"""Text that LaTeX sets as it stands: `a_b` becomes `a\_b`; a letter that T1 fonts lack becomes `[U+4F18]`."""
    return "".join(_letter(letter) for letter in text)


def _letter(letter: str) -> str:
    known = _SPECIAL.get(letter) or _LETTERS.get(letter)
    if known:
        return known
    if letter.isascii():
        return letter if letter.isprintable() else " "
    return letter if letter in _T1 else f"[U+{ord(letter):04X}]"


def table(content: Table, name: str, paper: Paper) -> str:
    r"""A table labelled `tab:<name>`, no wider than the text; needs `\usepackage{booktabs,graphicx}`.

    What is too wide for one of two columns goes over both.
    """
    float_ = "table*" if paper.columns == 2 and inches_of(content) > paper.width else "table"
    place = "tp" if float_ == "table*" else "htbp"
    columns = "l" + "".join("l" if place in content.text else "r" for place in range(1, len(content.heads)))
    heads = " & ".join(_head(head) for head in content.heads)
    body = [" & ".join([escape(row.head), *(_cell(cell) for cell in row.cells)]) + r" \\" for row in content.rows]
    lines = [
        f"% {content.origin or 'made by encave'}; needs \\usepackage{{booktabs,graphicx}}",
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


def inches_of(content: Table) -> float:
    """About how wide its columns are together, in LaTeX's size `small`."""
    rows = [list(content.heads), *([row.head, *(cell.text for cell in row.cells)] for row in content.rows)]
    return sum(inches(max(map(len, column)) + 2, _SMALL) for column in zip(*rows, strict=True))


def _head(head: str) -> str:
    return escape(head).replace("Average rank", "Avg.~rank")


def _cell(cell: Cell) -> str:
    if cell.text == "–":
        return "--"
    text = _math(cell) if _NUMBER.fullmatch(cell.text) else _words(cell)
    return rf"\underline{{{text}}}" if cell.close else text


def _math(cell: Cell) -> str:
    math = cell.text.replace("±", r"\pm").replace("−", "-").replace(", ", "; ").replace(",", "{,}").replace("; ", ", ")
    math = math.replace(" [", r"\ [")  # in math a blank is none
    return rf"$\mathbf{{{math}}}$" if cell.best else f"${math}$"


def _words(cell: Cell) -> str:
    return rf"\textbf{{{escape(cell.text)}}}" if cell.best else escape(cell.text)
