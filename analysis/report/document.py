r"""`main.tex`: a paper's experiment section that compiles as it is, from the same chapters as the page.

`pdflatex main && bibtex main && pdflatex main && pdflatex main` in the report's folder; needs the packages of Debian's
`texlive-latex-recommended`, `texlive-latex-extra` (placeins) and `texlive-fonts-recommended`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..charts.latex_text import escape
from ..charts.papers import Paper
from . import references
from .contents import Chapter, Notice, Points, Prose, walk
from .figure_files import DrawnFigure
from .references import Reference

NAME, BIBLIOGRAPHY = "main.tex", "references.bib"


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
    notice: str | None
    """What stands first: that values come from a surrogate; None if they do not."""
    methods: Sequence[str]
    """Paragraphs of the methods section."""
    paper: Paper
    """The paper it is set as."""

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
        columns = "twocolumn," if paper.columns == 2 else ""
        yield f"% made by encave for {paper.name}: figures are {paper.width:g} in wide"
        yield rf"\documentclass[{columns}{paper.body}pt,letterpaper]{{article}}"
        yield r"\usepackage[T1]{fontenc}"
        yield r"\usepackage[utf8]{inputenc}"
        yield rf"\usepackage[textwidth={paper.text_width:g}in,textheight={paper.text_height:g}in]{{geometry}}"
        yield paper.tex_font
        yield r"\usepackage{textcomp,booktabs,graphicx,placeins,microtype}"
        yield r"\usepackage[round]{natbib}"
        yield r"\usepackage[hidelinks]{hyperref}"
        if paper.columns == 2:
            yield rf"\setlength{{\columnsep}}{{{paper.text_width - 2 * paper.width:g}in}}"
        yield r"\emergencystretch=3em"
        yield rf"\title{{{escape(self.title)}}}"
        yield r"\author{}"
        yield r"\date{}"
        yield r"\begin{document}"
        yield r"\maketitle"

    def _body(self) -> Iterator[str]:
        if self.notice:
            yield rf"\paragraph{{Surrogate.}} {escape(self.notice)}"
        yield from ("", r"\section{Results}")
        for chapter in self.chapters:
            figures, tables = chapter.figures(), chapter.tables()
            if not (figures or tables or chapter.summary):
                continue
            yield from ("", rf"\subsection{{{escape(chapter.title)}}}")
            yield from map(_cited, chapter.summary)
            for text in _prose_of(chapter):
                yield from ("", _cited(text))
            labels = [f"fig:{self.drawn[id(figure)].name}" for figure in figures]
            yield from ("", _pointer(labels, [f"tab:{Path(self.tables[id(table)]).name}" for table in tables]))
            for figure in figures:
                yield from _figure(self.drawn[id(figure)], self.paper)
            yield from (rf"\input{{{self.tables[id(table)]}}}" for table in tables)
            yield r"\FloatBarrier"
        yield from ("", r"\section{Methods}")
        for paragraph in self.methods:
            yield from ("", _cited(paragraph))
        if self.cited():
            yield from ("", r"\bibliographystyle{plainnat}", r"\bibliography{references}")


def _prose_of(chapter: Chapter) -> Iterator[str]:
    """Sentences of a chapter's own: what it warns of, and its paragraphs."""
    for block in walk(chapter.blocks):
        if isinstance(block, Notice):
            yield " ".join(block.sentences)
        elif isinstance(block, Prose):
            yield from block.paragraphs
        elif isinstance(block, Points) and chapter.figures():
            yield from (f"{lead} {text}" for lead, text, _ in block.items)


def _pointer(figures: Sequence[str], tables: Sequence[str]) -> str:
    """The sentence that names all figures and tables of a section, by their labels; empty without any."""
    told: list[str] = []
    for noun, labels in (("Figure", figures), ("Table", tables)):
        if len(labels) == 1:
            told.append(rf"{noun}~\ref{{{labels[0]}}}")
        elif labels:
            told.append(rf"{noun}s~\ref{{{labels[0]}}}--\ref{{{labels[-1]}}}")
    return f"See {' and '.join(told)}." if told else ""


def _figure(drawn: DrawnFigure, paper: Paper) -> Iterator[str]:
    # a diagram with long names, or one that was asked to be as wide as the text
    both = "*" if paper.columns == 2 and drawn.width > paper.width else ""
    size = r"[width=\linewidth]" if drawn.width > (paper.text_width if both else paper.width) else ""
    yield rf"\begin{{figure{both}}}[htbp]"
    yield r"\centering"
    yield rf"\includegraphics{size}{{figures/{drawn.name}.pdf}}"
    yield rf"\caption{{{escape(drawn.figure.caption)}}}"
    yield rf"\label{{fig:{drawn.name}}}"
    yield rf"\end{{figure{both}}}"


def _cited(text: str) -> str:
    def command(group: list[Reference]) -> str:
        return rf"\citep{{{','.join(reference.key for reference in group)}}}"

    return references.render(text, escape, command)
