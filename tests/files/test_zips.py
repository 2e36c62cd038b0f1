"""One member of an archive, within bounds."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from encave.errors import EncaveError
from encave.files import zips
from encave.files.zips import read_member


def archive_of(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return path


def refused(path: Path, ending: str = ".txt") -> str:
    with pytest.raises(EncaveError) as error:
        read_member(path, ending)
    return str(error.value)


def test_the_only_member_of_an_ending(tmp_path: Path) -> None:
    path = archive_of(tmp_path / "x.zip", a_txt=b"text", b_bin=b"", c_csv=b"1", d_csv=b"2")
    assert read_member(path, ".txt") == b"text" and read_member(path, ".bin") == b""
    assert refused(path, ".csv") == f"{path} holds 2 files named *.csv; one is expected"
    assert refused(path, ".py") == f"{path} holds 0 files named *.py; one is expected"


def test_members_beyond_a_number_are_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive_of(tmp_path / "x.zip", a_txt=b"text", b_txt=b"more")
    monkeypatch.setattr(zips, "_MEMBERS", 1)
    assert read_member(path, ".txt") == b"text"


@pytest.mark.parametrize(
    ("limit", "free", "ratio", "read"),
    [
        (10_000, 10_000, 1, True),
        (9_999, 10_000, 1, False),
        (10_000, 9_999, 1, False),
        (10_000, 9_999, 10_000, True),
        (10_000, 0, 0, False),
    ],
)
def test_what_unpacks_to_far_more_than_it_is(
    tmp_path: Path, limit: int, free: int, ratio: int, read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive_of(tmp_path / "x.zip", a_txt=bytes(10_000))
    for name, value in (("LIMIT", limit), ("_FREE", free), ("_RATIO", ratio)):
        monkeypatch.setattr(zips, name, value)
    if read:
        assert read_member(path, ".txt") == bytes(10_000)
        return
    packed = zipfile.ZipFile(path).getinfo("a.txt").compress_size
    assert refused(path) == f"{path}: a.txt unpacks from {packed} to 10000 bytes; encave does not read it"


def test_eight_mib_are_unpacked_from_however_little(tmp_path: Path) -> None:
    path = archive_of(tmp_path / "x.zip", a_txt=bytes(8 << 20))
    assert read_member(path, ".txt") == bytes(8 << 20)
    assert "to 8388609 bytes; encave does not read it" in refused(archive_of(path, a_txt=bytes((8 << 20) + 1)))


def test_the_ratio_is_met_to_the_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", b"x" * 100)  # as it is
    monkeypatch.setattr(zips, "_FREE", 0)
    monkeypatch.setattr(zips, "_RATIO", 1)
    assert read_member(path, ".txt") == b"x" * 100
    monkeypatch.setattr(zips, "_RATIO", 0.99)
    assert "unpacks from 100 to 100 bytes" in refused(path)


def test_what_is_no_archive_is_told_with_its_size(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(b"no archive")
    assert refused(path) == f"{path} is not a whole zip archive (10 bytes): File is not a zip file"
    assert refused(tmp_path / "none").startswith(f"{tmp_path / 'none'} is not a whole zip archive (no file): ")
    whole = archive_of(path, a_txt=b"text" * 100).read_bytes()
    path.write_bytes(whole.replace(b"text", b"tent") if b"text" in whole else whole[:40] + b"\xff" + whole[41:])
    assert refused(path).startswith(f"{path} is not a whole zip archive ({len(whole)} bytes): ")


def test_a_member_that_is_shorter_than_the_archive_says(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", b"x" * 100)
        archive.getinfo("a.txt").file_size = 101
    with pytest.raises(EncaveError):
        read_member(path, ".txt")


@pytest.mark.parametrize("more", [0, 1])
def test_members_of_256_mib_are_the_longest(tmp_path: Path, more: int) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", b"short")
    data = bytearray(path.read_bytes())
    place = data.index(b"PK\x01\x02") + 20  # what the archive says of its member: packed and unpacked bytes
    data[place : place + 8] = struct.pack("<II", 1 << 28, (1 << 28) + more)
    path.write_bytes(data)
    told = refused(path)
    assert ("unpacks from 268435456 to 268435457 bytes; encave does not read it" in told) == bool(more)
    assert ("is not a whole zip archive" in told) != bool(more)
