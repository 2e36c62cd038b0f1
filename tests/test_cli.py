"""The command line: what it prints where, how it ends, and what it says of bad input."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from encave import EncaveError, Run
from encave.cli import cli
from encave.run import find_runs


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "study"
    done = invoke("run", folder, "--optimizer", "re,random", "--seeds", "0-1", "--budget", "12evals")
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def runs(study: Path) -> Path:
    out = study.parent / "runs"
    done = invoke("convert", study, "--out", out)
    assert done.exit_code == 0, done.output
    return out


def test_a_study_is_run_once(study: Path) -> None:
    again = invoke("run", study, "--optimizer", "re,random", "--seeds", "0-1", "--budget", "12evals")
    assert again.exit_code == 0
    assert "0 run, 4 finished before, 0 failed" in again.stdout


def test_converted_runs_hold_every_trial(runs: Path) -> None:
    folders = find_runs(runs)
    assert [folder.name for folder in folders] == [f"{n}-cifar10-seed{s}" for n in ("RE", "Random") for s in (0, 1)]
    for folder in folders:
        run = Run.load(folder)
        assert len(run) == 12 and run.budgets == (12.0,)
        assert run.metadata["benchmark"]["source"] == "surrogate"


def test_json_is_the_account_and_nothing_else(study: Path, tmp_path: Path) -> None:
    done = invoke("convert", study, "--out", tmp_path / "runs", "--json")
    runs = json.loads(done.stdout)["runs"]
    assert len(runs) == 4
    for run in runs:
        assert run["status"] == "converted" and run["read"] == run["written"] + run["merged"] + run["dropped"] == 12
        assert run["statuses"] == {"success": 12} and run["incumbent"]["cost"] > 0
    again = json.loads(invoke("convert", study, "--out", tmp_path / "runs", "--json").stdout)["runs"]
    assert {run["status"] for run in again} == {"unchanged"}


def test_a_report_of_them(runs: Path, tmp_path: Path) -> None:
    done = invoke("report", runs, "--out", tmp_path / "report")
    assert done.exit_code == 0, done.output
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "surrogate" in page and "RE" in page
    assert list((tmp_path / "report" / "figures").glob("*.pdf"))


def test_benchmarks_are_listed_and_shown() -> None:
    assert "surrogate" in invoke("benchmark", "list").stdout
    shown = invoke("benchmark", "show").stdout
    assert "15,625" in shown and "ImageNet16-120" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "{tmp}/s", "--optimizer", "adam"), "adam"),
        (("run", "{tmp}/s", "--optimizer", "re", "--dataset", "mnist"), "unknown dataset 'mnist'"),
        (("run", "{tmp}/s", "--optimizer", "re", "--budget", "5 parsecs"), "5 parsecs"),
        (("run", "{tmp}/s", "--optimizer", "re", "--seeds", "4-1"), "4-1"),
        (("run", "{tmp}/s", "--optimizer", "re", "--benchmark", "nowhere"), "nowhere"),
        (("run", "{tmp}/file/s", "--optimizer", "re", "--budget", "5evals"), "cannot write"),
        (("convert", "{tmp}/nowhere", "--out", "{tmp}/o"), "does not exist"),
        (("convert", "{tmp}/empty", "--out", "{tmp}/o"), "no log found"),
        (("convert", "{tmp}/empty", "--out", "{tmp}/o", "--from", "x"), "unknown format 'x'"),
        (("report", "{tmp}/empty", "--out", "{tmp}/o"), "no run and no log"),
        (("report", "{tmp}/nowhere", "--out", "{tmp}/o"), "does not exist"),
        (("open", "{tmp}/empty", "--no-browser"), "no run and no log"),
        (("benchmark", "import", "{tmp}/empty"), "{tmp}/empty"),
        (("benchmark", "show", "nothing"), "nothing"),
    ],
)
def test_bad_input_is_one_clear_line(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("in the way")
    done = invoke(*(argument.format(tmp=tmp_path) for argument in arguments))
    assert done.exit_code == 2
    assert done.stderr.startswith("encave: ") and done.stderr.count("\n") == 1
    assert message.format(tmp=tmp_path) in done.stderr
    assert done.stdout == ""
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["empty", "file"]


def test_a_half_written_log_is_kept_as_far_as_it_goes(study: Path, tmp_path: Path) -> None:
    source = study / "re" / "cifar10" / "seed-0"
    cut = tmp_path / "cut"
    cut.mkdir()
    (cut / "encave.json").write_bytes((source / "encave.json").read_bytes())
    log = (source / "trials.jsonl").read_bytes()
    (cut / "trials.jsonl").write_bytes(log[: len(log) - 40])
    run = json.loads(invoke("convert", cut, "--out", tmp_path / "runs", "--json").stdout)["runs"][0]
    assert (run["read"], run["written"], run["dropped"]) == (12, 11, 1)


def test_an_empty_log_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "history.parquet.gzip").write_bytes(b"")
    done = invoke("convert", tmp_path / "log", "--out", tmp_path / "runs", "--json")
    assert done.exit_code == 2
    run = json.loads(done.stdout)["runs"][0]
    assert run["status"] == "refused" and run["reason"]
    assert find_runs(tmp_path / "runs") == []


def test_debug_shows_where(tmp_path: Path) -> None:
    done = invoke("--debug", "convert", tmp_path / "nowhere", "--out", tmp_path / "o")
    assert isinstance(done.exception, EncaveError)


def _commands(command: click.Command, path: str = "encave") -> Iterator[tuple[str, click.Command]]:
    yield path, command
    for name, sub in getattr(command, "commands", {}).items():
        yield from _commands(sub, f"{path} {name}")


@pytest.mark.parametrize(("path", "command"), _commands(cli), ids=lambda value: value if isinstance(value, str) else "")
def test_every_command_has_help_and_none_has_config(path: str, command: click.Command) -> None:
    assert command.help
    for option in command.params:
        assert "--config" not in option.opts  # deepcave reads it from any program's arguments
        if isinstance(option, click.Option):
            assert option.help, f"{path}: {option.name} has no help"
    assert invoke(*path.split()[1:], "--help").exit_code == 0


def test_an_option_with_several_values_takes_them_both_ways(tmp_path: Path) -> None:
    for folder, flags in (("a", ["re,random"]), ("b", ["re", "random"])):
        given = [part for flag in flags for part in ("--optimizer", flag)]
        done = invoke("run", tmp_path / folder, *given, "--seeds", "0", "--seeds", "1", "--budget", "3evals")
        assert done.exit_code == 0 and "4 run, 0 finished before" in done.stdout, done.output


def test_an_error_is_one_line_whatever_is_in_a_name(tmp_path: Path) -> None:
    done = invoke("inspect", tmp_path / "\x1b[2J\nencave: fine")
    assert done.exit_code == 2 and "\x1b" not in done.output and len(done.output.splitlines()) == 1


def test_only_knows_names_in_letters_of_either_case(runs: Path) -> None:
    done = invoke("analyze", "exploration", runs, "--only", "optimizer=RANDOM", "--json")
    assert [group["optimizer"] for group in json.loads(done.stdout)["groups"]] == ["Random"]
