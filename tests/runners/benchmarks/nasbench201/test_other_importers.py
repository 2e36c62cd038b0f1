"""The files of other tools, built from the same made-up architectures: they agree with the official folder."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encave import EncaveError
from encave.run import nasbench201_space as space
from encave.runners.benchmarks.nasbench201 import complexity
from encave.runners.benchmarks.nasbench201.architectures import official_strings
from encave.runners.benchmarks.nasbench201.cache import import_benchmark, open_benchmark
from encave.runners.benchmarks.nasbench201.importers import streamed_json
from encave.runners.benchmarks.nasbench201.importers.streamed_json import members
from encave.runners.benchmarks.nasbench201.table import Benchmark
from encave.runners.benchmarks.nasbench201.task import DATASETS

INDICES = (0, 11, 284)
SEEDS = {0: (777, 888, 999), 11: (777, 888), 284: (888,)}
"""As in NAS-Bench-201 v1.1: one to three seeds."""

OFFICIAL = {"cifar10": "cifar10-valid", "cifar100": "cifar100", "ImageNet16-120": "ImageNet16-120"}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def archs(nats: Any) -> dict[int, Any]:
    found = {index: nats.architecture(index, SEEDS[index], curves=True) for index in INDICES}
    for index, content in found.items():
        for record in content.values():
            for (dataset, seed), run in record["all_results"].items():
                task = "cifar10" if dataset in ("cifar10", "cifar10-valid") else dataset
                run |= {
                    "params": complexity.parameters(task)[index],
                    "flop": complexity.flops(task)[index],
                    "latency": [0.016],
                    "train_acc1es": {},
                }
                for key, value in run["eval_acc1es"].items():  # no two seeds and architectures alike
                    run["eval_acc1es"][key] = value + index / 1000 + (seed % 7) * (len(key) % 5) / 1000
    return found


@pytest.fixture(scope="module")
def imported(nats: Any, archs: dict[int, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that holds `official`."""
    root = tmp_path_factory.mktemp("nats")
    folder = nats.write_folder(root / "official", ())
    for index, content in archs.items():
        nats.write(folder / f"{index:06d}.pickle.pbz2", content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(root / "cache"))
        import_benchmark(folder)
    return root / "cache"


@pytest.fixture
def official(imported: Path, tmp_path: Path) -> Benchmark:
    shutil.copytree(imported, tmp_path / "cache")
    return open_benchmark("official")


def runs(archs: dict[int, Any], hp: str, dataset: str) -> dict[tuple[int, int], Any]:
    found = {
        (i, seed): run for i, one in archs.items() for (d, seed), run in one[hp]["all_results"].items() if d == dataset
    }
    return dict(sorted(found.items()))


def curve(run: Any, split: str) -> list[float]:
    return [run["eval_acc1es"][f"{split}@{epoch}"] for epoch in range(run["epochs"])]


def split_of(dataset: str) -> str:
    return "x-valid" if dataset == "cifar10" else "ori-test"


def same(mine: Benchmark, theirs: Benchmark, dataset: str, **asked: Any) -> None:
    at, expected = (one.query(INDICES, dataset, **asked) for one in (mine, theirs))
    np.testing.assert_allclose(at.valid_error, expected.valid_error, atol=2e-5)
    np.testing.assert_array_equal(at.modelled, expected.modelled)


def test_naslib(archs: dict[int, Any], official: Benchmark, tmp_path: Path) -> None:
    (tmp_path / "naslib").mkdir()
    for dataset, name in zip(DATASETS, ("cifar10", "cifar100", "ImageNet16"), strict=True):
        content: dict[str, Any] = {}
        for (index, seed), run in runs(archs, "200", OFFICIAL[dataset]).items():
            if seed == 888:
                cost = {"flops": run["flop"], "params": run["params"], "latency": 0.016}
                cost["train_time"] = run["train_times"][0]
                values = {"eval_acc1es": curve(run, split_of(dataset)), "cost_info": cost}
                content[official_strings()[index]] = {OFFICIAL[dataset]: values}
        (tmp_path / "naslib" / f"nb201_{name}_full_training.pickle").write_bytes(pickle.dumps(content))
    imported = import_benchmark(tmp_path / "naslib")
    found = open_benchmark("naslib")
    for dataset in DATASETS:
        for epochs in (1, 66, 199):
            same(found, official, dataset, epochs=epochs, seed=888)
        at, expected = (one.query(INDICES, dataset) for one in (found, official))
        assert at.train_seconds == pytest.approx(expected.train_seconds)
    same(found, official, "cifar10", seed=888)
    assert any("validation errors of cifar100 after 200 epochs are of validation and test" in n for n in imported.notes)
    assert not any("differ from the closed form" in note for note in imported.notes)


def test_hpobench(archs: dict[int, Any], official: Benchmark, tmp_path: Path) -> None:
    """In a ZIP file; missing seeds are copies of seed 888, and the import drops them."""
    path = tmp_path / "nasbench_201_data_v1.3.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for dataset in OFFICIAL.values():
            found = runs(archs, "200", dataset)
            content: dict[str, Any] = {}
            for seed in (777, 888, 999):
                filled = {index: found.get((index, seed), found[index, 888]) for index in INDICES}
                content[str(seed)] = {
                    official_strings()[index]: {
                        "train_times": {str(epoch): value for epoch, value in run["train_times"].items()},
                        "eval_acc1es": run["eval_acc1es"],
                        "eval_times": run["eval_times"],
                    }
                    for index, run in filled.items()
                }
            archive.writestr(f"data/NAS-Bench-201-v1_1-096897_{dataset}.json", json.dumps(content))
    imported = import_benchmark(path, "hpo")
    assert [note for note in imported.notes if "copies" in note] == [
        f"3 runs on {dataset} were copies of another seed's run and were dropped"
        for dataset in ("ImageNet16-120", "cifar10-valid", "cifar100")
    ]
    mine = open_benchmark("hpo")
    for dataset in DATASETS:
        for epochs in (1, 22, 200):
            same(mine, official, dataset, epochs=epochs)
            same(mine, official, dataset, epochs=epochs, seed=888)
    at, expected = (one.query(INDICES, "cifar100") for one in (mine, official))
    assert at.test_error == pytest.approx(expected.test_error)
    assert at.seconds == pytest.approx(expected.seconds)
    with pytest.raises(EncaveError, match="architecture 284 was not trained with seed 777 on cifar10; it has 888"):
        mine.query(284, "cifar10", seed=777)


def test_syne_tune(archs: dict[int, Any], official: Benchmark, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = tmp_path / "nasbench201"
    folder.mkdir()
    indices = [0, 11]
    configs = space.to_configurations(space.from_index(indices))
    columns = {f"hp_x{edge}": [c[name] for c in configs] for edge, name in enumerate(space.HYPERPARAMETERS)}
    pq.write_table(pa.table(columns), folder / "hyperparameters.parquet")
    values = np.zeros((3, 2, 3, 200, 7), dtype=np.float32)
    for task, dataset in enumerate(("cifar10", "cifar100", "ImageNet16-120")):
        found = runs(archs, "200", dataset)
        for row, index in enumerate(indices):
            for place, seed in enumerate((777, 888, 999)):
                if (index, seed) in found:
                    accuracies = np.array(curve(found[index, seed], "ori-test")) if dataset != "cifar10" else 90.0
                else:
                    accuracies = 100 * (1 - values[task, row, :2, :, 0].mean(axis=0))
                values[task, row, place, :, 0] = 1 - accuracies / 100
            seconds = 5.0 * (2, 2, 6.068)[task]
            values[task, row, :, :, 2] = seconds + (1, 1, 0.6)[task] * (0.4549 + 0.0925 * 5.0)
            values[task, row, :, :, 5] = complexity.flops(dataset)[index]
            values[task, row, :, :, 6] = complexity.parameters(dataset)[index]
    np.save(folder / "objectives_evaluations.npy", values)
    imported = import_benchmark(folder, "syne")
    assert "seed 999 of 1 architectures on cifar100 was a mean and was dropped" in imported.notes
    assert any(note.startswith("cifar10 is left out") for note in imported.notes)
    mine = open_benchmark("syne")
    assert set(mine.tasks) == {"cifar100", "ImageNet16-120"}
    for dataset in mine.tasks:
        for asked in ({"epochs": 50}, {"epochs": 50, "seed": 777}):
            at, expected = (one.query(indices, dataset, **asked) for one in (mine, official))
            np.testing.assert_allclose(at.valid_error, expected.valid_error, atol=1e-4)
        at, expected = (one.query(indices, dataset) for one in (mine, official))
        np.testing.assert_allclose(at.train_seconds, expected.train_seconds, rtol=1e-5)


def test_mf_prior_bench(archs: dict[int, Any], official: Benchmark, tmp_path: Path) -> None:
    import pandas as pd

    folder = tmp_path / "nb201"
    folder.mkdir()
    for dataset in OFFICIAL.values():
        for hp in ("12", "200"):
            split = "x-valid" if dataset == "cifar10-valid" else "ori-test"
            if hp == "12" and split == "ori-test":
                continue  # the made-up runs have no such curve
            found = runs(archs, hp, dataset)
            rows: list[dict[str, Any]] = []
            for index in INDICES:
                curves = [curve(run, split) for (i, _), run in found.items() if i == index]
                config = space.to_configurations(space.from_index(index))[0]
                for epoch, accuracy in enumerate(np.mean(curves, axis=0), start=1):
                    row = {"config_id": index, "epoch": epoch, "test_accuracy": accuracy, "test_per_time": 2.5}
                    row["train_per_time"] = next(iter(found.values()))["train_times"][0]
                    rows.append(row | {f"edge_{edge}": config[f"op_{edge}"] for edge in space.EDGES})
            table = pd.DataFrame(rows).sample(frac=1.0, random_state=0).set_index(["config_id", "epoch"])
            table.to_parquet(folder / f"nb201_{dataset}_{hp}.parquet")
    import_benchmark(folder, "mf")
    mine = open_benchmark("mf")
    for dataset in DATASETS:
        same(mine, official, dataset, epochs=67)
    same(mine, official, "cifar10", epochs=4, schedule=12)
    same(mine, official, "cifar10", schedule=12)
    assert mine.query(INDICES, "cifar10").seconds == pytest.approx(official.query(INDICES, "cifar10").seconds)


def test_nni(archs: dict[int, Any], official: Benchmark, tmp_path: Path) -> None:
    path = tmp_path / "nasbench201.db"
    database = sqlite3.connect(path)
    accuracies = ("train_acc", "valid_acc", "test_acc", "ori_test_acc")
    times = ("training_time", "valid_evaluation_time", "test_evaluation_time", "ori_test_evaluation_time")
    stats = ("id", "config_id", "seed", *accuracies, "parameters", "latency", "flops", *times)
    intermediate = ("id", "trial_id", "current_epoch", *accuracies)
    database.execute("create table nb201trialconfig (id, arch, num_epochs, num_channels, num_cells, dataset)")
    database.execute(f"create table nb201trialstats ({', '.join(stats)})")
    database.execute(f"create table nb201intermediatestats ({', '.join(intermediate)})")
    names = {"nor_conv_1x1": "conv_1x1", "nor_conv_3x3": "conv_3x3"}
    columns = {"cifar10-valid": ("x-valid", "ori-test"), "cifar10": ("ori-test", "ori-test")}
    trial = 0
    for hp in ("12", "200"):
        for dataset in ("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120"):
            valid, test = columns.get(dataset, ("x-valid", "x-test"))
            for (index, seed), run in runs(archs, hp, dataset).items():
                trial += 1
                config = space.to_configurations(space.from_index(index))[0]
                arch = {edge: names.get(config[f"op_{edge}"], config[f"op_{edge}"]) for edge in space.EDGES}
                row = (trial, json.dumps(arch, sort_keys=True), int(hp), 16, 5, dataset.lower())
                database.execute("insert into nb201trialconfig values (?, ?, ?, ?, ?, ?)", row)

                def at(epoch: int, run: Any = run, valid: str = valid, test: str = test) -> list[Any]:
                    return [0.0, *(run["eval_acc1es"].get(f"{one}@{epoch}") for one in (valid, test, "ori-test"))]

                last = int(hp) - 1
                spent = [run["train_times"][0] * int(hp), run["eval_times"].get(f"{valid}@{last}"), 1.0, 1.0]
                values = [trial, trial, seed, *at(last), run["params"], run["latency"][0], run["flop"], *spent]
                database.execute(f"insert into nb201trialstats values ({', '.join('?' * len(stats))})", values)
                for epoch in range(int(hp)):
                    row = (None, trial, epoch + 1, *at(epoch))
                    database.execute("insert into nb201intermediatestats values (?, ?, ?, ?, ?, ?, ?)", row)
    database.commit()
    database.close()
    imported = import_benchmark(path)
    assert imported.name == "nasbench201"
    mine = open_benchmark("nasbench201")
    for dataset in DATASETS:
        for asked in ({}, {"epochs": 30}, {"epochs": 30, "seed": 888}, {"schedule": 12}):
            same(mine, official, dataset, **asked)
        at, expected = (one.query(INDICES, dataset) for one in (mine, official))
        assert at.test_error == pytest.approx(expected.test_error)
        assert at.seconds == pytest.approx(expected.seconds)
        assert at.latency_ms["gpu_batch256"] == pytest.approx([16.0] * 3)


def test_hw_nas_bench(official: Benchmark, shared: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(shared / "data" / "nb201" / "hw.parquet")
    content: dict[str, Any] = {}
    for dataset, prefix in zip(DATASETS, ("c10", "c100", "im"), strict=True):
        metrics = ("edgegpu_latency", "raspi4_latency", "edgetpu_latency", "edgegpu_energy")
        content[dataset] = {m: table[f"hwnas_{m}_{prefix}"].to_pylist() for m in metrics}
        content[dataset]["config"] = [{"name": "infer.tiny", "arch_str": text} for text in official_strings()]
    path = tmp_path / "HW-NAS-Bench-v1_0.pickle"
    path.write_bytes(pickle.dumps({"nasbench201": content, "fbnet": {}}))
    with pytest.raises(EncaveError, match="--add-to"):
        import_benchmark(path)
    imported = import_benchmark(path, "with-hw", add_to="official")
    assert "latency_ms_edgetpu_c10 is not known of 4,699 architectures" in imported.notes
    mine = open_benchmark("with-hw")
    at = mine.query([11, 0], "cifar100")
    assert set(at.latency_ms) == {"gpu_batch256", "edgegpu", "raspi4", "edgetpu"}
    expected = [content["cifar100"]["raspi4_latency"][index] for index in (11, 0)]
    assert at.latency_ms["raspi4"].tolist() == pytest.approx(expected)
    same(mine, official, "cifar10", epochs=50)
    content["cifar100"]["config"][7]["arch_str"] = official_strings()[8]
    path.write_bytes(pickle.dumps({"nasbench201": content}))
    with pytest.raises(EncaveError, match="official order"):
        import_benchmark(path, add_to="official")


class _Malicious:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("exit 1",)


def _bad_database(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("create table nb201trialstats (id)")
    database.commit()
    database.close()
    path.write_bytes(path.read_bytes()[:-100])


def _cut_database(path: Path) -> None:
    """All tables can be listed still, and SQLite reads what is left without a word."""
    database = sqlite3.connect(path)
    database.execute("create table nb201trialstats (id, text)")
    database.executemany("insert into nb201trialstats values (?, ?)", [(place, "x" * 500) for place in range(100)])
    database.commit()
    database.close()
    path.write_bytes(path.read_bytes()[:-1])


def _empty_blackbox(path: Path) -> None:
    path.mkdir()
    (path / "hyperparameters.parquet").write_bytes(b"PAR1")
    (path / "objectives_evaluations.npy").touch()


def _bad_blackbox(path: Path) -> None:
    path.mkdir()
    (path / "hyperparameters.parquet").write_bytes(b"PAR1")
    np.save(path / "objectives_evaluations.npy", np.zeros((3, 2, 3, 200, 7), dtype=np.float32))


def _bad_folder(name: str, content: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.mkdir()
        (path / name).write_bytes(content)

    return write


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (_bad_folder("nb201_cifar10_full_training.pickle", pickle.dumps(_Malicious())), "calls (posix|nt).system"),
        (_bad_folder("nb201_cifar10_full_training.pickle", pickle.dumps({"a": {"cifar100": {}}})), "not as NASLib"),
        (_bad_folder("NAS-Bench-201-v1_1-096897_cifar100.json", b'{"777": {"|none~0|": {}}'), "not as HPOBench"),
        (_bad_folder("NAS-Bench-201-v1_1-096897_cifar100.json", b'{"777": {"|none'), "not as HPOBench"),
        (_bad_folder("nb201_cifar100_200.parquet", b"PAR1"), "no table of mf-prior-bench"),
        (_bad_blackbox, "no blackbox nasbench201"),
        (_empty_blackbox, "no blackbox nasbench201"),
        (_bad_database, "no readable database of NNI|incomplete"),
        (_cut_database, r"is incomplete: [\d,]+ of [\d,]+ bytes. Download it again"),
        (lambda path: path.write_bytes(b""), "is empty. Download it again"),
        (lambda path: path.write_bytes(b"PK\x03\x04..."), "ZIP archive but is no whole one"),
        (lambda path: path.write_text("\n<!DOCTYPE html><html>Too large to scan"), "is a web page"),
    ],
    ids=[
        *("naslib malicious", "naslib", "hpobench", "hpobench cut", "mf-prior-bench", "syne tune", "syne tune empty"),
        *("nni", "nni cut", "empty", "half a zip", "web page"),
    ],
)
def test_bad_files_are_one_clear_error(tmp_path: Path, write: Callable[[Path], None], message: str) -> None:
    write(tmp_path / "bad")
    with pytest.raises(EncaveError, match=message):
        import_benchmark(tmp_path / "bad")
    assert not list((tmp_path / "cache").rglob("*.parquet"))


def test_json_is_read_member_by_member(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    content = {str(a): {f"k{b}": {"v": [a * b + 0.5] * 9, "t": "}]"} for b in range(30)} for a in range(5)}
    content["empty"] = {}
    for block in (200, 2**21):
        monkeypatch.setattr(streamed_json, "_BLOCK", block)
        for indent in (None, 2):
            text = json.dumps(content, indent=indent).encode()
            found = dict(members(io.BytesIO(text), depth=2))
            assert found == {(a, b): value for a, one in content.items() for b, value in one.items()}
    with pytest.raises(ValueError):
        list(members(io.BytesIO(text[:-30]), depth=2))
