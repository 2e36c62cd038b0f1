"""The run store: what goes in comes out, foreign readers read it as it is, and a killed writer breaks nothing."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ConfigSpace import Categorical, ConfigurationSpace, EqualsCondition, Float

from encave.errors import EncaveError
from encave.run import Note, Objective, Optimizer, Provenance, Run
from encave.store import RunFilter, RunStore, find_stores, layout, opened, read_runs, writing


def space() -> ConfigurationSpace:
    result = ConfigurationSpace(seed=0)
    op, lr, mixed = Categorical("op", ["a", "b"]), Float("lr", (0.0, 1.0)), Categorical("mixed", [1, "1", False, 2.5])
    result.add(op, lr, mixed, EqualsCondition(lr, op, "a"))
    return result


def run(seed: int, optimizer: str = "RE", task: str | None = "cifar10", n: int = 5, **fields: Any) -> Run:
    rng = np.random.default_rng(seed)
    costs = [None if row == 2 else float(value) for row, value in enumerate(rng.normal(size=n))]
    configurations = {
        row: {"op": "ab"[row % 2], "mixed": [1, "1", False, 2.5][row % 4], **({} if row % 2 else {"lr": 0.1 + 0.2})}
        for row in range(n + 1)  # the last one is tried by no trial
    }
    trials = {
        "config_id": list(range(n)),
        "status": ["crashed" if cost is None else "success" for cost in costs],
        "budget": [None if row == 0 else 12.0 for row in range(n)],
        "start": [float(row) for row in range(n)],
        "end": [row + 0.5 for row in range(n)],
        "cost:error": costs,
        "extra:test": [5e-324, math.inf, -0.0, *[1.5] * (n - 3)],
        "extra:nothing": [None] * n,
        **fields.pop("trials", {}),
    }
    metadata = {"task": task, "seed": seed, "source": f"/logs/{optimizer}/{task}/{seed}", "fingerprint": "f"}
    return Run.from_columns(
        name=f"{optimizer}-{seed}",
        optimizer=Optimizer(optimizer, "1"),
        space=space(),
        objectives=[Objective("error", lower=0.0, unit="%")],
        configurations=configurations,
        trials=trials,
        provenance=Provenance.from_json({**metadata, **fields.pop("metadata", {})}),
        notes=[Note("derived", "a note", 2)],
        **fields,
    )


def write(store: Path, *runs: Run) -> None:
    with opened(store) as writer:
        for one in runs:
            writer.add(one)


def files(store: Path) -> dict[str, bytes]:
    return {str(path.relative_to(store)): path.read_bytes() for path in store.rglob("*") if path.is_file()}


def by_name(store: Path, wanted: RunFilter | None = None) -> dict[str, Run]:
    found = list(RunStore(store).read(wanted))
    assert len({one.name for one in found}) == len(found)
    return {one.name: one for one in found}


DIFFERENT = {
    "other extras": {
        "trials": {"extra:test": ["text", None, "", "é", "x"], "extra:list": [[1], None, [], [2, 3], [4]]}
    },
    "whole numbers": {"trials": {"extra:test": [2**60 + 1, None, 3, 4, 5]}},
    "no task": {"task": None},
    "strange names": {"optimizer": "a/b=c %.é", "task": "..", "metadata": {"seed": "none"}},
    "many trials": {"n": 300},
}


def test_every_run_comes_out_as_it_went_in(tmp_path: Path) -> None:
    runs = [run(0), run(1, "DEHB"), *(run(place + 2, **fields) for place, fields in enumerate(DIFFERENT.values()))]
    write(tmp_path, *runs)
    assert by_name(tmp_path) == {one.name: one for one in runs}
    assert len(RunStore(tmp_path)) == len(runs)
    schemas = {str(pq.read_schema(path)) for path in (tmp_path / "trials").rglob("*.parquet")}
    assert len(schemas) == 1
    assert "extra:test<string>" in str(schemas)
    assert "extra:nothing" not in str(schemas)


@pytest.mark.parametrize("adapter", ["re", "dehb", "smac"])
def test_runs_of_real_optimizers_come_out_as_they_went_in(tmp_path: Path, adapter: str) -> None:
    from encave.converters import convert
    from encave.runners.studies.study import RunSpec, parse_limit, run_study

    if adapter == "dehb":
        pytest.importorskip("dehb")
    run_study(tmp_path / "study", [RunSpec(adapter, "cifar10", seed, parse_limit("12evals")) for seed in range(2)])
    done = convert([tmp_path / "study"], tmp_path / "runs")
    runs = [Run.load(one.output) for one in done if one.output]
    write(tmp_path / "store", *runs)
    assert by_name(tmp_path / "store") == {one.name: one for one in runs}


def test_no_number_and_no_value_stay_apart(tmp_path: Path) -> None:
    write(tmp_path, run(0, trials={"extra:test": pa.array([math.nan, None, math.inf, 1.0, 2.0])}))
    [found] = RunStore(tmp_path).read()
    assert str(found.trials["extra:test"].to_pylist()) == "[nan, None, inf, 1.0, 2.0]"


def test_the_row_of_a_run(tmp_path: Path) -> None:
    one = run(7)
    write(tmp_path, one)
    [row] = RunStore(tmp_path).runs().to_pylist()
    best = one.incumbent()
    assert best is not None
    expected = {
        **{"optimizer": "RE", "dataset": "cifar10", "name": "RE-7", "version": "1", "seed": 7, "trials": 5},
        **{"configurations": 6, "successes": 4, "objective": "error", "direction": "minimize", "seconds": 4.5},
        **{"incumbent_cost": best.value, "incumbent_budget": 12.0, "source": "/logs/RE/cifar10/7", "first": 0},
    }
    assert {key: row[key] for key in expected} == expected


def study(store: Path) -> list[Run]:
    """A store of several parts: 2 optimizers × 2 datasets × 3 seeds."""
    runs = [run(seed, name, task) for name in ("RE", "DEHB") for task in ("cifar10", "c100") for seed in range(3)]
    write(store, *runs[:5])
    write(store, *runs[5:])
    return runs


def test_a_filter_reads_only_where_wanted_runs_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study(tmp_path)
    opened_files: list[str] = []
    real = pq.ParquetFile

    def spying(path: Any, *args: Any, **options: Any) -> Any:
        opened_files.append(str(path))
        return real(path, *args, **options)

    monkeypatch.setattr(pq, "ParquetFile", spying)
    wanted = RunFilter(frozenset({"RE"}), frozenset({"c100"}), frozenset({0, 2}))
    found = list(RunStore(tmp_path).read(wanted))
    assert sorted((one.optimizer.name, one.provenance.task, one.provenance.seed) for one in found) == [
        ("RE", "c100", 0),
        ("RE", "c100", 2),
    ]
    trial_files = [path for path in opened_files if "/trials/" in path]
    assert trial_files
    assert all("/optimizer=RE/dataset=c100/" in path for path in trial_files)
    assert RunStore(tmp_path).runs(wanted, ["seed"]).column_names == ["optimizer", "dataset", "seed"]
    assert all(wanted.of_run(one) for one in found)
    assert not wanted.of_run(run(1, "RE", "c100"))


def test_only_the_row_groups_that_are_needed_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_GROUP", 8)
    runs = [run(seed) for seed in range(20)]
    write(tmp_path, *runs)
    groups: list[list[int]] = []
    real = pq.ParquetFile.read_row_groups

    def spying(self: Any, wanted: list[int], *args: Any, **options: Any) -> Any:
        groups.append(wanted)
        return real(self, wanted, *args, **options)

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", spying)
    for seed in (0, 9, 19):
        [found] = RunStore(tmp_path).read(RunFilter(seeds=frozenset({seed})))
        assert found == runs[seed]
    assert groups == [[0], [5, 6], [11, 12]]


def test_a_folder_within_the_store_stands_for_its_runs(tmp_path: Path) -> None:
    store = tmp_path / "store"
    runs = study(store)
    assert find_stores(tmp_path) == [store]
    for place, count in (("trials", 12), ("runs/optimizer=RE", 6), ("trials/optimizer=RE/dataset=c100", 3)):
        assert len(list(RunStore(store / place).read())) == count
        assert find_stores(store / place) == [store / place]
    assert len(RunStore(store).partitions()) == 4
    assert sum(len(list(read_runs(path))) for path in RunStore(store).partitions()) == len(runs) == 12


def test_without_configurations_it_is_what_a_run_loaded_so_is(tmp_path: Path) -> None:
    one = run(3)
    write(tmp_path / "store", one)
    one.save(tmp_path / "run")
    [found] = read_runs(tmp_path / "store", configurations=False)
    [expected] = read_runs(tmp_path / "run", configurations=False)
    assert found == expected
    assert list(read_runs(tmp_path / "run", RunFilter(seeds=frozenset({4})))) == []


def expected_means() -> dict[tuple[str, str], tuple[int, float]]:
    found: dict[tuple[str, str], tuple[int, float]] = {}
    for name in ("RE", "DEHB"):
        for task in ("cifar10", "c100"):
            costs = np.concatenate([run(seed, name, task).column("cost:error") for seed in range(3)])
            found[name, task] = (15, float(np.nanmean(costs)))
    return found


def check(rows: list[tuple[str, str, int, float]]) -> None:
    found = {(name, task): (count, mean) for name, task, count, mean in rows}
    expected = expected_means()
    assert found.keys() == expected.keys()
    for key, (count, mean) in found.items():
        assert count == expected[key][0]
        assert mean == pytest.approx(expected[key][1], rel=1e-12)


def test_pandas_reads_it(tmp_path: Path) -> None:
    import pandas as pd

    study(tmp_path)
    frame = pd.read_parquet(tmp_path / "trials")
    grouped = frame.groupby(["optimizer", "dataset"], observed=True)["cost:error"].agg(["size", "mean"])
    check([(*key, int(row["size"]), float(row["mean"])) for key, row in grouped.iterrows()])  # type: ignore[misc]
    assert len(pd.read_parquet(tmp_path / "runs")) == 12


def test_polars_reads_it(tmp_path: Path) -> None:
    pl = pytest.importorskip("polars")
    study(tmp_path)
    lazy = pl.scan_parquet(tmp_path / "trials/**/*.parquet", hive_partitioning=True)
    grouped = lazy.group_by("optimizer", "dataset").agg(pl.len(), pl.col("cost:error").mean()).collect()
    check(grouped.rows())
    assert pl.read_parquet(tmp_path / "runs/**/*.parquet", hive_partitioning=True).height == 12


def test_duckdb_reads_it(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    study(tmp_path)
    query = f"""
        select optimizer, dataset, count(*), avg("cost:error")
        from read_parquet('{tmp_path}/trials/**/*.parquet', hive_partitioning = true) group by all"""
    check(duckdb.sql(query).fetchall())
    joined = f"""
        select count(*) from '{tmp_path}/runs/**/*.parquet' r join '{tmp_path}/trials/**/*.parquet' t using (run_id)
        where r.seed = 1"""
    assert duckdb.sql(joined).fetchall() == [(20,)]


def test_dask_reads_it(tmp_path: Path) -> None:
    dd = pytest.importorskip("dask.dataframe")
    study(tmp_path)
    frame = dd.read_parquet(tmp_path / "trials").compute(scheduler="synchronous")
    grouped = frame.groupby(["optimizer", "dataset"], observed=True)["cost:error"].agg(["size", "mean"])
    check([(*key, int(row["size"]), float(row["mean"])) for key, row in grouped.iterrows()])


def test_a_run_that_comes_again_takes_the_place_of_its_old_self(tmp_path: Path) -> None:
    runs = study(tmp_path)
    again = run(1, "RE", "cifar10", metadata={"fingerprint": "g"}, trials={"extra:new": [1, 2, 3, 4, 5]})
    moved = run(2, "RE", "c100", metadata={"group": "RE, tuned"})
    write(tmp_path, again, moved, again)
    expected = {(one.name, one.provenance.task): one for one in [*runs, again, moved]}
    found = {(one.name, one.provenance.task): one for one in RunStore(tmp_path).read()}
    assert found == expected
    assert len(list(RunStore(tmp_path / "runs/optimizer=RE, tuned").read())) == 1
    with opened(tmp_path) as writer:
        ids = {row["source"]: row["run_id"] for row in RunStore(tmp_path).runs().to_pylist()}
        known = writer.known(ids["/logs/RE/cifar10/1"])
        assert known is not None
        assert (known["fingerprint"], known["trials"], known["read"], known["dropped"]) == ("g", 5, 5, 0)
        assert writer.known("absent") is None
    assert pa.concat_tables(
        [pq.read_table(path, partitioning=None) for path in (tmp_path / "trials").rglob("*.parquet")]
    )


def test_an_unchanged_store_stays_as_it_is(tmp_path: Path) -> None:
    study(tmp_path)
    before = files(tmp_path)
    write(tmp_path)
    assert files(tmp_path) == before


@pytest.mark.parametrize("at", range(1, 9))
def test_a_writer_that_is_killed_loses_no_run_and_doubles_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Killed at the at-th file that it writes or removes, while it adds a run, replaces one, and widens older parts."""
    study(tmp_path)
    old = {(one.name, one.provenance.task): one for one in RunStore(tmp_path).read()}
    again = run(1, "RE", "cifar10", trials={"extra:new": [1, 2, 3, 4, 5]})
    steps: list[str] = []

    def counted(real: Any) -> Any:
        def one(self: Path, *args: Any, **options: Any) -> Any:
            if self.suffix == ".parquet" or ".parquet." in self.name:
                steps.append(self.name)
                if len(steps) == at:
                    raise KeyboardInterrupt
            return real(self, *args, **options)

        return one

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", counted(Path.replace))
        patch.setattr(Path, "unlink", counted(Path.unlink))
        with pytest.raises(KeyboardInterrupt):
            write(tmp_path, again, run(9))
    rows = RunStore(tmp_path).runs()["run_id"].to_pylist()
    assert len(rows) == len(set(rows))
    seen = {(one.name, one.provenance.task): one for one in RunStore(tmp_path).read()}
    assert old.keys() <= seen.keys()
    assert all(seen[key] in (one, again) for key, one in old.items())
    write(tmp_path, again, run(9))
    whole = old | {("RE-1", "cifar10"): again, ("RE-9", "cifar10"): run(9)}
    assert {(one.name, one.provenance.task): one for one in RunStore(tmp_path).read()} == whole
    trials = [pq.read_table(path, partitioning=None) for path in (tmp_path / "trials").rglob("*.parquet")]
    assert sum(table.num_rows for table in trials) == 13 * 5
    assert len({str(table.schema) for table in trials}) == 1


def test_two_writers_at_once(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(EncaveError, match="another process is writing"), opened(tmp_path):
        pass


def test_what_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(EncaveError, match="is no run store"):
        RunStore(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/file").write_text("")
    with pytest.raises(EncaveError, match="holds other files"), opened(tmp_path / "other"):
        pass
    write(tmp_path / "store", run(0))
    part = next((tmp_path / "store/trials").rglob("*.parquet"))
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(EncaveError, match="cannot read"):
        list(RunStore(tmp_path / "store").read())
    (tmp_path / "store" / layout.STORE_FILE).write_text('{"encave_store": 2}')
    with pytest.raises(EncaveError, match="format 2"):
        RunStore(tmp_path / "store")


@pytest.mark.parametrize("label", ["я" * 60, "ö" * 120, "x" * 300, "a%-12345678"])
def test_labels_longer_than_a_folder_name(tmp_path: Path, label: str) -> None:
    names = [label, label[:-1] + "z"]
    write(tmp_path, *(run(0, name, name) for name in names))
    store = RunStore(tmp_path)
    assert {one.optimizer.name for one in store.read()} == set(names)
    assert [one.provenance.task for one in store.read(RunFilter(datasets=frozenset([label])))] == [label]
    assert [one.optimizer.name for path in store.partitions() for one in read_runs(path)].count(label) == 1
    assert all(len(part.encode()) < 240 for path in store.partitions() for part in path.parts)


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("place", ["trials", "runs", "trials/optimizer=RE", "trials/optimizer=RE/dataset=cifar10"])
def test_nothing_is_written_or_deleted_where_links_in_a_store_lead(tmp_path: Path, place: str) -> None:
    for name in ("mine", "foreign"):
        with opened(tmp_path / name) as writer:
            writer.add(run(0))
    [trials] = (tmp_path / "mine" / place).rglob("part-*.parquet")
    trials.rename(trials.with_name("part-000009.parquet"))  # of no use to the foreign store: to be removed
    shutil.rmtree(tmp_path / "foreign" / place)
    (tmp_path / "foreign" / place).symlink_to(tmp_path / "mine" / place)
    before = files_below(tmp_path / "mine")
    with pytest.raises(EncaveError, match=r"leads to .*mine"), opened(tmp_path / "foreign") as writer:
        writer.add(run(1))
    assert files_below(tmp_path / "mine") == before
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    trials.with_name("part-000009.parquet").rename(trials)
    with opened(tmp_path / "link") as writer:  # the store that is named may itself be a link
        writer.add(run(1))
    assert len(RunStore(tmp_path / "mine")) == 2
