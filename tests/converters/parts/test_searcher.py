"""What searched: what the log says, else the study's name, else the folder's, else the library that logged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from encave import read
from encave.analysis.grouping.sections import view_runs
from encave.converters.parts.optuna_attributes import samplers
from encave.converters.parts.searcher import searcher

from ...cli.test_convert import invoke
from ..reading import LOGS, read_all, read_one

FRAMES = LOGS / "frames"


@pytest.mark.parametrize(
    ("folder", "label"),
    [
        ("tpe", "Lib (TPE)"),
        ("my_cma-es_3", "Lib (CMA-ES)"),
        ("NSGAII", "Lib (NSGA-II)"),
        ("regevo", "Lib (RE)"),
        ("re_0", "Lib (RE)"),
        ("re-run", "Lib"),
        ("GA", "Lib (GA)"),
        ("hillclimber_2", "Lib (Hill Climbing)"),
        ("local_search", "Lib (Local Search)"),
        ("asha-adult/seed_1", "Lib (ASHA)"),
        ("bayesian_optimization", "Lib (BO)"),
        ("random_seed_3", "Lib"),
        ("random_seed3", "Lib (Random Search)"),  # as tpe_seed3
        ("tpe_vs_gp", "Lib"),
        ("anything", "Lib"),
    ],
)
def test_folders_tell_where_the_log_is_silent(folder: str, label: str) -> None:
    path = Path("/a/b/c/d/e") / folder / "log.json"
    found = searcher("Lib", path)
    assert found.label == found.metadata["group"] == label
    assert (len(found.notes) == 1) == (label != "Lib") == (found.metadata.get("label_where") == "folder")
    assert searcher("Lib", path, "Own").metadata == {"group": "Lib (Own)"}
    assert searcher("Lib", path, "Own", own=False).label == "Own"
    pruned = "Lib (Hyperband)" if label == "Lib" else label.replace(")", " + Hyperband)")
    assert searcher("Lib", path, pruner="Hyperband").label == pruned
    assert searcher("Lib", path, study="of qmc").metadata["label_where"] == "study's name"


@pytest.mark.parametrize(
    ("file", "label"),
    [
        ("tpe.log", "Lib (TPE)"),
        ("adult.tpe.0.csv", "Lib (TPE)"),
        ("adult.random.seed0.csv", "Lib (Random Search)"),
        ("random.results.tpe.json", "Lib (Random Search)"),
        ("adult.random.tpe.csv", "Lib (ASHA)"),
        ("random_search_seed3.csv", "Lib (Random Search)"),
        ("random_forest.csv", "Lib (ASHA)"),
        ("results.json", "Lib (ASHA)"),
        ("tpe_vs_gp.db", "Lib (ASHA)"),
    ],
)
def test_the_name_of_the_file_goes_before_folders(file: str, label: str) -> None:
    found = searcher("Lib", Path("/a/b/asha") / file)
    assert found.label == label
    assert found.metadata["label_where"] == ("folder" if label == "Lib (ASHA)" else "file's name")


def test_tables_of_several_searches_in_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for task in ("adult", "letter"):
        for name in ("tpe", "random_search"):
            for seed in (0, 1):
                path = tmp_path / "logs" / task / f"{name}_seed{seed}.csv"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"x,loss\n1,{seed + len(task)}\n2,{seed + len(name)}\n", encoding="utf-8")
    mapping = ("--map", "objective=loss", "--map", "hyperparameters=x")
    assert invoke("convert", tmp_path / "logs", "--out", tmp_path / "runs", *mapping).exit_code == 0
    told = json.loads(invoke("groups", tmp_path / "runs", "--json").stdout)["groups"]
    assert {(one["task"], one["optimizer"], one["seed"]) for one in told} == {
        (task, label, seed) for task in ("adult", "letter") for label in ("TPE", "Random Search") for seed in (0, 1)
    }
    assert told[0]["why"].startswith("label from the file's name (random_search)")


def _groups(source: Path) -> list[str]:
    return [result.run.provenance.group for result in read_all(source, "smac")]


@pytest.mark.parametrize(
    ("facade", "label"),
    [
        ("HyperparameterOptimizationFacade", "SMAC (HPO)"),
        ("BlackBoxFacade", "SMAC (BlackBox)"),
        ("MultiFidelityFacade", "SMAC (Multi-Fidelity)"),
        ("HyperbandFacade", "SMAC (Hyperband)"),
        ("AlgorithmConfigurationFacade", "SMAC (AC)"),
        ("RandomFacade", "SMAC (Random)"),
    ],
)
def test_the_facade_of_smac_is_its_search(facade: str, label: str, tmp_path: Path) -> None:
    source = tmp_path / "hyperband"  # which the log goes before
    source.mkdir()
    _history(source, {}, [None])
    meta = {"facade": {"name": facade}, "version": "2.4.1"}
    (source / "scenario.json").write_text(json.dumps({"name": "x", "seed": 0, "objectives": "cost", "_meta": meta}))
    assert _groups(source) == [label]


def _history(folder: Path, origins: dict[str, str], budgets: list[float | None]) -> None:
    rows = [[n, None, 0, budgets[n % len(budgets)], 1.0, 1.0, 1, float(n), n + 1.0, {}] for n in range(1, 13)]
    content = {
        "stats": {"submitted": 12, "finished": 12, "running": 0},
        "data": rows,
        "configs": {str(n): {"x": n / 20} for n in range(1, 13)},
        "config_origins": origins,
    }
    (folder / "runhistory.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("origin", "budgets", "label"),
    [
        ("Local Search", [1.0, 3.0], "SMAC (Multi-Fidelity)"),
        ("Local Search", [None], "SMAC"),
        ("Random Search", [1.0, 3.0], "SMAC (Hyperband)"),
        ("Random Search", [None], "SMAC (Random)"),
        ("Initial Design: Sobol", [None], "SMAC"),
    ],
)
def test_without_a_facade_origins_and_budgets_tell(origin: str, budgets: list[Any], label: str, tmp_path: Path) -> None:
    source = tmp_path / "a" / "b" / "c" / "d"
    source.mkdir(parents=True)
    _history(source, {str(n): origin for n in range(1, 13)}, budgets)
    assert _groups(source) == [label]


def test_attributes_of_optuna_tell_the_sampler() -> None:
    assert samplers(["NSGAIISampler:generation"]) == samplers(["nsga2:population:0"]) == ["NSGA-II"]
    assert samplers(["cma:optimizer:0", "completed_rung_0"]) == ["CMA-ES"]
    assert samplers(["tpe:relative_params:0"]) == ["TPE"]
    assert samplers(["grid_id", "search_space"]) == ["Grid Search"]
    assert samplers(["qmc:3ae7c6"]) == samplers(["qmc ({'qmc_type': 'sobol'})'s last sample id"]) == ["QMC"]
    assert samplers(["study:metric_names", "constraints:c", "fixed_params"]) == []


@pytest.mark.filterwarnings("ignore:QMCSampler is experimental")
def test_samplers_and_pruners_of_studies_that_optuna_wrote(tmp_path: Path) -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = f"sqlite:///{tmp_path / 'study.db'}"

    def steps(trial: Any) -> float:
        x = trial.suggest_float("x", 0, 1)
        for step in range(1, 10):
            trial.report(x + 1 / step, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return x

    made = {
        "a": (optuna.samplers.GridSampler({"x": [0.1, 0.2, 0.3]}), None, 3),
        "b": (optuna.samplers.TPESampler(seed=0), optuna.pruners.HyperbandPruner(1, 9, 3), 24),
        "c": (optuna.samplers.TPESampler(seed=0), optuna.pruners.SuccessiveHalvingPruner(1), 16),
        "d": (optuna.samplers.NSGAIISampler(seed=0, population_size=4), None, 10),
        "e": (optuna.samplers.RandomSampler(seed=0), None, 3),
        "f": (optuna.samplers.RandomSampler(seed=0), optuna.pruners.HyperbandPruner(1, 9, 3), 24),
        "random_sh_0": (optuna.samplers.RandomSampler(seed=0), optuna.pruners.SuccessiveHalvingPruner(1), 16),
        "g": (optuna.samplers.QMCSampler(seed=0), None, 3),
        "h": (optuna.samplers.RandomSampler(seed=0), None, 3),
    }
    for name, (sampler, pruner, trials) in made.items():
        study = optuna.create_study(study_name=name, sampler=sampler, pruner=pruner)
        if name == "h":
            study.set_user_attr("sampler", "RandomSampler")
        study.optimize(steps, n_trials=trials)
        optuna.copy_study(from_study_name=name, from_storage=study._storage, to_storage=storage)
    runs = {result.run.name: result.run.provenance.group for result in read_all(tmp_path, "optuna")}
    assert runs == {
        "a": "Optuna (Grid Search)",
        "b": "Optuna (TPE + Hyperband)",
        "c": "Optuna (TPE + Successive Halving)",
        "d": "Optuna (NSGA-II)",
        "e": "Optuna",
        "f": "Optuna (Hyperband)",
        "random_sh_0": "Optuna (Random + Successive Halving)",
        "g": "Optuna (QMC)",
        "h": "Optuna (Random)",
    }


def test_context_of_deephyper_names_its_search(tmp_path: Path) -> None:
    table = "p:x,objective,job_id\n0.1,1.0,0\n0.2,2.0,1\n"
    for name, context in (
        ("told", "search:\n  type: CBO\n  random_state: 42\n"),
        ("halving", ""),
        ("bad", "search: !!python/x {}\n"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "results.csv").write_text(table)
        if context:
            (tmp_path / name / "context.yaml").write_text(context)
    told, silent, bad = (read_one(tmp_path / name, "deephyper").run for name in ("told", "halving", "bad"))
    assert (told.provenance.group, told.seed) == ("DeepHyper (CBO)", 42)
    assert silent.provenance.group == "DeepHyper (Successive Halving)"
    assert any("left out" in note.text for note in bad.notes)


def test_syne_tune_tells_the_searcher_of_a_scheduler_that_takes_any(tmp_path: Path) -> None:
    source = tmp_path / "tpe"
    shutil.copytree(LOGS / "syne-tune" / "toy-asha-2026-11-22-01-31-09-613", source)
    metadata = json.loads((source / "metadata.json").read_text())
    for scheduler, told, kind, label in (
        ("ASHA", None, None, "ASHA"),
        ("HyperbandScheduler", "bayesopt", "stopping", "MOBSTER"),
        ("HyperbandScheduler", "random", "pasha", "PASHA"),
        ("HyperbandScheduler", "kde", "promotion", "BOHB"),
        ("FIFOScheduler", "kde", None, "FIFOScheduler (kde)"),
        (None, None, None, "TPE"),
    ):
        metadata["scheduler_kwargs"]["type"] = kind
        metadata["scheduler_name"] = scheduler
        metadata["scheduler_kwargs"]["searcher"] = told
        (source / "metadata.json").write_text(json.dumps(metadata))
        assert read_one(source, "syne-tune").run.provenance.group == label


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("trials.csv", "Optuna (TPE)"),
        ("cv_results.csv", "scikit-learn"),
        ("nevergrad.json", "Nevergrad (NGOpt)"),
    ],
)
def test_tables_of_known_columns_are_labelled_by_their_library(name: str, label: str, tmp_path: Path) -> None:
    (tmp_path / "a" / "b" / "c" / "d").mkdir(parents=True)
    shutil.copy(FRAMES / name, tmp_path / "a" / "b" / "c" / "d")
    assert read_one(tmp_path, "table").run.provenance.group == label


def test_generation_nodes_of_ax_are_its_search(tmp_path: Path) -> None:
    table = (
        "trial_index,arm_name,trial_status,generation_node,loss,x\n0,0_0,COMPLETED,Sobol,2,3\n1,1_0,COMPLETED,MBM,1,4\n"
    )
    (tmp_path / "ax.csv").write_text(table)
    [told] = json.loads(invoke("inspect", tmp_path, "--json").stdout)["passed_over"]
    options = told["way_in"].removeprefix("convert it with ").split()
    mapping = dict(option.split("=", 1) for option in options if option != "--map")
    [run] = read(tmp_path, map={key: value.strip("'") for key, value in mapping.items()})
    assert (run.optimizer.name, run.label) == ("Ax", "Ax (Sobol + MBM)")


def test_a_data_frame_of_optunas_and_its_storage_are_one_optimizer() -> None:
    [frame] = read(FRAMES / "trials.csv")
    assert (frame.optimizer.name, frame.label) == ("Optuna", "Optuna (TPE)")


def test_groups_says_where_a_label_is_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "asha").mkdir()
    (tmp_path / "asha" / "results.csv").write_text("p:x,objective,job_id\n0.1,1.0,0\n0.2,2.0,1\n")
    [group] = json.loads(invoke("groups", tmp_path / "asha", "--json").stdout)["groups"]
    assert group["optimizer"] == "DeepHyper (ASHA)" and "label from the folder (asha)" in group["why"]


def test_how_names_write_the_search_of_the_log_is_no_word_of_the_task() -> None:
    own = {"NSGA-II": "nsga[^0-9a-z]*(?:ii|2)", "TPE": "(?:mo)?tpe", "Hyperband": "hb", "NSGA-III": "nsga[-]?3"}
    path = Path("/a/hb_runs/nsga3/study.db")
    assert searcher("Lib", path, "NSGA-II", study="zdt-nsga2-s0", known=own).spelled == ("nsga2",)
    assert searcher("Lib", path, "TPE + Hyperband", study="zdt-motpe-s0", known=own).spelled == ("motpe", "hb")
    assert searcher("Lib", path, study="zdt-nsga2-s0", known=own).metadata == {
        **{"group": "Lib (NSGA-II)", "label_from": "nsga2", "label_where": "study's name"}
    }


def test_studies_of_samplers_whose_names_have_numbers_are_on_one_task(tmp_path: Path) -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = f"sqlite:///{tmp_path / 'studies.db'}"
    samplers_by_name = {"nsga2": optuna.samplers.NSGAIISampler, "motpe": optuna.samplers.TPESampler}
    for task in ("zdt", "dtlz"):
        for name, sampler in samplers_by_name.items():
            study = optuna.create_study(
                study_name=f"{task}-{name}-s0", storage=storage, sampler=sampler(seed=0), directions=["minimize"] * 2
            )
            study.optimize(lambda trial: (trial.suggest_float("x", 0, 1), 1 - trial.params["x"]), n_trials=2)
    sections = view_runs(read(tmp_path)).sections
    groups = {one.title: sorted(group.optimizer for group in one.groups) for one in sections}
    assert groups == {task: ["Optuna (NSGA-II)", "Optuna (TPE)"] for task in ("zdt", "dtlz")}


def test_random_search_of_optuna_has_one_label_in_all_forms(tmp_path: Path) -> None:
    (tmp_path / "random_0.csv").write_text("number,value,params_x,state\n0,0.1,1,COMPLETE\n1,0.2,2,COMPLETE\n")
    (run,) = read(tmp_path)
    assert run.label == "Optuna (Random)"
