"""Logs of five optimizers on one task, in a folder as people leave it, become one figure with five lines."""

from __future__ import annotations

import csv
import json
import logging
import random
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from ConfigSpace import ConfigurationSpace, Float

from encave.analysis.grouping.sections import view_runs
from encave.analysis.report.settings import read_settings
from encave.cli import cli
from encave.run import Run, find_runs

LOGS = Path(__file__).parents[1] / "logs"
SEEDS = (0, 1)
NAMES = ("lr", "momentum")


def invoke(*arguments: object) -> Result:
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done


def loss(values: Mapping[str, float]) -> float:
    return (values["lr"] - 0.3) ** 2 + (values["momentum"] - 0.7) ** 2


def space(seed: int) -> ConfigurationSpace:
    found = ConfigurationSpace(seed=seed)
    found.add([Float(name, (0.0, 1.0)) for name in NAMES])
    return found


def smac_logs(folder: Path) -> None:
    smac = pytest.importorskip("smac")
    for seed in SEEDS:
        scenario = smac.Scenario(space(seed), name="mlp", seed=seed, n_trials=6, output_directory=folder)
        smac.RandomFacade(scenario, lambda values, seed=0: loss(values), logging_level=False).optimize()


def dehb_logs(folder: Path) -> None:
    dehb = pytest.importorskip("dehb")
    for seed in SEEDS:

        def fitness(values, fidelity, **_):
            return {"fitness": loss(values) + 0.1 / fidelity, "cost": fidelity}

        one = dehb.DEHB(
            f=fitness, cs=space(seed), dimensions=2, min_fidelity=1, max_fidelity=9, eta=3, n_workers=1, seed=seed,
            output_path=folder / f"seed{seed}", log_level="ERROR",
        )  # fmt: skip
        one.run(fevals=16)


def optuna_logs(storage: Path) -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(logging.ERROR)
    backend = optuna.storages.journal.JournalFileBackend(str(storage))
    for seed in SEEDS:
        sampler = optuna.samplers.TPESampler(seed=seed)
        study = optuna.create_study(
            study_name=f"tpe-{seed}", storage=optuna.storages.JournalStorage(backend), sampler=sampler
        )
        study.optimize(lambda trial: loss({name: trial.suggest_float(name, 0, 1) for name in NAMES}), n_trials=8)


def bohb_logs(folder: Path) -> None:
    """HpBandSter's own, on the same loss: it does not install beside today's NumPy."""
    shutil.copytree(LOGS / "bohb", folder, ignore=shutil.ignore_patterns("*.md"))


def own_tables(folder: Path) -> None:
    folder.mkdir()
    for seed in SEEDS:
        chance = random.Random(seed + 100)
        with (folder / f"results_seed{seed}.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow([*NAMES, "val_loss"])
            for _ in range(10):
                values = {name: chance.random() for name in NAMES}
                table.writerow([*values.values(), loss(values)])


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("five") / "experiments"
    folder.mkdir()
    smac_logs(folder / "smac3_output")
    dehb_logs(folder / "dehb")
    optuna_logs(folder / "optuna.log")
    bohb_logs(folder / "bohb")
    own_tables(folder / "own search")
    return folder


def test_the_logs_of_bohb_are_of_the_same_loss(logs: Path) -> None:
    for number in SEEDS:
        lines = (logs / f"bohb/run_{number}/configs.json").read_text(encoding="utf-8").splitlines()
        values = {tuple(key): own for key, own, _ in map(json.loads, lines)}
        for line in (logs / f"bohb/run_{number}/results.json").read_text(encoding="utf-8").splitlines():
            key, budget, _, told, _ = json.loads(line)
            assert told["loss"] == pytest.approx(loss(values[tuple(key)]) + 0.1 / budget)


def test_five_logs_of_one_task_are_one_figure_with_five_lines(logs: Path, tmp_path: Path) -> None:
    runs, settings = tmp_path / "runs", tmp_path / "report.toml"
    own = ("--map", "objective=val_loss", "--map", "hyperparameters=lr,momentum", "--map", "optimizer=Mine")
    invoke("convert", logs, "--out", runs, *own)
    table = invoke("groups", runs, "--write", settings)
    assert "objectives of several names are compared as one" in table.stderr
    assert (
        "cost of SMAC (Random); fitness of DEHB; loss of BOHB; val_loss of Mine; value of Optuna (TPE)" in table.stderr
    )
    done = invoke("report", runs, "--out", tmp_path / "report", "--settings", settings, "--jobs", 1)
    assert "kept apart" not in done.stderr
    five = {"BOHB", "DEHB", "Mine", "Optuna (TPE)", "SMAC (Random)"}
    with (tmp_path / "report/data/curves.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["measure"] == "objective"]
    assert len({row["task"] for row in rows}) == 1
    assert {row["optimizer"]: row["runs"] for row in rows} == dict.fromkeys(five, "2")
    figures = [path.name for path in (tmp_path / "report/figures").glob("*-objective.pdf")]
    assert len(figures) == 1
    # each line ends where the incumbents of its two runs do
    loaded = read_settings(settings).applied([Run.load(folder) for folder in find_runs(runs)])
    for label in five:
        ends = [best.value for run in loaded if run.label == label and (best := run.incumbent()) is not None]
        last = [float(row["value"]) for row in rows if row["optimizer"] == label][-1]
        assert len(ends) == 2 and last == pytest.approx(sum(ends) / 2)
    page = (tmp_path / "report/report.html").read_text(encoding="utf-8")
    assert "fitness in the log of DEHB" in page and "val_loss in the log of Mine" in page


def test_without_a_written_file_it_is_the_same_and_told(logs: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    own = ("--map", "objective=val_loss", "--map", "hyperparameters=lr,momentum", "--map", "optimizer=Mine")
    invoke("convert", logs, "--out", runs, *own)
    view = view_runs([Run.load(folder) for folder in find_runs(runs)])
    (section,) = view.sections
    assert len(section.groups) == 5 and not view.kept_apart
