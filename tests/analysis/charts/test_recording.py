"""A recorded drawing is written as the drawing itself would be; fonts of PDF files are cut once."""

import re

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends import _backend_pdf_ps as fonts
from matplotlib.figure import Figure

from encave.analysis.charts import writing
from encave.analysis.charts.recording import recorded

SAME_EVERY_TIME = {"svg.hashsalt": "encave", "pdf.fonttype": 42, "pdf.compression": 0}


def drawing(words: bool = True) -> Figure:
    """What charts are made of: lines, markers, bands, bars, grids, legends, texts at an angle, formulas, clips."""
    figure = Figure(figsize=(4, 3), dpi=150)
    left, right = figure.subplots(1, 2)
    x = np.linspace(1, 30, 40)
    left.plot(x, np.sin(x), "--o", label="a line" if words else None, clip_on=True)
    left.fill_between(x, np.sin(x) - 1, np.sin(x) + 1, alpha=0.3)
    left.set(xscale="log", xlim=(2, 20), ylim=(-0.5, 0.5))
    right.bar([0, 1], [1, 2], hatch="//")
    right.pcolormesh(np.arange(12.0).reshape(3, 4))
    right.scatter([0, 1, 2], [2, 1, 0], c=[1, 2, 3], s=[9, 20, 40])
    if words:
        left.legend()
        left.set_xticks([3, 10], labels=["3", "$10^{1}$"])
        left.minorticks_off()
        left.set_ylabel("regret [%] – $10^{-3}$")
        figure.text(0.5, 0.5, "across", rotation=30, va="top", ha="right")
    else:
        left.set(xticks=[], yticks=[])
        left.minorticks_off()
        right.set(xticks=[], yticks=[])
    return figure


def plain(svg: str) -> str:
    return re.sub(r"(#|id=\")[a-z][0-9a-f]{10}", r"\1", svg)


def test_svg_and_pgf_are_those_of_the_drawing() -> None:
    with mpl.rc_context(SAME_EVERY_TIME):
        copy = recorded(drawing())
        assert plain(writing.svg(copy)) == plain(writing.svg(drawing()))
        direct = drawing()
        direct.dpi = 72
        assert writing.pgf(copy) == writing.pgf(direct)
        assert writing.svg(copy) == writing.svg(copy)


def test_pdf_is_that_of_the_drawing() -> None:
    """Without words, whose width matplotlib measures a little otherwise for each format."""
    with mpl.rc_context(SAME_EVERY_TIME):
        assert writing.pdf(recorded(drawing(words=False))) == writing.pdf(drawing(words=False))


def test_a_size_stays() -> None:
    copy = recorded(drawing())
    assert tuple(copy.get_size_inches()) == (4, 3)
    assert 'viewBox="0 0 288 216"' in writing.svg(copy)


def test_an_image_is_refused() -> None:
    figure = Figure()
    figure.subplots().imshow([[1, 2], [3, 4]])
    with pytest.raises(NotImplementedError):
        recorded(figure)


def test_fonts_are_cut_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    theirs = fonts.get_glyphs_subset

    def cut(file: str, letters: str) -> object:
        asked.append(letters)
        return theirs(file, letters)

    def written(text: str) -> bytes:
        figure = Figure(figsize=(2, 1))
        figure.text(0.1, 0.5, text)
        return writing.pdf(figure)

    monkeypatch.setattr(fonts, "get_glyphs_subset", cut)
    with mpl.rc_context(SAME_EVERY_TIME):
        files = [written(text) for text in ("optimizer 1", "regret [%]", "optimizer 1")]
        assert files[0] == files[2] != files[1]
        assert len(asked) == 1
        assert {*"optimzer 1regret[%]"} <= set(asked[0])
        assert written("Ёлка") != files[0]  # letters that are not common are cut, with the others
        assert len(asked) == 2
        assert {*"Ёлка"} <= set(asked[1])
    assert fonts.get_glyphs_subset is cut
