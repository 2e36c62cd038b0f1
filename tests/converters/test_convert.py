"""Finding logs, names, accounting, and what is left behind when something goes wrong."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from encave.converters.conversion import Conversion, convert
from encave.converters.parts.names import folder_name
from encave.converters.walk import MAX_DEPTH
from encave.errors import EncaveError
from encave.run import Run

from .conftest import error_of, random_lines, write_dehb, write_sidecar, write_smac, write_trials
from .plugged import install


def study(root: Path, seeds: int = 3) -> Path:
    """A study of three optimizers as encave's runners leave it."""
    for seed in range(seeds):
        write_trials(root / "re" / "cifar10" / f"seed-{seed}", random_lines(6, seed=seed))
        write_sidecar(root / "re" / "cifar10" / f"seed-{seed}", optimizer="RE", seed=seed)
    write_dehb(root / "dehb" / "cifar10" / "seed-0", 12)
    write_sidecar(root / "dehb" / "cifar10" / "seed-0")
    write_smac(root / "smac" / "cifar10" / "seed-0", 6)
    write_sidecar(root / "smac" / "cifar10" / "seed-0", optimizer="SMAC")
    return root


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_a_study_from_its_root(tmp_path: Path) -> None:
    seen: list[tuple[str, int]] = []
    found = convert([study(tmp_path / "study")], tmp_path / "out", on_progress=lambda c, n: seen.append((c.status, n)))
    names = {conversion.output.name for conversion in found}
    assert names == {"DEHB-cifar10-seed0", "SMAC-cifar10-seed0", *(f"RE-cifar10-seed{i}" for i in range(3))}
    assert seen == [("converted", 5)] * 5
    for conversion in found:
        run = Run.load(conversion.output)
        assert run.name == conversion.output.name
        assert run.provenance.accounting == {
            "read": conversion.read, "written": len(run), "merged": 0, "dropped": 0
        }  # fmt: skip
        best = run.incumbent()
        assert conversion.incumbent == {"cost": best.value, "configuration": run.configuration(best.config_id)}
        assert run.provenance.source == str(conversion.source.absolute())


def test_json_has_the_promised_keys(tmp_path: Path) -> None:
    write_trials(tmp_path / "log", random_lines(4))
    write_trials(tmp_path / "bad", [])
    for conversion in convert([tmp_path / "log", tmp_path / "bad"], tmp_path / "out"):
        content = conversion.to_json()
        assert list(content) == [
            *("source", "format", "release", "status", "reason", "read", "written", "merged", "dropped"),
            *("configurations", "budgets", "statuses", "incumbent", "notes", "output"),
        ]
        assert json.loads(json.dumps(content, allow_nan=False)) == content


def test_unchanged_logs_are_left_alone(tmp_path: Path) -> None:
    source = study(tmp_path / "study")
    first = convert([source], tmp_path / "out")
    before = snapshot(tmp_path / "out")
    again = convert([source], tmp_path / "out")
    assert [c.status for c in again] == ["unchanged"] * 5
    assert [c.to_json() | {"status": ""} for c in again] == [c.to_json() | {"status": ""} for c in first]
    assert snapshot(tmp_path / "out") == before


def test_changed_log_replaces_its_run(tmp_path: Path) -> None:
    write_trials(tmp_path / "log", random_lines(4))
    [first] = convert([tmp_path / "log"], tmp_path / "out")
    write_trials(tmp_path / "log", random_lines(9))
    [second] = convert([tmp_path / "log"], tmp_path / "out")
    assert (second.status, second.written, second.output) == ("converted", 9, first.output)
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_converted_runs_are_no_logs(tmp_path: Path) -> None:
    write_trials(tmp_path / "log", random_lines(4))
    convert([tmp_path], tmp_path / "runs")
    [again] = convert([tmp_path], tmp_path / "runs")
    assert again.status == "unchanged"
    with pytest.raises(EncaveError, match="no log found"):
        convert([tmp_path / "runs"], tmp_path / "more")


def test_equal_names_are_told_apart(tmp_path: Path) -> None:
    for group in ("first", "second", "third"):
        write_trials(tmp_path / group / "log", random_lines(4))
        write_sidecar(tmp_path / group / "log", optimizer="RE")
    out = tmp_path / "out"
    (out / "re-cifar10-seed0").mkdir(parents=True)  # somebody else's
    names = [c.output.name for c in convert([tmp_path], out)]
    assert len(set(names)) == 3
    assert all(name.startswith("RE-cifar10-seed0-") for name in names)
    assert list((out / "re-cifar10-seed0").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("RE b0.5", "RE-b0-5"),
        ("../../etc", "etc"),
        ("_x", "x"),
        (".hid", "hid"),
        ("ä/b", "b"),
        ("..", "run"),
        ("x" * 300, "x" * 91 + "-" + hashlib.sha256(b"x" * 300).hexdigest()[:8]),
    ],
)
def test_names_are_safe_for_file_systems_and_deepcave(name: str, folder: str) -> None:
    assert folder_name(name) == folder


def test_several_sources_name_a_log_once(tmp_path: Path) -> None:
    path = write_trials(tmp_path / "log", random_lines(4))
    (tmp_path / "link").symlink_to(tmp_path / "log")
    (tmp_path / "log" / "loop").symlink_to(tmp_path)
    assert len(convert([tmp_path, path, tmp_path / "log", tmp_path / "link"], tmp_path / "out")) == 1


def test_deep_trees_end(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(MAX_DEPTH + 2):
        deep /= "d"
    write_trials(deep, random_lines(2))
    with pytest.raises(EncaveError, match="no log found"):
        convert([tmp_path], tmp_path / "out")


@pytest.mark.parametrize("kind", ["missing", "empty"])
def test_nothing_there(tmp_path: Path, kind: str) -> None:
    source = tmp_path / kind
    if kind == "empty":
        source.mkdir()
    with pytest.raises(EncaveError, match="does not exist" if kind == "missing" else "no log found"):
        convert([source], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(EncaveError, match=r"unknown format 'x'; encave reads encave, dehb, smac"):
        convert([tmp_path], tmp_path / "out", forced_format="x")


def test_output_that_cannot_be_written(tmp_path: Path) -> None:
    write_trials(tmp_path / "log", random_lines(4))
    (tmp_path / "file").write_text("")
    with pytest.raises(EncaveError, match="cannot write"):
        convert([tmp_path / "log"], tmp_path / "file")
    if os.geteuid():
        (tmp_path / "locked").mkdir(mode=0o500)
        with pytest.raises(EncaveError, match="cannot write"):
            convert([tmp_path / "log"], tmp_path / "locked")


def test_one_bad_log_does_not_stop_the_others(tmp_path: Path) -> None:
    source = study(tmp_path / "study")
    (source / "re" / "cifar10" / "seed-1" / "encave.json").write_text('{"encave_log": 1, "opti')
    (source / "re" / "cifar10" / "seed-2" / "trials.jsonl").write_text(json.dumps(random_lines(1)[0] | {"end": -1.0}))
    found = {c.source.parent.name: c for c in convert([source / "re"], tmp_path / "out")}
    assert [found[f"seed-{i}"].status for i in range(3)] == ["converted", "refused", "refused"]
    assert "encave.json is damaged" in found["seed-1"].reason
    assert "ends before it starts" in found["seed-2"].reason
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["RE-cifar10-seed0"]


def test_interruption_leaves_nothing_half_written(tmp_path: Path) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert([study(tmp_path / "study")], tmp_path / "out", on_progress=interrupt)
    written = list((tmp_path / "out").iterdir())
    assert written and not [path for path in written if path.name.startswith(".")]
    assert all(len(Run.load(path)) > 0 for path in written)


LINES = '''
from encave.converters.reader import Found, ReadResult
from encave.run import Note, Objective, Optimizer, Run


class Lines:
    """A third party's format: one cost per line; the second half is left out, and it may miscount."""

    name = "lines"
    title = "Lines"

    def __init__(self, miscounts):
        self.miscounts = miscounts

    def detect(self, listing):
        return [
            Found(listing.folder / n, (listing.folder / n,), "ends in .costs")
            for n in listing.names
            if n.endswith(".costs")
        ]

    def read(self, found, options):
        costs = [float(line) for line in found.path.read_text().split()]
        kept = costs[: len(costs) // 2]
        run = Run.from_columns(
            name="lines", optimizer=Optimizer("Lines"), space=options.space, objectives=[Objective("cost")],
            trials={"config_id": [0] * len(kept), "status": ["success"] * len(kept), "cost:cost": kept},
            configurations={0: dict(options.space.get_default_configuration())},
            notes=[Note("dropped", "second half", len(costs) - len(kept))],
        )
        return ReadResult(run, "1", len(costs), dropped=0 if self.miscounts else len(costs) - len(kept))


READER = Lines(False)
MISCOUNTING = Lines(True)
'''


@pytest.fixture
def plug_in(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package with the entry point."""
    install(tmp_path_factory, monkeypatch, LINES)


def third_party(tmp_path: Path) -> Conversion:
    from .conftest import nas_space

    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "my.costs").write_text(
        "\n".join(str(error_of(dict(nas_space().get_default_configuration()))) for _ in range(6))
    )
    [conversion] = convert([tmp_path / "log"], tmp_path / "out", space=nas_space())
    return conversion


@pytest.mark.usefixtures("plug_in")
def test_third_party_format(tmp_path: Path) -> None:
    conversion = third_party(tmp_path)
    assert (conversion.format, conversion.read, conversion.written, conversion.dropped) == ("lines", 6, 3, 3)


@pytest.mark.usefixtures("plug_in")
def test_failing_format_does_not_stop_the_others(tmp_path: Path) -> None:
    write_trials(tmp_path / "log", random_lines(3))
    (tmp_path / "log" / "my.costs").write_text("x")
    bad, good = convert([tmp_path / "log"], tmp_path / "out")
    assert (bad.status, good.status) == ("refused", "converted")
    assert "Lines format failed on it with ValueError" in bad.reason


def test_miscounting_format_is_refused(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path_factory, monkeypatch, LINES, "encave_plugged:MISCOUNTING")
    conversion = third_party(tmp_path)
    assert conversion.status == "refused"
    assert "does not account for every trial" in conversion.reason


def test_broken_plug_in_is_named(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path_factory, monkeypatch, LINES, "no.such.module:READER")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.costs").write_text("1")
    with pytest.raises(EncaveError, match="the format plugged"):
        convert([tmp_path / "logs"], tmp_path / "out")


def test_forced_format_takes_a_file_as_told(tmp_path: Path) -> None:
    path = write_trials(tmp_path, random_lines(4)).rename(tmp_path / "mine.txt")
    [conversion] = convert([path], tmp_path / "out", forced_format="encave")
    assert (conversion.status, conversion.written) == ("converted", 4)
    with pytest.raises(EncaveError, match="no log found"):
        convert([path], tmp_path / "more")


@pytest.mark.parametrize("inside", [True, False])
def test_packed_logs_are_named(tmp_path: Path, inside: bool) -> None:
    (tmp_path / "runhistory.json.gz").write_bytes(b"packed")
    with pytest.raises(EncaveError, match=r"packed file \(.*runhistory\.json\.gz\); unpack it first"):
        convert([tmp_path if inside else tmp_path / "runhistory.json.gz"], tmp_path / "out")
