"""Files of `torch.save`, made without torch."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import pytest

from encave.errors import EncaveError
from encave.files import torch

MAGIC = 0x1950A86A20F9469CFC6C


def _legacy(*parts: bytes) -> bytes:
    return b"".join((pickle.dumps(MAGIC, 2), pickle.dumps(1001, 2), pickle.dumps({"little_endian": True}, 2), *parts))


def test_the_fourth_pickle_is_the_object(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes(_legacy(pickle.dumps({"a": [1, 2.5]}, 2), b"what follows"))
    assert torch.looks_like(path.read_bytes())
    assert torch.load(path) == {"a": [1, 2.5]}


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(MAGIC, 2) + b"L" + b"9" * 60_000 + b"L\n." + pickle.dumps({}, 2) * 2,
        pickle.dumps(MAGIC, 2) + b"\x80\x02}N" + b"2\x86" * 60 + b"Ns." + pickle.dumps({}, 2) * 2,
        pickle.dumps(MAGIC + 1, 2) + pickle.dumps({}, 2) * 3,
        pickle.dumps(MAGIC, 2) + b"\x80\x02\x8b\xff\xff\xff\x7f.",
        _legacy()[:-1],
    ],
    ids=["a long number", "a key without end", "another magic number", "bytes of a length", "cut off"],
)
def test_what_comes_before_it_is_bounded(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.pt").write_bytes(content)
    with pytest.raises(EncaveError, match=r"no file of torch\.save, or damaged"):
        torch.load(tmp_path / "x.pt")


def archive(path: Path, name: str = "x/data.pkl", content: bytes = pickle.dumps({"a": 1}, 2)) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(name, content)
    return path


def test_files_are_known_by_how_they_begin(tmp_path: Path) -> None:
    legacy, zipped = _legacy(), archive(tmp_path / "x.pt").read_bytes()
    assert torch.looks_like(legacy[:64]) and torch.looks_like(zipped[:64])
    magic = MAGIC.to_bytes(10, "little")
    assert torch.looks_like(bytes(22) + magic + bytes(32)) and not torch.looks_like(bytes(23) + magic + bytes(32))
    assert not torch.looks_like(archive(tmp_path / "y.pt", "x/other").read_bytes()[:64])
    assert not torch.looks_like(b"no zip /data.pkl" + bytes(50))
    assert torch.load(tmp_path / "x.pt") == {"a": 1}


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes(_legacy(pickle.dumps([1], 2)))
    size = path.stat().st_size
    monkeypatch.setattr(torch, "_LIMIT", size)
    assert torch.load(path) == [1]
    monkeypatch.setattr(torch, "_LIMIT", size - 1)
    with pytest.raises(EncaveError) as error:
        torch.load(path)
    assert str(error.value) == f"{path} has {size} bytes; encave reads such files up to 0 MiB"


def test_files_of_256_mib_are_the_longest(tmp_path: Path) -> None:
    with (tmp_path / "x.pt").open("wb") as file:
        file.truncate((1 << 28) + 1)
    with pytest.raises(EncaveError, match=r"x\.pt has 268435457 bytes; encave reads such files up to 256 MiB$"):
        torch.load(tmp_path / "x.pt")


def test_what_is_no_file_of_torch_is_told_with_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.pt"
    for content in (b"", b"N.N.N.N.", _legacy()[:10]):
        path.write_bytes(content)
        with pytest.raises(EncaveError) as error:
            torch.load(path)
        assert str(error.value) == f"{path} is no file of torch.save, or damaged ({len(content)} bytes)"
    path.write_bytes(_legacy(b"I5\n."))
    monkeypatch.setattr(torch, "_PREFIX", len(pickle.dumps({"little_endian": True}, 2)))
    assert torch.load(path) == 5
    monkeypatch.setattr(torch, "_PREFIX", len(pickle.dumps({"little_endian": True}, 2)) - 1)
    with pytest.raises(EncaveError, match="no file of torch"):
        torch.load(path)
