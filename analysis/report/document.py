r"""`main.tex`: a paper's experiment section that compiles as it is, from the same chapters as the page.

`pdflatex main && bibtex main && pdflatex main && pdflatex main` in the report's folder; needs the packages of Debian's
`texlive-latex-recommended` and `texlive-fonts-recommended`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..charts.figure import Figure
from ..charts.latex_text import escape
from ..charts.papers import Paper
from . import references
from .contents import Chapter, Notice, Points, Prose, ReportTable, walk
from .figure_files import DrawnFigure
from .latex import inches_of
from .references import Reference

NAME, BIBLIOGRAPHY = "main.tex", "references.bib"
_IN_PLACE = (
    "% tables stand where they are told of and figures where there is room next, so that no page is left half empty",
    r"\makeatletter",
    r"\newcommand{\inplace}[2]{\renewenvironment{#1}[1][]{\par\addvspace{\bigskipamount}\noindent"
    r"\begin{minipage}{\linewidth}\def\@captype{#2}\centering}{\end{minipage}\par\addvspace{\bigskipamount}}}",
    r"\inplace{table}{table}\inplace{table*}{table}",
    r"\makeatother",
    r"\renewcommand{\topfraction}{0.85}\renewcommand{\bottomfraction}{0.85}\renewcommand{\textfraction}{0.1}",
    r"\renewcommand{\floatpagefraction}{0.7}\setcounter{topnumber}{2}\setcounter{totalnumber}{4}\extrafloats{100}",
)


@dataclass(frozen=True)
class Document:
    """What stands in `main.tex`."""

    title: str
    """Its title."""
    chapters: Sequence[Chapter]
    """Its sections; those without figures, tables and summary are left to the page."""
    drawn: Mapping[int, DrawnFigure]
    """`id` of each figure → its files."""
    tables: Mapping[int, str]
    """`id` of each table → its file, without ending."""
    notices: Mapping[str, str]
    """What stands first, heading → text: that values come from a surrogate, that schedules are mixed."""
    methods: Sequence[str]
    """Paragraphs of the methods section."""
    paper: Paper
    """The paper it is set as."""
    kept_apart: Sequence[str] = ()
    """What results begin with: runs of one task that are not compared, and why."""

    def tex(self) -> str:
        """The document."""
        return "\n".join([*self._preamble(), *self._body(), r"\end{document}", ""])

    def bib(self) -> str:
        """Entries of exactly what the document cites."""
        return "\n\n".join(reference.bibtex for reference in self.cited()) + "\n"

    def cited(self) -> list[Reference]:
        """What is cited, by author and year."""
        return references.used([*self.methods, *(text for chapter in self.chapters for text in _prose_of(chapter))])

    def _preamble(self) -> Iterator[str]:
        paper = self.paper
        yield f"% made by encave for {paper.name}: figures are {paper.width:g} in wide"
        yield rf"\documentclass[{paper.body}pt,letterpaper]{{article}}"
        yield r"\usepackage[T1]{fontenc}"
        yield r"\usepackage[utf8]{inputenc}"
        yield rf"\usepackage[textwidth={paper.text_width:g}in,textheight={paper.text_height:g}in]{{geometry}}"
        yield paper.tex_font
        yield r"\usepackage{textcomp,booktabs,graphicx,multicol,microtype}"
        yield r"\usepackage[round]{natbib}"
        yield r"\usepackage[hidelinks]{hyperref}"
        if paper.columns == 2:
            yield rf"\setlength{{\columnsep}}{{{paper.text_width - 2 * paper.width:g}in}}"
        yield from _IN_PLACE
        yield r"\emergencystretch=3em"
        yield r"\raggedbottom\raggedcolumns"
        yield rf"\title{{{escape(self.title)}}}"
        yield r"\author{}"
        yield r"\date{}"
        yield r"\begin{document}"
        yield r"\maketitle"

    def _body(self) -> Iterator[str]:
        for heading, text in self.notices.items():
            yield from self._columns([rf"\paragraph{{{heading}.}} {escape(text)}"])
        yield from ("", r"\section{Results}")
        for text in self.kept_apart:
            yield from ("", escape(text))
        for chapter in self.chapters:
            if chapter.appendix:
                continue
            figures, tables = chapter.figures(), chapter.tables()
            if not (figures or tables or chapter.summary):
                continue
            pictures, listed = self._figure_rows(figures), self._table_rows(tables)
            labels = [f"fig:{one.name}" for row in pictures for one in row]
            pointer = _pointer(labels, [f"tab:{Path(self.tables[id(table)]).name}" for row in listed for table in row])
            paragraphs = [" ".join(map(_cited, chapter.summary)), *map(_cited, _prose_of(chapter)), pointer]
            yield from self._columns(paragraphs, rf"\subsection{{{escape(chapter.title)}}}")
            yield from self._figures(pictures)
            yield from self._tables(listed)
        yield from self._columns([_cited(paragraph) for paragraph in self.methods], r"\section{Methods}")
        yield from self._appendix()
        if self.cited():
            yield from ("", r"\bibliographystyle{plainnat}", r"\bibliography{references}")

    def _columns(self, paragraphs: Sequence[str], head: str = "") -> Iterator[str]:
        """Paragraphs below a heading, in two columns of equal height where the paper has two."""
        told = [line for text in paragraphs if text for line in ("", text)]
        if self.paper.columns == 2 and told:
            # the heading stays on the page of the text
            yield from ("", r"\begin{multicols}{2}" + (f"[{{{head}}}]" if head else ""), *told, r"\end{multicols}")
        else:
            yield from ("", head, *told)

    def _figure_rows(self, figures: Sequence[Figure]) -> list[list[DrawnFigure]]:
        """In the order in which they are printed: two beside each other where two fit, then what is wide."""
        drawn = [self.drawn[id(figure)] for figure in figures]
        narrow = [one for one in drawn if self.paper.columns == 2 and one.width <= self.paper.width + 0.01]
        rows = [narrow[place : place + 2] for place in range(0, len(narrow), 2)]
        return rows + [[one] for one in drawn if one not in narrow]

    def _figures(self, rows: Sequence[Sequence[DrawnFigure]]) -> Iterator[str]:
        """One that is left over of the narrow ones has its caption beside it."""
        for row in rows:
            one = row[0]
            if len(row) == 2:
                yield from _float([_box([_picture(one), _caption(one)], self.paper.width) for one in row])
            elif self.paper.columns == 2 and one.width <= self.paper.width + 0.01:
                halves = [_picture(one)], [_caption(one)]
                yield from _float([_box(half, self.paper.width, "c") for half in halves])
            else:
                fitted = one.width > self.paper.text_width  # a diagram with long names
                yield from _float([r"\centering", _picture(one, fitted=fitted), _caption(one)])

    def _table_rows(self, tables: Sequence[ReportTable]) -> list[list[ReportTable]]:
        """In the order in which they are printed: two narrow ones where both fit beside each other, else one by one."""
        rows: list[list[ReportTable]] = []
        waiting: list[ReportTable] = []
        for table in tables:
            if self.paper.columns == 1 or inches_of(table) > self.paper.width:
                rows.append([table])
                continue
            waiting.append(table)
            if len(waiting) == 2:
                rows.append(waiting)
                waiting = []
        return [*rows, waiting] if waiting else rows

    def _tables(self, rows: Sequence[Sequence[ReportTable]]) -> Iterator[str]:
        for row in rows:
            lines = [rf"\input{{{self.tables[id(table)]}}}" for table in row]
            yield from lines if len(lines) == 1 else _row([_box([own], self.paper.width) for own in lines])

    def _appendix(self) -> Iterator[str]:
        chapters = [chapter for chapter in self.chapters if chapter.appendix]
        if chapters:
            yield from ("", r"\appendix")
        for chapter in chapters:
            lists = [block for block in walk(chapter.blocks) if isinstance(block, Points)]
            lines = [line for block in lists for line in _points(block)]
            yield from self._columns(lines, rf"\section{{{escape(chapter.title)}}}")


def _prose_of(chapter: Chapter) -> Iterator[str]:
    """Sentences of a chapter's own: what it warns of, and its paragraphs."""
    for block in walk(chapter.blocks):
        if isinstance(block, Notice):
            yield " ".join(block.sentences)
        elif isinstance(block, Prose):
            yield from block.paragraphs
        elif isinstance(block, Points) and (chapter.figures() or chapter.appendix):
            yield from (f"{lead} {text}" for lead, text, _ in block.items)


def _pointer(figures: Sequence[str], tables: Sequence[str]) -> str:
    """The sentence that names all figures and tables of a section, by their labels as printed; empty without any."""
    told: list[str] = []
    for noun, labels in (("Figure", figures), ("Table", tables)):
        if len(labels) == 1:
            told.append(rf"{noun}~\ref{{{labels[0]}}}")
        elif labels:
            told.append(rf"{noun}s~\ref{{{labels[0]}}}--\ref{{{labels[-1]}}}")
    return f"See {' and '.join(told)}." if told else ""


def _points(block: Points) -> Iterator[str]:
    yield rf"\subsection*{{{escape(block.heading)}}}"
    yield from (rf"\noindent\textbf{{{escape(lead)}}} {_cited(text)}" for lead, text, _ in block.items)


def _float(parts: Sequence[str]) -> Iterator[str]:
    """Where there is room next; boxes beside each other."""
    yield r"\begin{figure}[htbp]"
    yield ("%\n\\hfill\n" if parts[0].startswith(r"\begin") else "\n").join(parts)
    yield r"\end{figure}"


def _picture(drawn: DrawnFigure, *, fitted: bool = False) -> str:
    size = r"[width=\linewidth]" if fitted else ""
    return rf"\includegraphics{size}{{figures/{drawn.name}.pdf}}"


def _caption(drawn: DrawnFigure) -> str:
    return rf"\caption{{{escape(drawn.figure.caption)}}}\label{{fig:{drawn.name}}}"


def _box(lines: Sequence[str], width: float, place: str = "t") -> str:
    return "\n".join([rf"\begin{{minipage}}[{place}]{{{width:g}in}}", *lines, r"\end{minipage}"])


def _row(boxes: Sequence[str]) -> Iterator[str]:
    """Boxes beside each other, on one page."""
    yield r"\par\addvspace{\bigskipamount}\noindent"
    yield "%\n\\hfill\n".join(boxes)
    yield r"\par\addvspace{\bigskipamount}"


def _cited(text: str) -> str:
    def command(group: list[Reference]) -> str:
        return rf"\citep{{{','.join(reference.key for reference in group)}}}"

    return references.render(text, escape, command)
