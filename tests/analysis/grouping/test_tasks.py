"""What stands for the task of runs that name none, and which runs are not taken for seeds of one another."""

from __future__ import annotations

import pytest
from ConfigSpace import ConfigurationSpace, Float

from encave.analysis.grouping.sections import View, view_runs
from encave.analysis.report.settings import Rule, Settings
from encave.run import Provenance, Run

from ..runs import run_over


@pytest.fixture
def at(make_run):
    """A run without a task, read from a path; all runs made so have different trials."""
    count = iter(range(1000))

    def make(source: str, optimizer: str = "BOHB", seed: int | None = None, **metadata) -> Run:
        run = make_run(optimizer, seed, [3.0, 2.0 + next(count)], task=None, source=source, **metadata)
        return run.replace(name=source)

    return make


def grouped(view: View) -> dict[str, dict[str, int]]:
    """Task → optimizer → number of runs."""
    return {one.title: {group.optimizer: len(group.runs) for group in one.groups} for one in view.sections}


def test_folders_of_one_optimizer_that_differ_in_words_are_tasks(at) -> None:
    view = view_runs([at(f"/logs/{task}/results.json") for task in ("adult", "letter")])
    assert grouped(view) == {"adult": {"BOHB": 1}, "letter": {"BOHB": 1}}
    assert len(view.remarks) == 1
    assert "each counts as a task of its own: adult, letter" in view.remarks[0]
    assert 'task = "…" in [[runs]] of report.toml' in view.remarks[0]


@pytest.mark.parametrize(
    "paths",
    [
        ["/logs/seed0/results.json", "/logs/seed_1/results.json", "/logs/2/results.json"],
        ["/logs/run_3/results.json", "/logs/run_4/results.json"],
        ["/logs/bohb_s1/results.json", "/logs/bohb-s2/results.json"],
        ["/logs/adult_0.json", "/logs/adult_1.json"],
        ["/logs/RandomSeed_7/r.json", "/logs/RandomSeed_9/r.json"],
        ["/logs/mlp/rng7/r.json", "/logs/mlp/rng9/r.json"],
        ["/logs/mlpSeed3/r.json", "/logs/mlpSeed7/r.json"],
        ["/logs/cifar_0/r.json", "/logs/cifar_1/r.json"],
        ["/logs/bohb_20240501_1200/r.json", "/logs/bohb_20240502_0930/r.json"],
        ["/logs/5bd1e995a0b14ab2bd1e995a0b14ab25/0/r.json", "/logs/0c4f8a1d2e3b4c5d0c4f8a1d2e3b4c5d/0/r.json"],
        ["/logs/results.json"],
        [""],
    ],
)
def test_numbers_seeds_hashes_and_the_optimizer_are_no_task(at, paths: list[str]) -> None:
    view = view_runs([at(path) for path in paths])
    assert grouped(view) == {"unnamed task over x": {"BOHB": len(paths)}}
    assert view.remarks == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [("cifar_10", "cifar-100"), ("wikitext_2", "wikitext_103"), ("resnet-18", "resnet-50"), ("ackley_5", "ackley_20"),
     ("nas_bench_101", "nas_bench_201"), ("zdt1", "zdt2"), ("dtlz_1", "dtlz_2")],
)  # fmt: skip
def test_known_names_are_told_apart_by_their_numbers_without_seeds(at, first: str, second: str) -> None:
    view = view_runs([at(f"/logs/{name}/results.json") for name in (first, second)])
    assert list(map(len, grouped(view).values())) == [1, 1]
    assert "each counts as a task of its own" in view.remarks[0]


def test_a_known_name_is_one_however_its_number_is_joined(at) -> None:
    runs = [at(f"/logs/bohb/{name}/r.json") for name in ("cifar_10", "cifar_100")]
    runs += [at(f"/logs/smac/{name}/r.json", "SMAC") for name in ("cifar10", "cifar100")]
    assert grouped(view_runs(runs)) == {name: {"BOHB": 1, "SMAC": 1} for name in ("cifar10", "cifar100")}


@pytest.mark.parametrize("word", ["task", "dataset-", "instance_", "dim", "f"])
def test_a_number_of_something_else_than_a_repetition_is_a_task(at, word: str) -> None:
    view = view_runs([at(f"/logs/{word}{number}/seed{seed}/r.json") for number in (2, 40) for seed in (0, 1)])
    assert list(grouped(view).values()) == [{"BOHB": 2}, {"BOHB": 2}]


@pytest.mark.parametrize("folder", ["openml", "datasets", "tasks", "function"])
def test_a_number_in_a_folder_that_says_of_what_is_a_task(at, folder: str) -> None:
    paths = [f"/logs/{folder}/{number}/{seed}/r.json" for number in (3, 31) for seed in ("a7f3b2c1", "b8e4c3d2")]
    assert list(grouped(view_runs(list(map(at, paths)))).values()) == [{"BOHB": 2}, {"BOHB": 2}]


@pytest.mark.parametrize(
    ("first", "second"), [("数据一", "数据二"), ("задача", "другая"), ("Größe", "Grüße"), ("C++", "C#")]
)
def test_names_in_any_alphabet_are_told_apart(at, first: str, second: str) -> None:
    view = view_runs([at(f"/logs/{name}/seed{seed}/r.json") for name in (first, second) for seed in (0, 1)])
    assert grouped(view) == {name: {"BOHB": 2} for name in sorted((first.lower(), second.lower()))}


def test_one_name_however_its_letters_are_composed_is_one_task(at) -> None:
    view = view_runs([at(f"/logs/{name}/r.json") for name in ("Gr\u00f6\u00dfe", "Gro\u0308\u00dfe")])
    assert list(grouped(view).values()) == [{"BOHB": 2}]


def test_folders_of_optimizers_within_folders_of_tasks(at) -> None:
    names = {"BOHB": ("bohb", "results.json"), "Random Search": ("random_search", "history.csv")}
    runs = [
        at(f"/logs/{task}/{folder}/seed{seed}/{file}", label, seed, source_format=file)
        for task in ("adult", "letter")
        for label, (folder, file) in names.items()
        for seed in (0, 1)
    ]
    both = {"BOHB": 2, "Random Search": 2}
    assert grouped(view_runs(runs)) == {"adult": both, "letter": both}


def test_one_folder_for_each_optimizer_is_one_task_and_told(at) -> None:
    view = view_runs([at("/logs/first/results.json", "A"), at("/logs/second/results.json", "B")])
    assert grouped(view) == {"unnamed task over x": {"A": 1, "B": 1}}
    assert "taken for one task though folders differ (A: first; B: second)" in view.remarks[0]


def test_studies_of_one_file_are_told_apart_by_name(at) -> None:
    studies = [
        f"{task}_{sampler}_{seed}" for task in ("sphere", "shifted") for sampler in ("TPE", "GP") for seed in (0, 1)
    ]
    view = view_runs([at(f"/logs/study.db/{study}", "Optuna", study=study) for study in studies])
    assert grouped(view) == {name: {"Optuna": 2} for name in ("shifted gp", "shifted tpe", "sphere gp", "sphere tpe")}
    labelled = [at("/logs/study.db", f"Optuna ({study.split('_')[1]})", study=study) for study in studies]
    both = {"Optuna (GP)": 2, "Optuna (TPE)": 2}
    assert grouped(view_runs(labelled)) == {"shifted": both, "sphere": both}
    unnamed = [f"no-name-{number}f0c3b5e-7d1a-4c6b-9a58-0f5e2a61c7d{number}" for number in range(2)]
    assert len(view_runs([at("/logs/study.db", study=study) for study in unnamed]).sections) == 1


@pytest.mark.parametrize(
    "names", [("cifar10", "cifar100"), ("5min", "40min"), ("lr0.1", "lr0.01"), ("eta2", "eta3"), ("a9a", "w8a")]
)
def test_a_number_in_a_name_is_part_of_it_unless_it_counts(at, names: tuple[str, str]) -> None:
    view = view_runs([at(f"/logs/exp_{name}/{seed}/r.json") for name in names for seed in (0, 1)])
    assert list(grouped(view).values()) == [{"BOHB": 2}, {"BOHB": 2}]
    assert all(any(name in title for title in grouped(view)) for name in names)
    counted = view_runs([at(f"/logs/exp{number}/r.json") for number in (1, 2, 3)])
    assert grouped(counted) == {"unnamed task over x": {"BOHB": 3}}


def test_dates_releases_and_what_holds_logs_are_no_task(at) -> None:
    paths = [
        "/logs/bohb/2024-05-01_12-33-01/results.json",
        "/logs/bohb_1.2.3/11-22-26_01-07-04_UTC/output/results.json",
        "/logs/05-jan-2024/runs/history.json",
        "/logs/20240107T120000Z/x7k2p9qa/history_11-22-26_01-07-04_UTC.json.gz",
    ]
    assert grouped(view_runs([at(path) for path in paths])) == {"unnamed task over x": {"BOHB": 4}}


def test_numbers_within_each_of_which_seeds_run_are_tasks(at) -> None:
    """OpenML's, say; and numbers of which nothing says what they count are told."""
    grid = [at(f"/logs/{task}/{seed}/r.json") for task in (3917, 168757) for seed in (0, 1)]
    assert grouped(view_runs(grid)) == {"168757": {"BOHB": 2}, "3917": {"BOHB": 2}}
    seeded = [at(f"/logs/{task}/r{seed}/r.json", seed=seed) for task in (3917, 168757) for seed in (0, 1)]
    assert len(view_runs(seeded).sections) == 2
    alone = view_runs([at(f"/logs/{number}/r.json") for number in (3917, 168757)])
    assert grouped(alone) == {"unnamed task over x": {"BOHB": 2}}
    assert "the numbers 3917, 168757 in names of folders or studies count as those of repetitions" in alone.remarks[0]
    known = [at(f"/logs/{seed}/r.json", seed=seed) for seed in (3917, 168757)]
    assert view_runs(known).remarks == ()


def test_an_optimizer_may_have_words_of_its_own_in_every_task(at) -> None:
    """SMAC has the scenario's name in its folders, for one."""
    runs = [at(f"/logs/{task}/bohb/{seed}/results.json") for task in ("adult", "letter") for seed in (0, 1)]
    runs += [
        at(f"/logs/{task}/smac3_output/mlp/{task}-{k}/r.json", "SMAC") for task in ("adult", "letter") for k in "01"
    ]
    runs += [at("/logs/adult/own/log.csv", "Own", source_format="table")]
    assert grouped(view_runs(runs)) == {
        "adult": {"BOHB": 2, "Own": 1, "SMAC": 2},
        "letter": {"BOHB": 2, "SMAC": 2},
    }


def test_what_a_seed_runs_within_is_told_apart_by_its_whole_name(at) -> None:
    runs = [at(f"/logs/resnet-{depth}/s{seed}/r.json", seed=seed) for depth in (18, 50) for seed in (0, 1)]
    assert list(grouped(view_runs(runs))) == ["resnet18", "resnet50"]
    again = [at(f"/logs/exp{number}/s{seed}/r.json", seed=seed) for number in (1, 2) for seed in (0, 1)]
    assert list(grouped(view_runs(again))) == ["exp1", "exp2"]
    within = [at(f"/logs/net_{layers}_layers/r.json") for layers in (2, 3)]
    assert "the numbers 2, 3 in names" in view_runs(within).remarks[0]


@pytest.mark.parametrize("folder", ["old/mlp", "mlp (1)", "mlp.bak", "Copy of mlp", "backup_2024/mlp"])
def test_a_copy_in_another_folder_is_no_task(make_run, folder: str) -> None:
    costs = ([4.0, 3.0, 2.0, 1.0], [5.0, 3.5, 2.5, 1.5])
    sources = [("/logs/mlp/a.json", 0), ("/logs/mlp/b.json", 1), (f"/logs/{folder}/a.json", 0)]
    runs = [make_run("BOHB", None, costs[k], task=None, source=source) for source, k in sources]
    view = view_runs(runs[::-1])
    assert sum(len(group.runs) for one in view.sections for group in one.groups) == 2
    assert f"/logs/{folder}/a.json is a copy of /logs/mlp/a.json, and counts once." in view.remarks
    other = make_run("BOHB", None, [6.0, 3.0, 2.0, 1.0], task=None, source=f"/logs/{folder}/a.json")
    assert sum(len(group.runs) for one in view_runs([*runs[:2], other]).sections for group in one.groups) == 3


def test_a_study_that_is_called_a_study_names_no_task(at) -> None:
    stored = [at(f"/logs/{task}/results.db", study="study") for task in ("adult", "letter")]
    view = view_runs([*stored, *(at(f"/logs/{task}/trials.csv") for task in ("adult", "letter"))])
    assert grouped(view) == {"adult": {"BOHB": 2}, "letter": {"BOHB": 2}}


def test_folders_that_name_the_task_of_another_log_are_of_that_task(at, make_run) -> None:
    named = [make_run("Mine", task=task) for task in ("adult", "adult small")]
    paths = [
        "/l/adult/bohb/0/r.json",
        "/l/adult/bohb/1/r.json",
        "/l/adult-small/bohb/0/r.json",
        "/l/adult_big/0/r.json",
    ]
    view = view_runs([*named, *(at(path) for path in paths)])
    assert grouped(view)["adult"] == {"BOHB (no further name)": 2, "BOHB (big)": 1, "Mine": 1}
    assert grouped(view)["adult small"] == {"BOHB": 1, "Mine": 1}
    assert any("adult: runs of BOHB" in remark and "name it" in remark for remark in view.remarks)


def test_other_hyperparameters_or_two_names_are_not_of_that_task(at, make_run) -> None:
    named = [make_run("Mine", task=task) for task in ("adult", "letter")]
    both = view_runs([*named, at("/l/adult_letter/r.json")])
    assert [section.title for section in both.sections] == ["adult", "letter", "unnamed task over x"]
    space = ConfigurationSpace()
    space.add(Float("y", (0, 1)))
    provenance = Provenance.from_json({"source": "/l/adult/r.json"})
    other = run_over(space, [{"y": 0.5}], [1.0]).replace(provenance=provenance)
    assert len(view_runs([*named, other]).sections) == 3


def test_a_task_that_is_named_elsewhere_is_told_with_the_line_that_says_it(at, make_run) -> None:
    runs = [make_run("Mine", task="adult"), at("/l/bohb/0/r.json"), at("/l/bohb/1/r.json")]
    view = view_runs(runs)
    assert grouped(view) == {"adult": {"Mine": 1}, "unnamed task over x": {"BOHB": 2}}
    (remark,) = view.remarks
    assert 'runs = [{match = "/l/bohb/*", task = "adult"}]' in remark
    joined = Settings(runs=(Rule("/l/bohb/*", task="adult"),)).applied(runs)
    assert grouped(view_runs(joined)) == {"adult": {"Mine": 1, "BOHB": 2}}
