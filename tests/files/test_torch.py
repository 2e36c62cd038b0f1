"""Files of `torch.save`, made without torch."""

from __future__ import annotations

import pickle
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
