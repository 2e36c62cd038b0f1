"""The beginning of files, which many formats look at."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from encave.converters import reader
from encave.converters.reader import Listing


def test_a_file_is_opened_once_for_all_that_look_at_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abcdef" * 1000)
    listing = Listing(tmp_path, ("a",))
    assert listing.head("a", 4) == b"abcd"
    (tmp_path / "a").unlink()
    assert listing.head("a", 4096) == (b"abcdef" * 1000)[:4096]
    assert listing.head("a") == listing.head("a", 4096)
    assert listing == Listing(tmp_path, ("a",)) == pickle.loads(pickle.dumps(listing))


def test_more_than_the_beginning_is_read_as_wanted(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("\ufeffä".encode("utf-16-le") * 5000)
    listing = Listing(tmp_path, ("a",))
    assert listing.head("a", 4) == "ä".encode()
    assert len(listing.head("a", 12000)) > len(listing.head("a", 4096)) > 4096


def test_a_short_file_is_opened_once_however_much_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    listing = Listing(tmp_path, ("a",))
    assert listing.head("a", 1 << 16) == b"abc"
    (tmp_path / "a").unlink()
    assert listing.head("a", 1 << 20) == listing.head("a") == b"abc"


def test_of_many_files_only_the_last_beginnings_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_REMEMBERED", 1 << 14)
    names = tuple(f"{number:03}" for number in range(200))
    for name in names:
        (tmp_path / name).write_text(name)
    listing = Listing(tmp_path, names)
    assert [listing.head(name).decode() for name in names] == list(names)
    assert 2 <= len(listing._heads) <= 100
