"""Logs of a study as a few lines each read them, without encave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

LABELS = {"re": "RE", "random": "Random", "dehb": "DEHB", "smac": "SMAC", "smac-mf": "SMAC-MF", "tpe": "TPE"}


@dataclass
class Log:
    """One run, as its log tells it."""

    optimizer: str
    task: str
    seed: int
    limit: float
    optimum: float
    trials: pd.DataFrame
    """Successful trials by their end: `config`, `budget`, `cost`, `end`, `valid`, `test`."""
    initial: list[bool]
    """Whether each proposal that the log has, the one that was open at the end too, is from the initial design; empty
    where it does not tell."""
    named: list[tuple[float, tuple[str, ...]]]
    """The incumbents that the log itself names: when, and which configuration; empty where it names none."""
    known: dict[str, pd.DataFrame] = field(default_factory=dict)
    """Its incumbents on each axis that was asked for."""

    def steps(self, axis: str = "time") -> pd.DataFrame:
        """The incumbents: `position`, `regret`, `test`, `config`, `budget`."""
        if axis not in self.known:
            self.known[axis] = self._steps(axis)
        return self.known[axis]

    def _steps(self, axis: str) -> pd.DataFrame:
        best, kept = (np.inf, np.inf), []
        for number, trial in enumerate(self.trials.itertuples()):
            if (-trial.budget, trial.cost) < best:
                best = (-trial.budget, trial.cost)
                kept.append(number)
        found = self.trials.iloc[kept]
        return pd.DataFrame(
            {
                "position": self.positions(axis)[kept],
                "regret": np.maximum(found["valid"].to_numpy() - self.optimum, 0.0),
                "test": found["test"].to_numpy(),
                "config": found["config"].to_numpy(),
                "budget": found["budget"].to_numpy(),
            }
        )

    def positions(self, axis: str) -> np.ndarray:
        if axis == "time":
            return self.trials["end"].to_numpy()
        return (
            np.arange(1.0, len(self.trials) + 1) if axis == "evaluations" else self.trials["budget"].cumsum().to_numpy()
        )

    def end(self, axis: str) -> float:
        return self.limit if axis == "time" else float(self.positions(axis)[-1])

    def at(self, position: float, measure: str = "regret", axis: str = "time") -> float:
        """What is reported at a moment; infinite before the first incumbent."""
        steps = self.steps(axis)
        before = int((steps["position"].to_numpy() <= position).sum())
        return float(steps[measure].to_numpy()[before - 1]) if before else np.inf


def read_log(folder: Path) -> Log:
    told = json.loads((folder / "encave.json").read_text())
    choices = {one["name"]: list(one["choices"]) for one in told["space"]["hyperparameters"]}
    rows = list(_rows(folder, choices))
    trials = pd.DataFrame(rows, columns=["config", "budget", "cost", "end", "valid", "test"])
    trials["budget"] = trials["budget"].astype(float).fillna(float(told["benchmark"]["schedule"]))
    assert len(trials) == told["trials"]
    assert trials.groupby(["config", "budget"])["cost"].nunique().max() == 1  # nothing is to be averaged
    limit = told["limit"]["simulated_seconds"]
    assert trials["end"].is_monotonic_increasing and trials["end"].max() <= limit
    optimum = told["benchmark"]["optimum"]["valid_error_200"]
    label = LABELS[folder.parent.parent.name]
    own = list(_initial(folder)), list(_named(folder, choices))
    return Log(label, told["task"], told["seed"], limit, optimum, trials, *own)


def _rows(folder: Path, choices: dict[str, list[str]]) -> Iterator[tuple]:
    def config(named: dict[str, str]) -> tuple[str, ...]:
        return tuple(named[name] for name in choices)

    for path in folder.glob("trials.jsonl"):
        for line in map(json.loads, path.read_text().splitlines()):
            info = line["info"]
            cost = line["cost"]["valid_error"]
            yield (
                config(line["config"]),
                line["budget"],
                cost,
                line["end"],
                info["valid_error_200"],
                info["test_error_200"],
            )
    for path in folder.glob("history.parquet.gzip"):
        for row in pd.read_parquet(path).to_dict("records"):
            info = row["info"]
            # the last border that is not above it, as DEHB itself says it: 0.6 is below the fourth, 0.6000000000000001
            places = [int((np.arange(0, 1, 1 / 5) <= value).sum()) - 1 for value in row["config"]]
            vector = {name: own[place] for (name, own), place in zip(choices.items(), places, strict=True)}
            yield (
                config(vector),
                row["fidelity"],
                row["fitness"],
                info["end"],
                info["valid_error_200"],
                info["test_error_200"],
            )
    for path in folder.glob("smac/*/runhistory.json"):
        told = json.loads(path.read_text())
        for row in told["data"]:
            if row["status"] == 1:
                info = row["additional_info"]
                named = told["configs"][str(row["config_id"])]
                yield (
                    config(named),
                    row["budget"],
                    row["cost"],
                    row["endtime"],
                    info["valid_error_200"],
                    info["test_error_200"],
                )
    for path in folder.glob("optuna_journal.log"):
        for line in map(json.loads, path.read_text().splitlines()):
            if line["op_code"] == 4:
                user = line["user_attrs"]
                spaces = {n: json.loads(d)["attributes"]["choices"] for n, d in line["distributions"].items()}
                named = {name: spaces[name][int(value)] for name, value in line["params"].items()}
                yield (
                    config(named),
                    user["budget"],
                    line["value"],
                    user["end"],
                    user["valid_error_200"],
                    user["test_error_200"],
                )


def _initial(folder: Path) -> Iterator[bool]:
    for path in folder.glob("trials.jsonl"):
        yield from (json.loads(line)["info"]["origin"] == "initial" for line in path.read_text().splitlines())
    for path in folder.glob("optuna_journal.log"):
        told = [one for one in map(json.loads, path.read_text().splitlines()) if one["op_code"] == 4]
        yield from (one["user_attrs"]["origin"] == "initial" for one in told)
    for path in folder.glob("smac/*/runhistory.json"):
        told = json.loads(path.read_text())
        yield from (told["config_origins"][str(row["config_id"])].startswith("Initial Design") for row in told["data"])


def _named(folder: Path, choices: dict[str, list[str]]) -> Iterator[tuple[float, tuple[str, ...]]]:
    """SMAC's trajectory."""
    for path in folder.glob("smac/*/intensifier.json"):
        configs = json.loads((path.parent / "runhistory.json").read_text())["configs"]
        for step in json.loads(path.read_text())["trajectory"]:
            (number,) = step["config_ids"]
            yield step["walltime"], tuple(configs[str(number)][name] for name in choices)


class Study:
    """The logs of a study, and the tables of its report."""

    def __init__(self, study: Path, report: Path, control: str = "RE") -> None:
        folders = sorted(path.parent for path in study.glob("*/*/seed-*/encave.json"))
        self.folder, self.control = report, control
        told = pd.read_parquet(report / "data" / "runs.parquet")
        names = {f"seed-{seed}" for seed in told["seed"]}
        self.logs = [read_log(folder) for folder in folders if folder.name in names]
        assert len(self.logs) == len(told[told["measure"] == "validation regret"])

    @property
    def tasks(self) -> list[str]:
        return sorted({one.task for one in self.logs})

    @property
    def optimizers(self) -> list[str]:
        return sorted({one.optimizer for one in self.logs})

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "data" / f"{name}.parquet")

    def runs(self, task: str, optimizer: str) -> list[Log]:
        found = [one for one in self.logs if (one.task, one.optimizer) == (task, optimizer)]
        return sorted(found, key=lambda one: one.seed)

    def finals(self, task: str, optimizer: str, measure: str = "regret") -> np.ndarray:
        return np.array([one.steps()[measure].iloc[-1] for one in self.runs(task, optimizer)])

    def all(self, task: str) -> list[Log]:
        return [one for one in self.logs if one.task == task]

    def stop(self, task: str, axis: str = "time") -> float:
        return min(one.end(axis) for one in self.all(task))
