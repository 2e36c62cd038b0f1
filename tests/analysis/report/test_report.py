"""The report's folder: complete, self-contained, the same twice, honest about what it rests on."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from encave.analysis.charts.critical_difference import bar_levels
from encave.analysis.charts.scales import vertical_scale
from encave.analysis.charts.style import PALETTE, line_styles
from encave.analysis.charts.text import decimals, fixed, listing, slug
from encave.analysis.comparison.section import compare
from encave.analysis.grouping.sections import view_runs
from encave.analysis.report import gallery, latex, write_report
from encave.analysis.tables.diagnostics import diagnose
from encave.errors import EncaveError
from encave.run import Note

from ... import drawing

NAN = float("nan")
NUMBERS = (
    *(
        "areas",
        "budget_values",
        "curves",
        "curves_on_other_axes",
        "differences",
        "ecdf",
        "exploration",
        "final",
        "footprint",
        "importance",
    ),
    *("omnibus", "ranks", "runs", "runtimes", "tests"),
)
FIGURES = (
    "differences",
    "ecdf",
    "footprint",
    "ranks",
    "test-error",
    "validation-regret",
    "validation-regret-over-evaluations",
)
KINDS = ("", "-over-time", "-running-times")


class _Page(HTMLParser):
    """Collects what a test asks of the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("id"):
            self.ids[str(values["id"])] += 1
        self.links += [str(values[name]) for name in ("href", "src") if values.get(name)]
        if values.get("role") == "img":
            self.images.append(values)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def study(make_run):
    rng = np.random.default_rng(0)
    runs = []
    for label, scale in (("RE", 1.0), ("DEHB_1", 2.0), ("random", 3.0)):
        for seed in range(3):
            costs = 1 + scale * rng.lognormal(size=20)
            notes = [Note("merged", "Repeated evaluations became one.", 2)] if label == "DEHB_1" else []
            ends = np.cumsum(rng.exponential(size=20))
            limit = {"simulated_seconds": 40.0}
            runs.append(
                make_run(label, seed, costs, ends, reported=costs, notes=notes, limit=limit, overhead_seconds=1.5)
            )
    return runs


@pytest.fixture(scope="module")
def report(study, tmp_path_factory):
    with drawing.figures(drawing.draw_figure):
        return write_report(
            study, tmp_path_factory.mktemp("out") / "report", command="encave report study --out report"
        )


@pytest.fixture(scope="module")
def page(report) -> _Page:
    return _Page(report.page.read_text(encoding="utf-8"))


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_folder_is_complete(report) -> None:
    numbers = [f"data/{name}" for name in NUMBERS]
    figures = [f"figures/toy-{name}" for name in FIGURES]
    assert sorted(files_of(report.folder)) == sorted(
        [
            *(f"{name}.{ending}" for name in numbers for ending in ("csv", "parquet")),
            *(f"{name}.{ending}" for name in figures for ending in ("pdf", "pgf", "svg")),
            *("main.tex", "manifest.json", "references.bib", "report.html"),
            *(f"tables/toy{name}.tex" for name in ("", "-over-time", "-pairs", "-running-times")),
        ]
    )
    assert all(path.is_file() for path in (*report.figures, *report.tables, report.page))
    assert [text.partition(":")[0] for text in report.summary] == ["toy", "Anytime performance"]
    assert report.summary[0].startswith("toy: RE ends with the lowest mean validation regret")


def test_page_needs_nothing_from_outside(report, page: _Page) -> None:
    files = files_of(report.folder)
    assert all(link.startswith("#") or link in files for link in page.links)
    text = report.page.read_text(encoding="utf-8")
    assert text.count('id="plotly"') == 1  # once, however many figures
    text = re.sub(r'<script type="application/gzip".*?</script>', "", text, flags=re.DOTALL)
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", text)
    assert "@import" not in text
    assert re.findall(r"<script[^>]* src=", text) == []


def test_page_is_sound_and_accessible(page: _Page) -> None:
    assert [name for name, count in page.ids.items() if count > 1] == []
    inner = [link[1:] for link in page.links if link.startswith("#")]
    assert set(inner) <= set(page.ids)
    assert len(page.images) == 2 * len(FIGURES) - 1  # drawn, and but for the footprint for hovering
    assert (
        sum("RE from" in str(image["aria-label"]) for image in page.images) == 2 * len(FIGURES) - 4
    )  # RE is zero in the differences


def test_colours_of_figures_follow_the_page(report) -> None:
    svg = re.findall(r"<svg viewBox.*?</svg>", report.page.read_text(encoding="utf-8"), re.DOTALL)
    figures = [text for text in svg if "clip-path" in text]
    assert len(figures) == len(FIGURES)
    assert all("var(--ink)" in text and "#1b1f24" not in text and PALETTE[0].lower() in text for text in figures)


def test_surrogate_is_named_everywhere(report, page: _Page) -> None:
    assert "encave's surrogate, a model fitted" in page.text
    assert page.text.count("surrogate: modelled, not measured values") >= 4  # two figures, table, provenance
    tex = report.tables[0].read_text(encoding="utf-8")
    assert "surrogate: modelled" in tex.split(r"\caption", 1)[1]


def test_diagnostics_show_notes_and_overhead(page: _Page) -> None:
    assert "Repeated evaluations became one. (6 trials, 3 runs)" in " ".join(page.text.split())
    assert "1.5" in page.text
    assert "fewer than 5 runs" in page.text


def test_pdf_has_embedded_truetype_fonts(report) -> None:
    for path in report.figures:
        content = path.read_bytes()
        assert b"/FontFile2" in content
        assert b"/Type3" not in content
        assert b"CreationDate" not in content


def test_same_input_gives_the_same_bytes(study, report, tmp_path: Path) -> None:
    for run in study:
        run.save(tmp_path / "runs" / run.name)
    # another process, another hash seed, another order, runs read from files
    program = """
import sys
from pathlib import Path
from encave.analysis.report import write_report
from encave.run import Run
runs = [Run.load(folder) for folder in sorted(Path(sys.argv[1]).iterdir(), reverse=True)]
write_report(runs, sys.argv[2], command="encave report study --out report")
assert "matplotlib.pyplot" not in sys.modules
"""
    arguments = [sys.executable, "-c", program, str(tmp_path / "runs"), str(tmp_path / "again")]
    subprocess.run(arguments, check=True, env={"PYTHONHASHSEED": "7", "PATH": "", "HOME": str(tmp_path)})
    ours, again = files_of(report.folder), files_of(tmp_path / "again")
    assert ours.keys() == again.keys()
    assert [name for name in ours if ours[name] != again[name]] == []


def test_earlier_report_is_replaced_and_nothing_else(study, tmp_path: Path) -> None:
    out = tmp_path / "report"
    write_report(study[:3], out)
    write_report(study[:2], out)
    assert len(json.loads((out / "manifest.json").read_text())["inputs"]) == 2
    (out / "my notes.txt").write_text("mine")
    with pytest.raises(EncaveError, match="my notes"):
        write_report(study[:2], out)
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "manifest.json").write_text("{}")
    with pytest.raises(EncaveError, match="not an earlier report"):
        write_report(study[:2], other)
    with pytest.raises(EncaveError, match="is a file"):
        write_report(study[:2], other / "manifest.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report", "thesis"]


def test_nothing_is_left_behind_on_failure(make_run, tmp_path: Path) -> None:
    wrong = make_run(reporting=[{"name": "test error", "column": "lost", "optimum": None}])
    with pytest.raises(EncaveError, match="extra:lost"):
        write_report([wrong], tmp_path / "report")
    assert list(tmp_path.iterdir()) == []


def test_manifest_knows_its_files_and_inputs(report, study) -> None:
    import hashlib

    content = json.loads((report.folder / "manifest.json").read_text(encoding="utf-8"))
    files = files_of(report.folder)
    assert content["files"].keys() == files.keys() - {"manifest.json"}
    assert all(hashlib.sha256(files[name]).hexdigest() == digest for name, digest in content["files"].items())
    assert len({entry["sha256"] for entry in content["inputs"]}) == len(study)
    assert content["command"] == "encave report study --out report"


def test_csv_carries_the_result(report, study) -> None:
    result = compare(view_runs(study).sections[0])
    with (report.folder / "data" / "curves.csv").open() as file:
        rows = list(csv.DictReader(file))
    curve = result.curves[0][0]
    mine = [row for row in rows if row["optimizer"] == curve.optimizer and row["measure"] == "validation regret"]
    assert [float(row["value"]) for row in mine] == curve.centre.tolist()
    assert [float(row["lower_95"]) for row in mine] == curve.lower.tolist()
    with (report.folder / "data" / "final.csv").open() as file:
        final = list(csv.DictReader(file))
    assert float(final[0]["mean"]) == result.table.rows[0].spreads[0].mean
    with (report.folder / "data" / "runs.csv").open() as file:
        runs = [float(row["final"]) for row in csv.DictReader(file) if row["optimizer"] == "RE"]
    assert np.mean(runs[::2]) == pytest.approx(result.table.rows[0].spreads[0].mean)


def test_latex_table(report) -> None:
    tex = report.tables[0].read_text(encoding="utf-8")
    assert r"DEHB\_\allowbreak{}1 & $3$ & $20$" in tex
    assert tex.count(r"\mathbf") == 3  # two measures and the rank
    assert tex.count("{") == tex.count("}")
    assert [line.count("&") for line in tex.splitlines() if line.endswith(r"\\")] == [5, 5, 5, 5]
    assert r"\toprule" in tex


@pytest.fixture(scope="module")
def tested_study(make_run):
    """Three tasks, three optimizers, eight seeds: the first far ahead, the other two alike."""
    rng = np.random.default_rng(1)
    runs = []
    for task in ("t1", "t2", "t3"):
        for label, offset in (("best", 0.0), ("B", 5.0), ("C", 5.0)):
            for seed in range(8):
                costs = 1 + offset + rng.random(6)
                runs.append(make_run(label, seed, costs, reported=costs, task=task))
    return runs


def test_tests_in_page_table_figures_and_data(tested_study, tmp_path: Path) -> None:
    report = write_report(tested_study, tmp_path / "report")
    files = files_of(report.folder)
    assert {f"figures/t1-{kind}.pdf" for kind in ("ranks", "critical-difference")} <= set(files)
    assert {"figures/all-tasks-ranks.pdf", "figures/all-tasks-critical-difference.pdf", "tables/all-tasks.tex"} <= set(
        files
    )
    assert report.summary[0].startswith(
        "All tasks: Over 3 tasks best has the best average rank of medians by validation regret: 1.00 of 3."
    )
    assert "Every other optimizer is significantly worse than best." in report.summary[1]
    page = _Page(report.page.read_text(encoding="utf-8"))
    text = " ".join(page.text.split())
    assert "Tests: 2 of 3 pairs differ significantly" in text
    assert "Friedman's test, then Wilcoxon's signed-rank tests with Holm's correction (8 seeds, two-sided)" in text
    assert [name for name, count in page.ids.items() if count > 1] == []
    assert all(link.startswith("#") or link in files for link in page.links)
    with (report.folder / "data" / "tests.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["task"] == "t1" and row["measure"] == "test error"]
    assert {row["second"] for row in rows if row["different"] == "1" and row["first"] == "best"} == {"B", "C"}
    assert [float(row["adjusted_p"]) for row in rows if row["first"] == "best"] == [3 * 2 / 2**8] * 2
    with (report.folder / "data" / "ranks.csv").open() as file:
        assert {row["task"] for row in csv.DictReader(file)} == {"t1", "t2", "t3", "all tasks"}


def test_underlined_are_those_not_significantly_worse(make_run, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    runs = []
    for seed in range(10):
        base = rng.random()
        for label, value in (("A", base), ("near", base + rng.normal(0.02, 0.1)), ("far", base + 3)):
            runs.append(make_run(label, seed, [1 + value], reported=[1 + value]))
    tex = write_report(runs, tmp_path / "report").tables[0].read_text(encoding="utf-8")
    lines = {line.split(" & ")[0]: line for line in tex.splitlines() if line.endswith(r"\\")}
    assert r"\underline" not in lines["far"]
    best, other = ("A", "near") if r"\mathbf" in lines["A"].split(" & ")[3] else ("near", "A")
    assert lines[other].count(r"\underline{") == 2
    assert r"\underline" not in lines[best]
    assert "Underlined: not significantly worse than the best at level 0.05 (Friedman's test" in tex


@pytest.mark.drawn
def test_figures_drawn_by_several_processes_are_the_same(study, report, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(gallery, "_WORTH_A_PROCESS", len(FIGURES) // 2)
    several = write_report(study, tmp_path / "several", command="encave report study --out report", jobs=2)
    assert files_of(report.folder) == files_of(several.folder)


def test_what_is_left_out_of_the_hyperparameters_is_told(make_run, tmp_path: Path) -> None:
    report = write_report([make_run("A", seed, [3.0, 2.0]) for seed in range(2)], tmp_path / "report")
    text = " ".join(_Page(report.page.read_text(encoding="utf-8")).text.split())
    assert "Importance could not be estimated for 2 runs" in text
    assert (
        "Values of incumbents are not shown for 1 group of runs: A on toy: " in text
    )  # its only parameter is a number


def test_overhead_is_what_is_declared_or_when_no_trial_ran(make_run, tmp_path: Path) -> None:
    clock = make_run("clock", starts=[1.0, 4.0, 6.0], ends=[3.0, 5.0, 9.0])
    told = diagnose(compare(view_runs([clock, make_run("told", overhead_seconds=1.5), make_run("none")]).sections[0]))
    assert {line.optimizer: line.overhead for line in told} == {"clock": "3.0", "told": "1.5", "none": "–"}


def test_few_seeds_get_no_test(report, page: _Page) -> None:
    assert "no test was made" in page.text
    tex = report.tables[0].read_text(encoding="utf-8")
    assert r"\underline" not in tex
    assert "Run each optimizer with at least 5 seeds." in report.summary[0]


def test_two_optimizers_keep_the_page_light(make_run, tmp_path: Path) -> None:
    runs = [make_run(label, seed, [5.0, 2.0 + place]) for place, label in enumerate("AB") for seed in range(6)]
    report = write_report(runs, tmp_path / "report")
    assert [path.stem for path in report.figures] == [
        "toy-loss-regret", "toy-loss", "toy-loss-regret-over-evaluations",
        "toy-ecdf", "toy-differences", "toy-footprint",
    ]  # fmt: skip
    assert not (report.folder / "data" / "ranks.csv").exists()
    assert "the difference is significant (Wilcoxon's signed-rank test, p = 0.031)" in report.summary[0]


def test_methods_state_budgets_and_schedule(make_run, tmp_path: Path) -> None:
    several = make_run("M", 0, [3.0, 2.0, 1.0], budgets=[200 / 9, 200 / 3, 200], reported=[3, 2, 1])
    text = write_report([several, make_run("S", 0, reported=[3, 2, 1])], tmp_path / "report").page.read_text()
    assert "M (1 run, evaluated at 22.22, 66.67 and 200 budget units, schedule of 200 budget units)" in text
    assert "S (1 run, no budgets in its log, schedule of 200 budget units)" in text
    assert "compared at equal simulated time, not at an equal number of trials" in text


def test_bars_of_a_diagram_do_not_touch() -> None:
    bars = [(1.0, 2.0), (2.05, 3.0), (1.5, 2.5), (4.0, 5.0)]
    assert bar_levels(bars, 0.1) == [0, 2, 1, 0]  # the widest first
    assert bar_levels(bars, 0.01) == [0, 0, 1, 0]
    assert bar_levels([], 0.1) == []


def test_latex_escape() -> None:
    assert latex.escape(r"a_b & 5% #1 $x$ {y} ~^ \z") == (
        r"a\_\allowbreak{}b \& 5\% \#1 \$x\$ \{y\} \textasciitilde{}\textasciicircum{} \textbackslash{}z"
    )


def test_one_run(make_run, tmp_path: Path) -> None:
    report = write_report([make_run()], tmp_path / "report")
    assert report.summary == ("toy: A ends with a mean loss of 1.00 (1 run), with nothing to compare it to.",)
    assert any("no band" in text for text in report.warnings)


def test_no_success_anywhere(make_run, tmp_path: Path) -> None:
    runs = [make_run("A", 0, [NAN, NAN]), make_run("B", 0, [NAN]), make_run("C", 0, [], [])]
    report = write_report(runs, tmp_path / "report")
    assert report.summary == ("toy: No run had a successful trial, so there is nothing to compare.",)


def test_mixed_study(make_run, tmp_path: Path) -> None:
    runs = [
        make_run("A", 0, [NAN]),
        make_run("A", 1, [3.0, 2.0]),
        make_run("B<i>", 0, [4.0, 1.0]),
        make_run("A", 0, [1.0], [None], task="other"),
        make_run("A", 0, direction="maximize"),
    ]
    report = write_report(runs, tmp_path / "report", title="A & <b>")
    text = report.page.read_text(encoding="utf-8")
    assert "<h1>A &amp; &lt;b&gt;</h1>" in text
    assert "<i>" not in text
    each = [f"{task}{kind}.tex" for task in ("other", "toy-loss-maximized", "toy-loss-minimized") for kind in KINDS]
    assert sorted(path.name for path in report.tables) == sorted([*each, "toy-loss-minimized-pairs.tex"])
    assert any("1 of 2 runs without a successful trial" in warning for warning in report.warnings)
    assert r"1 of 2 \textsuperscript{\dag}" in "".join(path.read_text(encoding="utf-8") for path in report.tables)


def test_tasks_of_equal_file_name_stay_apart(make_run, tmp_path: Path) -> None:
    runs = [make_run(task=task) for task in ("Runs", "runs", "methods")]
    report = write_report(runs, tmp_path / "report")
    each = [
        f"{task}{kind}{more}.tex" for task, more in (("runs", ""), ("methods", ""), ("runs", "-2")) for kind in KINDS
    ]
    assert sorted(path.name for path in report.tables) == sorted(each)
    assert r"\label{tab:runs-2}" in report.tables[2].read_text(encoding="utf-8")
    page = _Page(report.page.read_text(encoding="utf-8"))
    assert [name for name, count in page.ids.items() if count > 1] == []


def test_many_optimizers_stay_apart(make_run, tmp_path: Path) -> None:
    labels = [f"optimizer {number}" for number in range(40)]
    styles = line_styles(labels)
    assert len({(look.colour, look.dashes, look.marker) for look in styles.values()}) == 40
    runs = [make_run(label, seed, [5.0 + i, 4.0 - seed]) for i, label in enumerate(labels[:12]) for seed in range(2)]
    report = write_report(runs, tmp_path / "report")
    assert "Only the 8 best by rank carry a band." in report.page.read_text(encoding="utf-8")


def test_unequal_runs_are_pointed_out(make_run, tmp_path: Path) -> None:
    runs = [
        make_run("A", 0, limit={"simulated_seconds": 10.0}, workers=1),
        *(make_run("A", 1, [cost], limit={"simulated_seconds": 20.0}, workers=4) for cost in (2.0, 3.0)),
    ]
    text = " ".join(write_report(runs, tmp_path / "report").warnings)
    assert "different limits" in text
    assert "differ in workers" in text
    assert "several runs of one seed" in text


def test_scale_shows_zero_regret(make_run) -> None:
    result = compare(view_runs([make_run(costs=[9.0, 1.2, 1.0], reported=[9.0, 1.2, 1.0])]).sections[0])
    scale = vertical_scale(result.curves[0], 8)
    assert (scale.kind, scale.threshold) == ("log with zero", pytest.approx(0.1))
    assert vertical_scale(result.curves[1], 8).kind == "linear"  # 5 to 13: less than a factor of three


def test_numbers_as_text() -> None:
    assert fixed(-0.001, 2) == "0.00"
    assert fixed(-1234.5, 1) == "−1,234.5"
    assert decimals([0.26, NAN, 0.0]) == 2
    assert decimals([0.0031]) == 4
    assert decimals([], [250.0]) == 0
    assert decimals([1.2], unit="%") == 2
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert slug("ImageNet16-120 (set 1)") == "imagenet16-120-set-1"


def test_on_the_real_table(table_path: Path) -> None:
    """Random search on the real table: the mean regret equals the one computed from the table by hand."""
    import pyarrow.parquet as pq

    from encave.run import Objective, Optimizer, Provenance, Reported, Run
    from encave.run import nasbench201_space as space

    names = ["c10valid_valid_acc_12_mean", "c10valid_valid_acc_200_mean", "train_time_per_epoch_s_c10valid"]
    short, full, seconds = (column.to_numpy() for column in pq.read_table(table_path, columns=names).columns)
    runs, finals = [], []
    for seed in range(4):
        index = np.random.default_rng(seed).choice(space.SIZE, 50, replace=False)
        ends = np.cumsum(12 * seconds[index])
        runs.append(
            Run.from_columns(
                name=f"random-{seed}",
                optimizer=Optimizer("random"),
                space=space.configuration_space(),
                objectives=[Objective("valid_error", unit="%")],
                trials={
                    "config_id": index,
                    "status": ["success"] * 50,
                    "end": ends,
                    "cost:valid_error": 100 - short[index],
                    "extra:valid_error_200": 100 - full[index],
                },
                configurations=dict(zip(index.tolist(), space.to_configurations(space.from_index(index)), strict=True)),
                provenance=Provenance(
                    task="cifar10",
                    seed=seed,
                    reporting=(Reported(name="regret", column="valid_error_200", optimum=float(100 - full.max())),),
                ),
            )
        )
        finals.append(full.max() - full[index[np.argmax(short[index])]])
    table = compare(view_runs(runs).sections[0]).table
    assert table.rows[0].spreads[0].mean == pytest.approx(np.mean(finals))
    assert table.rows[0].spreads[0].std == pytest.approx(np.std(finals, ddof=1))


def test_ties_at_the_end_have_no_leader(make_run, tmp_path: Path) -> None:
    runs = [
        make_run(label, seed, [3.0, last]) for label, last in (("A", 1.0), ("B", 1.0), ("C", 2.0)) for seed in (0, 1)
    ]
    summary, over_time = write_report(runs, tmp_path / "report").summary
    assert "A and B end with the same and lowest mean loss regret: 0.00" in summary
    assert "follows" not in summary and "average rank" not in summary
    # they improve at the last moment, so that nobody was ahead on the way
    assert "no area over the curve says who is ahead" in over_time and "largest" not in over_time
