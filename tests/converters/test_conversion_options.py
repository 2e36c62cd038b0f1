"""`--jobs`, `--strict`, `--to`, `inspect`, and what lies in the way of a conversion."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from pathlib import Path

import pytest

from encave.converters import convert, walk
from encave.converters.exporting import export
from encave.converters.inspection import inspect_logs
from encave.converters.outputs import outputs
from encave.errors import EncaveError
from encave.run import Provenance, Run

from .conftest import nas_space, random_lines, write_sidecar, write_trials


def logs(root: Path, count: int = 4) -> Path:
    for seed in range(count):
        write_trials(root / f"seed-{seed}", random_lines(5, seed=seed))
        write_sidecar(root / f"seed-{seed}", optimizer="RE", seed=seed % 2)  # so that names must be told apart
    return root


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_several_processes_give_the_same(tmp_path: Path) -> None:
    source = logs(tmp_path / "logs")
    (source / "seed-1" / "trials.jsonl").write_text("")
    one = convert([source], tmp_path / "one")
    shutil.move(tmp_path / "one", tmp_path / "kept")
    two = convert([source], tmp_path / "one", jobs=2)
    assert [found.to_json() for found in two] == [found.to_json() for found in one]
    assert contents(tmp_path / "one") == contents(tmp_path / "kept")
    again = convert([source], tmp_path / "one")
    assert [found.status for found in again] == ["unchanged", "refused", "unchanged", "unchanged"]


def test_strict_refuses_what_is_assumed_and_writes_nothing(tmp_path: Path) -> None:
    write_trials(tmp_path / "logs", random_lines(5))  # without a space
    [loose] = convert([tmp_path / "logs"], tmp_path / "loose")
    assert loose.status == "converted" and any(note.kind == "assumed" for note in loose.notes)
    [strict] = convert([tmp_path / "logs"], tmp_path / "strict", strict=True)
    assert (strict.status, strict.read, strict.output) == ("refused", 5, None)
    assert "--strict" in str(strict.reason) and "space" in str(strict.reason)
    assert list((tmp_path / "strict").iterdir()) == []
    [again] = convert([tmp_path / "logs"], tmp_path / "loose", strict=True)
    assert again.status == "refused"
    [told] = convert([tmp_path / "logs"], tmp_path / "strict", strict=True, space=nas_space())
    assert told.status == "converted"


def test_one_conversion_at_a_time(tmp_path: Path) -> None:
    source = logs(tmp_path / "logs", 1)
    convert([source], tmp_path / "out")
    handle = os.open(tmp_path / "out", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(EncaveError, match="another conversion is writing"):
        convert([source], tmp_path / "out")
    os.close(handle)
    assert convert([source], tmp_path / "out")[0].status == "unchanged"


def test_what_a_killed_conversion_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    source = logs(tmp_path / "logs", 1)
    [first] = convert([source], tmp_path / "out")
    assert first.output is not None
    shutil.copytree(first.output, tmp_path / "out" / ".RE-x.abcd1234")
    (tmp_path / "out" / ".mine.abcd1234").mkdir()
    for name in ("notes.txt", "run.json"):
        (tmp_path / "out" / ".mine.abcd1234" / name).write_text("keep")
    convert([source], tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [".mine.abcd1234", first.output.name]
    assert len(list((tmp_path / "out" / ".mine.abcd1234").iterdir())) == 2


@pytest.mark.parametrize("name", ["trials.csv", "trials.parquet", "meta.json"])
def test_a_damaged_run_is_written_again(tmp_path: Path, name: str) -> None:
    source = logs(tmp_path / "logs", 1)
    [first] = convert([source], tmp_path / "out")
    assert first.output is not None
    (first.output / name).unlink()
    [again] = convert([source], tmp_path / "out")
    assert (again.status, again.output) == ("converted", first.output)
    assert (first.output / name).is_file()


@pytest.mark.parametrize("header", [b"", b"{", b"[]", b"\xff\xfe", b'{"metadata": ' + b"[" * 3000])
def test_a_run_whose_header_is_no_json_is_written_again_where_nothing_else_is_in_its_folder(
    tmp_path: Path, header: bytes
) -> None:
    source = logs(tmp_path / "logs", 1)
    [first] = convert([source], tmp_path / "out")
    assert first.output is not None
    before = contents(first.output)
    (first.output / "run.json").write_bytes(header)
    [again] = convert([source], tmp_path / "out")
    assert (again.status, again.output, contents(first.output)) == ("converted", first.output, before)
    (first.output / "run.json").write_bytes(header)
    (first.output / "notes.txt").write_text("mine")
    [beside] = convert([source], tmp_path / "out")
    assert beside.output is not None and beside.output != first.output
    assert (first.output / "run.json").read_bytes() == header


def test_a_run_without_deepcave_files_in_the_folder(tmp_path: Path) -> None:
    source = logs(tmp_path / "logs", 2)
    [first, _] = convert([source], tmp_path / "out")
    assert first.output is not None
    Run.load(first.output).replace(provenance=Provenance()).save(tmp_path / "out" / "mine")
    (tmp_path / "out" / "mine" / "meta.json").write_text("{")
    assert {found.status for found in convert([source], tmp_path / "out")} == {"unchanged"}


def test_pipes_and_devices_and_loops_are_passed_over(tmp_path: Path) -> None:
    source = logs(tmp_path / "logs", 1)
    for name in ("runhistory.json", "results.json", "history.parquet.gzip"):
        os.mkfifo(source / name)
    (source / "history.pkl").symlink_to("/dev/zero")
    (source / "loop").symlink_to("loop")
    (source / "up").symlink_to(tmp_path)
    [found] = convert([source], tmp_path / "out")
    assert found.status == "converted"
    with pytest.raises(EncaveError, match="neither a file nor a folder"):
        convert([source / "runhistory.json"], tmp_path / "out")


def test_a_file_that_may_not_be_read_does_not_stop_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = logs(tmp_path / "logs", 2)
    barred = source / "seed-0" / "trials.jsonl"
    access = os.access
    monkeypatch.setattr(walk.os, "access", lambda path, mode: Path(path) != barred and access(path, mode))
    bad, good = convert([source], tmp_path / "out")
    assert (bad.status, good.status) == ("refused", "converted")
    assert bad.reason == f"{barred} may not be read by this user"


def test_output_inside_the_source_and_the_other_way_round(tmp_path: Path) -> None:
    source = logs(tmp_path / "logs", 2)
    assert [f.status for f in convert([source], source / "runs")] == ["converted"] * 2
    assert [f.status for f in convert([source], source / "runs")] == ["unchanged"] * 2
    assert [f.status for f in convert([source], source)] == ["converted"] * 2
    assert (source / "seed-0" / "trials.jsonl").is_file()
    assert [f.status for f in convert([source / "seed-0"], tmp_path)] == ["converted"]


@pytest.mark.parametrize("to", [name for name in outputs() if name != "deepcave"])
def test_there_and_back(tmp_path: Path, to: str) -> None:
    source = logs(tmp_path / "logs", 2)
    exported = export([source], tmp_path / to, to)
    assert [found.status for found in exported.conversions] == ["converted"] * 2
    back = export([tmp_path / to], tmp_path / "back", "run")
    held = 4 if to == "deepcave13" else 5  # one trial of each configuration, and two are of the same
    assert [found.written for found in back.conversions] == [held, held]
    assert bool(exported.lost) == (held < 5)
    first = sorted(folder for folder in (tmp_path / "back").iterdir() if folder.is_dir())[0]
    run = Run.load(first)
    expected = [line["cost"]["valid_error"] for line in random_lines(5, seed=0)]
    assert set(run.cost().tolist()) == set(expected)


def test_an_export_replaces_only_an_export(tmp_path: Path) -> None:
    source = logs(tmp_path / "logs", 1)
    export([source], tmp_path / "csv", "csv")
    export([source], tmp_path / "csv", "csv")
    with pytest.raises(EncaveError, match="holds other files"):
        export([source], tmp_path / "csv", "run")
    with pytest.raises(EncaveError, match="unknown format 'x'"):
        export([source], tmp_path / "more", "x")


def test_inspect_native_logs_and_runs(tmp_path: Path) -> None:
    source = logs(tmp_path / "logs", 2)
    (source / "seed-1" / "trials.jsonl").write_text("")
    [conversion, _] = convert([source], tmp_path / "out")
    before = contents(tmp_path)
    converted, native, bad = inspect_logs([source, tmp_path / "out"])
    assert contents(tmp_path) == before
    assert bad.status == "refused" and "trials.jsonl" in str(bad.reason)
    for found in (native, converted):
        assert (found.format, found.trials, found.budgets, found.seeds) == ("encave", 5, (12.0,), (0,))
        assert found.seconds == (0.0, 5 * 97.137) and found.statuses == {"success": 5}
        assert found.incumbent == conversion.incumbent
        assert json.loads(json.dumps(found.to_json(), allow_nan=False))["objectives"][0]["name"] == "valid_error"
    assert any(note.kind == "flagged" for note in converted.notes) == any(n.kind == "flagged" for n in conversion.notes)
