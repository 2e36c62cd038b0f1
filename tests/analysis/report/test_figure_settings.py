"""`[figures]` of `report.toml`, and how its numbers are summarised: what figures of a report look like and say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from encave import EncaveError
from encave.analysis.report import write_report
from encave.analysis.report.settings import read_settings


def settings(folder: Path, text: str):
    (folder / "report.toml").write_text(text, encoding="utf-8")
    return read_settings(folder / "report.toml")


def report(make_run, folder: Path, text: str):
    costs = {"A": (9.0, 5.0, 1.0), "B": (8.0, 4.0, 2.0), "C": (9.0, 9.0, 7.0)}
    runs = [
        make_run(label, seed, [*(cost + seed**2 / 7 for cost in own), 0.5])
        for label, own in costs.items()
        for seed in range(5)
    ]
    return write_report(runs, folder / "report", settings=settings(folder, text))


def traces(page: str) -> list[dict]:
    found = re.findall(r'<script type="application/json" id="[^"]*">(.*?)</script>', page, re.DOTALL)
    return [json.loads(one) for one in found]


@pytest.mark.drawn
def test_figures_of_a_report_look_as_the_file_says(make_run, tmp_path: Path) -> None:
    made = report(
        make_run,
        tmp_path,
        """
        [figures]
        title = ""
        footer = false
        width = "2.5in"
        legend = "none"
        order = ["C"]
        [figures.colours]
        A = "#123456"
        [figures.curves]
        ylabel = "What is lost"
        log = false
        height = "1.5in"
        """,
    )
    svg = {path.stem: path.with_suffix(".svg").read_text(encoding="utf-8") for path in made.figures}
    assert all('width="180pt"' in one for one in svg.values()), "2.5 in are 180 points"
    assert [name for name, one in svg.items() if 'height="108pt"' in one] == [
        "toy-loss-regret",
        "toy-loss",
        "toy-loss-regret-over-evaluations",
    ]
    assert "#123456" in svg["toy-loss-regret"] and "#0072b2" in svg["toy-loss-regret"].lower(), (
        "C is the first of the palette"
    )
    page = made.page.read_text(encoding="utf-8")
    named = [one["layout"]["yaxis"]["title"]["text"] for one in traces(page) if "yaxis" in one["layout"]]
    assert named.count("What is lost") == 3 and len(named) > 3, "only the curves"
    curves = next(one for one in traces(page) if one["layout"]["yaxis"]["title"]["text"] == "What is lost")
    assert curves["layout"]["yaxis"]["type"] == "linear"
    assert "is linear below" not in page, "a caption says what is drawn"


def test_curves_of_a_report_are_what_the_file_says(make_run, tmp_path: Path) -> None:
    made = report(
        make_run, tmp_path, 'statistic = "median"\nrule = "any-budget"\naxis = "evaluations"\nreference = 0.25'
    )
    page = made.page.read_text(encoding="utf-8")
    assert "Curves are medians over runs" in page and "Curves are means" not in page
    assert "at any budget: only a strictly lower cost" in page and "Regret is against 0.25" in page
    curves = (tmp_path / "report" / "data" / "curves.csv").read_text(encoding="utf-8").splitlines()
    place = [name.strip('"') for name in curves[0].split(",")].index("statistic")
    assert {line.split(",")[place].strip('"') for line in curves[1:]} == {"median"}
    assert "evaluations" in curves[1]


def test_the_same_keys_may_stand_in_the_table_of_figures(tmp_path: Path) -> None:
    read = settings(tmp_path, '[figures]\nstatistic = "iqm"\ninterval = "bootstrap"\naxis = "epochs"\n')
    assert (read.statistic, read.interval, read.axis) == ("iqm", "bootstrap", "epochs")
    assert read.summary.statistic.name == "iqm" and read.summary.interval == "bootstrap"


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ('title = "x"\n[figures]\nlegend = "left"', 3, "there are inside, outside, none"),
        ('[figures]\n\nwidth = "wide"', 3, "there are column, text and lengths in in, cm, mm or pt"),
        ("[figures]\nheight = -1", 2, "lengths in in, cm, mm or pt"),
        ("[figures]\nlog = 1", 2, "not of the kind"),
        ("[figures]\nfont = 'No Such Font'", 2, "no font 'No Such Font'"),
        ("[figures]\nstyle = 'no-such-style'", 2, "no style sheet 'no-such-style'"),
        ("[figures]\ncolour = 1", 2, "knows no key 'colour'; there are title, xlabel"),
        ("[figures.colours]\nA = 'red'", 2, "not of the form #0072B2"),
        ("[figures.cd]\nxlabel = 'x'", 2, "[figures.cd] knows no key 'xlabel'; there are title, height, footer"),
        ('statistic = "mode"', 1, "choose mean, median, iqm"),
        ('\n\nrule = "best"', 3, 'there are "as-logged"'),
        ('axis = "epochs"\n[figures]\naxis = "time"', 3, "axis is given twice"),
        ("[[runs]]\nmatch='a'\n[[runs]]\nuse = 3", 4, "number 2: use = 3 is no text"),
        ("figures = 3", 1, "figures is no table"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, line: int, told: str) -> None:
    with pytest.raises(EncaveError, match=rf"report\.toml, line {line}: ") as raised:
        settings(tmp_path, text)
    assert told in str(raised.value) and "\n" not in str(raised.value)


def test_optimizers_that_are_not_there_are_told(make_run, tmp_path: Path) -> None:
    with pytest.raises(EncaveError, match="order: there are no runs of 'D'; there are A, B, C"):
        report(make_run, tmp_path, '[figures]\norder = ["D"]')


def test_a_figure_as_wide_as_the_text_stands_alone(make_run, tmp_path: Path) -> None:
    made = report(make_run, tmp_path, '[figures]\nwidth = "text"\n')
    tex = (made.folder / "main.tex").read_text(encoding="utf-8")
    assert tex.count(r"\begin{figure}") == len(made.figures) == tex.count(r"\includegraphics{")
    assert "The vertical axis is linear below" in tex, "where nothing is said of the axis"
    assert r"\includegraphics{figures/toy-loss.pdf}" in tex
