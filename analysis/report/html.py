"""The page: one file without anything from outside, made of chapters by a template."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...files.unicode_text import plain
from ..charts.figure import Interactive
from ..charts.style import LineStyle
from ..charts.text import plural, unique_slugs
from ..grouping.sections import View
from . import cautions, manifest, references
from .contents import Chapter, Figures, ReportInput
from .figure_files import DrawnFigure

if TYPE_CHECKING:
    from markupsafe import Markup

_MARKER_SHAPES = {
    "o": '<circle cx="15" cy="5" r="3"/>',
    "s": '<path d="M12.3 2.3h5.4v5.4h-5.4z"/>',
    "D": '<path d="M15 1.4 18.6 5 15 8.6 11.4 5z"/>',
    "^": '<path d="M15 1.6 18.4 7.8H11.6z"/>',
    "v": '<path d="M15 8.4 18.4 2.2H11.6z"/>',
    "P": '<path d="M14 2h2v2h2v2h-2v2h-2V6h-2V4h2z"/>',
    "*": '<path d="m15 1 1 2.8h3l-2.4 1.8.9 2.9L15 6.7l-2.5 1.8.9-2.9L11 3.8h3z"/>',
    "X": '<path d="m13.2 2 1.8 1.8L16.8 2 18 3.2 16.2 5 18 6.8 16.8 8 15 6.2 13.2 8 12 6.8 13.8 5 12 3.2z"/>',
}


@dataclass(frozen=True)
class Content:
    """Everything on the page."""

    study: ReportInput
    """What was compared."""
    chapters: Sequence[Chapter]
    """What stands there."""
    drawn: Mapping[int, DrawnFigure]
    """`id` of each of their figures → the drawing."""
    methods: Sequence[str]
    """Paragraphs of the methods section."""
    title: str
    """Heading."""
    command: str | None
    """Command line to show."""
    numbers: Sequence[str]
    """Names of the files of data."""
    paper_files: Sequence[str]
    """Files for a paper beside the page."""


def page(content: Content) -> str:
    """The whole page as text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    here = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(here), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        finalize=_told,
    )  # fmt: skip
    view, chapters = content.study.view, content.chapters
    live = {one.name: _plot(one.interactive) for one in content.drawn.values() if one.interactive}
    anchors = unique_slugs(f"section {chapter.title}" for chapter in chapters)
    remarks = [
        *(one for one in view.remarks if one not in view.kept_apart),
        *([content.study.not_overall] if content.study.not_overall else []),
    ]
    return environment.get_template("page.html.jinja").render(
        title=content.title,
        css=(here / "page.css").read_text(encoding="utf-8"),
        js=(here / "page.js").read_text(encoding="utf-8"),
        plotly=_plotly() if live else None,
        plots=live,
        facts=_facts(view),
        notices=cautions.notices(view.sections),
        kept_apart=view.kept_apart,
        remarks=remarks,
        chapters=list(zip(anchors, chapters, strict=True)),
        drawn_of=partial(_drawn, drawn=content.drawn),
        swatches={name: _swatch(look) for name, look in content.study.styles.items()},
        swatch=_swatch,
        prose=_prose,
        methods=content.methods,
        references=references.used(content.methods),
        versions=manifest.versions(),
        benchmarks=_benchmarks(view),
        command=content.command,
        numbers=content.numbers,
        paper_files=content.paper_files,
    )


def _told(value: Any) -> Any:
    """Text of others without marks that turn its direction, and the like; what is markup stays as it is."""
    return plain(value) if type(value) is str else value


def _drawn(block: Figures, drawn: Mapping[int, DrawnFigure]) -> list[DrawnFigure]:
    return [drawn[id(figure)] for figure in block.figures]


def _prose(text: str) -> Any:
    """A paragraph whose citations lead to the list of references."""
    from markupsafe import Markup, escape

    def cited(group: list[references.Reference]) -> str:
        links = (f'<a href="#ref-{one.key}">{escape(one.short)}</a>' for one in group)
        return f"({'; '.join(links)})"

    return Markup(references.render(text, lambda piece: str(escape(plain(piece))), cited))


def _plot(interactive: Interactive) -> str:
    """What the page's script draws, as JSON that can stand in a script element."""
    spec = {"traces": interactive.traces, "layout": interactive.layout, "zero": interactive.zero}
    return json.dumps(spec, ensure_ascii=True, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _plotly() -> str:
    """Plotly's script, packed: the page holds it once, and a browser unpacks it when the first figure is seen."""
    from plotly.offline import get_plotlyjs

    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), 9, mtime=0)).decode("ascii")


def _facts(view: View) -> list[str]:
    runs = [run for section in view.sections for run in section.runs]
    tasks = len({section.task for section in view.sections})
    trials = sum(len(run) for run in runs)
    counted = ((len(view.optimizers), "optimizer"), (tasks, "task"), (len(runs), "run"), (trials, "trial"))
    return [plural(count, noun) for count, noun in counted]


def _benchmarks(view: View) -> list[tuple[str, str]]:
    """Benchmark and hash, each once."""
    used = {
        (section.origin, section.benchmark.sha256 or "no hash given") for section in view.sections if section.benchmark
    }
    return sorted(used)


def _swatch(look: LineStyle) -> Markup:
    """The optimizer's line and marker, as in the figures."""
    colour = look.page_colour
    dashes = f' stroke-dasharray="{" ".join(f"{1.6 * length:.3g}" for length in look.dashes)}"' if look.dashes else ""
    line = f'<path d="M0 5h30" stroke="{colour}" stroke-width="1.6"{dashes}/>'
    shape = _MARKER_SHAPES.get(look.marker, "")
    marker = f'<g fill="{colour}">{shape}</g>'
    from markupsafe import Markup

    drawn = f'<svg class="swatch" viewBox="0 0 30 10" aria-hidden="true" focusable="false">{line}{marker}</svg>'
    return Markup(drawn)
