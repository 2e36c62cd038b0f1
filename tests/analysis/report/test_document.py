"""`main.tex` of a report: it compiles without a complaint, and cites exactly what was used."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from encave.analysis.charts.papers import VENUES, paper
from encave.analysis.report import Report, write_report
from encave.analysis.report.settings import Settings

from ... import drawing
from .native_words import assert_all_are_named

needs_tex = pytest.mark.skipif(
    shutil.which("pdflatex") is None or shutil.which("bibtex") is None,
    reason="needs pdflatex and bibtex (Debian: texlive-latex-extra texlive-fonts-recommended lmodern)",
)
HARD = "a_b & 50% #1 {x} $y ~^\\ <i> Ω-µ é 优 " + "_long" * 8


@pytest.fixture(scope="module")
def study(make_run):
    """Two tasks, three optimizers, eight seeds, names that LaTeX would choke on."""
    rng = np.random.default_rng(1)
    return [
        make_run(label, seed, place + rng.random(6), reported=place + rng.random(6), task=task)
        for task in ("cifar10", HARD)
        for place, label in enumerate(("DEHB", "SMAC", HARD))
        for seed in range(8)
    ]


@pytest.fixture(scope="module")
def report(study, tmp_path_factory) -> Report:
    with drawing.figures(drawing.draw_figure):
        return write_report(study, tmp_path_factory.mktemp("document") / "report")


def compile_document(folder: Path) -> str:
    """The log of the last of the usual four runs."""
    for program in ("pdflatex", "bibtex", "pdflatex", "pdflatex"):
        options = [] if program == "bibtex" else ["-interaction=nonstopmode", "-halt-on-error"]
        done = subprocess.run([program, *options, "main"], cwd=folder, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:].decode("latin-1")
    return (folder / "main.log").read_text(encoding="latin-1")


def assert_compiles(folder: Path) -> None:
    log = compile_document(folder)
    assert re.findall(r"(?:Overfull|undefined|multiply defined|LaTeX Warning).*", log) == []
    assert (folder / "main.pdf").stat().st_size > 20_000


@pytest.mark.parametrize("columns", ["neurips", "icml"])
def test_the_text_names_the_first_and_the_last_that_are_printed(make_run, tmp_path: Path, columns: str) -> None:
    """Figures and tables are put beside each other where two fit, so that their order is another one."""
    runs = [
        make_run(label, seed, [9.0, place + seed / 9], reported=[9.0, place + seed / 9], task=task)
        for task in ("a", "b")
        for place, label in enumerate(("DEHB", "RE", "SMAC"), 1)
        for seed in range(6)
    ]
    settings = Settings(control="RE", venue=columns)
    with drawing.figures(drawing.draw_figure):
        text = (write_report(runs, tmp_path / "report", settings=settings).folder / "main.tex").read_text()
    for section in text.split(r"\subsection{")[1:]:
        assert_all_are_named(section)


@needs_tex
def test_the_document_compiles_without_a_complaint(report: Report) -> None:
    assert_compiles(report.folder)


@needs_tex
def test_the_document_of_a_venue_compiles_without_a_complaint(study, tmp_path: Path) -> None:
    with drawing.figures(drawing.as_pdf):
        report = write_report(study, tmp_path / "report", settings=Settings(venue="neurips"))
    assert_compiles(report.folder)


@needs_tex
def test_figures_as_pgf_compile(report: Report) -> None:
    pictures = sorted(path.name for path in (report.folder / "figures").glob("*.pgf"))
    lines = [rf"\noindent\input{{figures/{name}}}\par" for name in pictures]
    start = [r"\documentclass{article}", r"\usepackage[T1]{fontenc}", r"\usepackage{lmodern,textcomp,pgf}"]
    text = "\n".join([*start, r"\begin{document}", *lines, r"\end{document}"])
    (report.folder / "pictures.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "pictures"]
    done = subprocess.run(command, cwd=report.folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:].decode("latin-1")
    assert len(pictures) == len(report.figures)


def test_the_bibliography_has_exactly_what_is_cited(report: Report) -> None:
    tex, bib = ((report.folder / name).read_text(encoding="utf-8") for name in ("main.tex", "references.bib"))
    cited = {key for keys in re.findall(r"\\citep\{([^}]*)\}", tex) for key in keys.split(",")}
    listed = re.findall(r"^@\w+\{(\w+),", bib, re.MULTILINE)
    assert sorted(cited) == sorted(listed) and len(listed) == len(set(listed))
    assert {"awad2021dehb", "lindauer2022smac", "wilcoxon1945individual", "holm1979simple"} <= cited
    assert "demsar2006statistical" not in cited  # Nemenyi's test was not made


def test_every_figure_and_table_is_in_the_document(report: Report) -> None:
    tex = (report.folder / "main.tex").read_text(encoding="utf-8")
    assert set(re.findall(r"\{figures/(.*?)\.pdf\}", tex)) == {path.stem for path in report.figures}
    assert set(re.findall(r"\\input\{tables/(.*?)\}", tex)) == {path.stem for path in report.tables}


def test_wide_tables_go_over_both_columns(study, report: Report, make_run, tmp_path: Path) -> None:
    narrow = write_report([make_run()], tmp_path / "narrow").folder / "tables" / "toy.tex"
    assert narrow.read_text(encoding="utf-8").count("{table*}") == 0
    one = write_report(study, tmp_path / "iclr", settings=Settings(venue="iclr"))
    text = [(made.folder / "tables" / "cifar10.tex").read_text(encoding="utf-8") for made in (report, one)]
    assert [one.count("{table*}") for one in text] == [2, 0]


@pytest.mark.parametrize("venue", VENUES)
def test_figures_have_the_width_of_the_column(make_run, tmp_path: Path, venue: str) -> None:
    with drawing.figures(drawing.first):
        report = write_report([make_run()], tmp_path / venue, settings=Settings(venue=venue))
    box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ", report.figures[0].read_bytes())
    assert box is not None and float(box[1]) / 72 == pytest.approx(paper(venue).width, abs=0.01)
