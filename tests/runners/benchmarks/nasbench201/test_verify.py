"""`encave benchmark verify` and `random-curve`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from encave.cli import cli
from encave.runners.benchmarks.nasbench201.cache import import_benchmark
from encave.runners.benchmarks.nasbench201.random_reference import random_reference
from encave.runners.benchmarks.nasbench201.table import open_benchmark
from encave.runners.benchmarks.nasbench201.verify import verify


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_the_real_table_is_right(table_path: Path) -> None:
    found = verify(table_path)
    assert found.archive == "NATS-Bench v1.0"
    assert not found.off
    assert len([check for check in found.checks if check.passed]) == 17
    import_benchmark(table_path, "real")
    done = CliRunner().invoke(cli, ["benchmark", "verify", "real"])
    assert done.exit_code == 0, done.output
    assert "archive: NATS-Bench v1.0" in done.output
    assert "18 of 18 are right" in done.output


def test_a_wrong_value_is_off(table_path: Path, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(table_path)
    name = "c100_test_acc_200_mean"
    values = table[name].to_numpy().copy()
    values[12] = 80.0
    table = table.set_column(table.column_names.index(name), name, pa.array(values))
    pq.write_table(table.slice(0, 15_000), tmp_path / "wrong.parquet")
    done = CliRunner().invoke(cli, ["benchmark", "verify", str(tmp_path / "wrong.parquet"), "--json"])
    assert done.exit_code == 1
    found = json.loads(done.output)
    assert found["archive"].startswith("unknown")
    off = {check["what"]: check["found"] for check in found["checks"] if check["passed"] is False}
    assert off["cifar100, test: best accuracy"] == "80.0000 (#12)"
    assert off["cifar10, validation: architectures"] == "15,000"


def test_a_changed_file_is_off(table_path: Path) -> None:
    imported = import_benchmark(table_path, "real")
    with imported.path.open("r+b") as stream:
        stream.seek(1000)
        stream.write(b"\0\0\0\0")
    done = CliRunner().invoke(cli, ["benchmark", "verify", "real"])
    assert done.exit_code == 1
    assert "has changed" in " ".join(done.output.split())


def test_the_surrogate_has_nothing_to_verify() -> None:
    done = CliRunner().invoke(cli, ["benchmark", "verify", "surrogate"])
    assert done.exit_code == 2
    assert "is a model" in done.output


def test_random_curve(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    arguments = ["benchmark", "random-curve", "--dataset", "cifar100", "--evaluations", "30", "--csv", str(path)]
    shown = CliRunner().invoke(cli, arguments)
    assert shown.exit_code == 0, shown.output
    with path.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    printed = json.loads(CliRunner().invoke(cli, [*arguments, "--json"]).output)["curve"]
    assert [float(row["mean"]) for row in rows] == [row["mean"] for row in printed]
    assert len(rows) == 30
    means = [row["mean"] for row in printed]
    assert means == sorted(means, reverse=True)
    assert f"{means[19]:.3f}" in shown.output
    assert printed[0]["quantile_0.05"] < printed[0]["quantile_0.5"] < printed[0]["quantile_0.95"]


def test_random_curve_by_simulated_time(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    arguments = ["benchmark", "random-curve", "--seconds", "20000", "--csv", str(path)]
    shown = CliRunner().invoke(cli, arguments)
    printed = json.loads(CliRunner().invoke(cli, [*arguments, "--json"]).output)["curve"]
    reference = random_reference(open_benchmark("surrogate"), "cifar10", schedule=12)
    last = reference.by([20_000.0])
    assert printed[-1]["seconds"] == pytest.approx(20_000)
    assert printed[-1]["mean"] == pytest.approx(last.mean[0], abs=5 * float(last.standard_error[0]) + 1e-3)
    assert printed[0] == {"seconds": pytest.approx(20), "mean": None, "standard_error": None}
    assert f"{printed[-1]['mean']:.3f}" in shown.output and "standard error" in shown.output
    with path.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["mean"] for row in rows] == ["" if row["mean"] is None else str(row["mean"]) for row in printed]
