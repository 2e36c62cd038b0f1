"""Files and folders appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from encave import EncaveError
from encave.files import atomic_file, atomic_folder


def test_a_file_is_replaced_only_on_success(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file.txt"
    with atomic_file(target) as path:
        path.write_text("one")
        assert not target.exists()
    with pytest.raises(RuntimeError), atomic_file(target) as path:
        path.write_text("two")
        raise RuntimeError
    assert target.read_text() == "one"
    assert [entry.name for entry in target.parent.iterdir()] == ["file.txt"]


def test_a_folder_is_replaced_only_on_success(tmp_path: Path) -> None:
    target = tmp_path / "run"
    for text in ("one", "two"):
        with atomic_folder(target) as path:
            (path / text).write_text(text)
    with pytest.raises(RuntimeError), atomic_folder(target) as path:
        (path / "three").write_text("three")
        raise RuntimeError
    assert [entry.name for entry in target.iterdir()] == ["two"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for context in (atomic_file, atomic_folder):
        with pytest.raises(EncaveError, match="cannot write"), context(tmp_path / "file" / "sub" / "x"):
            pass
