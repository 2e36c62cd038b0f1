"""Which runs are put together, and which are kept apart."""

from __future__ import annotations

import pytest

from encave.analysis.comparison.section import compare
from encave.analysis.grouping.sections import view_runs
from encave.analysis.performance.section_curves import Summary
from encave.analysis.performance.streaming import gather, reduce_run
from encave.analysis.report.captions import curve_caption, table_caption
from encave.analysis.report.settings import Rule, Settings
from encave.errors import EncaveError
from encave.run import COST, Objective, Run


def test_groups_by_task_then_optimizer(make_run) -> None:
    view = view_runs([make_run("B", 1), make_run("B", 0), make_run("A", 0), make_run("A", 0, task="other")])
    assert [section.title for section in view.sections] == ["other", "toy"]
    toy = view.sections[1]
    assert [(group.optimizer, group.seeds) for group in toy.groups] == [("A", (0,)), ("B", (0, 1))]
    assert view.optimizers == ("A", "B")


def test_no_runs_are_refused() -> None:
    with pytest.raises(EncaveError, match="no run"):
        view_runs([])


def test_same_run_twice_counts_once(make_run) -> None:
    view = view_runs([make_run(), make_run(), make_run(costs=[9.0, 8.0, 7.0])])
    assert len(view.sections[0].runs) == 2  # the third is another run of the same seed
    assert len(view.remarks) == 2 and "2 runs of A have the seed 0" in view.remarks[1]
    assert "more than once" in view.remarks[0]
    unknown = [make_run(reported=[3.0, float("nan"), 1.0]) for _ in range(2)]
    assert len(view_runs(unknown).sections[0].runs) == 1


def test_a_run_whose_program_is_unknown_goes_by_its_label(make_run) -> None:
    runs = [make_run("DEHB", 0), make_run("unknown", 1, [9.0, 8.0], group="DEHB")]
    view = view_runs(runs)
    assert view.optimizers == ("DEHB",) and view.remarks == ()


def test_equal_runs_of_one_log_are_two_and_those_of_a_copy_are_not(make_run) -> None:
    def part(log: str, number: str) -> Run:
        return make_run("A", None, [2.0, 1.0], source=f"{log}/{number}", part=number).replace(name=f"{log}-{number}")

    view = view_runs([part("a.json", "1"), part("a.json", "2"), part("b.json", "1")])
    assert [run.name for run in view.sections[0].runs] == ["a.json-1", "a.json-2"]
    assert view.remarks == ("b.json-1 was given more than once and counts once.",)


def test_releases_are_one_optimizer_and_told(make_run) -> None:
    view = view_runs([make_run("Optuna", 0, version="5.0.0"), make_run("Optuna", 1), make_run("RE", 0)])
    assert view.optimizers == ("Optuna", "RE")
    assert view.remarks == ("Optuna came in the releases 5.0.0 and unknown, which count as one optimizer.",)


def test_programs_under_one_label_are_kept_apart(make_run) -> None:
    view = view_runs([make_run("a", 0, group="G"), make_run("b", 1, group="G", version="2")])
    assert view.optimizers == ("a", "b")
    assert view.remarks == ("G came from a and b, which are kept apart.",)
    assert view_runs([make_run("a", 0, group="G")]).optimizers == ("G",)


def test_different_objectives_and_sources_are_not_compared(make_run) -> None:
    view = view_runs([make_run(), make_run(direction="maximize"), make_run(reported=[3, 2, 1])])
    assert len(view.sections) == 3
    titles = [section.title for section in view.sections]
    assert len(set(titles)) == 3
    assert all(title.startswith("toy (") for title in titles)
    assert any("surrogate" in title for title in titles)


def test_unnamed_tasks_go_by_their_space(make_run) -> None:
    view = view_runs([make_run(task=None), make_run("B", task=None)])
    assert [section.title for section in view.sections] == ["unnamed task over x"]


def test_measures_of_foreign_runs(make_run) -> None:
    section = view_runs([make_run(costs=[3.0, 2.0]), make_run(seed=1, costs=[4.0, 1.5])]).sections[0]
    result = compare(section)
    assert [(measure.name, measure.regret, measure.reference) for measure in result.measures] == [
        ("loss regret", "best seen", 1.5),
        ("loss", None, None),
    ]
    assert result.curves[0][0].centre.tolist() == [2.0, 0.25]
    # a single run has no regret but against itself
    assert [measure.name for measure in view_runs([make_run()]).sections[0].measures] == ["loss"]


def test_measures_of_our_runs(make_run) -> None:
    section = view_runs([make_run(costs=[3.0, 2.0, 2.5], reported=[7.0, 4.0, 1.0])]).sections[0]
    assert section.surrogate
    result = compare(section)
    # chosen by the loss, reported by the columns: the third trial has the best report and is never the incumbent
    assert result.curves[0][0].centre.tolist() == [6.0, 3.0]
    assert result.curves[1][0].centre.tolist() == [11.0, 8.0]


def test_two_budgets_of_one_optimizer_are_two_designs(make_run) -> None:
    """Each limit is a section of its own, and nobody is compared with the beginning of its own run."""

    def run(name: str, seed: int, seconds: float):
        return make_run(name, seed, limit={"simulated_seconds": seconds}, group=f"{name} ({seconds:g}s)")

    runs = [run(name, seed, seconds) for name in "AB" for seed in (0, 1) for seconds in (10.0, 20_000.0)]
    view = view_runs(runs)
    assert [section.title for section in view.sections] == [
        "toy (10 simulated seconds)",
        "toy (20,000 simulated seconds)",
    ]
    assert [len(section.groups) for section in view.sections] == [2, 2]
    once = [run("A", seed, 10.0) for seed in (0, 1)] + [run("B", seed, 20.0) for seed in (0, 1)]
    assert len(view_runs(once).sections) == 1  # with another limit for each, which the page cautions of


def _named(run: Run, *objectives: Objective) -> Run:
    """The run with other objectives; the first holds its costs, further ones are the same again."""
    trials = run.trials.rename_columns(
        [COST + objectives[0].name if name == COST + "loss" else name for name in run.trials.column_names]
    )
    for one in objectives[1:]:
        trials = trials.append_column(COST + one.name, trials[COST + objectives[0].name])
    return run.replace(objectives=objectives, trials=trials)


def test_one_objective_is_compared_whatever_logs_call_it(make_run) -> None:
    runs = [
        _named(make_run("SMAC", costs=[3.0, 2.0]), Objective("cost")),
        _named(make_run("DEHB", costs=[5.0, 1.0]), Objective("fitness", unit="%")),
        _named(make_run("Own", costs=[4.0, 4.0]), Objective("val_loss")),
    ]
    view = view_runs(runs)
    (section,) = view.sections
    assert (section.title, section.objective, view.remarks) == ("toy", Objective("objective"), ())
    assert section.objective_names == {"DEHB": "fitness", "Own": "val_loss", "SMAC": "cost"}
    result = compare(section)
    assert [(one.name, one.reference) for one in result.measures] == [("objective regret", 1.0), ("objective", None)]
    finals = {row.optimizer: row.spreads[1].mean for row in result.table.rows}
    assert finals == {"DEHB": 1.0, "SMAC": 2.0, "Own": 4.0}
    told = "The objective is fitness in the log of DEHB, val_loss in the log of Own and cost in the log of SMAC."
    assert told in curve_caption(result.made, 0, 3) and told in table_caption(result, "mean")


def test_streamed_runs_name_their_objective_as_they_like(make_run) -> None:
    runs = [_named(make_run("A", costs=[3.0, 2.0]), Objective("cost")), make_run("B", costs=[5.0, 1.0])]
    (streamed,), _ = gather([reduce_run(run, None, "highest-so-far") for run in runs], None, Summary())
    assert [curve.centre[-1] for curve in streamed.curves[1]] == [2.0, 1.0]


def test_an_unnamed_task_says_nothing_of_what_its_objective_is(make_run) -> None:
    runs = [make_run(task=None), _named(make_run("B", task=None), Objective("seconds"))]
    view = view_runs(runs)
    assert len(view.sections) == 2 and view.kept_apart == view.remarks
    assert 'in report.toml: runs = [{match = "*", task = "unnamed task over x"}]' in view.remarks[0]
    joined = Settings(runs=(Rule(task="unnamed task over x"),)).applied(runs)
    assert len(view_runs(joined).sections) == 1
    # of runs on other tasks too the line says nothing
    remark, other = view_runs([*runs, make_run("C")]).remarks
    assert "other logs have the same hyperparameters and name their task (toy)" in other
    task = 'task = "unnamed task over x"'
    assert remark.endswith(f'runs = [{{match = "A-None-0", {task}}}, {{match = "B-None-0", {task}}}]')


def _of(format: str, optimizer: str, name: str, make_run) -> Run:
    run = _named(make_run(optimizer, task=None), Objective(name))
    return run.replace(provenance=run.provenance.replace(source_format=format))


def test_what_formats_call_any_objective_is_compared_on_an_unnamed_task(make_run) -> None:
    formats = [("smac", "cost"), ("dehb", "fitness"), ("optuna", "value"), ("bohb", "loss"), ("neps", "loss")]
    own = [_of(form, form, name, make_run) for form, name in formats]
    table = _of("table", "Mine", "val_loss", make_run)
    view = view_runs([*own, table, _of("table", "Optuna", "value", make_run)])
    assert len(view.sections) == 1 and not view.kept_apart
    told = "cost of smac; fitness of dehb; loss of bohb, neps; val_loss of Mine; value of Optuna, optuna"
    assert any("compared as one" in remark and told in remark for remark in view.remarks)
    # two names that say what was measured are two objectives, and what others measured is then not known
    view = view_runs([*own, table, _of("table", "Yours", "seconds", make_run)])
    assert [section.title for section in view.sections] == [
        "unnamed task over x (cost, fitness, loss, value, minimized)",
        "unnamed task over x (seconds, minimized)",
        "unnamed task over x (val_loss, minimized)",
    ]
    # and SMAC's own objectives have names of the user's
    assert len(view_runs([table, _of("smac", "SMAC", "seconds", make_run)]).sections) == 2


def test_other_directions_and_several_objectives_are_kept_apart_and_told(make_run) -> None:
    plain = [make_run("A", seed) for seed in range(3)]
    more = make_run("B", direction="maximize")
    view = view_runs([*plain, more])
    assert len(view.sections) == 2
    assert view.remarks == (
        "toy: objectives differ and are kept apart (loss is minimized by A; loss is maximized by B). If they are one, "
        'say so in report.toml: runs = [{match = "B-toy-0", direction = "minimize"}]',
    )
    joined = Settings(runs=(Rule("B-toy-0", direction="minimize"),)).applied([*plain, more])
    assert len(view_runs(joined).sections) == 1

    two = _named(make_run("B"), Objective("error"), Objective("loss"))
    (remark,) = view_runs([*plain, two]).remarks
    assert remark.endswith('runs = [{match = "B-toy-0", use = "loss"}]')
    (section,) = view_runs(Settings(runs=(Rule("B-*", use="loss"),)).applied([*plain, two])).sections
    assert section.objective.name == "loss"
    assert [one.name for one in section.groups[1].runs[0].objectives] == ["loss", "error"]

    strange = _named(make_run("B"), Objective("error"), Objective("seconds"))
    (remark,) = view_runs([*plain, strange]).remarks
    assert remark.endswith('runs = [{match = "B-toy-0", objective = "loss"}]')
    assert len(view_runs(Settings(runs=(Rule("B-*", objective="loss"),)).applied([*plain, strange])).sections) == 1
    assert len(view_runs([*plain, _named(make_run("B"), Objective("loss"), Objective("seconds"))]).sections) == 1


def test_runs_that_differ_in_a_further_objective_are_no_one_front(make_run) -> None:
    runs = [
        _named(make_run("A", seed, task=task), Objective("error"), Objective("second", direction))
        for task in ("toy", None)
        for seed, direction in enumerate(("minimize", "maximize", "minimize"))
    ]
    view = view_runs(runs[:3])
    assert [(section.title, len(section.runs)) for section in view.sections] == [
        ("toy (error minimized and second maximized)", 1),
        ("toy (error minimized and second minimized)", 2),
    ]
    (remark,) = view.kept_apart
    assert "(error minimized and second minimized by A; error minimized and second maximized by A)" in remark
    assert remark.endswith('runs = [{match = "*", use = "error"}]')
    assert len(view_runs(Settings(runs=(Rule("*", use="error"),)).applied(runs[:3])).sections) == 1
    assert len(view_runs(runs[3:]).sections) == 2
    # beside a run of the first alone they are compared by that
    assert len(view_runs([*runs[:3], _named(make_run("B"), Objective("error"))]).sections) == 1
