"""Damage that leaves every value in its range."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from encave.errors import EncaveError
from encave.runners.benchmarks.nasbench201.cache import import_benchmark
from encave.runners.benchmarks.nasbench201.measured_curves import MEAN
from encave.runners.benchmarks.nasbench201.plausibility import IMAGES, CurvesOfSeed, columns_of, oddities
from encave.runners.benchmarks.nasbench201.verify import verify


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def _columns(rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """Values as the real ones are, of 100 architectures."""

    def accuracies(images: int) -> NDArray[np.float64]:
        return rng.integers(images // 2, images, 100) * (100 / images)

    columns = {f"{stem}_acc_200_s777": accuracies(images) for stem, images in IMAGES.items() if "valtest" not in stem}
    for one in ("c100", "im"):
        both = (columns[f"{one}_valid_acc_200_s777"] + columns[f"{one}_test_acc_200_s777"]) / 2
        columns[f"{one}_valtest_acc_200_s777"] = both
    columns["train_time_per_epoch_s_c10valid"] = rng.uniform(2.7, 17.3, 100)
    return columns


def _flip(value: float, bit: int) -> float:
    return float((np.array([value]).view(np.uint64) ^ np.uint64(1 << bit)).view(np.float64)[0])


def test_a_flipped_bit_of_an_accuracy_shows() -> None:
    """Unless it changes next to nothing, or by a whole number of images: then the two parts must tell."""
    rng = np.random.default_rng(0)
    columns = _columns(rng)
    assert not oddities(columns, ())
    for name in [name for name in columns if "_acc_" in name]:
        images = IMAGES[name.partition("_acc_")[0]]
        for bit in range(64):
            row = int(rng.integers(100))
            damaged = columns[name].copy()
            damaged[row] = _flip(damaged[row], bit)
            if not 0 <= damaged[row] <= 100:
                continue  # refused when the table is read
            changed = abs(damaged[row] - columns[name][row])
            told = oddities({**columns, name: damaged}, ())
            by_images = changed * images / 100
            whole = abs(by_images - round(by_images)) <= 0.011
            assert whole or any(f"in {name}, architecture {row}:" in one for one in told), (name, bit, changed)
            if not name.startswith("c10") and changed > 6.1:
                assert any("not the mean of the two" in one for one in told)


def _with(values: list[tuple[int, int, float]], seed: int = 777, epochs: int = 200) -> list[CurvesOfSeed]:
    curves = np.full((15_625, epochs), np.nan, dtype=np.float32)
    curves[:3] = 64.004
    for row, epoch, value in values:
        curves[row, epoch] = value
    return [CurvesOfSeed("cifar10", "x-valid", seed, curves)]


@pytest.mark.parametrize(
    ("curves", "expected"),
    [
        (_with([]), []),
        (_with([(2, 30, 41.0), (2, 100, 70.0)]), []),
        (_with([(1, 30, 64.0031), (2, 30, 64.0031)]), ["2 accuracies of one", "cifar10, 200 epochs, seed 777, arch"]),
        (_with([(1, 30, 0.0)]), ["1 accuracies of one", "or next to none", "architecture 1:"]),
        (_with([(1, 30, 64.0031)], seed=MEAN), []),
        (_with([(2, 199, 72.0)]), ["1 learning curves jump at the last epoch", "architecture 2:"]),
        (_with([(2, 11, 72.0)], epochs=12), []),
    ],
)
def test_curves(curves: list[CurvesOfSeed], expected: list[str]) -> None:
    found = oddities({}, curves)
    assert len(found) == bool(expected)
    assert all(part in found[0] for part in expected)


@pytest.mark.parametrize(("value", "odd"), [(91.0, True), (0.5, True), (0.0, True), (np.inf, True), (np.nan, False)])
def test_times(value: float, odd: bool) -> None:
    seconds = np.full(100, 9.0)
    seconds[7] = value
    told = oddities({"train_time_per_epoch_s_im": seconds * 1.001, "modelled_eval_time_per_10k_images_s": seconds}, ())
    assert [one.startswith("2 times are ten times") and "architecture 7" in one for one in told] == [True] * odd


def test_the_real_table_has_none(table_path: Path, shared: Path) -> None:
    assert not oddities(columns_of(table_path), ())
    samples = import_benchmark(shared / "data" / "nb201" / "official_samples" / "NATS-tss-v1_0-3ffb9-simple")
    assert not [note for note in samples.notes if "damaged" in note]
    checks = {check.what: check for check in verify(samples.name).checks}
    assert checks["values that cannot be right"].passed


def _table(path: Path, **changed: Any) -> Path:
    columns: dict[str, Any] = {
        "arch_index": [4, 9, 2],
        "c10valid_valid_acc_200_s777": [90.0, 80.0, 70.004],
        "c10valid_valid_acc_200_mean": [90.0, 80.0, 70.004],
        "train_time_per_epoch_s_c10valid": [9.0, 9.0, 10.0],
    }
    pq.write_table(pa.table({**columns, **changed}), path)
    return path


def test_import_and_verify_tell(tmp_path: Path) -> None:
    path = _table(tmp_path / "table.parquet")
    assert not any("damaged" in note for note in import_benchmark(path, "right").notes)
    path = _table(path, c10valid_valid_acc_200_s777=[90.0, 80.001, 70.004])
    told = (
        "1 accuracies of one training run are no whole number of images, or next to none, the first in "
        "c10valid_valid_acc_200_s777, architecture 9: the file is damaged, or not the original"
    )
    assert told in import_benchmark(path, "odd").notes
    for spec in (str(path), "odd"):
        assert [(check.what, check.found) for check in verify(spec).off if "cannot" in check.what] == [
            ("values that cannot be right", told)
        ]


def test_columns_that_are_not_read_do_not_matter(tmp_path: Path) -> None:
    more = {"notes_acc_200_mean": ["a", "b", "c"], "eval_time_per_10k_images_s": [2, 2, 3]}
    columns = columns_of(_table(tmp_path / "table.parquet", **more))
    assert "notes_acc_200_mean" not in columns and columns["eval_time_per_10k_images_s"][9] == 2.0


def test_what_is_out_of_its_range_is_refused_by_the_name_of_the_file(tmp_path: Path) -> None:
    path = _table(tmp_path / "table.parquet", c10valid_valid_acc_200_s777=[90.0, 180.0, 70.0])
    with pytest.raises(EncaveError, match=r"table\.parquet: c10valid_valid_acc_200_s777 of architecture 9 is 180"):
        import_benchmark(path, "wrong")
