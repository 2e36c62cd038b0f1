"""Displays: from runs to a figure of one's own, in the manner of scikit-learn's; and how it is made to one's wishes."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace
from matplotlib.figure import Figure

import encave
from encave.analysis.charts.drawing import font_file
from encave.analysis.charts.style_sheet import style_sheet
from encave.run import Objective, Optimizer, Provenance, Run

LONG_CYCLE = " * ".join(f"cycler({one}={[1] * 99})" for one in ("lw", "ms", "mew"))
DISPLAYS = [name for name in encave.__all__ if name.endswith("Display") and name != "Display"]


def make(optimizer: str, task: str, seed: int) -> Run:
    """A run of thirty trials in two objectives, over choices."""
    rng = np.random.default_rng([ord(optimizer), len(task), seed])
    space = ConfigurationSpace()
    space.add([CategoricalHyperparameter(name, tuple("abcd")) for name in "xy"])
    loss = rng.uniform(1, 2, size=30) + 40 * (np.arange(30) < 2) + {"A": 0.0, "B": 0.3, "C": 2.0}[optimizer]
    return Run.from_columns(
        name=f"{optimizer}-{task}-{seed}",
        optimizer=Optimizer(optimizer),
        space=space,
        objectives=[Objective("loss"), Objective("size")],
        trials={
            "config_id": rng.permutation(30) % 16,
            "status": np.full(30, "success"),
            "cost:loss": loss,
            "cost:size": 30 - 10 * loss / loss.max() + rng.uniform(size=30),
            "end": np.arange(1.0, 31.0),
        },
        configurations={i: {"x": "abcd"[i // 4], "y": "abcd"[i % 4]} for i in range(16)},
        provenance=Provenance(task=task, seed=seed, compared_by="loss"),
    )


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    return [make(label, task, seed) for label in "ABC" for task in ("one", "three") for seed in range(6)]


@pytest.mark.parametrize("name", DISPLAYS)
def test_every_display_draws_runs_and_touches_nothing_global(runs: list[Run], name: str, tmp_path: Path) -> None:
    before, task = dict(matplotlib.rcParams), {} if name == "ProfilesDisplay" else {"task": "one"}
    figures = matplotlib._pylab_helpers.Gcf.get_all_fig_managers()  # type: ignore[attr-defined]
    kind = getattr(encave, name)
    shown = kind.from_runs(
        runs, **task, title="Mine", width="3.25in", font="DejaVu Serif", style="ggplot", footer=False
    )
    assert isinstance(shown, kind) and isinstance(shown, encave.Display)
    assert shown.ax_.figure is shown.figure_ and shown.figure_.get_figwidth() == 3.25
    texts = [text.get_text() for text in [*shown.ax_.texts, shown.ax_._left_title]]
    assert any("Mine" in text for text in texts), texts
    again = shown.plot(width=4)
    assert again is shown and shown.figure_.get_figwidth() == 4
    for ending in ("pdf", "png", "svg", "pgf"):
        assert shown.save(tmp_path / f"x.{ending}").stat().st_size > 1000
    assert dict(matplotlib.rcParams) == before
    assert matplotlib._pylab_helpers.Gcf.get_all_fig_managers() == figures  # type: ignore[attr-defined]
    pdf = (tmp_path / "x.pdf").read_bytes()
    assert b"/FontFile2" in pdf and b"/Type3" not in pdf, "no fonts of type 3, which venues refuse"


LINES = ["CurvesDisplay", "RanksDisplay", "ECDFDisplay", "HypervolumeDisplay", "AttainmentDisplay", "ProfilesDisplay"]


@pytest.mark.parametrize("name", LINES)
def test_lines_are_drawn_into_axes_of_ones_own(runs: list[Run], name: str) -> None:
    figure = Figure()
    axes = figure.subplots()
    task = {} if name == "ProfilesDisplay" else {"task": "one"}
    shown = getattr(encave, name).from_runs(
        runs, ax=axes, **task, order=["C", "B"], colours={"B": "#abcdef"}, linewidth=3.5, ylabel="Own", legend="outside"
    )
    assert shown.ax_ is axes and shown.figure_ is figure and axes.get_ylabel() == "Own"
    labels = [line.get_label() for line in shown.line_]
    assert labels == ["C", "B", "A"], "in the order that was asked for"
    assert {line.get_linewidth() for line in shown.line_} == {3.5}
    assert shown.line_[1].get_color() == "#abcdef" and shown.line_[0].get_color() == "#0072B2"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["C", "B", "A"]
    twin = shown.plotly()
    assert [trace.name for trace in twin.data if trace.showlegend] == ["C", "B", "A"]
    assert twin.layout.yaxis.title.text == "Own"
    with pytest.raises(encave.EncaveError, match=r"width: of a figure of its own, so leave out ax="):
        shown.plot(ax=axes, width=3)


def test_bars_and_panels_without_a_twin_say_so(runs: list[Run], tmp_path: Path) -> None:
    bars = encave.ImportanceDisplay.from_runs(runs, task="one", order=["C"])
    assert [trace.name for trace in bars.plotly().data] == ["C", "A", "B"]
    panels = encave.IncumbentsDisplay.from_runs(runs, task="one")
    with pytest.raises(encave.EncaveError, match="no interactive twin"):
        panels.save(tmp_path / "x.html")
    with pytest.raises(encave.EncaveError, match="a chart of areas is drawn into a figure of its own"):
        panels.plot(ax=Figure().subplots())
    with pytest.raises(encave.EncaveError, match="a chart of areas has no room for a legend inside"):
        panels.plot(legend="inside")


@pytest.fixture(scope="module")
def curves(runs: list[Run]) -> encave.Display:
    return encave.CurvesDisplay(encave.compare(runs).curves("one"))


def test_the_figure_is_as_it_is_asked_for(curves: encave.Display, tmp_path: Path) -> None:
    shown = curves.plot(title="", xlabel="Trials", width="8cm", height="50mm", log=False, legend="none")
    assert shown.figure_.get_size_inches() == pytest.approx((8 / 2.54, 5 / 2.54))
    assert shown.ax_.get_xlabel() == "Trials" and not shown.ax_.get_title(loc="left")
    assert shown.ax_.get_yscale() == "linear" and not shown.figure_.legends and shown.ax_.get_legend() is None
    assert 'width="226.771654pt" height="141.732283pt"' in shown.save(tmp_path / "x.svg").read_text()
    inside = curves.plot(legend="inside", log=True)
    assert inside.ax_.get_legend() and not inside.figure_.legends and inside.ax_.get_yscale() == "log"
    assert curves.plot(width="text").figure_.get_figwidth() == 7.0 and curves.plot().figure_.legends


def test_a_style_sheet_says_colours_and_sizes_and_keywords_win(curves: encave.Display, tmp_path: Path) -> None:
    sheet = tmp_path / "my.mplstyle"
    sheet.write_text(
        "axes.prop_cycle: cycler('color', ['112233', '445566', '778899'])\nfigure.figsize: 5, 3\nlines.linewidth: 4\n"
        "font.family: DejaVu Serif\nbackend: pdf\n"
    )
    shown = curves.plot(style=sheet, colours={"B": "#ff0000"})
    assert tuple(shown.figure_.get_size_inches()) == (5, 3)
    colours = {line.get_label(): line.get_color() for line in shown.line_}
    assert colours == {"A": "#112233", "B": "#ff0000", "C": "#778899"}
    assert {line.get_linewidth() for line in shown.line_} == {4.0}
    assert shown.ax_.xaxis.label.get_fontfamily() == ["DejaVu Serif"]
    assert curves.plot(style=str(sheet), width=6).figure_.get_figwidth() == 6


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"legend": "left"}, "legend 'left'; there are inside, outside, none"),
        ({"width": "3 feet"}, "width '3 feet'; there are column, text and lengths in in, cm, mm or pt, such as 3.25in"),
        ({"width": "column", "height": "text"}, "height 'text'; there are lengths in in, cm, mm or pt"),
        ({"width": -1}, "width -1; there are column"),
        ({"width": True}, "width True; there are column"),
        ({"width": 0.5}, "a figure 0.5 in wide has no room for its axes; it needs"),
        ({"height": 0.5}, "a figure 0.5 in high has no room for its axes; it needs"),
        ({"font": "No Such Font"}, "no font 'No Such Font' on this machine; there are "),
        ({"colours": {"A": "bluish"}}, "the colour of 'A' is 'bluish', not of the form #0072B2 or another of matplot"),
        ({"colours": {"A": "none"}}, "the colour of 'A' is 'none', not of the form #0072B2"),
        ({"log": "yes"}, "log is True or False, not 'yes'"),
        ({"footer": "no"}, "footer is True or False, not 'no'"),
        ({"title": 3}, "title is text, not 3"),
        ({"xlabel": ["a"]}, "xlabel is text, not ['a']"),
        ({"order": [3]}, "a name in order is that of an optimizer, not 3"),
        ({"colours": ["red"]}, "what is given as colours is like "),
        ({"figsize": (3, 2)}, "is called 'figsize'; width= and height= are its size in inches"),
        ({"colors": {"A": "red"}}, "is called 'colors'; colours= are those of optimizers"),
        ({"task": "one"}, "is called 'task'; a result has the task"),
        ({"linewdth": 2}, "is called 'linewdth'; do you mean linewidth?"),
        ({"linewidth": "thick"}, "linewidth = 'thick' is nothing for lines: "),
        ({"paper": "nature"}, "no venue 'nature'; there are neurips"),
        ({"ax": Figure().subplots(1, 2)}, "not ndarray; choose one of them, as in axes[0]"),
        ({"ax": Figure()}, "ax is the Axes of matplotlib to draw into, not Figure"),
        ({"order": "A"}, "order is 'A'; it is a list of optimizers"),
        ({"style": "nowhere.mplstyle"}, "no style sheet 'nowhere.mplstyle'; name a file or one of "),
    ],
)
def test_a_bad_value_is_one_line_that_says_what_there_is(curves: encave.Display, wrong: dict, told: str) -> None:
    with pytest.raises(encave.EncaveError, match=re.escape(told)) as raised:
        curves.plot(**wrong)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("lines.linewidth: wide", "line 1: .*wide"),
        ("no.such.setting: 1", r"line 1: .*no\.such\.setting"),
        ("lines.linewidth 1", "line 1: 'lines.linewidth 1' is not of the form key: value"),
        ("\naxes.prop_cycle: red", "line 2: axes.prop_cycle is no cycler"),
        ("axes.prop_cycle: cycler('color', ['r'] * 9**9)", "line 1: "),
        (
            "axes.prop_cycle: " + " * ".join(f"cycler({one}={[1] * 99})" for one in ("lw", "ms", "mew")),
            "line 1: a cycle of 970,299",
        ),
        ("axes.prop_cycle: cycler(color=['r']) * 10000000", "line 1: a cycle of 10,000,000 places is too long"),
        ("axes.prop_cycle: " + "(" * 100_000, "line 1: "),
    ],
)
def test_a_bad_line_of_a_style_sheet_is_told(curves: encave.Display, tmp_path: Path, line: str, told: str) -> None:
    sheet = tmp_path / "my.mplstyle"
    sheet.write_text(f"{line}\n")
    with pytest.raises(encave.EncaveError, match=rf"the style sheet .*my\.mplstyle, {told}") as raised:
        curves.plot(style=sheet)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "code",
    [
        "[q := [], q.append(q[0].gi_frame.f_back.f_back.f_builtins for x in [1]), "
        "[*q[0]][0]['open'](PATH, 'w'), cycler(color=['r'])][-1]",
        "cycler(color=[open(PATH, 'w').name])",
        "cycler(color=['r']) + cycler(color=open(PATH, 'w'))",
    ],
)
def test_a_style_sheet_runs_nothing(curves: encave.Display, tmp_path: Path, code: str) -> None:
    sheet = tmp_path / "my.mplstyle"
    sheet.write_text("axes.prop_cycle: " + code.replace("PATH", repr(str(tmp_path / "harm"))))
    with pytest.raises(encave.EncaveError, match="line 1: "):
        curves.plot(style=sheet)
    assert not (tmp_path / "harm").exists()


def test_a_style_sheet_is_of_looks_alone(curves: encave.Display, tmp_path: Path) -> None:
    sheet = tmp_path / "my.mplstyle"
    sheet.write_text(
        "text.usetex: True  # which starts TeX\ntext.latex.preamble: \\input{harm}\npgf.texsystem: lualatex\n"
        'backend: module://harm\nfigure.hooks: harm:harm\nlines.linewidth: 3  # a comment\ngrid.color: "#112233"\n'
        "axes.prop_cycle: (cycler('color', ['r', '00ff00']) + cycler(lw=[3, 3])) * cycler(marker=['o', 'x'])\n"
    )
    found = style_sheet(sheet)
    assert sorted(found) == ["axes.prop_cycle", "grid.color", "lines.linewidth"]
    assert found["axes.prop_cycle"].by_key()["color"] == ["r", "r", "#00ff00", "#00ff00"]
    assert {line.get_linewidth() for line in curves.plot(style=sheet).line_} == {3.0}


def test_no_file_is_a_font(curves: encave.Display, tmp_path: Path) -> None:
    font = tmp_path / "harm.ttf"
    shutil.copy(font_file("DejaVu Serif"), font)
    with pytest.raises(encave.EncaveError, match="no font "):
        curves.plot(font=f"../../../../../../../../../../../../../../..{font.with_suffix('')}")


def test_what_a_chart_does_not_have_is_told(runs: list[Run]) -> None:
    diagram = encave.compare(runs).critical_difference("one")
    with pytest.raises(
        encave.EncaveError, match="a critical-difference diagram has no xlabel of its own; it has title"
    ):
        diagram.plot(xlabel="x")
    with pytest.raises(
        encave.EncaveError, match="axis is of charts of lines, which a critical-difference diagram is not"
    ):
        diagram.plot(log=True)
    assert diagram.plot(height=2.5).figure_.get_figheight() == 2.5
    with pytest.raises(encave.EncaveError, match=r"does not fit 0\.4 in of height; it needs"):
        diagram.plot(height=0.4)
    with pytest.raises(encave.EncaveError, match="a chart shows one task; choose one with task=: one, three"):
        encave.CurvesDisplay.from_runs(runs)


def test_the_page_to_hover_over_stands_by_itself(curves: encave.Display, tmp_path: Path) -> None:
    page = curves.plot(title="<b>Mine</b>").save(tmp_path / "x.html").read_text(encoding="utf-8")
    assert "<script src" not in page and "plotly.js v" in page
    [title] = re.findall(r'"text":("[^"]*Mine[^"]*")', page)
    assert json.loads(title) == "&lt;b&gt;Mine&lt;/b&gt;", "a title is text and no markup"


def test_attainment_has_a_table(runs: list[Run]) -> None:
    found = encave.compare(runs).attainment()
    documented = type(found).table.__doc__ or ""
    rows = found.records()
    assert all(f"`{name}`" in documented for name in rows[0]) and {row["task"] for row in rows} == {"one", "three"}
    first = [row["first_value"] for row in rows if (row["task"], row["optimizer"]) == ("one", "A")]
    assert first == sorted(first) and {(row["first_objective"], row["second_objective"]) for row in rows} == {
        ("loss", "size")
    }


def test_a_look_stands_over_another() -> None:
    from encave.analysis.charts.look import Look

    usual = Look(title="", footer=False, colours={"A": "#111111", "B": "#222222"}, order=["B"], roster=["A", "B"])
    found = Look(xlabel="x", footer=True, colours={"B": "#333333"}).over(usual)
    assert (found.title, found.xlabel, found.footer) == ("", "x", True)
    assert found.colours == {"A": "#111111", "B": "#333333"} and list(found.order) == ["B"]
    styles = found.styles(["A", "C"])
    assert list(styles) == ["B", "A", "C"] and styles["A"].colour == "#111111", "the roster keeps each its look"


def test_colours_are_those_of_matplotlib_and_a_paper_has_a_name(curves: encave.Display) -> None:
    shown = curves.plot(colours={"A": "tab:blue", "B": (1.0, 0.0, 0.0), "C": "#A0B0C0"}, paper="icml")
    assert {line.get_label(): line.get_color() for line in shown.line_} == {
        "A": "#1f77b4",
        "B": "#ff0000",
        "C": "#A0B0C0",
    }
    assert shown.figure_.get_figwidth() == encave.paper("icml").width


def test_nothing_is_drawn_for_a_keyword_that_lines_do_not_have(curves: encave.Display) -> None:
    axes = Figure().subplots()
    with pytest.raises(encave.EncaveError, match="'figsize'"):
        curves.plot(ax=axes, figsize=(3, 2))
    assert not axes.has_data()


def test_a_display_draws_results_only(runs: list[Run]) -> None:
    with pytest.raises(encave.EncaveError, match=r"not list; CurvesDisplay\.from_runs\(runs\) goes there from runs"):
        encave.CurvesDisplay(runs)  # type: ignore[arg-type]
    with pytest.raises(encave.EncaveError, match=r"not list; CurvesDisplay\.from_runs\(runs\) goes there"):
        encave.Display(runs)  # type: ignore[arg-type]
