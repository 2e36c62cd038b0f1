"""Fixtures that several test modules share."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from . import drawing

ROOT = Path(__file__).resolve().parent.parent

_PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}  # with a busy machine
settings.register_profile("same", derandomize=True, **_PATIENT)
settings.register_profile("random", **_PATIENT)
settings.load_profile(os.environ.get("ENCAVE_TEST_EXAMPLES", "same"))


@pytest.fixture(scope="session", autouse=True)
def _figures_are_only_named() -> Iterator[None]:
    with drawing.figures(drawing.named):
        yield


@pytest.fixture(autouse=True)
def _figures_are_drawn(request: pytest.FixtureRequest) -> Iterator[None]:
    with drawing.figures(drawing.draw_figure) if "drawn" in request.keywords else nullcontext():
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real tables and logs beside the repository; the test is skipped where it is not."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs ../shared (the real NAS-Bench-201 table and real logs), which is not here")
    return folder


@pytest.fixture(scope="session")
def table_path(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real NAS-Bench-201 table as Parquet; a copy, so that it is not yet among the opened tables of the user."""
    return Path(shutil.copy2(shared / "data" / "nb201" / "nb201.parquet", tmp_path_factory.mktemp("table")))


@pytest.fixture
def daemons() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts `dask scheduler` and `dask worker` as a person does, and ends them."""
    started: list[subprocess.Popen[bytes]] = []

    def start(what: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments, "--no-dashboard"]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def free_port() -> str:
    """A port of the loopback that nothing listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
