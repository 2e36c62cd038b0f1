"""`study.toml` and the flags that override it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from encave.cli import cli, studies
from encave.errors import EncaveError
from encave.runners.cluster.places import Cluster
from encave.runners.studies.file import DEFAULTS, declare, declared
from encave.runners.studies.limit import Limit

WHOLE = """
optimizer = ["re", "random"]
dataset = ["cifar10", "cifar100"]
seeds = "0-2,7"
budget = ["15evals", "20evals"]
workers = [1, 4]
schedule = 12
benchmark = "surrogate"
jobs = 3

[slurm]
queue = "cpu"
job_extra_directives = ["--qos=low"]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text)
    return path


def test_a_study_is_the_product_of_its_lists(tmp_path: Path) -> None:
    declaration = declare(write(tmp_path, WHOLE), {})
    specs = declaration.specs()
    assert len(specs) == len({spec.home for spec in specs}) == 2 * 2 * 4 * 2 * 2
    assert specs[0].home == "re/cifar10/15evals-1-workers/seed-0"
    assert specs[-1].home == "random/cifar100/20evals-4-workers/seed-7"
    last = specs[-1]
    assert (last.limit, last.workers, last.schedule, last.benchmark) == (Limit(evaluations=20), 4, 12, "surrogate")
    assert declaration.cluster() == Cluster(3, None, {"queue": "cpu", "job_extra_directives": ["--qos=low"]})


def test_what_is_written_is_what_was_declared(tmp_path: Path) -> None:
    first = declare(write(tmp_path, WHOLE), {"benchmark": 'a "b" \\ ä.parquet', "scheduler": None})
    first.write(tmp_path)
    assert declared(tmp_path) == first
    assert declared(tmp_path / "elsewhere") is None


def test_flags_override_keys(tmp_path: Path) -> None:
    path = write(tmp_path, WHOLE)
    flags = {"optimizer": "dehb, smac", "seeds": "3", "budget": "5h", "workers": "2", "jobs": 1, "slurm": False}
    told = declare(path, flags).settings
    assert told["optimizer"] == ["dehb", "smac"]
    assert (told["seeds"], told["budget"], told["workers"], told["jobs"], told["slurm"]) == ("3", ["5h"], [2], 1, None)
    assert told["dataset"] == ["cifar10", "cifar100"]
    assert declare(path, {"slurm": True}).settings["slurm"]["queue"] == "cpu"
    assert declare(None, {"optimizer": "re", "slurm": True}).settings["slurm"] == {}
    path.write_text('optimizer = "re"\nscheduler = "tcp://host:1"')
    assert declare(path, {}).cluster().scheduler == "tcp://host:1"
    assert declare(path, {"scheduler": ""}).cluster().scheduler is None


def test_every_flag_has_its_key() -> None:
    flags = {name for option in studies.run.params for name in [option.name]}
    assert flags - {"study", "file", "dry_run"} == set(DEFAULTS)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\n\noptimizer = 3", r"study\.toml, line 3: optimizer is one or more texts, not 3"),
        (
            "optimizers = ['re']",
            r"line 1: unknown key 'optimizers'; a study has optimizer, .*\. Do you mean optimizer\?",
        ),
        ("\noptimizer = re", r"cannot read .*study\.toml: .*line 2"),
        ("seeds = '0'\noptimizer = ['re', 'smak']", "line 2: unknown optimizer 'smak'; there are dehb, smac"),
        ("optimizer = 're+population=x'", "line 1: re.*population is a whole number"),
        ("optimizer = 're'\nseeds = '0..4'", "line 2: not a list of seeds"),
        ("optimizer = 're'\njobs = 'two'", "line 2: jobs is a whole number, not 'two'"),
        ("optimizer = 're'\n[slurm.more]\n[slums]", "line 3: unknown key 'slums'"),
        ("seeds = '0-4'", "names no optimizer"),
        ("optimizer = 're'\nworkers = [true]", "workers"),
        ("optimizer = 're'\nworkers = '2,x'", "workers"),
        ("optimizer = 're'\nbudget = ['1h', '1h']", "twice"),
        ("optimizer = 're'\nbudget = ['../x']", "line 2: not a budget"),
        ("optimizer = 're'\ndataset = ['cifar10', 'cifar11']", "line 2: unknown dataset 'cifar11'"),
        ("optimizer = 're'\nobjectives = ['params_M']", "line 2: no objectives: 'params_M'"),
        ("optimizer = 're'\nworkers = [1, 0]", "line 2: a run has at least one simulated worker, not 0"),
        ("optimizer = 're'\nschedule = 50", "line 2: a schedule has 12 or 200 epochs, not 50"),
        ("optimizer = 're'\njobs = 0", "line 2: a study needs at least one process, not 0"),
        ("optimizer = 're'\nscheduler = 'tcp://a:1'\nslurm = true", "not to both"),
    ],
)
def test_what_cannot_be_declared(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(EncaveError, match=told):
        declaration = declare(write(tmp_path, text), {})
        declaration.specs()
        declaration.cluster()


def run(*arguments: Any) -> Any:
    return CliRunner().invoke(cli, ["run", *map(str, arguments)])


def test_the_command_keeps_the_study_and_goes_on_with_it(tmp_path: Path) -> None:
    study = tmp_path / "study"
    file = write(tmp_path, 'optimizer = ["re"]\nseeds = "0-1"\nbudget = "12evals"')
    first = run(study, "--study", file, "--dataset", "cifar100")
    assert first.exit_code == 0, first.output
    assert "2 run, 0 finished before, 0 failed" in first.output
    again = run(study)
    assert "0 run, 2 finished before, 0 failed" in again.output
    more = run(study, "--seeds", "0-2", "--optimizer", "re,random")
    assert "4 run, 2 finished before" in more.output
    found = json.loads(CliRunner().invoke(cli, ["status", str(study), "--json"]).output)
    assert (found["done"], found["complete"]) == (6, True)


def test_variants_are_folders_of_their_own(tmp_path: Path) -> None:
    arguments = (tmp_path, "--optimizer", "re", "--budget", "12evals,14evals")
    assert run(*arguments).exit_code == 0
    assert [path.name for path in sorted((tmp_path / "re/cifar10").iterdir())] == ["12evals", "14evals"]
    header = json.loads((tmp_path / "re/cifar10/14evals/seed-0/encave.json").read_text())
    assert (header["variant"], header["trials"]) == ("14evals", 14)
    found = json.loads(CliRunner().invoke(cli, ["status", str(tmp_path), "--json"]).output)
    assert [(cell["variant"], cell["done"]) for cell in found["cells"]] == [("12evals", 1), ("14evals", 1)]
    out = tmp_path / "runs"
    assert CliRunner().invoke(cli, ["convert", str(tmp_path / "re"), "--out", str(out)]).exit_code == 0
    groups = [json.loads(path.read_text())["metadata"]["group"] for path in sorted(out.glob("*/run.json"))]
    assert groups == ["RE (12evals)", "RE (14evals)"]


def test_a_study_that_was_refused_is_not_kept(tmp_path: Path) -> None:
    assert run(tmp_path, "--optimizer", "re", "--budget", "12evals").exit_code == 0
    before = (tmp_path / "study.toml").read_bytes()
    refused = run(tmp_path, "--budget", "13evals")
    assert refused.exit_code == 2
    assert "finished with other settings" in refused.output
    assert (tmp_path / "study.toml").read_bytes() == before


def test_many_runs_have_a_line_from_time_to_time_where_there_is_no_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("encave.cli.show.studies._MOST_LINES", 3)
    few = run(tmp_path, "--optimizer", "random", "--budget", "12evals", "--seeds", "0-1")
    assert "random on cifar10, seed 1: done\n" in few.output
    many = run(tmp_path, "--optimizer", "random", "--budget", "12evals", "--seeds", "0-5")
    assert "seed 1: done" not in many.output
    assert "4 done, 0 in flight, 2 finished before, 0:00:00 left\n" in many.output
    monkeypatch.setattr("encave.cli.show.studies._LOG_EVERY", 0.0)
    assert "2 done, 1 in flight, 6 finished before" in run(tmp_path, "--seeds", "0-8").output


def test_the_example_in_the_docs_is_a_study_with_every_key(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "scale.md").read_text(encoding="utf-8")
    example = page.split("```toml\n", 1)[1].split("```", 1)[0]
    assert len(declare(write(tmp_path, example), {}).specs()) == 3 * 2 * 100
    whole = re.sub(r"^# (?=\w+ =|\[)", "", example, flags=re.MULTILINE)
    assert set(declare(write(tmp_path, whole), {}).settings) == {
        *re.findall(r"^\[?(\w+)(?: =|\])", whole, re.MULTILINE)
    } - {
        "queue",
        "walltime",
    }
