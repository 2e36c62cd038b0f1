"""A mix of converted runs and native logs becomes folders of runs, each log once."""

from __future__ import annotations

from pathlib import Path

import pytest

from encave import EncaveError, Run
from encave.converters import convert
from encave.converters.engine import Engine
from encave.converters.run_folders import FILES, RUN_FILES
from encave.run import HEADER_FILE
from encave.runners.studies.study import RunSpec, parse_limit, run_study
from encave.workflows.prepared import Prepared, prepare


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    limit = parse_limit("5evals")
    run_study(tmp_path / "mix" / "study", [RunSpec("random", "cifar10", seed, limit) for seed in range(3)])
    return tmp_path / "mix" / "study"


def ready(*paths: Path, twins: bool = False) -> Prepared:
    with Engine() as engine:
        return prepare(paths, engine, twins=twins)


def seeds(prepared: Prepared) -> list[int]:
    return sorted(Run.load(folder).provenance.seed for folder in prepared.folders)


def test_logs_are_converted_into_the_cache_once(study: Path, tmp_path: Path) -> None:
    first = ready(study)
    assert seeds(first) == [0, 1, 2]
    assert all(folder.is_relative_to(tmp_path / "cache") for folder in first.folders)
    stamps = [(folder / HEADER_FILE).stat().st_mtime_ns for folder in first.folders]
    assert ready(study) == first
    assert [(folder / HEADER_FILE).stat().st_mtime_ns for folder in first.folders] == stamps


def test_deepcaves_files_are_written_once_they_are_asked_for(study: Path, tmp_path: Path) -> None:
    def files(prepared: Prepared) -> set[str]:
        return {path.name for folder in prepared.folders for path in folder.iterdir()}

    plain = ready(study)
    assert files(plain) == set(RUN_FILES)
    before = [Run.load(folder) for folder in plain.folders]
    shown = ready(study, twins=True)
    assert shown == plain and files(shown) == set(FILES)
    assert [Run.load(folder) for folder in shown.folders] == before
    assert ready(study) == shown and files(shown) == set(FILES)
    convert([study], tmp_path / "runs")
    for folder in shown.folders:
        for name in FILES:
            assert (folder / name).read_bytes() == (tmp_path / "runs" / folder.name / name).read_bytes()


def test_a_log_beside_its_conversion_counts_once(study: Path) -> None:
    runs = study.parent / "runs"
    convert([study / "random" / "cifar10" / "seed-0"], runs)
    mixed = ready(study.parent)
    assert seeds(mixed) == [0, 1, 2]
    assert [folder.is_relative_to(runs.resolve()) for folder in mixed.folders].count(True) == 1
    convert([study], runs)
    assert all(folder.is_relative_to(runs.resolve()) for folder in ready(study.parent).folders)


def test_a_path_named_twice_counts_once(study: Path) -> None:
    assert seeds(ready(study, study)) == [0, 1, 2]


def test_what_cannot_be_read_is_told(study: Path) -> None:
    (study / "broken").mkdir()
    (study / "broken" / "history.parquet.gzip").write_bytes(b"")
    prepared = ready(study)
    assert seeds(prepared) == [0, 1, 2]
    assert [log.source.parent.name for log in prepared.refused] == ["broken"]
    with pytest.raises(EncaveError, match="no run and no log"):
        ready(study / "broken")


def test_a_damaged_run_keeps_its_place(study: Path) -> None:
    runs = study.parent / "runs"
    convert([study], runs)
    (runs / "Random-cifar10-seed1" / HEADER_FILE).write_text("{")
    folders = ready(runs).folders
    assert [folder.name for folder in folders] == [f"Random-cifar10-seed{seed}" for seed in range(3)]


def test_a_log_in_a_folder_of_a_long_name_has_its_cache(study: Path, tmp_path: Path) -> None:
    for name in ("ö" * 120, "и" * 120 + "2"):
        place = tmp_path / name
        study.rename(place)
        prepared = ready(place)
        assert seeds(prepared) == [0, 1, 2] and ready(place) == prepared
        assert all(len(part.encode()) <= 200 for part in prepared.folders[0].relative_to(tmp_path / "cache").parts)
        study = place
