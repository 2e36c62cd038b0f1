"""Runs that appear while DeepCAVE is open are offered, and join their group."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from encave.viewer import news
from encave.viewer.selection import select

from .pages import Pages

pytestmark = pytest.mark.end_to_end
OPEN = """
import sys; from pathlib import Path
from encave.viewer import news, open_runs
news._SECONDS = 0.5
folder = Path(sys.argv[1])
find = lambda: sorted(folder.iterdir())
open_runs(find(), watched=[folder], find=find, on_ready=lambda url: print(url, flush=True), on_note=print,
          browser=False, workers=1)
"""


def wait_for(true: Callable[[], object]) -> object:
    """First true value."""
    deadline = time.monotonic() + 30
    while not (value := true()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return value


def test_new_runs_are_offered_and_join_their_group(runs_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    for name in ("dehb-0", "dehb-1"):
        shutil.copytree(runs_folder / name, folder / name)
    words = [sys.executable, "-c", OPEN, str(folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            pages = Pages(process.stdout.readline().strip())
            assert json.loads(pages.get("encave-news")) == []
            for name in ("dehb-2", "re-10"):
                shutil.copytree(runs_folder / name, folder / name)
            assert wait_for(lambda: json.loads(pages.get("encave-news"))) == ["dehb-2", "re-10"]
            assert "DEHB-2" not in labels(pages)
            assert json.loads(pages.get("encave-news", method="POST")) == []
            assert {"DEHB-2", "RE-10"} <= labels(pages)
            page = pages.open("configurations")
            (group,) = (value for value, label in page.options("run") if label == "DEHB (cifar10)")
            overview = pages.open("overview")
            overview.set("run", group)
            assert "Total trials: 120" in overview.text()  # 40 of each of three runs
        finally:
            process.terminate()


def labels(pages: Pages) -> set[str]:
    """Names of the runs that are offered."""
    return {label.rpartition("/")[2] for _, label in pages.open("overview").options("run")}


def test_a_run_that_is_being_written_is_waited_for_and_damage_is_told_once(
    runs_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "_SECONDS", 0.0)
    monkeypatch.setattr(news, "_SHARE", 0)
    folder, session, told = tmp_path / "runs", tmp_path / "session", list[str]()
    session.mkdir()
    shutil.copytree(runs_folder / "dehb-0", folder / "dehb-0")
    watch = news.Watch([folder], lambda: sorted(folder.iterdir()), select([folder / "dehb-0"]), session, told.append)
    shutil.copytree(runs_folder / "dehb-1", folder / "dehb-1")
    watch.look()
    assert not (session / news.FILE).exists(), "more files may come"
    (folder / "dehb-1" / "history.jsonl").write_text("{")
    (folder / "dehb-1" / "more").touch()
    for _ in range(3):
        watch.look()
    assert [run.endswith("dehb-0") for run in json.loads((session / news.FILE).read_text())["runs"]] == [True]
    assert len(told) == 1
    assert "dehb-1" in told[0]
    assert news.new_runs(session, [str(folder / "dehb-0")]) == []


def test_a_run_that_was_taken_out_of_a_group_stays_out() -> None:
    offered = {"A": ["1", "2", "3"], "B": ["4", "5"]}
    assert news._grown({"A": ["1"], "C": ["9"]}, offered, ["3"]) == {"A": ["1", "3"], "C": ["9"]}
    assert news._grown({"A": ["1"]}, offered, ["5"]) == {"A": ["1"], "B": ["4", "5"]}
