"""The official archives in one file: NATS-Bench's pickle and what torch.save wrote for NAS-Bench-201."""

from __future__ import annotations

import bz2
import hashlib
import io
import os
import pickle
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encave import EncaveError
from encave.runners.benchmarks.nasbench201.architectures import official_strings
from encave.runners.benchmarks.nasbench201.cache import import_benchmark, open_benchmark
from encave.runners.benchmarks.nasbench201.importers import nats_archive, streamed_pickle
from encave.runners.benchmarks.nasbench201.importers.streamed_pickle import load_parts
from encave.runners.benchmarks.nasbench201.task import DATASETS
from encave.runners.benchmarks.nasbench201.verify import verify


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def any_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up files can have official names."""
    monkeypatch.setattr(nats_archive, "_check_digits", lambda _: None)


def whole(archs: dict[int, Any], names: tuple[str, str] = ("12", "200")) -> dict[str, Any]:
    renamed = {
        index: {name: content[hp] for name, hp in zip(names, ("12", "200"), strict=True)}
        for index, content in archs.items()
    }
    meta = {"meta_archs": list(official_strings()), "total_archs": 15_625}
    return {**meta, "arch2infos": renamed, "evaluated_indexes": set(archs)}


def torch_save(path: Path, content: Any) -> Path:
    """The older form of torch.save: magic number, protocol version, sizes, object, keys of storages."""
    parts = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True, "type_sizes": {"int": 4}}, content, [])
    path.write_bytes(b"".join(pickle.dumps(part, protocol=2) for part in parts))
    return path


@pytest.mark.usefixtures("any_digits")
def test_every_form_holds_the_same(nats: Any, tmp_path: Path) -> None:
    archs = {index: nats.architecture(index, curves=True) for index in (0, 11, 284)}
    folder = nats.write_folder(tmp_path / "simple", ())
    for index, content in archs.items():
        nats.write(folder / f"{index:06d}.pickle.pbz2", content)
    old = torch_save(tmp_path / "NAS-Bench-201-v1_1-096897.pth", whole(archs, ("less", "full")))
    with zipfile.ZipFile(tmp_path / "new.pth", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(whole(archs, ("less", "full")), protocol=2))
    (tmp_path / "one.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(whole(archs), protocol=4)))
    paths = (folder, old, tmp_path / "new.pth", tmp_path / "one.pickle.pbz2")
    imported = [import_benchmark(path, f"form-{place}") for place, path in enumerate(paths)]
    assert len({table.sha256 for table in imported}) == 1
    assert len({table.notes for table in imported}) == 1
    assert imported[1].source_format == "NAS-Bench-201 v1.1"
    benchmark = open_benchmark("form-1")
    assert benchmark.query(11, "cifar10", epochs=50, seed=888).valid_error == pytest.approx(100 - 49 / 4 - 8.8)
    assert benchmark.query(11, "cifar10", epochs=5, schedule=12, seed=111).valid_error == pytest.approx(100 - 1 - 1.1)


def test_official_samples_in_one_file(shared: Path, tmp_path: Path) -> None:
    """The genuine records, nested one level deeper, with the curves that the sample table holds."""
    import pandas as pd

    samples = shared / "data" / "nb201" / "official_samples" / "NATS-tss-v1_0-3ffb9-simple"
    archs = {i: pickle.loads(bz2.decompress((samples / f"{i:06d}.pickle.pbz2").read_bytes())) for i in (0, 11, 284)}
    torch_save(tmp_path / "one.pth", whole(archs, ("less", "full")))
    one, folder = import_benchmark(tmp_path / "one.pth"), import_benchmark(samples, "folder")
    assert one.sha256 == folder.sha256
    benchmark = open_benchmark("one")
    curves = pd.read_parquet(shared / "data" / "nb201" / "nats_tss_3archs_full_curves.parquet")
    for dataset in DATASETS:
        official = "cifar10-valid" if dataset == "cifar10" else dataset
        split = "x-valid" if dataset == "cifar10" else "ori-test"
        rows = curves[(curves.dataset == official) & (curves.split == split) & (curves.hp.astype(int) == 200)]
        for (index, seed), curve in rows.groupby(["arch_index", "seed"]):
            epochs = curve.epoch.to_numpy()
            at = benchmark.query(np.full(len(curve) - 1, index), dataset, epochs=epochs[:-1], seed=int(seed))
            assert at.valid_error == pytest.approx(100 - curve.acc.to_numpy()[:-1], abs=1e-5)
            assert not at.modelled.any()
    latency = benchmark.query([0, 11, 284], "cifar10").latency_ms
    assert set(latency) == {"gpu_batch256"}
    assert (latency["gpu_batch256"] > 1).all()


def test_memory_stays_that_of_one_architecture(tmp_path: Path) -> None:
    """What lives at any time is one part and what is referred to later; the memo forgets the rest."""
    shared_key = "".join(["x-valid", "@", "0"])
    parts = {i: {"all_results": {(i, shared_key): [float(i)] * 50}, "again": shared_key} for i in range(300)}
    stream = io.BytesIO(pickle.dumps({"arch2infos": parts, "last": shared_key}, protocol=4))
    sizes: list[int] = []
    seen: list[int] = []

    def consume(part: dict[Any, Any]) -> None:
        ((index, key),) = part["all_results"]
        assert key is not None
        assert part["again"] == key == shared_key
        frame = sys._getframe(1)
        sizes.append(len(frame.f_locals["self"].memo))
        seen.append(index)

    found = load_parts(stream, "all_results", consume, name="it", allowed=())
    assert seen == list(range(300))
    assert found == {"arch2infos": {i: {} for i in range(300)}, "last": shared_key}
    assert max(sizes) < 10


class _Malicious:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("exit 1",)


@pytest.mark.parametrize("protocol", [2, 4])
def test_hostile_archives(nats: Any, tmp_path: Path, protocol: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "it.pickle.pbz2"

    def refused(content: bytes, message: str) -> None:
        path.write_bytes(bz2.compress(content))
        with pytest.raises(EncaveError, match=message):
            import_benchmark(path)
        assert not list((tmp_path / "cache").rglob("*.parquet"))

    good = pickle.dumps(whole({3: nats.architecture(3)}), protocol=protocol)
    refused(pickle.dumps({"arch2infos": {0: _Malicious()}}, protocol=protocol), "calls (posix|nt).system")
    refused(good[:-5000], "damaged or incomplete")
    refused(b"no pickle", "not a pickle|damaged")
    refused(pickle.dumps([1, 2], protocol=protocol), "no 'meta_archs'")
    refused(pickle.dumps(whole({}), protocol=protocol), "holds no architectures")
    refused(b"\x80\x04\x8d\xff\xff\xff\xff\xff\x00\x00\x00.", "damaged or incomplete")  # a string of a terabyte
    refused(b"\x80\x04j\xff\xff\xff\x7f.", "used before anything was put there")
    wrong = nats.architecture(3)
    wrong["200"]["arch_str"] = official_strings()[4]
    refused(pickle.dumps(whole({3: wrong}), protocol=protocol), "not the official order")
    monkeypatch.setattr(streamed_pickle, "LIMIT", 2**20)
    refused(pickle.dumps([float(i) for i in range(200_000)], protocol=protocol), "without an architecture")
    path.write_bytes(bz2.compress(good)[:-100])
    with pytest.raises(EncaveError, match=r"damaged or incomplete|not a readable"):
        import_benchmark(path)


@pytest.mark.usefixtures("any_digits")
@pytest.mark.parametrize(
    "times", [{"train_times": {}, "eval_times": {}}, {}, {"train_times": None, "eval_times": None}]
)
def test_nas_bench_201_v1_0(nats: Any, tmp_path: Path, times: dict[str, Any]) -> None:
    """12 epochs on cifar10-valid only, and no times of 200 epochs: both are absent, nothing is made up but told."""
    content = nats.architecture(11, seeds=(888,))
    short, full = content["12"]["all_results"], content["200"]["all_results"]
    content["12"]["all_results"] = {key: run for key, run in short.items() if key[0] == "cifar10-valid"}
    for run in full.values():
        del run["train_times"], run["eval_times"]
        run.update(times)
    imported = import_benchmark(
        torch_save(tmp_path / "NAS-Bench-201-v1_0-e61699.pth", whole({11: content}, ("less", "full"))), "old"
    )
    assert imported.source_format == "NAS-Bench-201 v1.0"
    benchmark = open_benchmark("old")
    assert benchmark.query(11, "cifar10", seed=888).valid_error == pytest.approx(100 - 50 - 8.8)
    assert benchmark.query(11, "cifar10", schedule=12).valid_error == pytest.approx(100 - 50 - (7.7 + 1.1) / 2)
    assert benchmark.query(11, "cifar10").train_seconds == pytest.approx(200 * 5.0)
    with pytest.raises(EncaveError, match="nothing for architecture 11 on cifar100, 12 epochs"):
        benchmark.query(11, "cifar100", schedule=12)
    assert benchmark.query(11, "cifar100").test_error == pytest.approx(100 - 51 - 8.8)
    assert benchmark.query(11, "ImageNet16-120").train_seconds == pytest.approx(200 * 5.0 * 6.068)
    assert "the file has no training times of cifar100: 2 times those of cifar10" in imported.notes
    # NATS-Bench's seconds are not this archive's
    assert {check.passed for check in verify("old").checks if "seconds" in check.what} == {None}


def test_a_dataset_that_is_left_out_is_told(nats: Any, tmp_path: Path) -> None:
    content = nats.architecture(11)
    for schedule in content.values():
        schedule["all_results"] = {
            key: run for key, run in schedule["all_results"].items() if key[0] != "cifar10-valid"
        }
        for (dataset, _), run in schedule["all_results"].items():
            if dataset == "cifar100":
                run["train_times"] = {}
    imported = import_benchmark(torch_save(tmp_path / "part.pth", whole({11: content}, ("less", "full"))))
    assert "cifar100 is left out: the file has no training times" in imported.notes
    assert set(open_benchmark("part").tasks) == {"ImageNet16-120"}


def test_the_digits_in_an_official_name(nats: Any, tmp_path: Path) -> None:
    path = torch_save(tmp_path / "any.pth", whole({11: nats.architecture(11)}, ("less", "full")))
    digits = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()[-6:]
    right = path.rename(tmp_path / f"NAS-Bench-201-v1_1-{digits}.pth")
    assert import_benchmark(right, "right").architectures == 1
    content = bytearray(right.read_bytes())
    content[-100] ^= 1
    right.write_bytes(content)
    with pytest.raises(EncaveError, match=f"is damaged or not the official file.* does not end with {digits}"):
        import_benchmark(right, "wrong")


@pytest.mark.parametrize("hp", ["12", "200"])
def test_runs_that_are_left_out_are_told(nats: Any, tmp_path: Path, hp: str) -> None:
    content = nats.architecture(11)
    runs = content[hp]["all_results"]
    runs["cifar10-valie", 777] = runs.pop(("cifar10-valid", 777))
    key = next(key for key in runs if key[0] == "cifar100")
    runs[key]["seed"] = "0333"
    imported = import_benchmark(torch_save(tmp_path / "any.pth", whole({11: content}, ("less", "full"))))
    told = [note for note in imported.notes if "left out" in note]
    assert (
        sorted(told)
        == [
            f"1 training runs are left out: they are of seed {key[1]} by their place and of another by their record",
            "1 training runs are left out: no dataset of NAS-Bench-201 is called 'cifar10-valie'",
        ][::-1]
    )
