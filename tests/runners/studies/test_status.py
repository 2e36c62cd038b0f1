"""What `encave status` reads from a study's folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from encave.cli import cli
from encave.errors import EncaveError
from encave.files.atomic import atomic_folder
from encave.runners.studies.status import study_status
from encave.runners.studies.study import Limit, RunSpec, run_study


def finish(study: Path, home: str) -> None:
    (study / home).mkdir(parents=True)
    (study / home / "encave.json").write_text("{}")


def test_a_real_study_is_done(tmp_path: Path) -> None:
    limit = Limit(evaluations=12)
    specs = [RunSpec(name, "cifar10", seed, limit) for name in ("random", "re") for seed in (0, 1, 10)]
    run_study(tmp_path, specs)
    status = study_status(tmp_path)
    assert [(cell.optimizer, cell.dataset, cell.done) for cell in status.cells] == [
        ("random", "cifar10", (0, 1, 10)),
        ("re", "cifar10", (0, 1, 10)),
    ]
    assert status.complete


def test_a_run_in_flight_has_a_hidden_folder_until_it_is_done(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "dehb/cifar10/seed-7") as folder:
        (folder / "encave.json").write_text("{}")
        os.utime(folder, (1, 1))
        (cell,) = study_status(tmp_path).cells
        assert (cell.done, [run.seed for run in cell.running]) == ((), [7])
        assert 0 <= cell.running[0].idle_seconds < 60
        assert not study_status(tmp_path).complete
    (cell,) = study_status(tmp_path).cells
    assert (cell.done, cell.running) == ((7,), ())


def test_missing_are_the_seeds_that_others_have(tmp_path: Path) -> None:
    for seed in (0, 1, 2):
        finish(tmp_path, f"re/cifar10/seed-{seed}")
    finish(tmp_path, "re/cifar100/seed-1")
    with atomic_folder(tmp_path / "dehb/cifar10/seed-2"):
        cells = {(cell.optimizer, cell.dataset): cell for cell in study_status(tmp_path).cells}
    assert cells["re", "cifar10"].missing == ()
    assert cells["re", "cifar100"].missing == (0, 2)
    assert cells["dehb", "cifar10"].missing == (0, 1)
    assert cells["dehb", "cifar10"].unfinished == 2


def test_a_folder_without_its_sidecar_is_damaged(tmp_path: Path) -> None:
    finish(tmp_path, "re/cifar10/seed-0")
    (tmp_path / "re/cifar10/seed-1").mkdir()
    (cell,) = study_status(tmp_path).cells
    assert (cell.done, cell.damaged, cell.unfinished) == ((0,), (1,), 1)


def test_what_a_killed_process_left_beside_a_finished_run_is_not_running(tmp_path: Path) -> None:
    finish(tmp_path, "re/cifar10/seed-0")
    (tmp_path / "re/cifar10/.seed-0.x1y2").mkdir()
    (tmp_path / "re/cifar10/.seed-1.old.x1y2").mkdir()
    (tmp_path / "re/cifar10/notes").mkdir()
    (tmp_path / "re/README.txt").write_text("not a dataset")
    (cell,) = study_status(tmp_path).cells
    assert (cell.done, cell.running, cell.unfinished) == ((0,), (), 0)


@pytest.mark.parametrize("folder", [".", "absent"])
def test_what_is_no_study_is_refused(tmp_path: Path, folder: str) -> None:
    with pytest.raises(EncaveError, match=r"is no study|cannot read the study"):
        study_status(tmp_path / folder)


def test_the_command_prints_a_table_or_json(tmp_path: Path) -> None:
    for seed in (0, 1, 2, 5):
        finish(tmp_path, f"re/cifar10/seed-{seed}")
    finish(tmp_path, "random/cifar10/seed-0")
    table = CliRunner().invoke(cli, ["status", str(tmp_path)])
    assert table.exit_code == 0, table.output
    assert "missing: random on cifar10, seeds 1-2,5" in table.output
    found = json.loads(CliRunner().invoke(cli, ["status", str(tmp_path), "--json"]).output)
    assert (found["done"], found["running"], found["unfinished"], found["complete"]) == (5, 0, 3, False)
    assert found["cells"][0]["missing_seeds"] == [1, 2, 5]


def test_the_command_refuses_what_is_no_study(tmp_path: Path) -> None:
    refused = CliRunner().invoke(cli, ["status", str(tmp_path)])
    assert refused.exit_code == 2
    assert "is no study" in refused.output
