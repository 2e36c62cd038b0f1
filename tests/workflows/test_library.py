"""The library as it is used: docs/library.md from top to bottom, doctests, and what the command line says beside it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import matplotlib
import pyarrow as pa
import pytest
from click.testing import CliRunner

import encave
from encave.analysis import tables
from encave.analysis.comparison.robustness import FEWEST, rank_robustness
from encave.analysis.comparison.training_noise import NoiseOfLead
from encave.analysis.tables.result import Result
from encave.analysis.tables.robustness import Robustness
from encave.analysis.tables.tests import FriedmanTests
from encave.analysis.tables.training_noise import LeadNoise
from encave.cli import cli
from encave.run.tabular import Tabular

ROOT = Path(__file__).resolve().parents[2]
TOLD = {"objective": "loss", "hyperparameters": "lr"}
STORE = ROOT / "tests" / "studies" / "golden"


@pytest.fixture(scope="module")
def runs() -> encave.Runs:
    return encave.read(STORE)


def test_nothing_heavy_is_loaded_before_it_is_used() -> None:
    program = (
        "import sys, encave; dir(encave); encave.__all__\n"
        "heavy = {'numpy', 'scipy', 'pandas', 'pyarrow', 'matplotlib', 'ConfigSpace'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr


def test_every_public_name_is_there_and_told() -> None:
    for name in encave.__all__:
        assert getattr(encave, name).__doc__, name
        assert name in dir(encave)


@pytest.mark.end_to_end
@pytest.mark.parametrize("of", ["a store", "converted runs"])
def test_the_page_of_the_library_runs_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: str
) -> None:
    text = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    program = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    assert program.count("\n") > 20
    monkeypatch.chdir(tmp_path)
    if of == "a store":
        (tmp_path / "old").symlink_to(STORE, target_is_directory=True)
    else:
        done = encave.convert(STORE, tmp_path / "old")
        assert len(done) == 36 and len(list((tmp_path / "old").glob("*/run.json"))) == 36
    before = dict(matplotlib.rcParams)
    exec(compile(program, "docs/library.md", "exec"), {})
    assert dict(matplotlib.rcParams) == before
    for name in ("curves.pdf", "table.tex", "cd.pdf", "importance.png", "report/report.html"):
        assert (tmp_path / name).stat().st_size > 0, name


def test_runs_are_labelled_and_chosen(runs: encave.Runs) -> None:
    assert len(runs) == 36 and {run.label for run in runs} == {"DEHB", "RE", "Random"}
    ours = runs.label({"DEHB": "DEHB (ours)"})
    assert {run.label for run in ours} == {"DEHB (ours)", "RE", "Random"} and {run.label for run in runs[:3]} == {
        "DEHB"
    }
    few = ours.where(task="cifar10", optimizer=["RE", "DEHB (ours)"], seed=range(2))
    assert [(run.label, run.seed) for run in few] == [("DEHB (ours)", 0), ("DEHB (ours)", 1), ("RE", 0), ("RE", 1)]
    assert len(runs.where(lambda run: run.seed == 0)) == 6
    table = runs.table()
    assert table["run"].to_pylist() == [run.name for run in runs]
    best = runs[0].incumbent()
    assert best is not None and table["incumbent"][0].as_py() == best.value
    with pytest.raises(encave.EncaveError, match="no run of the label 'BOHB'; there are DEHB, RE, Random"):
        runs.label({"BOHB": "ours"})


def every_result(runs: encave.Runs) -> list[Result]:
    c = encave.compare(runs, control="RE")
    times, table = c.runtimes(), encave.landscape("surrogate", runs[:6], order=1)
    return [
        *(c.curves(), c.final(), c.runs(), c.ranks(), c.tests(), c.tests().friedman(), c.tests().omnibus()),
        *(c.tests().controls(), times, times.runs(), times.areas(), times.ecdf(), c.critical_difference("cifar10")),
        *(encave.importance(runs[:2]), encave.correlation(runs[:2]), encave.exploration(runs[:2])),
        *(encave.incumbents(runs[:6]), c.profiles(), c.footprints("cifar10")),
        *(table, table.summary(), table.optima(), table.ends()),
        *(c.budget_values(), c.anytime_tests(), c.differences(), c.stratified_tests(), c.profiles().normalised()),
        *of_several_tasks(),
    ]


def of_several_tasks() -> list[Result]:
    """Results that need more tasks, or the noise of trainings."""
    return [
        Robustness(rank_robustness(("A", "B"), [[1.0] * FEWEST, [2.0] * FEWEST])),
        LeadNoise("cifar10", "regret", NoiseOfLead("A", "B", 0.5, 0.1, 0)),
    ]


def test_every_result_has_one_table_in_all_forms(runs: encave.Runs, tmp_path: Path) -> None:
    for one in every_result(runs):
        table, frame = one.table(), one.to_pandas()
        assert isinstance(one, Tabular) and isinstance(table, pa.Table), type(one)
        assert table.num_rows or isinstance(one, FriedmanTests), "without pairing there are no blocks"
        assert list(frame.columns) == table.column_names and len(frame) == len(one.records()) == table.num_rows
        documented = type(one).table.__doc__ or ""
        missing = [name for name in table.column_names if f"`{name}`" not in documented]
        assert not missing, f"{type(one).__name__}.table does not tell of {missing}"
        assert type(one).__name__ in repr(one) and "<table" in one._repr_html_()
        assert one == one and one != type(one)(*(getattr(one, name) for name in one.__dataclass_fields__))
        assert json.loads(one.to_json(tmp_path / "x.json").read_text()) == one.records()
        assert r"\begin{tabular}" in one.to_latex(tmp_path / "x.tex") and (tmp_path / "x.tex").stat().st_size
        assert one.to_csv(tmp_path / "x.csv").read_text().count("\n") >= table.num_rows
    kinds = {kind.__name__ for kind in Result.__subclasses__()}
    assert {type(one).__name__ for one in every_result(runs)} >= kinds - {
        "Attainments", "ImportanceBias",
    }, "a result that is tried nowhere"  # fmt: skip


def test_charts_are_drawn_into_ones_own_axes(runs: encave.Runs) -> None:
    from matplotlib.figure import Figure

    c = encave.compare(runs)
    axes = Figure().subplots(1, 2)
    shown = c.curves("cifar10").plot(ax=axes[0], log=True, linewidth=3.5)
    assert shown.ax_ is axes[0] and shown.figure_ is axes[0].figure
    assert {line.get_label() for line in shown.line_} == {"DEHB", "RE", "Random"}
    assert {line.get_linewidth() for line in shown.line_} == {3.5} and axes[0].get_yscale() == "log"
    best = c.each[0].ordered[0]
    line = next(one for one in shown.line_ if one.get_label() == best)
    curve = next(one for one in c.each[0].curves[0] if one.optimizer == best)
    assert list(line.get_ydata())[:-1] == curve.centre.tolist()
    assert c.critical_difference("cifar10").plot(ax=axes[1]).ax_ is axes[1]
    assert c.ranks("cifar10").plot().figure_.axes and c.runtimes(task="cifar10").plot(log=False).line_
    assert len(c.curves("cifar10").plotly().data) >= 3
    with pytest.raises(encave.EncaveError, match="a chart shows one task; choose one with task=: cifar10, cifar100"):
        c.curves().plot()
    with pytest.raises(encave.EncaveError, match="Final has no chart"):
        c.final().plot()
    with pytest.raises(encave.EncaveError, match="no figure of the kind"):
        shown.save("x.docx")


def test_a_log_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "trials.csv").write_text("lr,loss\n0.1,2.0\n0.2,1.0\n0.3,3.0\n")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "runhistory.json").write_text('{"stats": {}, "data": 5, "configs": {}}')
    found = encave.read(str(tmp_path), map=TOLD)
    assert len(found) == 1 and len(found.refused) == 1
    with pytest.raises(encave.EncaveError, match=r"nothing can be read: .*bad"):
        encave.read(tmp_path / "bad")
    with pytest.raises(encave.EncaveError, match="does not exist"):
        encave.read(tmp_path / "nowhere")
    assert tables.__doc__


def test_what_was_passed_over_is_that_of_the_command_line(tmp_path: Path) -> None:
    logs = ROOT / "tests" / "logs" / "cases" / "mixed_folder"
    shown = CliRunner().invoke(cli, ["inspect", str(logs), "--json"])
    told = tuple(json.loads(shown.stdout)["passed_over"])
    runs = encave.read(logs)
    assert [one["kind"] for one in told] == ["KerasTuner project", "table (CSV)"]
    assert runs.passed_over == told == runs[:1].passed_over == (runs + runs).passed_over
    assert runs.label({"BOHB": "B"}).where(optimizer="B").passed_over == told
    for to in ("deepcave", "csv"):
        done = encave.convert(logs, tmp_path / to, to=to)
        assert len(done) == 1 and done.passed_over == told
    again = encave.convert(tmp_path / "deepcave", tmp_path / "again")
    assert [one.status for one in again] == ["converted"] and again.passed_over == ()


def test_conversions_of_the_library_are_those_of_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "trials.csv").write_text("lr,loss\n0.1,2.0\n0.2,1.0\n0.3,3.0\n")
    [done] = encave.convert(tmp_path / "trials.csv", tmp_path / "runs", map=TOLD)
    assert done.status == "converted" and (done.read, done.written) == (3, 3)
    [run], [log] = (
        encave.read(tmp_path / "runs"),
        encave.read(tmp_path / "trials.csv", map=TOLD),
    )
    assert run.same_trials(log)


def test_what_needs_several_tasks_says_so(runs: encave.Runs) -> None:
    c = encave.compare(runs.where(task="cifar10"))
    for ask in (c.stratified_tests, c.rank_robustness, c.profiles):
        with pytest.raises(encave.EncaveError, match="need several tasks with several optimizers"):
            ask()
    with pytest.raises(encave.EncaveError, match="2 tasks are too few to be resampled; it takes 3"):
        encave.compare(runs).rank_robustness()
