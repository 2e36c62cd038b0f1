"""`encave plot`: one figure for one's own paper, as the library and the report draw it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import encave
from encave.analysis.report.figure_settings import KINDS
from encave.cli import cli
from encave.cli.plot import plot

from ..example_runs import example_runs

ONE = ("--task", "mlp")


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plot")
    for run in example_runs():
        run.save(folder / run.name)
    return folder


def test_what_can_be_drawn_can_be_named_in_a_report() -> None:
    assert set(plot.commands) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_the_librarys_figure(folder: Path, tmp_path: Path, kind: str) -> None:
    task = () if kind == "profiles" else ONE
    done = invoke(
        "plot", kind, folder, *task, "--out", tmp_path / "a.svg", "--width", "9cm", "--title", "", "--no-footer"
    )
    assert done.exit_code == 0 and done.stdout == f"Figure: {tmp_path / 'a.svg'}\n", done.output
    runs = encave.read(folder)
    c = encave.compare(runs)
    result = {
        "curves": lambda: c.curves("mlp"), "ranks": lambda: c.ranks("mlp"), "profiles": c.profiles,
        "ecdf": lambda: c.runtimes(task="mlp").ecdf(), "cd": lambda: c.critical_difference("mlp"),
        "importance": lambda: encave.importance(runs).of("mlp"), "pareto": lambda: c.attainment("mlp"),
        "hypervolume": lambda: c.hypervolume("mlp"), "footprint": lambda: c.footprints("mlp"),
        "incumbents": lambda: encave.incumbents(runs).of("mlp"),
    }[kind]()  # fmt: skip
    result.plot(width="9cm", title="", footer=False).save(tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_flags_are_the_keywords_of_the_library(folder: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "my.mplstyle"
    sheet.write_text("lines.linewidth: 3\n")
    done = invoke(
        "plot", "curves", folder, *ONE, "--out", tmp_path / "a.svg", "--statistic", "median", "--interval", "bootstrap",
        "--axis", "evaluations", "--linear", "--xlabel", "Trials", "--ylabel", "Loss", "--legend", "inside", "--width",
        "text", "--height", "2in", "--font", "DejaVu Serif", "--order", "SMAC,Random", "--colours", "DEHB=#112233",
        "--style", sheet, "--venue", "neurips",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    encave.CurvesDisplay.from_runs(
        encave.read(folder), task="mlp", statistic="median", interval="bootstrap", axis="evaluations", log=False,
        xlabel="Trials", ylabel="Loss", legend="inside", width="text", height="2in", font="DejaVu Serif",
        order=["SMAC", "Random"], colours={"DEHB": "#112233"}, style=sheet, paper=encave.paper("neurips"),
    ).save(tmp_path / "b.svg")  # fmt: skip
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert 'width="396pt" height="144pt"' in (tmp_path / "a.svg").read_text(), "5.5 by 2 inches"


@pytest.mark.parametrize(
    ("ending", "begin"), [("pdf", b"%PDF"), ("png", b"\x89PNG"), ("pgf", b"% made"), ("html", b"<html")]
)
def test_the_ending_is_the_format(folder: Path, tmp_path: Path, ending: str, begin: bytes) -> None:
    done = invoke("plot", "ranks", folder, *ONE, "--out", tmp_path / f"a.{ending}")
    assert done.exit_code == 0 and (tmp_path / f"a.{ending}").read_bytes().startswith(begin), done.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((*ONE, "--out", "a.docx"), "no figure of the kind '.docx'; there are pdf, png, svg, pgf, html"),
        ((*ONE, "--legend", "left"), "legend 'left'; there are inside, outside, none"),
        ((*ONE, "--width", "wide"), "width 'wide'; there are column, text and lengths in in, cm, mm or pt"),
        ((*ONE, "--order", "BOHB"), "order: there are no runs of 'BOHB'; there are DEHB, Random, SMAC"),
        ((*ONE, "--colours", "DEHB"), "--colours DEHB is not OPTIMIZER=#0072B2"),
        ((*ONE, "--colours", "DEHB=red"), "the colour of 'DEHB' is 'red', not of the form #0072B2"),
        ((*ONE, "--statistic", "mode"), "choose mean, median, iqm"),
        ((*ONE, "--venue", "nature"), "no venue 'nature'; there are neurips"),
        ((*ONE, "--measure", "accuracy"), "mlp has no measure 'accuracy'; there are loss regret"),
        ((), "a chart shows one task; choose one with --task: forest, mlp"),
        (("--task", "cnn"), "no task 'cnn'; there are forest, mlp"),
    ],
)
def test_a_bad_value_is_one_line_that_says_what_there_is(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    out = () if "--out" in arguments else ("--out", "a.pdf")
    done = invoke("plot", "curves", folder, *arguments, *out)
    assert done.exit_code == 2 and told in done.stderr, done.output
    assert len([line for line in done.stderr.splitlines() if line.startswith("encave:")]) == 1
    assert not list(tmp_path.iterdir())


def test_settings_are_those_of_the_report(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "report.toml").write_text(
        """
        statistic = "median"
        optimizers = ["Ours", "Random"]
        venue = "icml"
        [labels]
        DEHB = "Ours"
        [colours]
        Ours = "#112233"
        [figures]
        title = "Nobody"
        footer = false
        legend = "none"
        [figures.curves]
        title = "From the file"
        ylabel = "Loss"
        [[runs]]
        match = "*-mlp-*"
        task = "perceptron"
        """,
        encoding="utf-8",
    )
    settings = ("--settings", tmp_path / "report.toml", "--task", "perceptron")
    done = invoke("plot", "curves", folder, *settings, "--out", tmp_path / "a.svg", "--ylabel", "Mine")
    assert done.exit_code == 0, done.output
    runs = encave.read(folder, settings=tmp_path / "report.toml")
    encave.CurvesDisplay.from_runs(
        runs, task="perceptron", statistic="median", title="From the file", ylabel="Mine", legend="none", footer=False,
        colours={"Ours": "#112233"}, paper=encave.paper("icml"),
    ).save(tmp_path / "b.svg")  # fmt: skip
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert "#112233" in (tmp_path / "a.svg").read_text()
    # what every figure has is no error where one has no such thing; what a flag says is
    done = invoke("plot", "cd", folder, *settings, "--out", tmp_path / "c.svg")
    assert done.exit_code == 2 and re.search(r"needs three optimizers|no critical-difference", done.stderr)
