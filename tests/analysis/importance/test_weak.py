"""Importances of forests that explain little are told to be rough, and of those that explain nothing not shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace

from encave.analysis.report import write_report
from encave.run import Optimizer, Provenance, Run

from ..runs import run_over


def run_of(name: str, noise: float, seed: int) -> Run:
    """Sixty configurations at random, of which the first hyperparameter matters beside the noise."""
    rng = np.random.default_rng(seed)
    space = ConfigurationSpace()
    space.add([CategoricalHyperparameter(key, tuple("abcd")) for key in "xyz"])
    codes: Sequence[Sequence[int]] = rng.integers(0, 4, size=(60, 3)).tolist()
    costs = [3.0 * row[0] + noise * rng.normal() for row in codes]
    run = run_over(space, [dict(zip("xyz", ("abcd"[c] for c in row), strict=True)) for row in codes], costs)
    return run.replace(name=f"{name}-{seed}", optimizer=Optimizer(name), provenance=Provenance(task="toy", seed=seed))


@pytest.fixture(scope="module")
def report_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = [run_of(*one) for one in (("clear", 0.1, 1), ("rough", 4.0, 2), ("nothing", 1000.0, 3))]
    return write_report(runs, tmp_path_factory.mktemp("weak") / "report").folder


@pytest.fixture(scope="module")
def page(report_folder: Path) -> str:
    return (report_folder / "report.html").read_text(encoding="utf-8")


def test_what_is_rough_and_what_is_nothing_is_told(page: str) -> None:
    rough = page.partition("the forests of rough (")[2]
    assert "explain less than half of the variance out of bag" in rough.split("</")[0]
    nothing = page.partition("the forests of nothing (")[2]
    assert "so no importances are shown" in nothing.split("</")[0]
    assert "the forests of clear" not in page


def test_nothing_is_shown_but_how_bad_it_is(page: str) -> None:
    table = (
        page.partition("Importance of hyperparameters on toy")[0].rpartition("<table")[2]
        + page.partition("Importance of hyperparameters on toy")[2].partition("</table>")[0]
    )
    line = next(row for row in table.split("<tr") if ">nothing<" in row or "nothing</th>" in row)
    assert line.count("–") >= 3


def test_the_document_has_the_importances_with_the_caution(page: str, report_folder) -> None:
    tex = (report_folder / "tables" / "toy-importance.tex").read_text(encoding="utf-8")
    assert r"\input{tables/toy-importance}" in (report_folder / "main.tex").read_text(encoding="utf-8")
    assert "Rough, with R\\textsuperscript{2} below 0.5: rough." in tex
    assert "Not shown, with R\\textsuperscript{2} below 0: nothing." in tex
    lines = {line.split(" & ")[0]: line.split(" & ")[1:] for line in tex.splitlines() if line.endswith(r"\\")}
    assert set(lines["nothing"][:-2]) == {"--"} and "--" not in lines["clear"]
