"""The command line: what it prints where, how it ends, and what it says of bad input."""

from __future__ import annotations

import json
import re
import resource
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from encave import EncaveError, Run
from encave.cli import cli
from encave.converters import engine
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
        assert run.provenance.benchmark is not None and run.provenance.benchmark.source == "surrogate"


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
        (("report", "{tmp}/empty", "--out", "{tmp}/o"), "no log found"),
        (("report", "{tmp}/nowhere", "--out", "{tmp}/o"), "does not exist"),
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


def test_open_says_at_once_what_it_does(tmp_path: Path) -> None:
    done = invoke("open", tmp_path, "--no-browser")
    assert done.exit_code == 2
    first, second = done.stderr.splitlines()
    assert first.startswith(f"looking for runs at or below {tmp_path}")
    assert second.startswith("encave: no log found")


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


@pytest.mark.parametrize(
    ("path", "command"), list(_commands(cli)), ids=lambda value: value if isinstance(value, str) else ""
)
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


def test_a_report_says_what_it_does(runs: Path, tmp_path: Path) -> None:
    done = invoke("report", runs, "--out", tmp_path / "report", "--jobs", "1")
    assert done.exit_code == 0, done.output
    said = done.stderr.splitlines()
    steps = [line for line in said if re.match("reading|computing|drawing|writing", line)]
    assert steps[:3] == ["reading runs, 4 in all", "reading runs 4 of 4", "computing"] and steps[-1] == "writing"
    figures = len(list((tmp_path / "report" / "figures").glob("*.pdf")))
    assert steps[3:5] == [f"drawing figures, {figures} in all", f"drawing figures {figures} of {figures}"]


def test_an_export_says_how_far_it_is(runs: Path, tmp_path: Path) -> None:
    done = invoke("convert", runs, "--to", "store", "--out", tmp_path / "store")
    assert done.exit_code == 0, done.output
    assert "4 of 4 logs and runs" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("convert", "x", "--out", "a", "--out", "b"),
        ("report", "x", "--out", "a", "--title", "A", "--title", "B"),
        ("run", "x", "--schedule", "12", "--schedule", "200"),
        ("run", "x", "--slurm", "--no-slurm"),
        ("analyze", "curves", "x", "--axis", "time", "--axis", "evaluations"),
        ("doctor", "--json", "--json"),
    ],
)
def test_an_option_that_takes_one_value_is_given_once(arguments: tuple[str, ...]) -> None:
    done = invoke(*arguments)
    assert done.exit_code == 2 and " is given twice and takes one value." in done.stderr


def test_every_command_refuses_an_option_given_twice() -> None:
    def commands(one: click.Command) -> Iterator[click.Command]:
        if not isinstance(one, click.Group):
            yield one
            return
        context = click.Context(one)
        for name in one.list_commands(context):
            inner = one.get_command(context, name)
            assert inner is not None, name
            yield from commands(inner)

    assert {type(each).__name__ for each in commands(cli)} == {"Command"}


def test_targets_stand_between_commas_or_are_repeated(runs: Path) -> None:
    def targets(*flags: str) -> object:
        done = invoke("analyze", "runtimes", runs, *flags, "--csv")
        assert done.exit_code == 0, done.output
        return done.stdout

    assert targets("--target", "9,12.5") == targets("--target", "9", "--target", "12.5")
    refused = invoke("analyze", "runtimes", runs, "--target", "9,x")
    assert refused.exit_code == 2 and "9,x is not one or more numbers" in refused.stderr


def test_a_mapping_that_a_format_ignores_is_told(study: Path, tmp_path: Path) -> None:
    for verb in (("convert", study, "--out", tmp_path / "runs"), ("inspect", study)):
        done = invoke(*verb, "--map", "objective=loss")
        assert "--map objective is ignored for " in done.stderr


def test_only_knows_releases_and_tells_what_there_is(runs: Path, tmp_path: Path) -> None:
    version = Run.load(find_runs(runs)[0]).optimizer.version
    invoke("convert", runs, "--to", "store", "--out", tmp_path / "store")
    for source in (runs, tmp_path / "store"):
        for name in ("re", f"Re {version}"):
            done = invoke("analyze", "ranks", source, "--only", f"optimizer={name}", "--csv")
            assert "RE" in done.stdout and "Random" not in done.stdout, done.output
        for verb in ("ranks", "curves"):
            refused = invoke("analyze", verb, source, "--only", "optimizer=RE 0.0.0")
            assert refused.exit_code == 2
            assert "there are optimizer=RE, Random; dataset=cifar10; seed=0-1" in refused.stderr


def test_only_knows_the_names_that_settings_give(runs: Path, tmp_path: Path) -> None:
    settings = tmp_path / "report.toml"
    settings.write_text('[labels]\nRE = "Evolution"\n', encoding="utf-8")
    flags = ("--settings", settings, "--only", "optimizer=evolution,random", "--only", "seed=1")
    done = invoke("report", runs, "--out", tmp_path / "report", *flags, "--jobs", "1")
    assert done.exit_code == 0, done.output
    table = (tmp_path / "report/data/runs.csv").read_text(encoding="utf-8")
    assert "Evolution" in table and "Random" in table


def test_a_dry_run_runs_and_writes_nothing(study: Path, tmp_path: Path) -> None:
    flags = ("--optimizer", "re,random", "--seeds", "0-3", "--budget", "12evals", "--dry-run")
    new = invoke("run", tmp_path / "new", *flags)
    assert new.exit_code == 0, new.output
    assert not (tmp_path / "new").exists()
    assert "0 done, 8 to run: unknown simulated; real time unknown until a run" in new.stdout
    before = {path: path.stat().st_mtime_ns for path in study.rglob("*")}
    begun = invoke("run", study, *flags, "--jobs", "2")
    assert before == {path: path.stat().st_mtime_ns for path in study.rglob("*")}
    assert "4 done, 4 to run: " in begun.stdout and "unknown" not in begun.stdout
    assert "with 2 at a time" in begun.stdout
    rows = [line for line in begun.stdout.splitlines() if "cifar10" in line]
    assert all("0-1" in row and "2-3" in row and " 24 " in row for row in rows) and len(rows) == 2
    other = invoke("run", study, "--optimizer", "re", "--seeds", "0", "--budget", "13evals", "--dry-run")
    assert other.exit_code == 2 and "is finished with other settings" in other.stderr


def test_a_dry_run_counts_the_simulated_time_of_limits(tmp_path: Path) -> None:
    flags = ("--optimizer", "re", "--seeds", "0-4", "--budget", "2000s", "--dry-run")
    assert "0 done, 5 to run: 10,000 s simulated" in invoke("run", tmp_path / "new", *flags).stdout


def test_half_letters_stop_nothing(tmp_path: Path) -> None:
    half, mapping = "x\ud800", {"objective": "loss", "hyperparameters": ["lr"]}
    for place in ("name", "optimizer", "task", "budget_name"):
        rows = [{"loss": float(place), "lr": 0.1 * place} for place in range(1, 7)]
        folder = tmp_path / "logs" / place
        folder.mkdir(parents=True)
        (folder / "t.json").write_text(json.dumps(rows), encoding="utf-8")
        (folder / "encave.map.json").write_text(json.dumps({**mapping, place: half}), encoding="utf-8")
    for form in ("deepcave", "store", "csv", "ioh"):
        done = invoke("convert", tmp_path / "logs", "--to", form, "--out", tmp_path / form)
        assert done.exit_code == 0 and "is spelt out, as in \\ud800" in done.stdout, (form, done.output)
    for source in ("deepcave", "store"):
        done = invoke("report", tmp_path / source, "--out", tmp_path / f"report-{source}", "--jobs", "1")
        assert done.exit_code == 0, done.output


@pytest.mark.parametrize("row", [{"lr\ud800": 1}, {"other\ud800": 1}, {"other": "\ud800"}, {"lr2": "\ud800"}])
def test_half_letters_in_columns_are_refused_with_the_reason(row: dict[str, object], tmp_path: Path) -> None:
    names = [name for name in row if name.startswith("lr")]
    mapping = {"objective": "loss", "hyperparameters": ["lr", *names]}
    rows = [{"loss": float(place), "lr": 0.1 * place, **row} for place in range(1, 7)]
    (tmp_path / "t.json").write_text(json.dumps(rows), encoding="utf-8")
    (tmp_path / "t.map.json").write_text(json.dumps(mapping), encoding="utf-8")
    refused = invoke("convert", tmp_path, "--out", tmp_path / "out", "--json")
    assert refused.exit_code == 2
    assert "no Unicode" in json.loads(refused.stdout)["runs"][0]["reason"]


@contextmanager
def limited(size: int) -> Iterator[None]:
    """Files have at most so many bytes, as with `ulimit -f` or on a full disk, also those of processes that read."""
    processes = (0, engine._running()._process.pid)
    before = [resource.prlimit(process, resource.RLIMIT_FSIZE) for process in processes]
    try:
        for process, (_, hard) in zip(processes, before):
            resource.prlimit(process, resource.RLIMIT_FSIZE, (size, hard))
        yield
    finally:
        for process, limits in zip(processes, before):
            resource.prlimit(process, resource.RLIMIT_FSIZE, limits)


@pytest.mark.drawn
@pytest.mark.parametrize(
    "verb", [("report", "--jobs", "1"), ("convert",), ("convert", "--to", "store"), ("convert", "--to", "csv")]
)
@pytest.mark.skipif(sys.platform != "linux", reason="no limits of this kind")
def test_a_full_disk_is_one_line_and_leaves_nothing(
    verb: tuple[str, ...], runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logging.raiseExceptions", False)  # a log that an earlier test began is full too
    with limited(1000):
        done = invoke(verb[0], runs, "--out", tmp_path / "out", *verb[1:])
    assert done.exit_code == 2, done.output
    lines = [line for line in done.stderr.splitlines() if line.startswith("encave: ")]
    assert len(lines) == 1 and "Traceback" not in done.stderr, done.stderr
    left = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert not [path for path in left if path.name not in {".lock", "encave-store.json", ".encave-export.json"}], left


def test_a_report_follows_a_link(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    done = invoke("report", runs, "--out", tmp_path / "link", "--jobs", "1")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real" / "report.html").is_file()


def test_a_run_that_is_converted_anew_keeps_the_users_files(study: Path, tmp_path: Path) -> None:
    log = shutil.copytree(study / "re" / "cifar10" / "seed-0", tmp_path / "log" / "seed-0")
    assert invoke("convert", log, "--out", tmp_path / "runs").exit_code == 0
    [folder] = find_runs(tmp_path / "runs")
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    trials = log / "trials.jsonl"
    trials.write_text("".join(trials.read_text().splitlines(keepends=True)[:7]), encoding="utf-8")
    assert invoke("convert", log, "--out", tmp_path / "runs").exit_code == 0
    assert len(Run.load(folder)) == 7 and (folder / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_analysis_of_runs_too_short_for_a_statistic_is_no_failure(study: Path, tmp_path: Path) -> None:
    for seed, kept in ((0, 12), (1, 1)):
        log = shutil.copytree(study / "re" / "cifar10" / f"seed-{seed}", tmp_path / "logs" / f"seed-{seed}")
        trials = log / "trials.jsonl"
        trials.write_text("".join(trials.read_text().splitlines(keepends=True)[:kept]), encoding="utf-8")
    found = invoke("analyze", "importance", tmp_path / "logs", "--json")
    assert found.exit_code == 0, found.output
    assert invoke("analyze", "importance", tmp_path / "logs" / "seed-1", "--json").exit_code == 2
