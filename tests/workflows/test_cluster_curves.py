"""Curves from runs that are read on a Dask cluster of real processes: the same bytes as here, also if a worker dies."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from ConfigSpace import ConfigurationSpace

from encave.analysis.performance.section_curves import Summary
from encave.analysis.performance.streaming import gather
from encave.cli import cli
from encave.run import Objective, Optimizer, Provenance, Run
from encave.runners.cluster.places import Cluster
from encave.workflows.cluster_curves import reduce_sources

pytestmark = pytest.mark.end_to_end

RUNS = 60


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    space = ConfigurationSpace({"x": (0.0, 1.0)})
    for number in range(RUNS):
        rng = np.random.default_rng(number)
        run = Run.from_columns(
            name=f"run-{number:02}",
            optimizer=Optimizer("AB"[number % 2]),
            space=space,
            objectives=[Objective("loss")],
            trials={
                "config_id": np.arange(20),
                "status": ["success"] * 20,
                "cost:loss": rng.exponential(size=20),
                "end": np.cumsum(rng.exponential(size=20)),
                "budget": rng.choice([1.0, 3.0, 9.0], size=20),
            },
            configurations={i: {"x": i / 20} for i in range(20)},
            provenance=Provenance(task=("one", "two")[number // 2 % 2], seed=number),
        )
        run.save(folder / run.name)
    return folder


@pytest.fixture
def cluster(
    daemons: Callable[..., subprocess.Popen[bytes]], free_port: str
) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    address = f"tcp://127.0.0.1:{free_port}"
    daemons("scheduler", "--host", "127.0.0.1", "--port", free_port)
    own = (address, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")
    yield address, [daemons("worker", *own), daemons("worker", *own)]


def test_a_cluster_gives_the_same_bytes_and_loses_nothing_with_a_worker(study: Path, cluster) -> None:
    address, workers = cluster

    def printed(*more: str) -> str:
        arguments = ["analyze", "curves", str(study), "--axis", "full-evaluations", "--normalise", *more]
        done = CliRunner().invoke(cli, arguments)
        assert done.exit_code == 0, done.output
        return done.stdout

    for form in ("--json", "--csv"):
        assert printed(form, "--scheduler", address) == printed(form)

    seen: list[int] = []
    killed: list[int] = []

    def kill(done: int) -> None:
        if not killed:
            killed.append(done)
            workers[0].kill()

    sources = sorted(study.iterdir())
    found = reduce_sources(
        sources, None, "any-budget", Cluster(scheduler=address), on_progress=kill,
        on_ready=lambda ready: seen.append(ready.workers),
    )  # fmt: skip
    assert killed[0] < RUNS and [one.header.name for one in found] == [source.name for source in sources]
    here = reduce_sources(sources, None, "any-budget", Cluster())
    both = [gather(each, None, Summary())[0][0].curves[0][0] for each in (found, here)]
    np.testing.assert_array_equal(both[0].centre, both[1].centre)
    np.testing.assert_array_equal(both[0].upper, both[1].upper)
    assert seen[0] >= 1


def test_a_run_that_cannot_be_read_is_told(study: Path, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/run.json").write_text("{")
    told: list[str] = []
    good = sorted(study.iterdir())[0]
    found = reduce_sources([good, tmp_path / "broken"], None, "any-budget", Cluster(), on_damaged=told.append)
    assert [one.header.name for one in found] == [good.name]
    assert len(told) == 1 and "broken" in told[0]
