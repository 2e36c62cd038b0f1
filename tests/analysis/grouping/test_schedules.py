"""What the report says of training schedules, of budgets that are short, of rewards and of modelled values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from encave.analysis.comparison.section import compare
from encave.analysis.grouping.schedules import full_evaluations, modelled
from encave.analysis.grouping.sections import view_runs
from encave.analysis.report import write_report
from encave.analysis.report.cautions import list_cautions
from encave.analysis.report.chapters.reproducibility import _card
from encave.analysis.report.methods import _credited, _setting
from encave.analysis.report.settings import Settings
from encave.analysis.report.words import lead_sentences
from encave.run import Run

TABLE = {"name": "NAS-Bench-201", "source": "table", "sha256": "ab" * 32}


def section(make_run: Callable[..., Run], schedules: dict[str, float], **more: Any) -> Any:
    runs = [
        make_run(name, seed, costs=(3.0, 2.0 + shift, 1.0 + shift), budgets=[schedule] * 3,
                 benchmark=TABLE | {"schedule": schedule} | more)
        for shift, (name, schedule) in enumerate(schedules.items())
        for seed in range(2)
    ]  # fmt: skip
    return view_runs(runs).sections[0]


def test_mixed_schedules_are_told_first_and_where_a_conclusion_crosses_them(make_run: Callable[..., Run]) -> None:
    comparison = compare(section(make_run, {"DEHB": 200.0, "RE": 12.0, "Random": 12.0}))
    told = list_cautions(comparison)
    assert told[0].startswith("Mixed schedules: trained RE and Random with 12; DEHB with 200 epochs.")
    assert "These two were trained on different schedules" in " ".join(lead_sentences(comparison))
    alike = compare(section(make_run, {"DEHB": 200.0, "RE": 200.0}))
    assert "schedule" not in " ".join([*lead_sentences(alike), *list_cautions(alike)[1:]])


@pytest.mark.parametrize("mixed", [True, False])
def test_a_report_of_mixed_schedules_says_so_first_and_beside_every_conclusion(
    make_run: Callable[..., Run], tmp_path: Path, mixed: bool
) -> None:
    """RE and random search on 12 epochs, DEHB on 200, on two tasks; or all on one."""
    runs = [
        make_run(name, seed, costs=(9.0, level + seed / 10), budgets=[schedule] * 2, task=task, common_start=False,
                 benchmark=TABLE | {"schedule": schedule}, limit={"simulated_seconds": 4.0})
        for task in ("t1", "t2", "t3")
        for name, level, schedule in (("DEHB", 1.0, 200.0 if mixed else 12.0), ("RE", 2.0, 12.0), ("Random", 3.0, 12.0))
        for seed in range(6)
    ]  # fmt: skip
    report = write_report(runs, tmp_path / "report", settings=Settings(control="Random"))
    page, paper = (path.read_text(encoding="utf-8") for path in (report.page, report.folder / "main.tex"))
    first = "On t1, t2 and t3: RE and Random with 12; DEHB with 200 epochs."
    for text, summary in ((page, ">Summary<"), (paper, r"\section{Results}")):
        assert (first in text.partition(summary)[0]) is mixed
    told = "Schedules of 12 and 200 epochs are compared here as much as optimizers."
    assert [told in paragraph for paragraph in report.summary] == [mixed] * 5  # all tasks, each, anytime performance
    captions = [line for line in paper.splitlines() if line.startswith(r"\caption")]
    captions += [
        path.read_text().partition(r"\caption{")[2].partition("\n")[0] for path in report.folder.glob("tables/*.tex")
    ]
    of_values = [one for one in captions if "where each optimizer looked" not in one and "Exploration on" not in one]
    assert len(of_values) > 20 and all(("on mixed schedules of 12 and 200 epochs" in one) is mixed for one in of_values)


def promoted(make_run: Callable[..., Run], optimizer: str, resumed: bool | None) -> list[Run]:
    """Two seeds whose second trial goes on with the first, as the runner says or not."""
    facts = TABLE | {"schedule": 200} | ({} if resumed is None else {"resumed": resumed})
    runs = [
        make_run(optimizer, seed, costs=(3.0, 2.0), budgets=[50.0, 200.0], configurations=[0, 0], benchmark=facts)
        for seed in (0, 1)
    ]
    goes_on = pa.array([None, 0], pa.int64())
    return [run.replace(trials=run.trials.append_column("continues", goes_on)) if resumed else run for run in runs]


def test_what_promotions_cost_is_told(make_run: Callable[..., Run]) -> None:
    on, anew, unknown = (promoted(make_run, name, how) for name, how in (("A", True), ("B", False), ("C", None)))
    assert full_evaluations(on[0]) == pytest.approx(1.0) and full_evaluations(anew[0]) == pytest.approx(1.25)
    mixed_up = compare(view_runs([*on, *anew, *unknown]).sections[0])
    told = " ".join(list_cautions(mixed_up))
    assert "A: what went on to a higher budget cost the difference only, with others all of it" in told
    setting = _setting(mixed_up)
    assert (
        "A (2 runs, evaluated at 50 and 200 budget units, schedule of 200 budget units, configurations that went on"
        in (setting)
    )
    assert setting.count("went on from checkpoints and cost the new ones only") == 1
    assert setting.count("were trained anew") == 1
    one = " ".join(list_cautions(compare(view_runs([on[0], anew[1].replace(optimizer=on[0].optimizer)]).sections[0])))
    assert "differ in whether they go on from checkpoints and are averaged" in one
    assert "went on to a higher" not in " ".join(list_cautions(compare(view_runs([*on, *unknown]).sections[0])))


def test_a_short_run_is_told(make_run: Callable[..., Run]) -> None:
    long = make_run("A", 0, costs=[1.0] * 60, budgets=[100.0] * 60, benchmark=TABLE | {"schedule": 200})
    assert full_evaluations(long) == pytest.approx(30)
    assert full_evaluations(make_run("A")) is None
    comparison = compare(section(make_run, {"A": 200.0, "B": 200.0}))
    assert "A and B: runs that cost fewer than 50 trainings" in " ".join(list_cautions(comparison))
    enough = view_runs([make_run("A", 0, costs=[1.0] * 50, budgets=[12.0] * 50, benchmark=TABLE | {"schedule": 12})])
    assert "trainings" not in " ".join(list_cautions(compare(enough.sections[0])))


@pytest.mark.parametrize(
    ("told", "share"),
    [({"modelled_share": 0.5}, 0.5), ({"early_epochs": "modelled"}, 2 / 3), ({"early_epochs": "measured"}, None)],
)
def test_what_is_modelled_is_told_wherever_the_origin_is(
    make_run: Callable[..., Run], told: dict[str, Any], share: float | None
) -> None:
    """From the share that the runner logged; of earlier logs from the budgets below the schedule."""
    run = make_run("DEHB", budgets=[22.2, 66.7, 200.0], benchmark=TABLE | {"schedule": 200} | told)
    (own,) = view_runs([run]).sections
    found = modelled(own)
    assert (found.share if found else None) == (None if share is None else pytest.approx(share))
    text = own.origin
    assert ("modelled between 22.2 and 200 epochs" in text) is (share is not None)
    assert f"({share:.0%} of the trials)" in text if share else text.endswith("table of measured values")


def test_modelled_seconds_of_validations_are_told(make_run: Callable[..., Run]) -> None:
    told = {"schedule": 200.0, "validation_seconds": "modelled"}
    kinds = (("table", "modelled", True), ("surrogate", "modelled", False), ("table", "measured", False))
    for source, share, expected in kinds:
        benchmark = TABLE | told | {"source": source, "validation_seconds": share}
        runs = [make_run("A", seed, budgets=[200.0] * 3, benchmark=benchmark) for seed in range(2)]
        one = compare(view_runs(runs).sections[0])
        assert ("the seconds of validations are modelled, those of training measured" in _setting(one)) is expected
        assert any(lead == "Times." for lead, _, _ in _card(one.section)) is expected


def test_methods_say_what_optimizers_were_told(make_run: Callable[..., Run]) -> None:
    one = compare(section(make_run, {"A": 12.0, "B": 12.0}, reward="seed"))
    assert "optimizers were told one training seed, drawn at random at each evaluation" in _setting(one)
    assert "were told" not in _setting(compare(section(make_run, {"A": 12.0, "B": 12.0})))


@pytest.mark.parametrize(
    ("reported", "credited"),
    [([5.0, 4.0, 5.0, 3.0], True), ([5.0, 4.0, 6.0, 3.0], False), ([5.0, 4.0, 3.0, 2.0], False)],
)
def test_values_that_do_not_depend_on_the_budget_are_told(
    make_run: Callable[..., Run], reported: list[float], credited: bool
) -> None:
    """One configuration is evaluated at both budgets: its value is that of the whole training from the beginning."""
    ids = [0, 1, 2, 3] if reported[-1] == 2.0 else [0, 1, 0, 2]  # none twice: nothing is known
    costs, budgets = (9.0, 8.0, 5.0, 3.0), [22.0, 22.0, 200.0, 200.0]
    run = make_run("DEHB", 0, costs, budgets=budgets, configurations=ids, reported=reported)
    whole = make_run("RE", 0, costs, budgets=[200.0] * 4, reported=[5.0, 4.0, 6.0, 3.0])
    found = _credited([compare(view_runs([run, whole]).sections[0])])
    assert bool(found) is credited
