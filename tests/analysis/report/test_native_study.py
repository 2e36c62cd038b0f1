"""A study of this very minute: run, reported from its native logs, and every number computed again by other means."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from encave.cli import cli

from .native_study import CHECKS, Study

pytestmark = pytest.mark.end_to_end


def _encave(*arguments: str) -> None:
    done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output


def test_every_number_is_that_of_the_native_logs(tmp_path: Path) -> None:
    """Six optimizers, among them all kinds of native logs, on three tasks with six seeds, on one schedule."""
    study, report = tmp_path / "study", tmp_path / "report"
    budgets = "cifar10=30000s,cifar100=60000s,ImageNet16-120=180000s"
    optimizers = ("--optimizer", "dehb,smac,smac-mf,re,tpe,random", "--dataset", "cifar10,cifar100,ImageNet16-120")
    _encave("run", str(study), *optimizers, "--seeds", "0-5", "--schedule", "200", "--budget", budgets)
    _encave("report", str(study), "--out", str(report), "--control", "RE")
    again = Study(study, report)
    assert (len(again.tasks), len(again.optimizers), len(again.logs)) == (3, 6, 108)
    wrong: dict[str, str] = {}
    for check in CHECKS:
        try:
            check(again)
        except AssertionError as error:
            wrong[check.__name__] = str(error)
    assert not wrong
