"""Seeds from the names of files, folders and studies."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from encave import read
from encave.cli import cli
from encave.converters.parts.seed_names import named_seed
from encave.run import Run, find_runs

from ..reading import LOGS


@pytest.mark.parametrize(
    ("path", "seed", "where"),
    [
        ("seed0/results.json", 0, "folder's name 'seed0'"),
        ("run_3/results.json", 3, "folder's name 'run_3'"),
        ("adult_bohb_s7/results.json", 7, "folder's name 'adult_bohb_s7'"),
        ("rep-2/log/results.json", 2, "folder's name 'rep-2'"),
        ("trial_0/results.json", 0, "folder's name 'trial_0'"),
        ("Seed=42/run_1/results.json", 42, "folder's name 'Seed=42'"),
        ("adult-seed-12.csv", 12, "file's name 'adult-seed-12'"),
        ("seed1/tpe.seed2.csv", 2, "file's name 'tpe.seed2'"),
        ("seed1/run_s3.results.json", 1, "folder's name 'seed1'"),
        ("a/run_s3.results.json", 3, "file's name 'run_s3'"),
        ("job.12.seed.4/t.csv", 4, "folder's name 'job.12.seed.4'"),
        ("run_id_3/t.csv", 3, "folder's name 'run_id_3'"),
        ("1_seed/t.csv", 1, "folder's name '1_seed'"),
        ("replication4/t.csv", 4, "folder's name 'replication4'"),
        ("run_1/run_2/results.json", 2, "folder's name 'run_2'"),
        ("RandomSeed_7/results.json", 7, "folder's name 'RandomSeed_7'"),
        ("adultSeed3/results.json", 3, "folder's name 'adultSeed3'"),
        ("mlp_random_state=4/results.json", 4, "folder's name 'mlp_random_state=4'"),
        ("rng5/results.json", 5, "folder's name 'rng5'"),
        ("seeds/6/results.json", 6, "folder's name 'seeds/6'"),
        ("run_20240501_120000/results.json", None, None),
        ("seed0/a/b/c/results.json", None, None),
        ("rs3_forest/results.json", None, None),
        ("adult_s7_big/results.json", None, None),
        ("run_1_run_2/results.json", None, None),
        ("unseeded3/overrun2/results.json", None, None),
        ("run_v2.5/0/results.json", None, None),
    ],
)
def test_names(path: str, seed: int | None, where: str | None) -> None:
    found = named_seed(Path("/logs") / path)
    assert (found and found.seed, found and found.where) == (seed, where)


def test_the_study_comes_first() -> None:
    found = named_seed(Path("/logs/run_1/study.db"), "sphere-tpe-run4")
    assert found is not None and (found.seed, found.where) == (4, "study's name 'sphere-tpe-run4'")


def test_a_conversion_says_where_the_seed_is_from(tmp_path: Path) -> None:
    log = next(LOGS.glob("dehb/**/history*"))
    for name in ("run_3", "run_4"):
        shutil.copytree(log.parent, tmp_path / "logs" / name)
    done = CliRunner().invoke(cli, ["convert", str(tmp_path / "logs"), "--out", str(tmp_path / "runs")])
    assert done.exit_code == 0, done.output
    runs = [Run.load(folder) for folder in find_runs(tmp_path / "runs")]
    assert {run.seed: run.provenance.seed_from for run in runs} == {
        3: "folder's name 'run_3'",
        4: "folder's name 'run_4'",
    }
    assert "the log does not say the seed: 3 from the folder's name 'run_3'" in [note.text for note in runs[0].notes]
    table = CliRunner().invoke(cli, ["groups", str(tmp_path / "runs"), "--json"])
    assert "seed from the folder's name 'run_3'" in table.stdout


def test_runs_of_one_file_have_no_seed_of_its_name(tmp_path: Path) -> None:
    shutil.copytree(LOGS / "ioh" / "dims", tmp_path / "logs" / "run_1")
    done = CliRunner().invoke(cli, ["convert", str(tmp_path / "logs"), "--out", str(tmp_path / "runs")])
    assert done.exit_code == 0, done.output
    runs = [Run.load(folder) for folder in find_runs(tmp_path / "runs")]
    assert len(runs) > 1 and {run.seed for run in runs} == {None}


def test_a_seed_of_the_log_counts_and_a_name_that_says_another_is_told(tmp_path: Path) -> None:
    for folder in ("seed_3", "seed_5", "run_4"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "t.csv").write_text(f"x,loss,seed\n0.1,1,5\n0.2,{len(folder)}.5,5\n")
    runs = read(tmp_path, map={"objective": "loss", "hyperparameters": "x"})
    told = {Path(run.provenance.source).parent.name: [n.text for n in run.notes if "another" in n.text] for run in runs}
    assert {run.seed for run in runs} == {5}
    assert told["seed_3"] == ["the log says the seed 5, which counts, and the folder's name 'seed_3' another"]
    assert told["seed_5"] == told["run_4"] == []
