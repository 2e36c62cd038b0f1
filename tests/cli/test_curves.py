"""`encave analyze curves` as a person or a script calls it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from encave.cli import cli


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("curves")
    done = invoke("run", folder / "study", "--optimizer", "re,random", "--seeds", "0-2", "--budget", "20evals")
    assert done.exit_code == 0, done.output
    done = invoke("convert", folder / "study", "--out", folder / "runs")
    assert done.exit_code == 0, done.output
    return folder / "runs"


def last(rows: list[dict[str, Any]], like: dict[str, Any]) -> float:
    """Last value of the curve that a row is of."""
    return [row for row in rows if all(row[key] == like[key] for key in ("task", "optimizer", "measure"))][-1]["value"]


def test_table_json_and_csv_agree(runs: Path) -> None:
    arguments = ("analyze", "curves", runs, "--axis", "evaluations", "--statistic", "median")
    table = invoke(*arguments)
    assert table.exit_code == 0, table.output
    assert "median over evaluations, incumbents by highest-so-far" in table.stdout
    curves = json.loads(invoke(*arguments, "--json").stdout)["curves"]
    assert {(curve["optimizer"], curve["runs"]) for curve in curves} == {("RE", 3), ("Random", 3)}
    assert f"{last(curves, curves[0]):.4g}" in table.stdout
    rows = list(csv.DictReader(io.StringIO(invoke(*arguments, "--csv").stdout)))
    assert [float(row["value"]) for row in rows] == [row["value"] for row in curves]


@pytest.mark.parametrize("axis", ["epochs", "full-evaluations"])
def test_axes_and_rules(runs: Path, axis: str) -> None:
    done = invoke("analyze", "curves", runs, "--axis", axis, "--rule", "highest-only", "--normalise", "--json")
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    assert content["normalised_by"] == {"cifar10": "the mean regret with which Random ends"}
    rows = [row for row in content["curves"] if row["optimizer"] == "Random" and "normalised" in row["measure"]]
    assert rows[-1]["value"] == pytest.approx(1.0)


def test_bad_input_is_told(runs: Path) -> None:
    done = invoke("analyze", "curves", runs, "--statistic", "average")
    assert done.exit_code == 2 and "choose mean, median, iqm" in done.stderr
    done = invoke("analyze", "curves", runs, "--axis", "trial-time")
    assert done.exit_code == 2 and "cannot be drawn over trial-time" in done.stderr
