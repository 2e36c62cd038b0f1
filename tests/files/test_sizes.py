"""Files of others that a command itself reads are refused by their size, before they take the machine's memory."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from encave.analysis.charts.style_sheet import style_sheet
from encave.analysis.report.settings import read_settings
from encave.cli import cli
from encave.errors import EncaveError
from encave.run import Run
from encave.store import RunStore
from encave.viewer import native

from ..converters.conftest import random_lines, write_trials
from ..example_runs import example_runs

TEN_GB = 10 << 30


READ: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "run": ("run.json", lambda path: Run.load(path.parent)),
    "store": ("encave-store.json", lambda path: RunStore(path.parent)),
    "settings": ("report.toml", read_settings),
    "style": ("x.mplstyle", style_sheet),
    "deepcave": ("meta.json", lambda path: native.read(path.parent)),
}


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Two GiB more than there is."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (2 << 30), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.skipif(sys.platform != "linux", reason="no limits of this kind")
@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("kind", READ)
def test_ten_gigabytes_that_take_no_room_on_the_disk(kind: str, tmp_path: Path) -> None:
    name, read = READ[kind]
    example_runs()[0].save(tmp_path / "run")
    path = tmp_path / "run" / name
    with path.open("wb") as file:
        file.truncate(TEN_GB)
    with pytest.raises(EncaveError, match="10,737,418,240 bytes"):
        read(path)


@pytest.mark.skipif(sys.platform != "linux", reason="no limits of this kind")
@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("verb", [("groups",), ("inspect",), ("convert", "--out", "out")])
def test_a_command_goes_on_without_such_a_run(
    verb: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    write_trials(tmp_path / "runs" / "log", random_lines(4))
    for run in example_runs()[:2]:
        run.save(tmp_path / "runs" / run.name)
    with (tmp_path / "runs" / run.name / "run.json").open("wb") as file:
        file.truncate(TEN_GB)
    done = CliRunner().invoke(cli, [verb[0], "runs", *verb[1:]])
    assert done.exit_code == (0 if verb[0] == "convert" else 1), done.output
    assert verb[0] == "convert" or "10,737,418,240 bytes" in done.output
